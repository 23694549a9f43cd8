"""Populations as folders.

A folder holds the model's files (``network.json``), ``reference.json`` (aggregate counts of the
real people), ``card.md``, ``population.json`` (titles, notes, constraints) and, where the licence
allows it, ``people.parquet``, the real rows. The shipped ones lie in ``models/populations``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth.bayes.calibration import Target
from synth.bayes.network import Network
from synth.constraints.derived import NO_CONSTRAINTS, Constraints
from synth.data.contingency import ContingencyTables
from synth.data.schema import Schema
from synth.data.table import Table, read_table
from synth.data.wording import hint
from synth.environment import MODELS
from synth.errors import PopulaceError
from synth.generators.base import DEFAULT, Model, generator
from synth.generators.density_ratio import DensityRatio
from synth.generators.refined import FILE
from synth.lazy import cached_property
from synth.populations.population import Population, of
from synth.populations.society import NOWHERE, Society
from synth.privacy.learning import counts_of

SHIPPED = MODELS / "populations"
FORMAT = "populace-population/1"
REFERENCE, ABOUT, CARD, PEOPLE = "reference.json", "population.json", "card.md", "people.parquet"
TARGETS = "targets.json"
"""Margins of the population that a survey's weights speak for: shares of cells, no rows."""
_WORDS = 10  # keywords of an interest, at most


@dataclass(frozen=True, eq=False)
class Folder:
    """A `Source` whose files are read when they are asked for.

    Attributes
    ----------
    path : Path
        The population's folder.
    schema : Schema
        The columns of a finished row.
    network : Network or None
        Of a private population, whose counts are its own.
    """

    path: Path
    schema: Schema
    network: Network | None = None

    @cached_property
    def card(self) -> str:
        """The card; empty where there is none."""
        path = self.path / CARD
        return _read(path) if path.exists() else ""

    @cached_property
    def table(self) -> Table | None:
        """The real rows, where they lie in the folder."""
        path = self.path / PEOPLE
        if not path.exists():
            return None
        # A shipped table may hold columns beyond those learned; any other is what was learned.
        return read_table(path, schema=None if self.path.parent == SHIPPED else self.schema)

    @cached_property
    def contingency(self) -> ContingencyTables:
        """Aggregate counts of the real people; those of the network where it is private."""
        if self.network is not None:
            return counts_of(self.network)
        return ContingencyTables.from_json(_read(self.path / REFERENCE))


def available() -> tuple[str, ...]:
    """Names of the shipped populations, the one shown first ahead."""
    if not SHIPPED.is_dir():
        return ()
    names = [path.parent.name for path in SHIPPED.glob(f"*/{ABOUT}")]
    return tuple(sorted(names, key=lambda name: (name != "us-time-use", name)))


def title(name: str) -> str:
    """What a shipped population is called, without loading it."""
    return _title(SHIPPED / name, _about(SHIPPED / name / ABOUT))


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
        if not ((folder / "network.json").is_file() or (folder / ABOUT).is_file()):
            raise PopulaceError(
                f"There is no population {name}{hint(str(name), available())} "
                "A folder that `python -m synth fit` wrote will do too."
            )
    about = _about(folder / ABOUT)
    model = generator(str(about.get("generator", DEFAULT))).load(folder)
    names = model.schema.names
    constraints = NO_CONSTRAINTS
    written = about.get("constraints", about.get("finish"))  # the older name
    if isinstance(written, dict):
        constraints = Constraints.from_json(written, model.schema)
    plan = about.get("plan")
    return Population(
        name=folder.name,
        title=_title(folder, about),
        note=str(about.get("note") or "Learned from a table of your own."),
        model=model,
        featured=tuple(n for n in about.get("featured", names[:6]) if n in names),
        folder=folder,
        source=Folder(folder, constraints.schema(model.schema), _private(model)),
        constraints=constraints,
        learned_keywords=_keywords(about.get("keywords", {}), folder),
        plan=plan if isinstance(plan, dict) else None,
        refinement=_refinement(folder / FILE, model.schema),
        society=Society.from_json(about.get("society", {}), str(folder / ABOUT)),
        **_survey(folder / TARGETS, model.schema),
    )


def save(
    folder: str | Path,
    model: Model | Network,
    table: Table,
    *,
    title: str = "",
    note: str = "",
    featured: tuple[str, ...] = (),
    card: str = "",
) -> Population:
    """Write a learned population as a folder and load it. The real rows are not written.

    Parameters
    ----------
    folder : str or Path
        It is made where there is none.
    model, table, title, note, featured, card
        As in `of`.
    """
    folder = Path(folder)
    population = of(
        model,
        table,
        title=title or folder.name,
        note=note or f"Learned from {len(table):,} rows.",
        featured=featured,
        card=card,
    )
    return write(population, folder)


def write(population: Population, folder: str | Path, *, rows: bool = False) -> Population:
    """Write a population as a folder and load it; the real rows only where `rows` says so."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    population.model.save(folder)
    if population.ledger is None:
        text = population.contingency.to_json()
        (folder / REFERENCE).write_text(text + "\n", encoding="utf-8")
    else:  # its counts follow from the network; no others may be there
        (folder / REFERENCE).unlink(missing_ok=True)
    about: dict[str, Any] = {
        "format": FORMAT,
        "title": population.title,
        "note": population.note,
        "featured": list(population.featured),
    }
    if population.ledger is not None:
        about["privacy"] = population.ledger.to_json()
    if population.model.generator != DEFAULT:
        about["generator"] = population.model.generator
    if population.constraints:
        about["constraints"] = population.constraints.to_json()
    if population.learned_keywords:
        about["keywords"] = {
            name: list(words) for name, words in population.learned_keywords.items()
        }
    if population.society != NOWHERE:
        about["society"] = population.society.to_json()
    if population.plan is not None:
        about["plan"] = dict(population.plan)
    text = json.dumps(about, indent=2, ensure_ascii=False)
    (folder / ABOUT).write_text(text + "\n", encoding="utf-8")
    if population.card:
        (folder / CARD).write_text(population.card, encoding="utf-8")
    if population.refinement is not None:
        population.refinement.save(folder / FILE)
    else:
        (folder / FILE).unlink(missing_ok=True)
    if population.survey:
        margins = {
            "title": population.survey_title,
            "targets": [target.to_json(population.modelled) for target in population.survey],
        }
        text = json.dumps(margins, indent=1, ensure_ascii=False)
        (folder / TARGETS).write_text(text + "\n", encoding="utf-8")
    else:
        (folder / TARGETS).unlink(missing_ok=True)
    people = folder / PEOPLE
    if rows and population.table is not None and population.ledger is None:
        population.table.frame.to_parquet(people, index=False, compression="zstd")
    else:
        people.unlink(missing_ok=True)
    return load(folder)


def _private(model: Model) -> Network | None:
    """The network of a model that was learned under differential privacy."""
    network = model.network
    return network if network is not None and "privacy" in network.about else None


def _refinement(path: Path, schema: Schema) -> DensityRatio | None:
    """What corrects the model, where it lies in the folder."""
    return DensityRatio.load(path).checked(schema) if path.is_file() else None


def _survey(path: Path, schema: Schema) -> dict[str, Any]:
    """The margins that lie in the folder, and whose they are; keywords of a population."""
    if not path.is_file():
        return {}
    try:
        document = json.loads(_read(path))
        targets = tuple(Target.from_json(each, schema) for each in document["targets"])
        title = {"survey_title": str(document["title"])} if "title" in document else {}
        return {"survey": targets, **title}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PopulaceError(f"{path} is damaged: build the population again.") from error


def _title(folder: Path, about: Mapping[str, Any]) -> str:
    return str(about.get("title") or folder.name)


def _about(path: Path) -> dict[str, Any]:
    """What ``population.json`` says; nothing where there is none."""
    if not path.is_file():
        return {}
    try:
        about = json.loads(_read(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise PopulaceError(f"{path} is not valid JSON: build the population again.") from error
    if not isinstance(about, dict):
        raise PopulaceError(f"{path} is damaged: build the population again.")
    return about


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
            f"The keywords in {folder / ABOUT} are damaged: build the population again."
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
