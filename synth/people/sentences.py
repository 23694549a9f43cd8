"""The material of posts and bios: whole sentences by interest, stage of life and language.

Read once from ``models/interests/sentences-LANGUAGE.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
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
"""Words of a sentence of something done; longer ones would be seen to come again."""
_WORD = re.compile(r"[\w']+")
_SLOT = "{thing}"
_TAILS = ("any", "pupil", "spouse", "partner", "children", "retired")


@dataclass(frozen=True)
class Topic:
    """What is written about one interest.

    Attributes
    ----------
    deeds : tuple of tuple of str
        First sentences of something done, each with every thing that it may have.
    remarks : tuple of str
        Sentences that stand after a deed, or first.
    adds, bio : tuple of str
        Second sentences, and lines for the bio.
    """

    deeds: tuple[tuple[str, ...], ...]
    remarks: tuple[str, ...]
    adds: tuple[str, ...]
    bio: tuple[str, ...]


@dataclass(frozen=True)
class Sentences:
    """A language's sentences.

    Attributes
    ----------
    topics : mapping of str to Topic
        By interest.
    plain : Topic
        For people without an interest that has sentences.
    leads, adds : tuple of str
        Anybody's, before and after what is said of an interest.
    stage, tails : mapping of str to tuple of str
        Second sentences, and ends of a bio, by what the record must say.
    """

    topics: Mapping[str, Topic]
    plain: Topic
    leads: tuple[str, ...]
    adds: tuple[str, ...]
    stage: Mapping[str, tuple[str, ...]]
    tails: Mapping[str, tuple[str, ...]]


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
    general = values.pop("general", {})
    plain = _topic(values.pop("plain", {}), f"plain in {path.name}")
    topics = {name: _topic(entry, f"{name} in {path.name}") for name, entry in values.items()}
    for name, other in same_as.items():
        if other not in topics:
            raise PopulaceError(f"{path.name} says that {name} is {other}, which it does not hold.")
        topics[name] = topics[other]
    return Sentences(
        MappingProxyType(topics),
        plain,
        texts(general.get("leads"), f"general leads in {path.name}"),
        texts(general.get("adds"), f"general adds in {path.name}"),
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
    says = texts(entry.get("says"), where)
    frames = [text for text in says if _SLOT in text]
    things = texts(entry.get("things"), where) if frames else ()
    deeds = tuple(_filled(frame, things) for frame in frames)
    bare = next((frame for frame, deed in zip(frames, deeds, strict=True) if not deed), None)
    if bare is not None:
        raise PopulaceError(f"{where}: {bare!r} is too long for every thing; shorten it.")
    return Topic(
        deeds,
        tuple(text for text in says if _SLOT not in text),
        texts(entry.get("adds"), where),
        texts(entry.get("bio"), where),
    )


def _filled(frame: str, things: tuple[str, ...]) -> tuple[str, ...]:
    whole = (frame.replace(_SLOT, thing) for thing in things)
    return tuple(deed[0].upper() + deed[1:] for deed in whole if words_in(deed) <= LONGEST)
