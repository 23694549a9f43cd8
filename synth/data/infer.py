"""What a column is, from its values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from synth.data import dates, durations
from synth.data.column import LEVELS_LIMIT, Column, Kind
from synth.data.durations import DurationFormat
from synth.data.formats import (
    BooleanFormat,
    DateFormat,
    LevelsFormat,
    NumberFormat,
    date_format_of,
    detect_boolean,
    detect_clock,
    detect_date,
    detect_number,
    stamps_to_counts,
)
from synth.data.levels import (
    check_mixed,
    check_texts,
    coded,
    commonest,
    distinct,
    in_order,
    is_category,
    is_like,
    is_ordered,
    levels_format,
)
from synth.data.numbers import (
    NUMBER_OBJECTS,
    counts_rows,
    fill_value,
    number_storage,
    on_grid,
    read_numbers,
    resolution_of,
)
from synth.data.origin import MISSING_WORDS, Origin, holds_numbers
from synth.data.wording import EXACT, as_number, either, number_text, shortened
from synth.errors import PopulaceError

WORDS_TO_BOOLEAN = {"yes": True, "true": True, "no": False, "false": False}
_DATED = re.compile(r"date|day|time|born|birth|dob|datum|tag|fecha|jour")
_TIMED = re.compile(r"time|hhmm|clock|hour|uhr|zeit|heure|hora|(^|_)(dep|arr|at)(_|$)")
TIMES = "time64[us][pyarrow]"
"""How storage calls Python's times of day."""
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$|^\d{1,2}[./]\d{1,2}[./]\d{4}$")


def infer_column(series: pd.Series, name: str) -> tuple[Column, str]:
    """What a column is, and a sentence on what is left out of it or was taken for something.

    Parameters
    ----------
    series : Series
        A column as it was read.
    name : str
        The column's name, for the sentence.

    Returns
    -------
    tuple of (Column, str)
        The sentence is empty where there is nothing to say.

    Raises
    ------
    PopulaceError
        No kind fits its values.
    """
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
    if holds_numbers(dtype) or (
        dtype.kind == "O" and pd.api.types.infer_dtype(series, skipna=True) in NUMBER_OBJECTS
    ):
        return _infer_number(series, name, missing)
    try:
        codes, all_texts = coded(series)
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
    check_texts(name, texts)
    storage = _storage(series)
    column = Column(name, "categorical", missing=missing, storage=storage)
    categorical = is_category(series)
    clock = (
        None if categorical else detect_clock(known, is_named=bool(_TIMED.search(name.casefold())))
    )
    text_numbers = None if categorical or clock or not known else _text_numbers(known, origin, rows)
    if text_numbers is not None:
        return _infer_text_number(series, replace(column, format=text_numbers), codes, all_texts)
    dated = (
        clock if categorical or not known or clock else detect_date(known) or durations.find(known)
    )
    if dated is not None and (len(known) > 1 or missing):
        kind = pd.api.types.infer_dtype(series, skipna=True)
        storage = {"date": "date32[day][pyarrow]", "time": TIMES}.get(kind, storage)
        column = replace(column, format=dated, storage=storage)
        return _infer_text_number(series, column, codes, all_texts)
    truth = None if categorical else detect_boolean(known)
    if not origin.is_text and words:
        truth = None
    if truth is not None and {truth.no.casefold(), truth.yes.casefold()} <= set(WORDS_TO_BOOLEAN):
        missing = missing or bool(words)
        plain = holds_truth(series)
        column = Column(
            name,
            "boolean",
            missing=missing,
            format=None if plain else truth,
            storage=_boolean_storage(series, truth, storage, missing),
            missing_word=commonest(words, codes, all_texts),
        )
        if len(known) < 2 and not missing:
            return replace(column, role="skip"), _constant_note(name, texts[0])
        return column, ""
    note = ""
    if origin.is_text and words:
        levels = [word for word in words if is_like(word, known)]
        lost = [word for word in words if word not in levels]
        word = commonest(lost, codes, all_texts) or ""
        known = [text for text in texts if text not in lost]
        missing = missing or bool(lost)
        column = replace(column, missing=missing, missing_word=word)
        if levels:
            note = (
                f"In column {name} {either([repr(v) for v in levels])} is a level like the "
                f"others: if it stands for missing values, make it the column's missing word."
            )
        else:
            note = (
                f"In column {name} {either([repr(v) for v in lost])} stands for missing values: "
                "if it is a level, empty the column's missing word."
            )
    elif not origin.is_text:
        known = texts
    if len(known) == 1 and not missing:
        return replace(column, levels=tuple(known), role="skip"), _constant_note(name, known[0])
    if not categorical:
        check_mixed(name, codes, all_texts)
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
    levels_found = tuple(known) if is_ordered(dtype) else in_order(known)
    form = levels_format(series)
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
    values, _ = read_numbers(series, name, column)
    missing = bool(np.isnan(values).any()) if values.dtype.kind == "f" else False
    values = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    words = [text for text in texts if text in MISSING_WORDS]
    fill = None if is_date else fill_value(values, name)
    if fill is not None and not words:  # it is the missing word, as the file writes it
        values, missing = values[values != fill], True
        words = [text for text in texts if as_number(text) == fill]
    inferred = replace(
        number_column(name, values, missing, single=False),
        format=None if form == NumberFormat() else form,
        storage="" if Origin.of(series).is_text and not is_date else column.storage,
        missing_word=commonest(words, codes, texts),
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
        number_column(name, counts, missing, single=False), format=form, storage=storage
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
        number_column(name, counts, missing, single=False),
        format=form,
        storage=Origin.of(series).storage or str(series.dtype),
    )
    if column.lower == column.upper and not missing:
        return replace(column, role="skip"), _constant_note(name, column.text(counts[0]))
    return column, ""


def _storage(series: pd.Series) -> str:
    """The dtype outside, empty where it is the canonical one."""
    storage = Origin.of(series).storage
    if storage:
        return storage
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return ""
    return str(dtype)


def holds_truth(series: pd.Series) -> bool:
    """Whether a column holds truth values, not words for them.

    Parameters
    ----------
    series : Series
        A column as it was read.

    Returns
    -------
    bool
    """
    if pd.api.types.is_bool_dtype(series.dtype):
        return True
    return all(isinstance(value, bool | np.bool_) for value in distinct(series)[1])


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
        f"Column {name} is always {shortened(text)} and is left out: "
        "there is nothing to learn from a column that never varies."
    )


def _infer_number(series: pd.Series, name: str, missing: bool) -> tuple[Column, str]:
    origin = Origin.of(series)
    values, single = read_numbers(series, name)
    values = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    if not len(values):
        raise PopulaceError(
            f"Column {name} holds only numbers without bounds (inf): leave those cells empty."
        )
    if (days := _whole_days(values, name)) is not None:
        column = replace(
            number_column(name, days, missing, single=False),
            format=DateFormat("%Y%m%d", tail=_tail(origin)),
            storage=_storage(series),
        )
        return column, ""
    if (clock := _clock(values, name)) is not None:
        texts = values.astype(np.int64).astype(str)
        width = 4 if clock.pattern == "%H%M" else 6
        counts = clock.parse([text.zfill(width) for text in texts]).astype(np.int64)
        column = number_column(name, counts, missing, single=False)
        clock = replace(clock, tail=_tail(origin))
        return replace(column, format=clock, storage=_storage(series)), ""
    fill = fill_value(values, name)
    if fill is not None:
        values, missing = values[values != fill], True
    column = number_column(name, values, missing, single)
    column = replace(
        column,
        format=origin.format,
        storage=number_storage(series, column),
        missing_word=origin.missing_word if fill is None else number_text(fill),
    )
    if column.lower == column.upper and not missing:
        return replace(column, role="skip"), _constant_note(name, column.text(values[0]))
    if column.kind == "integer" and counts_rows(values, name):
        return replace(column, role="skip"), (
            f"Column {name} has a different whole number in each row or nearly so, looks like an "
            'identifier and is left out: make it new, or set its role to "model" to learn from it.'
        )
    if values.dtype.kind in "iu" and np.abs([column.lower or 0, column.upper or 0]).max() >= EXACT:
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


def number_column(name: str, values: np.ndarray, missing: bool, single: bool) -> Column:
    """A column of numbers with the bounds and the step of its values.

    Parameters
    ----------
    name : str
        The column's name, for the sentence.
    values : array, shape (values,)
        None of them missing; at least one.
    missing : bool
        Whether cells can be missing.
    single : bool
        Whether they were measured in single precision.

    Returns
    -------
    Column
    """
    lower, upper = values.min(), values.max()
    whole = values.dtype.kind in "iu" or bool(
        np.abs([lower, upper]).max() < EXACT and (values == np.rint(values)).all()
    )
    kind: Kind = "integer" if whole else "real"
    step = 1.0 if whole else resolution_of(values, single)
    if kind == "real" and single:
        lower, upper = on_grid(np.array([lower, upper]), step)
    return Column(
        name, kind, missing=missing, lower=float(lower), upper=float(upper), step=float(step)
    )
