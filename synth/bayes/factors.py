"""Tables over columns, and what elimination does with them: multiply and sum out.

The product of an eliminated column's tables can be large, and few of its rows may ever be needed: a
sample of ten thousand people visits ten thousand rows at most. So a column is summed out without
writing the product down; `sampling` works out the product's rows when people visit them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit


@dataclass(frozen=True, eq=False)
class Factor:
    """A table over columns; `table` has one axis for each name in `scope`."""

    scope: tuple[str, ...]
    table: np.ndarray


def multiply(
    factors: Sequence[Factor], scope: tuple[str, ...], sizes: Mapping[str, int]
) -> np.ndarray:
    """The product of tables over a scope that holds all of theirs."""
    place = {name: i for i, name in enumerate(scope)}
    shape = tuple(sizes[name] for name in scope)
    parts: list[np.ndarray] = []
    for factor in small_first(factors):
        order = sorted(range(len(factor.scope)), key=lambda i: place[factor.scope[i]])
        here = {factor.scope[i] for i in order}
        wide = [sizes[name] if name in here else 1 for name in scope]
        parts.append(factor.table.transpose(order).reshape(wide))
    if not parts:
        return np.ones(shape)
    product = parts[0]
    for part in parts[1:-1]:
        product = product * part
    if len(parts) == 1:
        return np.array(np.broadcast_to(product, shape))
    return np.multiply(np.broadcast_to(product, shape), parts[-1])


def sum_out(
    factors: Sequence[Factor], name: str, scope: tuple[str, ...], sizes: Mapping[str, int]
) -> np.ndarray:
    """The product of tables summed over one column; shape of `scope`, which leaves it out.

    The product itself, over the scope and the column, is not written down where the tables fall
    into two groups: sums of products of two tables are what matrices are for.
    """
    ordered = small_first(factors)
    wide = {*ordered[-1].scope, name} if ordered else {name}
    inside = [factor for factor in ordered if set(factor.scope) <= wide]
    outside = [factor for factor in ordered if not set(factor.scope) <= wide]
    reach = {v for factor in outside for v in factor.scope}
    left = tuple(v for v in scope if v in wide)
    right = tuple(v for v in scope if v in reach)
    cells = math.prod(sizes[v] for v in scope) * sizes[name]
    small = math.prod(sizes[v] for v in right) * sizes[name]
    if not outside or name not in reach or 2 * small > cells:
        product = multiply(factors, (*scope, name), sizes)
        return sum_axes(product, (product.ndim - 1,))
    both = tuple(v for v in left if v in right)
    left_only = tuple(v for v in left if v not in both)
    right_only = tuple(v for v in right if v not in both)
    batch = math.prod(sizes[v] for v in both)
    a = multiply(inside, (*both, *left_only, name), sizes).reshape(batch, -1, sizes[name])
    b = multiply(outside, (*both, *right_only, name), sizes).reshape(batch, -1, sizes[name])
    message = a @ b.transpose(0, 2, 1)
    joined = (*both, *left_only, *right_only)
    message = message.reshape([sizes[v] for v in joined])
    return np.ascontiguousarray(message.transpose([joined.index(v) for v in scope]))


def small_first(factors: Sequence[Factor]) -> list[Factor]:
    """Small tables first: their product stays small until a large one widens it."""
    return sorted(factors, key=lambda factor: factor.table.size)


def sum_axes(table: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    """A table summed over some of its axes, several times sooner than numpy where axes are short.

    Parameters
    ----------
    table : float64 array
    axes : sequence of int
        From 0; none twice.

    Returns
    -------
    float64 array
        Of the axes that are left.
    """
    rest = np.ascontiguousarray(table)
    for axis in sorted(axes, reverse=True):
        shape = rest.shape
        inner = math.prod(shape[axis + 1 :])
        out = np.zeros((math.prod(shape[:axis]), inner))
        _sum_middle(rest.reshape(out.shape[0], shape[axis], inner), out)
        rest = out.reshape(shape[:axis] + shape[axis + 1 :])
    return rest


@njit(cache=True, nogil=True)
def _sum_middle(table: np.ndarray, out: np.ndarray) -> None:
    """Sum over the middle axis, in the order of its states."""
    outer, many, inner = table.shape
    if inner == 1:
        for o in range(outer):
            total = 0.0
            for k in range(many):
                total += table[o, k, 0]
            out[o, 0] = total
        return
    for o in range(outer):
        for k in range(many):
            for i in range(inner):
                out[o, i] += table[o, k, i]
