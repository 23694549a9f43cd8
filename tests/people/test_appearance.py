"""Whose faces and names: a table's own gender and ethnicity are followed; a survey's names kept."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synth import bayes, populations
from synth.data.evidence import Evidence
from synth.data.meaning import ethnicity_of
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.people import appearance
from synth.people.names import _generations, draw_identities
from synth.people.profile import complete, make_profiles
from synth.populations.society import Society


@pytest.fixture(scope="module")
def census():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "sex (M/F)": rng.choice(["M", "F"], 400),
            "race": rng.choice(["White", "Black", "Asian-Pac-Islander", "Amer-Indian"], 400),
            "age": rng.integers(20, 80, 400),
            "hours": rng.integers(10, 60, 400),
            "sector": rng.choice(["private", "state", "none"], 400),
        }
    )
    table = make_table(frame)
    return populations.of(bayes.learn(table), table, title="Census")


def test_faces_and_names_follow_the_record(census):
    people = make_profiles(census, None, 40, seed=2)
    shown_as = {"White": "White", "Black": "Black", "Asian-Pac-Islander": "Asian"}
    seen = set()
    for person in people:
        gender = {"F": "female", "M": "male"}[person.record["sex (M/F)"]]
        assert person.gender == gender
        race = person.record["race"]
        seen.add(race)
        if race in shown_as:
            assert person.portrait.cell.gender == gender
            assert person.portrait.cell.ethnicity == person.identity.ethnicity == shown_as[race]
        else:
            assert person.portrait is None and any("ethnicity" in note for note in person.notes)
    assert len(seen) == 4
    assert appearance.ways(census) == () and "recorded" in appearance.sentence(census)


def test_a_table_without_interests_shows_its_columns_and_repeats_no_sentence(census):
    for person in make_profiles(census, None, 6, seed=2):
        message = dict(person.highlights)
        assert set(message) == {"Race", "Hours", "Sector"}, "sex and age stand in the line"
        assert message["Hours"] == str(person.record["hours"])
        assert person.posts == () and person.bio == ""


def test_names_of_a_locale_and_looks_as_surveyed(census):
    bare = replace(census, society=Society("FR", "fr", "fr_FR", {"White": 0.9, "Black": 0.1}))
    records = [{"sex (M/F)": "F", "age": 40}] * 30
    women = _generations()["fr_FR"]["female"]
    first = {name for names in women.values() for name in names}
    assert all(p.name.split()[0] in first for p in complete(records, bare, 1))
    schema = bare.modelled.changed("race", meaning="")
    network = replace(bare.network, schema=schema)
    bare = replace(bare, model=populations.population.as_model(network))
    assert appearance.ways(bare) == (appearance.EVENLY, appearance.SURVEYED)
    weights = appearance.distribution(bare, appearance.SURVEYED)
    assert weights == {"White": 0.9, "Black": 0.1}
    surveyed = complete(records, bare, 1, distribution=weights)
    assert {p.identity.ethnicity for p in surveyed} <= {"White", "Black"}
    assert "White 90%" in appearance.sentence(bare, appearance.SURVEYED)
    assert "evenly" in appearance.sentence(bare) and "French names" in appearance.sentence(bare)


@pytest.mark.parametrize("locale", ["xx_XX", "../../os", "ja_JP"])
def test_a_locale_without_names_is_refused(locale):
    with pytest.raises(PopulaceError, match=r"locale|no names"):
        draw_identities(["female"], seed=0, locale=locale)


@pytest.mark.parametrize(
    ("word", "group"),
    [("Caucasian", "White"), ("Non-Hispanic Black", "Black"), ("Amer-Indian-Eskimo", "Other"),
     ("Asian-Pac-Islander", "Asian"), ("Mexican American", "Hispanic"), ("Mixed", "Other"),
     ("Asian Indian", "Indian"), ("White, Hispanic", "Hispanic"), (None, None), ("missing", None),
     ("1", "Other")],
)  # fmt: skip
def test_words_for_ethnicity(word, group):
    assert ethnicity_of(word) == group


@pytest.mark.parametrize(
    "bad",
    [[], {"country": "USA"}, {"names": "os.path"}, {"looks": {"White": 2}}, {"language": 1},
     {"looks": {"White": True}}, {"year": "2003"}, {"year": -1}, {"year": True}],
)  # fmt: skip
def test_a_damaged_society_is_refused(bad):
    with pytest.raises(PopulaceError, match="damaged"):
        Society.from_json(bad, "x")


def test_society_survives_the_disk(census, tmp_path):
    society = Society("FR", "fr", "fr_FR", {"White": 0.5}, 2003)
    written = populations.write(replace(census, society=society), tmp_path / "p")
    assert written.society == society
    assert make_profiles(written, Evidence(), 1)[0].name
