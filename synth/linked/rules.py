"""What holds in every family: found in the data, kept in every family that is drawn.

A rule joins a parent with its rows, or rows with each other: the household's size is the number of
its members, nobody has two spouses, parents are older than their children. A rule is believed where
it holds in all families and chance alone would have broken it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import permutations
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from synth.data.wording import number_text
from synth.errors import PopulaceError
from synth.linked.features import Rows
from synth.linked.plans import MANY, Grouped
from synth.linked.tables import LinkedTables

RuleKind = Literal[
    "rows",
    "rows and",
    "rows from",
    "rows with",
    "missing without",
    "at most rows",
    "at most rows from",
    "greatest",
    "first",
    "one at most",
    "one",
    "above",
    "known from",
]
FEWEST = 50
"""Families (or pairs) of which a rule must be seen to hold."""
CHANCE = 12.0
"""How often chance alone would have broken it."""
MEETINGS = 300
"""Families in which two levels must meet for one to be always above the other: seen without an
exception so often, exceptions are rarer than one in a hundred (the rule of three)."""
OVERLAP = 0.05
"""And how often it would have been broken by rows that know nothing of each other: levels whose
numbers lie far apart anyway need no rule."""


@dataclass(frozen=True)
class FamilyRule:
    """Something that holds in every family.

    Attributes
    ----------
    kind : RuleKind
        ``rows``: `parent` is the number of rows. ``rows and``: of rows plus `other`. ``rows from``:
        of rows whose `column` is `bound` or more. ``rows with``: of rows of this `level`.
        ``missing without``: `parent` is missing exactly where there are no rows. ``at most rows``:
        `parent` is no more than rows; ``at most rows from``: than rows whose `column` is `bound` or
        more. ``greatest``, ``first``: the greatest, or the first row's,
        `column` is at least `bound`. ``one at most``, ``one``: rows of this `level` of `by`.
        ``above``: every row of `level` of `by` has a greater `column` than every row of `other`.
        ``known from``: `column` is known exactly in rows whose `by` is `bound` or more.
    table : str
        The rows' table.
    parent : str
        A column of the parent.
    column, level, other, by : str
        Columns and levels of the rows; `other` is a column of the parent in ``rows and``.
    bound : float
        A number.
    """

    kind: RuleKind
    table: str
    parent: str = ""
    column: str = ""
    level: str = ""
    other: str = ""
    by: str = ""
    bound: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(RuleKind):
            raise PopulaceError(f"There is no rule of the kind {self.kind!r}: learn anew.")

    def __str__(self) -> str:
        table, bound = self.table, number_text(self.bound)
        texts = {
            "rows": f"{self.parent} is the number of {table}",
            "rows and": f"{self.parent} is the number of {table} and {self.other} together",
            "rows from": f"{self.parent} is the number of {table} with {self.column} {bound} or "
            "more",
            "rows with": f"{self.parent} is the number of {table} with {self.column} {self.level}",
            "missing without": f"{self.parent} is known exactly where there are {table}",
            "at most rows": f"{self.parent} is no more than the number of {table}",
            "at most rows from": f"{self.parent} is no more than the number of {table} with "
            f"{self.column} {bound} or more",
            "greatest": f"the greatest {self.column} of {table} is at least {bound}",
            "first": f"{self.column} of the first of {table} is at least {bound}",
            "one at most": f"at most one of {table} has {self.by} {self.level}",
            "one": f"exactly one of {table} has {self.by} {self.level}",
            "above": f"{self.column} of {table} with {self.by} {self.level} is above that of "
            f"{self.other}",
            "known from": f"{self.column} of {table} is known exactly from {self.by} {bound} on",
        }
        return texts[self.kind]

    @property
    def needs_no_rows(self) -> bool:
        """Whether the parent and the number of its rows decide it."""
        return self.kind in ("rows", "rows and", "at most rows", "missing without")

    @property
    def settles_a_parent(self) -> bool:
        """Whether it says what the parent's column is, by the number of rows."""
        return self.kind in ("rows", "rows and")

    def settled(self, parents: pd.DataFrame, rows: Mapping[str, Rows]) -> pd.DataFrame:
        """Parents whose column is as the rule says, where it is not missing."""
        count = rows[self.table].counts.astype(np.float64)
        if self.kind == "rows and":
            count = count + parents[self.other].to_numpy(np.float64, na_value=np.nan)
        series = parents[self.parent]
        known = series.notna().to_numpy() & ~np.isnan(count)
        whole = np.where(known, np.nan_to_num(count), 0).astype(np.int64)
        if isinstance(series.array, pd.arrays.IntegerArray):
            return parents.assign(**{self.parent: pd.arrays.IntegerArray(whole, ~known)})
        return parents.assign(**{self.parent: whole.astype(series.dtype)})

    def holds(self, parents: pd.DataFrame, rows: Mapping[str, Rows]) -> np.ndarray:
        """Of which families it is true; bool, shape (families,)."""
        some = rows[self.table]
        grouped = Grouped(some.counts)
        if self.kind in ("greatest", "first"):
            x = some.column(self.column)
            value = grouped.first(x) if self.kind == "first" else grouped.extreme(x, least=False)
            return np.isnan(value) | (value >= self.bound)
        if self.kind in ("one at most", "one"):
            level = some.schema[self.by].levels.index(self.level)
            count = grouped.total((some.column(self.by) == level).astype(np.float64))
            if self.kind == "one at most":
                return count <= 1
            return (count == 1) | (some.counts == 0)
        if self.kind == "above":
            levels = some.schema[self.by].levels
            x, by = some.column(self.column), some.column(self.by)
            upper = np.where(by == levels.index(self.level), x, np.nan)
            lower = np.where(by == levels.index(self.other), x, np.nan)
            low, high = grouped.extreme(upper, least=True), grouped.extreme(lower, least=False)
            return np.isnan(low) | np.isnan(high) | (low > high)
        if self.kind == "known from":
            wrong = _missing(some, self.column) == (some.column(self.by) >= self.bound)
            return grouped.total(wrong.astype(np.float64)) == 0
        if self.kind == "missing without":
            return parents[self.parent].isna().to_numpy() == (some.counts == 0)
        value = parents[self.parent].to_numpy(np.float64, na_value=np.nan)
        count = some.counts.astype(np.float64)
        if self.kind == "rows and":
            count = count + parents[self.other].to_numpy(np.float64, na_value=np.nan)
        elif self.kind in ("rows from", "at most rows from"):
            count = grouped.total((some.column(self.column) >= self.bound).astype(np.float64))
        elif self.kind == "rows with":
            level = some.schema[self.column].levels.index(self.level)
            count = grouped.total((some.column(self.column) == level).astype(np.float64))
        if self.kind in ("at most rows", "at most rows from"):
            return np.isnan(value) | (value <= count)
        return np.isnan(value) | np.isnan(count) | (value == count)

    def to_json(self) -> dict[str, Any]:
        """Plain values, what is empty left out."""
        return {key: value for key, value in asdict(self).items() if value not in ("", 0.0)}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> FamilyRule:
        """The rule that `to_json` wrote."""
        try:
            return FamilyRule(**value)
        except TypeError as error:
            raise PopulaceError(f"A rule of the families is damaged near {error}.") from error


def find_rules(tables: LinkedTables) -> tuple[FamilyRule, ...]:
    """What holds in every family of some tables."""
    root = tables.root
    out: list[FamilyRule] = []
    for child in tables.children(root.name):
        rows = {child.name: Rows.of(child.schema.modelled, child.frame, child.rows)}
        covered: set[tuple[str, str]] = set()
        for rule in _candidates(root.frame, rows[child.name], child.name, tables):
            # Of rules that say the same of a column, the first, which is the simplest.
            about = (rule.parent, "missing" if rule.kind == "missing without" else "")
            if rule.parent and about in covered:
                continue
            if rule.holds(root.frame, rows).all():
                out.append(rule)
                covered.add(about)
    return tuple(out)


def _candidates(
    parents: pd.DataFrame, rows: Rows, table: str, tables: LinkedTables
) -> Iterator[FamilyRule]:
    """Rules that would be worth having: true or not, chance would have broken them."""
    schema = tables.root.schema.modelled
    grouped = Grouped(rows.counts)
    whole = [c.name for c in schema if c.kind == "integer"]
    for name in whole:
        known = parents[name].notna().to_numpy()
        x = parents[name].to_numpy(np.float64, na_value=np.nan)
        if known.sum() < FEWEST or len(np.unique(x[known])) < 2:
            continue
        yield FamilyRule("rows", table, parent=name)
        for other in whole:
            if other != name and parents[other].notna().all():
                yield FamilyRule("rows and", table, parent=name, other=other)
        for column in rows.schema:
            y = rows.column(column.name)
            if column.is_number:
                for bound in np.unique(y[~np.isnan(y)])[1:101]:
                    yield FamilyRule(
                        "rows from", table, parent=name, column=column.name, bound=float(bound)
                    )
            elif len(column.levels) <= MANY:
                for level in column.levels:
                    yield FamilyRule(
                        "rows with", table, parent=name, column=column.name, level=level
                    )
        yield from _at_most(rows, grouped, table, name, x)
    without = rows.counts == 0
    if without.sum() >= FEWEST:
        for column in schema:
            if parents[column.name].isna().sum() >= FEWEST:
                yield FamilyRule("missing without", table, parent=column.name)
    yield from _of_rows(rows, grouped, table)


def _at_most(
    rows: Rows, grouped: Grouped, table: str, parent: str, x: np.ndarray
) -> Iterator[FamilyRule]:
    """A parent's number bounded by rows from some value on, the tightest first, or by all rows."""
    known = ~np.isnan(x)
    for column in rows.schema:
        y = rows.column(column.name)
        if not column.is_number:
            continue
        for bound in np.unique(y[~np.isnan(y)])[1:101][::-1]:
            if _is_bound(x[known], grouped.total((y >= bound).astype(np.float64))[known]):
                yield FamilyRule(
                    "at most rows from",
                    table,
                    parent=parent,
                    column=column.name,
                    bound=float(bound),
                )
    if _is_bound(x[known], rows.counts[known]):
        yield FamilyRule("at most rows", table, parent=parent)


def _is_bound(x: np.ndarray, counts: np.ndarray) -> bool:
    """Whether a number is often as large as a count, and chance would have passed it."""
    # A bound that is never reached, or hardly ever could have been passed, says nothing.
    spread = np.random.default_rng(0).permutation(counts)
    return bool((x == counts).mean() > 0.05 and (x > spread).sum() >= CHANCE)


def _of_rows(rows: Rows, grouped: Grouped, table: str) -> Iterator[FamilyRule]:
    several = rows.counts > 1
    yield from _known_from(rows, table)
    for column in rows.schema:
        x = rows.column(column.name)
        if column.is_number:
            known = x[~np.isnan(x)]
            kinds: tuple[RuleKind, ...] = ("first", "greatest")
            for kind in kinds:
                value = grouped.first(x) if kind == "first" else grouped.extreme(x, least=False)
                has = ~np.isnan(value)
                value = value[has]
                if len(value) < FEWEST or not len(known):
                    continue
                bound = float(value.min())
                below = float((known < bound).mean())
                # As many families would have lain below, were their rows anybody's.
                size = np.ones(len(value)) if kind == "first" else rows.counts[has]
                if float(np.sum(below**size)) >= CHANCE:
                    yield FamilyRule(kind, table, column=column.name, bound=bound)
        elif len(column.levels) <= MANY and several.sum() >= FEWEST:
            counts = grouped.counted(x, len(column.levels) + 1)
            shares = counts.sum(axis=0) / max(len(x), 1)
            pairs = (rows.counts * (rows.counts - 1) / 2).sum()
            for number, level in enumerate(column.levels):
                if pairs * shares[number] ** 2 < CHANCE or counts[:, number].max() > 1:
                    continue
                least = counts[rows.counts > 0, number].min()
                often: RuleKind = "one" if least == 1 else "one at most"
                yield FamilyRule(often, table, by=column.name, level=level)
            for other in rows.schema:
                if other.is_number:
                    yield from _above(rows, grouped, table, column.name, other.name)


def _missing(rows: Rows, name: str) -> np.ndarray:
    """Which rows lack a value; bool."""
    column, x = rows.schema[name], rows.column(name)
    return np.isnan(x) if column.is_number else x >= len(column.levels)


def _known_from(rows: Rows, table: str) -> Iterator[FamilyRule]:
    """Columns that are known from some value of a number on, and never below it."""
    for column in rows.schema:
        missing = _missing(rows, column.name)
        if min(missing.sum(), (~missing).sum()) < FEWEST:
            continue
        for by in rows.schema:
            if not by.is_number or by.name == column.name:
                continue
            x = rows.column(by.name)
            bound = x[~missing].min()
            if x[missing].max() < bound:
                yield FamilyRule(
                    "known from", table, column=column.name, by=by.name, bound=float(bound)
                )


def _above(rows: Rows, grouped: Grouped, table: str, by: str, number: str) -> Iterator[FamilyRule]:
    """Pairs of levels whose numbers never meet within a family, though they do across families."""
    levels = rows.schema[by].levels
    x, level = rows.column(number), rows.column(by)
    for a, b in permutations(range(len(levels)), 2):
        upper, lower = x[level == a], x[level == b]
        upper, lower = upper[~np.isnan(upper)], lower[~np.isnan(lower)]
        if min(len(upper), len(lower)) < FEWEST:
            continue
        mine = np.where(level == a, x, np.nan), np.where(level == b, x, np.nan)
        low, high = grouped.extreme(mine[0], least=True), grouped.extreme(mine[1], least=False)
        both = ~np.isnan(low) & ~np.isnan(high)
        if both.sum() < MEETINGS or not (low[both] > high[both]).all():
            continue
        lower = np.sort(lower)
        met = 1 - np.searchsorted(lower, upper, side="left") / len(lower)
        if met.mean() >= OVERLAP:
            yield FamilyRule("above", table, column=number, level=levels[a], other=levels[b], by=by)
