"""Drawing people: compiled, in chunks, the same on one thread or on forty.

Every conditional row becomes an alias table (Walker 1977; Vose 1991), so a draw costs one random
number and one look-up, however many levels there are. A chunk of rows is drawn column by column:
its codes stay in the processor's cache, and random numbers come from a counter (see `random`).
Alias tables are made of the rows that a sample visits when it is small, of all when it is large;
the people are the same.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numba import njit

from synth.bayes.coding import Coding, Pieces
from synth.bayes.factors import Factor, multiply, small_first
from synth.bayes.gaussian import GaussianSampler
from synth.bayes.random import fill, stream_key
from synth.data.column import Column
from synth.errors import PopulaceError
from synth.lazy import cached_property

CHUNK = 1 << 15
"""Rows drawn at a time by one thread, at least where there are as many."""
LONGEST = 1 << 17
"""And at most: the longer, the fewer times large tables come from memory."""
WHOLE, LARGE = 1 << 20, 1 << 23
"""Bytes up to which the alias tables of all rows are made, where a sample has as many people as
there are rows; and where it has twice as many. Beyond, only of the rows that people visit: those
lie together in the cache, but each draw looks up where, and others come with each sample."""


@njit(cache=True, nogil=True)
def _alias_row(
    scaled: np.ndarray,
    size: int,
    small: np.ndarray,
    large: np.ndarray,
    weight: np.ndarray,
    out: np.ndarray,
    base: int,
) -> None:
    """The alias table of one row of weights: thresholds in the high 32 bits, aliases in the low.

    `scaled`, `small` and `large` are scratch space of `size` numbers.
    """
    total = 0.0
    for x in range(size):
        total += weight[x]
    if total > 0.0:
        for x in range(size):
            scaled[x] = weight[x] / total * size
    else:
        scaled[:size] = 1.0
    # Without a branch, which the processor could not foresee.
    smalls, larges = 0, 0
    for x in range(size):
        small[smalls] = x
        large[larges] = x
        below = scaled[x] < 1.0
        smalls += below
        larges += not below
    while smalls > 0 and larges > 0:
        smalls -= 1
        s = small[smalls]
        big = large[larges - 1]
        share = scaled[s]
        threshold = np.uint64(np.int64(share * 4294967296.0))
        out[base + s] = (threshold << np.uint64(32)) | np.uint64(big)
        rest = scaled[big] - (1.0 - share)
        scaled[big] = rest
        if rest < 1.0:
            larges -= 1
            small[smalls] = big
            smalls += 1
    whole = np.uint64(0xFFFFFFFF) << np.uint64(32)
    for i in range(larges):
        x = large[i]
        out[base + x] = whole | np.uint64(x)
    for i in range(smalls):
        x = small[i]
        # Left over by rounding: it stands alone, unless it cannot occur at all.
        other = x
        if weight[x] == 0.0:
            for y in range(size):
                if weight[y] > weight[other]:
                    other = y
            out[base + x] = np.uint64(other)
        else:
            out[base + x] = whole | np.uint64(x)


@njit(cache=True, nogil=True)
def _alias(table: np.ndarray, size: int, out: np.ndarray) -> None:
    """Alias tables of every row of a table."""
    small = np.empty(size, np.int64)
    large = np.empty(size, np.int64)
    scaled = np.empty(size)
    for row in range(table.shape[0] // size):
        base = row * size
        _alias_row(scaled, size, small, large, table[base : base + size], out, base)


HALF, ALWAYS = np.uint32(1 << 31), np.uint32(0xFFFFFFFF)
"""A pair below `HALF` draws the second state above it, another one from `HALF` up to it; `ALWAYS`
draws nothing else."""


@njit(cache=True, nogil=True)
def _pair(first: np.uint64, second: np.uint64) -> np.uint32:
    """The alias table of two states in 32 bits instead of 128, so that four times as many fit.

    Half of the numbers from 0 to 2³² belong to the first state, half to the second, and the one
    that is likelier than a half has some of the other's. Numbers are even where an entry is looked
    up, so half a threshold says all; a chance of less than 2⁻³¹ below a half counts as a half.
    """
    high, low32 = np.uint64(32), np.uint64(0xFFFFFFFF)
    if first & low32 == np.uint64(1):  # the second state has what is not the first's
        threshold = ((first >> high) + np.uint64(1)) >> np.uint64(1)
        return np.uint32(threshold - np.uint64(1)) if threshold > np.uint64(0) else ALWAYS
    threshold = np.uint64(HALF)
    if second & low32 == np.uint64(0):
        threshold = ((second >> high) + np.uint64(1)) >> np.uint64(1)
    if threshold >= np.uint64(HALF - np.uint32(1)):
        return np.uint32(HALF - np.uint32(1))
    return np.uint32(np.uint64(HALF) + threshold)


@njit(cache=True, nogil=True)
def _entries_of(pairs: np.ndarray) -> np.ndarray:
    """Pairs as the alias tables that they were; uint64, flat."""
    out = np.empty(2 * pairs.shape[0], np.uint64)
    whole = np.uint64(0xFFFFFFFF) << np.uint64(32)
    for row in range(pairs.shape[0]):
        pair = pairs[row]
        out[2 * row], out[2 * row + 1] = whole, whole | np.uint64(1)
        if pair == ALWAYS:
            out[2 * row] = np.uint64(1)
        elif pair < HALF - np.uint32(1):
            out[2 * row] = (np.uint64(pair) + np.uint64(1)) << np.uint64(33) | np.uint64(1)
        elif pair >= HALF:
            out[2 * row + 1] = (np.uint64(pair) - np.uint64(HALF)) << np.uint64(33)
    return out


@njit(cache=True, nogil=True)
def _make_rows(
    codes: np.ndarray,
    parents: np.ndarray,
    strides: np.ndarray,
    size: int,
    tables: tuple[np.ndarray, ...],
    count: int,
    steps: np.ndarray,
    slot: np.ndarray,
    built: int,
    out: np.ndarray,
    pairs: np.ndarray,
) -> int:
    """Make the alias tables of the rows that people visit and that have no `slot` yet.

    A row's weights are the product of `count` tables, multiplied in their order; `steps` says how
    far apart a table's cells are for each parent, and in the last place for the column itself.
    Slots are counted from one, those that are `built` come first; how many there are now is
    returned. Where the column has two states, `pairs` are written instead of `out`.
    """
    k = parents.shape[0]
    small = np.empty(size, np.int64)
    large = np.empty(size, np.int64)
    scaled = np.empty(size)
    weight = np.empty(size)
    two = np.empty(2, np.uint64)
    rows = np.empty(1024, np.int32)
    for low in range(0, codes.shape[1], 1024):
        m = min(1024, codes.shape[1] - low)
        for i in range(m):
            rows[i] = 0
        for p in range(k):
            # A line of its own, so that the loop is vectorised: most rows are made already.
            line, stride = codes[parents[p], low : low + m], np.int32(strides[p])
            for i in range(m):
                rows[i] += np.int32(line[i]) * stride
        for i in range(m):
            row = rows[i]
            if slot[row] > 0:
                continue
            weight[:] = 1.0
            for f in range(count):
                table = tables[f]
                at, step = 0, steps[f, k]
                for p in range(k):
                    at += np.int64(codes[parents[p], low + i]) * steps[f, p]
                for x in range(size):
                    weight[x] *= table[at + x * step]
            if size == 2:
                _alias_row(scaled, size, small, large, weight, two, 0)
                pairs[built] = _pair(two[0], two[1])
            else:
                _alias_row(scaled, size, small, large, weight, out, built * size)
            built += 1
            slot[row] = built
    return built


@njit(cache=True, nogil=True)
def _draw_codes(
    codes: np.ndarray,
    column: int,
    parents: np.ndarray,
    strides: np.ndarray,
    size: int,
    slot: np.ndarray,
    table: np.ndarray,
    pairs: np.ndarray,
    built: int,
    key: np.uint64,
    start: int,
    spare: np.ndarray,
    begin: int,
) -> int:
    """Draw a column's codes given its parents'; the low half of each number goes to `spare`.

    Row r of the conditional table lies at `slot[r] - 1` in `table` (`pairs` where the column has
    two states), at r where `slot` is empty;
    slots above `built` are another thread's, which may be writing there. The people before
    `begin`, a multiple of 1024, are passed over. How many people have codes is returned: fewer than
    all where the next ones visit a row that is not made yet.
    """
    n = codes.shape[1]
    if built == 0:
        return begin
    number = np.empty(1024, np.uint64)
    row = np.empty(1024, np.int32)
    place = np.empty(1024, np.uint32)
    entry = np.empty(1024, np.uint64)
    pair = np.empty(1024, np.uint32)
    high, low32 = np.uint64(32), np.uint64(0xFFFFFFFF)
    keep = spare.shape[0] > 0
    wide, step = np.uint64(size), np.uint32(size)
    for low in range(begin, n, 1024):
        m = min(1024, n - low)
        for i in range(m):
            row[i] = 0
        for p in range(parents.shape[0]):
            # A line of its own, so that the loop is vectorised.
            line, stride = codes[parents[p], low : low + m], np.int32(strides[p])
            for i in range(m):
                row[i] += np.int32(line[i]) * stride
        if slot.shape[0] > 0:
            least, most = np.int32(0), np.int32(0)
            for i in range(m):
                row[i] = slot[np.uintp(row[i])] - 1
                least, most = min(least, row[i]), max(most, row[i])
            if least < 0 or most >= built:
                return low
        fill(key, start + low, number[:m])
        drawn = codes[column, low : low + m]
        # Entries come from memory in a loop of its own, which is short, so that many are waited for
        # at once; what is left on either side is vectorised.
        if size == 2:
            for i in range(m):
                pair[i] = pairs[np.uintp(row[i])]
            for i in range(m):
                bits, e = np.uint32(number[i] >> high), pair[i]
                above = (bits > e) if e < HALF else (bits >= HALF) & (bits < e)
                drawn[i] = np.int16(above | (e == ALWAYS))
            if keep:
                for i in range(m):
                    spare[low + i] = np.uint32(number[i] & low32)
            continue
        for i in range(m):
            x = ((number[i] >> high) * wide) >> high
            place[i] = np.uint32(row[i]) * step + np.uint32(x)
        for i in range(m):
            entry[i] = table[np.uintp(place[i])]
        for i in range(m):
            scaled = (number[i] >> high) * wide
            inside = (scaled & low32) < (entry[i] >> high)
            drawn[i] = np.int16(scaled >> high if inside else entry[i] & low32)
        if keep:
            for i in range(m):
                spare[low + i] = np.uint32(number[i] & low32)
    return n


@njit(cache=True, nogil=True)
def _draw_values(
    codes: np.ndarray,
    starts: np.ndarray,
    table: np.ndarray,
    first: np.ndarray,
    span: np.ndarray,
    spare: np.ndarray,
    key: np.uint64,
    start: int,
    out: np.ndarray,
) -> None:
    """Draw the lattice index of each value given its bin; codes past the bins are left as 0."""
    n = codes.shape[0]
    number = np.empty(1024, np.uint64)
    place = np.empty(1024, np.uint32)
    scaled = np.empty(1024, np.uint64)
    entry = np.empty(1024, np.uint64)
    piece = np.empty(1024, np.uint32)
    high, low32 = np.uint64(32), np.uint64(0xFFFFFFFF)
    bins = starts.shape[0] - 1
    if bins == 0:
        out[:] = 0
        return
    runs = False
    for p in range(span.shape[0]):
        if span[p] > 1:
            runs = True
    for low in range(0, n, 1024):
        m = min(1024, n - low)
        # As in `_draw_codes`: what comes from memory in loops of its own.
        for i in range(m):
            code = min(np.int64(codes[low + i]), bins - 1)
            base = starts[np.uintp(code)]
            many = np.uint64(starts[np.uintp(code + 1)] - base)
            scaled[i] = np.uint64(spare[low + i]) * many
            place[i] = np.uint32(base + np.int64(scaled[i] >> high))
        for i in range(m):
            entry[i] = table[np.uintp(place[i])]
        for i in range(m):
            inside = (scaled[i] & low32) < (entry[i] >> high)
            alias = np.uint32(entry[i] & low32) - np.uint32(scaled[i] >> high)
            piece[i] = place[i] if inside else place[i] + alias
        for i in range(m):
            out[low + i] = first[np.uintp(piece[i])]
        if runs:
            fill(key, start + low, number[:m])
            for i in range(m):
                # Nothing is added to a piece of one value.
                unit = np.float64(number[i] >> np.uint64(11))
                out[low + i] += np.int64(unit * (span[np.uintp(piece[i])] / 9007199254740992.0))
        for i in range(m):
            if np.int64(codes[low + i]) >= bins:
                out[low + i] = 0


@dataclass(frozen=True, eq=False)
class _Values:
    """The pieces of a number, ready to draw from."""

    starts: np.ndarray
    table: np.ndarray
    first: np.ndarray
    span: np.ndarray

    @staticmethod
    def of(pieces: Pieces, bins: int) -> _Values:
        starts = np.searchsorted(pieces.bin, np.arange(bins + 1)).astype(np.int64)
        table = np.zeros(len(pieces.weight), np.uint64)
        for a, b in pairwise(starts):
            if b > a:
                _alias(np.ascontiguousarray(pieces.weight[a:b]), int(b - a), table[a:b])
        span = pieces.last - pieces.first + 1
        return _Values(starts, table, pieces.first.astype(np.int64), span.astype(np.float64))


@dataclass(frozen=True, eq=False)
class Draw:
    """One column's conditional distribution, in the order in which columns are drawn.

    P(code | parents' codes) is proportional to the product of the factors, which are over the
    column and some of the parents.
    """

    name: str
    parents: tuple[str, ...]
    factors: tuple[Factor, ...]
    pieces: Pieces | None = None
    """Numbers: the pieces to draw values from (cut to the evidence)."""
    shared: dict[str, Any] = field(default_factory=dict)
    """Draws of the same parents and factors that are given the same one share alias tables."""


_NONE = np.zeros(0, np.int32)


class _AliasTables:
    """A conditional table ready to draw from, made row by row as people visit it."""

    def __init__(self, draw: Draw, sizes: Mapping[str, int]) -> None:
        self._factors = draw.factors
        self._scope = (*draw.parents, draw.name)
        self._sizes = {name: sizes[name] for name in self._scope}
        self.size = sizes[draw.name]
        shape = [sizes[parent] for parent in draw.parents]
        self.strides = np.array(
            [math.prod(shape[i + 1 :]) for i in range(len(shape))], dtype=np.int64
        )
        self.rows = math.prod(shape)
        self._lock = Lock()
        self._built = 0
        self.lookup = (_NONE, *self._space(0), 0)
        """Where each row's alias table is (from one; empty: where the row is), the tables, those of
        two states, and how many are made."""

    @property
    def bytes(self) -> int:
        """What the tables of all rows take."""
        return self.rows * (4 if self.size == 2 else 8 * self.size)

    @cached_property
    def _product(self) -> _Product:
        return _Product.of(self._factors, self._scope, self._sizes)

    @property
    def _is_whole(self) -> bool:
        return self._built == self.rows and not len(self.lookup[0])

    def _space(self, rows: int) -> tuple[np.ndarray, np.ndarray]:
        """Room for rows' tables: one array, or the other where there are two states."""
        is_pair = self.size == 2
        return (
            np.empty(0 if is_pair else rows * self.size, np.uint64),
            np.empty(rows if is_pair else 0, np.uint32),
        )

    def make_whole(self) -> None:
        """Make the alias tables of all rows."""
        with self._lock:
            if self._is_whole:
                return
            shape = [self._sizes[parent] for parent in self._scope[:-1]]
            digits = np.indices(shape, np.int16).reshape(len(shape), self.rows)
            space = self._space(self.rows)
            slot = np.zeros(self.rows, np.int32)
            self._built = self._make(digits, np.arange(len(shape)), slot, 0, space)
            self.lookup = (_NONE, *space, self._built)

    def whole_entries(self) -> np.ndarray:
        """The alias tables of all rows, also those of two states; uint64, flat."""
        self.make_whole()
        _, table, pairs, _ = self.lookup
        return _entries_of(pairs) if self.size == 2 else table

    def make_visited(self, codes: np.ndarray, parents: np.ndarray) -> None:
        """Make the alias tables of the rows that codes visit, shape (columns, people).

        `parents` says which of the columns the parents are.
        """
        if self._is_whole:
            return
        with self._lock:
            if self._is_whole:
                return
            slot, table, pairs, _ = self.lookup
            if not len(slot):
                slot = np.zeros(self.rows, np.int32)
            space = table, pairs
            room = min(self._built + codes.shape[1], self.rows)
            if len(table) + self.size * len(pairs) < room * self.size:
                # Who draws from the shorter one meanwhile finds there what it needs.
                space = self._space(min(2 * room, self.rows))
                for longer, known in zip(space, (table, pairs), strict=True):
                    longer[: len(known)] = known
            self._built = self._make(codes, parents, slot, self._built, space)
            self.lookup = (slot, *space, self._built)

    def _make(
        self,
        codes: np.ndarray,
        parents: np.ndarray,
        slot: np.ndarray,
        built: int,
        space: tuple[np.ndarray, np.ndarray],
    ) -> int:
        product = self._product
        return _make_rows(
            codes,
            parents,
            self.strides,
            self.size,
            product.tables,
            product.count,
            product.steps,
            slot,
            built,
            *space,
        )


class Node:
    """A column ready to draw: its parents' numbers, its alias tables, its values."""

    def __init__(
        self, draw: Draw, number: Mapping[str, int], codings: Mapping[str, Coding]
    ) -> None:
        coding = codings[draw.name]
        self.name = draw.name
        self.column = number[draw.name]
        self.parents = np.array([number[parent] for parent in draw.parents], dtype=np.int64)
        sizes = {name: codings[name].size for name in (*draw.parents, draw.name)}
        self.tables: _AliasTables = draw.shared.setdefault(
            "alias tables", _AliasTables(draw, sizes)
        )
        self.values: _Values | None = None
        if draw.pieces is not None:
            self.values = _Values.of(draw.pieces, coding.size - coding.column.missing)


FACTORS = 6
"""The most tables that are multiplied row by row; more are joined first, small ones first."""


@dataclass(frozen=True, eq=False)
class _Product:
    """Tables whose product is a conditional table, for compiled code to multiply row by row.

    Attributes
    ----------
    tables : tuple of float64 array, length FACTORS
        Flat, not to be written to; those past `count` are empty.
    count : int
        How many there are.
    steps : int64 array, shape (FACTORS, columns of the scope)
        How far apart a table's cells are along each column; 0 where it does not speak of it.
    """

    tables: tuple[np.ndarray, ...]
    count: int
    steps: np.ndarray

    @staticmethod
    def of(factors: Sequence[Factor], scope: tuple[str, ...], sizes: Mapping[str, int]) -> _Product:
        ordered = small_first(factors)
        if len(ordered) > FACTORS:
            # The same numbers are multiplied in the same order, so no bit changes.
            first = ordered[: len(ordered) - FACTORS + 1]
            joined = tuple(v for v in scope if any(v in factor.scope for factor in first))
            ordered = [Factor(joined, multiply(first, joined, sizes)), *ordered[len(first) :]]
        steps = np.zeros((FACTORS, len(scope)), np.int64)
        tables = []
        for f, factor in enumerate(ordered):
            # As it lies in memory, so that it is not copied.
            axes = np.argsort([-stride for stride in factor.table.strides], kind="stable")
            flat = np.ascontiguousarray(factor.table.transpose(axes)).reshape(-1)
            step = 1
            for axis in axes[::-1]:
                steps[f, scope.index(factor.scope[axis])] = step
                step *= factor.table.shape[axis]
            tables.append(_read_only(flat))
        tables += [_read_only(np.ones(0))] * (FACTORS - len(tables))
        return _Product(tuple(tables), len(ordered), steps)


def _read_only(table: np.ndarray) -> np.ndarray:
    """A view of float64 numbers: compiled code has one type for all tables."""
    view = np.asarray(table, dtype=np.float64).view()
    view.setflags(write=False)
    return view


class Sampler:
    """Draws people from columns' conditional tables, each after its parents.

    Parameters
    ----------
    codings : mapping of str to Coding
        The columns with codes, in the order of the finished table.
    draws : sequence of Draw
        Their tables in an order in which parents come first.
    gaussian : GaussianSampler or None
        Draws the columns without codes.
    order : sequence of str
        The columns of the finished table.
    """

    def __init__(
        self,
        codings: Mapping[str, Coding],
        draws: Sequence[Draw],
        gaussian: GaussianSampler | None,
        order: Sequence[str],
    ) -> None:
        self._codings = dict(codings)
        self.order = tuple(order)
        self._gaussian = gaussian
        number = {draw.name: i for i, draw in enumerate(draws)}
        self._number = number
        self._parents = {draw.name: draw.parents for draw in draws}
        self.nodes = tuple(Node(draw, number, self._codings) for draw in draws)

    def only(self, columns: Sequence[str]) -> Sampler:
        """What draws some of the columns, with the same values: only what they depend on is drawn.

        Parameters
        ----------
        columns : sequence of str
            Their names; the finished table has them in the order of the whole one.

        Returns
        -------
        Sampler
            It shares the alias tables. Where a column has no codes it is this one: such columns
            are drawn together.
        """
        needed = set(columns)
        if not needed <= self._number.keys():
            return self
        for node in reversed(self.nodes):
            if node.name in needed:
                needed.update(self._parents[node.name])
        other = copy(self)
        other.order = tuple(name for name in self.order if name in columns)
        other.nodes = tuple(node for node in self.nodes if node.name in needed)
        other._gaussian = None
        return other

    # ------------------------------------------------------------------ frames

    def sample(
        self,
        rows: int,
        seed: int = 0,
        *,
        start: int = 0,
        threads: int | None = None,
        chunk: int | None = None,
    ) -> pd.DataFrame:
        """People number `start` to `start + rows` of the seed, in canonical dtypes."""
        return self.frame(self._columns(rows, seed, start, threads, chunk))

    def frame(self, columns: Mapping[str, np.ndarray]) -> pd.DataFrame:
        """Drawn columns, each in its `dtype`, in canonical dtypes."""
        data = {name: self._series(name, columns[name]) for name in self.order}
        rows = len(columns[self.order[0]]) if self.order else 0
        return pd.DataFrame(data, index=pd.RangeIndex(rows), copy=False)

    @property
    def is_gaussian(self) -> bool:
        """Whether some columns have no codes."""
        return self._gaussian is not None

    def sample_arrow(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pa.Table:
        """The same people as an Arrow table; levels are dictionaries."""
        columns = self._columns(rows, seed, start, threads, None)
        arrays = [self._arrow(name, columns[name]) for name in self.order]
        return pa.table(dict(zip(self.order, arrays, strict=True)))

    # ------------------------------------------------------------------ columns

    def _columns(
        self, rows: int, seed: int, start: int, threads: int | None, chunk: int | None
    ) -> dict[str, np.ndarray]:
        """Codes of levels, lattice values of numbers; one array a column, in its final dtype."""
        check_rows(rows)
        out = {name: np.empty(rows, dtype=self.dtype(name)) for name in self.order}
        keys = {
            name: (stream_key(seed, name), stream_key(seed, f"{name}\x1fvalue"))
            for name in {*self.order, *(node.name for node in self.nodes)}
        }
        workers = threads or os.cpu_count() or 1
        if chunk is None:
            chunk = min(max(CHUNK, -(-rows // workers)), LONGEST)
        bounds = [(low, min(low + chunk, rows)) for low in range(0, rows, chunk)]
        workers = min(workers, max(len(bounds), 1))
        for node in self.nodes:
            # A table with more rows than there are people is made as far as they visit it.
            tables = node.tables
            if (
                tables.bytes <= (LARGE if rows >= 2 * tables.rows else WHOLE)
                and rows >= tables.rows
            ):
                tables.make_whole()

        def work(part: int) -> None:
            buffers = _Buffers(len(self._number), min(chunk, rows))
            for low, high in bounds[part::workers]:
                self._fill(buffers, keys, start, low, high, out)

        if workers <= 1:
            work(0)
        else:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(work, range(workers)))
        return out

    def _fill(
        self,
        buffers: _Buffers,
        keys: Mapping[str, tuple[np.uint64, np.uint64]],
        start: int,
        low: int,
        high: int,
        out: Mapping[str, np.ndarray],
    ) -> None:
        codes = buffers.codes[:, : high - low]
        for node in self.nodes:
            key, value_key = keys[node.name]
            valued = node.values if node.name in out else None
            spare = buffers.none if valued is None else buffers.spare[: high - low]
            drawn = 0
            while drawn < high - low:
                drawn = _draw_codes(
                    codes,
                    node.column,
                    node.parents,
                    node.tables.strides,
                    node.tables.size,
                    *node.tables.lookup,
                    key,
                    start + low,
                    spare,
                    drawn,
                )
                if drawn < high - low:
                    node.tables.make_visited(codes[:, drawn:], node.parents)
            if node.name not in out:  # drawn for those that depend on it
                continue
            target = out[node.name][low:high]
            if valued is None:
                target[:] = codes[node.column]
                continue
            index = buffers.index[: high - low]
            values = valued
            _draw_values(
                codes[node.column],
                values.starts,
                values.table,
                values.first,
                values.span,
                spare,
                value_key,
                start + low,
                index,
            )
            self.decode(node, codes[node.column], index, target)
        if self._gaussian is not None:
            by_name = {node.name: codes[node.column] for node in self.nodes}
            self._gaussian.fill(by_name, keys, start, low, high, out)

    def decode(self, node: Node, codes: np.ndarray, index: np.ndarray, target: np.ndarray) -> None:
        """Write a number's values, which lie at lattice indices, in the column's own dtype."""
        coding = self._codings[node.name]
        if target.dtype.kind == "f":
            np.copyto(target, coding.value(index), casting="same_kind")
            if coding.column.missing:
                target[codes == coding.size - 1] = np.nan
        elif coding.column.missing:
            absent = codes == coding.size - 1
            np.copyto(target, coding.value(index), casting="unsafe")
            target[absent] = np.iinfo(target.dtype).min
        elif coding.per_unit == 1.0 and coding.calendar is None:
            np.copyto(target, index, casting="unsafe")
        else:
            np.copyto(target, coding.value(index), casting="unsafe")

    def dtype(self, name: str) -> np.dtype:
        """The plain dtype that a column is drawn into; a missing integer is its least value."""
        column = self._column(name)
        if not column.is_number:
            return np.dtype(np.int8 if self._codings[name].size <= 127 else np.int16)
        dtype = column.dtype
        if isinstance(dtype, np.dtype):
            return dtype
        return dtype.numpy_dtype

    def _series(self, name: str, drawn: np.ndarray) -> object:
        """A drawn column as pandas wants it, without copying where it can be helped."""
        column = self._column(name)
        if column.kind == "categorical":
            if column.missing:
                drawn[drawn == len(column.levels)] = -1
            return pd.Categorical.from_codes(drawn, dtype=column.dtype, validate=False)
        if column.kind == "boolean":
            if not column.missing:
                return drawn.view(np.bool_)
            absent = drawn == 2
            return pd.arrays.BooleanArray(drawn == 1, absent)
        if column.missing and column.kind == "integer":
            absent = drawn == np.iinfo(drawn.dtype).min
            return pd.arrays.IntegerArray(np.where(absent, 1, drawn).astype(drawn.dtype), absent)
        return drawn

    def _arrow(self, name: str, drawn: np.ndarray) -> pa.Array:
        column = self._column(name)
        if column.kind == "categorical":
            codes = pa.array(drawn, mask=drawn == len(column.levels) if column.missing else None)
            return pa.DictionaryArray.from_arrays(codes, pa.array(list(column.levels), pa.string()))
        if column.kind == "boolean":
            return pa.array(drawn == 1, mask=drawn == 2 if column.missing else None)
        if column.missing and column.kind == "integer":
            return pa.array(drawn, mask=drawn == np.iinfo(drawn.dtype).min)
        return pa.array(drawn, mask=np.isnan(drawn) if column.missing else None)

    def _column(self, name: str) -> Column:
        if name in self._codings:
            return self._codings[name].column
        if self._gaussian is None:
            raise KeyError(name)
        return self._gaussian.column(name)


class _Buffers:
    """One thread's scratch space."""

    def __init__(self, columns: int, rows: int) -> None:
        self.codes = np.empty((columns, rows), np.int16)
        self.spare = np.empty(rows, np.uint32)
        self.none = np.empty(0, np.uint32)
        self.index = np.empty(rows, np.int64)


def check_rows(rows: int) -> None:
    """Raise a PopulaceError where a number of rows makes no sense."""
    if rows < 0:
        raise PopulaceError(f"A sample cannot have {rows} rows: ask for none or more.")


@njit(cache=True, nogil=True)
def _limit(keys: np.ndarray, start: int, out: np.ndarray) -> None:
    number = np.empty(1024, np.uint64)
    for column in range(out.shape[0]):
        for low in range(0, out.shape[1], 1024):
            m = min(1024, out.shape[1] - low)
            fill(keys[column], start + low, number[:m])
            for i in range(m):
                out[column, low + i] = np.int8(number[i] >> np.uint64(57))


def draw_and_write(rows: int, columns: int, threads: int = 1) -> np.ndarray:
    """Draw one random number for each cell and write one byte of it, nothing else.

    The limit that sampling is measured against; int8, shape (columns, rows).
    """
    out = np.empty((columns, rows), np.int8)
    keys = np.array([stream_key(0, str(c)) for c in range(columns)], dtype=np.uint64)
    bounds = [(low, min(low + CHUNK, rows)) for low in range(0, rows, CHUNK)]

    def work(part: int) -> None:
        for low, high in bounds[part::threads]:
            _limit(keys, low, out[:, low:high])

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    return out
