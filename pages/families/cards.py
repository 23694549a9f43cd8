"""Cards of whole households, as HTML; every text is escaped."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape

from synth.data.wording import number_text
from synth.people.households import Member, household_name

_HOMES = {
    "apartment building": "apartment",
    "detached house": "house",
    "attached house": "other_houses",
    "mobile home": "rv_hookup",
    "boat, RV or van": "directions_boat",
}
_TINTS = 6


def card(
    number: int,
    facts: Mapping[str, str],
    members: Sequence[Member],
    records: Sequence[Mapping[str, str]],
    things: Mapping[str, Sequence[Mapping[str, str]]],
) -> str:
    """One household.

    Parameters
    ----------
    number : int
        Its number, which chooses the colour of the cover.
    facts : mapping of str to str
        What is known of the household, in words; what is not known is left out.
    members : sequence of Member
        Who lives there.
    records : sequence of mapping of str to str
        What else is known of each member, in words.
    things : mapping of str to sequence of mapping
        Other tables' rows, in words: vehicles.
    """
    home = facts.get("home", "")
    people = f"{len(members)} {'person' if len(members) == 1 else 'people'}"
    rest = [f"{len(rows)} {name if len(rows) != 1 else name.removesuffix('s')}"
            for name, rows in things.items()]  # fmt: skip
    line = " · ".join([people, *([home] if home else []), *rest])
    rows = "".join(_member(m, r) for m, r in zip(members, records, strict=True))
    small = "".join(
        f'<li><span class="pp-icon" aria-hidden="true">directions_car</span>{escape(_words(row))}'
        "</li>"
        for row in things.get("vehicles", ())
    )
    chips = f'<ol class="pp-chips">{small}</ol>' if small else ""
    return (
        f'<article class="pp-card pp-household"><div class="pp-cover pp-cover-low '
        f'pp-tint-{number % _TINTS}"><span class="pp-icon" aria-hidden="true">'
        f"{_HOMES.get(home, 'home')}</span></div>"
        f'<h2 class="pp-name">{escape(household_name(members))} household'
        '<span class="pp-badge">synthetic</span></h2>'
        f'<p class="pp-line">{escape(line)}</p><ul class="pp-members">{rows}</ul>{chips}'
        f"{_facts(facts)}</article>"
    )


def _member(member: Member, record: Mapping[str, str]) -> str:
    name, age = escape(member.identity.name), number_text(member.age)
    if member.face:
        face = (
            f'<img src="data:image/webp;base64,{base64.b64encode(member.face).decode()}" '
            f'alt="Synthetic face of {name}, {age}" loading="lazy">'
        )
    else:
        initials = escape(member.identity.initials)
        face = f'<span class="pp-initials" aria-hidden="true">{initials}</span>'
    relation = f"{member.relation}, a guess" if member.is_guess else "answered for all"
    more = " · ".join([member.gender, *record.values()])
    return (
        f"<li>{face}<div><b>{name}</b>, {age}<p>{escape(more)}</p>"
        f"<p><em>{escape(relation)}</em></p></div></li>"
    )


def _words(record: Mapping[str, str]) -> str:
    return ", ".join(record.values())


def _facts(facts: Mapping[str, str]) -> str:
    lines = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in facts.items()
        if name != "home"
    )
    return f'<dl class="pp-facts">{lines}</dl>' if lines else ""
