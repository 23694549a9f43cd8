"""A filter becomes evidence exactly where evidence says the same; the rest is filtered."""

import pyarrow.compute as pc
import pytest

from synth import load
from synth.virtual.pushdown import conjuncts, pushed

age, earn, gender = pc.field("age"), pc.field("weekly_earn"), pc.field("gender")
children, top = pc.field("has_children"), pc.field("top1")


@pytest.fixture(scope="module")
def population():
    return load("us-time-use")


def in_list(field, values):
    """As DuckDB writes it: null is neither in nor out."""
    return pc.if_else(field.is_valid(), field.isin(values), pc.scalar(None).cast("bool"))


@pytest.mark.parametrize(
    ("condition", "facts"),
    [
        (age < 30, "age=15..29"),
        (age <= 29.5, "age=15..29"),
        ((age >= 20) & (age < 31) & (age != 25), "age=20|21|22|23|24|26|27|28|29|30"),
        ((age < 17) | (age > 83), "age=15|16|85"),
        (in_list(age, [20, 40, 999]), "age=20|40"),
        (gender == "male", "gender=male"),
        (gender != "male", "gender=female"),
        (in_list(gender, ["female", "nobody"]), "gender=female"),
        (children, "has_children=yes"),
        (~children, "has_children=no"),
        (top.cast("string").isin(["gardening"]), "top1=gardening"),
        (earn.is_null(), "weekly_earn=missing"),
        ((earn < 0.035) & (gender == "female"), "weekly_earn=0..0.03,gender=female"),
        (age.is_valid(), ""),
    ],
)
def test_all_of_it_becomes_evidence(population, condition, facts):
    part = pushed(population.given(), condition)
    assert (part.facts, part.rest, part.nobody) == (population.evidence(facts), None, False)


@pytest.mark.parametrize(
    ("condition", "facts", "columns"),
    [
        (age > pc.field("n_in_household"), "", ("age", "n_in_household")),
        ((age < 20) | (gender == "male"), "", ("age", "gender")),
        ((age < 20) & ((age > 17) | children), "age=15..19", ("age", "has_children")),
        (
            (earn < 1000) & (pc.bit_wise_and(pc.round(earn).cast("int64"), 1) == 1),
            "",
            ("weekly_earn",),
        ),
    ],
)
def test_what_evidence_cannot_say_is_left(population, condition, facts, columns):
    part = pushed(population.given(), condition)
    assert part.facts == population.evidence(facts) and set(part.columns) == set(columns)
    assert part.rest is not None


def test_known_facts_and_those_of_the_filter_are_joined(population):
    people = population.given(population.evidence("age=20..40,gender=female"))
    assert pushed(people, age < 30).facts == population.evidence("age=20..29")
    assert pushed(people, gender == "male").nobody and pushed(people, age > 40).nobody
    missing = population.given(population.evidence("weekly_earn=missing"))
    assert pushed(missing, earn < 100).nobody


def test_an_estimated_population_is_filtered_afterwards(population):
    part = pushed(population.refined.given(), age < 30)
    assert not part.facts and part.columns == ("age",)


def test_parts_are_those_that_and_joins():
    parts = conjuncts((age < 30) & ((gender == "x") & (children | (earn > 2.5))))
    assert [part.columns for part in parts] == [
        ("age",),
        ("gender",),
        ("has_children", "weekly_earn"),
    ]
    assert [str(part.expression) for part in parts] == [
        "(age < 30)",
        '(gender == "x")',
        "(has_children or (weekly_earn > 2.5))",
    ]
