"""Levels that two tables write differently: ``01`` and ``1``, ``m`` and ``M``.

Such a column tells synthetic people from real ones at once, whatever the generator is worth; it is
said before anybody believes the figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

_SHOWN = 3
_NUMBER = re.compile(r"^[+-]?0*(\d+?)(?:\.0*)?$")
_WORDS = {"true": "yes", "false": "no", "t": "yes", "f": "no", "y": "yes", "n": "no"}


def spelling_hints(real: pd.DataFrame, synthetic: pd.DataFrame) -> tuple[str, ...]:
    """Columns whose levels the synthetic table writes in another way than the real one.

    Parameters
    ----------
    real, synthetic : DataFrame
        The same columns; levels are `pandas.Categorical` over the levels of both.

    Returns
    -------
    tuple of str
        A sentence for each column of which some level occurs only in one table and, but for
        capitals, blanks and zeros that say nothing, also in the other.
    """
    hints = []
    for name in real:
        if not isinstance(real[name].dtype, pd.CategoricalDtype):
            continue
        own, other = (_used(frame[name]) for frame in (real, synthetic))
        pairs = _pairs([t for t in other if t not in own], own)
        if pairs:
            shown = ", ".join(f"{b!r} for {a!r}" for a, b in list(pairs.items())[:_SHOWN])
            more = f" and {len(pairs) - _SHOWN} more" if len(pairs) > _SHOWN else ""
            hints.append(
                f"Column {name}: the synthetic table writes {shown}{more}, which counts as "
                "different people: write the levels alike (keep such codes as text)."
            )
    return tuple(hints)


def _used(values: pd.Series) -> list[str]:
    counts = values.value_counts()
    return [str(level) for level in counts.index[counts > 0]]


def _pairs(strange: Sequence[str], known: Sequence[str]) -> Mapping[str, str]:
    """Known level → strange level that means the same."""
    keys: dict[str, str] = {}
    for level in known:
        keys.setdefault(_key(level), level)
    return {keys[_key(level)]: level for level in strange if _key(level) in keys}


def _key(level: str) -> str:
    text = " ".join(level.split()).casefold()
    number = _NUMBER.match(text)
    return number[1] if number else _WORDS.get(text, text)
