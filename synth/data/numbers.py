"""Numbers of a column: read from whatever holds them, their resolution, their storage."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from synth.data import dates, durations
from synth.data.column import Column, decimals_of
from synth.data.digits import digits
from synth.data.durations import DurationFormat
from synth.data.formats import DateFormat, NumberFormat, stamps_to_counts
from synth.data.identifiers import is_identifier
from synth.data.levels import coded_or_refused
from synth.data.origin import MISSING_WORDS, Origin, holds_numbers
from synth.data.wording import EXACT, as_number, number_text, shortened
from synth.errors import PopulaceError

_FILL = 1e9
_LARGEST = 1e100
NUMBER_OBJECTS = ("integer", "floating", "mixed-integer-float", "decimal")
_IDENTIFIER_NAME = re.compile(
    r"(^|[_\s.-])(id|uuid|guid|key|index|nr|no|number|unnamed)([_\s.:-]|$)"
)
_WHOLE_DAY = 1_000_01_01
"""Numbers from here on are days such as 20201231, smaller ones days since 1970."""


def number_storage(series: pd.Series, column: Column) -> str:
    """The dtype of a column of numbers outside, empty where it is the canonical one.

    Parameters
    ----------
    series : Series
        A column as it was read.
    column : Column
        What is known of it.

    Returns
    -------
    str
    """
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


def fill_value(values: np.ndarray, name: str) -> float | None:
    """A number far beyond all others, which stands for missing ones; None where there is none.

    Raises
    ------
    PopulaceError
        There are several such numbers.

    Parameters
    ----------
    values : array, shape (rows,)
        Its numbers.
    name : str
        The column's name, for the sentence.

    Returns
    -------
    float or None
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


def counts_rows(values: np.ndarray, name: str) -> bool:
    """Whether whole numbers look like row numbers or keys: all different, and run or named so.

    Parameters
    ----------
    values : array, shape (rows,)
        Its numbers.
    name : str
        The column's name, for the sentence.

    Returns
    -------
    bool
    """
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


def resolution_of(values: np.ndarray, single: bool) -> float:
    """The step of real values: the coarsest decimal grid they lie on, or 1e-6 of their spread.

    Parameters
    ----------
    values : array, shape (rows,)
        Its numbers.
    single : bool
        Whether they were measured in single precision.

    Returns
    -------
    float
    """
    quarter, three_quarters = np.quantile(values, [0.25, 0.75])
    spread = three_quarters - quarter or float(values.max() - values.min())
    smooth = 10.0 ** np.floor(np.log10(spread * 1e-6)) if spread > 0 else 1e-6
    noise = np.abs(values) * (1.2e-7 if single else 4.5e-16)
    largest = float(np.abs(values).max())
    if largest > smooth * EXACT:  # a few values far from all others: multiples must stay exact
        smooth = 10.0 ** np.ceil(np.log10(largest / EXACT))
    for places in range(10):
        grid = 10.0**-places
        if grid < smooth or largest * 10.0**places >= EXACT:
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


def read_numbers(
    series: pd.Series, name: str, column: Column | None = None
) -> tuple[np.ndarray, bool]:
    """Values as int64, or float64 with NaN; and whether they were measured in single precision.

    Texts are read by the column's format, or as plain numbers; its missing word and the usual
    ones are missing values.

    Parameters
    ----------
    series : Series
        A column as it was read.
    name : str
        The column's name, for the sentence.
    column : Column or None
        How it is written; None where nothing is known.

    Returns
    -------
    tuple of (array, bool)

    Raises
    ------
    PopulaceError
        A cell is no number.
    """
    dtype = series.dtype
    form = column.format if column is not None else None
    if isinstance(form, DateFormat):
        if isinstance(dtype, pd.PeriodDtype | pd.DatetimeTZDtype) or dtype.kind == "M":
            return stamps_to_counts(series, form.unit), False
        if form.pattern in dates.CLOCKS and holds_numbers(dtype):
            numbers = series.to_numpy(dtype=np.float64, na_value=np.nan)
            distinct, place = np.unique(numbers, return_inverse=True)
            width = 4 if form.unit == "m" else 6
            texts = ["" if np.isnan(v) else str(int(v)).zfill(width) for v in distinct]
            return form.parse(texts)[place], False
        if form.pattern == "%Y%m%d" and holds_numbers(dtype):
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
    if holds_numbers(dtype) and dtype.kind in "iu" and not series.isna().any():
        values = series.to_numpy()
        if values.dtype == np.uint64 and len(values) and values.max() > np.iinfo(np.int64).max:
            return values.astype(np.float64), False
        return values.astype(np.int64, copy=False), False
    if holds_numbers(dtype):
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        codes, texts = coded_or_refused(series, name)
        form = column.format if column is not None else None
        parsed = np.full(len(texts), np.nan)
        if isinstance(form, NumberFormat | DateFormat | DurationFormat) and texts:
            parsed = form.parse(texts)
        for i in np.flatnonzero(np.isnan(parsed)):
            text = texts[i]
            number = as_number({"no": "0", "yes": "1"}.get(text, text))
            if number is not None:
                parsed[i] = number
            elif text not in MISSING_WORDS and not (column and text == column.missing_word):
                row = int(np.argmax(codes == i)) + 1
                raise PopulaceError(
                    f"Column {name} should hold numbers and has {shortened(text)} in row {row}: "
                    "leave that cell empty, or make the column categorical."
                )
        values = np.append(parsed, np.nan)[codes]
    fill = as_number(column.missing_word) if column is not None and column.missing_word else None
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


def on_grid(values: np.ndarray, step: float) -> np.ndarray:
    """Values rounded to multiples of the step, written as the nearest decimal fractions.

    Parameters
    ----------
    values : array, shape (rows,)
        Its numbers.
    step : float
        The distance of two neighbours on the lattice, above 0.

    Returns
    -------
    float array, shape (rows,)
    """
    return np.round(np.rint(values / step) * step, decimals_of(step))


def as_integers(values: np.ndarray, absent: np.ndarray, column: Column) -> Any:
    """Whole numbers in a column's canonical dtype: int64, nullable where cells can be missing.

    Parameters
    ----------
    values : int array, shape (rows,)
        Anything where cells are missing.
    absent : bool array, shape (rows,)
        Which cells are missing.
    column : Column
        What is known of it.

    Returns
    -------
    int array or IntegerArray
    """
    whole = values.astype(np.int64, copy=False)
    return pd.arrays.IntegerArray(whole, absent) if column.missing else whole


def as_whole(values: np.ndarray, absent: np.ndarray, name: str) -> np.ndarray:
    """Values as int64, 0 where cells are missing.

    Parameters
    ----------
    values : array, shape (rows,)
        Its numbers.
    absent : bool array, shape (rows,)
        Which cells are missing.
    name : str
        The column's name, for the sentence.

    Returns
    -------
    int array, shape (rows,)

    Raises
    ------
    PopulaceError
        A value is not whole.
    """
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
