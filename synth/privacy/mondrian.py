"""Mondrian: values become coarser, as little as may be, until k people share them.

The people are cut in two along the column whose values spread most within them, at its median,
again and again while every part keeps k people (and ℓ, t where these are asked for); a column with
a tree is cut into the branches of its node (K. LeFevre, D. DeWitt, R. Ramakrishnan, "Mondrian
multidimensional k-anonymity", ICDE 2006). Loss is the normalised certainty penalty: the share of a
column's range that a cell leaves open, 0 to 1 (J. Xu et al., "Utility-based anonymization using
local recoding", KDD 2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from synth.data.column import MISSING, Column
from synth.data.evidence import exact_text
from synth.data.formats import DateFormat
from synth.data.schema import Schema
from synth.data.wording import hint
from synth.errors import PopulaceError
from synth.privacy.hierarchy import ANY, Hierarchies, Tree, aligned, date_range
from synth.privacy.risk import Risk, classes_of, codes_of, distances_of, risk


@dataclass(frozen=True)
class Wanted:
    """What the classes of the coarser table must reach.

    Attributes
    ----------
    k : int
        People in each class, at least 1.
    sensitive : tuple of str
        Columns that are not to come out.
    distinct : int
        Different values of each sensitive column in each class (ℓ); 1 asks for nothing.
    closeness : float
        The largest distance of a class from everybody (t); 1 asks for nothing.
    suppress : float
        The largest share of people who may be left out, 0 to 1: classes that lose most go first.
    """

    k: int = 5
    sensitive: tuple[str, ...] = ()
    distinct: int = 1
    closeness: float = 1.0
    suppress: float = 0.0

    def __post_init__(self) -> None:
        if self.k < 1 or self.distinct < 1:
            raise PopulaceError("k and ℓ are whole numbers from 1: give them such values.")
        if not 0 <= self.suppress < 1 or not 0 <= self.closeness <= 1:
            raise PopulaceError("t and the share to leave out lie between 0 and 1: mend them.")
        if (self.distinct > 1 or self.closeness < 1) and not self.sensitive:
            raise PopulaceError("ℓ and t speak of sensitive columns: name one with --sensitive.")


@dataclass(frozen=True, eq=False)
class Anonymised:
    """A table whose people share their quasi-identifiers.

    Attributes
    ----------
    frame : pd.DataFrame
        The rows that are left, quasi-identifiers as coarser texts.
    kept : bool array, shape (rows before,)
        Which rows are left.
    before, after : Risk
        How identifiable people were, and are.
    loss : mapping of str to float
        The normalised certainty penalty of each quasi-identifier, 0 to 1.
    discernibility : float
        The mean number of people that somebody cannot be told from, those left out from nobody:
        Σ class² over people.
    """

    frame: pd.DataFrame
    kept: np.ndarray
    before: Risk
    after: Risk
    loss: dict[str, float]
    discernibility: float

    @property
    def total_loss(self) -> float:
        """The mean loss of all quasi-identifiers."""
        return float(np.mean(list(self.loss.values())))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "rows": len(self.frame),
            "left_out": int((~self.kept).sum()),
            "loss": self.total_loss,
            "loss_by_column": self.loss,
            "discernibility": self.discernibility,
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
        }


class _Axis(Protocol):
    """A quasi-identifier as whole positions."""

    @property
    def places(self) -> np.ndarray:
        """The position of each row; int64 (rows,)."""
        ...

    def spread(self, places: np.ndarray) -> float:
        """The share of the column's range that some positions take, 0 to 1."""
        ...

    def cuts(self, places: np.ndarray) -> list[np.ndarray]:
        """Ways to part some rows: the part of each, best first."""
        ...

    def words(self, places: np.ndarray) -> str:
        """What some positions have in common."""
        ...


@dataclass(frozen=True, eq=False)
class _Line:
    """Values in order: numbers, dates, levels without a tree; a missing value comes first."""

    column: Column
    places: np.ndarray
    values: Sequence[Any]
    at: np.ndarray
    widths: tuple[float, ...] = ()

    def spread(self, places: np.ndarray) -> float:
        whole = self.at[-1] - self.at[0]
        return float((self.at[places.max()] - self.at[places.min()]) / whole) if whole else 0.0

    def cuts(self, places: np.ndarray) -> list[np.ndarray]:
        distinct, counts = np.unique(places, return_counts=True)
        if len(distinct) < 2:
            return []
        left = np.cumsum(counts)[:-1]
        best = int(np.argmax(np.minimum(left, len(places) - left)))
        return [(places > distinct[best]).astype(np.int64)]

    def words(self, places: np.ndarray) -> str:
        low, high = int(places.min()), int(places.max())
        some = list(self.values[low : high + 1])
        known = [value for value in some if value is not None]
        text = self._known(known) if known else ""
        if len(known) < len(some):
            return f"{MISSING} or {text}" if text else MISSING
        return text

    def _known(self, known: Sequence[Any]) -> str:
        if not self.column.is_number:
            return ANY if len(known) == len(self.column.levels) > 1 else "|".join(known)
        low, high = float(known[0]), float(known[-1])
        if isinstance(self.column.format, DateFormat) and self.column.format.unit == "D":
            return date_range(int(low), int(high))
        low, high = aligned(low, high, self.widths, self.column.step or 1.0)
        ends = [exact_text(self.column, end) for end in (low, high)]
        return ends[0] if low == high else "–".join(ends)


@dataclass(frozen=True, eq=False)
class _Branches:
    """Levels with a tree; a missing value is a level."""

    places: np.ndarray
    levels: Sequence[str]
    tree: Tree

    def spread(self, places: np.ndarray) -> float:
        own = self.tree.leaves(self.words(places))
        return (own - 1) / (self.tree.leaves(ANY) - 1) if own > 1 else 0.0

    def cuts(self, places: np.ndarray) -> list[np.ndarray]:
        node = self.words(places)
        below = self.tree.children(node)
        if not below:
            return []
        branch = {
            level: next(i for i, child in enumerate(below) if child in self.tree.path(level))
            for level in {self.levels[place] for place in np.unique(places)}
        }
        part = np.array([branch.get(level, 0) for level in self.levels])[places]
        return [np.unique(part, return_inverse=True)[1]]

    def words(self, places: np.ndarray) -> str:
        return self.tree.common([self.levels[place] for place in np.unique(places)])


def anonymise(
    frame: pd.DataFrame,
    schema: Schema,
    quasi: Sequence[str],
    wanted: Wanted,
    hierarchies: Hierarchies | None = None,
) -> Anonymised:
    """Make quasi-identifiers coarser until k people share them.

    Parameters
    ----------
    frame : pd.DataFrame
        Canonical values.
    schema : Schema
        Of them.
    quasi : sequence of str
        Columns that may be known of a person from elsewhere.
    wanted : Wanted
        What must be reached.
    hierarchies : Hierarchies, optional
        Trees of levels and widths of ranges.

    Raises
    ------
    PopulaceError
        A column is not there, or all people together do not reach it.
    """
    hierarchies = hierarchies or Hierarchies()
    before = risk(frame, quasi, wanted.sensitive)
    axes = {name: axis_of(frame[name], schema[name], hierarchies) for name in quasi}
    sensitive = [_Sensitive.of(frame, name) for name in wanted.sensitive]
    parts = mondrian(list(axes.values()), len(frame), wanted, sensitive)
    losses = {
        name: np.array([axis.spread(axis.places[rows]) for rows in parts])
        for name, axis in axes.items()
    }
    kept = np.ones(len(frame), dtype=bool)
    if wanted.suppress:
        room = int(wanted.suppress * len(frame))
        for place in np.argsort(-sum(losses.values(), np.zeros(len(parts))), kind="stable"):
            if len(parts[place]) <= room and len(parts) > 1:
                kept[parts[place]] = False
                room -= len(parts[place])
    coarse = {name: np.empty(len(frame), dtype=object) for name in axes}
    for rows in parts:
        for name, axis in axes.items():
            coarse[name][rows] = axis.words(axis.places[rows])
    out = frame.assign(**{name: pd.Series(texts, dtype=str) for name, texts in coarse.items()})
    out = out[kept].reset_index(drop=True)
    sizes = np.array([len(rows) for rows in parts])
    left = np.array([kept[rows[0]] for rows in parts])
    people = max(int(sizes[left].sum()), 1)
    return Anonymised(
        out,
        kept,
        before,
        risk(out, quasi, wanted.sensitive),
        {name: float((loss * sizes)[left].sum() / people) for name, loss in losses.items()},
        float((np.bincount(classes_of(out, quasi)) ** 2.0).sum() / people),
    )


def axis_of(values: pd.Series, column: Column, hierarchies: Hierarchies) -> _Axis:
    """A quasi-identifier as positions along a line or down a tree."""
    if column.is_number:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        known = np.unique(numbers[~np.isnan(numbers)])
        places = np.searchsorted(known, np.nan_to_num(numbers)).astype(np.int64)
        absent = np.isnan(numbers)
        widths = hierarchies.widths.get(column.name, ())
        if not absent.any():
            return _Line(column, places, list(known), known, widths)
        places = np.where(absent, 0, np.minimum(places, max(len(known) - 1, 0)) + 1)
        at = np.append(known[:1] - (column.step or 1.0), known)
        return _Line(column, places, [None, *known], at, widths)
    codes = codes_of(values)
    levels: list[str] = [str(level) for level in column.levels]
    if not levels:
        raise PopulaceError(f"Column {column.name} has no levels: leave it out.")
    if column.name in hierarchies.trees:
        names = [*levels, MISSING] if codes.max() >= len(levels) else levels
        return _Branches(codes, names, Tree.of(names, hierarchies.trees[column.name]))
    if codes.max() < len(levels):
        return _Line(column, codes, levels, np.arange(len(levels), dtype=float))
    codes = np.where(codes == len(levels), 0, codes + 1)
    return _Line(column, codes, [None, *levels], np.arange(len(levels) + 1, dtype=float))


@dataclass(frozen=True, eq=False)
class _Sensitive:
    """A sensitive column as codes, with its distribution among everybody."""

    codes: np.ndarray
    everybody: np.ndarray
    ordered: bool

    @staticmethod
    def of(frame: pd.DataFrame, name: str) -> _Sensitive:
        if name not in frame:
            columns = [str(column) for column in frame.columns]
            raise PopulaceError(f"The table has no column {name}{hint(name, columns)}")
        codes = np.unique(codes_of(frame[name]), return_inverse=True)[1]
        kind = frame[name].dtype
        ordered = pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
        return _Sensitive(codes, np.bincount(codes) / len(codes), ordered)


def mondrian(
    axes: Sequence[_Axis], rows: int, wanted: Wanted, sensitive: Sequence[_Sensitive]
) -> list[np.ndarray]:
    """The rows of each class.

    Raises
    ------
    PopulaceError
        All rows together do not reach what is wanted.
    """
    everybody = np.arange(rows)
    if not _reaches([everybody], wanted, sensitive):
        raise PopulaceError(
            "All people together do not reach k, ℓ or t: lower them, or bring more rows."
        )
    left, done = [everybody], []
    while left:
        here = left.pop()
        parts = _best_cut(axes, here, wanted, sensitive)
        if parts is None:
            done.append(here)
        else:
            left += parts
    return done


def _best_cut(
    axes: Sequence[_Axis], here: np.ndarray, wanted: Wanted, sensitive: Sequence[_Sensitive]
) -> list[np.ndarray] | None:
    """The parts of some rows, cut along the column that spreads most; None where none will do."""
    if len(here) < 2 * wanted.k:
        return None
    spreads = [axis.spread(axis.places[here]) for axis in axes]
    for place in np.argsort(spreads, kind="stable")[::-1]:
        if spreads[place] <= 0:
            return None
        for part in axes[place].cuts(axes[place].places[here]):
            parts = [here[part == number] for number in range(int(part.max()) + 1)]
            if len(parts) > 1 and _reaches(parts, wanted, sensitive):
                return parts
    return None


def _reaches(parts: Sequence[np.ndarray], wanted: Wanted, sensitive: Sequence[_Sensitive]) -> bool:
    """Whether each part has what is wanted."""
    if min(len(part) for part in parts) < wanted.k:
        return False
    for column in sensitive:
        for part in parts:
            codes = column.codes[part]
            if len(np.unique(codes)) < wanted.distinct:
                return False
            if wanted.closeness < 1:
                shares = np.bincount(codes, minlength=len(column.everybody)) / len(codes)
                if distances_of(shares, column.everybody, column.ordered) > wanted.closeness:
                    return False
    return True
