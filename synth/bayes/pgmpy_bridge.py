"""Other people's networks and learners: pgmpy models, BIF files, pgmpy's structure learners.

pgmpy knows states only, so what leaves here are codes: a level, a bin such as ``25–34``, or
``missing``; the value inside a bin stays behind. BIF is the interchange format of Cozman (1998,
"The Interchange Format for Bayesian Networks", version 0.15) that the bnlearn repository uses.
The reader and writer are our own: pgmpy's reader forgets quotes, so that names with commas or
brackets fall apart, and reads a file that lacks rows as if they were zeros.

pgmpy is imported only when one of its things is asked for.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, get_args

import numpy as np
import pandas as pd

from synth.bayes.coding import Coding
from synth.bayes.counting import Codes
from synth.bayes.network import Network
from synth.bayes.parameters import Backoff
from synth.bayes.scores import FamilyScore
from synth.bayes.structure import Edge, HillClimb, EdgeConstraints, Score
from synth.data.schema import LEVELS_LIMIT, MISSING, Column, Schema
from synth.errors import PopulaceError

if TYPE_CHECKING:
    from pgmpy.models import DiscreteBayesianNetwork

Method = Literal["pc", "ges", "tree"]
LARGEST_FILE = 64 << 20
"""Bytes of a BIF file, at most."""
CELLS = 1 << 24
"""Numbers in one table of a file, at most."""
ROUNDING = 0.01
"""How far from one the probabilities of a row may sum; files round them."""
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
    _refuse_gaussians(network, "pgmpy's discrete models")
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
            told = [str(state) for state in cpd.state_names[parent]]
            if sorted(told) != sorted(states[str(parent)]):
                raise PopulaceError(
                    f"The table of {name} knows other states of {parent} than its own table does: "
                    "mend the model."
                )
            values = values.take([told.index(s) for s in states[str(parent)]], axis=axis)
        parents[name], tables[name] = tuple(above), np.moveaxis(values, 0, -1)
    return _network(states, parents, tables, "pgmpy")


def _refuse_gaussians(network: Network, place: str) -> None:
    if network.gaussians:
        raise PopulaceError(
            f"Column {next(iter(network.gaussians))} is Gaussian and {place} hold states only: "
            "learn the network without Gaussian columns."
        )


def _network(
    states: Mapping[str, tuple[str, ...]],
    parents: Mapping[str, tuple[str, ...]],
    tables: Mapping[str, np.ndarray],
    source: str,
) -> Network:
    """A network of categorical columns; a state called ``missing`` moves to the end."""
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
        if (abs(mass - 1.0) > ROUNDING).any():
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


# ---------------------------------------------------------------------- BIF: writing

_PLAIN = re.compile(r'[^\s{}()\[\];,|"]+')


def write_bif(network: Network, path: str | Path) -> None:
    """Write the network as a BIF file (UTF-8); probabilities keep all their digits.

    Names and labels that are no plain word are quoted.

    Raises
    ------
    PopulaceError
        The network has Gaussian columns, or a name holds a double quote or a line break, which
        BIF cannot write.
    """
    Path(path).write_text(bif_text(network), encoding="utf-8")


def bif_text(network: Network) -> str:
    """The text that `write_bif` writes."""
    _refuse_gaussians(network, "BIF files")
    labels = {
        name: [_bif_word(label, name) for label in network.codings[name].labels]
        for name in network.order
    }
    word = {name: _bif_word(name, name) for name in network.order}
    lines = ["network populace {", "}"]
    for name in network.order:
        own = labels[name]
        lines += [
            f"variable {word[name]} {{",
            f"  type discrete [ {len(own)} ] {{ {', '.join(own)} }};",
            "}",
        ]
    for name in network.order:
        table, parents = network.tables[name], network.parents[name]
        if not parents:
            lines.append(f"probability ( {word[name]} ) {{")
            lines.append(f"  table {_bif_numbers(table)};")
        else:
            above = ", ".join(word[parent] for parent in parents)
            lines.append(f"probability ( {word[name]} | {above} ) {{")
            rows = product(*(labels[parent] for parent in parents))
            flat = table.reshape(-1, table.shape[-1])
            for row, numbers in zip(rows, flat, strict=True):
                lines.append(f"  ({', '.join(row)}) {_bif_numbers(numbers)};")
        lines.append("}")
    return "\n".join(lines) + "\n"


def _bif_word(text: str, column: str) -> str:
    if _PLAIN.fullmatch(text) and "//" not in text and "/*" not in text:
        return text
    if '"' in text or any(ord(character) < 32 for character in text):
        raise PopulaceError(
            f"Column {column}: BIF cannot write {text!r}, which holds a double quote or a line "
            "break: rename it."
        )
    return f'"{text}"'


def _bif_numbers(numbers: np.ndarray) -> str:
    return ", ".join(repr(float(number)) for number in numbers)


# ---------------------------------------------------------------------- BIF: reading

_BIF_TOKEN = re.compile(
    r"""\s+ | //[^\n]* | /\*.*?\*/
      | "(?P<string>[^"]*)"
      | (?P<mark>[{}()\[\];,|])
      | (?P<word>(?:(?!/\*|//)[^\s{}()\[\];,|"])+)""",
    re.VERBOSE | re.DOTALL,
)


class _Mark(str):
    """A mark such as ``{`` that stood outside quotes."""

    __slots__ = ()


def read_bif(source: str | Path) -> Network:
    """Read a BIF file, or its text, as a network of categorical columns.

    A string that holds a brace or a line break is text, any other is a path. Tables may be
    written whole (``table``), by rows, and with a ``default`` row; comments and properties are
    passed over.

    Raises
    ------
    PopulaceError
        One sentence with the line at which the file stops making sense.
    """
    if isinstance(source, str) and ("{" in source or "\n" in source):
        return _Bif(source).network()
    try:
        path = Path(source)
        if path.stat().st_size > LARGEST_FILE:
            raise PopulaceError(
                f"The BIF file {source} has more than {LARGEST_FILE >> 20} MB: "
                "this is no Bayesian network that can be answered exactly, choose another."
            )
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PopulaceError(
            f"The BIF file {source} is not UTF-8 text: save it as UTF-8, unpacked."
        ) from error
    except OSError as error:
        raise PopulaceError(
            f"The BIF file {source} cannot be read ({error.strerror}): check the path."
        ) from error
    except ValueError as error:
        if isinstance(error, PopulaceError):
            raise
        raise PopulaceError(f"{source!r} is no path of a BIF file: check it.") from error
    return _Bif(text).network()


class _Bif:
    """Reads one text, token by token."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        self._lines: list[int] = []
        self._at = 0
        line, end = 1, 0
        while end < len(text):
            match = _BIF_TOKEN.match(text, end)
            if match is None:
                self._lines.append(line)
                self._at = len(self._tokens)
                self._fail("a quote or a comment is not closed")
            mark = match["mark"]
            token = _Mark(mark) if mark else match["string"] or match["word"]
            if token is not None:
                self._tokens.append(token)
                self._lines.append(line)
            elif match["string"] is not None:
                self._tokens.append("")
                self._lines.append(line)
            line += match[0].count("\n")
            end = match.end()
        self._lines.append(line)
        self._states: dict[str, tuple[str, ...]] = {}
        self._parents: dict[str, tuple[str, ...]] = {}
        self._tables: dict[str, np.ndarray] = {}

    def network(self) -> Network:
        """The whole file's network."""
        while self._at < len(self._tokens):
            word = self._next()
            if word == "network":
                self._skip_block()
            elif word == "variable":
                self._variable()
            elif word == "probability":
                self._probability()
            elif word != ";":
                self._fail(f"{_short(word)} is neither network, variable nor probability", back=1)
        for name in self._states:
            if name not in self._tables:
                raise PopulaceError(
                    f"The BIF file has no probability block for {_short(name)}: add it."
                )
        return _network(self._states, self._parents, self._tables, "BIF")

    # ------------------------------------------------------------------ tokens

    def _fail(self, what: str, back: int = 0) -> NoReturn:
        line = self._lines[min(max(self._at - back, 0), len(self._lines) - 1)]
        raise PopulaceError(f"The BIF file cannot be read at line {line}: {what}; mend it there.")

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            self._fail("the file ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, mark: str) -> None:
        token = self._next()
        if token != mark:
            self._fail(f"{mark} was expected, not {_short(token)}", back=1)

    def _until(self, *ends: str) -> list[str]:
        """The tokens up to one of the marks, which is passed over."""
        tokens: list[str] = []
        while True:
            token = self._next()
            if isinstance(token, _Mark) and token in ends:
                return tokens
            tokens.append(token)

    def _skip_block(self) -> None:
        self._until("{")
        self._until("}")

    def _names(self, tokens: Sequence[str]) -> list[str]:
        """Names between commas, where words may stand apart; or else one a word."""
        if not any(isinstance(token, _Mark) for token in tokens):
            return list(tokens)
        parts: list[list[str]] = [[]]
        for token in tokens:
            if isinstance(token, _Mark):
                if token != ",":
                    self._fail(f"{token} stands among names", back=1)
                parts.append([])
            else:
                parts[-1].append(token)
        return [" ".join(part) for part in parts if part]

    def _numbers(self, tokens: Iterable[str], count: int) -> list[float]:
        numbers = []
        for token in tokens:
            if isinstance(token, _Mark) and token == ",":
                continue
            try:
                number = float(token)
            except ValueError:
                self._fail(f"{_short(token)} is no number", back=1)
            if not (math.isfinite(number) and number >= 0):
                self._fail(f"{_short(token)} is no probability", back=1)
            numbers.append(number)
        if len(numbers) != count:
            self._fail(f"{count:,} numbers were expected, not {len(numbers):,}", back=1)
        return numbers

    # ------------------------------------------------------------------ blocks

    def _variable(self) -> None:
        name = " ".join(self._until("{"))
        if not name or name in self._states:
            self._fail(f"the variable {_short(name)} has no name or is there twice", back=1)
        while True:
            word = self._next()
            if word == "}":
                break
            if word == "property":
                self._until(";")
            elif word == "type":
                if self._next() != "discrete":
                    self._fail(f"{_short(name)} is not discrete", back=1)
                self._expect("[")
                count = " ".join(self._until("]"))
                self._expect("{")
                states = self._names(self._until("}"))
                self._expect(";")
                if count != str(len(states)):
                    self._fail(
                        f"{_short(name)} announces {_short(count)} states and has {len(states)}",
                        back=1,
                    )
                self._states[name] = tuple(states)
            else:
                self._fail(f"{_short(word)} stands inside a variable", back=1)
        if not self._states.get(name):
            self._fail(f"the variable {_short(name)} has no states", back=1)

    def _probability(self) -> None:
        self._expect("(")
        tokens = self._until(")")
        bars = [i for i, token in enumerate(tokens) if isinstance(token, _Mark) and token == "|"]
        if len(bars) > 1:
            self._fail("two bars stand in one probability", back=1)
        if bars:
            child = " ".join(tokens[: bars[0]])
            parents = self._names(tokens[bars[0] + 1 :])
        else:
            child, *parents = self._names(tokens) or [""]
        for name in (child, *parents):
            if name not in self._states:
                self._fail(f"there is no variable {_short(name)} before this line", back=1)
        if child in self._tables or len({child, *parents}) <= len(parents):
            self._fail(f"{_short(child)} is there twice", back=1)
        shape = tuple(len(self._states[name]) for name in (*parents, child))
        if math.prod(shape) > CELLS:
            self._fail(f"the table of {_short(child)} has more than {CELLS:,} numbers", back=1)
        self._parents[child] = tuple(parents)
        self._tables[child] = self._table(child, parents, shape)

    def _table(self, child: str, parents: Sequence[str], shape: tuple[int, ...]) -> np.ndarray:
        self._expect("{")
        table: np.ndarray | None = None
        default: list[float] | None = None
        rows: dict[tuple[int, ...], list[float]] = {}
        while True:
            word = self._next()
            if word == "}":
                break
            if word == "property":
                self._until(";")
            elif word == "table" and not isinstance(word, _Mark):
                numbers = self._numbers(self._until(";"), math.prod(shape))
                # The child changes slowest, the last parent fastest.
                table = np.moveaxis(np.array(numbers).reshape(shape[-1], *shape[:-1]), 0, -1)
            elif word == "default":
                default = self._numbers(self._until(";"), shape[-1])
            elif word == "(":
                told = self._names(self._until(")"))
                if len(told) != len(parents):
                    self._fail(
                        f"a row of {_short(child)} names {len(told)} states for "
                        f"{len(parents)} parents",
                        back=1,
                    )
                for parent, state in zip(parents, told, strict=True):
                    if state not in self._states[parent]:
                        self._fail(f"{_short(parent)} has no state {_short(state)}", back=1)
                row = tuple(
                    self._states[parent].index(state)
                    for parent, state in zip(parents, told, strict=True)
                )
                if row in rows:
                    self._fail(f"a row of {_short(child)} is there twice", back=1)
                rows[row] = self._numbers(self._until(";"), shape[-1])
            else:
                self._fail(f"{_short(word)} stands inside a probability", back=1)
        if table is None:
            if default is None and len(rows) < math.prod(shape[:-1]):
                self._fail(f"the table of {_short(child)} lacks rows", back=1)
            table = np.empty(shape)
            if default is not None:
                table[...] = default
        else:
            table = table.copy()
        for row, numbers in rows.items():
            table[row] = numbers
        return table


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "…")


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
        directed, undirected = (set(), set()) if len(sizes) < 2 else self._found(score)
        rules = self.rules
        undirected |= {edge for edge in rules.linked if edge[::-1] not in directed} - directed
        directed = (directed - {(b, a) for a, b in rules.required}) | rules.required
        for a, b in sorted(undirected):
            for one, other in (((a, b), (b, a)), ((b, a), (a, b))):
                if one in rules.forbidden and other not in directed:
                    directed.add(other)
        order = _order(len(sizes), directed, undirected)
        place = {v: i for i, v in enumerate(order)}
        edges = {min((a, b), (b, a), key=lambda e: place[e[0]]) for a, b in directed | undirected}
        climb = HillClimb(rules).take(edges, score, sizes)
        self.edges_, self.score_ = climb.edges_, climb.score_
        if progress is not None:
            progress(len(self.edges_), self.score_)
        return self

    def _found(self, score: Score) -> tuple[set[Edge], set[Edge]]:
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
            self._told: dict[tuple[str, tuple[str, ...]], float] = {}
            self._idle = 0

        def local_score(self, variable: str, parents: Sequence[str]) -> float:
            key = (variable, tuple(parents))
            self._idle += 1
            if key not in self._told:
                value = score(number[variable], [number[parent] for parent in parents])
                self._told[key], self._idle = max(float(value), -1e300), 0
            elif self._idle > IDLE:
                raise PopulaceError("The search ges goes round in circles: use hill-climb.")
            return self._told[key]

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
