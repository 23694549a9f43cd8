"""How much each arrow tells, and what changes when arrows are added, taken out or forbidden.

The strength of an arrow is what its parent tells about its child that the other parents do not:
the conditional mutual information I(child; parent | other parents) under the network itself. It is
also exactly what a person's log-likelihood loses, on average, when the arrow is taken out and the
child's table is made anew (Koller and Friedman 2009, section 8.5): so a network can be pruned, and
the loss told, without any people at hand. To add an arrow takes people to learn it from: see
`synth.fitting.refit`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from synth.bayes.network import Network
from synth.errors import PopulaceError

NamedEdge = tuple[str, str]
"""(parent, child)"""


# ---------------------------------------------------------------------- strength


def information(joint: np.ndarray, axes: Iterable[int]) -> float:
    """What some parents tell of a child beyond the others, in nats.

    I(child; parents on `axes` | the other parents), where `joint` is their joint distribution,
    shape (*parents' sizes, child's size).
    """
    summed = tuple(axes)
    child = joint.ndim - 1
    without = joint.sum(axis=summed)
    alone = joint.sum(axis=child)
    rest = alone.sum(axis=summed)
    nats = _entropy(without) + _entropy(alone) - _entropy(rest) - _entropy(joint)
    return max(0.0, nats)


def strengths(network: Network) -> dict[NamedEdge, float]:
    """Each arrow's strength in nats; those into Gaussian columns are left out."""
    result = {}
    for child, joint in network.given().families():
        for axis, parent in enumerate(network.parents[child]):
            result[parent, child] = information(joint, (axis,))
    return {edge: result[edge] for edge in network.edges if edge in result}


def entropies(network: Network) -> dict[str, float]:
    """How much is unknown about each column that has codes, in nats, when nothing is known."""
    everybody = network.given()
    return {name: _entropy(everybody.codes(name)) for name in network.codings}


def explained(nats: float, entropy: float) -> float:
    """The share of what is unknown about a column that so much information takes away.

    Parameters
    ----------
    nats : float
        Information about the column.
    entropy : float
        The column's, in nats; see `entropies`.

    Returns
    -------
    float
        0 to 1; 0 where nothing is unknown.
    """
    return min(1.0, nats / entropy) if entropy > 0 else 0.0


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
        if (parent, child) in network.class_edges:
            raise PopulaceError(
                f"The arrow {parent} → {child} leads from a class to its number and stays: choose "
                "another one."
            )
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


# ---------------------------------------------------------------------- constraints


@dataclass(frozen=True)
class NamedEdgeConstraints:
    """What a network's edges are to respect, by the columns' names.

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
