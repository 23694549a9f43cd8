"""From a table to a network: codes, structure, tables."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, Literal

import numpy as np

from synth.bayes.additive import SELECTION, AdditiveSearch, Effects
from synth.bayes.classes import NumberClasses
from synth.bayes.coding import Coding
from synth.bayes.counting import Codes
from synth.bayes.gaussian import Gaussian
from synth.bayes.network import Network
from synth.bayes.onsets import onset_limits
from synth.bayes.parameters import Backoff
from synth.bayes.pgmpy_bridge import Method, PgmpySearch
from synth.bayes.scores import FamilyScore, ScoreName
from synth.bayes.skips import skip_limits
from synth.bayes.structure import EdgeConstraints, HillClimb, against_tiers
from synth.data.schema import Schema
from synth.data.table import Table
from synth.errors import PopulaceError

BINS = 24
"""Bins of a number, at most."""
WIDE, CANDIDATES = 40, 16
"""In tables of more columns than `WIDE`, each chooses its parents among so many others."""
TRIED = 8
"""Families of a kind whose time is taken before a search."""
MAX_PARENTS = 4
"""Parents of a column that act together, at most."""
ADDITIVE_PARENTS = 6
"""Parents of a column whose effects add up, at most, beside those that act together."""
NEVER = 12.0
"""A pair of codes that nobody has is held impossible when chance alone would give it this often."""
FUNCTION = 100.0
"""A column settles another when that was so of this many people of whom chance alone would have
made an exception."""

NamedEdge = tuple[str, str]


class NetworkLearner:
    """Learns a mixed Bayesian network from a table, as scikit-learn's estimators do.

    Parameters
    ----------
    score : {"predictive", "k2", "bic", "bdeu"}
        What the structure search maximises; see `scores`. "k2" is the paper's; "predictive" looks
        for what predicts unseen people and gives the most faithful samples.
    max_parents : int
        The most parents whose joint effect on a column is learned.
    additive_parents : int, optional
        The most parents that a column may have beyond them, each with an effect of its own; see
        `additive`. Chosen by what predicts unseen people, so with the "predictive" score and our
        own search alone, and in tables of at most `WIDE` columns. If not given, none where
        `max_parents` is less than usual, else `ADDITIVE_PARENTS`.
    smooth_bins : bool
        Whether tables of one parent may lean on neighbouring bins of a number; see `smoothing`.
        For tables of few people whose numbers are tied closely.
    classes : int
        Into how many classes a number is put, at most, on which other columns may depend instead of
        its bins; see `classes`. None if 0. For tables of many numbers that are tied to each other.
    required, forbidden : sequence of (parent, child)
        Edges that must or must not be there.
    tiers : sequence of sequence of str
        Columns in the order in which their facts come about: no edge leads from a later tier to an
        earlier one, unless it is required. Columns in no tier are free.
    weights : str or None
        The column that weighs rows; without it every row counts once.
    gaussian : sequence of str
        Numbers to model by conditional linear Gaussians as in the paper, instead of pieces. They
        are nobody's parents but each other's.
    bins : int
        Into how many states a number is cut, at most, when other columns depend on it.
    search : {"hill-climb", "pc", "ges", "tree"}
        How the structure is looked for: by our own search, or by one of pgmpy's; see `interop`.
    restarts, seed : int
        Restarts of the search, and the seed of restarts and of cross-validation's folds.

    Attributes
    ----------
    network_ : Network
        The learned network.
    score_ : float
        The score in nats of the arrows that were searched for.
    additive_ : frozenset of (parent, child)
        The arrows of additive parents, which joined after the search.
    families_ : int
        Families whose score was worked out.

    Examples
    --------
    >>> learner = NetworkLearner(score="k2").fit(table)
    >>> learner.network_.given(Evidence.parse("marital=married", table.schema)).probability

    References
    ----------
    Deeva, Mossyayev, Kalyuzhnaya, section 3.1; Bubnova, Deeva, Kalyuzhnaya (2021), MIxBN.
    """

    def __init__(
        self,
        *,
        score: ScoreName = "predictive",
        max_parents: int = MAX_PARENTS,
        additive_parents: int | None = None,
        smooth_bins: bool = False,
        classes: int = 0,
        required: Sequence[NamedEdge] = (),
        forbidden: Sequence[NamedEdge] = (),
        tiers: Sequence[Sequence[str]] = (),
        weights: str | None = None,
        gaussian: Sequence[str] = (),
        bins: int = BINS,
        search: Literal["hill-climb"] | Method = "hill-climb",
        restarts: int = 3,
        seed: int = 0,
    ) -> None:
        self.score = score
        self.max_parents = max_parents
        if additive_parents is None:
            additive_parents = ADDITIVE_PARENTS if max_parents >= MAX_PARENTS else 0
        self.additive_parents = additive_parents
        self.smooth_bins = smooth_bins
        self.classes = classes
        self.required = required
        self.forbidden = forbidden
        self.tiers = tiers
        self.weights = weights
        self.gaussian = gaussian
        self.bins = bins
        self.search = search
        self.restarts = restarts
        self.seed = seed

    def fit(
        self,
        table: Table,
        progress: Callable[[int, float], None] | None = None,
        expected: Callable[[float], None] | None = None,
    ) -> NetworkLearner:
        """Learn.

        Parameters
        ----------
        table : Table
            The people.
        progress : callable, optional
            Is called with the moves made and the best score so far.
        expected : callable, optional
            Is called once, before our search begins, with the seconds that it may take; pgmpy's
            are not judged.

        Returns
        -------
        NetworkLearner
            Itself.
        """
        # 1. Which columns, and how much each row counts.
        schema = table.schema.modelled
        weights = _weights(table, self.weights)
        if self.weights is not None and self.weights in schema:
            schema = schema.without(self.weights)
        names = schema.names
        if not names:
            raise PopulaceError("The table has no column to learn from: give one the role model.")
        number = {name: i for i, name in enumerate(names)}
        for name in self.gaussian:
            if not schema[name].is_number:
                raise PopulaceError(
                    f"Column {name} holds no numbers and cannot be Gaussian: leave it out."
                )
        # 2. Codes.
        codings = {
            name: Coding.learn(
                schema[name], table.frame[name], self.bins, weights, _limits(table, schema, name)
            )
            for name in names
        }
        encoded = {name: codings[name].encode(table.frame[name]) for name in names}
        for name, coding in _cut_at_onsets(codings, encoded, table).items():
            codings[name], encoded[name] = coding, coding.encode(table.frame[name])
        classes = self._classes(codings, encoded)
        schema = Schema((*schema, *(each.column for each in classes)))
        names = schema.names
        number = {name: i for i, name in enumerate(names)}
        codes = Codes(
            np.stack([encoded[name] for name in names]),
            [codings[name].size for name in names],
            weights,
        )
        # 3. What nobody can have, then the structure.
        impossible, linked = _impossible(codes, schema)
        ordered = {}
        if self.smooth_bins:
            bins = {name: codings[name].pieces for name in names}
            ordered = {number[name]: p.bins for name, p in bins.items() if p is not None}
            ordered |= {number[each.column.name]: len(each.column.levels) for each in classes}
        backoff = Backoff(
            codes, self.seed, impossible, keep_order=self.max_parents, ordered=ordered
        )
        score = FamilyScore(self.score, codes, backoff)
        own = [(each.column.name, each.number) for each in classes]
        required = frozenset(self._edges([*self.required, *own], number))
        tiers = [
            [*tier, *(name for name, of in own if of in tier and name not in tier)]
            for tier in self.tiers
        ]
        backwards = frozenset(self._edges(against_tiers(tiers), number))
        rules = EdgeConstraints(
            required=required,
            forbidden=frozenset(self._edges(self.forbidden, number))
            | (backwards - required)
            | {
                (number[g], number[name])
                for g in self.gaussian
                for name in names
                if name not in self.gaussian
            },
            linked=linked,
            max_parents=self.max_parents,
        )
        search: HillClimb | PgmpySearch = (
            HillClimb(
                rules,
                restarts=self.restarts,
                seed=self.seed,
                candidates=CANDIDATES if len(names) > WIDE else None,
            )
            if self.search == "hill-climb"
            else PgmpySearch(self.search, codes, rules)
        )
        if expected is not None and self.search == "hill-climb":
            seconds = expected_seconds(
                score, codes, self.max_parents, self.restarts, further=self._seeks_further(names)
            )
            expected(seconds)
        search.fit(score, codes.sizes, progress)
        # 4. Tables, further parents, and regressions for the Gaussian columns.
        above: dict[str, tuple[str, ...]] = {
            name: tuple(names[a] for a, b in search.edges_ if b == number[name]) for name in names
        }
        coded = [name for name in names if name not in self.gaussian]
        tables = {
            name: backoff.table(number[name], [number[p] for p in above[name]]) for name in coded
        }
        further = self._additive(codes, backoff, rules, impossible, search, number, progress)
        for child, effects in further.items():
            name = names[child]
            tables[name] = effects.extended(backoff.table(child, effects.base))
            above[name] = tuple(names[p] for p in (*effects.base, *effects.parents))
        for each in classes:
            axis = above[each.number].index(each.column.name)
            alone = backoff.table(number[each.number], ())
            tables[each.number] = each.within(tables[each.number], axis, alone)
        self.additive_ = frozenset(
            (names[parent], names[child])
            for child, effects in further.items()
            for parent in effects.parents
            if (parent, child) not in search.edges_
        )
        gaussians = self._regressions(table, codings, codes, above, number, weights)
        self.score_, self.families_ = search.score_, score.calls
        self._family_score, self._number = score, number
        self.network_ = Network(
            schema,
            {name: codings[name] for name in coded},
            {name: above[name] for name in coded},
            tables,
            gaussians,
            {
                "rows": codes.rows,
                "table": table.digest,
                "score": self.score,
                "search": self.search,
                "score_nats": round(search.score_, 3),
                "max_parents": self.max_parents,
                "additive_parents": self.additive_parents,
                **({"additive": sorted(map(list, self.additive_))} if self.additive_ else {}),
                **({"smooth_bins": True} if self.smooth_bins else {}),
                **({"classes": self.classes} if self.classes else {}),
                **({"class_of": dict(own)} if own else {}),
                "bins": self.bins,
                "seed": self.seed,
                "weights": self.weights,
                **({"tiers": [list(tier) for tier in self.tiers]} if self.tiers else {}),
            },
        )
        return self

    def _classes(
        self, codings: dict[str, Coding], encoded: dict[str, np.ndarray]
    ) -> tuple[NumberClasses, ...]:
        """The classes of numbers, which join the codings and the codes."""
        out = []
        for name in list(codings) if self.classes else ():
            if name in self.gaussian:
                continue
            each = NumberClasses.learn(codings[name], encoded[name], self.classes, codings)
            if each is not None:
                codings[each.column.name] = Coding(each.column)
                encoded[each.column.name] = each.of[encoded[name]].astype(encoded[name].dtype)
                out.append(each)
        return tuple(out)

    def _seeks_further(self, names: Collection[str]) -> bool:
        """Whether columns may gain parents beyond those of the search."""
        is_sought = self.additive_parents > 0 and self.search == "hill-climb"
        return is_sought and self.score == "predictive" and len(names) <= WIDE

    def _additive(
        self,
        codes: Codes,
        backoff: Backoff,
        rules: EdgeConstraints,
        impossible: Mapping[tuple[int, int], np.ndarray],
        search: HillClimb | PgmpySearch,
        number: Mapping[str, int],
        progress: Callable[[int, float], None] | None,
    ) -> dict[int, Effects]:
        """Further parents of the columns with codes, where the settings ask for any."""
        if not (self._seeks_further(number) and isinstance(search, HillClimb)):
            return {}
        coded = [number[name] for name in number if name not in self.gaussian]
        families = {c: tuple(a for a, b in search.edges_ if b == c) for c in coded}
        further = AdditiveSearch(
            codes,
            families,
            rules,
            impossible,
            most=self.additive_parents,
            seed=self.seed,
            ordered=backoff.ordered,
        )
        moves, score = search.moves_, search.score_
        return further.fit(
            backoff.table,
            None if progress is None else lambda gain: progress(moves, score + gain),
        )

    def score_of(self, edges: Iterable[NamedEdge]) -> float:
        """The score in nats of other edges, on the people (and folds) that were learned from.

        Minus infinity where a family is too large to be considered.
        """
        pairs = self._edges(tuple(edges), self._number)
        above = {child: [a for a, b in pairs if b == child] for child in self._number.values()}
        if any(len(parents) > self.max_parents for parents in above.values()):
            return -math.inf
        return sum(self._family_score(child, parents) for child, parents in above.items())

    def _edges(
        self, edges: Sequence[NamedEdge], number: Mapping[str, int]
    ) -> list[tuple[int, int]]:
        out = []
        for parent, child in edges:
            for name in (parent, child):
                if name not in number:
                    raise PopulaceError(
                        f"The edge {parent} → {child} names {name}, which is not a modelled "
                        "column: correct the name."
                    )
            out.append((number[parent], number[child]))
        return out

    def _regressions(
        self,
        table: Table,
        codings: Mapping[str, Coding],
        codes: Codes,
        above: Mapping[str, tuple[str, ...]],
        number: Mapping[str, int],
        weights: np.ndarray | None,
    ) -> dict[str, Gaussian]:
        left, done = list(self.gaussian), {}
        while left:
            name = next(n for n in left if not any(p in left for p in above[n]))
            left.remove(name)
            given = {
                p: (codes.values[number[p]], codings[p].size)
                for p in above[name]
                if p not in self.gaussian
            }
            linear = {
                p: table.frame[p].to_numpy(dtype=float) for p in above[name] if p in self.gaussian
            }
            values = table.frame[name].to_numpy(dtype=float, na_value=np.nan)
            done[name] = Gaussian.learn(codings[name].column, values, given, linear, weights)
        return done


def expected_seconds(
    score: FamilyScore,
    codes: Codes,
    max_parents: int = 4,
    restarts: int = 3,
    *,
    further: bool = True,
) -> float:
    """How long our search may take here and now, judged by some of the table's own families.

    How many families a search scores follows from the number of columns: about five for each pair,
    and where columns choose among candidates, each pair once and some hundred for each column. An
    estimate, right within a factor of about two.

    Parameters
    ----------
    score : FamilyScore
        Scores families; what is scored here need not be scored again.
    codes : Codes
        The people.
    max_parents, restarts : int
        Of the search.
    further : bool
        Whether columns may gain further parents.

    Returns
    -------
    float
        Seconds.
    """
    columns = len(codes.sizes)
    if columns < 2:
        return 0.0
    rng = np.random.default_rng(0)
    most = min(max_parents, columns - 1, 3)

    def each(parents: int) -> float:
        """Seconds that a family of so many parents takes."""
        begun = time.perf_counter()
        for _ in range(TRIED):
            child, *above = (int(c) for c in rng.permutation(columns)[: parents + 1])
            score(child, above)
        return (time.perf_counter() - begun) / TRIED

    score(0, range(1, most + 1))  # compiled code is loaded by the first
    pair = each(min(most, 1))
    more = (each(min(most, 2)) + each(most)) / 2
    # Three quarters of the work are in the first climb: restarts meet families that are known.
    share = 0.75 + 0.25 * (1 + restarts) / 4
    moves = share * (1.5 * columns + 120)
    searching = moves * (1e-3 + 0.45e-6 * columns**2)
    if columns <= WIDE:
        joining = 1.1e-7 * columns**2 * min(codes.rows, SELECTION) if further else 0.0
        return columns**2 * (pair + 4 * share * more) + searching + joining
    return columns**2 * pair + 95 * columns * share * more + searching


def learn(
    table: Table, progress: Callable[[int, float], None] | None = None, **settings: Any
) -> Network:
    """The network that a `NetworkLearner` with these settings learns from a table."""
    return NetworkLearner(**settings).fit(table, progress).network_


def _limits(table: Table, schema: Schema, name: str) -> np.ndarray | None:
    """Where a number decides which other columns are known."""
    if not schema[name].is_number:
        return None
    others = [other for other in schema.names if other != name and schema[other].missing]
    return skip_limits(table.frame[name], table.frame[others]) if others else None


def _cut_at_onsets(
    codings: Mapping[str, Coding], encoded: Mapping[str, np.ndarray], table: Table
) -> dict[str, Coding]:
    """New codings of the numbers inside whose bins levels of other columns begin or end."""
    levels = [(encoded[name], c.size) for name, c in codings.items() if c.pieces is None]
    out = {}
    for name, coding in codings.items():
        if coding.pieces is None or not levels:
            continue
        numbers = table.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        limits = onset_limits(coding, numbers, levels)
        if len(limits):
            out[name] = coding.cut_at(limits)
    return out


def _weights(table: Table, name: str | None) -> np.ndarray | None:
    """Row weights that sum to the number of rows."""
    if name is None:
        return None
    if name not in table.frame.columns:
        raise PopulaceError(
            f"There is no weights column {name} in the table: name a column of numbers."
        )
    if not table.schema[name].is_number:
        raise PopulaceError(f"The weights column {name} holds no numbers: name another column.")
    weights = table.frame[name].to_numpy(dtype=float, na_value=np.nan)
    if np.isnan(weights).any() or (weights < 0).any() or not weights.sum() > 0:
        raise PopulaceError(
            f"The weights column {name} has missing or negative values: mend them first."
        )
    return weights * (len(weights) / weights.sum())


def _impossible(
    codes: Codes, schema: Schema
) -> tuple[dict[tuple[int, int], np.ndarray], frozenset[tuple[int, int]]]:
    """Pairs of codes that nobody has, and that are not rare alone; see `_never`.

    Columns that share levels and never agree (a first and a second interest) exclude every
    shared level, also a rare one, and are to be linked. Where a column settles another (years of
    school the degree), every other pair is excluded, also of rare codes.
    """
    names = schema.names
    ones = [codes.count((c,)) for c in range(len(names))]
    out: dict[tuple[int, int], np.ndarray] = {}
    linked = set()
    for a, b in combinations(range(len(names)), 2):
        if codes.cells((a, b)) > 1 << 20:
            continue
        counts = codes.count((a, b)).reshape(codes.shape((a, b)))
        chance = np.outer(ones[a], ones[b]) / max(codes.rows, 1)
        never = _never(counts, chance)
        never |= _settled(counts, ones[b]) | _settled(counts.T, ones[a]).T
        first, second = (
            schema[name].levels if schema[name].role == "model" else ()
            for name in (names[a], names[b])
        )
        shared = [(i, second.index(level)) for i, level in enumerate(first) if level in second]
        if len(shared) > 2:
            rows, columns = np.array(shared).T
            if counts[rows, columns].sum() == 0 and chance[rows, columns].sum() >= NEVER:
                never[rows, columns] = True
                linked.add((a, b))
        if never.any():
            out[a, b], out[b, a] = never, never.T
    return out, frozenset(linked)


def _never(counts: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Which empty cells are held impossible: chance alone would bring about `NEVER` or more there.

    Some of these are rare alone, as very high readings of two numbers that fall with each other.
    About as many cells of rare pairs are empty as hold one person, or two (Good 1953, "The
    population frequencies of species"); so many, and two standard deviations more, are left
    possible, those of the least chance.

    Parameters
    ----------
    counts, chance : float64 array, shape (codes, other codes)
        People, and how many chance alone would bring about.
    """
    often = chance >= NEVER
    never = often & (counts == 0)
    rare = 0.5 * np.count_nonzero(often & (counts > 0) & (counts < 2.5))
    left = math.ceil(rare + 2.0 * math.sqrt(rare))
    if left:
        never[never] = np.argsort(np.argsort(chance[never], kind="stable")) >= left
    return never


def _settled(counts: np.ndarray, child: np.ndarray) -> np.ndarray:
    """Which cells a column excludes because its codes settle the child's; none where they do not.

    Parameters
    ----------
    counts : float64 array, shape (codes, child's codes)
        People.
    child : float64 array, shape (child's codes,)
        People of each.
    """
    total = counts.sum(axis=1)
    only = counts.argmax(axis=1)
    if (counts.max(axis=1) < total).any():
        return np.zeros(counts.shape, bool)
    exceptions = 1.0 - child[only] / max(child.sum(), 1.0)
    if (np.maximum(total - 1.0, 0.0) * exceptions).sum() < FUNCTION:
        return np.zeros(counts.shape, bool)
    return (counts == 0) & (total > 0)[:, None]
