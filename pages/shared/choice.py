"""What the sidebar was told, as one value that every page reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

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
    return st.session_state[_PLACE]
