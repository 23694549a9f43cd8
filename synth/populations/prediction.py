"""A column of a table predicted from the other columns of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synth.bayes.rows import FLOOR
from synth.data.column import Column
from synth.data.wording import hint
from synth.errors import PopulaceError
from synth.populations.population import Population
from synth.populations.requested_rows import (
    Blank,
    RequestedRows,
    Rows,
    excluded_note,
    free_name,
    population_of,
)


@dataclass(frozen=True, eq=False)
class Prediction:
    """One column's posterior for each row.

    Attributes
    ----------
    column : Column
        The column.
    labels : tuple of str
        Its levels, or its bins; ``missing`` last where that is a state.
    probabilities : float64 array, shape (rows, labels)
        Given all other known cells of the row.
    mean, median, lower, upper : float64 array or None, shape (rows,)
        Numbers: of the values that are not missing; `lower` and `upper` hold 90% between them.
    notes : tuple of str
        Sentences on what could not be used.
    """

    column: Column
    labels: tuple[str, ...]
    probabilities: np.ndarray
    mean: np.ndarray | None
    median: np.ndarray | None
    lower: np.ndarray | None
    upper: np.ndarray | None
    notes: tuple[str, ...]

    @property
    def most_likely(self) -> np.ndarray:
        """The label with the highest probability of each row; object, shape (rows,)."""
        return np.array(self.labels, dtype=object)[self.probabilities.argmax(axis=1)]

    @property
    def frame(self) -> pd.DataFrame:
        """Levels: a column of probabilities for each; numbers: mean, median, 5% and 95%."""
        if self.mean is None:
            out = pd.DataFrame(self.probabilities, columns=list(self.labels))
            out.insert(0, free_name("most likely", out), self.most_likely)
            return out
        out = pd.DataFrame(
            {"mean": self.mean, "median": self.median, "5%": self.lower, "95%": self.upper}
        )
        if self.column.missing:
            out["missing"] = self.probabilities[:, -1]
        return out


def predict(
    column: str,
    table: Rows,
    population: Population | str | Path,
    *,
    blank: Blank = "unknown",
    values_only: bool = False,
    threads: int | None = None,
) -> Prediction:
    """The posterior of a column for each row, given the row's other known cells; exact.

    Parameters
    ----------
    column : str
        A column of the population. Cells that the table has of it are not looked at.
    table, population, blank, threads
        As in `complete`.
    values_only : bool
        Given that the value is not missing.

    Returns
    -------
    Prediction

    Raises
    ------
    PopulaceError
        There is no such column, or as `complete`.
    """
    people = population_of(population)
    if column not in people.schema:
        raise PopulaceError(f"There is no column {column}{hint(column, people.schema.names)}")
    people.constraints.refuse((column,))
    requested = RequestedRows.of(table, people, blank, hide=column)
    questions, coding = requested.questions, people.network.codings[column]
    p = questions.posterior(requested.evidence, column, threads=threads)
    notes = list(requested.notes)
    lost = np.isnan(p[:, 0])
    if lost.any():
        p[lost] = questions.posterior(
            requested.of_rows(np.flatnonzero(lost)), column, floor=FLOOR, threads=threads
        )
        notes.append(excluded_note(int(lost.sum())))
    labels = coding.labels
    if values_only and coding.column.missing:
        p, labels = p[:, :-1], labels[:-1]
        total = p.sum(axis=1, keepdims=True)
        p = np.divide(p, total, out=np.full(p.shape, 1.0 / len(labels)), where=total > 0)
    mean = median = lower = upper = None
    if coding.pieces is not None:
        mean = questions.means(column, p)
        lower, median, upper = questions.quantiles(column, p, (0.05, 0.5, 0.95)).T
    return Prediction(coding.column, labels, p, mean, median, lower, upper, tuple(notes))
