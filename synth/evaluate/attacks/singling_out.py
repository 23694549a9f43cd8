"""Singling out: what a synthetic row says fits exactly one person (Giomi et al. 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from synth.evaluate.attacks.rate import TRIES, Attack, Rate, Z, some
from synth.evaluate.comparison import plain_values

if TYPE_CHECKING:
    from synth.data.column import Column

WIDTH = 4
"""How many columns a question names."""


def singling_out(
    columns: Sequence[Column],
    truth: pd.DataFrame,
    synthetic: pd.DataFrame,
    fresh: pd.DataFrame | None,
    random: np.random.Generator,
    z: float = Z,
) -> Attack:
    """Questions about four columns, put together from one synthetic row, that fit one person alone.

    Categories ask for the same level; numbers for as much or more where the row lies above the
    median, else as much or less (Giomi et al. 2023). The control counts the persons of the holdout
    (as many as are asked among those learned from), or asks with values of four different rows.

    Parameters
    ----------
    columns : sequence of Column
        The columns that questions name.
    truth, synthetic : DataFrame
        Real and synthetic people of a comparison.
    fresh : DataFrame or None
        The holdout.
    random : numpy Generator
        Draws 2,000 questions.
    z : float
        Standard deviations of the intervals to each side.

    Returns
    -------
    Attack
    """
    width = min(WIDTH, len(columns))
    rows = len(truth) if fresh is None else min(len(truth), len(fresh))
    known_people = some(truth, rows, random)
    unseen_people = known_people if fresh is None else some(fresh, rows, random)
    middle = {
        column.name: float(np.nanmedian(truth[column.name].to_numpy(dtype=float)))
        for column in columns
        if not isinstance(truth[column.name].dtype, pd.CategoricalDtype)
        and truth[column.name].notna().any()
    }
    hits = [0, 0]
    values = {column.name: plain_values(synthetic[column.name]) for column in columns}
    inside = {column.name: plain_values(known_people[column.name]) for column in columns}
    outside = {column.name: plain_values(unseen_people[column.name]) for column in columns}
    for row in random.integers(0, len(synthetic), TRIES):
        chosen = random.permutation(len(columns))[:width]
        others = random.integers(0, len(synthetic), width) if fresh is None else np.full(width, row)
        for kind, (people, sources) in enumerate(
            ((inside, np.full(width, row)), (outside, others))
        ):
            fits = np.ones(rows, dtype=bool)
            for place, source in zip(chosen, sources, strict=True):
                name = columns[place].name
                fits &= _fits(people[name], values[name][source], middle.get(name))
                if not fits.any():
                    break
            hits[kind] += int(fits.sum()) == 1
    return Attack.of(Rate.of(hits[0], TRIES, z), Rate.of(hits[1], TRIES, z))


def singling_out_by_value(
    columns: Sequence[Column],
    truth: pd.DataFrame,
    synthetic: pd.DataFrame,
    fresh: pd.DataFrame | None,
    random: np.random.Generator,
    z: float = Z,
) -> tuple[Attack, str]:
    """Values that stand once in a synthetic column and fit exactly one person.

    A leaked identifier shows here. The control counts in a holdout of the same number, or guesses
    values between the real ones at random (Giomi et al. 2023).

    Parameters
    ----------
    columns : sequence of Column
        The columns that are tried.
    truth, synthetic : DataFrame
        Real and synthetic people of a comparison.
    fresh : DataFrame or None
        The holdout.
    random : numpy Generator
        Draws up to 2,000 values of each column.
    z : float
        Standard deviations of the intervals to each side.

    Returns
    -------
    tuple of (Attack, str)
        Of the column that gives away most, and its name; "" where no column has ten such values.
    """
    rows = len(truth) if fresh is None else min(len(truth), len(fresh))
    known_people = some(truth, rows, random)
    worst, leaking = Attack.of(Rate.of(0, TRIES, z), Rate.of(0, TRIES, z)), ""
    for column in columns:
        values, times = np.unique(plain_values(synthetic[column.name]), return_counts=True)
        once = values[(times == 1) & ~np.isnan(values)]
        if len(once) < 10:
            continue
        tried = random.permutation(once)[:TRIES]
        hits = _single_hits(tried, plain_values(known_people[column.name]))
        if fresh is not None:
            control = _single_hits(tried, plain_values(some(fresh, rows, random)[column.name]))
        else:
            if isinstance(synthetic[column.name].dtype, pd.CategoricalDtype):
                guesses = random.permutation(tried)
            else:
                step = column.step or 1.0
                low, high = tried.min(), tried.max()
                guesses = np.round(random.uniform(low, high, len(tried)) / step) * step
            control = _single_hits(guesses, plain_values(known_people[column.name]))
        attack = Attack.of(Rate.of(hits, len(tried), z), Rate.of(control, len(tried), z))
        if attack.lower > worst.lower or not leaking:
            worst, leaking = attack, column.name
    return worst, leaking


def _single_hits(values: np.ndarray, people: np.ndarray) -> int:
    """How many of the values exactly one of the people has."""
    distinct, times = np.unique(people, return_counts=True)
    return int(np.isin(values, distinct[times == 1]).sum())


def _fits(people: np.ndarray, value: float, middle: float | None) -> np.ndarray:
    if np.isnan(value):
        return np.isnan(people)
    if middle is None:
        return people == value
    return people >= value if value >= middle else people <= value
