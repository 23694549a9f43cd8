"""Ethnicity and name: drawn apart from the record, on purpose, unless it records an ethnicity.

The paper (sections 3.3 and 3.4) assigns ethnicity and name at random, with no link to any column
of the network, so that the table's biases don't reach the face. Here they depend on `(seed,
index)`, the gender and the year of birth only; where a table does record an ethnicity or a country
of birth, name and face follow it rather than contradict it. American, French and Spanish first
names are those of the person's generation (`models/names/first-names.toml`), and so are Indian,
Japanese and Taiwanese ones; all others come from Faker's locale lists, in Latin letters, without
titles and without those of `models/names/left-out.toml`.
"""

from __future__ import annotations

import importlib
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from synth.data.meaning import Gender, gender_of
from synth.environment import MODELS
from synth.errors import PopulaceError

ETHNICITIES: tuple[str, ...] = ("White", "Black", "Asian", "Indian", "Hispanic")

UNIFORM: Mapping[str, float] = MappingProxyType(dict.fromkeys(ETHNICITIES, 1 / 5))
"""Every group as often as the others: the default, for the diversity that the paper asks for."""

US_2020: Mapping[str, float] = MappingProxyType(
    {"White": 0.61, "Black": 0.125, "Asian": 0.05, "Indian": 0.015, "Hispanic": 0.2}
)
"""Shares rounded from the United States census of 2020 (those outside the five groups left out)."""


YEAR = 2020
"""The year that a table speaks of where nobody says it: who is 30 in it was born in 1990."""

_FIRST_NAMES = MODELS / "names" / "first-names.toml"
_LEFT_OUT = MODELS / "names" / "left-out.toml"
_BORDER = 3  # years around the beginning of a list in which names of either side are borne


@dataclass(frozen=True)
class Identity:
    """Who a synthetic person is called; no real person is meant.

    Attributes
    ----------
    name : str
        First and family name.
    handle : str
        Without the @.
    ethnicity : str
        The group that the name is drawn from.
    initials : str
        Of the name.
    """

    name: str
    handle: str
    ethnicity: str
    initials: str


def draw_identities(
    genders: Sequence[str],
    *,
    seed: int,
    distribution: Mapping[str, float] | None = None,
    start: int = 0,
    taken: Sequence[Identity] = (),
    recorded: Sequence[str | None] = (),
    countries: Sequence[str | None] = (),
    ages: Sequence[float | None] = (),
    year: int = 0,
    locale: str = "",
) -> tuple[Identity, ...]:
    """One identity a gender, without repeated names or handles among them.

    Person `i` depends on `(seed, start + i)`, gender, year of birth and what is recorded; only when
    two would be called the same is the later one drawn again, and so is a Benson Benson and whoever
    would be called like somebody well known.

    Parameters
    ----------
    genders: words for gender, one a person (see `gender_of`).
    seed: any non-negative integer.
    distribution: ethnicity → weight (weights are normalised); `UNIFORM` when left out.
    start: index of the first person.
    taken: people beside these, whose names and handles are not given again.
    recorded: the ethnicity that each person's record says, None where it says none.
    countries: where each person was born by the record, as `country_of` reads it; None where it
        does not say.
    ages: years of each person, None where they are not known: then names of any generation serve.
    year: the year that the ages are of; `YEAR` when 0.
    locale: the Faker locale of everybody's names, such as ``fr_FR``; names go with the ethnicity
        where it is left out.

    Returns
    -------
    tuple of Identity
        One identity for each gender, in the order given.

    Raises
    ------
    PopulaceError
        An unknown ethnicity, weights that do not sum to something positive, or a locale without
        names in Latin letters.
    """
    everybody = _source_of(locale) if locale else None
    groups, cumulative = _shares(UNIFORM if distribution is None else distribution)
    people: list[Identity] = []
    names = {identity.name for identity in taken}
    handles = {identity.handle for identity in taken}
    for position, gender in enumerate(genders):
        for attempt in range(1000):
            rng = np.random.default_rng([seed, start + position, attempt])
            draws = rng.random(8)
            ethnicity = groups[int(np.searchsorted(cumulative, draws[0], side="right"))]
            if position < len(recorded):
                ethnicity = recorded[position] or ethnicity
            country = countries[position] if position < len(countries) else None
            if country == "IN" and ethnicity in ("Asian", "Other"):
                ethnicity = "Indian"  # tables count them among the Asians
            age = ages[position] if position < len(ages) else None
            identity = _compose(
                ethnicity,
                gender_of(gender),
                None if age is None else (year or YEAR) - age,
                draws[1:],
                (everybody,) if everybody else _sources(ethnicity, country),
            )
            first, _, last = identity.name.partition(" ")
            known = first == last or identity.name in _left_out("everywhere", "whole")
            if not known and identity.name not in names and identity.handle not in handles:
                break
        else:
            raise PopulaceError(
                f"No unused name was left for person {position + 1}: ask for fewer people at once."
            )
        names.add(identity.name)
        handles.add(identity.handle)
        people.append(identity)
    return tuple(people)


# ---------------------------------------------------------------------------------------- private


@dataclass(frozen=True)
class _Source:
    """First and last names that go together, and how often they are drawn within their group."""

    weight: float
    first: str  # a Faker locale, or one of the lists by generation
    last: str
    first_attribute: str = "first_names_{gender}"
    last_attribute: str = "last_names"


_ROMANISED = ("first_romanized_names_{gender}", "last_romanized_names")

_SOURCES: Mapping[str, tuple[_Source, ...]] = MappingProxyType(
    {
        "White": (
            _Source(0.6, "en_US", "en_US"),
            _Source(0.15, "en_US", "en_GB"),
            _Source(0.1, "en_US", "de_DE"),
            _Source(0.15, "en_US", "it_IT"),
        ),
        "Black": (
            _Source(0.5, "en_US", "en_US"),
            _Source(0.15, "en_KE", "en_KE"),
            _Source(0.15, "en_NG", "en_NG"),
            _Source(0.1, "yo_NG", "yo_NG"),
            _Source(0.1, "tw_GH", "tw_GH"),
        ),
        "Asian": (
            _Source(0.25, "ja_JP", "ja_JP", *_ROMANISED),
            _Source(0.3, "zh_TW", "zh_TW", *_ROMANISED),
            _Source(0.25, "en_US", "zh_CN", "first_names_{gender}", "last_romanized_names"),
            _Source(0.2, "vi_VN", "vi_VN"),
        ),
        "Indian": (_Source(1.0, "en_IN", "en_IN"),),
        "Hispanic": (
            _Source(0.5, "es_US", "es_MX"),
            _Source(0.25, "es_US", "es_CO"),
            _Source(0.25, "es_US", "es_AR"),
        ),
    }
)

# Names of people born elsewhere, where the record says in which country; of countries that are
# named nowhere here, people are called as others of their ethnicity are.
_BORN: Mapping[str, tuple[_Source, ...]] = MappingProxyType(
    {
        **dict.fromkeys(
            [
                "AR",
                "BO",
                "CL",
                "CO",
                "CR",
                "CU",
                "DO",
                "EC",
                "ES",
                "GT",
                "HN",
                "MX",
                "NI",
                "PA",
                "PE",
                "PR",
                "PY",
                "SV",
                "UY",
                "VE",
            ],
            _SOURCES["Hispanic"],
        ),
        "BR": (_Source(1.0, "pt_BR", "pt_BR"),),
        "CN": _SOURCES["Asian"][1:2],
        "DE": (_Source(1.0, "de_DE", "de_DE"),),
        "FR": (_Source(1.0, "fr_FR", "fr_FR"),),
        "HK": _SOURCES["Asian"][2:3],
        "HT": (_Source(1.0, "fr_FR", "fr_FR"),),
        "HU": (_Source(1.0, "hu_HU", "hu_HU"),),
        "IN": _SOURCES["Indian"],
        "IT": (_Source(1.0, "it_IT", "it_IT"),),
        "JP": _SOURCES["Asian"][:1],
        "NL": (_Source(1.0, "nl_NL", "nl_NL"),),
        "PH": (_Source(1.0, "en_US", "es_MX"),),
        "PL": (_Source(1.0, "pl_PL", "pl_PL", last_attribute="unisex_last_names"),),
        "PT": (_Source(1.0, "pt_PT", "pt_PT"),),
        "TW": _SOURCES["Asian"][1:2],
        "VN": _SOURCES["Asian"][3:],
    }
)

# Names that speak of no group in particular, for a record of a group that has none here.
_ANYBODY = (_Source(1.0, "en_US", "en_US"),)

# Scottish and Irish names that Faker's American list writes without their second capital.
_SECOND_CAPITAL = re.compile(r"(Mc|O(?=(?:brien|connell|connor|donnell|neal|neill)$))([a-z])")
_ELSEWHERE = frozenset(
    [
        "Kim",
        "Lee",
        "Park",
        "Khan",
        "Cho",
        "Choi",
        "O'Neal",
        "Santos",
        "Silva",
        "Chan",
        "Wong",
        "Pham",
    ]
)


def _shares(distribution: Mapping[str, float]) -> tuple[tuple[str, ...], np.ndarray]:
    for group in distribution:
        if group not in _SOURCES:
            raise PopulaceError(
                f"There are no names for ethnicity {group!r}: choose among "
                f"{', '.join(ETHNICITIES)}."
            )
    weights = np.array([float(distribution[g]) for g in distribution])
    if (
        not len(weights)
        or (weights < 0).any()
        or not np.isfinite(weights).all()
        or not weights.sum()
    ):
        raise PopulaceError(
            "The ethnicity distribution needs weights of zero or more with a positive sum."
        )
    cumulative = np.cumsum(weights / weights.sum())
    cumulative[-1] = 1.0
    return tuple(distribution), cumulative


def _source_of(locale: str) -> _Source:
    """The names of a locale, once it is sure that it has some."""
    source = _Source(1.0, locale, locale)
    if not re.fullmatch("[a-z]{2}_[A-Z]{2}", locale):
        raise PopulaceError(f"{locale} is no locale: write two letters twice, as in fr_FR.")
    try:
        lists = [
            _names(locale, attribute)
            for attribute in ("first_names_female", "first_names_male", "last_names")
        ]
    except (ImportError, AttributeError):
        lists = [()]
    if not all(lists):
        raise PopulaceError(f"Faker has no names in Latin letters for {locale}: choose fr_FR, say.")
    return source


def _sources(ethnicity: str, country: str | None) -> tuple[_Source, ...]:
    """Where the names of a person come from whose population has no language of its own."""
    return _BORN.get(country or "", _SOURCES.get(ethnicity, _ANYBODY))


def _compose(
    ethnicity: str,
    gender: Gender,
    born: float | None,
    draws: np.ndarray,
    sources: tuple[_Source, ...],
) -> Identity:
    cumulative = np.cumsum([source.weight for source in sources])
    chosen = min(int(np.searchsorted(cumulative, draws[0], side="right")), len(sources) - 1)
    source = sources[chosen]
    if gender == "unknown":
        gender = "female" if draws[1] < 0.5 else "male"
    if source.first in _generations():
        near = None if born is None else born + (2 * draws[5] - 1) * _BORDER
        firsts = _first_names(source.first, gender, near)
    else:
        firsts = _names(source.first, source.first_attribute.format(gender=gender))
    lasts = _names(source.last, source.last_attribute)
    first = firsts[int(draws[2] * len(firsts))]
    last = lasts[int(draws[3] * len(lasts))]
    return Identity(
        name=f"{first} {last}",
        handle=_handle(first, last, draws[4]),
        ethnicity=ethnicity,
        initials=first[0] + last[0],
    )


def _handle(first: str, last: str, draw: float) -> str:
    a, b = _ascii(first), _ascii(last)
    patterns = (f"{a}.{b}", f"{a}_{b}", f"{a}{b}", f"{a[0]}.{b}", f"{b}.{a}", f"its.{a}.{b}")
    return patterns[int(draw * len(patterns))]


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in plain.lower() if "a" <= c <= "z")


def _first_names(locale: str, gender: Gender, born: float | None) -> tuple[str, ...]:
    """The first names that were usual in a year of birth; of all generations where it is None."""
    lists = _generations()[locale][gender]
    if born is None:
        return tuple(dict.fromkeys(name for names in lists.values() for name in names))
    begun = [first for first in lists if first <= born]
    return lists[max(begun) if begun else min(lists)]


@lru_cache(maxsize=1)
def _generations() -> Mapping[str, Mapping[str, Mapping[int, tuple[str, ...]]]]:
    """Locale → gender → year of birth from which they were usual → first names."""
    read = tomllib.loads(_FIRST_NAMES.read_text(encoding="utf-8"))
    return {
        locale: {
            gender: {
                int(first): tuple(dict.fromkeys(names.split())) for first, names in lists.items()
            }
            for gender, lists in genders.items()
        }
        for locale, genders in read.items()
    }


@lru_cache(maxsize=128)
def _names(locale: str, attribute: str) -> tuple[str, ...]:
    """Faker's list, read straight from the provider (constructing a Faker takes far longer)."""
    last = attribute.startswith("last")
    gender = attribute.rpartition("_")[2]
    out = _left_out("everywhere", "first") | _left_out(locale, "last" if last else "first")
    out |= frozenset() if last else _left_out(locale, gender)
    if last and locale in ("en_US", "en_GB"):
        out |= _foreign_last_names()
    return tuple(name for name in _raw_names(locale, attribute) if name not in out)


@lru_cache(maxsize=64)
def _left_out(where: str, kind: str) -> frozenset[str]:
    """Names of `models/names/left-out.toml`, of a locale or everywhere.

    The kinds are first, last and whole names, and first names of a gender.
    """
    lists = tomllib.loads(_LEFT_OUT.read_text(encoding="utf-8")).get(where, {})
    separator = ", " if kind == "whole" else " "
    return frozenset(lists.get(kind, "").replace("\n", " ").split(separator)) - {""}


@lru_cache(maxsize=128)
def _raw_names(locale: str, attribute: str) -> tuple[str, ...]:
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    clean = {_tidy(name, locale) for name in getattr(provider, attribute)}
    return tuple(sorted(name for name in clean if _is_plain(name)))


@lru_cache(maxsize=1)
def _foreign_last_names() -> frozenset[str]:
    """Last names in Faker's English lists that speak of another of the five groups."""
    lists = [
        ("es_MX", "last_names"),
        ("es_CO", "last_names"),
        ("en_IN", "last_names"),
        ("zh_CN", "last_romanized_names"),
        ("zh_TW", "last_romanized_names"),
        ("vi_VN", "last_names"),
    ]
    plain = {_strip_marks(n) for pair in lists for n in _raw_names(*pair)}
    return _ELSEWHERE | plain


def _tidy(name: str, locale: str) -> str:
    if locale == "vi_VN":
        name = _strip_marks(name)
    name = name.title() if name.isupper() else name
    return _SECOND_CAPITAL.sub(_capital, name) if locale == "en_US" else name


def _capital(match: re.Match[str]) -> str:
    """McCoy and O'Brien as they are written."""
    return f"{match[1]}{'' if match[1] == 'Mc' else chr(39)}{match[2].upper()}"


def _strip_marks(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in plain if not unicodedata.combining(c))


def _is_plain(name: str) -> bool:
    """One word of at least two Latin letters, capital first."""
    letters = name.replace("-", "").replace("'", "")
    return (
        len(letters) > 1
        and name[0].isupper()
        and letters.isalpha()
        and all(unicodedata.name(c).startswith("LATIN") for c in letters)
    )
