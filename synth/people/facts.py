"""What a record says about its person, read by the columns' meanings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synth.data import meaning
from synth.data.meaning import Ethnicity, Gender, Meaning
from synth.data.schema import Schema

_PARENT = 25  # years; of the children in younger people's homes few are theirs
_GROWN = 18  # years
_GRANDPARENT = 65  # years; children in the homes of older people are seldom their own


@dataclass(frozen=True)
class Facts:
    """What is known of a person; None where the record does not say.

    Attributes
    ----------
    gender : Gender
        ``unknown`` also where the table's word is not understood.
    age : float or None
        Years; the middle of an age group.
    partner : bool or None
        Whether there is a partner.
    spouse : bool
        Whether the partner is a spouse who lives in the household.
    children : bool or None
        The person's own: the household's, of whom an adult with a partner or of 25 and over may
        speak so. Those in the homes of younger people are mostly themselves and their siblings.
    alone : bool or None
        Whether the household is one person's.
    works : bool or None
        Whether the person has work.
    interests : tuple of str
        First to last, each once.
    ethnicity : str or None
        As the record says it; ``Other`` where it names none of the groups that have faces here.
    country : str or None
        Where the person was born, in two letters.
    """

    gender: Gender = "unknown"
    age: float | None = None
    partner: bool | None = None
    spouse: bool = False
    children: bool | None = None
    alone: bool | None = None
    works: bool | None = None
    interests: tuple[str, ...] = ()
    ethnicity: Ethnicity | None = None
    country: str | None = None


def facts_of(
    record: Mapping[str, Any], schema: Schema, interests: Sequence[str] | None = None
) -> Facts:
    """Read a record by the meanings of its columns.

    Parameters
    ----------
    record : mapping of str to value
        Column → value; missing ones as None, NaN or ``missing``.
    schema : Schema
        The columns of the record.
    interests : sequence of str, optional
        The interests; those of the record when left out.

    Returns
    -------
    Facts
        What is known.
    """
    age = age_of(record, schema)
    marital = meaning.marital_of(_value(record, schema, "marital"))
    home = meaning.partner_of(_value(record, schema, "partner"))
    spouse = marital in ("married", "remarried") and home != "none"
    partner: bool | None = None
    if home == "spouse" and marital in ("divorced", "separated", "widowed", "single"):
        pass  # the record says both: nobody speaks of it
    elif spouse or marital == "partnered" or home in ("spouse", "partner"):
        partner = True
    elif home == "none" or marital in ("divorced", "separated", "widowed"):
        partner = False
    children = meaning.children_of(_value(record, schema, "children"))
    own = (_GROWN if partner else _PARENT, _GRANDPARENT)
    if children and age is not None and not own[0] <= age < own[1]:
        children = None
    household = meaning.years_of(_value(record, schema, "household size"))
    known = interests_in(record, schema) if interests is None else interests
    return Facts(
        gender=gender_in(record, schema),
        age=age,
        partner=partner,
        spouse=spouse,
        children=children,
        alone=None if household is None else household == 1,
        works=meaning.works_of(_value(record, schema, "work")),
        interests=tuple(dict.fromkeys(known)),
        ethnicity=meaning.ethnicity_of(_value(record, schema, "ethnicity")),
        country=meaning.country_of(_value(record, schema, "birth country")),
    )


def gender_in(record: Mapping[str, Any], schema: Schema) -> Gender:
    """The gender that a record tells.

    Parameters
    ----------
    record : mapping of str to Any
        Column → value.
    schema : Schema
        The columns of the record.

    Returns
    -------
    Gender
        The gender, ``unknown`` without such a column.
    """
    column = schema.first("gender")
    if column is None:
        return "unknown"
    return meaning.gender_of(record.get(column.name), column.levels)


def age_of(record: Mapping[str, Any], schema: Schema) -> float | None:
    """Years; the middle of an age group where there is no age.

    Parameters
    ----------
    record : mapping of str to Any
        Column → value.
    schema : Schema
        The columns of the record.

    Returns
    -------
    float or None
        Years; None where the record gives neither.
    """
    age = meaning.years_of(_value(record, schema, "age"))
    return meaning.years_of(_value(record, schema, "age group")) if age is None else age


def ages_of(record: Mapping[str, Any], schema: Schema) -> tuple[float, float] | None:
    """The first and the last year of the age group that a record says.

    Parameters
    ----------
    record : mapping of str to Any
        Column → value.
    schema : Schema
        The columns of the record.

    Returns
    -------
    (float, float) or None
        Years; None where the record gives an age in years, or no group with two ends.
    """
    if meaning.years_of(_value(record, schema, "age")) is not None:
        return None
    return meaning.group_of_years(_value(record, schema, "age group"))


def interests_in(record: Mapping[str, Any], schema: Schema) -> tuple[str, ...]:
    """The interests that a record tells, first to last, each once.

    Parameters
    ----------
    record : mapping of str to Any
        Column → value.
    schema : Schema
        The columns of the record.

    Returns
    -------
    tuple of str
        The interests.
    """
    values = (record.get(column.name) for column in schema.of_meaning("interest"))
    texts = (str(v) for v in values if v is not None and str(v) not in ("missing", "<NA>", "nan"))
    return tuple(dict.fromkeys(texts))


def _value(record: Mapping[str, Any], schema: Schema, sought: Meaning) -> Any:
    column = schema.first(sought)
    return None if column is None else record.get(column.name)
