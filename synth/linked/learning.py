"""From linked tables to a model of whole families."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synth.data.schema import Schema
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.generators import density_ratio
from synth.generators.base import Progress, Settings, generator, no_progress
from synth.linked.correction import Correction
from synth.linked.features import Rows, family_frame, family_schema, features_of
from synth.linked.model import LinkedModel, Shape
from synth.linked.plans import Plan
from synth.linked.rules import find_rules
from synth.linked.siblings import Siblings, learn_siblings
from synth.linked.tables import LinkedTables

FEWEST = 20
"""Families below which nothing is learned."""
DRAWN = 4
"""Families drawn for each real one to learn what the model misses."""
MOST = 120_000
"""But at most so many."""


@dataclass(frozen=True, eq=False)
class _Augmented:
    """A table with what it plans for the tables below it."""

    schema: Schema
    frame: pd.DataFrame


def learn_linked(
    tables: LinkedTables,
    *,
    refine: bool = True,
    max_parents: int = 4,
    seed: int = 0,
    progress: Progress = no_progress,
) -> LinkedModel:
    """Learn families from tables that belong together.

    Parameters
    ----------
    tables : LinkedTables
        As `link` joins them.
    refine : bool
        Whether what the networks miss is learned too, from 2,000 families up.
    max_parents : int
        The most causes of a column.
    seed : int
        The same seed learns the same model.
    progress : callable
        Gets the share that is done, and words.

    Raises
    ------
    PopulaceError
        There are too few families, or nothing to learn from.
    """
    if len(tables.root) < FEWEST:
        raise PopulaceError(
            f"{tables.root.name} has {len(tables.root)} rows: families are learned from "
            f"{FEWEST} and more."
        )
    # 1. From the lowest tables up: what each plans for the tables below it.
    plans: dict[str, Plan] = {}
    whole: dict[str, _Augmented] = {}
    for table in reversed(tables.tables):
        schema, frame = table.schema.modelled, table.frame
        for child in tables.children(table.name):
            below = whole[child.name]
            plan = Plan.of(child.name, below.schema, below.frame, child.rows, child.order)
            rows = Rows.of(below.schema, below.frame, child.rows)
            values = dict(zip(rows.schema.names, rows.values, strict=True))
            summaries = plan.summarise(below.schema, values, child.rows)
            columns = plan.columns(below.schema, summaries)
            frame = pd.concat([frame, plan.frame(columns, summaries)], axis=1)
            schema = Schema((*schema, *columns))
            plans[child.name] = plan
        whole[table.name] = _Augmented(schema, frame)
    # 2. The root with its plans.
    root = whole[tables.root.name]
    progress(0.02, f"Learning {tables.root.name} from {len(tables.root):,} rows")
    # Plans hang together so closely that effects which add up (`additive_parents`) blur them:
    # baseball players are told from real ones with .83 instead of .78 before any correction.
    options = {"max_parents": max_parents, "additive_parents": 0}
    model = generator().fit(
        make_table(root.frame, root.schema), Settings(seed=seed, options=options)
    )
    # 3. Rows, given their parents.
    siblings: dict[str, Siblings] = {}
    for place, table in enumerate(tables.tables[1:]):
        share = 0.1 + 0.5 * place / (len(tables.tables) - 1)
        progress(share, f"Learning {table.name} from {len(table):,} rows")
        own, above = whole[table.name], whole[table.parent]
        siblings[table.name] = learn_siblings(
            plans[table.name],
            own.schema,
            own.frame,
            above.frame,
            above.schema,
            max_parents=max_parents,
            seed=seed,
        )
    shapes = tuple(Shape.of(table) for table in tables.tables)
    rules = find_rules(tables)
    for rule in rules:
        if rule.kind == "known from":  # drawn so, instead of drawn anew until it is
            some = siblings[rule.table]
            siblings[rule.table] = some.with_known(rule.column, rule.by, rule.bound)
    learned = LinkedModel(shapes, model, siblings, rules=rules, seed=seed)
    if not refine or len(tables.root) < density_ratio.FEWEST:
        return learned
    return _refined(learned, tables, root, whole, seed, progress)


def _refined(
    model: LinkedModel,
    tables: LinkedTables,
    root: _Augmented,
    whole: dict[str, _Augmented],
    seed: int,
    progress: Progress,
) -> LinkedModel:
    """The model with what it misses: of parents and their plans first, then of whole families."""
    count = min(DRAWN * len(tables.root), MOST)
    many = len(tables.root) >= MANY
    folds = 1 if many else FOLDS
    progress(0.6, f"Drawing {count:,} parents to compare with")
    drawn = model.given().candidates(count, seed + 1)[0]
    ratio = density_ratio.learn(root.schema, root.frame, drawn, seed=seed, trees=TREES, folds=folds)
    fresh = model.given().candidates(CALIBRATED, seed + 3)[0]
    root_ratio = Correction.learn(ratio, fresh, model.planned_sizes(fresh), ROOT[many])
    model = model.with_ratios(root_ratio, None)
    progress(0.75, f"Drawing {count:,} families to compare with")
    children = [table for table in tables.tables[1:] if table.parent == tables.root.name]
    real = {t.name: Rows.of(whole[t.name].schema, whole[t.name].frame, t.rows) for t in children}
    orders = {table.name: table.order for table in children}
    features = features_of(real, orders)
    own = tables.root.schema.modelled
    families = model.given().families(count, seed=seed + 2)
    parents = families.parents[list(own.names)]
    ratio = density_ratio.learn(
        family_schema(own, real, features),
        family_frame(tables.root.frame, real, features),
        family_frame(parents, {t.name: families.rows[t.name] for t in children}, features),
        seed=seed,
        trees=TREES,
        folds=folds,
        progress=lambda share, words: progress(0.8 + 0.2 * share, words),
    )
    # Bounds are chosen by families that no tree has seen.
    judged = model.with_ratios(root_ratio, None, features)
    fresh_families = judged.given().families(CALIBRATED, seed=seed + 4)
    sizes = np.sum([table.rows for table in children], axis=0)
    correction = Correction.learn(
        ratio, judged.features_of(fresh_families), fresh_families.sizes, FAMILY[many], sizes
    )
    return model.with_ratios(root_ratio, correction, features)


ROOT, FAMILY = (3.0, 1.5), (8.0, 1.6)
"""About so many parents, and families, are drawn for each that is kept; where families are few, and
where they are many. More is closer, and slower: four halves of the baseball players are told apart
with .68 to .69, with 2 families with .64 to .66 for a quarter more time."""
CALIBRATED = 12_000
"""Families by which the bounds are chosen."""
TREES = 160
"""The most trees of a ratio: more would make drawing slow."""
FOLDS, MANY = 2, 4_000
"""Ratios that are averaged where there are few families, fewer than so many: each makes drawing
slower."""
