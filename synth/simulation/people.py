"""The people of a simulation as columns: one place for each person who ever lived in it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from synth.bayes.random import fill_uniforms, stream_key
from synth.simulation.rates import Family

NOBODY = -1
"""In place of a person's number: there is none, or none is known."""
GENDERS = ("female", "male")
_PART = 1 << 16


@dataclass
class People:
    """Columns of equal length, by person number; the dead keep their place.

    Attributes
    ----------
    alive, male : bool arrays
    age : int16 array
        In whole years; at death where dead.
    kind : int8 array
        Life class.
    state : int8 array
        Of `Family`.
    since : int16 array
        Years in the state, the present one with them.
    child : bool array
        Has had a child.
    spouse, mother, father : int64 arrays
        Numbers of persons, or `NOBODY`.
    household : int64 array
        Number of the household.
    works : float32 array
        A person's place among those who might work, 0 first.
    """

    alive: np.ndarray
    male: np.ndarray
    age: np.ndarray
    kind: np.ndarray
    state: np.ndarray
    since: np.ndarray
    child: np.ndarray
    spouse: np.ndarray
    mother: np.ndarray
    father: np.ndarray
    household: np.ndarray
    works: np.ndarray

    def __len__(self) -> int:
        return len(self.alive)

    def joined(self, other: People) -> People:
        """These people, then others."""
        parts = {
            f.name: np.concatenate([getattr(self, f.name), getattr(other, f.name)])
            for f in fields(self)
        }
        return People(**parts)

    def copy(self) -> People:
        """The same people, to be changed."""
        return People(**{f.name: getattr(self, f.name).copy() for f in fields(self)})


def uniforms(seed: int, purpose: str, start: int, count: int, threads: int = 1) -> np.ndarray:
    """A number in [0, 1) for each person, which depends on seed, purpose and person alone.

    Parameters
    ----------
    seed : int
        The simulation's.
    purpose : str
        What it is for, with the year.
    start, count : int
        The first person, and how many.
    threads : int
        At work; the numbers are the same.

    Returns
    -------
    float64 array, shape (count,)
    """
    key = stream_key(seed, f"simulation/{purpose}")
    out = np.empty(count)
    if threads <= 1 or count <= _PART:
        fill_uniforms(key, start, out)
    else:
        with ThreadPoolExecutor(threads) as pool:
            lows = range(0, count, _PART)
            parts = (out[low : low + _PART] for low in lows)
            list(pool.map(lambda low, part: fill_uniforms(key, start + low, part), lows, parts))
    return out


def frame_of(people: People, family: Family, year: int, work: np.ndarray | None) -> pd.DataFrame:
    """The living as a table.

    Parameters
    ----------
    people : People
        Everyone.
    family : Family
        What states mean.
    year : int
        For a column.
    work : float64 array, shape (2, ages), or None
        P(employed | gender, age).

    Returns
    -------
    DataFrame
        One row a living person, by number.
    """
    rows = np.flatnonzero(people.alive)
    state, age = people.state[rows], people.age[rows]
    marital = np.where(family.married[state], 1, np.where(family.parted[state], 2, 0))
    marital[state == len(family.names) - 1] = 3
    words = ("never married", "married", "divorced", "widowed")
    household = people.household[rows]
    _, place, sizes = np.unique(household, return_inverse=True, return_counts=True)
    young = np.bincount(place, (age < 18), minlength=len(sizes))
    out = pd.DataFrame(
        {
            "person": rows,
            "year": np.int32(year),
            "gender": pd.Categorical.from_codes(people.male[rows].astype(np.int8), list(GENDERS)),
            "age": age,
            "marital": pd.Categorical.from_codes(marital.astype(np.int8), list(words)),
            "family": pd.Categorical.from_codes(
                np.where(age < 15, -1, state).astype(np.int8), list(family.names)
            ),
            "has_children": people.child[rows],
            "household": household,
            "n_in_household": sizes[place].astype(np.int16),
            "under_18_in_household": young[place].astype(np.int16),
        }
    )
    for name in ("spouse", "mother", "father"):
        other = getattr(people, name)[rows]
        out[name] = pd.array(np.where(other >= 0, other, 0), dtype="Int64")
        out.loc[other < 0, name] = pd.NA
    if work is not None:
        out["employed"] = is_working(people, rows, work)
    return out


def is_working(people: People, rows: np.ndarray, work: np.ndarray) -> np.ndarray:
    """Whether each of some people works; bool, shape (rows,)."""
    chance = work[people.male[rows].astype(np.int64), people.age[rows]]
    out: np.ndarray = people.works[rows] < chance
    return out
