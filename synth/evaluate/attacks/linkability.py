"""Linkability: two halves of a person, joined by the synthetic rows (Giomi et al. 2023)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from synth.evaluate.attacks.rate import TRIES, Attack, Rate, Z, some
from synth.evaluate.distance import Space, squared_distances

NEIGHBOURS = 5
"""How many closest synthetic rows count as a link."""


def linkability(
    space: Space,
    truth: pd.DataFrame,
    synthetic: pd.DataFrame,
    fresh: pd.DataFrame | None,
    random: np.random.Generator,
    z: float = Z,
) -> Attack:
    """Linking two halves of a person.

    Someone who knows half of a person's columns, and elsewhere the other half, links the two where
    one synthetic row is among the five closest to both (Giomi et al. 2023). The control links
    people of the holdout, or takes five rows at random.

    Parameters
    ----------
    space : Space
        The coordinates of people.
    truth, synthetic : DataFrame
        Real and synthetic people of a comparison.
    fresh : DataFrame or None
        The holdout.
    random : numpy Generator
        Draws the halves, and up to 2,000 people.
    z : float
        Standard deviations of the intervals to each side.

    Returns
    -------
    Attack
        Without success where there is one column only.
    """
    names = list(space.columns)
    if len(names) < 2:
        return Attack.of(Rate.of(0, 1, z), Rate.of(0, 1, z))
    order = random.permutation(len(names))
    halves = [space.part([names[place] for place in part]) for part in np.array_split(order, 2)]
    targets = some(truth, TRIES, random)
    points = space.points(synthetic)
    mine = _links(space.points(targets), points, halves)
    if fresh is not None:
        others = some(fresh, TRIES, random)
        theirs = _links(space.points(others), points, halves)
    else:
        others = targets
        neighbours = min(NEIGHBOURS, len(synthetic))
        guess = random.integers(0, len(synthetic), (2, len(targets), neighbours))
        theirs = int((guess[0][:, :, None] == guess[1][:, None, :]).any(axis=(1, 2)).sum())
    return Attack.of(Rate.of(mine, len(targets), z), Rate.of(theirs, len(others), z))


def _links(targets: np.ndarray, points: np.ndarray, halves: Sequence[np.ndarray]) -> int:
    neighbours = min(NEIGHBOURS, len(points))
    neighbours_by_half = []
    for half in halves:
        near = np.empty((len(targets), neighbours), dtype=np.int64)
        for rows, square in squared_distances(targets[:, half], points[:, half]):
            near[rows] = np.argpartition(square, neighbours - 1, axis=1)[:, :neighbours]
        neighbours_by_half.append(near)
    first, second = neighbours_by_half
    return int((first[:, :, None] == second[:, None, :]).any(axis=(1, 2)).sum())
