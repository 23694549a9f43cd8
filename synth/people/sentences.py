"""The material of posts and bios: whole sentences by interest, stage of life and language.

Read once from ``models/interests/sentences-LANGUAGE.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, takewhile
from pathlib import Path
from types import MappingProxyType
from typing import Any

from synth.errors import PopulaceError
from synth.interests.vocabulary import FOLDER, read_toml, texts

LANGUAGES = ("en", "fr")
"""Languages that people can write."""
STAGES = ("pupil", "works", "retired", "children", "alone", "spouse", "partner")
"""What a record must say for a sentence to be allowed."""
LONGEST = 8
"""Words of a sentence of something done, and of any run that two posts share."""
_WORD = re.compile(r"[\w']+")
_SLOT = "{thing}"
_TAILS = ("any", "pupil", "spouse", "partner", "children", "retired")


@dataclass(frozen=True)
class Opening:
    """The first sentence of a post, and the sentences that may follow it.

    Attributes
    ----------
    texts : tuple of str
        The sentence, once for every thing that it may have; one text where it has none.
    ends : tuple of str
        Second sentences, each written for this first one.
    """

    texts: tuple[str, ...]
    ends: tuple[str, ...]

    def posts(self) -> tuple[tuple[str, str], ...]:
        """Every text by itself and with every end; the end is empty where there is none."""
        return tuple((text, end) for text in self.texts for end in ("", *self.ends))


@dataclass(frozen=True)
class Topic:
    """What is written about one interest.

    Attributes
    ----------
    deeds : tuple of Opening
        Something done, with one of the interest's things.
    remarks : tuple of Opening
        What needs no thing.
    bio : tuple of str
        Lines for the bio.
    subject : str
        What its sentences are about where an interest is written about in several ways: a dog or a
        cat, say; empty elsewhere.
    """

    deeds: tuple[Opening, ...]
    remarks: tuple[Opening, ...]
    bio: tuple[str, ...]
    subject: str = ""


@dataclass(frozen=True)
class Sentences:
    """A language's sentences.

    Attributes
    ----------
    topics : mapping of str to Topic
        By interest; another way of writing about one stands under ``INTEREST SUBJECT``.
    plain : Topic
        For people without an interest that has sentences.
    general : tuple of str
        Sentences that may follow any deed of anybody.
    stage, tails : mapping of str to tuple of str
        Sentences that may follow any deed, and ends of a bio, by what the record must say.
    """

    topics: Mapping[str, Topic]
    plain: Topic
    general: tuple[str, ...]
    stage: Mapping[str, tuple[str, ...]]
    tails: Mapping[str, tuple[str, ...]]

    def subjects(self, interest: str) -> tuple[str, ...]:
        """What can be written about an interest; empty where there is one way only.

        Parameters
        ----------
        interest : str
            Its name.

        Returns
        -------
        tuple of str
            A dog and a cat, say.
        """
        names = (name for name in self.topics if name.partition(" ")[0] == interest)
        return tuple(self.topics[name].subject for name in names if self.topics[name].subject)

    def topic(self, interest: str, subject: str = "") -> Topic | None:
        """What is written about an interest; None where nothing is.

        Parameters
        ----------
        interest : str
            Its name.
        subject : str, optional
            One of `subjects`.

        Returns
        -------
        Topic or None
            Its sentences.
        """
        return self.topics.get(f"{interest} {subject}") or self.topics.get(interest)


def read_sentences(path: Path) -> Sentences:
    """The sentences of a TOML file.

    Parameters
    ----------
    path : Path
        The TOML file.

    Returns
    -------
    Sentences
        Read-only.

    Raises
    ------
    PopulaceError
        The file cannot be read, or lacks a part.
    """
    values = dict(read_toml(path))
    same_as = values.pop("same_as", {})
    stage, tails = values.pop("stage", {}), values.pop("tails", {})
    plain = _topic(values.pop("plain", {}), f"plain in {path.name}")
    general = values.pop("general", {})
    topics = {name: _topic(entry, f"{name} in {path.name}") for name, entry in values.items()}
    for name, other in same_as.items():
        if other not in topics:
            raise PopulaceError(f"{path.name} says that {name} is {other}, which it does not hold.")
        topics[name] = topics[other]
    return Sentences(
        MappingProxyType(topics),
        plain,
        texts(general.get("ends"), f"general ends in {path.name}"),
        MappingProxyType({key: texts(stage.get(key), f"stage {key}") for key in STAGES}),
        MappingProxyType({key: texts(tails.get(key), f"tails {key}") for key in _TAILS}),
    )


@lru_cache(maxsize=len(LANGUAGES))
def sentences(language: str = "en") -> Sentences:
    """The shipped sentences of a language; English where there are none.

    Parameters
    ----------
    language : str, optional
        Two letters.

    Returns
    -------
    Sentences
        The sentences.
    """
    known = language if language in LANGUAGES else "en"
    return read_sentences(FOLDER / f"sentences-{known}.toml")


def words_in(text: str) -> int:
    """How many words a sentence has, the parts of *mi-chemin* counted apart.

    Parameters
    ----------
    text : str
        The sentence.

    Returns
    -------
    int
        The words.
    """
    return len(_WORD.findall(text))


def _topic(entry: Any, where: str) -> Topic:
    if not isinstance(entry, dict):
        raise PopulaceError(f"The sentences of {where} are no table: mend it.")
    says = entry.get("says")
    if not isinstance(says, list) or not says:
        raise PopulaceError(f"The sentences of {where} lack `says`, a list of lists: mend it.")
    posts = [texts(post, where) for post in says]
    deeds = [post for post in posts if _SLOT in post[0]]
    things = texts(entry.get("things"), where) if deeds else ()
    return Topic(
        tuple(_opening(first, ends, things, where) for first, *ends in deeds),
        tuple(Opening((first,), tuple(ends)) for first, *ends in posts if _SLOT not in first),
        texts(entry.get("bio"), where),
        str(entry.get("subject", "")),
    )


def _opening(frame: str, ends: Sequence[str], things: Sequence[str], where: str) -> Opening:
    """A deed with all its things and ends, but for those that make a run of over `LONGEST` words.

    Such a run comes again where two posts share the deed and the first words of what follows, or
    all that stands after the thing, and the last words of two things that end alike.
    """
    whole = (frame.replace(_SLOT, thing) for thing in things)
    filled = tuple(deed[0].upper() + deed[1:] for deed in whole if words_in(deed) <= LONGEST)
    if not filled:
        raise PopulaceError(f"{where}: {frame!r} is too long for every thing; shorten it.")
    after = words_in(frame.partition(_SLOT)[2]) + _shared(things)
    fitting = [end for end in ends if after + words_in(end) <= LONGEST]
    lead = LONGEST - max(map(words_in, filled)) + 1
    fitting = list({tuple(end.split()[:lead]): end for end in reversed(fitting)}.values())
    return Opening(filled, tuple(fitting))


def _shared(things: Sequence[str]) -> int:
    """The last words that two of the things have in common."""
    words = [_WORD.findall(thing.lower()) for thing in things]
    return max(
        (
            sum(
                1
                for _ in takewhile(
                    lambda pair: pair[0] == pair[1], zip(one[::-1], other[::-1], strict=False)
                )
            )
            for one, other in combinations(words, 2)
        ),
        default=0,
    )
