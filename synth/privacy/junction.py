"""A distribution as a product of tables over cliques: marginals, and the same as a network.

The tables' columns are linked into a tree of cliques by the same greedy elimination that questions
use; marginals of all cliques come of two passes over the tree (S. Lauritzen, D. Spiegelhalter,
1988). Eliminated columns, read backwards, are a Bayesian network without loss: each column's
parents are those that it stood with when it was eliminated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synth.bayes.elimination import elimination_order
from synth.bayes.factors import Factor, multiply
from synth.lazy import cached_property

Scope = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class JunctionTree:
    """Cliques of columns, linked so that all that share a column hang together.

    Attributes
    ----------
    sizes : mapping of str to int
        How many codes each column has; its order is the order of all axes.
    order : tuple of str
        The columns in the order in which they are eliminated.
    above : mapping of str to tuple of str
        What each column stood with when it was eliminated, in the order of the axes.
    """

    sizes: Mapping[str, int]
    order: tuple[str, ...]
    above: Mapping[str, Scope]

    @staticmethod
    def of(sizes: Mapping[str, int], scopes: Iterable[Sequence[str]]) -> JunctionTree:
        """The tree in which each of some scopes lies within a clique.

        Parameters
        ----------
        sizes : mapping of str to int
            How many codes each column has.
        scopes : iterable of sequence of str
            Columns that belong together.
        """
        names = tuple(sizes)
        scopes = [tuple(scope) for scope in scopes]
        order = elimination_order(names, scopes, sizes)
        near = {name: set[str]() for name in names}
        for scope in scopes:
            for name in scope:
                near[name] |= set(scope) - {name}
        above = {}
        for name in order:
            above[name] = tuple(other for other in names if other in near[name])
            for other in near[name]:
                near[other] |= near[name]
                near[other] -= {other, name}
        return JunctionTree(dict(sizes), order, above)

    def scope(self, names: Iterable[str]) -> Scope:
        """Some columns in the order of the axes."""
        some = set(names)
        return tuple(name for name in self.sizes if name in some)

    @cached_property
    def cliques(self) -> tuple[Scope, ...]:
        """The cliques that lie within no other, parents before children."""
        return tuple(scope for scope, _ in self._tree)

    @cached_property
    def cells(self) -> int:
        """How many numbers the tables of all cliques hold."""
        return sum(math.prod(self.sizes[name] for name in clique) for clique in self.cliques)

    @cached_property
    def _tree(self) -> tuple[tuple[Scope, int], ...]:
        """Each clique and the place of its parent; -1 for the first."""
        maximal: list[Scope] = []
        for name in self.order:
            clique = self.scope((name, *self.above[name]))
            if not any(set(clique) <= set(other) for other in maximal):
                maximal.append(clique)
        # The tree of the largest separators has the running intersection (Jensen, Jensen 1994).
        tree, left = [(maximal[0], -1)], maximal[1:]
        best = {clique: (len(set(clique) & set(maximal[0])), 0) for clique in left}
        while left:
            clique = max(left, key=lambda each: best[each][0])
            left.remove(clique)
            tree.append((clique, best[clique][1]))
            for other in left:
                shared = len(set(other) & set(clique))
                if shared > best[other][0]:
                    best[other] = (shared, len(tree) - 1)
        return tuple(tree)

    def home(self, scope: Iterable[str]) -> int:
        """The place of the smallest clique that holds some columns."""
        some = set(scope)
        places = [i for i, clique in enumerate(self.cliques) if some <= set(clique)]
        return min(places, key=lambda i: math.prod(self.sizes[name] for name in self.cliques[i]))

    def calibrate(self, potentials: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The marginal of every clique under the product of one table for each.

        Parameters
        ----------
        potentials : sequence of float64 array
            One over each clique, not negative; their product is not zero everywhere.

        Returns
        -------
        list of float64 array
            Each sums to 1.
        """
        beliefs = [table / table.max() for table in potentials]
        tree = self._tree
        messages: list[np.ndarray] = [np.ones(())] * len(tree)
        for place in range(len(tree) - 1, 0, -1):
            clique, parent = tree[place]
            message = self._sum(beliefs[place], clique, tree[parent][0])
            message /= message.max()
            messages[place] = message
            beliefs[parent] = beliefs[parent] * self._spread(message, clique, tree[parent][0])
        for place, (clique, parent) in enumerate(tree):
            if parent >= 0:
                down = self._sum(beliefs[parent], tree[parent][0], clique)
                ratio = np.divide(
                    down, messages[place], out=np.zeros_like(down), where=messages[place] > 0
                )
                beliefs[place] = beliefs[place] * self._spread(ratio, tree[parent][0], clique)
            beliefs[place] = beliefs[place] / beliefs[place].sum()
        return beliefs

    def _sum(self, table: np.ndarray, clique: Scope, other: Scope) -> np.ndarray:
        """A clique's table summed down to what it shares with another; axes of the shared alone."""
        gone = tuple(i for i, name in enumerate(clique) if name not in other)
        return table.sum(axis=gone) if gone else table.copy()

    def _spread(self, message: np.ndarray, clique: Scope, other: Scope) -> np.ndarray:
        """A table over what two cliques share, with an axis for each column of the second."""
        return message.reshape([self.sizes[name] if name in clique else 1 for name in other])

    def marginal(self, beliefs: Sequence[np.ndarray], scope: Scope) -> np.ndarray:
        """The marginal of columns that lie within one clique, axes in the tree's order."""
        place = self.home(scope)
        return self._sum(beliefs[place], self.cliques[place], scope)

    def potentials(self, factors: Iterable[Factor]) -> list[np.ndarray]:
        """A table for each clique whose product is that of all factors."""
        groups: list[list[Factor]] = [[] for _ in self.cliques]
        for factor in factors:
            groups[self.home(factor.scope)].append(factor)
        return [
            multiply(group, clique, self.sizes)
            for group, clique in zip(groups, self.cliques, strict=True)
        ]

    def network(
        self, beliefs: Sequence[np.ndarray]
    ) -> tuple[dict[str, Scope], dict[str, np.ndarray]]:
        """The same distribution as parents and conditional tables of each column.

        Parameters
        ----------
        beliefs : sequence of float64 array
            As `calibrate` returns them.

        Returns
        -------
        parents : dict of str to tuple of str
            Of each column.
        tables : dict of str to float64 array
            P(column | parents), shape (*parents' sizes, size); rows nobody is in are the column's
            own marginal.
        """
        parents, tables = {}, {}
        for name in self.sizes:
            above = self.above[name]
            scope = self.scope((name, *above))
            joint = np.moveaxis(self.marginal(beliefs, scope), scope.index(name), -1)
            mass = joint.sum(axis=-1, keepdims=True)
            alone = joint.reshape(-1, joint.shape[-1]).sum(axis=0)
            tables[name] = np.where(
                mass > 0,
                np.divide(joint, mass, out=np.zeros_like(joint), where=mass > 0),
                alone / alone.sum(),
            )
            parents[name] = above
        return parents, tables
