"""Keywords, icons and titles of interests, read once from `models/interests/vocabulary.toml`.

An interest is a topic: a few concrete words say what a person with that interest talks about and
photographs. The words become picture prompts (paper, section 3.3) and chips on the card. Icons are
Material symbol names. Concrete, photographable words come first.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from synth.environment import MODELS
from synth.errors import PopulaceError

FOLDER = MODELS / "interests"
"""Where vocabulary and sentences lie."""


@dataclass(frozen=True)
class Vocabulary:
    """What is known of interests by their name.

    Attributes
    ----------
    keywords : mapping of str to tuple of str
        Interest → 5–8 words, the most concrete first.
    icons : mapping of str to str
        Interest → name of a Material symbol.
    titles : mapping of str to str
        Interest → words for the screen, where the name alone does not read well.
    french_hobbies : tuple of str
        The 17 hobbies of the French population.
    """

    keywords: Mapping[str, tuple[str, ...]]
    icons: Mapping[str, str]
    titles: Mapping[str, str]
    french_hobbies: tuple[str, ...]


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's values.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    mapping of str to Any
        Its tables and values.

    Raises
    ------
    PopulaceError
        The file cannot be read or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PopulaceError(f"{path.name} cannot be read ({error}): take it from git.") from error


def texts(value: object, what: str) -> tuple[str, ...]:
    """A list of texts from a TOML file; `what` names the place in the sentence of the error.

    Parameters
    ----------
    value : object
        What the file gives.
    what : str
        The place, for the error.

    Returns
    -------
    tuple of str
        The texts.

    Raises
    ------
    PopulaceError
        It is no list of texts, or an empty one.
    """
    if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
        raise PopulaceError(f"{what} needs a list of texts.")
    return tuple(value)


def read_vocabulary(path: Path) -> Vocabulary:
    """The vocabulary of a TOML file.

    Parameters
    ----------
    path : Path
        The TOML file.

    Returns
    -------
    Vocabulary
        Keywords, icons, titles and hobbies; read-only.

    Raises
    ------
    PopulaceError
        The file cannot be read, or an interest lacks keywords or icon.
    """
    values = read_toml(path)
    interests = values.get("interests", {})
    for name, entry in interests.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("icon"), str):
            raise PopulaceError(f"The interest {name} in {path.name} needs an icon.")
    return Vocabulary(
        MappingProxyType(
            {
                name: texts(entry.get("keywords"), f"The interest {name} in {path.name}")
                for name, entry in interests.items()
            }
        ),
        MappingProxyType({name: entry["icon"] for name, entry in interests.items()}),
        MappingProxyType(
            {name: entry["title"] for name, entry in interests.items() if "title" in entry}
        ),
        texts(values.get("french_hobbies"), f"french_hobbies in {path.name}"),
    )


_SHIPPED = read_vocabulary(FOLDER / "vocabulary.toml")
KEYWORDS = _SHIPPED.keywords
"""Interest → 5–8 words, the most concrete first."""
ICONS = _SHIPPED.icons
"""Interest → name of a Material symbol."""
FRENCH_HOBBIES = _SHIPPED.french_hobbies
"""The 17 hobbies of the French population."""

MOST_WORDS = 12
_LONGEST = 40
_WORD = re.compile(r"[^\W_](?:[\w' -]*[^\W_])?")


def read_words(text: str) -> tuple[str, ...]:
    """Keywords as people type them: separated by commas or lines, in lower case, each once.

    Parameters
    ----------
    text : str
        What was typed.

    Returns
    -------
    tuple of str
        The words, in their order.

    Raises
    ------
    PopulaceError
        No word, more than `MOST_WORDS`, or one that is no plain word or phrase.
    """
    parts = (" ".join(part.split()).lower() for part in re.split(r"[,;\n]", text))
    words = tuple(dict.fromkeys(part for part in parts if part))
    if not words:
        raise PopulaceError("There is no keyword: write at least one, such as dog or forest path.")
    if len(words) > MOST_WORDS:
        raise PopulaceError(f"These are {len(words)} keywords: keep the {MOST_WORDS} best.")
    for word in words:
        if len(word) > _LONGEST or not _WORD.fullmatch(word):
            raise PopulaceError(
                f"“{word[:_LONGEST]}” is no keyword: use letters, figures, spaces and hyphens, at "
                f"most {_LONGEST} of them."
            )
    return words


def interest_title(interest: str) -> str:
    """Words for the screen: `music_radio` → `Music & radio`.

    Parameters
    ----------
    interest : str
        Its name.

    Returns
    -------
    str
        Its title.
    """
    return _SHIPPED.titles.get(interest, interest.replace("_", " ").capitalize())
