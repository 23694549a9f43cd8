"""How well learned families stand beside families that they were not learned from.

Every figure has its reference: what real families get that are as many. ``family_auc``: can
gradient boosting tell a whole family, by its parent's columns and summaries of its rows, from a
real one?
``cardinality``: total variation distance of the number of rows. ``parent_child``: the same of pairs
of a parent's and a row's column, averaged. ``siblings``: of a column's values in a row and in the
next of the same family. ``in_order``: the share of families whose rows stand in order. ``orphans``
and ``repeated``: rows whose key names no parent, and keys that stand twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from synth.data.column import Column
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.evaluate.distances import tvd
from synth.evaluate.fidelity import classifier_aucs
from synth.linked.families import Families
from synth.linked.features import Rows, codes_of, family_frame, family_schema, features_of
from synth.linked.learning import learn_linked
from synth.linked.plans import Grouped
from synth.linked.population import families_of
from synth.linked.tables import LinkedTables

PLACES = 10
"""Quantile bins of a number in pairs of columns."""
SEEDS = 3
"""Splits of the classifier that are averaged."""


@dataclass(frozen=True)
class TableScores:
    """Figures of a child table; `fresh` stands for real families that nobody learned from.

    Attributes
    ----------
    rows_real, rows_synthetic : float
        Rows of a family, on average.
    cardinality, cardinality_fresh : float
        Total variation distance of the number of rows, 0 to 1.
    parent_child, parent_child_fresh : float
        Of pairs of a parent's and a row's columns, averaged.
    siblings, siblings_fresh : float
        Of pairs of a row's value and the next row's, averaged over columns; 0 without any.
    in_order, in_order_fresh : float or None
        The share of families whose rows stand in order; None where the table has no order.
    """

    rows_real: float
    rows_synthetic: float
    cardinality: float
    cardinality_fresh: float
    parent_child: float
    parent_child_fresh: float
    siblings: float
    siblings_fresh: float
    in_order: float | None
    in_order_fresh: float | None


@dataclass(frozen=True)
class LinkedScores:
    """Figures of families beside real ones that they were not learned from.

    Attributes
    ----------
    families : int
        On each side.
    family_auc, family_fresh : float
        Area under the ROC curve by which gradient boosting tells whole families from real ones,
        and real families from real ones; 0.5 is chance.
    tables : mapping of str to TableScores
        By child table of the root.
    broken_rules : mapping of str to float
        The rules that were found, and the share of families that break them.
    """

    families: int
    family_auc: float
    family_fresh: float
    tables: Mapping[str, TableScores]
    broken_rules: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """The figures by name."""
        return asdict(self)


def judge_linked(
    tables: LinkedTables,
    *,
    refine: bool = True,
    seed: int = 0,
    progress: Callable[[float, str], None] = lambda share, words: None,
) -> LinkedScores:
    """Learn from half of the families and judge with the other half.

    Parameters
    ----------
    tables : LinkedTables
        Real families.
    refine : bool
        As in `learn_linked`.
    seed : int
        Of the halves, of learning and of drawing.
    progress : callable
        Gets the share that is done, and words.
    """
    order = np.random.default_rng(seed).permutation(len(tables.root))
    known, unseen = (tables.part(np.sort(half)) for half in np.array_split(order, 2))
    model = learn_linked(
        known, refine=refine, seed=seed, progress=lambda s, words: progress(0.6 * s, words)
    )
    progress(0.6, "Drawing families")
    drawn = model.given().families(len(unseen.root), seed=seed)
    broken = {
        str(rule): float(1 - rule.holds(drawn.parents, drawn.rows).mean()) for rule in model.rules
    }
    progress(0.8, "Judging with families kept apart")
    return compare_linked(unseen, drawn, known, broken, seed=seed)


def compare_linked(
    unseen: LinkedTables,
    drawn: Families,
    fresh: LinkedTables,
    broken: Mapping[str, float] | None = None,
    *,
    seed: int = 0,
) -> LinkedScores:
    """Set drawn families beside real ones.

    Parameters
    ----------
    unseen : LinkedTables
        Real families, which judge.
    drawn : Families
        The synthetic ones.
    fresh : LinkedTables
        Other real families, which say what chance alone would show.
    broken : mapping of str to float, optional
        Rules and the share of families that break them.
    seed : int
        Of the classifier.
    """
    if not len(drawn) or not len(unseen.root) or not len(fresh.root):
        raise PopulaceError("Families are compared with families: bring some of both.")
    real, other = families_of(unseen), families_of(fresh)
    children = unseen.children(unseen.root.name)
    own = unseen.root.schema.modelled
    features = features_of(real.rows, {child.name: child.order for child in children})
    schema = family_schema(own, real.rows, features)
    frames = []
    for each in (real, drawn, other):
        rows = {name: each.rows[name] for name in real.rows}
        frame = family_frame(each.parents[list(own.names)], rows, features)
        frames.append(make_table(frame, schema).frame)
    aucs = [
        float(
            np.mean(
                [classifier_aucs(tuple(schema), frames[0], f, seed + s)[1] for s in range(SEEDS)]
            )
        )
        for f in frames[1:]
    ]
    tables = {
        child.name: _table_scores(child.name, child.order, tuple(own), real, drawn, other)
        for child in children
    }
    return LinkedScores(len(drawn), aucs[0], aucs[1], tables, dict(broken or {}))


def _table_scores(
    name: str,
    order: str,
    own: tuple[Column, ...],
    real: Families,
    drawn: Families,
    other: Families,
) -> TableScores:
    sides = (real, drawn, other)
    rows = [side.rows[name] for side in sides]
    most = max(int(some.counts.max(initial=0)) for some in rows) + 1
    sizes = [np.bincount(some.counts, minlength=most) for some in rows]
    above = [_Places.of(c, _numbers(c, real.parents[c.name])) for c in own]
    below = [_Places.of(c, rows[0].column(c.name)) for c in rows[0].schema]
    parents = [
        [p.codes(_numbers(c, side.parents[c.name])) for c, p in zip(own, above, strict=True)]
        for side in sides
    ]
    values = [
        [p.codes(some.column(c.name)) for c, p in zip(rows[0].schema, below, strict=True)]
        for some in rows
    ]
    pairs = [
        [
            np.bincount(np.repeat(x, some.counts) * b.size + y, minlength=a.size * b.size)
            for x, a in zip(parent, above, strict=True)
            for y, b in zip(value, below, strict=True)
        ]
        for parent, value, some in zip(parents, values, rows, strict=True)
    ]
    follows = [_follows(some.counts) for some in rows]
    steps = [
        [
            np.bincount(y[at - 1] * b.size + y[at], minlength=b.size**2)
            for y, b in zip(value, below, strict=True)
        ]
        for value, at in zip(values, follows, strict=True)
    ]
    shares = [_in_order(some, order) for some in rows]
    return TableScores(
        rows_real=float(rows[0].counts.mean()),
        rows_synthetic=float(rows[1].counts.mean()),
        cardinality=tvd(sizes[0], sizes[1]),
        cardinality_fresh=tvd(sizes[0], sizes[2]),
        parent_child=_mean_tvd(pairs[0], pairs[1]),
        parent_child_fresh=_mean_tvd(pairs[0], pairs[2]),
        siblings=_mean_tvd(steps[0], steps[1]),
        siblings_fresh=_mean_tvd(steps[0], steps[2]),
        in_order=shares[1],
        in_order_fresh=shares[2],
    )


@dataclass(frozen=True, eq=False)
class _Places:
    """A column cut into bins (numbers) or levels; the last place is missing."""

    edges: np.ndarray | None
    size: int

    @staticmethod
    def of(column: Column, values: np.ndarray) -> _Places:
        if not column.is_number:
            return _Places(None, len(column.levels) + 1)
        known = values[~np.isnan(values)]
        cuts = np.quantile(known, np.arange(1, PLACES) / PLACES) if len(known) else np.zeros(0)
        edges = np.unique(cuts)
        return _Places(edges, len(edges) + 2)

    def codes(self, values: np.ndarray) -> np.ndarray:
        if self.edges is None:
            return values.astype(np.int64)
        codes = np.searchsorted(self.edges, values, side="left")
        return np.where(np.isnan(values), self.size - 1, codes)


def _numbers(column: Column, series: pd.Series) -> np.ndarray:
    if column.is_number:
        return series.to_numpy(np.float64, na_value=np.nan)
    return codes_of(series, len(column.levels)).astype(np.float64)


def _follows(counts: np.ndarray) -> np.ndarray:
    """The places of rows that have a sibling before them."""
    begin = np.repeat(np.cumsum(counts) - counts, counts)
    return np.flatnonzero(np.arange(len(begin)) > begin)


def _in_order(rows: Rows, order: str) -> float | None:
    if not order:
        return None
    x, at = rows.column(order), _follows(rows.counts)
    fallen = np.zeros(rows.values.shape[1])
    fallen[at] = x[at] < x[at - 1]
    return float((Grouped(rows.counts).total(fallen) == 0).mean())


def _mean_tvd(first: list[np.ndarray], second: list[np.ndarray]) -> float:
    distances = [tvd(a, b) for a, b in zip(first, second, strict=True) if a.sum() and b.sum()]
    return float(np.mean(distances)) if distances else 0.0
