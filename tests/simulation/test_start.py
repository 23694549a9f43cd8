"""The first year's people: who is married to whom, and whose children there are."""

import numpy as np
import pytest

from synth.lives import load_lives
from synth.populations import load
from synth.simulation import first_people, rates_of
from synth.simulation.start import _couples


def test_parents_are_paired_with_parents_and_who_is_left_over_at_the_end():
    male = np.array([False] * 4 + [True] * 4)
    age = np.array([30, 31, 50, 51, 32, 33, 52, 53])
    married = np.ones(8, dtype=bool)
    child = np.array([True, False, True, True, False, True, False, True])
    spouse = _couples(male, age, married, child)
    assert (spouse >= 0).all() and (spouse[spouse] == np.arange(8)).all()
    assert (male[spouse] != male).all()
    alike = child[spouse] == child
    assert alike.sum() == 6, "two mothers and two fathers, one couple without, one left over"


@pytest.fixture(scope="module")
def begun():
    population = load("us-time-use")
    rates = rates_of(population, load_lives("swiss-families").model)
    return population, first_people(population, rates, 4_000, 1)


def test_there_are_no_more_mothers_than_the_population_has(begun):
    population, people = begun
    women = population.given(population.evidence("gender=female"))
    has = women.marginal("has_children").probabilities[-1]
    grown = ~people.male & (people.age >= 15)
    assert people.child[grown].mean() < has + 0.02
    alone = people.spouse < 0
    assert not people.child[(people.age < 20) & alone].any()


def test_children_have_a_mother_of_fitting_age_and_are_no_more_than_a_quarter(begun):
    _, people = begun
    young = people.age < 15
    assert 0.18 < young.mean() < 0.27
    mothers = people.mother[young]
    assert (mothers >= 0).all()
    gap = people.age[mothers] - people.age[young]
    assert gap.min() >= 16 and gap.max() <= 44
