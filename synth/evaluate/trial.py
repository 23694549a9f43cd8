"""A fair trial: learn anew from one half of the real people and judge with the other.

A network that learned from every row leaves nobody whom it has never seen, so nothing could tell
what it knows of the population from what it knows by heart. The trial learns in the same way from
a random half; the other half, whom it never saw, are the judges. What is found holds for a network
that learned from that half: one that learned from all rows has seen twice as many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from synth.bayes.learning import NetworkLearner
from synth.errors import PopulaceError
from synth.evaluate.privacy import Flags, flag
from synth.evaluate.report import Report, report
from synth.schema import Schema
from synth.table import Table, make_table

if TYPE_CHECKING:
    import pandas as pd

    from synth.bayes.network import Network
    from synth.populations import Population

FEWEST = 40
MOST = 30_000
"""Rows in each half; more move no score by as much as it varies."""
LEARNED = 0.12
"""About the share of the work that learning and drawing are."""

Learn = Callable[[Table], "Network"]


@dataclass(frozen=True, eq=False)
class Trial:
    """report: of the drawn `people`, float of rows as asked; flags: those that one may leave out
    beside the half that was learned from."""

    report: Report
    people: pd.DataFrame
    flags: Flags

    @property
    def filtered(self) -> pd.DataFrame:
        """The people without copies, near copies and outliers."""
        return self.people[self.flags.kept].reset_index(drop=True)


def trial(
    table: Table,
    learn: Learn,
    *,
    rows: int | None = None,
    target: str | None = None,
    groups: Sequence[str] | None = None,
    title: str = "Synthetic people beside real ones",
    seed: int = 0,
    progress: Callable[[float, str], None] = lambda share, words: None,
) -> Trial:
    """Split the table's rows, learn from one half, draw people and ask every question.

    learn: makes a network of a table; `relearn(network)` does as the network was learned.
    rows: how many people to draw, as many as were learned from if not given.
    target, groups, title, progress: as for `report.report`.

    Raises PopulaceError where the table has fewer than 40 rows, and as `report.report` does.
    """
    if len(table.frame) < FEWEST:
        raise PopulaceError(
            f"The table has {len(table.frame)} rows: a trial needs at least {FEWEST}, one half to "
            "learn from and one to judge."
        )
    progress(0.0, "Learning from one half of the real people")
    order = np.random.default_rng(seed).permutation(len(table.frame))
    half = min(len(order) // 2, MOST)
    known, unseen = (
        table.frame.iloc[part].reset_index(drop=True) for part in (order[:half], order[-half:])
    )
    learned = make_table(known, table.schema)
    network = learn(learned)
    progress(LEARNED * 0.8, "Drawing synthetic people")
    people = network.given().sample(rows or half, seed=seed)
    found = report(
        learned,
        people,
        holdout=unseen,
        target=target,
        groups=groups,
        title=title,
        notes=[_words(len(order), half)],
        seed=seed,
        progress=lambda share, words: progress(LEARNED + (0.97 - LEARNED) * share, words),
    )
    progress(0.97, "Marking copies and outliers")
    flags = flag(learned, people)
    progress(1.0, "Done")
    return Trial(found, people, flags)


def rows_of(population: Population) -> Table:
    """The real rows of a population in its network's own terms.

    Raises PopulaceError where they are not shipped.
    """
    if population.table is None:
        raise PopulaceError(
            f"The real rows of {population.title} are not shipped: bring them as a file to "
            "`python -m synth evaluate`."
        )
    schema, frame = population.network.schema, population.table.frame
    weights = population.network.about.get("weights")
    columns = schema.columns
    if weights and weights not in schema and weights in frame:
        weigher = replace(population.table.schema[weights], role="weight")
        columns = (*columns, weigher)
    return make_table(frame[[column.name for column in columns]], Schema(columns))


def relearn(network: Network) -> Learn:
    """Learn another table with the settings by which this network was learned."""
    about = network.about
    known = ("score", "search", "max_parents", "bins", "seed", "weights")
    settings = {name: about[name] for name in known if name in about}

    def learn(table: Table) -> Network:
        learner = NetworkLearner(gaussian=tuple(network.gaussians), **settings)
        return learner.fit(table).network_

    return learn


def _words(rows: int, half: int) -> str:
    return (
        f"A network that learned from all {rows:,} people leaves nobody whom it has never seen. So "
        f"another was learned in the same way from {half:,} of them, drawn at random, and judged "
        f"with {half:,} others; it has seen fewer people than the one on the other pages, which "
        "fits them a little better as a rule."
    )
