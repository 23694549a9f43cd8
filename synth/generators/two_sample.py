"""Which of several learned laws draws people most like those kept apart.

A classifier learns to tell a law's people from the people learned from and is judged with fresh
people of the law and people whom nobody learned from (the classifier two-sample test, Lopez-Paz and
Oquab 2017): whatever a law is made of, the closest one is told with the lowest AUC. Where too few
people are kept apart for that, the law that predicts them best is the closest.

References
----------
.. [1] D. Lopez-Paz, M. Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017.
"""

from __future__ import annotations

import numpy as np

from synth.generators.coded import Law, Rows
from synth.generators.training import split_apart
from synth.jobs.limits import one_thread

ROWS = 10_000
"""People of each side from whom the classifier learns, at most."""
ENOUGH = 200
"""Below so many people kept apart a classifier's AUC is mostly noise."""
JUDGED_FIRST = 1_000
"""So many people kept apart have ended a network's learning; others judge it, where there are."""
_BATCH = 1 << 10
_CATEGORIES = 250
"""Columns with more codes than this are read as numbers."""


def judges(rows: Rows, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Who is learned from, and who judges.

    Parameters
    ----------
    rows : Rows
        The people.
    seed : int
        Of the split, as `split_apart` has it.

    Returns
    -------
    tuple of (int array, int array)
        Numbers of rows. Nobody judges where nobody is kept apart.
    """
    ours, apart = split_apart(len(rows.codes), seed)
    return ours, apart[JUDGED_FIRST:] if len(apart) > 2 * JUDGED_FIRST else apart


@one_thread()
def classifier_auc(law: Law, rows: Rows, seed: int) -> float:
    """How well gradient boosting tells a law's people from people kept apart.

    Parameters
    ----------
    law : Law
        Learned from those of the rows who are not kept apart.
    rows : Rows
        The people.
    seed : int
        Of the split, and of drawing.

    Returns
    -------
    float
        Area under the ROC curve, 0.5 is chance.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    ours, apart = judges(rows, seed)
    random = np.random.default_rng([seed, 9])
    ours = random.permutation(ours)[:ROWS]
    tested = min(4 * len(apart), ROWS)
    synthetic = draw(law, len(ours) + tested, random)
    weights = np.ones(len(rows.codes)) if rows.weights is None else rows.weights
    schema = rows.codebook.schema
    categorical = [
        not schema[name].is_number and size <= _CATEGORIES
        for name, size in zip(rows.codebook.learned, rows.sizes, strict=True)
    ]
    trees = HistGradientBoostingClassifier(
        max_iter=150,
        categorical_features=categorical,
        early_stopping=len(ours) > 2 * ENOUGH,
        random_state=0,
    )
    trees.fit(*_sides(rows.codes[ours], synthetic[: len(ours)], weights[ours]))
    codes, is_synthetic, weight = _sides(rows.codes[apart], synthetic[len(ours) :], weights[apart])
    score = trees.predict_proba(codes)[:, 1]
    return float(roc_auc_score(is_synthetic, score, sample_weight=weight))


def _sides(
    real: np.ndarray, synthetic: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes, which are synthetic, and weights; both sides weigh alike in all."""
    if not weights.sum() > 0:
        weights = np.ones(len(real))
    return (
        np.concatenate([real, synthetic]).astype(np.float32),
        np.r_[np.zeros(len(real)), np.ones(len(synthetic))],
        np.r_[
            weights * (len(real) / weights.sum()),
            np.full(len(synthetic), len(real) / len(synthetic)),
        ],
    )


def draw(law: Law, people: int, random: np.random.Generator) -> np.ndarray:
    """Codes of people of whom nothing is known; int32 (people, learned columns)."""
    proposal = law.given({})
    parts = [proposal.draw(random, _BATCH).codes for _ in range(-(-people // _BATCH))]
    return np.concatenate(parts)[:people]
