"""One person from 20 to 80: what if they were of another age, asked for every age alike.

Each age is answered from the person as recorded, by the match of `what_if`, so that what need not
change stays; the same seed gives the same life. From age to age only this is seen to: nobody who
was married is never married later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synth.data.evidence import Evidence, OneOf
from synth.data.meaning import marital_of
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


def life(
    record: Mapping[str, Any], population: Population, *, seed: int = 0
) -> tuple[dict[int, WhatIf], dict[int, str]]:
    """The person at every one of `ages`.

    Parameters
    ----------
    record : mapping of str to Any
        The person, column → value.
    population : Population
        Whose people.
    seed : int, optional
        The same seed gives the same life.

    Returns
    -------
    tuple of (dict of int to WhatIf, dict of int to str)
        By age, ascending; and why there is nobody at the ages that are left out.
    """
    now = age_of(record, population.modelled) or 0
    years = ages(population)
    whole: dict[int, WhatIf] = {}
    missing: dict[int, str] = {}
    for part, later in (
        ([year for year in years if year >= now], True),
        ([year for year in reversed(years) if year < now], False),
    ):
        last: Mapping[str, Any] = record
        for year in part:
            limits = _married(last, population, later=later)
            try:
                whole[year] = at_age(record, population, year, limits=limits, seed=seed)
            except PopulaceError as error:
                missing[year] = str(error)
                continue
            last = whole[year].record
    return dict(sorted(whole.items())), missing


def _married(record: Mapping[str, Any], population: Population, *, later: bool) -> Evidence:
    """Who was ever married stays so later; who never was had never been before."""
    column = population.modelled.first("marital")
    status = None if column is None else marital_of(record.get(column.name))
    if column is None or status is None or (status == "single") is later:
        return Evidence()
    states = [level for level in column.levels if (marital_of(level) == "single") is not later]
    return Evidence({column.name: OneOf(tuple(states))}) if states else Evidence()


def at_age(
    record: Mapping[str, Any],
    population: Population,
    years: int,
    *,
    limits: Evidence | None = None,
    seed: int = 0,
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
    limits : Evidence, optional
        What else must hold at that age.
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
    changes = Evidence({column.name: exactly(column, years)}) | (limits or Evidence())
    return what_if(record, population, changes, keep=keep, seed=seed, shifts=0)
