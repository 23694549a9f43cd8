"""How the rows of a family follow from their parent and from each other.

What a row may look at (its *context*) is cut into codes: what the parent is and what it plans for
its rows, the row's place and how many follow, the sibling before and the first one, and what is
left of the plan. A network over the context and the row's own columns is learned in which nothing
points at the context; so drawing a row needs one look-up a column, and no inference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from synth.bayes.coding import Coding
from synth.bayes.counting import Codes
from synth.bayes.graph import topological_order
from synth.bayes.parameters import Backoff
from synth.bayes.random import stream_key
from synth.bayes.scores import FamilyScore
from synth.bayes.structure import EdgeConstraints, HillClimb
from synth.data.column import Column
from synth.data.schema import Schema
from synth.linked.factors import Factors, learn_factors
from synth.linked.features import Rows, codes_of
from synth.linked.kernels import LEVELS, NUMBER, SAME, STEP, Program, run
from synth.linked.plans import MANY, Grouped, Plan

CUTS = 11
"""Parts into which a number of the context is cut."""
NEEDS = 19
"""Parts into which what is left of a plan is cut: it decides the last rows."""
COARSE = 7
"""Parts of the parent's numbers."""
SHOWN = 11
"""Levels of the parent's columns that are told apart; the others count as one."""
BINS = 24
"""Codes of a row's own numbers, at most."""
CANDIDATES = 14
"""Columns and slots among which each column chooses what it looks at."""
WIDEST = 200
"""Codes of what a factor looks at, at most."""


@dataclass(frozen=True, eq=False)
class Slot:
    """Something of the parent that rows may look at.

    Attributes
    ----------
    column : str
        The parent's column.
    edges : float64 array
        Where a number is cut; empty for levels.
    codes : int16 array
        For levels, the code of each state, missing last.
    """

    column: str
    edges: np.ndarray
    codes: np.ndarray

    @property
    def size(self) -> int:
        """How many codes there are."""
        return int(self.codes.max()) + 1 if len(self.codes) else len(self.edges) + 2

    @staticmethod
    def of(column: Column, values: pd.Series) -> Slot:
        """Cut a column where its values lie."""
        if column.is_number:
            numbers = values.to_numpy(np.float64, na_value=np.nan)
            return Slot(column.name, _edges(numbers, COARSE), np.zeros(0, np.int16))
        states = codes_of(values, len(column.levels))
        counts = np.bincount(states, minlength=len(column.levels) + 1)
        codes = np.zeros(len(counts), np.int16)
        common = np.sort(np.argsort(-counts, kind="stable")[:SHOWN])
        codes[common] = np.arange(len(common))
        rest = np.setdiff1d(np.arange(len(counts)), common)
        codes[rest] = len(common) if counts[rest].any() else 0
        return Slot(column.name, np.zeros(0), codes)

    def encode(self, values: pd.Series) -> np.ndarray:
        """The code of each of the parent's values; int16."""
        if len(self.codes):
            return self.codes[codes_of(values, len(self.codes) - 1)]
        numbers = values.to_numpy(np.float64, na_value=np.nan)
        codes = np.searchsorted(self.edges, numbers, side="left").astype(np.int16)
        codes[np.isnan(numbers)] = len(self.edges) + 1
        return codes


class Prepared(NamedTuple):
    """What rows of some parents are drawn from.

    Attributes
    ----------
    counts : int64 array, shape (parents,)
        How many rows each has.
    plan, begin : float64 array
        As `Plan.targets` gives them.
    static : int16 array, shape (parents, slots)
        What rows look at of their parent, as codes.
    """

    counts: np.ndarray
    plan: np.ndarray
    begin: np.ndarray
    static: np.ndarray

    def part(self, places: np.ndarray) -> Prepared:
        """The same of some of the parents."""
        return Prepared(*(each[places] for each in self))


@dataclass(frozen=True, eq=False)
class Siblings:
    """The rows of a family, given their parent.

    Attributes
    ----------
    plan : Plan
        What the parent's columns say of its rows: how many, from when, what on average.
    columns : tuple of Column
        The rows' columns, in canonical form.
    slots : tuple of Slot
        What is looked at of the parent; the first slots of the program.
    program : Program
        How rows are drawn.
    context : tuple of str
        What each slot of the program is, in words.
    """

    plan: Plan
    columns: tuple[Column, ...]
    slots: tuple[Slot, ...]
    program: Program
    context: tuple[str, ...]

    @property
    def looks(self) -> dict[str, tuple[str, ...]]:
        """What each column looks at: slots and columns in words."""
        names = (*self.context, *(column.name for column in self.columns))
        p = self.program
        return {
            column.name: tuple(
                names[k] for k in p.parents[p.parent_start[j] : p.parent_start[j + 1]]
            )
            for j, column in enumerate(self.columns)
        }

    def with_known(self, column: str, by: str, bound: float) -> Siblings:
        """The same, with rows that know a column exactly where another is `bound` or more.

        Nothing changes where rows cannot be drawn so: the other column comes later, or the column
        is one that is often as in the sibling before.
        """
        names, p = [c.name for c in self.columns], self.program
        j, other = names.index(column), names.index(by)
        turn = p.turn.tolist()
        known = len(self.columns[j].levels) if p.kind[j] == LEVELS else int(p.bins[j])
        if p.kind[j] in (SAME, STEP) or turn.index(other) > turn.index(j) or known != p.size[j] - 1:
            return self
        known_by, known_from = p.known_by.copy(), p.known_from.copy()
        known_by[j], known_from[j] = other, bound
        return replace(self, program=p._replace(known_by=known_by, known_from=known_from))

    @property
    def schema(self) -> Schema:
        """The rows' columns."""
        return Schema(self.columns)

    def draw(self, parents: pd.DataFrame, numbers: np.ndarray, seed: int) -> Rows:
        """Rows of some parents.

        Parameters
        ----------
        parents : DataFrame
            Their columns, the plan's among them, in canonical dtypes.
        numbers : int64 array, shape (parents,)
            The parents' numbers: each has random numbers of its own.
        seed : int
            Of the random numbers.

        Returns
        -------
        Rows
            As many as the plan says.
        """
        return self.draw_prepared(self.prepare(parents, numbers, seed), numbers, seed)

    def prepare(
        self, parents: pd.DataFrame, numbers: np.ndarray | None = None, seed: int = 0
    ) -> Prepared:
        """What rows of some parents are drawn from, however often; arguments as in `draw`."""
        counts, plan, begin = self.plan.targets(parents, numbers, seed)
        static = np.zeros((len(parents), len(self.context)), np.int16)
        for s, slot in enumerate(self.slots):
            static[:, s] = slot.encode(parents[slot.column])
        return Prepared(counts, plan, begin, static)

    def draw_prepared(self, prepared: Prepared, numbers: np.ndarray, seed: int) -> Rows:
        """Rows of parents that `prepare` has looked at; as `draw`."""
        counts, plan, begin, static = prepared
        rows = int(counts.sum())
        codes = np.empty((len(self.columns), rows), np.int16)
        values = np.empty((len(self.columns), rows))
        key = stream_key(seed, f"rows\x1f{self.plan.table}")
        _run(self.program, counts, static, plan, begin, codes, values, key, numbers, draws=True)
        return Rows(self.schema, counts, values)

    def log_probability(
        self, parents: pd.DataFrame, counts: np.ndarray, values: np.ndarray
    ) -> np.ndarray:
        """log P(rows' codes | parent) of whole families; shape (parents,).

        Parameters
        ----------
        parents : DataFrame
            As in `draw`.
        counts : int64 array, shape (parents,)
            Rows of each, which its plan must say too.
        values : float64 array, shape (columns, rows)
            Levels alone (as codes): a value's place within its code does not count.
        """
        _, plan, begin, static = self.prepare(parents)
        codes = _same_codes(self.program, values, counts)
        logs = np.zeros(len(parents))
        numbers = np.zeros(len(parents), np.int64)
        _run(self.program, counts, static, plan, begin, codes, values, np.uint64(1), numbers,
             draws=False, logs=logs)  # fmt: skip
        return logs


def frame_of(rows: Rows) -> pd.DataFrame:
    """Drawn rows in canonical dtypes."""
    data = {c.name: _series(c, rows.values[j]) for j, c in enumerate(rows.schema)}
    return pd.DataFrame(data, index=pd.RangeIndex(rows.values.shape[1]), copy=False)


def _run(
    program: Program,
    counts: np.ndarray,
    static: np.ndarray,
    plan: np.ndarray,
    begin: np.ndarray,
    codes: np.ndarray,
    values: np.ndarray,
    key: np.uint64,
    numbers: np.ndarray,
    *,
    draws: bool,
    context: np.ndarray | None = None,
    needs: np.ndarray | None = None,
    logs: np.ndarray | None = None,
) -> None:
    run(
        program,
        counts,
        static,
        plan,
        begin,
        codes,
        values,
        np.zeros((0, 0), np.int16) if context is None else context,
        np.zeros((0, 0)) if needs is None else needs,
        np.zeros(0) if logs is None else logs,
        key,
        numbers,
        draws,
    )


# ---------------------------------------------------------------------- learning


def learn_siblings(
    plan: Plan,
    schema: Schema,
    frame: pd.DataFrame,
    parents: pd.DataFrame,
    parent_schema: Schema,
    *,
    max_parents: int = 4,
    seed: int = 0,
) -> Siblings:
    """Learn how rows follow from their parents and siblings.

    Parameters
    ----------
    plan : Plan
        What is known of the rows beforehand.
    schema : Schema
        The rows' columns.
    frame : DataFrame
        The rows, family by family.
    parents : DataFrame
        Their parents with the plan's columns.
    parent_schema : Schema
        The parents' columns.
    max_parents : int
        How much a column may look at.
    seed : int
        Of the folds.
    """
    columns = schema.columns
    counts, targets, begin = plan.targets(parents)
    codings, codes, values = _coded(plan, columns, frame, counts)
    for j, column in enumerate(columns):
        if plan.kinds[column.name] == NUMBER:  # a single row is what its family came to
            targets[:, j] = np.where(counts == 1, Grouped(counts).mean(values[j]), targets[:, j])
    slots = [Slot.of(column, parents[column.name]) for column in parent_schema]
    slots = [slot for slot in slots if slot.size > 1]
    # 1. Every slot there could be, and what is left of the plan, which says where to cut it.
    whole, names, sizes = _all_slots(plan, columns, codings, values, counts, slots)
    static = np.zeros((len(parents), len(names)), np.int16)
    for s, slot in enumerate(slots):
        static[:, s] = slot.encode(parents[slot.column])
    needs = np.full(values.shape, np.nan)
    arguments = (counts, static, targets, begin, codes, values, np.uint64(1), counts)
    _run(whole, *arguments, draws=False, needs=needs)
    cuts = [_edges(needs[j], NEEDS) for j in range(len(columns))]
    whole = whole._replace(
        need_start=_starts([len(c) for c in cuts]), need_edges=np.concatenate([*cuts, np.zeros(0)])
    )
    for j, s in enumerate(whole.need):
        if s >= 0:
            sizes[s] = len(cuts[j]) + 2
    # 2. What every row sees.
    context = np.zeros((len(names), values.shape[1]), np.int16)
    _run(whole, *arguments, draws=False, context=context)
    every = Codes(np.concatenate([context, codes]), [*sizes, *(c.size for c in codings)])
    # 3. Which of it matters.
    order = _family_order(counts, seed)
    edges, backoff = _searched(every, len(names), whole, order, max_parents, seed)
    # 4. What the tables leave out.
    size = f"{plan.table} rows"
    together = [whole.left, names.index(size) if size in names else -1]
    factors = _factors(every, len(names), whole, edges, together, order, counts, seed)
    return _finished(
        plan, columns, codings, tuple(slots), whole, names, every, edges, backoff, factors
    )


def _family_order(counts: np.ndarray, seed: int) -> np.ndarray:
    """The rows, whole families after each other in random order."""
    order = np.random.default_rng(seed).permutation(len(counts))
    begin = np.cumsum(counts) - counts
    inside = np.arange(int(counts.sum())) - np.repeat(
        np.cumsum(counts[order]) - counts[order], counts[order]
    )
    return np.repeat(begin[order], counts[order]) + inside


def _turn(
    kind: np.ndarray, number: int, edges: Sequence[tuple[int, int]]
) -> tuple[dict[int, list[int]], list[int]]:
    """What each column's table looks at, and the columns in the order in which they are drawn."""
    above = {j: [a for a, b in edges if b == number + j] for j in range(len(kind))}
    graph = {str(j): tuple(str(a - number) for a in above[j] if a >= number) for j in above}
    turn = [int(j) for j in topological_order(graph)]
    turn.sort(key=lambda j: kind[j] != STEP)
    return above, turn


def _factors(
    codes: Codes,
    number: int,
    program: Program,
    edges: Sequence[tuple[int, int]],
    together: Sequence[int],
    order: np.ndarray,
    counts: np.ndarray,
    seed: int,
) -> tuple[Factors, ...]:
    """What each column's table is multiplied by; needs are looked at `together` with some slots.

    The fewer rows a family has, or the fewer follow, the more hangs on what is left of the plan.
    """
    above, turn = _turn(program.kind, number, edges)
    begin = np.repeat(np.cumsum(counts) - counts, counts)
    starts = np.arange(codes.rows) == begin
    out = []
    for j in range(len(program.kind)):
        size = codes.sizes[number + j]
        if size < 2:
            out.append(Factors())
            continue
        steps = program.kind[j] == STEP
        before = [number + other for other in turn[: turn.index(j)]]
        slots = [s for s in range(number) if not (steps and s == program.now)]
        some = [s for s in (*slots, *before) if 2 <= codes.sizes[s] <= WIDEST]
        candidates: list[tuple[int, ...]] = [(s,) for s in some if s not in above[j]]
        needs = [int(s) for s in program.need if s >= 0]
        candidates += [(s, other) for other in together if other >= 0 for s in needs]
        never = np.zeros((0, 0), bool)
        if program.kind[j] == SAME:
            never = np.zeros((codes.rows, size), bool)
            never[starts, -1] = True
        drawn = ~starts if steps else np.ones(codes.rows, bool)
        out.append(
            learn_factors(codes, number + j, above[j], candidates, order, drawn, never, seed)
        )
    return tuple(out)


def _searched(
    codes: Codes,
    slots: int,
    program: Program,
    order: np.ndarray,
    max_parents: int,
    seed: int,
) -> tuple[tuple[tuple[int, int], ...], Backoff]:
    """Edges, none of which points at the context; folds hold whole families."""
    backoff = Backoff(codes, seed, keep_order=max_parents, order=order)
    nodes = range(len(codes.sizes))
    forbidden = {(a, b) for b in range(slots) for a in nodes}
    steps = {slots + j for j, kind in enumerate(program.kind) if kind == STEP}
    forbidden |= {(slots + j, step) for step in steps for j in range(len(program.kind))}
    # A distance comes before the value that it leads to.
    forbidden |= {(program.now, step) for step in steps if program.now >= 0}
    constant = {v for v in nodes if codes.sizes[v] < 2}
    forbidden |= {(a, b) for a in nodes for b in nodes if a in constant or b in constant}
    rules = EdgeConstraints(
        forbidden=frozenset(forbidden), max_parents=max_parents, max_states=1 << 62
    )
    candidates = CANDIDATES if len(nodes) > CANDIDATES + 1 else None
    search = HillClimb(rules, patience=5, seed=seed, candidates=candidates)
    search.fit(FamilyScore("predictive", codes, backoff), codes.sizes)
    return search.edges_, backoff


def _finished(
    plan: Plan,
    columns: Sequence[Column],
    codings: Sequence[Coding],
    slots: tuple[Slot, ...],
    whole: Program,
    names: Sequence[str],
    every: Codes,
    edges: Sequence[tuple[int, int]],
    backoff: Backoff,
    factors: Sequence[Factors],
) -> Siblings:
    """The program with the slots that somebody looks at."""
    number = len(names)
    above, turn = _turn(whole.kind, number, edges)
    seen = [*above.values(), *(pair for some in factors for pair in some.slots)]
    used = sorted({a for some in seen for a in some if a < number})
    place = {a: i for i, a in enumerate(used)}
    place |= {number + j: len(used) + j for j in range(len(columns))}
    tables, parents, strides = [], [], []
    for j in range(len(columns)):
        table = backoff.table(number + j, above[j]).reshape(-1, every.sizes[number + j])
        if whole.kind[j] == STEP and table.shape[1] > 1:
            # "No sibling before" is what first rows have; it is never drawn.
            table[:, -1] = 0.0
            mass = table.sum(axis=1, keepdims=True)
            table = np.where(mass > 0, table / np.where(mass > 0, mass, 1.0), 1.0)
        sums = np.cumsum(table, axis=1)
        sums = (sums / sums[:, -1:]).astype(np.float32)
        tables.append(sums.ravel())
        shape = [every.sizes[a] for a in above[j]]
        parents.append([place[a] for a in above[j]])
        strides.append([math.prod(shape[k + 1 :]) for k in range(len(shape))])
    flat = [(s, t) for some in factors for s, t in zip(some.slots, some.tables, strict=True)]

    def kept(some: np.ndarray) -> np.ndarray:
        return np.array([place.get(int(a), -1) if a >= 0 else -1 for a in some], np.int64)

    def renumbered(slot: int) -> int:
        return place.get(slot, -1) if slot >= 0 else -1

    program = whole._replace(
        turn=np.array(turn, np.int64),
        parent_start=_starts([len(p) for p in parents]),
        parents=np.array([a for some in parents for a in some], np.int64),
        strides=np.array([a for some in strides for a in some], np.int64),
        table_start=_starts([len(t) for t in tables])[:-1],
        cumulative=np.concatenate(tables),
        before=kept(whole.before),
        first=kept(whole.first),
        need=kept(whole.need),
        place=renumbered(whole.place),
        left=renumbered(whole.left),
        now=renumbered(whole.now),
        then=renumbered(whole.then),
        factor_start=_starts([len(some.slots) for some in factors]),
        factor_slot=np.array([place[s[0]] for s, _ in flat], np.int64),
        factor_with=np.array([place[s[1]] if len(s) > 1 else -1 for s, _ in flat], np.int64),
        factor_width=np.array([every.sizes[s[1]] if len(s) > 1 else 1 for s, _ in flat], np.int64),
        factor_base=_starts([t.size for _, t in flat])[:-1],
        factors=np.concatenate([*(t.ravel() for _, t in flat), np.zeros(0)]).astype(np.float32),
    )
    looked = tuple(slots[a] for a in used if a < len(slots))
    return Siblings(plan, tuple(columns), looked, program, tuple(names[a] for a in used))


def _coded(
    plan: Plan, columns: Sequence[Column], frame: pd.DataFrame, counts: np.ndarray
) -> tuple[list[Coding], np.ndarray, np.ndarray]:
    """Codings, codes int16 and values float64, shape (columns, rows); see `Program`."""
    rows = len(frame)
    begin = np.repeat(np.cumsum(counts) - counts, counts)
    starts = np.arange(rows) == begin
    codings, codes, values = [], np.empty((len(columns), rows), np.int16), []
    for j, column in enumerate(columns):
        series = frame[column.name]
        kind = plan.kinds[column.name]
        if kind in (NUMBER, STEP):
            numbers = series.to_numpy(np.float64, na_value=np.nan)
            values.append(numbers)
            if kind == STEP:
                series, column = _distances(numbers, starts, column)
            coding = Coding.learn(column, series, BINS)
            codes[j] = coding.encode(series)
        else:
            states = codes_of(series, len(column.levels))
            values.append(states.astype(np.float64))
            coding = Coding(column)
            codes[j] = states
            if kind == SAME:
                # One code more, whatever the levels are called.
                numbered = tuple(str(i) for i in range(len(column.states) + 1))
                coding = Coding(Column(column.name, "categorical", numbered))
                before = np.r_[-1, states[:-1]]
                codes[j, (states == before) & ~starts] = coding.size - 1
        codings.append(coding)
    return codings, codes, np.stack(values)


def _distances(numbers: np.ndarray, starts: np.ndarray, column: Column) -> tuple[pd.Series, Column]:
    """How far each row's order is from the one before; missing in first rows."""
    distance = np.r_[np.nan, np.diff(numbers)]
    distance[starts] = np.nan
    if np.isnan(distance).all():
        distance[:] = 0.0  # no family has two rows
    known = distance[~np.isnan(distance)]
    return pd.Series(distance), Column(
        column.name,
        "real",
        missing=True,
        lower=float(known.min()),
        upper=float(known.max()),
        step=column.step,
    )


def _same_codes(program: Program, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Codes of levels: their values, "as before" where a column has that code."""
    codes = values.astype(np.int16)
    begin = np.repeat(np.cumsum(counts) - counts, counts)
    follows = np.arange(values.shape[1]) > begin
    for j, kind in enumerate(program.kind):
        if kind == SAME:
            same = follows & (values[j] == np.r_[-1.0, values[j, :-1]])
            codes[j, same] = program.size[j] - 1
    return codes


def _all_slots(
    plan: Plan,
    columns: Sequence[Column],
    codings: Sequence[Coding],
    values: np.ndarray,
    counts: np.ndarray,
    slots: Sequence[Slot],
) -> tuple[Program, list[str], list[int]]:
    """A program whose tables are empty, the names of its slots, and their sizes."""
    names = [slot.column for slot in slots]
    sizes = [slot.size for slot in slots]

    def slot(name: str, size: int) -> int:
        names.append(name)
        sizes.append(size)
        return len(names) - 1

    kinds = [plan.kinds[column.name] for column in columns]
    several = counts.max(initial=0) > 1
    place_edges, left_edges = _places(counts), _places(counts)
    place = slot("place", len(place_edges) + 1) if several else -1
    left = slot("rows that follow", len(left_edges) + 1) if several else -1
    before, first, need, cuts, now_edges = [], [], [], [], np.zeros(0)
    now = then = -1
    for j, (column, coding, kind) in enumerate(zip(columns, codings, kinds, strict=True)):
        number = kind in (NUMBER, STEP)
        numbers = values[j] if kind != STEP else _known_distances(values[j], counts)
        cut = _edges(numbers, CUTS) if number else np.zeros(0)
        cuts.append(cut)
        size = len(cut) + 3 if number else coding.size + 1
        looks = several and (number or size <= MANY + 3)
        before.append(slot(f"{column.name} before", size) if looks else -1)
        first.append(slot(f"{column.name} of the first", size) if looks and kind != STEP else -1)
        planned = plan.has_target(column.name) and several
        need.append(slot(f"{column.name} left of the plan", 2) if planned else -1)
        if kind == STEP:
            now_edges = _edges(values[j], CUTS)
            now = slot(f"{column.name} here", len(now_edges) + 1)
            then = slot(f"{column.name} so far", len(now_edges) + 1) if several else -1
    width = len(columns)
    pieces = [coding.pieces for coding in codings]
    bins = [0 if p is None else p.bins for p in pieces]
    bin_start, piece_start, sums, firsts, spans = [], [0], [], [], []
    for p in pieces:
        bin_start.append(len(piece_start) - 1)
        if p is None:
            continue
        for a, b in zip(p.starts[:-1], p.starts[1:], strict=True):
            share = np.cumsum(p.weight[a:b])
            sums.append(share / share[-1])
            firsts.append(p.first[a:b])
            spans.append(p.last[a:b] - p.first[a:b] + 1)
            piece_start.append(piece_start[-1] + int(b - a))
    none = np.zeros(0)
    program = Program(
        kind=np.array(kinds, np.int64),
        size=np.array([coding.size for coding in codings], np.int64),
        turn=np.array(sorted(range(width), key=lambda j: kinds[j] != STEP), np.int64),
        parent_start=np.zeros(width + 1, np.int64),
        parents=np.zeros(0, np.int64),
        strides=np.zeros(0, np.int64),
        table_start=np.zeros(width, np.int64),
        cumulative=np.ones(max((c.size for c in codings), default=1), np.float32),
        bins=np.array(bins, np.int64),
        bin_start=np.array(bin_start, np.int64),
        piece_start=np.array(piece_start, np.int64),
        piece_sum=np.concatenate([*sums, none]),
        piece_first=np.concatenate([*firsts, none]).astype(np.float64),
        piece_span=np.concatenate([*spans, none]).astype(np.float64),
        scale=np.array([1.0 if p is None else float(c.value(1.0)) for c, p in
                        zip(codings, pieces, strict=True)]),
        before=np.array(before, np.int64),
        first=np.array(first, np.int64),
        need=np.array(need, np.int64),
        edge_start=_starts([len(c) for c in cuts]),
        edges=np.concatenate([*cuts, none]),
        need_start=np.zeros(width + 1, np.int64),
        need_edges=none,
        place=place,
        left=left,
        now=now,
        then=then,
        place_edges=place_edges,
        left_edges=left_edges,
        now_edges=now_edges,
        factor_start=np.zeros(width + 1, np.int64),
        factor_slot=np.zeros(0, np.int64),
        factor_with=np.zeros(0, np.int64),
        factor_width=np.zeros(0, np.int64),
        factor_base=np.zeros(0, np.int64),
        factors=np.zeros(0, np.float32),
        known_by=np.full(width, -1, np.int64),
        known_from=np.zeros(width),
    )  # fmt: skip
    return program, names, sizes


def _known_distances(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Distances from row to row, 0 in first rows, as the program keeps them."""
    begin = np.repeat(np.cumsum(counts) - counts, counts)
    distance = np.r_[0.0, np.diff(values)]
    distance[np.arange(len(values)) == begin] = 0.0
    return distance


def _places(counts: np.ndarray) -> np.ndarray:
    """Cuts of a row's number: each of the first ones alone, then ever more together."""
    most = int(counts.max(initial=1))
    ends = [0, 1, 2, 3, 5, 8, 13, 21]
    return np.array([end + 0.5 for end in ends if end < most - 1])


def _edges(values: np.ndarray, parts: int) -> np.ndarray:
    """Where numbers are cut so that parts hold about as many each; heaps stand alone."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.zeros(0)
    distinct = np.unique(known)
    if len(distinct) <= parts:
        return (distinct[:-1] + distinct[1:]) / 2
    at = np.quantile(known, np.arange(1, parts) / parts, method="lower")
    at = np.unique(at)
    # Between a value and the next one there is.
    after = distinct[np.minimum(np.searchsorted(distinct, at, side="right"), len(distinct) - 1)]
    return np.unique((at + after) / 2)


def _series(column: Column, values: np.ndarray) -> Any:
    """Drawn values as pandas wants them in canonical form."""
    if column.kind == "categorical":
        codes = values.astype(np.int16)
        codes[codes >= len(column.levels)] = -1
        return pd.Categorical.from_codes(codes, dtype=column.dtype, validate=False)
    if column.kind == "boolean":
        if column.missing:
            return pd.arrays.BooleanArray(values == 1.0, values == 2.0)
        return values == 1.0
    if column.kind == "real":
        return values
    absent = np.isnan(values)
    whole = np.rint(np.where(absent, 1.0, values)).astype(np.int64)
    return pd.arrays.IntegerArray(whole, absent) if column.missing else whole


def _starts(lengths: Sequence[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
