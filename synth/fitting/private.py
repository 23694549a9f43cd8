"""From a table to a private population: nothing of it but what its ledger paid for.

The ordinary way of learning reads levels, bounds, look-ups and rules off the rows, counts the real
people and keeps them at hand. Here none of that happens: dependences are not looked for, rules are
those that somebody names, counts beside the population are its own, and the rows are let go.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from synth.constraints.derived import NO_CONSTRAINTS, Constraints
from synth.constraints.rules import parse_rules
from synth.data.schema import Schema
from synth.data.table import Table, make_table
from synth.errors import PopulaceError
from synth.fitting.fit import FEATURED
from synth.fitting.plan import Plan
from synth.generators.base import Progress, Settings, no_progress
from synth.generators.private import NAME, PrivateGenerator, PrivateModel
from synth.populations import Population
from synth.populations.population import InMemory, named
from synth.privacy.learning import counts_of
from synth.privacy.public import Public

DELTA = 1e-6
"""δ where none is given."""
_CHECKED = 500


def fit_private(
    frame: pd.DataFrame,
    plan: Plan,
    *,
    epsilon: float,
    delta: float = DELTA,
    public: Public | None = None,
    rules: Sequence[str] = (),
    method: str = "adaptive",
    noise_seed: int | None = None,
    progress: Progress = no_progress,
) -> Population:
    """Learn a population that promises (ε, δ)-differential privacy to every row.

    Parameters
    ----------
    frame : pd.DataFrame
        Rows as `read_frame` gives them.
    plan : Plan
        Which columns to learn, of what kind; what the plan found in the rows is left aside.
    epsilon, delta : float
        The promise.
    public : Public, optional
        Levels, bounds and steps that are public; all others are paid for.
    rules : sequence of str
        What holds for everybody; public, for they are named by whoever asks.
    method : {"adaptive", "tree"}
        How pairs and triples of columns are chosen.
    noise_seed : int, optional
        For tests only: then nothing is promised, and the card says so.
    progress : callable
        Gets the share that is done, and words.

    Returns
    -------
    Population
        In memory, without rows and without counts of real people.

    Raises
    ------
    PopulaceError
        The plan asks for what would give rows away, or the budget does not suffice.
    """
    _refuse(plan)
    columns = plan.schema.modelled
    public = (public or Public()).checked(columns.names)
    # Rows are put in types by the schema of the rows; of it nothing but names and kinds goes on.
    table = make_table(frame[list(columns.names)], columns)
    if rules:
        parsed = parse_rules("\n".join(rules), table.schema)
        keep = ~np.any([rule.broken(table.frame) for rule in parsed], axis=0)
        table = Table(table.frame[keep].reset_index(drop=True), table.schema, "")
    options = {
        "epsilon": epsilon,
        "delta": delta,
        "public": public.to_json(),
        "method": method,
        "noise_seed": noise_seed,
    }
    model = PrivateGenerator().fit(table, Settings(options=options), progress)
    constraints = NO_CONSTRAINTS
    if rules:
        # Read again against the columns as they may be shown.
        shown = parse_rules("\n".join(rules), model.schema)
        constraints = Constraints((), (), shown, model.schema.names)
        constraints.check(model.schema)
    kept = Plan(model.schema, title=plan.title, generator=NAME, rules=constraints.rules)
    about = model.network.about["rows"]
    note = f"{model.ledger.how} from about {about:,} rows of a table of your own."
    population = named(
        Population(
            name="",
            title=plan.title or "My table",
            note=note,
            model=model,
            featured=_featured(model.schema),
            folder=None,
            source=InMemory(card(plan.title, model, note, rules), None, counts_of(model.network)),
            constraints=constraints,
            plan=kept.to_json(),
        )
    )
    if constraints.rules:
        population.given().sample(_CHECKED, seed=0)  # the rules must leave somebody
    return population


def _refuse(plan: Plan) -> None:
    """Raise a PopulaceError where the plan asks for what would give rows away."""
    if any(column.role == "weight" for column in plan.schema):
        raise PopulaceError(
            "A private population counts every row once: give the column of weights or counts "
            "another use."
        )
    if plan.make:
        raise PopulaceError(
            f"Column {next(iter(plan.make))} would be made new in the shape of the real values, "
            "which a private population must not know: leave it out."
        )
    if plan.interests is not None:
        raise PopulaceError(
            "Interests are learned from single rows, which a private population must not do: "
            "leave them out."
        )


def _featured(schema: Schema) -> tuple[str, ...]:
    telling = [schema.first(meaning) for meaning in FEATURED]
    names = [column.name for column in telling if column is not None]
    return tuple(dict.fromkeys([*names, *schema.names]))[:6]


def card(title: str, model: PrivateModel, note: str, rules: Sequence[str]) -> str:
    """The card of a private population: the promise and the ledger."""
    lines = [f"# {title or 'My table'}", "", note, ""]
    if rules:
        lines += ["## Rules that hold in every row", "", *(f"- {rule}" for rule in rules), ""]
    return "\n".join([*lines, model.ledger.markdown()])
