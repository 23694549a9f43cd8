"""What was understood as a sheet that can be edited, and the corrections read back from it."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from synth.data.column import Column
from synth.data.dates import swapped
from synth.data.durations import DurationFormat
from synth.data.formats import DateFormat
from synth.data.meaning import MEANINGS as KNOWN_MEANINGS
from synth.data.wording import number_text
from synth.errors import PopulaceError
from synth.fitting.inspection import ColumnInspection, Inspection
from synth.fitting.plan import KINDS, USES, Correction, Plan

FIXED = ("column", "values", "missing")
"""What is shown and cannot be edited."""
DAY_FIRST, MONTH_FIRST = "date, day first", "date, month first"
"""Dates whose day and month could be mistaken for each other."""
SHEET_KINDS = (*KINDS, "date", DAY_FIRST, MONTH_FIRST, "duration")
"""What the sheet offers as a kind: those of the library, and what numbers stand for."""
ORDERS = {DAY_FIRST: "day/month", MONTH_FIRST: "month/day"}
"""How the library calls each order."""
NO_MEANING = "none of these"
"""How the sheet writes that a column has no meaning that is known."""
MEANINGS = (*(meaning for meaning in KNOWN_MEANINGS if meaning), NO_MEANING)
"""What the sheet offers as a column's meaning."""


def sheet(inspection: Inspection, plan: Plan) -> pd.DataFrame:
    """The columns of a table as rows that can be edited.

    Parameters
    ----------
    inspection : Inspection
        What was understood.
    plan : Plan
        What follows from it.

    Returns
    -------
    DataFrame
        One row a column: column, use, kind, values, written as, missing, missing word, least, most,
        label, meaning.
    """
    rows = [_row(inspected, plan) for inspected in inspection.columns]
    frame = pd.DataFrame(rows)
    return frame.astype({"least": "float64", "most": "float64", "missing": "float64"})


def _row(inspected: ColumnInspection, plan: Plan) -> dict[str, Any]:
    column = plan.schema[inspected.column.name]
    dated = isinstance(column.format, DateFormat | DurationFormat)
    return {
        "column": column.name,
        "use": plan.use(column.name),
        "kind": kind_of(column),
        "values": _values(column, inspected),
        "written as": column.example,
        "missing": inspected.missing,
        "missing word": column.missing_word or "",
        # Ends of dates and durations are read from their values: these cells hold numbers.
        "least": column.lower if column.is_number and not dated else math.nan,
        "most": column.upper if column.is_number and not dated else math.nan,
        "label": column.label,
        "meaning": column.means or NO_MEANING,
    }


def kind_of(column: Column) -> str:
    """A column's kind in the sheet: one of `SHEET_KINDS`."""
    form = column.format
    if isinstance(form, DurationFormat):
        return "duration"
    if not isinstance(form, DateFormat):
        return column.kind
    if swapped(form.pattern) == form.pattern:
        return "date"
    return DAY_FIRST if form.pattern.lstrip("%-")[0] == "d" else MONTH_FIRST


def _values(column: Column, inspected: ColumnInspection) -> str:
    """What a column holds, in a few words."""
    if column.role == "skip" and inspected.examples:
        return f"{inspected.distinct:,} values: {', '.join(inspected.examples)} …"
    if column.is_number and column.lower is not None:
        lower, upper = (_number(column, end) for end in column.bounds)
        return f"{lower} to {upper}, {inspected.distinct:,} values"
    if column.kind == "boolean":
        return "yes, no"
    if not inspected.examples:
        return "nothing"
    more = " …" if inspected.distinct > len(inspected.examples) else ""
    return f"{inspected.distinct:,} levels: {', '.join(inspected.examples)}{more}"


def _number(column: Column, value: float) -> str:
    if column.format is not None:
        return column.text(value)
    return f"{int(value):,}" if float(value).is_integer() else number_text(value)


def corrections(before: pd.DataFrame, after: pd.DataFrame) -> tuple[Correction, ...]:
    """What was changed between two sheets of the same columns; empty cells change nothing."""
    changed = []
    for old, new in zip(before.to_dict("records"), after.to_dict("records"), strict=True):
        changes: dict[str, Any] = {}
        if new["use"] != old["use"] and new["use"] in USES:
            changes["use"] = new["use"]
        if new["kind"] != old["kind"] and new["kind"] in SHEET_KINDS:
            changes |= _changed_kind(str(old["column"]), str(old["kind"]), str(new["kind"]))
        for cell, end in (("least", "lower"), ("most", "upper")):
            value = new[cell]
            if value is not None and not pd.isna(value) and value != old[cell]:
                changes[end] = float(value)
        for cell, name in (("written as", "written"), ("missing word", "missing_word")):
            text = new[cell].strip() if isinstance(new[cell], str) else ""
            if text != old[cell] and name not in changes:
                changes[name] = text
        label = new["label"] if isinstance(new["label"], str) else ""
        if label != old["label"]:
            changes["label"] = label
        if new["meaning"] != old["meaning"] and new["meaning"] in MEANINGS:
            changes["meaning"] = "" if new["meaning"] == NO_MEANING else new["meaning"]
        if changes:
            changed.append(Correction(str(old["column"]), **changes))
    return tuple(changed)


def _changed_kind(name: str, old: str, new: str) -> dict[str, Any]:
    """What another kind says of a column; dates keep being dates and may change their order.

    Raises
    ------
    PopulaceError
        It holds no dates that could be read so.
    """
    if new in KINDS:
        return {} if new == "integer" and old not in KINDS else {"kind": new}
    if new in ORDERS and old in ORDERS:
        return {"written": ORDERS[new]}
    raise PopulaceError(
        f"Column {name} cannot be read as {new}, for its values are not written so: leave its kind "
        f"as {old}."
    )
