"""A network calibrated to margins, as a model: every question and sample has the targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from synth.bayes.calibration import Calibration, Target, calibrate
from synth.constraints.derived import NO_CONSTRAINTS, Constraints
from synth.constraints.posterior import ConstraintFactors, constrained, rules_of
from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.generators.base import Model, ModelWrapper
from synth.lazy import cached_property

if TYPE_CHECKING:
    from collections.abc import Callable

    from synth.bayes.inference import Posterior


@dataclass(frozen=True, eq=False)
class CalibratedModel(ModelWrapper):
    """A network with given margins, changed as little as possible; exact.

    Attributes
    ----------
    model : Model
        What was learned; its network is calibrated.
    targets : tuple of Target
        The margins.
    """

    model: Model
    targets: tuple[Target, ...]

    def __post_init__(self) -> None:
        if self.model.network is None:
            raise PopulaceError(
                "Only a Bayesian network can be calibrated to targets: learn the table as one."
            )
        _ = self.calibration  # contradictory targets are refused here

    @cached_property
    def digest(self) -> str:
        """Its identity: the model's and the targets'."""
        return self.digest_with(*(target.to_json() for target in self.targets))

    @cached_property
    def calibration(self) -> Calibration:
        """The weights, where nothing else must hold."""
        return self._calibrations(NO_CONSTRAINTS)

    @cached_property
    def _calibrations(self) -> Callable[[Constraints], Calibration]:
        """The weights under constraints, worked out once for each."""
        network = self.model.network
        targets = self.targets
        if network is None:
            raise PopulaceError("Only a Bayesian network can be calibrated to targets.")

        @lru_cache(maxsize=4)
        def calibrations(constraints: Constraints) -> Calibration:
            rules = rules_of(constraints, network)
            factors = (ConstraintFactors(rules),) if rules else ()
            return calibrate(network, targets, factors=factors)

        return calibrations

    def given(
        self,
        evidence: Evidence | None = None,
        do: Evidence | None = None,
        constraints: Constraints = NO_CONSTRAINTS,
    ) -> Posterior:
        """The exact posterior in the calibrated population.

        Raises
        ------
        PopulaceError
            The evidence is impossible, or the targets cannot be reached under the constraints.
        """
        calibration = self._calibrations(constraints)
        return constrained(
            calibration.network, evidence, do, constraints, factors=(calibration.margins,)
        )


def parse_target(text: str, schema: Schema) -> Target:
    """Read a target from a line.

    ``gender=female:.5|male:.5`` gives shares to levels, ``gender=.5/.5`` to all levels in their
    order, ``age=..29:.3|30..49:.4|50..:.3`` to ranges. Shares that add up to more than 1 are
    counts.

    Raises
    ------
    PopulaceError
        The line cannot be read; the sentence shows how one is written.
    """
    name, mark, right = text.partition("=")
    name, right = name.strip(), right.strip()
    if not mark or not right:
        raise PopulaceError(
            f"The target {text!r} is not understood: write it like gender=female:.5|male:.5."
        )
    column = schema[name]
    if ":" in right:
        pairs = [part.rsplit(":", 1) for part in right.split("|")]
        if any(len(pair) < 2 for pair in pairs):
            raise PopulaceError(
                f"The target {text!r} has a cell without a share: write it like "
                "gender=female:.5|male:.5."
            )
        values, numbers = [pair[0].strip() for pair in pairs], [pair[1] for pair in pairs]
    else:
        numbers = right.split("/")
        values = list(column.levels)
        if len(numbers) != len(values):
            raise PopulaceError(
                f"The target {text!r} has {len(numbers)} shares for {len(values)} levels of "
                f"{name}: name each level."
            )
    shares = [_share(number, text) for number in numbers]
    quoted = f'"{name}"'
    cells = [Evidence.parse(f"{quoted}={value}", schema) for value in values]
    return (
        Target.of_counts(cells, shares)
        if sum(shares) > 1 + 1e-6
        else Target(tuple(cells), tuple(shares))
    )


def _share(text: str, line: str) -> float:
    try:
        share = float(text)
    except ValueError as error:
        raise PopulaceError(
            f"The target {line!r} has the share {text.strip()!r}, which is no number: write it "
            "like gender=female:.5|male:.5."
        ) from error
    if not 0 <= share < float("inf"):
        raise PopulaceError(f"The target {line!r} has the share {share:g}: use 0 or more.")
    return share


def read_targets(lines: Sequence[str], schema: Schema) -> tuple[Target, ...]:
    """Targets, one a line, as `parse_target` reads them."""
    return tuple(parse_target(line, schema) for line in lines)
