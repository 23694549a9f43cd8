"""A person as a card, and the whole record in a dialog."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from pages.cards.profiles import Dress, Picture, Record
from pages.cards.selection import Person
from pages.shared import markdown
from pages.shared.choice import Choice
from synth import describe
from synth.data.evidence import Between, Evidence, Fact, OneOf
from synth.data.schema import MISSING, Column
from synth.interests.vocabulary import interest_title
from synth.populations import Population

_TINTS = 6
_SHORT = 28  # letters that surely fit in one line of a card
_YEARS_ALIKE = 2


def markup(
    record: Record, dressed: Dress, population: Population, mark: str = "", *, pin: bool = False
) -> str:
    """The card as HTML; every word that comes from a table or a link is escaped.

    `mark` stands on the cover, with a pin where the person is kept.
    """
    interests = interests_of(record, population)
    tint = sum(map(ord, interests[0])) % _TINTS if interests else "none"
    if dressed.portrait:
        face = _image(dressed.portrait, "pp-face")
    else:
        face = f'<div class="pp-face" aria-hidden="true">{escape(dressed.initials)}</div>'
    if dressed.cover:
        cover = _image(dressed.cover, "pp-cover")
    else:
        icons = "".join(_icon(population, interest) for interest in interests)
        cover = f'<div class="pp-cover pp-tint-{tint}" aria-hidden="true">{icons}</div>'
    pictures = "".join(_image(picture, "") for picture in dressed.pictures)
    parts = (
        f'<h2 class="pp-name">{escape(dressed.name)} <span class="pp-badge">synthetic</span></h2>',
        f'<p class="pp-line">{escape(_unbroken(describe.record_line(record, population)))}</p>',
        _chips(interests, population),
        f'<div class="pp-pictures">{pictures}</div>' if pictures else "",
        *(f'<p class="pp-post">“{escape(post)}”</p>' for post in dressed.posts[:1]),
    )
    sign = '<span class="pp-icon" aria-hidden="true" translate="no">keep</span>' if pin else ""
    marked = f'<p class="pp-mark">{sign}{escape(mark)}</p>' if mark else ""
    label = f'aria-label="{escape(dressed.name)}, synthetic person"'
    return f'<article class="pp-card" {label}>{cover}{marked}{face}{"".join(parts)}</article>'


def _unbroken(line: str) -> str:
    """A line that is broken between facts, not inside the short ones."""
    facts = line.split(" · ")
    return " · ".join(f.replace(" ", "\u00a0") if len(f) <= _SHORT else f for f in facts)


def _chips(interests: Sequence[str], population: Population) -> str:
    if not population.interests:
        return ""
    if not interests:
        return '<p class="pp-none">no interests recorded</p>'
    chips = "".join(
        f"<li><b>{rank}</b>{_icon(population, interest)}{escape(interest_title(interest))}</li>"
        for rank, interest in enumerate(interests, start=1)
    )
    return f'<ol class="pp-chips" aria-label="Interests, first to third">{chips}</ol>'


def _image(picture: Picture, kind: str) -> str:
    return f'<img class="{kind}" src="{escape(picture.source)}" alt="{escape(picture.alt)}">'


def _icon(population: Population, interest: str) -> str:
    name = population.icons.get(interest, "interests")
    return f'<span class="pp-icon" aria-hidden="true" translate="no">{escape(name)}</span>'


def interests_of(record: Record, population: Population) -> tuple[str, ...]:
    """The first to third interest of a record; those not recorded are left out."""
    found = (record.get(name) for name in population.interests)
    return tuple(str(value) for value in found if not describe.is_missing(value))


# ── How many people are like this one ────────────────────────────────────────────────────────────


def alike(record: Record, population: Population) -> Evidence:
    """The record's featured columns as evidence; whole numbers within two of the person's."""
    schema = population.modelled
    return Evidence(
        {
            name: _fact(schema[name], record[name])
            for name in population.featured
            if name in schema.names and name in record
        }
    )


def _fact(column: Column, value: object) -> Fact:
    if describe.is_missing(value):
        return OneOf((MISSING,))
    if column.kind == "boolean":
        return OneOf((column.levels[1] if value in (True, column.levels[1]) else column.levels[0],))
    if column.kind == "categorical":
        return OneOf((str(value),))
    reach = _YEARS_ALIKE if column.kind == "integer" else 0
    return Between(float(value) - reach, float(value) + reach)


def alike_words(population: Population) -> str:
    schema = population.modelled
    shared = [schema[name].title.lower() for name in population.featured if name in schema.names]
    return "The same " + ", ".join(shared) + "; numbers within two of this person's. Exact."


# ── The whole record ─────────────────────────────────────────────────────────────────────────────


@st.dialog("The whole record", width="medium")
def whole_record(person: Person) -> None:
    """Every column of one person, in words."""
    dressed, choice = person.dressed, person.choice
    face = _image(dressed.portrait, "pp-face pp-face-still") if dressed.portrait else ""
    posts = "".join(f'<p class="pp-post">“{escape(post)}”</p>' for post in dressed.posts)
    st.html(
        f'{face}<h2 class="pp-name">{escape(dressed.name)} '
        '<span class="pp-badge">synthetic</span></h2>'
        f'<p class="pp-line">{escape(dressed.bio)}</p>{posts}'
        f'<dl class="pp-record">{_rows(person.record, choice)}</dl>'
    )
    shown = [picture for picture in (dressed.cover, *dressed.pictures) if picture]
    credits = [f"{picture.alt} ({picture.credit})" for picture in shown if picture.credit]
    drawn = f"Drawn from “{choice.question}”."
    if person.was is not None:
        drawn = f"Drawn from “{choice.question}” and changed: {person.remark}."
    told = [drawn, choice.population.note, *dressed.notes]
    told += [f"Pictures: {'; '.join(credits)}."] if credits else []
    st.caption(markdown.plain(" ".join(told)))


def _rows(record: Record, choice: Choice) -> str:
    asked = {choice.population.modelled[name].title for name in choice.evidence}
    return "".join(
        f'<div class="{"pp-asked" if title in asked else ""}">'
        f"<dt>{escape(title)}</dt><dd>{escape(value)}</dd></div>"
        for title, value in describe.record_rows(record, choice.population)
    )
