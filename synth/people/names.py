"""Ethnicity and name: drawn apart from the record, on purpose, unless it records an ethnicity.

The paper (sections 3.3 and 3.4) assigns ethnicity and name at random, with no link to any column
of the network, so that the table's biases don't reach the face. Here they depend on `(seed, index)`
and the gender only; where a table does record an ethnicity, name and face follow it rather than
contradict it. Names come from Faker's locale lists, in Latin letters, without titles.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from synth.data.meaning import Gender, gender_of
from synth.errors import PopulaceError

ETHNICITIES: tuple[str, ...] = ("White", "Black", "Asian", "Indian", "Hispanic")

UNIFORM: Mapping[str, float] = MappingProxyType(dict.fromkeys(ETHNICITIES, 1 / 5))
"""Every group as often as the others: the default, for the diversity that the paper asks for."""

US_2020: Mapping[str, float] = MappingProxyType(
    {"White": 0.61, "Black": 0.125, "Asian": 0.05, "Indian": 0.015, "Hispanic": 0.2}
)
"""Shares rounded from the United States census of 2020 (those outside the five groups left out)."""


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
    locale: str = "",
) -> tuple[Identity, ...]:
    """One identity a gender, without repeated names or handles among them.

    Person `i` depends on `(seed, start + i)` and the gender; only when two would be called the same
    is the later one drawn again.

    Parameters
    ----------
    genders: words for gender, one a person (see `gender_of`).
    seed: any non-negative integer.
    distribution: ethnicity → weight (weights are normalised); `UNIFORM` when left out.
    start: index of the first person.
    taken: people beside these, whose names and handles are not given again.
    recorded: the ethnicity that each person's record says, None where it says none.
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
            identity = _compose(ethnicity, gender_of(gender), draws[1:], everybody)
            if identity.name not in names and identity.handle not in handles:
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
    first: str  # a Faker locale
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
            _Source(0.5, "es_MX", "es_MX"),
            _Source(0.25, "es_CO", "es_CO"),
            _Source(0.25, "es_AR", "es_AR"),
        ),
    }
)

# Names that speak of no group in particular, for a record of a group that has none here.
_ANYBODY = (_Source(1.0, "en_US", "en_US"),)

# Spanish first names that Faker lists among the American ones.
_SPANISH_FIRST = frozenset(
    [
        "Alejandra",
        "Alejandro",
        "Carlos",
        "Edgardo",
        "Eduardo",
        "Fernando",
        "Francisco",
        "Guadalupe",
        "Hector",
        "Javier",
        "Jesus",
        "Jorge",
        "Jose",
        "Juan",
        "Juana",
        "Julio",
        "Luis",
        "Manuel",
        "Marco",
        "Mario",
        "Miguel",
        "Pedro",
        "Rafael",
        "Ramon",
        "Raul",
        "Ricardo",
        "Roberto",
        "Ruben",
        "Sergio",
        "Yesenia",
    ]
)
_ELSEWHERE = frozenset(
    [
        "Kim",
        "Lee",
        "Park",
        "Khan",
        "Cho",
        "Choi",
        "Oneal",
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


def _compose(
    ethnicity: str, gender: Gender, draws: np.ndarray, everybody: _Source | None = None
) -> Identity:
    sources = (everybody,) if everybody else _SOURCES.get(ethnicity, _ANYBODY)
    cumulative = np.cumsum([source.weight for source in sources])
    chosen = min(int(np.searchsorted(cumulative, draws[0], side="right")), len(sources) - 1)
    source = sources[chosen]
    if gender == "unknown":
        gender = "female" if draws[1] < 0.5 else "male"
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


@lru_cache(maxsize=128)
def _names(locale: str, attribute: str) -> tuple[str, ...]:
    """Faker's list, read straight from the provider (constructing a Faker takes far longer)."""
    raw = _raw_names(locale, attribute)
    if locale == "en_US":
        foreign = _SPANISH_FIRST if attribute.startswith("first") else _foreign_last_names()
        raw = tuple(name for name in raw if name not in foreign)
    return raw


@lru_cache(maxsize=128)
def _raw_names(locale: str, attribute: str) -> tuple[str, ...]:
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    clean = {_tidy(name, locale) for name in getattr(provider, attribute)}
    return tuple(sorted(name for name in clean if _is_plain(name)))


@lru_cache(maxsize=1)
def _foreign_last_names() -> frozenset[str]:
    """Last names in Faker's American list that speak of another of the five groups."""
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
    return name.title() if name.isupper() else name


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
