"""Columns as codes: what a network reasons over, without losing the value inside a code.

A categorical column's codes are its levels. A number is cut twice. *Pieces* say exactly which
values occur: a heap, which more people share than the run around it explains (40 hours, 0 capital,
a minimum wage), is a piece of its own; the values between are runs over which people spread
evenly. *Bins* group neighbouring pieces into the few states that other columns depend on. Given the
bin, the piece, and given the piece, the value, depend on nothing else, so a question about values
is answered exactly from the bins.

All numbers live on the column's lattice: value = index × step with a whole index, so an integer
stays an integer and a price keeps its cents. Where people do not spread evenly over the values
between, as over the days of a week, the indices are positions on a `Lattice` instead: a value has
as many of them as it is worth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from synth.bayes.calendar import Calendar, Lattice
from synth.data.column import MISSING, Column
from synth.data.evidence import Between, DateParts, Fact, OneOf
from synth.data.formats import DateFormat
from synth.errors import PopulaceError
from synth.lazy import cached_property

ATOMS = 256
"""A number with at most this many values gets a piece for each, where that singles nobody out."""
PIECES = 128
"""Runs of a number with more values, before the tails are refined."""
SHARED = 5
"""A value of a sparse number is repeated as it is only if at least so many people have it."""
TAIL = 8
"""The outermost pieces hold about this many people."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """The pieces of a number, in ascending order.

    Attributes
    ----------
    first, last : int64 array, shape (pieces,)
        The lattice indices that a piece spans, both included.
    bin : int64 array, shape (pieces,)
        The bin that holds each piece.
    weight : float64 array, shape (pieces,)
        P(piece | bin).
    """

    first: np.ndarray
    last: np.ndarray
    bin: np.ndarray
    weight: np.ndarray

    @property
    def bins(self) -> int:
        """How many bins there are."""
        return int(self.bin[-1]) + 1

    @cached_property
    def starts(self) -> np.ndarray:
        """Index of each bin's first piece; shape (bins + 1,)."""
        return np.searchsorted(self.bin, np.arange(self.bins + 1))

    def cut(self, lower: float, upper: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What of each piece lies between two lattice indices: share, first and last index."""
        first = np.maximum(self.first, np.ceil(lower)).astype(np.int64)
        last = np.minimum(self.last, np.floor(upper)).astype(np.int64)
        inside = np.maximum(last - first + 1, 0)
        return inside / (self.last - self.first + 1), first, last


@dataclass(frozen=True, eq=False)
class Likelihood:
    """What a fact says of one column.

    Attributes
    ----------
    codes : float64 array, shape (codes,)
        P(fact | code).
    pieces : tuple of Pieces and float64 array, or None
        Numbers: the pieces cut to the fact, with P(piece | bin, fact) as their weights.
    """

    codes: np.ndarray
    pieces: Pieces | None = None


@dataclass(frozen=True, eq=False)
class Coding:
    """One column's codes; the last code is ``missing`` where values can be missing."""

    column: Column
    pieces: Pieces | None = None
    calendar: Calendar | None = None

    @property
    def lattice(self) -> Lattice | None:
        """The widths of a date's values; None where all are alike."""
        return None if self.calendar is None else self.calendar.lattice

    @property
    def size(self) -> int:
        """How many codes there are."""
        known = len(self.column.levels) if self.pieces is None else self.pieces.bins
        return known + self.column.missing

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Each code in words: the level, ``25–34`` for a bin, ``missing``."""
        if self.pieces is None:
            return self.column.states
        low = self.pieces.first[self.pieces.starts[:-1]]
        high = self.pieces.last[self.pieces.starts[1:] - 1]
        texts = [
            self.column.text(a) + ("" if a == b else f"–{self.column.text(b)}")
            for a, b in zip(self.value(low), self.value(high), strict=True)
        ]
        return (*texts, MISSING) if self.column.missing else tuple(texts)

    @cached_property
    def per_unit(self) -> float:
        """Lattice indices in one unit; whole for steps such as 0.01, so that dividing is exact."""
        step = self.column.step or 1.0
        inverse = 1.0 / step
        return float(round(inverse)) if abs(inverse - round(inverse)) < 1e-9 * inverse else inverse

    def value(self, index: np.ndarray | float) -> Any:
        """The value at a lattice index."""
        if self.calendar is not None:
            return self.calendar.lattice.values(np.asarray(index))
        if self.per_unit >= 1.0 or self.column.step is None:
            return index / self.per_unit
        return index * self.column.step

    def index(self, values: np.ndarray) -> np.ndarray:
        """The nearest lattice index of each value, the first of several; shape kept."""
        index = np.rint(np.asarray(values, dtype=np.float64) * self.per_unit).astype(np.int64)
        return index if self.calendar is None else self.calendar.lattice.starts(index)

    def widths(self, values: np.ndarray) -> np.ndarray:
        """How many lattice indices each value has; int64."""
        if self.calendar is None:
            return np.ones(np.shape(values), dtype=np.int64)
        return self.calendar.lattice.widths(np.rint(values).astype(np.int64))

    def range(self, lower: float | None, upper: float | None) -> tuple[float, float]:
        """The first and the last lattice index of a range of values; None leaves an end open."""
        low = -np.inf if lower is None else lower * self.per_unit - 1e-6
        high = np.inf if upper is None else upper * self.per_unit + 1e-6
        return (low, high) if self.calendar is None else self.calendar.lattice.range(low, high)

    def means(self, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """The mean of the values between two lattice indices, both included."""
        if self.calendar is not None:
            return self.calendar.lattice.centre(first, last)
        return np.asarray(self.value((first + last) / 2), dtype=np.float64)

    @property
    def number_pieces(self) -> Pieces:
        """The pieces of a number.

        Raises
        ------
        PopulaceError
            The column holds levels.
        """
        if self.pieces is None:
            raise PopulaceError(f"Column {self.column.name} holds no numbers: ask for a level.")
        return self.pieces

    # ------------------------------------------------------------------ learning

    @staticmethod
    def learn(
        column: Column,
        values: pd.Series,
        bins: int,
        weights: np.ndarray | None = None,
        limits: np.ndarray | None = None,
    ) -> Coding:
        """Find the codes of a column from its values (canonical dtype, shape (rows,)).

        A bin begins at each of the `limits` of a number, beside those that `bins` asks for.
        """
        if not column.is_number:
            return Coding(column)
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        known = ~np.isnan(numbers)
        coding = Coding(column)
        index, inverse = np.unique(coding.index(numbers[known]), return_inverse=True)
        if len(index) == 0:
            raise PopulaceError(
                f'Column {column.name} holds no number: set its role to "skip" in the schema.'
            )
        share = np.bincount(inverse, None if weights is None else weights[known])
        rows = np.bincount(inverse)
        calendar = None
        if isinstance(column.format, DateFormat) and column.kind == "integer":
            form = column.format
            zone = form.zone if form.is_named else ""
            calendar = Calendar.learn(form.unit, index, share, rows, zone)
        lattice = None if calendar is None else calendar.lattice
        first, last, mass = _pieces(index, share, rows, lattice)
        bin_ = _bins(mass, bins)
        if limits is not None and len(limits):
            above = np.searchsorted(coding.index(limits), first, side="right")
            bin_ = np.unique(np.stack([bin_, above]), axis=1, return_inverse=True)[1].ravel()
        total = np.bincount(bin_, mass)
        return Coding(column, Pieces(first, last, bin_, mass / total[bin_]), calendar)

    def cut_at(self, limits: np.ndarray) -> Coding:
        """The coding of a number whose bins begin too where pieces reach the limits."""
        pieces = self.number_pieces
        above = np.searchsorted(self.index(limits), pieces.first, side="right")
        bin_ = np.unique(np.stack([pieces.bin, above]), axis=1, return_inverse=True)[1].ravel()
        weight = pieces.weight / np.bincount(bin_, pieces.weight)[bin_]
        return replace(self, pieces=replace(pieces, bin=bin_, weight=weight))

    def encode(self, values: pd.Series) -> np.ndarray:
        """The code of each value; int32, shape (rows,)."""
        if self.column.kind == "categorical":
            codes = values.cat.codes.to_numpy().astype(np.int32)
            return np.where(codes < 0, len(self.column.levels), codes).astype(np.int32)
        if self.column.kind == "boolean":
            numbers = values.to_numpy(dtype=np.float64, na_value=2.0)
            return numbers.astype(np.int32)
        pieces = self.number_pieces
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        absent = np.isnan(numbers)
        index = self.index(np.where(absent, 0.0, numbers))
        piece = np.searchsorted(pieces.last, index)
        codes = pieces.bin[np.minimum(piece, len(pieces.last) - 1)]
        return np.where(absent, pieces.bins, codes).astype(np.int32)

    # ------------------------------------------------------------------ questions

    def fact(self, code: int) -> Fact:
        """The fact that says that a value has this code."""
        if self.pieces is None or code == self.pieces.bins:
            return OneOf((self.labels[code],))
        first, last = self.pieces.starts[code], self.pieces.starts[code + 1] - 1
        low, high = self.value(self.pieces.first[first]), self.value(self.pieces.last[last])
        return Between(float(low), float(high))

    def likelihood(self, fact: Fact) -> Likelihood:
        """What a checked fact says of the codes (and of the pieces inside them)."""
        if self.pieces is None:
            states = self.column.states
            levels = np.zeros(self.size)
            values = fact.values if isinstance(fact, OneOf) else ()
            levels[[states.index(value) for value in values]] = 1.0
            return Likelihood(levels)
        absent = 0.0
        if isinstance(fact, DateParts):
            return self._left(*self._cut(fact.spans(self.column)), absent)
        if isinstance(fact, Between):
            ranges = [self.range(fact.lower, fact.upper)]
        else:
            absent = float(MISSING in fact.values)
            at = np.unique([float(value) for value in fact.values if value != MISSING])
            if self.calendar is not None:
                ranges = [self.range(value, value) for value in np.unique(np.rint(at))]
            else:
                ranges = [(float(index), float(index)) for index in np.unique(self.index(at))]
        parts = [self.pieces.cut(*bounds) for bounds in ranges]
        keep = [share > 0 for share, _, _ in parts]
        join = [np.concatenate(x) if x else np.zeros(0) for x in (
            [s[k] * self.pieces.weight[k] for (s, _, _), k in zip(parts, keep, strict=True)],
            [f[k] for (_, f, _), k in zip(parts, keep, strict=True)],
            [z[k] for (_, _, z), k in zip(parts, keep, strict=True)],
            [self.pieces.bin[k] for k in keep],
        )]  # fmt: skip
        weight, first, last, bin_ = join
        return self._left(weight, first, last, bin_.astype(np.int64), absent)

    def _cut(self, spans: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What many ranges of values leave of the pieces: weight, first and last index, bin."""
        pieces = self.number_pieces
        if self.calendar is None:
            begin, end = spans[:, 0], spans[:, 1]
        else:
            begin, end = self.calendar.lattice.ranges(spans)
        kept = begin <= end
        begin, end = begin[kept].astype(np.int64), end[kept].astype(np.int64)
        low = np.searchsorted(end, pieces.first)
        many = np.maximum(np.searchsorted(begin, pieces.last, side="right") - low, 0)
        piece = np.repeat(np.arange(len(many)), many)
        span = np.arange(len(piece)) - np.repeat(np.cumsum(many) - many, many) + low[piece]
        first = np.maximum(pieces.first[piece], begin[span])
        last = np.minimum(pieces.last[piece], end[span])
        share = (last - first + 1) / (pieces.last[piece] - pieces.first[piece] + 1)
        return share * pieces.weight[piece], first, last, pieces.bin[piece]

    def _left(
        self,
        weight: np.ndarray,
        first: np.ndarray,
        last: np.ndarray,
        bin_: np.ndarray,
        absent: float,
    ) -> Likelihood:
        """The likelihood of a fact that leaves parts of the pieces."""
        if self.pieces is None:
            raise PopulaceError(f"Column {self.column.name} holds no numbers: ask for a level.")
        mass = np.bincount(bin_, weight, minlength=self.pieces.bins)
        codes = np.append(mass, absent) if self.column.missing else mass
        order = np.argsort(bin_, kind="stable")
        cut = Pieces(
            first.astype(np.int64)[order],
            last.astype(np.int64)[order],
            bin_[order],
            (weight / mass[bin_])[order],
        )
        return Likelihood(codes, cut)

    # ------------------------------------------------------------------ JSON

    def to_json(self, *, compact: bool = False) -> dict[str, Any] | None:
        """The pieces as JSON-ready lists; None for a column without pieces.

        Parameters
        ----------
        compact : bool
            Weights with seven digits instead of all of them.
        """
        if self.pieces is None:
            return None
        weight = self.pieces.weight.tolist()
        return {
            "first": self.pieces.first.tolist(),
            "last": self.pieces.last.tolist(),
            "bin": self.pieces.bin.tolist(),
            "weight": [float(f"{w:.7g}") for w in weight] if compact else weight,
            **({} if compact else {"exact": True}),
            **({} if self.calendar is None else {"calendar": self.calendar.to_json()}),
        }

    @staticmethod
    def from_json(column: Column, value: dict[str, Any] | None) -> Coding:
        """The coding that `to_json` wrote."""
        if value is None:
            return Coding(column)
        bin_ = np.array(value["bin"], dtype=np.int64)
        weight = np.array(value["weight"], dtype=np.float64)
        total = np.bincount(bin_, weight)[bin_]
        if not value.get("exact"):
            weight = weight / total
        elif not (np.abs(total - 1.0) < 1e-6).all():
            raise ValueError(f"the weights of {column.name}")
        pieces = Pieces(
            np.array(value["first"], dtype=np.int64),
            np.array(value["last"], dtype=np.int64),
            bin_,
            weight,
        )
        calendar = Calendar.from_json(value["calendar"]) if "calendar" in value else None
        return Coding(column, pieces, calendar)


def _pieces(
    values: np.ndarray, share: np.ndarray, rows: np.ndarray, lattice: Lattice | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First and last index and mass of each piece, from the distinct values in order.

    Heaps are pieces of their own. Whoever is on none is grouped by quantiles into slots, and a
    slot's people spread evenly over what its heaps leave free. So a value is repeated only if
    `SHARED` people have it or if nearly every value between the smallest and the largest occurs.
    """
    mass = share.astype(np.float64)
    # A value spans the indices from `index` to `stop`, both included.
    index = values if lattice is None else lattice.starts(values)
    width = np.ones(len(values), np.int64) if lattice is None else lattice.widths(values)
    stop = index + width - 1
    close = 2 * len(values) > values[-1] - values[0] + 1
    if len(values) <= ATOMS and (rows.min() >= SHARED or close):
        return index, stop, mass
    heap, slot = _heaps(index, width, rows)
    first, last, weight = [index[heap]], [stop[heap]], [mass[heap]]
    rest = np.flatnonzero(~heap)
    slot = _merged(slot[rest], rows[rest])
    begins = np.flatnonzero(np.append(True, slot[1:] != slot[:-1]))[: len(rest)]
    rest_first = index[rest[begins]]
    rest_last = stop[rest[np.append(begins[1:], len(rest))[: len(begins)] - 1]]
    if rows[rest].sum() < SHARED:  # a slot would show them: over the whole range
        rest_first, rest_last = index[:1], stop[-1:]
    people = np.bincount(slot, mass[rest])
    for low, high, total in zip(rest_first, rest_last, people, strict=False):
        inside = heap & (index >= low) & (index <= high)
        starts, stops = np.append(low, stop[inside] + 1), np.append(index[inside] - 1, high)
        length = stops - starts + 1
        free = length > 0
        first.append(starts[free])
        last.append(stops[free])
        weight.append(total * length[free] / length[free].sum())
    firsts, lasts, masses = (np.concatenate(parts) for parts in (first, last, weight))
    order = np.argsort(firsts)
    return firsts[order], lasts[order], masses[order]


def _merged(slot: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Slots in order from 0, neighbours joined until each holds `SHARED` people."""
    number = np.unique(slot, return_inverse=True)[1]
    people = np.bincount(number, rows)
    group = np.zeros(len(people), dtype=np.int64)
    current, inside = 0, 0.0
    for i, count in enumerate(people):
        if inside >= SHARED and people[i:].sum() >= SHARED:
            current, inside = current + 1, 0.0
        group[i] = current
        inside += count
    return group[number]


def _heaps(index: np.ndarray, each: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which values more people share than the run around them explains; and each one's slot.

    `each` is how many indices a value spans.
    A slot holds an even share of the people who are on no heap, down to `TAIL` in the tails. Even
    spread over its free indices would put λ people on each; a count beyond λ + 4√λ + 3 is a heap.
    Heaps found lower λ, so the search repeats until nothing changes.
    """
    heap = rows >= max(SHARED, rows.sum() / (2 * PIECES))
    for _ in range(32):
        rest = np.where(heap, 0, rows)
        middle = np.cumsum(rest) - rest / 2
        slot = np.searchsorted(_quantiles(int(rest.sum())), middle)
        slot = np.unique(slot, return_inverse=True)[1]
        begins = np.flatnonzero(np.append(True, slot[1:] != slot[:-1]))
        ends = np.append(begins[1:], len(index)) - 1
        width = index[ends] + each[ends] - index[begins] - np.bincount(slot, heap * each)
        level = (np.bincount(slot, rest) / np.maximum(width, 1))[slot] * each
        new = heap | ((rows >= SHARED) & (rows > level + 4.0 * np.sqrt(level) + 3.0))
        if (new == heap).all():
            break
        heap = new
    return heap, slot


def _quantiles(total: int) -> np.ndarray:
    """Row counts at which runs end: even, and halving into both tails."""
    slots = int(np.clip(total // TAIL, 1, PIECES))
    even = np.arange(1, slots) / slots * total
    if slots < PIECES:
        return even
    halving = even[0] / 2.0 ** np.arange(1, 64)
    halving = halving[halving >= TAIL]
    return np.unique(np.concatenate([even, halving, total - halving]))


def _bins(mass: np.ndarray, bins: int) -> np.ndarray:
    """The bin of each piece: one each where there are enough; else about equal masses.

    A piece that is heavier than an equal share is alone.
    """
    if len(mass) <= bins:
        return np.arange(len(mass))
    left, slots = mass.sum(), bins
    bin_ = np.zeros(len(mass), dtype=np.int64)
    current, filled = 0, 0.0
    for i, m in enumerate(mass):
        target = left / max(slots, 1)
        if filled > 0 and filled + m / 2 > target:
            left, slots = left - filled, slots - 1
            current, filled = current + 1, 0.0
        bin_[i] = current
        filled += m
    return bin_
