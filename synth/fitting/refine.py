"""Learn what corrects a population's people: a density ratio of real rows and drawn ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synth.data.table import Table
from synth.errors import PopulaceError
from synth.generators import density_ratio
from synth.generators.base import Progress, no_progress
from synth.populations import Population
from synth.populations.as_written import canonical

DRAWN = 100_000
"""At least so many people are drawn to compare with, or twice the real ones."""
MOST = 400_000
"""At most so many."""
PEOPLE = 60_000
"""And so many more, who say what the ratio's margins, mean and bound are."""


def refine(
    population: Population,
    table: Table | None = None,
    *,
    seed: int = 0,
    progress: Progress = no_progress,
) -> tuple[Population, str]:
    """Learn a population's refinement from real rows.

    Parameters
    ----------
    population : Population
        Whose people are corrected.
    table : Table, optional
        The real rows that it was learned from; the population's own when left out.
    seed : int
        Of the people drawn and of the rows kept apart.
    progress : callable
        Gets the share that is done, and words.

    Returns
    -------
    population : Population
        With its refinement; as it was where people kept apart are told apart no better than by
        chance.
    note : str
        One sentence on what was found.

    Raises
    ------
    PopulaceError
        There are no real rows.
    """
    rows = population.table if table is None else table
    if rows is None:
        raise PopulaceError(
            f"The real rows of {population.title} are not at hand: refine it when it is learned."
        )
    schema = population.modelled
    real = schema.conform(rows.frame)
    count = int(np.clip(2 * len(real), DRAWN, MOST))
    progress(0.0, f"Drawing {count:,} people to compare with")
    people = canonical(population.answer())
    drawn = people.sample(count, seed=seed + 1)
    further = people.sample(PEOPLE, seed=seed + 1, start=count)
    settings = population.model.settings
    weights = None
    if settings.weights:
        if settings.weights not in rows.frame:
            raise PopulaceError(
                f"The rows were weighed by {settings.weights} when they were learned from: refine "
                "with a table that has it."
            )
        weights = rows.frame[settings.weights].to_numpy(dtype=np.float64)
    ratio = density_ratio.learn(
        schema, real, drawn, further=further, weights=weights, seed=seed, progress=progress
    )
    if ratio is None:
        if len(real) < density_ratio.FEWEST:
            note = (
                f"Not refined: {len(real):,} rows are too few to learn what the network misses "
                f"(at least {density_ratio.FEWEST:,})."
            )
        else:
            note = (
                "Not refined: people kept apart are told from the model's no better than by chance."
            )
        return population, note
    gain = ratio.scores["loss_none"] - ratio.scores["loss"]
    note = (
        f"Refined by {len(ratio.roots)} trees: among {ratio.scores['rows']:,.0f} people kept apart "
        f"the ratio gains {gain:.3f} nats a person (standard error "
        f"{ratio.scores['standard_error']:.3f})."
    )
    return replace(population, refinement=ratio), note
