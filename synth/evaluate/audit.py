"""A statistical audit of ε: what an attack shows at least, beside what is promised.

Canaries are rows like no other; a coin decides of each whether it is in the table. One private
population is learned, and whoever audits guesses for the canaries that look most and least as if
they were in. Under ε-differential privacy no guess is right more often than e^ε / (1 + e^ε), and
so many right guesses bound ε from below (T. Steinke, M. Nasr, M. Jagielski, "Privacy auditing with
one (1) training run", NeurIPS 2023). The bound holds with 95%; it is no proof of the promise, but
one above the promise proves it broken.

A table of one column tests the noise on counts. With more columns each canary is a combination of
levels like no other, so that the choice of pairs is tested with it.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from synth.bayes.scoring import log_rows
from synth.data.column import Column
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.evaluate.attacks.rate import Rate
from synth.privacy.learning import Promise, learn_privately
from synth.privacy.public import Public, PublicColumn

GUESSED = 0.2
"""The share of canaries that is guessed of; half of them "in", half "out"."""
LEVEL = 0.05
"""How often the bound may be wrong."""
COLUMN = "canary"
MOST_COLUMNS = 6


@dataclass(frozen=True)
class Audit:
    """What was promised and what an attack showed.

    Attributes
    ----------
    epsilon, delta : float
        The promise.
    lower : float
        The least ε that goes with the guesses, with 95% confidence.
    right, guesses : int
        How many guesses were right, of how many.
    canaries : int
        How many there were.
    noise : float
        The share of the noise that was drawn; 1 unless the promise was to be broken.
    columns : int
        How many columns the table had; of two and more, pairs were chosen.
    """

    epsilon: float
    delta: float
    lower: float
    right: int
    guesses: int
    canaries: int
    noise: float
    columns: int = 1

    @property
    def rate(self) -> Rate:
        """The share of right guesses, with its interval."""
        return Rate.of(self.right, self.guesses)

    @property
    def is_broken(self) -> bool:
        """Whether the attack shows more than was promised."""
        return self.lower > self.epsilon

    @property
    def sentence(self) -> str:
        """The audit in words."""
        verdict = "the promise is BROKEN" if self.is_broken else "nothing speaks against it"
        return (
            f"Promised: ε = {self.epsilon:g}. {self.right} of {self.guesses} guesses were right, "
            f"so ε is at least {self.lower:.2f} (95% confidence): {verdict}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        return asdict(self) | {"broken": self.is_broken}


def audit(
    promise: Promise, *, canaries: int = 1000, columns: int = 1, seed: int | None = None
) -> Audit:
    """Learn a private population of canaries and guess who was in it.

    Parameters
    ----------
    promise : Promise
        What is promised; its `public` is replaced.
    canaries : int
        At least 20; each is a row like no other.
    columns : int
        1 to `MOST_COLUMNS`; with one, each canary is a level of its own.
    seed : int, optional
        Of the coins.

    Raises
    ------
    PopulaceError
        There are too many columns, or none.
    """
    if not 1 <= columns <= MOST_COLUMNS:
        raise PopulaceError(f"An audit takes 1 to {MOST_COLUMNS} columns.")
    random = np.random.default_rng(seed)
    inside = random.random(canaries) < 0.5
    rows = canary_rows(canaries, columns)
    levels = {name: tuple(rows[name].cat.categories) for name in rows}
    public = Public({name: PublicColumn(levels=levels[name], missing=False) for name in rows})
    schema = Schema(tuple(Column(name, "categorical", levels[name]) for name in rows))
    people = rows[inside].reset_index(drop=True)
    learned = learn_privately(people, schema, replace(promise, public=public))
    scores = log_rows(learned.network, rows)
    guesses = max(int(GUESSED * canaries) // 2, 1)
    order = np.lexsort((random.random(canaries), scores))  # ties fall as they may
    right = int(inside[order[-guesses:]].sum() + (~inside[order[:guesses]]).sum())
    lower = lower_bound(right, 2 * guesses, canaries, promise.delta)
    return Audit(
        promise.epsilon,
        promise.delta,
        lower,
        right,
        2 * guesses,
        canaries,
        promise.noise_scale,
        columns,
    )


def canary_rows(canaries: int, columns: int) -> pd.DataFrame:
    """Rows of which no two agree in two columns, nor in the first where it is the only one.

    The first two columns are the places of a square grid, the others its diagonals of ever
    steeper slope; a prime side keeps them apart.
    """
    side = canaries if columns == 1 else _prime(math.isqrt(canaries - 1) + 1)
    places = np.arange(canaries)
    high, low = np.divmod(places, side) if columns > 1 else (places, places)
    codes = [high, *(low + slope * high for slope in range(columns - 1))]
    names = tuple(f"canary {number:04d}" for number in range(side))
    return pd.DataFrame(
        {
            COLUMN if not number else f"{COLUMN} {number + 1}": pd.Categorical.from_codes(
                each % side, categories=list(names)
            )
            for number, each in enumerate(codes)
        }
    )


def _prime(least: int) -> int:
    """The smallest prime that is at least so large, and larger than any slope."""
    number = max(least, MOST_COLUMNS + 1)
    while any(number % factor == 0 for factor in range(2, math.isqrt(number) + 1)):
        number += 1
    return number


def lower_bound(
    right: int, guesses: int, canaries: int, delta: float = 0.0, level: float = LEVEL
) -> float:
    """The smallest ε under which so many right guesses are not too unlikely.

    Parameters
    ----------
    right, guesses : int
        Right guesses, of how many.
    canaries : int
        How many rows the coins were tossed for.
    delta : float
        Of the promise: it may bring about 2 · canaries · δ of probability beside.
    level : float
        How often the bound may be wrong.

    Returns
    -------
    float
        0 where guessing explains it.
    """
    from scipy.stats import binom  # a second in every process that puts nothing to the test

    room = level - 2 * canaries * delta
    if room <= 0:
        return 0.0

    def chance(epsilon: float) -> float:
        """How likely so many right guesses are at most."""
        return float(binom.sf(right - 1, guesses, 1 / (1 + math.exp(-epsilon))))

    if chance(0.0) >= room:
        return 0.0
    low, high = 0.0, 50.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if chance(middle) < room else (low, middle)
    return low
