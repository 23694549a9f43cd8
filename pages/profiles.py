"""Home: people drawn from the posterior of what is known, as cards."""

from __future__ import annotations

import streamlit as st

from pages.parts import card, header, loaders, words
from pages.parts.choice import Choice, current
from pages.parts.dress import dress


@st.fragment
def _cards(choice: Choice) -> None:
    """The cards; opening a record reruns these alone."""
    name = choice.population.name
    people = card.records(loaders.people(name, choice.evidence, choice.people, choice.seed))
    dressed = dress(people, choice)
    grid = st.grid(3, min_column_width=290, gap=20, border=True, key="cards")
    rooms = []
    for index, (record, wears) in enumerate(zip(people, dressed, strict=True)):
        with grid.cell():
            rooms.append(card.show(record, wears, choice, place=str(index)))
    notes = dict.fromkeys(note for wears in dressed for note in wears.notes)
    st.caption(words.plain(" ".join((choice.population.note, *notes))))
    for record, room in zip(people, rooms, strict=True):
        card.rare(record, choice, room)


asked = current()
if asked.posterior is None:
    header.impossible(asked)
else:
    header.show(asked)
    _cards(asked)
