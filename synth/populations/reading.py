"""How a population is read: by its network, refined or weighted; rarity; given margins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from synth.bayes.calibration import Calibration
from synth.errors import PopulaceError
from synth.generators.calibrated import CalibratedModel, calibrated_model
from synth.generators.rare import RareModel
from synth.populations.population import Population

Base = Literal["network", "refined", "weighted"]


@dataclass(frozen=True)
class Reading:
    """What turns a population into the one that is asked and drawn from.

    Attributes
    ----------
    base : str
        ``network``, ``refined`` (corrected by what was learned of the network's errors) or
        ``weighted`` (to the population that a survey stands for).
    rarity : float
        β: people are drawn in proportion to p^β; 1 as common as they are.
    targets : tuple of str
        Margins that the people are to have, and columns that are to be independent, a line each.
    """

    base: Base = "network"
    rarity: float = 1.0
    targets: tuple[str, ...] = ()

    def population(self, population: Population) -> Population:
        """The population as it is read; itself where nothing is changed.

        Raises
        ------
        PopulaceError
            It cannot be read so.
        """
        if self.base == "refined":
            if self.targets or self.rarity != 1:
                raise PopulaceError(
                    "Refined people are estimates and take neither targets nor a rarity: drop them "
                    "or read the network."
                )
            return population.refined
        beside = population.survey if self.base == "weighted" else ()
        if self.base == "weighted" and not beside:
            raise PopulaceError(
                f"{population.title} has no survey weights to be read by: read the network."
            )
        if self.targets or beside:
            model = calibrated_model(
                population.model, self.targets, population.constraints, beside=beside
            )
            population = replace(population, model=model)
        return population if self.rarity == 1 else population.with_rarity(self.rarity)


def calibration(population: Population) -> Calibration | None:
    """What calibrating a population took, where it was calibrated."""
    model = population.model
    if isinstance(model, RareModel):
        model = model.model
    if not isinstance(model, CalibratedModel):
        return None
    return model.under(population.constraints)
