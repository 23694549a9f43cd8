"""Levels that tables write as codes, in words."""

import pytest

from synth.data.wording import plain_level


@pytest.mark.parametrize(
    ("level", "words"),
    [
        ("HS-grad", "high-school graduate"),
        ("Bachelors", "bachelor's degree"),
        ("Masters", "master's degree"),
        ("Assoc-acdm", "associate degree, academic"),
        ("masters", "masters"),
        ("Self-emp-not-inc", "self-employed, not incorporated"),
        ("Machine-op-inspct", "machine operator or inspector"),
        ("Handlers-cleaners", "handler or cleaner"),
        ("Tech-support", "technical support"),
        ("Asian-Pac-Islander", "Asian or Pacific Islander"),
        ("NeverMarried", "never married"),
        ("Vgood", "very good"),
        ("Own-child", "child of the householder"),
        ("United-States", "United States"),
        ("not_in_labor_force", "not in labor force"),
        ("IN_SCHOOL", "in school"),
        ("PRIVATE", "Private"),
        ("?", "not stated"),
        ("self-employed", "self-employed"),
        ("Private", "Private"),
        ("7th-8th", "7th-8th"),
        ("USA", "USA"),
        ("married, spouse present", "married, spouse present"),
    ],
)
def test_codes_in_words(level, words):
    assert plain_level(level) == words
