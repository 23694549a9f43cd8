"""From slot to slot of a day: who draws minutes there, of which group, and within which limits.

The first slots are the interests of the record, in their order; then comes group after group, and
what is left is the last one's. The same walk serves drawing days and reading real ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.days.groups import DAY, RANKS, Groups


def slot_count(groups: Groups) -> int:
    """How many slots a day has."""
    return RANKS + len(groups) - 1


class Walk:
    """Days on their way.

    Parameters
    ----------
    groups : Groups
        What a day is made of.
    top : int64 array, shape (days, 3)
        Places of the interests, -1 where there is no further one.

    Attributes
    ----------
    minutes : int64 array, shape (days, groups)
        So far.
    left : int64 array, shape (days,)
        What is left of the day.
    possible : bool array, shape (days,)
        Whether any day shows these interests in this order.
    """

    def __init__(self, groups: Groups, top: np.ndarray) -> None:
        self.groups, self.top = groups, top
        self.minutes = np.zeros((len(top), len(groups)), dtype=np.int64)
        self.left = np.full(len(top), DAY)
        self._fewest, self.possible = self._first_limits()

    def ask(self, slot: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Who draws at a slot.

        Returns
        -------
        rows, place, low, high : int64 arrays
            Days, the group of each, the fewest and the most minutes.
        """
        top, left = self.top, self.left
        if slot < RANKS:
            rows = np.flatnonzero(top[:, slot] >= 0)
            high = left[rows] - self._fewest[rows, slot + 1 :].sum(axis=1)
            if slot:
                high = np.minimum(high, self._under(slot, rows))
            return rows, top[rows, slot], self._fewest[rows, slot], high
        group = slot - RANKS
        if self.groups.weights[group] > 0:
            last = top[:, -1]
            rows = np.flatnonzero((last >= 0) & (top != group).all(axis=1))
            bound = self.groups.most(last[rows], self.minutes[rows, last[rows]], group)
            high = np.minimum(left[rows], bound)
        else:
            rows, high = np.arange(len(top)), left
        return rows, np.full(len(rows), group), np.zeros(len(rows), dtype=np.int64), high

    def take(self, rows: np.ndarray, place: np.ndarray, minutes: np.ndarray) -> None:
        """Minutes that some days spend."""
        self.minutes[rows, place] = minutes
        self.left[rows] -= minutes

    def end(self) -> np.ndarray:
        """The days, the last group with what is left."""
        self.minutes[:, -1] = self.left
        return self.minutes

    def _first_limits(self) -> tuple[np.ndarray, np.ndarray]:
        """The fewest minutes of each interest, and whether a day has room for them."""
        top = self.top
        fewest = np.zeros(top.shape, dtype=np.int64)
        ordered = np.ones(len(top), dtype=bool)
        for rank in range(RANKS - 1, -1, -1):
            has = top[:, rank] >= 0
            fewest[has, rank] = 1
            for later in range(rank + 1, RANKS):
                both = has & (top[:, later] >= 0)
                need = self._before(top[both, rank], top[both, later], fewest[both, later])
                fewest[both, rank] = np.maximum(fewest[both, rank], need)
                ordered &= has | (top[:, later] < 0)
                ordered &= ~both | (top[:, rank] != top[:, later])
        return fewest, ordered & (fewest.sum(axis=1) <= DAY)

    def _before(self, first: np.ndarray, other: np.ndarray, minutes: np.ndarray) -> np.ndarray:
        """The fewest minutes of an interest that stands before so many of another."""
        out = np.zeros(len(first), dtype=np.int64)
        for a, b, m in np.unique(np.column_stack([first, other, minutes]), axis=0):
            limit, mine = self.groups.scores[b, min(m, DAY)], self.groups.scores[a]
            # The earlier of two equal ones comes first.
            need = int((mine < limit).sum() if a < b else (mine <= limit).sum())
            out[(first == a) & (other == b) & (minutes == m)] = need
        return out

    def _under(self, rank: int, rows: np.ndarray) -> np.ndarray:
        """The most minutes of an interest below the one before it."""
        before, mine = self.top[rows, rank - 1], self.top[rows, rank]
        out = np.zeros(len(rows), dtype=np.int64)
        for group in np.unique(mine):
            some = mine == group
            taken = self.minutes[rows[some], before[some]]
            out[some] = self.groups.most(before[some], taken, int(group))
        return out


@dataclass(frozen=True, eq=False)
class Slots:
    """Real days slot by slot; arrays of shape (days, slots).

    Attributes
    ----------
    minutes, left : int64
        Minutes, and what was left of the day before.
    drawn : bool
        Where minutes are drawn; elsewhere the interests settle them.
    low, high : int64
        The fewest and the most minutes that were possible.
    """

    minutes: np.ndarray
    left: np.ndarray
    drawn: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @staticmethod
    def of(groups: Groups, minutes: np.ndarray) -> Slots:
        """Read days; int array, shape (days, groups), that sum to 1,440."""
        walk = Walk(groups, groups.top(minutes))
        shape = (len(minutes), slot_count(groups))
        spent, left, low, high = (np.zeros(shape, dtype=np.int64) for _ in range(4))
        drawn = np.zeros(shape, dtype=bool)
        for slot in range(shape[1]):
            left[:, slot] = walk.left
            rows, place, least, most = walk.ask(slot)
            drawn[rows, slot], low[rows, slot], high[rows, slot] = True, least, most
            spent[rows, slot] = minutes[rows, place]
            walk.take(rows, place, minutes[rows, place])
        return Slots(spent, left, drawn, low, high)
