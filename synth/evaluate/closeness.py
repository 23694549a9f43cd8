"""Closeness: how near the synthetic people stand to the real ones.

Copies and distances are judged against what fresh real people would show: those of a holdout, or
each real row beside all the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synth.evaluate.attacks.rate import some
from synth.evaluate.comparison import Comparison
from synth.evaluate.distance import ROUNDING, Space, closest, closest_others

ROWS = 4000
"""So many rows' closest record is looked for, at most."""


@dataclass(frozen=True)
class Closeness:
    """Distances to the closest real record, of synthetic and of fresh people.

    Attributes
    ----------
    median, median_reference : float
        Median distance of synthetic and of fresh people; a column in which two people differ adds
        up to 1 to its square (Gower; see `distance`).
    ratio : float
        Mean distance, synthetic over fresh: below 1 is closer than chance.
    nearer : float
        The share of synthetic rows as close as the closest 5% of fresh people or closer, 0 to 1.
    nearer_reference : float
        That share among the fresh people themselves: 0.05, or more with ties.
    """

    median: float
    median_reference: float
    ratio: float
    nearer: float
    nearer_reference: float


def identical_shares(comparison: Comparison) -> tuple[float, float]:
    """The shares of rows equal to a real row in every column.

    Parameters
    ----------
    comparison : Comparison
        Real and synthetic people.

    Returns
    -------
    tuple of (float, float)
        Of synthetic rows, and of fresh real rows, 0 to 1: those of the holdout, or each real row
        beside all the others.
    """
    keys = comparison.keys
    if comparison.holdout is not None:
        reference = np.isin(keys["holdout"], keys["real"])
    else:
        _, at, times = np.unique(keys["real"], return_inverse=True, return_counts=True)
        reference = times[at] > 1
    return float(np.isin(keys["synthetic"], keys["real"]).mean()), float(reference.mean())


def closeness(
    space: Space,
    truth: pd.DataFrame,
    synthetic: pd.DataFrame,
    fresh: pd.DataFrame | None,
    random: np.random.Generator,
) -> Closeness:
    """Distances to the closest real record, of synthetic and of fresh people.

    Parameters
    ----------
    space : Space
        The coordinates of people.
    truth, synthetic : DataFrame
        Real and synthetic people of a comparison.
    fresh : DataFrame or None
        The holdout; without it, each real row beside all the others.
    random : numpy Generator
        Draws up to 4,000 rows of each whose closest record is looked for.

    Returns
    -------
    Closeness
    """
    points = space.points(truth)
    mine = closest(space.points(some(synthetic, ROWS, random)), points)
    if fresh is None:
        theirs = closest_others(points, random.permutation(len(points))[:ROWS])
    else:
        theirs = closest(space.points(some(fresh, ROWS, random)), points)
    border = np.quantile(theirs, 0.05) + ROUNDING
    return Closeness(
        float(np.median(mine)),
        float(np.median(theirs)),
        float((mine.mean() + 1e-9) / (theirs.mean() + 1e-9)),
        float((mine <= border).mean()),
        float((theirs <= border).mean()),
    )
