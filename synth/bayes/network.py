"""The learned network: immutable, shared by threads, kept as JSON."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from synth.bayes.classes import class_codes
from synth.bayes.coding import Coding
from synth.bayes.elimination import Memory
from synth.bayes.factors import Factor
from synth.bayes.gaussian import Gaussian
from synth.bayes.graph import topological_order
from synth.bayes.inference import Posterior
from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.lazy import cached_property

FORMAT = "populace-network/1"
_EXACT = "f8:"  # how the text of a table with all its bits begins


@dataclass(frozen=True, eq=False)
class Network:
    """A mixed Bayesian network.

    Attributes
    ----------
    schema : Schema
        The modelled columns in table order, then classes of numbers, see `classes`: what answers
        and samples speak of is ``schema.modelled``.
    codings : mapping of str to Coding
        The columns with codes; the others are Gaussian.
    parents : mapping of str to tuple of str
        Parents of each column with codes.
    tables : mapping of str to float64 array
        P(code | parents' codes), shape (*parents' sizes, size).
    gaussians : mapping of str to Gaussian
        The Gaussian columns' regressions, parents first.
    about : mapping of str to JSON value
        How it was learned: rows, score, digest of the table, and what else helps to judge it.
    """

    schema: Schema
    codings: Mapping[str, Coding]
    parents: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, np.ndarray]
    gaussians: Mapping[str, Gaussian] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [name for name in self.schema.names if name in self.gaussians]
        ordered = _in_order({name: self.gaussians[name] for name in names})
        object.__setattr__(self, "gaussians", ordered)
        for table in self.tables.values():
            table.setflags(write=False)

    @property
    def tiers(self) -> tuple[tuple[str, ...], ...]:
        """Columns in the order that the search was given, earliest first; empty where none was.

        Columns that the network lacks are left out, and tiers without a column.
        """
        tiers = ([n for n in tier if n in self.schema] for tier in self.about.get("tiers", ()))
        return tuple(tuple(tier) for tier in tiers if tier)

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """(parent, child) pairs, children in table order."""
        pairs = []
        for name in self.schema.names:
            if name in self.gaussians:
                node = self.gaussians[name]
                above: tuple[str, ...] = (*node.given, *node.linear)
            else:
                above = self.parents[name]
            pairs += [(parent, name) for parent in above]
        return tuple(pairs)

    @property
    def additive_edges(self) -> frozenset[tuple[str, str]]:
        """The (parent, child) pairs that joined after the search; see `additive`."""
        pairs = {(str(a), str(b)) for a, b in self.about.get("additive", ())}
        return frozenset(pairs & set(self.edges))

    @cached_property
    def class_of(self) -> Mapping[str, str]:
        """Each column that is a class of a number, and the number's column."""
        return dict(self.about.get("class_of", {}))

    @property
    def class_edges(self) -> frozenset[tuple[str, str]]:
        """The arrows from a class to its number, which cannot be taken out."""
        return frozenset(self.class_of.items())

    @property
    def columns_text(self) -> str:
        """How many columns it has, in words; classes of numbers are counted apart."""
        columns = len(self.schema.modelled)
        words = f"{columns:,} column{'' if columns == 1 else 's'}"
        return f"{words} and {len(self.class_of)} classes of numbers" if self.class_of else words

    def class_codes(self, name: str) -> np.ndarray:
        """The class of each code of a number, by the class's name; int array, shape (size,)."""
        return self._class_codes[name]

    @cached_property
    def _class_codes(self) -> Mapping[str, np.ndarray]:
        return {
            name: class_codes(self.tables[number], self.parents[number].index(name))
            for name, number in self.class_of.items()
        }

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The columns with codes, parents first."""
        # In the schema's order, as files have it: a saved network draws the same people.
        names = [name for name in self.schema.names if name in self.parents]
        return topological_order({name: self.parents[name] for name in names})

    @cached_property
    def memory(self) -> Memory:
        """The tables as factors, and what questions remember for the next ones."""
        return Memory(
            {name: Factor((*self.parents[name], name), self.tables[name]) for name in self.order}
        )

    @cached_property
    def digest(self) -> str:
        """The network's identity: 16 hexadecimal digits of its content's SHA-256."""
        content = hashlib.sha256()
        described = {
            "schema": self.schema.to_json(),
            "edges": self.edges,
            "pieces": {name: c.to_json(compact=True) for name, c in self.codings.items()},
            "gaussians": {name: g.to_json() for name, g in self.gaussians.items()},
        }
        content.update(json.dumps(described, sort_keys=True).encode())
        for name in self.order:
            content.update(self.tables[name].astype("<f4").tobytes())
        return content.hexdigest()[:16]

    @property
    def parameters(self) -> int:
        """How many numbers the tables and regressions hold."""
        cells = sum(table.size for table in self.tables.values())
        return cells + sum(
            g.intercept.size + g.slope.size + g.deviation.size for g in self.gaussians.values()
        )

    def given(self, evidence: Evidence | None = None, do: Evidence | None = None) -> Posterior:
        """What is true of people of whom the evidence is known.

        `do` sets columns from outside instead: their causes are cut off, so nothing is learned
        about them (Pearl's do-operator).
        """
        return Posterior(self, evidence, do)

    # ------------------------------------------------------------------ JSON

    def to_json(self, *, compact: bool = False) -> dict[str, Any]:
        """The network as JSON-ready values, its tables packed.

        Parameters
        ----------
        compact : bool
            Numbers are rounded to what a short file holds, an error of one in two thousand;
            otherwise the network that is read back is the same to the last bit.
        """
        columns: dict[str, dict[str, Any]] = {}
        for name in self.schema.names:
            if name in self.gaussians:
                columns[name] = {"gaussian": self.gaussians[name].to_json()}
                continue
            columns[name] = {
                "parents": list(self.parents[name]),
                "pieces": self.codings[name].to_json(compact=compact),
                "table": (_pack if compact else _pack_exact)(self.tables[name]),
            }
        return {
            "format": FORMAT,
            "about": dict(self.about),
            "schema": self.schema.to_json(),
            "columns": columns,
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Network:
        """The network that `to_json` wrote."""
        if not isinstance(value, Mapping) or value.get("format") != FORMAT:
            raise PopulaceError(
                f"This is no network of the form {FORMAT}: fit one with `python -m synth fit`."
            )
        try:
            schema = Schema.from_json(value["schema"])
            columns = value["columns"]
            coded = [n for n in schema.names if "gaussian" not in columns[n]]
            codings = {n: Coding.from_json(schema[n], columns[n]["pieces"]) for n in coded}
            parents = {n: tuple(columns[n]["parents"]) for n in coded}
            tables = {}
            for name in coded:
                shape = [codings[p].size for p in parents[name]] + [codings[name].size]
                text = str(columns[name]["table"])
                is_exact = text.startswith(_EXACT)
                table = (_unpack_exact if is_exact else _unpack)(text, shape)
                if not (np.isfinite(table).all() and (table >= 0).all()):
                    raise ValueError(name)
                mass = table.sum(axis=-1, keepdims=True)
                mass = np.where(mass > 0, mass, 1.0)
                if is_exact and not (np.abs(mass - 1.0) < 1e-6).all():
                    raise ValueError(name)
                tables[name] = table if is_exact else table / mass
            gaussians = {
                n: Gaussian.from_json(schema[n], columns[n]["gaussian"])
                for n in schema.names
                if "gaussian" in columns[n]
            }
            about = dict(value.get("about", {}))
            if not all(isinstance(n, str) for tier in about.get("tiers", ()) for n in tier):
                raise ValueError("tiers")
            if not all(len(edge) == 2 for edge in about.get("additive", ())):
                raise ValueError("additive")
            class_of = about.get("class_of", {})
            if {c.name for c in schema.of_role("class")} != set(class_of) or any(
                name not in parents[number] for name, number in class_of.items()
            ):
                raise ValueError("class_of")
        except (KeyError, TypeError, ValueError, AttributeError, zlib.error) as error:
            if isinstance(error, PopulaceError):
                raise
            raise PopulaceError(
                f"The network file is damaged near {error}: build the population again."
            ) from error
        network = Network(schema, codings, parents, tables, gaussians, about)
        _ = network.order
        return network

    def save(self, path: str | Path, *, compact: bool = False) -> None:
        """Write the network as JSON.

        Parameters
        ----------
        path : str or Path
            The file.
        compact : bool
            As in `to_json`.
        """
        text = json.dumps(self.to_json(compact=compact), separators=(",", ":"))
        Path(path).write_text(text + "\n", encoding="utf-8")

    @staticmethod
    def load(path: str | Path) -> Network:
        """Read a network that `save` wrote."""
        try:
            value = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise PopulaceError(
                f"The network {path} cannot be read ({error.strerror}): check the path."
            ) from error
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise PopulaceError(
                f"The network {path} is not valid JSON: build the population again."
            ) from error
        return Network.from_json(value)


def _pack(table: np.ndarray) -> str:
    """A table in a short text: float32 with ten bits after the point, zlib, base64.

    The error, one in two thousand of a probability, is far below what the people it was learned
    from could tell apart; a network of a million numbers takes two megabytes.
    """
    bits = table.astype("<f4").ravel().view("<u4").astype(np.uint64)
    bits = ((bits + 0x1000) >> 13 << 13).astype("<u4")
    # Bytes of one kind side by side compress better.
    shuffled = bits.view(np.uint8).reshape(-1, 4).T.tobytes()
    return base64.b64encode(zlib.compress(shuffled, 9)).decode("ascii")


def _pack_exact(table: np.ndarray) -> str:
    """A table as float64, to the last bit: a mark, then zlib and base64."""
    shuffled = table.astype("<f8").ravel().view(np.uint8).reshape(-1, 8).T.tobytes()
    return _EXACT + base64.b64encode(zlib.compress(shuffled, 6)).decode("ascii")


def _unpack_exact(text: str, shape: Sequence[int]) -> np.ndarray:
    """The table that `_pack_exact` wrote."""
    planes = _inflated(text.removeprefix(_EXACT), 8 * math.prod(shape)).reshape(8, -1)
    return planes.T.copy().view("<f8").astype(np.float64).reshape(shape)


def _unpack(text: str, shape: Sequence[int]) -> np.ndarray:
    """The table that `_pack` wrote."""
    planes = _inflated(text, 4 * math.prod(shape)).reshape(4, -1)
    return planes.T.copy().view("<f4").astype(np.float64).reshape(shape)


def _inflated(text: str, size: int) -> np.ndarray:
    """The bytes of a packed table, never more than its shape asks for."""
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(base64.b64decode(text, validate=True), size + 1)
    if len(content) != size:
        raise ValueError("a table of another size")
    return np.frombuffer(content, np.uint8)


def _in_order(gaussians: Mapping[str, Gaussian]) -> dict[str, Gaussian]:
    """Gaussian columns with their Gaussian parents first, else in the mapping's order."""
    order = topological_order({name: gaussian.linear for name, gaussian in gaussians.items()})
    return {name: gaussians[name] for name in order}
