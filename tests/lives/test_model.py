"""Facts and lives together: evidence crosses from one to the other, exactly."""

import numpy as np
import pandas as pd
import pytest

from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.lives import (
    ChainPlan,
    LifePopulation,
    learn_lives,
    load_lives,
    save_lives,
    track_of,
)
from synth.lives.summary import LifeCounts, spells, typical, whole_features

STATES = ("single", "married", "married, child")


def some_table(people=300):
    random = np.random.default_rng(0)
    female = random.random(people) < 0.5
    codes = np.zeros((people, 5), dtype=int)
    for t in range(1, 5):
        speed = np.where(female, 0.5, 0.25)
        codes[:, t] = np.minimum(codes[:, t - 1] + (random.random(people) < speed), 2)
    frame = pd.DataFrame({"gender": np.where(female, "female", "male")})
    for t in range(5):
        frame[f"age_{20 + t}"] = pd.Categorical.from_codes(codes[:, t], list(STATES))
    return make_table(frame)


@pytest.fixture(scope="module")
def table():
    return some_table()


@pytest.fixture(scope="module")
def model(table):
    return learn_lives(table, "age_20..age_24", plan=ChainPlan(2, 2.0, (1, 2)))


def test_the_track_is_read_from_the_columns(table):
    track = track_of(table, "age_20..age_24")
    assert (track.unit, track.start, track.times) == ("year", 20.0, 5)
    assert track.words == ("child",)
    assert track.meant("married").tolist() == [False, True, False]
    assert track.meant("child").tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("text", "words"),
    [("age_24..age_20", "no sequence"), ("age_20", "no sequence"), ("age_2..age_24", "no column"),
     ("gender..x", "no column")],
)  # fmt: skip
def test_what_is_no_sequence(table, text, words):
    with pytest.raises(PopulaceError, match=words):
        track_of(table, text)


def test_probabilities_add_up_over_facts_and_lives(model):
    both = [model.given(f"gender={g}", "age_24=child").probability for g in ("female", "male")]
    assert sum(both) == pytest.approx(model.given("", "age_24=child").probability, abs=1e-9)
    rest = model.given("", "age_24=single|married").probability
    assert sum(both) + rest == pytest.approx(1, abs=1e-9)


def test_a_life_tells_of_facts_by_bayes(model):
    known = model.given("", "by age_23=child")
    share = dict(zip(known.marginal("gender").labels, known.marginal("gender").probabilities,
                     strict=True))["female"]  # fmt: skip
    joint = model.given("gender=female", "by age_23=child").probability
    assert share == pytest.approx(joint / known.probability, abs=1e-9)
    assert share > 0.6


def test_samples_keep_what_is_known(model):
    frame = model.given("gender=male", "age_22=married,age_24=child").sample(200, seed=3)
    assert set(frame["gender"]) == {"male"}
    assert set(frame["age_22"]) == {"married"}
    assert set(frame["age_24"]) == {"married, child"}
    later = model.given("gender=male", "age_22=married,age_24=child").sample(50, seed=3, start=150)
    assert later.astype(str).equals(frame.iloc[150:].reset_index(drop=True).astype(str))


def test_nobody_goes_back(model):
    with pytest.raises(PopulaceError, match="Nobody"):
        model.given("", "age_21=child,age_23=single")


def test_a_folder_keeps_everything(model, table, tmp_path):
    counts = LifeCounts.of(model.track.codes_of(table), 3)
    save_lives(LifePopulation("x", "Title", "Note.", model, {"": counts}, "# card"), tmp_path)
    again = load_lives(tmp_path)
    assert again.counts[""].spells.tolist() == counts.spells.tolist()
    life = "age_22=married"
    assert again.model.given("", life).probability == pytest.approx(
        model.given("", life).probability, rel=1e-2
    )
    (tmp_path / "life.json").write_text("{")
    with pytest.raises(PopulaceError, match="damaged"):
        load_lives(tmp_path)


def test_spells_and_features(model):
    codes = np.array([[0, 0, 1, 1, 1], [0, 1, 2, 2, 2]])
    person, state, length = spells(codes)
    assert person.tolist() == [0, 0, 1, 1, 1]
    assert state.tolist() == [0, 1, 0, 1, 2]
    assert length.tolist() == [2, 3, 1, 1, 3]
    schema, frame = whole_features(model.track, codes)
    assert list(schema.names) == list(frame.columns)
    assert frame["spells"].tolist() == [2, 3]
    assert frame["first turn"].tolist() == [2, 1]
    assert frame["last turn"].tolist() == [2, 2]


def test_typical_lives_are_the_commonest():
    codes = np.repeat([[0, 0, 0], [1, 1, 1]], [30, 10], axis=0)
    medoids = typical(codes, most=2)
    assert [share for _, share in medoids] == [0.75, 0.25]
    assert codes[medoids[0][0]].tolist() == [0, 0, 0]
