"""Counting people by their codes: the one loop over rows that learning needs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _count(
    codes: np.ndarray,
    columns: np.ndarray,
    strides: np.ndarray,
    weights: np.ndarray,
    start: int,
    stop: int,
    out: np.ndarray,
) -> None:
    k = columns.shape[0]
    weighted = weights.shape[0] > 0
    block = np.empty(1024, np.int64)
    for low in range(start, stop, 1024):
        n = min(1024, stop - low)
        for i in range(n):
            block[i] = codes[columns[0], low + i] * strides[0]
        for j in range(1, k):
            c, s = columns[j], strides[j]
            for i in range(n):
                block[i] += codes[c, low + i] * s
        if weighted:
            for i in range(n):
                out[block[i]] += weights[low + i]
        else:
            for i in range(n):
                out[block[i]] += 1.0


class Codes:
    """A table as codes, ready for counting.

    Attributes
    ----------
    values : int32 array, shape (columns, rows)
        The codes.
    sizes : tuple of int
        How many codes each column has.
    weights : float64 array, shape (rows,) or (0,)
        Row weights that sum to the number of rows; empty when every row counts once.
    """

    def __init__(
        self, values: np.ndarray, sizes: Sequence[int], weights: np.ndarray | None = None
    ) -> None:
        self.values = np.ascontiguousarray(values, dtype=np.int32)
        self.sizes = tuple(int(size) for size in sizes)
        self.weights = np.zeros(0) if weights is None else np.asarray(weights, dtype=np.float64)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.values.shape[1]

    @property
    def row_weights(self) -> np.ndarray:
        """What each row counts, also where all count once; float64, shape (rows,)."""
        return self.weights if len(self.weights) else np.ones(self.rows)

    def part(self, rows: np.ndarray | slice) -> Codes:
        """Some of the rows, in that order."""
        weights = self.weights[rows] if len(self.weights) else None
        return Codes(self.values[:, rows], self.sizes, weights)

    def shape(self, columns: Sequence[int]) -> tuple[int, ...]:
        """The sizes of the columns."""
        return tuple(self.sizes[c] for c in columns)

    def cells(self, columns: Sequence[int]) -> int:
        """How many combinations of codes the columns have."""
        cells = 1
        for c in columns:
            cells *= self.sizes[c]
        return cells

    def count(self, columns: Sequence[int], start: int = 0, stop: int | None = None) -> np.ndarray:
        """How many rows of a range have each combination; float64, flat, last column fastest."""
        strides = np.ones(len(columns), np.int64)
        for i in range(len(columns) - 2, -1, -1):
            strides[i] = strides[i + 1] * self.sizes[columns[i + 1]]
        out = np.zeros(self.cells(columns))
        index = np.array(columns, dtype=np.int64)
        stop = self.rows if stop is None else stop
        _count(self.values, index, strides, self.weights, start, stop, out)
        return out
