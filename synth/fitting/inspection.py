"""What was understood of a table, before anything is learned from it.

Kinds, levels and bounds are `Schema`'s; here stands beside each column how much of it is missing,
what it looks like, and why it is left out: likely identifiers, free text, what names or reaches
one person. Columns that follow from others are found by `constraints.discovery`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from synth.constraints.derived import Cut, Derived, Sum, derived_from_json, derived_to_json
from synth.constraints.discovery import Lookup, cuts, elapsed, lookups, orders, sums
from synth.constraints.rules import Rule, parse_rules
from synth.data.column import Column
from synth.data.meaning import may_weigh
from synth.data.schema import Schema, infer_with_notes
from synth.data.table import make_table
from synth.data.templates import suggestion
from synth.errors import PopulaceError

PREVIEW = 20
_EXAMPLES = 3
_FEW = 20
_PERSONAL = re.compile(
    r"(^|[_\s.-])(name|surname|first_?name|last_?name|full_?name|e-?mail|phone|telephone|mobile|"
    r"address|street|ssn|social_security|passport|iban|ip|login|user_?name|nickname)([_\s.-]|$)"
)
_KEY = re.compile(r"(^|[_\s.-])(id|uuid|guid|key|nr|no|number|code)([_\s.:-]|$)")
_COUNT = re.compile(r"^\s*#|(^|[_\s.-])(count|freq|frequency|n_people|persons|times)([_\s.-]|$)")


@dataclass(frozen=True)
class ColumnInspection:
    """One column: what it is, and what was seen in it.

    Attributes
    ----------
    column : Column
        As it would be used; role "skip" where it is left out.
    missing : float
        The share of rows without a value.
    distinct : int
        How many different values it has.
    examples : tuple of str
        Some of them, the commonest first.
    note : str
        A sentence on why it is left out, or what it may be; may be empty.
    make : str
        Where it is left out: how it could be made new, as `data.templates` reads it; may be empty.
    """

    column: Column
    missing: float
    distinct: int
    examples: tuple[str, ...]
    note: str
    make: str = ""


@dataclass(frozen=True)
class Inspection:
    """A table as it was understood.

    Attributes
    ----------
    name : str
        The file's name.
    rows : int
        How many rows it has.
    columns : tuple of ColumnInspection
        Its columns, in order.
    derived, lookups
        What follows from what.
    rules : tuple of Rule
        What holds in every row: one date is never later than another.
    notes : tuple of str
        What else there is to say of the file.
    preview : tuple of tuple of str
        The first rows, as texts.
    """

    name: str
    rows: int
    columns: tuple[ColumnInspection, ...]
    derived: tuple[Derived, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    rules: tuple[Rule, ...] = ()
    notes: tuple[str, ...] = ()
    preview: tuple[tuple[str, ...], ...] = ()

    @property
    def schema(self) -> Schema:
        """The columns as they would be used."""
        return Schema(tuple(entry.column for entry in self.columns))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "name": self.name,
            "rows": self.rows,
            "schema": self.schema.to_json(),
            "found": [
                [f.missing, f.distinct, list(f.examples), f.note, f.make] for f in self.columns
            ],
            "derived": [derived_to_json(entry) for entry in self.derived],
            "lookups": [[entry.name, entry.of] for entry in self.lookups],
            "rules": [str(rule) for rule in self.rules],
            "notes": list(self.notes),
            "preview": [list(row) for row in self.preview],
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Inspection:
        """What `to_json` wrote."""
        schema = Schema.from_json(value["schema"])
        return Inspection(
            str(value["name"]),
            int(value["rows"]),
            tuple(
                ColumnInspection(
                    column, float(missing), int(distinct), tuple(examples), str(note), str(make)
                )
                for column, (missing, distinct, examples, note, make) in zip(
                    schema, value["found"], strict=True
                )
            ),
            tuple(derived_from_json(entry) for entry in value["derived"]),
            tuple(Lookup(name, of) for name, of in value["lookups"]),
            parse_rules("\n".join(value["rules"]), schema),
            tuple(value["notes"]),
            tuple(tuple(row) for row in value["preview"]),
        )


def inspect_table(frame: pd.DataFrame, name: str, notes: tuple[str, ...] = ()) -> Inspection:
    """Say what a frame of `table.read_frame` is.

    Raises
    ------
    PopulaceError
        A column cannot be understood, or none is left to learn from.
    """
    columns = [_column_inspection(*_inferred(frame[[name]]), frame[name]) for name in frame.columns]
    schema = Schema(tuple(entry.column for entry in columns))
    if not schema.modelled:
        reason = next((f" {entry.note}" for entry in columns if entry.note), "")
        raise PopulaceError(f"There is no column to learn from in {name}.{reason}")
    table = make_table(frame, schema)
    derived, looked_up = depend(table.frame, schema.modelled)
    return Inspection(
        name,
        len(frame),
        tuple(columns),
        derived,
        looked_up,
        ordered(table.frame, schema.modelled, derived),
        tuple(notes),
        tuple(_row(row) for row in frame.head(PREVIEW).itertuples(index=False, name=None)),
    )


def depend(frame: pd.DataFrame, schema: Schema) -> tuple[tuple[Derived, ...], tuple[Lookup, ...]]:
    """What follows from what among the modelled columns of a canonical frame, without circles."""
    added = elapsed(frame, schema, sums(frame, schema))
    rest = schema.without(*(entry.name for entry in added))
    looked_up = lookups(frame, rest)
    settled = {entry.name for entry in looked_up} | {entry.of for entry in looked_up}
    ranges = tuple(
        entry
        for entry in cuts(frame, schema)
        if entry.name not in settled and entry.name not in {s.name for s in added}
    )
    return (*added, *ranges), looked_up


def ordered(frame: pd.DataFrame, schema: Schema, derived: tuple[Derived, ...]) -> tuple[Rule, ...]:
    """The orders of dates among the columns of a canonical frame that are not worked out."""
    return orders(frame, schema.without(*(entry.name for entry in derived)))


def _inferred(frame: pd.DataFrame) -> tuple[Column, str]:
    """The only column of a frame, and why it is left out; a muddled one is left out too."""
    try:
        schema, notes = infer_with_notes(frame)
    except PopulaceError as error:
        name = str(frame.columns[0])
        return Column(name, "categorical", missing=True, role="skip"), str(error)
    return schema.columns[0], "".join(notes)


def _column_inspection(column: Column, note: str, values: pd.Series) -> ColumnInspection:
    absent = float(values.isna().mean())
    if _is_nested(values):
        return ColumnInspection(column, absent, 0, (), note)
    counts = values.value_counts()
    distinct = int((counts > 0).sum())
    examples = tuple(
        {"True": "yes", "False": "no"}.get(_text(value), _text(value))
        for value in counts.index[:_EXAMPLES]
        if not pd.isna(value)
    )
    folded = column.name.casefold()
    if column.role == "model" and distinct > 20 and _PERSONAL.search(folded):
        note = (
            f"Column {column.name} is called like something that names or reaches one person, and "
            "is left out: give it a use to learn it all the same."
        )
        column = replace(column, role="skip")
    elif (
        column.role == "model"
        and column.kind == "categorical"
        and distinct >= _FEW
        and distinct > 0.9 * len(values)
    ):
        note = (
            f"Column {column.name} has another text in nearly every row, looks like an identifier "
            "and is left out: make it new, or give it a use to learn it all the same."
        )
        column = replace(column, role="skip")
    elif column.role == "model" and _KEY.search(folded) and distinct > 0.5 * len(values) > 25:
        note = (
            f"Column {column.name} looks like a key: half of its values or more are all "
            "different, so it is left out."
        )
        column = replace(column, role="skip")
    elif column.role == "model" and column.is_number and not absent and (column.lower or 0.0) >= 0:
        if column.kind == "integer" and _COUNT.search(folded):
            note = (
                f"Column {column.name} may say how many people a row stands for: if so, give it "
                "the use “count”."
            )
        elif may_weigh(folded) and distinct > 20:
            note = f"Column {column.name} may weigh the rows: if so, give it the use “weight”."
    make = ""
    if column.role == "skip" and distinct > 1:
        make = suggestion(column.name, values)
    return ColumnInspection(column, absent, distinct, examples, note, make)


def _is_nested(values: pd.Series) -> bool:
    """Whether a column holds lists, records or the like, which cannot be counted."""
    if values.dtype.kind != "O":
        return False
    return any(isinstance(v, list | dict | tuple | set | np.ndarray) for v in values.to_numpy())


def _row(row: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(_text(value) for value in row)


def _text(value: Any) -> str:
    """A cell for the screen: short, printable, empty where it is missing."""
    if isinstance(value, list | dict | tuple | np.ndarray):
        return "[…]"
    if pd.isna(value):
        return ""
    text = f"{value:.10g}" if isinstance(value, float | np.floating) else str(value)
    text = "".join(c if c.isprintable() else "·" for c in text)
    return text if len(text) <= 40 else text[:39] + "…"


__all__ = [
    "ColumnInspection",
    "Cut",
    "Inspection",
    "Lookup",
    "Sum",
    "depend",
    "inspect_table",
    "ordered",
]
