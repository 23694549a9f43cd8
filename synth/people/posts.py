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
from synth.people.phrases import PHRASES, SAME_AS, Phrases


@dataclass(frozen=True)
class Words:
    """A one-line bio, and posts."""

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
    """
    rng = np.random.default_rng([seed, index, 0x3057])
    known = [i for i in facts.interests if _phrases(i) is not None]
    said: set[str] = set()
    written = []
    for number in range(max(1, min(posts, 3))):
        if known:
            turn = (seed, index + number * 997)
            written.append(_post(known[number % len(known)], facts, turn, rng, said))
        else:
            written.append(_pick(_PLAIN, rng, said))
    return Words(_bio(known, facts, rng), tuple(dict.fromkeys(written)))


# ---------------------------------------------------------------------------------------- private

_OPENERS = [
    "Today I {deed}.",
    "Yesterday I {deed}.",
    "Finally {deed}.",
    "This week I {deed}.",
    "Small victory: {deed}.",
    "Guess who {deed}? Me.",
    "Last night I {deed}.",
    "So I {deed}{with}.",
    "Sunday well spent: {deed}{with}.",
    "Rain all day, so I {deed}.",
    "Up early and {deed}{with}.",
    "Note to self: say yes. I {deed}.",
    "I {deed}{with} and I'd do it again.",
    "Not to brag, but I {deed}.",
    "Confession: I {deed}.",
    "Instead of tidying up I {deed}.",
    "Update: {deed}{with}.",
    "Before breakfast I {deed}.",
    "First time in ages that I {deed}.",
    "Slow day, good day: {deed}{with}.",
    "It happened. I {deed}.",
    "While everyone else was busy I {deed}.",
    "News from here: {deed}{with}.",
    "Free evening, so I {deed}{with}.",
    "For the record, I {deed}.",
    "I blame the weather: {deed}{with}.",
    "Three good hours: {deed}.",
    "Somehow I {deed} and it's only Tuesday.",
    "Ask me how it went: {deed}.",
    "Two thumbs up, I {deed}{with}.",
    "Nobody asked, still: {deed}.",
    "Plot twist: {deed}.",
    "Proud moment. I {deed}{with}.",
    "What a week. At least I {deed}.",
    "Breaking news: {deed}{with}.",
    "New personal best: {deed}.",
    "Someone stop me, I {deed}.",
    "Quick confession, I {deed}.",
    "Good things today: {deed}{with}.",
    "In other news, I {deed}.",
    "Guilty pleasure: {deed}{with}.",
    "Long story short: {deed}.",
    "Because it was there, I {deed}.",
    "Between errands I {deed}.",
    "Happy report: {deed}{with}.",
    "Weekend summary: {deed}{with}.",
    "Against all advice I {deed}.",
    "Better than chores: {deed}{with}.",
    "Just so you know, I {deed}.",
    "True story: {deed}{with}.",
    "Out of nowhere I {deed}.",
    "On a dare I {deed}.",
    "Mission accomplished: {deed}.",
    "Call it progress: {deed}{with}.",
    "Best part of my day? I {deed}.",
    "Very much like me: {deed}.",
    "Old habits: {deed}{with}.",
    "Tiny triumph, I {deed}.",
    "After weeks of promises I {deed}.",
    "Listen, I {deed}{with}.",
]
_CLOSERS = [
    "Ten out of ten.",
    "Who's in next time?",
    "That's all.",
    "Worth it.",
    "More soon.",
    "Small joys.",
    "I'm still smiling.",
    "What did you do?",
    "No complaints.",
    "Simple as that.",
    "I could get used to this.",
    "Now: tea.",
    "Good night, all.",
    "Send snacks.",
    "Tell me I'm not the only one.",
    "It's the little things.",
    "Best hour of the week.",
    "To be continued.",
    "Life is good.",
    "See you next week.",
    "Would recommend.",
    "Again tomorrow?",
    "Questions welcome.",
    "Zero regrets.",
    "Applause, please.",
    "Make of that what you will.",
    "Pictures will follow.",
    "Nothing beats it.",
    "My kind of luxury.",
    "Repeat as needed.",
    "Over and out.",
    "Any tips?",
    "Joy, basically.",
    "Guess my mood.",
    "That was the plan all along.",
    "Happy tired.",
    "Bring cake.",
    "Believe it or not.",
    "Highly relaxing.",
    "Let's call that a win.",
    "Everything else can wait.",
    "I feel rich.",
    "Tea helps.",
    "Your turn.",
    "Time well wasted.",
]
_MOMENTS = [
    " before lunch",
    " after supper",
    " in my oldest sweater",
    " with the radio on",
    " between two showers",
    " under a grey sky",
    " with the window open",
    " on a whim",
    " for once",
    " without a plan",
    " to everyone's surprise",
    " in my own good time",
    " before the street woke up",
    " on the longest day of the week",
    " in bright sunshine",
    " with a mug in one hand",
    " while it rained",
    " and felt ten feet tall",
    " and lost track of the clock",
    " and forgot to eat",
    " and was proud of it",
    " and told nobody until now",
    " and nearly missed the sunset",
    " and whistled the whole time",
    " and made a note of it",
    " and slept like a log",
    " in yesterday's socks",
    " at half past something",
    " against the clock",
    " like nobody was watching",
    " and grinned like a fool",
    " and learned my lesson",
    " and ran out of biscuits",
    " in one go",
    " in slow motion",
    " one step at a time",
    " purely for fun",
    " and called it therapy",
    " and celebrated with soup",
    " for the third time this month",
    " despite everything",
    " more or less on purpose",
    " and laughed out loud",
    " without any help",
    " and it felt like a holiday",
    " and still had time for a nap",
    " half asleep",
    " in record time",
    " as if it were nothing",
]
# Openings and moments that speak of different hours or weathers don't meet.
_CLASHES = (
    (
        ("Last night", "Free evening", "Before breakfast", "Up early"),
        ("lunch", "supper", "sunset", "sunshine", "grey sky", "street woke", "slept", "longest"),
    ),
    (("Rain all day", "I blame the weather"), ("sunshine", "sunset", "showers", "rained", "sky")),
    (("Three good hours", "After weeks"), ("record time", "third time", "on a whim")),
)
_WITH = (
    " with a friend",
    " with the neighbours",
    " with an old friend",
    " all by myself",
    "",
    "",
    "",
)
_PLAIN = [
    "Quiet week here. How is everybody?",
    "Nothing to report, and that's fine.",
    "New week, same smile.",
    "Open the window, the air is lovely today.",
    "I should post more often.",
    "Today was an ordinary day and I liked it.",
]


def _turns(phrases: Phrases, turn: tuple[int, int]) -> tuple[str, str, str]:
    """Deed, thing and remark in turn, so that people who follow each other say different things.

    All pairs of deed and thing come before one comes again, and then it has another remark.
    """
    seed, number = turn
    total = len(phrases.deeds) * len(phrases.things)
    stride = next(s for s in range(int(total * 0.38), total) if math.gcd(s, total) == 1)
    lap, place = divmod(number, total)
    pair = (seed * 7 + place * stride + lap) % total
    deed, thing = divmod(pair, len(phrases.things))
    remark = phrases.remarks[(seed + pair + lap) % len(phrases.remarks)]
    return phrases.deeds[deed], phrases.things[thing], remark


def _post(
    interest: str,
    facts: Facts,
    turn: tuple[int, int],
    rng: np.random.Generator,
    said: set[str],
) -> str:
    phrases = _phrases(interest)
    assert phrases is not None
    deed, thing, remark = _turns(phrases, turn)
    deed = deed.format(thing=thing)
    opening = _pick(_OPENERS, rng, said)
    company = "" if " with " in deed else _pick(_company(interest, facts), rng, set())
    moment = ""
    if rng.random() < 0.6:
        fitting = [m for m in _MOMENTS if not (company and "with" in m)]
        moment = _pick([m for m in fitting if not _clash(opening, m)], rng, said)
    if "{with}" in opening:
        company += moment
    else:
        deed += moment
    parts = [opening.format(deed=deed, **{"with": company})]
    shape = rng.random()
    rest = [remark] if shape < 0.66 else []
    family = _family(interest, facts)
    if family and rng.random() < 0.3:
        rest.append(_pick(family, rng, said))
    elif shape > 0.5:
        rest.append(_pick(_CLOSERS, rng, said))
    parts += rest if rng.random() < 0.6 else rest[::-1]
    if rng.random() < 0.12 and len(parts) > 1:
        parts = [*parts[1:], parts[0]] if not parts[0].startswith(("So ", "Update")) else parts
    return " ".join(parts)


def _clash(opening: str, moment: str) -> bool:
    return any(
        opening.startswith(starts) and any(word in moment for word in words)
        for starts, words in _CLASHES
    )


def _company(interest: str, facts: Facts) -> list[str]:
    if interest == "children_play":
        return [" with the kids"] if facts.children else [" with the little ones next door"]
    if interest in ("phone", "reading", "relaxing"):
        return [""]
    company = list(_WITH)
    if facts.spouse:
        company += [" with my better half"] * 2
    elif facts.partner:
        company += [" with my partner"] * 2
    if facts.children:
        company += [" with the kids"] * 2
    return company


def _family(interest: str, facts: Facts) -> list[str]:
    """Sentences that the record allows."""
    found = []
    if facts.children:
        found += [
            "The kids rolled their eyes.",
            "The kids want to come next time.",
            "The house was quiet for once.",
            "Parents get one free hour a day.",
            "The kids took the pictures.",
            "My children call it research.",
            "Bedtime stories come next.",
            "The kids think I'm odd.",
            "Family dinner was late.",
        ]
    elif facts.alone and interest != "children_play":
        found += [
            "The flat is mine, so is the schedule.",
            "Nobody at home to complain.",
            "Living on my own has its perks.",
            "Nobody minds the mess.",
            "Silence is golden.",
            "Dinner for one, music for four.",
        ]
    if facts.spouse:
        found += [
            "My better half only shook a head.",
            "Marriage means sharing the last biscuit.",
            "Someone I married made the coffee.",
            "My better half took the picture.",
            "I'm told I talk about it in my sleep.",
            "Marry someone who laughs about it.",
        ]
    elif facts.partner:
        found += ["My partner says I'm impossible.", "My partner took the picture."]
    if facts.works:
        found += [
            "Back to work tomorrow.",
            "My colleagues will hear all about it.",
            "Day off used well.",
            "The inbox can wait.",
            "Work is what happens in between.",
            "My desk misses me, surely.",
        ]
    if facts.age is not None and facts.age >= 68 and facts.works is False:
        found += [
            "Retirement suits me.",
            "At my age one may take one's time.",
            "No alarm clock, no hurry.",
            "Every day is Saturday now.",
            "Who needs an office?",
        ]
    if facts.age is not None and facts.age < 19:
        found += [
            "School can wait till Monday.",
            "My parents don't get it.",
            "Homework after this, honest.",
        ]
    return found


def _bio(known: Sequence[str], facts: Facts, rng: np.random.Generator) -> str:
    loves = [p.gerund for p in map(_phrases, known) if p is not None]
    loves = list(dict.fromkeys(loves))
    said: set[str] = set()
    tails = [
        "Coffee first.",
        "Slow mornings.",
        "Easily made happy.",
        "Here to listen.",
        "Mostly cheerful.",
        "Always late, always sorry.",
        "Collector of small joys.",
    ]
    if facts.spouse:
        tails += ["Happily married.", "Married, still laughing."] * 2
    elif facts.partner:
        tails += ["Two toothbrushes.", "Living together, still talking."]
    if facts.children:
        tails += ["Parent, therefore tired.", "The kids come first."] * 2
    if facts.age is not None and facts.age >= 68 and facts.works is False:
        tails += ["Retired and busy."] * 3
    if facts.age is not None and facts.age < 19:
        tails += ["Still at school, mostly.", "Growing up in public."]
    tail = _pick(tails, rng, said)
    if not loves:
        return tail
    first, rest = loves[0], loves[1:]
    listed = " and ".join([", ".join(rest[:-1]), rest[-1]] if len(rest) > 1 else rest)
    heads = [
        f"{_capital(first)} before anything else.",
        f"Ask me about {first}.",
        f"Never far from {first}.",
        f"In this order: {', '.join(loves)}.",
    ]
    if listed:
        heads += [
            f"{_capital(first)}, then {listed}.",
            f"Mostly {first}, sometimes {listed}.",
            f"A day without {first} is a day for {rest[0]}.",
            f"{_capital(first)} by heart, {rest[0]} by accident.",
        ]
    return f"{_pick(heads, rng, said)} {tail}"


def _phrases(interest: str) -> Phrases | None:
    return PHRASES.get(SAME_AS.get(interest, interest))


def _pick(options: Iterable[str], rng: np.random.Generator, said: set[str]) -> str:
    options = list(options)
    fresh = [o for o in options if o not in said] or options
    chosen = fresh[int(rng.integers(len(fresh)))]
    said.add(chosen)
    return chosen


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
