"""Additive regularisation of topic models: the EM algorithm, over non-zeros only.

The model is probabilistic latent semantic analysis (PLSA; Hofmann 1999): n(person, item) is drawn
from p(item | person) = Σ_t Phi[item, t] Theta[person, t]. Vorontsov & Potapenko (2015, "Additive
regularization of topic models", Machine Learning 101) add weighted criteria to its likelihood:

    Σ n ln Σ_t Phi Theta                                 the likelihood
    − Σ_item β(item) Σ ln Phi[item, t] over interests    sparse Phi (negative: smooth)
    − Σ_person α(person) Σ ln Theta[person, t]           sparse Theta (negative: smooth)
    + Σ_item β₀(item) ln Phi[item, b] over background    smooth background
    − τ/2 Σ_{s≠t} Σ_item Phi[item, s] Phi[item, t]       interests that do not overlap

Where the authors take one fixed-point step towards the decorrelated Phi, the step is solved here
(see `decorrelated`), topic after topic, so that a pass never lowers the criterion; sparsing sets
to nought what falls short, and the criterion is then that of what is left.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.sparse import csr_array

BLOCKS = 16
"""Pieces that people are counted in, whatever the number of threads: sums are always the same."""

ANCHORS = 2000
"""The most common items, among which interests look for one to start from."""
BURN_IN = 10
"""Passes before anything is set to nought, so that no early guess is final."""


@dataclass(frozen=True)
class Strengths:
    """How strongly each criterion pulls, relative to the data, so that sizes do not matter.

    Attributes
    ----------
    sparse_phi : float
        β(item) as a share of the item's mean count per topic: what falls below it becomes nought.
        Relative to the item, so that rare ones are not lost. Negative smooths.
    sparse_theta : float
        α(person) as a share of the person's mean expected count per topic. Negative smooths.
    decorrelation : float
        τ as a share of an interest's mean count.
    background : int
        Topics, after the interests, for what everybody does.
    smooth_background : float
        β₀(item) in the same unit; the background's Theta is smoothed by the same share.
    """

    sparse_phi: float = 0.0
    sparse_theta: float = 0.0
    decorrelation: float = 0.0
    background: int = 0
    smooth_background: float = 0.0


@dataclass(frozen=True, eq=False)
class Fit:
    """Phi, float64 (items, topics); Theta, float32 (people, topics); log-likelihood per pass.

    Attributes
    ----------
    phi : np.ndarray, float64, shape (items, topics)
        p(item | topic); columns sum to one.
    theta : np.ndarray, float32, shape (people, topics)
        p(topic | person); rows sum to one.
    history : tuple of float
        Log-likelihood of each pass, natural logarithm.
    """

    phi: np.ndarray
    theta: np.ndarray
    history: tuple[float, ...]


@njit(cache=True, nogil=True, fastmath=True)
def _pass(
    indptr: np.ndarray,
    indices: np.ndarray,
    counts: np.ndarray,
    first: int,
    last: int,
    phi: np.ndarray,
    theta: np.ndarray,
    alpha: np.ndarray,
    expected: np.ndarray,
    learn: bool,
) -> float:
    """E-step of people first to last and M-step of their Theta, in place; adds to `expected`.

    Returns the log-likelihood under the parameters before the step. Someone whose every topic
    would be cut keeps the largest one.
    """
    topics = phi.shape[1]
    new = np.empty(topics, np.float32)
    likelihood = 0.0
    for d in range(first, last):
        low, high = indptr[d], indptr[d + 1]
        if low == high:
            continue
        for t in range(topics):
            new[t] = np.float32(0.0)
        total = np.float32(0.0)
        own = theta[d]
        for i in range(low, high):
            w = indices[i]
            row = phi[w]
            mass = np.float32(0.0)
            for t in range(topics):
                mass += row[t] * own[t]
            total += counts[i]
            if mass <= np.float32(1e-30):
                likelihood += counts[i] * np.log(1e-30)
                continue
            likelihood += counts[i] * np.log(np.float64(mass))
            share = counts[i] / mass
            if learn:
                kept = expected[w]
                for t in range(topics):
                    part = share * row[t] * own[t]
                    new[t] += part
                    kept[t] += part
            else:
                for t in range(topics):
                    new[t] += share * row[t] * own[t]
        total /= np.float32(topics)
        left = np.float32(0.0)
        best = 0
        for t in range(topics):
            if new[t] > new[best]:
                best = t
        for t in range(topics):
            value = max(new[t] - alpha[t] * total, np.float32(0.0))
            own[t] = value
            left += value
        if left <= np.float32(0.0):
            own[best] = np.float32(1.0)
            continue
        scale = np.float32(1.0) / left
        for t in range(topics):
            own[t] *= scale
    return likelihood


@njit(cache=True)
def decorrelated(expected: np.ndarray, phi: np.ndarray, tau: float, interests: int) -> np.ndarray:
    """Phi that is best for expected counts and against overlap, one interest after the other.

    For interest t, with c = Σ_{s≠t} Phi[:, s], the best of Σ n ln φ − τ Σ c φ on the simplex is
    φ = n / (λ + τ c), with the λ at which it sums to one: found by Newton's method from the left,
    which never oversteps, for the sum is convex in λ. The fixed point is that of Vorontsov &
    Potapenko's regulariser for decorrelation.

    Parameters
    ----------
    expected : np.ndarray, shape (items, topics)
        Expected counts n.
    phi : np.ndarray, shape (items, topics)
        Phi before this step.
    tau : float
        Strength τ of the decorrelation, in counts; 0 leaves it out.
    interests : int
        How many topics, from the first, are kept apart; the others are background.

    Returns
    -------
    np.ndarray, shape (items, topics)
        The new Phi; columns sum to one.
    """
    items, topics = expected.shape
    out = phi.copy()
    overlap = np.zeros(items)
    for t in range(interests):
        overlap += out[:, t]
    for t in range(topics):
        counts = expected[:, t]
        total = counts.sum()
        if total <= 0.0:
            continue
        if t >= interests or tau == 0.0:
            out[:, t] = counts / total
            continue
        rest = np.maximum(overlap - out[:, t], 0.0)
        root = -np.inf
        for w in range(items):
            if counts[w] > 0.0:
                root = max(root, counts[w] - tau * rest[w])
        for _ in range(100):
            mass, slope = 0.0, 0.0
            for w in range(items):
                if counts[w] > 0.0:
                    share = counts[w] / (root + tau * rest[w])
                    mass += share
                    slope += share * share / counts[w]
            if mass <= 1.0 + 1e-12:
                break
            root += (mass - 1.0) / slope
        mass = 0.0
        for w in range(items):
            value = counts[w] / (root + tau * rest[w]) if counts[w] > 0.0 else 0.0
            out[w, t] = value
            mass += value
        out[:, t] /= mass
        overlap = rest + out[:, t]
    return out


def start(counts: csr_array, topics: int, interests: int, seed: int) -> np.ndarray:
    """A Phi to start from: each interest grows around an item of its own.

    The items are common ones that go together with none chosen before: weight × (1 − the largest
    cosine with those)³, a cheap kin of Arora et al.'s anchor words (2013, ICML). Around each stand
    the items that go with it (cosines of their columns); a fifth of every topic is the weight of
    all items, shaken by the seed.

    Parameters
    ----------
    counts : csr_array, shape (people, items)
        Weighted amounts.
    topics : int
        Topics, the background among them.
    interests : int
        How many of them grow around an item.
    seed : int
        Of the random shares.

    Returns
    -------
    np.ndarray, float64, shape (items, topics)
        Phi; columns sum to one.
    """
    random = np.random.default_rng(seed)
    weight = np.asarray(counts.sum(axis=0), dtype=np.float64).ravel()
    phi = weight[:, None] * (random.random((len(weight), topics)) + 0.5)
    phi *= 0.2 / phi.sum(axis=0)
    common = np.argsort(-weight, kind="stable")[:ANCHORS]
    own = counts[:, common].astype(np.float64)
    together = (own.T @ own).toarray()
    length = np.sqrt(np.diag(together))
    cosine = together / np.maximum(np.outer(length, length), 1e-30)
    nearest = np.zeros(len(common))
    for t in range(interests):
        anchor = int((weight[common] * np.maximum(1.0 - nearest, 0.0) ** 3).argmax())
        nearest = np.maximum(nearest, cosine[anchor])
        nearest[anchor] = 1.0
        phi[common, t] += 0.8 * cosine[anchor] / max(cosine[anchor].sum(), 1e-30)
    return phi / phi.sum(axis=0)


def fit(
    counts: csr_array,
    topics: int,
    strengths: Strengths,
    *,
    seed: int = 0,
    passes: int = 200,
    tolerance: float = 1e-5,
    burn_in: int = BURN_IN,
    threads: int | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> Fit:
    """Phi and Theta for a matrix of people × items; `topics` counts the background topics too.

    It ends when a pass changes the log of the perplexity by less than `tolerance`, or after
    `passes`. The same seed gives the same result, bit for bit, on any number of threads.

    Parameters
    ----------
    counts : csr_array, shape (people, items)
        Weighted amounts.
    topics : int
        Topics, the background among them.
    strengths : Strengths
        How strongly each criterion pulls.
    seed : int, optional
        Of the Phi to start from.
    passes : int, optional
        The most passes.
    tolerance : float, optional
        The change of the log-likelihood per unit of the matrix at which it ends.
    burn_in : int, optional
        Passes before the sparse criteria set in.
    threads : int, optional
        Threads to compute with.
    progress : callable, optional
        Gets the number of each pass, from 1, and its perplexity.

    Returns
    -------
    Fit
        Phi, Theta and the log-likelihood of each pass.
    """
    people = counts.shape[0]
    interests = topics - strengths.background
    phi = start(counts, topics, interests, seed)
    theta = np.full((people, topics), 1.0 / topics, np.float32)
    total = float(counts.data.sum())
    beta = _beta(counts, topics, strengths)
    alpha = _alpha(topics, strengths)
    gentle = np.minimum(beta, 0.0), np.minimum(alpha, 0.0)
    tau = strengths.decorrelation * total / topics
    history: list[float] = []
    with _Worker(counts, threads) as worker:
        for number in range(passes):
            early = number < burn_in
            pull = gentle[1] if early else alpha
            expected, likelihood = worker.run(phi.astype(np.float32), theta, pull, learn=True)
            history.append(likelihood)
            if progress is not None:
                progress(number + 1, float(np.exp(-likelihood / total)))
            settled = number > 0 and abs(history[-1] - history[-2]) < tolerance * total
            if settled and not early:
                break
            phi = _maximised(expected, phi, gentle[0] if early else beta, tau, interests)
    return Fit(phi, theta, tuple(history))


def fold(
    counts: csr_array,
    phi: np.ndarray,
    strengths: Strengths,
    *,
    passes: int = 100,
    tolerance: float = 1e-5,
    threads: int | None = None,
) -> Fit:
    """Theta of people under a Phi that stays as it is.

    Parameters
    ----------
    counts : csr_array, shape (people, items)
        Weighted amounts of new people.
    phi : np.ndarray, shape (items, topics)
        Learned p(item | topic).
    strengths : Strengths
        As Phi was learned with.
    passes : int, optional
        The most passes.
    tolerance : float, optional
        The change of the log-likelihood per unit of the matrix at which it ends.
    threads : int, optional
        Threads to compute with.

    Returns
    -------
    Fit
        The same Phi, the people's Theta and the log-likelihood of each pass.
    """
    topics = phi.shape[1]
    theta = np.full((counts.shape[0], topics), 1.0 / topics, np.float32)
    alpha = _alpha(topics, strengths)
    total = float(counts.data.sum())
    history: list[float] = []
    with _Worker(counts, threads) as worker:
        for number in range(passes):
            _, likelihood = worker.run(phi.astype(np.float32), theta, alpha, learn=False)
            history.append(likelihood)
            if number and abs(history[-1] - history[-2]) < tolerance * total:
                break
    return Fit(phi, theta, tuple(history))


def shares(theta: np.ndarray, strengths: Strengths) -> np.ndarray:
    """What share of a person's items each topic takes: Theta without what smoothing added.

    Theta is proportional to a person's expected counts plus the smoothing; less than a thousandth
    of what somebody does is nought. A Theta that was made sparse stays as it is.

    Parameters
    ----------
    theta : np.ndarray, shape (people, topics)
        p(topic | person).
    strengths : Strengths
        As Theta was learned with.

    Returns
    -------
    np.ndarray, shape (people, topics)
        Shares, 0 to 1.
    """
    topics = theta.shape[1]
    alpha = _alpha(topics, strengths)
    if (alpha > 0).any():
        return theta
    added = -alpha / topics
    adjusted = theta * (1.0 + added.sum()) - added
    return np.where(adjusted < 1e-3, np.float32(0.0), adjusted)


def log_likelihood(counts: csr_array, phi: np.ndarray, theta: np.ndarray) -> float:
    """Σ n ln Σ_t Phi Theta.

    Parameters
    ----------
    counts : csr_array, shape (people, items)
        Weighted amounts n.
    phi : np.ndarray, shape (items, topics)
        p(item | topic).
    theta : np.ndarray, shape (people, topics)
        p(topic | person).

    Returns
    -------
    float
        Natural logarithm.
    """
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    mass = np.einsum("it,it->i", theta[rows].astype(np.float64), phi[counts.indices])
    return float(counts.data.astype(np.float64) @ np.log(np.maximum(mass, 1e-30)))


def criterion(counts: csr_array, phi: np.ndarray, theta: np.ndarray, strengths: Strengths) -> float:
    """What `fit` raises: the likelihood and the criteria, over entries that are not nought.

    Parameters
    ----------
    counts : csr_array, shape (people, items)
        Weighted amounts.
    phi : np.ndarray, shape (items, topics)
        p(item | topic).
    theta : np.ndarray, shape (people, topics)
        p(topic | person).
    strengths : Strengths
        How strongly each criterion pulls.

    Returns
    -------
    float
        The log-likelihood (natural logarithm) and the criteria, summed.
    """
    topics = phi.shape[1]
    interests = topics - strengths.background
    total = float(counts.data.sum())
    own = np.asarray(counts.sum(axis=1)).ravel() / topics
    alpha = -_alpha(topics, strengths).astype(np.float64)
    inner = phi[:, :interests]
    overlap = (inner.sum(axis=1) ** 2).sum() - (inner**2).sum()
    tau = strengths.decorrelation * total / topics
    return (
        log_likelihood(counts, phi, theta)
        - float((_log(phi) * _beta(counts, topics, strengths)).sum())
        + float(((_log(theta) @ alpha) * own).sum())
        - 0.5 * tau * float(overlap)
    )


def _log(values: np.ndarray) -> np.ndarray:
    """Logarithms, nought for nought."""
    values = values.astype(np.float64)
    return np.log(np.where(values > 0, values, 1.0))


def _beta(counts: csr_array, topics: int, strengths: Strengths) -> np.ndarray:
    """What is taken from the expected count of each item and topic, shape (items, topics)."""
    share = np.full(topics, strengths.sparse_phi)
    share[topics - strengths.background :] = -strengths.smooth_background
    return np.outer(np.asarray(counts.sum(axis=0), dtype=np.float64) / topics, share)


def _alpha(topics: int, strengths: Strengths) -> np.ndarray:
    alpha = np.full(topics, strengths.sparse_theta, np.float32)
    alpha[topics - strengths.background :] = -strengths.smooth_background
    return alpha


def _maximised(
    expected: np.ndarray, phi: np.ndarray, beta: np.ndarray, tau: float, interests: int
) -> np.ndarray:
    """The M-step of Phi; an interest that would be cut to nothing keeps its largest entry."""
    left = np.maximum(expected - beta, 0.0)
    empty = left.sum(axis=0) <= 0.0
    if empty.any():
        best = expected[:, empty].argmax(axis=0)
        left[best, np.flatnonzero(empty)] = np.maximum(expected[best, empty], 1e-12)
    return decorrelated(left, phi, tau, interests)


class _Worker:
    """One pass over everybody, in blocks, on threads."""

    def __init__(self, counts: csr_array, threads: int | None) -> None:
        self._indptr = counts.indptr.astype(np.int64)
        self._indices = counts.indices.astype(np.int32)
        self._counts = counts.data.astype(np.float32)
        wanted = np.linspace(0, len(self._counts), BLOCKS + 1)
        self._bounds = np.searchsorted(self._indptr, wanted)
        self._bounds[0], self._bounds[-1] = 0, counts.shape[0]
        self._items = counts.shape[1]
        self._threads = min(threads or os.cpu_count() or 1, BLOCKS)
        self._pool = ThreadPoolExecutor(self._threads)

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def run(
        self, phi: np.ndarray, theta: np.ndarray, alpha: np.ndarray, *, learn: bool
    ) -> tuple[np.ndarray, float]:
        """Expected counts of items and topics, float64, and the log-likelihood before."""
        phi = np.ascontiguousarray(phi)

        def work(block: int) -> tuple[np.ndarray, float]:
            expected = np.zeros(phi.shape if learn else (0, 0), np.float32)
            first, last = int(self._bounds[block]), int(self._bounds[block + 1])
            log_likelihood = _pass(
                self._indptr,
                self._indices,
                self._counts,
                first,
                last,
                phi,
                theta,
                alpha,
                expected,
                learn,
            )
            return expected, log_likelihood

        results = list(self._pool.map(work, range(BLOCKS)))
        expected = np.sum([each.astype(np.float64) for each, _ in results], axis=0)
        return expected, float(sum(log_likelihood for _, log_likelihood in results))
