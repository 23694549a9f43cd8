"""What a survey is: its profiles, which part of each a participant sees, and in which order."""

from __future__ import annotations

import hashlib
import random
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from synth.errors import PopulaceError

Part = Literal["all", "face", "words", "pictures"]
"""What is shown of a profile."""
PARTS: Mapping[Part, str] = MappingProxyType(
    {
        "all": "the whole profile",
        "face": "face only",
        "words": "words only",
        "pictures": "pictures only",
    }
)
"""Each part in words."""
PROFILES, MOST_PROFILES = 10, 30
"""Profiles of a survey: as many as the paper showed, and the most."""
CONSENT = (
    "You will see some profiles, one after another, and say of each whether you believe that it "
    "shows a real person. Only your answers are kept: not your name, not your address, nothing "
    "else about you. They are shown together with everybody else's. You can stop at any time by "
    "closing the page; at the end you learn what you saw."
)
"""What a participant agrees to, unless the survey says it otherwise."""
MOST_CONSENT = 1500
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is taken for another
_CODE, _TOKEN = 6, re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True)
class Person:
    """Whom a profile shows, as far as results are told apart by it.

    Attributes
    ----------
    number : int
        Of the profile, from 0.
    gender : str
        As the record tells it.
    age : int or None
        Years; None where the record does not say.
    ethnicity : str
        Of the face and the name.
    """

    number: int
    gender: str
    age: int | None
    ethnicity: str


@dataclass(frozen=True)
class Item:
    """A profile as it is shown.

    Attributes
    ----------
    number : int
        Of the profile, from 0.
    part : Part
        What is shown of it.
    """

    number: int
    part: Part


@dataclass(frozen=True)
class Vote:
    """An answer.

    Attributes
    ----------
    participant : str
        What `participant` makes of a token; nobody can be recognised by it.
    item : Item
        What was shown.
    believed : bool
        Whether the participant believes that the person is real.
    """

    participant: str
    item: Item
    believed: bool


@dataclass(frozen=True)
class Survey:
    """A survey; all but `is_closed` stays as it was made.

    Attributes
    ----------
    code : str
        What a participant joins by.
    question : str
        Whom the profiles show, in words.
    population, evidence : str
        The population's name and the facts that the people were drawn from.
    seed : int
        Of the drawing.
    consent : str
        What a participant agrees to.
    parts : tuple of Part
        What is shown of the profiles; each participant sees each profile in one part.
    people : tuple of Person
        Whom the profiles show, by number.
    is_closed : bool
        Whether votes are refused.
    """

    code: str
    question: str
    population: str
    evidence: str
    seed: int
    consent: str
    parts: tuple[Part, ...]
    people: tuple[Person, ...]
    is_closed: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.people) <= MOST_PROFILES:
            raise PopulaceError(
                f"A survey shows 1 to {MOST_PROFILES} profiles: choose another number."
            )
        if [person.number for person in self.people] != list(range(len(self.people))):
            raise PopulaceError("The profiles of a survey are numbered from 0: number them anew.")
        if not self.parts or set(self.parts) - set(get_args(Part)):
            raise PopulaceError(
                "A survey shows whole profiles, faces, words or pictures: choose at least one."
            )
        if not 1 <= len(self.consent.strip()) <= MOST_CONSENT:
            raise PopulaceError(f"The consent text has 1 to {MOST_CONSENT} characters: edit it.")

    def items(self, token: str) -> tuple[Item, ...]:
        """What a participant sees, in their own random order; the same token sees the same.

        Parts are shared out evenly: of ten profiles in two parts, each participant sees five and
        five, and which profile is seen in which part differs from one to the next.

        Parameters
        ----------
        token : str
            The participant's.

        Returns
        -------
        tuple of Item
            Each profile once.
        """
        shuffled = random.Random(f"{self.code}:{participant(self.code, token)}")
        numbers = [person.number for person in self.people]
        shuffled.shuffle(numbers)
        start = shuffled.randrange(len(self.parts))
        parts = [self.parts[(start + i) % len(self.parts)] for i in range(len(numbers))]
        shuffled.shuffle(parts)
        return tuple(Item(n, part) for n, part in zip(numbers, parts, strict=True))


def new_code() -> str:
    """A code to join by that can be read aloud."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_CODE))


def new_token() -> str:
    """A participant's or a presenter's token, which nobody can guess."""
    return secrets.token_urlsafe(18)


def is_token(text: str) -> bool:
    """Whether a text can be a token."""
    return _TOKEN.fullmatch(text) is not None


def tidy_code(text: str) -> str:
    """A code as it was made, however it was typed."""
    return "".join(sign for sign in text.upper() if sign in _LETTERS)[:_CODE]


def participant(code: str, token: str) -> str:
    """What is stored of a participant: neither the token nor anything that tells it.

    Parameters
    ----------
    code : str
        Of the survey, so that the same token is somebody else in another survey.
    token : str
        The participant's.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    return hashlib.blake2b(f"{code}:{token}".encode(), digest_size=16).hexdigest()
