"""A table that nobody stores, as a dataset that engines scan with their filters and columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from synth.data.evidence import Evidence
from synth.errors import ImpossibleError, PopulaceError
from synth.generators.base import Conditional
from synth.populations import Population
from synth.virtual.pushdown import pushed
from synth.virtual.reader import BATCH_ROWS, batches, check_numbers, drawing


def table(
    population: Population,
    rows: int,
    seed: int = 0,
    *,
    where: str | Evidence = "",
    start: int = 0,
    threads: int | None = None,
    batch_rows: int = BATCH_ROWS,
) -> VirtualTable:
    """A population as a table of `rows` people for DuckDB, Polars or `pyarrow.dataset`.

    A filter about single columns becomes evidence: as many people are drawn as are like that among
    `rows` on average (rows · P, rounded), all of whom pass. They are people number 0 and on *of
    that question*, not those of the unfiltered table who happen to pass. Other filters, and
    populations that are not exact, are filtered after drawing.

    Parameters
    ----------
    population : Population
        Whom to draw from.
    rows : int
        How many people the table has.
    seed : int
        The same seed, the same people.
    where : str or Evidence
        What is known of all of them.
    start : int
        The number of the first person.
    threads : int, optional
        All processors when None.
    batch_rows : int
        Rows of a batch.

    Returns
    -------
    VirtualTable
        To be scanned as often as one likes.

    Raises
    ------
    PopulaceError
        Nobody is like that, or a number makes no sense.
    """
    check_numbers(rows, start, batch_rows)
    known = population.evidence(where) if isinstance(where, str) else where
    return VirtualTable(population, population.given(known), rows, seed, start, threads, batch_rows)


class VirtualTable(ds.Dataset):
    """What `table` returns: a `pyarrow.dataset.Dataset` without files.

    Engines ask it for a `scanner` with the columns and the filter of a query; everything else of a
    dataset (`to_table`, `head`, `count_rows`, `to_batches`) goes through that.
    """

    def __init__(
        self,
        population: Population,
        people: Conditional,
        rows: int,
        seed: int,
        start: int,
        threads: int | None,
        batch_rows: int,
    ) -> None:
        # Arrow's own datasets are made by Arrow; one written in Python calls nothing above it.
        self._population, self._people = population, people
        self._rows, self._seed, self._start = rows, seed, start
        self._threads, self._batch_rows = threads, batch_rows
        self._schema: pa.Schema = people.sample_arrow(0, seed).schema

    def __reduce__(self) -> tuple[Any, ...]:
        raise PopulaceError("A virtual table stays in its process: make one where it is read.")

    @property
    def schema(self) -> pa.Schema:
        """The columns, with their types."""
        return self._schema

    def scanner(
        self,
        columns: Sequence[str] | None = None,
        filter: pc.Expression | None = None,
        **_: Any,
    ) -> Scan:
        """What a query reads.

        Parameters
        ----------
        columns : sequence of str, optional
            The columns that are read; all when left out.
        filter : pyarrow.compute.Expression, optional
            Who is read.

        Returns
        -------
        Scan
            With `to_reader`, `to_table`, `to_batches`, `head` and `count_rows`.
        """
        names = self._schema.names if columns is None else list(columns)
        if not isinstance(names, list):
            raise PopulaceError("Columns that are worked out are the engine's: name columns.")
        people, low, high = self._people, self._start, self._start + self._rows
        if filter is None:
            return self._scan(people, names, low, high)
        part = pushed(people, filter)
        if part.nobody:
            return self._scan(people, names, 0, 0)
        if part.facts:
            known = people.evidence | part.facts
            narrowed = self._narrowed(known)
            if narrowed is None:
                return self._scan(people, names, 0, 0)
            share = math.exp(min(narrowed.log_probability - people.log_probability, 0.0))
            low, high = round(low * share), round(high * share)
            people = narrowed
        return self._scan(people, names, low, high, part.rest, part.columns)

    def _narrowed(self, known: Evidence) -> Conditional | None:
        """People of whom more is known; None where nobody is like that."""
        try:
            return self._population.given(known)
        except ImpossibleError:
            return None

    def _scan(
        self,
        people: Conditional,
        names: list[str],
        low: int,
        high: int,
        rest: pc.Expression | None = None,
        used: Sequence[str] = (),
    ) -> Scan:
        drawn = [*names, *(name for name in used if name not in names)]
        # A query that only counts names no column: whichever is cheapest is drawn and dropped.
        draw = drawing(people, drawn or self._schema.names[:1])
        parts = batches(
            draw,
            high - low,
            self._seed,
            start=low,
            threads=self._threads,
            batch_rows=self._batch_rows,
        )
        chosen = pa.schema([self._schema.field(name) for name in names], self._schema.metadata)
        return Scan(chosen, parts, rest)

    def to_batches(self, columns: Any = None, filter: Any = None, **more: Any) -> Any:
        """The people as batches; as `scanner`."""
        return self.scanner(columns, filter, **more).to_batches()

    def to_table(self, columns: Any = None, filter: Any = None, **more: Any) -> pa.Table:
        """All of the people at once; as `scanner`."""
        return self.scanner(columns, filter, **more).to_table()

    def head(self, num_rows: int, columns: Any = None, filter: Any = None, **more: Any) -> pa.Table:
        """The first people; as `scanner`."""
        return self.scanner(columns, filter, **more).head(num_rows)

    def count_rows(self, filter: Any = None, **more: Any) -> int:
        """How many people there are; as `scanner`."""
        return self.scanner([], filter, **more).count_rows()


@dataclass
class Scan:
    """One reading of a table; read it once.

    Attributes
    ----------
    projected_schema : pyarrow.Schema
        The columns that are read.
    parts : iterator of pyarrow.RecordBatch
        The people as they are drawn, perhaps with further columns.
    rest : pyarrow.compute.Expression or None
        Which of them are left out still.
    """

    projected_schema: pa.Schema
    parts: Iterator[pa.RecordBatch]
    rest: pc.Expression | None = None

    def to_batches(self) -> Iterator[pa.RecordBatch]:
        """The people as batches."""
        names = self.projected_schema.names
        for batch in self._passing():
            if names:
                yield batch.select(names).cast(self.projected_schema)
            else:  # nothing but a number of rows
                rows = pa.nulls(batch.num_rows, pa.struct([]))
                batch = pa.RecordBatch.from_struct_array(rows)
                yield batch.replace_schema_metadata(self.projected_schema.metadata)

    def _passing(self) -> Iterator[pa.RecordBatch]:
        for batch in self.parts:
            yield batch if self.rest is None else batch.filter(self.rest)

    def to_reader(self) -> pa.RecordBatchReader:
        """The people as a stream."""
        return pa.RecordBatchReader.from_batches(self.projected_schema, self.to_batches())

    def to_table(self) -> pa.Table:
        """All of the people at once."""
        return pa.Table.from_batches(list(self.to_batches()), self.projected_schema)

    def head(self, num_rows: int) -> pa.Table:
        """The first people."""
        kept: list[pa.RecordBatch] = []
        left = num_rows
        for batch in self.to_batches():
            if left <= 0:
                break
            kept.append(batch.slice(0, left))
            left -= kept[-1].num_rows
        return pa.Table.from_batches(kept, self.projected_schema)

    def count_rows(self) -> int:
        """How many people there are."""
        return sum(batch.num_rows for batch in self._passing())
