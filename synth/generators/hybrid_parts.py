"""What the hybrid learns of each group of columns: P(own columns | shared columns), two ways.

A part draws a group's own columns for people whose shared columns are known already, and says how
likely real people's are; so candidates are compared on people kept apart, in nats, whatever they
are made of. `MaskedPart` is the autoregressive network (or, revealed in random order, diffusion);
`NetworkPart` a Bayesian network whose arrows never lead into shared columns, hence drawn forwards.
Both speak in the codes of one codebook: a network that cuts numbers more coarsely says with
`spread` how each of its codes falls into finer ones.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from synth.bayes.learning import NetworkLearner
from synth.bayes.network import Network
from synth.data.column import Column
from synth.data.schema import Schema
from synth.data.table import Table
from synth.generators.base import Progress, Settings
from synth.generators.coded import Codebook, Draw, Likelihoods, Proposal, Rows, choose
from synth.generators.masked import MaskedNetwork, MaskedProposal, learn
from synth.generators.partition import Group
from synth.generators.training import split_apart

CANDIDATES: Final = ("bayes-network", "autoregressive")
"""What each group may be learned by, where settings name no other."""
RARE = 1e-6
"""What is held impossible and occurs among people kept apart counts as so likely."""
JUDGED_FIRST = 1_000
"""So many people kept apart have ended a network's learning; others judge it, where there are."""
NETWORK_OPTIONS: Final = ("score", "max_parents", "restarts")
"""The settings' options that a Bayesian network heeds."""


class Part(ABC):
    """P(own columns | shared columns) of a group, in codes; immutable.

    Attributes
    ----------
    name : str
        The generator that learned it.
    sizes : tuple of int
        How many codes each column of the group has, shared ones first.
    shared : int
        How many of them are shared.
    """

    name: str
    sizes: tuple[int, ...]
    shared: int

    @abstractmethod
    def fill(self, codes: np.ndarray, known: Likelihoods, random: np.random.Generator) -> Any:
        """Draw the own columns into `codes`; natural logarithms of the weights, float64 (rows,)."""

    @abstractmethod
    def log_likelihood(self, codes: np.ndarray) -> np.ndarray:
        """Of people's own columns given their shared ones; float64 (rows,)."""

    @abstractmethod
    def about(self) -> dict[str, Any]:
        """JSON-ready values that `restored` needs."""

    @abstractmethod
    def arrays(self) -> dict[str, np.ndarray]:
        """Plain arrays that `restored` needs."""

    def log_bound(self, known: Likelihoods) -> float:
        """No weight of `fill` is above it; natural logarithm."""
        return float(sum(math.log(max(each.max(), 1e-300)) for each in known.values()))

    def proposal(self, known: Likelihoods) -> Proposal:
        """How the group is drawn by itself; of one without shared columns."""
        return _Filled(self, known)


class _Filled(Proposal):
    """People of a part without shared columns."""

    def __init__(self, part: Part, known: Likelihoods) -> None:
        self._part, self._known = part, known
        self.log_probability = None if known else 0.0
        self.log_bound = part.log_bound(known)

    def draw(self, random: np.random.Generator, rows: int) -> Draw:
        """The part's own columns, weighed by what is known of them."""
        codes = np.zeros((rows, len(self._part.sizes)), np.int32)
        weight = self._part.fill(codes, self._known, random)
        return Draw(codes, weight if self._known else None)


# ---------------------------------------------------------------------- masked networks


class MaskedPart(Part):
    """A masked network that always sees the shared columns.

    Parameters
    ----------
    network : MaskedNetwork
        Of the group's columns, shared ones first.
    shared : int
        How many those are.
    random_order : bool
        Whether the others are drawn in an order of each person's own.
    """

    def __init__(self, network: MaskedNetwork, shared: int, random_order: bool = False) -> None:
        self.network, self.shared, self.random_order = network, shared, random_order
        self.sizes = network.sizes
        self.name = "diffusion" if random_order else "autoregressive"

    def proposal(self, known: Likelihoods) -> Proposal:
        """What is known is drawn first, exactly where its combinations are few."""
        return MaskedProposal(self.network, known, self.random_order)

    def fill(self, codes: np.ndarray, known: Likelihoods, random: np.random.Generator) -> Any:
        """What is known first, then the others."""
        network = self.network
        state = network.hidden(len(codes))
        for column in range(self.shared):
            network.show(state, column, codes[:, column])
        uniform = random.random(codes.shape)
        log_weight = np.zeros(len(codes))
        rest = [column for column in range(self.shared, len(self.sizes)) if column not in known]
        for column in (*sorted(known), *rest):
            mass = network.read(network.features(state), column)
            if column in known:
                mass, more = _weighed(mass, known[column])
                log_weight += more
            codes[:, column] = choose(mass, uniform[:, column])
            network.show(state, column, codes[:, column])
        return log_weight

    def log_likelihood(self, codes: np.ndarray) -> np.ndarray:
        """Column by column, in the group's order."""
        network = self.network
        state = network.hidden(len(codes))
        total = np.zeros(len(codes))
        for column in range(len(self.sizes)):
            if column >= self.shared:
                shares = network.read(network.features(state), column)
                mine = shares[np.arange(len(codes)), codes[:, column]]
                total += np.log(np.maximum(mine, RARE))
            network.show(state, column, codes[:, column])
        return total

    def about(self) -> dict[str, Any]:
        """The depth, and how it draws."""
        return {"name": self.name, "shared": self.shared, "blocks": self.network.blocks}

    def arrays(self) -> dict[str, np.ndarray]:
        """The parameters."""
        return dict(self.network.parameters)


def _weighed(mass: np.ndarray, likelihood: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes' probabilities under a fact, and the logarithm of the fact's own; rows as they come."""
    weighed = mass * likelihood
    total = weighed.sum(axis=1)
    weighed[total <= 0] = likelihood  # weighs nothing
    with np.errstate(divide="ignore"):
        return weighed, np.log(total)


# ---------------------------------------------------------------------- Bayesian networks


class NetworkPart(Part):
    """A Bayesian network whose shared columns have no parents that matter.

    Parameters
    ----------
    sizes : sequence of int
        How many codes each column of the group has.
    shared : int
        How many columns are shared.
    parents : sequence of sequence of int
        Of each own column, each before it in `order`.
    tables : sequence of float64 array
        P(coarse code | parents' coarse codes) of each own column; shape (*parents' sizes, size).
    coarse : sequence of int32 array, shape (codes,)
        The coarse code of each code, column by column.
    spread : sequence of float64 array, shape (coarse codes, codes)
        P(code | coarse code), column by column.
    """

    name = "bayes-network"

    def __init__(
        self,
        sizes: Sequence[int],
        shared: int,
        parents: Sequence[Sequence[int]],
        tables: Sequence[np.ndarray],
        coarse: Sequence[np.ndarray],
        spread: Sequence[np.ndarray],
    ) -> None:
        self.sizes, self.shared = tuple(sizes), shared
        self.parents = [tuple(above) for above in parents]
        self.tables, self.coarse, self.spread = list(tables), list(coarse), list(spread)
        self.order = _forwards(self.parents, shared)

    @staticmethod
    def of(network: Network, rows: Rows, shared: int) -> NetworkPart:
        """The part of a learned network; how its codes fall into finer ones is counted in rows."""
        names = rows.codebook.learned
        number = {name: i for i, name in enumerate(names)}
        coarse, spread = [], []
        for column, name in enumerate(names):
            size, fine = network.codings[name].size, rows.codes[:, column]
            pair = network.codings[name].encode(rows.frame[name]) * rows.sizes[column] + fine
            counts = np.bincount(pair, rows.weights, size * rows.sizes[column])
            counts = counts.reshape(size, rows.sizes[column])
            coarse.append(_coarse_of(counts))
            empty = counts.sum(axis=1) <= 0  # drawn by nobody: as everybody
            counts[empty] = counts.sum(axis=0)
            spread.append(counts / counts.sum(axis=1, keepdims=True))
        own = names[shared:]
        parents = [[number[parent] for parent in network.parents[name]] for name in own]
        tables = [np.asarray(network.tables[name], np.float64) for name in own]
        return NetworkPart(rows.sizes, shared, parents, tables, coarse, spread)

    def _shares(self, column: int, coarse: np.ndarray) -> np.ndarray:
        """P(coarse code | parents), float64 (rows, coarse codes)."""
        at = column - self.shared
        table, above = self.tables[at], self.parents[at]
        if not above:
            return np.broadcast_to(table, (len(coarse), table.shape[-1]))
        return table[tuple(coarse[:, parent] for parent in above)]

    def fill(self, codes: np.ndarray, known: Likelihoods, random: np.random.Generator) -> Any:
        """Parents first; a fact weighs where its column's turn comes."""
        coarse = np.zeros_like(codes)
        for column in range(self.shared):
            coarse[:, column] = self.coarse[column][codes[:, column]]
        uniform = random.random((*codes.shape, 2))
        log_weight = np.zeros(len(codes))
        for column in self.order:
            mass, spread = self._shares(column, coarse), self.spread[column]
            if column in known:
                likelihood = known[column]
                mass, more = _weighed(mass, spread @ likelihood)
                log_weight += more
                spread = spread * likelihood
                spread[spread.sum(axis=1) <= 0] = likelihood
            coarse[:, column] = choose(mass, uniform[:, column, 0])
            codes[:, column] = choose(spread[coarse[:, column]], uniform[:, column, 1])
        return log_weight

    def log_likelihood(self, codes: np.ndarray) -> np.ndarray:
        """The product of the tables; a code may come from several coarse ones."""
        coarse = np.stack([c[codes[:, i]] for i, c in enumerate(self.coarse)], axis=1)
        total = np.zeros(len(codes))
        for column in self.order:
            from_each = self.spread[column][:, codes[:, column]].T
            mine = (self._shares(column, coarse) * from_each).sum(axis=1)
            total += np.log(np.maximum(mine, RARE))
        return total

    def log_bound(self, known: Likelihoods) -> float:
        """The facts' largest probabilities, whatever the parents."""
        total = 0.0
        for column, likelihood in known.items():
            largest = (self.tables[column - self.shared] @ (self.spread[column] @ likelihood)).max()
            total += math.log(max(float(largest), 1e-300))
        return total

    def about(self) -> dict[str, Any]:
        """The arrows."""
        return {
            "name": self.name,
            "shared": self.shared,
            "sizes": list(self.sizes),
            "parents": [list(above) for above in self.parents],
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """The tables, and what codes mean."""
        out = {f"table{i}": table for i, table in enumerate(self.tables)}
        for i, (coarse, spread) in enumerate(zip(self.coarse, self.spread, strict=True)):
            out |= {f"coarse{i}": coarse, f"spread{i}": spread}
        return out


def _coarse_of(counts: np.ndarray) -> np.ndarray:
    """The coarse code that most of each code's people have; of one without people, a neighbour's.

    Parameters
    ----------
    counts : float64 array, shape (coarse codes, codes)

    Returns
    -------
    int32 array, shape (codes,)
    """
    seen = np.flatnonzero(counts.sum(axis=0) > 0)
    nearest = seen[np.abs(seen[:, None] - np.arange(counts.shape[1])).argmin(axis=0)]
    return counts.argmax(axis=0)[nearest].astype(np.int32)


def _forwards(parents: Sequence[Sequence[int]], shared: int) -> list[int]:
    """The own columns, parents first; a ValueError where arrows go round."""
    done, order = set(range(shared)), []
    waiting = list(range(shared, shared + len(parents)))
    while waiting:
        ready = [column for column in waiting if set(parents[column - shared]) <= done]
        if not ready:
            raise ValueError("arrows go round")
        order += ready
        done |= set(ready)
        waiting = [column for column in waiting if column not in done]
    return order


# ---------------------------------------------------------------------- saved and read


def restored(
    sizes: tuple[int, ...], about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> Part:
    """The part that gave these; a ValueError or KeyError where they do not belong together."""
    shared = int(about["shared"])
    if not 0 <= shared < len(sizes):
        raise ValueError("shared")
    if about["name"] != NetworkPart.name:
        if about["name"] not in ("autoregressive", "diffusion"):
            raise ValueError(about["name"])
        network = MaskedNetwork(sizes, dict(arrays), int(about["blocks"])).checked()
        return MaskedPart(network, shared, about["name"] == "diffusion")
    parents = [[int(parent) for parent in above] for above in about["parents"]]
    coarse = [arrays[f"coarse{i}"].astype(np.int32) for i in range(len(sizes))]
    spread = [arrays[f"spread{i}"].astype(np.float64) for i in range(len(sizes))]
    tables = [arrays[f"table{i}"].astype(np.float64) for i in range(len(sizes) - shared)]
    if len(parents) != len(tables):
        raise ValueError("parents")
    for i, size in enumerate(sizes):
        fine = coarse[i].shape == (size,) and spread[i].shape[1] == size
        if not fine or (coarse[i] < 0).any() or (coarse[i] >= len(spread[i])).any():
            raise ValueError("codes")
        _check_rows(spread[i])
    for i, table in enumerate(tables):
        above = parents[i]
        if any(not 0 <= parent < len(sizes) for parent in above):
            raise ValueError("parents")
        if table.shape != tuple(len(spread[c]) for c in (*above, shared + i)):
            raise ValueError("tables")
        _check_rows(table)
    return NetworkPart(sizes, shared, parents, tables, coarse, spread)


def _check_rows(table: np.ndarray) -> None:
    fine = np.isfinite(table).all() and (table >= 0).all() and (table.sum(axis=-1) > 0).all()
    if not fine:
        raise ValueError("shares")


# ---------------------------------------------------------------------- learning


def rows_of(rows: Rows, columns: Sequence[int]) -> Rows:
    """The people with some columns only, in that order; the column that weighs them stays."""
    book = rows.codebook
    names = [book.learned[column] for column in columns]
    schema = Schema(tuple(book.schema[name] for name in names))
    some = Codebook(schema, {name: book.codings[name] for name in names})
    return replace(rows, codebook=some, codes=rows.codes[:, list(columns)])


def learn_part(
    rows: Rows,
    group: Group,
    settings: Settings,
    progress: Progress,
    candidates: Sequence[str] = CANDIDATES,
    minutes: float = 3.0,
) -> tuple[Part, dict[str, Any]]:
    """Learn a group by each candidate; the one that predicts people kept apart best.

    Parameters
    ----------
    rows : Rows
        The people, with all columns.
    group : Group
        The columns.
    settings : Settings
        The seed, and `epochs` among the options.
    progress : callable
        Gets the share that is done, and words.
    candidates : sequence of str
        Of `CANDIDATES`, and ``diffusion``.
    minutes : float
        For each masked network.

    Returns
    -------
    part : Part
        The best one. A network of tables without rivals learns from everybody.
    report : dict
        `best`: its candidate; `scores`, where there are several: candidate → nats a person kept
        apart; `losses` of the one that was chosen.
    """
    mine, shared = rows_of(rows, group.columns), len(group.shared)
    ours, apart = split_apart(len(rows.codes), settings.seed)
    if not len(apart):
        candidates = candidates[:1]
    if len(candidates) == 1:
        ours, apart = np.arange(len(rows.codes)), ours[:0]
    elif len(apart) > 2 * JUDGED_FIRST:
        apart = apart[JUDGED_FIRST:]
    parts: dict[str, tuple[Part, dict[str, Any]]] = {}
    scores: dict[str, float] = {}
    for number, name in enumerate(candidates):

        def say(share: float, words: str, number: int = number) -> None:
            progress((number + share) / len(candidates), words)

        part: Part
        if name == NetworkPart.name:
            part, report = _learn_network(mine, ours, shared, settings, say)
        else:
            part, report = _learn_masked(mine, shared, settings, say, name, minutes)
        if len(candidates) == 1:
            return part, {**report, "best": name}
        judges = mine.some(apart)
        likelihood = part.log_likelihood(judges.codes)
        scores[name] = -float(np.average(likelihood, weights=judges.weights))
        parts[name] = part, report
    best = min(scores, key=scores.__getitem__)
    chosen, report = parts[best]
    return chosen, {
        "scores": {name: round(score, 4) for name, score in scores.items()},
        **report,
        "best": best,
    }


def _learn_masked(
    rows: Rows, shared: int, settings: Settings, progress: Progress, name: str, minutes: float
) -> tuple[MaskedPart, dict[str, Any]]:
    options = {k: v for k, v in settings.options.items() if k != "minutes"}
    settings = replace(settings, options=options)
    ordered = 0.0 if name == "diffusion" else 0.6
    network, report = learn(
        rows, settings, progress, ordered=ordered, minutes=minutes, shared=shared
    )
    return MaskedPart(network, shared, name == "diffusion"), report


def _learn_network(
    rows: Rows, ours: np.ndarray, shared: int, settings: Settings, progress: Progress
) -> tuple[NetworkPart, dict[str, Any]]:
    """From our people alone."""
    progress(0.0, "Looking for what depends on what")
    names = rows.codebook.learned
    table = table_of(rows, ours, settings.weights)
    forbidden = [(a, b) for b in names[:shared] for a in names if a != b]
    learner = NetworkLearner(
        **{"restarts": 1, **{k: v for k, v in settings.options.items() if k in NETWORK_OPTIONS}},
        forbidden=forbidden,
        weights=settings.weights,
        seed=settings.seed,
    ).fit(table, lambda moves, score: progress(1 - 0.985**moves, f"Arrows: {moves} steps"))
    return NetworkPart.of(learner.network_, rows, shared), {}


def table_of(rows: Rows, which: np.ndarray, weights: str | None) -> Table:
    """Some people's learned columns, and the one that weighs them, as a table."""
    columns = [rows.codebook.schema[name] for name in rows.codebook.learned]
    frame = rows.frame[[column.name for column in columns]].iloc[which].reset_index(drop=True)
    if weights is not None and rows.weights is not None:
        columns.append(Column(weights, "real", role="weight"))
        frame = frame.assign(**{weights: rows.weights[which]})
    return Table(frame, Schema(tuple(columns)), "")
