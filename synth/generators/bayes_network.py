"""The mixed Bayesian network as a generator: exact answers, look-ups kept to the last row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.bayes.budget import duration
from synth.bayes.coding import Coding, Pieces
from synth.bayes.learning import NetworkLearner
from synth.bayes.network import Network
from synth.constraints.derived import NO_CONSTRAINTS, Constraints
from synth.constraints.discovery import Lookup
from synth.constraints.posterior import constrained
from synth.data.column import Column
from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.data.table import Table
from synth.errors import PopulaceError
from synth.generators.base import DEFAULT, Progress, Settings, no_progress, register
from synth.lazy import cached_property

if TYPE_CHECKING:
    import pandas as pd

    from synth.bayes.inference import Posterior

FILE = "network.json"
_OPTIONS = (
    "score",
    "max_parents",
    "additive_parents",
    "smooth_bins",
    "classes",
    "bins",
    "search",
    "restarts",
    "tiers",
)
_SEARCH = 0.95  # of the progress


@dataclass(frozen=True, eq=False)
class BayesNetworkModel:
    """A network as a `Model`.

    Attributes
    ----------
    network : Network
        What was learned.
    """

    network: Network

    @property
    def generator(self) -> str:
        """The name of its generator."""
        return DEFAULT

    @property
    def schema(self) -> Schema:
        """The columns that were learned."""
        return self.network.schema.modelled

    @property
    def digest(self) -> str:
        """The network's identity."""
        return self.network.digest

    @property
    def settings(self) -> Settings:
        """How the network was learned, as it says itself."""
        return settings_of(self.network)

    def given(
        self,
        evidence: Evidence | None = None,
        do: Evidence | None = None,
        constraints: Constraints = NO_CONSTRAINTS,
    ) -> Posterior:
        """The exact posterior, under constraints too."""
        evidence, do = evidence or Evidence(), do or Evidence()
        if not constraints:
            return self.network.given(evidence, do)
        whole = self._whole(constraints) if evidence or do else None
        return constrained(self.network, evidence, do, constraints, whole=whole)

    @cached_property
    def _whole(self) -> Callable[[Constraints], Posterior]:
        """Everybody under constraints, worked out once for each."""
        network = self.network

        @lru_cache(maxsize=4)
        def whole(constraints: Constraints) -> Posterior:
            return constrained(network, constraints=constraints)

        return whole

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People of whom nothing is known."""
        return self.network.given().sample(rows, seed, start=start, threads=threads)

    def save(self, folder: Path) -> None:
        """Write ``network.json``."""
        self.network.save(folder / FILE)


class BayesNetworkGenerator:
    """Learns a mixed Bayesian network; see `NetworkLearner`."""

    name = DEFAULT
    title = "Bayesian network"
    description = (
        "A network of conditional tables: every question is answered exactly, and its arrows can "
        "be seen and edited."
    )
    files = (FILE,)

    def fit(
        self, table: Table, settings: Settings, progress: Progress = no_progress
    ) -> BayesNetworkModel:
        """Learn the network; columns that others settle are exact."""
        return BayesNetworkModel(learn_network(table, settings, progress)[0])

    def load(self, folder: Path) -> BayesNetworkModel:
        """Read ``network.json``."""
        return BayesNetworkModel(Network.load(folder / FILE))


def learn_network(
    table: Table, settings: Settings, progress: Progress = no_progress
) -> tuple[Network, NetworkLearner]:
    """Learn a network in which look-ups are exact.

    Levels that are looked up have their one parent; numbers that are looked up are not learned
    but added afterwards as leaves, each of their values a bin.

    Parameters
    ----------
    table : Table
        The people: the modelled columns and the one that weighs rows.
    settings : Settings
        Look-ups of columns that the table lacks are left aside.
    progress : callable
        Gets the share that is done, and words.

    Returns
    -------
    network : Network
        Its columns in the table's order; `about` says how it was learned, look-ups included.
    learner : NetworkLearner
        The fitted learner, which can score other edges. It knows nothing of looked-up numbers.

    Raises
    ------
    PopulaceError
        As `NetworkLearner.fit`, or another edge makes a look-up impossible.
    """
    modelled = table.schema.modelled
    if settings.weights is not None and settings.weights in modelled:
        modelled = modelled.without(settings.weights)
    lookups = [
        lookup for lookup in settings.lookups if lookup.name in modelled and lookup.of in modelled
    ]
    leaves = [lookup for lookup in lookups if modelled[lookup.name].is_number]
    levels = [lookup for lookup in lookups if lookup not in leaves]
    away = {lookup.name for lookup in leaves}
    people = table if not away else _without(table, away)
    options = dict(settings.options)
    learned = [name for name in modelled.names if name not in away]
    if "tiers" in options:  # numbers that are looked up are nobody's parents
        options["tiers"] = [
            [name for name in tier if name not in away] for tier in options["tiers"]
        ]
    learner = NetworkLearner(
        **{name: options[name] for name in (*_OPTIONS, "gaussian") if name in options},
        required=[
            *((lookup.of, lookup.name) for lookup in levels),
            *(tuple(edge) for edge in options.get("required", ())),
        ],
        forbidden=[
            *(
                (name, lookup.name)
                for lookup in levels
                for name in learned
                if name not in (lookup.of, lookup.name)
            ),
            *(tuple(edge) for edge in options.get("forbidden", ())),
        ],
        weights=settings.weights,
        seed=settings.seed,
    )
    learner.fit(
        people,
        lambda moves, score: progress(
            _SEARCH * (1 - 0.985**moves),
            f"Looking for what depends on what: {moves} steps, score {score:,.0f}",
        ),
        lambda seconds: progress(
            0.0, f"Looking for what depends on what: this takes {duration(seconds)}"
        ),
    )
    progress(_SEARCH, "Working out the tables")
    network = learner.network_
    for lookup in levels:
        network = _exact(network, lookup, table.frame)
    for lookup in leaves:
        network = _with_leaf(network, lookup, modelled[lookup.name], table.frame)
    about = {
        **network.about,
        "restarts": learner.restarts,
        "lookups": [[lookup.name, lookup.of] for lookup in lookups],
    }
    schema = network.schema.modelled.select(modelled.names)
    classes = network.schema.of_role("class")
    return replace(network, schema=Schema((*schema, *classes)), about=about), learner


def settings_of(network: Network) -> Settings:
    """How a network was learned.

    Networks written before look-ups were noted say nothing of them; there every column that
    follows from one other without exception is one. Those written before there were additive
    parents have none.
    """
    about = network.about
    options: dict[str, Any] = {name: about[name] for name in _OPTIONS if name in about}
    options.setdefault("additive_parents", 0)
    if network.gaussians:
        options["gaussian"] = tuple(network.gaussians)
    if "lookups" in about:
        lookups = tuple(Lookup(str(name), str(of)) for name, of in about["lookups"])
        lookups = tuple(lookup for lookup in lookups if is_settled(network, lookup))
    else:
        lookups = _settled(network)
    weights = about.get("weights")
    return Settings(int(about.get("seed", 0)), weights, lookups, options)


def is_settled(network: Network, lookup: Lookup) -> bool:
    """Whether a look-up that the network was learned with is still in it."""
    return network.parents.get(lookup.name) == (lookup.of,)


def _settled(network: Network) -> tuple[Lookup, ...]:
    """Columns that follow from one column of levels without exception."""
    pairs = [
        Lookup(name, parents[0])
        for name, parents in network.parents.items()
        if len(parents) == 1 and not network.schema[parents[0]].is_number
    ]
    return tuple(
        lookup for lookup in pairs if _is_certain(network, lookup) and not _is_used(network, lookup)
    )


def _is_used(network: Network, lookup: Lookup) -> bool:
    """Whether a number that could be looked up is another column's parent."""
    is_number = network.schema[lookup.name].is_number
    return is_number and any(parent == lookup.name for parent, _ in network.edges)


def _is_certain(network: Network, lookup: Lookup) -> bool:
    """Whether each state of a parent that anybody has leaves one state of its child."""
    certain = network.tables[lookup.name].max(axis=-1) == 1.0
    if certain.all():
        return True
    return bool(certain[network.given().codes(lookup.of) > 0].all())


def _without(table: Table, names: Iterable[str]) -> Table:
    schema = table.schema.without(*names)
    return Table(table.frame[list(schema.names)], schema, table.digest)


# ---------------------------------------------------------------------- look-ups


def _exact(network: Network, lookup: Lookup, rows: pd.DataFrame) -> Network:
    """The network in which one column's levels settle another's, to the last row."""
    if network.parents[lookup.name] != (lookup.of,):
        raise PopulaceError(
            f"{lookup} cannot be kept exactly beside the other edges: untick it and learn again."
        )
    parent, child = network.codings[lookup.of], network.codings[lookup.name]
    table = np.array(network.tables[lookup.name])
    given, codes = parent.encode(rows[lookup.of]), child.encode(rows[lookup.name])
    table[given] = 0.0
    table[given, codes] = 1.0
    return replace(network, tables={**network.tables, lookup.name: table})


def _with_leaf(network: Network, lookup: Lookup, column: Column, rows: pd.DataFrame) -> Network:
    """The network with a number that another column's levels settle; each value is a bin."""
    parent = network.codings[lookup.of]
    coding = Coding(column)
    numbers = rows[lookup.name].to_numpy(dtype=np.float64, na_value=np.nan)
    known = ~np.isnan(numbers)
    index, seen = np.unique(coding.index(numbers[known]), return_inverse=True)
    pieces = Pieces(index, index, np.arange(len(index)), np.ones(len(index)))
    coding = Coding(column, pieces)
    shares = np.append(np.bincount(seen), [(~known).sum()] if column.missing else [])
    table = np.tile(shares / shares.sum(), (parent.size, 1))
    given, codes = parent.encode(rows[lookup.of]), coding.encode(rows[lookup.name])
    table[given] = 0.0
    table[given, codes] = 1.0
    return with_leaf(network, column, lookup.of, coding, table)


def with_leaf(
    network: Network, column: Column, parent: str, coding: Coding, table: np.ndarray
) -> Network:
    """The network with one further column below one of its own."""
    codings: Mapping[str, Coding] = {**network.codings, column.name: coding}
    return replace(
        network,
        schema=Schema((*network.schema, column)),
        codings=codings,
        parents={**network.parents, column.name: (parent,)},
        tables={**network.tables, column.name: table},
    )


register(BayesNetworkGenerator())
