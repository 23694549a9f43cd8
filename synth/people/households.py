"""A synthetic household as people: names, faces, and who may be whose, guessed from ages.

The tables say who lives together, not how they are related. `relation` guesses from ages alone and
everybody who shows it says that it is a guess. Whoever is guessed to be family shares a surname and
looks; both are drawn apart from the record, as for single people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from synth.data.meaning import gender_of
from synth.errors import PopulaceError
from synth.people.names import Identity, draw_identities
from synth.people.portraits import bank

GENERATION = 16
"""Years between parent and child, at least."""
TWO_GENERATIONS = 45
"""Years from which a child is rather a grandchild."""
COUPLE = 15
"""Years between partners, at most."""
ADULT = 18
YOUNGEST_FACE = bank.YOUNGEST
"""The bank has no younger faces: children stand as initials."""
_FAMILY = ("answered", "partner", "child", "grown-up child", "grandchild", "parent")
_ROOM = 100
"""Members of a household that have random numbers of their own."""


@dataclass(frozen=True, eq=False)
class Member:
    """One of a household.

    Attributes
    ----------
    identity : Identity
        Name, handle, initials.
    age : float
        Years.
    gender : str
        As the table says it.
    relation : str
        To the one who answered, guessed from ages: ``partner``, ``child``, ``grown-up child``,
        ``grandchild``, ``parent``, ``relative or housemate``; ``answered`` for that one.
    face : bytes
        A picture in webp; empty where there is none.
    """

    identity: Identity
    age: float
    gender: str
    relation: str
    face: bytes = b""

    @property
    def is_guess(self) -> bool:
        """Whether the relation is a guess."""
        return self.relation != "answered"


def relations(ages: Sequence[float]) -> tuple[str, ...]:
    """How the members of a household may be related to the first, by ages alone.

    At most one is a partner: the adult whose age is nearest to the first's, within `COUPLE` years.

    Parameters
    ----------
    ages : sequence of float
        In the household's order; the first answered.
    """
    if not ages:
        return ()
    own = ages[0]
    near = [
        (abs(age - own), place)
        for place, age in enumerate(ages)
        if place and min(age, own) >= ADULT and abs(age - own) <= COUPLE
    ]
    partner = min(near)[1] if near else -1
    out = ["answered"]
    for place, age in enumerate(ages[1:], 1):
        if place == partner:
            out.append("partner")
        elif own - age >= TWO_GENERATIONS and age < ADULT:
            out.append("grandchild")
        elif own - age >= GENERATION:
            out.append("child" if age < ADULT else "grown-up child")
        elif age - own >= GENERATION:
            out.append("parent")
        else:
            out.append("relative or housemate")
    return tuple(out)


def make_members(
    ages: Sequence[float], genders: Sequence[str], *, seed: int, household: int
) -> tuple[Member, ...]:
    """The members of a household with names and faces; the same for the same seed and number.

    Parameters
    ----------
    ages, genders : sequence
        In the household's order.
    seed : int
        Of names and faces.
    household : int
        Its number.
    """
    related = relations(ages)
    start = household * _ROOM
    (first,) = draw_identities(genders[:1], seed=seed, start=start, ages=ages[:1])
    family = [word in _FAMILY for word in related]
    recorded = [first.ethnicity if own else None for own in family]
    people = (
        first,
        *draw_identities(
            genders[1:],
            seed=seed,
            start=start + 1,
            taken=(first,),
            recorded=recorded[1:],
            ages=ages[1:],
        ),
    )
    surname = first.name.partition(" ")[2]
    out: list[Member] = []
    taken: set[str] = set()
    for place, (identity, age, gender) in enumerate(zip(people, ages, genders, strict=True)):
        if family[place] and surname:
            given = identity.name.partition(" ")[0]
            identity = replace(identity, name=f"{given} {surname}", initials=given[0] + surname[0])
        face = _face(identity, age, gender, f"{seed}-{start + place}", taken)
        out.append(Member(identity, age, gender, related[place], face))
    return tuple(out)


def household_name(members: Sequence[Member]) -> str:
    """What a household is called: by the surname of the one who answered."""
    return members[0].identity.name.partition(" ")[2] or members[0].identity.name


def _face(identity: Identity, age: float, gender: str, seed: str, taken: set[str]) -> bytes:
    known = gender_of(gender)
    if age < YOUNGEST_FACE or known not in ("female", "male"):
        return b""
    try:
        portrait = bank.shipped().pick(known, age, identity.ethnicity, seed, taken)
    except PopulaceError:
        return b""
    taken.add(portrait.name)
    return portrait.webp()
