"""One person from 20 to 80: what if they were of another age, asked for every age alike.

Each age is answered from the person as recorded, by the match of `what_if`, so that what need not
change stays; the same seed gives the same life.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.people.facts import age_of
from synth.people.what_if import WhatIf, exactly, lasting, what_if

if TYPE_CHECKING:
    from synth.populations import Population

AGES = (20, 30, 40, 50, 60, 70, 80)
"""Years that a life is shown at."""
_SCHOOLED = 25  # years, from which degrees are kept on the way back


def ages(population: Population) -> tuple[int, ...]:
    """The years that a life can be shown at: those of `AGES` that the population knows.

    Parameters
    ----------
    population : Population
        Whose people.

    Returns
    -------
    tuple of int
        None where no column says the age in years.
    """
    column = population.modelled.first("age")
    if column is None or not column.is_number or column.lower is None or column.upper is None:
        return ()
    return tuple(age for age in AGES if column.lower <= age <= column.upper)


def at_age(
    record: Mapping[str, Any], population: Population, years: int, *, seed: int = 0
) -> WhatIf:
    """The person of a record at another age.

    Gender, ethnicity and birth stay, and so do degrees, unless the person had not left school yet.

    Parameters
    ----------
    record : mapping of str to Any
        The person, column → value.
    population : Population
        Whose people.
    years : int
        One of `ages`.
    seed : int, optional
        The same seed gives the same life.

    Returns
    -------
    WhatIf
        The person after the change.

    Raises
    ------
    PopulaceError
        No column says the age in years, or nobody like this is of that age.
    """
    schema = population.modelled
    column = schema.first("age")
    if column is None or not column.is_number:
        raise PopulaceError(
            f"A life needs a column with the age in years, and {population.name} has none."
        )
    now = age_of(record, schema)
    keep = set(lasting(record, schema, (column.name,)))
    if years < _SCHOOLED and now is not None and now >= _SCHOOLED:
        keep &= set(lasting({**record, column.name: years}, schema, (column.name,)))
    changes = Evidence({column.name: exactly(column, years)})
    return what_if(record, population, changes, keep=keep, seed=seed, shifts=0)
