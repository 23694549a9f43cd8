"""What single columns add to a density ratio, so that its people have the real rows' margins.

Trees that stop early and are averaged say less than there is to say, and what they leave unsaid can
move a column's shares away from what the model, which counted them, had right. So terms of single
columns join the logarithm of the ratio, by iterative proportional fitting (Deming and Stephan 1940)
of the model's people, each counted by the ratio.

References
----------
.. [1] W. E. Deming, F. F. Stephan, "On a least squares adjustment of a sampled frequency table when
   the expected marginal totals are known", The Annals of Mathematical Statistics 11, 1940.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BINS = 20
"""Parts of a number whose shares are kept, at most."""
SWEEPS = 10
STEP = 1.0
"""The most that a term changes in a sweep."""
LEAVES = 31
"""Categories of one tree; the others of a column are in further trees."""


@dataclass(frozen=True, eq=False)
class MarginTerm:
    """One column's addition to the log-ratio.

    Attributes
    ----------
    feature : int
        The column's place among the features.
    cuts : float64 array, shape (bins - 1,), or None
        A number's bin is the first whose cut is not below it; None for a column with categories.
    values : float64 array, shape (bins or categories,)
        What is added.
    missing : float
        What is added where there is no value.
    """

    feature: int
    cuts: np.ndarray | None
    values: np.ndarray
    missing: float


def margin_terms(
    categorical: Sequence[bool],
    real: np.ndarray,
    weights: np.ndarray,
    people: np.ndarray,
    log_ratio: np.ndarray,
    *,
    clip: float,
    quantile: float,
) -> tuple[MarginTerm, ...]:
    """Rake people, each counted by the ratio, to the margins of the real rows.

    Parameters
    ----------
    categorical : sequence of bool
        Whether each feature has categories.
    real, people : float64 array, shape (rows, features)
        Encoded rows, NaN where there is no value.
    weights : float64 array, shape (real rows,)
        How much each real row counts.
    log_ratio : float64 array, shape (people,)
        Of the people, before any term.
    clip, quantile : float
        Log-ratios count within ± `clip`, and at most as this quantile of them.

    Returns
    -------
    tuple of MarginTerm
        One for each feature.
    """
    states, wanted = [], []
    for f, is_categorical in enumerate(categorical):
        cuts = None if is_categorical else _cuts(real[:, f])
        sides = [_states(cuts, side[:, f]) for side in (real, people)]
        size = max(int(side.max()) for side in sides) + 1 if cuts is None else len(cuts) + 2
        # Half a person more, so that nothing is ruled out that the model has.
        share = np.bincount(sides[0], weights, minlength=size) + 0.5
        states.append((cuts, sides[1], size))
        wanted.append(share / weights.sum())
    added = [np.zeros(size) for _, _, size in states]
    log = log_ratio.astype(np.float64)

    def counted() -> np.ndarray:
        inside = np.clip(log, -clip, clip)
        ratio = np.exp(np.minimum(inside, np.quantile(inside, quantile)))
        return ratio / ratio.sum()

    for _ in range(SWEEPS):
        for (_, state, size), share, add in zip(states, wanted, added, strict=True):
            have = np.bincount(state, counted(), minlength=size)
            there = have > 0
            step = np.zeros(size)
            step[there] = np.clip(np.log(share[there] / have[there]), -STEP, STEP)
            add += step
            log += step[state]
    return tuple(
        MarginTerm(f, cuts, add[1:], float(add[0]))
        for f, ((cuts, _, _), add) in enumerate(zip(states, added, strict=True))
    )


def _cuts(numbers: np.ndarray) -> np.ndarray:
    """Where a number is cut: at quantiles of its values."""
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return np.zeros(0)
    return np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))


def _states(cuts: np.ndarray | None, values: np.ndarray) -> np.ndarray:
    """The state of each value: 0 where there is none, else its bin or category and one."""
    absent = np.isnan(values)
    filled = np.where(absent, 0.0, values)
    inside = filled.astype(np.int64) if cuts is None else np.searchsorted(cuts, filled)
    return np.where(absent, 0, inside + 1)


@dataclass(frozen=True, eq=False)
class Tree:
    """A tree as plain arrays, one place a node; as in `density_ratio.DensityRatio`."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    missing_left: np.ndarray
    category: np.ndarray
    """The one category that goes left; −1 where a number is asked for, and in leaves."""


def trees_of(term: MarginTerm) -> tuple[Tree, ...]:
    """A term as trees, each of at most `LEAVES` + 1 leaves, whose sum it is."""
    if term.cuts is not None:
        chain = [
            (float(cut), -1, value) for cut, value in zip(term.cuts, term.values, strict=False)
        ]
        return (_chain(term.feature, chain, float(term.values[-1]), term.missing),)
    changed = np.flatnonzero(term.values)
    return tuple(
        _chain(
            term.feature,
            [(0.0, int(c), float(term.values[c])) for c in changed[low : low + LEAVES]],
            0.0,
            None,
        )
        for low in range(0, len(changed), LEAVES)
    )


def _chain(
    feature: int, questions: Sequence[tuple[float, int, float]], rest: float, missing: float | None
) -> Tree:
    """One question after another, each with a leaf on the left; `rest` is where none holds."""
    asked = list(questions)
    nodes: list[tuple[int, float, int, int, bool, int]] = []
    if missing is not None:  # every number is below infinity
        nodes += [(feature, np.inf, 2, 1, False, -1), (-1, missing, 0, 0, False, -1)]
    for threshold, category, value in asked:
        at = len(nodes)
        nodes += [
            (feature, threshold, at + 1, at + 2, False, category),
            (-1, value, 0, 0, False, -1),
        ]
    nodes.append((-1, rest, 0, 0, False, -1))
    columns = [np.array(column) for column in zip(*nodes, strict=True)]
    return Tree(
        columns[0].astype(np.int32),
        columns[1].astype(np.float64),
        columns[2].astype(np.int32),
        columns[3].astype(np.int32),
        columns[4].astype(bool),
        columns[5].astype(np.int32),
    )
