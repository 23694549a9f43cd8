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
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock

import numpy as np
import pandas as pd
import pyarrow as pa
from numba import njit

from synth.bayes.coding import Coding, Pieces
from synth.bayes.factors import Factor, multiply, product_rows
from synth.bayes.gaussian import GaussianSampler
from synth.bayes.random import fill, stream_key
from synth.data.schema import Column
from synth.errors import PopulaceError

CHUNK = 1 << 15
"""Rows drawn at a time by one thread."""


@njit(cache=True, nogil=True)
def _alias(table: np.ndarray, size: int, out: np.ndarray) -> None:
    """Alias tables of every row: the threshold in the high 32 bits, the alias in the low."""
    small = np.empty(size, np.int64)
    large = np.empty(size, np.int64)
    scaled = np.empty(size)
    for row in range(table.shape[0] // size):
        base = row * size
        total = 0.0
        for x in range(size):
            total += table[base + x]
        smalls, larges = 0, 0
        for x in range(size):
            scaled[x] = table[base + x] / total * size if total > 0.0 else 1.0
            if scaled[x] < 1.0:
                small[smalls] = x
                smalls += 1
            else:
                large[larges] = x
                larges += 1
        while smalls > 0 and larges > 0:
            smalls -= 1
            s = small[smalls]
            big = large[larges - 1]
            threshold = np.uint64(scaled[s] * 4294967296.0)
            out[base + s] = (threshold << np.uint64(32)) | np.uint64(big)
            scaled[big] -= 1.0 - scaled[s]
            if scaled[big] < 1.0:
                larges -= 1
                small[smalls] = big
                smalls += 1
        for i in range(larges):
            x = large[i]
            out[base + x] = (np.uint64(0xFFFFFFFF) << np.uint64(32)) | np.uint64(x)
        for i in range(smalls):
            x = small[i]
            # Left over by rounding: it stands alone, unless it cannot occur at all.
            other = x
            if table[base + x] == 0.0:
                for y in range(size):
                    if table[base + y] > table[base + other]:
                        other = y
                out[base + x] = np.uint64(other)
            else:
                out[base + x] = (np.uint64(0xFFFFFFFF) << np.uint64(32)) | np.uint64(x)


@njit(cache=True, nogil=True)
def _draw_codes(
    codes: np.ndarray,
    column: int,
    parents: np.ndarray,
    strides: np.ndarray,
    size: int,
    table: np.ndarray,
    key: np.uint64,
    start: int,
    spare: np.ndarray,
) -> None:
    """Draw a column's codes given its parents'; the low half of each number goes to `spare`."""
    n = codes.shape[1]
    number = np.empty(1024, np.uint64)
    row = np.empty(1024, np.int32)
    low32 = np.uint64(0xFFFFFFFF)
    keep = spare.shape[0] > 0
    wide = np.uint64(size)
    for low in range(0, n, 1024):
        m = min(1024, n - low)
        fill(key, start + low, number[:m])
        for i in range(m):
            row[i] = 0
        for p in range(parents.shape[0]):
            parent, stride = parents[p], np.int32(strides[p])
            for i in range(m):
                row[i] += np.int32(codes[parent, low + i]) * stride
        for i in range(m):
            scaled = (number[i] >> np.uint64(32)) * wide
            x = scaled >> np.uint64(32)
            entry = table[np.int64(row[i]) * size + np.int64(x)]
            inside = (scaled & low32) < (entry >> np.uint64(32))
            codes[column, low + i] = np.int16(x if inside else entry & low32)
        if keep:
            for i in range(m):
                spare[low + i] = np.uint32(number[i] & low32)


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
    low32 = np.uint64(0xFFFFFFFF)
    bins = starts.shape[0] - 1
    runs = False
    for p in range(span.shape[0]):
        if span[p] > 1:
            runs = True
    for low in range(0, n, 1024):
        m = min(1024, n - low)
        if runs:
            fill(key, start + low, number[:m])
        for i in range(m):
            code = np.int64(codes[low + i])
            if code >= bins:
                out[low + i] = 0
                continue
            base = starts[code]
            scaled = np.uint64(spare[low + i]) * np.uint64(starts[code + 1] - base)
            x = scaled >> np.uint64(32)
            entry = table[base + np.int64(x)]
            inside = (scaled & low32) < (entry >> np.uint64(32))
            piece = base + np.int64(x if inside else entry & low32)
            value = first[piece]
            if span[piece] > 1:
                value += np.int64(
                    np.float64(number[i] >> np.uint64(11)) * (span[piece] / 9007199254740992.0)
                )
            out[low + i] = value


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


class _Node:
    """A column ready to draw: its parents' numbers and strides, its alias tables, its values."""

    def __init__(
        self, draw: Draw, number: Mapping[str, int], codings: Mapping[str, Coding]
    ) -> None:
        coding = codings[draw.name]
        self.name = draw.name
        self.column = number[draw.name]
        self.size = coding.size
        self.parents = np.array([number[parent] for parent in draw.parents], dtype=np.int64)
        self._sizes = {name: codings[name].size for name in (*draw.parents, draw.name)}
        shape = [self._sizes[parent] for parent in draw.parents]
        strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
        self.strides = np.array(strides, dtype=np.int64)
        self.rows = math.prod(shape)
        self.values: _Values | None = None
        if draw.pieces is not None:
            self.values = _Values.of(draw.pieces, coding.size - coding.column.missing)
        self._draw = draw
        self._lock = Lock()
        self._whole = False
        self._made = np.zeros(self.rows, dtype=np.bool_)
        self.table = np.zeros(self.rows * self.size, np.uint64)

    def make_whole(self) -> None:
        """Make the alias tables of all rows."""
        with self._lock:
            if not self._whole:
                scope = (*self._draw.parents, self.name)
                product = multiply(self._draw.factors, scope, self._sizes)
                table = np.zeros(product.size, np.uint64)
                _alias(np.ascontiguousarray(product, dtype=np.float64).ravel(), self.size, table)
                self.table, self._whole = table, True

    def make_visited(self, codes: np.ndarray) -> None:
        """Make the alias tables of the rows that these codes visit, shape (columns, people)."""
        if self._whole:
            return
        row = np.zeros(codes.shape[1], np.int64)
        for parent, stride in zip(self.parents, self.strides, strict=True):
            row += codes[parent] * stride
        with self._lock:
            if self._whole:
                return
            wanted = np.zeros(self.rows, dtype=np.bool_)
            wanted[row] = True
            fresh = np.flatnonzero(wanted & ~self._made)
            if len(fresh):
                scope = (*self._draw.parents, self.name)
                product = product_rows(self._draw.factors, scope, self._sizes, fresh)
                made = np.zeros(product.size, np.uint64)
                _alias(product.ravel(), self.size, made)
                self.table.reshape(self.rows, self.size)[fresh] = made.reshape(product.shape)
                self._made[fresh] = True


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
        self._order = tuple(order)
        self._gaussian = gaussian
        number = {draw.name: i for i, draw in enumerate(draws)}
        self._number = number
        self._nodes = tuple(_Node(draw, number, self._codings) for draw in draws)

    # ------------------------------------------------------------------ frames

    def sample(
        self,
        rows: int,
        seed: int = 0,
        *,
        start: int = 0,
        threads: int | None = None,
        chunk: int = CHUNK,
    ) -> pd.DataFrame:
        """People number `start` to `start + rows` of the seed, in canonical dtypes."""
        columns = self._columns(rows, seed, start, threads, chunk)
        data = {name: self._series(name, columns[name]) for name in self._order}
        return pd.DataFrame(data, index=pd.RangeIndex(rows), copy=False)

    def sample_arrow(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pa.Table:
        """The same people as an Arrow table; levels are dictionaries."""
        columns = self._columns(rows, seed, start, threads, CHUNK)
        arrays = [self._arrow(name, columns[name]) for name in self._order]
        return pa.table(dict(zip(self._order, arrays, strict=True)))

    # ------------------------------------------------------------------ columns

    def _columns(
        self, rows: int, seed: int, start: int, threads: int | None, chunk: int
    ) -> dict[str, np.ndarray]:
        """Codes of levels, lattice values of numbers; one array a column, in its final dtype."""
        check_rows(rows)
        out = {name: np.empty(rows, dtype=self._dtype(name)) for name in self._order}
        keys = {
            name: (stream_key(seed, name), stream_key(seed, f"{name}\x1fvalue"))
            for name in self._order
        }
        bounds = [(low, min(low + chunk, rows)) for low in range(0, rows, chunk)]
        workers = min(threads or os.cpu_count() or 1, max(len(bounds), 1))
        for node in self._nodes:
            # A table with more rows than there are people is made as far as they visit it.
            if rows >= node.rows:
                node.make_whole()

        def work(part: int) -> None:
            buffers = _Buffers(len(self._nodes), min(chunk, rows))
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
        for node in self._nodes:
            key, value_key = keys[node.name]
            spare = buffers.spare[: high - low] if node.values is not None else buffers.none
            node.make_visited(codes)
            _draw_codes(
                codes,
                node.column,
                node.parents,
                node.strides,
                node.size,
                node.table,
                key,
                start + low,
                spare,
            )
            target = out[node.name][low:high]
            if node.values is None:
                target[:] = codes[node.column]
                continue
            index = buffers.index[: high - low]
            values = node.values
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
            coding = self._codings[node.name]
            if target.dtype.kind == "f":
                np.copyto(target, coding.value(index), casting="same_kind")
                if coding.column.missing:
                    target[codes[node.column] == coding.size - 1] = np.nan
            elif coding.column.missing:
                absent = codes[node.column] == coding.size - 1
                np.copyto(target, coding.value(index), casting="unsafe")
                target[absent] = np.iinfo(target.dtype).min
            elif coding.per_unit == 1.0:
                np.copyto(target, index, casting="unsafe")
            else:
                np.copyto(target, coding.value(index), casting="unsafe")
        if self._gaussian is not None:
            by_name = {node.name: codes[node.column] for node in self._nodes}
            self._gaussian.fill(by_name, keys, start, low, high, out)

    def _dtype(self, name: str) -> np.dtype:
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
