"""Further parents, whose effects on a column add up.

How the parents of a family act together takes people in each combination of their states, so the
search can afford only a few. Beyond them a column may depend a little on many others. Each of these
multiplies the column's chances by its own effects and no further interaction is learned,

    P(x | a, e₁ … e_k) ∝ P(x | a) · φ₁(x, e₁) · … · φ_k(x, e_k),

a log-linear model with the family's table as its base; see `log_linear`. Which parents join, and
how many pseudo-people hold their effects near one, is decided by cross-validation, so that
memorising does not pay. The result is a table like any other: every answer stays exact. What exact
answers cost grows with each parent, so those join first that gain most for what they cost, and none
beyond a limit.

References
----------
Bishop, Fienberg, Holland (1975), "Discrete Multivariate Analysis", chapter 3. As conditional
tables: Koller and Friedman (2009), section 5.4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numba import njit

from synth.bayes.counting import Codes
from synth.bayes.log_linear import LogLinear
from synth.bayes.parameters import Backoff, SeenRows
from synth.bayes.structure import EdgeConstraints, clique_states

Tables = Callable[[int, Sequence[int]], np.ndarray]
"""Gives the table of a column and its parents."""

PSEUDO = (2.0, 8.0, 32.0, 128.0)
"""The pseudo-people of a state that are tried."""
SELECTION = 40_000
"""Parents are chosen by at most so many people; effects are then fitted by all."""
SCREENED = 8
"""So many candidates of a column are fitted: those whose residuals are largest."""
ROUNDS, LAST_ROUNDS = 2, 12
"""Rounds of proportional fitting, while parents are chosen and at the end."""
NEVER = 6.0
"""A state that nobody has in a combination of parents, though effects that add up would give it to
so many: then they act together."""
CELLS = 1 << 20
"""The most cells of a table with its further parents."""
COST = 2.0
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
        sizes = [effect.shape[0] for effect in self.tables]
        out = np.empty((*table.shape[:-1], *sizes, table.shape[-1]))
        joined = np.concatenate([np.zeros(0), *(effect.ravel() for effect in self.tables)])
        flat = np.ascontiguousarray(table).ravel()
        _extend(flat, joined, np.array(sizes, np.int64), table.shape[-1], out.reshape(-1))
        return out


@njit(cache=True, nogil=True)
def _extend(
    table: np.ndarray, effects: np.ndarray, sizes: np.ndarray, size: int, out: np.ndarray
) -> None:
    """See `Effects.extended`; everything flat, effects side by side."""
    more = sizes.shape[0]
    digit, places = np.zeros(more, np.int64), np.zeros(more, np.int64)
    combinations = 1
    for j in range(more):
        places[j] = 0 if j == 0 else places[j - 1] + sizes[j - 1] * size
        combinations *= sizes[j]
    to = 0
    for at in range(0, table.shape[0], size):
        digit[:] = 0
        for _ in range(combinations):
            for x in range(size):
                out[np.uintp(to + x)] = table[np.uintp(at + x)]
            for j in range(more):
                begin = places[j] + digit[j] * size
                for x in range(size):
                    out[np.uintp(to + x)] *= effects[np.uintp(begin + x)]
            mass = 0.0
            for x in range(size):
                mass += out[np.uintp(to + x)]
            scale = 1.0 / mass if mass > 0.0 else 0.0
            for x in range(size):
                if mass > 0.0:
                    out[np.uintp(to + x)] *= scale
                else:
                    out[np.uintp(to + x)] = table[np.uintp(at + x)]
            to += size
            j = more - 1
            while j >= 0:
                digit[j] += 1
                if digit[j] < sizes[j]:
                    break
                digit[j] = 0
                j -= 1


# ---------------------------------------------------------------------- one column


@dataclass
class _Option:
    """A parent that a column may gain; `effects` of all its further parents, for each half."""

    parent: int
    pseudo: float
    score: float
    gain: float
    effects: list[list[np.ndarray]]


@dataclass
class _State:
    """A column while its further parents are chosen.

    `base` are the parents that act together. There are a model and a list of effects for each half
    of the people: with its table, fitted by it, judged by the other.
    """

    base: tuple[int, ...]
    models: tuple[LogLinear, LogLinear]
    score: float
    parents: list[int] = field(default_factory=list)
    effects: list[list[np.ndarray]] = field(default_factory=lambda: [[], []])
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
        self._seed = seed
        order = np.random.default_rng(seed).permutation(codes.rows)
        self._people = codes.part(order[:SELECTION])
        half, rows = self._people.rows // 2, self._people.rows
        self._halves = (0, half), (half, rows)
        self._noise = 0.5 * math.log(max(rows, 2)) + 1.0
        self.gain = 0.0

    def fit(
        self, tables: Tables, progress: Callable[[float], None] | None = None
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
            state.effects, state.pseudo, state.score = option.effects, option.pseudo, option.score
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
        """Each column as the search left it.

        A parent that serves better by an effect of its own than together with the others is moved.
        """
        people, half = self._people, self._people.rows // 2
        backoffs = [
            Backoff(
                people.part(part),
                self._seed,
                self.impossible,
                keep_order=max((len(p) for p in self.families.values()), default=0),
                ordered=self._ordered,
            )
            for part in (slice(0, half), slice(half, people.rows))
        ]
        states = {}
        for child, base in self.families.items():
            state = self._state(child, base, backoffs)
            state.score = sum(
                model.log_likelihood((), (), *other) for model, _, other in self._judged(state)
            )
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
        """A column whose parents all act together, not judged yet."""
        people, parents = self._people, sorted(base)
        seen = SeenRows.among(people, parents)
        first, second = (each.rows(child, parents, seen) for each in backoffs)
        model = self._model(people, child, first, seen.row.astype(np.int64))
        return _State(base, (model, replace(model, base=second)), 0.0)

    def _model(self, people: Codes, child: int, table: np.ndarray, row: np.ndarray) -> LogLinear:
        """A column's people, whose chances are rows of a table."""
        return LogLinear(
            table,
            row,
            people.values[child],
            people.values,
            people.sizes,
            people.row_weights,
        )

    def _moved(self, child: int, state: _State, parent: int, backoffs: Sequence[Backoff]) -> _State:
        """The column with one of the parents that act together as a further parent."""
        rest = tuple(other for other in state.base if other != parent)
        new = self._state(child, rest, backoffs)
        new.parents, new.effects, new.pseudo = state.parents, state.effects, state.pseudo
        option = self._option(child, new, parent)
        new.parents, new.effects = [*state.parents, parent], option.effects
        new.pseudo, new.score = option.pseudo, option.score
        return new

    def _excludes(self, child: int, state: _State) -> bool:
        """Whether combinations of a column's parents rule out more than their effects do."""
        people = self._people
        seen = SeenRows.among(people, (*state.base, *state.parents))
        # One more covariate to count by: all parents together, as far as anybody has them.
        by = np.vstack([people.values, seen.row[None]])
        sizes = (*people.sizes, len(seen.rows))
        together = [len(people.sizes)]
        expected = np.zeros((sizes[-1], people.sizes[child]))
        observed = np.zeros_like(expected)
        for model, effects, (low, high) in self._judged(state):
            whole = replace(model, by=by, sizes=sizes)
            observed += whole.observed(together, low, high)[0]
            expected += whole.expected(state.parents, effects, together, low, high)[0]
        return bool((expected[observed == 0] >= NEVER).any())

    def _judged(
        self, state: _State
    ) -> Iterator[tuple[LogLinear, list[np.ndarray], tuple[int, int]]]:
        """The models and effects of a column, and the people who judge each."""
        return zip(state.models, state.effects, reversed(self._halves), strict=True)

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
        residual = np.zeros(len(candidates))
        for model, effects, (low, high) in self._judged(state):
            observed = model.observed(candidates, low, high)
            expected = model.expected(state.parents, effects, candidates, low, high)
            residual += [
                ((o - e) ** 2 / (e + 1.0)).sum() for o, e in zip(observed, expected, strict=True)
            ]
        size = self.codes.sizes[child]
        free = [2 * (self.codes.sizes[c] - 1) * (size - 1) for c in candidates]
        ranked = np.argsort(-(residual - free), kind="stable")[:SCREENED]
        options = (self._option(child, state, candidates[i]) for i in ranked)
        return [option for option in options if option.gain > self._noise]

    def _option(self, child: int, state: _State, parent: int) -> _Option:
        """A parent with the pseudo-people that serve best."""
        parents = [*state.parents, parent]
        new = self._neutral(child, parent)
        first, second = (state.models[0].grouped(parents, *half) for half in self._halves)
        best, score, effects = LogLinear.best_prior(
            state.models,
            (first, second),
            ([*state.effects[0], new], [*state.effects[1], new]),
            PSEUDO,
            PSEUDO.index(state.pseudo),
            ROUNDS,
        )
        return _Option(parent, PSEUDO[best], score, score - state.score, effects)

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

    def _effects(self, child: int, state: _State, tables: Tables) -> Effects:
        """The effects of a column's chosen parents, fitted by all people."""
        codes = self.codes
        row = np.zeros(codes.rows, np.int64)
        for parent in state.base:
            row = row * codes.sizes[parent] + codes.values[parent]
        table = tables(child, state.base).reshape(-1, codes.sizes[child])
        model = self._model(codes, child, table, row)
        begin = [self._neutral(child, parent) for parent in state.parents]
        effects = model.fitted(state.parents, begin, state.pseudo, rounds=LAST_ROUNDS)
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
