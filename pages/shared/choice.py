"""What the sidebar says, as one value that every page reads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import streamlit as st

from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.populations.reading import Reading

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
    base : Population or None
        The population as it was learned; `population` is as it is read.
    reading : Reading
        How it is read.
    mark : str
        What tells two ways of drawing the same question apart.
    other : Choice or None
        Group B, whom these, group A, are compared with: all the same but for the facts.
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
    base: Population | None = None
    reading: Reading = field(default=Reading())
    mark: str = ""
    other: Choice | None = None

    @property
    def against(self) -> Choice | None:
        """Group B, where there is one and somebody in it."""
        return None if self.other is None or self.other.posterior is None else self.other

    @property
    def exact(self) -> bool:
        """Whether what is said of those asked for follows from the model exactly."""
        return self.posterior is None or self.posterior.exact

    @property
    def exact_population(self) -> Population:
        """The population as it is read, where that is exact; else as it was learned."""
        return self.population if self.exact else self.by_network().population

    def by_network(self) -> Choice:
        """The same question to the network as it was learned."""
        if self.base is None or self.reading == Reading():
            return self
        posterior, problem = None, ""
        try:
            posterior = self.base.given(self.evidence)
        except PopulaceError as error:
            problem = str(error)
        return replace(
            self,
            population=self.base,
            posterior=posterior,
            problem=problem,
            reading=Reading(),
            other=None if self.other is None else self.other.by_network(),
        )

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
