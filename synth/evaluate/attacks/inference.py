"""Attribute inference: one column of a person, from all others (Giomi et al. 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from synth.evaluate.attacks.rate import TRIES, Attack, Rate, Z, some
from synth.evaluate.comparison import plain_values
from synth.evaluate.distance import Space, squared_distances

if TYPE_CHECKING:
    from synth.data.column import Column

SECRETS = 20
"""Of a wide table so many columns are drawn."""
NEAR = 0.05
"""A number is guessed when within this share of the column's middle 90%."""


def inference(
    columns: Sequence[Column],
    space: Space,
    truth: pd.DataFrame,
    synthetic: pd.DataFrame,
    fresh: pd.DataFrame | None,
    random: np.random.Generator,
    z: float = Z,
) -> dict[str, Attack]:
    """Inferring one column of a person from all others.

    Someone who knows all of a person but one column takes it from the closest synthetic row (Giomi
    et al. 2023). A number counts as guessed when it is within 5% of the column's middle 90%. The
    control guesses for people of the holdout, or takes a row at random.

    Parameters
    ----------
    columns : sequence of Column
        The columns of `space`; at most 20 are tried, drawn at random.
    space : Space
        The coordinates of people.
    truth, synthetic : DataFrame
        Real and synthetic people of a comparison.
    fresh : DataFrame or None
        The holdout.
    random : numpy Generator
        Draws the columns, and up to 2,000 people.
    z : float
        Standard deviations of the intervals to each side.

    Returns
    -------
    dict of str to Attack
        By column, in the table's order; empty where there is one column only.
    """
    if len(columns) < 2:
        return {}
    targets = some(truth, TRIES, random)
    others = targets if fresh is None else some(fresh, TRIES, random)
    points = space.points(synthetic)
    guess = None if fresh is not None else random.integers(0, len(synthetic), len(others))
    secrets = np.sort(random.permutation(len(columns))[:SECRETS])
    nearest = _nearest_without_each(space, space.points(targets), points, secrets)
    nearest_control = (
        _nearest_without_each(space, space.points(others), points, secrets)
        if guess is None
        else None
    )
    out = {}
    for place, column in enumerate(columns[secret] for secret in secrets):
        known = plain_values(synthetic[column.name])
        near = _tolerance(truth[column.name])
        mine = _guessed(plain_values(targets[column.name]), known[nearest[:, place]], near)
        rows = guess if nearest_control is None else nearest_control[:, place]
        theirs = _guessed(plain_values(others[column.name]), known[rows], near)
        out[column.name] = Attack.of(
            Rate.of(mine, len(targets), z), Rate.of(theirs, len(others), z)
        )
    return out


def _nearest_without_each(
    space: Space, targets: np.ndarray, points: np.ndarray, secrets: np.ndarray
) -> np.ndarray:
    """For every target and secret column, the closest point in the others, int (n, secrets)."""
    out = np.empty((len(targets), len(secrets)), dtype=np.int64)
    for rows, square in squared_distances(targets, points):
        for place, block in enumerate(space.blocks[secret] for secret in secrets):
            own, theirs = targets[rows, block], points[:, block]
            part = -2 * (own @ theirs.T)
            part += np.einsum("ij,ij->i", own, own)[:, None]
            part += np.einsum("ij,ij->i", theirs, theirs)
            out[rows, place] = (square - part).argmin(axis=1)
    return out


def _guessed(truth: np.ndarray, guess: np.ndarray, near: float) -> int:
    both = np.isnan(truth) & np.isnan(guess)
    return int((both | (np.abs(truth - guess) <= near)).sum())


def _tolerance(values: pd.Series) -> float:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return 0.0
    numbers = values.to_numpy(dtype=float)
    numbers = numbers[~np.isnan(numbers)]
    if not len(numbers):
        return 0.0
    low, high = np.quantile(numbers, [0.05, 0.95])
    return float(NEAR * (high - low))
