"""What is kept of a run: a pyramid and events for each year, and tables where they are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synth.data.writers import arrow_table, write_csv, write_parquet
from synth.errors import PopulaceError
from synth.simulation.engine import Simulation, YearEvents

BAND = 5
"""Years of a step of the pyramid."""
BANDS = 20
"""Steps of the pyramid; the last one is open."""
FORMATS = ("parquet", "csv")


@dataclass(frozen=True, eq=False)
class Record:
    """What pages show of a run.

    Attributes
    ----------
    years : tuple of int
        The first year and those after it.
    pyramid : int64 array, shape (years, 2, `BANDS`)
        Living women and men by age.
    marital : int64 array, shape (years, 4)
        People of 15 and over: never married, married, divorced, widowed.
    events : tuple of YearEvents
        Of each year but the first.
    household_size : float64 array, shape (years,)
        People in a household, on average.
    """

    years: tuple[int, ...]
    pyramid: np.ndarray
    marital: np.ndarray
    events: tuple[YearEvents, ...]
    household_size: np.ndarray


def recorded(
    simulation: Simulation, years: int, progress: Callable[[int], None] | None = None
) -> Record:
    """Step a simulation, keeping counts."""
    seen = [_counts(simulation)]
    first = simulation.year
    for done, _ in enumerate(simulation.run(years), start=1):
        seen.append(_counts(simulation))
        if progress:
            progress(done)
    return Record(
        tuple(range(first, first + years + 1)),
        np.array([each[0] for each in seen]),
        np.array([each[1] for each in seen]),
        tuple(simulation.events[-years:] if years else ()),
        np.array([each[2] for each in seen]),
    )


def write_years(
    simulation: Simulation,
    years: int,
    folder: str | Path,
    kind: str = "parquet",
    progress: Callable[[int], None] | None = None,
) -> list[Path]:
    """Step a simulation and write each year's people, marked as synthetic.

    Parameters
    ----------
    simulation : Simulation
        It moves on.
    years : int
        How far.
    folder : str or Path
        Gets ``people-YEAR.parquet`` for the first year and each after it.
    kind : str
        One of `FORMATS`.
    progress : callable, optional
        Gets the years done.

    Raises
    ------
    PopulaceError
        There is no such format.
    """
    if kind not in FORMATS:
        raise PopulaceError(f"There is no format {kind}: name one of {', '.join(FORMATS)}.")
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    written = []

    def write() -> None:
        file = path / f"people-{simulation.year}.{kind}"
        table = arrow_table(simulation.frame(), simulation.seed)
        (write_parquet if kind == "parquet" else write_csv)(file, [table])
        written.append(file)

    write()
    for done, _ in enumerate(simulation.run(years), start=1):
        write()
        if progress:
            progress(done)
    return written


def _counts(simulation: Simulation) -> tuple[np.ndarray, np.ndarray, float]:
    people, family = simulation.people, simulation.rates.family
    alive = people.alive
    band = np.minimum(people.age[alive] // BAND, BANDS - 1)
    cells = people.male[alive] * BANDS + band
    pyramid = np.bincount(cells, minlength=2 * BANDS).reshape(2, BANDS)
    adult = people.state[alive & (people.age >= 15)]
    parted = family.parted[adult]
    widowed = adult == len(family.names) - 1
    married = family.married[adult]
    marital = np.array(
        [(~married & ~parted).sum(), married.sum(), (parted & ~widowed).sum(), widowed.sum()]
    )
    households = len(np.unique(people.household[alive]))
    return pyramid, marital, float(alive.sum() / max(households, 1))
