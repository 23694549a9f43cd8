"""What the sidebar says, as one value that every page reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from synth.data.evidence import Evidence
from synth.errors import PopulaceError

if TYPE_CHECKING:
    from synth.generators.base import Conditional
    from synth.populations import Population

_PLACE = "the choice"


@dataclass(frozen=True)
class Choice:
    """Population, evidence, number and seed, and what follows from them.

    Attributes
    ----------
    population : Population
        The one that is asked.
    evidence : Evidence
        What is known.
    people, seed : int
        How many are drawn, and their seed.
    posterior : Conditional or None
        None where the facts exclude each other.
    question : str
        The evidence in words.
    problem : str
        Why there is no posterior, in a sentence.
    stopped : bool
        Whether the question was stopped, so that nothing is known of its answer.
    link : tuple of (str, str)
        The address's parameters, without those at their defaults.
    """

    population: Population
    evidence: Evidence
    people: int
    seed: int
    posterior: Conditional | None
    question: str
    problem: str = ""
    link: tuple[tuple[str, str], ...] = field(default=())
    stopped: bool = False

    @property
    def conditional(self) -> Conditional:
        """Those of whom the evidence holds.

        Raises
        ------
        PopulaceError
            The facts exclude each other.
        """
        if self.posterior is None:
            raise PopulaceError(self.problem)
        return self.posterior


def keep(choice: Choice) -> None:
    """Lay the choice where the pages find it."""
    st.session_state[_PLACE] = choice


def current() -> Choice:
    """The visitor's choice, laid down by the sidebar before a page runs."""
    return st.session_state[_PLACE]
