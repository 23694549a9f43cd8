"""Groups of activities, and the rule by which a day shows its interests.

An interest's score is ln(1 + minutes) times its weight (how rare it is among days); the first to
third interest of a day are those of the highest scores, an earlier one first where two are equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synth.errors import PopulaceError
from synth.lazy import cached_property

DAY = 1440
"""Minutes."""
RANKS = 3
"""Interests of a day that count."""


@dataclass(frozen=True, eq=False)
class Groups:
    """What a day is made of.

    Attributes
    ----------
    names : tuple of str
        All groups in the order in which they are drawn; what is left of the day is the last one's.
    titles : tuple of str
        For the screen.
    kinds : tuple of str
        The families that share a colour, such as "home" or "leisure".
    weights : float64 array, shape (groups,)
        How much an interest counts; 0 for what is none.
    """

    names: tuple[str, ...]
    titles: tuple[str, ...]
    kinds: tuple[str, ...]
    weights: np.ndarray

    def __post_init__(self) -> None:
        sizes = {len(self.names), len(self.titles), len(self.kinds), len(self.weights)}
        if len(sizes) > 1 or len(set(self.names)) < len(self.names) or self.weights[-1] > 0:
            raise PopulaceError(
                "Groups of activities need a name of their own, a title, a kind and a weight each, "
                "and the last one must be no interest: mend the list."
            )

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def interests(self) -> np.ndarray:
        """Places of the groups that are interests."""
        return np.flatnonzero(self.weights > 0)

    @cached_property
    def scores(self) -> np.ndarray:
        """Score of each number of minutes; float64 (groups, 1,441)."""
        out: np.ndarray = self.weights[:, None] * np.log1p(np.arange(DAY + 1))[None, :]
        return out

    def top(self, minutes: np.ndarray) -> np.ndarray:
        """The interests that days show.

        Parameters
        ----------
        minutes : int array, shape (days, groups)

        Returns
        -------
        int64 array, shape (days, 3)
            Places of groups; -1 where a day shows no further interest.
        """
        at = self.interests
        scores = self.scores[at[None, :], minutes[:, at]]
        order = np.argsort(-scores, axis=1, kind="stable")[:, :RANKS]
        some = np.take_along_axis(scores, order, axis=1) > 0
        out: np.ndarray = np.where(some, at[order], -1)
        return out

    def places(self, frame: pd.DataFrame, columns: tuple[str, ...]) -> np.ndarray:
        """Interests that records name; int64 (rows, 3), -1 where there is none.

        Raises
        ------
        PopulaceError
            A record names one that is no interest of these groups.
        """
        place = {self.names[i]: int(i) for i in self.interests}
        out = np.full((len(frame), len(columns)), -1, dtype=np.int64)
        for rank, column in enumerate(columns):
            values = frame[column].astype(object)
            known = values.notna().to_numpy(bool)
            strange = set(values[known]) - place.keys()
            if strange:
                raise PopulaceError(
                    f"{min(map(str, strange))} of {column} is no interest that days show: leave "
                    "such people out."
                )
            out[known, rank] = [place[value] for value in values[known]]
        return out

    def most(self, place: np.ndarray, minutes: np.ndarray, than: int) -> np.ndarray:
        """The most minutes of a group that do not pass another interest's; per person.

        Parameters
        ----------
        place : int64 array
            The other interest, of each person.
        minutes : int64 array
            Its minutes.
        than : int
            The group.
        """
        limit = self.scores[place, minutes]
        mine = self.scores[than]
        # The earlier of two equal ones comes first, so a later one may be equal.
        equal = np.searchsorted(mine, limit, side="right") - 1
        below = np.searchsorted(mine, limit, side="left") - 1
        out: np.ndarray = np.where(than > place, equal, below)
        return np.maximum(out, 0)

    def to_json(self) -> dict[str, Any]:
        """For a file."""
        return {
            "names": list(self.names),
            "titles": list(self.titles),
            "kinds": list(self.kinds),
            "weights": self.weights.tolist(),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Groups:
        """Read what `to_json` wrote; a PopulaceError where it is damaged."""
        try:
            names, titles, kinds = (
                tuple(map(str, data[key])) for key in ("names", "titles", "kinds")
            )
            return Groups(names, titles, kinds, np.array(data["weights"], dtype=np.float64))
        except (KeyError, TypeError, ValueError) as error:
            raise PopulaceError(f"Groups are damaged near {error}: build the days anew.") from error
