"""From a table to a private network: domains, counts, estimate, exact tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from synth.bayes.coding import Coding
from synth.bayes.counting import Codes
from synth.bayes.network import Network
from synth.data.column import MISSING, Column
from synth.data.contingency import Binning, ContingencyTables
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.privacy.domains import Domain, measured, resolved
from synth.privacy.estimation import Estimate
from synth.privacy.ledger import Accountant, Ledger
from synth.privacy.noise import SYSTEM, SeededSource, Source
from synth.privacy.public import Public
from synth.privacy.selection import Method, People, Say, Tuning, learn

VALUES, ALONE = 0.06, 0.18
"""The shares of the budget that go to levels and bounds that are not public, and to every column by
itself."""

DRAWN = 200_000
"""People in whom pairs are counted that are too large to be worked out."""


@dataclass(frozen=True)
class Promise:
    """What is promised, and how the learning goes about it.

    Attributes
    ----------
    epsilon, delta : float
        The promise, for tables that differ by one row.
    public : Public
        What is known without the rows.
    method : Method
        How pairs and triples are chosen.
    seed : int or None
        For tests only: noise that follows from a seed.
    noise_scale : float
        1; for audits alone, see `Accountant`.
    tuning : Tuning
        What the search weighs.
    """

    epsilon: float = 1.0
    delta: float = 1e-6
    public: Public = field(default_factory=Public)
    method: Method = "adaptive"
    seed: int | None = None
    noise_scale: float = 1.0
    tuning: Tuning = field(default_factory=Tuning)

    @property
    def source(self) -> Source:
        """Where the noise comes from."""
        return SYSTEM if self.seed is None else SeededSource(self.seed)


@dataclass(frozen=True, eq=False)
class Learned:
    """A private network and how it came about.

    Attributes
    ----------
    network : Network
        Ordinary and exact; nothing in it but what was paid for.
    ledger : Ledger
        What was spent.
    """

    network: Network
    ledger: Ledger


def learn_privately(
    frame: pd.DataFrame,
    schema: Schema,
    promise: Promise,
    progress: Say = lambda share, words: None,
) -> Learned:
    """Learn a network under differential privacy.

    Parameters
    ----------
    frame : pd.DataFrame
        Canonical values.
    schema : Schema
        The columns; of them names, kinds, labels and meanings are public, and no more.
    promise : Promise
        What is promised.
    progress : callable
        Gets the share that is done, and words.
    """
    public = promise.public
    unknown = [column.name for column in schema if _is_unknown(column, public)]
    thresholds = sum(not schema[name].is_number for name in unknown)
    book = Accountant(
        promise.epsilon,
        promise.delta,
        promise.source,
        thresholds=thresholds,
        noise_scale=promise.noise_scale,
    )
    notes = [f"names and kinds of the {len(schema)} columns"]
    columns: list[Column] = []
    domains: dict[str, Domain] = {}
    searching = VALUES * book.rho / max(len(unknown), 1)
    for column in schema:
        progress(0.02, f"Looking for the values of {column.name}")
        shown, note = resolved(column, frame[column.name], public[column.name], book, searching)
        columns.append(shown)
        notes += [note] if note else []
    each = (ALONE * book.rho if len(columns) > 1 else book.left) / len(columns)
    for number, column in enumerate(columns):
        progress(0.05 + 0.1 * number / len(columns), f"Counting {column.name}")
        may_miss = public[column.name].missing is True
        domains[column.name] = measured(column, frame[column.name], book, each, may_miss=may_miss)
    names = tuple(domains)
    codes = np.stack([domains[name].encode(frame[name]) for name in names])
    opened = tuple(domains[name].coding.size for name in names)
    people = People(Codes(codes, [domains[name].size for name in names]), names, opened)
    estimate = learn(
        people,
        [domains[name].counts for name in names],
        book,
        method=promise.method,
        tuning=promise.tuning,
        progress=lambda share, words: progress(0.15 + 0.8 * share, words),
    )
    ledger = book.ledger(notes)
    network = network_of(estimate, domains, ledger)
    return Learned(network, ledger)


def _is_unknown(column: Column, public: Public) -> bool:
    """Whether levels or bounds of a column must be paid for."""
    known = public[column.name]
    if column.kind == "boolean":
        return False
    if column.is_number:
        return known.lower is None or known.upper is None
    return not known.levels


def network_of(estimate: Estimate, domains: Mapping[str, Domain], ledger: Ledger) -> Network:
    """The estimate as a network over all values, its groups opened again."""
    parents, tables = estimate.tree.network(estimate.beliefs)
    opened = {}
    for name in domains:
        table = tables[name]
        for axis, parent in enumerate(parents[name]):
            table = table.take(domains[parent].group, axis=axis)
        own = domains[name]
        table = table.take(own.group, axis=-1) * own.within
        opened[name] = np.ascontiguousarray(table / table.sum(axis=-1, keepdims=True))
    about = {
        "rows": max(round(estimate.total), 1),
        "score": "private",
        "epsilon": ledger.epsilon,
        "delta": ledger.delta,
        "lookups": [],
    }
    network = Network(
        Schema(tuple(domain.coding.column for domain in domains.values())),
        {name: domain.coding for name, domain in domains.items()},
        parents,
        opened,
        {},
        about,
    )
    _ = network.order
    return network


# ---------------------------------------------------------------------- counts to stand beside


def counts_of(network: Network) -> ContingencyTables:
    """What the private network expects of every column and pair of columns, in whole people.

    These stand where other populations have counts of real people: nothing but what was paid for.

    Parameters
    ----------
    network : Network
        The private network.
    """
    everybody = network.given()
    rows = int(network.about["rows"])
    binnings = {
        column.name: _binning(column, network.codings[column.name]) for column in network.schema
    }
    counts = {name: _whole(everybody.codes(name), rows) for name in binnings}
    pairs = {}
    names = tuple(binnings)
    drawn = None
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            try:
                joint = everybody.joint(a, b)
            except PopulaceError:  # too large to be worked out: counted in people of the network
                drawn = everybody.sample(DRAWN, seed=0) if drawn is None else drawn
                joint = _counted(network, drawn, a, b)
            pairs[a, b] = _whole(joint, rows)
    return ContingencyTables(rows, binnings, counts, pairs)


def _counted(network: Network, drawn: pd.DataFrame, a: str, b: str) -> np.ndarray:
    """The shares of each pair of codes among some people."""
    first, second = network.codings[a], network.codings[b]
    cells = first.encode(drawn[a]).astype(np.int64) * second.size + second.encode(drawn[b])
    return np.bincount(cells, minlength=first.size * second.size).reshape(first.size, second.size)


def _whole(shares: np.ndarray, rows: int) -> np.ndarray:
    """Shares as whole people who add up: the largest remainders are rounded up."""
    people = shares.ravel() / shares.sum() * rows
    whole = np.floor(people).astype(np.int64)
    left = rows - int(whole.sum())
    whole[np.argsort(whole - people, kind="stable")[:left]] += 1
    return whole.reshape(shares.shape)


def _binning(column: Column, coding: Coding) -> Binning:
    """The places of a column: its levels or its bins."""
    tail = (MISSING,) if column.missing else ()
    if not column.is_number:
        return Binning((*column.levels, *tail), missing=column.missing)
    pieces = coding.number_pieces
    whole = column.kind == "integer"
    low = np.asarray(coding.value(pieces.first[pieces.starts[:-1]]), dtype=float)
    top = float(np.asarray(coding.value(pieces.last[-1:]), dtype=float)[0])
    edges = np.append(low, top + (1.0 if whole else (column.step or 1.0)))
    return Binning(coding.labels, edges, None, whole, column.missing)
