"""A table of people: read from CSV or Parquet, checked, in canonical types, known by its digest."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from synth.data.formats import NumberFormat, detect_number, format_to_json
from synth.data.origin import ATTRS, MISSING_WORDS
from synth.data.readers.containers import REMEDY, Kind, kind_of, unpacked
from synth.data.readers.database import is_url, read_database
from synth.data.readers.encoding import as_utf8
from synth.data.readers.excel import read_workbook
from synth.data.readers.layout import Layout, layout
from synth.data.readers.records import read_records
from synth.data.schema import Schema, infer_with_notes
from synth.data.writers import COLUMN, unguarded
from synth.errors import PopulaceError

BYTES_LIMIT = 200 * 2**20
COLUMNS_LIMIT = 300
CELLS_LIMIT = 200_000_000
_BLOCK = 2**24

_WHOLE = r"\A(0|-?[1-9][0-9]{0,14})\z"


@dataclass(frozen=True, eq=False)
class Table:
    """Rows in canonical types and what is known of their columns; two tables are equal by digest.

    Attributes
    ----------
    frame : pd.DataFrame, shape (rows, columns whose role is not "skip")
        As `Schema.conform` gives it. Not to be changed.
    schema : Schema
        Every column, also those left out of the frame.
    digest : str
        16 hexadecimal digits of a SHA-256 over schema and content: the table's identity.
    notes : tuple of str
        A sentence for each column that was left out, and why.
    """

    frame: pd.DataFrame
    schema: Schema
    digest: str
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def read_table(
    source: str | Path | bytes, *, name: str = "", schema: Schema | None = None
) -> Table:
    """Read a table (its kind is told by its content) and check it.

    Parameters
    ----------
    source : str, Path or bytes
        A file, a file's content, or a database's URL, as in `read_frame`. At most 200 MiB, 300
        columns and 200 million cells.
    name : str
        What to call the table in errors; the file's name when it is not given.
    schema : Schema, optional
        A corrected schema; what it leaves open is found in the data. Without one it is inferred.

    Raises
    ------
    PopulaceError
        One sentence that names the file or the column and says what to do.
    """
    frame, notes = read_frame(source, name=name)
    table = make_table(frame, schema)
    return Table(table.frame, table.schema, table.digest, (*notes, *table.notes))


def read_frame(
    source: str | Path | bytes, *, name: str = "", least: int = 2
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The columns of a table as they stand in the file, before kinds are settled, and notes.

    Within the limits of `read_table`, which see; raises PopulaceError as it does.

    Parameters
    ----------
    source : str, Path or bytes
        A file, or its content: CSV or other text, Parquet, Excel (.xlsx), JSON lines, or one of
        them in a ZIP or gzip file. A text such as ``sqlite:///people.db?table=people`` names a
        table of a database; see `readers.database`.
    name : str
        How sentences call it; the file's own name if not given.
    least : int
        How many rows it must have: two to learn from, one to be asked about.

    Returns
    -------
    pd.DataFrame
        The rows.
    tuple of str
        Sentences on what was left out.
    """
    if isinstance(source, str) and is_url(source):
        frame, name = read_database(source)
        notes: tuple[str, ...] = ()
        frame.columns = frame.columns.str.strip()
        _check_size(len(frame), frame.shape[1], name)
        _check_names(list(frame.columns), name)
    else:
        content, name = unpacked(*_content(source, name), BYTES_LIMIT)
        if not content.strip():
            raise PopulaceError(f"{name} is empty: {REMEDY}.")
        frame, notes = _READERS[kind_of(content, name)](content, name)
    if len(frame) < least:
        fault = "has no rows" if frame.empty else "has only one row"
        if least < 2:
            raise PopulaceError(f"{name} {fault}: at least one person is needed.")
        raise PopulaceError(f"{name} {fault}: at least two people are needed to learn anything.")
    return frame, notes


def make_table(frame: pd.DataFrame, schema: Schema | None = None) -> Table:
    """A table of a frame's rows; the schema is inferred, or completed and obeyed.

    Parameters
    ----------
    frame : pd.DataFrame
        Rows as they were read.
    schema : Schema, optional
        A corrected schema.

    Returns
    -------
    Table
        In canonical types.

    Raises
    ------
    PopulaceError
        The frame has no rows, too many columns, a column that cannot be understood, or nothing
        to learn from.
    """
    frame = with_index(frame)
    if frame.empty:
        raise PopulaceError("The table has no rows: at least two people are needed.")
    _check_size(len(frame), frame.shape[1], "The table")
    if schema is None:
        schema, notes = infer_with_notes(frame)
    else:
        schema = schema.completed(frame)
        extra = [str(column) for column in frame.columns if column not in schema]
        notes = tuple(
            f"Column {column} is left out: the schema does not name it." for column in extra
        )
    if not schema.modelled:
        reason = f" {notes[0]}" if notes else ""
        raise PopulaceError(f"There is no column to learn from.{reason}")
    canonical = schema.conform(frame)
    return Table(canonical, schema, _digest(canonical, schema), notes)


def with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its named row labels, such as `set_index` makes, as columns before the others.

    Parameters
    ----------
    frame : pd.DataFrame
        Rows.

    Raises
    ------
    PopulaceError
        Two columns have one name.
    """
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise PopulaceError(f"The column {twice[0]} is there twice: rename one of the two.")
    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    return frame.reset_index(level=named) if named else frame


def _digest(frame: pd.DataFrame, schema: Schema) -> str:
    about = schema.canonical.to_json()  # the same rows are the same table however written
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in frame.columns:
        values = frame[name]
        digest.update(name.encode())
        if isinstance(values.dtype, pd.CategoricalDtype):
            digest.update(values.cat.codes.to_numpy().astype("<i4"))
        elif schema[name].kind == "real":
            digest.update(np.where(values.isna(), np.nan, values).astype("<f8").tobytes())
        else:
            absent = values.isna().to_numpy()
            digest.update(values.to_numpy(dtype=np.int64, na_value=0).astype("<i8"))
            digest.update(absent)
    return digest.hexdigest()[:16]


# ---------------------------------------------------------------------- files


def _content(source: str | Path | bytes, name: str) -> tuple[bytes, str]:
    if isinstance(source, bytes | bytearray | memoryview):
        content = bytes(source)
        name = name or "The table"
        size = len(content)
    else:
        path = Path(source)
        name = name or path.name
        if path.is_dir():
            raise PopulaceError(f"{path} is a folder: name a CSV or Parquet file in it.")
        try:
            size = path.stat().st_size
            content = path.read_bytes() if size <= BYTES_LIMIT else b""
        except FileNotFoundError as error:
            raise PopulaceError(f"There is no file {path}: check its name and folder.") from error
        except (OSError, ValueError) as error:
            raise PopulaceError(f"{name} cannot be read: check that the file is yours.") from error
    if size > BYTES_LIMIT:
        raise PopulaceError(
            f"{name} has {size / 2**20:,.0f} MB, more than {BYTES_LIMIT // 2**20}: "
            "keep fewer rows or columns, or save it as Parquet."
        )
    return content, name


def _check_size(rows: int, columns: int, name: str) -> None:
    if columns > COLUMNS_LIMIT:
        raise PopulaceError(
            f"{name} has {columns:,} columns, more than {COLUMNS_LIMIT}: keep those that matter."
        )
    if rows * columns > CELLS_LIMIT:
        raise PopulaceError(
            f"{name} has {rows:,} rows of {columns} columns, more than "
            f"{CELLS_LIMIT // 10**6} million cells: keep fewer rows."
        )


def _check_names(names: Sequence[str], name: str, *, may_lack: bool = False) -> None:
    for position, column in enumerate(names, start=1):
        if not column and not may_lack:
            counter = " (row numbers can simply be deleted)" if position == 1 else ""
            raise PopulaceError(
                f"Column {position} of {name} has no name: write one in the first row{counter}."
            )
    names = [column for column in names if column]
    if len(set(names)) < len(names):
        twice = next(column for column in names if names.count(column) > 1)
        raise PopulaceError(f"The column {twice} is there twice in {name}: rename one of the two.")


# ---------------------------------------------------------------------- Parquet


def _read_parquet(content: bytes, name: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    broken = f"{name} is a broken or incomplete Parquet file: save or download it again."
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        arrow = file.schema_arrow
        rows, leaves = file.metadata.num_rows, file.metadata.num_columns
        size = sum(file.metadata.row_group(i).total_byte_size for i in range(file.num_row_groups))
    except (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError) as error:
        if "deeply nested" in str(error):
            raise PopulaceError(f"{name} is too deeply nested: save a plain table.") from error
        raise PopulaceError(broken) from error
    nested = [field.name for field in arrow if pa.types.is_nested(field.type)]
    _check_size(rows, len(arrow), name)
    if leaves > len(arrow) + 1000 or size > 20 * BYTES_LIMIT:
        raise PopulaceError(f"{name} unpacks to far more than its size: save a plain table.")
    notes = []
    index = [field.name for field in arrow if re.fullmatch(r"__index_level_\d+__", field.name)]
    if index:
        notes.append("The row labels that pandas stored beside the table are left out.")
    names = [field.name for field in arrow if field.name not in index]
    _check_names([column.strip() for column in names], name)
    texts = [
        field.name
        for field in arrow
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
    ]
    try:
        plain = [column for column in names if column not in nested]
        file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=texts)
        table = file.read(columns=plain).unify_dictionaries()
        table.validate(full=True)
        frame = _frame(table, names, rows)
        frame.attrs[ATTRS] = {"columns": _storages(arrow, frame)}
        return frame, tuple(notes)
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError) as error:
        if isinstance(error, PopulaceError):
            raise
        raise PopulaceError(broken) from error


def _storages(arrow: pa.Schema, frame: pd.DataFrame) -> dict[str, dict[str, str]]:
    """The dtypes that pandas would give the columns of a Parquet file, where the frame has others.

    Texts are read as codes, and whole numbers with gaps have a dtype of their own.
    """
    outer = arrow.empty_table().to_pandas()
    outer = outer.reset_index() if any(name is not None for name in outer.index.names) else outer
    storages = {}
    for field in arrow:
        name = field.name.strip()
        if name not in frame or pa.types.is_nested(field.type) or field.name not in outer:
            continue
        dtype = outer[field.name].dtype
        storage = str(dtype)
        if pa.types.is_decimal(field.type):
            storage = f"decimal({field.type.precision}, {field.type.scale})"
        elif pa.types.is_integer(field.type) and dtype.kind in "iu" and frame[name].hasnans:
            storage = storage.replace("uint", "UInt").replace("int", "Int")
        if pa.types.is_boolean(field.type) and dtype == np.dtype(bool) and frame[name].hasnans:
            continue  # pandas has objects there
        if storage != str(frame[name].dtype):
            storages[name] = {"storage": storage}
    return storages


def _frame(table: pa.Table, names: Sequence[str], rows: int) -> pd.DataFrame:
    """Columns of an Arrow table; those that it lacks or that are nested are marked as such.

    A nested column is never unpacked: an empty list in each row marks it for the schema.
    """
    plain = {f.name for f in table.schema if not pa.types.is_nested(f.type)}
    columns = {
        column.strip(): _pandas(table[column])
        if column in plain
        else pd.Series([[]] * rows, dtype=object)
        for column in names
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(rows))


def _read_json(content: bytes, name: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    content, notes = as_utf8(content, name)
    table = read_records(content, name)
    _check_size(table.num_rows, table.num_columns, name)
    _check_names([column.strip() for column in table.column_names], name)
    return _frame(table, table.column_names, table.num_rows), notes


def _read_excel(content: bytes, name: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    content, above = read_workbook(content, name)
    frame, notes = _read_csv(content, name)
    return frame, (*above, *notes)


def _pandas(values: pa.ChunkedArray) -> pd.Series:
    kind = values.type
    if isinstance(kind, pa.ExtensionType | pa.BaseExtensionType):
        if kind.extension_name == "pandas.period":
            return values.to_pandas()
        return _pandas(pa.chunked_array([c.storage for c in values.chunks], kind.storage_type))
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        values = values.cast(pa.float64())
    elif pa.types.is_date(kind):
        values = values.cast(pa.timestamp("ms"))
    elif pa.types.is_dictionary(kind) and not pa.types.is_string(kind.value_type):
        large = pa.types.is_large_string(kind.value_type)
        values = values if large else values.cast(kind.value_type)
    return values.to_pandas()


# ---------------------------------------------------------------------- text


def _read_csv(content: bytes, name: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    content, encoded = as_utf8(content, name)
    csv_layout = layout(content, name)
    delimiter = csv_layout.delimiter
    _check_size(0, len(csv_layout.names), name)
    _check_names(csv_layout.names, name, may_lack=True)
    text = pa.dictionary(pa.int32(), pa.string())
    places = [str(position) for position in range(len(csv_layout.names))]
    if not csv_layout.body.strip():
        raise PopulaceError(f"{name} has no rows: at least two people are needed.")
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(csv_layout.body),
            read_options=pa_csv.ReadOptions(block_size=_BLOCK, column_names=places),
            parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(places, text),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except (pa.ArrowException, OSError) as error:
        raise PopulaceError(_csv_fault(str(error), csv_layout, name)) from error
    _check_size(table.num_rows, len(places), name)
    columns, names, notes = [], [], [*encoded, *csv_layout.notes]
    decimal = "," if delimiter == ";" else ""
    written: dict[str, dict[str, Any]] = {}
    is_ours = _is_written_here(csv_layout.names, table)
    for position, column in enumerate(csv_layout.names):
        values = table.column(position)
        values = pa.chunked_array(values.chunks, values.type).unify_dictionaries()
        if not column:
            note = _nameless(values, position, name)
            notes += [note] if note else []
            continue
        coded = values.cast(text).combine_chunks()
        if is_ours:
            coded = pa.DictionaryArray.from_arrays(coded.indices, unguarded(coded.dictionary))
            column = unguarded(pa.array([column]))[0].as_py()
        names.append(column)
        values, written[column] = _typed(coded, decimal)
        columns.append(values)
    rows = pd.RangeIndex(table.num_rows)
    frame = pd.DataFrame(dict(zip(names, columns, strict=True)), index=rows)
    frame.attrs[ATTRS] = {"is_text": True, "decimal": decimal, "columns": written}
    if frame.shape[1] > 1 and csv_layout.has_blank_lines:
        blank = frame.isna().all(axis=1).to_numpy()
        if blank.any():
            frame = frame[~blank].reset_index(drop=True)
            count = "1 blank row" if blank.sum() == 1 else f"{blank.sum():,} blank rows"
            notes.append(f"{count} of {name} {'was' if blank.sum() == 1 else 'were'} left out.")
    return frame, tuple(notes)


def _is_written_here(names: Sequence[str], table: pa.Table) -> bool:
    """Whether the table's last column is the mark of our own synthetic people."""
    if not names or names[-1].rstrip("_") != COLUMN or not table.num_rows:
        return False
    marks = table.column(table.num_columns - 1)
    return not marks.null_count and pc.unique(marks.cast(pa.string())).to_pylist() == ["true"]


def _nameless(values: pa.ChunkedArray, position: int, name: str) -> str:
    """Why a column without a name is left out: it is empty, or labels or numbers the rows.

    Raises
    ------
    PopulaceError
        It is neither.
    """
    known = values.length() - values.null_count
    if not known:
        return ""  # what a delimiter at the end of each line makes
    different = pc.count_distinct(values.cast(pa.string()), mode="only_valid").as_py()
    if position == 0 and different == values.length():
        return f"The first column of {name} has no name and labels the rows: it is left out."
    _check_names([*map(str, range(position)), ""], name)
    return ""


def _csv_fault(message: str, csv_layout: Layout, name: str) -> str:
    """Arrow's complaint about a CSV file as a sentence, with the line looked up."""
    columns = len(csv_layout.names)
    lines = csv.reader(
        io.StringIO(csv_layout.body.decode(), newline=""), delimiter=csv_layout.delimiter
    )
    try:
        cells, line = next((len(r), lines.line_num) for r in lines if r and len(r) != columns)
        line += csv_layout.first_line
        return (
            f"The first row of {name} names {columns} columns and line {line} holds {cells}: "
            "put cells that hold the delimiter in double quotes."
        )
    except (csv.Error, StopIteration):
        pass
    if "straddling" in message or "block" in message:
        return f"{name} has a line of over {_BLOCK // 10**6} million characters: {REMEDY}."
    return f"{name} cannot be read as CSV: {REMEDY}."


def _typed(values: pa.DictionaryArray, decimal: str) -> tuple[pd.Series, dict[str, Any]]:
    """Texts as numbers where all are numbers that can be written again, else as categories.

    Words for missing values are left among the categories, for only the schema knows whether they
    are levels. Leading zeros make a text. The second part says how the numbers were written.
    """
    words = pc.utf8_trim_whitespace(values.dictionary)
    codes = values.indices.to_numpy(zero_copy_only=False)
    codes = np.where(np.isnan(codes), -1, codes).astype(np.int32) if values.null_count else codes
    empty = pc.equal(words, "").to_numpy(zero_copy_only=False)
    usual = pc.is_in(words, value_set=pa.array(sorted(MISSING_WORDS)))
    missing = usual.to_numpy(zero_copy_only=False)
    parsed = _parsed(words.filter(pa.array(~missing)), decimal)
    if parsed is None:
        present = words.filter(pa.array(~empty))
        coded = present.dictionary_encode()
        again = np.append(coded.indices.to_numpy(), -1)
        codes = _places(~empty)[codes]
        series = pd.Series(pd.Categorical.from_codes(again[codes], coded.dictionary.to_pylist()))
        return series, {"storage": "str"}
    numbers, form = parsed
    written: dict[str, Any] = {} if form == NumberFormat() else {"format": format_to_json(form)}
    if form.decimals and (numbers == np.rint(numbers)).all():
        written["storage"] = "float64"  # 3.0, as pandas would have it
    kept = missing & ~empty
    if kept.any():
        counts = np.bincount(codes[codes >= 0], minlength=len(words)) * kept
        written["missing_word"] = words[int(np.argmax(counts))].as_py()
    codes = _places(~missing)[codes]
    if (codes >= 0).all():
        return pd.Series(numbers[codes]), written
    return pd.Series(np.append(numbers.astype(np.float64), np.nan)[codes]), written


def _places(kept: np.ndarray) -> np.ndarray:
    """The place of each entry among those that are kept, else -1; a last -1 for missing ones."""
    lookup = np.full(len(kept) + 1, -1, dtype=np.int32)
    lookup[:-1][kept] = np.arange(int(kept.sum()))
    return lookup


def _parsed(words: pa.StringArray, decimal: str) -> tuple[np.ndarray, NumberFormat] | None:
    """The texts as int64 or float64 and their format, or None when one of them is no number."""
    if not len(words):
        return None
    if pc.all(pc.match_substring_regex(words, _WHOLE)).as_py():
        return words.cast(pa.int64()).to_numpy(), NumberFormat()
    form = detect_number(words, decimal=decimal)
    if form is None:
        return None
    numbers = form.parse(words)
    if not form.decimals and (numbers == np.rint(numbers)).all() and np.abs(numbers).max() < 2**53:
        return numbers.astype(np.int64), form
    return numbers, form


_READERS: Mapping[Kind, Callable[[bytes, str], tuple[pd.DataFrame, tuple[str, ...]]]] = {
    "parquet": _read_parquet,
    "excel": _read_excel,
    "json": _read_json,
    "text": _read_csv,
}
