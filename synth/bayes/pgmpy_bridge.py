"""pgmpy's models and structure learners.

pgmpy knows states only, so what leaves here are codes: a level, a bin such as ``25–34``, or
``missing``; the value inside a bin stays behind. pgmpy is imported
only when it is needed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from synth.bayes.categorical import categorical_network, refuse_gaussians
from synth.bayes.counting import Codes
from synth.bayes.network import Network
from synth.bayes.parameters import Backoff
from synth.bayes.scores import FamilyScore
from synth.bayes.structure import Edge, EdgeConstraints, HillClimb, Score
from synth.errors import PopulaceError

if TYPE_CHECKING:
    from pgmpy.models import DiscreteBayesianNetwork

Method = Literal["pc", "ges", "tree"]
SHARED = ("bic", "bdeu")
"""Scores that all graphs of an equivalence class share."""
IDLE = 5_000_000
"""GES: after so many questions without a new family it is going round in circles."""
SIGNIFICANCE = 0.01
"""PC: a p-value above this counts as independence."""


# ---------------------------------------------------------------------- pgmpy


def to_pgmpy(network: Network) -> DiscreteBayesianNetwork:
    """The network as a pgmpy model; the codes' labels become its state names.

    Raises
    ------
    PopulaceError
        The network has Gaussian columns, which pgmpy's discrete models cannot hold.
    """
    refuse_gaussians(network, "pgmpy's discrete models")
    from pgmpy.factors.discrete import TabularCPD
    from pgmpy.models import DiscreteBayesianNetwork

    model = DiscreteBayesianNetwork()
    model.add_nodes_from(network.order)
    model.add_edges_from(network.edges)
    labels = {name: list(network.codings[name].labels) for name in network.order}
    for name in network.order:
        table, parents = network.tables[name], network.parents[name]
        model.add_cpds(
            TabularCPD(
                name,
                table.shape[-1],
                table.reshape(-1, table.shape[-1]).T,
                evidence=list(parents) or None,
                evidence_card=list(table.shape[:-1]) or None,
                state_names={column: labels[column] for column in (name, *parents)},
            )
        )
    return model


def from_pgmpy(model: DiscreteBayesianNetwork) -> Network:
    """A pgmpy model as a network of categorical columns; a state ``missing`` becomes missing.

    Raises
    ------
    PopulaceError
        A node has no table, or one that is no distribution.
    """
    states: dict[str, tuple[str, ...]] = {}
    parents: dict[str, tuple[str, ...]] = {}
    tables: dict[str, np.ndarray] = {}
    cpds = {node: model.get_cpds(node) for node in model.nodes()}
    for node, cpd in cpds.items():
        if cpd is None:
            raise PopulaceError(f"The node {node} has no table: add its CPD to the model.")
        states[str(node)] = tuple(str(state) for state in cpd.state_names[node])
    for node, cpd in cpds.items():
        name, above = str(node), [str(parent) for parent in cpd.variables[1:]]
        if set(above) != {str(parent) for parent in model.predecessors(node)}:
            raise PopulaceError(
                f"The table of {name} speaks of other parents than its edges: mend the model."
            )
        values = np.asarray(cpd.values, dtype=np.float64)
        # Each table may list its parents' states in an order of its own.
        for axis, parent in enumerate(cpd.variables[1:], start=1):
            labels = [str(state) for state in cpd.state_names[parent]]
            if sorted(labels) != sorted(states[str(parent)]):
                raise PopulaceError(
                    f"The table of {name} knows other states of {parent} than its own table does: "
                    "mend the model."
                )
            values = values.take([labels.index(s) for s in states[str(parent)]], axis=axis)
        parents[name], tables[name] = tuple(above), np.moveaxis(values, 0, -1)
    return categorical_network(states, parents, tables, "pgmpy")


# ---------------------------------------------------------------------- pgmpy's learners


class PgmpySearch:
    """pgmpy's structure learners, called like `HillClimb`.

    What they find is joined to the rules: required and linked edges come first, then the found
    ones, best first, as far as no rule is broken. A partially directed result is completed by Dor
    and Tarsi's order (1992), and since an order directs every edge, there is never a circle.

    Parameters
    ----------
    method : {"pc", "ges", "tree"}
        ``pc``: conditional independence by chi-square tests (Spirtes, Glymour and Scheines 2000);
        ``ges``: greedy search over equivalence classes (Chickering 2002), by our BIC or BDeu;
        ``tree``: the tree of most mutual information (Chow and Liu 1968).
        Chickering's search needs a score that the graphs of one class share, and goes round in
        circles without, so BDeu leads it where another is asked for.
    codes : Codes
        The people. Row weights are understood by ``ges`` only.
    rules : EdgeConstraints
        What must hold.

    Attributes
    ----------
    edges_ : tuple of Edge
        The graph.
    score_ : float
        Its score in nats.
    """

    def __init__(self, method: Method, codes: Codes, rules: EdgeConstraints) -> None:
        self.method = method
        self.codes = codes
        self.rules = rules

    def fit(
        self,
        score: Score,
        sizes: Sequence[int],
        progress: Callable[[int, float], None] | None = None,
    ) -> PgmpySearch:
        """Search; `progress` is called once, with the edges and their score."""
        if self.method not in get_args(Method):
            known = ", ".join(get_args(Method))
            raise PopulaceError(f"There is no search {self.method!r}: use hill-climb, {known}.")
        if len(self.codes.weights) and self.method != "ges":
            raise PopulaceError(
                f"The search {self.method} cannot weigh rows: use ges or hill-climb."
            )
        directed, undirected = (set(), set()) if len(sizes) < 2 else self._learned_edges(score)
        rules = self.rules
        undirected |= {edge for edge in rules.linked if edge[::-1] not in directed} - directed
        directed = (directed - {(b, a) for a, b in rules.required}) | rules.required
        for a, b in sorted(undirected):
            for edge, turned in (((a, b), (b, a)), ((b, a), (a, b))):
                if edge in rules.forbidden and turned not in directed:
                    directed.add(turned)
        order = _order(len(sizes), directed, undirected)
        place = {v: i for i, v in enumerate(order)}
        edges = {min((a, b), (b, a), key=lambda e: place[e[0]]) for a, b in directed | undirected}
        climb = HillClimb(rules).take(edges, score, sizes)
        self.edges_, self.score_ = climb.edges_, climb.score_
        if progress is not None:
            progress(len(self.edges_), self.score_)
        return self

    def _learned_edges(self, score: Score) -> tuple[set[Edge], set[Edge]]:
        """The directed and the undirected edges that pgmpy finds."""
        names = [f"c{i:04d}" for i in range(len(self.codes.sizes))]
        number = {name: i for i, name in enumerate(names)}
        # Columns in which nobody differs tell pgmpy's tests nothing and stop them.
        varied = [i for i, row in enumerate(self.codes.values) if row.min() < row.max()]
        if len(varied) < 2:
            return set(), set()
        frame = pd.DataFrame(
            {names[i]: pd.Categorical(self.codes.values[i]) for i in varied}, copy=False
        )
        graph: Any
        if self.method == "tree":
            with warnings.catch_warnings():
                # The package warns of modules that are not used here.
                warnings.simplefilter("ignore", FutureWarning)
                from pgmpy.estimators import TreeSearch

            graph = TreeSearch(frame, n_jobs=1).estimate(show_progress=False)
            return {(number[a], number[b]) for a, b in graph.edges()}, set()
        if self.method == "ges":
            from pgmpy.causal_discovery import GES

            if getattr(score, "name", "") not in SHARED:
                score = FamilyScore("bdeu", self.codes, Backoff(self.codes))
            graph = GES(borrowed_score(score, number)).fit(frame).causal_graph_
        else:
            from pgmpy.causal_discovery import PC

            search = PC(
                variant="stable",
                ci_test="chi_square",
                significance_level=SIGNIFICANCE,
                n_jobs=1,
                show_progress=False,
            )
            graph = search.fit(frame).causal_graph_
        return (
            {(number[a], number[b]) for a, b in graph.directed_edges},
            {(number[a], number[b]) for a, b in graph.undirected_edges},
        )


def borrowed_score(score: Score, number: Mapping[str, int]) -> Any:
    """Our score as pgmpy asks for it; its own K2 is wrong where parents' states are unseen."""
    from pgmpy.structure_score import BaseStructureScore

    class Borrowed(BaseStructureScore):
        def __init__(self) -> None:
            super(BaseStructureScore, self).__init__()
            self._scores: dict[tuple[str, tuple[str, ...]], float] = {}
            self._idle = 0

        def local_score(self, variable: str, parents: Sequence[str]) -> float:
            key = (variable, tuple(parents))
            self._idle += 1
            if key not in self._scores:
                value = score(number[variable], [number[parent] for parent in parents])
                self._scores[key], self._idle = max(float(value), -1e300), 0
            elif self._idle > IDLE:
                raise PopulaceError("The search ges goes round in circles: use hill-climb.")
            return self._scores[key]

    return Borrowed()


def _order(n: int, directed: set[Edge], undirected: set[Edge]) -> list[int]:
    """Columns, causes first, in an order that keeps the directed edges and adds no collider.

    A column may come last if nothing leaves it and its undirected neighbours know all its
    neighbours (Dor and Tarsi); where the graph allows none, the column that breaks least.
    """
    below: list[set[int]] = [set() for _ in range(n)]
    above: list[set[int]] = [set() for _ in range(n)]
    beside: list[set[int]] = [set() for _ in range(n)]
    for a, b in directed:
        below[a].add(b)
        above[b].add(a)
    for a, b in undirected:
        beside[a].add(b)
        beside[b].add(a)
    left = set(range(n))
    last_first: list[int] = []

    def cost(v: int) -> tuple[int, int, int]:
        near = above[v] | below[v] | beside[v]
        strangers = sum(len(near - {u} - above[u] - below[u] - beside[u]) for u in beside[v])
        return len(below[v]), strangers, v

    while left:
        v = min(left, key=cost)
        last_first.append(v)
        left.remove(v)
        for sets in (below, above, beside):
            for u in left:
                sets[u].discard(v)
    return last_first[::-1]
