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
from synth.errors import PopulaceError
from synth.evidence import Evidence
from synth.people.keywords import ICONS, KEYWORDS
from synth.reference import Reference
from synth.schema import hint
from synth.table import Table, read_table

SHIPPED = Path(__file__).parent.parent / "models" / "populations"
FORMAT = "populace-population/1"
OWN = "own-"
"""How the names of populations in memory begin."""
REMEMBERED = 64
"""Posteriors kept for each population."""


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

    table: Table
    card: str


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
    """

    name: str
    title: str
    note: str
    network: Network
    featured: tuple[str, ...]
    folder: Path | None
    _held: _Held | None = field(default=None, repr=False)
    _remembered: _Remembered = field(default_factory=_Remembered, repr=False)

    @cached_property
    def digest(self) -> str:
        """The population's identity: its network's, and what it was learned from in memory."""
        if self._held is None:
            return self.network.digest
        told = (self.network.digest, self._held.table.digest, self.title, self._held.card)
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]

    @cached_property
    def reference(self) -> Reference:
        """Aggregate counts of the real people."""
        if self._held is not None:
            return Reference.of(self._held.table)
        return Reference.from_json(_read(self.folder / "reference.json"))

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
        return read_table(path) if path.exists() else None

    @property
    def interests(self) -> tuple[str, ...]:
        """The columns that hold a person's interests, first to last."""
        schema = self.network.schema
        ranks = ("top1", "top2", "top3")
        return tuple(c.name for c in schema if c.name in ranks and c.kind == "categorical")

    @cached_property
    def keywords(self) -> Mapping[str, tuple[str, ...]]:
        """Interest → five to ten words that describe it."""
        return {name: KEYWORDS[name] for name in self._interest_levels if name in KEYWORDS}

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
        return self.network.given(evidence or Evidence(), do or Evidence())


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
    return Population(
        name=folder.name,
        title=str(about.get("title") or folder.name),
        note=str(about.get("note") or "Learned from a table of your own."),
        network=network,
        featured=tuple(n for n in about.get("featured", names[:6]) if n in names),
        folder=folder,
    )


def of(
    network: Network,
    table: Table,
    *,
    title: str,
    note: str = "",
    featured: tuple[str, ...] = (),
    card: str = "",
) -> Population:
    """A population in memory, called ``own-`` and eight digits of its digest.

    `table` holds the real rows that the network was learned from, or at least its columns.
    """
    names = network.schema.names
    missing = [name for name in names if name not in table.frame.columns]
    if missing:
        raise PopulaceError(f"The table lacks the network's column {missing[0]}: learn from it.")
    modelled = Table(table.frame[list(names)], network.schema, table.digest)
    made = Population(
        name="",
        title=title,
        note=note or f"Learned from {len(table):,} rows of a table of your own.",
        network=network,
        featured=tuple(n for n in featured if n in names) or names[:6],
        folder=None,
        _held=_Held(modelled, card),
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
    folder.mkdir(parents=True, exist_ok=True)
    modelled = Table(table.frame[list(network.schema.names)], network.schema, table.digest)
    network.save(folder / "network.json")
    (folder / "reference.json").write_text(
        Reference.of(modelled).to_json() + "\n", encoding="utf-8"
    )
    about = {
        "format": FORMAT,
        "title": title or folder.name,
        "note": note or f"Learned from {len(table):,} rows.",
        "featured": list(featured or network.schema.names[:6]),
    }
    text = json.dumps(about, indent=2, ensure_ascii=False)
    (folder / "population.json").write_text(text + "\n", encoding="utf-8")
    if card:
        (folder / "card.md").write_text(card, encoding="utf-8")
    return load(folder)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PopulaceError(
            f"{path} cannot be read: build the population again with "
            "`python -m synth populations build`."
        ) from error
