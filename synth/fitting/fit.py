"""From a table and a plan to a population: one pure function, the same for page and command."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from synth import populations
from synth.bayes.coding import SHARED
from synth.constraints.derived import NO_CONSTRAINTS, Constraints, Cut, Sum, possible
from synth.constraints.gaps import Gap
from synth.constraints.rules import Rule, parse_rules
from synth.data.column import Column
from synth.data.formats import DateFormat
from synth.data.meaning import Meaning
from synth.data.schema import Schema
from synth.data.table import CELLS_LIMIT, Table, make_table
from synth.data.templates import Template, learn_template, parse_spec
from synth.data.wording import some_of
from synth.errors import PopulaceError
from synth.fitting.derive import worked_out
from synth.fitting.interests import LearnedInterests, learn_interests
from synth.fitting.plan import Plan
from synth.generators.base import Model, Progress, Settings, generator, no_progress
from synth.generators.private import NAME as PRIVATE
from synth.populations import Population
from synth.privacy.public import Public

UNROLLED_LIMIT = 5_000_000
"""Counts are unrolled to at most this many rows; more of them weigh rows instead."""
_CHECKED = 2_000
_INTERESTS = 0.3  # of the progress
_REPEATED = (
    f"A number of the table comes out again only where at least {SHARED} people share it, or where "
    "nearly every number between the least and the most occurs; levels come out as they are, "
    "however few have them."
)


def fit(
    frame: pd.DataFrame,
    plan: Plan,
    progress: Progress | None = None,
    *,
    second_table: pd.DataFrame | None = None,
    gaussian: Sequence[str] = (),
    search: str = "hill-climb",
    restarts: int = 3,
    minutes: float | None = None,
) -> Population:
    """Learn a population.

    Parameters
    ----------
    frame : pd.DataFrame
        Rows as `table.read_frame` gives them.
    plan : Plan
        What to learn, what to work out, and what must hold.
    progress : callable, optional
        Gets the share that is done, between 0 and 1, and words.
    second_table : pd.DataFrame, optional
        Where the plan takes interests from one.
    gaussian, search, restarts
        As in `bayes.learn`; other generators leave them aside.
    minutes : float, optional
        How long a generator that learns step by step may take; its own budget if not given.

    Returns
    -------
    Population
        In memory, its real rows with it; rules hold and derived columns agree in all its samples.

    Raises
    ------
    PopulaceError
        One sentence on what cannot be learned and what to do.
    """
    begun = 0.0  # the share that interests have taken

    def say(share: float, words: str) -> None:
        if progress is not None:
            progress(begun + (1 - begun) * share, words)

    plan = plan.checked()
    if plan.generator == PRIVATE:
        return _private(frame, plan, progress)
    learner = generator(plan.generator)
    frame = worked_out(frame, plan)
    kept = plan.kept()
    interests = None
    source = frame
    if plan.interests is not None:
        interests = learn_interests(
            frame,
            plan.interests,
            second_table,
            seed=plan.seed,
            progress=lambda share, words: say(_INTERESTS * share, words),
        )
        frame, plan = _with_interests(frame, plan, interests)
        begun = _INTERESTS
    # 1. The rows: in canonical types, unrolled, without those that break a rule.
    say(0.02, "Reading the rows")
    schema = _roles(plan)
    table = make_table(frame[[c.name for c in schema if c.name in frame.columns]], schema)
    notes = [*([interests.note] if interests else []), *table.notes]
    # Levels and bounds are known by now, so the rules are read again against them.
    plan = replace(plan, rules=_rules(plan, table.schema))
    rows, weight, unrolling = _unrolled(table, plan)
    notes += unrolling
    derived = _constraints(plan, table.schema, NO_CONSTRAINTS)
    rows, left_out = _obeying(rows, derived, table.schema)
    notes += left_out
    if len(rows) < 2:
        raise PopulaceError("Fewer than two rows keep all rules: loosen one of them.")
    if left_out:
        table = Table(table.frame, _tightened(table.schema, rows), table.digest)
    # 2. What is learned: all but what is worked out.
    modelled = _modelled(table.schema, rows)
    weighing = (replace(table.schema[weight], role="weight"),) if weight else ()
    learned = Schema((*modelled, *weighing))
    people = Table(rows[list(learned.names)], learned, table.digest)
    say(0.05, f"Learning from {len(people):,} people")
    settings = Settings(
        seed=plan.seed,
        weights=weight or None,
        lookups=plan.lookups,
        options={
            "score": plan.score,
            "max_parents": plan.max_parents,
            "gaussian": tuple(gaussian),
            "search": search,
            "restarts": restarts,
            **({} if minutes is None else {"minutes": minutes}),
        },
    )
    model = learner.fit(people, settings, lambda share, words: say(0.05 + 0.83 * share, words))
    # 3. What is worked out, must hold and is made new in every sampled row.
    constraints = _spaced(_constraints(plan, table.schema, derived, model.schema), rows, model)
    templates, making = _templates(plan, source, model.schema)
    notes += making
    if templates:
        order = tuple(
            name
            for name in plan.schema.names
            if name in constraints.order or name in {t.name for t in templates}
        )
        constraints = replace(constraints, templates=templates, order=order)
        constraints.check(model.schema)
    wanted = {*model.schema.names, *constraints.names}
    finished = rows[[name for name in table.schema.names if name in wanted]]
    say(0.9, "Counting the real people")
    real = Table(finished, constraints.schema(model.schema), table.digest)
    note = _note(plan, len(rows), weight)
    population = populations.of(
        model,
        real,
        title=plan.title or "My table",
        note=note,
        featured=_featured(model.schema, {lookup.name for lookup in plan.lookups}),
        card=_card(plan, model, note, notes, templates),
        constraints=constraints,
        keywords=interests.keywords if interests else {},
        plan=kept.to_json(),
    )
    # 4. The rules must leave somebody.
    if constraints.rules:
        say(0.95, "Trying the rules")
        population.given().sample(_CHECKED, seed=plan.seed)
    say(1.0, "Done")
    return population


def _private(frame: pd.DataFrame, plan: Plan, progress: Progress | None) -> Population:
    """A private population: nothing below may look at its rows."""
    from synth.fitting.private import DELTA, fit_private  # it takes words from this module

    return fit_private(
        frame,
        plan.following((), ()),
        epsilon=float(plan.privacy.get("epsilon", 1.0)),
        delta=float(plan.privacy.get("delta", DELTA)),
        public=Public.from_json(plan.privacy.get("public", {})),
        rules=plan.rule_texts() if plan.privacy.get("rules_are_public") else (),
        progress=progress or no_progress,
    )


# ---------------------------------------------------------------------- rows


def _with_interests(
    frame: pd.DataFrame, plan: Plan, interests: LearnedInterests
) -> tuple[pd.DataFrame, Plan]:
    """Rows and plan with the interests as further columns, none of them twice in a row.

    What people wrote is not learned beside them.
    """
    text = plan.interests.text if plan.interests is not None else ""
    rest = plan.schema.changed(text, role="skip") if text else plan.schema
    plan = plan.on(Schema((*rest, *interests.columns)))
    rules = parse_rules(interests.rules, Schema(interests.columns))
    columns = {name: interests.frame[name].array for name in interests.frame}
    return frame.assign(**columns), replace(plan, rules=(*plan.rules, *rules))


def _roles(plan: Plan) -> Schema:
    """The plan's columns; those that are worked out stand apart, bounds are left to the rows."""
    derived = {entry.name for entry in plan.derived}
    return Schema(tuple(replace(c, role="apart") if c.name in derived else c for c in plan.schema))


def _rules(plan: Plan, schema: Schema) -> tuple[Rule, ...]:
    derived = {entry.name for entry in plan.derived}
    usable = Schema(tuple(c for c in schema if c.role == "model" or c.name in derived))
    return parse_rules("\n".join(str(rule) for rule in plan.rules), usable)


def _unrolled(table: Table, plan: Plan) -> tuple[pd.DataFrame, str, list[str]]:
    """The rows, each as often as it counts; the column that weighs them, and notes."""
    rows = table.frame
    if not plan.count:
        return rows, plan.weight, []
    counts = rows[plan.count].to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isnan(counts).any() or (counts < 0).any() or (counts != np.rint(counts)).any():
        raise PopulaceError(
            f"Column {plan.count} should count people and has missing, negative or broken "
            "numbers: mend them, or give it another use."
        )
    total = int(counts.sum())
    if total < 2:
        raise PopulaceError(f"Column {plan.count} counts {total} people: at least two are needed.")
    if total > UNROLLED_LIMIT or total * rows.shape[1] > CELLS_LIMIT:
        note = f"{plan.count} counts {total:,} people, too many to unroll: it weighs rows instead."
        return rows, plan.count, [note]
    taken = np.repeat(np.arange(len(rows)), counts.astype(np.int64))
    note = f"{len(rows):,} rows were unrolled to {total:,} people by {plan.count}."
    return rows.iloc[taken].reset_index(drop=True), "", [note]


def _obeying(
    rows: pd.DataFrame, constraints: Constraints, schema: Schema
) -> tuple[pd.DataFrame, list[str]]:
    """The rows that keep every rule and lie within the bounds, and how many do not."""
    keep = np.ones(len(rows), dtype=bool)
    notes = []
    for rule in constraints.rules:
        wrong = rule.broken(rows)
        if wrong.any():
            notes.append(f"{_rows(int(wrong.sum()))} left out because of the rule {rule}.")
        keep &= ~wrong
    for column in schema.modelled:
        if not column.is_number or column.name not in rows:
            continue
        values = rows[column.name].to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = (values < column.lower) | (values > column.upper)
        if wrong.any():
            notes.append(f"{_rows(int(wrong.sum()))} left out beyond the bounds of {column.name}.")
        keep &= ~wrong
    if keep.all():
        return rows, notes
    return rows[keep].reset_index(drop=True), notes


def _tightened(schema: Schema, rows: pd.DataFrame) -> Schema:
    """The schema with the bounds of the rows that are left."""
    columns = []
    for column in schema:
        if column.is_number and column.name in rows and rows[column.name].notna().any():
            lower, upper = float(rows[column.name].min()), float(rows[column.name].max())
            column = replace(column, lower=lower, upper=upper)
        columns.append(column)
    return Schema(tuple(columns))


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _rows(count: int) -> str:
    return "1 row was" if count == 1 else f"{count:,} rows were"


def _modelled(schema: Schema, rows: pd.DataFrame) -> Schema:
    """The columns of the model; one that no longer varies keeps its only value."""
    modelled = schema.modelled
    if not modelled:
        raise PopulaceError("No column is left to learn from: give one the use “learn”.")
    for column in modelled:
        if rows[column.name].isna().all():
            raise PopulaceError(
                f"Column {column.name} has no value in the rows that keep all rules: leave it out."
            )
    return modelled


def _templates(
    plan: Plan, frame: pd.DataFrame, modelled: Schema
) -> tuple[tuple[Template, ...], list[str]]:
    """How the plan's columns are made new, and what falls short."""
    gender = modelled.first("gender")
    providers = {name: parse_spec(spec, name)[0] for name, spec in plan.make.items()}
    first = next((name for name, how in providers.items() if how == "first_name"), "")
    templates, notes = [], []
    for name, spec in plan.make.items():
        others = frame[first].astype("str") if first and first != name else None
        values = frame[name].rename(name)
        is_category = isinstance(values.dtype, pd.CategoricalDtype)
        template, note = learn_template(
            values.astype(object) if is_category else values,
            spec,
            gender=gender.name if gender is not None else "",
            others=others,
        )
        templates.append(template)
        notes += [note] if note else []
    return tuple(templates), notes


# ---------------------------------------------------------------------- words


def _constraints(
    plan: Plan, schema: Schema, given: Constraints, modelled: Schema | None = None
) -> Constraints:
    """What is worked out and must hold; the second time against what was learned."""
    known = {c.name: c for c in (modelled or schema)}
    columns = []
    for entry in plan.derived:
        column = possible(entry, schema[entry.name], known)
        known[entry.name] = column
        columns.append(column)
    constraints = Constraints(plan.derived, tuple(columns), plan.rules, schema.names)
    if modelled is not None:
        order = tuple(n for n in schema.names if n in modelled or n in constraints.names)
        constraints = replace(constraints, order=order)
        constraints.check(modelled)
    return constraints


def _spaced(constraints: Constraints, rows: pd.DataFrame, model: Model) -> Constraints:
    """The same, with how far apart those dates are that a rule orders and the network learned."""
    if model.network is None:
        return constraints
    schema, rules = model.schema, []
    for rule in constraints.rules:
        names = rule.dates
        is_dated = names is not None and all(
            name in schema and isinstance(schema[name].format, DateFormat) for name in names
        )
        if names is not None and is_dated:
            first, second = (
                rows[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names
            )
            rule = replace(rule, gap=Gap.learn(first, second))
        rules.append(rule)
    return replace(constraints, rules=tuple(rules))


FEATURED: tuple[Meaning, ...] = ("gender", "age", "age group", "education", "marital", "interest")
"""Meanings whose columns the sidebar asks about first."""


def _featured(schema: Schema, settled: set[str]) -> tuple[str, ...]:
    """Six columns for the sidebar: those that few words can ask about come first."""
    free = [c for c in schema if c.name not in settled]
    telling = [schema.first(meaning) for meaning in FEATURED]
    names = [c.name for c in free if c in telling]
    easy = [c.name for c in free if _stops(c) <= 100]
    return tuple(dict.fromkeys([*names, *easy, *schema.names]))[:6]


def _stops(column: Column) -> float:
    """How many answers a question about the column has."""
    if not column.is_number:
        return len(column.levels)
    if column.lower is None or column.upper is None:
        return math.inf
    return (column.upper - column.lower) / (column.step or 1.0)


def _note(plan: Plan, rows: int, weight: str) -> str:
    people = "people" if plan.count and not weight else "rows"
    note = f"Learned from {rows:,} {people} of a table of your own"
    if weight:
        note += ", weighted; the real people it is compared with are not weighted"
    return note + "."


def _card(
    plan: Plan, model: Model, note: str, notes: Sequence[str], templates: Sequence[Template]
) -> str:
    columns = _counted(len(model.schema), "column")
    learner = generator(model.generator).title
    if model.network is not None:
        summary = (
            f"{columns} and {_counted(len(model.network.edges), 'edge')}, found by the score "
            f"“{plan.score}” (seed {plan.seed})."
        )
    else:
        summary = f"{columns}, learned by “{learner}” (seed {plan.seed})."
    lines = [f"# {plan.title or 'My table'}", "", note, "", summary, ""]
    exact = [lookup for lookup in plan.lookups if lookup in model.settings.lookups]
    notes = [
        *notes,
        *getattr(model, "notes", ()),  # what a generator has to say of what it learned
        *(
            f"{lookup} holds in the table, but “{learner}” does not keep it exactly."
            for lookup in plan.lookups
            if lookup not in exact
        ),
    ]
    sections: list[tuple[str, Sequence[str]]] = [
        ("Worked out in every row", [str(entry) for entry in plan.derived]),
        ("Made new for every person", [str(entry) for entry in templates]),
        ("Settled exactly", [str(lookup) for lookup in exact]),
        ("Rules that hold in every row", [str(rule) for rule in plan.rules]),
        ("Notes", notes),
    ]
    apart = [c.name for c in plan.schema if c.role in ("apart", "skip") and c.name not in plan.make]
    if apart:
        lines += [f"Left out: {some_of(apart)}.", ""]
    for head, entries in sections:
        if entries:
            lines += [f"## {head}", "", *(f"- {entry}" for entry in entries), ""]
    if any(column.is_number for column in model.schema) and model.network is not None:
        lines += [_REPEATED, ""]
    return "\n".join(lines)


__all__ = ["Cut", "Rule", "Sum", "fit"]
