"""Whose people these are: country, year, language, names, and the looks that their survey counted.

It stands apart from the model: names and faces are drawn beside the record (paper, section 3.4),
but a French survey's people bear French names and write French.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from synth.errors import PopulaceError

_LOCALE = re.compile(r"[a-z]{2}_[A-Z]{2}")
_LATEST = 3000  # a year after it is none


@dataclass(frozen=True)
class Society:
    """What is known of a population's people apart from its columns.

    Attributes
    ----------
    country : str
        Two letters, such as ``US``; empty where it is not known.
    language : str
        Two letters of the language that they write.
    names : str
        The Faker locale of everybody's names; empty where names go with the group that is drawn.
    looks : mapping of str to float
        Ethnicity → share as the survey counted it; empty where it did not.
    year : int
        When its people were asked, the middle of several years: it says when who is 30 was born.
        0 where it is not known.
    """

    country: str = ""
    language: str = "en"
    names: str = ""
    looks: Mapping[str, float] = field(default_factory=dict)
    year: int = 0

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it."""
        return {
            "country": self.country,
            "language": self.language,
            "names": self.names,
            "looks": dict(self.looks),
            "year": self.year,
        }

    @staticmethod
    def from_json(value: object, where: str) -> Society:
        """Read a society that a file from anywhere holds.

        Parameters
        ----------
        value : object
            What `to_json` wrote; keys may be absent.
        where : str
            The file, for the error.

        Raises
        ------
        PopulaceError
            It is damaged.
        """
        damaged = PopulaceError(f"The society in {where} is damaged: build the population again.")
        if not isinstance(value, dict):
            raise damaged
        country, language = value.get("country", ""), value.get("language", "en")
        names, looks = value.get("names", ""), value.get("looks", {})
        year = value.get("year", 0)
        texts = all(isinstance(text, str) for text in (country, language, names))
        if not texts or not isinstance(looks, dict):
            raise damaged
        if not re.fullmatch(r"(?:[A-Z]{2})?", country) or not re.fullmatch(r"[a-z]{2}", language):
            raise damaged
        if names and not _LOCALE.fullmatch(names):
            raise damaged
        if isinstance(year, bool) or not isinstance(year, int) or not 0 <= year <= _LATEST:
            raise damaged
        shares = {}
        for group, share in looks.items():
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
                raise damaged
            shares[str(group)] = float(share)
        return Society(country, language, names, MappingProxyType(shares), year)


NOWHERE = Society()
"""A population of which nothing of the kind is known."""
