"""How learned series move, beside what a bootstrap of the real ones leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from synth.lives.series import SeriesModel

LAGS = (1, 2, 3, 5, 10, 20)
"""Steps between squares that are correlated."""
BLOCK = 50
"""Steps that the bootstrap keeps together, so that clusters survive."""


@dataclass(frozen=True)
class SeriesScores:
    """Figures of synthetic series beside intervals of the real ones.

    Attributes
    ----------
    figures : mapping of str to (float, float, float, float)
        The real series' figure, both ends of its interval, and the synthetic mean.
    """

    figures: Mapping[str, tuple[float, float, float, float]]

    @property
    def outside(self) -> tuple[str, ...]:
        """The figures whose synthetic mean lies outside."""
        return tuple(
            n for n, (_, low, high, mean) in self.figures.items() if not low <= mean <= high
        )


def judge_series(
    model: SeriesModel, real: np.ndarray, *, draws: int = 100, level: float = 0.95, seed: int = 0
) -> SeriesScores:
    """Standard deviations, cross-correlations and autocorrelations of squares.

    Parameters
    ----------
    model : SeriesModel
        What was learned.
    real : float array, shape (steps, series)
        The real series.
    draws : int
        Synthetic series and bootstrapped ones (moving blocks of `BLOCK` steps).
    level : float
        Of the interval.
    seed : int
        Of both.
    """
    names, ours = moments(real, model.names)
    sampled = model.given(len(real)).draw(draws, seed)
    synthetic = np.array([moments(each, model.names)[1] for each in sampled])
    random = np.random.default_rng(seed)
    size = min(BLOCK, len(real))
    bootstrapped = []
    for _ in range(draws):
        starts = random.integers(0, len(real) - size + 1, -(-len(real) // size))
        rows = (starts[:, None] + np.arange(size)).ravel()[: len(real)]
        bootstrapped.append(moments(real[rows], model.names)[1])
    low, high = np.quantile(bootstrapped, [(1 - level) / 2, (1 + level) / 2], axis=0)
    mean = synthetic.mean(axis=0)
    figures = {
        name: (float(ours[i]), float(low[i]), float(high[i]), float(mean[i]))
        for i, name in enumerate(names)
    }
    return SeriesScores(figures)


def moments(values: np.ndarray, series: tuple[str, ...]) -> tuple[list[str], np.ndarray]:
    """Names and figures of series: spreads, cross-correlations, autocorrelations of squares."""
    names, out = [], []
    spread = values.std(axis=0)
    cross = np.corrcoef(values.T)
    square = (values - values.mean(axis=0)) ** 2
    square = square - square.mean(axis=0)
    both = np.corrcoef(square.T)
    for i, name in enumerate(series):
        names.append(f"standard deviation of {name}")
        out.append(spread[i])
        for j in range(i):
            names += [f"correlation of {series[j]} and {name}"]
            names += [f"correlation of squares of {series[j]} and {name}"]
            out += [cross[i, j], both[i, j]]
        for lag in (lag for lag in LAGS if lag < len(values)):
            names.append(f"squares of {name}, {lag} apart")
            out.append((square[lag:, i] * square[:-lag, i]).sum() / (square[:, i] ** 2).sum())
    return names, np.array(out)
