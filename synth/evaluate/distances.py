"""How far apart two distributions are: total variation, and what chance alone would show."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from synth.errors import PopulaceError


def tvd(counts_a: np.ndarray, counts_b: np.ndarray) -> float:
    """Total variation distance between the shares of two arrays of counts.

    Parameters
    ----------
    counts_a, counts_b : array of one shape
        People in each place.

    Returns
    -------
    float
        From 0 to 1: the share of people who would have to change place for both to agree.

    Raises
    ------
    PopulaceError
        Either counts nobody.
    """
    a, b = np.asarray(counts_a, dtype=float), np.asarray(counts_b, dtype=float)
    if a.sum() <= 0 or b.sum() <= 0:
        raise PopulaceError("A distance needs people on both sides: ask for at least one row.")
    return float(np.abs(a / a.sum() - b / b.sum()).sum() / 2)


def expected_tvd(counts: np.ndarray, rows: int) -> float:
    """The mean `tvd` that fresh people would show against the real counts.

    Sums the mean absolute deviation of a binomial (De Moivre's closed form; P. Diaconis, S. Zabell,
    "Closed form summation for classical distributions", Statistical Science 6, 1991) over the
    places, of a number of people whose chance is as large as that of both samples together:
    1/n = 1/rows + 1/counts.sum().

    Parameters
    ----------
    counts : array of any shape
        Real people in each place.
    rows : int
        How many fresh people there are.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    PopulaceError
        Nobody is counted, or `rows` is below 1.
    """
    from scipy.special import gammaln, xlog1py, xlogy  # a third of a second for who needs none

    counts = np.asarray(counts, dtype=float).ravel()
    total = counts.sum()
    if total <= 0 or rows < 1:
        raise PopulaceError("A distance needs people on both sides: ask for at least one row.")
    share = counts[(counts > 0) & (counts < total)] / total
    people = 1 / (1 / rows + 1 / total)
    above = np.minimum(np.floor(people * share) + 1, people)
    log = (
        np.log(above)
        + gammaln(people + 1)
        - gammaln(above + 1)
        - gammaln(people - above + 1)
        + xlogy(above, share)
        + xlog1py(people - above + 1, -share)
    )
    return float(min(1.0, np.exp(log).sum() / people))


def shuffled_apart(
    columns: Mapping[str, np.ndarray], random: np.random.Generator
) -> dict[str, np.ndarray]:
    """The same values with every column shuffled by itself: nothing hangs together any more.

    Parameters
    ----------
    columns : mapping of str to array, shape (n,) each
        Values by column.
    random : numpy Generator
        Draws an order for each column.

    Returns
    -------
    dict of str to array, shape (n,) each
    """
    return {name: values[random.permutation(len(values))] for name, values in columns.items()}
