"""A table in other words than the shipped ones: portraits, names and words all the same."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synth import bayes, describe, populations
from synth.data.evidence import Evidence
from synth.data.meaning import gender_of
from synth.data.table import make_table
from synth.fitting.fit import fit
from synth.fitting.inspection import inspect_table
from synth.fitting.plan import Correction, Plan
from synth.people.profile import make_profiles


def _frame(rows=600):
    rng = np.random.default_rng(3)
    age = rng.integers(18, 90, rows)
    return pd.DataFrame(
        {
            "sex": rng.choice(["m", "w"], rows),
            "Alter": age,
            "Familienstand": np.where(
                age < 30, "ledig", rng.choice(["verheiratet", "geschieden", "verwitwet"], rows)
            ),
            "Anzahl Kinder": rng.integers(0, 4, rows),
            "Hobby": rng.choice(["gardening", "fishing", "Skat"], rows),
            "Betrag": rng.normal(100, 10, rows).round(2),
        }
    )


def _population(table):
    return populations.of(bayes.learn(table), table, title="Leute")


@pytest.fixture(scope="module")
def german():
    return _population(make_table(_frame()))


def test_everybody_has_a_face_a_name_and_words(german):
    profiles = make_profiles(german, None, 12, seed=1)
    for profile in profiles:
        assert profile.gender == {"w": "female", "m": "male"}[profile.record["sex"]]
        assert profile.portrait is not None
        assert profile.portrait.cell.gender == profile.gender
        assert profile.interests == (profile.record["Hobby"],)
        word = "woman" if profile.gender == "female" else "man"
        assert profile.line.startswith(f"{profile.record['Alter']} · {word} · ")
        married = profile.record["Familienstand"] == "verheiratet"
        assert profile.facts.spouse is married
        assert "ith my better half" not in " ".join(profile.posts) or married
    assert any(profile.choices for profile in profiles), "gardening and fishing have pictures"
    assert {gender_of(p.record["sex"]) for p in profiles} == {"female", "male"}


def test_questions_speak_of_women_and_years(german):
    parsed = Evidence.parse("sex=w,Alter=30..40,Hobby=fishing", german.modelled)
    assert describe.question(parsed, german) == "Women aged 30–40 whose first interest is Fishing"


def test_one_correction_gives_faces_to_a_column_that_no_name_betrays():
    frame = _frame().rename(columns={"Alter": "v2"})
    table = make_table(frame)
    bare = make_profiles(_population(table), None, 3, seed=1)
    assert all(profile.portrait is None for profile in bare)
    assert all(any("no age or no gender" in n for n in profile.notes) for profile in bare)
    corrected = make_table(frame, table.schema.changed("v2", meaning="age"))
    message = make_profiles(_population(corrected), None, 3, seed=1)
    assert all(profile.portrait is not None for profile in message)


def test_a_wrong_guess_can_be_taken_back(german):
    schema = german.modelled.changed("Hobby", meaning="")
    network = replace(german.network, schema=schema)
    profiles = make_profiles(populations.of(network, german.table, title="x"), None, 2, seed=1)
    assert all(profile.interests == () for profile in profiles)


def test_a_plan_carries_the_correction_to_the_cards():
    frame = _frame(300).rename(columns={"sex": "v1", "Alter": "v2"})
    inspection = inspect_table(frame, "leute.csv")
    assert inspection.schema.first("gender").name == "v1", "m and w betray it"
    plan = Plan.of(inspection).corrected([Correction("v2", meaning="age")])
    population = fit(frame, plan)
    assert population.modelled.first("age").name == "v2"
    assert "v1" in population.featured and "v2" in population.featured
    (profile,) = make_profiles(population, None, 1, seed=1)
    assert profile.portrait is not None and profile.facts.age == profile.record["v2"]
