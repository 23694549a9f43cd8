"""How the shipped lives are made from their sources: by ``recipe.toml`` in their folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from synth.data.table import make_table, read_table
from synth.errors import PopulaceError
from synth.lives.learning import ChainPlan
from synth.lives.model import learn_lives
from synth.lives.storage import FOLDERS, LifePopulation, load_lives, save_lives
from synth.lives.summary import LifeCounts

LEAST = 50
"""Counts of a group are shipped where it has as many people."""


def build_lives(
    name: str, source: Path, progress: Callable[[str], None] | None = None
) -> LifePopulation:
    """Learn shipped lives from their source, and write their folder.

    Raises
    ------
    PopulaceError
        There is no such recipe, or its source is not there.
    """
    recipe = FOLDERS.recipe(name)
    path = source / str(recipe["source"])
    if not path.is_file():
        raise PopulaceError(f"The source {recipe['source']} is not in {source}: name its folder.")
    table = read_table(path)
    names = [*recipe["facts"], *recipe["groups"]]
    wanted = tuple(dict.fromkeys(names))
    first, last = recipe["sequence"].split("..")
    order = table.schema.names
    columns = order[order.index(first) : order.index(last) + 1]
    schema = table.schema.select((*wanted, *columns))
    for column, label in recipe.get("labels", {}).items():
        schema = schema.changed(column, label=label)
    table = make_table(table.frame[list(schema.names)], schema)
    settings = recipe["plan"]
    plan = ChainPlan(int(settings["classes"]), float(settings["shrink"]), tuple(settings["cuts"]))
    model = learn_lives(table, recipe["sequence"], plan=plan, progress=progress)
    codes, states = model.track.codes_of(table), len(model.track.states)
    counts = {"": LifeCounts.of(codes, states)}
    for column in recipe["groups"]:
        values = table.frame[column].astype(object)
        for level in table.schema[column].levels:
            inside = (values == level).to_numpy(bool)
            if inside.sum() >= LEAST:
                counts[f"{column}={level}"] = LifeCounts.of(codes[inside], states)
    population = LifePopulation(
        name, recipe["title"], recipe["note"], model, counts, recipe["card"]
    )
    save_lives(population, FOLDERS.place / name)
    return load_lives(FOLDERS.place / name)
