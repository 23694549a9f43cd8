"""Days as a folder: ``day.npz`` with the arrays, ``day.json`` with the rest, ``card.md``."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from synth.data.model_folders import CARD, ModelFolders
from synth.days.counts import DayCounts
from synth.days.model import DayModel
from synth.errors import PopulaceError

FOLDERS = ModelFolders("days", "day.json", "days")
"""Where days are."""


@dataclass(frozen=True, eq=False)
class DayPopulation:
    """A model of days with counts of the real ones, and a card.

    Attributes
    ----------
    name, title, note : str
        The folder's name, words for the screen, and one sentence on whom it speaks of.
    population : str
        The shipped population whose people have such days.
    model : DayModel
        What was learned.
    counts : mapping of str to DayCounts
        Of the real people: under an empty name all, else under ``column=level``.
    card : str
        Source, licence, meaning and scores, in Markdown.
    """

    name: str
    title: str
    note: str
    population: str
    model: DayModel
    counts: Mapping[str, DayCounts]
    card: str


def available_days() -> tuple[str, ...]:
    """The names of the shipped models of days."""
    return FOLDERS.names()


def save_days(days: DayPopulation, folder: Path) -> None:
    """Write a folder that `load_days` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {k: v.astype(np.float16) for k, v in days.model.network.arrays.items()}
    values = days.model.values
    least = np.float16(1e-6)  # half precision must not make zeros of them
    for name, table in (("shares", values.shares), ("turns", values.turns)):
        arrays[name] = np.maximum(table.astype(np.float16), least)
    np.savez_compressed(folder / "day.npz", **arrays)
    about = {
        "title": days.title,
        "note": days.note,
        "population": days.population,
        "model": days.model.about(),
        "counts": {name: counts.to_json() for name, counts in days.counts.items()},
    }
    FOLDERS.write_manifest(folder, about, days.card)


def load_days(name: str | Path) -> DayPopulation:
    """Read a shipped model of days by its name, or a folder that `save_days` wrote.

    Raises
    ------
    PopulaceError
        There is none, or it is damaged.
    """
    folder = FOLDERS.find(name)
    try:
        about = json.loads((folder / FOLDERS.manifest).read_text("utf-8"))
        with np.load(folder / "day.npz", allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        model = DayModel.restored(about["model"], arrays)
        size = len(model.groups)
        counts = {str(k): DayCounts.from_json(v, size) for k, v in about["counts"].items()}
        words = [str(about[key]) for key in ("title", "note", "population")]
        card = (folder / CARD).read_text("utf-8")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        if isinstance(error, PopulaceError):
            raise
        raise PopulaceError(f"The days in {folder} are damaged: build them anew.") from error
    return DayPopulation(folder.name, words[0], words[1], words[2], model, counts, card)
