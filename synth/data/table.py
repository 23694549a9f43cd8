"""A table of people: read from CSV or Parquet, checked, in canonical types, known by its digest."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from synth.data.schema import Schema, infer_with_notes
from synth.errors import PopulaceError

BYTES_LIMIT = 200 * 2**20
COLUMNS_LIMIT = 300
CELLS_LIMIT = 200_000_000
_LINE_LIMIT = 2**20
_BLOCK = 2**24

_MISSING_WORDS = ["", "?", "NA", "N/A", "#N/A", "n/a", "NaN", "nan", "NULL", "null", "missing"]
_WHOLE = r"^[+-]?(0|[1-9]\d{0,17})$"
_DECIMAL = r"^[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$"
_NOT_TABLES = (
    (b"\x80", "a Python pickle, which is never opened"),
    (b"ccopy_reg\n", "a Python pickle, which is never opened"),
    (b"(lp0\n", "a Python pickle, which is never opened"),
    (b"(dp0\n", "a Python pickle, which is never opened"),
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF document"),
    (b"<!", "a web page or an XML document"),
    (b"<?", "a web page or an XML document"),
    (b"<html", "a web page or an XML document"),
    (b'{"', "a JSON document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)
_REMEDY = "save the table as CSV (UTF-8) or Parquet and read that"


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
    """Read a CSV or Parquet table (told by its content) and check it.

    Parameters
    ----------
    source : str, Path or bytes
        A file, or a file's content. At most 200 MiB, 300 columns and 200 million cells.
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
    source: str | Path | bytes, *, name: str = ""
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The columns of a table as they stand in the file, before kinds are settled, and notes.

    Within the limits of `read_table`, which see; raises PopulaceError as it does.

    Parameters
    ----------
    source : str, Path or bytes
        A CSV or Parquet file, or its content.
    name : str
        How sentences call it; the file's own name if not given.

    Returns
    -------
    pd.DataFrame
        The rows.
    tuple of str
        Sentences on what was left out.
    """
    content, name = _content(source, name)
    read = _read_parquet if content[:4] == b"PAR1" else _read_csv
    frame, notes = read(content, name)
    if len(frame) < 2:
        fault = "has no rows" if frame.empty else "has only one row"
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


def _digest(frame: pd.DataFrame, schema: Schema) -> str:
    digest = hashlib.sha256(json.dumps(schema.to_json(), sort_keys=True).encode())
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
    if not content.strip():
        raise PopulaceError(f"{name} is empty: {_REMEDY}.")
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


def _check_names(names: Sequence[str], name: str) -> None:
    for position, column in enumerate(names, start=1):
        if not column:
            counter = " (row numbers can simply be deleted)" if position == 1 else ""
            raise PopulaceError(
                f"Column {position} of {name} has no name: write one in the first row{counter}."
            )
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
        # A nested column is never unpacked: an empty list in each row marks it for the schema.
        columns = {
            column.strip(): pd.Series([[]] * rows, dtype=object)
            if column in nested
            else _pandas(table[column])
            for column in names
        }
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError) as error:
        raise PopulaceError(broken) from error
    return pd.DataFrame(columns, index=pd.RangeIndex(rows)), tuple(notes)


def _pandas(values: pa.ChunkedArray) -> pd.Series:
    kind = values.type
    if isinstance(kind, pa.ExtensionType | pa.BaseExtensionType):
        return _pandas(pa.chunked_array([c.storage for c in values.chunks], kind.storage_type))
    if pa.types.is_decimal(kind) or pa.types.is_float16(kind):
        values = values.cast(pa.float64())
    elif pa.types.is_date(kind):
        values = values.cast(pa.timestamp("ms"))
    elif pa.types.is_dictionary(kind) and not pa.types.is_string(kind.value_type):
        large = pa.types.is_large_string(kind.value_type)
        values = values if large else values.cast(kind.value_type)
    return values.to_pandas()


# ---------------------------------------------------------------------- CSV


def _read_csv(content: bytes, name: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    content = _as_utf8(content, name)
    delimiter, names = _header(content, name)
    _check_size(0, len(names), name)
    _check_names([column.strip() for column in names], name)
    text = pa.dictionary(pa.int32(), pa.string())
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(content),
            read_options=pa_csv.ReadOptions(block_size=_BLOCK),
            parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, text),
                null_values=_MISSING_WORDS,
                strings_can_be_null=True,
            ),
        )
    except (pa.ArrowException, OSError) as error:
        raise PopulaceError(_csv_fault(str(error), content, delimiter, len(names), name)) from error
    if table.num_columns != len(names):
        raise PopulaceError(f"The first row of {name} is no plain list of column names: mend it.")
    _check_size(table.num_rows, len(names), name)
    columns = {}
    for position, column in enumerate(names):
        values = table.column(position)
        values = pa.chunked_array(values.chunks, values.type).unify_dictionaries()
        columns[column.strip()] = _typed(values.cast(text).combine_chunks(), delimiter == ";")
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows)), ()


def _as_utf8(content: bytes, name: str) -> bytes:
    marks = {
        codecs.BOM_UTF8: "utf-8",
        codecs.BOM_UTF16_LE: "utf-16-le",
        codecs.BOM_UTF16_BE: "utf-16-be",
    }
    mark = next((mark for mark in marks if content.startswith(mark)), b"")
    encoding = marks.get(mark, "utf-8")
    content = content[len(mark) :]
    for magic, what in _NOT_TABLES:
        if not mark and content.startswith(magic):
            raise PopulaceError(f"{name} is {what}: {_REMEDY}.")
    if encoding != "utf-8":
        try:
            content = content.decode(encoding).encode()
        except UnicodeDecodeError as error:
            raise PopulaceError(f"{name} breaks off inside a character: save it again.") from error
    if b"\x00" in content:
        line = content.count(b"\n", 0, content.index(b"\x00")) + 1
        raise PopulaceError(f"{name} holds NUL bytes (line {line}) and is no text: {_REMEDY}.")
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(content), _BLOCK):
        block = content[start : start + _BLOCK]
        try:
            decoder.decode(block, final=start + _BLOCK >= len(content))
        except UnicodeDecodeError as error:
            at = start + block.find(error.object[error.start : error.end])
            raise PopulaceError(_encoding_fault(content, at, name)) from error
    return content


def _encoding_fault(content: bytes, at: int, name: str) -> str:
    """Where the bytes stop being UTF-8: the line and, if it can be told, the column."""
    line = content.count(b"\n", 0, at) + 1
    start = content.rfind(b"\n", 0, at) + 1
    where = f"line {line}"
    if line > 1 and at - start < 100_000:
        delimiter, names = _header(content[: start + 1].decode("latin-1").encode(), name)
        before = content[start:at].decode("latin-1").replace("\r", " ")
        cell = len(next(csv.reader([before], delimiter=delimiter), [""]))
        if cell <= len(names):
            where = f"column {names[cell - 1].strip()}, line {line}"
    return f"{name} is not UTF-8 text ({where}): save it with the encoding UTF-8 and read that."


def _header(content: bytes, name: str) -> tuple[str, list[str]]:
    """The delimiter and the column names in the first row."""
    head = content[:_LINE_LIMIT].lstrip(b"\r\n")
    lines = head.decode("utf-8", errors="ignore").splitlines(keepends=True)[:20]
    if len(lines) < 2 and len(content) > _LINE_LIMIT:
        raise PopulaceError(f"{name} has a first line of over a million characters: {_REMEDY}.")
    if len(content) > _LINE_LIMIT:
        lines = lines[:-1] or lines
    best: tuple[tuple[bool, int], str, list[str]] = ((False, 0), ",", [])
    for delimiter in ",;\t|":
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        if not rows:
            continue
        even = len({len(row) for row in rows}) == 1 and len(rows[0]) > 1
        score = (even, len(rows[0]))
        if score > best[0]:
            best = (score, delimiter, rows[0])
    if not best[2]:
        raise PopulaceError(f"{name} has no row of column names: {_REMEDY}.")
    return best[1], best[2]


def _csv_fault(message: str, content: bytes, delimiter: str, columns: int, name: str) -> str:
    """Arrow's complaint about a CSV file as a sentence, with the line looked up."""
    lines = csv.reader(io.StringIO(content.decode(), newline=""), delimiter=delimiter)
    try:
        cells, line = next((len(r), lines.line_num) for r in lines if r and len(r) != columns)
        return (
            f"The first row of {name} names {columns} columns and line {line} holds {cells}: "
            "put cells that hold the delimiter in double quotes."
        )
    except (csv.Error, StopIteration):
        pass
    if "straddling" in message or "block" in message:
        return f"{name} has a line of over {_BLOCK // 10**6} million characters: {_REMEDY}."
    return f"{name} cannot be read as CSV: {_REMEDY}."


def _typed(values: pa.DictionaryArray, decimal_comma: bool) -> pd.Series:
    """Texts as numbers where all are numbers, else as categories; leading zeros make a text."""
    words = pc.utf8_trim_whitespace(values.dictionary)
    codes = values.indices.to_numpy(zero_copy_only=False)
    codes = np.where(np.isnan(codes), -1, codes).astype(np.int32) if values.null_count else codes
    missing = pc.is_in(words, value_set=pa.array(_MISSING_WORDS)).to_numpy(zero_copy_only=False)
    present = words.filter(pa.array(~missing))
    lookup = np.full(len(words) + 1, -1, dtype=np.int32)
    lookup[:-1][~missing] = np.arange(len(present))
    codes = lookup[codes]
    numbers = _parsed(present, decimal_comma)
    if numbers is None:
        coded = present.dictionary_encode()
        again = np.append(coded.indices.to_numpy(), -1)
        return pd.Series(pd.Categorical.from_codes(again[codes], coded.dictionary.to_pylist()))
    if (codes >= 0).all():
        return pd.Series(numbers[codes])
    return pd.Series(np.append(numbers.astype(np.float64), np.nan)[codes])


def _parsed(words: pa.StringArray, decimal_comma: bool) -> np.ndarray | None:
    """The texts as int64 or float64, or None when one of them is no number."""
    if not len(words):
        return None
    if decimal_comma:
        words = pc.replace_substring(words, ",", ".")
    if pc.all(pc.match_substring_regex(words, _WHOLE)).as_py():
        kind = pa.int64()
    elif pc.all(pc.match_substring_regex(words, _DECIMAL)).as_py():
        kind = pa.float64()
    else:
        return None
    return pc.replace_substring_regex(words, r"^\+", "").cast(kind).to_numpy()
