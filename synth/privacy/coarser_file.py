"""The file of a table whose values were made coarser: real people, and it says so."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa

from synth.data.writers import MARK, write_file


def write_coarser(frame: pd.DataFrame, path: Path) -> None:
    """Write real people with coarser values; the file says that they are not synthetic.

    Parameters
    ----------
    frame : pd.DataFrame
        As `mondrian.anonymise` gives it.
    path : Path
        CSV or Parquet, by its ending.
    """
    table = pa.Table.from_pandas(frame, preserve_index=False)
    metadata = {
        MARK: b"",
        b"synthetic": b"Real people with coarser values; they are not synthetic.",
    }
    write_file(path, [table.replace_schema_metadata(metadata)])
