"""The first year: people of a population with spouses, children and households.

The table says who is married, not to whom: women and men are matched by age. Children under 15 are
added to women who have children at home, as many as the household's size leaves room for; people up
to 25 who live with parents become children of women who have some and are 18 to 42 years older.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from synth.data.evidence import Evidence, OneOf
from synth.data.meaning import children_of, gender_of, marital_of
from synth.errors import PopulaceError
from synth.populations.as_written import canonical
from synth.populations.population import Population
from synth.simulation.engine import newborn
from synth.simulation.people import NOBODY, People, uniforms
from synth.simulation.published import BOYS
from synth.simulation.rates import Rates, people_of

_YOUNG, _GROWN = 15, 26
_OF_AGE = 18
"""Below it one counts as a child of the household."""
_PARENT = 20
"""Age from which children at home are taken for the person's own."""
_PARTED = ("divorced", "separated", "widowed")


def first_people(population: Population, rates: Rates, count: int, seed: int = 0) -> People:
    """People of a population, grown-ups and the children of some of them.

    Parameters
    ----------
    population : Population
        Who they are; women and men in equal number.
    rates : Rates
        Of the population.
    count : int
        People of 15 and over.
    seed : int
        The same seed gives the same people.

    Raises
    ------
    PopulaceError
        There are too few.
    """
    if count < 10:
        raise PopulaceError("A population that moves needs ten people at least: ask for more.")
    frame = _drawn(population, count, seed)
    family, names = rates.family, people_of(population)
    total = len(frame)
    male = np.arange(total) >= total // 2
    age = np.clip(frame[names["age"]].to_numpy(np.float64), _YOUNG, 110).astype(np.int16)
    status = frame[names["marital"]].astype(object).map(marital_of).astype(object)
    status = status.where(status.notna(), "single").to_numpy(dtype=object).copy()
    married = np.isin(status.astype(str), ("married", "remarried"))
    has_child = np.zeros(total, dtype=bool)
    if "children" in names:
        has_child = (
            frame[names["children"]].map(lambda v: bool(children_of(v))).to_numpy(bool).copy()
        )
        # Children at home are brothers and sisters of those who are hardly grown.
        has_child &= married | (age >= _PARENT)
    spouse = _couples(male, age, married, has_child)
    alone = married & (spouse < 0)  # one side has more: the rest count as parted
    status[alone] = "divorced"
    married = spouse >= 0
    husbands = np.flatnonzero(married & male)
    has_child[husbands] = has_child[spouse[husbands]]  # where they differ, hers are theirs
    kind, home = _classes(rates, male, age, married, has_child, seed)
    parted = np.isin(status.astype(str), _PARTED)
    home &= ~married & ~parted & ~has_child
    state = family.lookup[married.astype(int), has_child.astype(int), home.astype(int)]
    divorced = int(np.flatnonzero(family.parted)[0])
    state = np.where(parted, divorced, state)
    state = np.where(status.astype(str) == "widowed", len(family.names) - 1, state)
    household = np.arange(total)
    wives = np.flatnonzero(married & ~male)
    household[spouse[wives]] = household[wives]
    people = People(
        alive=np.ones(total, dtype=bool), male=male, age=age, kind=kind,
        state=state.astype(np.int8),
        since=np.clip(age - rates.first_age, 1, 4).astype(np.int16),
        child=has_child, spouse=spouse,
        mother=np.full(total, NOBODY, dtype=np.int64),
        father=np.full(total, NOBODY, dtype=np.int64),
        household=household.astype(np.int64),
        works=uniforms(seed, "first works", 0, total).astype(np.float32),
    )  # fmt: skip
    size = None
    if "household size" in names:
        size = frame[names["household size"]].to_numpy(np.float64, na_value=np.nan)
    _adopt(people, home, seed)
    return _with_children(people, rates, size, seed)


def _drawn(population: Population, count: int, seed: int) -> pd.DataFrame:
    gender = population.modelled.first("gender")
    if gender is None:
        raise PopulaceError(f"{population.title} has no column of gender: choose another.")
    parts = []
    for number, word in enumerate(("female", "male")):
        level = next(v for v in gender.levels if gender_of(v, gender.levels) == word)
        people = canonical(population.answer(Evidence({gender.name: OneOf((level,))})))
        parts.append(people.sample(count // 2, seed=seed * 2 + number))
    return pd.concat(parts, ignore_index=True)


def _couples(
    male: np.ndarray, age: np.ndarray, married: np.ndarray, child: np.ndarray
) -> np.ndarray:
    """Husband and wife by age, each side in its order; those of the larger side are spread out.

    Parents are paired with parents first, and others with others, or there would be more families
    with children than anybody was learned from; who is left over is paired at the end.
    """
    spouse = np.full(len(male), NOBODY, dtype=np.int64)
    for alike in (child, ~child, np.ones(len(male), dtype=bool)):
        free = married & alike & (spouse < 0)
        sides = [np.flatnonzero(free & (male == side)) for side in (False, True)]
        sides = [side[np.argsort(age[side], kind="stable")] for side in sides]
        count = min(map(len, sides))
        if count:
            women, men = (
                side[np.linspace(0, len(side) - 1, count).round().astype(int)] for side in sides
            )
            spouse[women], spouse[men] = men, women
    return spouse


def _classes(
    rates: Rates,
    male: np.ndarray,
    age: np.ndarray,
    married: np.ndarray,
    child: np.ndarray,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Life class, and whether one lives with parents, given gender, age, marriage and children."""
    family = rates.family
    known = rates.alike.shape[2]
    place = np.clip(age - rates.first_age, 0, rates.alike.shape[1] - 1)
    u, v = uniforms(seed, "first class", 0, len(age)), uniforms(seed, "first home", 0, len(age))
    fits = (family.married[None, :known] == married[:, None]) & (
        family.child[None, :known] == child[:, None]
    )
    fits &= ~family.parted[None, :known]
    inside = (rates.alike[:, place] * fits[None]).sum(axis=2).T + 1e-9  # (people, classes)
    shares = np.cumsum(inside * rates.classes[male.astype(int)], axis=1)
    kind = (shares < u[:, None] * shares[:, -1:]).sum(axis=1).astype(np.int8)
    here = rates.alike[kind, place] * fits
    at_home = (here * family.home[None, :known]).sum(axis=1) / np.maximum(here.sum(axis=1), 1e-12)
    return kind, v < at_home


def _adopt(people: People, home: np.ndarray, seed: int) -> None:
    """Grown children who live with parents get a mother of fitting age."""
    u = uniforms(seed, "first mother", 0, len(people))
    mothers = np.flatnonzero(~people.male & people.child)
    mothers = mothers[np.argsort(people.age[mothers], kind="stable")]
    ages = people.age[mothers]
    young = np.flatnonzero(home & (people.age < _GROWN))
    low = np.searchsorted(ages, people.age[young] + 18, side="left")
    high = np.searchsorted(ages, people.age[young] + 42, side="right")
    there = high > low
    young, low, high = young[there], low[there], high[there]
    chosen = mothers[low + (u[young] * (high - low)).astype(np.int64)]
    people.mother[young] = chosen
    people.father[young] = people.spouse[chosen]
    people.household[young] = people.household[chosen]


def _with_children(people: People, rates: Rates, size: np.ndarray | None, seed: int) -> People:
    grown = np.bincount(people.mother[people.mother >= 0], minlength=len(people))
    parent = ~people.male | (people.spouse < 0)
    mothers = np.flatnonzero(parent & people.child & (people.age < 60) & ~people.male)
    room = np.full(len(people), 2.0)
    if size is not None:
        room = np.nan_to_num(size, nan=3.0) - 1 - (people.spouse >= 0) - grown
    count = np.clip(room[mothers], 0, 6).astype(np.int64)
    mother = np.repeat(mothers, count)
    start = len(people)
    u = uniforms(seed, "first ages", start, len(mother))
    low = np.maximum(people.age[mother] - 44, 0)
    high = np.minimum(people.age[mother] - 16, _OF_AGE - 1)
    age = (low + u * (high - low + 1)).astype(np.int16)
    # Those who are old enough to be asked are among the first people already.
    fits = (high >= low) & (age < _YOUNG)
    mother, age = mother[fits], age[fits]
    male = uniforms(seed, "first boys", start, len(mother)) < BOYS
    shares = np.cumsum(rates.classes, axis=1)[male.astype(np.int64)]
    v = uniforms(seed, "first classes", start, len(mother))
    kind = np.minimum((shares <= v[:, None]).sum(axis=1), shares.shape[1] - 1)
    works = uniforms(seed, "child works", start, len(mother))
    state = int(rates.family.lookup[0, 0, 1])
    young = newborn(
        male, kind, state, mother, people.spouse[mother], people.household[mother], works
    )
    young.age[:] = age
    return people.joined(young)
