"""What a table's columns are: kinds, levels, bounds, roles; inferred, corrected, kept as JSON."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from synth.data import dates, durations
from synth.data.digits import digits
from synth.data.durations import DurationFormat
from synth.data.formats import (
    BooleanFormat,
    DateFormat,
    Format,
    LevelsFormat,
    NumberFormat,
    date_format_of,
    detect_boolean,
    detect_clock,
    detect_date,
    detect_number,
    format_from_json,
    format_to_json,
    stamps_to_counts,
)
from synth.data.identifiers import is_identifier
from synth.data.meaning import MEANINGS, Meaning, guess_by_levels, guess_by_name
from synth.errors import PopulaceError
from synth.lazy import cached_property

Kind = Literal["categorical", "boolean", "integer", "real"]
Role = Literal["model", "weight", "apart", "skip"]

MISSING = "missing"
"""How a missing value is written wherever a level would stand."""
LEVELS_LIMIT = 1000
"""A categorical column with more levels than this is not modelled."""
BOOLEAN_LEVELS = ("no", "yes")

MISSING_WORDS = frozenset(
    ("", "?", "NA", "N/A", "#N/A", "n/a", "NaN", "nan", "NULL", "null", "missing")
)
"""What a text file may write for a missing value, unless it is a level."""
ATTRS = "populace"
"""The key of a frame's attrs that says how its file wrote it; see `Origin`."""

_ODD_NUMBERS = re.compile(
    r"[+-]?(inf(inity)?|nan)|#[\w/]+[!?]?|n\.?\s?[ad]\.?|\.+|-+|err(or)?|overflow", re.IGNORECASE
)
_FILL = 1e9
_WORDS_TO_BOOLEAN = {"yes": True, "true": True, "no": False, "false": False}
_EXACT = 2.0**53  # beyond this a float no longer holds every whole number
_LARGEST = 1e100
_NUMBER_OBJECTS = ("integer", "floating", "mixed-integer-float", "decimal")
_DIRECTION_MARKS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LEADING_NUMBER = re.compile(r"^([<≤>≥]?)=?[\s$€£~]*(-?\d+(?:\.\d+)?)")
_IDENTIFIER_NAME = re.compile(
    r"(^|[_\s.-])(id|uuid|guid|key|index|nr|no|number|unnamed)([_\s.:-]|$)"
)
_DATED = re.compile(r"date|day|time|born|birth|dob|datum|tag|fecha|jour")
_TIMED = re.compile(r"time|hhmm|clock|hour|uhr|zeit|heure|hora|(^|_)(dep|arr|at)(_|$)")
TIMES = "time64[us][pyarrow]"
"""How storage calls Python's times of day."""
_WHOLE_DAY = 1_000_01_01
"""Numbers from here on are days such as 20201231, smaller ones days since 1970."""
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$|^\d{1,2}[./]\d{1,2}[./]\d{4}$")


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
        modelled, "skip" is left out of the frame.
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
        _check_name(self.name)
        if self.meaning is not None and self.meaning not in MEANINGS:
            raise PopulaceError(
                f"Column {self.name} has the meaning {self.meaning!r}: "
                f"use {_either(MEANINGS[:-1])}."
            )
        if self.kind not in get_args(Kind):
            raise PopulaceError(
                f"Column {self.name} has the kind {self.kind!r}: use {_either(get_args(Kind))}."
            )
        if self.role not in get_args(Role):
            raise PopulaceError(
                f"Column {self.name} has the role {self.role!r}: use {_either(get_args(Role))}."
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
                f"Column {self.name} cannot be written as {_shown(example)}: give an example such "
                f"as {shown}, or nothing."
            )
        if not example and isinstance(self.format, DateFormat | DurationFormat):
            return self
        return replace(self, format=detected)

    @property
    def decimals(self) -> int:
        """How many digits after the point the step asks for: 0 for 1 and 10, 2 for 0.25."""
        return 0 if self.step is None else _decimals(self.step)


@dataclass(frozen=True)
class Schema:
    """The columns of a table, in order; look one up by name with ``schema["age"]``.

    Attributes
    ----------
    columns : tuple of Column
        Their names differ.
    """

    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        _check_unique(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def canonical(self) -> Schema:
        """The same columns, however they are written."""
        return Schema(
            tuple(
                replace(column, format=None, storage="", missing_word=None)
                for column in self.columns
            )
        )

    @property
    def modelled(self) -> Schema:
        """The columns that a network learns: those of role "model"."""
        return self.of_role("model")

    def of_role(self, *roles: Role) -> Schema:
        """The columns that have one of the roles."""
        return Schema(tuple(column for column in self.columns if column.role in roles))

    def of_meaning(self, meaning: Meaning) -> tuple[Column, ...]:
        """The columns of a meaning, those of role "skip" left out.

        In the schema's order; interests whose names end in a number (``top1``, ``top2``) in the
        order of the numbers.
        """
        columns = [c for c in self.columns if c.role != "skip" and c.means == meaning]
        if meaning == "interest":
            ranks = [re.search(r"\d+$", column.name) for column in columns]
            if all(ranks):
                columns.sort(key=lambda c: int(c.name[len(c.name.rstrip("0123456789")) :]))
        return tuple(columns)

    def first(self, meaning: Meaning) -> Column | None:
        """The column of a meaning: one where it is set, else by its name, else by its levels."""
        columns = self.of_meaning(meaning)
        explicit = [c for c in columns if c.meaning is not None]
        named = [c for c in columns if c._meaning_of_name == meaning]
        return next(iter((*explicit, *named, *columns)), None)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise PopulaceError(f"There is no column {name}{hint(name, self.names)}")

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def select(self, names: Sequence[str]) -> Schema:
        """The named columns, in the order of `names`.

        Parameters
        ----------
        names : sequence of str
            Names of columns.

        Returns
        -------
        Schema
            Those columns.
        """
        return Schema(tuple(self[name] for name in names))

    def without(self, *names: str) -> Schema:
        """The schema less the named columns."""
        gone = {self[name].name for name in names}
        return Schema(tuple(column for column in self.columns if column.name not in gone))

    def changed(self, name: str, **changes: Any) -> Schema:
        """A schema in which one column has other attributes: ``changed("weight", role="weight")``.

        A column that changes its kind loses its levels, bounds and step unless they are given;
        `completed` finds them again in the data.

        Parameters
        ----------
        name : str
            The column.
        **changes
            Attributes of `Column`.

        Returns
        -------
        Schema
            The schema with the column changed.
        """
        column = self[name]
        if changes.get("kind", column.kind) != column.kind:
            unknown = {"levels": (), "lower": None, "upper": None, "step": None, "format": None}
            changes = unknown | changes
        new = replace(column, **changes)
        return Schema(tuple(new if c.name == name else c for c in self.columns))

    # ------------------------------------------------------------------ data

    @staticmethod
    def infer(frame: pd.DataFrame) -> Schema:
        """The schema that the data suggest; `infer_with_notes` also says what was left out.

        Parameters
        ----------
        frame : pd.DataFrame
            Rows as they were read.

        Returns
        -------
        Schema
            A column for each of the frame.
        """
        return infer_with_notes(frame)[0]

    def completed(self, frame: pd.DataFrame) -> Schema:
        """Levels, bounds and steps that the schema does not give, found in the data.

        Parameters
        ----------
        frame : pd.DataFrame
            Rows as they were read.

        Returns
        -------
        Schema
            Complete for every column that the frame has.
        """
        done = []
        for column in self.columns:
            if column.role == "skip" or column.name not in frame.columns:
                done.append(column)
                continue
            done.append(_completed(column, frame[column.name]))
        return Schema(tuple(done))

    def conform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame in canonical dtypes, columns in schema order, those of role "skip" left out.

        Categorical columns become ``pd.Categorical`` with the schema's levels, booleans ``bool``
        (or nullable "boolean"), integers int64 (nullable where values can be missing), reals
        float64. Columns that the schema does not name are dropped.

        Parameters
        ----------
        frame : pd.DataFrame
            Rows as they were read.

        Returns
        -------
        pd.DataFrame
            As many rows.

        Raises
        ------
        PopulaceError
            A column is absent, or holds a value that its kind or levels do not allow.
        """
        kept = [column for column in self.columns if column.role != "skip"]
        for column in kept:
            if column.name not in frame.columns:
                names = [str(name) for name in frame.columns]
                raise PopulaceError(
                    f"The table has no column {column.name}{hint(column.name, names)}"
                )
        data = {column.name: _conform(frame[column.name], column) for column in kept}
        return pd.DataFrame(data, index=pd.RangeIndex(len(frame)))

    # ------------------------------------------------------------------ JSON

    def to_json(self) -> dict[str, Any]:
        """The schema as JSON-ready values; what equals its default is left out."""
        columns = []
        for column in self.columns:
            entry = {
                field.name: getattr(column, field.name)
                for field in fields(Column)
                if getattr(column, field.name) != field.default
            }
            if column.format is not None:
                entry["format"] = format_to_json(column.format)
            if column.kind == "boolean":
                entry.pop("levels", None)
            elif "levels" in entry:
                entry["levels"] = list(column.levels)
            columns.append(entry)
        return {"columns": columns}

    @staticmethod
    def from_json(value: str | Mapping[str, Any]) -> Schema:
        """The schema written by `to_json`, given as values or as JSON text.

        Parameters
        ----------
        value : str or mapping
            JSON.

        Returns
        -------
        Schema
            The columns.

        Raises
        ------
        PopulaceError
            It is no schema, or a damaged one.
        """
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (json.JSONDecodeError, RecursionError) as error:
                raise PopulaceError(
                    "The schema is not valid JSON: write it with `Schema.to_json`."
                ) from error
        if not isinstance(value, Mapping) or not isinstance(value.get("columns"), list):
            raise PopulaceError('The schema needs a list called "columns", one entry for each.')
        return Schema(tuple(_column_from_json(entry) for entry in value["columns"]))


# ---------------------------------------------------------------------- words


def number_text(value: float | np.integer | np.floating) -> str:
    """A number as people write it: 30, not 30.0; every digit that tells it from its neighbours.

    Parameters
    ----------
    value : float
        Any finite number.

    Returns
    -------
    str
        The shortest text that reads back as the same number.
    """
    value = float(value)
    if value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return repr(value)


def hint(word: str, choices: Sequence[str]) -> str:
    """The end of a sentence about an unknown word: the closest choice, or the first few.

    Holds its own full stop or question mark.

    Parameters
    ----------
    word : str
        What is unknown.
    choices : sequence of str
        What is known.

    Returns
    -------
    str
        From the blank or colon on, to the end.
    """
    folded = {choice.casefold(): choice for choice in reversed(choices)}
    close = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    if not close:
        inside = [c for c in choices if word and word.casefold() in c.casefold()]
        close = [inside[0].casefold()] if inside else []
    if close:
        return f": did you mean {folded[close[0]]}?"
    return f": use {some_of(choices)}." if choices else "."


def some_of(choices: Sequence[str]) -> str:
    """All of a few choices, or the first five of many.

    Parameters
    ----------
    choices : sequence of str
        What would do.

    Returns
    -------
    str
        Words for the end of a sentence.
    """
    if len(choices) <= 6:
        return _either(choices)
    return f"one of {', '.join(choices[:5])}, … ({len(choices)} in all)"


def _either(words: Sequence[str]) -> str:
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _shown(text: str, limit: int = 40) -> str:
    text = "".join(c if c.isprintable() else "·" for c in text)
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")


def _check_name(name: str) -> None:
    if not isinstance(name, str) or not name.strip():
        raise PopulaceError("A column has no name: give every column a name.")
    for character in name:
        if unicodedata.category(character) == "Cc" or _DIRECTION_MARKS.match(character):
            raise PopulaceError(
                f"The column name {_shown(name)} holds an invisible character "
                f"(U+{ord(character):04X}): rename the column."
            )
    if len(name) > 200:
        raise PopulaceError(
            f"The column name {_shown(name)} has {len(name)} characters: keep it within 200."
        )


def check_storage(storage: str, name: str) -> None:
    """Raise a PopulaceError where a text is no dtype that a column can have."""
    if re.fullmatch(r"decimal\(\d{1,2}, \d{1,2}\)", storage):
        return
    try:
        pd.api.types.pandas_dtype(storage)
    except (TypeError, ValueError, NotImplementedError, ImportError, KeyError) as error:
        raise PopulaceError(
            f"Column {name} has the storage {storage!r}, which is no dtype: use int64, float64, "
            "bool, str or category."
        ) from error


def _check_unique(names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise PopulaceError(f"The column {twice} is there twice: rename one of the two.")


def _column_from_json(entry: Any) -> Column:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        raise PopulaceError('Each column of the schema needs a text called "name".')
    name = entry["name"]
    known = [field.name for field in fields(Column)]
    for key in entry:
        if key not in known:
            raise PopulaceError(
                f"Column {_shown(name)} has an unknown key {key!r}{hint(key, known)}"
            )
    if "kind" not in entry:
        raise PopulaceError(f"Column {_shown(name)} has no kind: use {_either(get_args(Kind))}.")
    values = dict(entry)
    levels = values.get("levels", [])
    if not isinstance(levels, list | tuple) or not all(isinstance(v, str) for v in levels):
        raise PopulaceError(f"Column {_shown(name)} has levels that are not texts: quote them.")
    values["levels"] = tuple(levels)
    for key in ("lower", "upper", "step"):
        number = values.get(key)
        if number is not None:
            finite = isinstance(number, int | float) and np.isfinite(number)
            if isinstance(number, bool) or not finite:
                raise PopulaceError(
                    f"Column {_shown(name)} has the {key} {number!r}: use a number."
                )
            values[key] = float(number)
    if not isinstance(values.get("missing", False), bool):
        raise PopulaceError(f'Column {_shown(name)} has a "missing" that is not true or false.')
    meaning = values.get("meaning")
    if meaning is not None and not isinstance(meaning, str):
        raise PopulaceError(f"Column {_shown(name)} has a meaning that is not a text.")
    if not isinstance(values.get("label", ""), str):
        raise PopulaceError(f"Column {_shown(name)} has a label that is not a text.")
    if values.get("format") is not None:
        values["format"] = format_from_json(values["format"], _shown(name))
    for key in ("storage", "missing_word"):
        if not isinstance(values.get(key, ""), str):
            raise PopulaceError(f"Column {_shown(name)} has a {key} that is not a text.")
    if values.get("storage"):
        check_storage(values["storage"], _shown(name))
    return Column(**values)


# ---------------------------------------------------------------------- inference


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


def infer_with_notes(frame: pd.DataFrame) -> tuple[Schema, tuple[str, ...]]:
    """The schema that the data suggest, and one sentence for each column that is left out.

    Identifiers, free text, dates, nested values and columns without variation get the role
    "skip"; the sentence says which and what to do.

    Parameters
    ----------
    frame : pd.DataFrame
        Rows as they were read.

    Returns
    -------
    Schema
        A column for each of the frame.
    tuple of str
        The sentences.

    Raises
    ------
    PopulaceError
        A column has no name, a name twice, infinite values, or numbers mixed with texts.
    """
    names = list(frame.columns)
    for position, name in enumerate(names, start=1):
        if not isinstance(name, str):
            raise PopulaceError(
                f"Column {position} has no name in words ({name!r}): give every column a name."
            )
        if not name.strip():
            raise PopulaceError(f"Column {position} has no name: give every column a name.")
        _check_name(name)
    _check_unique(names)
    inferred = [_infer(frame[name], name) for name in names]
    return Schema(tuple(column for column, _ in inferred)), tuple(
        note for _, note in inferred if note
    )


def _infer(series: pd.Series, name: str) -> tuple[Column, str]:
    dtype = series.dtype
    rows = len(series)
    missing = bool(series.isna().any())
    if isinstance(dtype, pd.PeriodDtype | pd.DatetimeTZDtype) or dtype.kind == "M":
        return _infer_stamps(series, name, missing)
    is_object = dtype.kind == "O"
    if dtype.kind == "m" or (is_object and pd.api.types.infer_dtype(series) == "timedelta"):
        return _infer_durations(series, name, missing)
    if missing and series.isna().all():
        return _skipped(name, True), (
            f"Column {name} has no values and is left out: fill it or delete it."
        )
    if _holds_numbers(dtype) or (
        dtype.kind == "O" and pd.api.types.infer_dtype(series, skipna=True) in _NUMBER_OBJECTS
    ):
        return _infer_number(series, name, missing)
    try:
        codes, all_texts = _coded(series)
    except TypeError:
        return _skipped(name, missing), (
            f"Column {name} holds lists, records or bytes and is left out: "
            "turn it into columns of single values."
        )
    used = np.unique(codes[codes >= 0])
    texts = [all_texts[i] for i in used]
    missing = missing or bool((codes < 0).any())
    origin = Origin.of(series)
    words = [text for text in texts if text in MISSING_WORDS]
    known = [text for text in texts if text not in MISSING_WORDS]
    if not texts or (origin.is_text and not known):
        return _skipped(name, True), (
            f"Column {name} has no values and is left out: fill it or delete it."
        )
    _check_texts(name, texts)
    storage = _storage(series)
    column = Column(name, "categorical", missing=missing, storage=storage)
    is_category = _is_category(series)
    clock = (
        None if is_category else detect_clock(known, is_named=bool(_TIMED.search(name.casefold())))
    )
    text_numbers = None if is_category or clock or not known else _text_numbers(known, origin, rows)
    if text_numbers is not None:
        return _infer_text_number(series, replace(column, format=text_numbers), codes, all_texts)
    dated = (
        clock if is_category or not known or clock else detect_date(known) or durations.find(known)
    )
    if dated is not None and (len(known) > 1 or missing):
        kind = pd.api.types.infer_dtype(series, skipna=True)
        storage = {"date": "date32[day][pyarrow]", "time": TIMES}.get(kind, storage)
        column = replace(column, format=dated, storage=storage)
        return _infer_text_number(series, column, codes, all_texts)
    truth = None if is_category else detect_boolean(known)
    if not origin.is_text and words:
        truth = None
    if truth is not None and {truth.no.casefold(), truth.yes.casefold()} <= set(_WORDS_TO_BOOLEAN):
        missing = missing or bool(words)
        plain = _holds_truth(series)
        column = Column(
            name,
            "boolean",
            missing=missing,
            format=None if plain else truth,
            storage=_boolean_storage(series, truth, storage, missing),
            missing_word=_commonest(words, codes, all_texts),
        )
        if len(known) < 2 and not missing:
            return replace(column, role="skip"), _constant_note(name, texts[0])
        return column, ""
    note = ""
    if origin.is_text and words:
        levels = [word for word in words if _is_like(word, known)]
        lost = [word for word in words if word not in levels]
        word = _commonest(lost, codes, all_texts) or ""
        known = [text for text in texts if text not in lost]
        missing = missing or bool(lost)
        column = replace(column, missing=missing, missing_word=word)
        if levels:
            note = (
                f"In column {name} {_either([repr(v) for v in levels])} is a level like the "
                f"others: if it stands for missing values, make it the column's missing word."
            )
        else:
            note = (
                f"In column {name} {_either([repr(v) for v in lost])} stands for missing values: "
                "if it is a level, empty the column's missing word."
            )
    elif not origin.is_text:
        known = texts
    if len(known) == 1 and not missing:
        return replace(column, levels=tuple(known), role="skip"), _constant_note(name, known[0])
    if not is_category:
        _check_mixed(name, codes, all_texts)
    if dates.mixes_offsets(known):
        return _skipped(name, missing), (
            f"Column {name} holds times whose offsets from UTC are those of no time zone, and is "
            "left out: write them all in one zone, or put the offset into a column of its own."
        )
    if all(_DATE.match(text) for text in known):
        return _skipped(name, missing), (
            f"Column {name} holds dates and is left out: "
            "give an age or a year as a number to learn from it."
        )
    lengths = [len(text) for text in known]
    if max(lengths) > 300 or (len(known) > 50 and sum(lengths) > 60 * len(known)):
        return _skipped(name, missing), (
            f"Column {name} holds free text and is left out: "
            "sort it into categories to learn from it."
        )
    if len(known) > LEVELS_LIMIT or (len(known) > 50 and len(known) > 0.9 * rows):
        return _skipped(name, missing), (
            f"Column {name} has {len(known):,} different texts in {rows:,} rows, looks like an "
            f"identifier and is left out: group it into at most {LEVELS_LIMIT:,} levels to learn "
            "from it."
        )
    levels_found = tuple(known) if _is_ordered(dtype) else _in_order(known)
    form = _levels_format(series)
    return replace(column, levels=levels_found, format=form), note


def _text_numbers(known: Sequence[str], origin: Origin, rows: int) -> NumberFormat | None:
    """The format of a column of texts that are to be learned as numbers, if they are.

    Every text must be written again letter for letter, or be one of so many that they cannot be
    levels. Where the table has types, its own texts of bare digits are codes.
    """
    detected = detect_number(known, decimal=origin.decimal)
    if detected is not None:
        bare = detected.is_plain and not detected.decimals
        return detected if origin.is_text or not bare or len(known) > LEVELS_LIMIT else None
    if len(known) <= 50 or (len(known) <= 0.9 * rows and len(known) <= 200):
        return None
    return detect_number(known, decimal=origin.decimal, exact=False, padded=True)


def _infer_text_number(
    series: pd.Series, column: Column, codes: np.ndarray, texts: Sequence[str]
) -> tuple[Column, str]:
    """A column of texts that are numbers in the column's format."""
    name, form = column.name, column.format
    is_date = isinstance(form, DateFormat | DurationFormat)
    values, _ = _numbers(series, name, column)
    missing = bool(np.isnan(values).any()) if values.dtype.kind == "f" else False
    values = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    words = [text for text in texts if text in MISSING_WORDS]
    fill = None if is_date else _fill_value(values, name)
    if fill is not None and not words:  # it is the missing word, as the file writes it
        values, missing = values[values != fill], True
        words = [text for text in texts if _as_number(text) == fill]
    inferred = replace(
        _number_column(name, values, missing, single=False),
        format=None if form == NumberFormat() else form,
        storage="" if Origin.of(series).is_text and not is_date else column.storage,
        missing_word=_commonest(words, codes, texts),
    )
    if inferred.lower == inferred.upper and not missing:
        return replace(inferred, role="skip"), _constant_note(name, inferred.text(values[0]))
    if fill is not None and inferred.missing_word in words:
        return inferred, _fill_note(name, fill)
    if isinstance(form, DateFormat) and form.is_named:
        return inferred, (
            f"Column {name} is read as times of {form.zone}, whose clocks explain every offset "
            "from UTC."
        )
    known = [text for text in texts if text not in MISSING_WORDS]
    if isinstance(form, DateFormat) and dates.find(known)[2]:
        order = "day/month" if form.pattern.lstrip("%-")[0] == "d" else "month/day"
        other = "month/day" if order == "day/month" else "day/month"
        return inferred, (
            f"Column {name} is read as {order}: say that it is written as {other} if it is."
        )
    return inferred, ""


def _infer_stamps(series: pd.Series, name: str, missing: bool) -> tuple[Column, str]:
    """A column of timestamps or periods."""
    known = series.dropna()
    form = date_format_of(known) if len(known) else None
    if form is None:
        return _skipped(name, missing), (
            f"Column {name} has no values and is left out: fill it or delete it."
            if not len(known)
            else f"Column {name} holds times finer than a microsecond and is left out: round them."
        )
    counts = stamps_to_counts(known, form.unit).astype(np.int64)
    origin = Origin.of(series)
    storage = origin.storage or str(series.dtype)
    if storage == "object":
        storage = "date32[day][pyarrow]"
    column = replace(
        _number_column(name, counts, missing, single=False), format=form, storage=storage
    )
    if column.lower == column.upper and not missing:
        return replace(column, role="skip"), _constant_note(name, column.text(counts[0]))
    return column, ""


def _infer_durations(series: pd.Series, name: str, missing: bool) -> tuple[Column, str]:
    """A column of lengths of time."""
    known = series.dropna()
    if not len(known):
        return _skipped(name, True), (
            f"Column {name} has no values and is left out: fill it or delete it."
        )
    form = durations.format_of(pd.to_timedelta(known))
    if form is None:
        return _skipped(name, missing), (
            f"Column {name} holds durations finer than a microsecond and is left out: round them."
        )
    counts = durations.counts(known, form.unit).astype(np.int64)
    column = replace(
        _number_column(name, counts, missing, single=False),
        format=form,
        storage=Origin.of(series).storage or str(series.dtype),
    )
    if column.lower == column.upper and not missing:
        return replace(column, role="skip"), _constant_note(name, column.text(counts[0]))
    return column, ""


def _commonest(words: Sequence[str], codes: np.ndarray, texts: Sequence[str]) -> str | None:
    """The word that most cells have; None where there are no words."""
    if not words:
        return None
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    return max(words, key=lambda word: counts[texts.index(word)])


def _shape(text: str) -> str:
    """Its kinds of characters: A for capitals, a for small letters, 0 for digits."""
    return "".join(
        "A" if c.isupper() else "a" if c.islower() else "0" if c.isdigit() else c for c in text
    )


def _is_like(word: str, levels: Sequence[str]) -> bool:
    """Whether most levels have the shape of a word that may stand for a missing value."""
    alike = sum(_shape(level) == _shape(word) for level in levels)
    return len(levels) > 1 and 2 * alike > len(levels)


def _is_category(series: pd.Series) -> bool:
    """Whether a column holds categories that somebody made; texts of a file are coded as well."""
    return isinstance(series.dtype, pd.CategoricalDtype) and not Origin.of(series).storage


def _levels_format(series: pd.Series) -> LevelsFormat | None:
    """What levels stand for where they are ordered, unused, or no texts."""
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        values = list(dtype.categories)
        used = len(np.unique(series.cat.codes[series.cat.codes >= 0]))
        texts = all(isinstance(v, str) for v in values)
        if Origin.of(series).storage or (texts and not dtype.ordered and used == len(values)):
            return None
        return LevelsFormat(tuple(map(_scalar, values)), bool(dtype.ordered))
    if dtype.kind == "O":
        values = _distinct(series)[1]
        if not all(isinstance(v, str) for v in values):
            return LevelsFormat(tuple(_scalar(v) for v in values if level_text(v)))
    return None


def _scalar(value: Any) -> str | int | float | bool:
    """A category as JSON can hold it."""
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, str | int | float | bool) else str(value)


def _storage(series: pd.Series) -> str:
    """The dtype outside, empty where it is the canonical one."""
    storage = Origin.of(series).storage
    if storage:
        return storage
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return ""
    return str(dtype)


def _holds_truth(series: pd.Series) -> bool:
    """Whether a column holds truth values, not words for them."""
    if pd.api.types.is_bool_dtype(series.dtype):
        return True
    return all(isinstance(value, bool | np.bool_) for value in _distinct(series)[1])


def _boolean_storage(series: pd.Series, words: BooleanFormat, storage: str, missing: bool) -> str:
    if Origin.of(series).is_text:
        return "" if words.yes.casefold() == "true" else "str"
    if isinstance(series.dtype, pd.CategoricalDtype):
        return storage or "category"
    return "" if storage == ("boolean" if missing else "bool") else storage


def _skipped(name: str, missing: bool) -> Column:
    return Column(name, "categorical", missing=missing, role="skip")


def _constant_note(name: str, text: str) -> str:
    return (
        f"Column {name} is always {_shown(text)} and is left out: "
        "there is nothing to learn from a column that never varies."
    )


def _infer_number(series: pd.Series, name: str, missing: bool) -> tuple[Column, str]:
    origin = Origin.of(series)
    values, single = _numbers(series, name)
    values = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    if not len(values):
        raise PopulaceError(
            f"Column {name} holds only numbers without bounds (inf): leave those cells empty."
        )
    if (days := _whole_days(values, name)) is not None:
        column = replace(
            _number_column(name, days, missing, single=False),
            format=DateFormat("%Y%m%d", tail=_tail(origin)),
            storage=_storage(series),
        )
        return column, ""
    if (clock := _clock(values, name)) is not None:
        texts = values.astype(np.int64).astype(str)
        width = 4 if clock.pattern == "%H%M" else 6
        counts = clock.parse([text.zfill(width) for text in texts]).astype(np.int64)
        column = _number_column(name, counts, missing, single=False)
        clock = replace(clock, tail=_tail(origin))
        return replace(column, format=clock, storage=_storage(series)), ""
    fill = _fill_value(values, name)
    if fill is not None:
        values, missing = values[values != fill], True
    column = _number_column(name, values, missing, single)
    column = replace(
        column,
        format=origin.format,
        storage=_number_storage(series, column),
        missing_word=origin.missing_word if fill is None else number_text(fill),
    )
    if column.lower == column.upper and not missing:
        return replace(column, role="skip"), _constant_note(name, column.text(values[0]))
    if column.kind == "integer" and _counts_rows(values, name):
        return replace(column, role="skip"), (
            f"Column {name} has a different whole number in each row or nearly so, looks like an "
            'identifier and is left out: make it new, or set its role to "model" to learn from it.'
        )
    if values.dtype.kind in "iu" and np.abs([column.lower or 0, column.upper or 0]).max() >= _EXACT:
        return _infer_long_number(series, name, missing)
    if fill is not None:
        return column, _fill_note(name, fill)
    return column, ""


def _fill_note(name: str, fill: float) -> str:
    return (
        f"In column {name} {number_text(fill)} lies far beyond all other numbers and stands for "
        "missing values: leave those rows out if it is a value."
    )


def _tail(origin: Origin) -> str:
    """What a text file has after its whole numbers."""
    form = origin.format
    return "." + "0" * form.decimals if isinstance(form, NumberFormat) and form.decimals else ""


def _whole_days(values: np.ndarray, name: str) -> np.ndarray | None:
    """Whole numbers such as 20201231 as days, where all of them are days that exist."""
    if not len(values) or values.min() < 1800_01_01 or values.max() > 2200_12_31:
        return None
    distinct = np.unique(values)
    if not (distinct == np.rint(distinct)).all():
        return None
    if len(distinct) < 20 and not _DATED.search(name.casefold()):
        return None
    texts = [str(int(value)) for value in distinct]
    days = dates.parse(texts, "%Y%m%d")
    if np.isnan(days).any():
        return None
    return days[np.searchsorted(distinct, values)].astype(np.int64)


def _clock(values: np.ndarray, name: str) -> DateFormat | None:
    """The format of times of day such as 905, where all whole numbers are times."""
    distinct = np.unique(values)
    if not len(distinct) or not (distinct == np.rint(distinct)).all():
        return None
    return detect_clock(distinct, is_named=bool(_TIMED.search(name.casefold())))


def _infer_long_number(series: pd.Series, name: str, missing: bool) -> tuple[Column, str]:
    """Whole numbers with more digits than can be reckoned with: levels, or left out."""
    distinct = [int(value) for value in series.dropna().unique()]
    if len(distinct) > LEVELS_LIMIT or (len(distinct) > 50 and len(distinct) > 0.9 * len(series)):
        return _skipped(name, missing), (
            f"Column {name} has {len(distinct):,} different numbers of so many digits that they "
            "look like an identifier, and is left out: shorten them to learn from it."
        )
    levels = tuple(str(value) for value in sorted(distinct))
    form = LevelsFormat(tuple(sorted(distinct)))
    column = Column(
        name, "categorical", levels, missing=missing, format=form, storage=str(series.dtype)
    )
    if len(levels) == 1 and not missing:
        return replace(column, role="skip"), _constant_note(name, levels[0])
    return column, ""


def _number_storage(series: pd.Series, column: Column) -> str:
    """The dtype of a column of numbers outside, empty where it is the canonical one."""
    origin = Origin.of(series)
    if origin.storage or origin.is_text:
        return origin.storage
    if series.dtype.kind == "O" and pd.api.types.infer_dtype(series, skipna=True) == "decimal":
        parts = [value.as_tuple() for value in series.dropna()]
        scale = max(max(-int(part.exponent), 0) for part in parts)
        figures = max(len(part.digits) + max(int(part.exponent), 0) for part in parts)
        return f"decimal({min(max(figures, scale) + 1, 38)}, {scale})"
    storage = str(series.dtype)
    canonical = "float64" if column.kind == "real" else "Int64" if column.missing else "int64"
    return "" if storage == canonical else storage


def _fill_value(values: np.ndarray, name: str) -> float | None:
    """A number far beyond all others, which stands for missing ones; None where there is none.

    Raises
    ------
    PopulaceError
        There are several such numbers.
    """
    if values.dtype.kind != "f" or len(values) < 3:
        return None
    size = np.abs(values)
    typical = float(np.quantile(size, 0.5)) + 1.0
    far = size > _FILL * typical
    if not far.any() or size[~far].max() * 1e3 > size[far].min():
        return None
    fills = np.unique(values[far])
    if len(fills) > 1:
        row = int(np.argmax(far)) + 1
        raise PopulaceError(
            f"Column {name} holds numbers far beyond all others, such as {number_text(fills[0])} "
            f"and {number_text(fills[1])} (value {row} of it): leave those cells empty if they "
            "stand for missing values."
        )
    return float(fills[0])


def _number_column(name: str, values: np.ndarray, missing: bool, single: bool) -> Column:
    lower, upper = values.min(), values.max()
    whole = values.dtype.kind in "iu" or bool(
        np.abs([lower, upper]).max() < _EXACT and (values == np.rint(values)).all()
    )
    kind: Kind = "integer" if whole else "real"
    step = 1.0 if whole else _resolution(values, single)
    if kind == "real" and single:
        lower, upper = _on_grid(np.array([lower, upper]), step)
    return Column(
        name, kind, missing=missing, lower=float(lower), upper=float(upper), step=float(step)
    )


def _counts_rows(values: np.ndarray, name: str) -> bool:
    """Whether whole numbers look like row numbers or keys: all different, and run or named so."""
    if is_identifier(values.astype(np.int64)):
        return True
    if len(values) < 5 or len(np.unique(values)) < len(values):
        return False
    if name.casefold().startswith("unnamed:"):
        return True
    if len(values) < 50:
        return False
    runs = float(values.max()) - float(values.min()) == len(values) - 1
    return runs or bool(_IDENTIFIER_NAME.search(name.casefold()))


def _resolution(values: np.ndarray, single: bool) -> float:
    """The step of real values: the coarsest decimal grid they lie on, or 1e-6 of their spread."""
    quarter, three_quarters = np.quantile(values, [0.25, 0.75])
    spread = three_quarters - quarter or float(values.max() - values.min())
    smooth = 10.0 ** np.floor(np.log10(spread * 1e-6)) if spread > 0 else 1e-6
    noise = np.abs(values) * (1.2e-7 if single else 4.5e-16)
    largest = float(np.abs(values).max())
    if largest > smooth * _EXACT:  # a few values far from all others: multiples must stay exact
        smooth = 10.0 ** np.ceil(np.log10(largest / _EXACT))
    for places in range(10):
        grid = 10.0**-places
        if grid < smooth or largest * 10.0**places >= _EXACT:
            return max(smooth, _finest(values)) if smooth < 1e-9 else smooth
        scaled = np.rint(values * 10.0**places)
        if (np.abs(values - scaled / 10.0**places) <= noise).all():
            common = int(np.gcd.reduce(scaled.astype(np.int64)))
            return float(common / 10**places) if common in (2, 5, 25, 125) else grid
    return max(smooth, _finest(values))


def _finest(values: np.ndarray) -> float:
    """The last decimal place that any of the numbers needs."""
    texts = digits(np.unique(values), 0, "plain")
    places = pc.binary_length(pc.replace_substring_regex(texts, r"\A[^.]*\.?", ""))
    return float(10.0 ** -(pc.max(places).as_py() or 0))


def _in_order(texts: Sequence[str]) -> tuple[str, ...]:
    """Levels in alphabetical order, or by number where each begins with one (15–25, < 18, 3+)."""
    marks = [_LEADING_NUMBER.match(text) for text in texts]
    if all(marks):
        side = {"<": -1, "≤": -1, ">": 1, "≥": 1, "": 0}
        keys = {
            text: (float(mark[2]), side[mark[1]], text)
            for text, mark in zip(texts, marks, strict=True)
            if mark
        }
        return tuple(sorted(texts, key=keys.__getitem__))
    return tuple(sorted(texts, key=lambda text: (text.casefold(), text)))


def _check_texts(name: str, texts: Sequence[str]) -> None:
    for text in texts:
        if "\x00" in text or _DIRECTION_MARKS.search(text):
            raise PopulaceError(
                f"Column {name} holds an invisible control character in {_shown(text)}: "
                "remove it from the table."
            )


def _check_mixed(name: str, codes: np.ndarray, texts: Sequence[str]) -> None:
    """Refuse a column of numbers and a few texts: it is neither a number nor a category."""
    numbers = [_as_number(text) for text in texts]
    for text, number in zip(texts, numbers, strict=True):
        if number is not None and np.isinf(number) and text[-1].isdigit():
            row = int(np.argmax(codes == texts.index(text))) + 1
            raise PopulaceError(
                f"Column {name} holds a number without bounds ({_shown(text)}) in row {row}: "
                "leave that cell empty."
            )
    numeric = np.array([number is not None for number in numbers])
    word = np.array([text in MISSING_WORDS for text in texts])
    odd = np.array([bool(_ODD_NUMBERS.fullmatch(text)) for text in texts]) & ~word
    numeric &= ~odd & ~word
    if (numeric | word).all() or not numeric.any():
        return
    rows = codes >= 0
    other = ~numeric & ~word
    few = numeric.sum() > 5 and bool((odd | numeric | word).all())
    if not few and numeric.sum() <= 50:
        return
    if numeric[codes[rows]].mean() > 0.5:
        row = int(np.argmax(rows & other[codes]))
        raise PopulaceError(
            f"Column {name} mixes numbers with texts such as {_shown(texts[codes[row]])} "
            f"(row {row + 1}): leave those cells empty, or group the column into categories."
        )


# ---------------------------------------------------------------------- values


def _holds_numbers(dtype: Any) -> bool:
    if isinstance(dtype, pd.CategoricalDtype):
        return False
    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)


def _coded_or_refused(series: pd.Series, name: str) -> tuple[np.ndarray, list[str]]:
    try:
        return _coded(series)
    except TypeError as error:
        raise PopulaceError(
            f"Column {name} holds lists, records or bytes: turn it into columns of single "
            'values, or set its role to "skip".'
        ) from error


def _is_ordered(dtype: Any) -> bool:
    return isinstance(dtype, pd.CategoricalDtype) and bool(dtype.ordered)


def level_text(value: Any) -> str:
    """A single value as a level; empty where it stands for a missing one."""
    if isinstance(value, str):
        text = value.strip()
        return "" if text == MISSING else text
    if isinstance(value, bool | np.bool_):
        return BOOLEAN_LEVELS[int(value)]
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return number_text(value) if np.isfinite(value) else ""
    if isinstance(value, bytes | list | dict | set | tuple | np.ndarray):
        raise TypeError("nested")
    return str(value).strip()


def level_texts(values: Sequence[Any]) -> list[str]:
    """Distinct values as levels; beside texts, True is a word of its own and no truth value."""
    mixed = any(isinstance(value, str) for value in values)
    return [
        str(value) if mixed and isinstance(value, bool | np.bool_) else level_text(value)
        for value in values
    ]


def _coded(series: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Codes (-1: missing) and the distinct texts, in category order or order of appearance.

    Raises
    ------
    TypeError
        The column holds lists, dictionaries or bytes.
    """
    codes, values = _distinct(series)
    origin = Origin.of(series)
    if isinstance(origin.format, NumberFormat | DateFormat) and _holds_numbers(series.dtype):
        values = origin.format.text(np.array(values)).tolist()
    texts = level_texts(values)
    position: dict[str, int] = {}
    lookup = np.full(len(texts) + 1, -1, dtype=np.int32)
    for i, text in enumerate(texts):
        if text:
            lookup[i] = position.setdefault(text, len(position))
    return lookup[codes], list(position)


def _distinct(series: pd.Series) -> tuple[np.ndarray, list[Any]]:
    """Codes (-1: missing) and distinct values; 1, 1.0 and True are three values beside texts."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return series.cat.codes.to_numpy(), list(series.cat.categories)
    if series.dtype.kind == "O" and pd.api.types.infer_dtype(series, skipna=True).startswith(
        "mixed"
    ):
        absent = series.isna().to_numpy()
        position: dict[tuple[type, Any], int] = {}
        codes = np.full(len(series), -1, dtype=np.int64)
        for i, value in enumerate(series.tolist()):
            if not absent[i]:
                if isinstance(value, list | dict | set | np.ndarray):
                    raise TypeError("nested")
                codes[i] = position.setdefault((type(value), value), len(position))
        return codes, [value for _, value in position]
    codes, distinct = pd.factorize(series)
    return codes, list(distinct)


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _numbers(series: pd.Series, name: str, column: Column | None = None) -> tuple[np.ndarray, bool]:
    """Values as int64, or float64 with NaN; and whether they were measured in single precision.

    Texts are read by the column's format, or as plain numbers; its missing word and the usual
    ones are missing values.
    """
    dtype = series.dtype
    form = column.format if column is not None else None
    if isinstance(form, DateFormat):
        if isinstance(dtype, pd.PeriodDtype | pd.DatetimeTZDtype) or dtype.kind == "M":
            return stamps_to_counts(series, form.unit), False
        if form.pattern in dates.CLOCKS and _holds_numbers(dtype):
            numbers = series.to_numpy(dtype=np.float64, na_value=np.nan)
            distinct, place = np.unique(numbers, return_inverse=True)
            width = 4 if form.unit == "m" else 6
            texts = ["" if np.isnan(v) else str(int(v)).zfill(width) for v in distinct]
            return form.parse(texts)[place], False
        if form.pattern == "%Y%m%d" and _holds_numbers(dtype):
            numbers = series.to_numpy(dtype=np.float64, na_value=np.nan)
            if len(numbers) and np.nanmin(numbers) >= _WHOLE_DAY:
                distinct, place = np.unique(numbers, return_inverse=True)
                texts = ["" if np.isnan(value) else str(int(value)) for value in distinct]
                return form.parse(texts)[place], False
    if isinstance(form, DurationFormat) and (
        dtype.kind == "m" or (dtype.kind == "O" and pd.api.types.infer_dtype(series) == "timedelta")
    ):
        return durations.counts(series, form.unit), False
    single = getattr(dtype, "itemsize", 8) == 4 and dtype.kind == "f"
    if _holds_numbers(dtype) and dtype.kind in "iu" and not series.isna().any():
        values = series.to_numpy()
        if values.dtype == np.uint64 and len(values) and values.max() > np.iinfo(np.int64).max:
            return values.astype(np.float64), False
        return values.astype(np.int64, copy=False), False
    if _holds_numbers(dtype):
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        codes, texts = _coded_or_refused(series, name)
        form = column.format if column is not None else None
        parsed = np.full(len(texts), np.nan)
        if isinstance(form, NumberFormat | DateFormat | DurationFormat) and texts:
            parsed = form.parse(texts)
        for i in np.flatnonzero(np.isnan(parsed)):
            text = texts[i]
            number = _as_number({"no": "0", "yes": "1"}.get(text, text))
            if number is not None:
                parsed[i] = number
            elif text not in MISSING_WORDS and not (column and text == column.missing_word):
                row = int(np.argmax(codes == i)) + 1
                raise PopulaceError(
                    f"Column {name} should hold numbers and has {_shown(text)} in row {row}: "
                    "leave that cell empty, or make the column categorical."
                )
        values = np.append(parsed, np.nan)[codes]
    fill = _as_number(column.missing_word) if column is not None and column.missing_word else None
    if fill is not None:
        values = np.where(values == fill, np.nan, values)
    endless = np.abs(values) > _LARGEST
    if endless.any():
        row = int(np.argmax(endless)) + 1
        raise PopulaceError(
            f"Column {name} holds a number without bounds ({values[row - 1]:g}) in row {row}: "
            "leave that cell empty."
        )
    return values, single


def _on_grid(values: np.ndarray, step: float) -> np.ndarray:
    """Values rounded to multiples of the step, written as the nearest decimal fractions."""
    return np.round(np.rint(values / step) * step, _decimals(step))


def _decimals(step: float) -> int:
    for places in range(12):
        scaled = step * 10.0**places
        if abs(scaled - round(scaled)) < 1e-6 * scaled:
            return places
    return 12


def _completed(column: Column, series: pd.Series) -> Column:
    """The column with what its schema does not say, found in the data; missing stays if set."""
    missing = column.missing or bool(series.isna().any())
    origin = Origin.of(series)
    if column.is_number:
        if column.format is None and not _holds_numbers(series.dtype):
            column = replace(column, format=_format_of_texts(series, column, origin))
        values, single = _numbers(series, column.name, column)
        if values.dtype.kind == "f":
            missing = missing or bool(np.isnan(values).any())
            values = values[~np.isnan(values)]
        if not len(values):
            raise PopulaceError(
                f'Column {column.name} has no values: set its role to "skip" or delete it.'
            )
        seen = _number_column(column.name, values, missing, single)
        step = 1.0 if column.kind == "integer" else column.step or seen.step
        lower = seen.lower if column.lower is None else column.lower
        upper = seen.upper if column.upper is None else column.upper
        return replace(column, missing=missing, lower=lower, upper=upper, step=step)
    codes, texts = _coded_or_refused(series, column.name)
    lost = _lost_words(column, texts, origin)
    if lost:
        codes = np.where(np.isin(codes, [texts.index(word) for word in lost]), -1, codes)
    missing = missing or bool((codes < 0).any())
    texts = [texts[i] for i in np.unique(codes[codes >= 0])]
    if column.kind == "boolean" and column.format is None and texts and not _holds_truth(series):
        column = replace(column, format=detect_boolean(texts))
    if column.kind == "boolean" or column.levels:
        return replace(column, missing=missing)
    _check_texts(column.name, texts)
    if len(texts) > LEVELS_LIMIT and column.role == "model":
        raise PopulaceError(
            f"Column {column.name} has {len(texts):,} levels, more than {LEVELS_LIMIT:,}: "
            'group them, or set its role to "skip".'
        )
    levels = tuple(texts) if _is_ordered(series.dtype) else _in_order(texts)
    return replace(column, missing=missing, levels=levels)


def _lost_words(column: Column, texts: Sequence[str], origin: Origin) -> list[str]:
    """The texts that stand for missing values: the missing word, and the usual ones of text files.

    None of them is a level; where the missing word is empty, the empty cell alone is missing.
    """
    if column.missing_word == "":
        return []
    usual = MISSING_WORDS if origin.is_text or column.levels else frozenset()
    lost = usual | ({column.missing_word} if column.missing_word else set())
    return [text for text in texts if text in lost and text not in column.levels]


def _format_of_texts(series: pd.Series, column: Column, origin: Origin) -> Format | None:
    """The format of texts that are to be numbers."""
    _, texts = _coded_or_refused(series, column.name)
    known = [text for text in texts if text not in MISSING_WORDS and text != column.missing_word]
    detected = detect_number(known, decimal=origin.decimal, padded=True)
    detected = detected or detect_number(known, decimal=origin.decimal, exact=False)
    return None if detected == NumberFormat() else detected


def _conform(series: pd.Series, column: Column) -> Any:
    name = column.name
    if column.kind == "boolean" and series.dtype == np.dtype(bool):
        values, absent = series.to_numpy(), np.zeros(len(series), dtype=bool)
    elif column.is_number:
        values, single = _numbers(series, name, column)
        absent = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)
        if column.kind == "real":
            values = values.astype(np.float64)
            if single and column.step:
                values = _on_grid(values, column.step)
        else:
            values = _whole(values, absent, name)
    else:
        values, absent = _levels(series, column)
    if absent.any() and not column.missing:
        raise PopulaceError(
            f"Column {name} has a missing value (row {int(np.argmax(absent)) + 1}) and its schema "
            'allows none: fill it, or set "missing" to true.'
        )
    if column.kind == "categorical":
        return pd.Categorical.from_codes(values, dtype=column.dtype)
    if column.kind == "real":
        return values
    if column.kind == "boolean":
        return pd.arrays.BooleanArray(values, absent) if column.missing else values
    return _integers(values, absent, column)


def read_as(series: pd.Series, column: Column) -> pd.Series:
    """A column of another table with the eyes of a schema: its format, words and missing words.

    Parameters
    ----------
    series : pd.Series
        As it was read, or canonical.
    column : Column
        What it is in the table that it is compared with.

    Returns
    -------
    pd.Series
        Numbers as float64; truth values as ``yes`` and ``no``; levels as texts, also those that
        the column does not have; missing ones as NaN or None.

    Raises
    ------
    PopulaceError
        A number is none.
    """
    if column.is_number:
        try:
            values = _numbers(series, column.name, column)[0]
        except PopulaceError:
            if (others := _otherwise(series, column)) is None:
                raise
            values = others
        return pd.Series(values.astype(np.float64), index=series.index)
    codes, texts = _coded_or_refused(series, column.name)
    lost = _lost_words(column, texts, Origin.of(series))
    words = [None if text in lost else text for text in texts]
    if column.kind == "boolean":
        known = {"yes": "yes", "true": "yes", "1": "yes", "no": "no", "false": "no", "0": "no"}
        if isinstance(column.format, BooleanFormat):
            form = column.format
            known |= {form.no.casefold(): "no", form.yes.casefold(): "yes"}
        words = [word and known.get(word.casefold(), word) for word in words]
    return pd.Series(np.array([*words, None], dtype=object)[codes], index=series.index)


def _otherwise(series: pd.Series, column: Column) -> np.ndarray | None:
    """Dates or numbers that are written in another way than the column's; None where they are not.

    A file that another program wrote may hold ``2020-12-31 00:00:00`` for ``31/12/2020``.
    """
    codes, texts = _coded_or_refused(series, column.name)
    known = [text for text in texts if text not in MISSING_WORDS and text != column.missing_word]
    if isinstance(column.format, DateFormat):
        detected = detect_date(known)
        if detected is None:
            return None
        if detected.is_named != column.format.is_named:
            return None
        values = dates.parse(texts, detected.pattern, detected.zone, column.format.unit)
    else:
        form = detect_number(known, exact=False)
        if form is None:
            return None
        values = form.parse(texts)
    return np.append(values, np.nan)[codes]


def _integers(values: np.ndarray, absent: np.ndarray, column: Column) -> Any:
    whole = values.astype(np.int64, copy=False)
    return pd.arrays.IntegerArray(whole, absent) if column.missing else whole


def _whole(values: np.ndarray, absent: np.ndarray, name: str) -> np.ndarray:
    if values.dtype.kind != "f":
        return values
    values = np.where(absent, 0, values)
    wrong = values != np.rint(values)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise PopulaceError(
            f"Column {name} should hold whole numbers and has {number_text(values[row])} in row "
            f'{row + 1}: round it, or make the column "real".'
        )
    return values.astype(np.int64)


def _levels(series: pd.Series, column: Column) -> tuple[np.ndarray, np.ndarray]:
    """Level numbers (boolean: truth values) and the mask of missing ones."""
    codes, texts = _coded_or_refused(series, column.name)
    lost = _lost_words(column, texts, Origin.of(series))
    if lost:
        codes = np.where(np.isin(codes, [texts.index(word) for word in lost]), -1, codes)
    if column.kind == "boolean":
        words = _WORDS_TO_BOOLEAN | {"1": True, "0": False}
        if isinstance(column.format, BooleanFormat):
            words |= {column.format.no.casefold(): False, column.format.yes.casefold(): True}
        position = {text: words.get(text.casefold(), -1) for text in texts}
    else:
        order = {level: i for i, level in enumerate(column.levels)}
        position = {text: order.get(text, -1) for text in texts}
    lookup = np.array([*(int(position[text]) for text in texts), -1], dtype=np.int32)
    values = lookup[codes]
    unknown = (values < 0) & (codes >= 0)
    if unknown.any():
        row = int(np.argmax(unknown))
        text = texts[codes[row]]
        raise PopulaceError(
            f"Column {column.name} holds {_shown(text)} (row {row + 1}), which is not among its "
            f"levels{hint(text, column.levels)}"
        )
    absent = codes < 0
    return (values == 1 if column.kind == "boolean" else values), absent
