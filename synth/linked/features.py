"""A whole family as one row: its parent's columns and summaries of its rows.

What is learned about families as wholes (the density ratio that corrects them) and what judges them
reads families so. Where families are small, the first rows stand in it one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synth.data.column import Column
from synth.data.schema import Schema
from synth.linked.plans import MANY, Grouped

SMALL = 6
"""Families of at most so many rows (nine in ten of them) show their first rows one by one."""
SHOWN = 4
"""So many of them."""
FAMILIES = 50
"""And only places that as many families have."""
WIDE = 60
"""Columns of rows beyond which rows are not shown one by one."""


@dataclass(frozen=True, eq=False)
class Rows:
    """A table's rows as numbers, family by family.

    Attributes
    ----------
    schema : Schema
        The columns.
    counts : int64 array, shape (parents,)
        Rows of each parent.
    values : float64 array, shape (columns, rows)
        Numbers, NaN where missing; codes of levels, missing last.
    """

    schema: Schema
    counts: np.ndarray
    values: np.ndarray

    def column(self, name: str) -> np.ndarray:
        """A column's values."""
        return self.values[self.schema.names.index(name)]

    def kept(self, families: np.ndarray) -> Rows:
        """The rows of some families; bool, shape (parents,)."""
        return Rows(
            self.schema,
            self.counts[families],
            self.values[:, np.repeat(families, self.counts)],
        )

    @staticmethod
    def of(schema: Schema, frame: pd.DataFrame, counts: np.ndarray) -> Rows:
        """Rows of a canonical frame."""
        values = [
            frame[c.name].to_numpy(np.float64, na_value=np.nan)
            if c.is_number
            else codes_of(frame[c.name], len(c.levels)).astype(np.float64)
            for c in schema
        ]
        return Rows(schema, counts, np.stack(values) if values else np.zeros((0, len(frame))))


def codes_of(series: pd.Series, missing: int) -> np.ndarray:
    """The state of each value of a column with levels; `missing` where there is none."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        codes = series.cat.codes.to_numpy().astype(np.int64)
        return np.where(codes < 0, missing, codes)
    return series.to_numpy(dtype=np.float64, na_value=float(missing)).astype(np.int64)


@dataclass(frozen=True)
class Feature:
    """Something about a family's rows.

    Attributes
    ----------
    table, column : str
        The column is empty for the number of rows.
    what : str
        ``rows``, ``first``, ``last``, ``span``, ``mean``, ``least``, ``most``, ``changes``,
        ``distinct``, or the number of a row, ``0`` upwards.
    """

    table: str
    column: str
    what: str

    @property
    def name(self) -> str:
        """What the feature is called."""
        return " ".join(part for part in (self.table, self.column, self.what) if part)

    def of(self, rows: Rows, families: Grouped) -> np.ndarray:
        """Its value of every family; levels as codes, NaN where there is none."""
        if self.what == "rows":
            return rows.counts.astype(np.float64)
        x, column = rows.column(self.column), rows.schema[self.column]
        states = len(column.levels) + 1
        if self.what.isdigit():
            return families.at(x, int(self.what))
        if self.what == "first":
            return families.first(x)
        if self.what == "last":
            return families.last(x)
        if self.what == "span":
            return families.last(x) - families.first(x)
        if self.what == "mean":
            return families.mean(x)
        if self.what == "changes":
            return families.changes(x)
        if self.what == "distinct":
            return families.distinct(x, states)
        if column.is_number:
            return families.extreme(x, least=self.what == "least")
        return families.most(x, states - 1)

    def column_of(self, rows: Rows) -> Column:
        """The feature as a column of a table."""
        levelled = self.what in ("most", "first", "last") or self.what.isdigit()
        source = rows.schema[self.column] if self.column else None
        if source is not None and levelled and not source.is_number:
            return Column(self.name, "categorical", source.levels, missing=True)
        return Column(self.name, "real", missing=True, step=1e-3)


def features_of(rows: Mapping[str, Rows], orders: Mapping[str, str]) -> tuple[Feature, ...]:
    """What is worth knowing of the rows of some tables.

    Parameters
    ----------
    rows : mapping of str to Rows
        The root's children.
    orders : mapping of str to str
        The column that each table is in order of, or nothing.
    """
    out = []
    for table, some in rows.items():
        out.append(Feature(table, "", "rows"))
        small = np.quantile(some.counts, 0.9) <= SMALL and len(some.schema) <= WIDE
        shown = sum(int((some.counts > k).sum()) >= FAMILIES for k in range(SHOWN))
        for column in some.schema:
            if column.name == orders.get(table):
                whats = ["first", "span"]
            elif column.is_number:
                whats = ["mean", "least", "most", "first", "last"]
            elif len(column.levels) > MANY:
                whats = ["distinct", "changes"]
            else:
                whats = ["most", "distinct", "first", "last"]
            if small:
                whats = [w for w in whats if w not in ("first", "last")]
                whats += [str(k) for k in range(shown)]
            out += [Feature(table, column.name, what) for what in whats]
    return tuple(out)


def family_frame(
    parents: pd.DataFrame, rows: Mapping[str, Rows], features: Sequence[Feature]
) -> pd.DataFrame:
    """Families as rows: the parent's columns, then the features."""
    families = {table: Grouped(some.counts) for table, some in rows.items()}
    data: dict[str, Any] = {name: parents[name].array for name in parents}
    for feature in features:
        some = rows[feature.table]
        x = feature.of(some, families[feature.table])
        column = feature.column_of(some)
        if column.is_number:
            data[feature.name] = x
            continue
        codes = np.where(np.isnan(x) | (x >= len(column.levels)), -1, np.nan_to_num(x))
        data[feature.name] = pd.Categorical.from_codes(codes.astype(np.int64), dtype=column.dtype)
    return pd.DataFrame(data, copy=False)


def family_schema(parents: Schema, rows: Mapping[str, Rows], features: Sequence[Feature]) -> Schema:
    """The columns of `family_frame`."""
    return Schema((*parents, *(f.column_of(rows[f.table]) for f in features)))
