"""Columns in groups that hang together, cut where a network's junction tree is thin.

The learned network's graph is moralised and triangulated; its cliques form a junction tree
(Lauritzen and Spiegelhalter 1988), in which what two neighbouring cliques share separates one side
of the tree from the other. Neighbours are joined, those most strongly tied first, until few groups
are left. A group is then learned given the columns that it shares with those before it: its
separator, and beside it the columns that tell most of it, since a learned network leaves weak
dependences out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

MOST_GROUPS = 4
BESIDE = 8
"""Columns beside its separator that a group is given, at most."""
COUNTED = 10_000
"""Rows from which ties are counted, at most."""

Edge = tuple[int, int]


@dataclass(frozen=True)
class Group:
    """Columns that are learned together.

    Attributes
    ----------
    shared : tuple of int
        Columns of groups before it that it is given.
    own : tuple of int
        Columns that it draws.
    """

    shared: tuple[int, ...]
    own: tuple[int, ...]

    @property
    def columns(self) -> tuple[int, ...]:
        """All of them, shared ones first."""
        return (*self.shared, *self.own)


def groups_for(columns: int) -> int:
    """Into how many groups so many columns are cut, at most."""
    return int(np.clip((columns + 3) // 5, 1, MOST_GROUPS))


def partition(columns: int, edges: Iterable[Edge], ties: np.ndarray, most: int) -> list[Group]:
    """Cut columns into groups along the separators of a graph's junction tree.

    Parameters
    ----------
    columns : int
        How many there are; they are numbered.
    edges : iterable of (int, int)
        Parent and child of each arrow.
    ties : float64 array, shape (columns, columns)
        How strongly two columns hang together.
    most : int
        The most groups.

    Returns
    -------
    list of Group
        The largest first; each after those that it shares columns with. Together they draw every
        column once.
    """
    cliques = triangulated(columns, edges)
    members, links = _joined(cliques, junction_tree(cliques), ties, most)
    first = max(members, key=lambda number: (len(members[number]), -number))
    groups: list[Group] = []
    seen: set[int] = set()
    waiting = [first]
    done = {first}
    while waiting:
        number = waiting.pop(0)
        own = tuple(sorted(members[number] - seen))
        separator = members[number] & seen
        shared = _beside(separator, seen, own, ties)
        if own:
            groups.append(Group(shared, own))
        seen |= members[number]
        for near in sorted(links[number] - done):
            waiting.append(near)
            done.add(near)
    return groups


def _beside(
    separator: set[int], seen: set[int], own: Sequence[int], ties: np.ndarray
) -> tuple[int, ...]:
    """A separator, and the earlier columns that tell most of a group's own."""
    if not own:
        return ()
    others = sorted(seen - separator)
    telling = ties[np.ix_(others, list(own))].max(axis=1) if others else np.zeros(0)
    order = np.argsort(-telling, kind="stable")[:BESIDE]
    return tuple(sorted(separator | {others[i] for i in order if telling[i] > 0}))


# ---------------------------------------------------------------------- junction tree


def triangulated(columns: int, edges: Iterable[Edge]) -> list[frozenset[int]]:
    """The largest cliques of a network's moral graph, triangulated by least fill.

    Parameters
    ----------
    columns : int
        How many there are.
    edges : iterable of (int, int)
        Parent and child of each arrow.

    Returns
    -------
    list of frozenset of int
        In the order of elimination; no clique lies within another.
    """
    parents: dict[int, set[int]] = {column: set() for column in range(columns)}
    for parent, child in edges:
        parents[child].add(parent)
    near: dict[int, set[int]] = {column: set() for column in range(columns)}
    for child, above in parents.items():
        for a, b in combinations((child, *above), 2):
            near[a].add(b)
            near[b].add(a)
    cliques: list[frozenset[int]] = []
    while near:
        column = min(near, key=lambda c: (_fill(near, c), len(near[c]), c))
        around = near.pop(column)
        for a, b in combinations(around, 2):
            near[a].add(b)
            near[b].add(a)
        for other in around:
            near[other].discard(column)
        clique = frozenset({column, *around})
        if not any(clique <= larger for larger in cliques):
            cliques.append(clique)
    return cliques


def _fill(near: dict[int, set[int]], column: int) -> int:
    """How many edges the elimination of a column would add."""
    return sum(b not in near[a] for a, b in combinations(near[column], 2))


def junction_tree(cliques: Sequence[frozenset[int]]) -> list[Edge]:
    """Edges of a tree of cliques that share as many columns as they can: Prim's.

    Parts of the graph that have nothing in common are linked too, by empty separators.
    """
    if not cliques:
        return []
    best = {number: (len(cliques[number] & cliques[0]), 0) for number in range(1, len(cliques))}
    tree: list[Edge] = []
    while best:
        number = max(best, key=lambda n: (best[n][0], -n))
        tree.append((best.pop(number)[1], number))
        for other, (size, _) in best.items():
            if len(cliques[other] & cliques[number]) > size:
                best[other] = (len(cliques[other] & cliques[number]), number)
    return tree


def _joined(
    cliques: Sequence[frozenset[int]], tree: Sequence[Edge], ties: np.ndarray, most: int
) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Neighbouring cliques joined until few are left: the groups' columns, and who is near."""
    members = {number: set(clique) for number, clique in enumerate(cliques)}
    links: dict[int, set[int]] = {number: set() for number in members}
    for a, b in tree:
        links[a].add(b)
        links[b].add(a)
    largest = 1.4 * len(ties) / max(most, 1)
    tied: dict[Edge, float] = {}
    while len(members) > most:
        pairs = [(a, b) for a in links for b in links[a] if a < b]
        small = [(a, b) for a, b in pairs if len(members[a] | members[b]) <= largest]
        if small:
            for pair in small:
                if pair not in tied:
                    tied[pair] = _tie(members, pair, ties)
            a, b = max(small, key=lambda pair: (tied[pair], -pair[0], -pair[1]))
        else:  # the two that are the fewest together
            a, b = min(pairs, key=lambda pair: (len(members[pair[0]] | members[pair[1]]), pair))
        members[a] |= members.pop(b)
        tied = {pair: tie for pair, tie in tied.items() if not {a, b} & set(pair)}
        links[a] = (links[a] | links.pop(b)) - {a, b}
        for near in links.values():
            if b in near:
                near.discard(b)
                near.add(a)
        links[a].discard(a)
    return members, links


def _tie(members: dict[int, set[int]], pair: Edge, ties: np.ndarray) -> float:
    """The strongest tie across a separator; all of it where one group adds nothing."""
    separator = members[pair[0]] & members[pair[1]]
    left, right = sorted(members[pair[0]] - separator), sorted(members[pair[1]] - separator)
    if not left or not right:
        return np.inf
    return float(ties[np.ix_(left, right)].max())


# ---------------------------------------------------------------------- ties


def mutual_information(
    codes: np.ndarray, sizes: Sequence[int], weights: np.ndarray | None = None
) -> np.ndarray:
    """How much two columns tell of each other, in nats, less what chance alone would give.

    Parameters
    ----------
    codes : int array, shape (rows, columns)
        The people; of many, the first `COUNTED` are counted.
    sizes : sequence of int
        How many codes each column has.
    weights : float64 array, shape (rows,), optional
        How much each person counts.

    Returns
    -------
    float64 array, shape (columns, columns)
        Symmetric, not negative, 0 on the diagonal.
    """
    from scipy.special import xlogy

    codes = codes[:COUNTED]
    rows, columns = codes.shape
    counted = np.ones(rows) if weights is None else weights[:COUNTED]
    offsets = np.cumsum([0, *sizes])
    places = codes + offsets[:-1]
    shares = np.bincount(places.ravel(), np.repeat(counted, columns), offsets[-1]) / counted.sum()
    inner = np.add.reduceat(xlogy(shares, shares), offsets[:-1])
    states = np.add.reduceat(shares > 0, offsets[:-1]) - 1
    out = np.zeros((columns, columns))
    for a in range(columns - 1):  # all pairs of a column at once
        begin = offsets[a + 1]
        width = offsets[-1] - begin
        cells = codes[:, [a]] * width + (places[:, a + 1 :] - begin)
        counts = np.bincount(cells.ravel(), np.repeat(counted, columns - a - 1), sizes[a] * width)
        joint = counts.reshape(sizes[a], width) / counted.sum()
        whole = np.add.reduceat(xlogy(joint, joint).sum(axis=0), offsets[a + 1 : -1] - begin)
        chance = states[a] * states[a + 1 :] / (2 * rows)
        out[a, a + 1 :] = np.maximum(whole - inner[a] - inner[a + 1 :] - chance, 0.0)
    return out + out.T


def strongest_tree(ties: np.ndarray) -> list[Edge]:
    """The tree whose ties are the strongest in all (Chow and Liu 1968).

    Parameters
    ----------
    ties : float64 array, shape (columns, columns)
        How strongly two columns hang together; columns without any tie are in no edge.

    Returns
    -------
    list of (int, int)
        Each edge once; each column is at most once the second of one, as a child of one parent.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

    forest = minimum_spanning_tree(csr_array(-ties))
    edges: list[Edge] = []
    seen: set[int] = set()
    for root in range(len(ties)):
        if root in seen:
            continue
        order, before = breadth_first_order(forest, root, directed=False)
        seen.update(map(int, order))
        edges += [(int(before[column]), int(column)) for column in order[1:]]
    return edges
