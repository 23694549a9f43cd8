"""The conjugate matrix of a card, and keywords that a visitor changes."""

import dataclasses

import numpy as np
import pytest

from synth.errors import PopulaceError
from synth.interests.vocabulary import KEYWORDS
from synth.people.pictures import standin_scorer
from synth.people.pictures.choose import THRESHOLD, choose
from synth.people.pictures.library import load_library
from synth.people.pictures.why import ELSE, explain

INTERESTS = ("gardening", "pets", "cooking")


@pytest.fixture(scope="module")
def library():
    return load_library()


def test_rows_are_pictures_and_sum_to_one(library):
    chosen = choose(INTERESTS, seed=1).choices
    why = explain(chosen, INTERESTS, library, KEYWORDS)
    assert why.words[-1] == ELSE and why.interests[-1] == ""
    assert list(dict.fromkeys(why.interests[:-1])) == list(INTERESTS)
    assert why.matrix.shape == (len(why.pictures), len(why.words))
    np.testing.assert_allclose(why.matrix.sum(1), 1, rtol=1e-5)
    shown = [each.choice for each in why.pictures if each.shown]
    assert set(shown) == set(chosen) and len(why.pictures) == 3 * 3
    assert len({each.choice.picture.id for each in why.pictures}) == len(why.pictures)
    assert why.threshold == THRESHOLD and why.scorer == library.scorer_name
    assert "CLIP" not in why.scorer
    for row in range(len(why.pictures)):
        assert why.matrix[row, why.winner(row)] == why.matrix[row].max()


def test_interests_without_words_are_left_out(library):
    chosen = choose(["pets"], seed=1).choices
    why = explain(chosen, ("chess boxing", "pets"), library, KEYWORDS)
    assert set(why.interests) == {"pets", ""}
    with pytest.raises(PopulaceError, match="No interest"):
        explain((), ("chess boxing",), library, KEYWORDS)


def test_other_words_bring_other_pictures_and_leave_the_rest(library):
    changed = {**KEYWORDS, "pets": ("car", "motorcycle")}
    before = choose(INTERESTS, seed=1).choices
    after = choose(INTERESTS, seed=1, keywords=changed).choices
    of = {choice.interest: choice for choice in after}
    pets = of["pets"]
    assert not pets.curated and pets.probability >= THRESHOLD
    assert pets.picture.id not in {choice.picture.id for choice in before}
    assert [c for c in after if c.interest != "pets"] == [c for c in before if c.interest != "pets"]


def test_pictures_beside_the_page_are_avoided_and_nothing_else_moves():
    before = choose(INTERESTS, seed=1).choices
    taken = {before[1].picture.id}
    after = choose(INTERESTS, seed=1, avoid=taken).choices
    assert after[0].picture == before[0].picture and after[2].picture == before[2].picture
    assert after[1].interest == "pets" and after[1].picture.id not in taken


def test_the_text_half_is_enough_for_new_words(library):
    if not standin_scorer.texts_available():
        pytest.skip("The text model is not in the cache: `python -m synth models --fetch minilm`.")
    texts = standin_scorer.load_texts()
    known = texts.embed_texts(["a photo of dog.", "a picture of dog."])
    assert known.shape == (2, 384)
    more = library.with_words(["tractor", "dog"], texts)
    assert "tractor" in more.words and "tractor" not in library.words
    # The same words give the vectors that were precomputed with the whole stand-in.
    blank = dataclasses.replace(library, words={})
    again = blank.with_words(["dog"], texts)
    assert float(again.words["dog"] @ library.words["dog"]) > 0.999
    with pytest.raises(PopulaceError, match="texts only"):
        texts.embed_images([])
