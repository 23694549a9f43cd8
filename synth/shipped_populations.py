"""How the shipped populations are made from their sources.

What makes one is data: ``recipe.toml`` in its folder under ``models/populations``, and
``questions.toml`` with questions to begin a talk with. A new population is a folder with a recipe
and ``python -m synth populations build NAME``.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from synth.bayes.calibration import Target
from synth.data.column import Column
from synth.data.evidence import Evidence
from synth.data.meaning import Meaning
from synth.data.schema import Schema
from synth.data.table import Table, make_table, read_table
from synth.data.wording import hint
from synth.errors import PopulaceError
from synth.fitting.refine import refine
from synth.fitting.refit import refit
from synth.generators.base import DEFAULT, Model, Settings, generator
from synth.generators.bayes_network import FILE
from synth.populations import SHIPPED, Population, available, load, of, write
from synth.populations.as_written import canonical
from synth.populations.population import InMemory
from synth.populations.society import NOWHERE, Society

RECIPE, QUESTIONS = "recipe.toml", "questions.toml"
JUDGED_ROWS = 15_000
"""People kept apart, at most a third of all, when a recipe is scored on people it has not seen."""
SAMPLES = 5
"""Samples of the model's people that are scored: a classifier's AUC differs by .01 between them."""


@dataclass(frozen=True)
class Recipe:
    """One shipped population; the keys of its ``recipe.toml``.

    Attributes
    ----------
    name : str
        The folder's name.
    title, note : str
        Words for the screen, and one sentence on whom it speaks of.
    source : str
        The source table's file name, sought in the folder given to `build`.
    columns, featured : tuple of str
        The columns that are modelled, in order, and those that the sidebar shows first.
    card : str
        The card's text, before the scores.
    flags : mapping of str to str
        Columns of yes and no that the source tells by a number: yes where it is above zero.
    levels : mapping of str to tuple of str
        Levels in their natural order, where the source has none.
    labels : mapping of str to str
        Words for the screen.
    meanings : mapping of str to Meaning
        What columns mean whose names and levels do not say it.
    ships_rows : bool
        Whether the licence lets the real rows be shipped.
    generator : str
        What learns it.
    settings : mapping of str to value
        `seed`, `weights`, and the generator's options.
    refine : bool
        Whether what corrects the model's people is learned and shipped too.
    weighting : mapping of str to value
        Whom the survey's weights speak for: ``title``, what they are called ("the US
        population"); ``column``, the source's weights; ``bands``, for each
        number its ranges such as ``15..24``; ``margins``, lists of one or two columns whose
        weighted shares are shipped. Empty where there are no weights.
    society : Society
        Country, language, names and looks of its people, apart from the model.
    """

    name: str
    title: str
    note: str
    source: str
    columns: tuple[str, ...]
    featured: tuple[str, ...]
    card: str
    flags: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    ships_rows: bool = False
    generator: str = DEFAULT
    settings: Mapping[str, Any] = field(default_factory=dict)
    refine: bool = False
    weighting: Mapping[str, Any] = field(default_factory=dict)
    society: Society = NOWHERE

    @staticmethod
    def read(path: Path) -> Recipe:
        """Read a ``recipe.toml``; its folder names the population.

        Raises
        ------
        PopulaceError
            It is no TOML, or lacks a key.
        """
        values = _toml(path)
        try:
            return Recipe(
                name=path.parent.name,
                title=values.pop("title"),
                note=values.pop("note"),
                source=values.pop("source"),
                columns=tuple(values.pop("columns")),
                featured=tuple(values.pop("featured")),
                card=values.pop("card"),
                levels={name: tuple(some) for name, some in values.pop("levels", {}).items()},
                society=Society.from_json(values.pop("society", {}), str(path)),
                **values,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise PopulaceError(f"{path} is no recipe, near {error}: mend it.") from error

    def table(self, folder: Path, *, beside: tuple[str, ...] = ()) -> Table:
        """The source as a table with corrected levels, labels and meanings.

        Parameters
        ----------
        folder : Path
            Where the source lies.
        beside : tuple of str
            Columns that are read beside the modelled ones, such as weights.
        """
        path = folder / self.source
        if self.ships_rows and not path.is_file():
            path = SHIPPED / self.name / "people.parquet"
        if not path.is_file():
            raise PopulaceError(
                f"The source {self.source} of {self.name} is not in {folder}: name its folder with "
                "--source."
            )
        table = read_table(path)
        frame, schema = table.frame, table.schema
        for name, number in self.flags.items():
            frame = frame.assign(**{name: frame[number].fillna(0) > 0})
            schema = Schema((*schema, Column(name, "boolean")))
        schema = schema.select((*self.columns, *beside))
        for name, levels in self.levels.items():
            schema = schema.changed(name, levels=levels)
        for name, label in self.labels.items():
            schema = schema.changed(name, label=label)
        for name, meaning in self.meanings.items():
            schema = schema.changed(name, meaning=meaning)
        return make_table(frame[[*self.columns, *beside]], schema)

    def fit_settings(self, changes: Mapping[str, Any]) -> Settings:
        """The recipe's settings with some of them changed."""
        options = {**self.settings, **changes}
        seed, weights = options.pop("seed", 0), options.pop("weights", None)
        return Settings(seed, weights, (), options)


@dataclass(frozen=True)
class ShippedQuestion:
    """A question to begin a talk with.

    Attributes
    ----------
    title : str
        What the slide says.
    link : str
        The page that answers it, with its facts.
    view : mapping of str to str
        What the page shows of it.
    """

    title: str
    link: str
    view: Mapping[str, str]


def recipes() -> tuple[str, ...]:
    """The names of the populations that have a recipe."""
    return tuple(sorted(path.parent.name for path in SHIPPED.glob(f"*/{RECIPE}")))


def questions(name: str) -> tuple[ShippedQuestion, ...]:
    """The questions that ship with a population; none where it has no ``questions.toml``."""
    path = SHIPPED / name / QUESTIONS
    if name not in available() or not path.is_file():
        return ()
    try:
        return tuple(
            ShippedQuestion(entry["title"], entry["link"], dict(entry.get("view", {})))
            for entry in _toml(path)["question"]
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, PopulaceError):
            raise
        raise PopulaceError(f"{path} is damaged near {error}: mend it.") from error


def build(
    name: str,
    source: Path,
    progress: Callable[[str], None] | None = None,
    *,
    out: Path | None = None,
    corrected: bool = True,
    **settings: Any,
) -> Population:
    """Learn a shipped population from its source, score it on unseen people, write its folder.

    Parameters
    ----------
    name : str
        One of `recipes`.
    source : Path
        The folder of the source tables.
    progress : callable, optional
        Gets words on what is being done.
    out : Path, optional
        The folder to write; the shipped population's own if not given.
    corrected : bool
        Whether a refinement is learned where the recipe asks for one.
    **settings
        Other settings than the recipe's.

    Raises
    ------
    PopulaceError
        There is no such recipe, or its source is not there.
    """
    if name not in recipes():
        raise PopulaceError(f"There is no recipe for {name}{hint(name, recipes())}")
    recipe = Recipe.read(SHIPPED / name / RECIPE)
    say = progress or (lambda words: None)
    say(f"{name}: reading {recipe.source}")
    table = recipe.table(source)
    say(f"{name}: learning from {len(table):,} people")
    model = generator(recipe.generator).fit(
        table, recipe.fit_settings(settings), lambda share, words: say(f"{name}: {words}")
    )
    card = recipe.card + _made_of(model)
    population = of(
        model, table, title=recipe.title, note=recipe.note, featured=recipe.featured, card=card
    )
    population = replace(population, society=recipe.society)
    if recipe.refine and corrected:
        say(f"{name}: learning what corrects its people")
        population, note = refine(population, table, seed=model.settings.seed)
        card += f"\n**Refinement.** {note}\n"
    if recipe.weighting:
        column = str(recipe.weighting["column"])
        rows = recipe.table(source, beside=(column,))
        population = replace(population, survey=weighted_targets(rows, recipe.weighting))
        if "title" in recipe.weighting:
            population = replace(population, survey_title=str(recipe.weighting["title"]))
    say(f"{name}: scoring on people that were not learned from")
    folder = SHIPPED / name if out is None else out
    card += _scores(table, population) + _compared(folder)
    population = write(
        replace(population, source=InMemory(card, population.table, population.contingency)),
        folder,
    )
    if population.has_network:  # in the repository's short form
        population.network.save(folder / FILE, compact=True)
        population = load(folder)
    if recipe.ships_rows and (source / recipe.source).is_file():
        shutil.copyfile(source / recipe.source, folder / "people.parquet")
    return population


def weighted_targets(table: Table, weighting: Mapping[str, Any]) -> tuple[Target, ...]:
    """Margins of the population that a survey's weights speak for.

    Parameters
    ----------
    table : Table
        The survey's rows with their weights.
    weighting : mapping of str to value
        As in `Recipe`.

    Returns
    -------
    tuple of Target
        Shares of cells alone, each to seven digits; of nobody's cell the share is left out.

    Raises
    ------
    PopulaceError
        A column is not there, or rows lie in no band.
    """
    weights = table.frame[str(weighting["column"])].to_numpy(np.float64)
    bands: Mapping[str, list[str]] = weighting.get("bands", {})
    targets = []
    for names in weighting["margins"]:
        frame = pd.DataFrame(
            {name: _places(table, name, bands.get(name)) for name in names}
        ).assign(weight=weights)
        shares = frame.groupby(list(names), sort=False)["weight"].sum() / weights.sum()
        cells = {}
        for key, share in shares.items():
            values = key if isinstance(key, tuple) else (key,)
            facts = ",".join(f'"{n}"={value}' for n, value in zip(names, values, strict=True))
            cells[Evidence.parse(facts, table.schema)] = float(share)
        ordered = sorted(cells.items(), key=lambda pair: str(pair[0]))
        targets.append(
            Target(tuple(cell for cell, _ in ordered), tuple(round(s, 7) for _, s in ordered))
        )
    return tuple(targets)


def _places(table: Table, name: str, bands: list[str] | None) -> list[str]:
    """The level or band of each row, as evidence writes it."""
    values, column = table.frame[name], table.schema[name]
    if not column.is_number:
        words = ("no", "yes") if column.kind == "boolean" else None
        return [
            "missing"
            if pd.isna(value)
            else '"' + str(words[int(value)] if words else value).replace('"', '""') + '"'
            for value in values
        ]
    if not bands:
        raise PopulaceError(f"The number {name} has no bands to be weighted by: name them.")
    places = np.full(len(values), "missing", dtype=object)
    numbers = values.to_numpy(np.float64, na_value=np.nan)
    for band in bands:
        low, _, high = band.partition("..")
        inside = (numbers >= float(low or -np.inf)) & (numbers <= float(high or np.inf))
        places[inside] = band
    left = (places == "missing") & ~np.isnan(numbers)
    if left.any():
        raise PopulaceError(f"The value {numbers[left][0]:g} of {name} is in no band: add one.")
    return list(places)


def _made_of(model: Model) -> str:
    network = model.network
    if network is None:
        title = generator(model.generator).title
        text = f"**Model.** {len(model.schema)} columns, learned by “{title}”, seed\n"
        text += f"{model.settings.seed}."
    else:
        text = f"""**Network.** {network.columns_text}, {len(network.edges)} edges, \
{network.parameters:,}
numbers; score `{network.about["score"]}`, at most {network.about["max_parents"]} parents, seed
{network.about["seed"]}."""
        if network.additive_edges:
            text += (
                f" {len(network.additive_edges)} of the edges joined after the search: effects\n"
            )
            text += "of such parents add up, none interacts with another."
        if network.tiers:
            order = "; then ".join(", ".join(tier) for tier in network.tiers)
            text += f" No arrow leads back in this order: {order}."
    return f"\n{text} Rebuild: `python -m synth populations build`.\n"


def _scores(table: Table, population: Population) -> str:
    """Fidelity of the same model learned without some people, judged by them."""
    from synth.evaluate.card_scores import write_scores
    from synth.evaluate.comparison import Comparison
    from synth.evaluate.fidelity import fidelity

    order = np.random.default_rng(0).permutation(len(table))
    size = min(JUDGED_ROWS, len(table) // 3)
    unseen, learned = _part(table, order[:size]), _part(table, order[size:])
    again = population.with_model(refit(population.model, learned))
    readings = {"the model": again}
    if population.refinement is not None:
        corrected, _ = refine(again, learned, seed=population.model.settings.seed)
        if corrected.refinement is not None:
            readings["refined"] = corrected.refined
    figures = {
        title: [
            fidelity(
                Comparison.of(
                    learned,
                    canonical(reading.answer()).sample(size, seed=seed),
                    holdout=unseen.frame,
                )
            )
            for seed in range(SAMPLES)
        ]
        for title, reading in readings.items()
    }
    return write_scores(figures, len(learned), size)


def _compared(folder: Path) -> str:
    """The line on generators, of the comparison that lies in the folder."""
    from synth.evaluate import generator_comparison

    path = folder / generator_comparison.FILE
    return f"\n{generator_comparison.read_comparison(path).card_line}\n" if path.is_file() else ""


def _part(table: Table, rows: np.ndarray) -> Table:
    frame: pd.DataFrame = table.frame.iloc[rows].reset_index(drop=True)
    return make_table(frame, Schema(table.schema.columns))


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PopulaceError(f"{path} is no TOML: {error}.") from error
