"""The material of posts and bios, read once from `models/interests/{phrases,posts}.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from synth.errors import PopulaceError
from synth.interests.vocabulary import FOLDER, read_toml, texts


@dataclass(frozen=True)
class Phrases:
    """Material of one interest.

    Attributes
    ----------
    gerund : str
        For the bio.
    things, deeds, remarks : tuple of str
        What it is about, what was done with it (``{thing}`` is filled in), and what one says of it.
    """

    gerund: str
    things: tuple[str, ...]
    deeds: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Grammar:
    """How posts and bios are put together; what is listed twice is said twice as often.

    Attributes
    ----------
    openers, closers, moments, plain : tuple of str
        How a post begins, ends, when it was, and what is said without an interest.
    clashes : tuple of pairs of tuples of str
        Beginnings of openers and words of moments that do not meet.
    alone_for : tuple of str
        Interests that one follows alone.
    company, family, tails, heads : mapping of str to tuple of str
        Company, sentences and ends and beginnings of a bio, by what the record must say.
    """

    openers: tuple[str, ...]
    closers: tuple[str, ...]
    moments: tuple[str, ...]
    plain: tuple[str, ...]
    clashes: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    alone_for: tuple[str, ...]
    company: Mapping[str, tuple[str, ...]]
    family: Mapping[str, tuple[str, ...]]
    tails: Mapping[str, tuple[str, ...]]
    heads: Mapping[str, tuple[str, ...]]


def read_phrases(path: Path) -> Mapping[str, Phrases]:
    """Interest → its phrases, also of interests that share another's.

    Parameters
    ----------
    path : Path
        The TOML file.

    Returns
    -------
    mapping of str to Phrases
        The phrases, read-only.

    Raises
    ------
    PopulaceError
        The file cannot be read, or an interest lacks a part.
    """
    values = read_toml(path)
    phrases: dict[str, Phrases] = {}
    for name, entry in values.get("interests", {}).items():
        where = f"The interest {name} in {path.name}"
        gerund = entry.get("gerund")
        if not isinstance(gerund, str):
            raise PopulaceError(f"{where} needs a gerund.")
        parts = [texts(entry.get(key), where) for key in ("things", "deeds", "remarks")]
        if not all("{thing}" in deed for deed in parts[1]):
            raise PopulaceError(f"{where} has a deed without {{thing}}: write where it goes.")
        phrases[name] = Phrases(gerund, *parts)
    for name, other in values.get("same_as", {}).items():
        if other not in phrases:
            raise PopulaceError(f"{path.name} says that {name} is {other}, which it does not hold.")
        phrases[name] = phrases[other]
    return MappingProxyType(phrases)


def read_grammar(path: Path) -> Grammar:
    """The grammar of a TOML file.

    Parameters
    ----------
    path : Path
        The TOML file.

    Returns
    -------
    Grammar
        The grammar.

    Raises
    ------
    PopulaceError
        The file cannot be read, or lacks a part.
    """
    values = read_toml(path)
    company = dict(_part(values, "company", path))
    alone_for = company.pop("none_for", ())
    bio = _part(values, "bio", path)
    return Grammar(
        openers=_texts(values, "openers", path),
        closers=_texts(values, "closers", path),
        moments=_texts(values, "moments", path),
        plain=_texts(values, "plain", path),
        clashes=tuple(
            (_texts(clash, "openers", path), _texts(clash, "moments", path))
            for clash in values.get("clashes", [])
        ),
        alone_for=tuple(alone_for),
        company=_lists(company, _COMPANY, path),
        family=_lists(_part(values, "family", path), _FAMILY, path),
        tails=_lists(_part(bio, "tails", path), _TAILS, path),
        heads=_lists(_part(bio, "heads", path), ("any", "several"), path),
    )


@lru_cache(maxsize=1)
def phrases() -> Mapping[str, Phrases]:
    """The shipped phrases: interest → its material."""
    return read_phrases(FOLDER / "phrases.toml")


@lru_cache(maxsize=1)
def grammar() -> Grammar:
    """The shipped grammar."""
    return read_grammar(FOLDER / "posts.toml")


# ---------------------------------------------------------------------------------------- private

_COMPANY = ("any", "spouse", "partner", "children", "play_own", "play_others")
_FAMILY = ("children", "alone", "spouse", "partner", "works", "retired", "pupil")
_TAILS = ("any", "spouse", "partner", "children", "retired", "pupil")


def _part(values: Mapping[str, Any], key: str, path: Path) -> Mapping[str, Any]:
    part = values.get(key)
    if not isinstance(part, dict):
        raise PopulaceError(f"{path.name} has no part called {key}.")
    return part


def _texts(values: Mapping[str, Any], key: str, path: Path) -> tuple[str, ...]:
    return texts(values.get(key), f"{key} in {path.name}")


def _lists(
    values: Mapping[str, Any], keys: tuple[str, ...], path: Path
) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({key: _texts(values, key, path) for key in keys})
