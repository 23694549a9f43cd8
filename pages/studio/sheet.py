"""What was understood as a sheet that can be edited, and the corrections read back from it."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from synth.data.schema import Column, number_text
from synth.fitting.inspection import ColumnInspection, Inspection
from synth.fitting.plan import KINDS, USES, Correction, Plan

FIXED = ("column", "values", "missing")
"""What is shown and cannot be edited."""


def sheet(inspection: Inspection, plan: Plan) -> pd.DataFrame:
    """One row a column: column, use, kind, values, missing, least, most, label."""
    rows = [_row(found, plan) for found in inspection.columns]
    frame = pd.DataFrame(rows)
    return frame.astype({"least": "float64", "most": "float64", "missing": "float64"})


def _row(found: ColumnInspection, plan: Plan) -> dict[str, Any]:
    column = plan.schema[found.column.name]
    return {
        "column": column.name,
        "use": plan.use(column.name),
        "kind": column.kind,
        "values": _values(column, found),
        "missing": found.missing,
        "least": column.lower if column.is_number else math.nan,
        "most": column.upper if column.is_number else math.nan,
        "label": column.label,
    }


def _values(column: Column, found: ColumnInspection) -> str:
    """What a column holds, in a few words."""
    if column.role == "skip" and found.examples:
        return f"{found.distinct:,} values: {', '.join(found.examples)} …"
    if column.is_number and column.lower is not None:
        lower, upper = (_number(end) for end in (column.lower, column.upper))
        return f"{lower} to {upper}, {found.distinct:,} values"
    if column.kind == "boolean":
        return "yes, no"
    if not found.examples:
        return "nothing"
    more = " …" if found.distinct > len(found.examples) else ""
    return f"{found.distinct:,} levels: {', '.join(found.examples)}{more}"


def _number(value: float) -> str:
    return f"{int(value):,}" if float(value).is_integer() else number_text(value)


def corrections(before: pd.DataFrame, after: pd.DataFrame) -> tuple[Correction, ...]:
    """What was changed between two sheets of the same columns; empty cells change nothing."""
    found = []
    for old, new in zip(before.to_dict("records"), after.to_dict("records"), strict=True):
        told: dict[str, Any] = {}
        if new["use"] != old["use"] and new["use"] in USES:
            told["use"] = new["use"]
        if new["kind"] != old["kind"] and new["kind"] in KINDS:
            told["kind"] = new["kind"]
        for cell, end in (("least", "lower"), ("most", "upper")):
            value = new[cell]
            if value is not None and not pd.isna(value) and value != old[cell]:
                told[end] = float(value)
        label = new["label"] if isinstance(new["label"], str) else ""
        if label != old["label"]:
            told["label"] = label
        if told:
            found.append(Correction(str(old["column"]), **told))
    return tuple(found)
