"""Real beside synthetic, one column at a time, ready to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth.data.contingency import share_intervals
from synth.evaluate.association import Associations, associations
from synth.evaluate.distances import expected_tvd, tvd

if TYPE_CHECKING:
    import pandas as pd

    from synth.data.column import Column
    from synth.data.contingency import Margins
    from synth.generators.base import Conditional
    from synth.populations import Population


@dataclass(frozen=True, eq=False)
class ColumnComparison:
    """Real and synthetic people counted over the same places of one column.

    Attributes
    ----------
    column : Column
        What is counted.
    labels : tuple of str
        The places: levels, or bins of a number and then its missing values.
    real : ndarray of int or None, shape (places,)
        Counts of real people; None where the shipped counts cannot tell, and the distances with it.
    synthetic : ndarray of int, shape (places,)
        Counts of synthetic people.
    exact : ndarray of float or None, shape (places,)
        The posterior's probabilities; None where they are not over the same places, or where the
        model can only estimate them.
    edges : ndarray of float or None, shape (bins + 1,)
        Bin edges of a number.
    single : bool
        Whether each place is one value of the number.
    tvd : float or None
        Total variation distance between real and synthetic shares.
    reference : float or None
        What as many fresh real people would show on average.
    """

    column: Column
    labels: tuple[str, ...]
    real: np.ndarray | None
    synthetic: np.ndarray
    exact: np.ndarray | None
    edges: np.ndarray | None
    single: bool
    tvd: float | None
    reference: float | None

    @property
    def shares(self) -> tuple[np.ndarray | None, np.ndarray, np.ndarray | None]:
        """Shares of real and of synthetic people, and the exact probabilities."""
        return _shares(self.real), _counted(self.synthetic), self.exact

    @property
    def commonest(self) -> np.ndarray:
        """The places from the commonest to the rarest, by the real people where they are known."""
        counts = self.synthetic if self.real is None else self.real
        return np.argsort(-counts, kind="stable")

    def intervals(self, confidence: float = 0.95) -> tuple[np.ndarray | None, np.ndarray]:
        """Intervals of the shares (E. Wilson, 1927).

        Parameters
        ----------
        confidence : float
            Between 0 and 1.

        Returns
        -------
        tuple of (ndarray of float or None, ndarray of float), shape (2, places) each
            Lower and upper ends for the real and for the synthetic people; None where no real
            people are counted.
        """
        real = None if self.real is None else share_intervals(self.real, confidence)
        return real, share_intervals(self.synthetic, confidence)

    def in_equal_bins(self, most: int) -> EqualBins:
        """A number's shares over at most so many bins of equal, round width, or one more.

        The people of a place are spread evenly over it.

        Parameters
        ----------
        most : int
            Bins wanted; whole numbers keep bins of whole width.

        Returns
        -------
        EqualBins

        Raises
        ------
        ValueError
            The column is no number.
        """
        edges = self.edges
        if edges is None:
            raise ValueError(f"{self.column.name} is no number.")
        places = len(edges) - 1
        whole = self.column.kind == "integer"
        width = (edges[-1] - edges[0]) / most
        width = float(np.ceil(width)) if whole else _round_up(width)
        first = edges[0] if whole else np.floor(edges[0] / width) * width
        starts = first + width * np.arange(int(np.ceil((edges[-1] - first) / width)))
        lower = np.maximum(starts[:, None], edges[None, :-1])
        upper = np.minimum(starts[:, None] + width, edges[None, 1:])
        spread = np.maximum(upper - lower, 0) / np.diff(edges)[None, :]

        def merged(share: np.ndarray) -> np.ndarray:
            return np.append(spread @ share[:places], share[places:])

        real, synthetic, exact = self.shares
        return EqualBins(
            starts,
            width - 1 if whole else width,
            None if real is None else merged(real),
            merged(synthetic),
            None if exact is None else merged(exact),
        )


@dataclass(frozen=True, eq=False)
class EqualBins:
    """Shares of a number over bins of equal width, its missing values last.

    Attributes
    ----------
    starts : ndarray of float, shape (bins,)
        Where each bin begins.
    reach : float
        From a bin's first value to its last one.
    real, synthetic, exact : ndarray of float or None, shape (bins,) or (bins + 1,)
        The shares; None as in `ColumnComparison`.
    """

    starts: np.ndarray
    reach: float
    real: np.ndarray | None
    synthetic: np.ndarray
    exact: np.ndarray | None


def compare_columns(
    population: Population, conditional: Conditional, people: pd.DataFrame, real: Margins | None
) -> tuple[ColumnComparison, ...]:
    """Compare every learned column.

    Parameters
    ----------
    population : Population
        Its counts say which places a column has.
    conditional : Conditional
        What the people were drawn from.
    people : DataFrame
        Synthetic people.
    real : Margins or None
        Counts of the real people of whom the same is known.

    Returns
    -------
    tuple of ColumnComparison
        In the schema's order.
    """
    counts = population.contingency
    compared = []
    for column in population.modelled.columns:
        labels, edges = counts.labels(column.name), counts.edges(column.name)
        synthetic = counts.count(people, column.name)
        true = real.marginal(column.name) if real is not None and real.rows else None
        compared.append(
            ColumnComparison(
                column=column,
                labels=labels,
                real=true,
                synthetic=synthetic,
                exact=exact_shares(conditional, column.name, labels, edges),
                edges=edges,
                single=counts.binnings[column.name].values is not None,
                tvd=None if true is None else tvd(true, synthetic),
                reference=None if true is None else expected_tvd(true, len(people)),
            )
        )
    return tuple(compared)


def model_shares(compared: ColumnComparison) -> np.ndarray:
    """The model's shares of the places: exact ones, or those of the people drawn.

    Parameters
    ----------
    compared : ColumnComparison
        Any column.

    Returns
    -------
    ndarray of float, shape (places,)
    """
    _, synthetic, exact = compared.shares
    return synthetic if exact is None else exact


def by_spread(groups: Sequence[ColumnComparison]) -> np.ndarray:
    """The places of one column, that first whose shares lie farthest apart among groups.

    Parameters
    ----------
    groups : sequence of ColumnComparison
        The same column of each group.

    Returns
    -------
    ndarray of int, shape (places,)
    """
    shares = np.array([model_shares(each) for each in groups])
    return np.argsort(-np.ptp(shares, axis=0), kind="stable")


def is_near(compared: ColumnComparison) -> bool:
    """Whether synthetic people are as near to the real ones as fresh real people would be.

    Chance varies, so up to half as far again as these are on average counts as near.

    Parameters
    ----------
    compared : ColumnComparison
        One that real people are counted for; others are not near.

    Returns
    -------
    bool
    """
    if compared.tvd is None or compared.reference is None:
        return False
    return compared.tvd <= 1.5 * compared.reference


def compare_associations(
    population: Population, people: pd.DataFrame
) -> tuple[Associations, Associations]:
    """The associations of all pairs of columns among the real people and among synthetic ones.

    Parameters
    ----------
    population : Population
        Its counts are the real people's.
    people : DataFrame
        Synthetic people, with the modelled columns.

    Returns
    -------
    tuple of (Associations, Associations)
        Real and synthetic, over the same bins.
    """
    real = population.contingency
    return associations(real), associations(real.recount(people), like=real)


def exact_shares(
    conditional: Conditional, name: str, labels: tuple[str, ...], edges: np.ndarray | None
) -> np.ndarray | None:
    """A marginal's probabilities over the places of counts.

    Parameters
    ----------
    conditional : Conditional
        Whose marginal it is.
    name : str
        The column.
    labels, edges
        Its places, as the counts have them; the outer bins take what lies beyond them, as the
        counts do.

    Returns
    -------
    ndarray of float or None, shape (labels,)
        None where the model can only estimate them, or knows other levels.
    """
    if not conditional.exact:
        return None
    marginal = conditional.marginal(name)
    if marginal.labels == labels:
        return marginal.probabilities
    if edges is None:
        return None
    step = marginal.column.step or 0
    lows = [None, *edges[1:-1].tolist()]
    highs = [*(edges[1:-1] - step).tolist(), None]
    inside = [marginal.mass(low, high) for low, high in zip(lows, highs, strict=True)]
    beside = [marginal.probabilities[-1]] * (len(labels) - len(inside))
    return np.array(inside + beside)


def _counted(counts: np.ndarray) -> np.ndarray:
    return counts / max(counts.sum(), 1)


def _shares(counts: np.ndarray | None) -> np.ndarray | None:
    return None if counts is None else _counted(counts)


def _round_up(width: float) -> float:
    """The next of 1, 2, 2.5, 5, 10 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= width))
