"""A profile: the record and all that is drawn beside it, as one immutable value.

The data walks one way: record → identity → portrait → pictures → words → `Profile`. Identity
depends on the `stream` (population, evidence and seed), the person's number, the gender and the
year of birth only; the portrait on gender, age and ethnicity; pictures and words on interests and
record. The same question with the same seed gives the same profiles; another question has other
people.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.bayes.random import stream_key
from synth.data.evidence import Evidence
from synth.data.meaning import Gender
from synth.errors import PopulaceError
from synth.people import names
from synth.people.facts import Facts, ages_of, facts_of
from synth.people.pictures.choose import PICTORIAL, Choice, choose
from synth.people.pictures.library import Library, load_library
from synth.people.portraits import bank
from synth.people.posts import Words, draw_subjects, write
from synth.populations.as_written import canonical

if TYPE_CHECKING:
    from synth.people.portraits.bank import Portrait
    from synth.people.portraits.editing import EditedPortrait
    from synth.populations import Population

NOTICE = "Synthetic: made by Populace; this person does not exist."
PAGE = 12
"""People who are shown together: within a page no picture appears twice."""

_QUOTES = {"fr": ("«\u00a0", "\u00a0»")}
_GROWN = 18  # years, from which a face beside "man" or "woman" is a grown one
_INTERESTS = 3  # that a profile shows

# Where all portraits of an age are on the page already, those of neighbouring ages serve.
_NEIGHBOURS = (-12, 12, -24, 24)
_YOUNGER = "A portrait shows a younger person: the bank has too few of that age for this page."
_CHILD = f"No portrait: the bank shows nobody under {bank.YOUNGEST}."
_OLDER = "A portrait shows an older person: the bank has too few of that age for this page."


@dataclass(frozen=True)
class Profile:
    """A synthetic person, complete.

    Attributes
    ----------
    id: seed and number, `2026-0`.
    facts: what the record says, read by its columns' meanings.
    record: column → value (str, int, float, bool or None for missing), as drawn from the network.
    interests: first to third.
    line: the record in words.
    portrait: from the bank or edited from it, or None (then `notes` says why).
    choices: content pictures, each with the interest it stands for and why; the one that fills a
        cover best is first.
    notes: what stood in for something else, or is missing; one sentence each.
    highlights: columns in words, title and value, where the population records no interests; such
        people have no bio and no posts, since nothing is known that these could speak of.
    stream: what name, face, pictures and words were drawn with; see `stream`.
    language: that the posts are written in, two letters.
    """

    id: str
    identity: names.Identity
    facts: Facts
    record: Mapping[str, Any]
    interests: tuple[str, ...]
    line: str
    bio: str
    posts: tuple[str, ...]
    portrait: Portrait | EditedPortrait | None
    choices: tuple[Choice, ...]
    notes: tuple[str, ...]
    library: Library
    stream: int = 0
    highlights: tuple[tuple[str, str], ...] = ()
    language: str = "en"

    @property
    def quoted(self) -> tuple[str, ...]:
        """The posts in the quotation marks of their language."""
        before, after = _QUOTES.get(self.language, ("“", "”"))
        return tuple(f"{before}{post}{after}" for post in self.posts)

    @property
    def gender(self) -> Gender:
        """The gender that the record tells."""
        return self.facts.gender

    @property
    def name(self) -> str:
        """First and last name."""
        return self.identity.name

    @property
    def cover(self) -> Choice | None:
        """The choice that fills a wide cover best: a photograph or painting; None without one."""
        return next(filter(_is_wide, self.choices), None)

    @property
    def portrait_alt(self) -> str:
        """Words for those who cannot see the portrait."""
        person = {"female": "woman", "male": "man"}.get(self.gender, "person")
        return f"Synthetic portrait of {self.name}, a {person}"

    def portrait_uri(self) -> str:
        """The portrait as a `data:` address; empty without one."""
        return "" if self.portrait is None else _uri(self.portrait.webp())

    def picture_uri(self, choice: Choice) -> str:
        """A content picture as a `data:` address.

        Parameters
        ----------
        choice : Choice
            One of `choices`.

        Returns
        -------
        str
            The address.
        """
        return _uri(self.library.path(choice.picture).read_bytes())

    def picture_uris(self) -> tuple[str, ...]:
        """The content pictures as `data:` addresses, in the order of `choices`."""
        return tuple(self.picture_uri(choice) for choice in self.choices)

    def conjugate(
        self, keywords: Mapping[str, Sequence[str]]
    ) -> tuple[tuple[str, ...], np.ndarray]:
        """Why these pictures: the words of the interests (last: anything else) and the matrix.

        Parameters
        ----------
        keywords : mapping of str to sequence of str
            Interest → words.

        Returns
        -------
        tuple[tuple of str, np.ndarray]
            The words, and probabilities of shape (pictures, words), rows summing to one.
        """
        words = [word for interest in self.interests for word in keywords.get(interest, ())]
        words = [word for word in dict.fromkeys(words) if word in self.library.words]
        matrix = self.library.conjugate([c.picture for c in self.choices], words)
        return (*words, "anything else"), matrix

    def to_json(self) -> dict[str, Any]:
        """As `json_schema` says; file names are those of an export."""
        return {
            "id": self.id,
            "synthetic": True,
            "notice": NOTICE,
            "name": self.name,
            "handle": self.identity.handle,
            "ethnicity": self.identity.ethnicity,
            "record": dict(self.record),
            "line": self.line,
            "interests": list(self.interests),
            "bio": self.bio,
            "posts": list(self.posts),
            "portrait": None if self.portrait is None else f"portraits/{self.portrait.name}.webp",
            "pictures": [
                {
                    "file": f"pictures/{choice.picture.id}.webp",
                    "caption": choice.picture.caption,
                    "interest": choice.interest,
                    "why": choice.why,
                    "credit": choice.picture.credit,
                }
                for choice in self.choices
            ],
            "notes": list(self.notes),
        }


def stream(population: Population, evidence: Evidence | None, seed: int) -> int:
    """The seed of names, faces, pictures and words: other facts, other people.

    Records do not depend on it. It hangs on the population's name, not on its digest, so that a
    population that is learned again keeps its faces.

    Parameters
    ----------
    population : Population
        Whom the people are drawn from.
    evidence : Evidence or None
        What is known of them; the order of its facts does not count.
    seed : int
        The visitor's.

    Returns
    -------
    int
        From 0 to 2**56 - 1.
    """
    facts = sorted(str(Evidence({name: fact})) for name, fact in (evidence or {}).items())
    content = "\x1f".join((population.name, str(seed), *facts))
    return int.from_bytes(hashlib.blake2b(content.encode(), digest_size=7).digest(), "big")


def make_profiles(
    population: Population,
    evidence: Evidence | None = None,
    count: int = 6,
    seed: int = 0,
    *,
    distribution: Mapping[str, float] | None = None,
    posts: int = 2,
) -> tuple[Profile, ...]:
    """Draw `count` people of whom the evidence holds and complete them.

    Parameters
    ----------
    population : Population
        Whom to draw from.
    evidence : Evidence, optional
        What is known of them; nothing when left out.
    count : int, optional
        How many.
    seed : int, optional
        The same seed gives the same people.
    distribution : mapping of str to float, optional
        Ethnicity → weight; evenly when left out.
    posts : int, optional
        Posts a person, 1 to 3.

    Returns
    -------
    tuple of Profile
        The profiles.

    Raises
    ------
    PopulaceError
        Count below one, or evidence that cannot be.
    """
    if count < 1:
        raise PopulaceError("Ask for at least one profile.")
    frame = canonical(population.given(evidence)).sample(count, seed=seed)
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return complete(
        records, population, seed, evidence=evidence, distribution=distribution, posts=posts
    )


def complete(
    records: Sequence[Mapping[str, Any]],
    population: Population,
    seed: int,
    *,
    evidence: Evidence | None = None,
    drawn_with: int | None = None,
    distribution: Mapping[str, float] | None = None,
    posts: int = 2,
    language: str | None = None,
    library: Library | None = None,
    keywords: Mapping[str, Sequence[str]] | None = None,
    start: int = 0,
    avoid: Sequence[Profile] = (),
) -> tuple[Profile, ...]:
    """Give records their names, portraits, pictures and words, in their order.

    Parameters
    ----------
    records: column → value; interests in the population's interest columns.
    evidence: the question that they answer, for their `stream`.
    drawn_with: the stream of people who were completed before, instead of seed and evidence.
    distribution: ethnicity → weight; evenly when left out.
    language: of their posts, two letters; the population's when left out.
    library, keywords: pictures to choose from and interest → words; the shipped ones when left out.
    start: number of the first person, so that a person keeps everything when shown alone.
    avoid: profiles that stand beside these: whoever would share a name, a portrait or a picture
        with one of them gets another; all others stay as they are.

    Returns
    -------
    tuple of Profile
        One profile for each record.
    """
    from synth import describe

    library = load_library() if library is None else library
    described = population.keywords if keywords is None else keywords
    keywords = library.known(described)
    plain = [plain_record(record) for record in records]
    known = [facts_of(record, population.schema) for record in plain]
    key = stream(population, evidence, seed) if drawn_with is None else drawn_with
    identities = names.draw_identities(
        [facts.gender for facts in known],
        seed=key,
        distribution=distribution,
        start=start,
        taken=[profile.identity for profile in avoid],
        recorded=[facts.ethnicity for facts in known],
        countries=[facts.country for facts in known],
        ages=[facts.age for facts in known],
        year=population.society.year,
        locale=population.society.names,
    )
    faces, note = _bank()
    written_in = population.society.language if language is None else language
    profiles: list[Profile] = []
    beside = {choice.picture.id for profile in avoid for choice in profile.choices}
    shown: set[str] = set()
    taken = {profile.portrait.name for profile in avoid if profile.portrait is not None}
    rows = zip(plain, known, identities, strict=True)
    for number, (record, facts, identity) in enumerate(rows):
        if number % PAGE == 0:
            shown = set()
        person = start + number
        facts = replace(facts, interests=facts.interests[:_INTERESTS])
        interests = facts.interests
        subjects = draw_subjects(interests, seed=key, index=person, language=written_in)
        chosen = choose(
            [interest for interest in interests if interest in keywords],
            seed=key,
            index=person,
            used=shown,
            avoid=beside,
            country=population.society.country,
            subjects=subjects,
            library=library,
            keywords=keywords,
        )
        shown |= {choice.picture.id for choice in chosen.choices}
        notes = [
            f"No picture was looked for: {interest.replace('_', ' ')} has no keywords"
            f"{' that the pictures know' if interest in described else ''}."
            for interest in interests
            if interest not in keywords
        ]
        notes += chosen.notes
        portrait = None
        if faces is None:
            notes.append(note)
        else:
            ages = ages_of(record, population.schema)
            portrait, why = _portrait(faces, facts, ages, identity, (key, person), taken)
            notes += [why] if why else []
        words = Words("", ())
        if population.interests:
            words = write(
                facts,
                seed=key,
                index=person,
                posts=posts,
                language=written_in,
                subjects=subjects,
            )
        profiles.append(
            Profile(
                id=f"{seed}-{person}",
                identity=identity,
                facts=facts,
                record=MappingProxyType(record),
                interests=interests,
                line=describe.record_line(record, population),
                bio=words.bio,
                posts=words.posts,
                portrait=portrait,
                choices=_cover_first(chosen.choices),
                notes=tuple(notes),
                library=library,
                stream=key,
                language=written_in,
                highlights=() if population.interests else describe.highlights(record, population),
            )
        )
    return tuple(profiles)


def plain_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """Values that JSON knows; missing ones (None, NaN, NA) as None.

    Parameters
    ----------
    record : mapping of str to Any
        Column → value.

    Returns
    -------
    mapping of str to Any
        Column → str, int, float (six decimals), bool or None.
    """
    plain: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, bool | int | str) or value is None:
            plain[str(name)] = value
        elif isinstance(value, float):
            plain[str(name)] = round(value, 6) if math.isfinite(value) else None
        else:
            plain[str(name)] = None if value != value or str(value) == "<NA>" else str(value)
    return plain


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of `profiles.json`."""
    text = {"type": "string"}
    texts = {"type": "array", "items": text}
    picture = _object(dict.fromkeys(("file", "caption", "interest", "why", "credit"), text))
    value = {"type": ["string", "number", "boolean", "null"]}
    profile = _object(
        {
            "id": text,
            "synthetic": {"const": True},
            "notice": text,
            "name": text,
            "handle": text,
            "ethnicity": text,
            "record": {"type": "object", "additionalProperties": value},
            "line": text,
            "interests": {**texts, "maxItems": 3},
            "bio": text,
            "posts": {**texts, "maxItems": 3},
            "portrait": {"type": ["string", "null"]},
            "pictures": {"type": "array", "items": picture, "maxItems": 3},
            "notes": texts,
        }
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Populace profiles",
        **_object(
            {
                "notice": text,
                "population": text,
                "given": text,
                "seed": {"type": "integer"},
                "profiles": {"type": "array", "items": profile},
            }
        ),
    }


# ---------------------------------------------------------------------------------------- private


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _is_wide(choice: Choice) -> bool:
    width, height = choice.picture.size
    return choice.picture.kind in PICTORIAL and width > height


def _cover_first(choices: Sequence[Choice]) -> tuple[Choice, ...]:
    cover = next(filter(_is_wide, choices), None)
    return tuple(sorted(choices, key=lambda choice: choice is not cover))


def _bank() -> tuple[bank.Bank | None, str]:
    try:
        return bank.shipped(), ""
    except PopulaceError:
        return None, "No portraits are installed: initials stand in."


def _portrait(
    faces: bank.Bank,
    facts: Facts,
    ages: tuple[float, float] | None,
    identity: names.Identity,
    seeds: tuple[int, int],
    taken: set[str],
) -> tuple[Portrait | None, str]:
    gender, age = facts.gender, facts.age
    if gender == "unknown" or age is None:
        return None, "No portrait: the record gives no age or no gender."
    if age < bank.YOUNGEST:
        return None, _CHILD
    if identity.ethnicity == "Other":
        return None, "No portrait: the bank has no faces of an ethnicity that a record names."
    seed, note = f"{seeds[0]}-{seeds[1]}", ""
    if ages is not None:  # the people of a group are of all its ages, and so are their faces
        youngest = max(ages[0], bank.YOUNGEST if age < _GROWN else _GROWN)  # called man or boy
        oldest = min(ages[1] + 1, bank.BANDS[-1][1])
        share = int(stream_key(0, f"{seed}\x1fage") >> np.uint64(11)) / 2**53
        age = youngest + share * max(oldest - youngest, 0)
    try:
        portrait = faces.pick(gender, age, identity.ethnicity, seed, taken)
        for years in _NEIGHBOURS if portrait.name in taken else ():
            other = faces.pick(gender, age + years, identity.ethnicity, seed, taken)
            if other.name not in taken:
                portrait, note = other, _YOUNGER if years < 0 else _OLDER
                break
    except PopulaceError as error:
        return None, str(error)
    taken.add(portrait.name)
    return portrait, note


def _uri(data: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(data).decode()
