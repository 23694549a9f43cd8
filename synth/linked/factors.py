"""What a table of few parents leaves out: factors of pairs that multiply it.

A column's table looks at a few things at once and at nothing else. Much of what is left hangs on
one thing at a time: what is left of the plan, the sibling before, the columns drawn already. So the
table is multiplied by factors, one for each such thing, which give every pair of its codes and the
column's the mass that it really has: P(x | all) ∝ table(x) · Π factor_s(code of s, x), a
log-linear model whose factors are found by iterative proportional fitting (Darroch and Ratcliff
1972). Tables know the rows that they were counted from too well; so factors are fitted to tables
that were counted without those rows, and chosen by families kept apart.

References
----------
.. [1] J. N. Darroch, D. Ratcliff, "Generalized iterative scaling for log-linear models", Annals of
   Mathematical Statistics 43 (1972).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from synth.bayes.counting import Codes
from synth.bayes.parameters import Backoff

MOST, WIDE, MOST_OF_WIDE = 6, 32, 2
"""Factors of a column, at most, and of a column with more codes: each makes drawing slower."""
CHOOSING = 40_000
"""Rows by which factors are chosen."""
PRIOR = 6.0
"""So many rows say what the table says already, for each pair of codes."""
GAIN = 5e-4
"""Nats a row that a factor must gain on families kept apart."""
SWEEPS = 8
"""Rounds of fitting."""
PARTS = 2
"""Tables are counted from one part of the families and judged by another."""


@dataclass(frozen=True, eq=False)
class Factors:
    """The factors of a column.

    Attributes
    ----------
    slots : tuple of tuple of int
        What each looks at: one thing, or two together.
    tables : tuple of float64 array, shape (codes of the slot, codes of the column)
        By what the column's probabilities are multiplied.
    """

    slots: tuple[tuple[int, ...], ...] = ()
    tables: tuple[np.ndarray, ...] = ()


def learn_factors(
    codes: Codes,
    child: int,
    parents: Sequence[int],
    candidates: Sequence[tuple[int, ...]],
    order: np.ndarray,
    drawn: np.ndarray,
    never: np.ndarray,
    seed: int = 0,
) -> Factors:
    """Choose and fit the factors of a column.

    Parameters
    ----------
    codes : Codes
        What every row sees and is.
    child : int
        The column.
    parents : sequence of int
        What its table looks at.
    candidates : sequence of tuple of int
        What factors may look at.
    order : int64 array, shape (rows,)
        The rows, whole families after each other in random order.
    drawn : bool array, shape (rows,)
        Rows in which the column is drawn at all.
    never : bool array, shape (rows, codes of the column) or (0, 0)
        Codes that a row cannot have.
    seed : int
        Of the tables' folds.
    """
    base, rows = _apart(codes, child, parents, order, seed)
    stay = drawn[rows]
    base, rows = base[stay], rows[stay]
    if len(never):
        base[never[rows]] = 0.0
    total = base.sum(axis=1)
    base, rows = base[total > 0], rows[total > 0]
    if not len(rows):
        return Factors()
    base /= base.sum(axis=1, keepdims=True)
    y = codes.values[child, rows]
    chosen = _chosen(codes, base[:CHOOSING], rows[:CHOOSING], y[:CHOOSING], candidates)
    if not chosen:
        return Factors()
    return Factors(tuple(chosen), tuple(_fitted(codes, base, rows, y, chosen)))


def _apart(
    codes: Codes, child: int, parents: Sequence[int], order: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """P(child | parents) of every row by tables of the other families, and the rows' numbers."""
    size = codes.sizes[child]
    family = (*parents, child)
    sizes = codes.shape(family)
    strides = np.array([int(np.prod(sizes[i + 1 : -1])) for i in range(len(parents))], np.int64)
    parts, numbers = [], []
    for part in range(PARTS):
        low, high = (len(order) * (part + i) // PARTS for i in range(2))
        own = order[low:high]
        others = np.concatenate([order[:low], order[high:]])
        counted = Codes(codes.values[list(family)][:, others], sizes)
        places = range(len(parents))
        backoff = Backoff(counted, seed, keep_order=len(parents), order=np.arange(len(others)))
        table = backoff.table(len(parents), places).reshape(-1, size)
        place = strides @ codes.values[list(parents)][:, own] if parents else np.zeros(len(own))
        parts.append(table[place.astype(np.int64)])
        numbers.append(own)
    # Parts take turns, so that whatever is looked at first has rows of each.
    mixed = np.argsort(np.concatenate([np.arange(len(n)) * PARTS for n in numbers]), kind="stable")
    return np.concatenate(parts)[mixed], np.concatenate(numbers)[mixed]


def _chosen(
    codes: Codes,
    base: np.ndarray,
    rows: np.ndarray,
    y: np.ndarray,
    candidates: Sequence[tuple[int, ...]],
) -> list[tuple[int, ...]]:
    """What the column's factors look at, by what they gain on rows kept apart."""
    p = base.copy()
    half = len(rows) // 2
    learned, judged = slice(0, half), slice(half, len(rows))
    chosen: list[tuple[int, ...]] = []
    values = {s: _together(codes, s, rows) for s in candidates}
    sizes = {s: codes.cells(s) for s in candidates}
    most = MOST if p.shape[1] <= WIDE else MOST_OF_WIDE
    while len(chosen) < most:
        best: tuple[int, ...] = ()
        gain = GAIN * (len(rows) - half)
        for s in candidates:
            if s in chosen:
                continue
            x = values[s]
            had = _counted(x[learned], y[learned], sizes[s], p.shape[1])
            was = _expected(p[learned], x[learned], sizes[s])
            factor = (had + PRIOR) / (was + PRIOR)
            won = _gain(p[judged], x[judged], y[judged], factor)
            if won > gain:
                best, gain = s, won
        if not best:
            break
        chosen.append(best)
        x = values[best]
        had = _counted(x, y, sizes[best], p.shape[1])
        _multiply(p, x, (had + PRIOR) / (_expected(p, x, sizes[best]) + PRIOR))
    return chosen


def _fitted(
    codes: Codes,
    base: np.ndarray,
    rows: np.ndarray,
    y: np.ndarray,
    chosen: Sequence[tuple[int, ...]],
) -> list[np.ndarray]:
    """Factors that give every pair the mass that it really has."""
    p = base
    values = [_together(codes, s, rows) for s in chosen]
    counts = [
        _counted(x, y, codes.cells(s), p.shape[1]) for s, x in zip(chosen, values, strict=True)
    ]
    tables = [np.ones_like(had) for had in counts]
    for _ in range(SWEEPS):
        for k, (x, had) in enumerate(zip(values, counts, strict=True)):
            # What would be expected without this factor, which a gamma prior holds near one.
            free = _expected(p, x, len(had)) / tables[k]
            better = (had + PRIOR) / (free + PRIOR)
            _multiply(p, x, better / tables[k])
            tables[k] = better
    return tables


def _together(codes: Codes, slots: Sequence[int], rows: np.ndarray) -> np.ndarray:
    """One code for what one or two slots hold."""
    code = codes.values[slots[0], rows]
    for slot in slots[1:]:
        code = code * np.int32(codes.sizes[slot]) + codes.values[slot, rows]
    return np.ascontiguousarray(code)


@njit(cache=True, nogil=True)
def _counted(x: np.ndarray, y: np.ndarray, codes: int, size: int) -> np.ndarray:
    """How many rows have each pair; float64."""
    out = np.zeros((codes, size))
    for i in range(x.shape[0]):
        out[x[i], y[i]] += 1.0
    return out


@njit(cache=True, nogil=True)
def _expected(p: np.ndarray, x: np.ndarray, codes: int) -> np.ndarray:
    """How many rows are expected to have each pair; float64."""
    out = np.zeros((codes, p.shape[1]))
    for i in range(x.shape[0]):
        line = out[x[i]]
        for k in range(p.shape[1]):
            line[k] += p[i, k]
    return out


@njit(cache=True, nogil=True)
def _gain(p: np.ndarray, x: np.ndarray, y: np.ndarray, factor: np.ndarray) -> float:
    """By how many nats a factor makes rows likelier."""
    won = 0.0
    for i in range(x.shape[0]):
        by = factor[x[i]]
        total = 0.0
        for k in range(p.shape[1]):
            total += p[i, k] * by[k]
        if total > 0.0 and by[y[i]] > 0.0:
            won += np.log(by[y[i]] / total)
    return won


@njit(cache=True, nogil=True)
def _multiply(p: np.ndarray, x: np.ndarray, factor: np.ndarray) -> None:
    """Multiply rows by their factors; each sums to one again."""
    for i in range(x.shape[0]):
        line, by = p[i], factor[x[i]]
        total = 0.0
        for k in range(p.shape[1]):
            line[k] *= by[k]
            total += line[k]
        if total > 0.0:
            for k in range(p.shape[1]):
                line[k] /= total
