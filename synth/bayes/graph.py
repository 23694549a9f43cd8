"""Orders in which parents come before their children."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from synth.errors import PopulaceError

Node = TypeVar("Node", bound=Hashable)


def topological_order(parents: Mapping[Node, Collection[Node]]) -> tuple[Node, ...]:
    """The nodes by generations: first those without parents, then those whose parents are there.

    Parameters
    ----------
    parents : mapping of node to collection of node
        Each node's parents.

    Returns
    -------
    tuple of node
        All nodes; those of one generation in the order of the mapping.

    Raises
    ------
    PopulaceError
        The edges form a circle, or a parent is not in the mapping.
    """
    place = {node: i for i, node in enumerate(parents)}
    sorter = TopologicalSorter(parents)
    order: list[Node] = []
    try:
        sorter.prepare()
        while sorter.is_active():
            generation = sorted(sorter.get_ready(), key=place.__getitem__)
            order += generation
            sorter.done(*generation)
    except (CycleError, KeyError) as error:
        raise PopulaceError("The network's edges form a circle: remove one of them.") from error
    return tuple(order)


def is_acyclic(parents: Mapping[Node, Collection[Node]]) -> bool:
    """Whether no node is its own ancestor."""
    try:
        TopologicalSorter(parents).prepare()
    except CycleError:
        return False
    return True
