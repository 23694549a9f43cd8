"""The distribution of one column."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from synth.bayes.calendar import Lattice
from synth.data.column import Column
from synth.data.evidence import Between
from synth.errors import PopulaceError


@dataclass(frozen=True, eq=False)
class Marginal:
    """The posterior of one column.

    Attributes
    ----------
    column : Column
        The column.
    labels : tuple of str
        Its states: levels, or bins such as ``25–34``; ``missing`` last where that can be.
    probabilities : float64 array, shape (labels,)
        Their probabilities; they sum to one.
    """

    column: Column
    labels: tuple[str, ...]
    probabilities: np.ndarray
    _pieces: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None  # value from, to, probability
    _mass: Callable[[float | None, float | None], float] | None = None
    _per_unit: float = 1.0
    _bins: np.ndarray | None = None  # of each piece
    _lattice: Lattice | None = None  # whose positions the pieces span

    def mass(self, lower: float | None, upper: float | None) -> float:
        """Numbers: P(lower ≤ value ≤ upper), both ends included, None leaves one open."""
        if self._mass is not None:
            return self._mass(lower, upper)
        if self._pieces is None:
            raise PopulaceError(f"Column {self.column.name} holds no numbers: ask for a level.")
        first, last, probability = self._pieces
        low = -np.inf if lower is None else np.ceil(lower * self._per_unit - 1e-6)
        high = np.inf if upper is None else np.floor(upper * self._per_unit + 1e-6)
        if self._lattice is not None:
            low, high = self._lattice.range(low, high)
        inside = np.maximum(np.minimum(last, high) - np.maximum(first, low) + 1, 0)
        return float((probability * inside / (last - first + 1)).sum())

    @property
    def mean(self) -> float | None:
        """Numbers: the mean of the values that are not missing; None for other columns."""
        if self._pieces is None:
            return None
        first, last, probability = self._pieces
        known = probability.sum()
        if known == 0:
            return math.nan
        middle = (first + last) / 2
        if self._lattice is not None:
            middle = self._lattice.centre(first, last)
        return float((probability * middle).sum() / known / self._per_unit)

    @property
    def known(self) -> float:
        """Numbers: the share of values that are not missing."""
        return 1.0 if self._pieces is None else float(self._pieces[2].sum())

    def quantile(self, share: float) -> float | None:
        """Numbers: the least value that `share` of the known values do not exceed."""
        if self._pieces is None:
            return None
        first, last, probability = self._pieces
        if not probability.sum() > 0:
            return math.nan
        order = np.argsort(first, kind="stable")
        first, last, probability = first[order], last[order], probability[order]
        total = np.cumsum(probability)
        wanted = share * total[-1]
        at = int(np.searchsorted(total, wanted * (1 - 1e-12)))
        at = min(at, len(total) - 1)
        inside = (wanted - (total[at] - probability[at])) / probability[at]
        steps = last[at] - first[at] + 1
        index = first[at] + max(0, math.ceil(inside * steps - 1e-9) - 1)
        return self._value(index)

    def _value(self, index: float) -> float:
        """The value at a lattice index."""
        if self._lattice is not None:
            return float(self._lattice.values(np.array([index]))[0])
        return float(index / self._per_unit)

    def parts(self, count: int) -> tuple[Between, ...]:
        """Numbers: ranges without a gap that hold about equal shares of the known values.

        Fewer than `count` where many people share a value.
        """
        quantiles = [self.quantile(i / count) for i in range(1, count)]
        ends = [end for end in quantiles if end is not None and not math.isnan(end)]
        if self._pieces is None or not self.known > 0 or len(ends) < len(quantiles):
            return ()
        first, last, probability = self._pieces
        low = self._value(first[probability > 0].min())
        high = self._value(last[probability > 0].max())
        ranges = []
        for end in [*dict.fromkeys(end for end in ends if end < high), high]:
            ranges.append(Between(low, end))
            low = float(np.rint(end * self._per_unit + 1) / self._per_unit)
        return tuple(ranges)

    def states_of(self, values: pd.Series) -> np.ndarray:
        """The state of each value, as an index into `labels`.

        Parameters
        ----------
        values : Series
            In the column's canonical dtype; values that the marginal excludes count with the next
            one that it knows.

        Returns
        -------
        int64 array, shape (rows,)
        """
        missing = len(self.labels) - 1
        if self.column.kind == "categorical":
            codes = values.cat.codes.to_numpy().astype(np.int64)
            return np.where(codes < 0, missing, codes)
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        absent = np.isnan(numbers)
        numbers = np.where(absent, 0.0, numbers)
        if self.column.kind == "boolean":
            return np.where(absent, missing, numbers.astype(np.int64))
        if self._pieces is None or self._bins is None:
            raise PopulaceError(f"Column {self.column.name} has no bins: ask for its mass.")
        last = self._pieces[1]
        index = np.rint(numbers * self._per_unit)
        if self._lattice is not None:
            index = self._lattice.starts(index.astype(np.int64))
        piece = np.minimum(np.searchsorted(last, index), len(last) - 1)
        return np.where(absent, missing, self._bins[piece])

    def reweighted(self, factors: np.ndarray) -> Marginal:
        """The marginal with each state's probability times a factor, normalised.

        Parameters
        ----------
        factors : float64 array, shape (labels,)
            Not negative; values inside a bin share its factor.
        """
        probabilities = self.probabilities * factors
        total = probabilities.sum()
        pieces = self._pieces
        if pieces is not None and self._bins is not None:
            pieces = (pieces[0], pieces[1], pieces[2] * factors[self._bins] / total)
        return replace(self, probabilities=probabilities / total, _pieces=pieces)

    def __getitem__(self, label: str) -> float:
        """The probability of a label."""
        if label not in self.labels:
            raise PopulaceError(
                f"Column {self.column.name} has no state {label!r}: see its labels."
            )
        return float(self.probabilities[self.labels.index(label)])

    def to_dict(self) -> dict[str, float]:
        """Labels and probabilities."""
        return dict(zip(self.labels, (float(p) for p in self.probabilities), strict=True))
