"""Compiled elimination, one row of a table at a time.

Each row of a table with blanks asks a question of its own: which cells are known differs from row
to row, so there is no plan to share. What is known cuts the network's tables down to slices over
the unknown columns, which are few and fall apart into small groups; these are eliminated by
compiled code that plans as it goes (greedy, least weight first, as `elimination` does). Where all
that surrounds an unknown column is known, the group is that column alone: the product of the tables
of its Markov blanket. A sweep backwards, by the messages' own memory, gives every unknown column's
posterior (Lauritzen and Spiegelhalter 1988); read backwards the buckets draw from the joint
posterior, or give the most likely combination (Dawid 1992) where sums were maxima.

Columns that are neither known, asked about, nor above such ones are left out: they sum to one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

DONE, IMPOSSIBLE, TOO_LARGE = 0, 1, 2
"""How a row's question ended: answered; its probability is zero; the scratch space is too small."""
WIDE = 32
"""The most columns of one table."""
# Numba compiles a function anew for every literal that it is called with. What kernels hand on to
# others are therefore typed values: each is compiled once instead of up to five times.
Whole = int | np.int64
Flag = bool | np.bool_


class Tables(NamedTuple):
    """A network's tables as flat arrays; factors 0 to n - 1 are the columns' own, in their order.

    Attributes
    ----------
    sizes : int64 array, shape (n,)
        How many codes each column has.
    order : int64 array, shape (n,)
        The columns, parents first.
    values : float64 array
        All tables, one after another.
    base, length, start : int64 array, shape (factors,), (factors,), (factors + 1,)
        Where each table begins in `values`, how long it is, and where its scope begins.
    scope, step : int64 array
        The columns of each table, and how far apart its cells are along each.
    touch_start, touch : int64 array, shape (n + 1,) and flat
        The tables that mention each column.
    """

    sizes: np.ndarray
    order: np.ndarray
    values: np.ndarray
    base: np.ndarray
    length: np.ndarray
    start: np.ndarray
    scope: np.ndarray
    step: np.ndarray
    touch_start: np.ndarray
    touch: np.ndarray


class Facts(NamedTuple):
    """What is known of each row.

    Attributes
    ----------
    codes : int16 array, shape (rows, n)
        Known codes; -1 where unknown.
    vectors : float64 array, shape (vectors, widest)
        Likelihoods of one column's codes.
    single : int32 array, shape (rows, singles)
        The vector that weighs a column in a row, -1 without one.
    single_column : int64 array, shape (singles,)
        The column that each of them weighs, where it is unknown.
    pair : int32 array, shape (rows, pairs, 2)
        For each table of two columns beside the network's own: the vector that weighs its first
        (second) column where the value of the other is known; -1 to take the table's own slice.
    barred : int32 array, shape (n,)
        The vector that weighs a column wherever it is unknown, -1 without one.
    """

    codes: np.ndarray
    vectors: np.ndarray
    single: np.ndarray
    single_column: np.ndarray
    pair: np.ndarray
    barred: np.ndarray


class Scratch(NamedTuple):
    """One thread's scratch space."""

    work: np.ndarray  # tables that are being multiplied, and messages
    delta: np.ndarray  # what comes back to each of them
    fac_base: np.ndarray
    fac_size: np.ndarray  # how many columns
    fac_var: np.ndarray
    fac_step: np.ndarray
    alive: np.ndarray
    near: np.ndarray
    seen: np.ndarray  # factors
    local: np.ndarray  # column -> place in the group, -1 without
    group: np.ndarray  # the columns of all groups
    left: np.ndarray
    kept: np.ndarray
    out_var: np.ndarray  # eliminated columns, in order
    bucket_start: np.ndarray
    bucket: np.ndarray
    message: np.ndarray  # the factor that each elimination left
    span: np.ndarray  # cells of a message
    now: np.ndarray  # codes of the row, completed step by step
    used: np.ndarray  # [eliminated, factors, used cells]


@njit(cache=True, nogil=True)
def _scratch(n: int, factors: int, cells: int) -> Scratch:
    most = factors + 4 * n + 8
    return Scratch(
        np.empty(cells),
        np.empty(1),
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty((most, WIDE), np.int64),
        np.empty((most, WIDE), np.int64),
        np.empty(most, np.uint8),
        np.zeros((n, n), np.uint8),
        np.empty(most, np.uint8),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.uint8),
        np.empty(n, np.uint8),
        np.empty(n, np.int64),
        np.empty(n + 1, np.int64),
        np.empty(most * 2, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.zeros(3, np.int64),
    )


@njit(cache=True, nogil=True)
def _keep(t: Tables, f: Facts, row: int, s: Scratch, everything: Flag) -> None:
    """Which columns' own tables matter."""
    n = t.sizes.shape[0]
    for v in range(n):
        s.kept[v] = 1 if everything or s.now[v] >= 0 or f.barred[v] >= 0 else 0
    for g in range(n, t.base.shape[0]):
        for k in range(t.start[g], t.start[g + 1]):
            s.kept[t.scope[k]] = 1
    for k in range(f.single_column.shape[0]):
        if f.single[row, k] >= 0:
            s.kept[f.single_column[k]] = 1
    for i in range(n - 1, -1, -1):
        v = t.order[i]
        if s.kept[v]:
            for k in range(t.start[v], t.start[v + 1]):
                s.kept[t.scope[k]] = 1


@njit(cache=True, nogil=True)
def _unary(f: Facts, vector: int, v: int, t: Tables, s: Scratch, floor: float) -> bool:
    """Take in a likelihood of one unknown column."""
    size = t.sizes[v]
    used, fac = s.used[2], s.used[1]
    if used + size > s.work.shape[0]:
        return False
    for x in range(size):
        s.work[used + x] = max(f.vectors[vector, x], floor)
    s.fac_base[fac], s.fac_size[fac] = used, 1
    s.fac_var[fac, 0], s.fac_step[fac, 0] = v, 1
    s.alive[fac] = 1
    s.used[1], s.used[2] = fac + 1, used + size
    return True


@njit(cache=True, nogil=True)
def _take(t: Tables, f: Facts, row: int, g: int, s: Scratch, floor: float) -> bool:
    """Take in the slice of a table that what is known leaves; whether there was room."""
    n = t.sizes.shape[0]
    low, high = t.start[g], t.start[g + 1]
    base, wide = t.base[g], 0
    if g >= n and high - low == 2:
        a, b = t.scope[low], t.scope[low + 1]
        if s.now[a] < 0 and s.now[b] >= 0 and f.pair[row, g - n, 0] >= 0:
            return _unary(f, f.pair[row, g - n, 0], a, t, s, floor)
        if s.now[b] < 0 and s.now[a] >= 0 and f.pair[row, g - n, 1] >= 0:
            return _unary(f, f.pair[row, g - n, 1], b, t, s, floor)
    fac, used = s.used[1], s.used[2]
    cells = 1
    for k in range(low, high):
        v = t.scope[k]
        if s.now[v] >= 0:
            base += s.now[v] * t.step[k]
        else:
            if wide >= WIDE:
                return False
            s.fac_var[fac, wide] = v
            wide += 1
            cells *= t.sizes[v]
    if used + cells > s.work.shape[0]:
        return False
    # Row-major in the order of the scope.
    step = 1
    for d in range(wide - 1, -1, -1):
        s.fac_step[fac, d] = step
        step *= t.sizes[s.fac_var[fac, d]]
    from_step = np.empty(WIDE, np.int64)
    digit = np.zeros(WIDE, np.int64)
    d = 0
    for k in range(low, high):
        if s.now[t.scope[k]] < 0:
            from_step[d] = t.step[k]
            d += 1
    at = base
    for cell in range(cells):
        s.work[used + cell] = max(t.values[at], floor)
        d = wide - 1
        while d >= 0:
            digit[d] += 1
            at += from_step[d]
            size = t.sizes[s.fac_var[fac, d]]
            if digit[d] < size:
                break
            digit[d] = 0
            at -= from_step[d] * size
            d -= 1
    s.fac_base[fac], s.fac_size[fac] = used, wide
    s.alive[fac] = 1
    s.used[1], s.used[2] = fac + 1, used + cells
    return True


@njit(cache=True, nogil=True)
def _gather(
    t: Tables, f: Facts, row: int, seed: int, s: Scratch, members: Whole, floor: float
) -> Whole:
    """Take in all that hangs together with an unknown column; the group's end, -1 without room."""
    n = t.sizes.shape[0]
    s.local[seed] = members
    s.group[members] = seed
    head, end = members, members + 1
    while head < end:
        v = s.group[head]
        head += 1
        for i in range(t.touch_start[v], t.touch_start[v + 1]):
            g = t.touch[i]
            if s.seen[g] or (g < n and not s.kept[g]):
                continue
            s.seen[g] = 1
            if not _take(t, f, row, g, s, floor):
                return -1
            for k in range(t.start[g], t.start[g + 1]):
                u = t.scope[k]
                if s.now[u] < 0 and s.local[u] < 0:
                    s.local[u] = end
                    s.group[end] = u
                    end += 1
        if f.barred[v] >= 0 and not _unary(f, f.barred[v], v, t, s, floor):
            return -1
        for k in range(f.single_column.shape[0]):
            if f.single_column[k] != v or f.single[row, k] < 0:
                continue
            if not _unary(f, f.single[row, k], v, t, s, floor):
                return -1
    return end


@njit(cache=True, nogil=True)
def _eliminate(
    t: Tables, s: Scratch, low: Whole, high: Whole, first_fac: Whole, last: Whole, maximise: Flag
) -> tuple[int, float]:
    """Eliminate the group's columns, least weight first and `last` last; its log-sum."""
    for i in range(low, high):
        for j in range(low, high):
            s.near[i, j] = 0
        s.left[i] = 1
    for fac in range(first_fac, s.used[1]):
        for p in range(s.fac_size[fac]):
            for q in range(s.fac_size[fac]):
                s.near[s.local[s.fac_var[fac, p]], s.local[s.fac_var[fac, q]]] = 1
    log_sum = 0.0
    scope = np.empty(WIDE, np.int64)
    digit = np.empty(WIDE, np.int64)
    most = s.fac_base.shape[0]
    index = np.empty(most, np.int64)
    own = np.empty(most, np.int64)
    steps = np.empty((most, WIDE), np.int64)
    for turn in range(high - low):
        best, least = -1, math.inf
        for i in range(low, high):
            if not s.left[i] or (s.group[i] == last and turn < high - low - 1):
                continue
            weight = float(t.sizes[s.group[i]])
            for j in range(low, high):
                if j != i and s.left[j] and s.near[i, j]:
                    weight *= t.sizes[s.group[j]]
            if weight < least:
                best, least = i, weight
        v = s.group[best]
        wide = 0
        for j in range(low, high):
            if j != best and s.left[j] and s.near[best, j]:
                if wide >= WIDE:
                    return TOO_LARGE, 0.0
                scope[wide] = s.group[j]
                wide += 1
        size = t.sizes[v]
        if least / size + s.used[2] > s.work.shape[0] or least > 64.0 * s.work.shape[0]:
            return TOO_LARGE, 0.0
        cells = 1
        for d in range(wide):
            cells *= t.sizes[scope[d]]
        # The tables that mention it.
        done = s.used[0]
        begin = s.bucket_start[done]
        many = 0
        for fac in range(first_fac, s.used[1]):
            if not s.alive[fac]:
                continue
            mine = -1
            for p in range(s.fac_size[fac]):
                if s.fac_var[fac, p] == v:
                    mine = p
            if mine < 0:
                continue
            s.alive[fac] = 0
            s.bucket[begin + many] = fac
            index[many] = s.fac_base[fac]
            own[many] = s.fac_step[fac, mine]
            for d in range(wide):
                steps[many, d] = 0
                for p in range(s.fac_size[fac]):
                    if s.fac_var[fac, p] == scope[d]:
                        steps[many, d] = s.fac_step[fac, p]
            many += 1
        out = s.used[2]
        peak = 0.0
        for d in range(wide):
            digit[d] = 0
        for cell in range(cells):
            total = 0.0
            for x in range(size):
                product = 1.0
                for k in range(many):
                    product *= s.work[index[k] + x * own[k]]
                if maximise:
                    total = max(total, product)
                else:
                    total += product
            s.work[out + cell] = total
            peak = max(peak, total)
            d = wide - 1
            while d >= 0:
                digit[d] += 1
                for k in range(many):
                    index[k] += steps[k, d]
                if digit[d] < t.sizes[scope[d]]:
                    break
                digit[d] = 0
                for k in range(many):
                    index[k] -= steps[k, d] * t.sizes[scope[d]]
                d -= 1
        if not peak > 0.0:
            return IMPOSSIBLE, -math.inf
        for cell in range(cells):
            s.work[out + cell] /= peak
        log_sum += math.log(peak)
        # The message is a table like the others.
        fac = s.used[1]
        s.fac_base[fac], s.fac_size[fac], s.alive[fac] = out, wide, 1
        step = 1
        for d in range(wide - 1, -1, -1):
            s.fac_var[fac, d], s.fac_step[fac, d] = scope[d], step
            step *= t.sizes[scope[d]]
        s.used[1], s.used[2] = fac + 1, out + cells
        s.out_var[done] = v
        s.message[done], s.span[done] = fac, cells
        s.bucket_start[done + 1] = begin + many
        s.used[0] = done + 1
        s.left[best] = 0
        for i in range(low, high):
            if s.left[i] and s.near[best, i]:
                for j in range(low, high):
                    if s.left[j] and s.near[best, j]:
                        s.near[i, j] = 1
    return DONE, log_sum


@njit(cache=True, nogil=True)
def _reset(t: Tables, s: Scratch) -> None:
    for g in range(t.base.shape[0]):
        s.seen[g] = 0
    for v in range(t.sizes.shape[0]):
        s.local[v] = -1
    s.used[0], s.used[1], s.used[2] = 0, 0, 0
    s.bucket_start[0] = 0


@njit(cache=True, nogil=True)
def _constants(t: Tables, s: Scratch, floor: float) -> float:
    """The logarithm of what the tables without unknown columns come to."""
    n = t.sizes.shape[0]
    total = 0.0
    for v in range(n):  # other tables are checked by value, not by code
        if not s.kept[v] or s.now[v] < 0:
            continue
        at = t.base[v]
        known = True
        for k in range(t.start[v], t.start[v + 1]):
            if s.now[t.scope[k]] < 0:
                known = False
                break
            at += s.now[t.scope[k]] * t.step[k]
        if known:
            value = max(t.values[at], floor)
            if not value > 0.0:
                return -math.inf
            total += math.log(value)
    return total


@njit(cache=True, nogil=True)
def _whole(
    t: Tables, f: Facts, row: int, s: Scratch, everything: Flag, maximise: Flag, floor: float
) -> tuple[int, float]:
    """Eliminate every unknown column that matters; the log-sum with the constants."""
    n = t.sizes.shape[0]
    for v in range(n):
        s.now[v] = f.codes[row, v]
    _reset(t, s)
    _keep(t, f, row, s, everything)
    total = _constants(t, s, floor)
    if total == -math.inf:
        return IMPOSSIBLE, -math.inf
    members: Whole = np.int64(0)
    for v in range(n):
        if s.now[v] >= 0 or not s.kept[v] or s.local[v] >= 0:
            continue
        first_fac = s.used[1]
        end = _gather(t, f, row, v, s, members, floor)
        if end < 0:
            return TOO_LARGE, 0.0
        state, log_sum = _eliminate(t, s, members, end, first_fac, np.int64(-1), maximise)
        if state != DONE:
            return state, log_sum
        total += log_sum
        members = end
    return DONE, total


@njit(cache=True, nogil=True)
def _weights(t: Tables, s: Scratch, turn: int, out: np.ndarray) -> int:
    """The bucket's product given the codes of the columns eliminated later; how many codes."""
    v = s.out_var[turn]
    size = t.sizes[v]
    for x in range(size):
        out[x] = 1.0
    for b in range(s.bucket_start[turn], s.bucket_start[turn + 1]):
        fac = s.bucket[b]
        at, own = s.fac_base[fac], 0
        for p in range(s.fac_size[fac]):
            u = s.fac_var[fac, p]
            if u == v:
                own = s.fac_step[fac, p]
            else:
                at += s.now[u] * s.fac_step[fac, p]
        for x in range(size):
            out[x] *= s.work[at + x * own]
    return size


@njit(cache=True, nogil=True)
def log_probabilities(
    t: Tables,
    f: Facts,
    rows: np.ndarray,
    cells: int,
    floor: float,
    state: np.ndarray,
    out: np.ndarray,
) -> None:
    """The log-probability of each row's known codes."""
    s = _scratch(t.sizes.shape[0], t.base.shape[0], cells)
    for i in range(rows.shape[0]):
        row = rows[i]
        state[row], out[row] = _whole(t, f, row, s, np.bool_(False), np.bool_(False), floor)


@njit(cache=True, nogil=True)
def column_posterior(
    t: Tables,
    f: Facts,
    rows: np.ndarray,
    cells: int,
    floor: float,
    column: int,
    state: np.ndarray,
    out: np.ndarray,
) -> None:
    """The posterior over one column's codes given all others that are known; (rows, size)."""
    n = t.sizes.shape[0]
    s = _scratch(n, t.base.shape[0], cells)
    for i in range(rows.shape[0]):
        row = rows[i]
        for v in range(n):
            s.now[v] = f.codes[row, v]
        s.now[column] = 0  # so that it is kept, with all above it
        _keep(t, f, row, s, np.bool_(False))
        state[row] = _alone(t, f, row, s, column, floor, out[row])


@njit(cache=True, nogil=True)
def _alone(
    t: Tables, f: Facts, row: int, s: Scratch, column: int, floor: float, out: np.ndarray
) -> int:
    """One column's posterior given the codes in `now`; `kept` is that of the whole row."""
    s.now[column] = -1
    _reset(t, s)
    start = np.int64(0)
    end = _gather(t, f, row, column, s, start, floor)
    if end < 0:
        return TOO_LARGE
    state, _ = _eliminate(t, s, start, end, start, column, np.bool_(False))
    if state != DONE:
        return state
    size = _weights(t, s, s.used[0] - 1, out)
    total = 0.0
    for x in range(size):
        total += out[x]
    for x in range(size):
        out[x] /= total
    return DONE


@njit(cache=True, nogil=True)
def beliefs(
    t: Tables,
    f: Facts,
    rows: np.ndarray,
    cells: int,
    floor: float,
    offset: np.ndarray,
    state: np.ndarray,
    out: np.ndarray,
) -> None:
    """The posterior of every unknown column; (rows, sum of sizes), column v from ``offset[v]``."""
    n = t.sizes.shape[0]
    s = _scratch(n, t.base.shape[0], cells)
    delta = np.empty(cells)
    digit = np.empty(WIDE, np.int64)
    most = s.fac_base.shape[0]
    index = np.empty(most, np.int64)
    own = np.empty(most, np.int64)
    steps = np.empty((most, WIDE), np.int64)
    for i in range(rows.shape[0]):
        row = rows[i]
        state[row], _ = _whole(t, f, row, s, np.bool_(True), np.bool_(False), floor)
        if state[row] != DONE:
            continue
        for cell in range(s.used[2]):
            delta[cell] = 0.0
        for turn in range(s.used[0] - 1, -1, -1):
            v = s.out_var[turn]
            size = t.sizes[v]
            me = s.message[turn]
            wide, from_ = s.fac_size[me], s.fac_base[me]
            # What came back, without what this bucket itself had sent.
            if wide == 0:
                delta[from_] = 1.0
            else:
                for cell in range(s.span[turn]):
                    sent = s.work[from_ + cell]
                    delta[from_ + cell] = delta[from_ + cell] / sent if sent > 0.0 else 0.0
            many = 0
            for b in range(s.bucket_start[turn], s.bucket_start[turn + 1]):
                fac = s.bucket[b]
                index[many], own[many] = s.fac_base[fac], 0
                for d in range(wide):
                    steps[many, d] = 0
                for p in range(s.fac_size[fac]):
                    u = s.fac_var[fac, p]
                    if u == v:
                        own[many] = s.fac_step[fac, p]
                    for d in range(wide):
                        if s.fac_var[me, d] == u:
                            steps[many, d] = s.fac_step[fac, p]
                many += 1
            low = offset[v]
            for x in range(size):
                out[row, low + x] = 0.0
            for d in range(wide):
                digit[d] = 0
            total = 0.0
            for cell in range(s.span[turn]):
                back = delta[from_ + cell]
                if back > 0.0:
                    for x in range(size):
                        product = back
                        for k in range(many):
                            product *= s.work[index[k] + x * own[k]]
                        out[row, low + x] += product
                        total += product
                        for k in range(many):
                            delta[index[k] + x * own[k]] += product
                d = wide - 1
                while d >= 0:
                    digit[d] += 1
                    for k in range(many):
                        index[k] += steps[k, d]
                    if digit[d] < t.sizes[s.fac_var[me, d]]:
                        break
                    digit[d] = 0
                    for k in range(many):
                        index[k] -= steps[k, d] * t.sizes[s.fac_var[me, d]]
                    d -= 1
            # Only messages pass it on, and they are divided by what they had sent: the scale stays
            # at one, so that rounding does not grow from bucket to bucket.
            for x in range(size):
                out[row, low + x] /= total
            for k in range(many):
                fac = s.bucket[s.bucket_start[turn] + k]
                length = 1
                for p in range(s.fac_size[fac]):
                    length *= t.sizes[s.fac_var[fac, p]]
                for cell in range(length):
                    delta[s.fac_base[fac] + cell] /= total


@njit(cache=True, nogil=True)
def draw_codes(
    t: Tables,
    f: Facts,
    rows: np.ndarray,
    cells: int,
    floor: float,
    uniform: np.ndarray,
    state: np.ndarray,
    out: np.ndarray,
) -> None:
    """Draw all unknown codes from their joint posterior.

    `uniform` has the shape (draws, n, rows) and is read at the row's number; `out` (draws, rows,
    n) is written for every column.
    """
    n = t.sizes.shape[0]
    s = _scratch(n, t.base.shape[0], cells)
    widest = 1
    for v in range(n):
        widest = max(widest, t.sizes[v])
    weight = np.empty(widest)
    for i in range(rows.shape[0]):
        row = rows[i]
        state[row], _ = _whole(t, f, row, s, np.bool_(False), np.bool_(False), floor)
        if state[row] != DONE:
            continue
        for draw in range(uniform.shape[0]):
            for v in range(n):
                s.now[v] = f.codes[row, v]
            for turn in range(s.used[0] - 1, -1, -1):
                v = s.out_var[turn]
                size = _weights(t, s, turn, weight)
                s.now[v] = _pick(weight, size, uniform[draw, v, row])
            for k in range(n):  # what was left out follows its parents
                v = t.order[k]
                if s.now[v] >= 0:
                    continue
                at, own = t.base[v], 0
                for p in range(t.start[v], t.start[v + 1]):
                    if t.scope[p] == v:
                        own = t.step[p]
                    else:
                        at += s.now[t.scope[p]] * t.step[p]
                for x in range(t.sizes[v]):
                    weight[x] = max(t.values[at + x * own], floor)
                s.now[v] = _pick(weight, t.sizes[v], uniform[draw, v, row])
            for v in range(n):
                out[draw, row, v] = s.now[v]


@njit(cache=True, nogil=True)
def _pick(weight: np.ndarray, size: int, uniform: float) -> int:
    """The code at which the weights' running total passes the uniform number's share."""
    total = 0.0
    for x in range(size):
        total += weight[x]
    wanted, passed, last = uniform * total, 0.0, 0
    for x in range(size):
        if weight[x] > 0.0:
            last = x
            passed += weight[x]
            if passed > wanted:
                return x
    return last


@njit(cache=True, nogil=True)
def most_likely_codes(
    t: Tables,
    f: Facts,
    rows: np.ndarray,
    cells: int,
    floor: float,
    state: np.ndarray,
    out: np.ndarray,
    log_out: np.ndarray,
) -> None:
    """The most likely combination of all unknown codes, and the log-probability of the row with it.

    Of combinations that are equally likely, the one with lower codes in the columns decided first.
    """
    n = t.sizes.shape[0]
    s = _scratch(n, t.base.shape[0], cells)
    widest = 1
    for v in range(n):
        widest = max(widest, t.sizes[v])
    weight = np.empty(widest)
    for i in range(rows.shape[0]):
        row = rows[i]
        state[row], log_out[row] = _whole(t, f, row, s, np.bool_(True), np.bool_(True), floor)
        if state[row] != DONE:
            continue
        for turn in range(s.used[0] - 1, -1, -1):
            size = _weights(t, s, turn, weight)
            best = 0
            for x in range(1, size):
                if weight[x] > weight[best]:
                    best = x
            s.now[s.out_var[turn]] = best
        for v in range(n):
            out[row, v] = s.now[v]


@njit(cache=True, nogil=True)
def leave_one_out(
    t: Tables,
    f: Facts,
    rows: np.ndarray,
    cells: int,
    floor: float,
    bins: np.ndarray,
    piece_start: np.ndarray,
    piece_bin: np.ndarray,
    piece_weight: np.ndarray,
    piece_log: np.ndarray,
    bin_entropy: np.ndarray,
    bin_start: np.ndarray,
    within: np.ndarray,
    state: np.ndarray,
    surprise: np.ndarray,
    expected: np.ndarray,
    tail: np.ndarray,
    likely: np.ndarray,
    likely_share: np.ndarray,
) -> None:
    """Each known cell given the rest of its row; outputs have the shape (rows, n).

    Parameters
    ----------
    bins : int64 array, shape (n,)
        How many codes of a column are bins; 0 for levels.
    piece_start, piece_bin, piece_weight, piece_log
        The pieces of all numbers: where each column's begin, and of each its bin, P(piece | bin),
        and the logarithm of that for one value of the piece.
    bin_entropy, bin_start
        The expected -log P(value | bin) of each bin, and where each column's begin.
    within : float64 array, shape (rows, n)
        log P(value | bin) of each cell; minus infinity where the column knows no such value.
    surprise : -log P(cell | rest). expected : its mean over the cells that such a rest has. tail :
        the share of them that are at most as likely. likely, likely_share : the most likely code.
    """
    n = t.sizes.shape[0]
    s = _scratch(n, t.base.shape[0], cells)
    widest = 1
    for v in range(n):
        widest = max(widest, t.sizes[v])
    p = np.empty(widest)
    for i in range(rows.shape[0]):
        row = rows[i]
        for v in range(n):
            s.now[v] = f.codes[row, v]
        _keep(t, f, row, s, np.bool_(False))
        state[row] = DONE
        for c in range(n):
            code = f.codes[row, c]
            if code < 0:
                continue
            ended = _alone(t, f, row, s, c, floor, p)
            s.now[c] = code
            if ended != DONE:
                state[row] = ended
                break
            best = 0
            mean = 0.0
            for x in range(t.sizes[c]):
                if p[x] > p[best]:
                    best = x
                if p[x] > 0.0:
                    mean -= p[x] * math.log(p[x])
            likely[row, c], likely_share[row, c] = best, p[best]
            here = math.log(p[code]) if p[code] > 0.0 else -math.inf
            is_run = code < bins[c]
            if is_run:
                here += within[row, c]
            share = 0.0
            limit = here + 1e-9
            for x in range(bins[c], t.sizes[c]):
                if p[x] > 0.0 and math.log(p[x]) <= limit:
                    share += p[x]
            if bins[c] > 0:
                for x in range(bins[c]):
                    mean += p[x] * bin_entropy[bin_start[c] + x]
                for k in range(piece_start[c], piece_start[c + 1]):
                    mass = p[piece_bin[k]]
                    if mass > 0.0 and math.log(mass) + piece_log[k] <= limit:
                        share += mass * piece_weight[k]
            surprise[row, c] = -here
            expected[row, c] = mean
            tail[row, c] = min(share, 1.0)


@njit(cache=True, nogil=True)
def quantiles(
    p: np.ndarray,
    bins: int,
    starts: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    weight: np.ndarray,
    shares: np.ndarray,
    out: np.ndarray,
) -> None:
    """The least lattice index that each share of a row's known values does not exceed.

    `p` are posteriors over codes (rows, size), `out` has the shape (rows, shares); minus one
    below the lowest index where no value is possible.
    """
    for row in range(p.shape[0]):
        total = 0.0
        for b in range(bins):
            total += p[row, b]
        for q in range(shares.shape[0]):
            out[row, q] = first[0] - 1
            if not total > 0.0:
                continue
            wanted = shares[q] * total * (1.0 - 1e-12)
            passed, b = 0.0, 0
            while b < bins - 1 and (passed + p[row, b] < wanted or not p[row, b] > 0.0):
                passed += p[row, b]
                b += 1
            k, end = starts[b], starts[b + 1]
            while k < end - 1 and passed + p[row, b] * weight[k] < wanted:
                passed += p[row, b] * weight[k]
                k += 1
            mass = p[row, b] * weight[k]
            span = last[k] - first[k] + 1
            inside = (wanted - passed) / mass if mass > 0.0 else 1.0
            steps = min(max(math.ceil(inside * span - 1e-9), 1), span)
            out[row, q] = first[k] + steps - 1
