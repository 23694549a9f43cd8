"""Minutes as bins, and values in a bin as real days have them.

Diaries round to 5, 15 or 30 minutes, so values in a bin are drawn by how often they occur: apart
for days of which a multiple of five minutes is left, and others. A value that fewer than `SHARED`
people share is not kept.
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
SHARED = 10
_SPREAD = 0.002


def bin_of(minutes: np.ndarray) -> np.ndarray:
    """The bin of each number of minutes."""
    return np.searchsorted(EDGES, minutes, side="right") - 1


def phase(left: np.ndarray) -> np.ndarray:
    """0 where a multiple of five minutes of the day is left, else 1."""
    return (left % 5 != 0).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Values:
    """How often values occur in their bin.

    Attributes
    ----------
    cumulative : float64 array, shape (slots, 2, 1,442)
        For each slot and phase, the mass of values below each; every bin holds 1.
    """

    cumulative: np.ndarray

    @staticmethod
    def of(shares: np.ndarray) -> Values:
        """From shares within bins; shape (slots, 2, 1,441)."""
        wide = shares.astype(np.float64)
        for low, high in pairwise(EDGES):
            part = wide[..., low:high]
            wide[..., low:high] = part / part.sum(axis=-1, keepdims=True)
        zero = np.zeros((*wide.shape[:-1], 1))
        return Values(np.concatenate([zero, np.cumsum(wide, axis=-1)], axis=-1))

    @staticmethod
    def shares(minutes: np.ndarray, left: np.ndarray, used: np.ndarray) -> np.ndarray:
        """Shares of values in their bins, as kept in a file.

        Parameters
        ----------
        minutes, left : int array, shape (days, slots)
            Minutes, and what was left of the day before.
        used : bool array of the same shape
            Where minutes are drawn, not settled.

        Returns
        -------
        float32 array, shape (slots, 2, 1,441)
        """
        out = np.zeros((minutes.shape[1], 2, DAY + 1))
        apart = phase(left)
        for slot in range(minutes.shape[1]):
            for which in (0, 1):
                rows = used[:, slot] & (apart[:, slot] == which)
                out[slot, which] = np.bincount(minutes[rows, slot], minlength=DAY + 1)
        out[out < SHARED] = 0
        for low, high in pairwise(EDGES):
            part = out[..., low:high]
            total = part.sum(axis=-1, keepdims=True)
            part = part / np.maximum(total, 1)
            out[..., low:high] = np.where(total > 0, part, 0.0) + _SPREAD / (high - low)
            out[..., low:high] /= out[..., low:high].sum(axis=-1, keepdims=True)
        return out.astype(np.float32)

    def inside(self, slot: int, which: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """The share of each bin that lies between limits, both included; shape (rows, bins)."""
        table = self.cumulative[slot]
        begin = np.maximum(EDGES[:-1][None, :], low[:, None])
        end = np.minimum(EDGES[1:][None, :], high[:, None] + 1)
        begin = np.minimum(begin, end)
        out: np.ndarray = table[which[:, None], end] - table[which[:, None], begin]
        return out

    def draw(
        self,
        slot: int,
        which: np.ndarray,
        bins: np.ndarray,
        limits: tuple[np.ndarray, np.ndarray],
        uniform: np.ndarray,
    ) -> np.ndarray:
        """A value in each row's bin between its limits, both included."""
        begin = np.maximum(EDGES[bins], limits[0])
        end = np.minimum(EDGES[bins + 1], limits[1] + 1)
        out = np.zeros(len(bins), dtype=np.int64)
        for each in (0, 1):
            rows = np.flatnonzero(which == each)
            table = self.cumulative[slot, each]
            low, high = table[begin[rows]], table[end[rows]]
            target = low + uniform[rows] * (high - low)
            out[rows] = np.searchsorted(table, target, side="right") - 1
        return np.clip(out, begin, end - 1)
