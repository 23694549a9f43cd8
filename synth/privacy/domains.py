"""The values that a private column may have: from public knowledge, or paid for.

Levels that are not public come of a noisy threshold: a level is seen where so many people have it
that one alone could not have brought it about, except with probability δ. Bounds that are not
public come of noisy counts between powers of two. Heaps and runs of a number come of noisy counts
alone: coarse cells first, and those that hold many people again in finer ones. Nothing else of a
value reaches the population.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from synth.bayes.coding import Coding, Pieces
from synth.data.column import Column
from synth.errors import PopulaceError
from synth.privacy.estimation import NoisyCounts
from synth.privacy.ledger import Accountant
from synth.privacy.public import PublicColumn

DIRECT = 256
"""A number with at most so many values is counted value by value."""
FIRST, FURTHER, LEVELS = 64, 32, 3
"""Cells of the first count of other numbers, of each finer one, and how many finer ones there are;
the first gets half of the budget."""
BINS = 20
"""The most bins of a number."""
SURE = 3.0
"""Counts below so many deviations of their noise are merged with others."""
ALIKE = 1.5
"""Neighbouring runs are joined where their densities differ by less than so many deviations."""
OTHER = "other"
"""The level of all levels that are not shown."""
_POWERS = np.concatenate([-(2.0 ** np.arange(40, -11, -1)), [0.0], 2.0 ** np.arange(-10, 41)])


@dataclass(frozen=True, eq=False)
class Domain:
    """A column's values as codes, and the groups of codes that are told apart.

    Attributes
    ----------
    coding : Coding
        The column and its codes.
    group : int64 array, shape (codes,)
        The group of each code.
    within : float64 array, shape (codes,)
        P(code | group).
    counts : NoisyCounts
        How many people are in each group.
    """

    coding: Coding
    group: np.ndarray
    within: np.ndarray
    counts: NoisyCounts

    @property
    def size(self) -> int:
        """How many groups there are."""
        return len(self.counts.counts)

    def encode(self, values: pd.Series) -> np.ndarray:
        """The group of each canonical value; int32 (rows,)."""
        known = clamped(self.coding.column, values)
        return self.group[self.coding.encode(known)].astype(np.int32)


# ---------------------------------------------------------------------- the values


def resolved(
    column: Column, values: pd.Series, public: PublicColumn, book: Accountant, rho: float
) -> tuple[Column, str]:
    """A column as it may be shown: its levels, bounds and step public or paid for.

    Parameters
    ----------
    column : Column
        Its name, kind, label and meaning are public.
    values : pd.Series
        The real values, canonical.
    public : PublicColumn
        What is known of it.
    book : Accountant
        Pays.
    rho : float
        What finding levels or bounds may cost.

    Returns
    -------
    column : Column
        With nothing of the rows in it but what was paid for.
    note : str
        What was taken for public, in words.
    """
    may_miss = public.missing is not False
    bare = Column(
        column.name,
        column.kind,
        missing=may_miss,
        label=column.label,
        meaning=column.meaning,
        format=column.format if column.is_number else None,
    )
    if column.kind == "boolean":
        return bare, f"{column.name} is yes or no"
    if column.is_number:
        return _number(bare, values, public, book, rho)
    if public.levels:
        return replace(
            bare, levels=public.levels
        ), f"the {len(public.levels)} levels of {bare.name}"
    return _levels(bare, values, book, rho), ""


def _levels(column: Column, values: pd.Series, book: Accountant, rho: float) -> Column:
    """Levels by a noisy threshold; all others are one level more."""
    counts = values.value_counts()
    counts = counts[counts > 0]
    names = [str(name) for name in counts.index]
    present = book.seen(counts.to_numpy(), rho, f"which levels {column.name} has", (column.name,))
    shown = sorted(
        name for name, seen in zip(names, present, strict=True) if seen and name != OTHER
    )
    return replace(column, levels=(*shown, OTHER))


def _number(
    column: Column, values: pd.Series, public: PublicColumn, book: Accountant, rho: float
) -> tuple[Column, str]:
    lower, upper = public.lower, public.upper
    note = f"the bounds of {column.name}"
    if lower is None or upper is None:
        bounds = _bounds(column, values, book, rho)
        lower = bounds[0] if lower is None else lower
        upper = bounds[1] if upper is None else upper
        note = ""
    if column.kind == "integer":
        lower, upper, step = math.floor(lower), math.ceil(upper), public.step or 1.0
    else:
        step = public.step or 10.0 ** math.floor(math.log10(max(upper - lower, 1e-9) / 2000))
    if upper <= lower:
        upper = lower + step
    return replace(column, lower=float(lower), upper=float(upper), step=float(step)), note


def _bounds(column: Column, values: pd.Series, book: Accountant, rho: float) -> tuple[float, float]:
    """Bounds by noisy counts between powers of two; beyond them hardly anybody is."""
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    numbers = numbers[~np.isnan(numbers)]
    places = np.searchsorted(_POWERS, np.clip(numbers, _POWERS[0], _POWERS[-1]), side="right") - 1
    true = np.bincount(places, minlength=len(_POWERS))
    noisy, sigma = book.counts(true, rho, f"the bounds of {column.name}", (column.name,))
    seen = np.flatnonzero(noisy > sigma * math.sqrt(2.0 * math.log(len(true) / 0.02)))
    if not len(seen):
        raise PopulaceError(
            f"The bounds of {column.name} cannot be found within the budget: give them in a "
            "public file, or raise ε."
        )
    low, high = _POWERS[seen[0]], _POWERS[min(seen[-1] + 1, len(_POWERS) - 1)]
    return float(low), float(high)


def clamped(column: Column, values: pd.Series) -> pd.Series:
    """Values as a private column may have them: numbers within bounds, unknown levels "other".

    Unknown levels of public columns are missing where that may be, else their first level; each
    row by itself, so that no row changes another's.
    """
    if column.kind == "boolean":
        return values if column.missing else values.fillna(False).astype(bool)
    if column.is_number:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        low, high = column.bounds
        numbers = np.clip(
            np.where(np.isnan(numbers) & (not column.missing), low, numbers), low, high
        )
        return pd.Series(numbers)
    texts = values.astype(object)
    is_other = ~texts.isin(column.levels) & texts.notna()
    if OTHER in column.levels:
        texts = texts.where(~is_other, OTHER)
    texts = texts.where(texts.isin(column.levels), None)
    known = pd.Series(pd.Categorical(texts, categories=list(column.levels)))
    return known if column.missing else known.fillna(column.levels[0])


# ---------------------------------------------------------------------- the groups


def measured(
    column: Column, values: pd.Series, book: Accountant, rho: float, *, may_miss: bool = False
) -> Domain:
    """The codes and groups of a column, by noisy counts.

    Parameters
    ----------
    column : Column
        As `resolved` gives it.
    values : pd.Series
        The real values, canonical.
    book : Accountant
        Pays.
    rho : float
        What it may cost.
    may_miss : bool
        Values can be missing even where hardly any seem to be.
    """
    values = clamped(column, values)
    if column.is_number:
        return _measured_number(column, values, book, rho, may_miss)
    coding = Coding(column)
    codes = coding.encode(values)
    true = np.bincount(codes, minlength=coding.size)
    what = f"how common each level of {column.name} is"
    noisy, sigma = book.counts(true, rho, what, (column.name,))
    counts = noisy.astype(float)
    if column.missing and not may_miss and counts[-1] < SURE * sigma:
        coding, counts = Coding(replace(column, missing=False)), counts[:-1]
    return grouped(coding, counts, np.full(coding.size, sigma))


def grouped(coding: Coding, counts: np.ndarray, deviation: np.ndarray) -> Domain:
    """Codes that hardly anybody has are one group (as in McKenna et al. 2021, MST).

    Parameters
    ----------
    coding : Coding
        The codes.
    counts, deviation : float64 array, shape (codes,)
        How many people have each, and the deviation of the noise.
    """
    rare = counts < SURE * deviation
    if rare.sum() < 2:
        rare[:] = False
    group = np.where(rare, 0, np.cumsum(~rare) - 1 + rare.any())
    groups = int(group.max()) + 1
    positive = np.where(rare, np.maximum(counts, 0.05 * deviation), 1.0)
    within = positive / np.bincount(group, positive)[group]
    summed = NoisyCounts(
        (coding.column.name,),
        np.bincount(group, counts, groups),
        np.sqrt(np.bincount(group, deviation**2, groups)),
    )
    return Domain(coding, group, within, summed)


@dataclass(frozen=True, eq=False)
class _Cells:
    """Runs of a number's lattice: the first and last index of each, its people, the variance.

    `heap` says which may hold heaps that are not known yet.
    """

    first: np.ndarray
    last: np.ndarray
    counts: np.ndarray
    variance: np.ndarray
    heap: np.ndarray

    @property
    def width(self) -> np.ndarray:
        return self.last - self.first + 1


def _measured_number(
    column: Column, values: pd.Series, book: Accountant, rho: float, may_miss: bool
) -> Domain:
    bare = Coding(column)
    low, high = (int(each) for each in bare.index(np.array(column.bounds)))
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    known = ~np.isnan(numbers)
    index = np.clip(bare.index(numbers[known]), low, high)
    direct = high - low < DIRECT
    finer_cost = 0.0 if direct else rho / 2 / LEVELS
    first = _first_cells(low, high)

    def look(starts: np.ndarray, stops: np.ndarray, cost: float, what: str) -> _Cells:
        place = np.searchsorted(starts, index, side="right") - 1
        inside = (place >= 0) & (index <= stops[np.maximum(place, 0)])
        true = np.bincount(place[inside], minlength=len(starts))
        if column.missing and what == "where":
            true = np.append(true, (~known).sum())
        noisy, sigma = book.counts(
            true, cost, f"{what} the values of {column.name} lie", (column.name,)
        )
        counts, whole = noisy.astype(float), np.full(len(starts), True)
        return _Cells(starts, stops, counts, np.full(len(noisy), sigma**2), whole)

    cells = look(first, np.append(first[1:] - 1, high), rho if direct else rho / 2, "where")
    missing, missing_variance = 0.0, 0.0
    if column.missing:
        missing, missing_variance = cells.counts[-1], cells.variance[-1]
        cells = replace(cells, counts=cells.counts[:-1], variance=cells.variance[:-1])
    for _ in range(0 if direct else LEVELS):
        finer = _split(cells, lambda a, b: look(a, b, finer_cost, "where more closely"))
        if finer is None:
            break
        cells = finer
    if column.missing and not may_miss and missing < SURE * math.sqrt(missing_variance):
        column = replace(column, missing=False)
    return _numbered(column, _joined(cells), missing, missing_variance)


def _first_cells(low: int, high: int) -> np.ndarray:
    """Where the first cells begin: every value, or both ends and 0 alone and even cells between."""
    if high - low < DIRECT:
        return np.arange(low, high + 1)
    even = np.linspace(low + 1, high, FIRST, endpoint=False).astype(np.int64)
    alone = [low, low + 1, high]
    if low < 0 < high:
        alone += [0, 1]
    return np.unique(np.concatenate([even, alone]))


def _split(cells: _Cells, look: Callable[[np.ndarray, np.ndarray], _Cells]) -> _Cells | None:
    """The cells that hold many people, cut at their heaps and gaps; None where there are none.

    Parts that do not surely stand out of their cell are not told apart: their noise is larger than
    what they show. A heap is a new cell, which may be cut again.
    """
    wide = cells.heap & (cells.width > 1) & (cells.counts > 2 * SURE * np.sqrt(cells.variance))
    if not wide.any():
        return None
    starts, stops, parent = [], [], []
    for place in np.flatnonzero(wide):
        low, high = int(cells.first[place]), int(cells.last[place])
        begins = np.unique(
            np.linspace(low, high + 1, min(FURTHER, high - low + 1) + 1)[:-1].astype(np.int64)
        )
        starts.append(begins)
        stops.append(np.append(begins[1:] - 1, high))
        parent.append(np.full(len(begins), place))
    inner = look(np.concatenate(starts), np.concatenate(stops))
    above = np.concatenate(parent)
    # Of so many parts of noise alone the largest stays below this, more often than not.
    least = math.sqrt(2 * math.log(len(above)))
    rows = [
        [*each, False]
        for each in zip(
            *(getattr(cells, name)[~wide] for name in ("first", "last", "counts", "variance")),
            strict=True,
        )
    ]
    for place in np.flatnonzero(wide):
        own = np.flatnonzero(above == place)
        rows += _parts(cells, int(place), inner, own, least)
    rows.sort(key=lambda row: row[0])
    first, last, counts, variance, heap = (np.array(each) for each in zip(*rows, strict=True))
    return _Cells(first, last, counts, variance, heap)


def _parts(
    cells: _Cells, place: int, inner: _Cells, own: np.ndarray, least: float
) -> list[list[Any]]:
    """A cell as its heaps, its gaps and the runs between them, in the order of `_Cells`' fields."""
    counts, width, variance = inner.counts[own], inner.width[own], inner.variance[own]
    # The cell's own count and the sum of its parts tell of the same people: both are used.
    share = variance.sum() / (variance.sum() + cells.variance[place])
    total = counts.sum() + (cells.counts[place] - counts.sum()) * share
    noise = cells.variance[place] * share
    expected = max(total, 0.0) * width / width.sum()
    off = (counts - expected) / np.sqrt(variance + expected)
    apart = np.abs(off) > least
    rest, wide = max(total - counts[apart].sum(), 0.0), width[~apart].sum()
    run = np.cumsum(np.append(True, apart[1:] | apart[:-1]))
    rows: list[list[Any]] = []
    for number in np.unique(run):
        here = np.flatnonzero(run == number)
        ends = int(inner.first[own[here[0]]]), int(inner.last[own[here[-1]]])
        if apart[here[0]]:
            rows.append([*ends, counts[here[0]], variance[here[0]], off[here[0]] > 0])
        else:
            part = width[here].sum() / wide
            rows.append([*ends, rest * part, noise * part, False])
    return rows


def _joined(cells: _Cells) -> _Cells:
    """Neighbouring cells joined, the most alike first, until all densities surely differ."""
    first, last = cells.first.tolist(), cells.last.tolist()
    counts, variance = cells.counts.tolist(), cells.variance.tolist()

    def gap(i: int) -> float:
        """By how many deviations the densities of a cell and the next differ."""
        a, b = last[i] - first[i] + 1, last[i + 1] - first[i + 1] + 1
        pooled = max(counts[i] + counts[i + 1], 0.0) / (
            a + b
        )  # people in a cell vary by chance too
        spread = (variance[i] + pooled * a) / a**2 + (variance[i + 1] + pooled * b) / b**2
        return abs(counts[i] / a - counts[i + 1] / b) / math.sqrt(spread)

    gaps = [gap(i) for i in range(len(first) - 1)]
    while gaps:
        i = int(np.argmin(gaps))
        if gaps[i] >= ALIKE:
            break
        last[i] = last[i + 1]
        counts[i] += counts[i + 1]
        variance[i] += variance[i + 1]
        for each in (first, last, counts, variance):
            del each[i + 1]
        del gaps[i]
        if i < len(gaps):
            gaps[i] = gap(i)
        if i > 0:
            gaps[i - 1] = gap(i - 1)
    known = np.full(len(first), False)
    return _Cells(np.array(first), np.array(last), np.array(counts), np.array(variance), known)


def _numbered(column: Column, cells: _Cells, missing: float, missing_variance: float) -> Domain:
    """Runs as pieces, pieces as bins of about the same size, heavy ones alone."""
    mass = np.maximum(cells.counts, 0.0)
    if mass.sum() <= 0:
        mass = np.ones(len(mass))
    noise = math.sqrt(float(cells.variance.min()))
    bin_ = bins_of(mass, BINS, 6.0 * noise)
    # A bin needs people; a piece that nobody seems to have keeps a trace of the bin.
    total = np.bincount(bin_, mass)
    width = cells.width / np.bincount(bin_, cells.width)[bin_]
    weight = np.where(total[bin_] > 0, mass / np.where(total > 0, total, 1.0)[bin_], width)
    pieces = Pieces(cells.first.astype(np.int64), cells.last.astype(np.int64), bin_, weight)
    coding = Coding(column, pieces)
    counts = np.bincount(bin_, cells.counts)
    deviation = np.sqrt(np.bincount(bin_, cells.variance))
    if column.missing:
        counts = np.append(counts, missing)
        deviation = np.append(deviation, math.sqrt(missing_variance))
    every = np.arange(len(counts))
    return Domain(
        coding, every, np.ones(len(counts)), NoisyCounts((column.name,), counts, deviation)
    )


def bins_of(mass: np.ndarray, most: int, least: float) -> np.ndarray:
    """The bin of each piece: about the same mass each, none below a least but the last.

    Parameters
    ----------
    mass : float64 array, shape (pieces,)
        Not negative.
    most : int
        How many bins there may be.
    least : float
        The mass that a bin has at least.

    Returns
    -------
    int64 array, shape (pieces,)
        Ascending from 0.
    """
    target = max(least, mass.sum() / most)
    light = mass < target
    target = max(least, mass[light].sum() / max(most - int((~light).sum()), 1))
    bin_ = np.zeros(len(mass), dtype=np.int64)
    current, filled = 0, 0.0
    for i, each in enumerate(mass):
        heavy = each >= target
        if i and (filled >= target or (heavy and filled >= least / 2)):
            current, filled = current + 1, 0.0
        bin_[i] = current
        filled += each
        if heavy:
            filled = math.inf
    return bin_
