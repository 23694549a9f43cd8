"""A column of a table: its kind, levels, bounds, role and format."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from synth.data import dates, durations
from synth.data.durations import DurationFormat
from synth.data.formats import (
    BooleanFormat,
    DateFormat,
    Format,
    LevelsFormat,
    NumberFormat,
    detect_date,
    detect_number,
    format_from_json,
)
from synth.data.meaning import MEANINGS, Meaning, guess_by_levels, guess_by_name
from synth.data.wording import DIRECTION_MARKS, either, hint, number_text, shortened
from synth.errors import PopulaceError
from synth.lazy import cached_property

Kind = Literal["categorical", "boolean", "integer", "real"]
Role = Literal["model", "weight", "apart", "skip", "class"]
MISSING = "missing"
"""How a missing value is written wherever a level would stand."""
LEVELS_LIMIT = 1000
"""A categorical column with more levels than this is not modelled."""
BOOLEAN_LEVELS = ("no", "yes")
_COMPARED = {"gt": "over", "ge": "at least", "gte": "at least", "lt": "under", "le": "up to"}
"""Comparisons in a column's name, and the words for them before a number."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        The column's name in the table.
    kind : Kind
        What its values are.
    levels : tuple of str
        Categorical: the levels in order; boolean: ``("no", "yes")``; numbers: empty.
    missing : bool
        Whether values can be missing, which is then a state of its own.
    lower, upper : float or None
        Numbers: the smallest and largest value, in the column's unit.
    step : float or None
        Numbers: the resolution; values are multiples of it, as measured.
    role : Role
        Only "model" columns are learned; "weight" weighs rows, "apart" is kept but not
        modelled, "skip" is left out of the frame, "class" is a network's own class of a number.
    label : str
        Words for the screen; see `title`.
    meaning : Meaning or None
        What the column says about a person; None leaves it to a guess, "" says that it is none of
        the known meanings. Look it up with `means`.
    format : Format or None
        How its values are written; None for plain numbers, yes and no, and levels that are texts.
    storage : str
        The dtype that it has outside, as pandas calls it, or ``decimal(10, 2)``; empty for the
        canonical one.
    missing_word : str or None
        Text files: what stands for a missing value beside the empty cell, and is written for it.
        Empty where the empty cell alone does; None where the usual words (NA, null, …) do, unless
        they are levels.
    """

    name: str
    kind: Kind
    levels: tuple[str, ...] = ()
    missing: bool = False
    lower: float | None = None
    upper: float | None = None
    step: float | None = None
    role: Role = "model"
    label: str = ""
    meaning: Meaning | None = None
    format: Format | None = None
    storage: str = ""
    missing_word: str | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.meaning is not None and self.meaning not in MEANINGS:
            raise PopulaceError(
                f"Column {self.name} has the meaning {self.meaning!r}: use {either(MEANINGS[:-1])}."
            )
        if self.kind not in get_args(Kind):
            raise PopulaceError(
                f"Column {self.name} has the kind {self.kind!r}: use {either(get_args(Kind))}."
            )
        if self.role not in get_args(Role):
            raise PopulaceError(
                f"Column {self.name} has the role {self.role!r}: use {either(get_args(Role))}."
            )
        if self.kind == "boolean" and self.levels != BOOLEAN_LEVELS:
            if self.levels:
                raise PopulaceError(
                    f"Column {self.name} is boolean with levels of its own: "
                    "leave its levels out or make it categorical."
                )
            object.__setattr__(self, "levels", BOOLEAN_LEVELS)
        if self.levels and self.is_number:
            raise PopulaceError(
                f"Column {self.name} is a number and has levels: "
                "leave the levels out or make it categorical."
            )
        if len(set(self.levels)) < len(self.levels):
            twice = next(level for level in self.levels if self.levels.count(level) > 1)
            raise PopulaceError(
                f"Column {self.name} lists the level {twice!r} twice: keep one of the two."
            )
        if MISSING in self.levels:
            raise PopulaceError(
                f"Column {self.name} lists a level called {MISSING!r}, which stands for missing "
                "values: remove it and set missing to true."
            )
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise PopulaceError(
                f"Column {self.name} has the lower bound {number_text(self.lower)} above its upper "
                f"bound {number_text(self.upper)}: swap them."
            )
        if self.step is not None and not self.step > 0:
            raise PopulaceError(f"Column {self.name} has the step {self.step}: use one above zero.")

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers (integer or real)."""
        return self.kind in ("integer", "real")

    @cached_property
    def means(self) -> Meaning:
        """The meaning as set, or as name, kind and levels suggest."""
        if self.meaning is not None:
            return self.meaning
        return self._meaning_of_name or guess_by_levels(self.kind, self.levels)

    @cached_property
    def _meaning_of_name(self) -> Meaning:
        return guess_by_name(self.name, self.kind, self.levels)

    @property
    def bounds(self) -> tuple[float, float]:
        """Numbers: the smallest and the largest value.

        Raises
        ------
        PopulaceError
            One of them is not known.
        """
        if self.lower is None or self.upper is None:
            raise PopulaceError(
                f"Column {self.name} has no bounds: complete its schema from a table."
            )
        return self.lower, self.upper

    @property
    def title(self) -> str:
        """The label, or the name made readable: ``has_children`` becomes "Has children"."""
        if self.label:
            return self.label
        words = re.sub(r"[_\s]+", " ", self.name).strip()
        words = re.sub(r"(?<=[a-z])(?=\d+$)", " ", words) or self.name
        for short, long in _COMPARED.items():  # Income_gt_50k: income over 50k
            words = re.sub(rf"(?<=\w) {short} (?=\d)", f" {long} ", words)
        return words[0].upper() + words[1:]

    @property
    def states(self) -> tuple[str, ...]:
        """The levels, and ``missing`` last where values can be missing."""
        return (*self.levels, MISSING) if self.missing else self.levels

    @cached_property
    def dtype(self) -> Any:
        """The canonical pandas dtype: whole numbers are int64, nullable where some are missing."""
        if self.kind == "categorical":
            return pd.CategoricalDtype(list(self.levels))
        if self.kind == "boolean":
            return pd.BooleanDtype() if self.missing else np.dtype(bool)
        if self.kind == "real":
            return np.dtype(np.float64)
        return pd.Int64Dtype() if self.missing else np.dtype(np.int64)

    def text(self, value: float | np.integer | np.floating) -> str:
        """A value of a column of numbers as its table writes it; see `number_text`.

        Parameters
        ----------
        value : float
            Any finite number.
        """
        if self.format is None or isinstance(self.format, LevelsFormat):
            return number_text(value)
        number = float(value)
        if self.kind == "integer" and number.is_integer():
            return str(self.format.text(np.array([int(number)]))[0])
        return str(self.format.text(np.array([number]))[0])

    @property
    def example(self) -> str:
        """How it is written, by an example: ``$1,234.50``, ``2020-12-31``, ``No / Yes``."""
        if isinstance(self.format, BooleanFormat):
            return f"{self.format.no} / {self.format.yes}"
        if (
            isinstance(self.format, NumberFormat | DateFormat | DurationFormat)
            and self.upper is not None
        ):
            return self.text(self.upper)
        return ""

    def written_as(self, example: str) -> Column:
        """The same column written as an example says; plainly where it is empty.

        Parameters
        ----------
        example : str
            As `example` gives it; for dates also ``MM/DD/YYYY``, ``month/day``, ``day/month``.

        Raises
        ------
        PopulaceError
            It says nothing of such a column.
        """
        example = example.strip()
        detected: Format | None = None
        if example and self.kind == "boolean":
            no, _, yes = (part.strip() for part in example.partition("/"))
            detected = BooleanFormat(no, yes) if no and yes and no != yes else None
        elif example and isinstance(self.format, DateFormat):
            pattern = dates.named(example, self.format.pattern)
            detected = replace(self.format, pattern=pattern) if pattern else detect_date([example])
        elif example and isinstance(self.format, DurationFormat):
            detected = durations.find([example])
            detected = None if detected is None else replace(self.format, style=detected.style)
        elif example and self.is_number:
            detected = detect_number([example], padded=True)
        if example and detected is None:
            remedy = {"boolean": "No / Yes", "integer": "1,234", "real": "$1,234.50"}
            shown = remedy.get(self.kind, "nothing")
            if isinstance(self.format, DateFormat):
                shown = "12/31/2020, MM/DD/YYYY or month/day"
            if isinstance(self.format, DurationFormat):
                shown = "1 days 02:30:00 or 26:30:00"
            raise PopulaceError(
                f"Column {self.name} cannot be written as {shortened(example)}: give an example "
                f"such as {shown}, or nothing."
            )
        if not example and isinstance(self.format, DateFormat | DurationFormat):
            return self
        return replace(self, format=detected)

    @property
    def decimals(self) -> int:
        """How many digits after the point the step asks for: 0 for 1 and 10, 2 for 0.25."""
        return 0 if self.step is None else decimals_of(self.step)


def check_name(name: str) -> None:
    """Refuse what cannot be a column's name.

    Parameters
    ----------
    name : str
        What should be one.

    Raises
    ------
    PopulaceError
        It is empty, too long, or holds invisible characters.
    """
    if not isinstance(name, str) or not name.strip():
        raise PopulaceError("A column has no name: give every column a name.")
    for character in name:
        if unicodedata.category(character) == "Cc" or DIRECTION_MARKS.match(character):
            raise PopulaceError(
                f"The column name {shortened(name)} holds an invisible character "
                f"(U+{ord(character):04X}): rename the column."
            )
    if len(name) > 200:
        raise PopulaceError(
            f"The column name {shortened(name)} has {len(name)} characters: keep it within 200."
        )


def check_storage(storage: str, name: str) -> None:
    """Raise a PopulaceError where a text is no dtype that a column can have.

    Parameters
    ----------
    storage : str
        What should be a dtype.
    name : str
        The column's name, for the sentence.

    Raises
    ------
    PopulaceError
        It is none.
    """
    if re.fullmatch(r"decimal\(\d{1,2}, \d{1,2}\)", storage):
        return
    try:
        pd.api.types.pandas_dtype(storage)
    except (TypeError, ValueError, NotImplementedError, ImportError, KeyError) as error:
        raise PopulaceError(
            f"Column {name} has the storage {storage!r}, which is no dtype: use int64, float64, "
            "bool, str or category."
        ) from error


def column_from_json(entry: Any) -> Column:
    """A column of a schema file.

    Parameters
    ----------
    entry : JSON value
        As `Schema.to_json` writes it.

    Returns
    -------
    Column

    Raises
    ------
    PopulaceError
        The entry is none, or a damaged one.
    """
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        raise PopulaceError('Each column of the schema needs a text called "name".')
    name = entry["name"]
    known = [field.name for field in fields(Column)]
    for key in entry:
        if key not in known:
            raise PopulaceError(
                f"Column {shortened(name)} has an unknown key {key!r}{hint(key, known)}"
            )
    if "kind" not in entry:
        raise PopulaceError(f"Column {shortened(name)} has no kind: use {either(get_args(Kind))}.")
    values = dict(entry)
    levels = values.get("levels", [])
    if not isinstance(levels, list | tuple) or not all(isinstance(v, str) for v in levels):
        raise PopulaceError(f"Column {shortened(name)} has levels that are not texts: quote them.")
    values["levels"] = tuple(levels)
    for key in ("lower", "upper", "step"):
        number = values.get(key)
        if number is not None:
            finite = isinstance(number, int | float) and np.isfinite(number)
            if isinstance(number, bool) or not finite:
                raise PopulaceError(
                    f"Column {shortened(name)} has the {key} {number!r}: use a number."
                )
            values[key] = float(number)
    if not isinstance(values.get("missing", False), bool):
        raise PopulaceError(f'Column {shortened(name)} has a "missing" that is not true or false.')
    meaning = values.get("meaning")
    if meaning is not None and not isinstance(meaning, str):
        raise PopulaceError(f"Column {shortened(name)} has a meaning that is not a text.")
    if not isinstance(values.get("label", ""), str):
        raise PopulaceError(f"Column {shortened(name)} has a label that is not a text.")
    if values.get("format") is not None:
        values["format"] = format_from_json(values["format"], shortened(name))
    for key in ("storage", "missing_word"):
        if not isinstance(values.get(key, ""), str):
            raise PopulaceError(f"Column {shortened(name)} has a {key} that is not a text.")
    if values.get("storage"):
        check_storage(values["storage"], shortened(name))
    return Column(**values)


def decimals_of(step: float) -> int:
    """How many decimals the multiples of a step need, at most 12.

    Parameters
    ----------
    step : float
        The distance of two neighbours on the lattice, above 0.

    Returns
    -------
    int
    """
    for places in range(12):
        scaled = step * 10.0**places
        if abs(scaled - round(scaled)) < 1e-6 * scaled:
            return places
    return 12
