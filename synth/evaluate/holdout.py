"""A holdout report: learn anew from one half of the real people and judge with the other.

A generator that learned from every row leaves nobody whom it has never seen, so nothing could tell
what it knows of the population from what it knows by heart. The report's generator learns in the
same way from a random half; the other half, whom it never saw, are the judges. The figures hold
for a generator that learned from that half: one that learned from all rows has seen twice as many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from synth.data.schema import Schema
from synth.data.table import Table, make_table
from synth.data.writers import arrow_table, csv_bytes
from synth.errors import PopulaceError
from synth.evaluate.comparison import Comparison
from synth.evaluate.copies import Flags, flag
from synth.evaluate.report import Report, report_on
from synth.fitting.refit import refit

if TYPE_CHECKING:
    import pandas as pd

    from synth.populations import Population

FEWEST = 40
MOST = 30_000
"""Rows in each half; more move no score by as much as it varies."""
LEARNED, JUDGED = 0.12, 0.97
"""About the shares of the work that are done when people are drawn, and when they are judged."""


@dataclass(frozen=True, eq=False)
class HoldoutReport:
    """A report on people drawn from what half of the real ones taught.

    Attributes
    ----------
    report : Report
        The answers, of the drawn people.
    people : DataFrame
        Those people.
    flags : Flags
        Those that one may leave out, beside the half that was learned from.
    """

    report: Report
    people: pd.DataFrame
    flags: Flags

    @property
    def filtered(self) -> pd.DataFrame:
        """The people without copies, near copies and outliers."""
        return self.people[self.flags.kept].reset_index(drop=True)

    def filtered_csv(self) -> bytes:
        """The filtered people as CSV, safe for spreadsheets.

        Returns
        -------
        bytes
            UTF-8; a last column says that the rows are synthetic.
        """
        return csv_bytes([arrow_table(self.filtered)])


def holdout_report(
    population: Population,
    *,
    rows: int | None = None,
    target: str | None = None,
    groups: Sequence[str] | None = None,
    title: str = "",
    seed: int = 0,
    progress: Callable[[float, str], None] = lambda share, words: None,
) -> HoldoutReport:
    """Split a population's rows, learn from one half, draw people and ask every question.

    Parameters
    ----------
    population : Population
        Its model is learned anew in the same way.
    rows : int, optional
        How many people to draw; as many as were learned from if not given.
    target : str, optional
        The column that models learn; three suitable ones if not given.
    groups : sequence of str, optional
        The columns that fairness asks about; those called gender, sex, ethnicity or race if not
        given.
    title : str
        The page's heading; one with the population's title if empty.
    seed : int
        Of the split, of drawing and of the questions.
    progress : callable
        Gets the share that is done (0 to 1) and what comes next.

    Returns
    -------
    HoldoutReport

    Raises
    ------
    PopulaceError
        The rows are not shipped or fewer than 40; and as `report.report` does.
    """
    table = rows_of(population)
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
    model = refit(population.model, make_table(known, table.schema), weights=False)
    progress(LEARNED * 0.8, "Drawing synthetic people")
    people = model.given(constraints=population.constraints).sample(rows or half, seed=seed)
    judged = _judged(known, population.schema)
    comparison = Comparison.of(
        judged, people, holdout=unseen, seed=seed, target=target, groups=groups
    )
    judgement = report_on(
        comparison,
        title=title or f"{population.title}: synthetic people beside real ones",
        notes=[_words(len(order), half, population.model.settings.weights)],
        progress=lambda share, words: progress(LEARNED + (JUDGED - LEARNED) * share, words),
    )
    progress(JUDGED, "Marking copies and outliers")
    flags = flag(comparison)
    progress(1.0, "Done")
    return HoldoutReport(judgement, people, flags)


def rows_of(population: Population) -> Table:
    """The real rows of a population in its own terms: what was learned and what is worked out.

    Parameters
    ----------
    population : Population
        One with its table.

    Returns
    -------
    Table
        The schema's columns, in its order.

    Raises
    ------
    PopulaceError
        The rows are not shipped.
    """
    if population.table is None:
        raise PopulaceError(
            f"The real rows of {population.title} are not shipped: bring them as a file to "
            "`python -m synth evaluate`."
        )
    schema = population.schema
    return make_table(population.table.frame[list(schema.names)], schema)


def _judged(rows: pd.DataFrame, schema: Schema) -> Table:
    """Rows of which every column is compared, also those worked out."""
    columns = tuple(replace(column, role="model") for column in schema)
    return make_table(rows[list(schema.names)], Schema(columns))


def _words(rows: int, half: int, weights: str | None) -> str:
    return (
        f"A generator that learned from all {rows:,} people leaves nobody whom it has never seen. "
        f"So another learned in the same way from {half:,} of them, drawn at random, and was "
        f"judged with {half:,} others; it has seen fewer people than the one on the other pages, "
        "which fits them a little better as a rule."
    ) + (f" Weights ({weights}) are left aside on both sides." if weights else "")
