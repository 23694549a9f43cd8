"""A bio and posts in the person's own words: whole sentences, steered by the record.

Family, work, school and age are mentioned only where the record says so; nothing is invented that
the record could contradict. Every text is original and clean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from synth.people.facts import Facts
from synth.people.sentences import LONGEST, Sentences, Topic, sentences, words_in

_SCHOOL = 18  # years, below: from then on some have left, and all may vote
_RETIRED = 65  # years, and without work
_SHAPES = 7  # of a post: 0 remark and end, 1 lead, 2 to 5 anybody's end, 6 an own one
_SHORT = 5  # words of a second sentence that comes again before long
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
    facts: Facts, *, seed: int, index: int = 0, posts: int = 2, language: str = "en"
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

    Returns
    -------
    Words
        Bio and posts.
    """
    material = sentences(language)
    known = [material.topics[name] for name in facts.interests if name in material.topics]
    topics = known or [material.plain]
    stages = stages_of(facts)
    added = [line for stage in stages for line in material.stage[stage]]
    written = []
    for number in range(max(1, min(posts, 3))):
        topic = topics[number % len(topics)]
        written.append(_post(topic, material, added, seed, index + number * 997))
    return Words(_bio(topics, facts, seed, index, language), tuple(dict.fromkeys(written)))


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


def _post(topic: Topic, material: Sentences, added: Sequence[str], seed: int, number: int) -> str:
    """Post `number` of an interest: seven shapes in turn, each part in a cycle of its own.

    The cycles have lengths without a common divisor, so that no two parts meet again before all
    others were met (the Chinese remainder theorem). A deed of many words has no sentence after it,
    lest both come again as one long run.
    """
    number += seed % _SPREAD
    frames = len(topic.deeds)
    # One shape farther with every round of the deeds, so that each deed comes in every shape.
    lap, shape = divmod(number + number // max(frames, 1), _SHAPES)
    own = (*topic.adds, *added)
    if shape == 0 or not topic.deeds:
        # Counted by themselves: all pairs of remark and end come before one comes again.
        turn = lap if topic.deeds else number
        first = topic.remarks[_turn(turn, len(topic.remarks))]
        return f"{first} {_apart(own, turn, len(topic.remarks))}"
    deed = topic.deeds[_turn(number, frames)]
    sentence = deed[(_turn(number // frames, len(deed)) + number % frames) % len(deed)]
    if shape == 1 or words_in(sentence) == LONGEST:
        return f"{_apart(material.leads, number, frames)} {sentence}"
    if shape <= 5:
        return f"{sentence} {_apart(material.adds, number, frames)}"
    short = [end for end in (*topic.remarks, *own) if words_in(end) <= _SHORT]
    return f"{sentence} {_apart(short, number, frames)}"


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
