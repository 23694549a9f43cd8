"""Further parents, whose effects on a column add up.

How the parents of a family act together takes people in each combination of their states, so the
search can afford only a few. Beyond them a column may depend a little on many others. Each of these
multiplies the column's chances by its own effects and no further interaction is learned,

    P(x | a, e₁ … e_k) ∝ P(x | a) · φ₁(x, e₁) · … · φ_k(x, e_k),

a log-linear model with the family's table as its offset. The effects are fitted by a few rounds of
iterative proportional fitting, each of which pseudo-people hold back towards one (with many rounds
their hold wears off); which parents join, and how strongly they are held, is decided by
cross-validation, so that memorising does not pay. The result is a table like
any other: every answer stays exact. What exact answers cost grows with each parent, so those join
first that gain most for what they cost, and none beyond a limit.

References
----------
Bishop, Fienberg, Holland (1975), "Discrete Multivariate Analysis", chapters 3 and 12. Deming and
Stephan (1940). As conditional tables: Koller and Friedman (2009), section 5.4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numba import njit

from synth.bayes.counting import Codes
from synth.bayes.parameters import Backoff
from synth.bayes.structure import EdgeConstraints, clique_states

PSEUDO = (2.0, 8.0, 32.0, 128.0)
"""The pseudo-people of a state that are tried."""
SELECTION = 40_000
"""Parents are chosen by at most so many people; effects are then fitted by all."""
SCREENED = 4
"""So many candidates of a column are fitted: those whose residuals are largest."""
SWEEPS, LAST_SWEEPS = 1, 6
"""Rounds of proportional fitting, while parents are chosen and at the end."""
NEVER = 6.0
"""A state that nobody has in a combination of parents, though effects that add up would give it to
so many: then they act together."""
CELLS = 1 << 18
"""The most cells of a table with its further parents."""
COST = 1.5
"""What all cliques together may grow by."""
LIGHT = 1 << 18
"""Cliques that together have no more states than this may always be."""


@dataclass(frozen=True, eq=False)
class Effects:
    """The further parents of a column.

    Attributes
    ----------
    base : tuple of int
        The parents that act together.
    parents : tuple of int
        The others, in the order in which they joined.
    tables : tuple of float64 array
        φ of each, shape (parent's size, column's size).
    gain : float
        Nats by which people kept apart are predicted better.
    """

    base: tuple[int, ...]
    parents: tuple[int, ...]
    tables: tuple[np.ndarray, ...]
    gain: float

    def extended(self, table: np.ndarray) -> np.ndarray:
        """The column's table with its further parents.

        Parameters
        ----------
        table : float64 array, shape (*parents' sizes, size)
            Without them.

        Returns
        -------
        float64 array, shape (*parents' sizes, *further parents' sizes, size)
            A row in which nothing could be is the row without them.
        """
        more = len(self.parents)
        size = table.shape[-1]
        before = table.reshape(*table.shape[:-1], *([1] * more), size)
        product = before
        for j, effect in enumerate(self.tables):
            shape = [1] * (table.ndim - 1 + more) + [size]
            shape[table.ndim - 1 + j] = effect.shape[0]
            product = product * effect.reshape(shape)
        mass = product.sum(axis=-1, keepdims=True)
        return np.where(mass > 0, product / np.where(mass > 0, mass, 1.0), before)


# ---------------------------------------------------------------------- compiled


# Places are unsigned, so that nobody asks whether they are negative; see `parameters`.
@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _chances(
    table: np.ndarray, at: int, effects: np.ndarray, places: np.ndarray, chance: np.ndarray
) -> float:
    """Fill `chance` with a row of the table times rows of effects; its sum."""
    size = chance.shape[0]
    for x in range(size):
        chance[np.uintp(x)] = table[np.uintp(at + x)]
    for j in range(places.shape[0]):
        begin = places[j]
        for x in range(size):
            chance[np.uintp(x)] *= effects[np.uintp(begin + x)]
    total = 0.0
    for x in range(size):
        total += chance[np.uintp(x)]
    return total


@njit(cache=True, nogil=True)
def _expected(
    table: np.ndarray,
    row: np.ndarray,
    effects: np.ndarray,
    starts: np.ndarray,
    codes: np.ndarray,
    weights: np.ndarray,
    low: int,
    high: int,
    counted: np.ndarray,
    places: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add how many people are expected in each state, by the codes of each of `counted`.

    `table` has a row for each combination of the parents, `row` says which is a person's. Effects
    stand side by side in `effects`: that of parent j for its code e begins at `starts[j] + e·size`.
    """
    size = table.shape[1]
    flat = table.ravel()
    chance = np.empty(size)
    here = np.empty(codes.shape[0], np.int64)
    for i in range(low, high):
        for j in range(codes.shape[0]):
            here[j] = starts[j] + codes[j, i] * size
        total = _chances(flat, row[i] * size, effects, here, chance)
        if total <= 0.0:
            continue
        scale = weights[i] / total
        for c in range(counted.shape[0]):
            at = places[c] + counted[c, i] * size
            for x in range(size):
                out[np.uintp(at + x)] += chance[np.uintp(x)] * scale


@njit(cache=True, nogil=True)
def _log_likelihood(
    table: np.ndarray,
    row: np.ndarray,
    effects: np.ndarray,
    starts: np.ndarray,
    codes: np.ndarray,
    weights: np.ndarray,
    low: int,
    high: int,
    child: np.ndarray,
) -> float:
    """Σ weight · log P(child's code), as `_expected` takes its arguments."""
    size = table.shape[1]
    flat = table.ravel()
    chance = np.empty(size)
    here = np.empty(codes.shape[0], np.int64)
    out = 0.0
    for i in range(low, high):
        for j in range(codes.shape[0]):
            here[j] = starts[j] + codes[j, i] * size
        total = _chances(flat, row[i] * size, effects, here, chance)
        share = chance[child[i]] / total if total > 0.0 else 0.0
        out += weights[i] * math.log(max(share, 1e-9))
    return out


@njit(cache=True, nogil=True)
def _observed(
    child: np.ndarray,
    codes: np.ndarray,
    weights: np.ndarray,
    low: int,
    high: int,
    size: int,
    places: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add how many people are in each state, by the codes of each column of `codes`."""
    for c in range(codes.shape[0]):
        for i in range(low, high):
            out[places[c] + codes[c, i] * size + child[i]] += weights[i]


# ---------------------------------------------------------------------- one column


@dataclass(frozen=True, eq=False)
class _People:
    """People of whom effects are fitted: codes (columns, people) and what each counts."""

    codes: np.ndarray
    weights: np.ndarray
    sizes: tuple[int, ...]

    @staticmethod
    def of(codes: Codes, chosen: np.ndarray | None = None) -> _People:
        """All people, or those chosen, in that order."""
        weights = codes.weights if len(codes.weights) else np.ones(codes.rows)
        if chosen is None:
            return _People(codes.values, weights, codes.sizes)
        values = np.ascontiguousarray(codes.values[:, chosen])
        return _People(values, weights[chosen], codes.sizes)

    @property
    def rows(self) -> int:
        return self.codes.shape[1]

    def row(self, parents: Sequence[int]) -> np.ndarray:
        """Which row of a family's table is each person's; int64."""
        out = np.zeros(self.rows, np.int64)
        for parent in parents:
            out = out * self.sizes[parent] + self.codes[parent]
        return out

    def places(self, columns: Sequence[int], size: int) -> np.ndarray:
        """Where each column's counts begin, and last how many there are in all."""
        return np.cumsum([0, *(self.sizes[c] * size for c in columns)]).astype(np.int64)


class _Fit:
    """A column's effects on a range of people, fitted and judged.

    Parameters
    ----------
    people : _People
        Of whom.
    child : int
        The column.
    table : float64 array, shape (rows, size)
        Its table without further parents.
    row : int64 array, shape (people,)
        Each person's row.
    """

    def __init__(self, people: _People, child: int, table: np.ndarray, row: np.ndarray) -> None:
        self.people, self.child = people, child
        self.table, self.row = table, row
        self.size = table.shape[1]

    def _whole(
        self, parents: Sequence[int], tables: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """Effects as the compiled code takes them."""
        codes = np.ascontiguousarray(self.people.codes[list(parents)])
        starts = self.people.places(parents, self.size)[:-1]
        joined = np.concatenate([t.ravel() for t in tables]) if len(tables) else np.zeros(0)
        return joined, starts, codes

    def counts(
        self,
        parents: Sequence[int],
        tables: Sequence[np.ndarray],
        counted: Sequence[int],
        low: int,
        high: int,
    ) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """People observed and expected in each state, by the codes of each column of `counted`."""
        places = self.people.places(counted, self.size)
        by = np.ascontiguousarray(self.people.codes[list(counted)])
        observed, expected = np.zeros(places[-1]), np.zeros(places[-1])
        child = self.people.codes[self.child]
        _observed(child, by, self.people.weights, low, high, self.size, places, observed)
        self.expect(parents, tables, by, places, low, high, expected)
        cut = [slice(int(a), int(b)) for a, b in pairwise(places)]
        return (
            [observed[part].reshape(-1, self.size) for part in cut],
            [expected[part].reshape(-1, self.size) for part in cut],
        )

    def expect(
        self,
        parents: Sequence[int],
        tables: Sequence[np.ndarray],
        by: np.ndarray,
        places: np.ndarray,
        low: int,
        high: int,
        out: np.ndarray,
    ) -> None:
        """Add how many people are expected in each state, by each line of `by`."""
        effects, starts, codes = self._whole(parents, tables)
        weights = self.people.weights
        _expected(self.table, self.row, effects, starts, codes, weights, low, high, by, places, out)

    def log_likelihood(
        self, parents: Sequence[int], tables: Sequence[np.ndarray], low: int, high: int
    ) -> float:
        """Of a range of people, in nats."""
        effects, starts, codes = self._whole(parents, tables)
        child = self.people.codes[self.child]
        return _log_likelihood(
            self.table, self.row, effects, starts, codes, self.people.weights, low, high, child
        )

    def fitted(
        self,
        parents: Sequence[int],
        tables: Sequence[np.ndarray],
        pseudo: float,
        low: int,
        high: int,
        sweeps: int,
    ) -> list[np.ndarray]:
        """Effects after rounds of proportional fitting by a range of people, from given ones.

        The last one is fitted first.
        """
        tables = list(tables)
        last = len(parents) - 1
        rounds = [range(last, last + 1), *([range(last + 1)] * sweeps)]
        for some in rounds:
            for j in some:
                parent = parents[j]
                (observed,), (expected,) = self.counts(parents, tables, [parent], low, high)
                tables[j] = tables[j] * ((observed + pseudo) / (expected + pseudo))
        return tables


@dataclass
class _Option:
    """A parent that a column may gain."""

    parent: int
    pseudo: float
    score: float
    gain: float
    tables: tuple[list[np.ndarray], list[np.ndarray]]


@dataclass
class _State:
    """A column while its further parents are chosen; one `_Fit` and one list of effects a fold.

    `base` are the parents that act together.
    """

    base: tuple[int, ...]
    fits: tuple[_Fit, _Fit]
    score: float
    parents: list[int] = field(default_factory=list)
    tables: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    pseudo: float = PSEUDO[-1]
    gain: float = 0.0
    options: list[_Option] = field(default_factory=list)


class AdditiveSearch:
    """Chooses further parents for the columns of a graph, and fits their effects.

    Parameters
    ----------
    codes : Codes
        The people.
    families : mapping of int to tuple of int
        Each column's parents, as the search left them.
    rules : EdgeConstraints
        What arrows must respect; `max_parents` speaks of the families alone.
    impossible : mapping of (column, column) to bool array
        As in `Backoff`: what nobody can have stays impossible.
    most : int
        The most parents that a column gains.
    seed : int
        Which people are in which half, and who of many are chosen by.
    ordered : mapping of int to int, optional
        As in `Backoff`.

    Attributes
    ----------
    gain : float
        Nats by which people kept apart are predicted better, of those who were chosen by.
    """

    def __init__(
        self,
        codes: Codes,
        families: Mapping[int, tuple[int, ...]],
        rules: EdgeConstraints,
        impossible: Mapping[tuple[int, int], np.ndarray],
        *,
        most: int,
        seed: int,
        ordered: Mapping[int, int] | None = None,
    ) -> None:
        self._ordered = ordered
        self.codes, self.rules, self.impossible = codes, rules, impossible
        self.most = most
        self.families = {child: tuple(parents) for child, parents in families.items()}
        order = np.random.default_rng(seed).permutation(codes.rows)[:SELECTION]
        self._people = _People.of(codes, order)
        self._half = len(order) // 2
        self._seed = seed
        self.gain = 0.0

    def fit(
        self,
        tables: Callable[[int, Sequence[int]], np.ndarray],
        progress: Callable[[float], None] | None = None,
    ) -> dict[int, Effects]:
        """The further parents of the columns that gain any.

        Parameters
        ----------
        tables : callable
            The table of a column and its parents, learned from all people.
        progress : callable, optional
            Gets the nats gained so far, whenever a parent joins.

        Returns
        -------
        dict of int to Effects
            By column.
        """
        columns = len(self.codes.sizes)
        above = [sum(1 << p for p in self.families.get(c, ())) for c in range(columns)]
        states = self._begin()  # moves parents, so that who is above whom stays
        for child, state in states.items():
            state.options = self._options(child, state, above)
        limit = max(COST * clique_states(above, self.codes.sizes)[1], float(LIGHT))
        while True:
            chosen = self._best(states, above, limit)
            if chosen is None:
                break
            child, option = chosen
            state = states[child]
            state.parents.append(option.parent)
            state.tables, state.pseudo, state.score = option.tables, option.pseudo, option.score
            state.gain += option.gain
            self.gain += option.gain
            above[child] |= 1 << option.parent
            state.options = self._options(child, state, above)
            if progress is not None:
                progress(self.gain)
        return {
            child: self._effects(child, state, tables)
            for child, state in states.items()
            if state.parents
        }

    # ------------------------------------------------------------------ choosing

    def _begin(self) -> dict[int, _State]:
        """Each column as the search left it, by tables from the other half of the people.

        A parent that serves better by an effect of its own than together with the others is moved.
        """
        people, half = self._people, self._half
        weighted = len(self.codes.weights) > 0
        backoffs = [
            Backoff(
                Codes(
                    people.codes[:, low:high],
                    people.sizes,
                    people.weights[low:high] if weighted else None,
                ),
                self._seed,
                self.impossible,
                keep_order=max((len(p) for p in self.families.values()), default=0),
                ordered=self._ordered,
            )
            for low, high in ((0, half), (half, people.rows))
        ]
        states = {}
        for child, base in self.families.items():
            state = self._state(child, base, backoffs)
            while len(state.base) > 1:
                moved = [self._moved(child, state, parent, backoffs) for parent in state.base]
                better = [other for other in moved if other.score > state.score]
                better.sort(key=lambda other: -other.score)
                best = next((o for o in better if not self._excludes(child, o)), None)
                if best is None:
                    break
                best.gain = state.gain + best.score - state.score
                state = best
            self.gain += state.gain
            states[child] = state
        return states

    def _state(self, child: int, base: tuple[int, ...], backoffs: Sequence[Backoff]) -> _State:
        """A column whose parents all act together."""
        people, half = self._people, self._half
        row, size = people.row(base), people.sizes[child]
        fits = tuple(
            _Fit(people, child, backoff.table(child, base).reshape(-1, size), row)
            for backoff in backoffs
        )
        others = ((half, people.rows), (0, half))
        score = sum(
            fit.log_likelihood((), (), *other) for fit, other in zip(fits, others, strict=True)
        )
        return _State(base, (fits[0], fits[1]), score)

    def _moved(self, child: int, state: _State, parent: int, backoffs: Sequence[Backoff]) -> _State:
        """The column with one of the parents that act together as a further parent."""
        rest = tuple(other for other in state.base if other != parent)
        new = self._state(child, rest, backoffs)
        new.parents, new.pseudo = state.parents, state.pseudo
        new.tables = state.tables
        option = self._option(child, new, parent)
        new.parents, new.tables = [*state.parents, parent], option.tables
        new.pseudo, new.score = option.pseudo, option.score
        return new

    def _excludes(self, child: int, state: _State) -> bool:
        """Whether combinations of a column's parents rule out more than their effects do."""
        people, half = self._people, self._half
        parents = (*state.base, *state.parents)
        size = people.sizes[child]
        row = people.row(parents).astype(np.int32)[None]
        places = np.array([0], np.int64)
        cells = math.prod(people.sizes[p] for p in parents) * size
        observed, expected = np.zeros(cells), np.zeros(cells)
        _observed(people.codes[child], row, people.weights, 0, people.rows, size, places, observed)
        for fit, tables, low, high in zip(
            state.fits, state.tables, (half, 0), (people.rows, half), strict=True
        ):
            fit.expect(state.parents, tables, row, places, low, high, expected)
        return bool((expected[observed == 0] >= NEVER).any())

    def _allowed(self, child: int, state: _State, above: Sequence[int]) -> list[int]:
        """The columns that may join a column's parents."""
        joined = set(state.parents) - set(self.families[child])
        if len(joined) >= self.most:
            return []
        taken = {child, *state.base, *state.parents}
        cells = self.codes.cells((*state.base, *state.parents, child))
        return [
            parent
            for parent in self.families
            if parent not in taken
            and (parent, child) not in self.rules.forbidden
            and (child, parent) not in self.rules.required
            and cells * self.codes.sizes[parent] <= CELLS
            and not _reaches(above, child, parent)
        ]

    def _options(self, child: int, state: _State, above: Sequence[int]) -> list[_Option]:
        """The parents that people kept apart are predicted better by."""
        candidates = self._allowed(child, state, above)
        if not candidates:
            return []
        half, rows = self._half, self._people.rows
        others = ((half, rows), (0, half))
        residual = np.zeros(len(candidates))
        for fit, tables, (low, high) in zip(state.fits, state.tables, others, strict=True):
            observed, expected = fit.counts(state.parents, tables, candidates, low, high)
            residual += [
                ((o - e) ** 2 / (e + 1.0)).sum() for o, e in zip(observed, expected, strict=True)
            ]
        size = self.codes.sizes[child]
        free = [2 * (self.codes.sizes[c] - 1) * (size - 1) for c in candidates]
        ranked = np.argsort(-(residual - free), kind="stable")[:SCREENED]
        noise = 0.5 * math.log(max(rows, 2)) + 1.0
        options = (self._option(child, state, candidates[i]) for i in ranked)
        return [option for option in options if option.gain > noise]

    def _option(self, child: int, state: _State, parent: int) -> _Option:
        """A parent with the pseudo-people that serve best."""
        begin = PSEUDO.index(state.pseudo)
        tried = {begin: self._tried(child, state, parent, PSEUDO[begin])}
        best = begin
        for step in (-1, 1):
            while 0 <= best + step < len(PSEUDO) and best + step not in tried:
                tried[best + step] = self._tried(child, state, parent, PSEUDO[best + step])
                if tried[best + step].score <= tried[best].score:
                    break
                best += step
        return tried[best]

    def _tried(self, child: int, state: _State, parent: int, pseudo: float) -> _Option:
        half, rows = self._half, self._people.rows
        parents = [*state.parents, parent]
        mine, others = ((0, half), (half, rows)), ((half, rows), (0, half))
        new = self._neutral(child, parent)
        score, fitted = 0.0, []
        for k, fit in enumerate(state.fits):
            tables = fit.fitted(parents, [*state.tables[k], new], pseudo, *mine[k], SWEEPS)
            score += fit.log_likelihood(parents, tables, *others[k])
            fitted.append(tables)
        return _Option(parent, pseudo, score, score - state.score, (fitted[0], fitted[1]))

    def _neutral(self, child: int, parent: int) -> np.ndarray:
        """Effects that change nothing but what nobody can have."""
        effects = np.ones((self.codes.sizes[parent], self.codes.sizes[child]))
        if (parent, child) in self.impossible:
            effects[self.impossible[parent, child]] = 0.0
        return effects

    def _best(
        self, states: Mapping[int, _State], above: Sequence[int], limit: float
    ) -> tuple[int, _Option] | None:
        """The option with the largest gain for what exact answers then cost more."""
        sizes = self.codes.sizes
        now = clique_states(above, sizes)[1]
        best: tuple[float, int, _Option] | None = None
        for child, state in states.items():
            for option in state.options:
                if _reaches(above, child, option.parent):
                    continue
                trial = list(above)
                trial[child] |= 1 << option.parent
                largest, total = clique_states(trial, sizes)
                if largest > self.rules.max_states or total > limit:
                    continue
                worth = option.gain / max(math.log(total / now), 0.02)
                if best is None or worth > best[0]:
                    best = worth, child, option
        return None if best is None else best[1:]

    # ------------------------------------------------------------------ at the end

    def _effects(
        self,
        child: int,
        state: _State,
        tables: Callable[[int, Sequence[int]], np.ndarray],
    ) -> Effects:
        """The effects of a column's chosen parents, fitted by all people."""
        people = _People.of(self.codes)
        table = tables(child, state.base).reshape(-1, self.codes.sizes[child])
        fit = _Fit(people, child, table, people.row(state.base))
        begin = [self._neutral(child, parent) for parent in state.parents]
        effects = fit.fitted(state.parents, begin, state.pseudo, 0, people.rows, LAST_SWEEPS)
        return Effects(state.base, tuple(state.parents), tuple(effects), state.gain)


def _reaches(above: Sequence[int], start: int, goal: int) -> bool:
    """Whether a directed path leads from `start` to `goal`; `above` are parents as bit sets."""
    seen, stack = 1 << goal, [goal]
    while stack:
        parents = above[stack.pop()] & ~seen
        if parents >> start & 1:
            return True
        seen |= parents
        while parents:
            low = parents & -parents
            stack.append(low.bit_length() - 1)
            parents ^= low
    return False
