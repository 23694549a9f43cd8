"""Values of families in words."""

from __future__ import annotations

import numpy as np

from synth.data.column import Column
from synth.linked.features import Rows

# Levels that the source leaves as codes begin so; the codes are shown as what they are.
_CODES = {"level": "education {} of 8", "fuel": "fuel code {}"}
_NAMES = {
    "young_children": "children under 5",
    "income_bracket": "income bracket (1–11)",
    "owns_home": "home is",
    "urban_size": "urban area (1–6)",
    "rural": "area",
}


def plain_name(column: str) -> str:
    """A column's name as words."""
    return _NAMES.get(column, column.replace("_", " "))


def cell(column: Column, value: float) -> str:
    """A value in words; empty where it is missing."""
    if column.is_number:
        return "" if np.isnan(value) else column.text(float(value))
    states = (*column.levels, "")
    word = states[int(value)]
    begin, _, code = word.partition(" ")
    if code.isdigit() and begin in _CODES:
        return _CODES[begin].format(code)
    return word


def record(rows: Rows, at: int, left: tuple[str, ...] = ()) -> dict[str, str]:
    words = {
        c.name: cell(c, rows.values[j, at]) for j, c in enumerate(rows.schema) if c.name not in left
    }
    return {name: word for name, word in words.items() if word}
