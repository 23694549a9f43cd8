"""A bio and posts in the person's own words: a grammar, steered by the record.

Family, work and age are mentioned only where the record says so; nothing is invented that the
record could contradict. Every text is original and clean.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from synth.people.facts import Facts
from synth.people.phrases import Phrases, grammar, phrases


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

    Returns
    -------
    Words
        Bio and posts.
    """
    rng = np.random.default_rng([seed, index, 0x3057])
    known = [interest for interest in facts.interests if interest in phrases()]
    used: set[str] = set()
    written = []
    for number in range(max(1, min(posts, 3))):
        if known:
            turn = (seed, index + number * 997)
            written.append(_post(known[number % len(known)], facts, turn, rng, used))
        else:
            written.append(_pick(grammar().plain, rng, used))
    return Words(_bio(known, facts, rng), tuple(dict.fromkeys(written)))


# ---------------------------------------------------------------------------------------- private


def _turns(material: Phrases, turn: tuple[int, int]) -> tuple[str, str, str]:
    """Deed, thing and remark in turn, so that people who follow each other say different things.

    All pairs of deed and thing come before one comes again, and then it has another remark.
    """
    seed, number = turn
    total = len(material.deeds) * len(material.things)
    stride = next(s for s in range(int(total * 0.38), total) if math.gcd(s, total) == 1)
    lap, place = divmod(number, total)
    pair = (seed * 7 + place * stride + lap) % total
    deed, thing = divmod(pair, len(material.things))
    remark = material.remarks[(seed + pair + lap) % len(material.remarks)]
    return material.deeds[deed], material.things[thing], remark


def _post(
    interest: str,
    facts: Facts,
    turn: tuple[int, int],
    rng: np.random.Generator,
    used: set[str],
) -> str:
    deed, thing, remark = _turns(phrases()[interest], turn)
    deed = deed.format(thing=thing)
    opening = _pick(grammar().openers, rng, used)
    company = "" if " with " in deed else _pick(_company(interest, facts), rng, set())
    moment = ""
    if rng.random() < 0.6:
        fitting = [m for m in grammar().moments if not (company and "with" in m)]
        moment = _pick([m for m in fitting if not _clash(opening, m)], rng, used)
    if "{with}" in opening:
        company += moment
    else:
        deed += moment
    parts = [opening.format(deed=deed, **{"with": company})]
    shape = rng.random()
    rest = [remark] if shape < 0.66 else []
    family = _family(interest, facts)
    if family and rng.random() < 0.3:
        rest.append(_pick(family, rng, used))
    elif shape > 0.5:
        rest.append(_pick(grammar().closers, rng, used))
    parts += rest if rng.random() < 0.6 else rest[::-1]
    if rng.random() < 0.12 and len(parts) > 1:
        parts = [*parts[1:], parts[0]] if not parts[0].startswith(("So ", "Update")) else parts
    return " ".join(parts)


def _clash(opening: str, moment: str) -> bool:
    return any(
        opening.startswith(starts) and any(word in moment for word in words)
        for starts, words in grammar().clashes
    )


def _company(interest: str, facts: Facts) -> list[str]:
    material = grammar()
    company = material.company
    if interest == "children_play":
        return list(company["play_own" if facts.children else "play_others"])
    if interest in material.alone_for:
        return [""]
    return [
        *company["any"],
        *(company["spouse"] if facts.spouse else company["partner"] if facts.partner else ()),
        *(company["children"] if facts.children else ()),
    ]


def _family(interest: str, facts: Facts) -> list[str]:
    """Sentences that the record allows."""
    family = grammar().family
    sentences: list[str] = []
    if facts.children:
        sentences += family["children"]
    elif facts.alone and interest != "children_play":
        sentences += family["alone"]
    if facts.spouse:
        sentences += family["spouse"]
    elif facts.partner:
        sentences += family["partner"]
    if facts.works:
        sentences += family["works"]
    if _retired(facts):
        sentences += family["retired"]
    if _pupil(facts):
        sentences += family["pupil"]
    return sentences


def _retired(facts: Facts) -> bool:
    return facts.age is not None and facts.age >= 68 and facts.works is False


def _pupil(facts: Facts) -> bool:
    return facts.age is not None and facts.age < 19


def _bio(interests: Sequence[str], facts: Facts, rng: np.random.Generator) -> str:
    loves = [material.gerund for material in map(phrases().__getitem__, interests)]
    loves = list(dict.fromkeys(loves))
    used: set[str] = set()
    tails, heads = grammar().tails, grammar().heads
    ends = list(tails["any"])
    if facts.spouse:
        ends += tails["spouse"]
    elif facts.partner:
        ends += tails["partner"]
    if facts.children:
        ends += tails["children"]
    if _retired(facts):
        ends += tails["retired"]
    if _pupil(facts):
        ends += tails["pupil"]
    tail = _pick(ends, rng, used)
    if not loves:
        return tail
    first, rest = loves[0], loves[1:]
    words = {"first": first, "First": _capital(first), "all": ", ".join(loves)}
    beginnings = list(heads["any"])
    if rest:
        words["rest"] = rest[0]
        words["listed"] = " and ".join([", ".join(rest[:-1]), rest[-1]] if len(rest) > 1 else rest)
        beginnings += heads["several"]
    head = _pick([beginning.format(**words) for beginning in beginnings], rng, used)
    return f"{head} {tail}"


def _pick(options: Iterable[str], rng: np.random.Generator, used: set[str]) -> str:
    options = list(options)
    fresh = [o for o in options if o not in used] or options
    chosen = fresh[int(rng.integers(len(fresh)))]
    used.add(chosen)
    return chosen


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
