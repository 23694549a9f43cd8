"""From canonical columns to columns as their table had them.

Inside the library columns are canonical: levels are categories, truth values bool, whole numbers
int64, other numbers float64 (`Schema.conform`). At its doors they get back the dtype and the words
that they came with: `Population.given` returns people so, and with them every file, the cluster
and the exports. There is no other place where this happens. A text file has no dtypes, so
`writers.write_csv` writes numbers and truth values by their format as well; an Arrow table made
here carries the formats in the metadata of its fields.
"""

from __future__ import annotations

import decimal
import json
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from synth.data.column import Column
from synth.data.durations import DurationFormat
from synth.data.formats import (
    BooleanFormat,
    DateFormat,
    LevelsFormat,
    NumberFormat,
    format_to_json,
)
from synth.data.levels import level_texts
from synth.data.schema import Schema
from synth.data.writers import FIELD, mark_synthetic
from synth.lazy import cached_property

_DECIMAL = re.compile(r"decimal\((\d+), (\d+)\)")


def is_canonical(schema: Schema) -> bool:
    """Whether no column is written otherwise than it is inside the library."""
    return all(
        not c.storage and c.format is None and not c.missing_word
        for c in schema
        if c.role != "skip"
    )


def restore(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """A canonical frame in the dtypes and words that its table had.

    Parameters
    ----------
    frame : pd.DataFrame
        As `Schema.conform` gives it; columns that the schema does not name stay as they are.
    schema : Schema
        The columns.

    Returns
    -------
    pd.DataFrame
        As many rows, the same columns.
    """
    data = {
        name: restored(frame[name], schema[name]) if name in schema else frame[name]
        for name in frame.columns
    }
    return pd.DataFrame(data, index=frame.index)


def restored(series: pd.Series, column: Column) -> Any:
    """One canonical column in the dtype and the words that its table had."""
    storage, form = column.storage, column.format
    if not storage and column.kind != "categorical":
        numbers = series.to_numpy() if column.kind == "real" else None
        filled = numbers if numbers is None else _filled(numbers, column)
        return series if filled is numbers else pd.Series(filled, index=series.index)
    if match := _DECIMAL.fullmatch(storage):
        return _decimals(series, int(match[2]))
    if column.kind == "categorical":
        return _levels(series, column)
    numbers = _numbers(series)
    filled = _filled(numbers, column)
    if isinstance(form, DateFormat | DurationFormat) and not _is_text(storage):
        return pd.Series(form.outer(filled, storage), index=series.index)
    if _is_text(storage):
        return _texts(column_texts(series, column), storage, series.index)
    if column.kind == "boolean" and isinstance(form, BooleanFormat) and storage == "category":
        words = pd.CategoricalDtype([form.no, form.yes])
        codes = np.where(np.isnan(numbers), -1, numbers).astype(np.int8)
        return pd.Series(pd.Categorical.from_codes(codes, dtype=words), index=series.index)
    if storage == "object" and isinstance(form, BooleanFormat | NumberFormat | DateFormat):
        words = column_texts(series, column).to_numpy(zero_copy_only=False)
        return pd.Series(words, index=series.index, dtype=object)
    if storage == "object":
        return series.astype(object).where(series.notna(), None)
    dtype = pd.api.types.pandas_dtype(storage)
    if filled is not numbers:
        return pd.Series(filled, index=series.index).astype(dtype)
    if isinstance(dtype, np.dtype) and dtype.kind in "fiu":
        if series.hasnans or dtype.kind == "f":
            kind = dtype if dtype.kind == "f" else np.dtype(np.float64)
            return pd.Series(series.to_numpy(dtype=kind, na_value=np.nan), index=series.index)
        return pd.Series(series.to_numpy(dtype=dtype), index=series.index)
    return series.astype(dtype)


def written_table(frame: pd.DataFrame, schema: Schema, seed: int | None = None) -> pa.Table:
    """A canonical frame as an Arrow table in the types and words that its table had, marked.

    As `TableFormat.table`, which is sooner where many frames of one schema are written.

    Parameters
    ----------
    frame : pd.DataFrame
        Synthetic people in canonical dtypes.
    schema : Schema
        The columns.
    seed : int, optional
        The seed that they were drawn with.
    """
    return TableFormat(schema).table(frame, seed)


class TableFormat:
    """How people of a schema are written; what all their tables have alike is worked out once.

    Parameters
    ----------
    schema : Schema
        The columns of a finished row.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    @cached_property
    def is_canonical(self) -> bool:
        """Whether no column is written otherwise than it is inside the library."""
        return is_canonical(self.schema)

    def table(self, frame: pd.DataFrame, seed: int | None = None) -> pa.Table:
        """A canonical frame as an Arrow table in the types and words that its table had, marked.

        Each field's metadata holds its column's format, for text files; the table's says to pandas
        which dtypes its columns have.

        Parameters
        ----------
        frame : pd.DataFrame
            Synthetic people in canonical dtypes.
        seed : int, optional
            The seed that they were drawn with.

        Returns
        -------
        pa.Table
            As many rows, the same columns.
        """
        arrays, fields = [], []
        for name, series in frame.items():
            column = self._columns.get(name)
            values = series if column is None else column.outer(series)
            array = values if isinstance(values, pa.Array) else pa.array(values, from_pandas=True)
            if isinstance(array, pa.ChunkedArray):
                array = array.combine_chunks()
            arrays.append(array)
            fields.append(
                pa.field(name, array.type, metadata=None if column is None else column.metadata)
            )
        schema = pa.schema(fields, {b"pandas": self._pandas(frame)})
        return mark_synthetic(pa.Table.from_arrays(arrays, schema=schema), seed)

    @cached_property
    def _columns(self) -> dict[str, _WrittenColumn]:
        return {column.name: _WrittenColumn(column) for column in self.schema}

    def _pandas(self, frame: pd.DataFrame) -> bytes:
        """What Arrow tells pandas of a table: the dtypes of its columns, as JSON."""
        made_new = [name for name in frame.columns if name not in self._columns]
        known = self._about_pandas
        entries = known["entries"]
        if made_new:
            entries = entries | _about_pandas(frame[made_new].iloc[:0])["entries"]
        columns = [entries[name] for name in frame.columns]
        return json.dumps(known["rest"] | {"columns": columns}).encode()

    @cached_property
    def _about_pandas(self) -> dict[str, dict[str, Any]]:
        empty = {column.name: pd.Series([], dtype=column.dtype) for column in self.schema}
        return _about_pandas(restore(pd.DataFrame(empty), self.schema))


@dataclass(frozen=True, eq=False)
class _WrittenColumn:
    """One column of a `TableFormat`."""

    column: Column

    @cached_property
    def metadata(self) -> dict[bytes, bytes] | None:
        return _metadata(self.column)

    @cached_property
    def is_text(self) -> bool:
        return _is_text(self.column.storage)

    @cached_property
    def values(self) -> pa.Array:
        """What each level of a categorical column stands for."""
        form = self.column.format
        if isinstance(form, LevelsFormat):
            return _values_of(form, self.column)
        return pa.array(list(self.column.levels), pa.string())

    def outer(self, series: pd.Series) -> Any:
        """A canonical column as Arrow or pandas holds it outside."""
        column, storage, form = self.column, self.column.storage, self.column.format
        is_text = self.is_text or storage == "object"
        if column.kind == "categorical" and is_text:
            codes = series.cat.codes.to_numpy()
            indices = pa.array(codes, mask=codes < 0)
            return pa.DictionaryArray.from_arrays(indices, self.values).cast(self.values.type)
        if self.is_text or (is_text and isinstance(form, BooleanFormat | NumberFormat)):
            return column_texts(series, column)
        if storage == "object" and not isinstance(form, DateFormat | DurationFormat):
            return series
        if match := _DECIMAL.fullmatch(storage):
            values = pa.array(_decimals(series, int(match[2])), from_pandas=True)
            return values.cast(pa.decimal128(int(match[1]), int(match[2])))
        return restored(series, column)


def _about_pandas(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """An entry for each column, and what else Arrow tells pandas of a frame."""
    schema = pa.Schema.from_pandas(frame, preserve_index=False)
    about = json.loads((schema.metadata or {})[b"pandas"])
    entries = dict(zip(frame.columns, about["columns"], strict=True))
    return {"entries": entries, "rest": about}


def _values_of(form: LevelsFormat, column: Column) -> pa.Array:
    """What each level stands for; texts where they are of several kinds, for Arrow holds one."""
    place = dict(zip(level_texts(form.categories), form.categories, strict=True))
    values = [place[level] for level in column.levels]
    alike = len({type(value) for value in values}) == 1
    return pa.array(values if alike else [str(value) for value in values])


def column_texts(series: pd.Series, column: Column) -> pa.Array:
    """The texts of a column of numbers or truth values, null where one is missing."""
    form = column.format
    numbers = _numbers(series) if series.hasnans else series.to_numpy()
    if column.kind == "boolean":
        words = form if isinstance(form, BooleanFormat) else BooleanFormat("False", "True")
        codes = np.where(np.isnan(numbers), 0, numbers).astype(np.int8)
        indices = pa.array(codes, mask=np.isnan(numbers) if series.hasnans else None)
        return pa.DictionaryArray.from_arrays(indices, pa.array([words.no, words.yes])).cast(
            pa.string()
        )
    if isinstance(form, NumberFormat | DateFormat | DurationFormat):
        return form.arrow(numbers)
    return NumberFormat().arrow(numbers)


# ---------------------------------------------------------------------- private


def _metadata(column: Column | None) -> dict[bytes, bytes] | None:
    if column is None or (column.format is None and not column.missing_word):
        return None
    about: dict[str, Any] = {}
    if column.format is not None and not isinstance(column.format, LevelsFormat):
        about["format"] = format_to_json(column.format)
    if column.missing_word:
        about["missing_word"] = column.missing_word
    return {FIELD: json.dumps(about).encode()} if about else None


def _is_text(storage: str) -> bool:
    if not storage or _DECIMAL.fullmatch(storage) or storage in ("object", "category"):
        return False
    return isinstance(pd.api.types.pandas_dtype(storage), pd.StringDtype) or "string" in storage


def _numbers(series: pd.Series) -> np.ndarray:
    return series.to_numpy(dtype=np.float64, na_value=np.nan)


def _filled(numbers: np.ndarray, column: Column) -> np.ndarray:
    """Numbers with the table's stand-in for missing ones, such as 1e20, where it was a number."""
    if not column.is_number or not column.missing_word or _is_text(column.storage):
        return numbers
    try:
        fill = float(column.missing_word)
    except ValueError:
        return numbers
    return np.where(np.isnan(numbers), fill, numbers)


def _decimals(series: pd.Series, digits: int) -> pd.Series:
    exact = decimal.Decimal(1).scaleb(-digits)
    values = [
        None if pd.isna(value) else decimal.Decimal(repr(value)).quantize(exact)
        for value in series.tolist()
    ]
    return pd.Series(values, index=series.index, dtype=object)


def _texts(values: pa.Array, storage: str, index: pd.Index) -> pd.Series:
    dtype = pd.api.types.pandas_dtype(storage)
    if isinstance(dtype, pd.StringDtype) and dtype.storage == "pyarrow":
        return pd.Series(values.to_pandas(types_mapper=lambda _: dtype).array, index=index)
    return pd.Series(values.to_pandas().array, index=index, dtype=dtype)


def _levels(series: pd.Series, column: Column) -> pd.Series:
    """Levels as texts, as categories of any kind, or as the numbers and words they stand for."""
    form = column.format if isinstance(column.format, LevelsFormat) else None
    codes = series.cat.codes.to_numpy()
    storage = column.storage
    if form is None:
        if storage in ("", "category"):
            return series
        if storage == "object":
            words = np.array([*column.levels, None], dtype=object)
            return pd.Series(words[codes], index=series.index)
        levels = pa.array(list(column.levels), pa.string())
        texts = pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), levels)
        return _texts(texts.cast(pa.string()), storage, series.index)
    place = {text: i for i, text in enumerate(level_texts(form.categories))}
    lookup = np.array([*(place[level] for level in column.levels), -1], dtype=np.int64)
    at = lookup[codes]
    if storage in ("", "category"):
        kind = pd.CategoricalDtype(list(form.categories), ordered=form.ordered)
        return pd.Series(pd.Categorical.from_codes(at, dtype=kind), index=series.index)
    values = np.array([*form.categories, None], dtype=object)[at]
    if storage == "object":
        return pd.Series(values, index=series.index, dtype=object)
    return pd.Series(values, index=series.index).astype(pd.api.types.pandas_dtype(storage))
