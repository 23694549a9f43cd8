"""How strongly two columns of any kind go together: one measure for all.

Bias-corrected Cramér's V (W. Bergsma, "A bias-correction for Cramér's V and Tschuprow's T", Journal
of the Korean Statistical Society 42, 2013) over the cells that two columns span. Numbers enter as
bins and missing values as a level, so the measure is one for all pairs, symmetric, between 0
(independent) and 1 (one tells the other), and can be read from aggregate counts alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.errors import PopulaceError

if TYPE_CHECKING:
    from synth.data.contingency import ContingencyTables

MEASURE = "Bias-corrected Cramér's V (Bergsma 2013)"
RESAMPLES = 300


@dataclass(frozen=True, eq=False)
class Associations:
    """The association of every pair of columns.

    Attributes
    ----------
    columns : tuple of str
        k names.
    values : ndarray of float, shape (k, k)
        From 0 to 1, symmetric, 1 on the diagonal.
    """

    columns: tuple[str, ...]
    values: np.ndarray

    def order(self) -> tuple[str, ...]:
        """The columns so that those that go together stand together.

        They are the leaves of a tree of average linkage over 1 - association, in the order that
        puts the nearest side by side (Z. Bar-Joseph, D. Gifford, T. Jaakkola, "Fast optimal leaf
        ordering for hierarchical clustering", Bioinformatics 17, 2001).

        Returns
        -------
        tuple of str
            `columns` in another order; the same where there are fewer than three.
        """
        from scipy.cluster.hierarchy import leaves_list, linkage
        from scipy.spatial.distance import squareform

        if len(self.columns) < 3:
            return self.columns
        apart = 1 - self.values
        np.fill_diagonal(apart, 0)
        tree = linkage(squareform(apart, checks=False), "average", optimal_ordering=True)
        return tuple(self.columns[place] for place in leaves_list(tree))

    def arranged(self, order: tuple[str, ...]) -> np.ndarray:
        """`values` with rows and columns in another order.

        Parameters
        ----------
        order : tuple of str
            Names out of `columns`.

        Returns
        -------
        ndarray of float, shape (k, k)
        """
        at = [self.columns.index(name) for name in order]
        return self.values[np.ix_(at, at)]

    def difference(self, real: Associations, order: tuple[str, ...]) -> np.ndarray:
        """These values less the real people's.

        Parameters
        ----------
        real : Associations
            Of the same columns.
        order : tuple of str
            The order of rows and columns.

        Returns
        -------
        ndarray of float, shape (k, k)
            From -1 to 1.
        """
        return self.arranged(order) - real.arranged(order)

    def distance(self, real: Associations) -> float:
        """The mean absolute difference over pairs of different columns.

        Parameters
        ----------
        real : Associations
            Of the same columns, two or more.

        Returns
        -------
        float
            From 0 to 1.
        """
        pairs = np.triu_indices(len(self.columns), 1)
        return float(np.abs(self.difference(real, self.columns))[pairs].mean())

    def farthest(self, real: Associations) -> tuple[str, str, float]:
        """The pair of columns that differs most.

        Parameters
        ----------
        real : Associations
            Of the same columns.

        Returns
        -------
        tuple of (str, str, float)
            Both names, and the absolute difference.
        """
        apart = np.triu(np.abs(self.difference(real, self.columns)), 1)
        a, b = np.unravel_index(int(np.argmax(apart)), apart.shape)
        return self.columns[a], self.columns[b], float(apart[a, b])

    def of(self, a: str, b: str) -> float:
        """The association of two columns, 0 to 1."""
        return float(self.values[self.columns.index(a), self.columns.index(b)])

    def strongest(self, below: float = 1.0) -> tuple[str, str, float]:
        """The pair of different columns that go together most.

        Parameters
        ----------
        below : float
            Pairs that go together as much as this are passed over, for one follows from the other.

        Returns
        -------
        tuple of (str, str, float)
            Both names, and their association.
        """
        pairs = np.triu(self.values, 1)
        pairs = np.where(pairs < below, pairs, 0.0)
        a, b = np.unravel_index(int(np.argmax(pairs)), pairs.shape)
        return self.columns[a], self.columns[b], float(pairs[a, b])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        return {
            "measure": MEASURE,
            "columns": list(self.columns),
            "values": [[round(float(value), 5) for value in row] for row in self.values],
        }


def associations(
    reference: ContingencyTables, like: ContingencyTables | None = None
) -> Associations:
    """The association of every pair of columns that is counted.

    For a synthetic frame: `associations(reference.recount(frame), like=reference)`, so that numbers
    are put in the bins of the real people.

    Parameters
    ----------
    reference : ContingencyTables
        Counts of the people.
    like : ContingencyTables, optional
        Whose bins numbers are put in; those of `reference` if not given.

    Returns
    -------
    Associations
        Its values are read-only.

    Raises
    ------
    PopulaceError
        Fewer than two people are counted.
    """
    columns = reference.columns
    values = np.eye(len(columns))
    for i, name in enumerate(columns[1:], start=1):
        tables = [coarse_pair(reference, name, other, like) for other in columns[:i]]
        # Side by side in one array: columns without people add nothing.
        widest = max(table.shape[1] for table in tables)
        side_by_side = np.zeros((i, len(tables[0]), widest), dtype=np.int64)
        for place, table in enumerate(tables):
            side_by_side[place, :, : table.shape[1]] = table
        values[i, :i] = values[:i, i] = cramers_v(side_by_side)
    values.setflags(write=False)
    return Associations(columns, values)


def difference_interval(
    a: ContingencyTables,
    b: ContingencyTables,
    pair: tuple[str, str],
    like: ContingencyTables | None = None,
    *,
    seed: int = 0,
) -> tuple[float, float]:
    """The 95% interval of the difference of one pair's association between two groups.

    Parameters
    ----------
    a, b : ContingencyTables
        Counts of the people of each group, over the same places.
    pair : tuple of (str, str)
        Names of the columns.
    like : ContingencyTables, optional
        Whose bins numbers are put in.
    seed : int
        Of the bootstrap.

    Returns
    -------
    tuple of (float, float)
        Percentiles of the association in `a` less that in `b`, over people drawn again from those
        counted (B. Efron, "Bootstrap methods: another look at the jackknife", The Annals of
        Statistics 7, 1979).
    """
    random = np.random.default_rng(seed)
    values = []
    for tables in (a, b):
        counts = coarse_pair(tables, *pair, like)
        shares = counts.ravel() / counts.sum()
        again = random.multinomial(int(counts.sum()), shares, RESAMPLES)
        values.append(cramers_v(again.reshape(RESAMPLES, *counts.shape)))
    low, high = np.quantile(values[0] - values[1], [0.025, 0.975])
    return float(low), float(high)


def coarse_pair(
    reference: ContingencyTables, a: str, b: str, like: ContingencyTables | None = None
) -> np.ndarray:
    """Counts of a pair of columns, numbers in about ten about equally full bins.

    The places of `reference.pair` are joined, for cells that hold a person or two tell nothing.

    Parameters
    ----------
    reference : ContingencyTables
        Counts of the people.
    a, b : str
        Names of the columns.
    like : ContingencyTables, optional
        Whose bins they are; those of `reference` if not given.

    Returns
    -------
    ndarray, shape (places of a, places of b)
    """
    counts = reference.pair(a, b)
    starts = (like or reference).coarse_starts
    for axis, name in enumerate((a, b)):
        counts = np.add.reduceat(counts, starts[name], axis=axis)
    return counts


def cramers_v(counts: np.ndarray) -> np.ndarray:
    """Bias-corrected Cramér's V of counts (Bergsma 2013; see the module).

    Parameters
    ----------
    counts : ndarray, shape (..., rows, columns)
        People in each cell, of one table or of several of the same shape.

    Returns
    -------
    ndarray of float, shape (...)
        From 0 to 1; 0 where one side is constant.

    Raises
    ------
    PopulaceError
        A table counts fewer than two people.
    """
    down, across = counts.sum(axis=-1), counts.sum(axis=-2)
    total = down.sum(axis=-1).astype(float)
    if (total < 2).any():
        raise PopulaceError("An association needs at least two people: ask for more rows.")
    expected = down[..., :, None] * (across / total[..., None])[..., None, :]
    # Where nobody is expected nobody is: rows and columns without people add nothing.
    apart = (counts - expected) ** 2 / np.where(expected > 0, expected, 1)
    rows, columns = (down > 0).sum(axis=-1), (across > 0).sum(axis=-1)
    phi2 = apart.sum(axis=(-2, -1)) / total
    phi2 = np.maximum(0.0, phi2 - (rows - 1) * (columns - 1) / (total - 1))
    rows_fair = rows - (rows - 1) ** 2 / (total - 1)
    columns_fair = columns - (columns - 1) ** 2 / (total - 1)
    fair = np.minimum(rows_fair, columns_fair) - 1
    is_tied = (np.minimum(rows, columns) > 1) & (fair > 0)
    return np.where(is_tied, np.sqrt(np.minimum(1.0, phi2 / np.where(is_tied, fair, 1))), 0.0)
