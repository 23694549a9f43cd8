"""Bios and posts: varied, deterministic, and never against the record."""

import re
from itertools import pairwise

import pytest

from synth.data.schema import Column, Schema
from synth.interests.vocabulary import KEYWORDS
from synth.people.facts import facts_of
from synth.people.phrases import phrases
from synth.people.posts import write

SCHEMA = Schema(
    (
        Column("age", "integer"),
        Column("marital", "categorical"),
        Column("partner_in_household", "categorical"),
        Column("has_children", "boolean"),
        Column("labor_status", "categorical"),
        Column("n_in_household", "integer"),
    )
)

PARENT = {
    "age": 34,
    "marital": "married",
    "partner_in_household": "spouse",
    "has_children": "yes",
    "labor_status": "employed-at work",
}
LONER = {
    "age": 74,
    "marital": "widowed",
    "partner_in_household": "none",
    "has_children": "no",
    "labor_status": "not_in_labor_force",
}
PUPIL = {"age": 16, "marital": "never married", "partner_in_household": "none",
         "has_children": "no", "labor_status": "not_in_labor_force"}  # fmt: skip


def variety(posts):
    """Distinct-2 (different word pairs / all word pairs) and the longest run that two posts share.

    Distinct-2 is Li et al. 2016's; the run is counted in words.
    """
    tokens = [re.findall(r"[\w']+", post.lower()) for post in posts]
    pairs = [pair for words in tokens for pair in pairwise(words)]
    longest, size = 0, 1
    while True:
        seen: dict[tuple[str, ...], int] = {}
        shared = False
        for number, words in enumerate(tokens):
            for start in range(len(words) - size + 1):
                run = tuple(words[start : start + size])
                if seen.setdefault(run, number) != number:
                    shared = True
        if not shared:
            return len(set(pairs)) / max(len(pairs), 1), longest
        longest, size = size, size + 1


def _all_text(record, interests, people=150):
    texts = []
    for index in range(people):
        words = write(facts_of(record, SCHEMA, interests), seed=4, index=index, posts=3)
        texts += [words.bio, *words.posts]
    return "\n".join(texts).lower()


def test_every_interest_has_phrases():
    assert all(interest in phrases() for interest in KEYWORDS)
    for each in phrases().values():
        assert all("{thing}" in deed for deed in each.deeds)
        assert len(each.things) >= 8 and len(each.deeds) >= 7 and len(each.remarks) >= 6


def test_same_seed_same_words_and_one_post_an_interest():
    words = write(
        facts_of(PARENT, SCHEMA, ["gardening", "pets", "cooking"]), seed=1, index=3, posts=3
    )
    assert words == write(
        facts_of(PARENT, SCHEMA, ["gardening", "pets", "cooking"]), seed=1, index=3, posts=3
    )
    assert words != write(
        facts_of(PARENT, SCHEMA, ["gardening", "pets", "cooking"]), seed=1, index=4, posts=3
    )
    assert len(words.posts) == 3 and "\n" not in words.bio and len(words.bio) < 160
    assert not any("{" in text for text in (words.bio, *words.posts))


@pytest.mark.parametrize(
    ("record", "never"),
    [
        (PARENT, ["retire", "school can wait", "living on my own", "the flat is mine"]),
        (LONER, ["kids", "better half", "partner", "married", "back to work", "colleagues",
                 "school can wait", "parents don't"]),
        (PUPIL, ["kids", "better half", "married", "retire", "back to work", "parent, therefore"]),
        ({}, ["kids", "better half", "partner", "retire", "colleagues", "school can wait"]),
        ({"marital": "never married", "partner_in_household": "cohabit", "age": 30},
         ["better half", "marriage", "i married", "kids"]),
    ],
)  # fmt: skip
def test_nothing_against_the_record(record, never):
    text = _all_text(record, ["gardening", "children_play", "socializing"])
    for phrase in never:
        assert phrase not in text, phrase


@pytest.mark.parametrize(
    ("record", "own"),
    [
        ({"age": 16, "has_children": "yes"}, None),  # the home's child is the person
        ({"age": 22, "has_children": "yes"}, None),  # or a brother
        ({"age": 22, "has_children": "yes", "marital": "married"}, True),
        ({"age": 40, "has_children": "yes"}, True),
        ({"has_children": "yes"}, True),
        ({"age": 16, "has_children": "no"}, False),
    ],
)
def test_whose_the_children_of_a_home_are(record, own):
    assert facts_of(record, SCHEMA).children is own
    if own is None:
        text = _all_text(record, ["gardening", "socializing"], people=60)
        assert not any(word in text for word in ("kids", "parent,", "my children", "parents get"))


def test_only_who_lives_alone_says_so():
    alone = ("living on my own", "nobody at home", "dinner for one", "nobody minds")
    said = _all_text({**LONER, "n_in_household": 1}, ["gardening"])
    assert any(words in said for words in alone)
    for record in (LONER, {**LONER, "n_in_household": 3}):
        assert not any(words in _all_text(record, ["gardening"]) for words in alone)


def test_the_record_is_used():
    assert "kids" in _all_text(PARENT, ["gardening"])
    assert "retire" in _all_text(LONER, ["gardening"])
    assert "kids" not in _all_text({**PARENT, "has_children": "no"}, ["children_play"])


@pytest.mark.parametrize("interest", ["gardening", "television", "religion", "fishing"])
def test_three_hundred_posts_differ(interest, capsys):
    posts = [
        write(facts_of(PARENT, SCHEMA, [interest]), seed=2, index=i, posts=1).posts[0]
        for i in range(300)
    ]
    distinct, run = variety(posts)
    with capsys.disabled():
        print(f"\n{interest}: distinct-2 {distinct:.3f}, longest shared run {run} words", end="")
    assert len(set(posts)) == 300
    assert distinct > 0.16 and run <= 18


def test_hours_and_weathers_do_not_meet():
    posts = [
        write(facts_of(LONER, SCHEMA, ["gardening"]), seed=6, index=i, posts=1).posts[0]
        for i in range(600)
    ]
    for post in posts:
        assert not (post.startswith("Last night") and "sunshine" in post), post
        assert not ("Rain all day" in post and ("sunshine" in post or "sunset" in post)), post
        assert not ("Before breakfast" in post and ("lunch" in post or "supper" in post)), post


def test_variety_by_hand():
    assert variety(["a b c", "x b c", "q"]) == (3 / 4, 2)
    assert variety(["one two", "three four"]) == (1.0, 0)


def test_facts_of_groups_and_missing():
    schema = Schema(
        (Column("age_group", "categorical"), *SCHEMA.select(["marital", "has_children"]))
    )
    record = {"age_group": "26-35", "marital": "single", "has_children": float("nan")}
    facts = facts_of(record, schema, ["a", "a"])
    assert facts.age == 30.5 and facts.partner is None and facts.children is None
    assert facts.interests == ("a",)


def test_clean_language():
    text = " ".join(" ".join((*p.things, *p.deeds, *p.remarks)) for p in phrases().values()).lower()
    found = re.findall(r"\b(damn|hell|sex\w*|kill\w*|drunk|stupid|hate|god|idiot)\b", text)
    assert not found
