"""How much each arrow tells, and what changes when arrows are added, taken out or forbidden.

The strength of an arrow is what its parent tells about its child that the other parents do not:
the conditional mutual information I(child; parent | other parents) under the network itself. It is
also exactly what a person's log-likelihood loses, on average, when the arrow is taken out and the
child's table is made anew (Koller and Friedman 2009, section 8.5): so a network can be pruned, and
the loss told, without any people at hand. To add an arrow takes people to learn it from: `relearn`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from synth.bayes.learning import NetworkLearner
from synth.bayes.network import Network
from synth.data.schema import Schema
from synth.data.table import Table
from synth.errors import PopulaceError

NamedEdge = tuple[str, str]
"""(parent, child)"""


# ---------------------------------------------------------------------- strength


def information(joint: np.ndarray, axes: Iterable[int]) -> float:
    """What some parents tell of a child beyond the others, in nats.

    I(child; parents on `axes` | the other parents), where `joint` is their joint distribution,
    shape (*parents' sizes, child's size).
    """
    told = tuple(axes)
    child = joint.ndim - 1
    without = joint.sum(axis=told)
    alone = joint.sum(axis=child)
    rest = alone.sum(axis=told)
    nats = _entropy(without) + _entropy(alone) - _entropy(rest) - _entropy(joint)
    return max(0.0, nats)


def strengths(network: Network) -> dict[NamedEdge, float]:
    """Each arrow's strength in nats; those into Gaussian columns are left out."""
    found = {}
    for child, joint in network.given().families():
        for axis, parent in enumerate(network.parents[child]):
            found[parent, child] = information(joint, (axis,))
    return {edge: found[edge] for edge in network.edges if edge in found}


@dataclass(frozen=True, eq=False)
class Row:
    """A row of a column's table.

    Attributes
    ----------
    given : tuple of str
        The parents' states, as their codings label them.
    share : float
        How much of the population it speaks of.
    probabilities : float64 array, shape (size,)
        The column's distribution there.
    """

    given: tuple[str, ...]
    share: float
    probabilities: np.ndarray


def common_rows(network: Network, column: str, most: int) -> tuple[Row, ...]:
    """The rows of a column's table that speak of the most people, commonest first; exact."""
    parents, table = network.parents[column], network.tables[column]
    joint = next(joint for name, joint in network.given().families() if name == column)
    share = joint.sum(axis=-1).ravel()
    order = np.argsort(-share, kind="stable")[:most]
    labels = [network.codings[parent].labels for parent in parents]
    rows = []
    for at in order[share[order] > 0]:
        codes = np.unravel_index(at, table.shape[:-1])
        given = tuple(labels[i][code] for i, code in enumerate(codes))
        rows.append(Row(given, float(share[at]), table[codes]))
    return tuple(rows)


def _entropy(table: np.ndarray) -> float:
    some = table[table > 0]
    return -float((some * np.log(some)).sum())


# ---------------------------------------------------------------------- without people


@dataclass(frozen=True)
class Pruned:
    """A network without some of its arrows.

    Attributes
    ----------
    network : Network
        The closest network without them.
    loss : mapping of str to float
        For each child: nats of log-likelihood that a person loses on average. The sum is the
        Kullback–Leibler divergence of the new network from the old.
    """

    network: Network
    loss: Mapping[str, float]

    @property
    def nats(self) -> float:
        """Nats that a person loses on average, over all children."""
        return sum(self.loss.values())


def prune(network: Network, edges: Iterable[NamedEdge]) -> Pruned:
    """Take arrows out; exact, from the network alone.

    Raises PopulaceError for arrows that are not there or lead to Gaussian columns.
    """
    gone: dict[str, list[str]] = {}
    for parent, child in edges:
        if (parent, child) not in network.edges:
            raise PopulaceError(f"There is no arrow {parent} → {child}: choose one that is there.")
        if child in network.gaussians:
            raise PopulaceError(
                f"The arrow {parent} → {child} belongs to a regression: learn the network anew "
                "from its table to take it out."
            )
        gone.setdefault(child, []).append(parent)
    parents, tables, loss = dict(network.parents), dict(network.tables), {}
    beliefs = network.given()
    for child, joint in beliefs.families():
        if child not in gone:
            continue
        axes = tuple(network.parents[child].index(parent) for parent in gone[child])
        loss[child] = information(joint, axes)
        table = joint.sum(axis=axes)
        mass = table.sum(axis=-1, keepdims=True)
        safe = np.where(mass > 0, mass, 1.0)
        parents[child] = tuple(p for p in network.parents[child] if p not in gone[child])
        tables[child] = np.where(mass > 0, table / safe, beliefs.codes(child))
    about = {key: value for key, value in network.about.items() if key != "score_nats"}
    about["pruned"] = [[parent, child] for child, above in gone.items() for parent in above]
    return Pruned(replace(network, parents=parents, tables=tables, about=about), loss)


# ---------------------------------------------------------------------- with people


@dataclass(frozen=True)
class Wishes:
    """What a network is to respect.

    Attributes
    ----------
    required : tuple of (parent, child)
        Arrows that must be there.
    forbidden : tuple of (parent, child)
        Arrows that must not be there, in this direction.
    apart : tuple of (column, column)
        Pairs that no arrow may join, in either direction.
    """

    required: tuple[NamedEdge, ...] = ()
    forbidden: tuple[NamedEdge, ...] = ()
    apart: tuple[NamedEdge, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.required or self.forbidden or self.apart)

    @property
    def all_forbidden(self) -> tuple[NamedEdge, ...]:
        """Forbidden arrows, those that are kept apart in both directions."""
        both = [edge for a, b in self.apart for edge in ((a, b), (b, a))]
        return tuple(dict.fromkeys((*self.forbidden, *both)))


@dataclass(frozen=True)
class Relearned:
    """A network that was learned again under wishes.

    Attributes
    ----------
    network : Network
        What was learned.
    score : str
        The score's name.
    rows : int
        The people that it was learned from.
    before, after : float
        The score of the old arrows and of the new ones, in nats, on the same people and folds.
    alone : float or None
        The score when the wishes are fulfilled and nothing else is changed; None where that
        cannot be.
    obstacle : str
        Why it cannot be, in a few words; else empty.
    added, removed, turned : tuple of (parent, child)
        How the new arrows differ; turned ones by their new direction.
    """

    network: Network
    score: str
    rows: int
    before: float
    after: float
    alone: float | None
    obstacle: str
    added: tuple[NamedEdge, ...]
    removed: tuple[NamedEdge, ...]
    turned: tuple[NamedEdge, ...]

    @property
    def gain(self) -> float:
        """Nats for each person that the new arrows are better by."""
        return (self.after - self.before) / max(self.rows, 1)


def can_relearn(network: Network, table: Table | None) -> bool:
    """Whether a table holds what the network was learned from, its weights included."""
    if table is None:
        return False
    weights = network.about.get("weights")
    needed = [*network.schema.names, *([weights] if weights else [])]
    return all(name in table.frame for name in needed)


def relearn(
    network: Network,
    table: Table,
    wishes: Wishes,
    progress: Callable[[int, float], None] | None = None,
) -> Relearned:
    """Learn a network again from the people that it was learned from, under wishes.

    The settings are those the network was learned with, as it tells them in `about`.

    Raises PopulaceError where the wishes contradict each other or the table lacks a column.
    """
    told = network.about
    names = list(network.schema.names)
    weights = told.get("weights")
    lacking = [name for name in (*names, weights) if name and name not in table.frame]
    if lacking:
        raise PopulaceError(
            f"The table has no column {lacking[0]}: give the people the network was learned from."
        )
    schema = network.schema
    if weights:
        schema = Schema((*schema.columns, table.schema[weights]))
    people = Table(table.frame[list(schema.names)], schema, table.digest)
    learner = NetworkLearner(
        score=told.get("score", "predictive"),
        max_parents=told.get("max_parents", 4),
        required=wishes.required,
        forbidden=wishes.all_forbidden,
        weights=weights,
        gaussian=tuple(network.gaussians),
        bins=told.get("bins", 24),
        search=told.get("search", "hill-climb"),
        seed=told.get("seed", 0),
    ).fit(people, progress)
    new, old = set(learner.network_.edges), set(network.edges)
    turned = {(a, b) for a, b in new - old if (b, a) in old}
    alone = _fulfilled(old, wishes)
    obstacle = _obstacle(alone, names, learner.max_parents)
    score = -np.inf if obstacle else learner.score_of(alone)
    if not obstacle and not np.isfinite(score):
        obstacle = "a table would be too large"
    order = {name: i for i, name in enumerate(names)}

    def ordered(edges: Iterable[NamedEdge]) -> tuple[NamedEdge, ...]:
        return tuple(sorted(edges, key=lambda edge: (order[edge[1]], order[edge[0]])))

    return Relearned(
        network=learner.network_,
        score=learner.score,
        rows=len(people),
        before=learner.score_of(old),
        after=learner.score_,
        alone=None if obstacle else score,
        obstacle=obstacle,
        added=ordered(new - old - turned),
        removed=ordered(old - new - {(b, a) for a, b in turned}),
        turned=ordered(turned),
    )


def _fulfilled(edges: set[NamedEdge], wishes: Wishes) -> set[NamedEdge]:
    """The arrows with the wishes fulfilled and nothing else changed; a required one is turned."""
    kept = {(a, b) for a, b in edges if (b, a) not in wishes.required}
    return (kept - set(wishes.all_forbidden)) | set(wishes.required)


def _obstacle(edges: set[NamedEdge], names: Sequence[str], most: int) -> str:
    if not _is_acyclic(edges, names):
        return "not possible: the arrows would form a circle"
    if any(sum(b == name for _, b in edges) > most for name in names):
        return f"not possible: a column would have more than {most} arrows into it"
    return ""


def _is_acyclic(edges: Iterable[NamedEdge], names: Sequence[str]) -> bool:
    left, open_ = set(names), set(edges)
    while left:
        free = {name for name in left if all(b != name for _, b in open_)}
        if not free:
            return False
        left -= free
        open_ = {(a, b) for a, b in open_ if a not in free}
    return True
