"""Drawn families as tables: keys, counters, and columns as the sources had them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa

from synth.data.writers import write_file
from synth.data.written import written_table
from synth.linked.drawing import FamiliesGiven
from synth.linked.families import Families
from synth.linked.model import LinkedModel, Shape
from synth.linked.population import LinkedPopulation
from synth.linked.siblings import frame_of

PIECE = 20_000
"""Families that are drawn and written at once."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""When every file in an archive was made, so that the same families give the same bytes."""


def frames(model: LinkedModel, families: Families, start: int = 0) -> dict[str, pd.DataFrame]:
    """Families as frames in canonical dtypes, with keys.

    Parameters
    ----------
    model : LinkedModel
        What drew them.
    families : Families
        The families.
    start : int
        The first family's number; keys of the root count from 1.

    Returns
    -------
    dict of str to DataFrame
        Table → its rows; a row of a child names its parent's. The key of a row that has rows
        below it is its parent's, a dash, and its place.
    """
    top = model.shapes[0]
    numbers = pd.Series(np.arange(start + 1, start + 1 + len(families)))
    keys = {top.name: numbers}
    parents = families.parents[[c.name for c in top.schema.modelled]]
    out = {top.name: _placed(top, parents.assign(**{top.key: numbers}))}
    for shape in model.shapes[1:]:
        rows = families.rows[shape.name]
        begin = np.repeat(np.cumsum(rows.counts) - rows.counts, rows.counts)
        place = np.arange(len(begin)) - begin
        above = keys[shape.parent].repeat(rows.counts).reset_index(drop=True)
        frame = frame_of(rows)[[c.name for c in shape.schema.modelled]]
        frame[shape.link] = above
        if shape.counter:
            frame[shape.counter] = place + shape.counts_from
        if shape.key:
            keys[shape.name] = above.astype(str) + "-" + pd.Series(place + 1).astype(str)
            frame[shape.key] = keys[shape.name]
        out[shape.name] = _placed(shape, frame)
    return out


def _placed(shape: Shape, frame: pd.DataFrame) -> pd.DataFrame:
    return frame[list(shape.columns)]


def tables(
    model: LinkedModel, families: Families, start: int = 0, seed: int | None = None
) -> dict[str, pa.Table]:
    """Families as Arrow tables in the sources' dtypes and words, marked as synthetic."""
    drawn = frames(model, families, start)
    return {
        shape.name: written_table(drawn[shape.name], shape.schema.modelled, seed)
        for shape in model.shapes
    }


def file_name(population: LinkedPopulation, table: str) -> str:
    """What a table's file is called: as its source, where that was CSV or Parquet."""
    source = Path(population.files.get(table, ""))
    return source.name if source.suffix in (".csv", ".parquet") else f"{table}.parquet"


def write_linked(
    population: LinkedPopulation,
    given: FamiliesGiven,
    count: int,
    folder: str | Path,
    *,
    seed: int = 0,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, int]:
    """Draw families and write one file a table, piece by piece.

    Parameters
    ----------
    population : LinkedPopulation
        Whose names the files get.
    given : FamiliesGiven
        Which families.
    count : int
        How many.
    folder : path
        Made where it is not there.
    seed : int
        The same seed gives the same families.
    progress : callable
        Gets how many families are written.

    Returns
    -------
    dict of str to int
        File name → rows.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    pieces: dict[str, list[pa.Table]] = {shape.name: [] for shape in population.model.shapes}
    for start in range(0, max(count, 1), PIECE):
        some = given.families(min(PIECE, count - start), seed, start=start)
        for name, table in tables(population.model, some, start, seed).items():
            pieces[name].append(table)
        progress(start + len(some))
    out = {}
    for name, parts in pieces.items():
        file = file_name(population, name)
        write_file(target / file, parts)
        out[file] = sum(part.num_rows for part in parts)
    return out


def zip_linked(
    population: LinkedPopulation, given: FamiliesGiven, count: int, *, seed: int = 0
) -> bytes:
    """Drawn families as a ZIP archive of one file a table; see `write_linked`."""
    out = io.BytesIO()
    with TemporaryDirectory(prefix="populace-") as folder:
        files = write_linked(population, given, count, folder, seed=seed)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in files:
                info = zipfile.ZipInfo(name, _EPOCH)
                archive.writestr(info, (Path(folder) / name).read_bytes(), zipfile.ZIP_DEFLATED, 6)
    return out.getvalue()
