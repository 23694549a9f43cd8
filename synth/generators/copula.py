"""A Gaussian copula: every column a threshold of a normal score, and one correlation for each pair.

Each column's codes are intervals of a standard normal score, as wide as the codes are common
(numbers in their order, levels in the order of the first axis of a correspondence analysis). The
correlation of two scores is the one under which their mid-ranks' normal scores correlate as they do
among the real people: by Mehler's formula that correlation is a power series in the unknown one,
so cutting a score into few levels does not weaken what was learned.

Given one column, or two, the Gaussian algebra is followed to the end: probability and marginals by
one-dimensional integrals, evaluated by quadrature, and people exactly. Given more, people are still
drawn exactly (columns in turn, as Geweke, Hajivassiliou and Keane do, then rejection with a bound),
but the probability is estimated, for the integral has as many dimensions as there are facts.

References
----------
.. [1] R. Nelsen, "An Introduction to Copulas", Springer, 2006.
.. [2] M. Hofert, I. Kojadinovic, M. Mächler, J. Yan, "Elements of Copula Modeling with R", 2018.
.. [3] A. Genz, F. Bretz, "Computation of Multivariate Normal and t Probabilities", 2009.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

from synth.generators.base import Progress, Settings, register
from synth.generators.coded import (
    Codebook,
    CodedGenerator,
    Draw,
    Law,
    Likelihoods,
    Proposal,
    Rows,
    check_shares,
    choose,
)

TERMS = 24
"""Terms of Mehler's series."""
NODES = 24
"""Nodes of a piece of a quadrature."""
FARTHEST = 8.5
"""Scores beyond it do not occur: the normal distribution leaves less there than rounding."""
PIECE = 0.5
"""The widest piece of a quadrature, in scores."""
SMALLEST = 1e-4
"""Eigenvalues of the correlations are at least this."""
_SWEEPS = 30
_RANK_ROWS = 50_000


class CopulaLaw(Law):
    """Thresholds and correlations.

    Parameters
    ----------
    shares : tuple of float64 array, shape (codes,)
        Of each learned column.
    orders : tuple of int64 array, shape (codes,)
        Each column's codes from the lowest score to the highest.
    correlation : float64 array, shape (columns, columns)
        Of the scores; positive definite with ones on the diagonal.
    """

    def __init__(
        self,
        shares: tuple[np.ndarray, ...],
        orders: tuple[np.ndarray, ...],
        correlation: np.ndarray,
    ) -> None:
        self.shares, self.orders, self.correlation = shares, orders, correlation
        self.low: list[np.ndarray] = []
        self.high: list[np.ndarray] = []
        for each, order in zip(shares, orders, strict=True):
            ends = np.concatenate([[0.0], np.cumsum(each[order] / each.sum())])
            scores = np.clip(ndtri(np.clip(ends, 0.0, 1.0)), -FARTHEST, FARTHEST)
            low, high = np.empty(len(each)), np.empty(len(each))
            low[order], high[order] = scores[:-1], scores[1:]
            self.low.append(low)
            self.high.append(high)

    def given(self, known: Likelihoods) -> _CopulaProposal:
        """Exact for two columns; people exact for more."""
        return _CopulaProposal(self, known)

    def mass(
        self, column: int, mean: np.ndarray, deviation: float, codes: np.ndarray | None = None
    ) -> np.ndarray:
        """P(code | the score has these means and this deviation), float64 (means, codes)."""
        low, high = self.low[column], self.high[column]
        if codes is not None:
            low, high = low[codes], high[codes]
        below = np.where(low <= -FARTHEST, -np.inf, low)
        above = np.where(high >= FARTHEST, np.inf, high)
        mean = mean[:, None]
        return np.maximum(ndtr((above - mean) / deviation) - ndtr((below - mean) / deviation), 0.0)

    def about(self) -> dict[str, Any]:
        """Nothing beyond the arrays."""
        return {}

    def arrays(self) -> dict[str, np.ndarray]:
        """Shares, orders and correlations."""
        return {
            "shares": np.concatenate(self.shares),
            "orders": np.concatenate(self.orders),
            "correlation": self.correlation,
        }

    @classmethod
    def restored(
        cls, codebook: Codebook, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> CopulaLaw:
        """The law of these thresholds and correlations."""
        ends = np.cumsum(codebook.sizes)[:-1]
        shares = tuple(np.split(arrays["shares"].astype(np.float64), ends))
        orders = tuple(np.split(arrays["orders"].astype(np.int64), ends))
        check_shares(shares, codebook.sizes)
        for order, size in zip(orders, codebook.sizes, strict=True):
            if not np.array_equal(np.sort(order), np.arange(size)):
                raise ValueError("orders")
        correlation = arrays["correlation"].astype(np.float64)
        if correlation.shape != (len(shares),) * 2 or not np.isfinite(correlation).all():
            raise ValueError("correlation")
        np.linalg.cholesky(correlation)  # a LinAlgError is a ValueError
        return cls(shares, orders, correlation)


class _CopulaProposal(Proposal):
    """Scores of the known columns in turn, then those of the others, given them."""

    def __init__(self, law: CopulaLaw, known: Likelihoods) -> None:
        self._law, self._known = law, known
        # The rarest fact first: its share is exact, and the bound of the others the tighter.
        share = {c: float((law.shares[c] * known[c]).sum()) for c in known}
        self._evidence_columns = sorted(known, key=lambda c: (share[c], c))
        others = [c for c in range(len(law.shares)) if c not in known]
        self._order = [*self._evidence_columns, *others]
        self._root = np.linalg.cholesky(law.correlation[np.ix_(self._order, self._order)])
        self.log_bound = 0.0
        self.log_probability = None
        if not self._evidence_columns:
            self.log_probability = 0.0
            return
        first = share[self._evidence_columns[0]]
        if len(self._evidence_columns) == 1:
            self.log_probability = self.log_bound = math.log(first)
            return
        self.log_bound = math.log(first) + sum(
            math.log(self._most(at)) for at in range(1, len(self._evidence_columns))
        )
        if len(self._evidence_columns) == 2:
            points, weights = self._first_scores
            both = float((weights * self._second(points)).sum())
            self.log_probability = math.log(both) if both > 0 else -math.inf

    # ------------------------------------------------------------------ integrals

    @property
    def _first_scores(self) -> tuple[np.ndarray, np.ndarray]:
        """Nodes of a quadrature over the first known score, and their weights times the fact."""
        column = self._evidence_columns[0]
        likelihood = self._known[column]
        codes = np.flatnonzero(likelihood > 0)
        codes = codes[self._law.shares[column][codes] > 0]
        return _quadrature(
            self._law.low[column][codes], self._law.high[column][codes], likelihood[codes]
        )

    def _second(self, first: np.ndarray) -> np.ndarray:
        """P(second fact | first score)."""
        column = self._evidence_columns[1]
        rho = float(self._law.correlation[self._evidence_columns[0], column])
        mass = self._law.mass(column, rho * first, math.sqrt(1 - rho * rho))
        return mass @ self._known[column]

    def _most(self, at: int) -> float:
        """A bound of P(fact | scores before it): intervals are likeliest from their middle."""
        column = self._order[at]
        deviation = float(self._root[at, at])
        codes = self._law.orders[column]
        likelihood = self._known[column][codes]
        low, high = self._law.low[column][codes], self._law.high[column][codes]
        total, i = 0.0, 0
        while i < len(codes):
            j = i
            while j < len(codes) and likelihood[j] > 0:
                j += 1
            if j > i:  # neighbours join to one interval
                width = high[j - 1] - low[i]
                open_ended = low[i] <= -FARTHEST or high[j - 1] >= FARTHEST
                inside = 1.0 if open_ended else 2 * ndtr(width / (2 * deviation)) - 1
                total += inside * float(likelihood[i:j].max())
            i = max(j, i + 1)
        return min(max(total, 1e-300), 1.0)

    def shares(self, column: int) -> np.ndarray | None:
        """Exact of what one fact says; two facts, of their own columns."""
        law, evidence = self._law, self._evidence_columns
        if not evidence:
            return law.shares[column] / law.shares[column].sum()
        if len(evidence) > 2 or (len(evidence) == 2 and column not in evidence):
            return None
        if len(evidence) == 1:
            if column == evidence[0]:
                shares = law.shares[column] * self._known[column]
            else:
                points, weights = self._first_scores
                rho = float(law.correlation[evidence[0], column])
                shares = weights @ law.mass(column, rho * points, math.sqrt(1 - rho * rho))
            return shares / shares.sum()
        first, second = evidence
        rho = float(law.correlation[first, second])
        other = second if column == first else first
        shares = np.zeros(len(law.shares[column]))
        for code in np.flatnonzero(self._known[column] * law.shares[column] > 0):
            points, weights = _quadrature(
                law.low[column][[code]], law.high[column][[code]], self._known[column][[code]]
            )
            mass = law.mass(other, rho * points, math.sqrt(1 - rho * rho))
            shares[code] = weights @ (mass @ self._known[other])
        return shares / shares.sum()

    # ------------------------------------------------------------------ people

    def draw(self, random: np.random.Generator, rows: int) -> Draw:
        """Scores, and the codes in whose intervals they lie."""
        law = self._law
        width = len(self._order)
        uniform = random.random((rows, 2, len(self._evidence_columns)))
        normal = random.standard_normal((rows, width))
        codes = np.zeros((rows, width), np.int32)
        log_weight = np.zeros(rows)
        for at, column in enumerate(self._evidence_columns):
            mean = normal[:, :at] @ self._root[at, :at]
            deviation = float(self._root[at, at])
            allowed = np.flatnonzero(self._known[column] > 0)
            mass = law.mass(column, mean, deviation, allowed) * self._known[column][allowed]
            total = mass.sum(axis=1)
            with np.errstate(divide="ignore"):
                log_weight += np.log(total)
            mass[total <= 0] = 1.0  # weighs nothing, whatever is drawn
            code = allowed[choose(mass, uniform[:, 0, at])]
            low = ndtr((law.low[column][code] - mean) / deviation)
            high = ndtr((law.high[column][code] - mean) / deviation)
            inside = np.clip(low + uniform[:, 1, at] * (high - low), 1e-300, 1 - 1e-16)
            normal[:, at] = ndtri(inside)
            codes[:, column] = code
        for at in range(len(self._evidence_columns), width):
            column = self._order[at]
            score = normal[:, : at + 1] @ self._root[at, : at + 1]
            order = law.orders[column]
            # An empty code's interval holds no score but its end: the last one that begins there.
            place = np.searchsorted(law.high[column][order], score, side="right")
            place = np.minimum(place, np.flatnonzero(law.shares[column][order] > 0)[-1])
            codes[:, column] = order[place]
        exact = len(self._evidence_columns) <= 1
        return Draw(codes, None if exact else log_weight)


def _quadrature(
    low: np.ndarray, high: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of ∫ weight(z) φ(z) dz over intervals, each cut into short pieces."""
    nodes, node_weights = _legendre()
    points, weights = [], []
    for a, b, factor in zip(low, high, weight, strict=True):
        ends = np.linspace(a, b, max(1, math.ceil((b - a) / PIECE)) + 1)
        middle, half = (ends[1:] + ends[:-1]) / 2, (ends[1:] - ends[:-1]) / 2
        z = (middle[:, None] + half[:, None] * nodes).ravel()
        w = (half[:, None] * node_weights).ravel()
        points.append(z)
        weights.append(factor * w * np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi))
    return np.concatenate(points), np.concatenate(weights)


@lru_cache(maxsize=1)
def _legendre() -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.legendre.leggauss(NODES)


# ---------------------------------------------------------------------- learning


class GaussianCopula(CodedGenerator):
    """Learns thresholds and correlations."""

    name = "copula"
    title = "Gaussian copula"
    description = (
        "Right shares for every column and one correlation for each pair: learned in seconds, "
        "smooth, exact for one fact or two; blind to what is not a correlation."
    )
    law = CopulaLaw
    bins = 256

    def learn(
        self, rows: Rows, settings: Settings, progress: Progress
    ) -> tuple[CopulaLaw, dict[str, Any]]:
        """Order levels, then find each pair's correlation."""
        shares = tuple(rows.shares())
        progress(0.2, "Putting levels in an order")
        numbers = [rows.codebook.schema[name].is_number for name in rows.codebook.learned]
        orders = _orders(rows, shares, numbers)
        progress(0.5, "Correlating scores")
        scores = [_mid_scores(each, order) for each, order in zip(shares, orders, strict=True)]
        correlation, changed = _correlations(rows, shares, orders, scores)
        note = "Columns depend on each other by one correlation a pair of normal scores."
        report: dict[str, Any] = {"notes": [note], "largest_change": changed}
        return CopulaLaw(shares, orders, correlation), report


def _mid_scores(shares: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The normal score of each code's mid-rank."""
    ordered = shares[order] / shares.sum()
    middle = np.cumsum(ordered) - ordered / 2
    out = np.empty(len(shares))
    out[order] = ndtri(np.clip(middle, 1e-9, 1 - 1e-9))
    return out


def _orders(
    rows: Rows, shares: tuple[np.ndarray, ...], numbers: list[bool]
) -> tuple[np.ndarray, ...]:
    """Codes from low to high: numbers as they are, levels by the first axis that all share."""
    orders = [np.arange(size) for size in rows.sizes]
    free = [c for c, number in enumerate(numbers) if not number and rows.sizes[c] > 2]
    if not free:
        return tuple(orders)
    codes = rows.codes[:_RANK_ROWS]
    weights = None if rows.weights is None else rows.weights[:_RANK_ROWS]
    scores = [_mid_scores(each, order) for each, order in zip(shares, orders, strict=True)]
    axis = np.random.default_rng(0).standard_normal(len(codes))
    for _ in range(_SWEEPS):
        total = np.zeros(len(codes))
        for column, size in enumerate(rows.sizes):
            at = codes[:, column]
            if column in free or size == 2:
                count = np.bincount(at, weights, size)
                value = axis if weights is None else axis * weights
                mean = np.bincount(at, value, size) / np.maximum(count, 1e-12)
                scores[column] = mean
                total += mean[at]
            else:
                spread = scores[column][at]
                norm = np.sqrt((spread**2).mean()) or 1.0
                total += spread / norm * float((axis * spread).mean() / norm)
        total -= total.mean()
        axis = total / (total.std() or 1.0)
    for column in free:
        orders[column] = np.argsort(scores[column], kind="stable")
    return tuple(orders)


def _correlations(
    rows: Rows,
    shares: tuple[np.ndarray, ...],
    orders: tuple[np.ndarray, ...],
    scores: list[np.ndarray],
) -> tuple[np.ndarray, float]:
    """The correlations of the latent scores, and the largest change that made them definite."""
    values = np.stack([s[rows.codes[:, c]] for c, s in enumerate(scores)], axis=1)
    weights = np.ones(len(values)) if rows.weights is None else rows.weights
    share = weights / weights.sum()
    values = values - share @ values
    product = (values * share[:, None]).T @ values
    hermite = np.stack(
        [_hermite(each, order, s) for each, order, s in zip(shares, orders, scores, strict=True)]
    )
    a, b = np.tril_indices(len(scores), -1)
    raw = np.eye(len(scores))
    raw[a, b] = raw[b, a] = _latent(hermite[a] * hermite[b], product[a, b])
    value, vector = np.linalg.eigh(raw)
    if value[0] >= SMALLEST:
        return raw, 0.0
    mended = (vector * np.maximum(value, SMALLEST)) @ vector.T
    scale = np.sqrt(np.diag(mended))
    mended = mended / np.outer(scale, scale)
    np.fill_diagonal(mended, 1.0)
    return mended, float(np.abs(mended - raw).max())


def _hermite(shares: np.ndarray, order: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Coefficients 1 … `TERMS` of a column's score as a function of its latent one.

    In normalised Hermite polynomials h_k = He_k / √k!; of a step function they follow from
    ∫ He_k φ = −He_{k−1} φ between the thresholds.
    """
    ends = np.concatenate([[0.0], np.cumsum(shares[order] / shares.sum())])
    z = np.clip(ndtri(np.clip(ends, 0.0, 1.0)), -FARTHEST, FARTHEST)
    density = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    steps = scores[order]
    # h_0 = 1, h_1 = z, h_{k+1} = (z h_k − √k h_{k−1}) / √(k + 1)
    before, now = np.zeros_like(z), np.ones_like(z)
    out = np.empty(TERMS)
    for k in range(1, TERMS + 1):
        edge = now * density / math.sqrt(k)
        out[k - 1] = float((steps * (edge[:-1] - edge[1:])).sum())
        before, now = now, (z * now - math.sqrt(k - 1) * before) / math.sqrt(k)
    return out


def _latent(series: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The correlations ρ with Σ series_k ρ^k = wanted, by bisection (the sum grows with ρ).

    Parameters
    ----------
    series : float64 array, shape (pairs, TERMS)
    wanted : float64 array, shape (pairs,)
    """
    low, high = np.full(len(series), -0.999), np.full(len(series), 0.999)
    for _ in range(50):
        middle = (low + high) / 2
        total = np.zeros(len(series))
        for k in range(series.shape[1] - 1, -1, -1):  # Horner's scheme
            total = (total + series[:, k]) * middle
        low, high = np.where(total < wanted, middle, low), np.where(total < wanted, high, middle)
    none = np.abs(series).sum(axis=1) < 1e-12
    return np.where(none, 0.0, (low + high) / 2)


register(GaussianCopula())
