"""The shipped households: facts about homes and members, and cards with names and faces."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.families.cards import card
from pages.families.words import cell, plain_name, record
from pages.shared import address
from synth.data.evidence import Between, Evidence, Fact, OneOf
from synth.linked.facts import RowFact
from synth.linked.families import Families
from synth.linked.features import Rows
from synth.linked.population import LinkedPopulation
from synth.people.households import make_members

_ANY = "any home"
_YOUNGEST, _OLDEST, _MANY, _HIGHEST = 5, 92, 8, 11


def ask_evidence(population: LinkedPopulation) -> tuple[Evidence, tuple[RowFact, ...]]:
    """What the controls say is known."""
    schema = population.model.root.schema
    homes = (_ANY, *schema["home"].levels)
    address.read_option("family-home", homes)
    with st.container(border=True, key="family-facts"):
        left, middle, right = st.columns(3, gap="medium")
        with left:
            home = st.selectbox("Home", homes, key="family-home", bind="query-params")
            size = _range("Members aged 5 and more", "size", 1, _MANY)
        with middle:
            income = _range(
                "Income bracket, low to high",
                "income",
                *(1, _HIGHEST),
                "The survey’s brackets; known of households with a vehicle.",
            )
            vehicles = _range("Vehicles", "vehicles", 0, _MANY)
        with right:
            age = _range("Somebody aged", "age", _YOUNGEST, _OLDEST)
            other_age = _range("And somebody aged", "other-age", _YOUNGEST, _OLDEST)
    facts: dict[str, Fact] = {}
    if home != _ANY:
        facts["home"] = OneOf((home,))
    for name, low, (first, last), most in (
        ("members rows", 1, size, _MANY),
        ("income_bracket", 1, income, _HIGHEST),
        ("vehicles rows", 0, vehicles, _MANY),
    ):
        if (first, last) != (low, most):
            facts[name] = Between(first, None if last == most else last)
    some = [
        RowFact("members", Evidence({"age": Between(*ages)}))
        for ages in (age, other_age)
        if ages != (_YOUNGEST, _OLDEST)
    ]
    return Evidence(facts), tuple(some)


def _range(words: str, name: str, low: int, high: int, note: str | None = None) -> tuple[int, int]:
    """A slider whose range the address holds."""
    key = f"family-{name}"
    address.read_range(key, low, high, single=False)
    return st.slider(words, low, high, (low, high), key=key, bind="query-params", help=note)


def show_cards(population: LinkedPopulation, families: Families, seed: int) -> None:
    top = population.model.shapes[0].schema.modelled
    ones = Rows.of(top, families.parents[list(top.names)], np.ones(len(families), np.int64))
    starts = {name: np.cumsum(r.counts) - r.counts for name, r in families.rows.items()}
    members, vehicles = families.rows["members"], families.rows["vehicles"]
    columns = st.columns(2)
    for number in range(len(families)):
        facts = record(ones, number, ("size",))
        facts = {plain_name(name): word for name, word in facts.items()}
        at = range(starts["members"][number], starts["members"][number] + members.counts[number])
        ages = [float(members.column("age")[i]) for i in at]
        genders = [cell(members.schema["gender"], members.column("gender")[i]) for i in at]
        people = make_members(ages, genders, seed=seed, household=number)
        records = [record(members, i, ("age", "gender")) for i in at]
        first = starts["vehicles"][number]
        cars = [_car(record(vehicles, i)) for i in range(first, first + vehicles.counts[number])]
        with columns[number % 2], st.container(border=True, key=f"household-{number}"):
            st.html(card(number, facts, people, records, {"vehicles": cars}))


def _car(record: dict[str, str]) -> dict[str, str]:
    age = record.pop("age", "")
    return {**record, **({"age": f"{age} year{'' if age == '1' else 's'} old"} if age else {})}
