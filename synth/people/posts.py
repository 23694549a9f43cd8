"""A bio and posts in the person's own words: whole sentences, steered by the record.

Family, work, school and age are mentioned only where the record says so; nothing is invented that
the record could contradict. Every text is original and clean.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synth.bayes.random import stream_key
from synth.people.facts import Facts
from synth.people.sentences import LONGEST, Opening, Topic, sentences, words_in

_SCHOOL = 18  # years, below: from then on some have left, and all may vote
_RETIRED = 65  # years, and without work
_REMARK = 14  # every fourteenth post is a remark, for there are fewer remarks than deeds
_KINDS = 5  # of second sentences: 0 stage of life, 1 and 3 anybody's, 2 and 4 the deed's own
_WORD = re.compile(r"[^\W\d_]{4,}")
_SHARED_WORDS = 2  # which two posts that name the same thing have in common
_SPREAD = 99_991  # posts, beyond which the cycles of a seed begin elsewhere


@dataclass(frozen=True)
class Words:
    """A one-line bio, and posts.

    Attributes
    ----------
    bio : str
        One line.
    posts : tuple of str
        Each once.
    """

    bio: str
    posts: tuple[str, ...]


def write(
    facts: Facts,
    *,
    seed: int,
    index: int = 0,
    posts: int = 2,
    language: str = "en",
    subjects: Mapping[str, str] | None = None,
) -> Words:
    """Bio and posts of person `index` of `seed`; the same call writes the same words.

    posts: 1 to 3; the first is on the first interest, and so on, in turn.

    Parameters
    ----------
    facts : Facts
        What is known of the person.
    seed : int
        The seed of the people.
    index : int, optional
        The person's number.
    posts : int, optional
        How many, 1 to 3.
    language : str, optional
        Two letters; English where there are no sentences in it.
    subjects : mapping of str to str, optional
        What the words are about, as `draw_subjects` draws it.

    Returns
    -------
    Words
        Bio and posts.
    """
    material = sentences(language)
    subjects = subjects or {}
    known = (material.topic(name, subjects.get(name, "")) for name in facts.interests)
    topics = [topic for topic in known if topic is not None] or [material.plain]
    stages = stages_of(facts)
    added = [line for stage in stages for line in material.stage[stage]]
    written: list[str] = []
    openings: list[Opening] = []
    for number in range(max(1, min(posts, 3))):
        topic = topics[number % len(topics)]
        # The stage of life is spoken of once: two such ends on a card sound like one.
        spoken = any(post.endswith(line) for post in written for line in added)
        ends = [] if spoken else added
        place = seed % _SPREAD + index + number * 997
        for step in range(len(topic.deeds) + len(topic.remarks)):
            opening, post = _post(topic, material.general, ends, place + step)
            if opening not in openings and not any(_same_thing(post, other) for other in written):
                break
        openings.append(opening)
        written.append(post)
    return Words(_bio(topics, facts, seed, index, language), tuple(dict.fromkeys(written)))


def draw_subjects(
    interests: Sequence[str], *, seed: int, index: int = 0, language: str = "en"
) -> dict[str, str]:
    """What the words and pictures of a person's interests are about, such as a dog or a cat.

    Parameters
    ----------
    interests : sequence of str
        The interests.
    seed : int
        The seed of the people.
    index : int, optional
        The person's number.
    language : str, optional
        Of the words, two letters.

    Returns
    -------
    mapping of str to str
        Of those interests that are written about in several ways.
    """
    drawn = {}
    for interest in interests:
        subjects = sentences(language).subjects(interest)
        if subjects:
            draw = stream_key(0, f"{seed}\x1f{index}\x1f{interest}")
            drawn[interest] = subjects[int(draw >> np.uint64(8)) % len(subjects)]
    return drawn


def stages_of(facts: Facts) -> tuple[str, ...]:
    """What a person may speak of beside the interests.

    Parameters
    ----------
    facts : Facts
        What is known of the person.

    Returns
    -------
    tuple of str
        Some of `sentences.STAGES`. Who is at school speaks of nothing else.
    """
    if facts.age is not None and facts.age < _SCHOOL and not facts.partner:
        return ("pupil",)
    stages = []
    if facts.works:
        stages.append("works")
    elif facts.works is False and facts.age is not None and facts.age >= _RETIRED:
        stages.append("retired")
    if facts.children:
        stages.append("children")
    elif facts.alone:
        stages.append("alone")
    if facts.spouse:
        stages.append("spouse")
    elif facts.partner:
        stages.append("partner")
    return tuple(stages)


# ---------------------------------------------------------------------------------------- private


def _post(
    topic: Topic, general: Sequence[str], added: Sequence[str], number: int
) -> tuple[Opening, str]:
    """Post `number` of an interest: a deed or a remark, mostly with a second sentence.

    Deeds come in turn, each with all its things; the second sentence was written for the deed, or
    is one that follows any deed: anybody's or of the stage of life.
    """
    if not topic.deeds:
        lap, place = divmod(number, len(topic.remarks))
        opening = topic.remarks[place]
        return opening, _text(opening.posts(), lap)
    if number % _REMARK == _REMARK - 1 and topic.remarks:
        remarks = [(opening, post) for opening in topic.remarks for post in opening.posts()]
        opening, parts = remarks[_turn(number // _REMARK, len(remarks))]
        return opening, " ".join(filter(None, parts))
    number -= number // _REMARK
    size = len(topic.deeds)
    lap = number // size
    deed = topic.deeds[_turn(number, size)]
    deeds = deed.posts()
    text, end = deeds[_turn(lap, len(deeds))]
    # One kind farther with every round of the deeds, so that each deed meets every kind of end.
    kind = (number + lap) % _KINDS
    if kind == 0 and added:
        end = _apart(added, number, size)
    elif kind in (0, 1, 3) and words_in(text) < LONGEST:
        end = _apart(general, number, size)
    return deed, f"{text} {end}".rstrip()


def _same_thing(post: str, other: str) -> bool:
    """Whether two posts name the same thing: they share two words of more than three letters."""
    shared = set(_WORD.findall(post.casefold())) & set(_WORD.findall(other.casefold()))
    return len(shared) >= _SHARED_WORDS


def _text(posts: Sequence[tuple[str, str]], number: int) -> str:
    return " ".join(filter(None, posts[_turn(number, len(posts))]))


def _apart(options: Sequence[str], number: int, size: int) -> str:
    """Option `number` of a cycle whose length has no divisor in common with `size`."""
    whole = next(n for n in range(len(options), 0, -1) if math.gcd(n, size) == 1)
    return options[_turn(number, whole)]


def _turn(number: int, size: int) -> int:
    """Place `number` of a walk over `size` places that visits all before one comes again."""
    if size < 3:
        return number % size
    stride = next(s for s in range(int(size * 0.38) + 1, 2 * size) if math.gcd(s, size) == 1)
    return number * stride % size


def _bio(topics: Sequence[Topic], facts: Facts, seed: int, index: int, language: str) -> str:
    tails = sentences(language).tails
    ends = list(tails["any"])
    for stage in stages_of(facts):
        ends += 2 * list(tails.get(stage, ()))
    first = topics[0].bio
    return f"{first[_turn(seed + index, len(first))]} {ends[_turn(seed // 3 + index, len(ends))]}"
