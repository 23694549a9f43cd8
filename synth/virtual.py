"""A population as a table of any length that nobody stores: an Arrow reader for DuckDB and Polars.

Row i is person i of the seed, made when it is read and forgotten afterwards, so a table of a
thousand million people takes the memory of one batch. What is known of the people goes into
`where`: the batches then hold such people only, at the full speed, instead of being filtered.

>>> import duckdb
>>> from synth import load, virtual
>>> people = virtual.people(load("us-time-use"), rows=10**9, where="age=..29", columns=["gender"])
>>> duckdb.sql("SELECT gender, count(*) FROM people GROUP BY 1")

Polars takes the same reader: ``polars.from_arrow(virtual.people(population, rows=10**6))``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.generators.base import Conditional
from synth.populations import Population

BATCH_ROWS = 1 << 18
"""Rows that are held at a time."""


def people(
    population: Population,
    rows: int,
    seed: int = 0,
    *,
    where: str | Evidence = "",
    columns: Sequence[str] | None = None,
    start: int = 0,
    threads: int | None = None,
    batch_rows: int = BATCH_ROWS,
) -> pa.RecordBatchReader:
    """People as a stream of Arrow batches; the same as `sample_arrow` of the same question.

    Parameters
    ----------
    population : Population
        Whom to draw from.
    rows : int
        How many people.
    seed : int
        The same seed, the same people.
    where : str or Evidence
        What is known of them; nobody else is made.
    columns : sequence of str, optional
        The columns that are handed out; all when left out.
    start : int
        The number of the first person.
    threads : int, optional
        All processors when None.
    batch_rows : int
        Rows of a batch.

    Returns
    -------
    pyarrow.RecordBatchReader
        To be read once; ask again for another.

    Raises
    ------
    PopulaceError
        Nobody is like that, a column is unknown, or a number makes no sense.
    """
    if rows < 0 or start < 0 or batch_rows < 1:
        raise PopulaceError("Rows and start are 0 or more, and a batch has at least one row.")
    known = population.evidence(where) if isinstance(where, str) else where
    drawn = population.given(known)
    schema = drawn.sample_arrow(0, seed).schema
    if columns is not None:
        for name in columns:
            if name not in schema.names:
                raise PopulaceError(
                    f"There is no column {name[:60]!r}: use {', '.join(schema.names[:8])} …"
                )
        schema = pa.schema([schema.field(name) for name in columns], schema.metadata)
    batches = _batches(drawn, schema, rows, seed, start, threads, batch_rows)
    return pa.RecordBatchReader.from_batches(schema, batches)


def _batches(
    drawn: Conditional,
    schema: pa.Schema,
    rows: int,
    seed: int,
    start: int,
    threads: int | None,
    batch_rows: int,
) -> Iterator[pa.RecordBatch]:
    for low in range(0, rows, batch_rows):
        count = min(batch_rows, rows - low)
        table = drawn.sample_arrow(count, seed, start=start + low, threads=threads)
        yield from table.select(schema.names).to_batches()
