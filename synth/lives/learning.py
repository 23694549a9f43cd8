"""A mixture of semi-Markov chains learned by expectation–maximisation from few people.

A cell of P(next state | class, time, state, duration) has hardly any people of its own. So each
chain is built from the coarse to the fine: what is known of all (state → state) is multiplied by
what the time, the duration, the class, and two of them together change, each factor being observed
over expected moves, shrunk towards 1 by `shrink` expected moves (the posterior mean of a Poisson
rate under a Gamma prior). A move that nobody made stays impossible.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from synth.data.table import Table
from synth.errors import PopulaceError
from synth.lives.chain import Chain, durations

LEAST_PEOPLE = 40
"""Fewer people tell nothing of classes."""
CLASSES = (1, 2, 3, 4, 6)
"""Numbers of classes that are tried."""
SHRINKS = (3.0, 8.0, 20.0)
"""Strengths of shrinking that are tried."""
_FOLDS = 2
_ROUNDS = 60
_TRIED_ROUNDS = 25
_STARTS = 3


@dataclass(frozen=True)
class ChainPlan:
    """How chains are learned.

    Attributes
    ----------
    classes : int
        Latent classes.
    shrink : float
        Expected moves that a factor must outweigh.
    cuts : tuple of int
        Durations at which a new band begins, the first 1.
    window : int
        Times on either side that a time shares its factor with.
    seed : int
        Of the starts.
    """

    classes: int = 4
    shrink: float = 3.0
    cuts: tuple[int, ...] = (1, 2, 3, 4, 6, 9)
    window: int = 1
    seed: int = 0

    def bands(self) -> np.ndarray:
        """The band of each duration; the last one is open."""
        lengths = np.arange(1, self.cuts[-1] + 1)
        return np.searchsorted(self.cuts, lengths, side="right") - 1


@dataclass(frozen=True, eq=False)
class Learned:
    """What was learned.

    Attributes
    ----------
    chain : Chain
        The chains.
    prior : Prior
        P(class | facts), for learning alone: the network takes its place in a `LifeModel`.
    responsibilities : float64 array, shape (people, classes)
        P(class | a person's whole life).
    log_likelihood : float
        Of the people, by everything learned.
    """

    chain: Chain
    prior: Prior
    responsibilities: np.ndarray
    log_likelihood: float


def learn_chain(
    codes: np.ndarray,
    states: int,
    plan: ChainPlan,
    facts: np.ndarray | None = None,
    rounds: int = _ROUNDS,
) -> Learned:
    """Learn the chains of a plan; the best of some starts.

    Parameters
    ----------
    codes : int array, shape (people, times)
        States.
    states : int
        How many states there are.
    plan : ChainPlan
        How.
    facts : float array, shape (people, features), optional
        What classes may follow from, as `fact_features` gives it.
    rounds : int
        Rounds of expectation–maximisation at most.

    Raises
    ------
    PopulaceError
        There are too few people.
    """
    if len(codes) < LEAST_PEOPLE:
        raise PopulaceError(
            f"{len(codes)} lives are too few to learn from: give at least {LEAST_PEOPLE}."
        )
    cells = _Cells.of(codes, states, plan)
    features = np.zeros((len(codes), 0)) if facts is None else facts
    if plan.classes == 1:
        return _climb(codes, cells, features, plan, 1, np.ones((len(codes), 1)))
    starts = [_start(codes, replace(plan, seed=plan.seed + i)) for i in range(_STARTS)]
    starts += _fact_starts(codes, cells, features, plan)
    tries = [_climb(codes, cells, features, plan, min(rounds, 10), start) for start in starts]
    best = max(tries, key=lambda learned: learned.log_likelihood)
    return _climb(codes, cells, features, plan, rounds, best.responsibilities)


@dataclass(frozen=True, eq=False)
class Prior:
    """P(class | facts): multinomial logistic regression with ridge.

    Attributes
    ----------
    weights : float64 array, shape (features + 1, classes)
        The last row belongs to no feature.
    """

    weights: np.ndarray
    RIDGE = 2.0

    def logs(self, facts: np.ndarray) -> np.ndarray:
        """ln P(class | facts); shape (people, classes)."""
        scores = facts @ self.weights[:-1] + self.weights[-1]
        scores = scores - scores.max(axis=1, keepdims=True)
        out: np.ndarray = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return out

    def improved(self, facts: np.ndarray, targets: np.ndarray) -> Prior:
        """Some steps nearer to the soft classes of people."""
        from scipy.optimize import minimize

        wide = np.column_stack([facts, np.ones(len(facts))])

        def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
            weights = flat.reshape(self.weights.shape)
            logs = Prior(weights).logs(facts)
            slope = wide.T @ (np.exp(logs) - targets) + self.RIDGE * weights
            cost = float(-(targets * logs).sum() + 0.5 * self.RIDGE * (weights**2).sum())
            return cost, slope.ravel()

        optimum = minimize(
            loss, self.weights.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 15}
        )
        return Prior(optimum.x.reshape(self.weights.shape))


def fact_features(table: Table, names: tuple[str, ...]) -> np.ndarray:
    """Facts as features: levels that ten people have as 0 or 1, numbers by quarter.

    Returns
    -------
    float64 array, shape (people, features)
    """
    out = []
    for name in names:
        values, column = table.frame[name], table.schema[name]
        if column.is_number:
            numbers = values.to_numpy(np.float64, na_value=np.nan)
            cuts = np.unique(np.nanquantile(numbers, (0.25, 0.5, 0.75)))
            codes = np.where(np.isnan(numbers), -1, np.searchsorted(cuts, numbers, side="right"))
        else:
            codes = values.astype("category").cat.codes.to_numpy()
        kept = [c for c in np.unique(codes) if (codes == c).sum() >= 10]
        out += [codes == c for c in (kept[1:] if len(kept) > 1 else [])]
    return np.array(out, dtype=np.float64).T.reshape(len(table), -1)


def choose(
    codes: np.ndarray,
    states: int,
    facts: np.ndarray,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> tuple[ChainPlan, dict[str, float]]:
    """The plan under which people kept apart are most likely.

    Returns
    -------
    plan : ChainPlan
    scores : dict of str to float
        Mean log-likelihood of a person kept apart, for each plan that was tried.
    """
    say = progress or (lambda words: None)
    cuts = default_cuts(codes)
    order = np.random.default_rng(seed).permutation(len(codes))
    folds = np.array_split(order, _FOLDS)
    scores: dict[str, float] = {}

    def judged(plan: ChainPlan) -> float:
        words = f"{plan.classes} classes, shrink {plan.shrink:g}, {len(plan.cuts)} bands"
        if words not in scores:
            total = 0.0
            for fold in folds:
                kept = np.delete(np.arange(len(codes)), fold)
                learned = learn_chain(codes[kept], states, plan, facts[kept], _TRIED_ROUNDS)
                total += held_out(learned, codes[fold], facts[fold]).sum()
            scores[words] = float(total / len(codes))
            say(f"{words}: {scores[words]:.3f}")
        return scores[words]

    best = ChainPlan(classes=4, cuts=cuts, seed=seed)
    best = max((replace(best, shrink=s) for s in SHRINKS), key=judged)
    best = max((replace(best, classes=k) for k in CLASSES), key=judged)
    best = max((replace(best, shrink=s) for s in SHRINKS), key=judged)
    best = max((best, replace(best, cuts=(1,)), replace(best, cuts=cuts[:4])), key=judged)
    return best, scores


def held_out(
    learned: Learned, codes: np.ndarray, facts: np.ndarray, floor: float = 1e-4
) -> np.ndarray:
    """ln P(life | facts) of people who were not learned from; shape (people,).

    Where a move is impossible under every class, it counts as `floor`, so that one life that
    nobody led before does not decide.
    """
    chain = learned.chain
    softened = Chain(
        (1 - floor) * chain.initial + floor / chain.states,
        (1 - floor) * chain.step + floor / chain.states,
        chain.bands,
    )
    logs = softened.log_likelihood(codes) + learned.prior.logs(facts)
    top = logs.max(axis=1)
    out: np.ndarray = top + np.log(np.exp(logs - top[:, None]).sum(axis=1))
    return out


def default_cuts(codes: np.ndarray) -> tuple[int, ...]:
    """Where bands of duration begin: each length for the first three, then ever wider."""
    cuts, width = [1, 2, 3], 1.0
    while cuts[-1] < codes.shape[1] * 0.6:
        width *= 1.6
        cuts.append(cuts[-1] + max(1, int(width)))
    return tuple(cuts)


# ---------------------------------------------------------------------- private


@dataclass(frozen=True, eq=False)
class _Cells:
    """Where each person's moves lie in a flat (time, state, band, next state) table."""

    places: np.ndarray
    shape: tuple[int, int, int, int]

    @staticmethod
    def of(codes: np.ndarray, states: int, plan: ChainPlan) -> _Cells:
        bands = plan.bands()
        band = bands[np.minimum(durations(codes), len(bands)) - 1][:, :-1]
        shape = (codes.shape[1] - 1, states, len(plan.cuts), states)
        time = np.broadcast_to(np.arange(shape[0]), band.shape)
        index = (time, codes[:, :-1].astype(np.int64), band, codes[:, 1:].astype(np.int64))
        return _Cells(np.ravel_multi_index(index, shape), shape)

    def counts(self, weights: np.ndarray) -> np.ndarray:
        """Weighted moves; shape (classes, times - 1, states, bands, states)."""
        flat, size = self.places.ravel(), int(np.prod(self.shape))
        rows = [
            np.bincount(flat, np.repeat(w, self.places.shape[1]), minlength=size) for w in weights.T
        ]
        return np.array(rows).reshape(-1, *self.shape)


def _climb(
    codes: np.ndarray,
    cells: _Cells,
    facts: np.ndarray,
    plan: ChainPlan,
    rounds: int,
    weights: np.ndarray,
) -> Learned:
    prior = Prior(np.zeros((facts.shape[1] + 1, weights.shape[1])))
    before = -np.inf
    for _ in range(max(rounds, 1)):
        prior = prior.improved(facts, weights)
        chain = _maximised(codes, cells, weights, plan)
        logs = chain.log_likelihood(codes) + prior.logs(facts)
        top = logs.max(axis=1, keepdims=True)
        likely = np.exp(logs - top)
        total = likely.sum(axis=1, keepdims=True)
        weights = likely / total
        now = float((top + np.log(total)).sum())
        if now - before < 1e-5 * len(codes):
            break
        before = now
    return Learned(chain, prior, weights, now)


def _fact_starts(
    codes: np.ndarray, cells: _Cells, facts: np.ndarray, plan: ChainPlan
) -> list[np.ndarray]:
    """Classes that begin as the groups of the facts that tell most of lives."""
    two = replace(plan, classes=2)
    gains = []
    for column in range(facts.shape[1]):
        is_so = facts[:, column] > 0
        if min(is_so.sum(), (~is_so).sum()) < LEAST_PEOPLE:
            continue
        weights = np.column_stack([is_so, ~is_so]).astype(np.float64)
        chain = _maximised(codes, cells, weights, two)
        logs = chain.log_likelihood(codes)
        gains.append((float(np.where(is_so, logs[:, 0], logs[:, 1]).sum()), column))
    out = []
    for _, column in sorted(gains, reverse=True)[:2]:
        soft = _start(codes, plan)
        half = np.arange(plan.classes) % 2 == 0
        soft = soft * np.where((facts[:, column] > 0)[:, None] == half, 1.0, 0.02)
        out.append(soft / soft.sum(axis=1, keepdims=True))
    return out


def _start(codes: np.ndarray, plan: ChainPlan) -> np.ndarray:
    """Soft classes around random people, by the share of times in the same state."""
    random = np.random.default_rng(plan.seed)
    chosen = [int(random.integers(len(codes)))]
    apart = (codes != codes[chosen[0]]).mean(axis=1)
    for _ in range(plan.classes - 1):  # far from those before, as k-means++ does
        total = float((apart**2).sum())
        p = apart**2 / total if total > 0 else None
        chosen.append(int(random.choice(len(codes), p=p)))
        apart = np.minimum(apart, (codes != codes[chosen[-1]]).mean(axis=1))
    far = np.array([(codes != codes[i]).mean(axis=1) for i in chosen]).T
    near = np.exp(-8.0 * far) + 1e-3
    out: np.ndarray = near / near.sum(axis=1, keepdims=True)
    return out


def _maximised(codes: np.ndarray, cells: _Cells, weights: np.ndarray, plan: ChainPlan) -> Chain:
    states, k = cells.shape[1], plan.classes
    first = np.array([np.bincount(codes[:, 0], w, minlength=states) for w in weights.T])
    base = first.sum(axis=0) / first.sum()
    initial = first + plan.shrink * base
    initial /= initial.sum(axis=1, keepdims=True)
    return Chain(initial, _steps(cells.counts(weights), plan, k), plan.bands())


def _steps(counts: np.ndarray, plan: ChainPlan, classes: int) -> np.ndarray:
    """P(next | class, time, state, band) from coarse to fine."""
    all_moves = counts.sum(axis=(0, 1, 3))  # (states, states)
    total = all_moves.sum(axis=1, keepdims=True)
    stay = np.eye(len(all_moves))
    step: np.ndarray = np.where(total > 0, all_moves / np.maximum(total, 1e-300), stay)
    step = np.broadcast_to(step[None, None, :, None, :], counts.shape).copy()
    exposed = counts.sum(axis=-1, keepdims=True)
    wide = max(plan.window * 3, 3)
    # Each line: the axes that are summed over, and how many times are taken together.
    factors: list[tuple[tuple[int, ...], int]] = [
        ((0, 3), wide),
        ((0, 3), plan.window),
        ((0, 3), 0),
        ((0, 1), 0),
        ((0,), wide),
    ]
    if classes > 1:
        factors += [((1, 3), 0), ((3,), wide), ((1,), 0), ((3,), plan.window)]
    for axes, window in (*factors, ((0, 3), 0), ((1, 3), 0)):
        expected = exposed * step
        seen, due = (_sums(table, axes, window) for table in (counts, expected))
        step *= (seen + plan.shrink) / (due + plan.shrink)
        step /= np.maximum(step.sum(axis=-1, keepdims=True), 1e-300)
    return step


def _sums(table: np.ndarray, axes: tuple[int, ...], window: int) -> np.ndarray:
    out: np.ndarray = table.sum(axis=axes, keepdims=True)
    if window and out.shape[1] > 1:
        summed = np.concatenate([np.zeros_like(out[:, :1]), np.cumsum(out, axis=1)], axis=1)
        places = np.arange(out.shape[1])
        high = np.minimum(places + window + 1, out.shape[1])
        out = summed[:, high] - summed[:, np.maximum(places - window, 0)]
    return out
