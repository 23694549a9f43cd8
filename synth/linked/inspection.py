"""What was understood of tables that belong together: which keys join them, and what does not fit.

A value for the screen: it holds names and counts, no row, and goes through JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from synth.errors import PopulaceError
from synth.linked.keys import Key, find_keys, in_order
from synth.linked.tables import LinkedTables, link


@dataclass(frozen=True)
class InspectedTable:
    """One of the tables.

    Attributes
    ----------
    name : str
        What it is called.
    rows : int
        How many it has.
    columns : tuple of str
        All of its columns.
    key : Key or None
        How its rows name their parent's; None for the root.
    orphans : int
        Rows whose parent is not there.
    repeated : int
        Rows that repeat a key that names the rows of this table.
    childless : int
        Rows of the parent that have none here.
    most, mean : float
        Rows of one parent's.
    order : str
        The column that a family's rows are in order of; empty where they stand as in the file.
    """

    name: str
    rows: int
    columns: tuple[str, ...]
    key: Key | None = None
    orphans: int = 0
    repeated: int = 0
    childless: int = 0
    most: float = 0.0
    mean: float = 0.0
    order: str = ""


@dataclass(frozen=True)
class LinkedInspection:
    """What was understood.

    Attributes
    ----------
    tables : tuple of InspectedTable
        Each after its parent, where they could be joined; else as they came.
    notes : tuple of str
        Sentences on keys, orphans, parents without rows, and columns that are left out.
    problem : str
        Why they cannot be joined so; empty where they are.
    """

    tables: tuple[InspectedTable, ...]
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def keys(self) -> dict[str, Key]:
        """Child table → its key."""
        return {table.name: table.key for table in self.tables if table.key is not None}

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> LinkedInspection:
        """What `to_json` wrote."""
        tables = [
            InspectedTable(
                **{
                    **table,
                    "columns": tuple(table["columns"]),
                    "key": None if table["key"] is None else Key(**table["key"]),
                }
            )
            for table in value["tables"]
        ]
        return LinkedInspection(tuple(tables), tuple(value["notes"]), str(value["problem"]))


def inspect_linked(
    frames: Mapping[str, pd.DataFrame], keys: Mapping[str, Key] | None = None
) -> tuple[LinkedInspection, LinkedTables | None]:
    """Look at tables and how they are joined.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        The tables, in any order.
    keys : mapping of str to Key, optional
        Child table → its key; found where left out.

    Returns
    -------
    inspection : LinkedInspection
    tables : LinkedTables or None
        None where they cannot be joined; the inspection says why.
    """
    chosen = find_keys(frames) if keys is None else dict(keys)
    bare = {
        name: InspectedTable(name, len(frame), tuple(map(str, frame.columns)), chosen.get(name))
        for name, frame in frames.items()
    }
    try:
        order = in_order(chosen, list(frames))
        tables = link({name: frames[name] for name in order}, chosen)
    except PopulaceError as error:
        return LinkedInspection(tuple(bare.values()), (), str(error)), None
    seen = [
        InspectedTable(
            name,
            len(frames[name]),
            bare[name].columns,
            chosen.get(name),
            orphans=_orphans(frames, chosen.get(name)),
            repeated=int((frames[name][t.key].duplicated() | frames[name][t.key].isna()).sum())
            if (t := tables[name]).key
            else 0,
            childless=int((t.rows == 0).sum()),
            most=float(t.rows.max(initial=0)),
            mean=float(t.rows.mean()) if len(t.rows) else 0.0,
            order=t.order,
        )
        for name in order
    ]
    return LinkedInspection(tuple(seen), tables.notes), tables


def _orphans(frames: Mapping[str, pd.DataFrame], key: Key | None) -> int:
    if key is None:
        return 0
    return int((~frames[key.child][key.column].isin(frames[key.parent][key.key].dropna())).sum())
