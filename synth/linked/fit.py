"""Families from tables that belong together: learned, counted, and with a card."""

from __future__ import annotations

from collections.abc import Mapping

from synth.generators.base import Progress, no_progress
from synth.linked.learning import learn_linked
from synth.linked.population import LinkedPopulation, count_families
from synth.linked.tables import LinkedTables


def fit_families(
    name: str,
    tables: LinkedTables,
    files: Mapping[str, str],
    *,
    title: str = "",
    refine: bool = True,
    seed: int = 0,
    progress: Progress = no_progress,
) -> LinkedPopulation:
    """Learn families of one's own tables.

    Parameters
    ----------
    name : str
        What they are called.
    tables : LinkedTables
        As `link` joins them.
    files : mapping of str to str
        Table → the name of the file that it came from.
    title : str
        Words for the screen; the name where empty.
    refine, seed, progress
        As in `learn_linked`.
    """
    model = learn_linked(tables, refine=refine, seed=seed, progress=progress)
    families, title = len(tables.root), title or name
    note = (
        f"Speaks of the {families:,} rows of {files[tables.root.name]} and of what belongs to them."
    )
    card = f"# {title}\n\n{note}\n\n" + "".join(f"- {rule}\n" for rule in model.rules)
    counts = count_families(tables)
    return LinkedPopulation(
        name, title, note, model, families, counts, dict(files), tables.notes, card
    )
