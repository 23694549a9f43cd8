"""Columns that follow from other columns, found in the rows.

- ``total = work + home``: a number that is a sum or difference of others on every row, to within
  rounding (`sums`). One least-squares fit for each column against those before it says which; the
  coefficients must come out as +1 and −1, and the formula is then checked on all rows.
- ``age_group`` from ``age``: levels that are ranges of a number (`cuts`).
- ``city → province``: levels, or few numbers, that another column's levels settle (`lookups`).
- ``age = years(admitted − born)``: whole periods between two dates (`elapsed`).
- ``admitted <= discharged``: two dates that stand in one order on every row (`orders`).

A coincidence is not a dependence: each is kept only where chance would bring it about less often
than once in a thousand million tables.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeVar

import numpy as np
import pandas as pd

from synth.constraints.derived import PERIODS, Cut, Derived, Elapsed, Sum
from synth.constraints.rules import Comparison, Rule
from synth.data.column import Column
from synth.data.formats import DateFormat
from synth.data.schema import Schema

FEW = 256
"""A number with more values than this is not looked up."""
_CERTAIN = 21.0  # nats: chance brings it about in less than one table of a thousand million
_SAMPLE = 4_000
_ROWS = 50
_Follows = TypeVar("_Follows", bound=Derived)
_PAIR_CELLS = 1 << 19
_ORDERS = 12  # each rule ties two columns together, which costs time in every question
_NEAR = 5
_GLANCE = 256  # rows that tell most columns apart


@dataclass(frozen=True)
class Lookup:
    """``of → name``: each level of one column has one value of the other."""

    name: str
    of: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The column that settles it."""
        return (self.of,)

    def __str__(self) -> str:
        return f"{self.of} → {self.name}"


# ---------------------------------------------------------------------- sums


def sums(frame: pd.DataFrame, schema: Schema) -> tuple[Sum, ...]:
    """Numbers that are sums of others on every row, parts first; `frame` is canonical."""
    names = [c.name for c in schema if c.is_number and frame[c.name].nunique() > 2]
    values = {name: frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names}
    names = [name for name in names if np.isnan(values[name]).mean() < 0.5]
    if len(names) < 2:
        return ()
    rows = np.flatnonzero(~np.isnan(np.stack([values[name] for name in names])).any(axis=0))
    if len(rows) < max(_ROWS, 3 * len(names)):
        return ()
    if len(rows) > 5 * _SAMPLE:
        rows = np.random.default_rng(0).choice(rows, 5 * _SAMPLE, replace=False)
    basis: list[str] = []
    results: list[Sum] = []
    span = _Span(values, rows, schema)
    for name in names:
        equation = _sum(name, basis, values, rows, schema) if span.holds(name) else None
        if equation is None:
            basis.append(name)
            span.add(name)
            continue
        equation = _turned(equation, schema)
        results.append(equation)
        if equation.name != name:
            basis = [n for n in (*basis, name) if n != equation.name]
            span = _Span(values, rows, schema)
            for other in basis:
                span.add(other)
    return _parts_first(results)


class _Span:
    """What some columns span, kept orthonormal: says cheaply which column may be their sum."""

    def __init__(self, values: dict[str, np.ndarray], rows: np.ndarray, schema: Schema) -> None:
        self._values, self._rows, self._schema = values, rows, schema
        self._axes = np.zeros((len(rows), 16))
        self._count = 0
        self._noise = 0.0

    def _rest(self, name: str) -> tuple[np.ndarray, float]:
        """What of the column lies outside, and how large the column is."""
        column = self._values[name][self._rows]
        column = column - column.mean()
        size = float(np.linalg.norm(column))
        axes = self._axes[:, : self._count]
        for _ in range(2):  # twice is enough (Kahan and Parlett)
            column = column - axes @ (axes.T @ column)
        return column, size

    def _step(self, name: str) -> float:
        column = self._schema[name]
        return 0.0 if column.kind == "integer" else float(column.step or 0.0)

    def holds(self, name: str) -> bool:
        rest, size = self._rest(name)
        rounding = 0.5 * np.sqrt(len(rest) * (self._noise + self._step(name) ** 2))
        return size > 0 and float(np.linalg.norm(rest)) <= max(1e-6 * size, rounding)

    def add(self, name: str) -> None:
        rest, size = self._rest(name)
        self._noise += self._step(name) ** 2
        length = float(np.linalg.norm(rest))
        if length <= 1e-9 * size or not length:
            return
        if self._count == self._axes.shape[1]:
            self._axes = np.concatenate([self._axes, np.zeros_like(self._axes)], axis=1)
        self._axes[:, self._count] = rest / length
        self._count += 1


def _sum(
    name: str, basis: list[str], values: dict[str, np.ndarray], rows: np.ndarray, schema: Schema
) -> Sum | None:
    if not basis:
        return None
    matrix = np.stack([values[n][rows] for n in basis], axis=1)
    target = values[name][rows]
    middle, wide = matrix.mean(axis=0), matrix.std(axis=0)
    usable = wide > 0
    if not usable.any() or target.std() == 0:
        return None
    scaled = (matrix[:, usable] - middle[usable]) / wide[usable]
    solved, *_ = np.linalg.lstsq(scaled, target - target.mean(), rcond=1e-10)
    factors = np.zeros(len(basis))
    factors[usable] = solved / wide[usable]
    signs = np.rint(factors).astype(int)
    if not signs.any() or np.abs(signs).max() > 1:
        return None
    step = schema[name].step or 0.0
    terms = tuple((n, int(s)) for n, s in zip(basis, signs, strict=True) if s)
    loose = 0.5 * (step + sum(schema[n].step or 0.0 for n, _ in terms))
    whole = all(schema[n].kind == "integer" for n in (name, *(n for n, _ in terms)))
    rest = target - matrix @ signs
    constant = float(np.median(rest))
    if step:
        constant = float(np.rint(constant / step) * step)
    limit = 0.0 if whole else loose
    largest = max(float(np.nanmax(np.abs(values[n]))) for n in (name, *(n for n, _ in terms)))
    limit += 1e-12 * largest
    if np.abs(rest - constant).max() > limit or np.abs(target).max() == 0:
        return None
    # All rows, with the same people missing.
    everything = np.full(len(values[name]), constant)
    for n, s in terms:
        everything += s * values[n]
    absent, known = np.isnan(everything), ~np.isnan(values[name])
    if (absent == known).any():
        return None
    if np.abs(everything[known] - values[name][known]).max(initial=0.0) > limit:
        return None
    return Sum(name, terms, round(constant, 12) + 0.0)


def _turned(equation: Sum, schema: Schema) -> Sum:
    """The same equation with the total on the left, where one column is the others' total.

    The later of two dates is such a total: how many days lie between them is learned better as a
    number of its own than as what is left between two dates.
    """
    minus = [name for name, sign in equation.terms if sign < 0]
    plus = [name for name, sign in equation.terms if sign > 0]
    is_date = bool(plus) and isinstance(schema[plus[0]].format, DateFormat)
    if len(plus) == 1 and minus and (is_date or not equation.constant):
        # home = total − work, so total = home + work
        parts = tuple((name, 1) for name in (*minus, equation.name))
        return Sum(plus[0], parts, 0.0 - equation.constant)
    return equation


def _parts_first(results: Sequence[_Follows]) -> tuple[_Follows, ...]:
    """What is worked out, parts before what is made of them."""
    left, done = list(results), list[_Follows]()
    while left:
        names = {equation.name for equation in left}
        ready = [equation for equation in left if not names & set(equation.parts)]
        if not ready:  # a circle: what closes it is learned as it stands
            left.pop()
            continue
        done += ready
        left = [equation for equation in left if equation not in ready]
    return tuple(done)


# ---------------------------------------------------------------------- times between dates


def elapsed(
    frame: pd.DataFrame, schema: Schema, others: Sequence[Derived] = ()
) -> tuple[Derived, ...]:
    """Whole numbers that are the time between two dates on every row; `frame` is canonical.

    Parameters
    ----------
    frame, schema
        The rows and the columns to look at.
    others : sequence of Derived
        What is worked out already; it comes back too, parts before what is made of them.
    """
    dates = [c for c in schema if c.is_number and isinstance(c.format, DateFormat)]
    taken = {entry.name for entry in others}
    # A date that is worked out from a number of days does not settle that number as well.
    taken |= {
        part for entry in others if entry.name in {d.name for d in dates} for part in entry.parts
    }
    if len(dates) < 2 or len(frame) < _ROWS:
        return tuple(others)
    numbers = {
        c.name: frame[c.name].to_numpy(dtype=np.float64, na_value=np.nan)
        for c in schema
        if c.kind == "integer" and c.name not in taken and c not in dates
    }
    numbers = {name: values for name, values in numbers.items() if _varies(values)}
    few = np.linspace(0, len(frame) - 1, min(len(frame), _GLANCE)).astype(np.int64)
    glance = frame[[c.name for c in dates]].iloc[few]
    results: dict[str, Elapsed] = {}
    for since, until, period in product(dates, dates, PERIODS):
        formula = Elapsed("", since.name, until.name, period, _kind(since)[0])
        if since is until or _kind(since) != _kind(until) or not formula.is_countable:
            continue
        passed = formula.values(glance)
        for name, values in numbers.items():
            if name in results:
                continue
            away = values[few] - passed
            known = away[~np.isnan(away)]
            constant = int(known[0]) if period == "days" and len(known) else 0
            choice = replace(formula, name=name, constant=constant)
            if _agree(values[few], passed + constant) and _agree(values, choice.values(frame)):
                results[name] = choice
    return _parts_first([*others, *results.values()])


def _agree(values: np.ndarray, others: np.ndarray) -> bool:
    """Whether two columns are alike on every row, the missing ones included."""
    return bool(((values == others) | (np.isnan(values) & np.isnan(others))).all())


def _varies(values: np.ndarray) -> bool:
    """Whether a column differs enough that agreement on every row cannot be chance."""
    known = values[~np.isnan(values)]
    if len(known) < _ROWS:
        return False
    shares = np.unique(known, return_counts=True)[1] / len(known)
    return -len(known) * math.log(float((shares**2).sum())) > _CERTAIN


# ---------------------------------------------------------------------- orders


def orders(frame: pd.DataFrame, schema: Schema) -> tuple[Rule, ...]:
    """Dates of one kind that stand in one order on every row; `frame` is canonical.

    An order that follows from two others, or from the bounds of the two columns, is left out. It
    is strict where dates come near each other and are never the same.
    """
    values = {
        c.name: frame[c.name].to_numpy(dtype=np.float64, na_value=np.nan)
        for c in schema
        if c.is_number and isinstance(c.format, DateFormat)
    }
    names = sorted(values, key=lambda name: np.nanmean(values[name]))  # the earlier one first
    results: dict[tuple[str, str], tuple[float, str]] = {}
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            if _kind(schema[first]) != _kind(schema[second]):
                continue
            order = _order(values[first], values[second])
            if order is not None:
                results[first, second] = order
    complete = {name for name in names if not np.isnan(values[name]).any()}
    direct = {
        (first, second): order
        for (first, second), order in results.items()
        if not any((first, b) in results and (b, second) in results for b in complete)
    }
    strongest = sorted(direct, key=lambda pair: -direct[pair][0])[:_ORDERS]
    return tuple(
        Rule(Comparison(first, sign, other=second))
        for (first, second), (_, sign) in direct.items()
        if (first, second) in strongest
    )


def _kind(column: Column) -> tuple[str, str]:
    """What a date counts, and where."""
    form = column.format
    return (form.unit, form.zone) if isinstance(form, DateFormat) else ("", "")


def _order(first: np.ndarray, second: np.ndarray) -> tuple[float, str] | None:
    """How sure it is that the first is never later, and by which sign; None where it may be."""
    known = ~np.isnan(first) & ~np.isnan(second)
    first, second = first[known], second[known]
    if len(first) < _ROWS or (first > second).any() or (first == second).all():
        return None
    # P(the first is not later) of two people at random.
    later = len(second) - np.searchsorted(np.sort(second), first, side="left")
    share = float(later.mean()) / len(second)
    sure = -len(first) * math.log(share)
    if sure <= _CERTAIN:
        return None
    away = second - first
    strict = not (away == 0).any() and np.count_nonzero(away == 1) >= _NEAR
    return sure, "<" if strict else "<="


# ---------------------------------------------------------------------- ranges


def cuts(frame: pd.DataFrame, schema: Schema) -> tuple[Cut, ...]:
    """Levels that are ranges of a number, one for each column at most; `frame` is canonical."""
    results = []
    few = np.linspace(0, len(frame) - 1, min(len(frame), _SAMPLE)).astype(np.int64)
    numbers = []
    for number in schema:
        if number.is_number and frame[number.name].nunique() > 2:
            values = frame[number.name].to_numpy(dtype=np.float64, na_value=np.nan)
            numbers.append((number.name, values, np.argsort(values[few], kind="stable")))
    for column in schema:
        if column.is_number or len(column.levels) < 2:
            continue
        codes = _codes(frame[column.name], column)
        for name, values, order in numbers:
            some = codes[few][order]  # a range shows in any rows
            if np.count_nonzero(some[1:] != some[:-1]) > len(column.levels):
                continue
            equation = _cut(column, codes, name, values, np.argsort(values, kind="stable"))
            if equation is not None:
                results.append(equation)
                break
    return tuple(results)


def _cut(
    column: Column, codes: np.ndarray, of: str, values: np.ndarray, order: np.ndarray
) -> Cut | None:
    absent = codes >= len(column.levels)
    if (absent != np.isnan(values)).any():
        return None
    order = order[: len(order) - int(absent.sum())]
    if len(order) < _ROWS:
        return None
    here, at = codes[order], values[order]
    change = np.flatnonzero(here[1:] != here[:-1]) + 1
    present = len(np.unique(here))
    if present < 2 or len(change) != present - 1 or (at[change] == at[change - 1]).any():
        return None
    # How many ways there are to lay these levels over these rows.
    counts = np.bincount(here)
    ways = math.lgamma(len(here) + 1) - sum(math.lgamma(c + 1) for c in counts)
    if ways - math.lgamma(present + 1) < _CERTAIN:
        return None
    starts = (float(at[0]), *(float(v) for v in at[change]))
    levels = tuple(column.levels[here[i]] for i in (0, *change))
    return Cut(column.name, of, starts, levels)


# ---------------------------------------------------------------------- look-ups


def lookups(frame: pd.DataFrame, schema: Schema) -> tuple[Lookup, ...]:
    """Columns that another column's levels settle, each by the coarsest that does."""
    rows = len(frame)
    if rows < _ROWS:
        return ()
    codes, sizes = {}, {}
    for column in schema:
        if column.is_number and frame[column.name].nunique() > FEW:
            continue
        codes[column.name] = _codes(frame[column.name], column)
        sizes[column.name] = len(np.unique(codes[column.name]))
    few = np.linspace(0, rows - 1, min(rows, _SAMPLE)).astype(np.int64)
    sample = {name: values[few] for name, values in codes.items()}
    place = {name: i for i, name in enumerate(schema.names)}
    settlers = [name for name in codes if not schema[name].is_number and sizes[name] > 1]
    results = []
    for name in codes:
        if sizes[name] < 2:
            continue
        rank = (sizes[name], -place[name])
        choices = [
            other
            for other in settlers
            if other != name
            and (schema[name].is_number or (sizes[other], -place[other]) > rank)
            and sizes[other] >= sizes[name]
            and (sizes[other] + 1) * (sizes[name] + 1) <= _PAIR_CELLS
            and _settles(sample[other], sample[name])
            and _settles(codes[other], codes[name])
            and _sure(codes[other], codes[name])
        ]
        if choices:
            best = min(choices, key=lambda other: (sizes[other], place[other]))
            results.append(Lookup(name, best))
    return tuple(results)


def _codes(values: pd.Series, column: Column) -> np.ndarray:
    """Level numbers, or ranks of a number; missing ones are the last."""
    if column.kind == "categorical":
        codes = values.cat.codes.to_numpy().astype(np.int64)
        return np.where(codes < 0, len(column.levels), codes)
    if column.kind == "boolean":
        return values.to_numpy(dtype=np.float64, na_value=2.0).astype(np.int64)
    codes, levels = pd.factorize(values, sort=True)
    return np.where(codes < 0, len(levels), codes).astype(np.int64)


def _settles(of: np.ndarray, name: np.ndarray) -> bool:
    """Whether each code of one column comes with one code of the other."""
    size = int(name.max()) + 1
    pairs = np.bincount(of * size + name, minlength=(int(of.max()) + 1) * size) > 0
    return bool((pairs.reshape(-1, size).sum(axis=1) <= 1).all())


def _sure(of: np.ndarray, name: np.ndarray) -> bool:
    """Whether so many agreements cannot be chance."""
    shares = np.bincount(name) / len(name)
    alike = float((shares**2).sum())  # two people at random agree
    groups = np.bincount(of)
    groups = groups[groups > 0]
    agreements = float((groups - 1).sum())
    return alike < 1.0 and -agreements * math.log(alike) > _CERTAIN
