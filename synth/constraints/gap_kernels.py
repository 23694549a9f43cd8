"""Two ordered dates of each row, drawn in compiled code: the arithmetic behind `gaps.drawn_pair`.

Every step is what NumPy would do with whole columns, operation for operation, so that a row is the
same to the last bit however it is reckoned.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit


class Side(NamedTuple):
    """One date: the pieces of its column, each row's bin, and the lattice that its values are on.

    Attributes
    ----------
    first, last : int64 array, shape (pieces,)
        The lattice indices that a piece spans.
    weight : float64 array, shape (pieces,)
        P(piece | bin).
    total : float64 array, shape (pieces + 1,)
        The weights summed up.
    begin, end : int64 array, shape (rows,)
        The first piece of each row's bin, and the one after its last.
    per_unit : float
        Lattice indices in a unit, where there are no widths.
    is_wide : bool
        Whether values have widths of their own; what follows describes them, as `Lattice` does.
    """

    first: np.ndarray
    last: np.ndarray
    weight: np.ndarray
    total: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    per_unit: float
    is_wide: bool
    zero: int
    width: np.ndarray
    kind: np.ndarray
    profile: np.ndarray
    span: int
    outer: np.ndarray
    inner: np.ndarray
    outer_guide: np.ndarray
    inner_guide: np.ndarray


@njit(cache=True, nogil=True)
def _last_at_most(table: np.ndarray, value: float, low: int, high: int) -> int:
    """The last place of `low` to `high` (excluded) whose entry is at most a value; `low` − 1."""
    while low < high:
        middle = (low + high) // 2
        if table[middle] <= value:
            low = middle + 1
        else:
            high = middle
    return low - 1


@njit(cache=True, nogil=True)
def _between(x: float, knots: np.ndarray, values: np.ndarray) -> float:
    """As `np.interp`."""
    count = len(knots)
    if x > knots[count - 1]:
        return float(values[count - 1])
    if x < knots[0]:
        return float(values[0])
    j = _last_at_most(knots, x, 0, count)
    if j == count - 1 or knots[j] == x:
        return float(values[j])
    slope = (values[j + 1] - values[j]) / (knots[j + 1] - knots[j])
    return float(slope * (x - knots[j]) + values[j])


@njit(cache=True, nogil=True, inline="always")
def _value(side: Side, index: int) -> float:
    """The value at a lattice index."""
    if not side.is_wide:
        return float(index / side.per_unit)
    outer, inner = side.outer, side.inner
    place = min(max(index, 0), outer[-1] - 1)
    guide = side.outer_guide
    cell = guide[min(int(place * (len(guide) / outer[-1])), len(guide) - 1)]
    while outer[cell] > place:
        cell -= 1
    while outer[cell + 1] <= place:
        cell += 1
    inners = side.profile.shape[1]
    if inners == 1 and side.span == 1:
        return float(side.zero + cell)
    kind = side.kind[cell]
    whole = (place - outer[cell]) // side.width[cell]
    count = side.inner_guide.shape[1]
    at = side.inner_guide[kind, min(int(whole * (count / inner[kind, -1])), count - 1)]
    while inner[kind, at] > whole:
        at -= 1
    while inner[kind, at + 1] <= whole:
        at += 1
    rest = (whole - inner[kind, at]) // side.profile[kind, at]
    return float(side.zero + (cell * inners + at) * side.span + rest)


@njit(cache=True, nogil=True, inline="always")
def _drawn(side: Side, row: int, first: float, second: float) -> float:
    """A value of a row's bin, by two numbers in [0, 1)."""
    begin, end = side.begin[row], side.end[row]
    low, high = side.total[begin], side.total[end]
    piece = _last_at_most(side.total, low + first * (high - low), 0, len(side.total))
    piece = min(max(piece, begin), max(end - 1, begin))
    span = side.last[piece] - side.first[piece] + 1
    return _value(side, side.first[piece] + int(np.floor(second * span)))


@njit(cache=True, nogil=True, inline="always")
def _weight(side: Side, row: int, value: float) -> float:
    """How often a value occurs beside the others of a row's bin; 0 outside the bin's pieces."""
    whole = int(np.rint(value * side.per_unit))
    index, width = whole, 1
    if side.is_wide:
        inners, cells = side.profile.shape[1], len(side.width)
        away = whole - side.zero
        cell = away // (inners * side.span)
        if cell < 0 or cell >= cells:
            return 0.0
        inside = away - cell * inners * side.span
        at = inside // side.span
        rest = inside - at * side.span
        kind = side.kind[cell]
        wide = side.profile[kind, at]
        index = side.outer[cell] + side.width[cell] * (side.inner[kind, at] + rest * wide)
        width = side.width[cell] * wide
    piece = max(_last_at_most(side.first, index, 0, len(side.first)), 0)
    inside_piece = side.first[piece] <= index <= side.last[piece]
    if not inside_piece or piece < side.begin[row] or piece >= side.end[row]:
        return 0.0
    span = side.last[piece] - side.first[piece] + 1
    return float(side.weight[piece] / span * width)


@njit(cache=True, nogil=True)
def _chosen(weights: np.ndarray, uniform: float) -> int:
    """One of some choices in proportion to their weights; the first where all are 0."""
    total = 0.0
    for each in weights:
        total += each
    if not total > 0:
        return 0
    goal, at, sum_ = uniform * total, 0, 0.0
    for each in weights:
        sum_ += each
        if sum_ <= goal:
            at += 1
    return min(at, len(weights) - 1)


@njit(cache=True, nogil=True)
def reached(
    knots: np.ndarray,
    shares: np.ndarray,
    start: Side,
    goal: Side,
    sign: int,
    numbers: np.ndarray,
    lows: np.ndarray,
    highs: np.ndarray,
    rows: np.ndarray,
    is_fixed: bool,
    fixed: np.ndarray,
    other: np.ndarray,
    done: np.ndarray,
) -> None:
    """Dates of one side, by what of the other side gaps reach from there, and dates of that.

    Parameters
    ----------
    knots, shares : float64 array
        The gap's distribution; see `Gap`.
    start, goal : Side
        The side that is drawn first, and the other one.
    sign : int
        1 where the first side is the earlier one, else −1.
    numbers : float64 array, shape (3 × choices + 2, rows)
        In [0, 1): pieces, places in them and steps of each choice; for the first side, the other.
    lows, highs : float64 array, shape (all rows,)
        The smallest and the largest value of the other side's bin.
    rows : int64 array
        The rows to draw.
    is_fixed : bool
        Whether `fixed` holds the first side's dates already; it is filled otherwise.
    fixed, other, done : array, shape (all rows,)
        Filled at `rows`: the two dates, and whether a gap reaches from the one bin to the other.
    """
    choices = (numbers.shape[0] - 2) // 3
    dates, weights = np.zeros(choices), np.zeros(choices)
    for row in rows:
        low, high = lows[row], highs[row]
        if not is_fixed:
            for k in range(choices):
                date = _drawn(start, row, numbers[k, row], numbers[choices + k, row])
                near, far = (low - date, high - date) if sign > 0 else (date - high, date - low)
                dates[k] = date
                mass = _between(far, knots, shares) - _between(near - 1, knots, shares)
                weights[k] = mass
            fixed[row] = dates[_chosen(weights, numbers[-2, row])]
        date = fixed[row]
        near, far = (low - date, high - date) if sign > 0 else (date - high, date - low)
        lower, upper = _between(near - 1, knots, shares), _between(far, knots, shares)
        for k in range(choices):
            share = lower + numbers[2 * choices + k, row] * (upper - lower)
            dates[k] = date + sign * np.ceil(_between(share, shares, knots) - 1e-9)
            weights[k] = _weight(goal, row, dates[k])
        at = _chosen(weights, numbers[-1, row])
        other[row] = dates[at]
        done[row] = upper > lower and weights[at] > 0
