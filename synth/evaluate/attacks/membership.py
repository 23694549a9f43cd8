"""Membership inference: can it be told from synthetic people who was learned from?

The attack knows the synthetic people and others of the same kind, and asks where the synthetic ones
lie denser than they should: gradient boosting tells synthetic from reference people, and its odds
at a person are the ratio of both densities (B. van Breugel et al., "Membership inference attacks
against synthetic data through overfitting detection" (DOMIAS), AISTATS 2023). People who were
learned from are ranked against people who were not; 0.5 is guessing. The control is the same attack
on the learned rows themselves, given out as if they were synthetic: an attack that does not find
those finds nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier

from synth.data.column import Column
from synth.errors import PopulaceError
from synth.evaluate.attacks.rate import Z
from synth.evaluate.fidelity import features

FEWEST = 100
"""People on each side."""


@dataclass(frozen=True)
class MembershipAttack:
    """How well an attack ranks who was learned from above others.

    Attributes
    ----------
    auc, lower, upper : float
        Area under the ROC curve and its 95% interval (J. Hanley, B. McNeil 1982).
    """

    auc: float
    lower: float
    upper: float

    @property
    def covers_guessing(self) -> bool:
        """Whether the interval holds 0.5."""
        return self.lower <= 0.5 <= self.upper

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        return asdict(self)


@dataclass(frozen=True)
class Membership(MembershipAttack):
    """The attack by density ratio, beside its control.

    Attributes
    ----------
    control, control_lower, control_upper : float
        The same figures where the learned rows themselves were given out.
    people : int
        How many were ranked on each side.
    """

    control: float
    control_lower: float
    control_upper: float
    people: int


def membership(
    columns: tuple[Column, ...],
    learned: pd.DataFrame,
    others: pd.DataFrame,
    synthetic: pd.DataFrame,
    *,
    seed: int = 0,
) -> Membership:
    """Attack the people who were learned from.

    Parameters
    ----------
    columns : tuple of Column
        What the attacker knows.
    learned : pd.DataFrame
        People who were learned from, in the terms of a `Comparison`.
    others : pd.DataFrame
        People who were not: half are the attacker's reference, half are ranked.
    synthetic : pd.DataFrame
        What was drawn.
    seed : int
        Which halves.

    Raises
    ------
    PopulaceError
        There are too few people.
    """
    random = np.random.default_rng(seed)
    order = random.permutation(len(others))
    reference, strangers = np.array_split(order, 2)
    ranked = min(len(strangers), len(learned))
    if ranked < FEWEST:
        raise PopulaceError(f"An attack needs {2 * FEWEST} people who were not learned from.")
    members = random.permutation(len(learned))[:ranked]
    parts = [
        learned.iloc[members],
        others.iloc[strangers[:ranked]],
        others.iloc[reference],
        synthetic,
    ]
    _, boosted, categorical = features(columns, pd.concat(parts, ignore_index=True))
    ends = np.cumsum([len(part) for part in parts])[:-1]
    of, against, base, drawn = np.split(boosted, ends)
    own = _ranked(drawn, base, of, against, categorical, seed)
    control = _ranked(of, base, of, against, categorical, seed)
    return Membership(*own, *control, ranked)


def _ranked(
    drawn: np.ndarray,
    base: np.ndarray,
    members: np.ndarray,
    strangers: np.ndarray,
    categorical: Any,
    seed: int,
) -> tuple[float, float, float]:
    """The area under the curve by the density ratio of `drawn` over `base`, and its interval."""
    model = HistGradientBoostingClassifier(
        categorical_features=categorical, max_iter=100, random_state=seed
    )
    model.fit(np.concatenate([drawn, base]), np.repeat([1, 0], [len(drawn), len(base)]))
    scores = model.decision_function(np.concatenate([members, strangers]))
    return auc_interval(scores[: len(members)], scores[len(members) :])


def auc_interval(above: np.ndarray, below: np.ndarray) -> tuple[float, float, float]:
    """How often one score lies above another, half for ties, and its 95% interval.

    Parameters
    ----------
    above, below : float64 array
        Scores of those that should lie high, and low.

    Returns
    -------
    tuple of float
        The area, and the interval's ends (Hanley and McNeil 1982).
    """
    n, m = len(above), len(below)
    ranks = rankdata(np.concatenate([above, below]))
    area = (ranks[:n].sum() - n * (n + 1) / 2) / (n * m)
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (n - 1) * (first - area**2) + (m - 1) * (second - area**2)
    reach = Z * np.sqrt(max(variance, 0.0) / (n * m))
    return float(area), max(float(area - reach), 0.0), min(float(area + reach), 1.0)
