"""How a column's distribution moves, ready to be drawn: before and after over the same places."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from synth.bayes.marginal import Marginal
    from synth.data.column import Column

BARS = 24
"""Bars of a number, and one more where its values do not divide evenly."""
_TAIL = 0.002  # of the people on either side fall into the outer bars
_LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class LevelShift:
    """The levels that are shown of a column.

    Attributes
    ----------
    labels : tuple of str
        The levels shown.
    before : ndarray of float, shape (levels,)
        Their shares.
    after : ndarray of float or None, shape (levels,)
        Their shares then; None where nothing moved them.
    top : float
        The largest share that a picture on the same scale shows.
    left_out : int
        How many levels are not shown.
    """

    labels: tuple[str, ...]
    before: np.ndarray
    after: np.ndarray | None
    top: float
    left_out: int


@dataclass(frozen=True, eq=False)
class NumberShift:
    """A number's shares over bars.

    Attributes
    ----------
    bars : tuple of (float, float)
        First and last value of each bar; the outer ones take what lies beyond.
    before, after, top
        As of `LevelShift`, over the bars.
    """

    bars: tuple[tuple[float, float], ...]
    before: np.ndarray
    after: np.ndarray | None
    top: float


def level_shift(
    before: Marginal, after: Marginal | None, beside: Marginal | None = None, *, most: int
) -> LevelShift:
    """How levels move.

    Parameters
    ----------
    before, after : Marginal
        The column's distribution before, and after if something moved it.
    beside : Marginal, optional
        What another picture shows after the same before: both then have one scale and one order.
    most : int
        Where there are more levels, so many of the commonest are shown, commonest first.

    Returns
    -------
    LevelShift
    """
    old = before.probabilities
    new = old if after is None else after.probabilities
    high = np.maximum(old, new)
    if beside is not None:
        high = np.maximum(high, beside.probabilities)
    order = np.arange(len(old))
    if len(order) > most:
        order = np.argsort(-high, kind="stable")[:most]
        lead = new if beside is None else high
        order = order[np.argsort(-lead[order], kind="stable")]
    return LevelShift(
        tuple(before.labels[i] for i in order),
        old[order],
        None if after is None else new[order],
        max(float(high[order].max()), _LEAST),
        len(old) - len(order),
    )


def number_shift(
    column: Column, before: Marginal, after: Marginal | None, beside: Marginal | None = None
) -> NumberShift:
    """How a number moves.

    Parameters
    ----------
    column : Column
        The number.
    before, after : Marginal
        Its distribution before, and after if something moved it.
    beside : Marginal, optional
        What another picture shows after the same before: both then have one scale.

    Returns
    -------
    NumberShift
    """
    bars = _bars(column, before)
    lows = [None, *(low for low, _ in bars[1:])]
    highs = [*(high for _, high in bars[:-1]), None]
    ends = list(zip(lows, highs, strict=True)) if bars else []

    def shares(marginal: Marginal) -> np.ndarray:
        return np.array([marginal.mass(low, high) for low, high in ends])

    old = shares(before)
    new = None if after is None else shares(after)
    drawn = [old, *([] if new is None else [new]), *([] if beside is None else [shares(beside)])]
    return NumberShift(tuple(bars), old, new, max(float(np.max(drawn, initial=0.0)), _LEAST))


def _bars(column: Column, before: Marginal) -> list[tuple[float, float]]:
    """Equal bars over the column's range, both ends included; their ends lie between values."""
    step = column.step or 0.0
    low, high = _end(before, _TAIL, column.lower), _end(before, 1 - _TAIL, column.upper)
    if step:
        count = round((high - low) / step) + 1
        width = max(1, -(-count // BARS))
        starts = low + step * np.arange(0, count, width)
        return [(float(at), float(min(at + step * (width - 1), high))) for at in starts]
    starts = np.linspace(low, high, BARS + 1)
    return [(float(a), float(b)) for a, b in pairwise(starts)]


def _end(marginal: Marginal, share: float, bound: float | None) -> float:
    """A quantile, or the column's bound where nobody has a value."""
    value = marginal.quantile(share)
    if value is not None and not math.isnan(value):
        return value
    return bound if bound is not None else 0.0
