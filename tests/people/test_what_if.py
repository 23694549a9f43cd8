"""What if: the rest is redrawn from the exact posterior, and what stays is kept."""

import numpy as np
import pytest

from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.people.portraits.editing import Likeness
from synth.people.profile import make_profiles
from synth.people.what_if import exactly, lasting, redress, what_if
from synth.populations import available, load

if not available():
    pytest.skip("no population is shipped yet", allow_module_level=True)


@pytest.fixture(scope="module")
def population():
    return load(available()[0])


@pytest.fixture(scope="module")
def schema(population):
    return population.modelled


@pytest.fixture(scope="module")
def profile(population, schema):
    known = Evidence.parse("gender=female,age=30,marital=married", schema)
    return make_profiles(population, known, 1, seed=8)[0]


def test_what_changed_holds_what_stays_is_kept_and_the_seed_decides(population, schema, profile):
    sixty = Evidence.parse("age=60", schema)
    keep = ("gender", "weekly_earn", "family_income", "age")
    changed = what_if(profile.record, population, sixty, keep=keep, seed=3)
    assert changed.record["age"] == 60
    assert "age" in changed.differs and "age" not in changed.kept
    for name in ("gender", "weekly_earn", "family_income"):
        assert changed.record[name] == profile.record[name]
        assert name not in changed.differs
    assert changed.record == what_if(profile.record, population, sixty, keep=keep, seed=3).record
    others = [what_if(profile.record, population, sixty, keep=keep, seed=s) for s in range(5)]
    assert len({str(dict(other.record)) for other in others}) > 1


def test_the_share_is_the_conditional_probability(population, schema, profile):
    sixty = Evidence.parse("age=60..65", schema)
    changed = what_if(profile.record, population, sixty, keep=("gender", "marital"))
    kept = Evidence.parse("gender=female,marital=married", schema)
    both = population.given(kept | sixty).probability
    assert changed.share == pytest.approx(both / population.given(kept).probability, rel=1e-9)


def test_a_hundred_people_asked_the_same_are_as_various_as_the_posterior(population, schema):
    old = Evidence.parse("age=80", schema)
    people = 100
    before = population.given(Evidence.parse("gender=female,age=30", schema)).sample(people, seed=4)
    result = [
        what_if(record, population, old, keep=("gender",), seed=6, shifts=0)
        for record in before.astype(object).to_dict("records")
    ]
    drawn = [each.record for each in result]
    assert len({str(record) for record in drawn}) >= 95, "a hundred people do not become one"
    fresh = population.given(Evidence.parse("gender=female,age=80", schema)).sample(people, seed=5)
    columns = [name for name in schema.names if name != "age"]
    kept = np.mean([len(columns) + 1 - len(each.differs) for each in result])
    chance = np.mean(
        [
            sum(str(a) == str(b) for a, b in zip(before[name], fresh[name], strict=True))
            for name in columns
        ]
    )
    assert kept > chance / people * len(columns) + 1.5, "nearer to the person than anybody is"
    posterior = population.given(Evidence.parse("gender=female,age=80", schema))
    for column in ("marital", "labor_status"):
        marginal = posterior.marginal(column)
        for label, expected in marginal.to_dict().items():
            share = np.mean([record[column] == label for record in drawn])
            spread = np.sqrt(expected * (1 - expected) / people)
            assert abs(share - expected) < 4.5 * spread + 1e-9, (column, label)


def test_shifts_are_those_of_the_marginals(population, schema, profile):
    sixty = Evidence.parse("age=75", schema)
    changed = what_if(profile.record, population, sixty, keep=("gender",), shifts=3)
    assert [s.distance for s in changed.shifts] == sorted(s.distance for s in changed.shifts)[::-1]
    kept = Evidence.parse("gender=female", schema)
    for shift in changed.shifts:
        name = shift.column.name
        assert name not in ("age", "gender")
        assert shift.before == pytest.approx(population.given(kept).marginal(name)[shift.label])
        after = population.given(kept | sixty).marginal(name)[shift.label]
        assert shift.after == pytest.approx(after) and shift.after > shift.before


def test_what_lasts_is_gender_birth_and_degrees_once_school_is_over(schema):
    grown, pupil = {"age": 40}, {"age": 17}
    for name in ("gender", "born_in_us", "education", "has_higher_education"):
        grown[name] = pupil[name] = None
    assert lasting(grown, schema, ["age"]) == (
        "gender",
        "education",
        "has_higher_education",
        "born_in_us",
    )
    assert lasting(pupil, schema, ["gender"]) == ("born_in_us",)


def test_impossible_changes_are_told_in_a_sentence(population, schema, profile):
    with pytest.raises(PopulaceError, match="Nothing changes"):
        what_if(profile.record, population, Evidence())
    pets = Evidence.parse("top1=pets,top2=pets", schema)
    with pytest.raises(PopulaceError, match="exclude each other"):
        what_if(profile.record, population, pets)


def test_records_of_every_kind_are_kept_exactly(schema):
    assert str(exactly(schema["age"], 30)) == "30"
    assert str(exactly(schema["weekly_earn"], 1102.84)) == "1102.84"
    assert str(exactly(schema["weekly_earn"], None)) == "missing"
    assert str(exactly(schema["has_children"], True)) == "yes"
    assert str(exactly(schema["has_children"], "no")) == "no"


def test_name_pictures_and_likeness_stay_where_they_can(population, schema, profile):
    changed = what_if(
        profile.record,
        population,
        Evidence.parse("age=60", schema),
        keep=("gender", "top1", "top2", "top3"),
        seed=1,
    )
    likeness = Likeness(profile.portrait, "same", "The portrait is the same.")
    after = redress(profile, changed, population, likeness, number=2)
    assert after.name == profile.name and after.identity == profile.identity
    assert after.id == f"{profile.id}-2"
    assert set(after.choices) == set(profile.choices)
    assert after.portrait is profile.portrait and "The portrait is the same." in after.notes
    assert "60" in after.line
    again = redress(after, changed, population, likeness)
    assert again.name == profile.name
    man = what_if(profile.record, population, Evidence.parse("gender=male", schema), seed=1)
    other = redress(profile, man, population)
    assert other.name != profile.name and other.gender == "male"
    assert other.identity.ethnicity == profile.identity.ethnicity
