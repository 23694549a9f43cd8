"""Drawn families as numbers: some of them, several together, some in place of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synth.linked.features import Rows


@dataclass(frozen=True, eq=False)
class Families:
    """Families as numbers.

    Attributes
    ----------
    parents : DataFrame
        The root's rows with their plans, in canonical dtypes.
    rows : mapping of str to Rows
        The other tables; `counts` are over the rows of the table above.
    above : mapping of str to str
        The table above each; empty for the root.
    """

    parents: pd.DataFrame
    rows: Mapping[str, Rows]
    above: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.parents)

    @property
    def sizes(self) -> np.ndarray:
        """How many rows each family has right below its parent; int64."""
        out = np.zeros(len(self), np.int64)
        for name, some in self.rows.items():
            if not self.above[name]:
                out += some.counts
        return out


def kept(families: Families, keep: np.ndarray) -> Families:
    """Some families, with all of their rows at every level."""
    if keep.all():
        return families
    masks = {"": keep}
    rows: dict[str, Rows] = {}
    for name, some in families.rows.items():
        above = families.above[name]
        rows[name] = some.kept(masks[above])
        masks[name] = np.repeat(masks[above], some.counts)
    return Families(families.parents[keep].reset_index(drop=True), rows, families.above)


def joined(parts: Sequence[Families]) -> Families:
    if len(parts) == 1:
        return parts[0]
    parents = pd.concat([part.parents for part in parts], ignore_index=True)
    rows = {
        name: Rows(
            some.schema,
            np.concatenate([part.rows[name].counts for part in parts]),
            np.concatenate([part.rows[name].values for part in parts], axis=1),
        )
        for name, some in parts[0].rows.items()
    }
    return Families(parents, rows, parts[0].above)


def replaced(families: Families, places: np.ndarray, others: Families) -> Families:
    """The families with others' rows in some of their places, in the others' order; int64.

    Parents stay as they are.
    """
    if not len(places):
        return families
    stay = np.ones(len(families), bool)
    stay[places] = False
    rest = np.flatnonzero(stay)
    both = joined([kept(without_parents(families), stay), without_parents(others)])
    ordered = _ordered(both, np.argsort(np.concatenate([rest, places]), kind="stable"))
    return Families(families.parents, ordered.rows, families.above)


def without_parents(families: Families) -> Families:
    """The rows alone; parents without columns, which cost nothing to move."""
    bare = pd.DataFrame(index=pd.RangeIndex(len(families)))
    return Families(bare, families.rows, families.above)


def _ordered(families: Families, order: np.ndarray) -> Families:
    """The families in another order, with their rows at every level."""
    orders = {"": order}
    rows: dict[str, Rows] = {}
    for name, some in families.rows.items():
        above = orders[families.above[name]]
        counts = some.counts[above]
        begin = (np.cumsum(some.counts) - some.counts)[above]
        inside = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        orders[name] = np.repeat(begin, counts) + inside
        rows[name] = Rows(some.schema, counts, some.values[:, orders[name]])
    parents = families.parents.iloc[order].reset_index(drop=True)
    return Families(parents, rows, families.above)
