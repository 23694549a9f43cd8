"""Constraints for models that can only draw: derived columns worked out, broken rows drawn anew."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from synth.constraints.derived import Constraints
from synth.constraints.posterior import ConstraintTransform
from synth.generators.base import Conditional, DrawnConditional
from synth.lazy import cached_property

if TYPE_CHECKING:
    from synth.bayes.inference import Marginal
    from synth.data.column import Column
    from synth.data.evidence import Evidence
    from synth.data.schema import Schema

PILOT = 1 << 14
"""People from whom probabilities and marginals under rules are estimated."""
_SEED = 20_261_125


class ConstrainedDraws(DrawnConditional):
    """A conditional whose rows keep rules and hold derived columns.

    Derived columns alone change no answer. Under rules, samples are those of the model among whom
    the rules hold; probabilities and marginals are estimated from `PILOT` people.

    Parameters
    ----------
    drawn : Conditional
        Without constraints.
    everybody : Conditional
        The same model without evidence.
    constraints : Constraints
        What holds in every row, and what is worked out in it.

    Raises
    ------
    PopulaceError
        The evidence is about a column that is worked out.
    """

    def __init__(
        self, drawn: Conditional, everybody: Conditional, constraints: Constraints
    ) -> None:
        constraints.refuse(tuple(drawn.evidence))
        self._drawn, self._everybody, self._constraints = drawn, everybody, constraints
        self._transform = ConstraintTransform(constraints, ())

    @property
    def schema(self) -> Schema:
        """The columns that were learned."""
        return self._drawn.schema

    @property
    def evidence(self) -> Evidence:
        """What is known."""
        return self._drawn.evidence

    @property
    def exact(self) -> bool:
        """Whether answers follow from the model exactly: not under rules."""
        return self._drawn.exact and not self._constraints.rules

    @cached_property
    def log_probability(self) -> float:
        """Natural logarithm of the share of those who keep the rules of whom it is true."""
        if not self._constraints.rules or not self.evidence:
            return self._drawn.log_probability
        here, among = self._kept
        if not here:
            return -math.inf
        return min(self._drawn.log_probability + math.log(here) - math.log(among), 0.0)

    @property
    def standard_error(self) -> float:
        """Of `probability`: of both shares who keep the rules, and what the model's own has."""
        if not self._constraints.rules or not self.evidence:
            return self._drawn.standard_error
        here, among = self._kept
        if not here:
            return 0.0
        # Both shares are binomial over the same number of people drawn.
        relative = math.hypot(
            *(math.sqrt((1 - share) / (share * PILOT)) for share in (here, among))
        )
        own = self._drawn.standard_error * here / among
        return math.hypot(self.probability * relative, own)

    @property
    def note(self) -> str:
        """The model's own sentence, and what it does not learn of dates in order."""
        spaced = [rule for rule in self._constraints.rules if rule.gap is not None]
        if not spaced:
            return self._drawn.note
        names = " and ".join(spaced[0].columns)
        return (
            f"{self._drawn.note} Dates come in order, but how far apart {names} are is not learned "
            "by this generator as it is by the network."
        ).strip()

    def marginal(self, column: str) -> Marginal:
        """The distribution of one learned column."""
        if not self._constraints.rules:
            return self._drawn.marginal(column)
        return marginal_of(self.schema[column], self._pilot[column])

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People number `start` to `start + rows` of the seed, finished."""
        return self._transform.finished(
            self._drawn.sample, {}, rows, seed, start=start, threads=threads
        )

    # ------------------------------------------------------------------ estimates

    @cached_property
    def _pilot(self) -> pd.DataFrame:
        return self.sample(PILOT, _SEED)

    @cached_property
    def _kept(self) -> tuple[float, float]:
        """The shares who keep the rules: of those of whom the evidence is true, and of all."""
        return self._share(self._drawn), self._share(self._everybody)

    def _share(self, drawn: Conditional) -> float:
        """The share of a model's people who keep the rules."""
        frame = self._constraints.derive(drawn.sample(PILOT, _SEED))
        return float(1.0 - self._constraints.broken(frame).mean())


def marginal_of(column: Column, values: pd.Series) -> Marginal:
    """The distribution of a column in a sample.

    Parameters
    ----------
    column : Column
        What the values are.
    values : pd.Series
        In the column's canonical dtype.

    Returns
    -------
    Marginal
        Shares of levels, or of bins.
    """
    from synth.bayes.coding import Coding
    from synth.bayes.inference import Marginal

    coding = Coding.learn(column, values, 24, None)
    codes = np.bincount(coding.encode(values), minlength=coding.size) / max(len(values), 1)
    pieces = coding.pieces
    if pieces is None:
        return Marginal(column, coding.labels, codes)
    parts = (pieces.first, pieces.last, codes[pieces.bin] * pieces.weight)
    return Marginal(
        column, coding.labels, codes, parts, None, coding.per_unit, None, coding.lattice
    )
