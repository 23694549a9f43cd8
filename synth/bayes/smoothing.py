"""Counts of ordered states that lean on their neighbours.

Where a parent is a number cut into bins, people of neighbouring bins are much alike, and where the
child is one, its chances seldom jump from bin to bin. So before a table of one parent leans on what
holds of everybody, it leans on its neighbours: counts are pooled over the parent's bins, with
weights that fall geometrically with the distance, and spread between the child's neighbouring bins.
How far is decided by cross-validation; not at all is among the choices.

References
----------
Kernel estimates of ordered categorical data: Aitken (1983); Simonoff (1996), "Smoothing Methods in
Statistics", section 6.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

DECAYS = (0.0, 0.35, 0.7)
"""Weights of a neighbouring bin of the parent that are tried."""
PASSES = (0, 1, 4)
"""How often counts are spread between neighbouring bins of the child; what is tried."""
SPREAD = 0.25
"""The share of a bin's people that one pass gives to either neighbour."""
EVERYBODY = 1.0
"""People by whom the pooled counts lean on what holds of everybody."""


@dataclass(frozen=True)
class Smoothing:
    """How a table of one parent leans on its neighbours.

    Attributes
    ----------
    decay : float
        The weight of a neighbouring bin of the parent, 0 to 1.
    passes : int
        How often counts are spread between neighbouring bins of the child.
    """

    decay: float = 0.0
    passes: int = 0

    def __bool__(self) -> bool:
        return self.decay > 0.0 or self.passes > 0

    def prior(
        self, counts: np.ndarray, parent_ordered: int, child_ordered: int, alone: np.ndarray
    ) -> np.ndarray:
        """The table that a family's own counts lean on.

        Parameters
        ----------
        counts : float64 array, shape (parent's size, child's size)
            People.
        parent_ordered, child_ordered : int
            How many of the first codes are ordered; the others (levels, missing) stand alone.
        alone : float64 array, shape (child's size,)
            What holds of everybody.

        Returns
        -------
        float64 array, shape (parent's size, child's size)
            Rows sum to one.
        """
        pooled = counts
        if self.decay > 0.0 and parent_ordered > 1:
            pooled = _pooling(counts.shape[0], parent_ordered, self.decay) @ pooled
        if self.passes > 0 and child_ordered > 1:
            pooled = pooled @ _spreading(counts.shape[1], child_ordered, self.passes)
        total = pooled.sum(axis=1, keepdims=True)
        return (pooled + EVERYBODY * alone) / (total + EVERYBODY)


def choices(parent_ordered: int, child_ordered: int) -> tuple[Smoothing, ...]:
    """What is tried for a family, nothing first."""
    decays = DECAYS if parent_ordered > 1 else DECAYS[:1]
    passes = PASSES if child_ordered > 1 else PASSES[:1]
    return tuple(Smoothing(decay, many) for decay in decays for many in passes)


@lru_cache(maxsize=256)
def _pooling(size: int, ordered: int, decay: float) -> np.ndarray:
    """Weights of each state's people for each other state; shape (size, size)."""
    weights = np.eye(size)
    place = np.arange(ordered)
    weights[:ordered, :ordered] = decay ** np.abs(place[:, None] - place[None, :])
    return weights


@lru_cache(maxsize=256)
def _spreading(size: int, ordered: int, passes: int) -> np.ndarray:
    """Where a state's people go; rows sum to one, shape (size, size)."""
    step = np.eye(size)
    for x in range(ordered):
        for other in (x - 1, x + 1):
            if 0 <= other < ordered:
                step[x, other] += SPREAD
                step[x, x] -= SPREAD
    return np.linalg.matrix_power(step, passes)
