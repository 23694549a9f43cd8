"""Values and combinations that hardly anybody has: merged, coarsened or left, before learning.

For ordinary populations, which promise nothing: fewer than n people behind a value or a pair of
levels are too few to be shown. Levels are merged into "other", numbers far out are drawn in to the
n-th most extreme, and of a rare pair of levels the rarer one is merged too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from synth.data.schema import Schema
from synth.errors import PopulaceError

Way = Literal["merge", "coarsen", "leave"]
OTHER = "other"
MOST_PAIRS = 2000
"""Pairs of columns that are looked at, at most."""


@dataclass(frozen=True, eq=False)
class Protected:
    """A frame without values that fewer than n people have.

    Attributes
    ----------
    frame : pd.DataFrame
        As many rows.
    notes : tuple of str
        What was changed, in words.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...]


def protect(
    frame: pd.DataFrame,
    schema: Schema,
    people: int,
    *,
    levels: Way = "merge",
    numbers: Way = "coarsen",
    pairs: Way = "merge",
) -> Protected:
    """Change what fewer than so many people have.

    Parameters
    ----------
    frame : pd.DataFrame
        Canonical values of the modelled columns.
    schema : Schema
        Of them.
    people : int
        At least 2.
    levels : {"merge", "leave"}
        What becomes of levels that too few have; "coarsen" is the same as "merge".
    numbers : {"coarsen", "leave"}
        What becomes of numbers that too few reach; "merge" is the same as "coarsen".
    pairs : {"merge", "leave"}
        What becomes of pairs of levels that too few have.

    Raises
    ------
    PopulaceError
        The number of people is below 2.
    """
    if people < 2:
        raise PopulaceError("Protection needs at least 2 people: give a number such as 10.")
    out, notes = frame.copy(), []
    named = [c for c in schema.modelled if c.kind == "categorical" and c.name in frame]
    for column in named if levels != "leave" else ():
        texts = out[column.name].astype(object)
        counts = texts.value_counts()
        rare = set(counts.index[counts < people])
        if rare:
            out[column.name] = texts.where(~texts.isin(rare), OTHER)
            notes.append(f"{len(rare):,} levels of {column.name} were merged into “{OTHER}”.")
    for column in schema.modelled if numbers != "leave" else ():
        if column.is_number and column.name in frame:
            changed, moved = drawn_in(out[column.name], people)
            if moved:
                out[column.name] = changed
                notes.append(f"{moved:,} values of {column.name} were drawn in at its ends.")
    if pairs != "leave":
        merged = _merge_pairs(out, [column.name for column in named], people)
        if merged:
            notes.append(
                f"{merged:,} cells were merged into “{OTHER}”: fewer than {people} people shared "
                "their level beside another."
            )
    return Protected(out, tuple(notes))


def drawn_in(values: pd.Series, people: int) -> tuple[pd.Series, int]:
    """Numbers no more extreme than the n-th smallest and largest, and how many were moved.

    Parameters
    ----------
    values : pd.Series
        Numbers, missing ones too.
    people : int
        n.
    """
    known = np.sort(values.dropna().to_numpy(dtype=np.float64))
    if len(known) < 2 * people:
        return values, 0
    low, high = known[people - 1], known[-people]
    clipped = values.clip(lower=low, upper=high)
    moved = int(((values < low) | (values > high)).sum())
    return clipped.astype(values.dtype), moved


def _merge_pairs(frame: pd.DataFrame, names: Sequence[str], people: int) -> int:
    """Merge the rarer level of each pair that too few people share; how many cells changed."""
    merged = 0
    texts = {name: frame[name].astype(object) for name in names}
    counts = {name: texts[name].value_counts() for name in names}
    for a, b in list(combinations(names, 2))[:MOST_PAIRS]:
        together = pd.DataFrame({"a": texts[a], "b": texts[b]})
        size = together.groupby(["a", "b"], observed=True)["a"].transform("size")
        rare = (size < people).to_numpy() & together.notna().all(axis=1).to_numpy()
        rare &= (texts[a] != OTHER).to_numpy() & (texts[b] != OTHER).to_numpy()
        if not rare.any():
            continue
        own = texts[a].map(counts[a]).to_numpy(dtype=float)
        theirs = texts[b].map(counts[b]).to_numpy(dtype=float)
        first = rare & (own <= theirs)
        texts[a] = texts[a].where(~first, OTHER)
        texts[b] = texts[b].where(~(rare & ~first), OTHER)
        merged += int(rare.sum())
    for name in names:
        frame[name] = texts[name]
    return merged
