"""Facts of a record as codes: levels, and ranges that about equally many people are in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synth.errors import PopulaceError

PARTS = 12
"""Ranges of a number."""


@dataclass(frozen=True, eq=False)
class FactCodes:
    """How columns are coded; the last code of each is what is missing or unknown.

    Attributes
    ----------
    levels : mapping of str to tuple of str
        Columns of words, and of yes and no.
    cuts : mapping of str to tuple of float
        Numbers: where a further range begins.
    """

    levels: Mapping[str, tuple[str, ...]]
    cuts: Mapping[str, tuple[float, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return (*self.levels, *self.cuts)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many codes each column has."""
        words = (len(levels) + 1 for levels in self.levels.values())
        return (*words, *(len(cuts) + 2 for cuts in self.cuts.values()))

    @staticmethod
    def of(frame: pd.DataFrame, names: tuple[str, ...]) -> FactCodes:
        """The codes of a table's columns."""
        levels, cuts = {}, {}
        for name in names:
            values = frame[name]
            if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
                parts = np.quantile(values.dropna(), np.linspace(0, 1, PARTS + 1)[1:-1])
                cuts[name] = tuple(float(cut) for cut in np.unique(parts))
            else:
                levels[name] = tuple(sorted(set(_words(values).dropna())))
        return FactCodes(levels, cuts)

    def codes(self, frame: pd.DataFrame) -> np.ndarray:
        """The codes of people; a column that is not there is unknown; int64 (people, columns)."""
        out = np.empty((len(frame), len(self.names)), dtype=np.int64)
        for at, (name, size) in enumerate(zip(self.names, self.sizes, strict=True)):
            out[:, at] = size - 1
            if name not in frame:
                continue
            if name in self.levels:
                place = {level: i for i, level in enumerate(self.levels[name])}
                codes = _words(frame[name]).map(place)
            else:
                values = pd.to_numeric(frame[name], errors="coerce").astype(float)
                codes = pd.Series(np.searchsorted(self.cuts[name], values, side="right"))
                codes = codes.where(values.notna().to_numpy())
            known = codes.notna().to_numpy(bool)
            out[known, at] = codes[known].to_numpy(np.int64)
        return out

    def to_json(self) -> dict[str, Any]:
        """For a file."""
        return {
            "levels": {name: list(levels) for name, levels in self.levels.items()},
            "cuts": {name: list(cuts) for name, cuts in self.cuts.items()},
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> FactCodes:
        """Read what `to_json` wrote; a PopulaceError where it is damaged."""
        try:
            levels = {str(k): tuple(map(str, v)) for k, v in data["levels"].items()}
            cuts = {str(k): tuple(map(float, v)) for k, v in data["cuts"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise PopulaceError(f"Facts are damaged near {error}: build the days anew.") from error
        return FactCodes(levels, cuts)


def _words(values: pd.Series) -> pd.Series:
    """Levels as words; yes and no for truth values."""
    words: pd.Series = values.astype(object).reset_index(drop=True)
    known = words.notna()
    named = {True: "yes", False: "no"}
    words[known] = [
        named[bool(v)] if isinstance(v, bool | np.bool_) else str(v) for v in words[known]
    ]
    return words
