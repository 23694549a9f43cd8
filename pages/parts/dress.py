"""What a card wears beside its record: portrait, cover, pictures, words.

This is the one place where portraits and pictures join the card: `dress` gets everybody on the
page at once, so that no two of them need look alike, and gives back one `Dress` a person. An empty
field means that nothing is there yet: the card then shows initials and a plain cover.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synth.people import names
from synth.populations import Population

Record = Mapping[str, object]


@dataclass(frozen=True)
class Picture:
    """An image for a page: an address or a `data:` URI, and words for those who cannot see it."""

    source: str
    alt: str


@dataclass(frozen=True)
class Dress:
    """What one card wears; `note` says which stand-in serves, where one does."""

    name: str
    initials: str
    portrait: Picture | None = None
    cover: Picture | None = None
    pictures: tuple[Picture, ...] = ()
    posts: tuple[str, ...] = ()
    note: str = ""


def dress(records: Sequence[Record], population: Population, seed: int) -> tuple[Dress, ...]:
    """One `Dress` a record, in their order; the same seed dresses the same people alike."""
    genders = [str(record.get("gender", "")) for record in records]
    return tuple(
        Dress(identity.name, identity.initials)
        for identity in names.draw_identities(genders, seed=seed)
    )
