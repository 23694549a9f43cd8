"""Folders of learned models of one kind: the shipped ones by their name, others by their path.

What ships is a folder below ``models/KIND`` with a manifest in JSON, a card and a recipe
(``recipe.toml``) that says how it is made from its source.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth.data.wording import hint
from synth.environment import MODELS
from synth.errors import PopulaceError

CARD, RECIPE = "card.md", "recipe.toml"


@dataclass(frozen=True)
class ModelFolders:
    """One kind of models.

    Attributes
    ----------
    kind : str
        The name of its folder below ``models``.
    manifest : str
        The file by which a folder is known.
    noun : str
        What one is called in sentences, in the plural: "lives".
    remedy : str
        A sentence on what else will do; ends the one that there is no such model.
    """

    kind: str
    manifest: str
    noun: str
    remedy: str = ""

    @property
    def place(self) -> Path:
        """Where the shipped ones are."""
        return MODELS / self.kind

    def names(self) -> tuple[str, ...]:
        """The names of the shipped models."""
        return tuple(sorted(path.parent.name for path in self.place.glob(f"*/{self.manifest}")))

    def is_model(self, name: str | Path) -> bool:
        """Whether a name or a folder is a model of this kind."""
        return str(name) in self.names() or (Path(name) / self.manifest).is_file()

    def find(self, name: str | Path) -> Path:
        """The folder of a shipped model, or of one by its path.

        Raises
        ------
        PopulaceError
            There is none.
        """
        folder = self.place / name if str(name) in self.names() else Path(name)
        if not (folder / self.manifest).is_file():
            raise PopulaceError(
                f"There are no {self.noun} {name}{hint(str(name), self.names())}{self.remedy}"
            )
        return folder

    def write_manifest(self, folder: Path, values: Mapping[str, Any], card: str) -> None:
        """Write a model's manifest and its card."""
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        (folder / self.manifest).write_text(text + "\n", "utf-8")
        (folder / CARD).write_text(card, "utf-8")

    def recipes(self) -> tuple[str, ...]:
        """The names of those that have a recipe."""
        return tuple(sorted(path.parent.name for path in self.place.glob(f"*/{RECIPE}")))

    def recipe(self, name: str) -> dict[str, Any]:
        """How a shipped model is made.

        Raises
        ------
        PopulaceError
            There is no such recipe.
        """
        if name not in self.recipes():
            raise PopulaceError(
                f"There is no recipe for the {self.noun} {name}: see models/{self.kind}."
            )
        return tomllib.loads((self.place / name / RECIPE).read_text("utf-8"))
