"""From a table and a plan to a population: one pure function, the same for page and command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from synth import populations
from synth.bayes.coding import Coding, Pieces
from synth.bayes.learning import NetworkLearner
from synth.bayes.network import Network
from synth.constraints.derived import NO_CONSTRAINTS, Constraints, Cut, Sum, possible
from synth.constraints.discovery import Lookup
from synth.constraints.rules import Rule, parse_rules
from synth.data.schema import Column, Schema, some_of
from synth.data.table import CELLS_LIMIT, Table, make_table
from synth.errors import PopulaceError
from synth.fitting.interests import LearnedInterests, find
from synth.fitting.plan import Plan
from synth.populations import Population

UNROLLED_LIMIT = 5_000_000
"""Counts are unrolled to at most this many rows; more of them weigh rows instead."""
_CHECKED = 2_000
_INTERESTS = 0.3  # of the progress

Progress = Callable[[float, str], None]


def build(
    frame: pd.DataFrame,
    plan: Plan,
    progress: Progress | None = None,
    *,
    things: pd.DataFrame | None = None,
    gaussian: Sequence[str] = (),
    search: str = "hill-climb",
    restarts: int = 3,
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
    things : pd.DataFrame, optional
        The second table, where the plan takes interests from one.
    gaussian, search, restarts
        As in `bayes.learn`.

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
    found = None
    if plan.interests is not None:
        found = find(
            frame,
            plan.interests,
            things,
            seed=plan.seed,
            progress=lambda share, words: say(_INTERESTS * share, words),
        )
        frame, plan = _with(frame, plan, found)
        begun = _INTERESTS
    # 1. The rows: in canonical types, unrolled, without those that break a rule.
    say(0.02, "Reading the rows")
    schema = _roles(plan)
    table = make_table(frame[[c.name for c in schema if c.name in frame.columns]], schema)
    notes = [*([found.note] if found else []), *table.notes]
    # Levels and bounds are known by now, so the rules are read again against them.
    plan = replace(plan, rules=_rules(plan, table.schema))
    rows, weight, told = _unrolled(table, plan)
    notes += told
    derived = _constraints(plan, table.schema, NO_CONSTRAINTS)
    rows, told = _obeying(rows, derived, table.schema)
    notes += told
    if len(rows) < 2:
        raise PopulaceError("Fewer than two rows keep all rules: loosen one of them.")
    if told:
        table = Table(table.frame, _tightened(table.schema, rows), table.digest)
    # 2. What is learned: all but what is worked out and numbers that are looked up.
    modelled = _modelled(table.schema, plan, rows)
    numbers = [one for one in plan.lookups if table.schema[one.name].is_number]
    levels = [one for one in plan.lookups if one not in numbers]
    learned = Schema(
        (
            *(c for c in modelled if c.name not in {one.name for one in numbers}),
            *([replace(table.schema[weight], role="weight")] if weight else ()),
        )
    )
    people = Table(rows[[c.name for c in learned]], learned, table.digest)
    say(0.05, f"Learning from {len(people):,} people")
    learner = NetworkLearner(
        score=plan.score,
        max_parents=plan.max_parents,
        required=[(one.of, one.name) for one in levels],
        forbidden=[
            (c.name, one.name)
            for one in levels
            for c in learned.modelled
            if c.name not in (one.of, one.name)
        ],
        weights=weight or None,
        gaussian=gaussian,
        search=search,
        restarts=restarts,
        seed=plan.seed,
    )
    learner.fit(
        people,
        lambda moves, score: say(
            0.05 + 0.8 * (1 - 0.985**moves),
            f"Looking for what depends on what: {moves} steps, score {score:,.0f}",
        ),
    )
    # 3. Look-ups are exact: nobody lives in Antwerp and in another province.
    say(0.86, "Working out the tables")
    network = learner.network_
    for one in levels:
        network = _exact(network, one, rows)
    for one in numbers:
        network = _with_leaf(network, one, table.schema[one.name], rows)
    network = replace(network, schema=Schema(tuple(network.schema[c.name] for c in modelled)))
    # 4. What is worked out and must hold in every sampled row.
    constraints = _constraints(plan, table.schema, derived, network.schema)
    wanted = {*network.schema.names, *constraints.names}
    finished = rows[[name for name in table.schema.names if name in wanted]]
    say(0.9, "Counting the real people")
    real = Table(finished, constraints.schema(network.schema), table.digest)
    note = _note(plan, len(rows), weight)
    population = populations.of(
        network,
        real,
        title=plan.title or "My table",
        note=note,
        featured=_featured(network, {one.name for one in plan.lookups}),
        card=_card(plan, network, note, notes),
        constraints=constraints,
        keywords=found.keywords if found else {},
    )
    # 5. The rules must leave somebody.
    if constraints.rules:
        say(0.95, "Trying the rules")
        population.given().sample(_CHECKED, seed=plan.seed)
    say(1.0, "Done")
    return population


# ---------------------------------------------------------------------- rows


def _with(frame: pd.DataFrame, plan: Plan, found: LearnedInterests) -> tuple[pd.DataFrame, Plan]:
    """Rows and plan with the interests as further columns, none of them twice in a row.

    What people wrote is not learned beside them.
    """
    text = plan.interests.text if plan.interests is not None else ""
    said = plan.schema.changed(text, role="skip") if text else plan.schema
    plan = plan.on(Schema((*said, *found.columns)))
    rules = parse_rules(found.rules, Schema(found.columns))
    columns = {name: found.frame[name].array for name in found.frame}
    return frame.assign(**columns), replace(plan, rules=(*plan.rules, *rules))


def _roles(plan: Plan) -> Schema:
    """The plan's columns; those that are worked out stand apart, bounds are left to the rows."""
    away = {one.name for one in plan.derived}
    return Schema(tuple(replace(c, role="apart") if c.name in away else c for c in plan.schema))


def _rules(plan: Plan, schema: Schema) -> tuple[Rule, ...]:
    away = {one.name for one in plan.derived}
    usable = Schema(tuple(c for c in schema if c.role == "model" or c.name in away))
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
        said = f"{plan.count} counts {total:,} people, too many to unroll: it weighs rows instead."
        return rows, plan.count, [said]
    taken = np.repeat(np.arange(len(rows)), counts.astype(np.int64))
    said = f"{len(rows):,} rows were unrolled to {total:,} people by {plan.count}."
    return rows.iloc[taken].reset_index(drop=True), "", [said]


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


def _modelled(schema: Schema, plan: Plan, rows: pd.DataFrame) -> Schema:
    """The columns of the network; one that no longer varies keeps its only value."""
    modelled = schema.modelled
    if not modelled:
        raise PopulaceError("No column is left to learn from: give one the use “learn”.")
    for column in modelled:
        if rows[column.name].isna().all():
            raise PopulaceError(
                f"Column {column.name} has no value in the rows that keep all rules: leave it out."
            )
    return modelled


# ---------------------------------------------------------------------- look-ups


def _exact(network: Network, one: Lookup, rows: pd.DataFrame) -> Network:
    """The network in which one column's levels settle another's, to the last row."""
    if network.parents[one.name] != (one.of,):
        raise PopulaceError(
            f"{one} cannot be kept exactly beside the other edges: untick it and learn again."
        )
    parent, child = network.codings[one.of], network.codings[one.name]
    table = np.array(network.tables[one.name])
    of, name = parent.encode(rows[one.of]), child.encode(rows[one.name])
    table[of] = 0.0
    table[of, name] = 1.0
    return replace(network, tables={**network.tables, one.name: table})


def _with_leaf(network: Network, one: Lookup, column: Column, rows: pd.DataFrame) -> Network:
    """The network with a number that another column's levels settle; each value is a bin."""
    parent = network.codings[one.of]
    coding = Coding(column)
    numbers = rows[one.name].to_numpy(dtype=np.float64, na_value=np.nan)
    known = ~np.isnan(numbers)
    index, seen = np.unique(coding.index(numbers[known]), return_inverse=True)
    pieces = Pieces(index, index, np.arange(len(index)), np.ones(len(index)))
    coding = Coding(column, pieces)
    shares = np.append(np.bincount(seen), [(~known).sum()] if column.missing else [])
    table = np.tile(shares / shares.sum(), (parent.size, 1))
    of, name = parent.encode(rows[one.of]), coding.encode(rows[one.name])
    table[of] = 0.0
    table[of, name] = 1.0
    return replace(
        network,
        schema=Schema((*network.schema, column)),
        codings={**network.codings, one.name: coding},
        parents={**network.parents, one.name: (one.of,)},
        tables={**network.tables, one.name: table},
    )


# ---------------------------------------------------------------------- words


def _constraints(
    plan: Plan, schema: Schema, given: Constraints, modelled: Schema | None = None
) -> Constraints:
    """What is worked out and must hold; the second time against what was learned."""
    known = {c.name: c for c in (modelled or schema)}
    columns = []
    for one in plan.derived:
        column = possible(one, schema[one.name], known)
        known[one.name] = column
        columns.append(column)
    constraints = Constraints(plan.derived, tuple(columns), plan.rules, schema.names)
    if modelled is not None:
        order = tuple(n for n in schema.names if n in modelled or n in constraints.names)
        constraints = replace(constraints, order=order)
        constraints.check(modelled)
    return constraints


def _featured(network: Network, settled: set[str]) -> tuple[str, ...]:
    """Six columns for the sidebar: those that few words can ask about come first."""
    first = ("gender", "sex", "age", "education", "marital", "marital_status", "top1")
    schema = network.schema
    free = [c for c in schema if c.name not in settled]
    names = [c.name for c in free if c.name.casefold() in first]
    easy = [c.name for c in free if _stops(c) <= 100]
    return tuple(dict.fromkeys([*names, *easy, *schema.names]))[:6]


def _stops(column: Column) -> float:
    """How many answers a question about the column has."""
    if not column.is_number:
        return len(column.levels)
    return (float(column.upper) - float(column.lower)) / (column.step or 1.0)


def _note(plan: Plan, rows: int, weight: str) -> str:
    people = "people" if plan.count and not weight else "rows"
    note = f"Learned from {rows:,} {people} of a table of your own"
    if weight:
        note += ", weighted; the real people it is compared with are not weighted"
    return note + "."


def _card(plan: Plan, network: Network, note: str, notes: Sequence[str]) -> str:
    lines = [
        f"# {plan.title or 'My table'}",
        "",
        note,
        "",
        f"{_counted(len(network.schema), 'column')} and {_counted(len(network.edges), 'edge')}, "
        f"found by the score “{plan.score}” (seed {plan.seed}).",
        "",
    ]
    sections: list[tuple[str, Sequence[str]]] = [
        ("Worked out in every row", [str(one) for one in plan.derived]),
        ("Settled exactly", [str(one) for one in plan.lookups]),
        ("Rules that hold in every row", [str(rule) for rule in plan.rules]),
        ("Notes", notes),
    ]
    apart = [c.name for c in plan.schema if c.role in ("apart", "skip")]
    if apart:
        lines += [f"Left out: {some_of(apart)}.", ""]
    for head, said in sections:
        if said:
            lines += [f"## {head}", "", *(f"- {line}" for line in said), ""]
    return "\n".join(lines)


__all__ = ["Cut", "Rule", "Sum", "build"]
