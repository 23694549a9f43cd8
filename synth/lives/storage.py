"""A life model as a folder: ``network.json``, ``chain.npz``, ``life.json``, ``card.md``."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synth.bayes.network import Network
from synth.data.model_folders import CARD, ModelFolders
from synth.errors import PopulaceError
from synth.lives.chain import Chain
from synth.lives.model import CLASS, LifeModel
from synth.lives.summary import LifeCounts
from synth.lives.track import Track

FOLDERS = ModelFolders(
    "lives",
    "life.json",
    "lives",
    " A folder that `python -m synth lives fit` wrote will do too.",
)
"""Where lives are."""
_FILES = ("network.json", "chain.npz", CARD)


@dataclass(frozen=True, eq=False)
class LifePopulation:
    """A life model with counts of the real lives, and a card.

    Attributes
    ----------
    name, title, note : str
        The folder's name, words for the screen, and one sentence on whom it speaks of.
    model : LifeModel
        What was learned.
    counts : mapping of str to LifeCounts
        Of the real people: under an empty name all, else under ``column=level``.
    card : str
        Source, licence, meaning and scores, in Markdown.
    """

    name: str
    title: str
    note: str
    model: LifeModel
    counts: dict[str, LifeCounts]
    card: str


FIRST = "swiss-families"
"""The model that is shown first."""


def available_lives() -> tuple[str, ...]:
    """The names of the shipped life models, the one shown first ahead."""
    return tuple(sorted(FOLDERS.names(), key=lambda name: (name != FIRST, name)))


def save_lives(population: LifePopulation, folder: str | Path) -> None:
    """Write a folder that `load_lives` reads."""
    path, model = Path(folder), population.model
    path.mkdir(parents=True, exist_ok=True)
    model.network.save(path / "network.json", compact=True)
    chain = model.chain
    np.savez_compressed(
        path / "chain.npz",
        initial=chain.initial.astype(np.float32),
        step=chain.step.astype(np.float32),
        bands=chain.bands,
    )
    about = {
        "title": population.title,
        "note": population.note,
        "track": model.track.to_json(),
        "about": dict(model.about),
        "counts": {name: counts.to_json() for name, counts in population.counts.items()},
    }
    FOLDERS.write_manifest(path, about, population.card)


def load_lives(name: str | Path) -> LifePopulation:
    """Read a shipped life model by its name, or a folder that `save_lives` wrote.

    Raises
    ------
    PopulaceError
        There is none, or it is damaged.
    """
    folder = FOLDERS.find(name)
    for file in _FILES:
        if not (folder / file).is_file():
            raise PopulaceError(f"The folder {name} lacks {file}: learn its lives anew.")
    try:
        about = json.loads((folder / FOLDERS.manifest).read_text("utf-8"))
        track = Track.from_json(about["track"])
        counts = {
            str(key): LifeCounts.from_json(value, track) for key, value in about["counts"].items()
        }
        words = (str(about["title"]), str(about["note"]), dict(about["about"]))
        card = (folder / CARD).read_text("utf-8")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PopulaceError(f"{folder / FOLDERS.manifest} is damaged: learn it anew.") from error
    network = Network.load(folder / "network.json")
    if CLASS not in network.schema:
        raise PopulaceError(f"The network in {name} has no class of lives: learn it anew.")
    chain = _chain(folder / "chain.npz", track)
    model = LifeModel(network, chain, track, words[2])
    return LifePopulation(folder.name, words[0], words[1], model, counts, card)


def _chain(path: Path, track: Track) -> Chain:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            initial, step, bands = (arrays[name] for name in ("initial", "step", "bands"))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise PopulaceError(f"{path} is damaged: learn its lives anew.") from error
    classes, states, count = initial.shape[0], len(track.states), int(bands.max(initial=0)) + 1
    fits = initial.shape == (classes, states) and step.shape == (
        classes,
        track.times - 1,
        states,
        count,
        states,
    )
    sound = fits and all(bool(np.isfinite(a).all() and (a >= 0).all()) for a in (initial, step))
    if not sound or bands.ndim != 1 or (np.diff(bands) < 0).any() or bands.min(initial=0) < 0:
        raise PopulaceError(f"{path} does not fit its sequence: learn its lives anew.")
    return Chain(_normalised(initial), _normalised(step), bands.astype(np.int64))


def _normalised(table: np.ndarray) -> np.ndarray:
    wide = table.astype(np.float64)
    total = wide.sum(axis=-1, keepdims=True)
    return np.divide(wide, total, out=np.zeros_like(wide), where=total > 0)
