"""Learned families with their titles, card and aggregate counts of the real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from synth.data.column import Column
from synth.data.evidence import exact_text
from synth.linked.families import Families
from synth.linked.features import Rows
from synth.linked.model import LinkedModel
from synth.linked.tables import LinkedTables

BINS = 12
"""Ranges of a number in the counts, at most."""
FEW = 5
"""Counts below it are shipped as none: no aggregate speaks of so few families."""


@dataclass(frozen=True)
class Counts:
    """How often each place of a column occurs.

    Attributes
    ----------
    table, column : str
        The column; an empty one counts the rows of the families.
    labels : tuple of str
        The places in words.
    edges : tuple of float
        Where numbers are cut; empty for levels.
    counts : tuple of int
        Of the real families or rows.
    """

    table: str
    column: str
    labels: tuple[str, ...]
    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def of(self, values: np.ndarray) -> np.ndarray:
        """Counts of other values in the same places; numbers, or codes of levels."""
        places = len(self.labels)
        if self.edges:
            known = values[~np.isnan(values)]
            codes = np.searchsorted(self.edges, known, side="left")
        else:
            codes = values[values < places].astype(np.int64)
        return np.bincount(codes, minlength=places)[:places]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "table": self.table,
            "column": self.column,
            "labels": list(self.labels),
            "edges": list(self.edges),
            "counts": list(self.counts),
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Counts:
        """What `to_json` wrote; a ValueError where it does not fit."""
        counts = Counts(
            str(value["table"]),
            str(value["column"]),
            tuple(map(str, value["labels"])),
            tuple(map(float, value["edges"])),
            tuple(map(int, value["counts"])),
        )
        fits = not counts.edges or len(counts.edges) + 1 == len(counts.labels)
        if (
            len(counts.counts) != len(counts.labels)
            or not fits
            or min(counts.counts, default=0) < 0
        ):
            raise ValueError("counts")
        return counts


@dataclass(frozen=True, eq=False)
class LinkedPopulation:
    """Families that were learned, and what is said of them.

    Attributes
    ----------
    name, title, note : str
        The folder's name, words for the screen, and one sentence on whom it speaks of.
    model : LinkedModel
        What was learned.
    families : int
        How many real ones it was learned from.
    counts : tuple of Counts
        Of the real families.
    files : mapping of str to str
        Table → the name of the file that it came from.
    notes : tuple of str
        On keys, orphans and parents without rows.
    card : str
        Source, licence and meaning, in Markdown.
    """

    name: str
    title: str
    note: str
    model: LinkedModel
    families: int
    counts: tuple[Counts, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    card: str = ""


def families_of(tables: LinkedTables) -> Families:
    """Real tables as families: the root and the tables right below it."""
    rows = {
        child.name: Rows.of(child.schema.modelled, child.frame, child.rows)
        for child in tables.children(tables.root.name)
    }
    return Families(tables.root.frame, rows, dict.fromkeys(rows, ""))


def count_families(tables: LinkedTables) -> tuple[Counts, ...]:
    """Aggregate counts of real families: rows of a family, and every column by itself."""
    families = families_of(tables)
    root = tables.root
    top = Rows.of(root.schema.modelled, root.frame, np.ones(len(root), np.int64))
    out = [
        replace(
            _counted(name, Column("rows", "integer"), rows.counts.astype(np.float64)), column=""
        )
        for name, rows in families.rows.items()
    ]
    for name, rows in {root.name: top, **families.rows}.items():
        out += [_counted(name, column, rows.column(column.name)) for column in rows.schema]
    return tuple(out)


def _counted(table: str, column: Column, values: np.ndarray) -> Counts:
    labels, edges = column.levels, np.zeros(0)
    if column.is_number:
        known = values[~np.isnan(values)]
        distinct = np.unique(known)
        if len(distinct) <= BINS:
            edges = (distinct[:-1] + distinct[1:]) / 2
            labels = tuple(exact_text(column, float(v)) for v in distinct)
        else:
            step = column.step if column.step and column.step >= 1 else 0.0
            ends = np.linspace(distinct[0], distinct[-1], BINS + 1)[1:-1]
            edges = np.unique(np.floor(ends) if step else ends)
            low = [float(distinct[0]), *(float(e) + step for e in edges)]
            high = [*map(float, edges), float(distinct[-1])]
            labels = tuple(
                f"{exact_text(column, round(a, 3))} to {exact_text(column, round(b, 3))}"
                for a, b in zip(low, high, strict=True)
            )
    empty = Counts(table, column.name, tuple(labels), tuple(map(float, edges)), ())
    counts = empty.of(values)
    counts[counts < FEW] = 0
    return Counts(table, column.name, empty.labels, empty.edges, tuple(map(int, counts)))
