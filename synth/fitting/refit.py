"""Learn again in the same way: other people, other edges, the same settings and look-ups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np

from synth.bayes.network import Network
from synth.bayes.strength import NamedEdge, NamedEdgeConstraints
from synth.constraints.discovery import Lookup
from synth.data.schema import Schema
from synth.data.table import Table
from synth.errors import PopulaceError
from synth.generators.base import Model, Progress, Settings, generator, no_progress
from synth.generators.bayes_network import (
    BayesNetworkModel,
    is_settled,
    learn_network,
    settings_of,
    with_leaf,
)
from synth.populations import Population

FREE = NamedEdgeConstraints()
_SETTLED = "## Settled exactly"
_EDITED = "**Edited.**"


def refit(
    model: Model,
    table: Table,
    *,
    edges: NamedEdgeConstraints = FREE,
    weights: bool = True,
    progress: Progress = no_progress,
) -> Model:
    """Learn a model again in the way it was learned.

    What is looked up stays exact, by the values that the old model knows.

    Parameters
    ----------
    model : Model
        What was learned before.
    table : Table
        The people to learn from: at least the model's columns, and the one that weighed rows.
    edges : NamedEdgeConstraints
        Edges that must or must not be there; for Bayesian networks only.
    weights : bool
        Whether rows are weighed as they were.
    progress : callable
        Gets the share that is done, and words.

    Returns
    -------
    Model
        Of the same generator and the same columns.

    Raises
    ------
    PopulaceError
        The table lacks a column, or the edges contradict each other.
    """
    if model.network is not None:
        relearned = _refit_network(model.network, table, edges, weights, progress)
        return BayesNetworkModel(relearned.network)
    if edges:
        title = generator(model.generator).title
        raise PopulaceError(f"A model learned by “{title}” has no arrows: edit a Bayesian network.")
    settings = model.settings if weights else replace(model.settings, weights=None)
    people = _people(model.schema, table, settings.weights)
    return generator(model.generator).fit(people, settings, progress)


@dataclass(frozen=True)
class Relearned:
    """A network that was learned again under constraints on its edges.

    Attributes
    ----------
    network : Network
        What was learned.
    score : str
        The score's name.
    rows : int
        The people that it was learned from.
    before, after : float
        The score of the old arrows and of the new ones, in nats, on the same people and folds;
        arrows to looked-up numbers, which cost nothing, and of additive parents, which join
        after the search, are left out of both.
    alone : float or None
        The score when the constraints are fulfilled and nothing else is changed; None where that
        cannot be.
    obstacle : str
        Why it cannot be, in a few words; else empty.
    added, removed, turned : tuple of (parent, child)
        How the new arrows differ; turned ones by their new direction.
    released : tuple of Lookup
        Columns that the edges no longer let another column settle exactly.
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
    released: tuple[Lookup, ...] = ()

    @property
    def gain(self) -> float:
        """Nats for each person that the new arrows are better by."""
        return (self.after - self.before) / max(self.rows, 1)


def can_relearn(network: Network, table: Table | None) -> bool:
    """Whether a table holds what the network was learned from, its weights included."""
    if table is None:
        return False
    weights = network.about.get("weights")
    needed = [*network.schema.modelled.names, *([weights] if weights else [])]
    return all(name in table.frame for name in needed)


def relearn(
    network: Network,
    table: Table,
    edges: NamedEdgeConstraints,
    progress: Progress = no_progress,
) -> Relearned:
    """Learn a network again from the people that it was learned from, and say what it costs.

    Parameters
    ----------
    network : Network
        Its settings and look-ups are those of its `about`.
    table : Table
        The people.
    edges : NamedEdgeConstraints
        What the new network is to respect. A look-up that they contradict is released.
    progress : callable
        Gets the share that is done, and words.

    Raises
    ------
    PopulaceError
        The constraints contradict each other or the table lacks a column.
    """
    fitted = _refit_network(network, table, edges, True, progress)
    learner, leaves = fitted.learner, fitted.leaves
    new, old = set(fitted.network.edges), set(network.edges)
    turned = {(a, b) for a, b in new - old if (b, a) in old}
    # Scores are of arrows that were searched for: what joins afterwards depends on these.
    searched = old - network.additive_edges
    alone = _fulfilled(searched, edges)
    obstacle = _obstacle(alone, network.schema.names, learner.max_parents)
    score = -np.inf if obstacle else learner.score_of(_learned(alone, leaves))
    if not obstacle and not np.isfinite(score):
        obstacle = "a table would be too large"
    order = {name: i for i, name in enumerate(network.schema.names)}

    def ordered(some: Iterable[NamedEdge]) -> tuple[NamedEdge, ...]:
        return tuple(sorted(some, key=lambda edge: (order[edge[1]], order[edge[0]])))

    return Relearned(
        network=fitted.network,
        score=learner.score,
        rows=len(table),
        before=learner.score_of(_learned(searched, leaves)),
        after=learner.score_,
        alone=None if obstacle else score,
        obstacle=obstacle,
        added=ordered(new - old - turned),
        removed=ordered(old - new - {(b, a) for a, b in turned}),
        turned=ordered(turned),
        released=fitted.released,
    )


def edited(population: Population, network: Network, *, title: str | None = None) -> Population:
    """The same people described by a network with other arrows, in memory.

    Constraints, real rows and counts stay; the card says that the arrows were edited, and which
    look-ups are no longer exact.
    """
    old = settings_of(population.network).lookups
    released = tuple(lookup for lookup in old if not is_settled(network, lookup))
    card = _edited_card(population.card, network, released)
    changed = population.with_model(network, title=title, card=card)
    return replace(changed, plan=_without_lookups(population.plan, released))


# ---------------------------------------------------------------------- a network


@dataclass(frozen=True)
class _Refitted:
    """A network, the learner that can score its edges, and what became of the look-ups."""

    network: Network
    learner: Any
    leaves: frozenset[str]
    released: tuple[Lookup, ...]


def _refit_network(
    network: Network,
    table: Table,
    edges: NamedEdgeConstraints,
    weights: bool,
    progress: Progress,
) -> _Refitted:
    before = settings_of(network)
    released = tuple(
        lookup for lookup in before.lookups if _contradicts(edges, lookup, network.schema)
    )
    lookups = tuple(lookup for lookup in before.lookups if lookup not in released)
    leaves = frozenset(lookup.name for lookup in lookups if network.schema[lookup.name].is_number)
    settings = Settings(
        before.seed,
        before.weights if weights else None,
        lookups,
        {
            **before.options,
            "required": _learned(edges.required, leaves),
            "forbidden": _learned(edges.all_forbidden, leaves),
        },
    )
    people = _people(network.schema.modelled, table, settings.weights)
    fitted, learner = learn_network(people, settings, progress)
    for lookup in lookups:
        fitted = _as_known(fitted, network, lookup)
    fitted = replace(
        fitted, schema=Schema(tuple(fitted.schema[name] for name in network.schema.names))
    )
    return _Refitted(fitted, learner, leaves, released)


def _people(schema: Schema, table: Table, weights: str | None) -> Table:
    """The columns that are learned from, and the one that weighs rows."""
    names = [*schema.names, *([weights] if weights else [])]
    lacking = [name for name in names if name not in table.frame]
    if lacking:
        raise PopulaceError(
            f"The table has no column {lacking[0]}: give the people the network was learned from."
        )
    if weights and weights not in schema:
        schema = Schema((*schema.columns, table.schema[weights]))
    return Table(table.frame[list(schema.names)], schema, table.digest)


def _as_known(new: Network, old: Network, lookup: Lookup) -> Network:
    """The new network with a look-up's values as the old one knows them, also of unseen rows."""
    if new.schema[lookup.name].is_number:
        rest = Schema(tuple(column for column in new.schema if column.name != lookup.name))
        column = old.schema[lookup.name]
        coding, table = old.codings[lookup.name], old.tables[lookup.name]
        return with_leaf(replace(new, schema=rest), column, lookup.of, coding, table)
    return replace(new, tables={**new.tables, lookup.name: old.tables[lookup.name]})


def _contradicts(edges: NamedEdgeConstraints, lookup: Lookup, schema: Schema) -> bool:
    """Whether constraints on edges leave no room for a look-up."""
    of, name = lookup.of, lookup.name
    if (of, name) in edges.all_forbidden or (name, of) in edges.required:
        return True
    if any(child == name and parent != of for parent, child in edges.required):
        return True
    return schema[name].is_number and any(parent == name for parent, _ in edges.required)


def _learned(edges: Iterable[NamedEdge], leaves: frozenset[str]) -> tuple[NamedEdge, ...]:
    """The edges that the search knows: none to a number that is looked up."""
    return tuple(edge for edge in edges if not leaves & set(edge))


def _fulfilled(edges: set[NamedEdge], constraints: NamedEdgeConstraints) -> set[NamedEdge]:
    """The edges with the constraints fulfilled and nothing else changed.

    A required edge is turned where it points the other way.
    """
    kept = {(a, b) for a, b in edges if (b, a) not in constraints.required}
    return (kept - set(constraints.all_forbidden)) | set(constraints.required)


def _obstacle(edges: set[NamedEdge], names: Sequence[str], most: int) -> str:
    parents: dict[str, list[str]] = {name: [] for name in names}
    for parent, child in edges:
        parents[child].append(parent)
    try:
        TopologicalSorter(parents).prepare()
    except CycleError:
        return "not possible: the arrows would form a circle"
    if any(len(above) > most for above in parents.values()):
        return f"not possible: a column would have more than {most} arrows into it"
    return ""


# ---------------------------------------------------------------------- words


def _edited_card(card: str, network: Network, released: Sequence[Lookup]) -> str:
    """The card of a population whose network was edited."""
    lines, section, left_out = [], "", {f"- {lookup}" for lookup in released}
    for line in card.splitlines():
        if line.startswith("#"):
            section = line
        if line.startswith(_EDITED) or (section == _SETTLED and line in left_out):
            continue
        lines.append(line)
    text = "\n".join(lines)
    text = re.sub(rf"{_SETTLED}\n+(?=##|\Z)", "", text)
    arrows = len(network.edges)
    paragraph = (
        f"{_EDITED} The arrows were edited after learning: {network.columns_text} and {arrows:,} "
        "arrows now. Numbers of edges and scores below are those of the network before."
    )
    for lookup in released:
        paragraph += f" {lookup} is no longer settled exactly."
    head, _, rest = text.partition("\n")
    if head.startswith("#"):
        return f"{head}\n\n{paragraph}\n\n{rest.lstrip()}"
    return f"{paragraph}\n\n{text}"


def _without_lookups(
    plan: Mapping[str, Any] | None, released: Sequence[Lookup]
) -> Mapping[str, Any] | None:
    """A population's plan without look-ups that no longer hold."""
    if plan is None or not released:
        return plan
    gone = [[lookup.name, lookup.of] for lookup in released]
    lookups = [list(entry) for entry in plan.get("lookups", ())]
    return {**plan, "lookups": [entry for entry in lookups if entry not in gone]}
