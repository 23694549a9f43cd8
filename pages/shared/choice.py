"""What the sidebar was told, as one value that every page reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from synth.data.evidence import Evidence

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
    """The visitor's choice, laid down by the sidebar before a page runs."""
    start_over_if_alone()
    if _PLACE not in st.session_state:  # begun alone, while another run told the server better
        st.rerun()
    return st.session_state[_PLACE]


def start_over_if_alone() -> None:
    """Meet a fresh server's first visitor.

    Until `app.py` has run once, Streamlit takes every file in the folder `pages` for an app of its
    own and runs it without the sidebar. It is told better, and the visit starts over.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
