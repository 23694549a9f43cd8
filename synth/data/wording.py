"""Numbers and choices in words, and numbers in words read back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np

EXACT = 2.0**53  # beyond this a float no longer holds every whole number
DIRECTION_MARKS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def number_text(value: float | np.integer | np.floating) -> str:
    """A number as people write it: 30, not 30.0; every digit that tells it from its neighbours.

    Parameters
    ----------
    value : float
        Any finite number.

    Returns
    -------
    str
        The shortest text that reads back as the same number.
    """
    value = float(value)
    if value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    return repr(value)


_SHORT = {
    "acdm": "academic",
    "adm": "administrative",
    "assoc": "associate",
    "civ": "civil",
    "emp": "employed",
    "exec": "executive",
    "fed": "federal",
    "gov": "government",
    "grad": "graduate",
    "hs": "high-school",
    "inc": "incorporated",
    "inspct": "inspector",
    "op": "operator",
    "priv": "private",
    "prof": "professional",
    "serv": "services",
    "tech": "technical",
    "univ": "university",
    "voc": "vocational",
}
_DEGREES = {
    "associates": "associate degree",
    "assoc-acdm": "associate degree, academic",
    "assoc-voc": "associate degree, vocational",
    "bachelors": "bachelor's degree",
    "masters": "master's degree",
    "prof-school": "professional school",
    "some-college": "some college",
}
"""Levels of schooling that are written without their grammar."""
_CENSUS = {
    "9 - 11th grade": "9th–11th grade",
    "adm-clerical": "administrative or clerical work",
    "amer-indian-eskimo": "American Indian or Eskimo",
    "asian-pac-islander": "Asian or Pacific Islander",
    "college grad": "college graduate",
    "craft-repair": "craft or repair work",
    "exec-managerial": "executive or managerial work",
    "farming-fishing": "farming or fishing",
    "handlers-cleaners": "handler or cleaner",
    "livepartner": "lives with a partner",
    "machine-op-inspct": "machine operator or inspector",
    "nevermarried": "never married",
    "not-in-family": "not living with family",
    "notworking": "not working",
    "other-relative": "relative of the householder",
    "own-child": "child of the householder",
    "priv-house-serv": "private household service",
    "self-emp-inc": "self-employed, incorporated",
    "self-emp-not-inc": "self-employed, not incorporated",
    "transport-moving": "transport or moving",
    "vgood": "very good",
}
"""Levels of well-known surveys that no rule puts into words."""
_CODE = re.compile(r"[^\W\d_]+(?:[-_][^\W\d_]+)+")


def plain_level(level: str) -> str:
    """A level that a table writes as a code, in words; any other as it is.

    Parameters
    ----------
    level : str
        As the table writes it: ``HS-grad``, ``Self-emp-not-inc``, ``IN_SCHOOL``, ``?``.

    Returns
    -------
    str
        ``high-school graduate``, ``self-employed, not incorporated``, ``in school``,
        ``not stated``; names of capital words keep them (``United States``), and
        ``self-employed`` its hyphen.
    """
    text = level.strip()
    if text in {"?", "??", "-", "."}:
        return "not stated"
    if text.casefold() in _CENSUS:
        return _CENSUS[text.casefold()]
    if text.casefold() in _DEGREES and text != text.casefold():
        return _DEGREES[text.casefold()]
    if not _CODE.fullmatch(text):
        return text.capitalize() if len(text) > 4 and text.isupper() else level
    words = re.split("[-_]", text)
    short = any(word.lower() in _SHORT for word in words)
    if text.islower() and "_" not in text and not short:
        return level
    if short or not all(word.istitle() for word in words):
        words = [_SHORT.get(word.lower(), word.lower()) for word in words]
    return " ".join(words)


def hint(word: str, choices: Sequence[str]) -> str:
    """The end of a sentence about an unknown word: the closest choice, or the first few.

    Holds its own full stop or question mark.

    Parameters
    ----------
    word : str
        What is unknown.
    choices : sequence of str
        What is known.

    Returns
    -------
    str
        From the blank or colon on, to the end.
    """
    folded = {choice.casefold(): choice for choice in reversed(choices)}
    close = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    if not close:
        inside = [c for c in choices if word and word.casefold() in c.casefold()]
        close = [inside[0].casefold()] if inside else []
    if close:
        return f": did you mean {folded[close[0]]}?"
    return f": use {some_of(choices)}." if choices else "."


def some_of(choices: Sequence[str]) -> str:
    """All of a few choices, or the first five of many.

    Parameters
    ----------
    choices : sequence of str
        What would do.

    Returns
    -------
    str
        Words for the end of a sentence.
    """
    if len(choices) <= 6:
        return either(choices)
    return f"one of {', '.join(choices[:5])}, … ({len(choices)} in all)"


def either(words: Sequence[str]) -> str:
    """Words joined by commas and a last “or”.

    Parameters
    ----------
    words : sequence of str
        At least one.

    Returns
    -------
    str
    """
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def shortened(text: str, limit: int = 40) -> str:
    """A text in quotes for a sentence: no invisible characters, cut where it is long.

    Parameters
    ----------
    text : str
        Any text.
    limit : int
        The most characters.

    Returns
    -------
    str
    """
    text = "".join(c if c.isprintable() else "·" for c in text)
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")


def as_number(text: str) -> float | None:
    """The number that a text is in Python's notation.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    float or None
        None where it is none.
    """
    try:
        return float(text)
    except ValueError:
        return None
