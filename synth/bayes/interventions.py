"""Seeing beside doing: what follows when something is known of people, and when it is made so.

Seeing changes what is believed about causes as well as effects; doing (Pearl's do-operator) cuts a
column off from its causes first, so that only its effects move. Both answers are exact; that the
network's arrows are causes is an assumption that no table of observations can prove.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from synth.bayes.marginal import Marginal
from synth.bayes.network import Network
from synth.data.evidence import Evidence, Fact
from synth.data.schema import Schema
from synth.errors import PopulaceError

_VISIBLE = 0.01
"""Total variation distance from which two distributions look different."""


@dataclass(frozen=True, eq=False)
class SeenAndDone:
    """One outcome three times.

    Attributes
    ----------
    outcome : str
        The column that is looked at.
    before, seen, done : Marginal
        Its distribution before, when the fact is seen, and when it is made so.
    """

    outcome: str
    before: Marginal
    seen: Marginal
    done: Marginal

    @property
    def apart(self) -> float:
        """Total variation distance of seeing and doing."""
        return distance(self.seen, self.done)

    @property
    def effect(self) -> float:
        """Total variation distance of doing and leaving alone."""
        return distance(self.before, self.done)

    @property
    def telling(self) -> int:
        """The label on which seeing and doing differ most."""
        return int(np.argmax(np.abs(self.seen.probabilities - self.done.probabilities)))


def distance(a: Marginal, b: Marginal) -> float:
    """Total variation distance of two distributions over the same labels, 0 to 1."""
    return 0.5 * float(np.abs(a.probabilities - b.probabilities).sum())


class Answer(Protocol):
    """A posterior, or what else has marginals."""

    @property
    def schema(self) -> Schema:
        """The columns that were learned."""
        ...

    def marginal(self, column: str) -> Marginal:
        """The distribution of a column."""
        ...


class Answerable(Protocol):
    """A network, or a population that remembers its answers."""

    def given(self, evidence: Evidence, do: Evidence) -> Answer:
        """The posterior under evidence and interventions."""
        ...


def see_and_do(
    population: Answerable,
    column: str,
    fact: Fact,
    outcomes: Iterable[str],
    known: Evidence | None = None,
) -> tuple[SeenAndDone, ...]:
    """Outcomes when `fact` of `column` is seen, and when it is made so, among those of whom
    `known` holds.

    What `known` says of the column itself is left aside. Raises PopulaceError where nobody is
    left.
    """
    context = (known or Evidence()).without(column)
    before = population.given(context, Evidence())
    seen = population.given(context | {column: fact}, Evidence())
    done = population.given(context, Evidence({column: fact}))
    return tuple(
        SeenAndDone(name, before.marginal(name), seen.marginal(name), done.marginal(name))
        for name in outcomes
    )


def telling_case(network: Network, columns: Iterable[str]) -> tuple[str, int, str] | None:
    """A column, its code and an outcome for which doing does something, but not what seeing does.

    The commonest code of each of `columns` that has causes as well as effects is tried; the best
    case has the largest lesser of `apart` and `effect`, and where there is none, any that are
    apart. Where the network was learned in tiers, an outcome of a later tier goes before all
    others whose effect can be seen: what schooling does to pay says more than what the first
    answer to a question does to the second. None where seeing is doing throughout.
    """
    beliefs = network.given()
    place = {name: number for number, tier in enumerate(network.tiers) for name in tier}
    best: tuple[bool, float, float] = (False, 0.0, 0.0)
    case: tuple[str, int, str] | None = None
    for column in columns:
        if not network.parents.get(column):
            continue
        codes = beliefs.codes(column)
        code = int(np.argmax(codes))
        known = network.schema.modelled
        outcomes = [name for name in network.codings if name in known and name != column]
        try:
            comparisons = see_and_do(network, column, network.codings[column].fact(code), outcomes)
        except PopulaceError:
            continue
        for comparison in comparisons:
            both = min(comparison.apart, comparison.effect)
            first, then = place.get(column), place.get(comparison.outcome)
            later = first is not None and then is not None and first < then
            worth = (later and both >= _VISIBLE, both, comparison.apart)
            if worth > best:
                best, case = worth, (column, code, comparison.outcome)
    return case


@dataclass(frozen=True, eq=False)
class Moved:
    """How far a column's distribution moved."""

    column: str
    before: Marginal
    after: Marginal

    @property
    def distance(self) -> float:
        """Total variation distance, 0 to 1."""
        return distance(self.before, self.after)


def moved(before: Answer, after: Answer, names: Iterable[str] | None = None) -> tuple[Moved, ...]:
    """Columns, or all, before and after something is known, the farthest moved first."""
    names = before.schema.names if names is None else names
    shifts = [Moved(name, before.marginal(name), after.marginal(name)) for name in names]
    return tuple(sorted(shifts, key=lambda shift: -shift.distance))
