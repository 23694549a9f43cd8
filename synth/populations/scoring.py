"""How likely the rows of a table are in a population, and which of their cells make them odd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from synth.bayes.coding import Coding
from synth.bayes.rows import RowEvidence
from synth.lazy import cached_property
from synth.populations.as_written import canonical
from synth.populations.population import Population
from synth.populations.requested_rows import (
    Blank,
    RequestedRows,
    Rows,
    broken_rules,
    numbers_of,
    part_of,
)

REFERENCE = 10_000
"""Synthetic people that a row is compared with, where few patterns of blanks are in a table."""
LEAST_REFERENCE = 100
"""As many at least for each pattern of blanks, however many there are."""
_COMPARED = 200_000  # people of all patterns together


@dataclass(frozen=True)
class OddCell:
    """A cell that is rare given the rest of its row.

    Attributes
    ----------
    column, value : str
        The cell.
    tail : float
        The share of people with the same rest whose cell is at most as likely.
    probability : float
        P(value | rest of the row).
    likely : str
        The most likely level or bin instead.
    likely_probability : float
        Its probability.
    """

    column: str
    value: str
    tail: float
    probability: float
    likely: str
    likely_probability: float


@dataclass(frozen=True, eq=False)
class Scores:
    """How likely each row is, and what makes it unlikely.

    Attributes
    ----------
    log_probability : float64 array, shape (rows,)
        Of the row's known cells; minus infinity where the population excludes them.
    percentile : float64 array, shape (rows,)
        The share of the population's own people, with the same cells blank, who are at most as
        likely; an estimate from `compared` synthetic people.
    compared : int
        With how many synthetic people each row was compared, at least.
    surprise, expected, tail : DataFrame
        Of each known cell: -log P(cell | rest of the row), its mean given such a rest, and the
        share of values that are at most as likely. NaN where a cell is unknown.
    typical : DataFrame
        For each column the mean surprise among the population's own people, and the value that
        95% of them do not exceed.
    broken : tuple of tuple of str
        For each row the rules and formulas that its known cells break.
    odd : tuple of tuple of OddCell
        For each row its most surprising cells, the rarest first.
    notes : tuple of str
        Sentences on what could not be used.
    """

    log_probability: np.ndarray
    percentile: np.ndarray
    compared: int
    surprise: pd.DataFrame
    expected: pd.DataFrame
    tail: pd.DataFrame
    typical: pd.DataFrame
    broken: tuple[tuple[str, ...], ...]
    odd: tuple[tuple[OddCell, ...], ...]
    notes: tuple[str, ...]

    @cached_property
    def order(self) -> np.ndarray:
        """Row numbers, the oddest first; int64, shape (rows,)."""
        lowest = self.tail.min(axis=1).fillna(1.0).to_numpy()
        broken = np.array([not each for each in self.broken])
        return np.lexsort((self.log_probability, lowest, self.percentile, broken))

    @property
    def frame(self) -> pd.DataFrame:
        """One row for each: log-probability, percentile, and its odd cells."""
        data: dict[str, Any] = {
            "log_probability": self.log_probability,
            "percentile": self.percentile,
            "breaks": ["; ".join(each) for each in self.broken],
        }
        most = max((len(each) for each in self.odd), default=0)
        for k in range(most):
            cells = [each[k] if k < len(each) else None for each in self.odd]
            data[f"odd_{k + 1}"] = [None if c is None else c.column for c in cells]
            data[f"odd_{k + 1}_value"] = [None if c is None else c.value for c in cells]
            data[f"odd_{k + 1}_probability"] = [None if c is None else c.probability for c in cells]
            data[f"odd_{k + 1}_share_as_rare"] = [None if c is None else c.tail for c in cells]
            data[f"odd_{k + 1}_likely"] = [None if c is None else c.likely for c in cells]
        return pd.DataFrame(data)


def score(
    table: Rows,
    population: Population | str | Path,
    *,
    blank: Blank = "missing",
    worst: int = 3,
    reference: int = REFERENCE,
    seed: int = 0,
    threads: int | None = None,
) -> Scores:
    """How likely each row is among a population's people, and which cells make it unlikely.

    Parameters
    ----------
    table, population, threads
        As in `complete`.
    blank : {"unknown", "missing"}
        What a blank cell says: that the value is missing, where the column knows that, or nothing.
    worst : int
        How many cells of each row are named.
    reference : int
        Synthetic people that rows are compared with; fewer for each where blanks come in many
        patterns.
    seed : int
        Which people these are.

    Returns
    -------
    Scores

    Raises
    ------
    PopulaceError
        As `complete`.
    """
    requested = RequestedRows.of(table, population, blank)
    return _Scoring(requested, worst, reference, seed, threads).scores()


class _Scoring:
    """One table's rows beside the population's own people."""

    def __init__(
        self, requested: RequestedRows, worst: int, reference: int, seed: int, threads: int | None
    ) -> None:
        self._requested, self._worst, self._threads = requested, worst, threads
        self._reference, self._seed = max(reference, 1), seed

    def scores(self) -> Scores:
        """How likely each row is, and why."""
        requested, questions = self._requested, self._requested.questions
        logs = questions.log_probability(requested.evidence, threads=self._threads)
        cells = questions.cells(requested.evidence, threads=self._threads)
        names = list(requested.population.modelled.names)
        places = [questions.place(name) for name in names]
        drawn = canonical(requested.population.given()).sample(self._reference, seed=self._seed)
        people = RequestedRows.of(drawn, requested.population, "missing").evidence
        percentile, compared = self._percentiles(logs, people)
        some = part_of(people, np.arange(min(len(people), 2000)))
        usual = questions.cells(some, threads=self._threads).surprise[:, places]
        typical = pd.DataFrame(
            {"mean": usual.mean(axis=0), "95%": np.quantile(usual, 0.95, axis=0)}, index=names
        )
        shown = [questions.place(name) for name in names if name in requested.frame]
        odd = tuple(self._odd(row, shown, cells) for row in range(len(requested.frame)))
        return Scores(
            logs,
            percentile,
            compared,
            pd.DataFrame(cells.surprise[:, places], columns=names),
            pd.DataFrame(cells.expected[:, places], columns=names),
            pd.DataFrame(cells.tail[:, places], columns=names),
            typical,
            self._broken(),
            odd,
            requested.notes,
        )

    def _percentiles(self, logs: np.ndarray, people: RowEvidence) -> tuple[np.ndarray, int]:
        """The share of the population's people, with the same blanks, who are at most as likely."""
        requested, questions = self._requested, self._requested.questions
        patterns, which = np.unique(requested.evidence.codes < 0, axis=0, return_inverse=True)
        which = which.reshape(-1)
        count = max(_COMPARED // len(patterns), LEAST_REFERENCE)
        count = min(count, len(people))
        out = np.empty(len(logs))
        group = max(1, 65_536 // count)
        for low in range(0, len(patterns), group):
            some = patterns[low : low + group]
            places = np.tile(np.arange(count), len(some))
            blanked = part_of(people, places)
            blank = np.repeat(some, count, axis=0)
            blanked = replace(blanked, codes=np.where(blank, -1, blanked.codes).astype(np.int16))
            theirs = questions.log_probability(blanked, threads=self._threads)
            for k, each in enumerate(theirs.reshape(len(some), count)):
                here = which == low + k
                ranked = np.sort(each)
                out[here] = np.searchsorted(ranked, logs[here] + 1e-9, side="right") / count
        return out, count

    def _odd(self, row: int, shown: Sequence[int], cells: Any) -> tuple[OddCell, ...]:
        requested, names = self._requested, self._requested.questions.names
        known = [c for c in shown if not np.isnan(cells.surprise[row, c])]
        known.sort(key=lambda c: (cells.tail[row, c], -cells.surprise[row, c]))
        out = []
        for c in known[: self._worst]:
            coding = requested.population.network.codings[names[c]]
            out.append(
                OddCell(
                    names[c],
                    _shown(requested.frame[names[c]].iloc[row], coding),
                    float(cells.tail[row, c]),
                    float(np.exp(-cells.surprise[row, c])),
                    coding.labels[int(cells.likely[row, c])],
                    float(cells.likely_share[row, c]),
                )
            )
        return tuple(out)

    def _broken(self) -> tuple[tuple[str, ...], ...]:
        """The rules and formulas that each row's known cells break."""
        requested = self._requested
        broken, _ = broken_rules(requested.frame, requested.population)
        for formula in requested.population.constraints.derived:
            if formula.name not in requested.frame or any(
                p not in requested.frame for p in formula.parts
            ):
                continue
            column = requested.population.schema[formula.name]
            given = requested.frame[formula.name]
            worked = formula.values(requested.frame)
            if column.is_number:
                off = np.abs(numbers_of(requested.frame, formula.name) - worked)
                broken.append((str(formula), off > (column.step or 1e-6) / 2))
            else:
                text = given.astype(object).map(lambda v: {True: "yes", False: "no"}.get(v, v))
                there = given.notna().to_numpy() & ~pd.isna(worked)
                broken.append((str(formula), there & (text.to_numpy() != worked)))
        return tuple(
            tuple(words for words, rows in broken if rows[row])
            for row in range(len(requested.frame))
        )


def _shown(value: Any, coding: Coding) -> str:
    """A cell in words."""
    if pd.isna(value):
        return coding.labels[-1]
    if coding.pieces is not None:
        return coding.column.text(float(value))
    if coding.column.kind == "boolean":
        return "yes" if value else "no"
    return str(value)
