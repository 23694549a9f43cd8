"""How many real people stand behind an answer, and when the model is guessing.

A network multiplies what it learned from many people into facts that nobody had together: its
answer is exact arithmetic on a guess. Behind an answer stand about n · P(facts) of the n people it
was learned from; below `FEW` of them, what is said of such people rests on others who share only
some of the facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from synth.data.evidence import Evidence
from synth.errors import PopulaceError

if TYPE_CHECKING:
    from synth.populations.population import Population

FEW = 5.0
"""Real people behind an answer below which it is called a guess."""


@dataclass(frozen=True)
class Support:
    """What an answer rests on.

    Attributes
    ----------
    learned_from : int
        The real people that the model was learned from.
    people : float
        How many of them are like this, as the model expects: the effective number.
    drop : str
        The fact without which most come back; empty where there are enough or only one fact.
    without : float
        How many are like this without it.
    """

    learned_from: int
    people: float
    drop: str = ""
    without: float = 0.0

    @property
    def guessing(self) -> bool:
        """Whether hardly anyone like this was learned from."""
        return self.people < FEW


def support(population: Population, evidence: Evidence, probability: float) -> Support:
    """What an answer about the evidence rests on.

    Parameters
    ----------
    population : Population
        Whom it speaks of.
    evidence : Evidence
        What is known.
    probability : float
        Of the evidence, as the population says it.

    Returns
    -------
    Support
        The fact to drop is looked for only where the model is guessing.
    """
    rows = population.contingency.rows
    people = rows * probability
    if people >= FEW or len(evidence) < 2:
        return Support(rows, people)
    best, most = "", people
    for name in evidence:
        rest = Evidence({key: fact for key, fact in evidence.items() if key != name})
        try:
            left = rows * population.answer(rest).probability
        except PopulaceError:
            continue
        if left > most:
            best, most = name, left
    return Support(rows, people, best, most if best else 0.0)
