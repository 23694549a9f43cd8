"""The mark of a table that leaves: one more column that says of each row that it is synthetic.

Parquet files say it in their metadata. CSV has no place for a note, and a comment line would break
most readers, so a last column says it; whoever joins or filters the rows later still sees it.
"""

from __future__ import annotations

import pyarrow as pa

COLUMN = "synthetic"


def marked(table: pa.Table) -> pa.Table:
    """The table with a last column, true in every row: `synthetic`, or with lines below it where
    the table has a column of that name itself."""
    name = COLUMN
    while name in table.column_names:
        name += "_"
    return table.append_column(name, pa.repeat(pa.scalar(True), table.num_rows))
