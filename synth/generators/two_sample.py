"""Which of several learned laws draws people most like real ones whom none of them has seen.

A quarter of the people is set aside to judge. A classifier learns to tell a law's people from some
of these judges and is tried with the others and with others of the law (the classifier two-sample
test, Lopez-Paz and Oquab 2017): whatever a law is made of, the closest one is told with the lowest
AUC. Each judge is met by classifiers that learned from the other folds. A classifier that learned
from the people the law has seen would take a law that repeats them for a close one. Where the
judges are too few for that, the law that predicts them best is the closest.

What the same judges say of two laws is compared person by person (DeLong 1988). A composed law,
which the choice among its parts has fitted once more, serves only where it is closer than every
plain one by more than one standard error (Breiman 1984), so that chance alone seldom chooses it.

References
----------
.. [1] D. Lopez-Paz, M. Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017.
.. [2] E. DeLong, D. DeLong, D. Clarke-Pearson, "Comparing the Areas under Two or More Correlated
   Receiver Operating Characteristic Curves", Biometrics 44, 1988.
.. [3] L. Breiman et al., "Classification and Regression Trees", 1984, section 3.4.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from synth.generators.coded import Law, Rows
from synth.generators.training import FEWEST
from synth.jobs.limits import one_thread

JUDGES, MOST = 0.25, 4_000
"""The share of the people who judge, and how many at most."""
FOLDS, ROUNDS = 5, 3
"""Each round splits and draws anew; one alone moves a score by what two good laws differ."""
ENOUGH = 200
"""Of fewer judges a classifier's AUC is mostly noise."""
DRAWN = 4
"""So many people of a law for each judge: theirs is the smaller noise."""
_BATCH = 1 << 10
_CATEGORIES = 250
"""Columns with more codes than this are read as numbers."""


@dataclass(frozen=True)
class Judgement:
    """What the judges say of a law.

    Attributes
    ----------
    each : float64 array, shape (judges,)
        What each of them says, in the same order for all laws; the lower, the closer.
    weights : float64 array, shape (judges,)
        How much each counts; not negative, some above 0.
    variance : float
        Of the score, for the law's people are a sample themselves.
    """

    each: np.ndarray
    weights: np.ndarray
    variance: float = 0.0

    @property
    def score(self) -> float:
        """The mean over the judges."""
        return float(np.average(self.each, weights=self.weights))

    def above(self, other: Judgement) -> tuple[float, float]:
        """By how much this score exceeds another by the same judges, and its standard error."""
        difference = self.each - other.each
        mean = float(np.average(difference, weights=self.weights))
        spread = ((self.weights * (difference - mean)) ** 2).sum() / self.weights.sum() ** 2
        return mean, float(np.sqrt(spread + self.variance + other.variance))


def closest(plain: Mapping[str, Judgement], composed: Mapping[str, Judgement]) -> str:
    """The closest plain law, unless a composed one is closer by more than one standard error.

    Parameters
    ----------
    plain, composed : mapping of str to Judgement
        By the same judges; at least one plain law.

    Returns
    -------
    str
        The law's key.
    """
    best = min(plain, key=lambda name: plain[name].score)
    if not composed:
        return best
    rival = min(composed, key=lambda name: composed[name].score)
    excess, error = plain[best].above(composed[rival])
    return rival if excess > error else best


def split(rows: Rows, seed: int) -> tuple[Rows, Rows]:
    """Who is learned from, and who judges: nobody where people are few.

    Parameters
    ----------
    rows : Rows
        The people.
    seed : int
        Of the split.
    """
    count = len(rows.codes)
    aside = 0 if count < FEWEST else min(int(JUDGES * count), MOST)
    order = np.random.default_rng([seed, 7]).permutation(count)
    return rows.some(np.sort(order[aside:])), rows.some(np.sort(order[:aside]))


@one_thread()
def classified(law: Law, judges: Rows, seed: int) -> Judgement:
    """How well gradient boosting tells a law's people from the judges.

    Parameters
    ----------
    law : Law
        It has not seen the judges.
    judges : Rows
        Real people.
    seed : int
        Of the folds and of drawing.

    Returns
    -------
    Judgement
        The score is the area under the ROC curve, 0.5 is chance; what each judge says is the share
        of the law's people who look more synthetic.
    """
    rounds = [_round(law, judges, np.random.default_rng([seed, 9, i])) for i in range(ROUNDS)]
    each = np.mean([real for real, _ in rounds], axis=0)
    variance = sum(drawn.var() / len(drawn) for _, drawn in rounds) / ROUNDS**2
    return Judgement(each, weights_of(judges), float(variance))


def weights_of(rows: Rows) -> np.ndarray:
    """How much each of some people counts."""
    return np.ones(len(rows.codes)) if rows.weights is None else rows.weights


def _counting(weights: np.ndarray) -> np.ndarray:
    """All alike where none of them counts at all, as may be in a fold."""
    return weights if weights.sum() > 0 else np.ones(len(weights))


def _round(law: Law, judges: Rows, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Once through all folds: of each judge and of each drawn person, whom it is told from."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    real, weights = judges.codes, weights_of(judges)
    synthetic = draw(law, DRAWN * len(real), random)
    fold = random.permutation(len(real)) % FOLDS
    synthetic_fold = np.arange(len(synthetic)) % FOLDS
    schema = judges.codebook.schema
    categorical = [
        not schema[name].is_number and size <= _CATEGORIES
        for name, size in zip(judges.codebook.learned, judges.sizes, strict=True)
    ]
    each, others = np.zeros(len(real)), np.zeros(len(synthetic))
    for held in range(FOLDS):
        mine, theirs = fold == held, synthetic_fold == held
        trees = HistGradientBoostingClassifier(
            max_iter=100,
            categorical_features=categorical,
            early_stopping=len(real) > 2 * ENOUGH,
            random_state=0,
        )
        trees.fit(*_sides(real[~mine], synthetic[~theirs], weights[~mine]))
        looks_real = trees.decision_function(real[mine].astype(np.float32))
        looks_drawn = trees.decision_function(synthetic[theirs].astype(np.float32))
        each[mine] = 1 - _share_below(looks_drawn, looks_real, np.ones(len(looks_drawn)))
        others[theirs] = _share_below(looks_real, looks_drawn, weights[mine])
    return each, others


def _share_below(values: np.ndarray, points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The share of values below each point; equal ones count half. Float64, as points."""
    order = np.argsort(values)
    total = np.concatenate([[0.0], np.cumsum(_counting(weights)[order])])
    low = np.searchsorted(values[order], points, "left")
    high = np.searchsorted(values[order], points, "right")
    return (total[low] + total[high]) / (2 * total[-1])


def _sides(
    real: np.ndarray, synthetic: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes, which are synthetic, and weights; both sides weigh alike in all."""
    weights = _counting(weights)
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
