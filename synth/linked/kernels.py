"""The compiled loop over families and their rows: what each row sees, and the draw of its columns.

One loop serves learning and drawing, so that a drawn row sees exactly what a learned one saw. A
row's *context* are codes: of its parent, its place among its siblings, the sibling before it, the
first sibling, and what is left of the family's plan (of a mean of 12 over 4 rows, the last two need
whatever the first two left). Given the context, its columns are drawn one after the other from
conditional tables; every family has random numbers of its own, so it is the same whoever is drawn
beside it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from synth.bayes.random import number, unit

LEVELS, SAME, NUMBER, STEP = 0, 1, 2, 3
"""Kinds of columns: levels; levels of which the last code says "as the sibling before"; numbers;
the number that rows are in order of, drawn as the distance from the sibling before."""
COUNTED = 32
"""Edges up to which all are compared."""


class Program(NamedTuple):
    """How a row's columns are drawn; C slots of context come first, then the columns' own codes.

    Attributes
    ----------
    kind, size : int64 array, shape (columns,)
        See above, and how many codes a column has.
    turn : int64 array, shape (columns,)
        The columns in the order in which they are drawn.
    parent_start, parents, strides : int64 array
        A column's parents lie at ``parents[parent_start[j]:parent_start[j + 1]]``: places among
        slots and columns, and how far apart the table's rows are.
    table_start : int64 array, shape (columns,)
    cumulative : float32 array
        All tables' rows, summed up; the last number of a row is 1.
    bins : int64 array, shape (columns,)
        How many codes of a number hold values; the next one is missing.
    bin_start, piece_start : int64 array
        Where a column's bins begin in `piece_start`, and a bin's pieces in the arrays that follow.
    piece_sum, piece_first, piece_span : float64 array
        P(piece | bin) summed up, its first lattice index and how many it spans.
    scale : float64 array, shape (columns,)
        A lattice index times this is the value.
    before, first, need : int64 array, shape (columns,)
        The slots of the sibling before, the first sibling and the plan; -1 where nobody looks.
    edge_start, edges, need_start, need_edges : arrays
        Where values, and needs, are cut.
    place, left, now, then : int64
        The slots of the row's number, of how many rows follow, and of the order's value in this row
        and in the one before; -1.
    place_edges, left_edges, now_edges : float64 array
        Where they are cut.
    factor_start, factor_slot, factor_with, factor_width, factor_base : int64 array
        A column's factors are ``factor_start[j]`` to ``factor_start[j + 1]``: what each looks at,
        among slots and columns, what together with it (-1 for nothing) and how many codes that has,
        and where its numbers begin.
    factors : float32 array
        All factors' numbers, as many as the column has codes for each code of what it looks at.
    known_by : int64 array, shape (columns,)
        The column, drawn earlier, by whose value it is decided whether this one is known, which its
        last code says it is not; -1 for none.
    known_from : float64 array, shape (columns,)
        From this value on it is.
    """

    kind: np.ndarray
    size: np.ndarray
    turn: np.ndarray
    parent_start: np.ndarray
    parents: np.ndarray
    strides: np.ndarray
    table_start: np.ndarray
    cumulative: np.ndarray
    bins: np.ndarray
    bin_start: np.ndarray
    piece_start: np.ndarray
    piece_sum: np.ndarray
    piece_first: np.ndarray
    piece_span: np.ndarray
    scale: np.ndarray
    before: np.ndarray
    first: np.ndarray
    need: np.ndarray
    edge_start: np.ndarray
    edges: np.ndarray
    need_start: np.ndarray
    need_edges: np.ndarray
    place: int
    left: int
    now: int
    then: int
    place_edges: np.ndarray
    left_edges: np.ndarray
    now_edges: np.ndarray
    factor_start: np.ndarray
    factor_slot: np.ndarray
    factor_with: np.ndarray
    factor_width: np.ndarray
    factor_base: np.ndarray
    factors: np.ndarray
    known_by: np.ndarray
    known_from: np.ndarray


@njit(cache=True, nogil=True)
def _cut(edges: np.ndarray, low: int, high: int, value: float) -> int:
    """How many of the edges from `low` to before `high` lie below a value."""
    if high - low <= COUNTED:  # faster without a branch at every step, unsigned without wraparound
        below = 0
        for k in range(np.uint64(low), np.uint64(high)):
            below += edges[k] < value
        return below
    begin = low
    while low < high:
        middle = (low + high) >> 1
        if edges[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low - begin


@njit(cache=True, nogil=True, inline="always")
def _family_key(key: np.uint64, family: int) -> np.uint64:
    """An odd key of a family's own: SplitMix64's finaliser over the table's key."""
    x = key + np.uint64(family) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (x ^ (x >> np.uint64(31))) | np.uint64(1)


@njit(cache=True, nogil=True, inline="always")
def _value_code(p: Program, j: int, value: float) -> int:
    """A value of column j as context: its cut or level, then missing, then "no such sibling"."""
    if p.kind[j] == NUMBER or p.kind[j] == STEP:
        low, high = p.edge_start[j], p.edge_start[j + 1]
        if np.isnan(value):
            return high - low + 1
        return _cut(p.edges, low, high, value)
    return int(value)


@njit(cache=True, nogil=True, inline="always")
def _none_code(p: Program, j: int) -> int:
    if p.kind[j] == NUMBER or p.kind[j] == STEP:
        return p.edge_start[j + 1] - p.edge_start[j] + 2
    return p.size[j]


@njit(cache=True, nogil=True, inline="always")
def _weigh(
    p: Program, j: int, low: int, most: int, see: np.ndarray, weight: np.ndarray
) -> np.float32:
    """Weigh a column's first `most` codes by its table and its factors, summed up; the sum."""
    size = np.uint64(most)
    at = np.uint64(low)
    before = np.float32(0.0)
    for k in range(size):
        weight[k] = p.cumulative[at + k] - before
        before = p.cumulative[at + k]
    for q in range(p.factor_start[j], p.factor_start[j + 1]):
        code = see[p.factor_slot[q]]
        if p.factor_with[q] >= 0:
            code = code * p.factor_width[q] + see[p.factor_with[q]]
        at = np.uint64(p.factor_base[q] + code * p.size[j])
        for k in range(size):
            weight[k] *= p.factors[at + k]
    total = np.float32(0.0)
    for k in range(size):
        total += weight[k]
        weight[k] = total
    return total


@njit(cache=True, nogil=True)
def run(
    p: Program,
    counts: np.ndarray,
    static: np.ndarray,
    plan: np.ndarray,
    begin: np.ndarray,
    codes: np.ndarray,
    values: np.ndarray,
    context: np.ndarray,
    needs: np.ndarray,
    logs: np.ndarray,
    key: np.uint64,
    family_numbers: np.ndarray,
    draws: bool,
) -> None:
    """Go through all families.

    Parameters
    ----------
    p : Program
    counts : int64 array, shape (families,)
        Rows of each.
    static : int16 array, shape (families, slots)
        Codes of what the family knows from its parent; the other slots are filled here.
    plan : float64 array, shape (families, columns)
        The mean that a number is to have, how often levels change, how far the order goes; NaN.
    begin : float64 array, shape (families,)
        The order's first value.
    codes : int16 array, shape (columns, rows)
        The codes: written where `draws`, read elsewhere.
    values : float64 array, shape (columns, rows)
        The values (numbers) or levels' codes (the rest), likewise.
    context : int16 array, shape (slots, rows) or (0, 0)
        Gets what each row sees, where there is room.
    needs : float64 array, shape (columns, rows) or (0, 0)
        Gets what is left of the plan, uncut, where there is room.
    logs : float64 array, shape (families,) or (0,)
        Gets the log-probability of each family's codes, where there is room.
    key : uint64
        Of the table's random numbers.
    family_numbers : int64 array, shape (families,)
        The families' numbers.
    draws : bool
        Whether rows are drawn.
    """
    columns, slots = p.kind.shape[0], static.shape[1]
    see = np.zeros(slots + columns, np.int64)
    total, known, changes = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    before, first = np.zeros(columns), np.zeros(columns)
    weight = np.zeros(p.size.max() if columns else 0, np.float32)
    keeps, wants, scores = context.shape[0] > 0, needs.shape[0] > 0, logs.shape[0] > 0
    row = 0
    for f in range(counts.shape[0]):
        n = counts[f]
        mine = _family_key(key, family_numbers[f])
        drawn = 0
        for s in range(slots):
            see[s] = static[f, s]
        total[:] = 0.0
        known[:] = 0.0
        changes[:] = 0.0
        at, distance = begin[f], 0.0
        log = 0.0
        for t in range(n):
            # 1. What the row sees.
            if p.place >= 0:
                see[p.place] = _cut(p.place_edges, 0, p.place_edges.shape[0], t + 0.0)
            if p.left >= 0:
                see[p.left] = _cut(p.left_edges, 0, p.left_edges.shape[0], n - 1.0 - t)
            if p.then >= 0:
                see[p.then] = _cut(p.now_edges, 0, p.now_edges.shape[0], at)
            for j in range(columns):
                if p.before[j] >= 0:
                    see[p.before[j]] = _none_code(p, j) if t == 0 else _value_code(p, j, before[j])
                if p.first[j] >= 0 and t <= 1:  # later rows see the same
                    see[p.first[j]] = _none_code(p, j) if t == 0 else _value_code(p, j, first[j])
                if p.need[j] >= 0 or wants:
                    need = np.nan
                    if p.kind[j] == NUMBER:
                        mean = plan[f, j]
                        if not np.isnan(mean):
                            had = total[j] / known[j] * t if known[j] > 0 else mean * t
                            need = (mean * n - had) / (n - t)
                    elif p.kind[j] == STEP:
                        need = (plan[f, j] - (at - begin[f])) / max(n - t, 1)
                    else:
                        need = (plan[f, j] - changes[j]) / (n - t)
                    if wants:
                        needs[j, row] = need
                    if p.need[j] >= 0:
                        low, high = p.need_start[j], p.need_start[j + 1]
                        if np.isnan(need):
                            see[p.need[j]] = high - low + 1
                        else:
                            see[p.need[j]] = _cut(p.need_edges, low, high, need)
            # 2. Its columns.
            for turn in range(columns):
                j = p.turn[turn]
                place = 0
                for k in range(p.parent_start[j], p.parent_start[j + 1]):
                    place += see[p.parents[k]] * p.strides[k]
                low = p.table_start[j] + place * p.size[j]
                # A first row has no distance and nobody to be alike.
                most, mass = p.size[j] - 1, 1.0
                if t == 0 and p.kind[j] == SAME:
                    most, mass = most - 1, float(p.cumulative[low + most - 1])
                unknown = False
                if p.known_by[j] >= 0:
                    unknown = not values[p.known_by[j], row] >= p.known_from[j]
                    most, mass = most - 1, float(p.cumulative[low + most - 1])
                starts = t == 0 and p.kind[j] == STEP
                multiplies = p.factor_start[j] < p.factor_start[j + 1] and not starts
                whole = 0.0
                if multiplies:
                    whole = float(_weigh(p, j, low, most + 1, see, weight))
                if draws:
                    u = unit(number(mine, drawn))
                    drawn += 1
                    if starts:
                        code = p.bins[j]
                    elif unknown:
                        code = p.size[j] - 1
                    elif multiplies:
                        code = _cut(weight, 0, most, u * whole)
                    else:
                        code = _cut(p.cumulative, low, low + most, u * mass)
                    codes[j, row] = code
                else:
                    code = int(codes[j, row])
                    if scores and not starts:
                        if unknown:
                            share = 1.0 if code == p.size[j] - 1 else 0.0
                        elif code > most:
                            share = 0.0
                        elif multiplies:
                            share = float(weight[code]) / whole
                            if code > 0:
                                share -= float(weight[code - 1]) / whole
                        else:
                            share = float(p.cumulative[low + code]) / mass
                            if code > 0:
                                share -= float(p.cumulative[low + code - 1]) / mass
                        log += np.log(share) if share > 0.0 else -np.inf
                see[slots + j] = code
                if draws:
                    value = float(code)
                    if p.kind[j] == SAME and code == p.size[j] - 1:
                        value = before[j]
                    elif starts:
                        value = 0.0
                    elif p.kind[j] == NUMBER or p.kind[j] == STEP:
                        if code >= p.bins[j]:
                            value = np.nan
                        else:
                            bin_ = p.bin_start[j] + code
                            a, b = p.piece_start[bin_], p.piece_start[bin_ + 1]
                            u = unit(number(mine, drawn))
                            piece = a + _cut(p.piece_sum, a, b - 1, u)
                            index = p.piece_first[piece]
                            if p.piece_span[piece] > 1.0:
                                u = unit(number(mine, drawn + 1))
                                index += np.floor(u * p.piece_span[piece])
                            drawn += 2
                            value = index * p.scale[j]
                    if p.kind[j] == STEP:
                        value += at
                    values[j, row] = value
                value = values[j, row]
                if p.kind[j] == STEP:
                    distance = value - at
                    at = value
                    if p.now >= 0:
                        see[p.now] = _cut(p.now_edges, 0, p.now_edges.shape[0], at)
                elif p.kind[j] == NUMBER:
                    if not np.isnan(value):
                        total[j] += value
                        known[j] += 1.0
                elif t > 0 and value != before[j]:
                    changes[j] += 1.0
            if keeps:
                for s in range(slots):
                    context[s, row] = see[s]
            for j in range(columns):
                before[j] = distance if p.kind[j] == STEP else values[j, row]
                if t == 0:
                    first[j] = values[j, row]
            row += 1
        if scores:
            logs[f] = log


@njit(cache=True, nogil=True)
def distinct(counts: np.ndarray, codes: np.ndarray, states: int) -> np.ndarray:
    """How many different codes the rows of each family have; float64, shape (families,)."""
    out = np.zeros(counts.shape[0])
    seen = np.full(states, -1, np.int64)
    row = 0
    for f in range(counts.shape[0]):
        for _ in range(counts[f]):
            if seen[codes[row]] != f:
                seen[codes[row]] = f
                out[f] += 1.0
            row += 1
    return out
