"""The levels of categorical columns, as texts and in their order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from synth.data.column import BOOLEAN_LEVELS, MISSING
from synth.data.formats import DateFormat, LevelsFormat, NumberFormat
from synth.data.origin import MISSING_WORDS, Origin, holds_numbers
from synth.data.wording import DIRECTION_MARKS, as_number, number_text, shortened
from synth.errors import PopulaceError

_ODD_NUMBERS = re.compile(
    r"[+-]?(inf(inity)?|nan)|#[\w/]+[!?]?|n\.?\s?[ad]\.?|\.+|-+|err(or)?|overflow", re.IGNORECASE
)
_LEADING_NUMBER = re.compile(r"^([<≤>≥]?)=?[\s$€£~]*(-?\d+(?:\.\d+)?)")


def commonest(words: Sequence[str], codes: np.ndarray, texts: Sequence[str]) -> str | None:
    """The word that most cells have; None where there are no words.

    Parameters
    ----------
    words : sequence of str
        Some of `texts`.
    codes : int array, shape (rows,)
        Places in `texts`, -1 where a cell is missing.
    texts : sequence of str
        Its distinct texts.

    Returns
    -------
    str or None
    """
    if not words:
        return None
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    return max(words, key=lambda word: counts[texts.index(word)])


def _shape(text: str) -> str:
    """Its kinds of characters: A for capitals, a for small letters, 0 for digits."""
    return "".join(
        "A" if c.isupper() else "a" if c.islower() else "0" if c.isdigit() else c for c in text
    )


def is_like(word: str, levels: Sequence[str]) -> bool:
    """Whether most levels have the shape of a word that may stand for a missing value.

    Parameters
    ----------
    word : str
        May stand for a missing value.
    levels : sequence of str
        The column's levels.

    Returns
    -------
    bool
    """
    alike = sum(_shape(level) == _shape(word) for level in levels)
    return len(levels) > 1 and 2 * alike > len(levels)


def is_category(series: pd.Series) -> bool:
    """Whether a column holds categories that somebody made; texts of a file are coded as well.

    Parameters
    ----------
    series : Series
        A column as it was read.

    Returns
    -------
    bool
    """
    return isinstance(series.dtype, pd.CategoricalDtype) and not Origin.of(series).storage


def levels_format(series: pd.Series) -> LevelsFormat | None:
    """What levels stand for where they are ordered, unused, or no texts.

    Parameters
    ----------
    series : Series
        A column as it was read.

    Returns
    -------
    LevelsFormat or None
        None for plain texts.
    """
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        values = list(dtype.categories)
        used = len(np.unique(series.cat.codes[series.cat.codes >= 0]))
        texts = all(isinstance(v, str) for v in values)
        if Origin.of(series).storage or (texts and not dtype.ordered and used == len(values)):
            return None
        return LevelsFormat(tuple(map(_scalar, values)), bool(dtype.ordered))
    if dtype.kind == "O":
        values = distinct(series)[1]
        if not all(isinstance(v, str) for v in values):
            return LevelsFormat(tuple(_scalar(v) for v in values if level_text(v)))
    return None


def _scalar(value: Any) -> str | int | float | bool:
    """A category as JSON can hold it."""
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, str | int | float | bool) else str(value)


def in_order(texts: Sequence[str]) -> tuple[str, ...]:
    """Levels in alphabetical order, or by number where each begins with one (15–25, < 18, 3+).

    Parameters
    ----------
    texts : sequence of str
        Its distinct texts.

    Returns
    -------
    tuple of str
        The same texts.
    """
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


def check_texts(name: str, texts: Sequence[str]) -> None:
    """Refuse texts with invisible control characters.

    Parameters
    ----------
    name : str
        The column's name, for the sentence.
    texts : sequence of str
        Its distinct texts.

    Raises
    ------
    PopulaceError
        A text holds one.
    """
    for text in texts:
        if "\x00" in text or DIRECTION_MARKS.search(text):
            raise PopulaceError(
                f"Column {name} holds an invisible control character in {shortened(text)}: "
                "remove it from the table."
            )


def check_mixed(name: str, codes: np.ndarray, texts: Sequence[str]) -> None:
    """Refuse a column of numbers and a few texts: it is neither a number nor a category.

    Parameters
    ----------
    name : str
        The column's name, for the sentence.
    codes : int array, shape (rows,)
        Places in `texts`, -1 where a cell is missing.
    texts : sequence of str
        Its distinct texts.

    Raises
    ------
    PopulaceError
        It is one.
    """
    numbers = [as_number(text) for text in texts]
    for text, number in zip(texts, numbers, strict=True):
        if number is not None and np.isinf(number) and text[-1].isdigit():
            row = int(np.argmax(codes == texts.index(text))) + 1
            raise PopulaceError(
                f"Column {name} holds a number without bounds ({shortened(text)}) in row {row}: "
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
            f"Column {name} mixes numbers with texts such as {shortened(texts[codes[row]])} "
            f"(row {row + 1}): leave those cells empty, or group the column into categories."
        )


def coded_or_refused(series: pd.Series, name: str) -> tuple[np.ndarray, list[str]]:
    """Codes and distinct texts, as `coded` gives them.

    Parameters
    ----------
    series : Series
        A column as it was read.
    name : str
        The column's name, for the sentence.

    Returns
    -------
    tuple of (int array, list of str)

    Raises
    ------
    PopulaceError
        Cells hold lists, records or bytes.
    """
    try:
        return coded(series)
    except TypeError as error:
        raise PopulaceError(
            f"Column {name} holds lists, records or bytes: turn it into columns of single "
            'values, or set its role to "skip".'
        ) from error


def is_ordered(dtype: Any) -> bool:
    """Whether a dtype is of categories in an order.

    Parameters
    ----------
    dtype : dtype
        A series'.

    Returns
    -------
    bool
    """
    return isinstance(dtype, pd.CategoricalDtype) and bool(dtype.ordered)


def level_text(value: Any) -> str:
    """A single value as a level; empty where it stands for a missing one.

    Parameters
    ----------
    value : object
        One value.

    Returns
    -------
    str
    """
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
    """Distinct values as levels; beside texts, True is a word of its own and no truth value.

    Parameters
    ----------
    values : sequence of object
        Distinct ones.

    Returns
    -------
    list of str
        In the same order.
    """
    mixed = any(isinstance(value, str) for value in values)
    return [
        str(value) if mixed and isinstance(value, bool | np.bool_) else level_text(value)
        for value in values
    ]


def coded(series: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Codes (-1: missing) and the distinct texts, in category order or order of appearance.

    Raises
    ------
    TypeError
        The column holds lists, dictionaries or bytes.

    Parameters
    ----------
    series : Series
        A column as it was read.

    Returns
    -------
    tuple of (int array, list of str)
    """
    codes, values = distinct(series)
    origin = Origin.of(series)
    if isinstance(origin.format, NumberFormat | DateFormat) and holds_numbers(series.dtype):
        values = origin.format.text(np.array(values)).tolist()
    texts = level_texts(values)
    position: dict[str, int] = {}
    lookup = np.full(len(texts) + 1, -1, dtype=np.int32)
    for i, text in enumerate(texts):
        if text:
            lookup[i] = position.setdefault(text, len(position))
    return lookup[codes], list(position)


def distinct(series: pd.Series) -> tuple[np.ndarray, list[Any]]:
    """Codes (-1: missing) and distinct values; 1, 1.0 and True are three values beside texts.

    Parameters
    ----------
    series : Series
        A column as it was read.

    Returns
    -------
    tuple of (int array, list of object)
    """
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
