"""People as a stream of Arrow batches, only the columns that are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import pyarrow as pa

from synth.bayes.inference import Posterior
from synth.data.evidence import Evidence
from synth.data.writers import mark_synthetic
from synth.errors import PopulaceError
from synth.generators.base import Conditional
from synth.populations import Population
from synth.populations.as_written import AsWritten, canonical

BATCH_ROWS = 1 << 18
"""Rows that are held at a time."""


class DrawArrow(Protocol):
    """Draws people number `start` to `start + rows` of a seed as an Arrow table."""

    def __call__(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pa.Table: ...


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
        The columns that are handed out; all when left out. Of the others only those are drawn
        that these depend on.
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
    check_numbers(rows, start, batch_rows)
    known = population.evidence(where) if isinstance(where, str) else where
    drawn = population.given(known)
    names = drawn.sample_arrow(0, seed).schema.names if columns is None else columns
    draw = drawing(drawn, names)
    parts = batches(draw, rows, seed, start=start, threads=threads, batch_rows=batch_rows)
    return pa.RecordBatchReader.from_batches(draw(0, seed).schema, parts)


def check_numbers(rows: int, start: int, batch_rows: int) -> None:
    """Raise a PopulaceError where a number makes no sense."""
    if rows < 0 or start < 0 or batch_rows < 1:
        raise PopulaceError("Rows and start are 0 or more, and a batch has at least one row.")


def drawing(drawn: Conditional, columns: Sequence[str]) -> DrawArrow:
    """What draws some columns of people, with the values that `sample_arrow` has in them.

    A network draws only the columns that those depend on; of other models, and where rows are
    finished under rules, whole rows are drawn.

    Raises
    ------
    PopulaceError
        A column is unknown.
    """
    known = drawn.sample_arrow(0).schema.names
    for name in columns:
        if name not in known:
            some = ", ".join(known[:8])
            raise PopulaceError(f"There is no column {name[:60]!r}: use {some} …")
    names = list(columns)
    posterior = canonical(drawn)
    if not isinstance(posterior, Posterior) or posterior.transform is not None:
        return _WholeRows(drawn, names)
    return _SomeColumns(drawn, posterior, names)


class _WholeRows:
    def __init__(self, drawn: Conditional, names: list[str]) -> None:
        self._drawn, self._names = drawn, names

    def __call__(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pa.Table:
        table = self._drawn.sample_arrow(rows, seed, start=start, threads=threads)
        return table.select(self._names)


class _SomeColumns:
    def __init__(self, drawn: Conditional, posterior: Posterior, names: list[str]) -> None:
        self._form = drawn.form if isinstance(drawn, AsWritten) else None
        self._sampler, self._names = posterior.sampler(names), names

    def __call__(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pa.Table:
        if self._form is None:
            table = self._sampler.sample_arrow(rows, seed, start=start, threads=threads)
            return mark_synthetic(table, seed).select(self._names)
        frame = self._sampler.sample(rows, seed, start=start, threads=threads)
        return self._form.table(frame, seed).select(self._names)


def batches(
    draw: DrawArrow,
    rows: int,
    seed: int,
    *,
    start: int = 0,
    threads: int | None = None,
    batch_rows: int = BATCH_ROWS,
) -> Iterator[pa.RecordBatch]:
    """People number `start` to `start + rows`, drawn as they are asked for."""
    for low in range(0, rows, batch_rows):
        count = min(batch_rows, rows - low)
        yield from draw(count, seed, start=start + low, threads=threads).to_batches()
