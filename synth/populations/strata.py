"""People drawn by strata: quotas in whole numbers, and every combination of some columns.

Each stratum is a question of its own, so its people are drawn from the exact posterior of its
facts, and their number is the number that was named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from synth.bayes.inference import Posterior
from synth.bayes.random import stream_key
from synth.data.evidence import Between, DateParts, Evidence, Fact, OneOf
from synth.errors import PopulaceError
from synth.generators.base import Conditional, DrawnConditional
from synth.generators.calibrated import parse_cells
from synth.generators.rare import WEIGHT, with_note
from synth.populations.as_written import canonical
from synth.populations.population import Population

if TYPE_CHECKING:
    import pyarrow as pa

    from synth.bayes.marginal import Marginal
    from synth.data.schema import Schema

MOST_COMBINATIONS = 5_000
"""Combinations that "everyone once" covers, at most."""


@dataclass(frozen=True)
class Stratum:
    """People of whom some facts hold, and how many of them are drawn.

    Attributes
    ----------
    facts : Evidence
        What holds of them beside the question's own facts.
    count : int
        How many are drawn.
    probability : float or None
        Their share of those asked for, where it weighs the rows.
    """

    facts: Evidence
    count: int
    probability: float | None = None


class Stratified(DrawnConditional):
    """Exactly so many people of each stratum, stratum after stratum.

    Probabilities and marginals are those of the people asked for, without strata.

    Parameters
    ----------
    whole : Conditional
        The people asked for.
    strata : sequence of Stratum
        Their order is the rows' order.
    ask : callable
        Answers a question, as `Population.given` does.
    """

    def __init__(
        self,
        whole: Conditional,
        strata: Sequence[Stratum],
        ask: Callable[[Evidence], Conditional],
    ) -> None:
        self.whole = whole
        self.strata = tuple(strata)
        self._ask = ask
        self._ends = np.cumsum([stratum.count for stratum in self.strata])

    @property
    def schema(self) -> Schema:
        """The columns that were learned."""
        return self.whole.schema

    @property
    def evidence(self) -> Evidence:
        """What is known of all of them."""
        return self.whole.evidence

    @property
    def exact(self) -> bool:
        """Whether the strata are drawn from exact posteriors."""
        return self.whole.exact

    @property
    def rows(self) -> int:
        """People of all strata together."""
        return int(self._ends[-1])

    @property
    def log_probability(self) -> float:
        """Natural logarithm of how common those asked for are."""
        return self.whole.log_probability

    def marginal(self, column: str) -> Marginal:
        """The distribution of a column among those asked for, before the strata."""
        return self.whole.marginal(column)

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People number `start` to `start + rows`, at most all of the strata.

        Raises
        ------
        PopulaceError
            There are fewer.
        """
        if start + rows > self.rows:
            raise PopulaceError(f"The strata hold {self.rows:,} people: ask for no more than that.")
        if rows == 0:
            frame = self.whole.sample(0, seed)
            return frame.assign(**{WEIGHT: np.empty(0)}) if self._weighs else frame
        parts = []
        for number, stratum in enumerate(self.strata):
            end = int(self._ends[number])
            low, high = max(start, end - stratum.count), min(start + rows, end)
            if low >= high:
                continue
            own = int(stream_key(seed, f"stratum\x1f{number}") % np.uint64(2**62))
            people = self._ask(self._facts(stratum)).sample(
                high - low, own, start=low - (end - stratum.count), threads=threads
            )
            if stratum.probability is not None:
                weight = math.log(stratum.probability * self.rows / stratum.count)
                people = people.assign(**{WEIGHT: weight})
            parts.append(people)
        return pd.concat(parts, ignore_index=True)

    def sample_arrow(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pa.Table:
        """The same people as an Arrow table, marked as synthetic, with how to use the weights."""
        table = super().sample_arrow(rows, seed, start=start, threads=threads)
        return with_note(table) if self._weighs else table

    @property
    def _weighs(self) -> bool:
        return self.strata[0].probability is not None

    def _facts(self, stratum: Stratum) -> Evidence:
        return both(self.evidence, stratum.facts)


def both(known: Evidence, facts: Evidence) -> Evidence:
    """What is true where both hold.

    Raises
    ------
    PopulaceError
        They exclude each other.
    """
    return known | {
        name: _both(name, known[name], fact) if name in known else fact
        for name, fact in facts.items()
    }


def _both(name: str, a: Fact, b: Fact) -> Fact:
    if isinstance(a, DateParts) or isinstance(b, DateParts):
        return _parts(name, a, b)
    if isinstance(a, Between) and isinstance(b, Between):
        lower = max((end for end in (a.lower, b.lower) if end is not None), default=None)
        upper = min((end for end in (a.upper, b.upper) if end is not None), default=None)
        if lower is None or upper is None or lower <= upper:
            return Between(lower, upper)
    elif isinstance(a, OneOf):
        kept = tuple(value for value in a.values if _holds(b, value))
        if kept:
            return OneOf(kept)
    elif isinstance(b, OneOf):
        return _both(name, b, a)
    raise PopulaceError(f"The facts {name}={a} and {name}={b} exclude each other: drop one.")


def _parts(name: str, a: Fact, b: Fact) -> DateParts:
    """What is true of a date where two facts hold of which one is about its parts."""
    parts: dict[str, tuple[int, ...]] = {}
    within: Fact | None = None
    for fact in (a, b):
        inner = fact.within if isinstance(fact, DateParts) else fact
        if inner is not None:
            within = inner if within is None else _both(name, within, inner)
        for part, numbers in fact.parts if isinstance(fact, DateParts) else ():
            parts[part] = tuple(n for n in parts.get(part, numbers) if n in numbers)
            if not parts[part]:
                raise PopulaceError(
                    f"Two facts about the {part} of {name} exclude each other: drop one."
                )
    return DateParts(tuple(parts.items()), None if isinstance(within, DateParts) else within)


def _holds(fact: Between | OneOf, value: str) -> bool:
    if isinstance(fact, OneOf):
        return value in fact.values
    if value == "missing":
        return False
    low = -math.inf if fact.lower is None else fact.lower
    high = math.inf if fact.upper is None else fact.upper
    return low <= float(value) <= high


def quotas(population: Population, evidence: Evidence, lines: Sequence[str]) -> Stratified:
    """Exactly so many people of each cell.

    Parameters
    ----------
    population : Population
        Who is drawn from.
    evidence : Evidence
        What holds of all of them.
    lines : sequence of str
        One quota: ``gender=female:500|male:500``.

    Raises
    ------
    PopulaceError
        There is more than one, it cannot be read, a count is no whole number, or nobody is in a
        cell.
    """
    if len(lines) != 1:
        raise PopulaceError(
            "One quota at a time can be kept in whole numbers: name its cells over two columns, as "
            "in gender,region=female,south:250|male,south:250."
        )
    cells, counts = parse_cells(lines[0], population.modelled)
    for count in counts:
        if not count.is_integer():
            raise PopulaceError(
                f"The quota {lines[0]!r} has the count {count:g}: use whole numbers."
            )
    strata = [Stratum(cell, int(n)) for cell, n in zip(cells, counts, strict=True) if n]
    if not strata:
        raise PopulaceError(f"The quota {lines[0]!r} asks for nobody: give a cell a count above 0.")
    ask = _asks(population)
    stratified = Stratified(ask(evidence), strata, ask)
    for stratum in strata:
        ask(both(evidence, stratum.facts))  # nobody there: said before rows are drawn
    return stratified


def combinations(
    population: Population,
    evidence: Evidence,
    columns: Sequence[str],
    most: int = MOST_COMBINATIONS,
) -> tuple[tuple[Evidence, float], ...]:
    """Every combination of some columns that has a positive probability, and that; exact.

    Numbers count by their bins.

    Raises
    ------
    PopulaceError
        There are more than `most`, a column has no cells, or the model is no exact network.
    """
    columns = tuple(dict.fromkeys(columns))
    if not columns:
        raise PopulaceError("No column is named whose combinations are to be covered: name one.")
    for name in columns:
        _ = population.modelled[name]
        if not population.has_network or name not in population.network.codings:
            raise PopulaceError(
                f"Column {name} has no cells whose combinations could be covered: choose another."
            )
    combined: list[tuple[Evidence, float]] = [(Evidence(), 1.0)]
    for name in columns:
        longer = []
        for facts, share in combined:
            posterior = canonical(population.answer(both(evidence, facts)))
            if not isinstance(posterior, Posterior):
                raise PopulaceError(
                    "Combinations are covered from an exact network: switch the refinement and the "
                    "rarity off."
                )
            coding = posterior.network.codings[name]
            codes = posterior.codes(name, alone=True)
            longer += [
                (facts | {name: coding.fact(int(code))}, share * float(codes[code]))
                for code in np.flatnonzero(codes > 0)
            ]
            if len(longer) > most:
                raise PopulaceError(
                    f"There are more than {most:,} combinations of {', '.join(columns)}: name "
                    "fewer columns."
                )
        combined = longer
    return tuple(combined)


def every(
    population: Population,
    evidence: Evidence,
    columns: Sequence[str],
    rows: int | None = None,
) -> Stratified:
    """Everyone once: people of every combination of some columns that exists.

    Parameters
    ----------
    population : Population
        An exact network.
    evidence : Evidence
        What holds of all of them.
    columns : sequence of str
        Whose combinations are covered.
    rows : int, optional
        How many people; one a combination when left out. They are spread evenly, the commonest
        combinations get one more where it does not come out even.

    Returns
    -------
    Stratified
        Each row has its log-weight, by which estimates speak of those asked for.

    Raises
    ------
    PopulaceError
        There are too many combinations, or fewer rows than combinations.
    """
    combined = combinations(population, evidence, columns)
    rows = len(combined) if rows is None else rows
    if rows < len(combined):
        raise PopulaceError(
            f"There are {len(combined):,} combinations of {', '.join(columns)}: ask for at least "
            "as many rows."
        )
    each, more = divmod(rows, len(combined))
    order = np.argsort([-share for _, share in combined], kind="stable")
    extra = set(order[:more].tolist())
    strata = [
        Stratum(facts, each + (number in extra), share)
        for number, (facts, share) in enumerate(combined)
    ]
    ask = _asks(population)
    return Stratified(ask(evidence), strata, ask)


def _asks(population: Population) -> Callable[[Evidence], Conditional]:
    """Answers in canonical dtypes."""

    def ask(evidence: Evidence) -> Conditional:
        return canonical(population.given(evidence))

    return ask
