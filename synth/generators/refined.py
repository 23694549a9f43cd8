"""People of a model corrected by a density ratio: drawn from the model, kept by the ratio.

Candidates come from the model's own conditional, whatever the evidence, and each is kept with a
probability proportional to the ratio (von Neumann's rejection; for learned ratios Azadi et al.
2019). So evidence and constraints hold in every row, exactly as in the model, and the kept rows are
distributed as the model's times the ratio. What is asked of the refined people is estimated: the
model's exact answer times a mean of ratios, P(e) = P_model(e) · E[r | e] / E[r], with its standard
error.

References
----------
.. [1] S. Azadi, C. Olsson, T. Darrell, I. Goodfellow, A. Odena, "Discriminator Rejection
   Sampling", ICLR 2019.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from synth.bayes.random import stream_key, uniforms
from synth.constraints.derived import NO_CONSTRAINTS, Constraints
from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.generators.base import Conditional, DrawnConditional, Model, ModelWrapper
from synth.generators.blocks import draw_blocks
from synth.generators.density_ratio import DensityRatio
from synth.lazy import cached_property

if TYPE_CHECKING:
    from synth.bayes.marginal import Marginal
    from synth.data.schema import Schema

FILE = "refinement.npz"
BLOCK = 1 << 14
"""People of a block; a block is drawn from its beginning, wherever in it one starts."""
FIRST = 32
"""Candidates of a block's first batch, at least."""
PILOT = 1 << 15
"""Candidates whose ratios estimate what is asked of the refined people."""
PILOT_SEED = 20261125
BARREN = 64
"""A batch without a kept candidate, so many times in a row at full size, ends the search."""


@dataclass(frozen=True)
class Estimate:
    """A number estimated from a sample.

    Attributes
    ----------
    value, standard_error : float
        In the unit of what is estimated.
    """

    value: float
    standard_error: float


@dataclass(frozen=True, eq=False)
class RefinedModel(ModelWrapper):
    """A model corrected by a density ratio.

    Attributes
    ----------
    model : Model
        What is corrected; any generator's.
    ratio : DensityRatio
        Real people's density over the model's.
    """

    model: Model
    ratio: DensityRatio

    @cached_property
    def digest(self) -> str:
        """Its identity: the model's and the ratio's."""
        return self.digest_with(self.ratio.digest)

    def given(
        self,
        evidence: Evidence | None = None,
        do: Evidence | None = None,
        constraints: Constraints = NO_CONSTRAINTS,
    ) -> RefinedConditional:
        """People of whom the evidence is known, corrected.

        Raises
        ------
        PopulaceError
            Something is set from outside: the ratio was learned from what is seen.
        """
        if do:
            raise PopulaceError(
                "What is set from outside is answered by the network alone: switch the refinement "
                "off."
            )
        return RefinedConditional(self.model.given(evidence, None, constraints), self.ratio)

    def save(self, folder: Path) -> None:
        """Write the model's files and ``refinement.npz``."""
        self.model.save(folder)
        self.ratio.save(folder / FILE)


class RefinedConditional(DrawnConditional):
    """A conditional of a model, corrected by a density ratio.

    Parameters
    ----------
    model : Conditional
        What candidates are drawn from.
    ratio : DensityRatio
        How much likelier each is among real people.
    """

    exact = False

    def __init__(self, model: Conditional, ratio: DensityRatio) -> None:
        self.model = model
        self.ratio = ratio

    @property
    def schema(self) -> Schema:
        """The columns that were learned."""
        return self.model.schema

    @property
    def evidence(self) -> Evidence:
        """What is known."""
        return self.model.evidence

    # ------------------------------------------------------------------ estimates

    @cached_property
    def _pilot(self) -> tuple[pd.DataFrame, np.ndarray]:
        """The model's people and their ratios; the same at every call."""
        frame = self.model.sample(PILOT, PILOT_SEED)
        return frame, np.exp(self.ratio.log_ratio(frame))

    @cached_property
    def acceptance(self) -> float:
        """The share of candidates that are kept."""
        return float(self._pilot[1].mean() * math.exp(-self.ratio.log_bound))

    @cached_property
    def correction(self) -> Estimate:
        """E[r | evidence] / E[r]: by what the model's probability is multiplied."""
        ratios = self._pilot[1]
        here, here_error = ratios.mean(), ratios.std() / math.sqrt(len(ratios))
        mean, mean_error = self.ratio.mean, self.ratio.mean_error
        value = float(here / mean)
        relative = math.hypot(here_error / here, mean_error / mean)
        return Estimate(value, value * relative)

    @property
    def log_probability(self) -> float:
        """Natural logarithm of the estimated `probability`."""
        if not self.evidence:
            return self.model.log_probability
        return min(self.model.log_probability + math.log(self.correction.value), 0.0)

    @property
    def standard_error(self) -> float:
        """Of `probability`."""
        if not self.evidence:
            return 0.0
        # What the model's own estimate is unsure of, beside what the correction is.
        own = self.model.standard_error * self.correction.value
        return math.hypot(self.model.probability * self.correction.standard_error, own)

    @property
    def note(self) -> str:
        """One sentence on how far the answers go."""
        return (
            f"Probability and marginals are estimated from {PILOT:,} people that the model drew, "
            "each counted by the ratio."
        )

    def marginal(self, column: str) -> Marginal:
        """The model's exact marginal, each state times the mean ratio of its people."""
        frame, ratios = self._pilot
        exact = self.model.marginal(column)
        states = exact.states_of(frame[column])
        total = np.bincount(states, ratios, minlength=len(exact.labels))
        count = np.bincount(states, minlength=len(exact.labels))
        factor = np.where(count > 0, total / np.maximum(count, 1), ratios.mean())
        return exact.reweighted(factor)

    # ------------------------------------------------------------------ samples

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People number `start` to `start + rows` of the seed.

        Exactly `rows`; person number i of a seed is the same however many are drawn, by however
        many threads.

        Raises
        ------
        PopulaceError
            Hardly a candidate is kept.
        """
        if rows == 0:
            return self.model.sample(0, seed)
        frames = draw_blocks(partial(self._block, seed), BLOCK, start, rows, threads)
        return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)

    def _block(self, seed: int, block: int, low: int, high: int) -> pd.DataFrame:
        """The people number `low` to `high` of a block: its candidates in order, those kept."""
        candidates = int(stream_key(seed, f"candidates\x1f{block}") % np.uint64(2**62))
        key = stream_key(seed, f"keep\x1f{block}")
        frames: list[pd.DataFrame] = []
        first, kept, barren = 0, 0, 0
        size = max(FIRST, high)
        while kept < high:
            frame = self.model.sample(size, candidates, start=first, threads=1)
            chosen = np.flatnonzero(uniforms(key, first, size) < self.ratio.acceptance(frame))
            # Of this batch, the kept ones with a number in [low, high).
            places = kept + np.arange(len(chosen))
            frames.append(frame.iloc[chosen[(places >= low) & (places < high)]])
            kept += len(chosen)
            first += size
            barren = barren + 1 if len(chosen) == 0 else 0
            if barren > BARREN:
                raise PopulaceError(
                    "The refinement keeps hardly anybody of whom these facts hold: draw from the "
                    "network alone, or drop a fact."
                )
            share = max(kept / first, 1e-3)
            size = int(min(max(FIRST, 1.1 * (high - kept) / share), BLOCK))
        return pd.concat(frames, ignore_index=True)
