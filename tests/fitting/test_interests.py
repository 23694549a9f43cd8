"""Interests from what people write or do become columns of the population, with their keywords."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synth import populations
from synth.errors import PopulaceError
from synth.fitting.fit import fit
from synth.fitting.inspection import inspect_table
from synth.fitting.interests import InterestSource, SecondTable, learn_interests
from synth.fitting.plan import Plan
from synth.fitting.tasks import start
from synth.populations.archive import pack, unpack

PATIENCE = 240
TOPICS = {
    "garden": ("roses", "soil", "tulips", "pruning", "compost"),
    "music": ("guitar", "concert", "singing", "piano", "melody"),
    "sea": ("sailing", "harbour", "waves", "fishing", "anchor"),
}
LONG = InterestSource(3, key="id", person="who", item="what", amount="minutes")


@pytest.fixture(scope="module")
def both():
    """People who write of what they do, and a table of what they do."""
    rng = np.random.default_rng(3)
    rows = 600
    gender = rng.choice(["female", "male"], rows)
    likes = rng.integers(0, 3, rows)
    likes = np.where((gender == "female") & (rng.random(rows) < 0.6), 0, likes)
    texts, things = [], []
    for person, like in enumerate(likes):
        own = list(TOPICS.values())[like]
        other = list(TOPICS.values())[(like + 1) % 3]
        done = [*rng.choice(own, 4), *rng.choice(other, int(rng.integers(0, 2)))]
        texts.append(f"I like {' and '.join(done)}, now and then, person{person}.")
        things += [(person, what, int(rng.integers(10, 90))) for what in done]
    texts[5] = None
    people = pd.DataFrame(
        {
            "id": np.arange(rows),
            "gender": gender,
            "age": rng.integers(15, 90, rows),
            "about": texts,
        }
    )
    return people, pd.DataFrame(things, columns=["who", "what", "minutes"]), likes


def plan_of(people, target):
    return replace(Plan.of(inspect_table(people, "people.csv")), score="k2", interests=target)


@pytest.fixture(scope="module")
def fitted(both):
    people, things, _ = both
    messages = []
    own = fit(
        people,
        plan_of(people, LONG),
        lambda *message: messages.append(message),
        second_table=things,
        restarts=0,
    )
    shares = [share for share, _ in messages]
    assert shares == sorted(shares)
    assert any("interests" in words for _, words in messages)
    return own


def agreement(tops, likes):
    """The share of people whose first interest is the one that most with their true one have."""
    counts = pd.crosstab(tops.astype(str).to_numpy(), likes).to_numpy()
    return counts.max(axis=0).sum() / len(likes)


@pytest.mark.parametrize(
    "target", [InterestSource(4, text="about"), LONG, replace(LONG, amount="")]
)
def test_a_plan_with_a_wish_goes_through_json(both, target):
    plan = plan_of(both[0], target)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    assert "interests" not in replace(plan, interests=None).to_json()


def test_a_wish_that_cannot_be_granted_is_told(both):
    people, things, _ = both
    schema = plan_of(people, None).schema
    with pytest.raises(PopulaceError, match="2 to 40"):
        InterestSource(41, text="about").checked(schema)
    with pytest.raises(PopulaceError, match="name the column"):
        InterestSource(3, key="id", person="who").checked(schema)
    with pytest.raises(PopulaceError, match="abouts"):
        InterestSource(3, text="abouts").checked(schema)
    named = inspect_table(people.rename(columns={"gender": "top1"}), "x.csv").schema
    with pytest.raises(PopulaceError, match="column top1 already"):
        InterestSource(3, text="about").checked(named)
    damaged = plan_of(people, LONG).to_json() | {"interests": {"topics": 3}}
    with pytest.raises(PopulaceError, match="damaged"):
        Plan.from_json(damaged)
    with pytest.raises(PopulaceError, match="too little for 40"):
        learn_interests(people, InterestSource(40, text="about"))
    with pytest.raises(PopulaceError, match="holds no texts"):
        learn_interests(people, InterestSource(3, text="age"))
    with pytest.raises(PopulaceError, match="second table"):
        learn_interests(people, LONG)
    with pytest.raises(PopulaceError, match="name the same people"):
        learn_interests(people, replace(LONG, key="about"), things)
    with pytest.raises(PopulaceError, match="below 0"):
        learn_interests(people, LONG, things.assign(minutes=-1))
    with pytest.raises(PopulaceError, match="lists"):
        learn_interests(people, LONG, things.assign(what=[["a"]] * len(things)))
    nested = pd.Series([np.array([1, 2])] * len(people))
    with pytest.raises(PopulaceError, match="lists"):
        learn_interests(people.assign(about=nested), InterestSource(3, text="about"))
    with pytest.raises(PopulaceError, match="no column what"):
        learn_interests(people, LONG, things.drop(columns="what"))


def test_interests_from_texts(both):
    people, _, likes = both
    learned = learn_interests(people, InterestSource(3, text="about"))
    assert agreement(learned.frame["top1"], likes) > 0.9
    assert pd.isna(learned.frame["top1"][5])
    assert not any("person" in word for words in learned.keywords.values() for word in words)
    assert sum(each.share for each in learned.interests) == pytest.approx(1)
    plan = plan_of(people, InterestSource(3, text="about"))
    plan = replace(plan, schema=plan.schema.changed("about", role="model"))
    own = fit(people, plan, restarts=0)
    assert set(own.keywords) == set(own.modelled["top1"].levels)
    assert "about" not in own.modelled


def test_interests_from_a_second_table(both, fitted):
    people, things, likes = both
    learned = learn_interests(people, LONG, things)
    assert agreement(learned.frame["top1"], likes) > 0.9
    # Keys meet whichever way they were read.
    text = learn_interests(people.assign(id=people["id"].astype(float)), LONG,
                things.assign(who=things["who"].astype(str)))  # fmt: skip
    pd.testing.assert_frame_equal(text.frame, learned.frame)
    assert fitted.interests[:2] == ("top1", "top2")
    assert fitted.modelled["top1"].title == "First interest"
    assert fitted.keywords == {name: learned.keywords[name] for name in fitted.keywords}
    assert "top1" in fitted.featured
    drawn = fitted.given().sample(4000, seed=1)
    assert not (drawn["top1"].astype(str) == drawn["top2"].astype(str)).any()
    women = fitted.given(fitted.evidence("gender=female")).marginal("top1").probabilities
    men = fitted.given(fitted.evidence("gender=male")).marginal("top1").probabilities
    assert abs(women - men).max() > 0.2
    assert learned.note.endswith("of a second table.")
    assert "300 of 600 people" in learn_interests(people, LONG, things[things["who"] < 300]).note


def test_strange_items_and_rare_ones(both):
    people, things, _ = both
    strange = things["what"].replace({"roses": "ro\u202ese\x07s " * 30, "soil": "missing"})
    strange[0] = "only person 0 does this"
    learned = learn_interests(people, LONG, things.assign(what=strange))
    words = [word for words in learned.keywords.values() for word in words]
    assert all(word.isprintable() and len(word) <= 40 for word in words)
    assert "only person 0 does this" not in words
    assert all("missing" not in column.levels for column in learned.columns)


def test_keywords_are_kept_with_the_population(fitted, tmp_path):
    saved = populations.write(fitted, tmp_path / "a", rows=True)
    assert saved.keywords == fitted.keywords
    assert saved.in_memory().keywords == fitted.keywords
    assert saved.in_memory().digest != replace(saved, learned_keywords={}).in_memory().digest
    opened = unpack(pack(tmp_path / "a"), tmp_path / "b")
    assert opened.keywords == fitted.keywords
    path = tmp_path / "a" / "population.json"
    about = json.loads(path.read_text("utf-8"))
    for keywords in ([], {"x": "words"}, {"x": ["a\x00"]}, {"x": ["a"] * 11}):
        path.write_text(json.dumps(about | {"keywords": keywords}), encoding="utf-8")
        with pytest.raises(PopulaceError, match="damaged"):
            populations.load(tmp_path / "a")


def test_a_child_lists_finds_and_learns(both, tmp_path):
    people, things, _ = both
    first, second = tmp_path / "people.csv", tmp_path / "things.parquet"
    people.to_csv(first, index=False)
    things.to_parquet(second)
    job = start("list", tmp_path / "1", second, {"name": "things.parquet"})
    assert job.wait(PATIENCE).done
    listed = SecondTable.from_json(json.loads((job.folder / "things.json").read_text("utf-8")))
    assert listed == SecondTable("things.parquet", len(things), ("who", "what", "minutes"),
                            ("who", "minutes"))  # fmt: skip
    message = {
        "name": "people.csv",
        "plan": plan_of(people, LONG).to_json(),
        "things": str(second),
        "things_name": "things.parquet",
    }
    job = start("interests", tmp_path / "2", first, message)
    assert job.wait(PATIENCE).done
    answer = json.loads((job.folder / "interests.json").read_text("utf-8"))
    assert len(answer["interests"]) == 3
    job = start("learn", tmp_path / "3", first, message)
    assert job.wait(PATIENCE).done, job.state()
    own = populations.load(job.folder / "population").in_memory()
    assert {each["name"]: tuple(each["keywords"]) for each in answer["interests"]} == own.keywords
    (tmp_path / "bad.csv").write_bytes(b"a,b\n1,\x00\n")
    job = start("list", tmp_path / "4", tmp_path / "bad.csv", {"name": "bad.csv"})
    assert "NUL" in job.wait(PATIENCE).error
