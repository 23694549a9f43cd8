"""Populations: a learned network, what the real people were like in numbers, and a card.

A population is a folder: ``network.json``, ``reference.json``, ``card.md``, ``population.json``
(titles and notes) and, where the licence allows it, ``people.parquet``, the real rows. The shipped
ones lie in ``models/populations``; `save` writes the same for a table of one's own.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
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
REMEMBERED = 64
"""Posteriors kept for each population."""


class _Remembered:
    """The latest posteriors; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[tuple[Evidence, Evidence], Posterior] = OrderedDict()

    def given(self, network: Network, evidence: Evidence, do: Evidence) -> Posterior:
        key = (evidence, do)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        posterior = network.given(evidence, do)
        with self._lock:
            self._kept[key] = posterior
            while len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        return posterior


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
    folder : Path
        Where it lies.
    """

    name: str
    title: str
    note: str
    network: Network
    featured: tuple[str, ...]
    folder: Path
    _remembered: _Remembered = field(default_factory=_Remembered, repr=False)

    @property
    def digest(self) -> str:
        """The network's identity."""
        return self.network.digest

    @cached_property
    def reference(self) -> Reference:
        """Aggregate counts of the real people."""
        return Reference.from_json(_read(self.folder / "reference.json"))

    @cached_property
    def card(self) -> str:
        """Source, licence, meaning and scores, in Markdown."""
        path = self.folder / "card.md"
        return _read(path) if path.exists() else ""

    @cached_property
    def table(self) -> Table | None:
        """The real rows, where they are shipped."""
        path = self.folder / "people.parquet"
        return read_table(path) if path.exists() else None

    @property
    def interests(self) -> tuple[str, ...]:
        """The columns that hold a person's interests, first to last."""
        return tuple(name for name in self.network.schema.names if name in ("top1", "top2", "top3"))

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
        return self._remembered.given(self.network, evidence or Evidence(), do or Evidence())


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
