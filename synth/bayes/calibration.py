"""A population with given margins, as little changed as possible.

Iterative proportional fitting (Deming and Stephan 1940) on the network's exact marginals: each
target's cells get factors until all targets hold. Its limit is the distribution that is closest to
the population, in Kullback–Leibler divergence, among all that have the targets (Csiszár 1975). The
factors join the network's tables, so questions and samples stay exact.

References
----------
.. [1] W. E. Deming, F. F. Stephan, "On a least squares adjustment of a sampled frequency table when
   the expected marginal totals are known", Annals of Mathematical Statistics 11, 1940.
.. [2] I. Csiszár, "I-divergence geometry of probability distributions and minimization problems",
   Annals of Probability 3, 1975.
.. [3] L. Kish, "Survey Sampling", Wiley 1965.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synth.bayes.factors import Factor
from synth.bayes.inference import CutCodings, ExtraFactors, Posterior, RowTransform
from synth.bayes.network import Network
from synth.bayes.splitting import split_bins
from synth.data.evidence import Between, DateParts, Evidence, Fact
from synth.data.schema import Schema
from synth.errors import PopulaceError

TOLERANCE = 1e-12
"""A target holds when no cell is farther from its share than this."""
SWEEPS = 1000
"""At most so many rounds over all targets."""
_ROUNDING = 1e-6  # by which shares may miss a sum of 1


@dataclass(frozen=True)
class Target:
    """Shares of the population that some cells are to have.

    Attributes
    ----------
    cells : tuple of Evidence
        Facts about the same one or two columns; no person is in two of them.
    shares : tuple of float
        The share of each cell, 0 to 1. People of no cell keep what is left, in the proportions
        that they have.
    """

    cells: tuple[Evidence, ...]
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.cells or len(self.cells) != len(self.shares):
            raise PopulaceError("A target needs cells and a share for each: name both.")
        columns = set(self.cells[0])
        if not 1 <= len(columns) <= 2 or any(set(cell) != columns for cell in self.cells):
            raise PopulaceError(
                "The cells of a target speak of the same one or two columns: split the target."
            )
        for share in self.shares:
            if not 0 <= share <= 1:
                raise PopulaceError(f"A cell of {self.name} has the share {share:g}: use 0 to 1.")
        if sum(self.shares) > 1 + _ROUNDING:
            raise PopulaceError(
                f"The shares of {self.name} add up to {sum(self.shares):g}: they may reach 1."
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it speaks of."""
        return tuple(self.cells[0])

    @property
    def name(self) -> str:
        """Its columns in words."""
        return " × ".join(self.columns)

    def to_json(self, schema: Schema) -> dict[str, Any]:
        """JSON-ready values.

        Parameters
        ----------
        schema : Schema
            Its columns say how the cells' values are written.
        """
        return {"cells": [cell.text(schema) for cell in self.cells], "shares": list(self.shares)}

    @staticmethod
    def from_json(value: Mapping[str, Any], schema: Schema) -> Target:
        """What `to_json` wrote, over the columns of a schema.

        Raises
        ------
        PopulaceError
            It is damaged, or names what the schema has not.
        """
        try:
            cells = tuple(Evidence.parse(str(cell), schema) for cell in value["cells"])
            return Target(cells, tuple(float(share) for share in value["shares"]))
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, PopulaceError):
                raise
            raise PopulaceError("A target is damaged: give it again.") from error

    @staticmethod
    def of_counts(cells: Sequence[Evidence], counts: Sequence[float]) -> Target:
        """The target of counts of people, who are everybody."""
        total = math.fsum(counts)
        if not total > 0 or min(counts) < 0:
            raise PopulaceError("The counts of a target are not negative and not all 0.")
        return Target(tuple(cells), tuple(count / total for count in counts))

    @staticmethod
    def independence(posterior: Posterior, a: str, b: str) -> Target:
        """Both columns as common as they are, and independent of each other.

        With a protected attribute as one of them this is statistical parity.
        """
        codings = posterior.network.codings
        facts = [
            [codings[name].fact(code) for code in range(codings[name].size)] for name in (a, b)
        ]
        first, second = posterior.codes(a), posterior.codes(b)
        cells = [Evidence({a: x, b: y}) for x in facts[0] for y in facts[1]]
        shares = np.outer(first, second).ravel()
        kept = shares > 0
        return Target(
            tuple(cell for cell, keep in zip(cells, kept, strict=True) if keep),
            tuple(float(share) for share in shares[kept] / shares[kept].sum()),
        )


@dataclass(frozen=True, eq=False)
class MarginFactors:
    """Weights of the cells of all targets, as factors.

    Attributes
    ----------
    columns : tuple of str
        All columns of the targets.
    tables : tuple of Factor
        One for each target, over its columns' codes.
    """

    columns: tuple[str, ...]
    tables: tuple[Factor, ...]

    def factors(self, codings: CutCodings) -> Sequence[Factor]:
        """The tables; every bin lies in one cell."""
        return self.tables


@dataclass(frozen=True, eq=False)
class Calibration:
    """A network and the factors that give it the targets.

    Attributes
    ----------
    network : Network
        With bins that begin where cells of the targets do.
    margins : MarginFactors
        The weights.
    targets : tuple of Target
        What was asked for.
    sweeps : int
        Rounds over all targets.
    error : float
        The largest difference of a cell's share from its target.
    divergence : float
        Kullback–Leibler divergence of the calibrated population from the one it was, in nats.
    effective_share : float
        What a person of the population as it was is worth, weighted to the targets, beside one
        drawn from the calibrated population (Kish 1965): 1 / E[weight²]; 1 where nothing changes.
    """

    network: Network
    margins: MarginFactors
    targets: tuple[Target, ...]
    sweeps: int
    error: float
    divergence: float
    effective_share: float

    @property
    def bits(self) -> float:
        """`divergence` in bits."""
        return self.divergence / math.log(2)

    def given(
        self,
        evidence: Evidence | None = None,
        do: Evidence | None = None,
        *,
        factors: Sequence[ExtraFactors] = (),
        transform: RowTransform | None = None,
    ) -> Posterior:
        """What is true of people of whom the evidence is known, in the calibrated population."""
        every = (*factors, self.margins)
        return Posterior(self.network, evidence, do, factors=every, transform=transform)


def calibrate(
    network: Network,
    targets: Sequence[Target],
    *,
    factors: Sequence[ExtraFactors] = (),
    tolerance: float = TOLERANCE,
    sweeps: int = SWEEPS,
) -> Calibration:
    """Give a population some margins, with the least change.

    Parameters
    ----------
    network : Network
        The population; it does not change.
    targets : sequence of Target
        Their columns have codes.
    factors : sequence of ExtraFactors
        What else holds, such as rules; the targets hold beside it.
    tolerance : float
        When a cell's share is as good as its target.
    sweeps : int
        The most rounds over all targets.

    Returns
    -------
    Calibration

    Raises
    ------
    PopulaceError
        Nobody is in a cell that is to have a share, cells overlap, or targets contradict each
        other; the sentence names them.
    """
    targets = tuple(targets)
    if not targets:
        raise PopulaceError("No target is given: name a margin to calibrate to.")
    for target in targets:
        for name in target.columns:
            if name not in network.codings:
                _ = network.schema[name]
                raise PopulaceError(
                    f"Column {name} is Gaussian and has no cells: learn it without --gaussian."
                )
    checked = [
        Target(tuple(cell.checked(network.schema) for cell in target.cells), target.shares)
        for target in targets
    ]
    for name, starts in _starts(network, checked).items():
        network = split_bins(network, name, starts)
    cells = [_cells(network, target) for target in checked]
    shares = [_shares(target) for target in checked]
    weights = [np.ones(len(share)) for share in shares]
    columns = tuple(dict.fromkeys(name for target in checked for name in target.columns))

    def margins() -> MarginFactors:
        tables = [
            Factor(target.columns, weight[cell])
            for target, weight, cell in zip(checked, weights, cells, strict=True)
        ]
        return MarginFactors(columns, tuple(tables))

    before = Posterior(network, factors=factors)
    error, errors = math.inf, [math.inf] * len(checked)
    sweep = 0
    while error > tolerance and sweep < sweeps:
        sweep += 1
        for i, target in enumerate(checked):
            posterior = Posterior(network, factors=(*factors, margins()))
            masses = _masses(posterior, target, cells[i], len(shares[i]))
            _refuse_unreachable(target, masses, shares[i], network.schema)
            errors[i] = float(np.abs(masses - shares[i]).max())
            weights[i] = weights[i] * np.divide(
                shares[i], masses, out=np.zeros(len(masses)), where=masses > 0
            )
            if _diverge(weights[i]):
                break
        error = max(errors)
        if any(_diverge(weight) for weight in weights):
            break  # contradictory targets push some cells out of reach
    calibrated = Posterior(network, factors=(*factors, margins()))
    errors = [
        float(np.abs(_masses(calibrated, target, cell, len(share)) - share).max())
        for target, cell, share in zip(checked, cells, shares, strict=True)
    ]
    if max(errors) > max(tolerance * 1e3, 1e-9):
        worst = checked[int(np.argmax(errors))]
        raise PopulaceError(
            f"The targets contradict each other: {worst.name} stays off by {max(errors):.2g}. "
            "Change or drop one of them."
        )
    divergence = before.log_weight - calibrated.log_weight
    for weight, share in zip(weights, shares, strict=True):
        some = share > 0
        divergence += float((share[some] * np.log(weight[some])).sum())
    squares = MarginFactors(
        columns, tuple(Factor(each.scope, each.table**2) for each in margins().tables)
    )
    squared = Posterior(network, factors=(*factors, squares))
    worth = 2 * calibrated.log_weight - before.log_weight - squared.log_weight
    return Calibration(
        network,
        margins(),
        targets,
        sweep,
        max(errors),
        max(divergence, 0.0),
        min(math.exp(worth), 1.0),
    )


def _diverge(weights: np.ndarray) -> bool:
    """Whether weights of cells lie farther apart than any population needs."""
    positive = weights[weights > 0]
    return len(positive) > 0 and positive.max() > 1e100 * positive.min()


def _starts(network: Network, targets: Sequence[Target]) -> Mapping[str, list[float]]:
    """Where bins of each number are to begin, so that every bin lies in one cell."""
    starts: dict[str, list[float]] = {}
    for target in targets:
        for name in target.columns:
            coding = network.codings[name]
            if coding.pieces is None:
                continue
            step = 1.0 / coding.per_unit
            for cell in target.cells:
                for low, high in _ranges(cell[name]):
                    begins = starts.setdefault(name, [])
                    begins += [] if low is None else [low]
                    begins += [] if high is None else [high + step]
    return starts


def _ranges(fact: Fact) -> list[tuple[float | None, float | None]]:
    """The ranges of values that a fact about a number names."""
    if isinstance(fact, Between):
        return [(fact.lower, fact.upper)]
    if isinstance(fact, DateParts):
        raise PopulaceError("Margins are of values or ranges, not of parts of dates: name ranges.")
    return [(float(value), float(value)) for value in fact.values if value != "missing"]


def _cells(network: Network, target: Target) -> np.ndarray:
    """The cell of each combination of codes; the number after the last for no cell."""
    sizes = [network.codings[name].size for name in target.columns]
    cells = np.full(sizes, len(target.cells), dtype=np.int64)
    for number, facts in enumerate(target.cells):
        sides = [network.codings[n].likelihood(facts[n]).codes > 0.5 for n in target.columns]
        inside = sides[0] if len(sides) == 1 else np.logical_and.outer(*sides)
        overlap = inside & (cells < len(target.cells))
        if overlap.any():
            other = target.cells[int(cells[overlap][0])]
            both = f"{other.text(network.schema)} and {facts.text(network.schema)}"
            raise PopulaceError(f"The cells {both} overlap: keep them apart.")
        cells[inside] = number
    return cells


def _shares(target: Target) -> np.ndarray:
    """The share of each cell, and last what is left for people of no cell."""
    total = math.fsum(target.shares)
    if abs(total - 1) <= _ROUNDING:
        return np.append(np.array(target.shares) / total, 0.0)
    return np.append(np.array(target.shares), 1 - total)


def _masses(posterior: Posterior, target: Target, cells: np.ndarray, count: int) -> np.ndarray:
    """The probability of each cell, and last that of no cell."""
    if len(target.columns) == 1:
        joint = posterior.codes(target.columns[0], alone=True)
    else:
        joint = posterior.joint(*target.columns)
    return np.bincount(cells.ravel(), joint.ravel(), minlength=count)


def _refuse_unreachable(
    target: Target, masses: np.ndarray, shares: np.ndarray, schema: Schema
) -> None:
    """Raise a PopulaceError where a cell of nobody is to have a share."""
    for number in np.flatnonzero((masses <= 0) & (shares > 0)):
        if number < len(target.cells):
            raise PopulaceError(
                f"Nobody in this population has {target.cells[number].text(schema)}, so its share "
                f"cannot become {shares[number]:.3g}: set it to 0."
            )
        raise PopulaceError(
            f"The shares of {target.name} leave {shares[number]:.3g} to people of no cell, and "
            "there are none: let them add up to 1."
        )
