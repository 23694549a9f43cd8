"""The shipped library and the choice of pictures."""

import numpy as np
import pytest
from PIL import Image

from synth.errors import PopulaceError
from synth.interests.vocabulary import KEYWORDS
from synth.people.pictures.choose import ABROAD, best, choose
from synth.people.pictures.library import SHIPPED, Library, Picture, load_library
from synth.people.pictures.prompts import conjugate


def test_shipped_pictures_are_there_and_credited():
    library = load_library()
    photographs = [p for p in library.pictures if p.kind in ("photograph", "cut-out")]
    assert len(photographs) >= 250
    assert len({p.id for p in library.pictures}) == len(library.pictures)
    total = 0
    for picture in library.pictures:
        path = library.path(picture)
        total += path.stat().st_size
        assert picture.author and picture.licence and picture.source and picture.caption
        assert set(picture.fits) <= set(KEYWORDS)
        with Image.open(path) as image:
            assert image.format == "WEBP" and image.size == picture.size and not image.getexif()
    assert total <= 8_000_000
    credits_file = (SHIPPED / "CREDITS.md").read_text(encoding="utf-8")
    assert all(f"| {p.id} |" in credits_file for p in library.pictures)


@pytest.mark.parametrize("interest", sorted(KEYWORDS))
def test_three_for_every_interest(interest):
    ranked = best(interest)
    assert len(ranked) == 3 and all(c.curated for c in ranked)


def test_three_pictures_for_three_interests_the_same_each_time():
    chosen = choose(["gardening", "pets", "cooking"], seed=1, index=2)
    assert [c.interest for c in chosen.choices] == ["gardening", "pets", "cooking"]
    assert chosen == choose(["gardening", "pets", "cooking"], seed=1, index=2)
    assert not chosen.notes and all(c.interest in c.picture.fits for c in chosen.choices)
    assert "chosen by eye" in chosen.choices[0].why


def test_none_twice_on_a_page_and_a_note_when_none_is_left():
    used, notes = set(), []
    for index in range(12):
        chosen = choose(["television", "gym_fitness"], seed=3, index=index, count=2, used=used)
        ids = {c.picture.id for c in chosen.choices}
        assert len(ids) == len(chosen.choices) and not ids & used
        used |= ids
        notes += chosen.notes
    assert any("gym fitness" in note for note in notes)


def test_no_interests_no_pictures():
    assert choose([], seed=0).choices == ()


def test_conjugate_rows_are_probabilities():
    library = load_library()
    pictures = [c.picture for c in choose(["pets", "cooking", "gardening"], seed=0).choices]
    words = [*KEYWORDS["pets"], *KEYWORDS["cooking"], *KEYWORDS["gardening"]]
    table = library.conjugate(pictures, words)
    assert table.shape == (3, len(words) + 1)
    np.testing.assert_allclose(table.sum(1), 1, rtol=1e-5)


def test_placeholder_takes_what_no_word_deserves():
    eye = np.eye(3, dtype=np.float32)
    table = conjugate(eye[[0, 2]], eye[:2], eye[2], scale=20)
    assert table[0].argmax() == 0 and table[1].argmax() == 2


CATS = {"gardening": ("rose",), "dogs": ("dog",), "pets": ("cat",)}
DOGS = {"gardening": ("rose",), "pets": ("dog",)}


def _toy(tmp_path, fits=()):
    eye = np.eye(4, dtype=np.float32)
    pictures = tuple(Picture(f"p{i}", f"p{i}.webp", f"thing {i}", fits=fits) for i in range(3))
    words = {w: eye[i] for i, w in enumerate(("rose", "dog"))}
    other = (eye[2] + eye[3]) / np.sqrt(2)
    return Library(tmp_path, pictures, "toy", 40.0, eye[:3], words, other)


def test_uncurated_library_is_ruled_by_the_scorer(tmp_path):
    library = _toy(tmp_path)
    keywords = {"gardening": ("rose",), "pets": ("dog",)}
    choice = choose(["gardening", "pets"], seed=0, count=2, library=library, keywords=keywords)
    assert [c.picture.id for c in choice.choices] == ["p0", "p1"]
    assert "scorer" in choice.choices[0].why


def test_below_the_threshold_no_picture(tmp_path):
    library = _toy(tmp_path)
    choice = choose(["pets"], seed=0, count=1, library=library, used={"p1"}, keywords=DOGS)
    assert choice.choices == () and "pets" in choice.notes[0]


def test_save_and_load(tmp_path):
    _toy(tmp_path, fits=("pets",)).save(tmp_path)
    again = Library.load(tmp_path)
    assert again.pictures[1].fits == ("pets",) and again.scorer_name == "toy"
    np.testing.assert_allclose(again.images, np.eye(4)[:3], atol=1e-3)
    assert list(again.words) == ["rose", "dog"]


def test_new_keyword_embeds_texts_only(tmp_path):
    class Toy:
        name, scale = "toy", 20.0

        def embed_images(self, images):
            raise AssertionError("pictures are not read again")

        def embed_texts(self, texts):
            return np.tile(np.eye(4, dtype=np.float32)[2], (len(texts), 1))

    library = _toy(tmp_path)
    with pytest.raises(PopulaceError, match="cat"):
        library.with_words(["cat"], None)
    wider = library.with_words(["cat", "dog"], Toy())
    assert list(wider.words) == ["rose", "dog", "cat"] and "cat" not in library.words
    choice = choose(["pets"], seed=0, count=1, library=wider, keywords=CATS)
    assert choice.choices[0].picture.id == "p2"


@pytest.mark.parametrize("what", ["nothing", "mismatch", "unknown"])
def test_errors(tmp_path, what):
    if what == "nothing":
        with pytest.raises(PopulaceError, match="pictures build"):
            Library.load(tmp_path)
    elif what == "mismatch":
        library = _toy(tmp_path)
        short = Library(
            tmp_path, library.pictures[:2], "toy", 20.0, library.images, {}, library.placeholder
        )
        short.save(tmp_path)
        with pytest.raises(PopulaceError, match="vectors"):
            Library.load(tmp_path)
    else:
        with pytest.raises(PopulaceError, match="keywords"):
            load_library().probabilities("knitting underwater")


LANDMARK = {"FR": "the-castle-of-chambord", "US": "the-united-states-capitol"}


@pytest.mark.parametrize(("country", "elsewhere"), [("FR", "US"), ("US", "FR")])
def test_sights_and_animals_of_elsewhere_stand_for_journeys_only(country, elsewhere):
    library = load_library()
    for interest in sorted(KEYWORDS):
        for index in range(40):
            for choice in choose([interest], seed=5, index=index, country=country).choices:
                home = choice.picture.at_home
                assert not home or country in home or interest in ABROAD, (interest, home)
    others = {picture.id for picture in library.pictures} - {"a-moose-in-the-heath"}

    def moose(country):
        return choose(["walking"], seed=5, country=country, used=others).choices

    assert bool(moose(country)) is (country == "US")
    assert moose("")  # where nobody knows the country, nothing is left out
    (away,) = [p for p in library.pictures if p.id == LANDMARK[elsewhere]]
    others = {picture.id for picture in library.pictures} - {away.id}
    assert choose(["travelling"], seed=5, country=country, used=others).choices
    assert not choose(["culture_outings"], seed=5, country=country, used=others).choices


def test_no_horse_and_no_fish_stand_for_outdoor_sports():
    fits = [p.caption for p in load_library().pictures if "outdoor_sports" in p.fits]
    assert len(fits) >= 8
    assert not [caption for caption in fits if "horse" in caption or "fish" in caption]


def test_a_picture_of_another_animal_than_the_words_speak_of_is_left_out():
    for animal in ("dog", "cat"):
        pictures = [
            choice.picture
            for index in range(60)
            for choice in choose(["pets"], seed=1, index=index, subjects={"pets": animal}).choices
        ]
        assert {picture.subject for picture in pictures} == {animal}
    free = [choose(["pets"], seed=1, index=index).choices[0].picture.subject for index in range(60)]
    assert len(set(free)) > 2
