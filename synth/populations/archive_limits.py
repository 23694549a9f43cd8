"""What the parts of a population's file would unpack to, reckoned before it is done.

A few kilobytes can promise gigabytes: a table of noughts, a bin numbered a thousand million, rows
that repeat one value. Everything here looks at names and numbers of what was written down, never at
what they stand for.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from synth.errors import PopulaceError

JSON_BYTES = 64 * 2**20
JSON_VALUES = 4_000_000
"""The most values of one JSON part; each takes some 60 bytes once it is read."""
COLUMNS = 4000
PIECES = 1_000_000
"""The most runs that the values of all columns are drawn from."""
STATES = 100_000
"""The most levels and bins of all columns together."""
CELLS = 8_000_000
"""The most numbers of all tables together, 8 bytes each."""
COUNTS = 40_000_000
"""The most counts of all pairs of columns."""
TABLE_CELLS = 100_000_000
"""The most cells of the real rows."""


def check_size(parts: Mapping[str, bytes], name: str) -> None:
    """Raise a PopulaceError where the parts of a file would unpack to more than it may.

    Parameters
    ----------
    parts : mapping of str to bytes
        Content by the part's name.
    name : str
        What the file is called in the sentence.
    """
    for part, content in parts.items():
        if part.endswith(".json"):
            _check_json(part, content, name)
        elif part.endswith(".parquet"):
            _check_rows(content, name)


def _check_json(part: str, content: bytes, name: str) -> None:
    values = content.count(b",") + content.count(b"[") + content.count(b"{")
    _check(len(content), JSON_BYTES, "bytes", part, name)
    _check(values, JSON_VALUES, "values", part, name)
    if part not in ("network.json", "reference.json"):
        return
    try:
        value = json.loads(content)
        sizes = _network(value) if part == "network.json" else _reference(value)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return  # whoever reads it says what is wrong with it
    limits = {"columns": COLUMNS, "pieces": PIECES, "levels and bins": STATES, "numbers": CELLS}
    for what, size in sizes.items():
        _check(size, limits.get(what, COUNTS), what, part, name)


def _network(value: Mapping[str, Any]) -> dict[str, int]:
    """Columns, pieces, states and table cells of a network, by what its JSON says."""
    states: dict[str, int] = {}
    pieces = 0
    for entry in value["schema"]["columns"]:
        column = value["columns"].get(entry["name"])
        if column is None or "gaussian" in column:
            continue
        runs = column["pieces"]
        if runs is None:
            count = len(entry.get("levels") or ()) or 2
        else:
            count = max(map(int, runs["bin"]), default=0) + 1
            pieces += max(len(runs[key]) for key in ("first", "last", "bin", "weight"))
        states[entry["name"]] = count + bool(entry.get("missing"))
    cells = 0
    for column, count in states.items():
        above = [states.get(str(parent), 1) for parent in value["columns"][column]["parents"]]
        cells += math.prod(above) * count
    return {
        "columns": len(value["columns"]),
        "pieces": pieces,
        "levels and bins": sum(states.values()),
        "numbers": cells,
    }


def _reference(value: Mapping[str, Any]) -> dict[str, int]:
    """Columns and counts of the real people's tables, by what their JSON says."""
    sizes = {column: len(each["labels"]) for column, each in value["columns"].items()}
    counts = sum(sizes[a] * sizes[b] for a, b, _ in value["pairs"])
    return {"columns": len(sizes), "counts": counts}


def _check_rows(content: bytes, name: str) -> None:
    try:
        about = pq.read_metadata(io.BytesIO(content))
    except (pa.ArrowException, OSError, ValueError):
        return
    _check(about.num_rows * max(about.num_columns, 1), TABLE_CELLS, "cells", "its rows", name)


def _check(size: int, most: int, what: str, part: str, name: str) -> None:
    if size > most:
        raise PopulaceError(
            f"{name} would unpack to far more than a population needs: {size:,} {what} in {part} "
            f"where {most:,} are the most."
        )
