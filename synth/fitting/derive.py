"""Columns that a user adds to a table: planned by a line, worked out before anything is learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from synth.constraints.derived import Derived
from synth.constraints.formula import parse_derived
from synth.data.schema import Schema
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.fitting.plan import Plan


def deriving(plan: Plan, lines: Sequence[str]) -> Plan:
    """The plan with further columns that are worked out in every row.

    Parameters
    ----------
    plan : Plan
        What is made of a table.
    lines : sequence of str
        Such as ``age = years(admitted - born)``; see `constraints.formula`.

    Raises
    ------
    PopulaceError
        A line is not understood, or names a column that is not there.
    """
    for line in lines:
        formula, column = parse_derived(line, plan.schema)
        schema = Schema((*plan.schema, column))
        plan = replace(plan, schema=schema, derived=(*plan.derived, formula))
    return plan


def worked_out(frame: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """The rows with those columns of the plan that are worked out and that the table lacks.

    Parameters
    ----------
    frame : pd.DataFrame
        Rows as they were read.
    plan : Plan
        What is made of them.

    Raises
    ------
    PopulaceError
        A column is negative time in every row, so that nothing is left to work out.
    """
    lacking = [entry for entry in plan.derived if entry.name not in frame.columns]
    if not lacking:
        return frame
    parts = {part for entry in lacking for part in entry.parts}
    names = {entry.name for entry in lacking}
    known = Schema(tuple(c for c in plan.schema if c.name in parts - names))
    canonical = make_table(frame[list(known.names)], known).frame
    for entry in lacking:
        values = pd.Series(entry.values(canonical), index=canonical.index)
        if values.isna().all():
            raise PopulaceError(f"{entry} has no value in any row: leave it out.")
        canonical[entry.name] = values
        values.index = frame.index
        frame = frame.assign(**{entry.name: _whole(values, entry, plan)})
    return frame


def _whole(values: pd.Series, entry: Derived, plan: Plan) -> pd.Series:
    """Whole numbers as such, nullable where some are missing."""
    if plan.schema[entry.name].kind != "integer":
        return values
    return values.astype("Int64") if values.isna().any() else values.astype("int64")
