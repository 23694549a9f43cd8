import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pages.cards import card
from synth import bayes, populations
from synth.data.evidence import Between, OneOf
from synth.data.table import make_table
from synth.people.cards import html
from synth.people.profile import complete

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


def drawn(population, count=1):
    records = population.given().sample(count, seed=1).to_dict("records")
    return complete(records, population, 1)


def test_everything_is_escaped(hostile):
    for profile in drawn(hostile, 40):
        identity = replace(profile.identity, name=EVIL, handle=EVIL, initials=EVIL)
        evil = replace(profile, identity=identity, bio=EVIL, posts=(EVIL,), notes=(EVIL,))
        sources = html.Sources(lambda profile: f'"{EVIL}', lambda profile, choice: f'"{EVIL}')
        row = (EVIL, EVIL, True)
        for markup in (
            card.markup(evil, hostile, EVIL, pin=True),
            html.card(evil, sources=sources, icons={"reading": EVIL}, whole=True),
            html.record(evil, [row], sources=sources),
            html.page([evil], title=EVIL, notice=EVIL),
        ):
            assert "<img src=x" not in markup
            assert "alert(1)&gt;" in markup


def test_a_portrait_and_a_cover_take_their_places(hostile):
    profile = complete([{"gender": "woman", "age": 30, "top1": "reading"}], hostile, 1)[0]
    assert profile.choices and profile.choices[0].picture.kind != "drawing"
    first = profile.choices[0]
    wide = replace(first, picture=replace(first.picture, kind="photograph", size=(4, 3)))
    profile = replace(profile, choices=(wide, *profile.choices[1:]))
    assert profile.portrait is not None and profile.cover == profile.choices[0]
    alt, caption = profile.portrait_alt, profile.cover.picture.caption
    sources = html.Sources(lambda profile: "data:a", lambda profile, choice: "data:b")
    markup = html.card(profile, sources=sources, icons={})
    assert f'<img class="pp-face" src="data:a" alt="{alt}">' in markup
    place = f'style="object-position: {profile.cover.picture.position}"'
    assert f'<img class="pp-cover" src="data:b" alt="{caption}" {place}>' in markup
    assert f">{profile.identity.initials}<" not in markup
    bare = html.card(replace(profile, portrait=None, choices=()), icons={"reading": "book"})
    assert f'aria-hidden="true">{profile.identity.initials}<' in bare
    assert "<img" not in bare and bare.count(">book<") == 2, "on the cover and on the chip"


def test_page_and_export_draw_the_same_card(hostile):
    profile = drawn(hostile)[0]
    cards = [html.card(profile, whole=whole) for whole in (False, True)]
    names = [re.findall(r'class="(pp-[a-z]+)', card) for card in cards]
    assert [name for name in names[0] if name != "pp-more"] == names[1], "more posts are folded"


def test_interests_that_are_missing_are_left_out(hostile):
    missing, reading = complete([{"top1": None}, {"top1": "reading"}], hostile, 1)
    assert missing.interests == () and reading.interests == ("reading",)
    assert "no interests recorded" in card.markup(missing, hostile)
    assert "no interests recorded" not in card.markup(reading, hostile)


def test_key_facts_name_the_missing_and_reach_two_years(hostile):
    facts = card.alike({"gender": "woman", "age": 40, "top1": None}, hostile)
    assert facts["top1"] == OneOf(("missing",))
    assert facts["age"] == Between(38, 42)
