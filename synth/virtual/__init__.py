"""A population as a table of any length that nobody stores, for DuckDB, Polars and Arrow.

Row i is person i of the seed, made when it is read and forgotten afterwards, so a table of a
thousand million people takes the memory of one batch.

`table` is a dataset that engines scan as often as they like: columns that a query does not read are
not drawn, and a filter becomes evidence where it says exactly what evidence can say, so that nobody
is drawn in vain.

>>> import duckdb
>>> from synth import load, virtual
>>> people = virtual.table(load("us-time-use"), rows=10**9)
>>> duckdb.sql("SELECT gender, count(*) FROM people WHERE age < 30 GROUP BY 1")

Polars takes the same table: ``polars.scan_pyarrow_dataset(people)``. `people` is a plain Arrow
reader of one question, to be read once.
"""

from synth.virtual.reader import BATCH_ROWS, people
from synth.virtual.table import VirtualTable, table

__all__ = ["BATCH_ROWS", "VirtualTable", "people", "table"]
