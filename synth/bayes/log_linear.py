"""Log-linear models of one column: chances that effects of other columns multiply.

A person's chances of each state are a row of a table, times a factor for each effect,

    P(x | i) ∝ base(i, x) · φ₁(x, e₁) · … · φ_k(x, e_k),

where e_j is the person's code of what effect j looks at. Effects are fitted by iterative
proportional fitting: each in turn gets people observed over people expected without it, both with
as many pseudo-people, who hold it near one. Those belong to the effect, not to the step (a gamma
prior of mean one), so they hold equally after any number of rounds.

A table knows the people it was counted from too well: they leave effects nothing to say. So the
base of a person should come from a table of other people.

References
----------
Deming and Stephan (1940). Darroch and Ratcliff (1972), "Generalized iterative scaling for
log-linear models". Bishop, Fienberg, Holland (1975), "Discrete Multivariate Analysis", chapters 3
and 12.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import njit

from synth.bayes.logarithms import weighted_logs

IMPOSSIBLE = 1e-9
"""The chance of what a model holds impossible, where somebody has it nevertheless."""


class Groups(NamedTuple):
    """People who have the same row and the same codes of what effects look at, together.

    Attributes
    ----------
    row : int64 array, shape (groups,)
        Their row of the base.
    codes : int array, shape (covariates, groups)
        Their codes of what each effect looks at.
    weights : float64 array, shape (groups,)
        What they count together.
    start : int64 array, shape (groups + 1,)
        Where in `states` and `counts` those of each group begin.
    states : int64 array, shape (entries,)
        A state of the column that somebody of the group has.
    counts : float64 array, shape (entries,)
        What these count together.
    """

    row: np.ndarray
    codes: np.ndarray
    weights: np.ndarray
    start: np.ndarray
    states: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True, eq=False)
class LogLinear:
    """A column's people: their base chances, and the codes that effects may look at.

    Attributes
    ----------
    base : float64 array, shape (rows, size)
        Chances of the column's states before effects; they need not sum to one.
    row : int64 array, shape (people,)
        Which row is each person's.
    child : int array, shape (people,)
        The column's codes.
    by : int array, shape (covariates, people)
        Codes of everything that an effect may look at.
    sizes : tuple of int
        How many codes each covariate has.
    weights : float64 array, shape (people,)
        What each person counts.

    Examples
    --------
    >>> model = LogLinear(base, row, codes.values[2], codes.values[:2], (3, 3), np.ones(codes.rows))
    >>> effects = model.fitted([0, 1], [model.neutral(0), model.neutral(1)], prior=2.0)
    """

    base: np.ndarray
    row: np.ndarray
    child: np.ndarray
    by: np.ndarray
    sizes: tuple[int, ...]
    weights: np.ndarray

    @property
    def size(self) -> int:
        """States of the column."""
        return int(self.base.shape[1])

    @property
    def people(self) -> int:
        """How many people there are."""
        return int(self.row.shape[0])

    def neutral(self, covariate: int) -> np.ndarray:
        """An effect that changes nothing; float64, shape (covariate's size, size)."""
        return np.ones((self.sizes[covariate], self.size))

    def observed(
        self, counted: Sequence[int], low: int = 0, high: int | None = None
    ) -> list[np.ndarray]:
        """People of a range in each state, by the codes of each covariate of `counted`."""
        by, places, out = self._counted(counted)
        high = self.people if high is None else high
        _observed(self.child, by, self.weights, low, high, self.size, places, out)
        return self._cut(out, places)

    def expected(
        self,
        covariates: Sequence[int],
        effects: Sequence[np.ndarray],
        counted: Sequence[int],
        low: int = 0,
        high: int | None = None,
    ) -> list[np.ndarray]:
        """People of a range expected in each state under the covariates' effects; as `observed`."""
        by, places, out = self._counted(counted)
        arguments = self._effects(covariates, effects)
        high = self.people if high is None else high
        _expected(self.base, self.row, *arguments, self.weights, low, high, by, places, out)
        return self._cut(out, places)

    def log_likelihood(
        self,
        covariates: Sequence[int],
        effects: Sequence[np.ndarray],
        low: int = 0,
        high: int | None = None,
    ) -> float:
        """Of the column's codes of a range of people, in nats."""
        arguments = self._effects(covariates, effects)
        high = self.people if high is None else high
        return float(
            _log_likelihood(self.base, self.row, *arguments, self.weights, low, high, self.child)
        )

    def fitted(
        self,
        covariates: Sequence[int],
        effects: Sequence[np.ndarray],
        prior: float,
        low: int = 0,
        high: int | None = None,
        rounds: int = 1,
    ) -> list[np.ndarray]:
        """Effects after rounds of proportional fitting by a range of people, from given ones.

        Parameters
        ----------
        covariates : sequence of int
            What each effect looks at.
        effects : sequence of float64 array, shape (covariate's size, size)
            Where to begin; what is 0 stays 0. The last is fitted first, on its own.
        prior : float
            Pseudo-people of a state.
        low, high : int, optional
            The range; everybody where it is left out.
        rounds : int
            How often all are fitted.

        Returns
        -------
        list of float64 array
        """
        joined, starts = _side_by_side(effects)
        groups = self.grouped(covariates, low, high)
        wanted = _observed_by(groups, starts, self.size)
        nothing = np.zeros(0)
        _fit(self.base.ravel(), self.size, groups, wanted, nothing, starts, prior, rounds, joined)
        return self._cut(joined, starts)

    def grouped(self, covariates: Sequence[int], low: int = 0, high: int | None = None) -> Groups:
        """A range of people by their row and what effects look at: each group is weighed once.

        Each person is a group where there are many times as many combinations as people.
        """
        high = self.people if high is None else high
        sizes = [self.sizes[t] for t in covariates]
        cells = self.base.shape[0] * math.prod(sizes)
        codes = self._lines(covariates)[:, low:high]
        row, child, weights = self.row[low:high], self.child[low:high], self.weights[low:high]
        if cells > 8 * (high - low):
            return Groups(
                row,
                np.ascontiguousarray(codes),
                weights,
                np.arange(high - low + 1),
                child.astype(np.int64),
                weights,
            )
        return Groups(
            *_groups(row, codes, np.array(sizes, np.int64), child, weights, self.size, cells)
        )

    # ------------------------------------------------------------------ for compiled code

    def _counted(self, counted: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Codes of covariates, where the counts of each begin, and counts of nobody."""
        places = np.cumsum([0, *(self.sizes[t] * self.size for t in counted)]).astype(np.int64)
        return self._lines(counted), places, np.zeros(places[-1])

    def _lines(self, covariates: Sequence[int]) -> np.ndarray:
        return np.ascontiguousarray(self.by[list(covariates)])

    @staticmethod
    def best_prior(
        models: tuple[LogLinear, LogLinear],
        groups: tuple[Groups, Groups],
        effects: tuple[Sequence[np.ndarray], Sequence[np.ndarray]],
        priors: Sequence[float],
        first: int,
        rounds: int,
    ) -> tuple[int, float, list[list[np.ndarray]]]:
        """The pseudo-people by which either half of the people predicts the other best.

        Parameters
        ----------
        models : tuple of LogLinear
            Of the same people; the first is fitted by the first half.
        groups : tuple of Groups
            The halves, by the same covariates.
        effects : tuple of sequence of float64 array
            Where each half begins; see `fitted`.
        priors : sequence of float
            What is tried, in ascending order: from `first` on as long as it gets better.
        first : int
            The number of the prior that is tried first.
        rounds : int
            As in `fitted`.

        Returns
        -------
        int
            The best prior's number.
        float
            Nats: the log-likelihood of each half under the other's effects.
        list of list of float64 array
            The effects of each half.
        """
        size = models[0].size
        (one, starts), (two, _) = _side_by_side(effects[0]), _side_by_side(effects[1])
        best, score, one, two = _best_prior(
            models[0].base.ravel(),
            models[1].base.ravel(),
            size,
            *groups,
            starts,
            np.asarray(priors, dtype=np.float64),
            first,
            rounds,
            one,
            two,
        )
        return best, score, [models[0]._cut(each, starts) for each in (one, two)]

    def _cut(self, counts: np.ndarray, places: np.ndarray) -> list[np.ndarray]:
        return [counts[int(a) : int(b)].reshape(-1, self.size) for a, b in pairwise(places)]

    def _effects(
        self, covariates: Sequence[int], effects: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Effects side by side, where each begins, and the codes that they look at."""
        joined, starts = _side_by_side(effects)
        return joined, starts[:-1], self._lines(covariates)


def _side_by_side(effects: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Effects in one flat array, which is new, and where each begins; its length comes last."""
    starts = np.zeros(len(effects) + 1, np.int64)
    for j, effect in enumerate(effects):
        starts[j + 1] = starts[j] + effect.size
    return np.concatenate([np.zeros(0), *(e.ravel() for e in effects)]), starts


# ---------------------------------------------------------------------- compiled


# Places are unsigned, so that nobody asks whether they are negative; see `parameters`.
@njit(cache=True, nogil=True, inline="always")
def _chances(
    base: np.ndarray, at: int, effects: np.ndarray, places: np.ndarray, chance: np.ndarray
) -> float:
    """Fill `chance` with a row of the base times rows of effects; its sum."""
    size = chance.shape[0]
    for x in range(size):
        chance[np.uintp(x)] = base[np.uintp(at + x)]
    for j in range(places.shape[0]):
        begin = places[j]
        for x in range(size):
            chance[np.uintp(x)] *= effects[np.uintp(begin + x)]
    total = 0.0
    for x in range(size):
        total += chance[np.uintp(x)]
    return total


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _expected(
    base: np.ndarray,
    row: np.ndarray,
    effects: np.ndarray,
    starts: np.ndarray,
    codes: np.ndarray,
    weights: np.ndarray,
    low: int,
    high: int,
    counted: np.ndarray,
    places: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add how many people are expected in each state, by the codes of each line of `counted`.

    Effects stand side by side: that of covariate j for its code e begins at `starts[j] + e·size`.
    """
    size = base.shape[1]
    flat = base.ravel()
    chance = np.empty(size)
    here = np.empty(codes.shape[0], np.int64)
    for i in range(low, high):
        for j in range(codes.shape[0]):
            here[j] = starts[j] + codes[j, i] * size
        total = _chances(flat, row[i] * size, effects, here, chance)
        if total <= 0.0:
            continue
        scale = weights[i] / total
        for c in range(counted.shape[0]):
            at = places[c] + counted[c, i] * size
            for x in range(size):
                out[np.uintp(at + x)] += chance[np.uintp(x)] * scale


@njit(cache=True, nogil=True)
def _groups(
    row: np.ndarray,
    codes: np.ndarray,
    sizes: np.ndarray,
    child: np.ndarray,
    weights: np.ndarray,
    size: int,
    cells: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The combinations of a row and codes that people have, in their order; see `Groups`."""
    people = row.shape[0]
    cell = np.empty(people, np.int32)
    for i in range(people):
        cell[i] = row[i]
    for j in range(codes.shape[0]):
        many = np.int32(sizes[j])
        for i in range(people):
            cell[i] = cell[i] * many + np.int32(codes[j, i])
    # People in the order of their cells.
    begin = np.zeros(cells + 1, np.int32)
    for i in range(people):
        begin[np.uintp(cell[i]) + 1] += 1
    groups = 0
    for c in range(cells):
        groups += begin[c + 1] > 0
        begin[c + 1] += begin[c]
    place, order = begin[:-1].copy(), np.empty(people, np.int32)
    for i in range(people):
        here = np.uintp(cell[i])
        order[np.uintp(place[here])] = i
        place[here] += 1
    rows, total = np.empty(groups, np.int64), np.empty(groups)
    by = np.empty((codes.shape[0], groups), codes.dtype)
    start = np.zeros(groups + 1, np.int64)
    state, count = np.empty(people, np.int64), np.empty(people)
    have = np.zeros(size)
    g, entries = 0, 0
    for c in range(cells):
        if begin[c] == begin[c + 1]:
            continue
        weight = 0.0
        for k in range(begin[c], begin[c + 1]):
            i = order[k]
            have[child[i]] += weights[i]
            weight += weights[i]
        for x in range(size):
            if have[x] != 0.0:
                state[entries], count[entries] = x, have[x]
                entries += 1
                have[x] = 0.0
        total[g] = weight
        rest = c
        for j in range(codes.shape[0] - 1, -1, -1):
            by[j, g] = rest % sizes[j]
            rest //= sizes[j]
        rows[g] = rest
        g += 1
        start[g] = entries
    return rows, by, total, start, state[:entries].copy(), count[:entries].copy()


@njit(cache=True, nogil=True, inline="always")
def _two_chances(
    base: np.ndarray, row: int, effects: np.ndarray, starts: np.ndarray, codes: np.ndarray, g: int
) -> tuple[float, float]:
    """As `_chances`, of a group where the column has two states: loops over two cost more."""
    first, second = base[np.uintp(row * 2)], base[np.uintp(row * 2 + 1)]
    for j in range(codes.shape[0]):
        at = starts[j] + codes[j, g] * 2
        first *= effects[np.uintp(at)]
        second *= effects[np.uintp(at + 1)]
    return first, second


@njit(cache=True, nogil=True)
def _observed_by(groups: Groups, starts: np.ndarray, size: int) -> np.ndarray:
    """People in each state by the codes of each covariate, side by side as effects are."""
    out = np.zeros(starts[-1])
    for g in range(groups.row.shape[0]):
        for j in range(groups.codes.shape[0]):
            at = starts[j] + groups.codes[j, g] * size
            for e in range(groups.start[g], groups.start[g + 1]):
                out[at + groups.states[e]] += groups.counts[e]
    return out


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _expected_by(
    base: np.ndarray,
    size: int,
    groups: Groups,
    effects: np.ndarray,
    starts: np.ndarray,
    one: int,
    out: np.ndarray,
) -> None:
    """Fill `out` with people expected in each state by the codes of one covariate."""
    row, codes, weights = groups.row, groups.codes, groups.weights
    for x in range(out.shape[0]):
        out[x] = 0.0
    if size == 2:
        for g in range(row.shape[0]):
            first, second = _two_chances(base, row[g], effects, starts, codes, g)
            total = first + second
            scale = weights[g] / total if total > 0.0 else 0.0
            at = codes[one, g] * 2
            out[np.uintp(at)] += first * scale
            out[np.uintp(at + 1)] += second * scale
        return
    chance = np.empty(size)
    here = np.empty(codes.shape[0], np.int64)
    for g in range(row.shape[0]):
        for j in range(codes.shape[0]):
            here[j] = starts[j] + codes[j, g] * size
        total = _chances(base, row[g] * size, effects, here, chance)
        if total <= 0.0:
            continue
        scale = weights[g] / total
        at = codes[one, g] * size
        for x in range(size):
            out[np.uintp(at + x)] += chance[np.uintp(x)] * scale


@njit(cache=True, nogil=True)
def _fit(
    base: np.ndarray,
    size: int,
    groups: Groups,
    wanted: np.ndarray,
    expected_first: np.ndarray,
    starts: np.ndarray,
    prior: float,
    rounds: int,
    effects: np.ndarray,
) -> None:
    """Fit effects in place: the last on its own, then rounds of all.

    `expected_first` are the people of the last covariate who are expected under the effects as they
    are; nobody's where that is to be worked out.
    """
    many = groups.codes.shape[0]
    if many == 0:
        return
    for turn in range(rounds * many + 1):
        j = many - 1 if turn == 0 else (turn - 1) % many
        low, high = starts[j], starts[j + 1]
        if turn == 0 and expected_first.shape[0] > 0:
            expected = expected_first
        else:
            expected = np.empty(high - low)
            _expected_by(base, size, groups, effects, starts, j, expected)
        for x in range(high - low):
            old = effects[low + x]
            if old > 0.0:
                effects[low + x] = (wanted[low + x] + prior) / (expected[x] / old + prior)
            else:
                effects[low + x] = 0.0


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _judge(
    base: np.ndarray, size: int, groups: Groups, effects: np.ndarray, starts: np.ndarray
) -> float:
    """Log-likelihood of the states that people have, in nats."""
    codes, states, counts = groups.codes, groups.states, groups.counts
    chance = np.empty(size)
    here = np.empty(codes.shape[0], np.int64)
    share = np.empty(1024)
    bits = share.view(np.int64)
    out, begin, filled = 0.0, 0, 0
    for g in range(groups.row.shape[0]):
        if size == 2:
            chance[0], chance[1] = _two_chances(base, groups.row[g], effects, starts, codes, g)
            total = chance[0] + chance[1]
        else:
            for j in range(codes.shape[0]):
                here[j] = starts[j] + codes[j, g] * size
            total = _chances(base, groups.row[g] * size, effects, here, chance)
        scale = 1.0 / total if total > 0.0 else 0.0
        for e in range(groups.start[g], groups.start[g + 1]):
            share[filled] = max(chance[np.uintp(states[e])] * scale, IMPOSSIBLE)
            filled += 1
            if filled == share.shape[0]:
                out += weighted_logs(counts[begin : begin + filled], share, bits)
                begin, filled = begin + filled, 0
    left = counts[begin : begin + filled]
    return out + weighted_logs(left, share[:filled], bits[:filled])


@njit(cache=True, nogil=True)
def _best_prior(
    first_base: np.ndarray,
    second_base: np.ndarray,
    size: int,
    first_half: Groups,
    second_half: Groups,
    starts: np.ndarray,
    priors: np.ndarray,
    begin: int,
    rounds: int,
    first_effects: np.ndarray,
    second_effects: np.ndarray,
) -> tuple[int, float, np.ndarray, np.ndarray]:
    """See `LogLinear.best_prior`; the effects of each half are side by side."""
    last = starts.shape[0] - 2
    many = starts[last + 1] - starts[last]
    first_wanted = _observed_by(first_half, starts, size)
    second_wanted = _observed_by(second_half, starts, size)
    # Before anything is fitted, as many are expected whatever the prior.
    first_expected, second_expected = np.empty(many), np.empty(many)
    _expected_by(first_base, size, first_half, first_effects, starts, last, first_expected)
    _expected_by(second_base, size, second_half, second_effects, starts, last, second_expected)
    best, score = -1, -math.inf
    first_best, second_best = first_effects, second_effects
    for step in (0, -1, 1):
        if step == 1 and best != begin:
            break
        at = begin + step
        while 0 <= at < priors.shape[0]:
            first, second = first_effects.copy(), second_effects.copy()
            prior = priors[at]
            _fit(
                first_base, size, first_half, first_wanted, first_expected,
                starts, prior, rounds, first,
            )  # fmt: skip
            _fit(
                second_base, size, second_half, second_wanted, second_expected,
                starts, prior, rounds, second,
            )  # fmt: skip
            judged = _judge(first_base, size, second_half, first, starts)
            judged += _judge(second_base, size, first_half, second, starts)
            if judged <= score:
                break
            best, score, first_best, second_best = at, judged, first, second
            if step == 0:
                break
            at += step
    return best, score, first_best, second_best


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _log_likelihood(
    base: np.ndarray,
    row: np.ndarray,
    effects: np.ndarray,
    starts: np.ndarray,
    codes: np.ndarray,
    weights: np.ndarray,
    low: int,
    high: int,
    child: np.ndarray,
) -> float:
    """Σ weight · log P(child's code), as `_expected` takes its arguments."""
    size = base.shape[1]
    flat = base.ravel()
    chance = np.empty(size)
    here = np.empty(codes.shape[0], np.int64)
    out = 0.0
    for i in range(low, high):
        for j in range(codes.shape[0]):
            here[j] = starts[j] + codes[j, i] * size
        total = _chances(flat, row[i] * size, effects, here, chance)
        share = chance[child[i]] / total if total > 0.0 else 0.0
        out += weights[i] * math.log(max(share, IMPOSSIBLE))
    return out


@njit(cache=True, nogil=True)
def _observed(
    child: np.ndarray,
    codes: np.ndarray,
    weights: np.ndarray,
    low: int,
    high: int,
    size: int,
    places: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add how many people are in each state, by the codes of each line of `codes`."""
    for c in range(codes.shape[0]):
        for i in range(low, high):
            out[places[c] + codes[c, i] * size + child[i]] += weights[i]
