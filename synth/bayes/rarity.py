"""Rare people more often: the distribution raised to a power, exactly.

Sampling in proportion to p(x)^β flattens a population for β below one: rare combinations come more
often, none becomes possible that was not (annealing, as in Neal 2001). A product of tables raised
to a power is the product of the tables raised to it, so this is one more factor for each column,
and elimination answers it like any question. Each row's log-weight makes estimates from such a
sample unbiased again.

References
----------
.. [1] R. Neal, "Annealed importance sampling", Statistics and Computing 11, 2001.
.. [2] A. Kong, "A note on importance sampling using standardized weights", technical report 348,
   University of Chicago, 1992.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from synth.bayes.coding import Pieces
from synth.bayes.factors import Factor
from synth.bayes.inference import CutCodings, Posterior
from synth.bayes.network import Network
from synth.bayes.scoring import log_rows
from synth.errors import PopulaceError
from synth.lazy import cached_property


@dataclass(frozen=True, eq=False)
class PowerFactors:
    """What turns p(x) into p(x)^β: for each column P(code | parents)^(β − 1), and its pieces' part.

    Attributes
    ----------
    columns : tuple of str
        All columns.
    tables : tuple of Factor
        One for each column, over it and its parents.
    """

    columns: tuple[str, ...]
    tables: tuple[Factor, ...]

    def factors(self, codings: CutCodings) -> Sequence[Factor]:
        """The tables; evidence inside bins is in the pieces that `tempered` has changed."""
        return self.tables


def tempered(network: Network, exponent: float) -> tuple[Network, PowerFactors]:
    """A network and factors whose product is p(x)^exponent, up to a constant.

    Parameters
    ----------
    network : Network
        Without Gaussian columns.
    exponent : float
        β, above 0: 1 leaves everything as it is, less makes rare people more frequent, more makes
        them rarer.

    Returns
    -------
    network : Network
        The same tables; pieces inside bins weighed by the power.
    factors : PowerFactors
        For `Posterior(network, …, factors=(factors,))`.

    Raises
    ------
    PopulaceError
        The exponent is not a positive number, or the network has Gaussian columns.
    """
    if not 0 < exponent < np.inf:
        raise PopulaceError(
            f"The rarity exponent {exponent:g} is not above 0: use 1 for everybody as common as "
            "they are, less for rare people more often."
        )
    if network.gaussians:
        raise PopulaceError(
            f"The Gaussian column {next(iter(network.gaussians))} cannot be made rarer or more "
            "common: learn it without --gaussian."
        )
    return _powered(network, exponent)


def _powered(network: Network, exponent: float) -> tuple[Network, PowerFactors]:
    """As `tempered`; an exponent of nought or below counts those whom the network can have."""
    codings, tables = {}, []
    for name in network.order:
        coding, table = network.codings[name], network.tables[name]
        inside = np.ones(coding.size)
        if coding.pieces is not None:
            pieces, mass = _tempered_pieces(coding.pieces, exponent)
            inside[: pieces.bins] = mass
            coding = replace(coding, pieces=pieces)
        codings[name] = coding
        with np.errstate(divide="ignore"):
            power = np.where(table > 0, table ** (exponent - 1.0), 0.0)
        tables.append(Factor((*network.parents[name], name), power * inside))
    return replace(network, codings=codings), PowerFactors(network.order, tuple(tables))


def _tempered_pieces(pieces: Pieces, exponent: float) -> tuple[Pieces, np.ndarray]:
    """Pieces weighed by the sum over their values of P(value | bin)^β, and that sum by bin."""
    length = pieces.last - pieces.first + 1
    weight = length * (pieces.weight / length) ** exponent
    mass = np.bincount(pieces.bin, weight)
    return replace(pieces, weight=weight / mass[pieces.bin]), mass


class RarePosterior:
    """People drawn in proportion to p(x)^β among those of whom the evidence holds; exact.

    Parameters
    ----------
    plain : Posterior
        The question without a power: its evidence, interventions, factors and row transform hold.
    exponent : float
        β, as in `tempered`.

    Attributes
    ----------
    posterior : Posterior
        What is drawn from.
    """

    def __init__(self, plain: Posterior, exponent: float) -> None:
        network, power = tempered(plain.network, exponent)
        if plain.do:
            raise PopulaceError("Rare people are drawn from what is known, not from what is set.")
        self.plain = plain
        self.exponent = exponent
        self.posterior = Posterior(
            network,
            plain.evidence,
            factors=(*plain.factors, power),
            transform=plain.transform,
        )

    @cached_property
    def effective_share(self) -> float:
        """How many plain people one rare person is worth to a weighted mean, of whatever; exact.

        One over the mean squared weight E[(p/q)²] = Σ p²/q (Kong 1992), where q ∝ p^β: sums of the
        powers 2 − β and β.
        """
        network, power = _powered(self.plain.network, 2.0 - self.exponent)
        plain = self.plain
        squared = Posterior(
            network, plain.evidence, factors=(*plain.factors, power), transform=plain.transform
        )
        log_mean = squared.log_weight + self.posterior.log_weight - 2.0 * plain.log_weight
        return math.exp(-max(log_mean, 0.0))

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """Exactly `rows` people, as `Posterior.sample`."""
        return self.posterior.sample(rows, seed, start=start, threads=threads)

    def log_weights(self, frame: pd.DataFrame) -> np.ndarray:
        """log p(x | evidence) − log q(x | evidence) of rows that `sample` drew.

        A mean of `f` times the exponential of this estimates the mean of `f` among the plain
        people without bias.

        Parameters
        ----------
        frame : DataFrame
            Rows with the network's columns.

        Returns
        -------
        float64 array, shape (rows,)
        """
        logs = log_rows(self.plain.network, frame)
        for name, coding in self.plain.network.codings.items():
            if coding.calendar is not None:  # the power is of the density on the lattice
                numbers = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
                known = ~np.isnan(numbers)
                logs[known] -= np.log(np.maximum(coding.widths(numbers[known]), 1))
        constant = self.posterior.log_weight - self.plain.log_weight
        return (1.0 - self.exponent) * logs + constant
