"""A model whose people a graphics processor draws: the same people, sooner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from synth.bayes.device import DeviceSampler, checked_device
from synth.bayes.inference import Posterior
from synth.constraints.derived import NO_CONSTRAINTS, Constraints
from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.generators.base import DrawnConditional, Model, ModelWrapper
from synth.generators.refined import RefinedModel
from synth.lazy import cached_property

if TYPE_CHECKING:
    from synth.bayes.marginal import Marginal
    from synth.data.schema import Schema


def on_device(model: Model, device: str) -> Model:
    """The model, its people drawn on a device.

    Parameters
    ----------
    model : Model
        A Bayesian network, calibrated or refined too.
    device : str
        ``cuda``, ``cuda:1`` or ``cpu`` (PyTorch on the processor).

    Raises
    ------
    PopulaceError
        There is no such device.
    """
    checked_device(device)
    if isinstance(model, RefinedModel):
        # Candidates are drawn there; the ratio keeps them here.
        return replace(model, model=on_device(model.model, device))
    return OnDeviceModel(model, device)


@dataclass(frozen=True, eq=False)
class OnDeviceModel(ModelWrapper):
    """A model whose exact posteriors are drawn on a device.

    Attributes
    ----------
    model : Model
        What was learned.
    device : str
        Where its people are drawn.
    """

    model: Model
    device: str

    @property
    def digest(self) -> str:
        """The model's: its people are the same."""
        return self.model.digest

    def given(
        self,
        evidence: Evidence | None = None,
        do: Evidence | None = None,
        constraints: Constraints = NO_CONSTRAINTS,
    ) -> OnDeviceConditional:
        """People of whom the evidence is known.

        Raises
        ------
        PopulaceError
            The evidence is impossible, or the model has no exact posterior.
        """
        posterior = self.model.given(evidence, do, constraints)
        if not isinstance(posterior, Posterior):
            raise PopulaceError(
                "Only an exact network's people are drawn on a device: leave the device out."
            )
        return OnDeviceConditional(posterior, self.device)


class OnDeviceConditional(DrawnConditional):
    """A posterior that answers as ever and is drawn on a device.

    Parameters
    ----------
    posterior : Posterior
        Who the people are.
    device : str
        Where they are drawn.
    """

    exact = True

    def __init__(self, posterior: Posterior, device: str) -> None:
        self.posterior = posterior
        self.device = device

    @property
    def schema(self) -> Schema:
        """The columns that were learned."""
        return self.posterior.schema

    @property
    def evidence(self) -> Evidence:
        """What is known."""
        return self.posterior.evidence

    @property
    def log_probability(self) -> float:
        """Natural logarithm of `probability`; exact."""
        return self.posterior.log_probability

    def marginal(self, column: str) -> Marginal:
        """The distribution of one column; exact."""
        return self.posterior.marginal(column)

    @cached_property
    def sampler(self) -> DeviceSampler:
        """What draws, with its tables on the device."""
        return self.posterior.device_sampler(self.device)

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People number `start` to `start + rows` of the seed; those of `Posterior.sample`."""
        return self.posterior.finished(
            self.sampler.sample, rows, seed, start=start, threads=threads
        )
