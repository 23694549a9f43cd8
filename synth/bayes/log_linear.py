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
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numba import njit

IMPOSSIBLE = 1e-9
"""The chance of what a model holds impossible, where somebody has it nevertheless."""


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
        new = list(effects)
        wanted = self.observed(covariates, low, high)
        # Whoever has the same row and the same codes is expected alike: once is enough.
        model = self._grouped(covariates, low, self.people if high is None else high)
        last = len(covariates) - 1
        for j in (last, *(j for _ in range(rounds) for j in range(last + 1))):
            (expected,) = model.expected(range(last + 1), new, [j])
            free = expected / np.where(new[j] > 0, new[j], 1.0)
            new[j] = np.where(new[j] > 0, (wanted[j] + prior) / (free + prior), 0.0)
        return new

    def _grouped(self, covariates: Sequence[int], low: int, high: int) -> LogLinear:
        """A range of people by their row and what effects look at; nobody's child is known.

        The people one by one where there are about as many combinations as people.
        """
        by, sizes = self._lines(covariates), tuple(self.sizes[t] for t in covariates)
        cells = self.base.shape[0] * math.prod(sizes)
        if cells > 8 * (high - low):
            return replace(
                self,
                row=self.row[low:high],
                by=by[:, low:high],
                sizes=sizes,
                child=self.child[low:high],
                weights=self.weights[low:high],
            )
        row, codes, weights = _groups(self.row, by, np.array(sizes), self.weights, low, high, cells)
        return replace(self, row=row, by=codes, sizes=sizes, child=row, weights=weights)

    # ------------------------------------------------------------------ for compiled code

    def _counted(self, counted: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Codes of covariates, where the counts of each begin, and counts of nobody."""
        places = np.cumsum([0, *(self.sizes[t] * self.size for t in counted)]).astype(np.int64)
        return self._lines(counted), places, np.zeros(places[-1])

    def _lines(self, covariates: Sequence[int]) -> np.ndarray:
        return np.ascontiguousarray(self.by[list(covariates)])

    def _cut(self, counts: np.ndarray, places: np.ndarray) -> list[np.ndarray]:
        return [counts[int(a) : int(b)].reshape(-1, self.size) for a, b in pairwise(places)]

    def _effects(
        self, covariates: Sequence[int], effects: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Effects side by side, where each begins, and the codes that they look at."""
        starts = np.cumsum([0, *(e.size for e in effects)]).astype(np.int64)[:-1]
        joined = np.concatenate([e.ravel() for e in effects]) if len(effects) else np.zeros(0)
        return joined, starts, self._lines(covariates)


# ---------------------------------------------------------------------- compiled


# Places are unsigned, so that nobody asks whether they are negative; see `parameters`.
@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
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


@njit(cache=True, nogil=True)
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
    weights: np.ndarray,
    low: int,
    high: int,
    cells: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The combinations of a row and codes that a range of people have, and their weights."""
    total = np.zeros(cells)
    for i in range(low, high):
        cell = row[i]
        for j in range(codes.shape[0]):
            cell = cell * sizes[j] + codes[j, i]
        total[cell] += weights[i]
    count = 0
    for cell in range(cells):
        count += total[cell] != 0.0
    rows, weight = np.empty(count, np.int64), np.empty(count)
    by = np.empty((codes.shape[0], count), codes.dtype)
    count = 0
    for cell in range(cells):
        if total[cell] != 0.0:
            weight[count] = total[cell]
            rest = cell
            for j in range(codes.shape[0] - 1, -1, -1):
                by[j, count] = rest % sizes[j]
                rest //= sizes[j]
            rows[count] = rest
            count += 1
    return rows, by, weight


@njit(cache=True, nogil=True)
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
