"""One person from 20 to 80: what stays, what may change, and who has no such life."""

import pytest

from synth.errors import PopulaceError
from synth.people.life import AGES, ages, at_age, life
from synth.populations import load

PERSON = 3


@pytest.fixture(scope="module")
def population():
    return load("us-time-use")


@pytest.fixture(scope="module")
def record(population):
    known = population.evidence("age=45,education=master's degree")
    return population.given(known).sample(4, seed=7).to_dict("records")[PERSON]


def test_a_life_keeps_who_the_person_is_and_repeats_itself(population, record):
    assert ages(population) == AGES
    for years in AGES:
        result = at_age(record, population, years)
        assert result.record["age"] == years
        for name in ("gender", "born_in_us"):
            assert result.record[name] == record[name]
        # The degree stays, but for the years in which nobody had it yet.
        assert (result.record["education"] == record["education"]) == (years >= 25)
    assert at_age(record, population, 60).record == at_age(record, population, 60).record


def test_the_nearer_the_age_the_less_changes(population, record):
    near = len(at_age(record, population, 50).differs)
    assert near <= len(at_age(record, population, 80).differs)
    assert near < len(population.modelled.names)


def test_nobody_forgets_a_marriage(population, record):
    whole, missing = life(record, population)
    assert tuple(whole) == AGES and not missing
    single = [match.record["marital"] == "never married" for match in whole.values()]
    assert single == sorted(single, reverse=True)


def test_ages_in_groups_have_no_slider():
    hobbies = load("french-hobbies")
    assert ages(hobbies) == ()
    with pytest.raises(PopulaceError, match="age in years"):
        at_age({"gender": "female"}, hobbies, 30)
