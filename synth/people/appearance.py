"""Whose faces and names these are, in a sentence: what follows the record and what does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from synth.people.names import ETHNICITIES

if TYPE_CHECKING:
    from synth.populations import Population

EVENLY, SURVEYED = "evenly", "as surveyed"
"""How looks can be shared out where the record does not say them."""

_LOCALES: Mapping[str, str] = {"fr_FR": "French", "de_DE": "German", "es_ES": "Spanish"}


def ways(population: Population) -> tuple[str, ...]:
    """How the looks of a population can be shared out; one way where there is no choice.

    Parameters
    ----------
    population : Population
        Whose people.

    Returns
    -------
    tuple of str
        `EVENLY` first; none where the record says the ethnicity itself.
    """
    if population.schema.first("ethnicity") is not None:
        return ()
    return (EVENLY, SURVEYED) if population.society.looks else (EVENLY,)


def distribution(population: Population, way: str) -> dict[str, float] | None:
    """Ethnicity → weight for a way of `ways`; None for evenly.

    Parameters
    ----------
    population : Population
        Whose people.
    way : str
        `EVENLY` or `SURVEYED`.

    Returns
    -------
    mapping of str to float or None
        For `profile.complete`.
    """
    if way != SURVEYED or SURVEYED not in ways(population):
        return None
    looks = population.society.looks
    return {group: looks[group] for group in ETHNICITIES if group in looks}


def sentence(population: Population, way: str = EVENLY) -> str:
    """What faces and names follow, and what they do not.

    Parameters
    ----------
    population : Population
        Whose people.
    way : str, optional
        How the looks are shared out.

    Returns
    -------
    str
        One or two sentences.
    """
    schema = population.schema
    aged = schema.first("age") is not None or schema.first("age group") is not None
    names = _LOCALES.get(population.society.names, "")
    if schema.first("gender") is None or not aged:
        lacks = "age" if schema.first("gender") is not None else "gender"
        return f"No faces: the table records no {lacks}. Names are invented."
    if schema.first("ethnicity") is not None:
        return (
            "Faces and names follow the recorded gender, age and ethnicity; where the bank has no "
            "such faces, initials stand."
        )
    shares = distribution(population, way)
    if shares:
        total = sum(shares.values())
        parts = sorted(shares.items(), key=lambda pair: -pair[1])
        counted = ", ".join(f"{group} {share / total:.0%}" for group, share in parts)
        looks = f"Faces as the survey counted its respondents ({counted})"
    else:
        looks = "Faces evenly from four looks"
    named = f"{names} names" if names else "names to match"
    return f"{looks}, {named}. Both follow the record in gender and age alone, by design."
