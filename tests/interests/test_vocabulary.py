"""Every interest has words, an icon and a title."""

import re

import pytest

from synth.errors import PopulaceError
from synth.interests.vocabulary import (
    FRENCH_HOBBIES,
    ICONS,
    KEYWORDS,
    interest_title,
    read_words,
)

US_INTERESTS = tuple(KEYWORDS)[:26]


def test_the_two_populations_are_covered():
    assert len(US_INTERESTS) == 26
    assert len(FRENCH_HOBBIES) == 17
    assert set(US_INTERESTS) | set(FRENCH_HOBBIES) == set(KEYWORDS) == set(ICONS)
    assert US_INTERESTS[0] == "television" and US_INTERESTS[-1] == "learning"


@pytest.mark.parametrize("interest", sorted(KEYWORDS))
def test_words_and_icon(interest):
    words = KEYWORDS[interest]
    assert 5 <= len(words) <= 10
    assert len(set(words)) == len(words)
    assert re.fullmatch(r"[a-z_]+", ICONS[interest])
    assert interest_title(interest)[0].isupper() and "_" not in interest_title(interest)


def test_typed_words_are_tidied():
    assert read_words(" Dog,  forest   path;dog\nT-shirt ") == ("dog", "forest path", "t-shirt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no keyword"),
        (" , ;", "no keyword"),
        (",".join("abcdefghijklmn"), "14 keywords"),
        ("<script>", "no keyword"),
        ("x" * 41, "at most 40"),
        ("=cmd()", "no keyword"),
    ],
)
def test_hostile_words_are_told(text, message):
    with pytest.raises(PopulaceError, match=message):
        read_words(text)
