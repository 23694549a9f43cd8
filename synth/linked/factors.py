"""What a table of few parents leaves out: factors of pairs that multiply it.

A column's table looks at a few things at once and at nothing else. Much of what is left hangs on
one thing at a time: what is left of the plan, the sibling before, the columns drawn already. So the
table is multiplied by factors, one for each such thing, which give every pair of its codes and the
column's the mass that it really has: P(x | all) ∝ table(x) · Π factor_s(code of s, x), the
log-linear model of `synth.bayes.log_linear`. Factors are fitted to tables that were counted without
the family, and chosen by families kept apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synth.bayes.counting import Codes
from synth.bayes.log_linear import LogLinear
from synth.bayes.parameters import Backoff

MOST, WIDE, MOST_OF_WIDE = 6, 32, 2
"""Factors of a column, at most, and of a column with more codes: each makes drawing slower."""
CHOOSING = 40_000
"""Rows by which factors are chosen."""
PRIOR = 6.0
"""So many rows say what the table says already, for each pair of codes."""
GAIN = 5e-4
"""Nats a row that a factor must gain on families kept apart."""
ROUNDS = 8
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
    if not len(rows) or not candidates:
        return Factors()
    base /= base.sum(axis=1, keepdims=True)
    some = rows[:CHOOSING]
    few = _model(codes, child, base[:CHOOSING], some, candidates)
    chosen = [candidates[c] for c in _chosen(few)]
    if not chosen:
        return Factors()
    model = _model(codes, child, base, rows, chosen)
    covariates = range(len(chosen))
    begin = [model.neutral(covariate) for covariate in covariates]
    return Factors(tuple(chosen), tuple(model.fitted(covariates, begin, PRIOR, rounds=ROUNDS)))


def _model(
    codes: Codes,
    child: int,
    base: np.ndarray,
    rows: np.ndarray,
    candidates: Sequence[tuple[int, ...]],
) -> LogLinear:
    """Rows with their chances without factors, and what factors may look at."""
    return LogLinear(
        base,
        np.arange(len(rows)),
        np.ascontiguousarray(codes.values[child, rows]),
        np.array([_together(codes, slots, rows) for slots in candidates]),
        tuple(codes.cells(slots) for slots in candidates),
        np.ones(len(rows)),
    )


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


def _chosen(model: LogLinear) -> list[int]:
    """What the column's factors look at, by what they gain on rows kept apart."""
    learned, judged = (0, model.people // 2), (model.people // 2, model.people)
    everything = range(len(model.sizes))
    chosen: list[int] = []
    factors: list[np.ndarray] = []
    most = MOST if model.size <= WIDE else MOST_OF_WIDE
    had = model.observed(everything, *learned)
    while len(chosen) < most:
        was = model.expected(chosen, factors, everything, *learned)
        before = model.log_likelihood(chosen, factors, *judged)
        best, gain = -1, GAIN * (judged[1] - judged[0])
        for covariate in everything:
            if covariate in chosen:
                continue
            new = (had[covariate] + PRIOR) / (was[covariate] + PRIOR)
            won = model.log_likelihood([*chosen, covariate], [*factors, new], *judged) - before
            if won > gain:
                best, gain = covariate, won
        if best < 0:
            break
        chosen.append(best)
        factors = model.fitted(chosen, [*factors, model.neutral(best)], PRIOR, rounds=0)
    return chosen


def _together(codes: Codes, slots: Sequence[int], rows: np.ndarray) -> np.ndarray:
    """One code for what one or two slots hold."""
    code = codes.values[slots[0], rows]
    for slot in slots[1:]:
        code = code * np.int32(codes.sizes[slot]) + codes.values[slot, rows]
    return np.ascontiguousarray(code)
