"""Synthetic rows that one may wish to leave out: copies of one person, and outliers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.evaluate.closeness import ROWS
from synth.evaluate.comparison import Comparison, Sample
from synth.evaluate.distance import ROUNDING, closest_others, squared_distances
from synth.jobs.limits import one_thread

NEAR_COPY = 0.2
"""Of the way from a person to the next real one; a synthetic row within is a near copy."""


@dataclass(frozen=True, eq=False)
class Flags:
    """Synthetic rows that one may wish to leave out.

    Attributes
    ----------
    copies : bool array, shape (n,)
        Equal in every column to exactly one real row, which no other real row equals.
    near_copies : bool array, shape (n,)
        Not equal, but less than a fifth as far from a real row as the next real row is.
    outliers : bool array, shape (n,)
        Farther from every real row than 99.9% of real rows are from the next.
    """

    copies: np.ndarray
    near_copies: np.ndarray
    outliers: np.ndarray

    @property
    def kept(self) -> np.ndarray:
        """The rows with no flag, bool (n,)."""
        return ~(self.copies | self.near_copies | self.outliers)


@dataclass(frozen=True)
class FlagShares:
    """The shares of rows that `flag` marks, 0 to 1 each.

    Each has a `_reference`: the share among fresh real people.

    Attributes
    ----------
    copies, copies_reference : float
        Copies of one person.
    near_copies, near_copies_reference : float
        Near copies.
    outliers, outliers_reference : float
        Rows where no real person is.
    filtered, filtered_reference : float
        Rows with any mark, which `flag(...).kept` leaves out.
    """

    copies: float
    copies_reference: float
    near_copies: float
    near_copies_reference: float
    outliers: float
    outliers_reference: float
    filtered: float
    filtered_reference: float


@one_thread()
def flag(comparison: Comparison) -> Flags:
    """The synthetic rows that copy one person, or lie where no real person is.

    `synthetic[flag(Comparison.of(real, synthetic)).kept]` leaves them out.

    Parameters
    ----------
    comparison : Comparison
        Real and synthetic people.

    Returns
    -------
    Flags
        One place for each synthetic row.
    """
    border = _border(comparison.space.points(comparison.real), np.random.default_rng(0))
    return _flags(comparison, comparison.all("real"), comparison.all("synthetic"), border)


def flag_shares(comparison: Comparison, random: np.random.Generator) -> FlagShares:
    """How many rows `flag` would mark, of up to 4,000 synthetic and as many fresh people.

    Without a holdout the real rows are split, and one half is fresh beside the other.

    Parameters
    ----------
    comparison : Comparison
        Real and synthetic people.
    random : numpy Generator
        Draws rows, and the halves.

    Returns
    -------
    FlagShares
    """
    known = comparison.all("real")
    border = _border(comparison.space.points(comparison.real), random)
    figures = []
    for side in ("synthetic", "fresh"):
        if side == "synthetic":
            people = comparison.all("synthetic")
        elif comparison.holdout is not None:
            people = comparison.all("holdout")
        else:
            known, people = known.halves(random)
        some = people if len(people) <= ROWS else people.draw(ROWS, random)
        flags = _flags(comparison, known, some, border)
        parts = (flags.copies, flags.near_copies, flags.outliers, ~flags.kept)
        figures.append([float(part.mean()) for part in parts])
    return FlagShares(*(value for both in zip(*figures, strict=True) for value in both))


def _border(points: np.ndarray, random: np.random.Generator) -> float:
    """The distance to the next real row that 99.9% of real rows keep."""
    usual = closest_others(points, random.permutation(len(points))[:ROWS])
    return float(np.quantile(usual, 0.999))


def _flags(comparison: Comparison, real: Sample, people: Sample, border: float) -> Flags:
    """The flags of some people beside some real ones."""
    points = comparison.space.points(comparison.frame(real))
    own_points = comparison.space.points(comparison.frame(people))
    real_keys, own_keys = (comparison.keys[sample.side][sample.rows] for sample in (real, people))
    single, times = np.unique(real_keys, return_counts=True)
    copies = np.isin(own_keys, single[times == 1])
    away, nearest = np.empty(len(people)), np.empty(len(people), dtype=np.int64)
    for rows, square in squared_distances(own_points, points):
        nearest[rows] = square.argmin(axis=1)
        away[rows] = np.sqrt(square[np.arange(len(square)), nearest[rows]])
    closest_real, at = np.unique(nearest, return_inverse=True)
    alone = closest_others(points, closest_real)[at]
    near = (away < NEAR_COPY * alone - ROUNDING) & ~np.isin(own_keys, real_keys)
    return Flags(copies, near, away > border + ROUNDING)
