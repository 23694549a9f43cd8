"""Exact answers: conditioning by eliminating columns, one after another.

Eliminating a column multiplies the tables that mention it and sums it out; what is left at the end
is the probability of the evidence (Zhang and Poole 1994; Dechter 1999). On the way each product,
divided by its sum, is P(column | columns eliminated later, evidence). Read backwards these tables
are themselves a network, and it is the posterior: sampling it forward draws from the true joint
posterior, whether the evidence is upstream or down, likely or one in ten million. Nothing is
rejected and nothing is clamped. A second sweep, backwards, gives the posterior of every column
(the downward pass of a clique tree, Lauritzen and Spiegelhalter 1988).

A posterior takes two things from outside. *Extra factors* are tables that join those of the
network: rules that hold, weights that rake it to margins. A *row transform* turns drawn rows into
finished ones: columns that follow from others, values drawn again inside their bins.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from synth.bayes.budget import BudgetError, current, limited
from synth.bayes.coding import Coding, Likelihood, Pieces
from synth.bayes.elimination import Bucket, Memory, eliminate, elimination_order
from synth.bayes.factors import Factor, sum_axes
from synth.bayes.gaussian import (
    Gaussian,
    GaussianSampler,
    Group,
    Interval,
    posterior_steps,
    prior_steps,
)
from synth.bayes.graph import topological_order
from synth.bayes.marginal import Marginal
from synth.bayes.sampling import Draw, Sampler, check_rows
from synth.data import writers
from synth.data.column import Column
from synth.data.evidence import Between, DateParts, Evidence, Fact, OneOf
from synth.data.schema import Schema
from synth.data.wording import number_text
from synth.errors import ImpossibleError, PopulaceError
from synth.lazy import cached_property

if TYPE_CHECKING:
    from synth.bayes.device import DeviceSampler
    from synth.bayes.network import Network

STREAM_ROWS = 1 << 20
"""Rows held at a time when a sample is written to disk."""
SWEEP_CELLS = 1 << 23
"""Where all columns together take tables of more numbers, each is asked about without the rest."""
SEARCH_SECONDS = 5.0
"""How long facts that exclude each other are looked for, after it is known that they do."""

CutCodings = Mapping[str, tuple[Coding, Pieces | None]]
"""Each column's coding, and the pieces that its values are drawn from, cut to the evidence."""


class ExtraFactors(Protocol):
    """Tables that join those of the network; the probability is normalised by them alone.

    Attributes
    ----------
    columns : tuple of str
        The columns that they speak of; all with codes.
    """

    @property
    def columns(self) -> tuple[str, ...]: ...

    def factors(self, codings: CutCodings) -> Sequence[Factor]:
        """The tables.

        Parameters
        ----------
        codings : mapping of str to (Coding, Pieces or None)
            What the evidence has left of each column's values.

        Returns
        -------
        sequence of Factor
            Non-negative; the scope of each within `columns`.
        """
        ...


class DrawRows(Protocol):
    """How a row transform draws."""

    def __call__(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People number `start` to `start + rows` of the seed, before the transform."""
        ...


class RowTransform(Protocol):
    """What turns drawn rows into finished ones; row i of a seed depends on nothing but both."""

    def finished(
        self,
        draw: DrawRows,
        codings: CutCodings,
        rows: int,
        seed: int,
        *,
        start: int,
        threads: int | None,
    ) -> pd.DataFrame:
        """Finished people number `start` to `start + rows` of the seed.

        Parameters
        ----------
        draw : DrawRows
            Draws from the posterior.
        codings : mapping of str to (Coding, Pieces or None)
            What the evidence has left of each column's values.
        rows, seed, start, threads
            As in `Posterior.sample`.

        Returns
        -------
        DataFrame
            Of `rows` rows; the same columns for every `rows`, with 0 too.
        """
        ...


class Posterior:
    """People of whom some things are known: how common they are, what they are like, and samples.

    Immutable, so threads may share it.

    Parameters
    ----------
    network : Network
        Who the people are.
    evidence : Evidence
        What is known of them.
    do : Evidence
        What is set from outside, without its causes (Pearl's do-operator).
    factors : sequence of ExtraFactors
        Tables that join those of the network.
    transform : RowTransform, optional
        What turns drawn rows into finished ones.
    whole : Posterior, optional
        The same network and factors without evidence and do, where it is at hand: spares working
        it out again.

    Attributes
    ----------
    network, evidence, do, factors, transform
        As above, the facts as the schema writes them. Who makes a posterior of the same five
        elsewhere gets the same people.

    Raises
    ------
    PopulaceError
        The evidence is impossible; the sentence names facts that exclude each other.
    """

    exact = True
    """Probabilities, marginals and samples follow from the model without error."""

    def __init__(
        self,
        network: Network,
        evidence: Evidence | None = None,
        do: Evidence | None = None,
        *,
        factors: Sequence[ExtraFactors] = (),
        transform: RowTransform | None = None,
        whole: Posterior | None = None,
    ) -> None:
        self.network = network
        self.evidence = (evidence or Evidence()).checked(network.schema)
        self.do = (do or Evidence()).checked(network.schema)
        self.factors = tuple(factors)
        self.transform = transform
        both = [name for name in self.do if name in self.evidence]
        if both:
            raise PopulaceError(
                f"The column {both[0]} is both seen and set: keep one of the two facts."
            )
        self._whole = whole
        self._sizes = {name: coding.size for name, coding in network.codings.items()}
        self._cut = _intervene(network, self.do)
        # In the schema's order, so that the same facts in another order draw the same people.
        codings = {n: network.codings[n] for n in network.schema.names if n in network.codings}
        self._question = _Question(codings, self._sizes, self._cut, self.factors, self.evidence)
        self._eliminated = self._question.eliminate()
        if self._eliminated[1] == -math.inf:
            raise ImpossibleError(_contradiction(self._question, self.evidence))

    @property
    def schema(self) -> Schema:
        """The columns that were learned."""
        return self.network.schema.modelled

    # ------------------------------------------------------------------ probability

    @property
    def log_weight(self) -> float:
        """Natural logarithm of the sum over everybody of whom the evidence is true.

        Without extra factors that is `log_probability`; with them it is not normalised.
        """
        return self._eliminated[1]

    @cached_property
    def log_probability(self) -> float:
        """Natural logarithm of `probability`."""
        if not self.factors:
            return self.log_weight
        if not self.evidence:
            return 0.0
        whole = self._whole
        if whole is None or self.do:
            whole = Posterior(self.network, None, self.do, factors=self.factors)
        return min(self.log_weight - whole.log_weight, 0.0)

    @property
    def probability(self) -> float:
        """P(evidence): the share of the population of whom it is true.

        With extra factors, the share of those whom the factors leave.
        """
        return math.exp(self.log_probability)

    @property
    def standard_error(self) -> float:
        """Of `probability`, which is exact: 0."""
        return 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Of `probability`, which is exact: itself, twice."""
        return self.probability, self.probability

    @property
    def note(self) -> str:
        """What is to be said of estimates: nothing."""
        return ""

    # ------------------------------------------------------------------ marginals

    def _sweep(self) -> Iterator[tuple[tuple[str, ...], np.ndarray]]:
        """The joint posterior of each clique of the elimination, last eliminated first."""
        budget = current()
        buckets, _ = self._question.eliminate(self._cut.order)
        joints: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
        place = {bucket.name: i for i, bucket in enumerate(buckets)}
        for bucket in reversed(buckets):
            budget.check()
            if bucket.scope:
                above = min(bucket.scope, key=place.__getitem__)
                scope, joint = joints[above]
                axes = tuple(i for i, name in enumerate(scope) if name not in bucket.scope)
                kept = tuple(name for name in scope if name in bucket.scope)
                weight = sum_axes(joint, axes).transpose([kept.index(v) for v in bucket.scope])
                product = bucket.table(self._sizes) * weight[..., None]
            else:
                product = bucket.table(self._sizes)
            joints[bucket.name] = ((*bucket.scope, bucket.name), product)
            yield joints[bucket.name]

    @cached_property
    def _is_swept(self) -> bool:
        """Whether the marginals of all columns are worked out at once: where that is light."""
        return self._question.is_light(self._cut.order, SWEEP_CELLS)

    @cached_property
    def _alone(self) -> dict[str, np.ndarray]:
        """The marginals that were worked out one by one."""
        return {}

    @cached_property
    def _beliefs(self) -> dict[str, np.ndarray]:
        """The posterior over every column's codes."""
        beliefs = {
            scope[-1]: sum_axes(joint, range(joint.ndim - 1)) for scope, joint in self._sweep()
        }
        return {name: belief / belief.sum() for name, belief in beliefs.items()}

    def families(self) -> Iterator[tuple[str, np.ndarray]]:
        """Each column with codes, and its joint posterior with its parents.

        The joint's shape is (*parents' sizes, size). Columns come in no particular order.
        """
        left = {name: {name, *self._cut.parents[name]} for name in self._cut.order}
        for scope, joint in self._sweep():
            here = [name for name, family in left.items() if family <= set(scope)]
            for name in here:
                family = (*self._cut.parents[name], name)
                axes = tuple(i for i, v in enumerate(scope) if v not in left[name])
                kept = [v for v in scope if v in left[name]]
                table = sum_axes(joint, axes).transpose([kept.index(v) for v in family])
                yield name, table / table.sum()
                del left[name]

    def codes(self, column: str, *, alone: bool = False) -> np.ndarray:
        """The posterior over a column's codes; shape (size,).

        `alone` spares working out all other columns too, where no other is asked about.
        """
        self._known(column)
        if not alone and self._is_swept:
            return self._beliefs[column]
        if column not in self._alone:
            # Columns that are neither asked about, known, nor above such ones sum to one.
            names = self._cut.ancestors([*self._question.relevant, column])
            buckets, _ = self._question.eliminate(names, keep=(column,))
            self._alone[column] = buckets[-1].table(self._sizes)
        return self._alone[column]

    def joint(self, a: str, b: str) -> np.ndarray:
        """The joint posterior over two columns' codes; shape (size of a, size of b)."""
        for name in (a, b):
            if self._known(name) not in self._sizes:
                raise PopulaceError(
                    f"Column {name} is Gaussian and has no states: ask for its marginal."
                )
        if a == b:
            return np.diag(self.codes(a))
        names = self._cut.ancestors([*self._question.relevant, a, b])
        buckets, _ = self._question.eliminate(names, keep=(a, b))
        first, second = (bucket.table(self._sizes) for bucket in buckets[-2:])
        joined = bool(buckets[-2].scope)
        table = first * second[:, None] if joined else np.multiply.outer(second, first)
        return table if buckets[-1].name == a else table.T

    def marginal(self, column: str) -> Marginal:
        """The posterior of a column; exact.

        Where an extra factor cuts a bin in two, single values inside it are those before the
        factor; bins are exact.
        """
        self._known(column)
        if column in self._cut.gaussians:
            return self._gaussian_marginal(column)
        coding, pieces = self._question.codings[column]
        codes = self.codes(column)
        if pieces is None:
            return Marginal(coding.column, coding.labels, codes)
        runs = (pieces.first, pieces.last, codes[pieces.bin] * pieces.weight)
        return Marginal(
            coding.column,
            coding.labels,
            codes,
            runs,
            None,
            coding.per_unit,
            pieces.bin,
            coding.lattice,
        )

    def _known(self, column: str) -> str:
        _ = self.network.schema[column]
        return column

    def _gaussian_marginal(self, name: str) -> Marginal:
        column = self.network.gaussians[name].column
        least, most = column.bounds

        def mass(lower: float | None, upper: float | None) -> float:
            fact = _narrowed(self.evidence.get(name), lower, upper, least, most)
            if fact is None:
                return 0.0
            question = self._question.about({**self.evidence, name: fact})
            return math.exp(question.eliminate()[1] - self.log_weight)

        edges = np.linspace(least, most, 21)
        step = column.step or 0.0
        if step:
            # Each bar holds whole values: those from its edge to just below the next.
            edges = np.unique(np.rint(edges / step)) * step
        lows = [None, *edges[1:-1]]
        shares, labels = [], []
        for i, low in enumerate(lows):
            high = edges[i + 1] if i < len(lows) - 1 else None
            shares.append(mass(low, None if high is None else high - step))
            labels.append(
                f"{column.text(round(edges[i], 6))}–{column.text(round(edges[i + 1], 6))}"
            )
        probabilities = np.array(shares)
        return Marginal(column, tuple(labels), probabilities / probabilities.sum(), None, mass, 1.0)

    # ------------------------------------------------------------------ samples

    @cached_property
    def _sampler(self) -> Sampler:
        buckets, _ = self._eliminated
        eliminated = {bucket.name for bucket in buckets}
        codings = self._question.codings
        draws = [
            Draw(b.name, b.scope, b.factors, codings[b.name][1], b.shared)
            for b in reversed(buckets)
        ]
        for name in self._cut.order:
            if name not in eliminated:
                above = self._cut.parents[name]
                draws.append(Draw(name, above, (self._cut.factors[name],), codings[name][1]))
        gaussian = None
        if self._cut.gaussians:
            steps, linked = [], set()
            for group, _ in self._question.groups:
                steps += posterior_steps(group, _facts_of(group, self.evidence))
                linked |= {member.column.name for member in group.members}
            steps += prior_steps([g for n, g in self._cut.gaussians.items() if n not in linked])
            gaussian = GaussianSampler(steps, self._sizes)
        return Sampler(self.network.codings, draws, gaussian, self.schema.names)

    def sampler(self, columns: Sequence[str]) -> Sampler:
        """What draws some columns of these people, before the row transform, and no others.

        Parameters
        ----------
        columns : sequence of str
            Their names.
        """
        return self._sampler.only(columns)

    def device_sampler(self, device: str) -> DeviceSampler:
        """What draws these people, before the row transform, on a graphics processor.

        Raises
        ------
        PopulaceError
            There is no such device, or it cannot draw these people.
        """
        from synth.bayes.device import DeviceSampler

        return DeviceSampler(self._sampler, device)

    def finished(
        self,
        draw: DrawRows,
        rows: int,
        seed: int = 0,
        *,
        start: int = 0,
        threads: int | None = None,
    ) -> pd.DataFrame:
        """`sample`, where somebody else draws from the tables: `draw` gives the same people."""
        if self.transform is None:
            return draw(rows, seed, start=start, threads=threads)
        return self.transform.finished(
            draw, self._question.codings, rows, seed, start=start, threads=threads
        )

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """Draw people from the joint posterior, in the schema's canonical dtypes.

        Parameters
        ----------
        rows : int
            How many people.
        seed : int
            The same seed gives the same people, whatever the number of threads.
        start : int
            The number of the first one: a sample is people number `start` and on of the seed.
        threads : int, optional
            All processors when None.

        Returns
        -------
        DataFrame
            Exactly `rows` people, finished by the row transform where there is one.

        Raises
        ------
        PopulaceError
            `rows` is negative, or the row transform cannot finish them.
        """
        return self.finished(self._sampler.sample, rows, seed, start=start, threads=threads)

    def sample_arrow(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pa.Table:
        """The same people as an Arrow table, marked as synthetic; levels are dictionaries."""
        if self.transform is None:
            table = self._sampler.sample_arrow(rows, seed, start=start, threads=threads)
            return writers.mark_synthetic(table, seed)
        frame = self.sample(rows, seed, start=start, threads=threads)
        return writers.arrow_table(frame, seed)

    def batches(
        self, rows: int, seed: int = 0, *, threads: int | None = None
    ) -> Iterator[pa.Table]:
        """The same people as Arrow tables of at most `STREAM_ROWS` rows each."""
        check_rows(rows)
        for low in range(0, rows, STREAM_ROWS):
            count = min(STREAM_ROWS, rows - low)
            yield self.sample_arrow(count, seed, start=low, threads=threads)

    def write_parquet(
        self,
        path: str | Path,
        rows: int,
        seed: int = 0,
        *,
        threads: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Stream people to a Parquet file in constant memory; `progress` gets rows written."""
        check_rows(rows)
        schema = self.sample_arrow(0, seed).schema
        tables = self.batches(rows, seed, threads=threads)
        writers.write_parquet(Path(path), tables, schema=schema, progress=progress)


# ---------------------------------------------------------------------- a question as tables


class _Question:
    """The tables whose product, summed over all columns, is the weight of the facts."""

    def __init__(
        self,
        codings: Mapping[str, Coding],
        sizes: Mapping[str, int],
        network: _Intervened,
        extra: Sequence[ExtraFactors],
        facts: Mapping[str, Fact],
    ) -> None:
        self._coding, self._sizes, self._network, self._extra = codings, sizes, network, extra
        likelihoods = {
            name: codings[name].likelihood(facts[name]) for name in codings if name in facts
        }
        self._likelihoods = likelihoods
        self.groups = _groups(network.gaussians, facts, sizes)
        """Gaussian columns that facts link, with P(facts | codes)."""
        self.codings: CutCodings = {
            name: (coding, _pieces(coding, likelihoods.get(name), network.set_to.get(name)))
            for name, coding in codings.items()
        }
        self._factors = [factor for each in extra for factor in each.factors(self.codings)]
        goals = [*likelihoods]
        goals += [name for group, _ in self.groups for name in group.given]
        goals += [name for each in extra for name in each.columns]
        self.relevant = network.ancestors(goals)
        """Columns with evidence or in extra factors, and their ancestors."""

    def words(self, name: str, fact: Fact) -> str:
        """A fact about a column as its table writes it."""
        gaussian = self._network.gaussians.get(name)
        return _words((self._coding[name] if gaussian is None else gaussian).column, fact)

    def about(self, facts: Mapping[str, Fact]) -> _Question:
        """The same question with other facts."""
        return _Question(self._coding, self._sizes, self._network, self._extra, facts)

    def eliminate(
        self, names: Sequence[str] | None = None, keep: Sequence[str] = ()
    ) -> tuple[tuple[Bucket, ...], float]:
        """`elimination.eliminate` of some columns, which hold all relevant ones; or of those."""
        names = self.relevant if names is None else names
        return eliminate(names, self._factors_of(names), self._sizes, keep, self._network.memory)

    def is_light(self, names: Sequence[str], cells: int) -> bool:
        """Whether the tables that eliminating columns makes hold at most so many numbers."""
        scopes = [factor.scope for factor in self._factors_of(names)]
        try:
            with limited(cells=cells):
                elimination_order(names, scopes, self._sizes)
        except BudgetError:
            raise
        except PopulaceError:
            return False
        return True

    def _factors_of(self, names: Sequence[str]) -> list[Factor]:
        """The tables of some columns, and those that speak of the facts."""
        wanted, network = set(names), self._network
        factors = [network.factors[name] for name in network.order if name in wanted]
        factors += [Factor((name,), known.codes) for name, known in self._likelihoods.items()]
        factors += [Factor(group.given, table) for group, table in self.groups]
        return factors + self._factors


def _pieces(coding: Coding, *likelihoods: Likelihood | None) -> Pieces | None:
    """The pieces that a column's values are drawn from."""
    for likelihood in likelihoods:
        if likelihood is not None and likelihood.pieces is not None:
            return likelihood.pieces
    return coding.pieces


# ---------------------------------------------------------------------- contradictions


def _contradiction(question: _Question, facts: Mapping[str, Fact]) -> str:
    """Which facts exclude each other, in a sentence.

    Each fact is tried alone; then facts are dropped one after another as long as those left stay
    impossible, which leaves a set none of whose facts can be spared (the deletion filter of
    Chinneck and Dravnieks 1991); a set of three or more gives way to a pair, where one is found.
    That takes n + n + n (n − 1) / 2 eliminations for n facts, or `SEARCH_SECONDS`: what is known by
    then is said.
    """
    conflict: list[str] = []

    def is_impossible(names: Iterable[str]) -> bool:
        some = {name: facts[name] for name in names}
        try:
            return question.about(some).eliminate()[1] == -math.inf
        except BudgetError:
            raise
        except PopulaceError:
            return False

    try:
        with limited(seconds=SEARCH_SECONDS):
            for name in facts:
                if is_impossible([name]):
                    return (
                        f"Nobody in this population has {question.words(name, facts[name])}: "
                        "choose another value."
                    )
            left = list(facts)
            for name in reversed(list(facts)):
                fewer = [other for other in left if other != name]
                if is_impossible(fewer):
                    left = fewer
            conflict = left
            if len(conflict) > 2:
                pairs = combinations(facts, 2)
                conflict = next((list(pair) for pair in pairs if is_impossible(pair)), conflict)
    except BudgetError:
        current().check()  # the limits of whoever asked; those of the search itself are no error
    words = [question.words(name, facts[name]) for name in conflict]
    if len(words) < 2:
        return "These facts exclude each other: drop or change one of them."
    if len(words) == 2:
        return (
            f"{words[0]} and {words[1]} exclude each other in this population: "
            "drop or change one of them."
        )
    return (
        f"{', '.join(words[:-1])} and {words[-1]} cannot all hold in this population: "
        "drop or change one of them."
    )


# ---------------------------------------------------------------------- the network under do()


@dataclass(frozen=True, eq=False)
class _Intervened:
    """A network in which columns that are set from outside have lost their causes."""

    order: tuple[str, ...]
    parents: Mapping[str, tuple[str, ...]]
    factors: Mapping[str, Factor]
    gaussians: Mapping[str, Gaussian]
    set_to: Mapping[str, Likelihood]
    memory: Memory

    def ancestors(self, names: Iterable[str]) -> tuple[str, ...]:
        """The columns and all their ancestors, parents first."""
        reached: set[str] = set()
        stack = list(names)
        while stack:
            name = stack.pop()
            if name not in reached:
                reached.add(name)
                stack.extend(self.parents[name])
        return tuple(name for name in self.order if name in reached)


def _intervene(network: Network, do: Evidence) -> _Intervened:
    memory = network.memory
    if not do:
        return _Intervened(
            network.order, network.parents, memory.factors, network.gaussians, {}, memory
        )
    parents = {name: network.parents[name] for name in network.order}
    factors = dict(memory.factors)
    gaussians = dict(network.gaussians)
    set_to = {}
    everybody = Posterior(network)
    for name, fact in do.items():
        if name in gaussians:
            gaussians[name] = _fixed(gaussians[name], fact)
            continue
        likelihood = network.codings[name].likelihood(fact)
        # Set to several values: each as often as the population has it.
        share = likelihood.codes * everybody.codes(name)
        if not share.sum() > 0:
            raise PopulaceError(
                f"Nobody in this population has {_words(network.schema[name], fact)}: "
                "choose another value."
            )
        parents[name], factors[name] = (), Factor((name,), share / share.sum())
        set_to[name] = likelihood
    for group, name in network.class_of.items():
        if name in set_to:  # the class follows from what the number is set to
            follows = np.eye(network.codings[group].size)[network.class_codes(group)]
            parents[group], factors[group] = (name,), Factor((name, group), follows)
    order = topological_order(parents)
    return _Intervened(order, parents, factors, gaussians, set_to, memory)


def _fixed(gaussian: Gaussian, fact: Fact) -> Gaussian:
    column = gaussian.column
    if not isinstance(fact, OneOf) or len(fact.values) > 1:
        raise PopulaceError(
            f"The Gaussian column {column.name} can be set to one value only: name one."
        )
    least = 1e-7 * (column.step or 1.0)
    return Gaussian(
        column,
        (),
        (),
        np.array(float(fact.values[0])),
        np.zeros((0,)),
        np.array(least),
    )


# ---------------------------------------------------------------------- Gaussian columns


def _groups(
    gaussians: Mapping[str, Gaussian], facts: Mapping[str, Fact], sizes: Mapping[str, int]
) -> list[tuple[Group, np.ndarray]]:
    """Gaussian columns that facts link, with P(facts | codes)."""
    sets: list[set[str]] = []
    for name in (name for name in gaussians if name in facts):
        linked: set[str] = set()
        stack = [name]
        while stack:
            other = stack.pop()
            if other not in linked:
                linked.add(other)
                stack.extend(gaussians[other].linear)
        for overlapping in [names for names in sets if names & linked]:
            linked |= overlapping
            sets.remove(overlapping)
        sets.append(linked)
    groups = []
    for names in sets:
        group = Group.of([g for name, g in gaussians.items() if name in names], sizes)
        groups.append((group, group.likelihood(_facts_of(group, facts))))
    return groups


def _facts_of(group: Group, facts: Mapping[str, Fact]) -> dict[str, tuple[Interval, ...]]:
    return {
        member.column.name: member.intervals(facts[member.column.name])
        for member in group.members
        if member.column.name in facts
    }


def _narrowed(
    fact: Fact | None, lower: float | None, upper: float | None, least: float, most: float
) -> Fact | None:
    """What a fact leaves between two bounds; None where that is nothing."""
    if isinstance(fact, DateParts):
        within = _narrowed(fact.within, lower, upper, least, most)
        if within is None or isinstance(within, DateParts):
            return None
        return DateParts(fact.parts, within)
    if isinstance(fact, OneOf):
        values = [float(value) for value in fact.values]
        inside = [
            number_text(v)
            for v in values
            if (lower is None or v >= lower) and (upper is None or v <= upper)
        ]
        return OneOf(tuple(inside)) if inside else None
    known = (None, None) if fact is None else (fact.lower, fact.upper)
    low = max(bound for bound in (lower, known[0], least) if bound is not None)
    high = min(bound for bound in (upper, known[1], most) if bound is not None)
    return Between(low, high) if low <= high else None


def _words(column: Column, fact: Fact) -> str:
    return Evidence({column.name: fact}).text(Schema((column,)))
