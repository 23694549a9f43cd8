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

import numpy as np
from numba import njit

from synth.bayes.counting import Codes
from synth.bayes.smoothing import Smoothing, choices

STRENGTHS = 4.0 ** np.arange(0, 7)
"""The α that are tried: 1, 4, … 4,096."""
FOLDS = 2
"""Parts of the people; each is predicted from the others."""
CELLS = 1 << 19
"""Families with more cells than this are not considered."""
ARENA_CELLS = 1 << 26
"""The most numbers (4 bytes each) of tables that are kept for bigger families to lean on."""


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
def _shares(product: np.ndarray, size: int, mean: np.ndarray) -> None:
    """Fill `mean` with the first row of `product` over the second, as shares of one."""
    mass = 0.0
    for x in range(size):
        mean[np.uintp(x)] = product[np.uintp(x)] / product[np.uintp(size + x)]
        mass += mean[np.uintp(x)]
    if mass > 0.0:
        scale = 1.0 / mass
        for x in range(size):
            mean[np.uintp(x)] *= scale


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _sum(row: np.ndarray, at: int, size: int) -> float:
    total = 0.0
    for x in range(size):
        total += row[np.uintp(at + x)]
    return total


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _log_likelihood(
    n: np.ndarray, m: np.ndarray, t: np.ndarray, single: int, c: np.ndarray, alpha: float
) -> float:
    """Σ c·log((n + α m) / (t + α)) over entries; the first `single` are of one person each.

    Those are multiplied up, sixteen at a time, before the logarithm: (10⁹ people)¹⁶ and
    (10⁻⁹)¹⁶ are still numbers.
    """
    total = 0.0
    whole = single // 16 * 16
    for low in range(0, whole, 16):
        above, below = 1.0, 1.0
        for i in range(low, low + 16):
            above *= n[i] + alpha * m[i]
            below *= t[i] + alpha
        total += np.log(above / below)
    for i in range(whole, single):
        total += np.log((n[i] + alpha * m[i]) / (t[i] + alpha))
    # The others stand at the end of the arrays, the last of them first.
    for i in range(c.shape[0]):
        j = n.shape[0] - 1 - i
        total += c[i] * np.log((n[j] + alpha * m[j]) / (t[j] + alpha))
    return total


@njit(cache=True, nogil=True)
def _seen_rows(
    codes: np.ndarray, columns: np.ndarray, strides: np.ndarray, rows: int, slot: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which of a table's rows anybody is in, in their order; and each person's row.

    `slot` is filled: the number of each row among those that are seen.
    """
    n = codes.shape[1]
    row = np.zeros(n, np.int32)
    for p in range(columns.shape[0]):
        column, stride = columns[p], np.int32(strides[p])
        for i in range(n):
            row[i] += codes[column, i] * stride
    for r in range(rows):
        slot[r] = 0
    for i in range(n):
        slot[row[i]] = 1
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
    return seen, row


@njit(cache=True, nogil=True)
def _fold_counts(
    child: np.ndarray,
    row: np.ndarray,
    slot: np.ndarray,
    weights: np.ndarray,
    bounds: np.ndarray,
    cells: int,
    size: int,
) -> np.ndarray:
    """How many people of each fold are in each cell of the rows that are seen."""
    out = np.zeros((bounds.shape[0] - 1, cells))
    weighted = weights.shape[0] > 0
    for f in range(bounds.shape[0] - 1):
        if weighted:
            for i in range(bounds[f], bounds[f + 1]):
                out[f, slot[row[i]] * size + child[i]] += weights[i]
        else:
            for i in range(bounds[f], bounds[f + 1]):
                out[f, slot[row[i]] * size + child[i]] += 1.0
    return out


@njit(cache=True, nogil=True)
def _cross_validate(
    folds: np.ndarray,
    seen_at: np.ndarray,
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

    Tables hold the rows that are seen alone: `seen_at` says which these are, `slots` where a row of
    a simpler table is. There are no more entries than `people`: each is counted in one cell of one
    fold.
    """
    cells = folds.shape[1]
    rows = cells // size
    everybody = np.zeros(cells)
    for f in range(folds.shape[0]):
        for i in range(cells):
            everybody[i] += folds[f, i]
    parents, simpler = shape.shape[0], signs.shape[0]
    last = shape[parents - 1] if parents > 0 else 1
    # Which person's cells: single people from the front, cells with more from the back. One place
    # between the two is free for a cell that turns out to be neither.
    n = np.empty(people + 1)
    m = np.empty(people + 1)
    t = np.empty(people + 1)
    c = np.empty(people)
    single, several = 0, 0
    # Rows that are seen, and how many of the others are in them.
    seen_rows = np.empty((folds.shape[0], min(people, rows)), np.int64)
    seen_totals = np.empty((folds.shape[0], min(people, rows)))
    seen_count = np.zeros(folds.shape[0], np.int64)
    mean = np.full(size, 1.0 / size)
    # What does not depend on the last parent is multiplied once for all of its values. All factors
    # are positive: tables are smoothed, and a row with people has people in every simpler table.
    product, head = np.empty(2 * size), np.empty(2 * size)
    start = np.zeros(simpler, np.int64)
    counts = folds.ravel()
    for f in range(folds.shape[0]):
        before = -1
        for row in range(rows):
            at = row * size
            here = f * cells + at
            seen = _sum(counts, here, size)
            if seen == 0.0:
                continue
            total = _sum(everybody, at, size) - seen
            k = seen_count[f]
            seen_rows[f, k] = row
            seen_totals[f, k] = total
            seen_count[f] = k + 1
            if parents > 0:
                front, digit = seen_at[row] // last, seen_at[row] % last
                if front != before:
                    before = front
                    _rows_of(front, shape[: parents - 1], strides[:, : parents - 1], start)
                    head[:] = 1.0
                    for s in range(simpler):
                        if strides[s, parents - 1] == 0:
                            place = offsets[f, s] + slots[slot_offsets[s] + start[s]] * size
                            _multiply_in(head, 0 if signs[s] > 0 else size, arena, place, size)
                for x in range(2 * size):
                    product[x] = head[x]
                for s in range(simpler):
                    stride = strides[s, parents - 1]
                    if stride > 0:
                        slot = slots[slot_offsets[s] + start[s] + digit * stride]
                        place = offsets[f, s] + slot * size
                        _multiply_in(product, 0 if signs[s] > 0 else size, arena, place, size)
                _shares(product, size, mean)
            for x in range(size):
                mean[x] = max(mean[x], 1e-9)
            if out[f] >= 0:
                for x in range(size):
                    arena[np.uintp(out[f] + at + x)] = mean[x]
            for x in range(size):
                count = counts[np.uintp(here + x)]
                everyone = everybody[np.uintp(at + x)]
                # Without a branch, which the processor could not foresee.
                n[single] = everyone - 1.0
                m[single] = mean[x]
                t[single] = total
                single += count == 1.0
                if count > 0.0 and count != 1.0:
                    c[several] = count
                    several += 1
                    n[people + 1 - several] = everyone - count
                    m[people + 1 - several] = mean[x]
                    t[people + 1 - several] = total
    c = c[:several]
    best = strengths.shape[0] // 2
    score = _log_likelihood(n, m, t, single, c, strengths[best])
    for step in (1, -1):
        moved = False
        while 0 <= best + step < strengths.shape[0]:
            other = _log_likelihood(n, m, t, single, c, strengths[best + step])
            if other <= score:
                break
            best += step
            score = other
            moved = True
        if moved:
            break
    alpha = strengths[best]
    for f in range(folds.shape[0]):
        if out[f] < 0:
            continue
        for k in range(seen_count[f]):
            at = seen_rows[f, k] * size
            left, here = out[f] + at, f * cells + at
            share = 1.0 / (seen_totals[f, k] + alpha)
            for x in range(size):
                others = everybody[np.uintp(at + x)] - counts[np.uintp(here + x)]
                arena[np.uintp(left + x)] = (others + alpha * arena[np.uintp(left + x)]) * share
    return score, alpha


@njit(cache=True, nogil=True)
def _superpose_all(
    cells: int,
    size: int,
    shape: np.ndarray,
    arena: np.ndarray,
    offsets: np.ndarray,
    signs: np.ndarray,
    strides: np.ndarray,
) -> np.ndarray:
    """The prior mean of every row of a family's table; float64, flat."""
    out = np.ones(cells)
    parents, simpler = shape.shape[0], signs.shape[0]
    last = shape[parents - 1]
    # What does not depend on the last parent is multiplied once for all of its values, as in
    # `_cross_validate`; here chances may be nought.
    head, start = np.empty(2 * size), np.zeros(simpler, np.int64)
    below = np.empty(size)
    for front in range(cells // size // last):
        _rows_of(front, shape[: parents - 1], strides[:, : parents - 1], start)
        head[:] = 1.0
        for s in range(simpler):
            if strides[s, parents - 1] == 0:
                place = offsets[s] + start[s] * size
                _multiply_in(head, 0 if signs[s] > 0 else size, arena, place, size)
        for digit in range(last):
            at = (front * last + digit) * size
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


class _Arena:
    """Numbers side by side, claimed run by run."""

    def __init__(self, dtype: type[np.generic], size: int) -> None:
        self.values = np.empty(size, dtype)
        self.used = 0

    def claim(self, count: int) -> int:
        """Where the next `count` numbers begin."""
        if self.used + count > len(self.values):
            bigger = np.empty(max(2 * len(self.values), self.used + count), self.values.dtype)
            bigger[: self.used] = self.values[: self.used]
            self.values = bigger
        self.used += count
        return self.used - count


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
        self._arena = _Arena(np.float32, 1 << 18)
        self._slots = _Arena(np.int32, 1 << 16)
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
                self._begun += 1
            begun = self._begun
            places = [self._place(child, sub) for sub in relatives.parents]
        where = np.array(places, dtype=np.int64).reshape(len(places), FOLDS + 1)
        shape = np.array(self.codes.shape(parents), dtype=np.int64)
        size, rows = self.codes.sizes[child], int(shape.prod())
        keep = len(parents) < self._keep_order
        slot_at = self._slots.claim(rows) if keep else -1
        slot = self._slots.values[slot_at:][:rows] if keep else np.empty(rows, np.int32)
        strides = np.array([int(shape[i + 1 :].prod()) for i in range(len(parents))], np.int64)
        values = self._shuffled.values
        seen, row = _seen_rows(values, np.array(parents, np.int64), strides, rows, slot)
        cells = len(seen) * size
        folds = _fold_counts(
            values[child], row, slot, self._shuffled.weights, self._bounds, cells, size
        )
        out = np.array([self._arena.claim(cells) if keep else -1 for _ in folds], dtype=np.int64)

        def validated(
            offsets: np.ndarray, slot_offsets: np.ndarray, signs: np.ndarray, strides: np.ndarray
        ) -> tuple[float, float]:
            return _cross_validate(
                folds,
                seen,
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
            self._smooth(child, parents[0], seen, folds, validated, own)
        if keep:
            self._places[child, parents] = (slot_at, *(int(at) for at in out))

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
        counts = self.codes.count((*parents, child)).reshape(-1, size)
        alpha = self.strength(child, parents)
        smoothing = self._smoothings.get(key)
        if not parents:
            mean = np.full((1, size), 1.0 / size)
        elif smoothing:
            ordered = self.ordered.get(parents[0], 0), self.ordered.get(child, 0)
            mean = smoothing.prior(counts, *ordered, self._table(child, ())[0])
        else:
            mean = self._prior_mean(child, parents, counts)
        total = counts.sum(axis=1, keepdims=True)
        table = (counts + alpha * mean) / (total + alpha)
        if len(parents) == 1 and (parents[0], child) in self._impossible:
            table = np.where(self._impossible[parents[0], child], 0.0, table)
        mass = table.sum(axis=1, keepdims=True)
        alone = self._table(child, ()) if parents else table
        table = np.where(mass > 0, table / np.where(mass > 0, mass, 1.0), alone)
        self._tables[key] = table
        return table

    def _prior_mean(self, child: int, parents: tuple[int, ...], counts: np.ndarray) -> np.ndarray:
        """Superposed, then raked once to the margins of the tables with one parent fewer."""
        relatives = self._relatives(parents)
        tables = [self._table(child, sub) for sub in relatives.parents]
        offsets = np.cumsum([0] + [table.size for table in tables[:-1]])
        arena = np.concatenate([table.ravel() for table in tables])
        shape = self.codes.shape(parents)
        mean = _superpose_all(
            counts.size,
            counts.shape[1],
            np.array(shape, dtype=np.int64),
            arena,
            offsets.astype(np.int64),
            relatives.signs,
            relatives.strides,
        )
        if len(parents) > 1:
            people = counts.sum(axis=1)
            # The relatives with one parent fewer come first: each drops one axis.
            for axis, table in zip(
                range(len(parents) - 1, -1, -1), tables[: len(parents)], strict=True
            ):
                inner = math.prod(shape[axis + 1 :])
                _rake(mean, people, table.ravel(), counts.shape[1], inner, shape[axis])
        return mean.reshape(counts.shape)
