"""Opening a slide: the sidebar's and the page's widgets are set as its link says."""

from __future__ import annotations

import streamlit as st

from pages import WIDGETS
from pages.shared import address, facts, loaders, sidebar, which_people
from pages.talk import kept_people
from pages.talk.slides import as_value
from synth.data.column import Column
from synth.errors import PopulaceError
from synth.talk import Slide


def open_slide(wanted: Slide) -> None:
    """Set the widgets; call it before any of them is drawn."""
    parameters: dict[str, list[str]] = {}
    for name, value in wanted.link:
        parameters.setdefault(name, []).append(value)
    names = loaders.names()
    titles = {loaders.title(name): name for name in names}
    title = parameters.get("population", [""])[0]
    name = titles.get(title, names[0])
    st.session_state["population"] = name
    population = loaders.population(name)
    schema = population.modelled
    for group in (facts.A, facts.B):
        sidebar.forget(population, schema.names, group)
        for column in schema:
            _set(column, parameters, group)
    st.session_state[facts.COMPARE] = parameters.get(facts.COMPARE) == ["true"]
    st.session_state[which_people.READING] = parameters.get(
        which_people.READING, [which_people.NETWORK]
    )[0]
    st.session_state[which_people.TARGETS] = parameters.get(which_people.TARGETS, [""])[0]
    for key, usual, least, most in (
        ("people", sidebar.PEOPLE, 1, sidebar.MOST_PEOPLE),
        ("seed", sidebar.SEED, 0, sidebar.LARGEST_SEED),
    ):
        st.session_state[key] = _whole(parameters.get(key, []), usual, least, most)
    view = dict(wanted.view)
    for key in WIDGETS:
        remembered = as_value(key, view.get(key, ""))
        if remembered is not None:
            st.session_state[key] = remembered
        elif key in st.session_state:
            del st.session_state[key]
    kept_people.take(parameters.get(kept_people.KEY, []))


def _set(column: Column, parameters: dict[str, list[str]], group: str) -> None:
    """Set a column's widgets; what cannot be read is said on the page."""
    places = facts.parameters(column, group)
    written = {what: parameters[key] for key, what in places.items() if key in parameters}
    try:
        known = facts.read(column, written)
    except PopulaceError as error:
        address.report(f"What the slide knows of {column.name} cannot be read: {error}")
        return
    if known is not None:
        facts.set_fact(column, known, group)


def _whole(values: list[str], usual: int, least: int, most: int) -> int:
    text = values[0] if values else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else usual
    return min(max(number, least), most)
