"""What a parent plans for its rows: how many, from when, for how long, what on average.

Summaries of a family's rows become columns of its parent, so the network that learns parents learns
families with them: how many rows which parents have, and how the rows' averages hang together. The
rows are then drawn so that they come out as planned; see `kernels`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from synth.bayes.random import stream_key, uniforms_at
from synth.data.column import Column
from synth.data.schema import Schema
from synth.data.wording import number_text
from synth.errors import PopulaceError
from synth.linked.kernels import LEVELS, NUMBER, SAME, STEP, distinct

What = Literal["rows", "first", "span", "mean", "changes", "most"]
MANY = 12
"""Columns with more levels are drawn as "as before" or anew, where rows often are as before."""
ALIKE = 0.2
"""How often rows must be as the one before for that."""
PARTS = 12
"""Ranges into which means are cut: of one row it is whole, of two a half, which no range tells."""
SPREAD = 16
"""Steps between quantiles of the means within a range, between which a single row is drawn."""


@dataclass(frozen=True)
class Summary:
    """A column of the parent that says something of its rows.

    Attributes
    ----------
    name : str
        The column.
    what : What
        ``rows``, how many there are; ``first`` and ``span``, where the order begins and how far it
        goes; ``mean`` of a number; how often a column ``changes`` from row to row; the level that
        ``most`` rows have.
    column : str
        Of the rows; empty for ``rows``.
    edges : tuple of float
        Where means are cut.
    middles : tuple of float
        What families of each range have on average.
    spreads : tuple of tuple of float
        For each range, quantiles of its families' means, between which a single row's is drawn;
        empty where all aim at the middle.
    step : float
        What the column's values are multiples of; 0 for none.
    """

    name: str
    what: What
    column: str = ""
    edges: tuple[float, ...] = ()
    middles: tuple[float, ...] = ()
    spreads: tuple[tuple[float, ...], ...] = ()
    step: float = 0.0

    def __post_init__(self) -> None:
        if self.what not in get_args(What):
            raise PopulaceError(f"A plan knows no {self.what!r}: learn the tables again.")
        fits = self.what != "mean" or len(self.middles) == len(self.edges) + 1
        if self.spreads:
            sizes = {len(spread) for spread in self.spreads}
            fits &= len(self.spreads) == len(self.middles) and len(sizes) == 1 and min(sizes) > 1
        if not fits:
            raise PopulaceError(f"The ranges of {self.name} are damaged: learn the tables again.")

    @property
    def ranges(self) -> tuple[str, ...]:
        """The ranges of a mean in words, numbered."""
        ends = [number_text(float(f"{edge:.4g}")) for edge in self.edges]
        if not ends:
            return ("1: any",)
        words = [f"up to {ends[0]}", *(f"{a} to {b}" for a, b in pairwise(ends))]
        return tuple(f"{i}: {word}" for i, word in enumerate([*words, f"over {ends[-1]}"], 1))

    def within(self, codes: np.ndarray, uniform: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """A mean within each family's range, which so many rows can have; NaN without a range.

        Parameters
        ----------
        codes : int array, shape (families,)
            The ranges; -1 for none.
        uniform : float64 array, shape (families,)
            In [0, 1): which of the range's means.
        counts : int64 array, shape (families,)
            Rows of each.
        """
        spreads = np.array(self.spreads)
        at = uniform * (spreads.shape[1] - 1)
        low = at.astype(np.int64)
        a, b = spreads[codes, low], spreads[codes, low + 1]
        mean = a + (at - low) * (b - a)
        if self.step:
            rows = np.maximum(counts, 1)
            mean = np.rint(mean * rows / self.step) * self.step / rows
        return np.where(codes < 0, np.nan, mean)


@dataclass(frozen=True, eq=False)
class Plan:
    """What is known of a table's rows before they are drawn.

    Attributes
    ----------
    table : str
        The rows' table.
    kinds : mapping of str to int
        Column → how it is drawn; see `kernels`.
    summaries : tuple of Summary
        Columns of the parent.
    begin : float
        Where the order begins if the parent does not say.
    """

    table: str
    kinds: Mapping[str, int]
    summaries: tuple[Summary, ...]
    begin: float = 0.0

    @staticmethod
    def of(name: str, schema: Schema, frame: pd.DataFrame, counts: np.ndarray, order: str) -> Plan:
        """What there is to be planned of a table.

        Parameters
        ----------
        name : str
            The table.
        schema, frame
            Its columns and rows, family by family.
        counts : int64 array, shape (parents,)
            Rows of each parent.
        order : str
            The column that rows are in order of; empty where there is none.
        """
        begin = np.repeat(np.cumsum(counts) - counts, counts)
        follows = np.arange(len(frame)) > begin
        kinds: dict[str, int] = {}
        summaries = [Summary(f"{name} rows", "rows")]
        start = 0.0
        for column in schema:
            kind = LEVELS
            some: list[What] = ["most", "changes"]
            if column.name == order:
                kind, some = STEP, ["first", "span"]
                start = float(np.median(frame[column.name].to_numpy(np.float64)))
            elif column.is_number:
                kind, some = NUMBER, ["mean"]
            elif len(column.levels) > MANY:
                codes = frame[column.name].cat.codes.to_numpy()
                alike = (codes == np.r_[-1, codes[:-1]])[follows]
                kind = SAME if len(alike) and alike.mean() >= ALIKE else LEVELS
                some = ["changes"] if kind == SAME else []
            kinds[column.name] = kind
            for what in some:
                title = f"{name} {column.name} {what}"
                if what == "mean":
                    means = Grouped(counts).mean(
                        frame[column.name].to_numpy(np.float64, na_value=np.nan)
                    )
                    cut = _cut(means[~np.isnan(means)])
                    step = column.step or (1.0 if column.kind == "integer" else 0.0)
                    summaries.append(Summary(title, what, column.name, *cut, step))
                else:
                    summaries.append(Summary(title, what, column.name))
        return Plan(name, kinds, tuple(summaries), start)

    def has_target(self, column: str) -> bool:
        """Whether rows are drawn towards a mean, a span or a number of changes."""
        return any(
            s.column == column and s.what in ("mean", "span", "changes") for s in self.summaries
        )

    def counts_changes(self, column: str) -> bool:
        """Whether it is planned how often a column changes from row to row."""
        return any(s.column == column and s.what == "changes" for s in self.summaries)

    def targets(
        self, parents: pd.DataFrame, numbers: np.ndarray | None = None, seed: int = 0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows of each parent, what each column is to come to, and where the order begins.

        Parameters
        ----------
        parents : DataFrame
            Their plans.
        numbers : int64 array, shape (parents,), optional
            The parents' numbers, by which those of a single row draw its value within a range; all
            others, and without numbers these too, aim at the range's average.
        seed : int
            Of those means.

        Returns
        -------
        counts : int64 array, shape (parents,)
        targets : float64 array, shape (parents, columns)
            NaN where nothing is planned.
        begin : float64 array, shape (parents,)
        """
        names = list(self.kinds)
        targets = np.full((len(parents), len(names)), np.nan)
        begin = np.full(len(parents), self.begin)
        counts = np.zeros(len(parents), np.int64)
        for s in self.summaries:
            if s.what == "most":
                continue
            if s.what == "mean":
                codes = parents[s.name].cat.codes.to_numpy()
                middles = np.append(s.middles, np.nan)[codes]
                # Of several rows, a mean known exactly would leave what is odd to the last of them.
                if numbers is not None and s.spreads:
                    key = stream_key(seed, f"mean\x1f{self.table}\x1f{s.column}")
                    own = s.within(codes, uniforms_at(key, numbers), counts)
                    middles = np.where(counts == 1, own, middles)
                targets[:, names.index(s.column)] = middles
                continue
            values = parents[s.name].to_numpy(np.float64, na_value=np.nan)
            if s.what == "rows":
                counts = np.nan_to_num(values).astype(np.int64)
            elif s.what == "first":
                begin = np.where(np.isnan(values), self.begin, values)
            else:
                targets[:, names.index(s.column)] = values
        for column, kind in self.kinds.items():
            if kind in (STEP, SAME) or self.counts_changes(column):  # these count from 0
                j = names.index(column)
                targets[:, j] = np.nan_to_num(targets[:, j])
        return counts, targets, begin

    def summarise(
        self, schema: Schema, values: Mapping[str, np.ndarray], counts: np.ndarray
    ) -> dict[str, Any]:
        """The summaries of families.

        Parameters
        ----------
        schema : Schema
            The rows' columns.
        values : mapping of str to float64 array, shape (rows,)
            Numbers, NaN where missing; codes of levels, missing last.
        counts : int64 array, shape (parents,)
            Rows of each family.

        Returns
        -------
        dict of str to float64 array, shape (parents,)
            NaN where there is nothing to summarise; levels as codes.
        """
        some = Grouped(counts)
        out = {}
        for s in self.summaries:
            x = values[s.column] if s.column else np.zeros(0)
            if s.what == "rows":
                out[s.name] = counts.astype(np.float64)
            elif s.what == "first":
                out[s.name] = some.first(x)
            elif s.what == "span":
                out[s.name] = some.last(x) - some.first(x)
            elif s.what == "mean":
                mean = some.mean(x)
                code = np.searchsorted(s.edges, mean, side="left").astype(np.float64)
                out[s.name] = np.where(np.isnan(mean), np.nan, code)
            elif s.what == "changes":
                out[s.name] = some.changes(x)
            else:
                levels = len(schema[s.column].levels)
                out[s.name] = some.most(x, levels)
        return out

    def columns(self, schema: Schema, summaries: Mapping[str, np.ndarray]) -> Schema:
        """The summaries as columns."""
        out = []
        for s in self.summaries:
            x = summaries[s.name]
            known = x[~np.isnan(x)]
            missing = len(known) < len(x)
            if s.what in ("most", "mean"):
                levels = schema[s.column].levels if s.what == "most" else s.ranges
                out.append(Column(s.name, "categorical", levels, missing))
                continue
            step = 1.0
            if s.what in ("first", "span"):
                step = schema[s.column].step or 1.0
            kind: Any = "integer" if step == 1.0 else "real"
            low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
            out.append(Column(s.name, kind, (), missing, low, high, step))
        return Schema(tuple(out))

    @staticmethod
    def frame(columns: Schema, summaries: Mapping[str, np.ndarray]) -> pd.DataFrame:
        """The summaries in canonical dtypes."""
        data: dict[str, Any] = {}
        for c in columns:
            x = summaries[c.name]
            absent = np.isnan(x)
            if not c.is_number:
                codes = np.where(absent, -1, np.nan_to_num(x)).astype(np.int64)
                data[c.name] = pd.Categorical.from_codes(codes, dtype=c.dtype)
            elif c.kind == "real":
                step = c.step or 1.0
                data[c.name] = np.rint(x / step) * step
            else:
                whole = np.rint(np.nan_to_num(x)).astype(np.int64)
                data[c.name] = pd.arrays.IntegerArray(whole, absent) if c.missing else whole
        return pd.DataFrame(data)


def _cut(
    means: np.ndarray,
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """Ranges that hold about as many families each, their averages, and how they spread."""
    if not len(means):
        return (), (0.0,), ()
    at = np.quantile(means, np.arange(1, PARTS) / PARTS, method="lower")
    edges = np.unique(at[at < means.max()])
    part = np.searchsorted(edges, means, side="left")
    sums = np.bincount(part, means, minlength=len(edges) + 1)
    middles = sums / np.maximum(np.bincount(part, minlength=len(edges) + 1), 1)
    # Without the very ends, which are one family's own.
    at = (np.arange(SPREAD + 1) + 0.5) / (SPREAD + 1)
    spreads = [tuple(map(float, np.quantile(means[part == k], at))) for k in range(len(edges) + 1)]
    return tuple(map(float, edges)), tuple(map(float, middles)), tuple(spreads)


class Grouped:
    """Sums, means and the like over the rows of each family.

    Parameters
    ----------
    counts : int64 array, shape (families,)
        Rows of each, which lie one family after the other.
    """

    def __init__(self, counts: np.ndarray) -> None:
        self.counts = counts
        self.begin = np.cumsum(counts) - counts
        self.has = counts > 0
        self.family = np.repeat(np.arange(len(counts)), counts)

    def first(self, x: np.ndarray) -> np.ndarray:
        """The first row's value; NaN without rows."""
        return self.at(x, 0)

    def last(self, x: np.ndarray) -> np.ndarray:
        """The last row's value; NaN without rows."""
        out = np.full(len(self.counts), np.nan)
        out[self.has] = x[(self.begin + self.counts - 1)[self.has]]
        return out

    def at(self, x: np.ndarray, place: int) -> np.ndarray:
        """The value of row number `place`, from 0; NaN where there are fewer rows."""
        out = np.full(len(self.counts), np.nan)
        has = self.counts > place
        out[has] = x[self.begin[has] + place]
        return out

    def total(self, x: np.ndarray) -> np.ndarray:
        """The sum of the known values; 0 without rows."""
        return np.bincount(self.family, np.nan_to_num(x), minlength=len(self.counts))

    def mean(self, x: np.ndarray) -> np.ndarray:
        """The mean of the known values; NaN where none is."""
        known = np.bincount(self.family, ~np.isnan(x), minlength=len(self.counts))
        return np.where(known > 0, self.total(x) / np.maximum(known, 1), np.nan)

    def extreme(self, x: np.ndarray, *, least: bool) -> np.ndarray:
        """The least or greatest known value; NaN where none is."""
        out = np.full(len(self.counts), np.nan)
        if self.has.any():
            over = np.fmin if least else np.fmax
            out[self.has] = over.reduceat(x, self.begin[self.has])
        return out

    def changes(self, x: np.ndarray) -> np.ndarray:
        """How often a value is another than the row's before; NaN without rows."""
        if not len(x):
            return np.full(len(self.counts), np.nan)
        follows = np.arange(len(x)) > np.repeat(self.begin, self.counts)
        other = follows & (x != np.r_[np.nan, x[:-1]])
        return np.where(self.has, self.total(other.astype(np.float64)), np.nan)

    def counted(self, x: np.ndarray, states: int) -> np.ndarray:
        """How many rows have each state; shape (families, states)."""
        cells = self.family * states + x.astype(np.int64)
        counts = np.bincount(cells, minlength=len(self.counts) * states)
        return counts.reshape(-1, states)

    def most(self, x: np.ndarray, levels: int) -> np.ndarray:
        """The level that most rows have, the first of several; NaN where none has one."""
        counts = self.counted(x, levels + 1)[:, :levels]
        return np.where(counts.sum(axis=1) > 0, counts.argmax(axis=1), np.nan)

    def distinct(self, x: np.ndarray, states: int) -> np.ndarray:
        """How many different states the rows have."""
        return distinct(self.counts, x.astype(np.int64), states)
