"""The card as a PNG."""

import io

import pytest
from markupsafe import escape
from PIL import Image

from synth.people.cards.cover import draw, webp
from synth.people.cards.file_names import plain
from synth.people.cards.html import record
from synth.people.cards.png import WIDTH, _font, card_png
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


def test_every_letter_of_the_names_has_a_glyph():
    empty = _font(40).getmask("\U0010ffff").getbbox()
    box = bytes(_font(40).getmask("\U0010ffff"))
    assert empty is not None, "what is missing is drawn as a box"
    for letter in "ñéłőșžøßæœÑĐαβγδεωΩабвгджщюяЖЩії":
        assert bytes(_font(40).getmask(letter)) != box, letter


def test_designed_covers_are_not_blank():
    for interests in (("gardening", "pets", "unheard_of"), ()):
        colors = draw(interests, "Ada").getcolors(1 << 16)
        assert (len(colors) > 10) == bool(interests)
    assert webp(("gardening",), "") == webp(("gardening",), "")


@pytest.mark.parametrize(
    ("name", "file"),
    [("Omar Muñoz", "omar-munoz"), ("Ольга Щукина", "olga-shchukina"),
     ("Łukasz Groß", "lukasz-gross"), ("Ελένη", "eleni"), ("王", "people"), ("a" * 99, "a" * 60)],
)  # fmt: skip
def test_file_names_are_transliterated(name, file):
    assert plain(name) == file


def test_bare_record():
    population = load(available()[0])
    with Image.open(io.BytesIO(card_png(complete([{}], population, 0)[0]))) as image:
        assert image.height > 300


def test_posts_stand_in_the_quotation_marks_of_their_language():
    (french,) = make_profiles(load("french-hobbies"), None, 1, seed=3)
    (english,) = complete([french.record], load("french-hobbies"), 3, language="en")
    assert all(post.startswith("«\u00a0") and post.endswith("\u00a0»") for post in french.quoted)
    assert all(post.startswith("“") and post.endswith("”") for post in english.quoted)
    assert escape(french.quoted[0]) in record(french, []) and card_png(french) != card_png(english)
