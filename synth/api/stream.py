"""A table of any length as pieces of a file: the first at once, the rest as they are asked for."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from synth.data.writers import csv_bytes
from synth.errors import PopulaceError
from synth.generators.base import STREAM_ROWS, Conditional

Format = Literal["arrow", "parquet", "csv", "json"]
TYPES: dict[str, str] = {
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/x-ndjson",
}
_FIRST, _NEXT = 1 << 8, 1 << 15  # rows; a first piece is small so that it comes at once


def pieces(people: Conditional, rows: int, seed: int, form: str) -> Iterator[bytes]:
    """The bytes of a file of people, piece by piece.

    Parameters
    ----------
    people : Conditional
        Whom to draw; person i is the one of `people.sample`.
    rows, seed : int
        As in `Conditional.sample`.
    form : {"arrow", "parquet", "csv", "json"}
        The file's kind; JSON is one object a line.

    Returns
    -------
    iterator of bytes
        Together they are the file.
    """
    if form not in get_args(Format):
        raise PopulaceError(f"There is no format {form[:20]!r}: use arrow, parquet, csv or json.")
    if form == "csv":
        return _csv(people, rows, seed)
    if form == "json":
        return _lines(people, rows, seed)
    return _binary(people, rows, seed, form)


def tables(people: Conditional, rows: int, seed: int) -> Iterator[pa.Table]:
    """People as Arrow tables: a few first, then more at a time; one empty table for none."""
    low = 0
    while low < rows or low == 0:
        count = min(_FIRST if low == 0 else _NEXT, rows - low)
        yield people.sample_arrow(count, seed, start=low, threads=1)
        low += max(count, 1)


def _csv(people: Conditional, rows: int, seed: int) -> Iterator[bytes]:
    header = 0
    for table in tables(people, rows, seed):
        content = csv_bytes([table])
        yield content[header:]
        header = header or len(csv_bytes([table.slice(0, 0)]))


def _lines(people: Conditional, rows: int, seed: int) -> Iterator[bytes]:
    for table in tables(people, rows, seed):
        lines = (json.dumps(row, ensure_ascii=False, default=str) for row in table.to_pylist())
        yield "".join(f"{line}\n" for line in lines).encode()


class _Pipe(io.RawIOBase):
    """What is written to it can be taken out again."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def write(self, content: object) -> int:
        part = bytes(content)  # type: ignore[call-overload]
        self._parts.append(part)
        self._length += len(part)
        return len(part)

    def tell(self) -> int:
        return self._length

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _binary(people: Conditional, rows: int, seed: int, form: str) -> Iterator[bytes]:
    pipe = _Pipe()
    schema = people.sample_arrow(0, seed).schema
    if form == "arrow":
        with pa.ipc.new_stream(pipe, schema) as writer:
            yield pipe.take()
            for table in tables(people, rows, seed):
                writer.write_table(table)
                yield pipe.take()
        yield pipe.take()
        return
    with pq.ParquetWriter(pipe, schema) as writer:
        yield pipe.take()
        for low in range(0, rows, STREAM_ROWS):
            count = min(STREAM_ROWS, rows - low)
            writer.write_table(people.sample_arrow(count, seed, start=low, threads=1))
            yield pipe.take()
    yield pipe.take()
