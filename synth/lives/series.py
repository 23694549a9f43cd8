"""Numeric series: several at once, whose spread comes and goes (volatility clusters).

A Markov chain of hidden regimes, each with means and covariances of its own (Hamilton's switching
model). Forward–backward over the regimes is exact, and inside a regime what is unknown of a step
follows from what is known by the normal distribution; so any values of any steps condition the
whole of the series, exactly.

References
----------
.. [1] J. D. Hamilton, "A New Approach to the Economic Analysis of Nonstationary Time Series and the
   Business Cycle", Econometrica 57, 1989.
.. [2] E. J. Hannan, B. G. Quinn, "The Determination of the Order of an Autoregression", J. R. Stat.
   Soc. B 41, 1979.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numba import njit

from synth.errors import PopulaceError
from synth.lazy import cached_property

REGIMES = (1, 2, 3, 4, 5, 6)
"""Numbers of regimes that are tried; the least value of Hannan and Quinn's criterion wins."""
LEAST_STEPS = 50
_ROUNDS, _GAIN = 200, 1e-6
_STARTS = 2
_RIDGE = 1e-3  # of the overall covariance, as if so much of it was seen in each regime
_PRIOR_STEPS = 10.0


@dataclass(frozen=True, eq=False)
class SeriesModel:
    """Regimes, and how series lie in each.

    Attributes
    ----------
    names : tuple of str
        The series.
    first : float64 array, shape (regimes,)
        P(regime of the first step).
    moves : float64 array, shape (regimes, regimes)
        P(next regime | regime).
    means : float64 array, shape (regimes, series)
        Means.
    covariances : float64 array, shape (regimes, series, series)
        Covariances.
    """

    names: tuple[str, ...]
    first: np.ndarray
    moves: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    @property
    def regimes(self) -> int:
        """How many regimes there are."""
        return len(self.first)

    @property
    def parameters(self) -> int:
        """How many numbers were learned."""
        k, d = self.means.shape
        return k - 1 + k * (k - 1) + k * d + k * d * (d + 1) // 2

    def given(self, known: np.ndarray | pd.DataFrame | int) -> SeriesPosterior:
        """What is known of a series.

        Parameters
        ----------
        known : array of shape (steps, series), DataFrame or int
            Values, nan where nothing is known; or the number of steps of which nothing is.

        Raises
        ------
        PopulaceError
            The values are no such array.
        """
        if isinstance(known, int):
            return SeriesPosterior(self, np.full((known, len(self.names)), np.nan))
        if isinstance(known, pd.DataFrame):
            missing = [name for name in self.names if name not in known]
            if missing:
                raise PopulaceError(f"The table lacks the series {missing[0]}: give it all.")
            known = known[list(self.names)].to_numpy(np.float64, na_value=np.nan)
        values = np.asarray(known, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != len(self.names) or not len(values):
            raise PopulaceError(
                f"Known values of {len(self.names)} series are a table of steps × series: give it "
                "with nan where nothing is known."
            )
        return SeriesPosterior(self, values)

    def log_densities(self, values: np.ndarray) -> np.ndarray:
        """ln p(what is known of each step | regime); shape (steps, regimes)."""
        out = np.zeros((len(values), self.regimes))
        for known, rows in _patterns(values):
            for k in range(self.regimes):
                covariance = self.covariances[k][np.ix_(known, known)]
                away = values[np.ix_(rows, known)] - self.means[k, known]
                factor = np.linalg.cholesky(covariance)
                scaled = np.linalg.solve(factor, away.T)
                logs = np.log(np.diag(factor)).sum() + 0.5 * len(known) * np.log(2 * np.pi)
                out[rows, k] = -0.5 * (scaled**2).sum(axis=0) - logs
        return out

    def save(self, path: str | Path) -> None:
        """Write a JSON file that `load` reads."""
        data = {"names": list(self.names)} | {
            key: getattr(self, key).tolist() for key in ("first", "moves", "means", "covariances")
        }
        Path(path).write_text(json.dumps(data) + "\n", "utf-8")

    @staticmethod
    def load(path: str | Path) -> SeriesModel:
        """Read what `save` wrote.

        Raises
        ------
        PopulaceError
            The file is not there or damaged.
        """
        try:
            data = json.loads(Path(path).read_text("utf-8"))
            arrays = [
                np.array(data[key], dtype=np.float64)
                for key in ("first", "moves", "means", "covariances")
            ]
            names = tuple(map(str, data["names"]))
            k, d = len(arrays[0]), len(names)
            shapes = [(k,), (k, k), (k, d), (k, d, d)]
            if [a.shape for a in arrays] != shapes or not k or not d:
                raise ValueError("shapes")
            np.linalg.cholesky(arrays[3])
            for shares in arrays[:2]:
                if (shares < 0).any() or not np.allclose(shares.sum(axis=-1), 1):
                    raise ValueError("shares")
        except (OSError, ValueError, KeyError, TypeError, np.linalg.LinAlgError) as error:
            raise PopulaceError(f"{path} holds no series: learn them anew.") from error
        return SeriesModel(names, *arrays)


class SeriesPosterior:
    """Series under what is known of them; exact.

    Parameters
    ----------
    model : SeriesModel
        What was learned.
    known : float64 array, shape (steps, series)
        Values, nan where nothing is known.

    Attributes
    ----------
    log_likelihood : float
        ln p(what is known).
    """

    def __init__(self, model: SeriesModel, known: np.ndarray) -> None:
        self.model, self.known = model, known
        logs = model.log_densities(known)
        self._forward, self._weights, self.log_likelihood = _forward(model, logs)

    @cached_property
    def _back(self) -> np.ndarray:
        """P(what is known later | regime), up to a constant for each step."""
        return np.asarray(_backward(self.model.moves, self._weights))

    @cached_property
    def regimes(self) -> np.ndarray:
        """P(regime of each step | what is known); shape (steps, regimes)."""
        out = self._forward * self._back
        return np.asarray(out / out.sum(axis=1, keepdims=True))

    @cached_property
    def pairs(self) -> np.ndarray:
        """Expected moves between regimes; shape (regimes, regimes)."""
        later = self._weights[1:] * self._back[1:]
        each = self._forward[:-1, :, None] * self.model.moves[None] * later[:, None, :]
        return np.asarray((each / each.sum(axis=(1, 2), keepdims=True)).sum(axis=0))

    def draw(self, count: int, seed: int = 0) -> np.ndarray:
        """Series; the same seed gives the same ones.

        Returns
        -------
        float64 array, shape (count, steps, series)
            Known values stand in each.
        """
        random = np.random.default_rng(seed)
        steps, size = self.known.shape
        model = self.model
        path = np.zeros((count, steps), dtype=np.int64)
        first = self._forward[0] * self._back[0]
        path[:, 0] = _chosen(np.tile(first, (count, 1)), random)
        for t in range(1, steps):
            ahead = model.moves * (self._weights[t] * self._back[t])
            path[:, t] = _chosen(ahead[path[:, t - 1]], random)
        out = np.empty((count, steps, size))
        normal = random.standard_normal((count, steps, size))
        for known, rows in _patterns(self.known):
            hidden = np.setdiff1d(np.arange(size), known)
            out[:, rows[:, None], known] = self.known[np.ix_(rows, known)]
            if not len(hidden):
                continue
            for k in range(model.regimes):
                mean, spread, gain = _conditional(model, k, known, hidden)
                who, where = np.nonzero(path[:, rows] == k)
                away = self.known[np.ix_(rows[where], known)] - model.means[k, known]
                noise = normal[who, rows[where]][:, : len(hidden)]
                drawn = mean + away @ gain.T + noise @ spread.T
                out[who[:, None], rows[where][:, None], hidden] = drawn
        return out

    def sample(self, seed: int = 0) -> pd.DataFrame:
        """One series as a table."""
        return pd.DataFrame(self.draw(1, seed)[0], columns=list(self.model.names))


def learn_series(
    values: pd.DataFrame, regimes: Sequence[int] = REGIMES, seed: int = 0
) -> SeriesModel:
    """Learn regimes by expectation–maximisation; their number by Hannan and Quinn's criterion.

    Parameters
    ----------
    values : DataFrame
        One column a series, one row a step; complete.
    regimes : sequence of int
        Numbers of regimes that are tried.
    seed : int
        Of the starts.

    Raises
    ------
    PopulaceError
        There are too few steps, or cells without a finite number, or a series does not move.
    """
    x = values.to_numpy(np.float64, na_value=np.nan)
    if len(x) < LEAST_STEPS or not np.isfinite(x).all():
        raise PopulaceError(
            f"Series are learned from {LEAST_STEPS} steps and more, each with a number in every "
            "series: leave out what is not."
        )
    still = [str(n) for n, spread in zip(values.columns, x.std(axis=0), strict=True) if not spread]
    if still:
        raise PopulaceError(f"The series {still[0]} does not move: leave it out.")
    names = tuple(map(str, values.columns))
    best: tuple[float, SeriesModel] | None = None
    for count in regimes:
        for start in range(_STARTS if count > 1 else 1):
            model, likelihood = _climb(_begin(names, x, count, seed + start), x)
            score = 2 * model.parameters * np.log(np.log(len(x))) - 2 * likelihood
            if best is None or score < best[0]:
                best = score, model
    if best is None:
        raise PopulaceError("Name at least one number of regimes.")
    return best[1]


def _begin(names: tuple[str, ...], x: np.ndarray, count: int, seed: int) -> SeriesModel:
    """Regimes by how wide the steps around a step are, with a little luck."""
    random = np.random.default_rng(seed)
    size = ((x - x.mean(axis=0)) / x.std(axis=0)) ** 2
    near = pd.Series(size.mean(axis=1)).rolling(9, center=True, min_periods=1).mean()
    rank = near.rank(pct=True).to_numpy() + 0.1 * random.standard_normal(len(x))
    group = np.minimum((rank.argsort().argsort() * count) // len(x), count - 1)
    weights = np.eye(count)[group] * 0.9 + 0.1 / count
    moves = np.full((count, count), 0.05 / max(count - 1, 1))
    np.fill_diagonal(moves, 0.95 if count > 1 else 1.0)
    means, covariances = _moments(x, weights)
    return SeriesModel(names, np.full(count, 1 / count), moves, means, covariances)


def _climb(model: SeriesModel, x: np.ndarray) -> tuple[SeriesModel, float]:
    last = -np.inf
    for _ in range(_ROUNDS):
        posterior = SeriesPosterior(model, x)
        if posterior.log_likelihood - last < _GAIN * len(x):
            break
        last = posterior.log_likelihood
        means, covariances = _moments(x, posterior.regimes)
        moves = posterior.pairs + 1e-6
        moves /= moves.sum(axis=1, keepdims=True)
        share = posterior.regimes.mean(axis=0)  # of any step: the first one is nothing special
        model = SeriesModel(model.names, share, moves, means, covariances)
    return model, SeriesPosterior(model, x).log_likelihood


def _moments(x: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted means and covariances of each regime, a little drawn to the overall one."""
    total = weights.sum(axis=0)
    means = (weights.T @ x) / np.maximum(total, 1e-9)[:, None]
    overall = np.atleast_2d(np.cov(x.T)) * _RIDGE
    covariances = np.empty((len(total), x.shape[1], x.shape[1]))
    for k, mass in enumerate(total):
        away = x - means[k]
        scatter = (weights[:, k, None] * away).T @ away
        covariances[k] = (scatter + _PRIOR_STEPS * overall) / (mass + _PRIOR_STEPS * _RIDGE)
    return means, covariances


def _forward(model: SeriesModel, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """P(regime | what is known so far), what each step weighs, and ln p(what is known)."""
    top = logs.max(axis=1, keepdims=True)
    weights = np.exp(logs - top)
    out, total = _filtered(model.first, model.moves, weights)
    return out, weights, float(top.sum() + total)


@njit(cache=True, nogil=True)
def _filtered(
    first: np.ndarray, moves: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, float]:
    steps, count = weights.shape
    out, total = np.empty((steps, count)), 0.0
    for t in range(steps):
        mass = 0.0
        for k in range(count):
            share = first[k]
            if t > 0:
                share = 0.0
                for j in range(count):
                    share += out[t - 1, j] * moves[j, k]
            out[t, k] = share * weights[t, k]
            mass += out[t, k]
        for k in range(count):
            out[t, k] /= mass
        total += np.log(mass)
    return out, total


@njit(cache=True, nogil=True)
def _backward(moves: np.ndarray, weights: np.ndarray) -> np.ndarray:
    steps, count = weights.shape
    out = np.ones((steps, count))
    for t in range(steps - 2, -1, -1):
        mass = 0.0
        for k in range(count):
            share = 0.0
            for j in range(count):
                share += moves[k, j] * weights[t + 1, j] * out[t + 1, j]
            out[t, k] = share
            mass += share
        for k in range(count):
            out[t, k] /= mass
    return out


def _chosen(mass: np.ndarray, random: np.random.Generator) -> np.ndarray:
    total = np.cumsum(mass, axis=1)
    u = random.random(len(mass)) * total[:, -1]
    out: np.ndarray = np.minimum((total <= u[:, None]).sum(axis=1), mass.shape[1] - 1)
    return out


def _patterns(values: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The series known together, and the steps at which just they are."""
    there = ~np.isnan(values)
    kinds, which = np.unique(there, axis=0, return_inverse=True)
    return [
        (np.flatnonzero(kind), np.flatnonzero(which.ravel() == i)) for i, kind in enumerate(kinds)
    ]


def _conditional(
    model: SeriesModel, k: int, known: np.ndarray, hidden: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, factor of the covariance, and what a known value moves, of a regime's hidden series."""
    covariance = model.covariances[k]
    cross = covariance[np.ix_(hidden, known)]
    gain = np.linalg.solve(covariance[np.ix_(known, known)], cross.T).T
    rest = covariance[np.ix_(hidden, hidden)] - gain @ cross.T
    return model.means[k, hidden], np.linalg.cholesky(rest), gain
