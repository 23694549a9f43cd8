"""Bios and posts: varied, deterministic, and never against the record."""

import re
from itertools import pairwise

import pytest

from synth.data.column import Column
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.interests.vocabulary import FOLDER, FRENCH_HOBBIES, KEYWORDS
from synth.people.facts import facts_of
from synth.people.posts import draw_subjects, stages_of, write
from synth.people.sentences import LANGUAGES, LONGEST, read_sentences, sentences, words_in

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


def test_every_interest_has_sentences():
    english = sentences()
    assert set(KEYWORDS) <= set(english.topics)
    assert set(FRENCH_HOBBIES) <= set(sentences("fr").topics)
    assert sentences("xx").topics.keys() == english.topics.keys()
    for language in LANGUAGES:
        for topic in sentences(language).topics.values():
            assert len(topic.deeds) >= 15 and len(topic.remarks) >= 7 and len(topic.bio) >= 2
            for opening in (*topic.deeds, *topic.remarks):
                for text in opening.texts:
                    assert words_in(text) <= LONGEST and "{" not in text, text


def test_wrong_sentences_are_named(tmp_path):
    whole = (FOLDER / "sentences-en.toml").read_text(encoding="utf-8")
    for text, message in (
        ("\n[tea]\nsays = 'x'\n", "tea"),
        ("\n[tea]\nsays = ['x']\nbio = ['y']\n", "tea"),
        ("\n[tea]\nsays = [['I {thing}.']]\nbio = ['y']\n", "tea"),
        (
            "\n[tea]\nsays = [['I drank all of {thing} on one Sunday.']]\nthings = ['the tea']\n"
            "bio = ['y']\n",
            "too long",
        ),
    ):
        path = tmp_path / "sentences.toml"
        path.write_text(whole + text, encoding="utf-8")
        with pytest.raises(PopulaceError, match=message):
            read_sentences(path)
    path.write_text(whole.replace('= "music_radio"', '= "silence"'), encoding="utf-8")
    with pytest.raises(PopulaceError, match="which it does not hold"):
        read_sentences(path)


def test_nobody_at_school_works_or_lives_with_anyone_but_family():
    pupil = facts_of({**PUPIL, "labor_status": "employed-at work"}, SCHEMA, ["games"])
    assert stages_of(pupil) == ("pupil",)
    grown = facts_of({**PARENT, "labor_status": "not_in_labor_force"}, SCHEMA, ["games"])
    assert "retired" not in stages_of(grown) and "works" not in stages_of(grown)


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
        (PARENT, ["retire", "homework", "just me at home", "living alone"]),
        (LONER, ["kids", "better half", "partner", "married", "back to work", "inbox",
                 "homework", "my parents"]),
        (PUPIL, ["kids", "better half", "married", "retire", "back to work", "inbox",
                 "parent, therefore"]),
        ({}, ["kids", "better half", "partner", "retire", "inbox", "homework"]),
        ({"marital": "widowed", "partner_in_household": "spouse", "age": 63},
         ["better half", "partner", "married", "living together"]),
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
        ({"age": 72, "has_children": "yes", "marital": "married"}, None),  # or a grandchild
        ({"has_children": "yes"}, True),
        ({"age": 16, "has_children": "no"}, False),
    ],
)
def test_whose_the_children_of_a_home_are(record, own):
    assert facts_of(record, SCHEMA).children is own
    if own is None:
        text = _all_text(record, ["gardening", "socializing"], people=60)
        assert not any(word in text for word in ("kids", "parent,", "my children"))


def test_only_who_lives_alone_says_so():
    alone = ("quiet here tonight", "all mine tonight", "just me at home", "living alone")
    text = _all_text({**LONER, "n_in_household": 1}, ["gardening"])
    assert any(words in text for words in alone)
    for record in (LONER, {**LONER, "n_in_household": 3}):
        assert not any(words in _all_text(record, ["gardening"]) for words in alone)


def test_the_record_is_used():
    assert "kids" in _all_text(PARENT, ["gardening"])
    assert "retire" in _all_text(LONER, ["gardening"])
    assert "kids" not in _all_text({**PARENT, "has_children": "no"}, ["children_play"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_three_hundred_posts_of_an_interest_differ(language):
    # Of nobody's family or work, which is the hardest: no sentence comes from the stage of life.
    poor = []
    for interest in sentences(language).topics:
        facts = facts_of({"age": 40}, SCHEMA, [interest])
        posts = [
            write(facts, seed=2, index=i, posts=1, language=language).posts[0] for i in range(300)
        ]
        distinct, run = variety(posts)
        if len(set(posts)) < 300 or distinct < 0.3 or run > 8:
            poor.append(f"{interest}: distinct-2 {distinct:.3f}, shared run {run} words")
    assert not poor, poor


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_follows_a_deed_was_written_for_it_or_follows_any(language):
    material = sentences(language)
    facts = facts_of({"age": 40}, SCHEMA, ["gardening"])
    topic = material.topics["gardening"]
    allowed = {
        text: {*opening.ends, *material.general} if opening in topic.deeds else {*opening.ends}
        for opening in (*topic.deeds, *topic.remarks)
        for text in opening.texts
    }
    alone = 0
    for index in range(300):
        post = write(facts, seed=5, index=index, posts=1, language=language).posts[0]
        text = next(text for text in allowed if post.startswith(text))
        end = post.removeprefix(text).strip()
        alone += not end
        assert not end or end in allowed[text], post
    assert 5 < alone < 60


@pytest.mark.parametrize(("language", "interest"), [("en", "television"), ("fr", "cooking")])
def test_two_posts_of_an_interest_name_two_things(language, interest):
    facts = facts_of({**LONER, "n_in_household": 1}, SCHEMA, [interest])
    for index in range(200):
        posts = write(facts, seed=index * 7, index=index, posts=2, language=language).posts
        first, second = (set(re.findall(r"[^\W\d_]{4,}", post.casefold())) for post in posts)
        assert len(first & second) < 2, posts


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("interests", [["walking"], []])
def test_nobody_says_the_same_twice(language, interests):
    material = sentences(language)
    topic = material.topics[interests[0]] if interests else material.plain
    facts = facts_of({**LONER, "n_in_household": 1}, SCHEMA, interests)
    stage = (*material.stage["alone"], *material.stage["retired"])
    for index in range(150):
        posts = write(facts, seed=index * 7, index=index, posts=3, language=language).posts
        openings = [
            next(o for o in (*topic.deeds, *topic.remarks) if post.startswith(o.texts))
            for post in posts
        ]
        assert len(posts) == 3 and len(set(openings)) == 3, posts
        assert sum(post.endswith(stage) for post in posts) <= 1, posts


def test_an_end_that_would_make_a_long_run_is_left_out(tmp_path):
    path = tmp_path / "sentences.toml"
    whole = (FOLDER / "sentences-en.toml").read_text(encoding="utf-8")
    path.write_text(
        whole + "\n[tea]\nthings = ['tea', 'the very last of it']\nbio = ['y']\nsays = [\n"
        "['Drank {thing} on the way home.', 'It was good and warm.', 'Warm.'],\n"
        "['Bought {thing} at last.', 'It is good.', 'It is cheap.', 'Well.'], ['Tea helps.']]\n",
        encoding="utf-8",
    )
    drank, bought = read_sentences(path).topics["tea"].deeds
    assert drank.texts == ("Drank tea on the way home.",) and drank.ends == ("Warm.",)
    assert len(bought.texts) == 2 and set(bought.ends) == {"It is good.", "Well."}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_sentences_for_any_deed_begin_alike(language):
    # A deed has seven words at most before one of them: two alike would make a run of nine.
    begins = [tuple(re.findall(r"[\w']+", end.lower())[:2]) for end in sentences(language).general]
    assert len(begins) > 150 and len(set(begins)) == len(begins)


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
    parts = []
    for topic in sentences().topics.values():
        parts += topic.bio
        for opening in (*topic.deeds, *topic.remarks):
            parts += [opening.texts[0], *opening.ends]
    text = " ".join(parts).lower()
    matches = re.findall(r"\b(damn|hell|sex\w*|kill\w*|drunk|stupid|hate|god|idiot)\b", text)
    assert not matches


def test_the_words_of_pets_speak_of_the_animal_that_is_shown():
    facts = facts_of({"age": 40}, SCHEMA, ["pets"])
    assert sentences().subjects("pets") == ("dog", "cat") and not sentences().subjects("reading")
    drawn = [draw_subjects(["pets", "reading"], seed=3, index=index) for index in range(200)]
    assert {tuple(subjects) for subjects in drawn} == {("pets",)}
    assert 70 < sum(subjects["pets"] == "cat" for subjects in drawn) < 130
    for index, subjects in enumerate(drawn):
        words = write(facts, seed=3, index=index, posts=3, subjects=subjects)
        other = re.compile(
            r"\b(dog|puppy|beagle)\b" if subjects["pets"] == "cat" else r"\b(cat|kitten)\b"
        )
        assert not other.search(" ".join((words.bio, *words.posts)).lower()), words
