"""JSON lines, and JSON lists of records, as an Arrow table."""

from __future__ import annotations

import json
import re

import pyarrow as pa
import pyarrow.json as pa_json

from synth.errors import PopulaceError

_DEEPEST = 32
_DEEP = re.compile(rb'(?:[\[{]\s*(?:"[^"\n]{0,200}"\s*:\s*)?){%d}' % _DEEPEST)
_LIST_LIMIT = 64 * 2**20
_CHANGED = re.compile(r"Column\(/(.+?)\) changed from (\w+) to (\w+) in row (\d+)")
_WORDS = {"string": "text", "boolean": "true or false", "object": "a record", "array": "a list"}


def read_records(content: bytes, name: str) -> pa.Table:
    """A table of JSON records: one a line, or all in one list.

    Parameters
    ----------
    content : bytes
        UTF-8 text.
    name : str
        How sentences call it.

    Returns
    -------
    pa.Table
        A column for each key; lists and records inside stay nested.

    Raises
    ------
    PopulaceError
        It is another kind of JSON document, is broken, or a column changes its type.
    """
    content = content.strip()
    if _DEEP.search(content):
        raise PopulaceError(f"{name} is too deeply nested: save a plain table.")
    if content.startswith(b"["):
        content = _lines_of(content, name)
    elif not _is_record(content.split(b"\n", 1)[0]) or b"\n" not in content:
        raise PopulaceError(
            f"{name} is a JSON document and no table: save one record a line (JSON lines), or CSV."
        )
    block = max(len(content) + 1, 2**20)
    try:
        return pa_json.read_json(
            pa.BufferReader(content), read_options=pa_json.ReadOptions(block_size=block)
        )
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise PopulaceError(_fault(str(error), name)) from error


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _lines_of(content: bytes, name: str) -> bytes:
    """A list of records as JSON lines."""
    if len(content) > _LIST_LIMIT:
        raise PopulaceError(
            f"{name} is a JSON list of more than {_LIST_LIMIT // 2**20} MB: save one record a line."
        )
    try:
        records = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise PopulaceError(f"{name} is broken JSON: save it anew.") from error
    if not all(isinstance(record, dict) for record in records):
        raise PopulaceError(f"{name} is a JSON list, but not of records: save it as CSV.")
    return "\n".join(json.dumps(record) for record in records).encode()


def _fault(message: str, name: str) -> str:
    changed = _CHANGED.search(message)
    if changed:
        column, before, after, row = changed.groups()
        return (
            f"Column {column} of {name} holds {_WORDS.get(before, before + 's')} and in row "
            f"{int(row) + 1} {_WORDS.get(after, 'a ' + after)}: write all its values alike."
        )
    row = re.search(r"in row (\d+)", message)
    where = f" (row {int(row[1]) + 1})" if row else ""
    return f"{name} is broken JSON{where}: save one record a line."
