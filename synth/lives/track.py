"""Which columns of a table are a person's states over time, and what is known of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synth.data.column import Column
from synth.data.evidence import Evidence, OneOf
from synth.data.schema import Schema
from synth.data.table import Table
from synth.data.wording import hint
from synth.errors import PopulaceError

BY, EVER = "by ", "ever"
"""Names of facts about a part of a life: ``by age_30=child`` up to a time, ``ever=divorced``."""
MOST_EVER = 4
"""Facts of that kind in one question: each doubles the states that a life can be in."""
MOST_STATES, MOST_TIMES = 64, 1024
PALETTE = (
    "#88CCEE", "#CC6677", "#DDCC77", "#117733", "#332288", "#AA4499", "#44AA99", "#999933",
    "#882255", "#661100", "#6699CC", "#888888",
)  # fmt: skip
"""Colours that the colour-blind can tell apart (Paul Tol's “muted”); states take them in order."""


@dataclass(frozen=True)
class Track:
    """A sequence of states.

    Attributes
    ----------
    columns : tuple of str
        The table's columns in the order of time, one for each time.
    states : tuple of str
        What a person can be in.
    unit : str
        What lies between two columns: "year", "month", "step".
    start : float or None
        The number of the first column, such as the age 15; None where columns have none.
    """

    columns: tuple[str, ...]
    states: tuple[str, ...]
    unit: str = "step"
    start: float | None = None

    @property
    def times(self) -> int:
        """How many times there are."""
        return len(self.columns)

    @property
    def labels(self) -> tuple[str, ...]:
        """The times in words: the ages where columns have numbers, else the columns' names."""
        if self.start is None:
            return self.columns
        return tuple(f"{self.start + i:g}" for i in range(self.times))

    @property
    def words(self) -> tuple[str, ...]:
        """Parts of states' names that several states share: ``married`` of ``left, married``."""
        parts = (part for state in self.states for part in re.split(r"[,+/]\s*", state))
        return tuple(p for p in dict.fromkeys(parts) if p and p not in self.states)

    def meant(self, word: str) -> np.ndarray:
        """The states that a word means: the one of that name with all states that hold the word.

        Returns
        -------
        bool array, shape (states,)
        """
        exact = np.array([state == word for state in self.states])
        if exact.any():
            return exact
        return np.array([word in re.split(r"[,+/]\s*", state) for state in self.states])

    @property
    def schema(self) -> Schema:
        """What may be said of a life: a column for each time, ``by`` each time, and ``ever``."""
        levels = (*self.states, *self.words)
        names = (*self.columns, *(BY + name for name in self.columns), EVER)
        return Schema(tuple(Column(name, "categorical", levels) for name in names))

    def codes(self, frame: pd.DataFrame) -> np.ndarray:
        """The states of each person.

        Returns
        -------
        int8 array, shape (people, times)

        Raises
        ------
        PopulaceError
            A cell is empty or holds no state.
        """
        place = {state: i for i, state in enumerate(self.states)}
        out = np.empty((len(frame), self.times), dtype=np.int8)
        for t, name in enumerate(self.columns):
            if name not in frame:
                raise PopulaceError(f"The table lacks the time {name}: give it all times.")
            codes = frame[name].astype(object).map(place)
            if codes.isna().any():
                raise PopulaceError(
                    f"Column {name} has cells without a state: fill them, or leave their rows out."
                )
            out[:, t] = codes.to_numpy(np.int8)
        return out

    def codes_of(self, table: Table) -> np.ndarray:
        """The states of a table's people, as `codes`; a column with one state alone counts too."""
        frame = table.frame
        alone = {
            name: table.schema[name].levels[0]
            for name in self.columns
            if name not in frame and name in table.schema and len(table.schema[name].levels) == 1
        }
        return self.codes(frame.assign(**alone) if alone else frame)

    def frame(self, codes: np.ndarray) -> pd.DataFrame:
        """States as a table's columns."""
        dtype = pd.CategoricalDtype(list(self.states))
        return pd.DataFrame(
            {
                name: pd.Categorical.from_codes(codes[:, t], dtype=dtype)
                for t, name in enumerate(self.columns)
            }
        )

    def to_json(self) -> dict[str, Any]:
        """For a file."""
        return {
            "columns": list(self.columns),
            "states": list(self.states),
            "unit": self.unit,
            "start": self.start,
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> Track:
        """Read what `to_json` wrote; a PopulaceError where it is damaged."""
        try:
            columns, states = tuple(map(str, data["columns"])), tuple(map(str, data["states"]))
            start = None if data["start"] is None else float(data["start"])
            track = Track(columns, states, str(data["unit"]), start)
        except (KeyError, TypeError, ValueError) as error:
            raise PopulaceError(f"The sequence is damaged near {error}: learn it anew.") from error
        _check(track)
        return track


def track_of(table: Table, text: str, unit: str = "") -> Track:
    """The sequence of a table's columns from the first to the last that are named.

    Parameters
    ----------
    table : Table
        The people.
    text : str
        ``age_15..age_30``: the first and the last column, in the table's order.
    unit : str
        What lies between two columns; guessed where it is not given: numbered columns whose name
        has ``age`` or ``year`` are years, names of months are months.

    Raises
    ------
    PopulaceError
        A column is not there, or is no column of states.
    """
    first, dots, last = (part.strip() for part in text.partition(".."))
    names = table.schema.names
    for name in (first, last) if dots else (first,):
        if name not in names:
            raise PopulaceError(f"The table has no column {name}{hint(name, names)}")
    if not dots or names.index(last) <= names.index(first):
        raise PopulaceError(
            f"{text} is no sequence: name its first and its last column, as age_15..age_30."
        )
    columns = names[names.index(first) : names.index(last) + 1]
    levels: list[str] = []
    for name in columns:
        column = table.schema[name]
        if column.kind != "categorical":
            raise PopulaceError(
                f"Column {name} holds no states: name a sequence of columns of words."
            )
        levels.extend(level for level in column.levels if level not in levels)
    numbers = [re.fullmatch(r"\D*(\d+)\D*", name) for name in columns]
    start = None
    if all(numbers):
        values = [int(match[1]) for match in numbers if match]
        if values == list(range(values[0], values[0] + len(values))):
            start = float(values[0])
    track = Track(columns, tuple(levels), unit or _unit(columns, start), start)
    _check(track)
    return track


@dataclass(frozen=True, eq=False)
class LifeEvidence:
    """What is known of a life.

    Attributes
    ----------
    text : str
        As it was written.
    allowed : bool array, shape (times, states)
        The states that are possible at each time.
    ever : tuple of bool array, each shape (times, states)
        Of each, one place at least is visited.
    """

    text: str
    allowed: np.ndarray
    ever: tuple[np.ndarray, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ever) or not self.allowed.all()

    @staticmethod
    def nothing(track: Track) -> LifeEvidence:
        """A life of which nothing is known."""
        return LifeEvidence("", np.ones((track.times, len(track.states)), dtype=bool))


def life_evidence(text: str, track: Track) -> LifeEvidence:
    """Read facts about a life: ``age_25=married,by age_30=child,ever=divorced``.

    A word that several states share means each of them.

    Raises
    ------
    PopulaceError
        A time or state is not there, or too many facts speak of a whole part of a life.
    """
    facts = Evidence.parse(text, track.schema)
    allowed = np.ones((track.times, len(track.states)), dtype=bool)
    ever = []
    for name, fact in facts.items():
        if not isinstance(fact, OneOf):
            raise PopulaceError(f"The fact about {name} is no state: name one.")
        states = _any(track.meant(value) for value in fact.values)
        if name in track.columns:
            allowed[track.columns.index(name)] &= states
            continue
        last = track.times - 1 if name == EVER else track.columns.index(name.removeprefix(BY))
        place = np.zeros_like(allowed)
        place[: last + 1] = states
        ever.append(place)
    if len(ever) > MOST_EVER:
        raise PopulaceError(f"At most {MOST_EVER} facts may say “by” or “ever”: drop some.")
    return LifeEvidence(text, allowed, tuple(ever))


def _any(masks: Iterable[np.ndarray]) -> np.ndarray:
    out: np.ndarray = np.logical_or.reduce(list(masks))
    return out


def _check(track: Track) -> None:
    if not 2 <= len(track.states) <= MOST_STATES or not 2 <= track.times <= MOST_TIMES:
        raise PopulaceError(
            f"A sequence has 2 to {MOST_STATES} states and 2 to {MOST_TIMES} times, not "
            f"{len(track.states)} and {track.times}: choose other columns."
        )


def _unit(columns: tuple[str, ...], start: float | None) -> str:
    if re.match(r"(?i)(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", columns[0]):
        return "month"
    return "year" if start is not None and re.match(r"(?i).*(age|year)", columns[0]) else "step"
