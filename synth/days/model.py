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
from synth.days.groups import DAY, Groups
from synth.days.minutes import ROUND, Values, possible_bins
from synth.days.network import DayNetwork
from synth.days.walk import Walk, slot_count
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
        return Walk(self.groups, self.groups.places(frame, self.ranks)).possible

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

    def _block(self, frame: pd.DataFrame, seed: int, start: int) -> np.ndarray:
        walk = Walk(self.groups, self.groups.places(frame, self.ranks))
        if not walk.possible.all():
            words = frame.iloc[int(np.argmin(walk.possible))][list(self.ranks)].dropna()
            raise PopulaceError(
                f"No day of 1,440 minutes shows {', '.join(map(str, words))} in this order: leave "
                "such people out."
            )
        state = self.network.begin(self.facts.codes(frame))
        for slot in range(slot_count(self.groups)):
            rows, place, low, high = walk.ask(slot)
            if not len(rows):
                continue
            left = walk.left[rows]
            logits = self.network.logits(state[rows], slot, left, high)
            uniform = [
                uniforms(stream_key(seed, f"day/{purpose}/{slot}"), start, len(frame))[rows]
                for purpose in ("bin", "value")
            ]
            bins = _chosen(np.where(possible_bins(low, high), logits, -np.inf), uniform[0])
            got = self.values.draw(slot, left, bins, (low, high), uniform[1])
            self.network.show(state, slot, bins, rows)
            walk.take(rows, place, got)
        return walk.end()

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
        slots = slot_count(groups)
        wide = {name: values.astype(np.float32) for name, values in arrays.items()}
        shares, turns = (wide.pop(name).astype(np.float64) for name in ("shares", "turns"))
        fits = shares.shape == (slots, DAY + 1) and turns.shape == (slots, ROUND, ROUND)
        if not fits or not all(np.isfinite(a).all() and (a > 0).all() for a in (shares, turns)):
            raise ValueError("values")
        network = DayNetwork(facts.sizes, slots, wide).checked()
        ranks = tuple(map(str, about["ranks"]))
        return DayModel(groups, ranks, facts, network, Values(shares, turns))


def _chosen(logits: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    mass = np.exp(logits - logits.max(axis=1, keepdims=True))
    total = np.cumsum(mass, axis=1)
    bins = (total <= (uniform * total[:, -1])[:, None]).sum(axis=1)
    last = mass.shape[1] - 1 - np.argmax(mass[:, ::-1] > 0, axis=1)
    out: np.ndarray = np.minimum(bins, last)
    return out
