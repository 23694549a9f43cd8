"""Home: people drawn from the posterior of what is known, as cards."""

from __future__ import annotations

import streamlit as st

from pages.cards import menu, selection
from pages.shared import downloads, header, markdown
from pages.shared.choice import Choice
from pages.shared.decorators import page


@st.fragment
def _cards(choice: Choice) -> None:
    """The cards, those that are kept first; what their menus do reruns these alone."""
    people = selection.shown(choice)
    grid = st.grid(3, min_column_width=290, gap=20, border=True, key="cards")
    shown = []
    for index, person in enumerate(people):
        with grid.cell():
            shown.append((person, *menu.show(person, place=str(index))))
    notes = dict.fromkeys(note for person in people for note in person.profile.notes)
    words = [choice.population.note]
    if not choice.population.interests:
        words.append("This population records no interests, so its cards have no pictures.")
    st.caption(markdown.plain(" ".join((*words, *notes))))
    for person, room, _ in shown:
        menu.rare(person, room)
    for person, _, chosen in shown:
        menu.act(chosen, person, people)


def _download(choice: Choice) -> None:
    if st.button("download", key="take", type="tertiary", icon=":material/download:"):
        downloads.take(selection.shown(choice))


@page(note=False)  # it stands below the cards, with what is to be said of them
def _page(choice: Choice) -> None:
    header.show(choice, more=_download)
    _cards(choice)


_page()
