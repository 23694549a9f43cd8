"""Public knowledge of a table: levels, bounds and steps that nobody's row decides.

A file of it is TOML or JSON, one entry a column; what it leaves out is found by a private step:

    [age]
    lower = 17
    upper = 90

    [sex]
    levels = ["Female", "Male"]
    missing = false

A schema as ``fit`` writes it will do too, where its levels and bounds came from a codebook and not
from the rows.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synth.data.column import BOOLEAN_LEVELS, LEVELS_LIMIT, MISSING
from synth.data.wording import hint
from synth.errors import PopulaceError

_KEYS = ("levels", "lower", "upper", "step", "missing", "name", "kind", "role", "label", "meaning")


@dataclass(frozen=True)
class PublicColumn:
    """What is known of a column without looking at anybody.

    Attributes
    ----------
    levels : tuple of str
        Its levels; empty where they are not known.
    lower, upper, step : float or None
        A number's bounds and resolution.
    missing : bool or None
        Whether values can be missing; None where that is not known.
    """

    levels: tuple[str, ...] = ()
    lower: float | None = None
    upper: float | None = None
    step: float | None = None
    missing: bool | None = None


@dataclass(frozen=True)
class Public:
    """What is known of a table without looking at anybody.

    Attributes
    ----------
    columns : mapping of str to PublicColumn
        By name.
    """

    columns: Mapping[str, PublicColumn] = field(default_factory=dict)

    def __getitem__(self, name: str) -> PublicColumn:
        """What is known of a column; nothing where it is not named."""
        return self.columns.get(name, PublicColumn())

    def checked(self, names: tuple[str, ...]) -> Public:
        """The same, or a PopulaceError where a column is named that the table lacks."""
        for name in self.columns:
            if name not in names:
                raise PopulaceError(f"The public file names the column {name}{hint(name, names)}")
        return self

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        out: dict[str, Any] = {}
        for name, known in self.columns.items():
            entry = {
                "levels": list(known.levels) or None,
                "lower": known.lower,
                "upper": known.upper,
                "step": known.step,
                "missing": known.missing,
            }
            out[name] = {key: value for key, value in entry.items() if value is not None}
        return out

    @staticmethod
    def from_json(value: Any) -> Public:
        """What `to_json` wrote, what a TOML file holds, or a schema.

        Raises
        ------
        PopulaceError
            It is no such thing; the sentence names the entry.
        """
        if isinstance(value, Mapping) and isinstance(value.get("columns"), list):
            value = {
                str(entry.get("name")): entry
                for entry in value["columns"]
                if isinstance(entry, Mapping) and entry.get("role", "model") == "model"
            }
        elif isinstance(value, Mapping) and isinstance(value.get("columns"), Mapping):
            value = value["columns"]
        if not isinstance(value, Mapping):
            raise PopulaceError("Public knowledge is a table of columns: write one entry for each.")
        return Public({str(name): _column(str(name), entry) for name, entry in value.items()})

    @staticmethod
    def read(path: str | Path) -> Public:
        """A TOML or JSON file.

        Raises
        ------
        PopulaceError
            It cannot be read.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
            is_json = path.suffix.lower() == ".json"
            return Public.from_json(json.loads(text) if is_json else tomllib.loads(text))
        except (OSError, UnicodeDecodeError) as error:
            raise PopulaceError(
                f"The public file {path} cannot be read: name a TOML or JSON file."
            ) from error
        except (json.JSONDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
            raise PopulaceError(f"The public file {path} is damaged: {error}.") from error


def _column(name: str, entry: Any) -> PublicColumn:
    if not isinstance(entry, Mapping):
        raise PopulaceError(
            f"The public entry of {name} is no table: write lower = 0 and the like."
        )
    for key in entry:
        if key not in (*_KEYS, "format", "storage", "missing_word"):
            raise PopulaceError(f"The public entry of {name} has {key!r}{hint(str(key), _KEYS)}")
    levels = entry.get("levels") or ()
    if not isinstance(levels, list | tuple) or len(levels) > LEVELS_LIMIT:
        raise PopulaceError(f'The public levels of {name} are no list: write ["a", "b"].')
    texts = tuple(str(level) for level in levels)
    if len(set(texts)) < len(texts) or MISSING in texts:
        raise PopulaceError(f"The public levels of {name} name one twice, or “missing”: mend them.")
    numbers = {}
    for key in ("lower", "upper", "step"):
        number = entry.get(key)
        if number is not None and (isinstance(number, bool) or not _finite(number)):
            raise PopulaceError(f"The public {key} of {name} is no number: mend it.")
        numbers[key] = None if number is None else float(number)
    low, high, step = numbers["lower"], numbers["upper"], numbers["step"]
    if low is not None and high is not None and low >= high:
        raise PopulaceError(f"The public bounds of {name} leave nothing between them: swap them.")
    if step is not None and step <= 0:
        raise PopulaceError(f"The public step of {name} is not above 0: mend it.")
    missing = entry.get("missing")
    if missing is not None and not isinstance(missing, bool):
        raise PopulaceError(f"The public “missing” of {name} is true or false: mend it.")
    if texts == BOOLEAN_LEVELS:
        texts = BOOLEAN_LEVELS
    return PublicColumn(texts, low, high, step, missing)


def _finite(number: Any) -> bool:
    return isinstance(number, int | float) and -1e15 < number < 1e15
