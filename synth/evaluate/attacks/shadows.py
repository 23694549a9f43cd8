"""Membership inference by shadow populations: the strongest attack there is on one population.

The attacker knows every row that may have been learned from, and how populations are learned. They
learn populations of their own from random halves of those rows, the shadows, and see how likely a
row is in those that learned from it and in those that did not. In a population whose half they do
not know, each row is weighed by the ratio of both (LiRA: N. Carlini, S. Chien, M. Nasr, S. Song,
A. Terzis, F. Tramèr, "Membership inference attacks from first principles", IEEE S&P 2022). Rows
that were learned from are ranked against rows that were not; 0.5 is guessing, and under
ε-differential privacy no attack gets above e^ε / (1 + e^ε).

The control is the same attack on populations that promise nothing: where it finds nobody there
either, it says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from synth.errors import PopulaceError
from synth.evaluate.attacks.membership import MembershipAttack, auc_interval
from synth.evaluate.attacks.rate import Rate

FALSE_ALARMS = 0.01
"""The share of rows that were not learned from which may be taken for others, for `found`."""
FEWEST_SHADOWS = 4


@dataclass(frozen=True)
class ShadowAttack(MembershipAttack):
    """The attack by shadow populations.

    Attributes
    ----------
    found : Rate
        The share of learned rows that are found where `FALSE_ALARMS` of the others are flagged.
    rows, shadows, attacked : int
        How many rows could be in, and how many populations were learned and attacked.
    """

    found: Rate
    rows: int
    shadows: int
    attacked: int


def halves(rows: int, shadows: int, attacked: int, seed: int = 0) -> np.ndarray:
    """Which rows each population is to be learned from.

    Parameters
    ----------
    rows : int
        How many rows there are.
    shadows, attacked : int
        How many populations the attacker learns, and how many are attacked; shadows come in pairs
        of complements, so every row is in half of them.
    seed : int
        Of the halves.

    Returns
    -------
    bool array, shape (shadows + attacked, rows)
        The attacked populations last.

    Raises
    ------
    PopulaceError
        There are too few shadows to tell in from out.
    """
    if shadows < FEWEST_SHADOWS or shadows % 2 or attacked < 1:
        raise PopulaceError(
            f"The attack needs an even number of shadows, at least {FEWEST_SHADOWS}, and one "
            "population to attack."
        )
    random = np.random.default_rng(seed)
    inside = np.zeros((shadows + attacked, rows), dtype=bool)
    for place in range(0, shadows, 2):
        inside[place, random.permutation(rows)[: rows // 2]] = True
        inside[place + 1] = ~inside[place]
    for place in range(shadows, shadows + attacked):
        inside[place, random.permutation(rows)[: rows // 2]] = True
    return inside


def shadow_attack(logs: np.ndarray, inside: np.ndarray, shadows: int) -> ShadowAttack:
    """Attack populations by what their shadows show.

    Parameters
    ----------
    logs : float64 array, shape (populations, rows)
        How likely each row is in each population (log-probability); minus infinity where it is
        excluded.
    inside : bool array, the same shape
        As `halves` gives it.
    shadows : int
        How many of the populations are the attacker's own; they come first.

    Returns
    -------
    ShadowAttack
    """
    scores = np.stack([_finite(each) for each in logs])
    weights = _weights(scores, inside, shadows)
    members, others = weights[inside[shadows:]], weights[~inside[shadows:]]
    auc, lower, upper = auc_interval(members, others)
    limit = np.quantile(others, 1 - FALSE_ALARMS)
    found = Rate.of(int((members > limit).sum()), len(members))
    return ShadowAttack(auc, lower, upper, found, logs.shape[1], shadows, len(logs) - shadows)


def _finite(logs: np.ndarray) -> np.ndarray:
    """Scores about their median; an excluded row lies one below all others."""
    there = np.isfinite(logs)
    if not there.any():
        return np.zeros_like(logs)
    lowest = logs[there].min() - 1.0
    whole = np.where(there, logs, lowest)
    return whole - np.median(whole)


def _weights(scores: np.ndarray, inside: np.ndarray, shadows: int) -> np.ndarray:
    """The log of the likelihood ratio of in over out, float (attacked, rows).

    Scores are Gaussian given in or out. Both means are a row's own; the deviation is half its own
    and half everybody's, for a few shadows estimate it badly.
    """
    own, members = scores[:shadows], inside[:shadows]
    within = np.where(members, own, 0.0).sum(axis=0) / members.sum(axis=0)
    without = np.where(members, 0.0, own).sum(axis=0) / (~members).sum(axis=0)
    rest = own - np.where(members, within, without)
    variance = (rest**2).sum(axis=0) / max(shadows - 2, 1)
    variance = (variance + variance.mean()) / 2
    spread = np.where(variance > 0, variance, 1.0)
    attacked = scores[shadows:]
    weights = (attacked - (within + without) / 2) * (within - without) / spread
    # Each population is ranked by itself: their scores may lie apart.
    return np.stack([rankdata(each) for each in weights])
