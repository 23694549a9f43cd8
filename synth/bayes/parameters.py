"""Conditional tables that lean on their simpler relatives where people are few.

A family is a column and its parents. Its table P(x | parents) is a Dirichlet posterior mean
(n(x) + α·m(x)) / (n + α) whose prior mean m is not flat: it is what all tables with fewer of the
parents together say if they do not interact further,

    m(x | a, b) ∝ P(x | a) · P(x | b) / P(x)            (and its like for more parents),

the log-linear model without the highest interaction (Kirkwood's superposition). So a combination
seen three times keeps what is known of its parts. The strength α of each family is chosen, and
families are compared, by cross-validation: tables from one half of the people predict the
other half. Nobody is scored by a table that has seen them, so memorising does not pay.

Hierarchical smoothing of Bayesian-network tables: Petitjean, Buntine, Webb, Zaidi (2018),
"Accurate parameter estimation for Bayesian network classifiers using hierarchical Dirichlet
processes"; superposition: Kirkwood (1935).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numba import njit

from synth.bayes.counting import Codes
from synth.bayes.logarithms import weighted_logs
from synth.bayes.smoothing import Smoothing, choices

STRENGTHS = 4.0 ** np.arange(0, 7)
"""The α that are tried: 1, 4, … 4,096."""
FOLDS = 2
"""Parts of the people; each is predicted from the other one."""
CELLS = 1 << 19
"""Families with more cells than this are not considered."""
ARENA_CELLS = 1 << 26
"""The most numbers (4 bytes each) of tables that are kept for bigger families to lean on."""
ROWS_KEPT = 1 << 23
"""The most numbers (4 bytes each) that are kept of who is in which row."""


@njit(cache=True, nogil=True)
def _rows_of(row: int, shape: np.ndarray, strides: np.ndarray, out: np.ndarray) -> None:
    """Which row of each simpler table belongs to a row of the family's table."""
    for s in range(out.shape[0]):
        out[s] = 0
    for p in range(shape.shape[0] - 1, -1, -1):
        digit = row % shape[p]
        row //= shape[p]
        for s in range(out.shape[0]):
            out[s] += digit * strides[s, p]


# Arrays are handed on whole, with a place in them: making a slice counts references, which costs
# more than a short row. Places are unsigned, so that nobody asks whether they are negative.
@njit(cache=True, nogil=True)
def _multiply_in(product: np.ndarray, base: int, arena: np.ndarray, at: int, size: int) -> None:
    """Multiply what stands at `base` in `product` by a row of a simpler table."""
    for x in range(size):
        product[np.uintp(base + x)] *= arena[np.uintp(at + x)]


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _scaled(mean: np.ndarray, at: int, size: int, mass: float) -> None:
    """Scale a row to a sum of one, and lift what is nearly nought."""
    scale = 1.0 / mass if mass > 0.0 else 1.0
    for x in range(size):
        mean[np.uintp(at + x)] = max(mean[np.uintp(at + x)] * scale, 1e-9)


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _shares(head: np.ndarray, size: int, mean: np.ndarray, at: int) -> None:
    """Fill a row of `mean` with the first row of `head` over the second, as shares of one."""
    mass = 0.0
    for x in range(size):
        ratio = head[np.uintp(x)] / head[np.uintp(size + x)]
        mean[np.uintp(at + x)] = ratio
        mass += ratio
    _scaled(mean, at, size, mass)


# Most of the time goes to families of three and of four parents: there all tables are multiplied in
# one loop, so that products need not be written and read again. `a` is where those above the line
# begin, `b` those below.
@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _shares_of_three(
    head: np.ndarray,
    size: int,
    arena: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    mean: np.ndarray,
    at: int,
) -> None:
    """As `_shares`, with the tables that the third of three parents is in."""
    a0, a1, b0 = a[0], a[1], b[0]
    mass = 0.0
    for x in range(size):
        above = head[np.uintp(x)] * arena[np.uintp(a0 + x)] * arena[np.uintp(a1 + x)]
        ratio = above / (head[np.uintp(size + x)] * arena[np.uintp(b0 + x)])
        mean[np.uintp(at + x)] = ratio
        mass += ratio
    _scaled(mean, at, size, mass)


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _shares_of_four(
    head: np.ndarray,
    size: int,
    arena: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    mean: np.ndarray,
    at: int,
) -> None:
    """As `_shares`, with the tables that the fourth of four parents is in."""
    a0, a1, a2, a3, b0, b1, b2 = a[0], a[1], a[2], a[3], b[0], b[1], b[2]
    mass = 0.0
    for x in range(size):
        above = head[np.uintp(x)] * arena[np.uintp(a0 + x)] * arena[np.uintp(a1 + x)]
        above *= arena[np.uintp(a2 + x)] * arena[np.uintp(a3 + x)]
        below = head[np.uintp(size + x)] * arena[np.uintp(b0 + x)]
        below *= arena[np.uintp(b1 + x)] * arena[np.uintp(b2 + x)]
        ratio = above / below
        mean[np.uintp(at + x)] = ratio
        mass += ratio
    _scaled(mean, at, size, mass)


@njit(cache=True, nogil=True)
def _head_of_three(
    arena: np.ndarray, a: np.ndarray, b: np.ndarray, size: int, head: np.ndarray
) -> None:
    """The products of the tables that the third of three parents is not in."""
    a0, a1, b0, b1 = a[0], a[1], b[0], b[1]
    for x in range(size):
        head[np.uintp(x)] = np.float64(arena[np.uintp(a0 + x)]) * arena[np.uintp(a1 + x)]
        head[np.uintp(size + x)] = np.float64(arena[np.uintp(b0 + x)]) * arena[np.uintp(b1 + x)]


@njit(cache=True, nogil=True)
def _head_of_four(
    arena: np.ndarray, a: np.ndarray, b: np.ndarray, size: int, head: np.ndarray
) -> None:
    """The products of the tables that the fourth of four parents is not in."""
    a0, a1, a2, a3, b0, b1, b2, b3 = a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]
    for x in range(size):
        above = np.float64(arena[np.uintp(a0 + x)]) * arena[np.uintp(a1 + x)]
        below = np.float64(arena[np.uintp(b0 + x)]) * arena[np.uintp(b1 + x)]
        above *= np.float64(arena[np.uintp(a2 + x)]) * arena[np.uintp(a3 + x)]
        below *= np.float64(arena[np.uintp(b2 + x)]) * arena[np.uintp(b3 + x)]
        head[np.uintp(x)], head[np.uintp(size + x)] = above, below


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _sum(row: np.ndarray, at: int, size: int) -> float:
    total = 0.0
    for x in range(size):
        total += row[np.uintp(at + x)]
    return total


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _log_cells(
    others: np.ndarray, mean: np.ndarray, weight: np.ndarray, single: int, alpha: float
) -> float:
    """Σ weight · log(others + α mean); the first `single` are of one person each.

    Those are multiplied up, sixteen at a time, before the logarithm: (10⁹ people)¹⁶ and (10⁻⁹)¹⁶
    are still numbers.
    """
    value = np.empty(1024)
    bits = value.view(np.int64)
    total = 0.0
    whole = single // 16 * 16
    for low in range(0, whole, 16):
        above = 1.0
        for i in range(low, low + 16):
            above *= others[i] + alpha * mean[i]
        total += math.log(above)
    for i in range(whole, single):
        total += math.log(others[i] + alpha * mean[i])
    for low in range(single, others.shape[0], 1024):
        m = min(1024, others.shape[0] - low)
        for i in range(m):
            value[i] = others[low + i] + alpha * mean[low + i]
        total += weighted_logs(weight[low : low + m], value[:m], bits[:m])
    return total


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _log_rows(people: np.ndarray, alpha: float) -> float:
    """Σ people · log(others + α) over rows; `people` has a line for each of the two folds."""
    value = np.empty(1024)
    bits = value.view(np.int64)
    total = 0.0
    for f in range(FOLDS):
        mine, theirs = people[f], people[1 - f]
        for low in range(0, people.shape[1], 1024):
            m = min(1024, people.shape[1] - low)
            for i in range(m):
                value[i] = theirs[low + i] + alpha
            total += weighted_logs(mine[low : low + m], value[:m], bits[:m])
    return total


@njit(cache=True, nogil=True)
def _seen_rows(
    codes: np.ndarray,
    columns: np.ndarray,
    strides: np.ndarray,
    weights: np.ndarray,
    bounds: np.ndarray,
    rows: int,
    slot: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which of a table's rows anybody is in, in their order; which of these is each person's.

    And how many people of each fold are there. `slot` is filled: the number of each row among those
    that are seen.
    """
    n = codes.shape[1]
    row = np.zeros(n, np.int32)
    for p in range(columns.shape[0]):
        column, stride = codes[columns[p]], np.int32(strides[p])
        for i in range(n):
            row[i] += column[i] * stride
    for r in range(rows):
        slot[r] = 0
    for i in range(n):
        slot[np.uintp(row[i])] = 1
    count = 0
    for r in range(rows):
        count += slot[r]
    seen = np.empty(count, np.int64)
    count = 0
    for r in range(rows):
        if slot[r] > 0:
            seen[count] = r
            slot[r] = count
            count += 1
    for i in range(n):
        row[i] = slot[np.uintp(row[i])]
    people = np.zeros((bounds.shape[0] - 1, count))
    for f in range(bounds.shape[0] - 1):
        for i in range(bounds[f], bounds[f + 1]):
            people[f, np.uintp(row[i])] += weights[i] if weights.shape[0] > 0 else 1.0
    return seen, row, people


@njit(cache=True, nogil=True)
def _fold_counts(
    child: np.ndarray,
    row: np.ndarray,
    weights: np.ndarray,
    bounds: np.ndarray,
    rows: int,
    size: int,
) -> np.ndarray:
    """How many people of each fold are in each cell of the rows that are seen."""
    out = np.zeros((bounds.shape[0] - 1, rows * size))
    width = np.int64(size)
    weighted = weights.shape[0] > 0
    for f in range(bounds.shape[0] - 1):
        counts = out[f]
        if weighted:
            for i in range(bounds[f], bounds[f + 1]):
                counts[np.uintp(row[i] * width + child[i])] += weights[i]
        else:
            for i in range(bounds[f], bounds[f + 1]):
                counts[np.uintp(row[i] * width + child[i])] += 1.0
    return out


@njit(cache=True, nogil=True)
def _cross_validate(
    folds: np.ndarray,
    seen_at: np.ndarray,
    row_people: np.ndarray,
    row_logs: np.ndarray,
    people: int,
    size: int,
    shape: np.ndarray,
    arena: np.ndarray,
    offsets: np.ndarray,
    slots: np.ndarray,
    slot_offsets: np.ndarray,
    signs: np.ndarray,
    strides: np.ndarray,
    out: np.ndarray,
    strengths: np.ndarray,
) -> tuple[float, float]:
    """Score a family; where `out` is not negative, leave its tables in the arena.

    Tables hold the rows that are seen alone: `seen_at` says which these are, `row_people` how many
    of each fold are there, `slots` where a row of a simpler table is. `row_logs` are the sums over
    rows for each strength, which all children share; not numbers until they are needed. There are
    no more entries than `people`: each is counted in one cell of one fold.
    """
    cells = folds.shape[1]
    rows = row_people.shape[1]
    parents, simpler = shape.shape[0], signs.shape[0]
    last = shape[parents - 1] if parents > 0 else 1
    # What does not depend on the last parent is multiplied once for all of its values. All factors
    # are positive: tables are smoothed, and a row with people has people in every simpler table.
    mean = np.empty(FOLDS * cells)
    product, head = np.empty(2 * size), np.empty(2 * size)
    start = np.zeros(simpler, np.int64)
    above, below = np.empty(simpler + 1, np.int64), np.empty(simpler + 1, np.int64)
    for f in range(FOLDS):
        before = -1
        for row in range(rows):
            if row_people[f, row] == 0.0:
                continue
            at = f * cells + row * size
            if parents == 0:
                for x in range(size):
                    mean[at + x] = 1.0 / size
                continue
            front, digit = seen_at[row] // last, seen_at[row] % last
            if front != before:
                before = front
                _rows_of(front, shape[: parents - 1], strides[:, : parents - 1], start)
                up, down = 0, 0
                for s in range(simpler):
                    if strides[s, parents - 1] == 0:
                        place = offsets[f, s] + slots[slot_offsets[s] + start[s]] * size
                        above[up] = place
                        below[down] = place
                        up += signs[s] > 0
                        down += signs[s] < 0
                if parents == 3:
                    _head_of_three(arena, above, below, size, head)
                elif parents == 4:
                    _head_of_four(arena, above, below, size, head)
                else:
                    head[:] = 1.0
                    for s in range(up):
                        _multiply_in(head, 0, arena, above[s], size)
                    for s in range(down):
                        _multiply_in(head, size, arena, below[s], size)
            up, down = 0, 0
            for s in range(simpler):
                stride = strides[s, parents - 1]
                if stride > 0:
                    slot = slots[slot_offsets[s] + start[s] + digit * stride]
                    above[up] = offsets[f, s] + slot * size
                    below[down] = above[up]
                    up += signs[s] > 0
                    down += signs[s] < 0
            if parents == 3:
                _shares_of_three(head, size, arena, above, below, mean, at)
            elif parents == 4:
                _shares_of_four(head, size, arena, above, below, mean, at)
            else:
                product[:] = head
                for s in range(up):
                    _multiply_in(product, 0, arena, above[s], size)
                for s in range(down):
                    _multiply_in(product, size, arena, below[s], size)
                _shares(product, size, mean, at)
    # Cells of one person from the front, those of more behind them.
    counts = folds.ravel()
    one, more = np.empty(people + 1, np.int32), np.empty(people + 1, np.int32)
    single, several = 0, 0
    for cell in range(FOLDS * cells):
        # Without a branch, which the processor could not foresee.
        one[np.uintp(single)] = cell
        more[np.uintp(several)] = cell
        count = counts[cell]
        single += count == 1.0
        several += (count > 0.0) & (count != 1.0)
    entries = single + several
    n, m, weight = np.empty(entries), np.empty(entries), np.empty(entries)
    for i in range(entries):
        cell = one[i] if i < single else more[i - single]
        n[i] = counts[np.uintp(cell + cells if cell < cells else cell - cells)]
        m[i] = mean[np.uintp(cell)]
        weight[i] = counts[np.uintp(cell)]
    best = strengths.shape[0] // 2
    score = -math.inf
    for step in (0, 1, -1):
        moved = False
        while 0 <= best + step < strengths.shape[0]:
            at = best + step
            if math.isnan(row_logs[at]):
                row_logs[at] = _log_rows(row_people, strengths[at])
            other = _log_cells(n, m, weight, single, strengths[at]) - row_logs[at]
            if other <= score:
                break
            best, score = at, other
            moved = step != 0
            if step == 0:
                break
        if moved:
            break
    alpha = strengths[best]
    for f in range(FOLDS):
        if out[f] < 0:
            continue
        for row in range(rows):
            if row_people[f, row] == 0.0:
                continue
            at = row * size
            share = 1.0 / (row_people[1 - f, row] + alpha)
            left, here, there = out[f] + at, f * cells + at, (1 - f) * cells + at
            for x in range(size):
                smooth = counts[np.uintp(there + x)] + alpha * mean[np.uintp(here + x)]
                arena[np.uintp(left + x)] = smooth * share
    return score, alpha


@njit(cache=True, nogil=True)
def _superpose(
    rows: np.ndarray,
    size: int,
    shape: np.ndarray,
    arena: np.ndarray,
    offsets: np.ndarray,
    signs: np.ndarray,
    strides: np.ndarray,
) -> np.ndarray:
    """The prior mean of some rows of a family's table, in ascending order; float64, flat."""
    out = np.ones(rows.shape[0] * size)
    parents, simpler = shape.shape[0], signs.shape[0]
    last = shape[parents - 1]
    # What does not depend on the last parent is multiplied once for all of its values, as in
    # `_cross_validate`; here chances may be nought.
    head, start = np.empty(2 * size), np.zeros(simpler, np.int64)
    below = np.empty(size)
    before = -1
    for i in range(rows.shape[0]):
        front, digit = rows[i] // last, rows[i] % last
        if front != before:
            before = front
            _rows_of(front, shape[: parents - 1], strides[:, : parents - 1], start)
            head[:] = 1.0
            for s in range(simpler):
                if strides[s, parents - 1] == 0:
                    place = offsets[s] + start[s] * size
                    _multiply_in(head, 0 if signs[s] > 0 else size, arena, place, size)
        at = i * size
        for x in range(size):
            out[np.uintp(at + x)] = head[x]
            below[x] = head[size + x]
        for s in range(simpler):
            stride = strides[s, parents - 1]
            if stride > 0:
                place = offsets[s] + (start[s] + digit * stride) * size
                if signs[s] > 0:
                    _multiply_in(out, at, arena, place, size)
                else:
                    _multiply_in(below, 0, arena, place, size)
        for x in range(size):
            under = below[x]
            out[np.uintp(at + x)] = out[np.uintp(at + x)] / under if under > 0.0 else 0.0
        total = _sum(out, at, size)
        if total > 0.0:
            for x in range(size):
                out[np.uintp(at + x)] /= total
    return out


@njit(cache=True, nogil=True)
def _rake(
    mean: np.ndarray, people: np.ndarray, wanted: np.ndarray, size: int, inner: int, width: int
) -> None:
    """Scale `mean` to a table with one parent fewer, then its rows to one.

    A row's place is outer · (width · inner) + own · inner + inner place, where `width` is how many
    codes the parent has that the table lacks; people of all of these together get the table.
    """
    have, ratio = np.empty(size), np.empty(size)
    rows = people.shape[0]
    for outer in range(rows // (width * inner)):
        for i in range(inner):
            begin = outer * width * inner + i
            have[:] = 0.0
            total = 0.0
            for own in range(width):
                row = begin + own * inner
                n = people[row]
                if n > 0.0:
                    total += n
                    at = row * size
                    for x in range(size):
                        have[x] += n * mean[np.uintp(at + x)]
            if total <= 0.0:  # nobody to rake by
                continue
            margin = (outer * inner + i) * size
            for x in range(size):
                ratio[x] = wanted[np.uintp(margin + x)] * total / have[x] if have[x] > 0.0 else 1.0
            for own in range(width):
                at = (begin + own * inner) * size
                _multiply_in(mean, at, ratio, 0, size)
                mass = _sum(mean, at, size)
                if mass > 0.0:
                    for x in range(size):
                        mean[np.uintp(at + x)] /= mass


@njit(cache=True, nogil=True)
def _rake_rows(
    mean: np.ndarray,
    people: np.ndarray,
    wanted: np.ndarray,
    size: int,
    inner: int,
    width: int,
    rows: np.ndarray,
) -> None:
    """As `_rake`, where `mean` and `people` are of some rows alone, among them all with people."""
    have = np.zeros(wanted.shape[0])
    total = np.zeros(wanted.shape[0] // size)
    for i in range(rows.shape[0]):
        n = people[i]
        if n > 0.0:
            margin = rows[i] // (width * inner) * inner + rows[i] % inner
            total[margin] += n
            at, to = i * size, margin * size
            for x in range(size):
                have[np.uintp(to + x)] += n * mean[np.uintp(at + x)]
    for margin in range(total.shape[0]):
        if total[margin] > 0.0:
            to = margin * size
            for x in range(size):
                here = have[np.uintp(to + x)]
                ratio = wanted[np.uintp(to + x)] * total[margin] / here if here > 0.0 else 1.0
                have[np.uintp(to + x)] = ratio
    for i in range(rows.shape[0]):
        margin = rows[i] // (width * inner) * inner + rows[i] % inner
        if total[margin] <= 0.0:  # nobody to rake by
            continue
        at = i * size
        _multiply_in(mean, at, have, margin * size, size)
        mass = _sum(mean, at, size)
        if mass > 0.0:
            for x in range(size):
                mean[np.uintp(at + x)] /= mass


@njit(cache=True, nogil=True)
def _lean(counts: np.ndarray, mean: np.ndarray, alpha: float, alone: np.ndarray) -> None:
    """Make posterior means of prior ones, in place; a row that nothing can be in is `alone`."""
    size = alone.shape[0]
    for row in range(counts.shape[0] // size):
        at = row * size
        scale = 1.0 / (_sum(counts, at, size) + alpha)
        for x in range(size):
            here = counts[np.uintp(at + x)] + alpha * mean[np.uintp(at + x)]
            mean[np.uintp(at + x)] = here * scale
        mass = _sum(mean, at, size)
        for x in range(size):
            if mass > 0.0:
                mean[np.uintp(at + x)] /= mass
            else:
                mean[np.uintp(at + x)] = alone[x]


@dataclass(frozen=True)
class _Relatives:
    """How the tables with fewer parents line up with a family's table."""

    parents: tuple[tuple[int, ...], ...]
    signs: np.ndarray
    strides: np.ndarray


def _relatives(codes: Codes, parents: tuple[int, ...]) -> _Relatives:
    k = len(parents)
    subs = [sub for r in range(k - 1, -1, -1) for sub in combinations(parents, r)]
    signs = np.array([1 if (k - 1 - len(sub)) % 2 == 0 else -1 for sub in subs], dtype=np.int64)
    strides = np.zeros((len(subs), k), np.int64)
    for s, sub in enumerate(subs):
        stride = 1
        for parent in reversed(sub):
            strides[s, parents.index(parent)] = stride
            stride *= codes.sizes[parent]
    return _Relatives(tuple(subs), signs, strides)


class _Rows(NamedTuple):
    """Which rows of some parents' tables anybody is in.

    Attributes
    ----------
    slot_at : int
        Where the number of each row among those that are seen is; -1 where bigger families do not
        ask for it.
    seen : int64 array, shape (seen,)
        The rows.
    row : int32 array, shape (people,)
        Which of these is each person's.
    people : float64 array, shape (folds, seen)
        How many of each fold are there.
    logs : float64 array, shape (strengths,)
        See `_cross_validate`.
    """

    slot_at: int
    seen: np.ndarray
    row: np.ndarray
    people: np.ndarray
    logs: np.ndarray


class _Arena:
    """Numbers side by side, claimed run by run."""

    def __init__(self, dtype: type[np.generic], size: int) -> None:
        self.values = np.empty(size, dtype)  # nothing is taken before it is written
        self.used = 0

    def claim(self, count: int) -> int:
        """Where the next `count` numbers begin."""
        if self.used + count > len(self.values):
            bigger = np.empty(max(2 * len(self.values), self.used + count), self.values.dtype)
            bigger[: self.used] = self.values[: self.used]
            self.values = bigger
        self.used += count
        return self.used - count


@dataclass(frozen=True, eq=False)
class SeenRows:
    """The rows of some parents' tables that anybody is in.

    Attributes
    ----------
    rows : int64 array, shape (rows,)
        Which they are, in ascending order.
    row : int32 array, shape (people,)
        Which of them is each person's.
    slot : int32 array, shape (all rows,)
        The number of each among these.
    """

    rows: np.ndarray
    row: np.ndarray
    slot: np.ndarray

    @staticmethod
    def among(codes: Codes, parents: Sequence[int]) -> SeenRows:
        """The rows that people of a table are in."""
        slot = np.empty(codes.cells(parents), np.int32)
        columns, strides = np.array(parents, np.int64), _strides(codes, parents)
        everybody = np.array([0, codes.rows])
        rows, row, _ = _seen_rows(
            codes.values, columns, strides, codes.weights, everybody, len(slot), slot
        )
        return SeenRows(rows, row, slot)

    def of(self, codes: Codes, parents: Sequence[int]) -> np.ndarray:
        """Which of the rows is each of some of the people's; int32."""
        row = np.zeros(codes.rows, np.int32)
        for parent, stride in zip(parents, _strides(codes, parents), strict=True):
            row += codes.values[parent] * np.int32(stride)
        return self.slot[row]


def _strides(codes: Codes, parents: Sequence[int]) -> np.ndarray:
    """How many rows of a table one code of each parent makes."""
    shape = codes.shape(parents)
    return np.array([math.prod(shape[i + 1 :]) for i in range(len(shape))], np.int64)


Family = tuple[int, tuple[int, ...]]
"""A column and its parents, in ascending order."""


class Backoff:
    """Cross-validated scores and smoothed tables of families, each worked out once.

    Parameters
    ----------
    codes : Codes
        The people.
    seed : int
        Which people are in which fold.
    impossible : mapping of (column, column) to bool array
        Pairs of codes that nobody can have, shape (size of first, size of second); both orders.
    keep_order : int
        Tables of families with this many parents are scored but not kept.
    order : int64 array, shape (people,), optional
        The people in the order in which they are cut into folds, where those who belong together
        must not be in two of them; at random if not given.
    ordered : mapping of int to int
        How many of a column's first codes are ordered, as the bins of a number are: tables of one
        parent lean on neighbouring codes.
    """

    def __init__(
        self,
        codes: Codes,
        seed: int = 0,
        impossible: Mapping[tuple[int, int], np.ndarray] | None = None,
        keep_order: int = 4,
        order: np.ndarray | None = None,
        ordered: Mapping[int, int] | None = None,
    ) -> None:
        self.ordered = dict(ordered or {})
        self._smoothings: dict[Family, Smoothing] = {}
        if order is None:
            order = np.random.default_rng(seed).permutation(codes.rows)
        self._shuffled = codes.part(order)
        self.codes = codes
        self._bounds = np.array([codes.rows * k // FOLDS for k in range(FOLDS + 1)])
        self._keep_order = keep_order
        self._impossible = dict(impossible or {})
        self._arena = _Arena(np.float32, 1 << 24)
        self._slots = _Arena(np.int32, 1 << 20)
        self._seen: dict[tuple[int, ...], _Rows] = {}
        self._slot_at: dict[tuple[int, ...], int] = {}
        self._scores: dict[Family, tuple[float, float]] = {}
        self._places: dict[Family, tuple[int, ...]] = {}
        self._begun = 0
        self._tables: dict[tuple[int, tuple[int, ...]], np.ndarray] = {}
        self._lined_up: dict[tuple[int, ...], _Relatives] = {}

    def score(self, child: int, parents: Sequence[int]) -> float:
        """Log-likelihood (nats) of each fold of the people under tables from the others.

        Less half a logarithm of the people for each parent: smaller gains are noise of the folds.
        """
        parents = tuple(sorted(parents))
        if self.codes.cells((*parents, child)) > CELLS:
            return -np.inf
        noise = 0.5 * math.log(self.codes.rows) * len(parents)
        return self._score(child, parents)[0] - noise

    def strength(self, child: int, parents: Sequence[int]) -> float:
        """The family's α, in people."""
        return self._score(child, tuple(sorted(parents)))[1]

    def table(self, child: int, parents: Sequence[int]) -> np.ndarray:
        """P(child | parents) from all people; float64, shape (*parents' sizes, child's size)."""
        shape = self.codes.shape((*parents, child))
        ordered = tuple(sorted(parents))
        table = self._table(child, ordered).reshape(self.codes.shape((*ordered, child)))
        axes = [ordered.index(parent) for parent in parents]
        return np.ascontiguousarray(table.transpose([*axes, len(axes)])).reshape(shape)

    def rows(self, child: int, parents: Sequence[int], seen: SeenRows) -> np.ndarray:
        """Some rows of the table of a column and its parents, which are in ascending order.

        Parameters
        ----------
        child, parents : int and sequence of int
            The family.
        seen : SeenRows
            The rows, among them all that the people are in.

        Returns
        -------
        float64 array, shape (rows, child's size)
        """
        parents, size = tuple(parents), self.codes.sizes[child]
        rows = seen.rows
        if len(parents) < 2 or self.codes.cells(parents) <= 2 * len(rows):
            return self._table(child, parents)[rows]
        where = seen.of(self.codes, parents)
        bounds = np.array([0, self.codes.rows])
        (counts,) = _fold_counts(
            self.codes.values[child], where, self.codes.weights, bounds, len(rows), size
        )
        table = self._prior_mean(child, parents, counts, rows)
        _lean(counts, table, self.strength(child, parents), self._table(child, ())[0])
        return table.reshape(-1, size)

    # ------------------------------------------------------------------ cross-validation

    def _relatives(self, parents: tuple[int, ...]) -> _Relatives:
        if parents not in self._lined_up:
            self._lined_up[parents] = _relatives(self.codes, parents)
        return self._lined_up[parents]

    def _score(self, child: int, parents: tuple[int, ...]) -> tuple[float, float]:
        """A family's score and strength."""
        if (child, parents) not in self._scores:
            self._validate(child, parents)
        return self._scores[child, parents]

    def _place(self, child: int, parents: tuple[int, ...]) -> tuple[int, ...]:
        """Where the family's rows are, and its table of each fold."""
        if (child, parents) not in self._places:
            # Required and linked parents may be more than the search would add.
            self._keep_order = max(self._keep_order, len(parents) + 1)
            self._validate(child, parents)
        return self._places[child, parents]

    def _rows(self, parents: tuple[int, ...]) -> _Rows:
        """Which rows of the parents' tables anybody is in; all children of the parents share it."""
        keep = len(parents) < self._keep_order
        if parents not in self._seen or (keep and parents not in self._slot_at):
            rows = self.codes.cells(parents)
            if keep and parents not in self._slot_at:
                self._slot_at[parents] = self._slots.claim(rows)
            at = self._slot_at.get(parents, -1)
            slot = self._slots.values[at : at + rows] if keep else np.empty(rows, np.int32)
            values = self._shuffled.values
            while self._seen and (len(self._seen) + 1) * self.codes.rows > ROWS_KEPT:
                del self._seen[next(iter(self._seen))]
            seen = _seen_rows(
                values,
                np.array(parents, np.int64),
                _strides(self.codes, parents),
                self._shuffled.weights,
                self._bounds,
                rows,
                slot,
            )
            self._seen[parents] = _Rows(at, *seen, np.full(len(STRENGTHS), np.nan))
        return self._seen[parents]

    def _validate(self, child: int, parents: tuple[int, ...]) -> None:
        """Work out a family: its score and, where bigger families may ask for them, its tables."""
        relatives = self._relatives(parents)
        places: list[tuple[int, ...]] = []
        begun = -1
        while begun != self._begun:
            if self._arena.used + self._slots.used > ARENA_CELLS:
                # Begin anew: what is still needed is worked out again.
                self._arena.used = self._slots.used = 0
                self._places.clear()
                self._seen.clear()
                self._slot_at.clear()
                self._begun += 1
            begun = self._begun
            places = [self._place(child, sub) for sub in relatives.parents]
        where = np.array(places, dtype=np.int64).reshape(len(places), FOLDS + 1)
        shape = np.array(self.codes.shape(parents), dtype=np.int64)
        size = self.codes.sizes[child]
        keep = len(parents) < self._keep_order
        rows = self._rows(parents)
        cells = len(rows.seen) * size
        folds = _fold_counts(
            self._shuffled.values[child],
            rows.row,
            self._shuffled.weights,
            self._bounds,
            len(rows.seen),
            size,
        )
        out = np.array([self._arena.claim(cells) if keep else -1 for _ in folds], dtype=np.int64)

        def validated(
            offsets: np.ndarray, slot_offsets: np.ndarray, signs: np.ndarray, strides: np.ndarray
        ) -> tuple[float, float]:
            return _cross_validate(
                folds,
                rows.seen,
                rows.people,
                rows.logs,
                self.codes.rows,
                size,
                shape,
                self._arena.values,
                offsets,
                self._slots.values,
                slot_offsets,
                signs,
                strides,
                out,
                STRENGTHS,
            )

        own = (
            np.ascontiguousarray(where[:, 1:].T),
            np.ascontiguousarray(where[:, 0]),
            relatives.signs,
            relatives.strides,
        )
        self._scores[child, parents] = validated(*own)
        if len(parents) == 1 and (child in self.ordered or parents[0] in self.ordered):
            self._smooth(child, parents[0], rows.seen, folds, validated, own)
        if keep:
            self._places[child, parents] = (rows.slot_at, *(int(at) for at in out))

    def _smooth(
        self,
        child: int,
        parent: int,
        seen: np.ndarray,
        folds: np.ndarray,
        validated: Callable[..., tuple[float, float]],
        plain: tuple[np.ndarray, ...],
    ) -> None:
        """Let a family of one parent lean on neighbouring codes, where that predicts better.

        `validated` scores it and leaves its tables in the arena, `plain` are its arguments for
        tables that lean on what holds of everybody.
        """
        size, rows = self.codes.sizes[child], self.codes.sizes[parent]
        ordered = self.ordered.get(parent, 0), self.ordered.get(child, 0)
        counts = np.zeros((len(folds), rows, size))
        counts[:, seen] = folds.reshape(len(folds), len(seen), size)
        others = counts.sum(axis=0) - counts
        everybody = others.sum(axis=1) + 1.0 / size
        everybody /= everybody.sum(axis=1, keepdims=True)
        offsets = np.array([[self._arena.claim(rows * size)] for _ in folds], dtype=np.int64)
        slot_at = self._slots.claim(rows)
        self._slots.values[slot_at : slot_at + rows] = np.arange(rows)
        arguments = (
            offsets,
            np.array([slot_at], np.int64),
            np.ones(1, np.int64),
            np.ones((1, 1), np.int64),
        )

        def leaning(smoothing: Smoothing) -> tuple[float, float]:
            for f, at in enumerate(offsets[:, 0]):
                prior = smoothing.prior(others[f], *ordered, everybody[f])
                self._arena.values[at : at + rows * size] = prior.ravel()
            return validated(*arguments)

        family = child, (parent,)
        best, last = Smoothing(), Smoothing()
        for smoothing in choices(*ordered)[1:]:
            scored, last = leaning(smoothing), smoothing
            if scored[0] > self._scores[family][0]:
                self._scores[family], best = scored, smoothing
        if best != last:  # so that the tables that are kept are the best ones
            if best:
                leaning(best)
            else:
                validated(*plain)
        self._smoothings[family] = best

    # ------------------------------------------------------------------ tables

    def _table(self, child: int, parents: tuple[int, ...]) -> np.ndarray:
        key = (child, parents)
        if key in self._tables:
            return self._tables[key]
        size = self.codes.sizes[child]
        counts = self.codes.count((*parents, child))
        alpha = self.strength(child, parents)
        if len(parents) > 1:
            table = self._prior_mean(child, parents, counts, np.arange(counts.size // size))
            _lean(counts, table, alpha, self._table(child, ())[0])
        else:
            table = self._simple_table(child, parents, counts, alpha)
        self._tables[key] = table.reshape(-1, size)
        return self._tables[key]

    def _simple_table(
        self, child: int, parents: tuple[int, ...], counts: np.ndarray, alpha: float
    ) -> np.ndarray:
        """A table of one parent at most, which may lean on neighbours and hold what cannot be."""
        size = self.codes.sizes[child]
        counts = counts.reshape(-1, size)
        smoothing = self._smoothings.get((child, parents))
        if not parents:
            mean = np.full((1, size), 1.0 / size)
        elif smoothing:
            ordered = self.ordered.get(parents[0], 0), self.ordered.get(child, 0)
            mean = smoothing.prior(counts, *ordered, self._table(child, ())[0])
        else:
            mean = np.broadcast_to(self._table(child, ()), counts.shape)
        total = counts.sum(axis=1, keepdims=True)
        table = (counts + alpha * mean) / (total + alpha)
        if parents and (parents[0], child) in self._impossible:
            table = np.where(self._impossible[parents[0], child], 0.0, table)
        mass = table.sum(axis=1, keepdims=True)
        alone = self._table(child, ()) if parents else table
        return np.where(mass > 0, table / np.where(mass > 0, mass, 1.0), alone)

    def _prior_mean(
        self, child: int, parents: tuple[int, ...], counts: np.ndarray, rows: np.ndarray
    ) -> np.ndarray:
        """Superposed, then raked once to the margins of the tables with one parent fewer.

        `counts` are people of the given rows, which are in ascending order; float64, flat.
        """
        relatives = self._relatives(parents)
        tables = [self._table(child, sub) for sub in relatives.parents]
        offsets = np.cumsum([0] + [table.size for table in tables[:-1]])
        arena = np.concatenate([table.ravel() for table in tables])
        shape, size = self.codes.shape(parents), self.codes.sizes[child]
        mean = _superpose(
            rows,
            size,
            np.array(shape, dtype=np.int64),
            arena,
            offsets.astype(np.int64),
            relatives.signs,
            relatives.strides,
        )
        people = counts.reshape(-1, size).sum(axis=1)
        is_whole = len(rows) == math.prod(shape)
        # The relatives with one parent fewer come first: each drops one axis.
        for axis, table in zip(
            range(len(parents) - 1, -1, -1), tables[: len(parents)], strict=True
        ):
            inner, width = math.prod(shape[axis + 1 :]), shape[axis]
            if is_whole:
                _rake(mean, people, table.ravel(), size, inner, width)
            else:
                _rake_rows(mean, people, table.ravel(), size, inner, width, rows)
        return mean
