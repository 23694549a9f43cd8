"""Tables that belong together: which row of one belongs to which row of another, and in what order.

A child table names its parent's rows in a key column. Rows whose parent is not there, parents
without rows and keys that repeat are normal in real tables; each is said in one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from synth.data.column import Column
from synth.data.schema import Schema, infer_with_notes
from synth.data.table import with_index
from synth.data.wording import hint
from synth.errors import PopulaceError
from synth.linked.keys import SEPARATOR, Key, possible_keys

NEARLY = 0.999
"""The share of families in which rows must stand in order for the order to be kept."""


@dataclass(frozen=True, eq=False)
class LinkedTable:
    """One of the tables.

    Attributes
    ----------
    name : str
        What it is called: the file's name without its ending.
    schema : Schema
        All columns, as the table has them; keys, counters and what cannot be learned are skipped.
    frame : DataFrame
        The modelled columns in canonical dtypes; a child's rows stand family by family, in order.
    key : str
        The column that names its rows; empty where there is none.
    parent, link : str
        The parent table, and the column that names its rows; empty for the root.
    order : str
        The modelled number that a family's rows are in order of; empty where they stand as in the
        file.
    counter : str
        The column that counts a family's rows; empty where there is none.
    counts_from : int
        The counter's first value.
    rows : int64 array, shape (parent's rows,)
        How many rows each parent has; empty for the root.
    """

    name: str
    schema: Schema
    frame: pd.DataFrame
    key: str = ""
    parent: str = ""
    link: str = ""
    order: str = ""
    counter: str = ""
    counts_from: int = 1
    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def offsets(self) -> np.ndarray:
        """Where each parent's rows begin, and where the last one's end; shape (parents + 1,)."""
        return np.concatenate([[0], np.cumsum(self.rows)]).astype(np.int64)


@dataclass(frozen=True, eq=False)
class LinkedTables:
    """Tables, each after its parent.

    Attributes
    ----------
    tables : tuple of LinkedTable
        The root first.
    notes : tuple of str
        Sentences on keys, orphans, parents without rows, and columns that are left out.
    """

    tables: tuple[LinkedTable, ...]
    notes: tuple[str, ...] = ()

    @property
    def root(self) -> LinkedTable:
        """The table that has no parent."""
        return self.tables[0]

    @property
    def names(self) -> tuple[str, ...]:
        """The tables' names."""
        return tuple(table.name for table in self.tables)

    def __getitem__(self, name: str) -> LinkedTable:
        for table in self.tables:
            if table.name == name:
                return table
        raise PopulaceError(f"There is no table {name}{hint(name, self.names)}")

    def children(self, name: str) -> tuple[LinkedTable, ...]:
        """The tables whose rows belong to a table's rows."""
        return tuple(table for table in self.tables if table.parent == name)

    def part(self, chosen: np.ndarray) -> LinkedTables:
        """The families of some of the root's rows, which keep their order.

        Parameters
        ----------
        chosen : int64 array
            Places of root rows, ascending.
        """
        places = {self.root.name: np.asarray(chosen, np.int64)}
        out = [_taken(self.root, places[self.root.name], self.root.rows)]
        for table in self.tables[1:]:
            above = places[table.parent]
            rows = table.rows[above]
            begin = table.offsets[above]
            inside = np.arange(int(rows.sum())) - np.repeat(np.cumsum(rows) - rows, rows)
            places[table.name] = np.repeat(begin, rows) + inside
            out.append(_taken(table, places[table.name], rows))
        return LinkedTables(tuple(out), self.notes)


def _taken(table: LinkedTable, places: np.ndarray, rows: np.ndarray) -> LinkedTable:
    frame = table.frame.iloc[places].reset_index(drop=True)
    return replace(table, frame=frame, rows=rows)


def link(
    tables: Mapping[str, pd.DataFrame],
    keys: Mapping[str, str | Key] | None = None,
    orders: Mapping[str, str] | None = None,
) -> LinkedTables:
    """Join tables by their keys.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Name → rows as `read_frame` gives them; the root first, each table after its parent.
    keys : mapping of str to str or Key, optional
        Child table → the column that names its parent's rows in both, ``KEY=COLUMN`` where the
        parent calls it KEY and the child COLUMN, or a key of `keys.arrange`; found where it is not
        given.
    orders : mapping of str to str, optional
        Child table → the column that its rows are in order of; where it is not given, a number
        or date that never falls within a family, as the file has it.

    Raises
    ------
    PopulaceError
        There is one table only, or no key joins a table to another.
    """
    names = list(tables)
    if len(names) < 2:
        raise PopulaceError("One table alone links nothing: bring a table of children too.")
    frames = {name: with_index(frame) for name, frame in tables.items()}
    wanted, sorted_by = dict(keys or {}), dict(orders or {})
    for given in (*wanted, *sorted_by):
        if given not in names[1:]:
            raise PopulaceError(f"There is no child table {given}{hint(given, names[1:])}")
    parents = {
        name: _key_of(name, frames, names[:place], wanted.get(name, ""))
        for place, name in enumerate(names)
        if place
    }
    notes: list[str] = []
    out: list[LinkedTable] = []
    labels: dict[str, pd.Series] = {}  # each table's rows by their own key, in final order
    for place, name in enumerate(names):
        own = sorted({each.key for each in parents.values() if each.parent == name})
        if len(own) > 1:
            raise PopulaceError(
                f"The rows of {name} are named by {own[0]} and by {own[1]}: use one key for all of "
                "its children."
            )
        key = own[0] if own else ""
        frame = frames[name]
        if key:
            frame = _unique(frame, name, key, notes)
        if place == 0:
            schema = _schema(frame, name, (key,), notes)
            canonical = schema.modelled.conform(frame[list(schema.modelled.names)])
            table = LinkedTable(name, schema, canonical.reset_index(drop=True), key)
        else:
            parent, column = parents[name].parent, parents[name].column
            table, frame = _child(
                name, frame, key, parent, column, labels[parent], sorted_by.get(name, ""), notes
            )
        labels[name] = frame[key].reset_index(drop=True) if key else pd.Series(dtype=object)
        out.append(table)
    return LinkedTables(tuple(out), tuple(notes))


def _key_of(
    name: str, frames: Mapping[str, pd.DataFrame], above: Sequence[str], key: str | Key
) -> Key:
    """How a child names its parent's rows, among the tables above it."""
    parents = [key.parent] if isinstance(key, Key) else above
    written = f"{key.key}{SEPARATOR}{key.column}" if isinstance(key, Key) else key
    fitting = possible_keys(frames, name, parents, written)
    if not fitting:
        by_key = f" by {key}" if key else ""
        raise PopulaceError(
            f"No column joins {name}{by_key} to {', '.join(parents)}: name one that both have with "
            "--key."
        )
    return fitting[0]


def _unique(frame: pd.DataFrame, name: str, key: str, notes: list[str]) -> pd.DataFrame:
    """Rows whose key is there and did not stand above."""
    repeated = frame[key].duplicated() | frame[key].isna()
    if not repeated.any():
        return frame
    count = int(repeated.sum())
    does = "row of {} repeats the {} of a row above or lacks it" if count == 1 else (
        "rows of {} repeat the {} of a row above or lack it"
    )  # fmt: skip
    notes.append(f"{count:,} {does.format(name, key)}: only the first of each is kept.")
    return frame[~repeated].reset_index(drop=True)


def _child(
    name: str,
    frame: pd.DataFrame,
    key: str,
    parent: str,
    column: str,
    parents: pd.Series,
    sorted_by: str,
    notes: list[str],
) -> tuple[LinkedTable, pd.DataFrame]:
    """A child table with its rows family by family; and its whole frame in the same order."""
    place = pd.Series(np.arange(len(parents)), index=pd.Index(parents))
    family = place.reindex(frame[column]).to_numpy(np.float64)
    orphans = np.isnan(family)
    if orphans.any():
        count = int(orphans.sum())
        does = "row of {} names" if count == 1 else "rows of {} name"
        left = "it is" if count == 1 else "they are"
        notes.append(
            f"{count:,} {does.format(name)} a {column} that {parent} lacks: {left} left out."
        )
    if orphans.all():
        raise PopulaceError(f"No row of {name} has a parent in {parent}: check the key {column}.")
    frame = frame[~orphans]
    at = family[~orphans].astype(np.int64)
    turn = np.argsort(at, kind="stable")
    frame, at = frame.iloc[turn].reset_index(drop=True), at[turn]
    rows = np.bincount(at, minlength=len(parents)).astype(np.int64)
    childless = int((rows == 0).sum())
    if childless:
        has = "has" if childless == 1 else "have"
        notes.append(f"{childless:,} of {len(rows):,} rows of {parent} {has} none in {name}.")
    begin = np.repeat(np.cumsum(rows) - rows, rows)
    schema = _schema(frame, name, (key, column), notes)
    counter, counts_from = _counter(frame, schema, begin)
    if counter:
        schema = schema.changed(counter, role="skip")
    canonical = schema.modelled.conform(frame[list(schema.modelled.names)])
    order = sorted_by or _order(canonical, schema, begin)
    if sorted_by:
        if sorted_by not in schema.modelled or not schema[sorted_by].is_number:
            raise PopulaceError(
                f"{name} cannot be in order of {sorted_by}: name a column of numbers or dates."
            )
        if canonical[sorted_by].isna().any():
            raise PopulaceError(
                f"{name} cannot be in order of {sorted_by}, of which some are missing: name one "
                "that is known in every row."
            )
        turn = np.lexsort((canonical[sorted_by].to_numpy(np.float64), at))
        canonical = canonical.iloc[turn].reset_index(drop=True)
        frame = frame.iloc[turn].reset_index(drop=True)
    elif order:
        # The few families that are not in order are put in order.
        turn = np.lexsort((canonical[order].to_numpy(np.float64), at))
        canonical = canonical.iloc[turn].reset_index(drop=True)
        frame = frame.iloc[turn].reset_index(drop=True)
    notes.append(
        f"The rows of {name} are kept in order of {order}."
        if order
        else f"The rows of {name} are kept in the file's order."
    )
    table = LinkedTable(
        name, schema, canonical, key, parent, column, order, counter, counts_from, rows
    )
    return table, frame


def _counter(frame: pd.DataFrame, schema: Schema, begin: np.ndarray) -> tuple[str, int]:
    """The column that counts a family's rows from 0 or 1, where one does in all families."""
    number = np.arange(len(frame)) - begin
    for column in schema:
        if column.kind != "integer" or frame[column.name].isna().any() or not number.any():
            continue
        values = frame[column.name].to_numpy()
        if values.dtype.kind not in "iuf":
            continue
        for first in (1, 0):
            if (values == number + first).all():
                return column.name, first
    return "", 1


def _order(canonical: pd.DataFrame, schema: Schema, begin: np.ndarray) -> str:
    """The first number that hardly ever falls from a row to the next of its family, and rises."""
    follows = np.flatnonzero(np.arange(len(canonical)) > begin)
    if not len(follows):
        return ""
    families = len(np.unique(begin[follows]))
    for column in schema.modelled:
        if not column.is_number or canonical[column.name].isna().any():
            continue
        values = canonical[column.name].to_numpy(np.float64)
        step = values[follows] - values[follows - 1]
        fallen = len(np.unique(begin[follows[step < 0]]))
        if fallen <= (1 - NEARLY) * families and (step > 0).mean() > 0.2:
            return column.name
    return ""


def _schema(frame: pd.DataFrame, name: str, keys: Sequence[str], notes: list[str]) -> Schema:
    """What a table's columns are; keys and what cannot be learned are skipped, the latter said."""
    columns, skipped = [], []
    for each in frame.columns:
        if each in keys:
            columns.append(Column(str(each), "categorical", missing=True, role="skip"))
            continue
        try:
            column = infer_with_notes(frame[[each]])[0].columns[0]
        except PopulaceError:
            column = Column(str(each), "categorical", missing=True, role="skip")
        if column.role != "model":
            skipped.append(column.name)
        columns.append(column)
    if skipped:
        notes.append(f"Left out of {name}, for they cannot be learned: {', '.join(skipped)}.")
    schema = Schema(tuple(columns))
    return schema.completed(frame[[c.name for c in schema if c.role != "skip"]])
