"""Days of people: minutes of each group, that sum to 1,440 and show the record's own interests.

The minutes of the three interests are drawn first, then group after group, each within what the
rule and the rest of the day allow; the last group has what is left. So both hold by construction,
and nothing is drawn again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synth.bayes.random import stream_key, uniforms
from synth.days.facts import FactCodes
from synth.days.groups import DAY, RANKS, Groups
from synth.days.minutes import EDGES, Values, bin_of, phase
from synth.days.network import DayNetwork
from synth.errors import PopulaceError

BLOCK = 4096
"""People at a time."""


@dataclass(frozen=True, eq=False)
class DayModel:
    """P(minutes of a day | facts of a record).

    Attributes
    ----------
    groups : Groups
        What a day is made of.
    ranks : tuple of str
        The columns of a record with its first to third interest.
    facts : FactCodes
        The columns that the minutes follow from, the ranks among them.
    network : DayNetwork
        What was learned.
    values : Values
        Minutes within bins.
    """

    groups: Groups
    ranks: tuple[str, ...]
    facts: FactCodes
    network: DayNetwork
    values: Values

    def fits(self, columns: tuple[str, ...]) -> bool:
        """Whether records with these columns say their interests."""
        return set(self.ranks) <= set(columns)

    def possible(self, frame: pd.DataFrame) -> np.ndarray:
        """Whether any day shows a record's interests, in their order; bool (people,)."""
        top = self.groups.places(frame, self.ranks)
        return self._first_limits(top)[1]

    def draw(self, frame: pd.DataFrame, seed: int = 0, start: int = 0) -> np.ndarray:
        """A day for each person.

        Parameters
        ----------
        frame : DataFrame
            Records; columns that are missing are unknown, but the interests must be there.
        seed : int
            The same seed gives the same days.
        start : int
            The number of the first person.

        Returns
        -------
        int64 array, shape (people, groups)
            Minutes; each row sums to 1,440.

        Raises
        ------
        PopulaceError
            A record names no interests, or some that no day shows in this order.
        """
        if not self.fits(tuple(frame.columns)):
            raise PopulaceError(
                f"A day follows from interests: give the columns {', '.join(self.ranks)}."
            )
        parts = [
            self._block(frame.iloc[low : low + BLOCK], seed, start + low)
            for low in range(0, len(frame), BLOCK)
        ]
        empty = np.zeros((0, len(self.groups)), dtype=np.int64)
        return np.concatenate(parts) if parts else empty

    def _first_limits(self, top: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The fewest minutes of each interest, and whether a day has room for them."""
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
            side = "left" if a < b else "right"
            limit = self.groups.scores[b, min(m, DAY)]
            need = int(np.searchsorted(self.groups.scores[a], limit, side=side))
            out[(first == a) & (other == b) & (minutes == m)] = need
        return out

    def _block(self, frame: pd.DataFrame, seed: int, start: int) -> np.ndarray:
        groups, people = self.groups, len(frame)
        top = groups.places(frame, self.ranks)
        fewest, possible = self._first_limits(top)
        if not possible.all():
            words = frame.iloc[int(np.argmin(possible))][list(self.ranks)].dropna()
            raise PopulaceError(
                f"No day of 1,440 minutes shows {', '.join(map(str, words))} in this order: leave "
                "such people out."
            )
        state = self.network.begin(self.facts.codes(frame))
        minutes = np.zeros((people, len(groups)), dtype=np.int64)
        left = np.full(people, DAY)
        drawn = _Drawn(self, state, seed, start)
        for rank in range(RANKS):
            rows = np.flatnonzero(top[:, rank] >= 0)
            later = fewest[rows, rank + 1 :].sum(axis=1)
            high = left[rows] - later
            if rank:
                high = np.minimum(high, self._under(top, minutes, rank, rows))
            got = drawn.slot(rank, rows, left[rows], fewest[rows, rank], high)
            minutes[rows, top[rows, rank]] = got
            left[rows] -= got
        last = top[:, -1]
        for group in range(len(groups) - 1):
            if groups.weights[group] > 0:
                rows = np.flatnonzero((last >= 0) & (top != group).all(axis=1))
                bound = groups.most(last[rows], minutes[rows, last[rows]], group)
                high = np.minimum(left[rows], bound)
            else:
                rows = np.arange(people)
                high = left
            got = drawn.slot(RANKS + group, rows, left[rows], np.zeros(len(rows), np.int64), high)
            minutes[rows, group] = got
            left[rows] -= got
        minutes[:, -1] = left
        return minutes

    def _under(
        self, top: np.ndarray, minutes: np.ndarray, rank: int, rows: np.ndarray
    ) -> np.ndarray:
        """The most minutes of an interest below the one before it."""
        before, mine = top[rows, rank - 1], top[rows, rank]
        out = np.zeros(len(rows), dtype=np.int64)
        for group in np.unique(mine):
            some = mine == group
            taken = minutes[rows[some], before[some]]
            out[some] = self.groups.most(before[some], taken, int(group))
        return out

    def about(self) -> dict[str, Any]:
        """For a file, beside the arrays."""
        return {
            "groups": self.groups.to_json(),
            "ranks": list(self.ranks),
            "facts": self.facts.to_json(),
        }

    @staticmethod
    def restored(about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> DayModel:
        """The model of what `about` and the arrays say; a ValueError where they do not fit."""
        groups = Groups.from_json(about["groups"])
        facts = FactCodes.from_json(about["facts"])
        slots = RANKS + len(groups) - 1
        wide = {name: values.astype(np.float32) for name, values in arrays.items()}
        shares = wide.pop("values")
        if shares.shape != (slots, 2, DAY + 1) or not (shares > 0).all():
            raise ValueError("values")
        network = DayNetwork(facts.sizes, slots, wide).checked()
        ranks = tuple(map(str, about["ranks"]))
        return DayModel(groups, ranks, facts, network, Values.of(shares))


class _Drawn:
    """Slot after slot of a block of people."""

    def __init__(self, model: DayModel, state: np.ndarray, seed: int, start: int) -> None:
        self._model, self._state, self._seed, self._start = model, state, seed, start

    def slot(
        self, slot: int, rows: np.ndarray, left: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> np.ndarray:
        """Minutes of a slot for some people, between limits that both count."""
        if not len(rows):
            return np.zeros(0, dtype=np.int64)
        model, which = self._model, phase(left)
        logits = model.network.logits(self._state[rows], slot, left)
        share = model.values.inside(slot, which, low, high)
        logits = np.where(share > 0, logits, -np.inf)
        mass = np.exp(logits - logits.max(axis=1, keepdims=True)) * share
        u = self._uniform(slot, "bin")[rows]
        total = np.cumsum(mass, axis=1)
        bins = (total <= (u * total[:, -1])[:, None]).sum(axis=1)
        last = mass.shape[1] - 1 - np.argmax(mass[:, ::-1] > 0, axis=1)
        bins = np.minimum(bins, last)
        got = model.values.draw(slot, which, bins, (low, high), self._uniform(slot, "value")[rows])
        model.network.show(self._state, slot, bin_of(got), rows)
        return got

    def _uniform(self, slot: int, purpose: str) -> np.ndarray:
        key = stream_key(self._seed, f"day/{purpose}/{slot}")
        return uniforms(key, self._start, len(self._state))


def slots(groups: Groups, minutes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Real days as the network reads them.

    Parameters
    ----------
    groups : Groups
        What a day is made of.
    minutes : int array, shape (days, groups)
        Days that sum to 1,440.

    Returns
    -------
    minutes, left : int64 arrays, shape (days, slots)
        Minutes of each slot, and what was left of the day before.
    drawn : bool array of the same shape
        Where minutes are drawn; elsewhere the interests settle them.
    """
    days, top = len(minutes), groups.top(minutes)
    size = RANKS + len(groups) - 1
    out = np.zeros((days, size), dtype=np.int64)
    left = np.zeros((days, size), dtype=np.int64)
    drawn = np.zeros((days, size), dtype=bool)
    now, row = np.full(days, DAY), np.arange(days)
    for slot in range(size):
        if slot < RANKS:
            some = top[:, slot] >= 0
            mine = minutes[row, top[:, slot]]
        else:
            group = slot - RANKS
            is_one = groups.weights[group] > 0
            some = (top[:, -1] >= 0) & (top != group).all(axis=1) if is_one else row >= 0
            mine = minutes[:, group]
        left[:, slot], drawn[:, slot] = now, some
        out[some, slot] = mine[some]
        now = now - out[:, slot]
    return out, left, drawn


__all__ = ["BLOCK", "EDGES", "DayModel", "slots"]
