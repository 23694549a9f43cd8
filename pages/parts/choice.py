"""What the sidebar was told, as one value that every page reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from synth.evidence import Evidence

if TYPE_CHECKING:
    from synth.bayes import Posterior
    from synth.populations import Population

_PLACE = "the choice"


@dataclass(frozen=True)
class Choice:
    """Population, evidence, number and seed, and what follows from them.

    `posterior` is None where the facts exclude each other; `problem` then says so in a sentence.
    `link` holds the address's parameters, without those at their defaults.
    """

    population: Population
    evidence: Evidence
    people: int
    seed: int
    posterior: Posterior | None
    question: str
    problem: str = ""
    link: tuple[tuple[str, str], ...] = field(default=())


def keep(choice: Choice) -> None:
    """Lay the choice where the pages find it."""
    st.session_state[_PLACE] = choice


def current() -> Choice:
    """The visitor's choice, laid down by the sidebar before a page runs.

    Only a fresh server's first visitor, coming by a page's own address, finds the page alone:
    Streamlit knows the folder `pages` and has not met `app.py` yet. It is told so, and starts over.
    """
    if _PLACE not in st.session_state:
        PagesManager.uses_pages_directory = False
        st.rerun()
    return st.session_state[_PLACE]
