"""Where every table of synthetic people is written, with its mark: it says that they are synthetic.

Arrow tables and Parquet files say it in their metadata. CSV has no place for a note, and a comment
line would break most readers, so a last column says it; whoever joins or filters the rows later
still sees it.
"""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from synth.data.atomic import whole
from synth.data.dates import PER_DAY
from synth.data.durations import DurationFormat
from synth.data.durations import counts as durations_to_counts
from synth.data.formats import (
    BooleanFormat,
    DateFormat,
    Format,
    LevelsFormat,
    NumberFormat,
    format_from_json,
    stamps_to_counts,
)
from synth.errors import PopulaceError

_KINDS: Mapping[str, Literal["csv", "parquet"]] = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_ROWS = 65_536
"""So many rows of a text file are put together at once."""
COLUMN = "synthetic"
"""The name of the column that marks the rows of a CSV file."""
FIELD = b"populace"
"""The key of a field's metadata that holds how its column is written, as JSON."""
MARK = b"mark"
"""The key of a table's metadata that names the column in which it says itself what is synthetic."""
NOTICE = "Synthetic people made by Populace; no row describes a real person."


def mark_synthetic(table: pa.Table, seed: int | None = None) -> pa.Table:
    """Mark a table as synthetic in its metadata, which a Parquet file keeps.

    Parameters
    ----------
    table : pa.Table
        Synthetic people.
    seed : int, optional
        The seed that they were drawn with.

    Returns
    -------
    pa.Table
        The same columns; of other metadata only what pandas reads dtypes from.
    """
    kept = {key: value for key, value in (table.schema.metadata or {}).items() if key == b"pandas"}
    metadata = kept | {"synthetic": NOTICE} | ({} if seed is None else {"seed": str(seed)})
    return table.replace_schema_metadata(metadata)


def arrow_table(frame: pd.DataFrame, seed: int | None = None) -> pa.Table:
    """A frame of synthetic people as an Arrow table, marked; its index is left out.

    Parameters
    ----------
    frame : pd.DataFrame
        Synthetic people.
    seed : int, optional
        The seed that they were drawn with.

    Returns
    -------
    pa.Table
        The same columns; levels are dictionaries.
    """
    return mark_synthetic(pa.Table.from_pandas(frame, preserve_index=False), seed)


def with_mark_column(table: pa.Table) -> pa.Table:
    """Add a last column, true in every row.

    Parameters
    ----------
    table : pa.Table
        Synthetic people.

    Returns
    -------
    pa.Table
        The table with the column `synthetic`, or with lines below it where the table has a column
        of that name itself; as it is where its metadata names a column that says so (`MARK`).
    """
    if MARK in (table.schema.metadata or {}):
        return table
    name = COLUMN
    while name in table.column_names:
        name += "_"
    return table.append_column(name, pa.repeat(pa.scalar(True), table.num_rows))


# ---------------------------------------------------------------------- CSV


def write_csv(
    target: BinaryIO | Path,
    tables: Iterable[pa.Table],
    *,
    bom: bool = False,
    guard: bool = True,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write tables of one schema below each other as CSV, one at a time, in UTF-8.

    A last column says that every row is synthetic,
    unless it has a column that says so (`MARK`). Missing values are empty cells.

    Parameters
    ----------
    target : binary file or Path
        Where to write; a half-written file never takes the place of a whole one.
    tables : iterable of pa.Table
        The people, piece by piece.
    bom : bool
        Begin with a byte-order mark, by which Excel knows that the text is UTF-8.
    guard : bool
        Set an apostrophe before texts and column names that begin with ``= + - @``, a tab or a
        carriage return, which spreadsheets would run as formulas. `synth.data.table` takes it away
        again where it reads a file that was written here.
    progress : callable, optional
        Gets the number of rows written.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    if isinstance(target, Path):
        with whole(target) as part, part.open("wb") as file:
            write_csv(file, tables, bom=bom, guard=guard, progress=progress)
        return
    if bom:
        target.write(codecs.BOM_UTF8)
    done, is_begun = 0, False
    safe = _safe_texts if guard else _plain_texts
    for table in tables:
        marked = with_mark_column(table)
        fields = with_mark_column(table.slice(0, 0)).schema
        if not is_begun:
            names = safe(pa.chunked_array([fields.names], pa.string())).combine_chunks()
            target.write(",".join(_quoted(names).to_pylist()).encode() + b"\n")
            is_begun = True
        for first in range(0, table.num_rows, _ROWS):
            # What is safe is settled before numbers get their words: no minus sign is guarded.
            cells = [
                _cells(_texts(field, safe(column.slice(first, _ROWS))))
                for field, column in zip(fields, marked.columns, strict=True)
            ]
            target.write(_lines(cells))
        done += table.num_rows
        if progress is not None:
            progress(done)


def _cells(values: pa.ChunkedArray) -> pa.Array:
    """Texts as they stand between two commas; null where one is missing."""
    array = values.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # as some versions have it
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    is_text = pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
    if not is_text:
        return array.cast(pa.string())
    return _quoted(array if pa.types.is_string(array.type) else array.cast(pa.string()))


def _quoted(texts: pa.Array) -> pa.Array:
    """Texts in quotes where they hold a comma, a quote or a line's end, or are empty."""
    buffer = texts.buffers()[2]
    content = np.frombuffer(buffer, np.uint8) if buffer is not None else np.zeros(0, np.uint8)
    odd = any((content == sign).any() for sign in b',"\r\n')
    if odd or pc.any(pc.equal(texts, "")).as_py():
        needs = pc.match_substring_regex(texts, r'[,"\r\n]|\A\z')
        inner = pc.replace_substring(texts, '"', '""')
        texts = pc.if_else(needs, pc.binary_join_element_wise('"', inner, '"', ""), texts)
    return texts


def _lines(cells: list[pa.Array]) -> memoryview:
    """The bytes of rows."""
    gap = {"null_handling": "replace", "null_replacement": ""}
    last = pc.binary_join_element_wise(cells[-1], "\n", "", **gap)
    lines = pc.binary_join_element_wise(*cells[:-1], last, ",", **gap)
    _, offsets, content = lines.buffers()
    ends = np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(content)[int(ends[0]) : int(ends[-1])]


def csv_bytes(tables: Iterable[pa.Table]) -> bytes:
    """The CSV file that `write_csv` writes.

    Parameters
    ----------
    tables : iterable of pa.Table
        The people, piece by piece.

    Returns
    -------
    bytes
        The file's content.
    """
    buffer = io.BytesIO()
    write_csv(buffer, tables)
    return buffer.getvalue()


def _texts(field: pa.Field, values: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of an Arrow table as a text file holds it: by the format in its field's metadata."""
    about = json.loads((field.metadata or {}).get(FIELD, b"{}"))
    if not about:
        return values
    form = format_from_json(about["format"]) if "format" in about else None
    word = about.get("missing_word")
    kind = values.type
    is_plain = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    if isinstance(form, DateFormat) and (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        values = pa.chunked_array([_dated(chunk, form) for chunk in values.chunks], pa.string())
    elif isinstance(form, DateFormat) and form.tail and pa.types.is_floating(kind):
        whole = pc.cast(values, pa.int64()).cast(pa.string())
        values = pc.binary_join_element_wise(whole, form.tail, "")
    elif isinstance(form, DateFormat) and pa.types.is_time(kind):
        values = pa.chunked_array([_timed(chunk, form) for chunk in values.chunks], pa.string())
    elif isinstance(form, DurationFormat) and pa.types.is_duration(kind):
        chunks = [form.arrow(durations_to_counts(c.to_pandas(), form.unit)) for c in values.chunks]
        values = pa.chunked_array(chunks, pa.string())
    elif is_plain and isinstance(form, NumberFormat | BooleanFormat):
        chunks = [_formatted(chunk, form) for chunk in values.chunks]
        values = pa.chunked_array(chunks, pa.string())
    if word and values.null_count:
        if pa.types.is_dictionary(values.type):
            values = values.cast(values.type.value_type)
        if not pa.types.is_string(values.type) and not pa.types.is_large_string(values.type):
            values = values.cast(pa.string())
        values = pc.fill_null(values, word)
    return values


def _dated(chunk: pa.Array, form: DateFormat) -> pa.Array:
    """Timestamps as the column's table would write them; in UTC where they have a zone."""
    plain = chunk.cast(pa.timestamp("us")) if pa.types.is_date(chunk.type) else chunk
    stamps = plain.cast(pa.timestamp("us")).to_numpy(zero_copy_only=False)
    return form.arrow(stamps_to_counts(pd.Series(stamps), form.unit))


def _timed(chunk: pa.Array, form: DateFormat) -> pa.Array:
    """Times of day as the column's table would write them."""
    micro = chunk.cast(pa.time64("us")).cast(pa.int64()).to_numpy(zero_copy_only=False)
    return form.arrow(np.floor(micro / (PER_DAY["us"] // PER_DAY[form.unit])))


def _formatted(chunk: pa.Array, form: Format) -> pa.Array:
    if isinstance(form, LevelsFormat):
        return chunk
    if pa.types.is_boolean(chunk.type):
        chunk = chunk.cast(pa.int8())
    if isinstance(form, BooleanFormat):
        words = pa.array([form.no, form.yes])
        return words.take(chunk.cast(pa.int8()))
    if chunk.null_count and pa.types.is_integer(chunk.type):
        texts = form.arrow(pc.fill_null(chunk, 0).to_numpy(zero_copy_only=False))
        return pc.if_else(pc.is_valid(chunk), texts, pa.scalar(None, pa.string()))
    return form.arrow(chunk.to_numpy(zero_copy_only=False))


def _plain_texts(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return values.cast(values.type.value_type) if pa.types.is_dictionary(values.type) else values


def _safe_texts(values: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = values.type
    if pa.types.is_dictionary(kind):
        chunks = [
            _safe_texts(pa.chunked_array([chunk.dictionary])).combine_chunks().take(chunk.indices)
            for chunk in values.chunks
        ]
        return pa.chunked_array(chunks, kind.value_type)
    if pa.types.is_string(kind) and not any(_may_be_formula(chunk) for chunk in values.chunks):
        return values
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return pc.replace_substring_regex(values, r"\A('*[=+\-@\t\r])", r"'\1")
    return values


def _may_be_formula(texts: pa.Array) -> bool:
    """Whether the first byte of any text is a sign that is guarded against, or the guard."""
    _, offsets, content = texts.buffers()
    if content is None or not len(texts):
        return False
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    begins = ends[:-1][ends[1:] > ends[:-1]]
    first = np.frombuffer(content, np.uint8)[begins]
    return bool(np.isin(first, np.frombuffer(b"'=+-@\t\r", np.uint8)).any())


def unguarded(values: pa.Array) -> pa.Array:
    """Texts as they were before `write_csv` set an apostrophe before them.

    Parameters
    ----------
    values : pa.Array of string
        Read from a file that `write_csv` wrote.

    Returns
    -------
    pa.Array of string
        Without the apostrophe where a sign follows that it guards against.
    """
    return pc.replace_substring_regex(values, r"\A'('*[=+\-@\t\r])", r"\1")


# ---------------------------------------------------------------------- Parquet


def write_parquet(
    target: BinaryIO | Path,
    tables: Iterable[pa.Table],
    *,
    schema: pa.Schema | None = None,
    progress: Callable[[int], None] | None = None,
    alone: bool = True,
) -> None:
    """Write tables of one schema below each other as Parquet, one row group or more each.

    Parameters
    ----------
    target : binary file or Path
        Where to write; a half-written file never takes the place of a whole one.
    tables : iterable of pa.Table
        The people, piece by piece; those without a mark get one.
    schema : pa.Schema, optional
        That of the tables, where there may be none of them.
    progress : callable, optional
        Gets the number of rows written.
    alone : bool
        Refuse where another writer is at the same file; False for workers of one task.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    if isinstance(target, Path):
        with whole(target, alone=alone) as part, part.open("wb") as file:
            write_parquet(file, tables, schema=schema, progress=progress)
        return
    writer = None if schema is None else pq.ParquetWriter(target, _marked(schema))
    done = 0
    try:
        for table in tables:
            if writer is None:
                writer = pq.ParquetWriter(target, _marked(table.schema))
            writer.write_table(table)
            done += table.num_rows
            if progress is not None:
                progress(done)
    finally:
        if writer is not None:
            writer.close()


def file_kind(path: Path) -> Literal["csv", "parquet"]:
    """The kind of table that a file's ending says.

    Raises
    ------
    PopulaceError
        It says neither.
    """
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise PopulaceError(
            f"{path.name} is neither .parquet nor .csv: end its name in one of them."
        )
    return kind


def write_file(path: Path, tables: Iterable[pa.Table]) -> None:
    """Write tables of one schema as the kind of file that the path's ending says.

    Raises
    ------
    PopulaceError
        The ending says neither CSV nor Parquet, or the file cannot be written.
    """
    write = write_csv if file_kind(path) == "csv" else write_parquet
    write(path, tables)


def parquet_bytes(tables: Iterable[pa.Table], *, schema: pa.Schema | None = None) -> bytes:
    """The Parquet file that `write_parquet` writes.

    Parameters
    ----------
    tables : iterable of pa.Table
        The people, piece by piece.
    schema : pa.Schema, optional
        That of the tables, where there may be none of them.

    Returns
    -------
    bytes
        The file's content.
    """
    buffer = io.BytesIO()
    write_parquet(buffer, tables, schema=schema)
    return buffer.getvalue()


def _marked(schema: pa.Schema) -> pa.Schema:
    metadata = schema.metadata or {}
    if b"synthetic" in metadata:
        return schema
    return schema.with_metadata({**metadata, b"synthetic": NOTICE.encode()})
