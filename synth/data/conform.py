"""A column's values in its canonical dtype; levels, bounds and steps that it lacks, from data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from synth.data import dates
from synth.data.column import LEVELS_LIMIT, Column
from synth.data.formats import (
    BooleanFormat,
    DateFormat,
    Format,
    NumberFormat,
    detect_boolean,
    detect_date,
    detect_number,
)
from synth.data.infer import WORDS_TO_BOOLEAN, holds_truth, number_column
from synth.data.levels import check_texts, coded_or_refused, in_order, is_ordered
from synth.data.numbers import as_integers, as_whole, on_grid, read_numbers
from synth.data.origin import MISSING_WORDS, Origin, holds_numbers
from synth.data.wording import hint, shortened
from synth.errors import PopulaceError


def completed_column(column: Column, series: pd.Series) -> Column:
    """The column with what its schema does not say, found in the data; missing stays if set.

    Parameters
    ----------
    column : Column
        What is known of it.
    series : Series
        A column as it was read.

    Returns
    -------
    Column

    Raises
    ------
    PopulaceError
        Its values do not fit its kind.
    """
    missing = column.missing or bool(series.isna().any())
    origin = Origin.of(series)
    if column.is_number:
        if column.format is None and not holds_numbers(series.dtype):
            column = replace(column, format=_format_of_texts(series, column, origin))
        values, single = read_numbers(series, column.name, column)
        if values.dtype.kind == "f":
            missing = missing or bool(np.isnan(values).any())
            values = values[~np.isnan(values)]
        if not len(values):
            raise PopulaceError(
                f'Column {column.name} has no values: set its role to "skip" or delete it.'
            )
        seen = number_column(column.name, values, missing, single)
        step = 1.0 if column.kind == "integer" else column.step or seen.step
        lower = seen.lower if column.lower is None else column.lower
        upper = seen.upper if column.upper is None else column.upper
        return replace(column, missing=missing, lower=lower, upper=upper, step=step)
    codes, texts = coded_or_refused(series, column.name)
    lost = _lost_words(column, texts, origin)
    if lost:
        codes = np.where(np.isin(codes, [texts.index(word) for word in lost]), -1, codes)
    missing = missing or bool((codes < 0).any())
    texts = [texts[i] for i in np.unique(codes[codes >= 0])]
    if column.kind == "boolean" and column.format is None and texts and not holds_truth(series):
        column = replace(column, format=detect_boolean(texts))
    if column.kind == "boolean" or column.levels:
        return replace(column, missing=missing)
    check_texts(column.name, texts)
    if len(texts) > LEVELS_LIMIT and column.role == "model":
        raise PopulaceError(
            f"Column {column.name} has {len(texts):,} levels, more than {LEVELS_LIMIT:,}: "
            'group them, or set its role to "skip".'
        )
    levels = tuple(texts) if is_ordered(series.dtype) else in_order(texts)
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
    _, texts = coded_or_refused(series, column.name)
    known = [text for text in texts if text not in MISSING_WORDS and text != column.missing_word]
    detected = detect_number(known, decimal=origin.decimal, padded=True)
    detected = detected or detect_number(known, decimal=origin.decimal, exact=False)
    return None if detected == NumberFormat() else detected


def conform_column(series: pd.Series, column: Column) -> Any:
    """A column's values in its canonical dtype.

    Parameters
    ----------
    series : Series
        A column as it was read.
    column : Column
        What is known of it.

    Returns
    -------
    array, IntegerArray, BooleanArray or Categorical
        As many rows.

    Raises
    ------
    PopulaceError
        A value does not fit its kind or its levels.
    """
    name = column.name
    if column.kind == "boolean" and series.dtype == np.dtype(bool):
        values, absent = series.to_numpy(), np.zeros(len(series), dtype=bool)
    elif column.is_number:
        values, single = read_numbers(series, name, column)
        absent = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), dtype=bool)
        if column.kind == "real":
            values = values.astype(np.float64)
            if single and column.step:
                values = on_grid(values, column.step)
        else:
            values = as_whole(values, absent, name)
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
    return as_integers(values, absent, column)


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
            values = read_numbers(series, column.name, column)[0]
        except PopulaceError:
            if (others := _otherwise(series, column)) is None:
                raise
            values = others
        return pd.Series(values.astype(np.float64), index=series.index)
    codes, texts = coded_or_refused(series, column.name)
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
    codes, texts = coded_or_refused(series, column.name)
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


def _levels(series: pd.Series, column: Column) -> tuple[np.ndarray, np.ndarray]:
    """Level numbers (boolean: truth values) and the mask of missing ones."""
    codes, texts = coded_or_refused(series, column.name)
    lost = _lost_words(column, texts, Origin.of(series))
    if lost:
        codes = np.where(np.isin(codes, [texts.index(word) for word in lost]), -1, codes)
    if column.kind == "boolean":
        words = WORDS_TO_BOOLEAN | {"1": True, "0": False}
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
            f"Column {column.name} holds {shortened(text)} (row {row + 1}), which is not among its "
            f"levels{hint(text, column.levels)}"
        )
    absent = codes < 0
    return (values == 1 if column.kind == "boolean" else values), absent
