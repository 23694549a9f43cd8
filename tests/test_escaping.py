"""Names that are markup stay words: in reports, cards, exports and pictures."""

import html as escapes
import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from synth import fit, make_profiles, report
from synth.data.table import make_table
from synth.people.cards import html
from synth.people.cards.png import card_png

EVIL = "<img src=x onerror=alert({})>"
ALIVE = re.compile(r"<img src=x|<script>alert|onerror=alert\(\d\)>\s*<", re.IGNORECASE)
"""What would run; the same with `&lt;` is words."""


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            EVIL.format(1): rng.choice([EVIL.format(2), "</script><script>alert(3)</script>"], 150),
            "gender": rng.choice(["female", "male"], 150),
            "'\"><svg onload=alert(4)>": rng.integers(0, 40, 150),
            EVIL.format(5): rng.random(150) < 0.5,
        }
    )


@pytest.fixture(scope="module")
def population(frame):
    return fit(frame, title=EVIL.format(6))


def dead(text):
    """Nothing in the text would run; the words are there."""
    assert not ALIVE.search(text), ALIVE.search(text)
    assert "<svg onload" not in text and "<script>alert" not in text
    assert "onerror=alert" in escapes.unescape(text)


def test_report(frame, population):
    drawn = population.given().sample(150, 1)
    result = report(make_table(frame), drawn, title=EVIL.format(7), notes=[EVIL.format(8)])
    dead(result.to_html())


def test_cards_and_the_folder_of_them(population):
    profiles = make_profiles(population, population.evidence(""), count=2, seed=1)
    for profile in profiles:
        dead(html.card(profile))
        picture = Image.open(io.BytesIO(card_png(profile)))
        assert picture.format == "PNG"
        assert not any("<img" in str(words) for words in picture.info.values())
    dead(html.page(profiles, title=EVIL.format(7), notice=EVIL.format(8)))
