"""Sums of days: what real people of a group did, and what drawn ones do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from synth.errors import PopulaceError

LEAST = 100
"""Sums of a group of real people are shared where there are as many."""


@dataclass(frozen=True, eq=False)
class DayCounts:
    """What people did on a day.

    Attributes
    ----------
    people : int
        How many.
    minutes : int64 array, shape (groups,)
        Sums over people.
    doers : int64 array, shape (groups,)
        Those with one minute at least.
    """

    people: int
    minutes: np.ndarray
    doers: np.ndarray

    @staticmethod
    def of(minutes: np.ndarray) -> DayCounts:
        """Count days; int array, shape (people, groups)."""
        return DayCounts(len(minutes), minutes.sum(axis=0), (minutes > 0).sum(axis=0))

    @property
    def means(self) -> np.ndarray:
        """Minutes a person."""
        return self.minutes / max(self.people, 1)

    @property
    def shares(self) -> np.ndarray:
        """The share of people who did it."""
        return self.doers / max(self.people, 1)

    def to_json(self) -> dict[str, Any]:
        """For a file."""
        return {
            "people": self.people,
            "minutes": self.minutes.tolist(),
            "doers": self.doers.tolist(),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any], groups: int) -> DayCounts:
        """Read what `to_json` wrote; a PopulaceError where it is damaged."""
        try:
            arrays = [np.array(data[k], dtype=np.int64) for k in ("minutes", "doers")]
            people = int(data["people"])
        except (KeyError, TypeError, ValueError) as error:
            raise PopulaceError(f"Sums of days are damaged near {error}: build anew.") from error
        if any(each.shape != (groups,) for each in arrays) or people < 1:
            raise PopulaceError("Sums of days do not fit their groups: build them anew.")
        return DayCounts(people, *arrays)
