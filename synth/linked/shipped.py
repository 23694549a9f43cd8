"""How the shipped families are made from their sources: by ``recipe.toml`` in their folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from synth.data.table import read_frame
from synth.errors import PopulaceError
from synth.generators.base import Progress, no_progress
from synth.linked.learning import learn_linked
from synth.linked.population import LinkedPopulation, count_families, families_of
from synth.linked.rules import FamilyRule
from synth.linked.storage import FOLDERS, load_linked, save_linked
from synth.linked.tables import LinkedTables, link


def read_recipe(name: str, source: Path) -> tuple[dict[str, Any], LinkedTables]:
    """A recipe and its tables, without the families that break what the recipe asks for.

    Raises
    ------
    PopulaceError
        There is no such recipe, or a source is not there.
    """
    recipe = FOLDERS.recipe(name)
    frames = {}
    for table, entry in recipe["tables"].items():
        path = source / entry["source"]
        if not path.is_file():
            raise PopulaceError(f"The source {path.name} is not in {source}: name its folder.")
        frame = read_frame(path)[0]
        frames[table] = frame[[recipe["key"], *entry["columns"]]]
    keys = dict.fromkeys(list(frames)[1:], recipe["key"])
    tables = link(frames, keys)
    keep = np.ones(len(tables.root), bool)
    families = families_of(tables)
    for entry in recipe.get("keep", ()):
        keep &= FamilyRule.from_json(entry).holds(families.parents, families.rows)
    return recipe, tables.part(np.flatnonzero(keep))


def build_linked(name: str, source: Path, progress: Progress = no_progress) -> LinkedPopulation:
    """Learn shipped families from their sources, and write their folder."""
    recipe, tables = read_recipe(name, source)
    model = learn_linked(tables, seed=int(recipe.get("seed", 0)), progress=progress)
    population = LinkedPopulation(
        name,
        recipe["title"],
        recipe["note"],
        model,
        len(tables.root),
        count_families(tables),
        {table: f"{table}.parquet" for table in recipe["tables"]},
        tables.notes,
        recipe["card"].lstrip(),
    )
    save_linked(population, FOLDERS.place / name)
    return load_linked(FOLDERS.place / name)
