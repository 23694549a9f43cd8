"""How well a column's parents explain it: the family scores of structure learning.

Every score is larger when better, in nats, and is worked out once for each family.

* ``k2``: Cooper and Herskovits (1992), as in the paper's section 3.1: a Dirichlet prior of one
  person in each cell.
* ``bdeu``: Heckerman, Geiger and Chickering (1995): ten people of prior spread over all cells.
* ``bic``: Schwarz (1978): log-likelihood less half a logarithm of the people for each parameter.
* ``predictive``: how well one half of the people is predicted from the other; see `backoff`.

Only combinations of the parents that occur count towards K2 and BDeu; those never seen add zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, get_args

import numpy as np
from numba import njit

from synth.bayes.counting import Codes
from synth.bayes.parameters import CELLS, Backoff
from synth.errors import PopulaceError

ScoreName = Literal["k2", "bic", "bdeu", "predictive"]
PRIOR_PEOPLE = 10.0
"""BDeu's equivalent sample size."""


@njit(cache=True, nogil=True)
def _dirichlet(counts: np.ndarray, size: int, each: float) -> float:
    """Log marginal likelihood of a table of counts under `each` people of prior in a cell."""
    total = 0.0
    row_constant = math.lgamma(each * size)
    cell_constant = math.lgamma(each)
    small = np.empty(256)
    for i in range(256):
        small[i] = math.lgamma(i + each) - cell_constant
    for row in range(counts.shape[0] // size):
        people = 0.0
        for x in range(size):
            n = counts[row * size + x]
            if n > 0.0:
                people += n
                whole = int(n)
                if whole == n and whole < 256:
                    total += small[whole]
                else:
                    total += math.lgamma(n + each) - cell_constant
        if people > 0.0:
            total += row_constant - math.lgamma(people + each * size)
    return total


@njit(cache=True, nogil=True)
def _log_likelihood(counts: np.ndarray, size: int) -> float:
    """Log-likelihood of a table of counts under its own shares."""
    total = 0.0
    for row in range(counts.shape[0] // size):
        people = 0.0
        for x in range(size):
            n = counts[row * size + x]
            if n > 0.0:
                people += n
                total += n * math.log(n)
        if people > 0.0:
            total -= people * math.log(people)
    return total


class FamilyScore:
    """A score by name over a table's codes; `calls` counts the families worked out."""

    def __init__(self, name: ScoreName, codes: Codes, backoff: Backoff) -> None:
        known: dict[str, Callable[[int, tuple[int, ...]], float]] = {
            "k2": self._k2,
            "bic": self._bic,
            "bdeu": self._bdeu,
            "predictive": backoff.score,
        }
        if name not in known:
            raise PopulaceError(
                f"There is no score {name!r}: use one of {', '.join(get_args(ScoreName))}."
            )
        self.name = name
        self._codes = codes
        self._work_out = known[name]
        self._known: dict[tuple[int, tuple[int, ...]], float] = {}

    def __call__(self, child: int, parents: Sequence[int]) -> float:
        """The family's score, larger is better; minus infinity beyond the limit of cells."""
        key = (child, tuple(sorted(parents)))
        if key not in self._known:
            family = (*key[1], child)
            allowed = self._codes.cells(family) <= CELLS
            self._known[key] = self._work_out(*key) if allowed else -np.inf
        return self._known[key]

    @property
    def calls(self) -> int:
        """How many families were worked out."""
        return len(self._known)

    def _k2(self, child: int, parents: tuple[int, ...]) -> float:
        return _dirichlet(self._codes.count((*parents, child)), self._codes.sizes[child], 1.0)

    def _bdeu(self, child: int, parents: tuple[int, ...]) -> float:
        counts = self._codes.count((*parents, child))
        return _dirichlet(counts, self._codes.sizes[child], PRIOR_PEOPLE / counts.size)

    def _bic(self, child: int, parents: tuple[int, ...]) -> float:
        counts = self._codes.count((*parents, child))
        size = self._codes.sizes[child]
        parameters = counts.size // size * (size - 1)
        return _log_likelihood(counts, size) - 0.5 * math.log(self._codes.rows) * parameters
