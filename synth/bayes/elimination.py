"""Variable elimination: sum columns out of a product of tables, one after another.

References
----------
Zhang and Poole (1994), "A simple approach to Bayesian network computations". Dechter (1999),
"Bucket elimination". The order is greedy by least weight, Kjærulff (1990). That sums which no fact
touches need not be taken again for the next question: Madsen and Jensen (1999), "Lazy propagation".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np

from synth.bayes.budget import Budget, current
from synth.bayes.factors import Factor, multiply, sum_axes, sum_out
from synth.errors import PopulaceError


@dataclass(frozen=True, eq=False)
class Bucket:
    """An eliminated column: P(column | scope, evidence) is proportional to its factors' product.

    Attributes
    ----------
    name : str
        The column.
    scope : tuple of str
        The columns eliminated later that its factors speak of.
    factors : tuple of Factor
        The tables that mentioned the column when it was eliminated.
    shared : dict
        What is made of the product, for whoever is handed the same bucket again.
    """

    name: str
    scope: tuple[str, ...]
    factors: tuple[Factor, ...]
    shared: dict[str, Any] = field(default_factory=dict)

    def table(self, sizes: Mapping[str, int]) -> np.ndarray:
        """P(column | scope, evidence), axes (*scope, column); zero where the scope cannot be."""
        product = multiply(self.factors, (*self.scope, self.name), sizes)
        weight = sum_axes(product, (product.ndim - 1,))[..., None]
        return np.divide(product, weight, out=product, where=weight > 0)


MEMORY_CELLS = 6_000_000
"""The most numbers that a `Memory` keeps (8 bytes each); the oldest make room for new ones."""
OVERHEAD_CELLS = 100
"""What a remembered sum takes besides its numbers, in numbers."""


class Memory:
    """Sums that the questions of one network share: those that no fact touches.

    A column's sum is known again by the factors that went into it, which are compared by identity:
    the network's own, and sums that are themselves remembered. So what is recalled is, to the last
    bit, what would be worked out anew. Threads may share it.

    Parameters
    ----------
    factors : mapping of str to Factor
        The network's own tables by column.

    Attributes
    ----------
    factors : mapping of str to Factor
        As above; a question that is to find anything brings along these very objects.
    """

    def __init__(self, factors: Mapping[str, Factor]) -> None:
        self.factors = dict(factors)
        self._own = frozenset(self.factors.values())
        self._sums: dict[tuple[str, tuple[Factor, ...]], tuple[Bucket, Factor, float]] = {}
        self._messages: set[Factor] = set()
        self._cells = 0
        self._lock = Lock()

    def __reduce__(self) -> tuple[type[Memory], tuple[Mapping[str, Factor]]]:
        """A copy elsewhere begins with nothing remembered."""
        return Memory, (self.factors,)

    def recall(self, name: str, factors: Sequence[Factor]) -> tuple[Bucket, Factor, float] | None:
        """The bucket, the sum and the logarithm of its scale, where they are remembered."""
        return self._sums.get((name, tuple(factors)))

    def keep(
        self, bucket: Bucket, message: Factor, log_scale: float, sizes: Mapping[str, int]
    ) -> None:
        """Remember a column's sum, where nothing but lasting factors went into it."""
        with self._lock:
            lasting = all(f in self._own or f in self._messages for f in bucket.factors)
            if not lasting or _retained_cells(bucket, message, sizes) > MEMORY_CELLS:
                return
            self._sums[bucket.name, bucket.factors] = (bucket, message, log_scale)
            self._messages.add(message)
            self._cells += _retained_cells(bucket, message, sizes)
            while self._cells > MEMORY_CELLS:
                first, oldest, _ = self._sums.pop(next(iter(self._sums)))
                self._messages.discard(oldest)
                self._cells -= _retained_cells(first, oldest, sizes)


def _retained_cells(bucket: Bucket, message: Factor, sizes: Mapping[str, int]) -> int:
    """How many numbers a remembered sum may hold: itself, and alias tables of the product."""
    return message.table.size * (1 + sizes[bucket.name]) + OVERHEAD_CELLS


def eliminate(
    names: Sequence[str],
    factors: Iterable[Factor],
    sizes: Mapping[str, int],
    keep: Sequence[str] = (),
    memory: Memory | None = None,
) -> tuple[tuple[Bucket, ...], float]:
    """Eliminate columns, least weight first, those of `keep` last.

    Parameters
    ----------
    names : sequence of str
        All columns that the factors speak of; ties go to the one that comes first.
    factors : iterable of Factor
        Their product is summed over all columns.
    sizes : mapping of str to int
        How many codes each column has.
    keep : sequence of str
        Columns to eliminate last.
    memory : Memory, optional
        Of the network that the question is about: sums that are there are not taken again.

    Returns
    -------
    buckets : tuple of Bucket
        In the order of elimination; empty where the sum is zero.
    log_sum : float
        Natural logarithm of the sum; minus infinity where it is zero.

    Raises
    ------
    PopulaceError
        A product would be too large, or a limit of `budget.limited` is passed.
    """
    budget = current()
    factors = list(factors)
    log_scale = 0.0
    buckets = []
    for name in elimination_order(names, [f.scope for f in factors], sizes, keep):
        budget.check()
        here = [f for f in factors if name in f.scope]
        factors = [f for f in factors if name not in f.scope]
        known = memory.recall(name, here) if memory is not None else None
        if known is None:
            known = _summed(name, here, sizes)
            if known is None:
                return (), -math.inf
            if memory is not None:
                memory.keep(*known, sizes)
        bucket, message, log_peak = known
        buckets.append(bucket)
        log_scale += log_peak
        factors.append(message)
    rest = 1.0
    for factor in factors:
        rest *= float(factor.table)
    return tuple(buckets), log_scale + (math.log(rest) if rest > 0.0 else -math.inf)


def _summed(
    name: str, here: Sequence[Factor], sizes: Mapping[str, int]
) -> tuple[Bucket, Factor, float] | None:
    """A column's bucket, the sum over it with a peak of one, and the logarithm of its peak.

    None where the sum is zero everywhere.
    """
    scope = tuple(dict.fromkeys(v for factor in here for v in factor.scope if v != name))
    message = sum_out(here, name, scope, sizes)
    peak = float(message.max()) if message.size else 0.0
    if not peak > 0.0:
        return None
    return Bucket(name, scope, tuple(here)), Factor(scope, message / peak), math.log(peak)


def elimination_order(
    names: Sequence[str],
    scopes: Iterable[Sequence[str]],
    sizes: Mapping[str, int],
    keep: Sequence[str] = (),
) -> tuple[str, ...]:
    """Least weight first: the column whose product of tables is smallest.

    Parameters
    ----------
    names : sequence of str
        The columns; ties go to the one that comes first.
    scopes : iterable of sequence of str
        The columns of each table.
    sizes : mapping of str to int
        How many codes each column has.
    keep : sequence of str
        Columns that come last.

    Returns
    -------
    tuple of str
        All of `names`.

    Raises
    ------
    PopulaceError
        A product would be larger than the budget allows.
    """
    budget = current()
    near: dict[str, set[str]] = {name: set() for name in names}
    for scope in scopes:
        for name in scope:
            near[name] |= set(scope) - {name}
    logs = {name: math.log(sizes[name]) for name in names}

    def weight(name: str) -> float:
        # fsum rounds once, so the order in which a set is walked (PYTHONHASHSEED) decides nothing.
        return math.fsum((logs[name], *(logs[other] for other in near[name])))

    weights = {name: weight(name) for name in names}
    last = set(keep)
    order: list[str] = []
    kept = 0
    for pool in ([name for name in names if name not in last], list(keep)):
        while pool:
            budget.check()
            name = min(pool, key=weights.__getitem__)
            kept += math.prod(sizes[other] for other in near[name])
            _refuse_large(name, weights[name], kept, sizes, budget)
            for other in near[name]:
                near[other] |= near[name]
                near[other] -= {other, name}
            for other in near[name]:
                weights[other] = weight(other)
            pool.remove(name)
            order.append(name)
    return tuple(order)


def _refuse_large(
    name: str, log_product: float, kept: int, sizes: Mapping[str, int], budget: Budget
) -> None:
    """Raise a PopulaceError where a product, or it and the tables kept so far, are too large."""
    is_large = log_product > math.log(budget.cells)
    if budget.total is not None:
        is_large |= kept + math.exp(log_product) > budget.total
    if is_large:
        raise PopulaceError(
            f"The question links too many columns around {name} to be answered exactly: "
            "learn the network with fewer parents (--max-parents)."
        )
