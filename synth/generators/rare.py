"""Rare people more often, as a model: drawn in proportion to p(x)^β, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from synth.bayes.inference import Posterior
from synth.bayes.rarity import RarePosterior, tempered
from synth.constraints.derived import NO_CONSTRAINTS, Constraints
from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.generators.base import Conditional, DrawnConditional, Model, ModelWrapper
from synth.lazy import cached_property

if TYPE_CHECKING:
    import pyarrow as pa

    from synth.bayes.marginal import Marginal

WEIGHT = "log_weight"
"""The column that a file of rare people has beside their own."""
FEW = 100
"""Rows worth fewer plain ones than this are too few for weighted figures."""
WEIGHT_WORDS = (
    f"Weighted by exp({WEIGHT}), means of these rows estimate those of everybody asked for without "
    "bias."
)


def with_note(table: pa.Table) -> pa.Table:
    """A table whose metadata say how its log-weights are used."""
    metadata = {**(table.schema.metadata or {}), WEIGHT.encode(): WEIGHT_WORDS.encode()}
    return table.replace_schema_metadata(metadata)


class RareConditional(DrawnConditional):
    """People of whom the evidence holds, rare ones more often.

    `probability` says how common such people are in the population as it is; marginals and samples
    are of those who are drawn.

    Parameters
    ----------
    plain : Posterior
        The population as it is.
    exponent : float
        β, see `bayes.rarity.tempered`.
    """

    exact = True

    def __init__(self, plain: Posterior, exponent: float) -> None:
        self.plain = plain
        self.rare = RarePosterior(plain, exponent)

    @property
    def schema(self) -> Schema:
        """The columns that were learned."""
        return self.plain.schema

    @property
    def evidence(self) -> Evidence:
        """What is known."""
        return self.plain.evidence

    @property
    def log_probability(self) -> float:
        """Natural logarithm of `probability`."""
        return self.plain.log_probability

    def marginal(self, column: str) -> Marginal:
        """The distribution of a column among those who are drawn; exact."""
        return self.rare.posterior.marginal(column)

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People number `start` to `start + rows` of the seed."""
        return self.rare.sample(rows, seed, start=start, threads=threads)

    def sample_arrow(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pa.Table:
        """The same people with their log-weights as an Arrow table, marked as synthetic."""
        from synth.data.writers import arrow_table

        table = arrow_table(self.weighted(rows, seed, start=start, threads=threads), seed)
        return with_note(table)

    @property
    def effective_share(self) -> float:
        """How many plain people a drawn one is worth; see `RarePosterior.effective_share`."""
        return self.rare.effective_share

    def log_weights(self, frame: pd.DataFrame) -> np.ndarray:
        """What makes estimates from drawn rows unbiased; see `RarePosterior.log_weights`."""
        return self.rare.log_weights(frame)

    def weighted(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """`sample`, with each row's log-weight in a last column called ``log_weight``."""
        frame = self.sample(rows, seed, start=start, threads=threads)
        return frame.assign(**{WEIGHT: self.log_weights(frame)})


def weighing(conditional: Conditional, rows: int) -> str:
    """How the log-weights of so many rows are used and, of rare people, what the rows are worth.

    Where few weights make up most of the sum, a weighted mean and its standard error are unsure:
    the fewer rows as they are the sample is worth, the more so.
    """
    if not isinstance(conditional, RareConditional):
        return WEIGHT_WORDS
    worth = rows * conditional.effective_share
    words = f"{WEIGHT_WORDS} So weighted, {rows:,} rows are worth about {worth:,.0f} plain ones"
    if worth < FEW:
        return f"{words}: too few to go by. Draw more, or with a rarity nearer to 1."
    return f"{words}."


@dataclass(frozen=True, eq=False)
class RareModel(ModelWrapper):
    """A network whose rare people are drawn more often.

    Attributes
    ----------
    model : Model
        What was learned; a Bayesian network.
    exponent : float
        β: 1 leaves everything as it is.
    """

    model: Model
    exponent: float

    def __post_init__(self) -> None:
        if self.model.network is None:
            raise PopulaceError(
                "Rare people can be drawn more often from a Bayesian network only: learn the table "
                "as one."
            )
        tempered(self.model.network, self.exponent)

    @cached_property
    def digest(self) -> str:
        """Its identity: the model's and the exponent's."""
        return self.digest_with(self.exponent)

    def given(
        self,
        evidence: Evidence | None = None,
        do: Evidence | None = None,
        constraints: Constraints = NO_CONSTRAINTS,
    ) -> RareConditional:
        """People of whom the evidence is known.

        Raises
        ------
        PopulaceError
            The evidence is impossible, or something is set from outside.
        """
        plain = self.model.given(evidence, do, constraints)
        if not isinstance(plain, Posterior):
            raise PopulaceError(
                "Rare people are drawn from an exact network: switch the refinement off."
            )
        return RareConditional(plain, self.exponent)
