"""A statistical audit of ε: what an attack shows at least, beside what is promised.

Canaries are rows like no other; a coin decides of each whether it is in the table. One private
population is learned, and whoever audits guesses for the canaries that look most and least as if
they were in. Under ε-differential privacy no guess is right more often than e^ε / (1 + e^ε), and
so many right guesses bound ε from below (T. Steinke, M. Nasr, M. Jagielski, "Privacy auditing with
one (1) training run", NeurIPS 2023). The bound holds with 95%; it is no proof of the promise, but
one above the promise proves it broken.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from synth.data.schema import Column, Schema
from synth.privacy.learning import Promise, learn_privately
from synth.privacy.public import Public, PublicColumn

GUESSED = 0.2
"""The share of canaries that is guessed of; half of them "in", half "out"."""
LEVEL = 0.05
"""How often the bound may be wrong."""
COLUMN = "canary"


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
    """

    epsilon: float
    delta: float
    lower: float
    right: int
    guesses: int
    canaries: int
    noise: float

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


def audit(promise: Promise, *, canaries: int = 1000, seed: int | None = None) -> Audit:
    """Learn a private population of canaries and guess who was in it.

    Parameters
    ----------
    promise : Promise
        What is promised; its `public` is replaced.
    canaries : int
        At least 20; each is a level of its own.
    seed : int, optional
        Of the coins.
    """
    random = np.random.default_rng(seed)
    levels = tuple(f"canary {number:04d}" for number in range(canaries))
    inside = random.random(canaries) < 0.5
    people = pd.DataFrame(
        {COLUMN: pd.Categorical(np.array(levels)[inside], categories=list(levels))}
    )
    public = Public({COLUMN: PublicColumn(levels=levels, missing=False)})
    schema = Schema((Column(COLUMN, "categorical", levels),))
    learned = learn_privately(people, schema, replace(promise, public=public))
    scores = learned.network.given().codes(COLUMN)
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
    )


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
