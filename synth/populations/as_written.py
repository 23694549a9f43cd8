"""People in the dtypes and words of the table that they were learned from: the library's door.

`Population.given` and the cluster's `Question.answer` hand out their answers through `as_written`;
see `synth.data.written` for what is done to a column. Whoever reckons with people inside the
library takes them in canonical dtypes from `canonical`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.data.written import TableFormat, restore
from synth.generators.base import Conditional, DrawnConditional
from synth.generators.rare import WEIGHT, RareConditional, with_note

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from synth.bayes.inference import Marginal


def as_written(conditional: Conditional, form: TableFormat) -> Conditional:
    """The same people, their columns as the table had them.

    Parameters
    ----------
    conditional : Conditional
        People in canonical dtypes.
    form : TableFormat
        How the columns of a finished row are written; others, which are made new, stay as they are.
    """
    return conditional if form.is_canonical else AsWritten(conditional, form)


def canonical(conditional: Conditional) -> Conditional:
    """The same people in canonical dtypes."""
    return conditional.conditional if isinstance(conditional, AsWritten) else conditional


@dataclass(frozen=True, eq=False)
class AsWritten(DrawnConditional):
    """People whose columns are as their table had them; everything else is the conditional's.

    Attributes
    ----------
    conditional : Conditional
        The same people in canonical dtypes.
    form : TableFormat
        How the columns are written.
    """

    conditional: Conditional
    form: TableFormat

    @property
    def schema(self) -> Schema:
        """The columns that were learned."""
        return self.conditional.schema

    @property
    def evidence(self) -> Evidence:
        """What is known of them."""
        return self.conditional.evidence

    @property
    def exact(self) -> bool:
        """Whether answers follow from the model exactly."""
        return self.conditional.exact

    @property
    def log_probability(self) -> float:
        """Natural logarithm of how common such people are."""
        return self.conditional.log_probability

    @property
    def probability(self) -> float:
        """How common such people are."""
        return self.conditional.probability

    @property
    def standard_error(self) -> float:
        """Of `probability`; 0 where it is exact."""
        return self.conditional.standard_error

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of `probability`."""
        return self.conditional.interval

    @property
    def note(self) -> str:
        """One sentence on how far the answers go; empty where they are exact."""
        return self.conditional.note

    def marginal(self, column: str) -> Marginal:
        """The distribution of one learned column."""
        return self.conditional.marginal(column)

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People number `start` to `start + rows` of the seed, as the table would have them."""
        people = self.conditional.sample(rows, seed, start=start, threads=threads)
        return restore(people, self.form.schema)

    def sample_arrow(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pa.Table:
        """The same people as an Arrow table, marked as synthetic, with how text files write it."""
        if isinstance(self.conditional, RareConditional):
            people = self.conditional.weighted(rows, seed, start=start, threads=threads)
        else:
            people = self.conditional.sample(rows, seed, start=start, threads=threads)
        table = self.form.table(people, seed)
        return with_note(table) if WEIGHT in people else table
