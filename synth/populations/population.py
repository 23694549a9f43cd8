"""Populations: a learned network, what the real people were like in numbers, and a card.

A population is a folder: ``network.json``, ``reference.json``, ``card.md``, ``population.json``
(titles and notes) and, where the licence allows it, ``people.parquet``, the real rows. The shipped
ones lie in ``models/populations``; `save` writes the same for a table of one's own. `of` makes one
that lives in memory alone.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from synth.bayes.inference import Posterior
from synth.bayes.network import Network
from synth.constraints.derived import NO_CONSTRAINTS, Constraints
from synth.constraints.posterior import ConstrainedPosterior
from synth.data.contingency import ContingencyTables
from synth.data.evidence import Evidence
from synth.data.schema import Schema, hint
from synth.data.table import Table, read_table
from synth.errors import PopulaceError
from synth.interests.vocabulary import ICONS, KEYWORDS

SHIPPED = Path(__file__).parents[2] / "models" / "populations"
FORMAT = "populace-population/1"
OWN = "own-"
"""How the names of populations in memory begin."""
REMEMBERED = 64
"""Posteriors kept for each population."""
_WORDS = 10  # keywords of an interest, at most


class _Remembered:
    """The latest posteriors; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[tuple[Evidence, Evidence], Posterior] = OrderedDict()

    def given(self, population: Population, evidence: Evidence, do: Evidence) -> Posterior:
        key = (evidence, do)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        posterior = population.answer(evidence, do)
        with self._lock:
            self._kept[key] = posterior
            while len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        return posterior


@dataclass(frozen=True, eq=False)
class _Held:
    """What a population in memory holds instead of files."""

    card: str
    table: Table | None
    reference: ContingencyTables | None = None


@dataclass(frozen=True, eq=False)
class Population:
    """People who can be asked about and drawn.

    Attributes
    ----------
    name, title, note : str
        The folder's name, words for the screen, and one sentence on whom it speaks of.
    network : Network
    featured : tuple of str
        Columns that the sidebar shows first.
    folder : Path or None
        Where it lies; None where it lives in memory alone.
    finish : Finish
        What is worked out in every sampled row, and the rules that hold in it.
    told : mapping of str to tuple of str
        Interest → keywords that were learned with it; empty for the shipped populations.
    """

    name: str
    title: str
    note: str
    network: Network
    featured: tuple[str, ...]
    folder: Path | None
    constraints: Constraints = NO_CONSTRAINTS
    told: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _held: _Held | None = field(default=None, repr=False)
    _remembered: _Remembered = field(default_factory=_Remembered, repr=False)

    @cached_property
    def digest(self) -> str:
        """The population's identity: its network's, and what it was learned from in memory."""
        if self._held is None and not self.constraints and not self.told:
            return self.network.digest
        told: tuple[Any, ...] = (
            self.network.digest,
            self.reference.to_json(),
            self.table is not None,
            (self.title, self.note, self.featured, self.card),
            self.constraints.to_json(),
        )
        if self.told:
            told = (*told, sorted(self.told.items()))
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]

    @cached_property
    def reference(self) -> ContingencyTables:
        """Aggregate counts of the real people."""
        if self._held is not None:
            return self._held.reference or ContingencyTables.of(self._held.table)
        return ContingencyTables.from_json(_read(self.folder / "reference.json"))

    @cached_property
    def card(self) -> str:
        """Source, licence, meaning and scores, in Markdown."""
        if self._held is not None:
            return self._held.card
        path = self.folder / "card.md"
        return _read(path) if path.exists() else ""

    @cached_property
    def table(self) -> Table | None:
        """The real rows, where they are shipped or in memory."""
        if self._held is not None:
            return self._held.table
        path = self.folder / "people.parquet"
        if not path.exists():
            return None
        # A shipped table may hold columns beyond those learned; any other is what was learned.
        return read_table(path, schema=None if self.folder.parent == SHIPPED else self.schema)

    @property
    def interests(self) -> tuple[str, ...]:
        """The columns that hold a person's interests, first to last."""
        schema = self.network.schema
        ranks = ("top1", "top2", "top3")
        return tuple(c.name for c in schema if c.name in ranks and c.kind == "categorical")

    @cached_property
    def keywords(self) -> Mapping[str, tuple[str, ...]]:
        """Interest → at most ten words that describe it: those learned with it, or the shipped."""
        known = {**KEYWORDS, **self.told}
        return {name: known[name] for name in self._interest_levels if name in known}

    @cached_property
    def icons(self) -> Mapping[str, str]:
        """Interest → name of a Material symbol."""
        return {name: ICONS[name] for name in self._interest_levels if name in ICONS}

    @property
    def _interest_levels(self) -> tuple[str, ...]:
        schema = self.network.schema
        levels = (level for name in self.interests for level in schema[name].levels)
        return tuple(dict.fromkeys(levels))

    def given(self, evidence: Evidence | None = None, do: Evidence | None = None) -> Posterior:
        """`Network.given`, with the latest answers kept."""
        return self._remembered.given(self, evidence or Evidence(), do or Evidence())

    def answer(self, evidence: Evidence | None = None, do: Evidence | None = None) -> Posterior:
        """What `given` says, worked out anew and not kept: for questions asked only once."""
        evidence, do = evidence or Evidence(), do or Evidence()
        if not self.constraints:
            return self.network.given(evidence, do)
        whole = self._whole if evidence or do else None
        return ConstrainedPosterior(self.network, evidence, do, self.constraints, whole)

    @cached_property
    def _whole(self) -> ConstrainedPosterior:
        return ConstrainedPosterior(self.network, Evidence(), Evidence(), self.constraints)

    @cached_property
    def schema(self) -> Schema:
        """The columns of a sampled row: those that are learned, and those worked out (apart)."""
        return self.constraints.schema(self.network.schema)

    def facts(self, text: str) -> Evidence:
        """Read a line of facts about this population, as `Evidence.parse` does.

        Raises PopulaceError, also where a fact is about a column that is worked out.
        """
        asked = Schema(tuple(replace(column, role="model") for column in self.schema))
        evidence = Evidence.parse(text, asked)
        self.constraints.refuse(tuple(evidence))
        return evidence

    def in_memory(self) -> Population:
        """The same population with its files read, called ``own-`` and digits of its digest."""
        held = _Held(self.card, self.table, self.reference)
        made = replace(self, folder=None, _held=held, _remembered=_Remembered())
        return replace(made, name=f"{OWN}{made.digest[:8]}")


def available() -> tuple[str, ...]:
    """Names of the shipped populations, the one shown first ahead."""
    if not SHIPPED.is_dir():
        return ()
    found = [path.parent.name for path in SHIPPED.glob("*/population.json")]
    return tuple(sorted(found, key=lambda name: (name != "us-time-use", name)))


def load(name: str | Path) -> Population:
    """A shipped population by name, or one in a folder.

    Raises
    ------
    PopulaceError
        There is no such population, or its files are damaged.
    """
    folder = SHIPPED / str(name)
    if str(name) not in available():
        folder = Path(name)
        if not (folder / "network.json").is_file():
            raise PopulaceError(
                f"There is no population {name}{hint(str(name), available())} "
                "A folder that `python -m synth fit` wrote will do too."
            )
    about: dict[str, Any] = {}
    if (folder / "population.json").is_file():
        try:
            about = json.loads(_read(folder / "population.json"))
        except json.JSONDecodeError as error:
            raise PopulaceError(
                f"{folder / 'population.json'} is not valid JSON: build the population again."
            ) from error
    network = Network.load(folder / "network.json")
    names = network.schema.names
    constraints = NO_CONSTRAINTS
    if isinstance(about.get("finish"), dict):
        constraints = Constraints.from_json(about["finish"], network.schema)
    return Population(
        name=folder.name,
        title=str(about.get("title") or folder.name),
        note=str(about.get("note") or "Learned from a table of your own."),
        network=network,
        featured=tuple(n for n in about.get("featured", names[:6]) if n in names),
        folder=folder,
        constraints=constraints,
        told=_keywords(about.get("keywords", {}), folder),
    )


def of(
    network: Network,
    table: Table,
    *,
    title: str,
    note: str = "",
    featured: tuple[str, ...] = (),
    card: str = "",
    constraints: Constraints = NO_CONSTRAINTS,
    keywords: Mapping[str, tuple[str, ...]] | None = None,
) -> Population:
    """A population in memory, called ``own-`` and eight digits of its digest.

    `table` holds the real rows that the network was learned from, or at least its columns and
    those that `constraints` works out. `keywords` describe its interests, where they were learned.
    """
    schema = constraints.schema(network.schema)
    missing = [name for name in schema.names if name not in table.frame.columns]
    if missing:
        raise PopulaceError(f"The table lacks the network's column {missing[0]}: learn from it.")
    rows = Table(table.frame[list(schema.names)], schema, table.digest)
    made = Population(
        name="",
        title=title,
        note=note or f"Learned from {len(table):,} rows of a table of your own.",
        network=network,
        featured=tuple(n for n in featured if n in network.schema) or network.schema.names[:6],
        folder=None,
        constraints=constraints,
        told=dict(keywords or {}),
        _held=_Held(card, rows),
    )
    return replace(made, name=f"{OWN}{made.digest[:8]}")


def save(
    folder: str | Path,
    network: Network,
    table: Table,
    *,
    title: str = "",
    note: str = "",
    featured: tuple[str, ...] = (),
    card: str = "",
) -> Population:
    """Write a learned population as a folder and load it. The real rows are not written."""
    folder = Path(folder)
    made = of(
        network,
        table,
        title=title or folder.name,
        note=note or f"Learned from {len(table):,} rows.",
        featured=featured,
        card=card,
    )
    return write(made, folder)


def write(population: Population, folder: str | Path, *, rows: bool = False) -> Population:
    """Write a population as a folder and load it; the real rows only where `rows` says so."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    population.network.save(folder / "network.json")
    text = population.reference.to_json()
    (folder / "reference.json").write_text(text + "\n", encoding="utf-8")
    about: dict[str, Any] = {
        "format": FORMAT,
        "title": population.title,
        "note": population.note,
        "featured": list(population.featured),
    }
    if population.constraints:
        about["finish"] = population.constraints.to_json()
    if population.told:
        about["keywords"] = {name: list(words) for name, words in population.told.items()}
    text = json.dumps(about, indent=2, ensure_ascii=False)
    (folder / "population.json").write_text(text + "\n", encoding="utf-8")
    if population.card:
        (folder / "card.md").write_text(population.card, encoding="utf-8")
    people = folder / "people.parquet"
    if rows and population.table is not None:
        population.table.frame.to_parquet(people, index=False, compression="zstd")
    else:
        people.unlink(missing_ok=True)
    return load(folder)


def _keywords(value: Any, folder: Path) -> dict[str, tuple[str, ...]]:
    """Interest → keywords as `write` left them; a file from elsewhere is not believed blindly."""
    fine = isinstance(value, dict) and all(
        isinstance(words, list)
        and len(words) <= _WORDS
        and all(isinstance(word, str) and len(word) <= 100 and word.isprintable() for word in words)
        for words in value.values()
    )
    if not fine:
        raise PopulaceError(
            f"The keywords in {folder / 'population.json'} are damaged: build the population again."
        )
    return {name: tuple(words) for name, words in value.items()}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PopulaceError(
            f"{path} cannot be read: build the population again with "
            "`python -m synth populations build`."
        ) from error
