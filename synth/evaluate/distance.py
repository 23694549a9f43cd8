"""How far apart two people are, over columns of any kind.

Gower's idea (J. Gower, "A general coefficient of similarity and some of its properties",
Biometrics 27, 1971): each column adds 0 where two people agree and 1 where they do not; numbers add
the squared difference of their ranks among the real people (0 to 1), so skewed incomes and ages
weigh alike; missing agrees with missing only. The distance is the square root of the sum, so that
the search for neighbours is a matrix product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from synth.data.column import Column

CHUNK = 512
ROUNDING = 1e-3  # float32 rounds a distance about 3e-4 away; what is nearer than this is one
HALF = np.float32(np.sqrt(0.5))  # two one-hot rows that differ are then 1 apart


@dataclass(frozen=True, eq=False)
class Space:
    """Coordinates in which squared distances are Gower's; made from the real people's ranks.

    Attributes
    ----------
    columns : tuple of str
        Names.
    blocks : tuple of slice
        The coordinates of each column: one for each level and one for missing, or the rank of a
        number and whether it is missing.
    sorted_numbers : dict of str to float array
        The real people's known values of each number, ascending.
    """

    columns: tuple[str, ...]
    blocks: tuple[slice, ...]
    sorted_numbers: dict[str, np.ndarray]

    @classmethod
    def of(cls, columns: Sequence[Column], real: pd.DataFrame) -> Self:
        """The space of a comparable frame.

        Parameters
        ----------
        columns : sequence of Column
            The columns that count.
        real : DataFrame
            The real people of a comparison (see `comparison.comparable`).

        Returns
        -------
        Space
        """
        names, blocks, numbers, at = [], [], {}, 0
        for column in columns:
            values = real[column.name]
            if isinstance(values.dtype, pd.CategoricalDtype):
                width = len(values.cat.categories) + 1
            else:
                known = values.to_numpy(dtype=float)
                numbers[column.name] = np.sort(known[~np.isnan(known)])
                width = 2
            names.append(column.name)
            blocks.append(slice(at, at + width))
            at += width
        return cls(tuple(names), tuple(blocks), numbers)

    def points(self, frame: pd.DataFrame) -> np.ndarray:
        """Coordinates of the rows of a comparable frame.

        Parameters
        ----------
        frame : DataFrame, n rows
            With the levels that the real people's frame has.

        Returns
        -------
        float32 array, shape (n, d)
            d coordinates, as many as the blocks span.
        """
        out = np.zeros((len(frame), self.blocks[-1].stop), dtype=np.float32)
        rows = np.arange(len(frame))
        for name, block in zip(self.columns, self.blocks, strict=True):
            values = frame[name]
            if name in self.sorted_numbers:
                numbers = values.to_numpy(dtype=float)
                absent = np.isnan(numbers)
                ranks = self._ranks(name, numbers)
                out[:, block.start] = np.where(absent, 0.5, ranks)
                out[:, block.start + 1] = absent  # missing is 1 or more from any number
            else:
                codes = values.cat.codes.to_numpy().astype(np.int64)
                codes = np.where(codes < 0, block.stop - block.start - 1, codes)
                out[rows, block.start + codes] = HALF
        return out

    def _ranks(self, name: str, numbers: np.ndarray) -> np.ndarray:
        known = self.sorted_numbers[name]
        if not len(known):
            return np.full(len(numbers), 0.5)
        low = np.searchsorted(known, numbers, side="left")
        high = np.searchsorted(known, numbers, side="right")
        return (low + high) / (2 * len(known))

    def part(self, columns: Sequence[str]) -> np.ndarray:
        """The coordinates of some columns.

        Parameters
        ----------
        columns : sequence of str
            Names of columns, one or more.

        Returns
        -------
        int array, shape (k,)
            Positions along the second axis of `points`, ascending.
        """
        return np.concatenate(
            [
                np.arange(block.start, block.stop)
                for name, block in zip(self.columns, self.blocks, strict=True)
                if name in columns
            ]
        )


def squared_distances(
    from_points: np.ndarray, to_points: np.ndarray
) -> Iterator[tuple[slice, np.ndarray]]:
    """Squared distances, in chunks of rows.

    Parameters
    ----------
    from_points : float32 array, shape (n, d)
        Where distances start.
    to_points : float32 array, shape (m, d)
        Where they end.

    Yields
    ------
    tuple of (slice, float32 array), shape (rows, m)
        At most 512 rows of `from_points`, and their squared distances, which may be changed.
    """
    lengths = np.einsum("ij,ij->i", to_points, to_points)
    for start in range(0, len(from_points), CHUNK):
        rows = slice(start, min(start + CHUNK, len(from_points)))
        own = from_points[rows]
        square = np.einsum("ij,ij->i", own, own)[:, None] + lengths - 2 * (own @ to_points.T)
        yield rows, np.maximum(square, 0, out=square)


def closest(from_points: np.ndarray, to_points: np.ndarray) -> np.ndarray:
    """The distance of each point to the closest other.

    Parameters
    ----------
    from_points : float32 array, shape (n, d)
        The points.
    to_points : float32 array, shape (m, d)
        Those among which the closest is looked for.

    Returns
    -------
    float array, shape (n,)
        Roots of the summed columns' distances; below 0.001, which rounding makes, exactly 0.
    """
    out = np.empty(len(from_points))
    for rows, square in squared_distances(from_points, to_points):
        out[rows] = np.sqrt(square.min(axis=1))
    return np.where(out < ROUNDING, 0.0, out)


def closest_others(points: np.ndarray, some: np.ndarray) -> np.ndarray:
    """The distance of some points to the closest of all the others.

    Parameters
    ----------
    points : float32 array, shape (n, d)
        The points.
    some : int array, shape (k,)
        Positions of those whose closest is looked for; none is its own.

    Returns
    -------
    float array, shape (k,)
        As `closest` gives them.
    """
    out = np.empty(len(some))
    for rows, square in squared_distances(points[some], points):
        square[np.arange(len(square)), some[rows]] = np.inf
        out[rows] = np.sqrt(square.min(axis=1))
    return np.where(out < ROUNDING, 0.0, out)
