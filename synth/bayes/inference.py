"""Exact answers: conditioning by eliminating columns, one after another.

Eliminating a column multiplies the tables that mention it and sums it out; what is left at the end
is the probability of the evidence (Zhang and Poole 1994; Dechter 1999). On the way each product,
divided by its sum, is P(column | columns eliminated later, evidence). Read backwards these tables
are themselves a network, and it is the posterior: sampling it forward draws from the true joint
posterior, whether the evidence is upstream or down, likely or one in ten million. Nothing is
rejected and nothing is clamped. A second sweep, backwards, gives the posterior of every column
(the downward pass of a clique tree, Lauritzen and Spiegelhalter 1988).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from synth.bayes.coding import Coding, Likelihood, Pieces
from synth.bayes.factors import Factor, multiply, sum_out
from synth.bayes.gaussian import (
    Gaussian,
    GaussianSampler,
    Group,
    Interval,
    posterior_steps,
    prior_steps,
)
from synth.bayes.network import Network
from synth.bayes.sampling import Draw, Sampler
from synth.data.evidence import Between, Evidence, Fact, OneOf
from synth.data.schema import Column, number_text
from synth.errors import PopulaceError
from synth.lazy import cached_property

STATES = 50_000_000
"""The most states of a product of tables that one answer may need."""


@dataclass(frozen=True, eq=False)
class Bucket:
    """An eliminated column: P(column | scope, evidence) is proportional to its factors' product."""

    name: str
    scope: tuple[str, ...]
    factors: tuple[Factor, ...]

    def table(self, sizes: Mapping[str, int]) -> np.ndarray:
        """P(column | scope, evidence), axes (*scope, column); zero where the scope cannot be."""
        product = multiply(self.factors, (*self.scope, self.name), sizes)
        weight = product.sum(axis=-1, keepdims=True)
        return np.divide(product, weight, out=product, where=weight > 0)


@dataclass(frozen=True, eq=False)
class Marginal:
    """The posterior of one column.

    Attributes
    ----------
    column : Column
        The column.
    labels : tuple of str
        Its states: levels, or bins such as ``25–34``; ``missing`` last where that can be.
    probabilities : float64 array, shape (labels,)
        Their probabilities; they sum to one.
    """

    column: Column
    labels: tuple[str, ...]
    probabilities: np.ndarray
    _pieces: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None  # value from, to, probability
    _mass: Callable[[float | None, float | None], float] | None = None
    _per_unit: float = 1.0

    def mass(self, lower: float | None, upper: float | None) -> float:
        """Numbers: P(lower ≤ value ≤ upper), both ends included, None leaves one open."""
        if self._mass is not None:
            return self._mass(lower, upper)
        if self._pieces is None:
            raise PopulaceError(f"Column {self.column.name} holds no numbers: ask for a level.")
        first, last, probability = self._pieces
        low = -np.inf if lower is None else np.ceil(lower * self._per_unit - 1e-6)
        high = np.inf if upper is None else np.floor(upper * self._per_unit + 1e-6)
        inside = np.maximum(np.minimum(last, high) - np.maximum(first, low) + 1, 0)
        return float((probability * inside / (last - first + 1)).sum())

    @property
    def mean(self) -> float | None:
        """Numbers: the mean of the values that are not missing; None for other columns."""
        if self._pieces is None:
            return None
        first, last, probability = self._pieces
        known = probability.sum()
        if known == 0:
            return math.nan
        return float((probability * (first + last) / 2).sum() / known / self._per_unit)

    @property
    def known(self) -> float:
        """Numbers: the share of values that are not missing."""
        return 1.0 if self._pieces is None else float(self._pieces[2].sum())

    def quantile(self, share: float) -> float | None:
        """Numbers: the least value that `share` of the known values do not exceed."""
        if self._pieces is None:
            return None
        first, last, probability = self._pieces
        if not probability.sum() > 0:
            return math.nan
        order = np.argsort(first, kind="stable")
        first, last, probability = first[order], last[order], probability[order]
        total = np.cumsum(probability)
        wanted = share * total[-1]
        at = int(np.searchsorted(total, wanted * (1 - 1e-12)))
        at = min(at, len(total) - 1)
        inside = (wanted - (total[at] - probability[at])) / probability[at]
        steps = last[at] - first[at] + 1
        index = first[at] + max(0, math.ceil(inside * steps - 1e-9) - 1)
        return float(index / self._per_unit)

    def parts(self, count: int) -> tuple[Between, ...]:
        """Numbers: ranges without a gap that hold about equal shares of the known values.

        Fewer than `count` where many people share a value.
        """
        ends = [self.quantile(i / count) for i in range(1, count)]
        if self._pieces is None or not self.known > 0 or any(map(math.isnan, ends)):
            return ()
        first, last, probability = self._pieces
        low = float(first[probability > 0].min() / self._per_unit)
        high = float(last[probability > 0].max() / self._per_unit)
        ranges = []
        for end in [*dict.fromkeys(end for end in ends if end < high), high]:
            ranges.append(Between(low, end))
            low = float(np.rint(end * self._per_unit + 1) / self._per_unit)
        return tuple(ranges)

    def __getitem__(self, label: str) -> float:
        """The probability of a label."""
        if label not in self.labels:
            raise PopulaceError(
                f"Column {self.column.name} has no state {label!r}: see its labels."
            )
        return float(self.probabilities[self.labels.index(label)])

    def to_dict(self) -> dict[str, float]:
        """Labels and probabilities."""
        return dict(zip(self.labels, (float(p) for p in self.probabilities), strict=True))


class Posterior:
    """People of whom some things are known: how common they are, what they are like, and samples.

    Made by `Network.given`; immutable, so threads may share it.

    Raises
    ------
    PopulaceError
        The evidence is impossible; the sentence names the pair of facts that exclude each other.
    """

    def __init__(self, network: Network, evidence: Evidence, do: Evidence) -> None:
        self.network = network
        self.evidence = evidence.checked(network.schema)
        self.do = do.checked(network.schema)
        both = [name for name in self.do if name in self.evidence]
        if both:
            raise PopulaceError(
                f"The column {both[0]} is both seen and set: keep one of the two facts."
            )
        self._sizes = {name: coding.size for name, coding in network.codings.items()}
        self._cut = _intervene(network, self.do)
        # In the schema's order, so that the same facts in another order draw the same people.
        self._likelihoods = {
            name: network.codings[name].likelihood(self.evidence[name])
            for name in network.schema.names
            if name in self.evidence and name in network.codings
        }
        self._groups = _groups(self._cut.gaussians, self.evidence, self._sizes)
        _ = self._eliminated

    # ------------------------------------------------------------------ probability

    @cached_property
    def _eliminated(self) -> tuple[tuple[Bucket, ...], float]:
        """The buckets of the evidence's ancestors, and the log-probability of the evidence."""
        buckets, log_probability = self._eliminate(self._relevant)
        if log_probability == -math.inf:
            if isinstance(self.evidence, _OnlyTold):
                raise _ImpossibleError(str(self.evidence))
            raise PopulaceError(self._contradiction())
        return buckets, log_probability

    @cached_property
    def _relevant(self) -> tuple[str, ...]:
        """Columns with evidence, and their ancestors."""
        goals = list(self._likelihoods)
        goals += [name for group, _ in self._groups for name in group.given]
        return self._cut.ancestors(goals)

    @property
    def log_probability(self) -> float:
        """Natural logarithm of `probability`."""
        return self._eliminated[1]

    @property
    def probability(self) -> float:
        """P(evidence): the share of the population of whom it is true."""
        return math.exp(self.log_probability)

    def _factors(self, names: Iterable[str]) -> list[Factor]:
        names = set(names)
        factors = [
            Factor((*self._cut.parents[name], name), self._cut.tables[name])
            for name in self._cut.order
            if name in names
        ]
        factors += [
            Factor((name,), likelihood.codes)
            for name, likelihood in self._likelihoods.items()
            if name in names
        ]
        factors += [Factor(group.given, table) for group, table in self._groups]
        return factors

    def _eliminate(
        self, names: Sequence[str], keep: Sequence[str] = ()
    ) -> tuple[tuple[Bucket, ...], float]:
        """Eliminate columns, least weight first, those of `keep` last."""
        factors = self._factors(names)
        log_scale = 0.0
        buckets = []
        for name in _elimination_order(names, [f.scope for f in factors], self._sizes, keep):
            here = [f for f in factors if name in f.scope]
            factors = [f for f in factors if name not in f.scope]
            scope = tuple(dict.fromkeys(v for factor in here for v in factor.scope if v != name))
            message = sum_out(here, name, scope, self._sizes)
            peak = float(message.max()) if message.size else 0.0
            if not peak > 0.0:
                return (), -math.inf
            buckets.append(Bucket(name, scope, tuple(here)))
            log_scale += math.log(peak)
            factors.append(Factor(scope, message / peak))
        rest = 1.0
        for factor in factors:
            rest *= float(factor.table)
        return tuple(buckets), log_scale + (math.log(rest) if rest > 0.0 else -math.inf)

    def _contradiction(self) -> str:
        """Which facts exclude each other, in a sentence."""
        facts = list(self.evidence.items())
        for name, fact in facts:
            if self._is_impossible({name: fact}):
                return f"Nobody in this population has {_words(name, fact)}: choose another value."
        for size in range(2, len(facts) + 1):
            for some in combinations(facts, size):
                if self._is_impossible(dict(some)):
                    told = [_words(name, fact) for name, fact in some]
                    if size == 2:
                        return (
                            f"{told[0]} and {told[1]} exclude each other in this population: "
                            "drop or change one of them."
                        )
                    return (
                        f"{', '.join(told[:-1])} and {told[-1]} cannot all hold in this "
                        "population: drop or change one of them."
                    )
        return "These facts exclude each other: drop or change one of them."

    def _is_impossible(self, facts: Mapping[str, Fact]) -> bool:
        try:
            Posterior(self.network, _OnlyTold(facts), self.do)
        except _ImpossibleError:
            return True
        except PopulaceError:
            return False
        return False

    # ------------------------------------------------------------------ marginals

    def _sweep(self) -> Iterator[tuple[tuple[str, ...], np.ndarray]]:
        """The joint posterior of each clique of the elimination, last eliminated first."""
        buckets, _ = self._eliminate(self._cut.order)
        joints: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
        place = {bucket.name: i for i, bucket in enumerate(buckets)}
        for bucket in reversed(buckets):
            if bucket.scope:
                above = min(bucket.scope, key=place.__getitem__)
                scope, joint = joints[above]
                axes = tuple(i for i, name in enumerate(scope) if name not in bucket.scope)
                kept = tuple(name for name in scope if name in bucket.scope)
                weight = joint.sum(axis=axes).transpose([kept.index(v) for v in bucket.scope])
                product = bucket.table(self._sizes) * weight[..., None]
            else:
                product = bucket.table(self._sizes)
            joints[bucket.name] = ((*bucket.scope, bucket.name), product)
            yield joints[bucket.name]

    @cached_property
    def _beliefs(self) -> dict[str, np.ndarray]:
        """The posterior over every column's codes."""
        beliefs = {
            scope[-1]: joint.sum(axis=tuple(range(joint.ndim - 1)))
            for scope, joint in self._sweep()
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
                table = joint.sum(axis=axes).transpose([kept.index(v) for v in family])
                yield name, table / table.sum()
                del left[name]

    def codes(self, column: str) -> np.ndarray:
        """The posterior over a column's codes; shape (size,)."""
        return self._beliefs[self._known(column)]

    def joint(self, a: str, b: str) -> np.ndarray:
        """The joint posterior over two columns' codes; shape (size of a, size of b)."""
        for name in (a, b):
            if self._known(name) not in self._sizes:
                raise PopulaceError(
                    f"Column {name} is Gaussian and has no states: ask for its marginal."
                )
        if a == b:
            return np.diag(self.codes(a))
        names = self._cut.ancestors([*self._relevant, a, b])
        buckets, _ = self._eliminate(names, keep=(a, b))
        first, second = (bucket.table(self._sizes) for bucket in buckets[-2:])
        joined = bool(buckets[-2].scope)
        table = first * second[:, None] if joined else np.multiply.outer(second, first)
        return table if buckets[-1].name == a else table.T

    def marginal(self, column: str) -> Marginal:
        """The posterior of a column; exact."""
        self._known(column)
        if column in self._cut.gaussians:
            return self._gaussian_marginal(column)
        coding = self.network.codings[column]
        codes = self._beliefs[column]
        if coding.pieces is None:
            return Marginal(coding.column, coding.labels, codes)
        pieces = self._pieces(column)
        told = (pieces.first, pieces.last, codes[pieces.bin] * pieces.weight)
        return Marginal(coding.column, coding.labels, codes, told, None, coding.per_unit)

    def _known(self, column: str) -> str:
        _ = self.network.schema[column]
        return column

    def _pieces(self, name: str) -> Pieces | None:
        for likelihood in (self._likelihoods.get(name), self._cut.set_to.get(name)):
            if likelihood is not None and likelihood.pieces is not None:
                return likelihood.pieces
        return self.network.codings[name].pieces

    def _gaussian_marginal(self, name: str) -> Marginal:
        column = self.network.gaussians[name].column

        def mass(lower: float | None, upper: float | None) -> float:
            low, high = column.lower, column.upper
            told = self.evidence.get(name)
            if isinstance(told, OneOf):
                values = [float(v) for v in told.values]
                inside = [
                    number_text(v)
                    for v in values
                    if (lower is None or v >= lower) and (upper is None or v <= upper)
                ]
                fact: Fact | None = OneOf(tuple(inside)) if inside else None
            else:
                bounds = [b for b in (lower, told.lower if told else None, low) if b is not None]
                tops = [b for b in (upper, told.upper if told else None, high) if b is not None]
                fact = Between(max(bounds), min(tops)) if max(bounds) <= min(tops) else None
            if fact is None:
                return 0.0
            try:
                more = Posterior(self.network, _OnlyTold({**self.evidence, name: fact}), self.do)
            except _ImpossibleError:
                return 0.0
            return math.exp(more.log_probability - self.log_probability)

        edges = np.linspace(column.lower, column.upper, 21)
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
                f"{number_text(round(edges[i], 6))}–{number_text(round(edges[i + 1], 6))}"
            )
        probabilities = np.array(shares)
        return Marginal(column, tuple(labels), probabilities / probabilities.sum(), None, mass, 1.0)

    # ------------------------------------------------------------------ samples

    @cached_property
    def _sampler(self) -> Sampler:
        buckets, _ = self._eliminated
        done = {bucket.name for bucket in buckets}
        draws = [Draw(b.name, b.scope, b.factors, self._pieces(b.name)) for b in reversed(buckets)]
        for name in self._cut.order:
            if name not in done:
                above = self._cut.parents[name]
                factor = Factor((*above, name), self._cut.tables[name])
                draws.append(Draw(name, above, (factor,), self._pieces(name)))
        gaussian = None
        if self._cut.gaussians:
            steps, linked = [], set()
            for group, _ in self._groups:
                steps += posterior_steps(group, _facts_of(group, self.evidence))
                linked |= {member.column.name for member in group.members}
            steps += prior_steps([g for n, g in self._cut.gaussians.items() if n not in linked])
            gaussian = GaussianSampler(steps, self._sizes)
        return Sampler(self.network.codings, draws, gaussian, self.network.schema.names)

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """Draw people from the joint posterior, in the schema's canonical dtypes.

        Exactly `rows` people, numbers `start` and on of the seed; the same seed gives the same
        people whatever the number of threads (all processors when None).
        """
        return self._sampler.sample(rows, seed, start=start, threads=threads)

    def sample_arrow(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pa.Table:
        """The same people as an Arrow table, marked as synthetic in its metadata."""
        return self._sampler.sample_arrow(rows, seed, start=start, threads=threads)

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
        self._sampler.write_parquet(path, rows, seed, threads=threads, progress=progress)


class _ImpossibleError(PopulaceError):
    """The evidence has probability zero; used while looking for the pair to blame."""


class _OnlyTold(Evidence):
    """Facts to test for contradiction: no search for a culprit starts from them."""

    __slots__ = ()

    def checked(self, schema: object) -> _OnlyTold:
        return self


# ---------------------------------------------------------------------- the network under do()


@dataclass(frozen=True, eq=False)
class _Cut:
    """A network in which columns that are set from outside have lost their causes."""

    order: tuple[str, ...]
    parents: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, np.ndarray]
    gaussians: Mapping[str, Gaussian]
    set_to: Mapping[str, Likelihood]

    def ancestors(self, names: Iterable[str]) -> tuple[str, ...]:
        """The columns and all their ancestors, parents first."""
        found: set[str] = set()
        stack = list(names)
        while stack:
            name = stack.pop()
            if name not in found:
                found.add(name)
                stack.extend(self.parents[name])
        return tuple(name for name in self.order if name in found)


def _intervene(network: Network, do: Evidence) -> _Cut:
    parents, tables = dict(network.parents), dict(network.tables)
    gaussians = dict(network.gaussians)
    set_to = {}
    for name, fact in do.items():
        if name in gaussians:
            gaussians[name] = _fixed(gaussians[name], fact)
            continue
        likelihood = network.codings[name].likelihood(fact)
        # Set to several values: each as often as the population has it.
        share = likelihood.codes * network.given().codes(name)
        if not share.sum() > 0:
            raise PopulaceError(
                f"Nobody in this population has {_words(name, fact)}: choose another value."
            )
        parents[name], tables[name] = (), share / share.sum()
        set_to[name] = likelihood
    order = Network(network.schema, network.codings, parents, {}, {}).order
    return _Cut(order, parents, tables, gaussians, set_to)


def _fixed(gaussian: Gaussian, fact: Fact) -> Gaussian:
    column = gaussian.column
    if isinstance(fact, Between) or len(fact.values) > 1:
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


# ---------------------------------------------------------------------- helpers


def _groups(
    gaussians: Mapping[str, Gaussian], evidence: Evidence, sizes: Mapping[str, int]
) -> list[tuple[Group, np.ndarray]]:
    """Gaussian columns that facts link, with P(facts | codes)."""
    told = [name for name in gaussians if name in evidence]
    sets: list[set[str]] = []
    for name in told:
        closed, stack = set(), [name]
        while stack:
            one = stack.pop()
            if one not in closed:
                closed.add(one)
                stack.extend(gaussians[one].linear)
        for other in [s for s in sets if s & closed]:
            closed |= other
            sets.remove(other)
        sets.append(closed)
    out = []
    for names in sets:
        group = Group.of([g for n, g in gaussians.items() if n in names], sizes)
        out.append((group, group.likelihood(_facts_of(group, evidence))))
    return out


def _facts_of(group: Group, evidence: Evidence) -> dict[str, tuple[Interval, ...]]:
    return {
        member.column.name: member.intervals(evidence[member.column.name])
        for member in group.members
        if member.column.name in evidence
    }


def _elimination_order(
    names: Sequence[str],
    scopes: Iterable[Sequence[str]],
    sizes: Mapping[str, int],
    keep: Sequence[str],
) -> list[str]:
    """Least weight first: the column whose product of tables is smallest."""
    near: dict[str, set[str]] = {name: set() for name in names}
    for scope in scopes:
        for name in scope:
            near[name] |= set(scope) - {name}
    order, left = [], [name for name in names if name not in keep]
    log = {name: math.log(sizes[name]) for name in names}
    while left or len(order) < len(names):
        pool = left or [name for name in keep if name not in order]
        # fsum rounds once, so the order in which a set is walked (PYTHONHASHSEED) decides nothing;
        # ties go to the column that comes first in `names`.
        weights = {v: math.fsum((log[v], *(log[u] for u in near[v]))) for v in pool}
        name = min(pool, key=weights.__getitem__)
        weight = weights[name]
        if weight > math.log(STATES):
            raise PopulaceError(
                f"The question links too many columns around {name} to be answered exactly: "
                "learn the network with fewer parents (--max-parents)."
            )
        for u in near[name]:
            near[u] |= near[name]
            near[u] -= {u, name}
        del near[name]
        order.append(name)
        left = [other for other in left if other != name]
    return order


def _words(name: str, fact: Fact) -> str:
    return str(Evidence({name: fact}))


__all__ = ["Coding", "Marginal", "Posterior"]
