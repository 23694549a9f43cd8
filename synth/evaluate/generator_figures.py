"""What charts show of several sets of people, none of whom is in it: counts, curves, moments.

Real people are the measure: their bins, their deviations, their principal axes. A `Ruler` is made
of them once and measures any people, real or synthetic, in the same way; the outcome is small and
plain, so it is shipped beside a population and written as JSON. The conventions are those of
table-evaluator (B. Brenninkmeijer, 2021): marginals, cumulative sums, means and standard deviations
of the numbers on logarithmic axes, associations of pairs, and principal components of all people on
the real people's axes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.data.column import Column
from synth.data.contingency import ContingencyTables
from synth.data.schema import Schema
from synth.data.table import Table
from synth.errors import PopulaceError
from synth.evaluate.association import associations
from synth.evaluate.columns import ColumnComparison
from synth.evaluate.comparison import comparable
from synth.evaluate.distance import Space
from synth.evaluate.distances import expected_tvd, tvd

if TYPE_CHECKING:
    import pandas as pd

MOST_COLUMNS = 40
"""Columns of a wide table that are measured."""
RANKS = tuple(np.round(np.linspace(0.005, 0.995, 41), 5).tolist())
"""Shares of the people at which cumulative sums are noted: no single person's extremes."""
CELLS = 30
"""Cells of each principal axis."""
COUNTED = 10_000
"""People whose principal components are taken, at most."""


@dataclass(frozen=True)
class PeopleFigures:
    """One set of people.

    Attributes
    ----------
    rows : int
        How many they are.
    counts : mapping of str to tuple of int
        Column → people in each of its places.
    quantiles : mapping of str to tuple of float
        Number → its values at `RANKS`; without a known value, empty.
    moments : mapping of str to (float, float)
        Number → mean and standard deviation of its known values.
    associations : tuple of tuple of float
        Bias-corrected Cramér's V of each pair of columns (Bergsma 2013).
    plane : tuple of tuple of float
        Shares of the people in cells of the first two principal axes; rows are the second axis.
    """

    rows: int
    counts: Mapping[str, tuple[int, ...]]
    quantiles: Mapping[str, tuple[float, ...]]
    moments: Mapping[str, tuple[float, float]]
    associations: tuple[tuple[float, ...], ...]
    plane: tuple[tuple[float, ...], ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, numbers with five digits.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        return {
            "rows": self.rows,
            "counts": {name: list(counts) for name, counts in self.counts.items()},
            "quantiles": {n: [_short(v) for v in values] for n, values in self.quantiles.items()},
            "moments": {n: [_short(v) for v in values] for n, values in self.moments.items()},
            "associations": [[round(v, 4) for v in row] for row in self.associations],
            "plane": [[round(v, 5) for v in row] for row in self.plane],
        }

    @staticmethod
    def from_dict(value: Mapping[str, Any]) -> PeopleFigures:
        """The figures that `to_dict` wrote."""
        return PeopleFigures(
            int(value["rows"]),
            {str(n): tuple(map(int, counts)) for n, counts in value["counts"].items()},
            {str(n): tuple(map(float, values)) for n, values in value["quantiles"].items()},
            {str(n): (float(a), float(b)) for n, (a, b) in value["moments"].items()},
            tuple(tuple(map(float, row)) for row in value["associations"]),
            tuple(tuple(map(float, row)) for row in value["plane"]),
        )


@dataclass(frozen=True)
class Places:
    """The places that a column's people are counted in.

    Attributes
    ----------
    labels : tuple of str
        A word for each; the last is for missing values where there are any.
    edges : tuple of float, or None
        Of a number's bins.
    single : bool
        Whether each place is one value of the number.
    """

    labels: tuple[str, ...]
    edges: tuple[float, ...] | None
    single: bool


@dataclass(frozen=True)
class Figures:
    """Several sets of people, measured alike.

    Attributes
    ----------
    columns : tuple of Column
        The measured ones.
    places : mapping of str to Places
        What `PeopleFigures.counts` are counted in.
    axes : tuple of tuple of float
        The edges of the cells along both principal axes.
    explained : tuple of float
        The share of the real people's variance along each.
    people : mapping of str to PeopleFigures
        By name, real people first.
    """

    columns: tuple[Column, ...]
    places: Mapping[str, Places]
    axes: tuple[tuple[float, ...], tuple[float, ...]]
    explained: tuple[float, float]
    people: Mapping[str, PeopleFigures]

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that hold numbers."""
        return tuple(column.name for column in self.columns if column.is_number)

    def column(self, column: Column, left: str, right: str) -> ColumnComparison:
        """One column of two sets of people beside each other, ready to be drawn.

        Parameters
        ----------
        column : Column
            One of `columns`.
        left, right : str
            Names of people; left takes the place of real ones.

        Returns
        -------
        ColumnComparison
        """
        places = self.places[column.name]
        real = np.array(self.people[left].counts[column.name])
        other = np.array(self.people[right].counts[column.name])
        return ColumnComparison(
            column=column,
            labels=places.labels,
            real=real,
            synthetic=other,
            exact=None,
            edges=None if places.edges is None else np.array(places.edges),
            single=places.single,
            tvd=tvd(real, other),
            reference=expected_tvd(real, int(other.sum())),
        )

    def cumulative(self, column: Column, name: str) -> tuple[list[float], list[float]]:
        """A column's cumulative sums: values (or places) and the share of people up to each.

        Parameters
        ----------
        column : Column
            One of `columns`.
        name : str
            The name of people.

        Returns
        -------
        tuple of (list of float, list of float)
            Values of a number at `RANKS`; of a column with levels the places from 0.
        """
        people = self.people[name]
        if column.is_number:
            values = list(people.quantiles[column.name])
            return values, list(RANKS[: len(values)])
        counts = np.array(people.counts[column.name], dtype=float)
        shares = np.cumsum(counts) / max(counts.sum(), 1.0)
        return [float(place) for place in range(len(counts))], shares.tolist()

    def distance_of_associations(self, left: str, right: str) -> float:
        """The mean absolute difference of the associations of all pairs."""
        a, b = (np.array(self.people[name].associations) for name in (left, right))
        pairs = np.triu_indices(len(a), 1)
        return float(np.abs(a - b)[pairs].mean()) if len(pairs[0]) else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        return {
            "schema": Schema(self.columns).to_json(),
            "places": {
                name: {
                    "labels": list(each.labels),
                    "edges": None if each.edges is None else [_short(e, 9) for e in each.edges],
                    "single": each.single,
                }
                for name, each in self.places.items()
            },
            "axes": [[round(edge, 4) for edge in edges] for edges in self.axes],
            "explained": [round(share, 4) for share in self.explained],
            "people": {name: each.to_dict() for name, each in self.people.items()},
        }

    @staticmethod
    def from_dict(value: Mapping[str, Any]) -> Figures:
        """The figures that `to_dict` wrote; a ValueError, KeyError or TypeError where damaged."""
        places = {
            str(name): Places(
                tuple(map(str, each["labels"])),
                None if each["edges"] is None else tuple(map(float, each["edges"])),
                bool(each["single"]),
            )
            for name, each in value["places"].items()
        }
        x, y = (tuple(map(float, edges)) for edges in value["axes"])
        first, second = (float(share) for share in value["explained"])
        people = {str(n): PeopleFigures.from_dict(each) for n, each in value["people"].items()}
        columns = Schema.from_json(value["schema"]).columns
        for each in people.values():
            for column in columns:
                if len(each.counts[column.name]) != len(places[column.name].labels):
                    raise ValueError(column.name)
        return Figures(columns, places, (x, y), (first, second), people)


class Ruler:
    """What real people give to measure others by.

    Parameters
    ----------
    columns : sequence of Column
        What is compared; the first `MOST_COLUMNS` are measured.
    real : pd.DataFrame
        Real people, in canonical dtypes.

    Attributes
    ----------
    columns : tuple of Column
        The measured ones.
    """

    def __init__(self, columns: Sequence[Column], real: pd.DataFrame) -> None:
        self.columns = tuple(columns)[:MOST_COLUMNS]
        self._names = [column.name for column in self.columns]
        self._counts = ContingencyTables.of(Table(real[self._names], Schema(self.columns), ""))
        self._real = comparable(self.columns, real, real)[0]
        self._space = Space.of(self.columns, self._real)
        points = self._space.points(self._real.iloc[:COUNTED]).astype(np.float64)
        self._mean = points.mean(axis=0)
        _, values, axes = np.linalg.svd(points - self._mean, full_matrices=False)
        axes = axes[:2]
        if len(axes) < 2:  # a single coordinate
            axes = np.vstack([axes, np.zeros((2 - len(axes), points.shape[1]))])
        signs = np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])
        self._axes = axes * np.where(signs == 0, 1.0, signs)[:, None]
        total = float((values**2).sum()) or 1.0
        shares = [float(v) ** 2 / total for v in values[:2]]
        self._explained = (shares[0], shares[1] if len(shares) > 1 else 0.0)
        self._edges = [self._cut(along) for along in (self._along(points)).T]

    @staticmethod
    def _cut(along: np.ndarray) -> np.ndarray:
        """Edges of cells over most of the real people, and a little room around them."""
        low, high = np.quantile(along, [0.002, 0.998])
        room = 0.08 * (high - low) or 0.5
        return np.linspace(low - room, high + room, CELLS + 1)

    def _along(self, points: np.ndarray) -> np.ndarray:
        return (points - self._mean) @ self._axes.T

    def measure(self, people: pd.DataFrame) -> PeopleFigures:
        """The figures of people, in canonical dtypes.

        Raises
        ------
        PopulaceError
            A column is missing, or there are fewer than 20 people.
        """
        counts = self._counts.recount(people[self._names])
        linked = associations(counts, like=self._counts)
        quantiles: dict[str, tuple[float, ...]] = {}
        moments: dict[str, tuple[float, float]] = {}
        for column in self.columns:
            if column.is_number:
                values = people[column.name].to_numpy(dtype=np.float64, na_value=np.nan)
                values = values[~np.isnan(values)]
                some = len(values) > 0
                quantiles[column.name] = tuple(np.quantile(values, RANKS).tolist()) if some else ()
                spread = (float(values.mean()), float(values.std())) if some else (0.0, 0.0)
                moments[column.name] = spread
        frame = comparable(self.columns, self._real, people)[1]
        along = self._along(self._space.points(frame.iloc[:COUNTED]).astype(np.float64))
        inside = [np.clip(a, e[0], e[-1]) for a, e in zip(along.T, self._edges, strict=True)]
        cells, _, _ = np.histogram2d(inside[0], inside[1], bins=self._edges)
        plane = cells.T / max(len(along), 1)
        return PeopleFigures(
            len(people),
            {c: tuple(counts.marginal(c).astype(int).tolist()) for c in self._names},
            quantiles,
            moments,
            tuple(tuple(row) for row in linked.values.tolist()),
            tuple(tuple(row) for row in plane.tolist()),
        )

    def figures(self, people: Mapping[str, PeopleFigures]) -> Figures:
        """Sets of people that this ruler measured, with what it measured them by."""
        places = {}
        for name in self._names:
            edges = self._counts.edges(name)
            places[name] = Places(
                self._counts.labels(name),
                None if edges is None else tuple(edges.tolist()),
                self._counts.binnings[name].values is not None,
            )
        x, y = (tuple(edges.tolist()) for edges in self._edges)
        plain = tuple(replace(column, role="model") for column in self.columns)
        return Figures(plain, places, (x, y), self._explained, dict(people))


def _short(value: float, digits: int = 6) -> float:
    """A number with so many digits that count."""
    if value == 0 or not math.isfinite(value):
        return float(value)
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def read_figures(value: Mapping[str, Any]) -> Figures:
    """Figures of JSON that somebody else may have written.

    Raises
    ------
    PopulaceError
        They are damaged.
    """
    try:
        return Figures.from_dict(value)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PopulaceError("The comparison is damaged: make it again.") from error
