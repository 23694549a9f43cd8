"""How far apart two ordered dates are: learned as a distribution, kept in every row.

A rule ``admitted <= discharged`` says nothing of how long people stay, and the bins of two dates
are wider than most stays. A `Gap` holds the distribution of the time between them: given the bins
that a person's dates fall into, both dates are drawn so that their distance follows it. Bins stay
as exact as they are; only where in its bin a date lies depends on the other one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from synth.bayes.coding import Coding, Pieces
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
    def _table(self) -> tuple[np.ndarray, np.ndarray]:
        return np.array(self.knots, dtype=np.float64), np.array(self.shares)

    def below(self, gaps: np.ndarray) -> np.ndarray:
        """The share of gaps at or below each of some whole numbers."""
        return np.interp(gaps, *self._table)

    def at(self, shares: np.ndarray) -> np.ndarray:
        """The gap of each share: the inverse of `below`, rounded up to whole numbers."""
        knots, known = self._table
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
    numbers = [uniform(f"{word}{k}") for word in ("piece", "place", "gap") for k in range(_CHOICES)]
    numbers += [uniform("from"), uniform("to")]
    if fixed_first is not None:
        begin, end, done = _reached(gap, first, second, 1, numbers, fixed_first)
        return begin, end, done
    if fixed_second is not None:
        end, begin, done = _reached(gap, second, first, -1, numbers, fixed_second)
        return begin, end, done
    # From the narrower bin the other one is reached with fewer trials.
    narrow = np.subtract(*first.ends) >= np.subtract(*second.ends)
    begin, end, done = np.zeros(len(narrow)), np.zeros(len(narrow)), np.zeros(len(narrow), bool)
    for rows, sign in ((narrow, 1), (~narrow, -1)):
        if not rows.any():
            continue
        some = [each[rows] for each in numbers]
        sides = (first.of(rows), second.of(rows))
        start, goal = sides[::sign]
        one, other, done[rows] = _reached(gap, start, goal, sign, some)
        begin[rows], end[rows] = (one, other)[::sign]
    return begin, end, done


def _reached(
    gap: Gap,
    start: Spread,
    goal: Spread,
    sign: int,
    numbers: list[np.ndarray],
    fixed: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Dates of one side, by what of the other side gaps reach from there, and dates of that."""
    low, high = goal.ends

    def within(dates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        near, far = (low - dates, high - dates) if sign > 0 else (dates - high, dates - low)
        return gap.below(near - 1), gap.below(far)

    places, inside, steps = (numbers[k * _CHOICES : (k + 1) * _CHOICES] for k in range(3))
    if fixed is None:
        starts = [start.value(a, b) for a, b in zip(places, inside, strict=True)]
        masses = [np.subtract(*within(each)[::-1]) for each in starts]
        fixed = _chosen(starts, masses, numbers[-2])
    lower, upper = within(fixed)
    ends = [fixed + sign * gap.at(lower + step * (upper - lower)) for step in steps]
    end = _chosen(ends, [goal.weight(each) for each in ends], numbers[-1])
    return fixed, end, (upper > lower) & (goal.weight(end) > 0)


def _chosen(
    choices: list[np.ndarray], weights: list[np.ndarray], uniform: np.ndarray
) -> np.ndarray:
    """One choice of each row, in proportion to the weights; the first where all are 0."""
    weight = np.stack(weights, axis=1)
    total = np.cumsum(weight, axis=1)
    at = (total <= (uniform * total[:, -1])[:, None]).sum(axis=1)
    at = np.where(total[:, -1] > 0, np.minimum(at, len(choices) - 1), 0)
    return np.stack(choices, axis=1)[np.arange(len(at)), at]


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

    def of(self, rows: np.ndarray) -> Spread:
        """What the bins of some rows hold."""
        return Spread(self._coding, self._pieces, self._codes[rows])

    @cached_property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The smallest and the largest value of each row's bin."""
        low, high = self._pieces.first[self._from], self._pieces.last[self._to - 1]
        return tuple(np.asarray(self._coding.value(e), dtype=np.float64) for e in (low, high))  # type: ignore[return-value]

    def value(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """A value of each row's bin, by two numbers in [0, 1)."""
        pieces, total = self._pieces, self._total
        low, high = total[self._from], total[self._to]
        piece = np.searchsorted(total, low + first * (high - low), side="right") - 1
        piece = np.clip(piece, self._from, np.maximum(self._to - 1, self._from))
        span = pieces.last[piece] - pieces.first[piece] + 1
        index = pieces.first[piece] + np.floor(second * span).astype(np.int64)
        return np.asarray(self._coding.value(index), dtype=np.float64)

    def weight(self, values: np.ndarray) -> np.ndarray:
        """How often a value occurs beside the others of its bin; 0 outside the bin's pieces."""
        pieces = self._pieces
        index = self._coding.index(values)
        piece = np.searchsorted(pieces.first, index, side="right") - 1
        piece = np.clip(piece, 0, len(pieces.first) - 1)
        span = pieces.last[piece] - pieces.first[piece] + 1
        inside = (index >= pieces.first[piece]) & (index <= pieces.last[piece])
        inside &= (piece >= self._from) & (piece < self._to)
        each = pieces.weight[piece] / span * self._coding.widths(values)
        return np.where(inside, each, 0.0)
