"""Keys that join tables: which column of one names the rows of another.

A key's values are distinct in the parent, and most of the child's are there. Columns are compared
whose names say the same: ``household`` in both, or ``id`` of ``households`` and ``household_id``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import pandas as pd

from synth.data.wording import hint
from synth.errors import PopulaceError

UNIQUE = 0.98
"""The share of a parent's keys that must be distinct for a key to be guessed."""
CONTAINED = 0.5
"""The share of a child's keys that its parent must have for a key to be guessed."""
SEPARATOR = "="
"""Between the parent's column and the child's, where a key is written as text."""


@dataclass(frozen=True)
class Key:
    """How the rows of a child name the rows of their parent.

    Attributes
    ----------
    child, parent : str
        The tables.
    column, key : str
        The child's column, and the parent's.
    contained : float
        The share of the child's keys that the parent has.
    unique : float
        The share of the parent's keys that are distinct.
    """

    child: str
    parent: str
    column: str
    key: str
    contained: float = 1.0
    unique: float = 1.0

    @property
    def fit(self) -> float:
        """How well it joins them, 0 to 1."""
        return round(self.contained * self.unique, 3)

    def __str__(self) -> str:
        same = self.column == self.key
        return self.column if same else f"{self.key}{SEPARATOR}{self.column}"


def possible_keys(
    frames: Mapping[str, pd.DataFrame], child: str, parents: Sequence[str], written: str = ""
) -> list[Key]:
    """The keys that may join a table to others, the best first.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        The tables.
    child : str
        One of them.
    parents : sequence of str
        Those that it may belong to.
    written : str, optional
        The column that both have, or ``KEY=COLUMN``: the parent's and the child's. Columns that
        are named may lack some parents and repeat; all that fit are looked at where left out.

    Raises
    ------
    PopulaceError
        The child has no such column.
    """
    frame = frames[child]
    columns = [str(column) for column in frame.columns]
    named = _written(written, columns)
    if named and named[1] not in columns:
        raise PopulaceError(f"{child} has no column {named[1]}{hint(named[1], columns)}")
    out = []
    for parent in parents:
        above = frames[parent]
        pairs = [
            (str(key), column)
            for key in above.columns
            for column in columns
            if (named == (str(key), column) if named else _alike(parent, str(key), column))
        ]
        for key, column in pairs:
            whole, mine = above[key].dropna(), frame[column].dropna()
            if not len(whole) or whole.dtype.kind == "f":
                continue
            unique = whole.nunique() / len(whole)
            if not named and unique <= UNIQUE:
                continue
            contained = float(mine.isin(whole).mean()) if len(mine) else 0.0
            if named or contained >= CONTAINED:
                out.append(Key(child, parent, column, key, contained, unique))
    # Of two that fit alike, the one with more rows is nearer: a visit's patient, not its hospital.
    return sorted(out, key=lambda k: (-k.fit, -len(frames[k.parent])))


def find_keys(frames: Mapping[str, pd.DataFrame]) -> dict[str, Key]:
    """The best key of each table that belongs to another; those that belong to none are left out.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        The tables, in any order.
    """
    names = list(frames)
    possible = {
        name: possible_keys(frames, name, [other for other in names if other != name])
        for name in names
    }
    out: dict[str, Key] = {}
    for name in names:
        for key in possible[name]:
            back = next((k for k in possible[key.parent] if k.parent == name), None)
            # Of two that name each other's rows, the parent is the one that lacks fewer, or came
            # first.
            turned = back is not None and (back.fit, -names.index(name)) > (
                key.fit,
                -names.index(key.parent),
            )
            if not turned and name not in _above(out, key.parent):
                out[name] = key
                break
    return out


def arrange(frames: Mapping[str, pd.DataFrame]) -> dict[str, Key]:
    """Which table belongs to which.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        The tables, in any order.

    Returns
    -------
    dict of str to Key
        For every table but one, the root, its key.

    Raises
    ------
    PopulaceError
        Some table belongs to no other, or there is one alone.
    """
    names = list(frames)
    if len(names) < 2:
        raise PopulaceError("One table alone links nothing: bring a table of children too.")
    out = find_keys(frames)
    alone = [name for name in names if name not in out]
    if len(alone) > 1:
        raise PopulaceError(
            f"No column joins {alone[1]} to {alone[0]}: give the column that names the rows the "
            "same name in both, or choose the key."
        )
    return out


def in_order(keys: Mapping[str, Key], names: Sequence[str]) -> list[str]:
    """The tables, each after its parent; the root first.

    Raises
    ------
    PopulaceError
        There is no root, or several.
    """
    roots = [name for name in names if name not in keys]
    if len(roots) != 1:
        raise PopulaceError(
            "Every table but one belongs to another: let exactly one belong to none."
        )
    above = {name: [keys[name].parent] if name in keys else [] for name in names}
    try:
        return list(TopologicalSorter(above).static_order())
    except CycleError as error:
        left = ", ".join(dict.fromkeys(error.args[1]))
        raise PopulaceError(
            f"{left} belong to each other in a circle: let one belong to none."
        ) from error


def _above(keys: Mapping[str, Key], name: str) -> set[str]:
    """A table and those that it belongs to."""
    out = {name}
    while name in keys and keys[name].parent not in out:
        name = keys[name].parent
        out.add(name)
    return out


def _written(written: str, columns: Sequence[str]) -> tuple[str, str] | None:
    """The parent's column and the child's, of what was written down."""
    if not written:
        return None
    if written in columns or SEPARATOR not in written:
        return written, written
    key, _, column = written.partition(SEPARATOR)
    return key.strip(), column.strip()


def _alike(parent: str, key: str, column: str) -> bool:
    """Whether the names of a parent's column and a child's say the same."""
    if key == column:
        return True
    table, own, other = (_plain(word) for word in (parent, key, column))
    singular = f"{table[:-3]}y" if table.endswith("ies") else table.removesuffix("s")
    names = {own} if own not in ("id", "key", "number", "no", "nr") else set()
    names |= {name for each in (table, singular) for name in (each + own, each)}
    return other in names


def _plain(word: str) -> str:
    return "".join(c for c in word.casefold() if c.isalnum())
