"""Which columns depend on which: greedy hill climbing with a tabu list, and restarts.

One edge is added, removed or turned at a time, always the change that helps the score most. When
nothing helps, the search goes on downhill for a few moves without undoing recent ones (tabu), then
starts again from a shaken copy of the best graph (Gámez, Mateo and Puerta 2011; Glover 1989).

A parent seldom helps more the more others there are: so an edge that did not help a child of one
parent or more is not scored anew when the child gains another, but keeps its gain until the search
would take it (lazy greedy, Minoux 1978).

In wide tables each column chooses its parents among those that tell most of it alone (sparse
candidates, Friedman, Nachman and Pe'er 1999), and no gain below zero is worked out anew. What only
several columns together tell, as an exclusive or does, is then not found.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from numba import njit

from synth.errors import PopulaceError

LAZY_FROM = 2
"""From so many parents on, gains below zero are not worked out anew when there is one more."""
Edge = tuple[int, int]
"""(parent, child), by column number."""
Name = TypeVar("Name", int, str)


class Score(Protocol):
    """The score of a family; larger is better."""

    def __call__(self, child: int, parents: Sequence[int]) -> float:
        """Score of a column and its parents."""


@dataclass(frozen=True)
class EdgeConstraints:
    """What the search must respect.

    Attributes
    ----------
    required, forbidden : frozenset of Edge
        Edges that must or must not be there, in this direction.
    linked : frozenset of Edge
        Pairs that must be joined, in whichever direction serves better.
    max_parents : int
        The most parents a column may have.
    max_states : int
        The most states of a clique that exact inference may need.
    """

    required: frozenset[Edge] = frozenset()
    forbidden: frozenset[Edge] = frozenset()
    linked: frozenset[Edge] = frozenset()
    max_parents: int = 4
    max_states: int = 1_000_000


def against_tiers(tiers: Sequence[Sequence[Name]]) -> tuple[tuple[Name, Name], ...]:
    """The edges that lead from a later tier to an earlier one.

    Parameters
    ----------
    tiers : sequence of sequence
        Columns in the order in which their facts come about, as background knowledge for a search
        is usually given (Scheines et al. 1998, The TETRAD Project). Columns of one tier may depend
        on each other either way.

    Returns
    -------
    tuple of (parent, child)
        What the search must not draw.

    Raises
    ------
    PopulaceError
        A column stands in two places.
    """
    place: dict[Name, int] = {}
    for number, tier in enumerate(tiers):
        for column in tier:
            if column in place:
                raise PopulaceError(f"Column {column} stands in two tiers: keep it in one.")
            place[column] = number
    return tuple((a, b) for a in place for b in place if place[a] > place[b])


@dataclass
class _Graph:
    """A graph while it is being searched: parents and descendants as bit sets."""

    parents: list[int]
    scores: np.ndarray
    add: np.ndarray = field(repr=False)  # gain of adding a -> b at [a, b]
    drop: np.ndarray = field(repr=False)  # gain of removing a -> b at [a, b]
    stale: np.ndarray = field(repr=False)  # whether the gain of adding is one from fewer parents

    def copy(self) -> _Graph:
        return _Graph(
            list(self.parents),
            self.scores.copy(),
            self.add.copy(),
            self.drop.copy(),
            self.stale.copy(),
        )


def largest_clique(parents: Sequence[int], sizes: Sequence[int]) -> int:
    """States of the largest clique when the moral graph is triangulated by least weight.

    `parents` are bit sets. The number says what exact inference on the graph may cost.
    """
    return clique_states(parents, sizes)[0]


def clique_states(parents: Sequence[int], sizes: Sequence[int]) -> tuple[int, float]:
    """States of the largest clique as in `largest_clique`, and of all cliques together."""
    worst, total = _triangulated(_families(parents), np.log2(np.asarray(sizes, dtype=float)))
    return int(2.0**worst), total


def _families(parents: Sequence[int]) -> np.ndarray:
    """Bit sets as a matrix: row v has column v and its parents."""
    n = len(parents)
    families = np.zeros((n, n), np.bool_)
    np.fill_diagonal(families, True)
    edges = [(child, a) for child, mask in enumerate(parents) if mask for a in _bits(mask)]
    if edges:
        families[tuple(np.array(edges).T)] = True
    return families


@njit(cache=True, nogil=True)
def _triangulated(families: np.ndarray, logs: np.ndarray) -> tuple[float, float]:
    """Logarithm of the states of the largest clique, and the states of all together.

    `families` has a row for each column's.
    """
    n = families.shape[0]
    near = np.zeros((n, n), np.bool_)
    for child in range(n):
        for v in range(n):
            if families[child, v]:
                for u in range(n):
                    if families[child, u] and u != v:
                        near[v, u] = True
    weight = np.empty(n)
    left = np.ones(n, np.bool_)
    around = np.empty(n, np.int64)
    for v in range(n):
        total = 0.0
        for u in range(n):
            if near[v, u]:
                total += logs[u]
        weight[v] = logs[v] + total
    worst, states = 0.0 if n == 0 else 1.0, 0.0
    for _ in range(n):
        v = -1
        for u in range(n):
            if left[u] and (v < 0 or weight[u] < weight[v]):
                v = u
        worst = max(worst, weight[v])
        states += 2.0 ** weight[v]
        left[v] = False
        count = 0
        for u in range(n):
            if near[v, u]:
                around[count] = u
                count += 1
        for i in range(count):
            u = around[i]
            near[u, v] = False
            for j in range(count):
                if j != i:
                    near[u, around[j]] = True
        for i in range(count):
            u = around[i]
            total = 0.0
            for w in range(n):
                if near[u, w]:
                    total += logs[w]
            weight[u] = logs[u] + total
    return worst, states


@njit(cache=True, nogil=True)
def _is_above(families: np.ndarray, a: int, b: int, direct: bool) -> bool:
    """Whether a directed path leads from a to b; without `direct` the arrow itself is none."""
    n = families.shape[0]
    seen, stack = np.zeros(n, np.bool_), np.empty(n, np.int64)
    seen[b] = True
    stack[0], count = b, 1
    while count > 0:
        count -= 1
        v = stack[count]
        for u in range(n):
            if not families[v, u] or seen[u] or (v == b and u == a and not direct):
                continue
            if u == a:
                return True
            seen[u] = True
            stack[count] = u
            count += 1
    return False


ADD, DROP, TURN = 0, 1, 2
MOVES = ("add", "drop", "turn")
"""What a change is called, by its number."""


@njit(cache=True, nogil=True)
def _is_legal(
    families: np.ndarray,
    logs: np.ndarray,
    bound: np.ndarray,
    most: float,
    kind: int,
    a: int,
    b: int,
) -> bool:
    """Whether a change keeps the graph without circles and its cliques small enough.

    `bound` are pairs that must stay joined, `most` the states of a clique.
    """
    if kind == DROP:
        return not bound[a, b]
    if kind == ADD:
        if _is_above(families, b, a, True):
            return False
    elif _is_above(families, a, b, False):
        return False
    trial = families.copy()
    if kind == ADD:
        trial[b, a] = True
    else:
        trial[b, a], trial[a, b] = False, True
    worst, _ = _triangulated(trial, logs)
    return math.floor(2.0**worst) <= most


@njit(cache=True, nogil=True)
def _best_change(
    add: np.ndarray,
    drop: np.ndarray,
    stale: np.ndarray,
    refused: np.ndarray,
    families: np.ndarray,
    logs: np.ndarray,
    bound: np.ndarray,
    most: float,
    least: float,
) -> tuple[float, int, int, int, bool]:
    """The legal change with the largest gain above `least`: its gain, kind, a, b.

    The kind is -1 where there is none. Illegal ones met on the way are marked in `refused`, shape
    (kinds, columns, columns). Last, whether the gain is stale: then the change has to be judged
    anew.
    """
    n = add.shape[0]
    gains, places = np.empty(3 * n * n), np.empty(3 * n * n, np.int64)
    count = 0
    for kind in range(3):
        for a in range(n):
            for b in range(n):
                if refused[kind, a, b]:
                    continue
                if kind == ADD:
                    gain = add[a, b]
                elif kind == DROP:
                    gain = drop[a, b]
                else:
                    gain = drop[a, b] + add[b, a]
                if gain > least:  # so not where it is no number
                    gains[count], places[count] = -gain, (kind * n + a) * n + b
                    count += 1
    for i in np.argsort(gains[:count], kind="mergesort"):
        place = places[i]
        kind, a, b = place // (n * n), place // n % n, place % n
        if not _is_legal(families, logs, bound, most, kind, a, b):
            refused[kind, a, b] = True
            continue
        is_stale = (kind == ADD and stale[a, b]) or (kind == TURN and stale[b, a])
        return -gains[i], kind, a, b, is_stale
    return -np.inf, -1, 0, 0, False


def _bits(mask: int) -> list[int]:
    out = []
    while mask:
        low = mask & -mask
        out.append(low.bit_length() - 1)
        mask ^= low
    return out


class HillClimb:
    """Greedy search for the best-scoring graph.

    Parameters
    ----------
    rules : EdgeConstraints
        What must hold.
    tabu : int
        How many recent moves may not be undone.
    patience : int
        How many moves in a row may fail to improve on the best graph.
    restarts : int
        How often to start again from a shaken copy of the best graph.
    seed : int
        Of the shaking.
    candidates : int, optional
        How many columns each column chooses its parents among: those that tell most of it alone,
        and those of which it is itself one. None: all, and gains for a child of one parent at most
        are always exact.

    Attributes
    ----------
    edges_ : tuple of Edge
        The best graph found.
    score_ : float
        Its score in nats.
    moves_ : int
        Moves made in all.
    """

    def __init__(
        self,
        rules: EdgeConstraints = EdgeConstraints(),
        *,
        tabu: int = 10,
        patience: int = 30,
        restarts: int = 0,
        seed: int = 0,
        candidates: int | None = None,
    ) -> None:
        self.rules = rules
        self.candidates = candidates
        self.tabu = tabu
        self.patience = patience
        self.restarts = restarts
        self.seed = seed

    def fit(
        self,
        score: Score,
        sizes: Sequence[int],
        progress: Callable[[int, float], None] | None = None,
    ) -> HillClimb:
        """Search; `progress` is called with the moves made and the best score."""
        self._score, self._sizes, self._progress = score, tuple(sizes), progress
        self.moves_, self._reported = 0, -np.inf
        graph = self._start()
        best = self._climb(graph)
        rng = np.random.default_rng(self.seed)
        for _ in range(self.restarts):
            shaken = self._climb(self._shake(best, rng))
            if shaken.scores.sum() > best.scores.sum() + 1e-9:
                best = shaken
        return self._constraints(best)

    def take(self, edges: Iterable[Edge], score: Score, sizes: Sequence[int]) -> HillClimb:
        """Instead of searching: these edges, best first, as far as the rules allow.

        An edge that the rules or a circle keep out is turned where that is allowed.
        """
        self._score, self._sizes, self._progress = score, tuple(sizes), None
        self.moves_, self._reported = 0, -np.inf
        graph = self._start()
        left = {tuple(edge) for edge in edges}
        for wanted in (left, {(b, a) for a, b in left}):
            open_ = sorted(wanted)
            while open_:
                open_.sort(key=lambda edge: -graph.add[edge])
                a, b = open_.pop(0)
                joined = graph.parents[b] >> a & 1 or graph.parents[a] >> b & 1
                if not joined and graph.add[a, b] > -np.inf and self._legal(graph, "add", a, b):
                    self._apply(graph, "add", a, b)
        return self._constraints(graph)

    def _constraints(self, best: _Graph) -> HillClimb:
        n = len(self._sizes)
        self.edges_ = tuple((a, b) for b in range(n) for a in _bits(best.parents[b]))
        self.score_ = float(best.scores.sum())
        return self

    # ------------------------------------------------------------------ graphs

    def _start(self) -> _Graph:
        n = len(self._sizes)
        self._open = np.ones((n, n), np.bool_)
        self._logs = np.log2(np.asarray(self._sizes, dtype=float))
        self._linked = np.zeros((n, n), np.bool_)
        for a, b in self.rules.linked:
            self._linked[a, b] = self._linked[b, a] = True
        is_wide = self.candidates is not None and self.candidates < n - 1
        self._lazy_from = 1 if is_wide else LAZY_FROM
        graph = _Graph(
            [0] * n,
            np.zeros(n),
            np.full((n, n), -np.inf),
            np.full((n, n), -np.inf),
            np.zeros((n, n), np.bool_),
        )
        rules = self.rules
        if rules.required & rules.forbidden:
            raise PopulaceError("An edge is both required and forbidden: keep one of the two.")
        for a, b in sorted(rules.required):
            if a == b or _is_above(_families(graph.parents), b, a, True):
                raise PopulaceError("The required edges form a circle: leave one of them out.")
            graph.parents[b] |= 1 << a
        for pair in sorted(rules.linked):
            if any(graph.parents[b] >> a & 1 for a, b in (pair, pair[::-1])):
                continue
            for a, b in (pair, pair[::-1]):
                if (a, b) not in rules.forbidden and not _is_above(
                    _families(graph.parents), b, a, True
                ):
                    graph.parents[b] |= 1 << a
                    break
        for b in range(n):
            graph.scores[b] = self._score(b, _bits(graph.parents[b]))
        for b in range(n):
            self._refresh(graph, b)
        if self.candidates is not None and self.candidates < n - 1:
            ranked = np.argsort(-graph.add, axis=0, kind="stable")[: self.candidates]
            chosen = np.zeros((n, n), np.bool_)
            np.put_along_axis(chosen, ranked, True, axis=0)
            self._open = chosen | chosen.T
            graph.add[~self._open] = -np.inf
        return graph

    def _refresh(self, graph: _Graph, b: int, *, grown: bool = False) -> None:
        """Work out the gains of every change to b's parents.

        Where b has `grown` to a few parents, gains below zero stand until they matter.
        """
        mask = graph.parents[b]
        full = mask.bit_count() >= self.rules.max_parents
        is_lazy = grown and mask.bit_count() >= self._lazy_from
        for a in range(len(self._sizes)):
            known = graph.add[a, b]
            graph.add[a, b] = graph.drop[a, b] = -np.inf
            graph.stale[a, b] = False
            if a == b:
                continue
            if mask >> a & 1:
                if (a, b) not in self.rules.required:
                    fewer = self._score(b, _bits(mask & ~(1 << a)))
                    graph.drop[a, b] = fewer - graph.scores[b]
            elif not full and self._open[a, b] and (a, b) not in self.rules.forbidden:
                if is_lazy and -np.inf < known < 0.0:
                    graph.add[a, b], graph.stale[a, b] = known, True
                else:
                    self._settle(graph, a, b)

    def _settle(self, graph: _Graph, a: int, b: int) -> None:
        """Work out the gain of adding a -> b."""
        more = self._score(b, _bits(graph.parents[b] | 1 << a))
        graph.add[a, b] = more - graph.scores[b] if more > -np.inf else -np.inf
        graph.stale[a, b] = False

    # ------------------------------------------------------------------ moves

    def _legal(self, graph: _Graph, move: str, a: int, b: int) -> bool:
        return bool(
            _is_legal(
                _families(graph.parents),
                self._logs,
                self._linked,
                float(self.rules.max_states),
                MOVES.index(move),
                a,
                b,
            )
        )

    def _apply(self, graph: _Graph, move: str, a: int, b: int) -> None:
        if move == "add":
            graph.parents[b] |= 1 << a
        else:
            graph.parents[b] &= ~(1 << a)
        changed = [b]
        if move == "turn":
            graph.parents[a] |= 1 << b
            changed.append(a)
        for v in changed:
            graph.scores[v] = self._score(v, _bits(graph.parents[v]))
            self._refresh(graph, v, grown=move == "add" or v == a)
        self.moves_ += 1

    def _best_move(
        self, graph: _Graph, tabu: deque[tuple[str, int, int]], least: float
    ) -> tuple[float, str, int, int] | None:
        """The legal move with the largest gain above `least`."""
        n = len(self._sizes)
        refused = np.zeros((len(MOVES), n, n), np.bool_)
        for move, a, b in tabu:
            refused[MOVES.index(move), a, b] = True
        families = _families(graph.parents)
        while True:
            gain, kind, a, b, is_stale = _best_change(
                graph.add,
                graph.drop,
                graph.stale,
                refused,
                families,
                self._logs,
                self._linked,
                float(self.rules.max_states),
                least,
            )
            if kind < 0:
                return None
            if not is_stale:
                return gain, MOVES[kind], a, b
            self._settle(graph, *((b, a) if kind == TURN else (a, b)))

    def _climb(self, graph: _Graph) -> _Graph:
        best, stale = graph.copy(), 0
        tabu: deque[tuple[str, int, int]] = deque(maxlen=max(self.tabu, 1))
        undo = {"add": "drop", "drop": "add", "turn": "turn"}
        while True:
            best_move = self._best_move(graph, tabu, -np.inf if self.patience else 1e-9)
            if best_move is None:
                return best
            _, move, a, b = best_move
            self._apply(graph, move, a, b)
            tabu.append((undo[move], b, a) if move == "turn" else (undo[move], a, b))
            if graph.scores.sum() > best.scores.sum() + 1e-9:
                best, stale = graph.copy(), 0
                self._tell(float(best.scores.sum()))
            else:
                stale += 1
                if stale > self.patience:
                    return best

    def _tell(self, score: float) -> None:
        """Report a score better than any before; restarts begin lower and say nothing."""
        if self._progress is not None and score > self._reported:
            self._reported = score
            self._progress(self.moves_, score)

    def _shake(self, graph: _Graph, rng: np.random.Generator) -> _Graph:
        """A copy with a few random legal changes."""
        graph = graph.copy()
        n = len(self._sizes)
        for _ in range(max(3, n // 2)):
            for _ in range(100):
                a, b = (int(v) for v in rng.integers(0, n, 2))
                move = MOVES[int(rng.integers(0, 3))]
                gain = {
                    "add": graph.add[a, b],
                    "drop": graph.drop[a, b],
                    # Plain numbers: of infinite gains the sum is no number, in silence.
                    "turn": float(graph.drop[a, b]) + float(graph.add[b, a]),
                }[move]
                if np.isfinite(gain) and self._legal(graph, move, a, b):
                    self._apply(graph, move, a, b)
                    break
        return graph
