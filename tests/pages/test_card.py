import numpy as np
import pandas as pd
import pytest

from pages.cards import card
from pages.cards.profiles import Dress, Picture
from synth import bayes, populations
from synth.data.evidence import Between, OneOf
from synth.data.table import make_table

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A population whose levels and names are written against the page."""
    generator = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "gender": generator.choice([EVIL, "woman"], 300),
            "age": generator.integers(18, 90, 300),
            "top1": generator.choice([EVIL, "reading", None], 300),
            EVIL: generator.choice(["a", "b"], 300),
        }
    )
    table = make_table(frame)
    folder = tmp_path_factory.mktemp("hostile") / "town"
    return populations.save(folder, bayes.learn(table), table, title=EVIL, note=EVIL)


def test_everything_is_escaped(hostile):
    people = hostile.given().sample(40, seed=1).to_dict("records")
    evil = Dress(
        EVIL, EVIL, bio=EVIL, posts=(EVIL,), notes=(EVIL,), pictures=(Picture(f'"{EVIL}', EVIL),)
    )
    for person in people:
        markup = card.markup(person, evil, hostile)
        assert "<img src=x" not in markup
        assert "alert(1)&gt;" in markup


def test_a_portrait_and_a_cover_take_their_places(hostile):
    person = hostile.given().sample(1, seed=1).to_dict("records")[0]
    dressed = Dress("Ann Example", "AE", Picture("data:a", "a face"), Picture("data:b", "a hill"))
    markup = card.markup(person, dressed, hostile)
    assert '<img class="pp-face" src="data:a" alt="a face">' in markup
    assert '<img class="pp-cover" src="data:b" alt="a hill">' in markup
    assert ">AE<" not in markup


def test_interests_that_are_missing_are_left_out(hostile):
    assert card.interests_of({"top1": None}, hostile) == ()
    assert card.interests_of({"top1": "reading"}, hostile) == ("reading",)
    assert "no interests recorded" in card.markup({"top1": None}, Dress("A", "A"), hostile)


def test_key_facts_name_the_missing_and_reach_two_years(hostile):
    facts = card.alike({"gender": "woman", "age": 40, "top1": None}, hostile)
    assert facts["top1"] == OneOf(("missing",))
    assert facts["age"] == Between(38, 42)
