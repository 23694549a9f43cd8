"""How a file wrote a column: what a series carries along from its reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from synth.data.formats import Format, format_from_json

MISSING_WORDS = frozenset(
    ("", "?", "NA", "N/A", "#N/A", "n/a", "NaN", "nan", "NULL", "null", "missing")
)
"""What a text file may write for a missing value, unless it is a level."""
ATTRS = "populace"
"""The key of a frame's attrs that says how its file wrote it; see `Origin`."""


@dataclass(frozen=True)
class Origin:
    """How a column stood in its file, where a frame's dtype does not say it.

    `table.read_frame` notes it in the frame's attrs, as JSON-ready values.

    Attributes
    ----------
    is_text : bool
        Whether the file has no types, so that words may stand for missing values.
    decimal : str
        The decimal sign that the file's delimiter suggests; empty where none is.
    format : Format or None
        How numbers were written.
    storage : str
        As `Column.storage`.
    missing_word : str or None
        As `Column.missing_word`.
    """

    is_text: bool = False
    decimal: str = ""
    format: Format | None = None
    storage: str = ""
    missing_word: str | None = None

    @staticmethod
    def of(series: pd.Series) -> Origin:
        """What the attrs of a column's frame say of it."""
        about = series.attrs.get(ATTRS)
        if not about:
            return Origin()
        entry = about.get("columns", {}).get(series.name, {})
        return Origin(
            bool(about.get("is_text")),
            about.get("decimal", ""),
            format_from_json(entry["format"]) if "format" in entry else None,
            entry.get("storage", ""),
            entry.get("missing_word"),
        )


def holds_numbers(dtype: Any) -> bool:
    """Whether a dtype is one of numbers; truth values and categories are none.

    Parameters
    ----------
    dtype : dtype
        A series'.

    Returns
    -------
    bool
    """
    if isinstance(dtype, pd.CategoricalDtype):
        return False
    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
