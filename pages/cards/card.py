"""A person as a card, and the whole record in a dialog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.days import ribbon
from pages.shared import markdown
from synth import describe
from synth.data.column import Column
from synth.data.evidence import Between, Evidence, Fact
from synth.people.cards import html
from synth.people.what_if import exactly

if TYPE_CHECKING:
    from pages.cards.profiles import Record
    from pages.cards.selection import Card
    from synth.people.profile import Profile
    from synth.populations import Population

_YEARS_ALIKE = 2


def markup(profile: Profile, population: Population, mark: str = "", *, pin: bool = False) -> str:
    """The card as HTML.

    `mark` stands on the cover, with a pin where the person is kept.
    """
    return html.card(
        profile,
        icons=population.icons,
        asks_interests=bool(population.interests),
        mark=mark,
        pin=pin,
    )


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


def _fact(column: Column, value: Any) -> Fact:
    if describe.is_missing(value) or not column.is_number:
        return exactly(column, value)
    reach = _YEARS_ALIKE if column.kind == "integer" else 0
    return Between(float(value) - reach, float(value) + reach)


def alike_words(population: Population, *, exact: bool = True) -> str:
    """What people like a person share with them."""
    schema = population.modelled
    shared = [schema[name].title.lower() for name in population.featured if name in schema.names]
    return (
        "The same "
        + ", ".join(shared)
        + "; numbers within two of this person's. "
        + ("Exact." if exact else "Exact, by the network.")
    )


# ── The whole record ─────────────────────────────────────────────────────────────────────────────


@st.dialog("The whole record", width="medium")
def whole_record(card: Card) -> None:
    """Every column of one person, in words."""
    profile, choice = card.profile, card.choice
    known = {choice.population.schema[name].title for name in choice.evidence}
    rows = describe.record_rows(profile.record, choice.population)
    st.html(html.record(profile, ((title, value, title in known) for title, value in rows)))
    day = ribbon.section(choice.population, profile)
    if day:
        st.html(day)
    pictures = [chosen.picture for chosen in profile.choices]
    credits = [f"{picture.caption} ({picture.credit})" for picture in pictures if picture.credit]
    origin = f"Drawn from “{choice.question}”."
    if card.was is not None:
        origin = f"Drawn from “{choice.question}” and changed: {card.remark}."
    sentences = [origin, choice.population.note, *profile.notes]
    sentences += [f"Pictures: {'; '.join(credits)}."] if credits else []
    st.caption(markdown.plain(" ".join(sentences)))
