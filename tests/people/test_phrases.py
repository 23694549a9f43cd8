"""Vocabulary and phrases are data; what is wrong with them is said in a sentence."""

import pytest

from synth.errors import PopulaceError
from synth.interests.vocabulary import FOLDER, KEYWORDS, read_vocabulary
from synth.people.phrases import grammar, phrases, read_grammar, read_phrases

INTEREST = """
[interests.tea]
gerund = "tea"
things = ["a cup"]
deeds = ["drank {thing}"]
remarks = ["Hot."]
"""


def test_what_is_read_cannot_be_changed():
    with pytest.raises(TypeError):
        phrases()["reading"] = None
    with pytest.raises(TypeError):
        grammar().family["works"] = ()
    with pytest.raises(TypeError):
        KEYWORDS["reading"] = ()
    assert phrases() is phrases() and grammar() is grammar()


def test_interests_share_phrases(tmp_path):
    path = tmp_path / "phrases.toml"
    path.write_text('[same_as]\nchai = "tea"\n' + INTEREST)
    read = read_phrases(path)
    assert read["chai"] is read["tea"] and read["tea"].deeds == ("drank {thing}",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("= 3", "cannot be read"),
        (INTEREST.replace("gerund", "noun"), "tea in phrases.toml needs a gerund"),
        (INTEREST.replace('["Hot."]', "3"), "needs a list of texts"),
        (INTEREST.replace("{thing}", "it"), "deed without {thing}"),
        ('[same_as]\nchai = "coffee"', "chai is coffee, which it does not hold"),
    ],
)
def test_wrong_phrases_are_named(tmp_path, text, message):
    path = tmp_path / "phrases.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(PopulaceError, match=message):
        read_phrases(path)


@pytest.mark.parametrize("part", ["openers", "family", "bio.tails", "company"])
def test_a_grammar_that_lacks_a_part_is_refused(tmp_path, part):
    text = (FOLDER / "posts.toml").read_text(encoding="utf-8")
    path = tmp_path / "posts.toml"
    path.write_text(text.replace(f"{part} = ", "x = ").replace(f"[{part}]", f"[{part}-x]"))
    with pytest.raises(PopulaceError, match=part.split(".")[-1]):
        read_grammar(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('french_hobbies = ["tea"]\n[interests.tea]\nkeywords = ["pot"]', "needs an icon"),
        ('french_hobbies = ["tea"]\n[interests.tea]\nicon = "pot"', "list of texts"),
        ("french_hobbies = []", "french_hobbies"),
    ],
)
def test_a_wrong_vocabulary_is_named(tmp_path, text, message):
    path = tmp_path / "vocabulary.toml"
    path.write_text(text)
    with pytest.raises(PopulaceError, match=message):
        read_vocabulary(path)
