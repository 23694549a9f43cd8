"""Identifiers, names and contact data that are made new for every synthetic person.

Such columns say who somebody is, so nothing of them is learned but their shape. A template makes
values of that shape: by *pattern*, the inverse of the shape ``AB-0000``, or by a *provider* of
Faker in a language (names, e-mail addresses, streets, IBANs). Person number i of a seed gets the
same value whatever is drawn around it; names follow the person's gender, e-mail addresses the name.

Nobody gets the value of a real person: the real values are kept as salted hashes so short that
thousands of other values share each (see `RealValues`), and a value that hits one is made anew.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from synth.data.meaning import gender_of
from synth.errors import PopulaceError

PATTERN = "pattern"
PROVIDERS = (
    "name",
    "first_name",
    "last_name",
    "email",
    "user_name",
    "phone",
    "address",
    "street",
    "city",
    "postcode",
    "iban",
    "company",
)
"""What Faker makes; see also `PATTERN`."""
LOCALE = "en_US"
FEWEST = 5
"""A shape, or a letter at a place of it, that fewer people have is not kept."""
ATTEMPTS = 8
"""How often a value is made anew that hits a real one."""
_OPEN = ("first_name", "last_name", "city", "postcode")
"""Providers whose values many people share: they reach nobody, so they are not checked."""
_NAMES = ("name", "first_name", "last_name", "email", "user_name")
_WIDE = 1 << 62
_SHAPES = 20
_DOMAINS = ("example.org", "example.com", "example.net")
_FAKER = {
    "phone": "phone_number",
    "address": "address",
    "street": "street_address",
    "city": "city",
    "postcode": "postcode",
    "iban": "iban",
    "company": "company",
}


# ---------------------------------------------------------------------- random numbers


def _key(seed: int, *words: object) -> np.uint64:
    text = "\x1f".join(str(word) for word in (seed, *words))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def _mixed(key: np.uint64, index: np.ndarray) -> np.ndarray:
    """SplitMix64 of a counter under a key; uint64."""
    with np.errstate(over="ignore"):
        x = index.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + key
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def _uniform(key: np.uint64, index: np.ndarray) -> np.ndarray:
    return (_mixed(key, index) >> np.uint64(11)).astype(np.float64) / 9007199254740992.0


def permuted(key: np.uint64, index: np.ndarray, size: int) -> np.ndarray:
    """A permutation of 0 … size − 1, at some of its places.

    A Feistel network of four rounds over the next even power of two; numbers that fall outside are
    permuted again until they are inside (cycle walking: Black and Rogaway 2002).

    Parameters
    ----------
    key : uint64
        Which permutation.
    index : uint64 array
        Below `size`.
    size : int
        At most 2⁶².

    Returns
    -------
    uint64 array
        As many numbers, all different where the indices are.
    """
    half = np.uint64(max((max(size - 1, 1).bit_length() + 1) // 2, 1))
    low = (np.uint64(1) << half) - np.uint64(1)
    out = index.astype(np.uint64)
    left = np.arange(len(out))
    while len(left):
        x = out[left]
        a, b = x >> half, x & low
        for round_ in range(4):
            a, b = b, a ^ (_mixed(key + np.uint64(round_), b) & low)
        x = (a << half) | b
        out[left] = x
        left = left[x >= np.uint64(size)]
    return out


# ---------------------------------------------------------------------- real values


@dataclass(frozen=True)
class RealValues:
    """Which values real people have, kept so that none of them can be read back.

    Each value is hashed with a salt (BLAKE2b) and cut to about log₂ of their number and eight bits:
    one in 256 of all possible values looks like a real one. Whoever tries all telephone numbers
    against the hashes finds thousands that fit and cannot tell which of them is real.

    Attributes
    ----------
    salt : str
        Differs from column to column and table to table.
    bits : int
        Bits of a hash.
    hashes : frozenset of int
        The hashes.
    """

    salt: str = ""
    bits: int = 0
    hashes: frozenset[int] = frozenset()

    @staticmethod
    def of(texts: Sequence[str], salt: str) -> RealValues:
        """The hashes of some texts."""
        different = {_folded(text) for text in texts}
        bits = max(len(different), 1).bit_length() + 8
        empty = RealValues(salt, bits)
        return RealValues(salt, bits, frozenset(empty._hash(text) for text in different))

    def _hash(self, folded: str) -> int:
        digest = hashlib.blake2b(folded.encode(), digest_size=8, key=self.salt.encode()).digest()
        return int.from_bytes(digest, "little") >> (64 - self.bits)

    def have(self, texts: Sequence[str] | np.ndarray) -> np.ndarray:
        """Which texts may be a real value; bool (n,). A real one always is."""
        if not self.hashes:
            return np.zeros(len(texts), dtype=bool)
        return np.array([self._hash(_folded(str(text))) in self.hashes for text in texts], bool)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        width = (self.bits + 7) // 8
        packed = b"".join(h.to_bytes(width, "little") for h in sorted(self.hashes))
        return {"salt": self.salt, "bits": self.bits, "hashes": base64.b64encode(packed).decode()}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> RealValues:
        """What `to_json` wrote; a ValueError, TypeError or KeyError where it is damaged."""
        bits = int(value["bits"])
        if not 0 <= bits <= 64 or len(str(value["salt"])) > 64:
            raise ValueError("hashes")
        packed = base64.b64decode(value["hashes"], validate=True)
        width = max((bits + 7) // 8, 1)
        if len(packed) % width:
            raise ValueError("hashes")
        parts = (packed[i : i + width] for i in range(0, len(packed), width))
        return RealValues(
            str(value["salt"]), bits, frozenset(int.from_bytes(p, "little") for p in parts)
        )


def _folded(text: str) -> str:
    """What counts as the same value: words in any order, capitals and signs apart."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(sorted(re.findall(r"[\w@+]+", plain))) or plain


# ---------------------------------------------------------------------- shapes


@dataclass(frozen=True)
class Shape:
    """Values that look alike.

    Attributes
    ----------
    places : tuple of str
        The letters that may stand at each place.
    share : float
        How many of the values have this shape, from 0 to 1.
    """

    places: tuple[str, ...]
    share: float

    @property
    def size(self) -> int:
        """How many different values there are."""
        size = 1
        for letters in self.places:
            size *= len(letters)
        return size

    def __str__(self) -> str:
        """``AB-0000``: each place by the first of its letters, digits as 0."""
        return "".join(
            letters if len(letters) == 1 else _class_of(letters[-1]) for letters in self.places
        )

    def texts(self, rank: np.ndarray, key: np.uint64, index: np.ndarray) -> np.ndarray:
        """The values of some ranks; places beyond 2⁶² values are drawn. Shape kept, unicode."""
        columns: list[np.ndarray] = []
        rest, left = rank.copy(), _WIDE
        for place in range(len(self.places) - 1, -1, -1):
            letters = np.array(list(self.places[place]))
            size = len(letters)
            if size == 1:
                columns.append(np.repeat(letters, len(rank)))
            elif left >= size:
                columns.append(letters[(rest % np.uint64(size)).astype(np.int64)])
                rest //= np.uint64(size)
                left //= size
            else:
                drawn = _mixed(key + np.uint64(place + 17), index) % np.uint64(size)
                columns.append(letters[drawn.astype(np.int64)])
        grid = np.ascontiguousarray(np.stack(columns[::-1], axis=1))
        return grid.view(f"<U{len(self.places)}").ravel()


def _class_of(letter: str) -> str:
    if letter.isdigit():
        return "0"
    if letter.isalpha():
        return "A" if letter.isupper() else "a"
    return letter


def shapes_of(texts: Sequence[str], *, is_number: bool = False) -> tuple[Shape, ...]:
    """The shapes that at least `FEWEST` values have, the commonest first.

    Parameters
    ----------
    texts : sequence of str
        The values.
    is_number : bool
        Whether they are whole numbers, which do not begin with 0.

    Returns
    -------
    tuple of Shape
        Empty where no shape is common.
    """
    groups: dict[str, list[str]] = {}
    for text in texts:
        groups.setdefault("".join(map(_class_of, text)), []).append(text)
    common = sorted(
        ((shape, values) for shape, values in groups.items() if len(values) >= FEWEST),
        key=lambda pair: (-len(pair[1]), pair[0]),
    )[:_SHAPES]
    total = sum(len(values) for _, values in common)
    shapes = []
    for shape, values in common:
        places = tuple(
            _letters(shape[i], Counter(value[i] for value in values), len(values))
            for i in range(len(shape))
        )
        if is_number and len(places) > 1 and len(places[0]) > 1:
            places = (places[0].replace("0", ""), *places[1:])
        shapes.append(Shape(places, len(values) / total))
    return tuple(shapes)


def _letters(kind: str, seen: Counter[str], rows: int) -> str:
    """What may stand at a place: what nearly all have there, or every letter of the kind."""
    if len(seen) == 1:
        return next(iter(seen))
    every = {
        "0": "0123456789",
        "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "a": "abcdefghijklmnopqrstuvwxyz",
    }.get(kind, "")
    often = sorted(letter for letter, count in seen.items() if count >= FEWEST)
    if rows >= 20 * FEWEST and len(often) >= 2 and sum(seen[c] for c in often) >= 0.98 * rows:
        return "".join(often)
    strange = [letter for letter in often if letter not in every]
    return every + "".join(strange) if every else "".join(often or sorted(seen)[:1])


# ---------------------------------------------------------------------- templates


@dataclass(frozen=True)
class Template:
    """How one column is made new.

    Attributes
    ----------
    name : str
        The column.
    provider : str
        `PATTERN` or one of `PROVIDERS`.
    locale : str
        The language and country of what Faker makes, such as ``de_DE``.
    is_number : bool
        Whether the values are whole numbers.
    shapes : tuple of Shape
        Of a pattern.
    is_unique : bool
        Whether no two people of a seed get the same value: patterns (as long as their shapes have
        room), e-mail addresses and user names.
    missing : float
        The share of people without a value.
    gender : str
        The column that names follow; empty for none.
    is_reversed : bool
        Names: whether the last name comes first, before a comma.
    real : RealValues
        What must not come out.
    """

    name: str
    provider: str
    locale: str = LOCALE
    is_number: bool = False
    shapes: tuple[Shape, ...] = ()
    is_unique: bool = False
    missing: float = 0.0
    gender: str = ""
    is_reversed: bool = False
    real: RealValues = RealValues()

    def __str__(self) -> str:
        """``nhs is made new in the shape 000 000 0000``."""
        if self.provider == PATTERN:
            more = " and others" if len(self.shapes) > 1 else ""
            how = f"in the shape {self.shapes[0]}{more}"
        else:
            how = f"by Faker ({self.provider.replace('_', ' ')}, {self.locale})"
        twice = ", no value twice" if self.is_unique else ""
        if twice and self.provider == PATTERN and self.room < 10**7:
            twice += f" among the first {self.room:,} people"
        return f"{self.name} is made new {how}{twice}"

    @property
    def parts(self) -> tuple[str, ...]:
        """The columns that it follows."""
        return (self.gender,) if self.gender else ()

    @property
    def room(self) -> int:
        """Of a pattern: for how many people there are different values."""
        return min((shape.size // ATTEMPTS for shape in self.shapes), default=0)

    # ------------------------------------------------------------------ JSON

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values; no real value is among them."""
        return {
            "name": self.name,
            "provider": self.provider,
            "locale": self.locale,
            "is_number": self.is_number,
            "shapes": [[list(shape.places), shape.share] for shape in self.shapes],
            "is_unique": self.is_unique,
            "missing": self.missing,
            "gender": self.gender,
            "is_reversed": self.is_reversed,
            "real": self.real.to_json(),
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Template:
        """What `to_json` wrote; a ValueError, TypeError or KeyError where it is damaged."""
        shapes = tuple(
            Shape(tuple(str(letters) for letters in places), float(share))
            for places, share in value["shapes"]
        )
        provider, locale = str(value["provider"]), str(value["locale"])
        if provider != PATTERN and provider not in PROVIDERS:
            raise ValueError(provider)
        if not re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", locale) or len(shapes) > _SHAPES:
            raise ValueError(locale)
        if (provider == PATTERN) != bool(shapes):
            raise ValueError("shapes")
        for shape in shapes:
            fine = 0 < len(shape.places) <= 300 and 0.0 <= shape.share <= 1.0
            if not fine or not all(0 < len(letters) <= 500 for letters in shape.places):
                raise ValueError("shapes")
        return Template(
            str(value["name"]),
            provider,
            locale,
            bool(value["is_number"]),
            shapes,
            bool(value["is_unique"]),
            min(max(float(value["missing"]), 0.0), 1.0),
            str(value["gender"]),
            bool(value["is_reversed"]),
            RealValues.from_json(value["real"]),
        )


def make(templates: Sequence[Template], frame: pd.DataFrame, seed: int, start: int) -> pd.DataFrame:
    """The frame with its made columns.

    Parameters
    ----------
    templates : sequence of Template
        What to make.
    frame : DataFrame
        People number `start` and on of the seed; it is not changed.
    seed, start : int
        As in `Posterior.sample`.

    Returns
    -------
    DataFrame
        The made columns come last.

    Raises
    ------
    PopulaceError
        No value is left that nobody real has.
    """
    index = np.arange(start, start + len(frame), dtype=np.uint64)
    people = _people(templates, frame, seed, index)
    added: dict[str, Any] = {}
    for template in templates:
        absent = _uniform(_key(seed, template.name, "missing"), index) < template.missing
        if template.provider == PATTERN:
            texts = _patterns(template, seed, index)
        elif template.provider in _NAMES:
            texts = _from_names(template, people, seed, index)
        else:
            texts = _from_faker(template, seed, index)
        added[template.name] = _column(template, texts, absent)
    return frame.assign(**added) if added else frame


def _column(template: Template, texts: np.ndarray, absent: np.ndarray) -> Any:
    if template.is_number:
        numbers = texts.astype(np.int64) if len(texts) else np.zeros(0, np.int64)
        return pd.arrays.IntegerArray(numbers, absent) if template.missing else numbers
    values = texts.astype(object)
    values[absent] = None
    return pd.array(values, dtype="str")


# ---------------------------------------------------------------------- patterns


def _patterns(template: Template, seed: int, index: np.ndarray) -> np.ndarray:
    width = max(len(shape.places) for shape in template.shapes)
    out = np.empty(len(index), dtype=f"<U{width}")
    shares = np.cumsum([shape.share for shape in template.shapes])
    drawn = _uniform(_key(seed, template.name, "shape"), index) * shares[-1]
    chosen = np.minimum(np.searchsorted(shares, drawn, side="right"), len(shares) - 1)
    for number, shape in enumerate(template.shapes):
        left = np.flatnonzero(chosen == number)
        key = _key(seed, template.name, number)
        size = min(shape.size, _WIDE)
        part = size // ATTEMPTS
        for attempt in range(ATTEMPTS):
            if not len(left):
                break
            here = index[left]
            if part:
                place = np.uint64(attempt * part) + here % np.uint64(part)
                rank = permuted(key, place, size)
            else:
                rank = _mixed(key + np.uint64(attempt), here) % np.uint64(size)
            texts = shape.texts(rank, key + np.uint64(attempt), here)
            out[left] = texts
            left = left[template.real.have(texts)]
        _refuse_left(template, left)
    return out


def _refuse_left(template: Template, left: np.ndarray) -> None:
    if len(left):
        raise PopulaceError(
            f"Column {template.name} has too few values that nobody real has: leave it out."
        )


# ---------------------------------------------------------------------- people


@dataclass(frozen=True)
class _People:
    """First and last names of some people; object arrays."""

    first: np.ndarray
    last: np.ndarray


def _people(
    templates: Sequence[Template], frame: pd.DataFrame, seed: int, index: np.ndarray
) -> _People | None:
    """Names that all columns of a person share; none is a real person's whole name."""
    named = [template for template in templates if template.provider in _NAMES]
    if not named:
        return None
    gender = next((t.gender for t in named if t.gender and t.gender in frame), "")
    locale = named[0].locale
    if gender:
        levels = tuple(str(level) for level in frame[gender].unique() if not pd.isna(level))
        known = {level: gender_of(level, levels) for level in levels}
        words = (
            frame[gender]
            .astype(object)
            .map(lambda value: "unknown" if pd.isna(value) else known[str(value)])
        )
        genders = words.to_numpy(dtype=object)
    else:
        genders = np.full(len(index), "unknown", dtype=object)
    drawn = _uniform(_key(seed, "gender"), index) < 0.5
    genders = np.where(genders == "unknown", np.where(drawn, "female", "male"), genders)
    first = np.empty(len(index), dtype=object)
    last = np.empty(len(index), dtype=object)
    left = np.arange(len(index))
    whole = [t for t in named if t.provider in ("name", "last_name")]
    for attempt in range(4 * ATTEMPTS):
        for gender_word in ("female", "male"):
            rows = left[genders[left] == gender_word]
            names = _weighted(locale, f"first_names_{gender_word}", "first_names")
            first[rows] = _drawn(names, _key(seed, "first", attempt), index[rows])
        last[left] = _drawn(
            _weighted(locale, "last_names", "last_names"), _key(seed, "last", attempt), index[left]
        )
        taken = np.zeros(len(left), dtype=bool)
        texts = [f"{a} {b}" for a, b in zip(first[left], last[left], strict=True)]
        for template in whole:
            taken |= template.real.have(texts)
        left = left[taken]
        if not len(left):
            return _People(first, last)
    _refuse_left(whole[0], left)
    return _People(first, last)


def _drawn(names: tuple[np.ndarray, np.ndarray], key: np.uint64, index: np.ndarray) -> np.ndarray:
    texts, shares = names
    place = np.searchsorted(shares, _uniform(key, index), side="right")
    drawn: np.ndarray = texts[np.minimum(place, len(texts) - 1)]
    return drawn


@lru_cache(maxsize=64)
def _weighted(locale: str, attribute: str, instead: str) -> tuple[np.ndarray, np.ndarray]:
    """Faker's names and their cumulative shares, straight from its lists."""
    provider = _person_provider(locale)
    entries = getattr(provider, attribute, None) or getattr(provider, instead)
    pairs = entries.items() if isinstance(entries, Mapping) else [(name, 1.0) for name in entries]
    totals: dict[str, float] = {}
    for name, weight in pairs:
        totals[str(name)] = totals.get(str(name), 0.0) + float(weight)
    shares = np.cumsum(list(totals.values()))
    texts = np.array(list(totals), dtype=object)
    shares /= shares[-1]
    texts.setflags(write=False)
    shares.setflags(write=False)
    return texts, shares


def _person_provider(locale: str) -> Any:
    try:
        return importlib.import_module(f"faker.providers.person.{locale}").Provider
    except ImportError as error:
        raise PopulaceError(
            f"There are no names for the locale {locale}: use one such as en_US, en_GB, de_DE, "
            "fr_FR, es_ES, it_IT, pl_PL or ja_JP."
        ) from error


def _from_names(
    template: Template, people: _People | None, seed: int, index: np.ndarray
) -> np.ndarray:
    assert people is not None
    if template.provider == "first_name":
        return people.first
    if template.provider == "last_name":
        return people.last
    pairs = list(zip(people.first, people.last, strict=True))
    if template.provider == "name":
        if template.is_reversed:
            return np.array([f"{last}, {first}" for first, last in pairs], dtype=object)
        return np.array([f"{first} {last}" for first, last in pairs], dtype=object)
    out = np.empty(len(index), dtype=object)
    left = np.arange(len(index))
    places = np.uint64(12_500)
    for attempt in range(ATTEMPTS):
        if not len(left):
            break
        key = _key(seed, template.name, "digits")
        digits = permuted(key, np.uint64(attempt) * places + index[left] % places, 100_000)
        domain = _mixed(_key(seed, template.name, "domain"), index[left]) % np.uint64(3)
        for row, number, where in zip(left, digits, domain, strict=True):
            first, last = (_ascii(part) for part in pairs[row])
            more = int(index[row] // places)
            text = f"{first}.{last}{int(number):05d}{more or ''}".strip(".")
            if template.provider == "email":
                text += f"@{_DOMAINS[int(where)]}"
            out[row] = text
        left = left[template.real.have(list(out[left]))]
    _refuse_left(template, left)
    return out


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(c for c in plain.lower() if "a" <= c <= "z")


_LETTERS = str.maketrans({"đ": "d", "Đ": "D", "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"})


# ---------------------------------------------------------------------- Faker

_local = threading.local()


def _faker(locale: str) -> Any:
    """This thread's Faker of a locale; making one takes half a second."""
    kept: dict[str, Any] = _local.__dict__.setdefault("fakers", {})
    if locale not in kept:
        from faker import Faker

        try:
            kept[locale] = Faker(locale, use_weighting=False)
        except AttributeError as error:
            raise PopulaceError(
                f"Faker has no locale {locale}: use one such as en_US, en_GB, de_DE or fr_FR."
            ) from error
    return kept[locale]


def _from_faker(template: Template, seed: int, index: np.ndarray) -> np.ndarray:
    faker = _faker(template.locale)
    do: Callable[[], Any] | None = getattr(faker, _FAKER[template.provider], None)
    if do is None:
        raise PopulaceError(
            f"Faker makes no {template.provider.replace('_', ' ')} for {template.locale}: use "
            "another locale."
        )
    out = np.empty(len(index), dtype=object)
    left = np.arange(len(index))
    for attempt in range(4 * ATTEMPTS):
        if not len(left):
            break
        seeds = _mixed(_key(seed, template.name, attempt), index[left])
        for row, number in zip(left, seeds, strict=True):
            faker.seed_instance(int(number))
            out[row] = ", ".join(str(do()).split("\n"))
        if template.provider in _OPEN:
            return out
        left = left[template.real.have(list(out[left]))]
    _refuse_left(template, left)
    return out


# ---------------------------------------------------------------------- learning

Spec = str
"""``pattern``, ``faker:PROVIDER`` or ``faker:PROVIDER:LOCALE``."""


def parse_spec(spec: Spec, name: str) -> tuple[str, str]:
    """Provider and locale of a specification.

    Parameters
    ----------
    spec : str
        ``pattern``, ``faker:name`` or ``faker:name:de_DE``.
    name : str
        The column, for sentences.

    Returns
    -------
    tuple of str
        Provider and locale.

    Raises
    ------
    PopulaceError
        It is no such text.
    """
    how, _, rest = spec.strip().partition(":")
    provider, _, locale = rest.partition(":")
    if how == PATTERN and not rest:
        return PATTERN, LOCALE
    if how != "faker" or provider not in PROVIDERS:
        raise PopulaceError(
            f"Column {name} cannot be made by {spec!r}: write pattern, or faker: and one of "
            f"{', '.join(PROVIDERS)}."
        )
    locale = locale or LOCALE
    if not re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", locale):
        raise PopulaceError(f"Column {name}: {locale!r} is no locale, write one such as de_DE.")
    return provider, locale


def learn_template(
    values: pd.Series, spec: Spec, *, gender: str = "", others: pd.Series | None = None
) -> tuple[Template, str]:
    """The template of a column, and a note where something about it falls short.

    Parameters
    ----------
    values : Series
        The real values; its name is the column's.
    spec : str
        As in `parse_spec`.
    gender : str
        The learned column that says people's gender; empty for none.
    others : Series, optional
        Last names: the first names beside them, so that no whole name comes out.

    Returns
    -------
    Template
        It holds shapes and hashes, no value.
    str
        A sentence, or nothing.

    Raises
    ------
    PopulaceError
        The specification is none, or the column has no value or no common shape.
    """
    name = str(values.name)
    provider, locale = parse_spec(spec, name)
    known = values.dropna()
    is_number = pd.api.types.is_numeric_dtype(known.dtype) and not pd.api.types.is_bool_dtype(
        known.dtype
    )
    texts = [_plain(value) for value in known]
    if not texts:
        raise PopulaceError(f"Column {name} has no values to learn a shape from: leave it out.")
    if provider in _NAMES:
        _person_provider(locale)
    else:
        if provider != PATTERN:
            _faker(locale)
    salt = hashlib.blake2b("\x1f".join([name, *sorted(texts)]).encode(), digest_size=12).hexdigest()
    real = texts
    if provider == "last_name" and others is not None:
        joined = zip(others.loc[known.index], texts, strict=True)
        real = [f"{first} {last}" for first, last in joined]
    elif provider in _OPEN:
        real = []
    shapes = shapes_of(texts, is_number=is_number) if provider == PATTERN else ()
    if provider == PATTERN and not shapes:
        raise PopulaceError(
            f"Column {name} has no shape that {FEWEST} values share, so no pattern can be made: "
            "use faker: and what it holds, or leave it out."
        )
    was_unique = len(set(texts)) == len(texts)
    template = Template(
        name,
        provider,
        locale,
        is_number=is_number and provider == PATTERN,
        shapes=shapes,
        missing=float(values.isna().mean()),
        gender=gender if provider in _NAMES else "",
        is_reversed=provider == "name" and sum("," in text for text in texts) > 0.5 * len(texts),
        real=RealValues.of(real, salt),
    )
    if provider in ("email", "user_name"):
        return _with(template, is_unique=True), ""
    if provider != PATTERN or not was_unique:
        return template, ""
    if template.room < len(texts):
        return template, (
            f"Column {name}: its shape {shapes[0]} has room for {template.room:,} different people "
            "only, so made values repeat."
        )
    return _with(template, is_unique=True), ""


def _with(template: Template, **changes: Any) -> Template:
    return replace(template, **changes)


def _plain(value: Any) -> str:
    """A value as text: 30, not 30.0."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


# ---------------------------------------------------------------------- suggestions

_CALLED = (
    (r"e[-_ ]?mail", "faker:email"),
    (r"(first|given|fore)[_ .-]?names?|vorname|prenom|prénom", "faker:first_name"),
    (r"(last|family)[_ .-]?names?|surname|nachname|nom", "faker:last_name"),
    (r"user[_ .-]?name|login|nick[_ .-]?name|handle", "faker:user_name"),
    (r"(full[_ .-]?)?names?", "faker:name"),
    (r"phone|telephone|mobile|tel|fax", "pattern"),
    (r"iban", "faker:iban"),
    (r"street|strasse|straße", "faker:street"),
    (r"address|adresse", "faker:address"),
    (r"company|employer|firm", "faker:company"),
    (r"post[_ .-]?code|zip([_ .-]?code)?|plz", "pattern"),
    (r"city|town", "faker:city"),
)


def suggestion(name: str, values: pd.Series) -> str:
    """How a column that is left out could be made new; empty where it could not.

    Parameters
    ----------
    name : str
        The column.
    values : Series
        Its real values.

    Returns
    -------
    str
        A specification for `learn_template`.
    """
    known = values.dropna()
    if len(known) < FEWEST:
        return ""
    folded = name.casefold()
    spec = next(
        (how for words, how in _CALLED if re.search(rf"(^|[_\s.-])({words})([_\s.-]|$)", folded)),
        PATTERN,
    )
    sample = [_plain(value) for value in known[:2000]]
    if sum("@" in text for text in sample) > 0.9 * len(sample):
        return "faker:email"
    if spec != PATTERN:
        return spec
    shapes = shapes_of(sample)
    covered = (
        sum(sum(len(text) == len(shape.places) for text in sample) for shape in shapes)
        if shapes
        else 0
    )
    has_room = bool(shapes) and max(shape.size for shape in shapes) > 4 * len(known)
    is_short = max(map(len, sample)) <= 60
    return PATTERN if has_room and is_short and covered >= 0.5 * len(sample) else ""
