"""How far apart two ordered dates are: learned as a distribution, kept in every row.

A rule ``admitted <= discharged`` says nothing of how long people stay, and the bins of two dates
are wider than most stays. A `Gap` holds the distribution of the time between them: given the bins
that a person's dates fall into, both dates are drawn so that their distance follows it. Bins stay
as exact as they are; only where in its bin a date lies depends on the other one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from synth.bayes.coding import Coding, Pieces
from synth.constraints.gap_kernels import Side, reached
from synth.lazy import cached_property

KNOTS = 64
"""A gap keeps so many quantiles."""
PEOPLE = 50
"""Fewer people say too little of a distance."""
BEYOND = 1.5
"""The longest gap that can be drawn, in longest gaps that were seen."""
_CHOICES = 8  # dates of either side that a row chooses among
Uniform = Callable[[str], np.ndarray]
"""Numbers in [0, 1) of a name, one for each row."""


@dataclass(frozen=True)
class Gap:
    """The distribution of a whole number that is never negative.

    Attributes
    ----------
    knots : tuple of int
        Rising; the first is one below the shortest gap.
    shares : tuple of float
        How many people's gaps are at or below each knot: from 0 to 1; even between two knots.
    """

    knots: tuple[int, ...]
    shares: tuple[float, ...]

    @staticmethod
    def learn(first: np.ndarray, second: np.ndarray) -> Gap | None:
        """The gap between two columns of dates.

        Parameters
        ----------
        first, second : float array
            Dates of each person; NaN where one is missing.

        Returns
        -------
        Gap or None
            None where there are too few people, or where one is later than the other.
        """
        away = np.sort((second - first)[~(np.isnan(first) | np.isnan(second))])
        if len(away) < PEOPLE or away[0] < 0:
            return None
        values = np.unique(away)
        if len(values) > KNOTS:
            places = np.linspace(0, len(away) - 1, KNOTS).round().astype(np.int64)
            values = np.unique(away[places])
        shares = np.searchsorted(away, values, side="right") / (len(away) + 0.5)
        # One knot before the first, so that its share is its own, and one for longer gaps.
        last = int(np.ceil(values[-1] * BEYOND)) + 1
        knots = (int(values[0]) - 1, *(int(value) for value in values), last)
        return Gap(knots, (0.0, *(round(float(share), 9) for share in shares), 1.0))

    @cached_property
    def table(self) -> tuple[np.ndarray, np.ndarray]:
        """Knots and shares."""
        return np.array(self.knots, dtype=np.float64), np.array(self.shares)

    def below(self, gaps: np.ndarray) -> np.ndarray:
        """The share of gaps at or below each of some whole numbers."""
        return np.interp(gaps, *self.table)

    def at(self, shares: np.ndarray) -> np.ndarray:
        """The gap of each share: the inverse of `below`, rounded up to whole numbers."""
        knots, known = self.table
        return np.ceil(np.interp(shares, known, knots) - 1e-9)


def drawn_pair(
    gap: Gap,
    first: Spread,
    second: Spread,
    uniform: Uniform,
    *,
    fixed_first: np.ndarray | None = None,
    fixed_second: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two dates of each row inside their bins, whose distance follows the gap.

    Parameters
    ----------
    gap : Gap
        How far apart they are.
    first, second : Spread
        What each row's bins hold.
    uniform : callable
        Random numbers.
    fixed_first, fixed_second : float array, optional
        Where one of the two is settled already.

    Returns
    -------
    first, second : float array, shape (rows,)
        The dates.
    done : bool array, shape (rows,)
        Where no gap reaches from the one bin into the other nothing is drawn.
    """
    names = [f"{word}{k}" for word in ("piece", "place", "gap") for k in range(_CHOICES)]
    numbers = np.stack([uniform(name) for name in (*names, "from", "to")])
    count = numbers.shape[1]
    begin, end, done = np.zeros(count), np.zeros(count), np.zeros(count, dtype=bool)
    every = np.arange(count)
    knots, shares = gap.table

    def reach(rows: np.ndarray, sign: int, *, is_fixed: bool = False) -> None:
        (start, near), (goal, far) = ((first, begin), (second, end))[::sign]
        reached(
            knots, shares, start.side, goal.side, sign, numbers, *goal.ends, rows, is_fixed,
            near, far, done,
        )  # fmt: skip

    if fixed_first is not None:
        begin[:] = fixed_first
        reach(every, 1, is_fixed=True)
    elif fixed_second is not None:
        end[:] = fixed_second
        reach(every, -1, is_fixed=True)
    else:  # from the narrower bin the other one is reached with fewer trials
        narrow = np.subtract(*first.ends) >= np.subtract(*second.ends)
        reach(np.flatnonzero(narrow), 1)
        reach(np.flatnonzero(~narrow), -1)
    return begin, end, done


class Spread:
    """How the values of a column spread inside each row's bin.

    Parameters
    ----------
    coding, pieces : Coding, Pieces
        The column, and the pieces that its values are drawn from.
    codes : int array, shape (rows,)
        The bins.
    """

    def __init__(self, coding: Coding, pieces: Pieces, codes: np.ndarray) -> None:
        self._coding, self._pieces = coding, pieces
        starts = np.searchsorted(pieces.bin, np.arange(pieces.bins + 1))
        self._from, self._to = starts[codes], starts[codes + 1]
        self._codes = codes
        self._total = np.append(0.0, np.cumsum(pieces.weight))

    @cached_property
    def side(self) -> Side:
        """The same for compiled code."""
        pieces, lattice = self._pieces, self._coding.lattice
        none = np.zeros((1, 1), dtype=np.int64)
        widths: tuple[Any, ...] = (
            False, 0, none[0], none[0], none, 1, none[0], none, none[0], none
        )  # fmt: skip
        if lattice is not None:
            widths = (
                True, int(lattice.first), lattice.width, lattice.kind, lattice.profile,
                int(lattice.span), lattice.outer, lattice.inner, *lattice.guide,
            )  # fmt: skip
        return Side(
            pieces.first, pieces.last, np.asarray(pieces.weight, dtype=np.float64), self._total,
            self._from, self._to, float(self._coding.per_unit), *widths,
        )  # fmt: skip

    @cached_property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The smallest and the largest value of each row's bin."""
        low, high = self._pieces.first[self._from], self._pieces.last[self._to - 1]
        return tuple(np.asarray(self._coding.value(e), dtype=np.float64) for e in (low, high))  # type: ignore[return-value]
