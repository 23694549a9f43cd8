"""Minutes as bins, and values in a bin as real days have them.

Diaries round to 5, 15 or 30 minutes, so values in a bin are drawn by how often they occur, and by
how what is left of the day (modulo 30 minutes) goes on: odd minutes of one group are made up for by
another. A value that fewer than `SHARED` people share is not kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from synth.days.groups import DAY

EDGES = np.array(
    [0, 1, 5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 105, 120, 150, 180, 210, 240, 270, 300,
     360, 420, 450, 480, 510, 540, 570, 600, 660, 720, 840, 1000, DAY + 1]
)  # fmt: skip
"""The first minute of each bin, and the end; none at all is a bin of its own."""
BINS = len(EDGES) - 1
ROUND = 30
"""Minutes that diaries round to, as 5, 10 and 15 divide it."""
SHARED = 10
_SPREAD = 0.002
_FITS, _SHRINK = 8, 5.0


def bin_of(minutes: np.ndarray) -> np.ndarray:
    """The bin of each number of minutes."""
    return np.searchsorted(EDGES, minutes, side="right") - 1


def possible_bins(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The bins that have a value between limits, both included; bool (rows, bins)."""
    begin = np.maximum(EDGES[:-1][None, :], low[:, None])
    end = np.minimum(EDGES[1:][None, :], high[:, None] + 1)
    out: np.ndarray = begin < end
    return out


@dataclass(frozen=True, eq=False)
class Values:
    """How often values occur in their bin.

    Attributes
    ----------
    shares : float64 array, shape (slots, 1,441)
        P(minutes | bin).
    turns : float64 array, shape (slots, 30, 30)
        How much more often than by `shares` alone a slot takes a day from one remainder (minutes
        left, modulo 30) to another.
    """

    shares: np.ndarray
    turns: np.ndarray

    @staticmethod
    def of(minutes: np.ndarray, left: np.ndarray, used: np.ndarray) -> Values:
        """Count real days.

        Parameters
        ----------
        minutes, left : int array, shape (days, slots)
            Minutes, and what was left of the day before.
        used : bool array of the same shape
            Where minutes are drawn, not settled.
        """
        slots = minutes.shape[1]
        shares, turns = np.zeros((slots, DAY + 1)), np.ones((slots, ROUND, ROUND))
        for slot in range(slots):
            some = used[:, slot]
            counts = np.bincount(minutes[some, slot], minlength=DAY + 1).astype(np.float64)
            shares[slot] = _shares(counts)
            does = some & (minutes[:, slot] > 0)
            turns[slot] = _turns(shares[slot], minutes[does, slot], left[does, slot])
        return Values(shares, turns)

    def draw(
        self,
        slot: int,
        left: np.ndarray,
        bins: np.ndarray,
        limits: tuple[np.ndarray, np.ndarray],
        uniform: np.ndarray,
    ) -> np.ndarray:
        """A value in each row's bin between its limits, both included."""
        out = np.zeros(len(bins), dtype=np.int64)
        for each in np.unique(bins[bins > 0]):
            rows = np.flatnonzero(bins == each)
            values = np.arange(EDGES[each], EDGES[each + 1])
            after = (left[rows, None] - values[None, :]) % ROUND
            mass = (
                self.shares[slot, values][None, :]
                * self.turns[slot][left[rows, None] % ROUND, after]
            )
            mass *= (values >= limits[0][rows, None]) & (values <= limits[1][rows, None])
            total = np.cumsum(mass, axis=1)
            place = (total <= (uniform[rows] * total[:, -1])[:, None]).sum(axis=1)
            last = len(values) - 1 - np.argmax(mass[:, ::-1] > 0, axis=1)
            out[rows] = values[np.minimum(place, last)]
        return out


def _shares(counts: np.ndarray) -> np.ndarray:
    """P(minutes | bin) of the values that enough people share, a little spread over the bin."""
    out = np.where(counts < SHARED, 0.0, counts)
    for low, high in pairwise(EDGES):
        part = out[low:high] / max(out[low:high].sum(), 1.0) + _SPREAD / (high - low)
        out[low:high] = part / part.sum()
    return out


def _turns(shares: np.ndarray, minutes: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Factors on moves between remainders, by some rounds of proportional fitting."""
    seen = np.zeros((ROUND, ROUND))
    np.add.at(seen, (left % ROUND, (left - minutes) % ROUND), 1.0)
    bins = bin_of(minutes)
    # How many people at a remainder have each bin, and what its values do to a remainder.
    people = np.zeros((ROUND, BINS))
    np.add.at(people, (left % ROUND, bins), 1.0)
    values = np.arange(1, DAY + 1)
    step = np.zeros((BINS, ROUND))
    np.add.at(step, (bin_of(values), values % ROUND), shares[1:])
    after = (np.arange(ROUND)[:, None] - np.arange(ROUND)[None, :]) % ROUND
    turns = np.ones((ROUND, ROUND))
    for _ in range(_FITS):
        # (remainder, bin, step): its factor is that of where the step leads.
        mass = step[None] * np.take_along_axis(turns, after, axis=1)[:, None, :]
        mass /= np.maximum(mass.sum(axis=2, keepdims=True), 1e-300)
        due_by_step = (people[:, :, None] * mass).sum(axis=1)
        due = np.zeros((ROUND, ROUND))
        np.put_along_axis(due, after, due_by_step, axis=1)
        turns *= (seen + _SHRINK) / (due + _SHRINK)
    return np.clip(turns, 1e-3, 1e3)
