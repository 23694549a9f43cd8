"""What lives are like in numbers: shares, rates, spells, turning points, typical ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synth.data.column import Column
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.lives.track import Track

TYPICAL = 6
"""Typical lives that are shown."""
_CANDIDATES = 600


@dataclass(frozen=True, eq=False)
class LifeCounts:
    """Aggregate counts of lives; no row can be told from them.

    Attributes
    ----------
    people : int
        How many.
    states : int64 array, shape (times, states)
        People in each state at each time.
    moves : int64 array, shape (states, states)
        Moves between states over all times.
    spells : int64 array, shape (states, times)
        Spells of each length, those that the end cuts off with them.
    """

    people: int
    states: np.ndarray
    moves: np.ndarray
    spells: np.ndarray

    @staticmethod
    def of(codes: np.ndarray, states: int) -> LifeCounts:
        """Count lives; codes of shape (people, times)."""
        times = codes.shape[1]
        each = np.array([np.bincount(codes[:, t], minlength=states) for t in range(times)])
        pairs = codes[:, :-1].astype(np.int64) * states + codes[:, 1:]
        moves = np.bincount(pairs.ravel(), minlength=states**2).reshape(states, states)
        _, state, length = spells(codes)
        cells = np.bincount(state * times + length - 1, minlength=states * times)
        return LifeCounts(len(codes), each, moves, cells.reshape(states, times))

    def to_json(self) -> dict[str, Any]:
        """For a file."""
        return {
            "people": self.people,
            "states": self.states.tolist(),
            "moves": self.moves.tolist(),
            "spells": self.spells.tolist(),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any], track: Track) -> LifeCounts:
        """Read what `to_json` wrote; a PopulaceError where it is damaged."""
        size, times = len(track.states), track.times
        try:
            arrays = [np.array(data[k], dtype=np.int64) for k in ("states", "moves", "spells")]
            people = int(data["people"])
        except (KeyError, TypeError, ValueError) as error:
            raise PopulaceError(f"Counts of lives are damaged near {error}: learn anew.") from error
        if [a.shape for a in arrays] != [(times, size), (size, size), (size, times)]:
            raise PopulaceError("Counts of lives do not fit their sequence: learn it anew.")
        return LifeCounts(people, *arrays)


def spells(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every stretch of time in one state.

    Parameters
    ----------
    codes : int array, shape (people, times)

    Returns
    -------
    person, state, length : int64 arrays, one entry a spell, in the order of people and time
    """
    people, times = codes.shape
    starts = np.ones((people, times), dtype=bool)
    starts[:, 1:] = codes[:, 1:] != codes[:, :-1]
    person, time = np.nonzero(starts)
    after = np.r_[person[1:] * times + time[1:], people * times]
    return person, codes[person, time].astype(np.int64), after - (person * times + time)


def whole_features(track: Track, codes: np.ndarray) -> tuple[Schema, pd.DataFrame]:
    """A life as a row that a classifier can read whole.

    Returns
    -------
    schema : Schema
        The states at (at most 24) times, the number of spells, of different states, times spent in
        each state, when each was first entered, the longest spell, the first and the last turn.
    frame : DataFrame
        One row a person.
    """
    people, times = codes.shape
    picked = np.unique(np.linspace(0, times - 1, min(times, 24)).round().astype(int))
    columns = [Column(track.columns[t], "categorical", track.states) for t in picked]
    frame = track.frame(codes)[[track.columns[t] for t in picked]].copy()
    person, _, length = spells(codes)
    turns = codes[:, 1:] != codes[:, :-1]
    numbers: dict[str, np.ndarray] = {
        "spells": np.bincount(person, minlength=people),
        "longest spell": _most(person, length, people),
        "first turn": np.where(turns.any(axis=1), turns.argmax(axis=1) + 1, -1),
        "last turn": np.where(turns.any(axis=1), times - 1 - turns[:, ::-1].argmax(axis=1), -1),
    }
    different = np.zeros(people, dtype=np.int64)
    for s, state in enumerate(track.states):
        inside = codes == s
        numbers[f"times {state}"] = inside.sum(axis=1)
        numbers[f"since {state}"] = np.where(inside.any(axis=1), inside.argmax(axis=1), -1)
        different += inside.any(axis=1)
    numbers["different states"] = different
    for name, values in numbers.items():
        columns.append(Column(name, "integer"))
        frame[name] = values.astype(np.int64)
    return Schema(tuple(columns)), frame


def typical(codes: np.ndarray, most: int = TYPICAL, seed: int = 0) -> list[tuple[int, float]]:
    """Typical lives: medoids under the share of times in another state (Hamming distance).

    Parameters
    ----------
    codes : int array, shape (people, times)
        States.
    most : int
        How many.
    seed : int
        Which people are compared, where there are many.

    Returns
    -------
    list of (int, float)
        A person, and the share of people to whom no other of them is nearer; largest first.
    """
    random = np.random.default_rng(seed)
    rows = np.arange(len(codes))
    if len(rows) > _CANDIDATES:
        rows = np.sort(random.choice(len(rows), _CANDIDATES, replace=False))
    some = codes[rows]
    apart = (some[:, None, :] != some[None, :, :]).mean(axis=2)
    chosen: list[int] = [int(apart.sum(axis=1).argmin())]
    while len(chosen) < min(most, len(rows)):  # each next one brings people nearest (BUILD of PAM)
        now = apart[:, chosen].min(axis=1)
        gain = np.maximum(now[:, None] - apart, 0).sum(axis=0)
        if gain.max() <= 0:
            break
        chosen.append(int(gain.argmax()))
    for _ in range(10):
        near = apart[:, chosen].argmin(axis=1)
        better = []
        for group, old in enumerate(chosen):
            members = np.flatnonzero(near == group)
            inner = apart[np.ix_(members, members)].sum(axis=1)
            better.append(int(members[inner.argmin()]) if len(members) else old)
        if better == chosen:
            break
        chosen = better
    shares = np.bincount(apart[:, chosen].argmin(axis=1), minlength=len(chosen)) / len(rows)
    order = np.argsort(-shares, kind="stable")
    return [(int(rows[chosen[i]]), float(shares[i])) for i in order]


def _most(person: np.ndarray, length: np.ndarray, people: int) -> np.ndarray:
    out = np.zeros(people, dtype=np.int64)
    np.maximum.at(out, person, length)
    return out
