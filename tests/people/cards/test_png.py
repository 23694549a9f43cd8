"""The card as a PNG."""

import io

import pytest
from PIL import Image

from synth.people.cards.png import WIDTH, card_png
from synth.people.profile import NOTICE, complete, make_profiles
from synth.populations import available, load

if not available():
    pytest.skip("no population is shipped yet", allow_module_level=True)


def test_card_says_synthetic_and_is_the_same_each_time():
    population = load(available()[0])
    for profile in make_profiles(population, None, 3, seed=1):
        data = card_png(profile)
        assert data == card_png(profile)
        with Image.open(io.BytesIO(data)) as image:
            assert image.format == "PNG" and image.width == WIDTH and 500 < image.height < 2400
            assert image.info["Description"] == NOTICE


def test_bare_record():
    population = load(available()[0])
    with Image.open(io.BytesIO(card_png(complete([{}], population, 0)[0]))) as image:
        assert image.height > 300
