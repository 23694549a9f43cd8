"""A crowd: many people as small faces, and the groups that each column makes of them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from synth import describe
from synth.data.column import MISSING, Column
from synth.data.evidence import Between
from synth.data.meaning import gender_of, years_of
from synth.people.portraits import bank

if TYPE_CHECKING:
    import pandas as pd

    from synth.populations import Population

TILE = 36
"""Pixels of a face's side in the sheet of faces."""
_ACROSS = 20
_VARIETY = 4  # portraits of one gender, ethnicity and age
_YEARS = 8  # ages that share portraits
_MOST_GROUPS, _PARTS = 12, 5
_OTHERS = "others"
_USUAL_AGE = 40.0
_CHILD = "child"  # the tile of whoever is too young for a face of the bank
_GROUND, _FIGURE = (226, 230, 236), (150, 160, 174)  # of that tile, RGB


@dataclass(frozen=True)
class Grouping:
    """What a column makes of the people.

    Attributes
    ----------
    title : str
        The column's.
    labels : tuple of str
        The groups in words.
    codes : tuple of int
        Each person's group.
    """

    title: str
    labels: tuple[str, ...]
    codes: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """As the browser reads it."""
        return {"title": self.title, "labels": list(self.labels), "codes": list(self.codes)}


@dataclass(frozen=True)
class Faces:
    """Small portraits in one picture.

    Attributes
    ----------
    sheet : bytes
        A JPEG of tiles, `across` in a row.
    across : int
        Tiles in a row.
    tiles : tuple of int
        Each person's tile.
    """

    sheet: bytes
    across: int
    tiles: tuple[int, ...]


def groupings(frame: pd.DataFrame, population: Population) -> tuple[Grouping, ...]:
    """The groups that each column makes of people, featured columns first.

    Parameters
    ----------
    frame : DataFrame
        The people, in canonical dtypes.
    population : Population
        Its schema names the columns.

    Returns
    -------
    tuple of Grouping
    """
    schema = population.modelled
    order = [*(name for name in population.featured if name in schema.names), *schema.names]
    return tuple(
        _numbers(frame[name], schema[name])
        if schema[name].is_number
        else _levels(frame[name], schema[name])
        for name in dict.fromkeys(order)
    )


def _levels(values: pd.Series, column: Column) -> Grouping:
    texts = values.astype(object).where(values.notna(), MISSING)
    if column.kind == "boolean":
        texts = texts.map({True: "yes", False: "no", MISSING: MISSING})
    counts = texts.value_counts()
    shown = [state for state in column.states if counts.get(state, 0)]
    if len(shown) > _MOST_GROUPS:
        shown = sorted(shown, key=lambda state: -counts[state])[: _MOST_GROUPS - 1]
    place = {state: number for number, state in enumerate(shown)}
    codes = [place.get(text, len(shown)) for text in texts]
    labels = [describe.level_words(column, state) for state in shown]
    return Grouping(
        column.title,
        tuple(labels + [_OTHERS] * (max(codes, default=0) >= len(shown))),
        tuple(codes),
    )


def _numbers(values: pd.Series, column: Column) -> Grouping:
    """About equally many people in each part, cut where values change."""
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    known = numbers[~np.isnan(numbers)]
    cuts = np.linspace(0, 1, _PARTS + 1)[1:-1]
    ends = np.unique(np.quantile(known, cuts)) if len(known) else np.empty(0)
    codes = np.searchsorted(ends, numbers, side="right")
    labels = []
    parts = []
    for part in range(len(ends) + 1):
        inside = known[np.searchsorted(ends, known, side="right") == part]
        if len(inside):
            parts.append(part)
            fact = Between(float(inside.min()), float(inside.max()))
            labels.append(describe.range_words(column, fact))
    place = {part: number for number, part in enumerate(parts)}
    missing = np.isnan(numbers)
    if missing.any():
        labels.append(describe.level_words(column, MISSING))
    return Grouping(
        column.title,
        tuple(labels),
        tuple(
            len(parts) if gone else place[code] for code, gone in zip(codes, missing, strict=True)
        ),
    )


def faces(frame: pd.DataFrame, population: Population) -> Faces:
    """A small portrait for each person, by gender and age; ethnicities take turns.

    As on cards, nobody under `bank.YOUNGEST` has a face: a plain figure stands for children.

    Parameters
    ----------
    frame : DataFrame
        The people.
    population : Population
        Its schema says which columns are gender and age.

    Returns
    -------
    Faces
        Some people share a portrait: there are about three hundred.

    Raises
    ------
    PopulaceError
        The portrait bank is not there.
    """
    schema = population.modelled
    gender, age = schema.first("gender"), schema.first("age") or schema.first("age group")
    names: dict[str, int] = {}
    tiles = []
    for number in range(len(frame)):
        gender_name = "unknown"
        if gender is not None:
            gender_name = gender_of(frame[gender.name].iloc[number], gender.levels)
        years = None if age is None else years_of(frame[age.name].iloc[number])
        if gender_name == "unknown":
            gender_name = bank.GENDERS[number % 2]
        kind = number % (len(bank.ETHNICITIES) * _VARIETY)
        if years is not None and years < bank.YOUNGEST:
            tiles.append(names.setdefault(_CHILD, len(names)))
            continue
        name = _portrait(gender_name, round((years or _USUAL_AGE) / _YEARS) * _YEARS, kind)
        tiles.append(names.setdefault(name, len(names)))
    return Faces(_sheet(tuple(names)), _ACROSS, tuple(tiles))


@lru_cache(maxsize=4096)
def _portrait(gender: str, years: int, kind: int) -> str:
    ethnicity = bank.ETHNICITIES[kind % len(bank.ETHNICITIES)]
    return bank.shipped().pick(gender, years, ethnicity, kind).name


@lru_cache(maxsize=1024)
def _tile(name: str) -> Any:
    from PIL import Image

    if name == _CHILD:
        return _figure()
    picture = Image.open(io.BytesIO(bank.shipped()[name].webp()))
    return picture.convert("RGB").resize((TILE, TILE), Image.Resampling.BOX)


def _figure() -> Any:
    """Head and shoulders without a face."""
    from PIL import Image, ImageDraw

    fine = 4  # drawn larger and made small, so that the round is smooth
    side = fine * TILE
    tile = Image.new("RGB", (side, side), _GROUND)
    draw = ImageDraw.Draw(tile)
    draw.ellipse((0.34 * side, 0.22 * side, 0.66 * side, 0.54 * side), fill=_FIGURE)
    draw.ellipse((0.2 * side, 0.6 * side, 0.8 * side, 1.2 * side), fill=_FIGURE)
    return tile.resize((TILE, TILE), Image.Resampling.BOX)


@lru_cache(maxsize=16)
def _sheet(names: tuple[str, ...]) -> bytes:
    """One JPEG of all faces."""
    from PIL import Image

    rows = -(-len(names) // _ACROSS)
    sheet = Image.new("RGB", (_ACROSS * TILE, max(1, rows) * TILE))
    for number, name in enumerate(names):
        sheet.paste(_tile(name), (number % _ACROSS * TILE, number // _ACROSS * TILE))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=78)
    return buffer.getvalue()


__all__ = ["TILE", "Faces", "Grouping", "faces", "groupings"]
