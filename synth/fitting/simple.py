"""From a file or a frame to a population in one call, by the plan that nobody corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from synth.data.formats import DateFormat
from synth.data.readers.database import DatabaseTable, is_url
from synth.data.table import make_table, read_frame, with_index
from synth.errors import PopulaceError
from synth.fitting import fit as fitting
from synth.fitting.derive import deriving, worked_out
from synth.fitting.inspection import depend, inspect_table, ordered
from synth.fitting.plan import Correction, Plan
from synth.jobs import Progress
from synth.populations import Population


@dataclass(frozen=True, eq=False)
class Planned:
    """A table that was read, and what is to be made of it.

    Attributes
    ----------
    frame : pd.DataFrame
        The rows.
    plan : Plan
        What to learn, what to work out, and what must hold.
    notes : tuple of str
        Sentences on columns that are left out, and on how the file was read.
    offers : mapping of str to str
        Columns that are left out and could be made new, and how; see `Plan.make`.
    """

    frame: pd.DataFrame
    plan: Plan
    notes: tuple[str, ...]
    offers: Mapping[str, str] = field(default_factory=dict)


def read_plan(
    table: str | Path | pd.DataFrame,
    *,
    plan: Plan | None = None,
    follow: bool = True,
    written: Mapping[str, str] | None = None,
    derive: Sequence[str] = (),
) -> Planned:
    """Read a table and understand it.

    Parameters
    ----------
    table : str, Path or pd.DataFrame
        A file as `read_frame` reads it, a database's URL, or the rows.
    plan : Plan, optional
        A corrected plan, perhaps of a schema alone; without it the table is inspected.
    follow : bool
        Keep sums, ranges, look-ups and orders of dates that hold in every row exact.
    written : mapping of str to str, optional
        How columns are written, by examples: ``{"born": "12/31/2020"}``; see `Column.written_as`.
    derive : sequence of str
        Further columns: ``"age = years(admitted - born)"``; see `constraints.formula`.

    Returns
    -------
    Planned
        The rows and the plan.

    Raises
    ------
    PopulaceError
        The file cannot be read, or the plan does not fit it.
    """
    notes: tuple[str, ...] = ()
    given, is_new = dict(written or {}), plan is None
    offers: dict[str, str] = {}
    if isinstance(table, pd.DataFrame):
        frame, name = with_index(table), "table"
    else:
        frame, notes = read_frame(table)
        name = DatabaseTable.parse(str(table)).title if is_url(table) else Path(table).name
    if plan is None:
        inspection = inspect_table(frame, name, notes)
        plan = Plan.of(inspection)
        if not follow:
            plan = replace(plan.following((), ()), rules=())
        dates = {c.name for c in inspection.schema if isinstance(c.format, DateFormat)}
        noted = (each for each in inspection.columns if each.note and each.column.name not in given)
        notes += tuple(
            each.note
            for each in noted
            if each.column.role == "skip"
            or each.column.name in dates
            or each.note.startswith("In column ")  # what stands for a missing value
        )
        offers = {each.column.name: each.make for each in inspection.columns if each.make}
    else:
        frame = worked_out(frame, plan)
        whole = plan.schema.completed(frame)
        plan = plan.on(whole)
        if follow and not plan.derived and not plan.lookups:
            plan = _followed(plan, frame)
    if given:
        plan = plan.corrected(
            [Correction(name, written=example) for name, example in given.items()]
        )
        plan = plan.on(plan.schema.completed(frame))
        plan = _followed(plan, frame) if follow else plan
    if is_new and plan.rules:
        kept = "; ".join(plan.rule_texts())
        notes += (f"It holds in every row and is kept in every synthetic row: {kept}.",)
    plan = deriving(plan if follow else plan.following((), ()), derive)
    return Planned(worked_out(frame, plan), plan, notes, offers)


def _followed(plan: Plan, frame: pd.DataFrame) -> Plan:
    """The plan with what follows from what in the rows, and orders where it has no rules."""
    people = make_table(frame, plan.schema)
    plan = plan.following(*depend(people.frame, plan.schema.modelled))
    if plan.rules:
        return plan
    return replace(plan, rules=ordered(people.frame, plan.schema.modelled, plan.derived))


def fit(
    table: str | Path | pd.DataFrame,
    *,
    plan: Plan | None = None,
    rules: Sequence[str] = (),
    follow: bool = True,
    written: Mapping[str, str] | None = None,
    derive: Sequence[str] = (),
    title: str = "",
    seed: int = 0,
    progress: Progress | None = None,
    **changes: Any,
) -> Population:
    """Learn a population from a table.

    Parameters
    ----------
    table : str, Path or pd.DataFrame
        A file as `read_frame` reads it, a database's URL, or the rows.
    plan : Plan, optional
        A corrected plan; without it the table is inspected.
    rules : sequence of str
        What holds for everybody: ``"born < died"``.
    follow : bool
        Keep sums, ranges, look-ups and orders of dates that hold in every row exact.
    written : mapping of str to str, optional
        How columns are written, by examples: ``{"born": "12/31/2020"}``; see `Column.written_as`.
    derive : sequence of str
        Columns to work out in every row: ``"age = years(admitted - born)"``, ``"all = a + b"``.
    title : str
        What the population is called.
    seed : int
        The same seed learns the same population.
    progress : callable, optional
        Gets the share that is done, from 0 to 1, and what is being done.
    **changes
        Other values of a plan as its JSON has them, such as ``score``, ``max_parents`` and
        ``make={"nhs": "pattern", "name": "faker:name"}``.

    Returns
    -------
    Population
        In memory; `populations.write` saves it.

    Raises
    ------
    PopulaceError
        One sentence on what cannot be learned and what to do.
    """
    planned = read_plan(table, plan=plan, follow=follow, written=written, derive=derive)
    learned = planned.plan.making({**planned.plan.make, **changes.get("make", {})})
    value = learned.to_json()
    unknown = sorted(changes.keys() - value.keys())
    if unknown:
        raise PopulaceError(f"A plan has no value called {unknown[0]}: leave it out.")
    value |= {"seed": seed, "rules": learned.rule_texts(rules), **changes}
    if title:
        value["title"] = title
    return fitting.fit(planned.frame, Plan.from_json(value), progress)
