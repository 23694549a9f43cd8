"""The same sampling on a Dask cluster.

Every number of a sample is a function of the seed, the column and the row's number (see
`bayes.random`), so a partition is people number `start` to `start + rows` and nothing else: the
table is the same on one worker, on forty, and in `Posterior.sample`, row for row. (Workers of
different processors may differ in the last bit of Gaussian columns, whose logarithms come from the
processor's own library.)

The network travels as JSON text with its exact numbers, and each worker process works the question
out once. Nothing of ours is pickled; Dask itself sends functions and results between its processes
with cloudpickle, so let only trusted machines join the cluster.

Dask is optional: `pip install "dask[dataframe]" distributed`.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synth.bayes.network import Network
from synth.data.evidence import Evidence
from synth.data.writers import write_parquet as write_parquet_file
from synth.errors import PopulaceError

if TYPE_CHECKING:
    import dask.dataframe as dd

    from synth.bayes.inference import Posterior

PARTITION_ROWS = 1 << 20
"""Rows of a partition; a worker holds a few of them at a time."""
PATIENCE = 10
"""Seconds to wait for a cluster to answer."""


def sample(
    posterior: Posterior, rows: int, seed: int = 0, *, partition_rows: int = PARTITION_ROWS
) -> dd.DataFrame:
    """`posterior.sample(rows, seed)` as a Dask table, drawn when it is computed.

    Parameters
    ----------
    posterior : Posterior
        Whom to draw.
    rows : int
        How many people; the index runs from 0 to `rows` − 1, and divisions are known.
    seed : int
        The same seed gives the same people, however they are divided.
    partition_rows : int
        Rows of each partition but the last.

    Raises
    ------
    PopulaceError
        Dask is not installed, or a number of rows makes no sense.
    """
    dask, frames = _dask()
    bounds = _bounds(rows, partition_rows)
    question = dask.delayed(_question(posterior), pure=True)
    draw = dask.delayed(_draw, pure=True)
    parts = [draw(question, low, high, seed) for low, high in bounds]
    divisions = (*(low for low, _ in bounds), max(rows - 1, 0))
    return frames.from_delayed(
        parts, meta=posterior.sample(0), divisions=divisions, verify_meta=False
    )


def write_parquet(
    posterior: Posterior,
    folder: str | Path,
    rows: int,
    seed: int = 0,
    *,
    partition_rows: int = PARTITION_ROWS,
) -> tuple[Path, ...]:
    """Draw `posterior.sample(rows, seed)` in parallel into a folder of Parquet files.

    Every worker writes its partitions itself, so the folder must be theirs too: the same machine
    or a shared disk. Files are named in the order of their people; pandas and pyarrow read the
    folder as one table. Returns the files.

    Raises
    ------
    PopulaceError
        Dask is not installed, the folder holds something already, or a number of rows makes no
        sense.
    """
    dask, _ = _dask()
    folder = Path(folder).absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PopulaceError(f"{folder} holds something already: name a new folder.")
    bounds = _bounds(rows, partition_rows)
    folder.mkdir(parents=True, exist_ok=True)
    question = dask.delayed(_question(posterior), pure=True)
    # Where a file is written is no value that another run could take over: never pure.
    write = dask.delayed(_write, pure=False)
    files = [folder / f"part-{number:06}.parquet" for number in range(len(bounds))]
    dask.compute(
        *(
            write(question, str(path), low, high, seed)
            for path, (low, high) in zip(files, bounds, strict=True)
        )
    )
    return tuple(files)


def write_on_cluster(
    address: str, posterior: Posterior, folder: str | Path, rows: int, seed: int = 0
) -> tuple[Path, ...]:
    """`write_parquet` on the cluster whose scheduler has this address, such as tcp://head:8786.

    Raises
    ------
    PopulaceError
        As `write_parquet`, or no cluster answers there.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise PopulaceError(
            'Dask is not installed: `pip install "dask[dataframe]" distributed`.'
        ) from error
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise PopulaceError(
            f"No Dask cluster answers at {address}: start one, or mend the address."
        ) from error
    with client:
        return write_parquet(posterior, folder, rows, seed)


def _bounds(rows: int, partition_rows: int) -> list[tuple[int, int]]:
    """First and last + 1 of every partition; one empty partition where nobody is asked for."""
    if rows < 0:
        raise PopulaceError(f"A sample cannot have {rows} rows: ask for none or more.")
    if partition_rows < 1:
        raise PopulaceError(f"A partition cannot have {partition_rows} rows: ask for 1 or more.")
    found = [(low, min(low + partition_rows, rows)) for low in range(0, rows, partition_rows)]
    return found or [(0, 0)]


def _draw(question: str, low: int, high: int, seed: int) -> pd.DataFrame:
    frame = _answer(question).sample(high - low, seed, start=low, threads=1)
    frame.index = pd.RangeIndex(low, high)
    return frame


def _write(question: str, path: str, low: int, high: int, seed: int) -> None:
    table = _answer(question).sample_arrow(high - low, seed, start=low, threads=1)
    write_parquet_file(Path(path), [table])


# ---------------------------------------------------------------------- as text


def _question(posterior: Posterior) -> str:
    """The network and what is asked of it as JSON, with the exact bits of its numbers.

    `Network.to_json` rounds tables to what people could tell apart, yet of 200,000 people drawn
    from a network of the Adult census every thirteenth differed. So the numbers that rounding
    changes travel beside it.
    """
    network = posterior.network
    said = network.to_json()
    rounded = Network.from_json(said)
    tables = {
        name: _text(table)
        for name, table in network.tables.items()
        if not np.array_equal(table, rounded.tables[name])
    }
    weights = {
        name: _text(coding.pieces.weight)
        for name, coding in network.codings.items()
        if coding.pieces is not None
        and not np.array_equal(coding.pieces.weight, rounded.codings[name].pieces.weight)
    }
    return json.dumps(
        {
            "network": said,
            "tables": tables,
            "weights": weights,
            "given": str(posterior.evidence),
            "do": str(posterior.do),
        }
    )


@lru_cache(maxsize=4)
def _answer(question: str) -> Posterior:
    """The posterior that `_question` wrote; worked out once in each process."""
    said = json.loads(question)
    network = Network.from_json(said["network"])
    tables, codings = dict(network.tables), dict(network.codings)
    for name, text in said["tables"].items():
        tables[name] = _numbers(text).reshape(tables[name].shape)
    for name, text in said["weights"].items():
        pieces = replace(codings[name].pieces, weight=_numbers(text))
        codings[name] = replace(codings[name], pieces=pieces)
    exact = replace(network, tables=tables, codings=codings)
    given, do = (Evidence.parse(said[name], exact.schema) for name in ("given", "do"))
    return exact.given(given, do)


def _text(numbers: np.ndarray) -> str:
    return base64.b64encode(numbers.astype("<f8").tobytes()).decode("ascii")


def _numbers(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f8").astype(np.float64)


def _dask() -> tuple[Any, Any]:
    try:
        import dask
        import dask.dataframe as frames
    except ImportError as error:
        raise PopulaceError(
            'Dask is not installed: `pip install "dask[dataframe]" distributed`.'
        ) from error
    return dask, frames
