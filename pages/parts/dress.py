"""What a card wears beside its record: name, portrait, cover, pictures, words.

This is the one place where `synth.people` joins the card: `dress` gets everybody on the page at
once, so that no two of them look alike, and gives back one `Dress` a person. An empty field means
that nothing is there: the card then shows initials and a plain cover, and `notes` say why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.choice import Choice

if TYPE_CHECKING:
    from synth.people.profile import Profile

Record = Mapping[str, object]


@dataclass(frozen=True)
class Picture:
    """An image for a page: an address or a `data:` URI, words for those who cannot see it, and
    who made it."""

    source: str
    alt: str
    credit: str = ""


@dataclass(frozen=True)
class Dress:
    """What one card wears; `notes` say what stands in for something else or is missing."""

    name: str
    initials: str
    portrait: Picture | None = None
    cover: Picture | None = None
    pictures: tuple[Picture, ...] = ()
    bio: str = ""
    posts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@st.cache_resource(show_spinner=False, max_entries=64)
def _dress(
    digest: str, known: str, count: int, seed: int, _records: Sequence[Record], _choice: Choice
) -> tuple[Dress, ...]:
    from synth.people.profile import complete

    return tuple(_worn(one) for one in complete(_records, _choice.population, seed))


def dress(records: Sequence[Record], choice: Choice) -> tuple[Dress, ...]:
    """One `Dress` a record, in their order; the same seed dresses the same people alike."""
    digest, known = choice.population.digest, str(choice.evidence)
    return _dress(digest, known, len(records), choice.seed, records, choice)


def _worn(profile: Profile) -> Dress:
    pictures = [
        Picture(source, chosen.picture.caption, chosen.picture.credit)
        for source, chosen in zip(profile.picture_uris(), profile.choices, strict=True)
    ]
    face = profile.portrait_uri()
    return Dress(
        name=profile.name,
        initials=profile.identity.initials,
        portrait=Picture(face, profile.portrait_alt) if face else None,
        cover=pictures[0] if pictures else None,
        pictures=tuple(pictures[1:]),
        bio=profile.bio,
        posts=profile.posts,
        notes=profile.notes,
    )
