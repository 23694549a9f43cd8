"""Networks of states alone, as other tools know them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from synth.bayes.coding import Coding
from synth.bayes.network import Network
from synth.data.column import LEVELS_LIMIT, MISSING, Column
from synth.data.schema import Schema
from synth.errors import PopulaceError

ROUNDING = 0.01
"""How far from one the probabilities of a row may sum; files round them."""


def refuse_gaussians(network: Network, place: str) -> None:
    """Raise a PopulaceError where a network has Gaussian columns; `place` holds states only."""
    if network.gaussians:
        raise PopulaceError(
            f"Column {next(iter(network.gaussians))} is Gaussian and {place} hold states only: "
            "learn the network without Gaussian columns."
        )


def categorical_network(
    states: Mapping[str, tuple[str, ...]],
    parents: Mapping[str, tuple[str, ...]],
    tables: Mapping[str, np.ndarray],
    source: str,
    *,
    rounding: Mapping[str, float] | None = None,
) -> Network:
    """A network of categorical columns; a state called ``missing`` moves to the end.

    Parameters
    ----------
    states : mapping of str to tuple of str
        Each column's states, in the order of the tables' axes.
    parents : mapping of str to tuple of str
        Each column's parents.
    tables : mapping of str to float64 array
        P(state | parents' states), shape (*parents' states, states).
    source : str
        Where it comes from; kept in the network's `about`.
    rounding : mapping of str to float, optional
        How far the rows of a column's table may sum from one where that is more than `ROUNDING`:
        what the digits that were written allow.

    Raises
    ------
    PopulaceError
        States are unnamed or twice there, or a table holds no probabilities.
    """
    if not states:
        raise PopulaceError("The network has no columns: check that this is the right file.")
    columns, order = [], {}
    for name, own in states.items():
        for state in own:
            if not state.strip() or own.count(state) > 1:
                raise PopulaceError(
                    f"Column {name} has an unnamed state or {state!r} twice: rename its states."
                )
        if len(own) > LEVELS_LIMIT:
            raise PopulaceError(
                f"Column {name} has {len(own):,} states, more than {LEVELS_LIMIT:,}: group them."
            )
        levels = tuple(state for state in own if state != MISSING)
        column = Column(name, "categorical", levels, missing=len(levels) < len(own))
        columns.append(column)
        order[name] = [own.index(state) for state in column.states]
    final = {}
    for name in states:
        scope = (*parents[name], name)
        table = tables[name]
        for axis, other in enumerate(scope):
            table = table.take(order[other], axis=axis)
        mass = table.sum(axis=-1, keepdims=True)
        if not (np.isfinite(table).all() and (table >= 0).all()):
            raise PopulaceError(
                f"The table of {name} holds a number that is no probability: mend it."
            )
        allowed = max(ROUNDING, (rounding or {}).get(name, 0.0)) + 1e-9
        if (abs(mass - 1.0) > allowed).any():
            worst = float(mass.ravel()[np.argmax(abs(mass - 1.0))])
            raise PopulaceError(
                f"A row of the table of {name} sums to {worst:.6g} instead of 1: mend it."
            )
        final[name] = np.ascontiguousarray(table / mass)
    schema = Schema(tuple(columns))
    codings = {column.name: Coding(column) for column in columns}
    network = Network(schema, codings, dict(parents), final, {}, {"source": source})
    _ = network.order
    return network
