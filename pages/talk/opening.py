"""Opening a slide: the sidebar's and the page's widgets are set as its link says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages import WIDGETS
from pages.shared import loaders, markdown, sidebar
from pages.talk import kept_people
from synth.data.schema import Column
from synth.talk import Slide


def open_slide(wanted: Slide) -> None:
    """Set the widgets; call it before any of them is drawn."""
    parameters: dict[str, list[str]] = {}
    for name, value in wanted.link:
        parameters.setdefault(name, []).append(value)
    names = loaders.names()
    titles = {loaders.population(name).title: name for name in names}
    title = parameters.get("population", [""])[0]
    name = titles.get(title, names[0])
    st.session_state["population"] = name
    population = loaders.population(name)
    schema = population.modelled
    sidebar.forget(population, schema.names)
    for column in schema:
        _answer(column, parameters)
    for key, usual, least, most in (
        ("people", sidebar.PEOPLE, 1, sidebar.MOST_PEOPLE),
        ("seed", sidebar.SEED, 0, sidebar.LARGEST_SEED),
    ):
        st.session_state[key] = _whole(parameters.get(key, []), usual, least, most)
    view = dict(wanted.view)
    for key in WIDGETS:
        if key in view:
            st.session_state[key] = view[key]
        elif key in st.session_state:
            del st.session_state[key]
    kept_people.take(parameters.get(kept_people.KEY, []))


def _answer(column: Column, parameters: Mapping[str, list[str]]) -> None:
    key = sidebar.key_of(column.name)
    if parameters.get(f"{key}_missing") == ["true"] and column.is_number and column.missing:
        st.session_state[f"{key}_missing"] = True
    if key not in parameters:
        return
    if column.is_number:
        kind = type(st.session_state[key][0])
        st.session_state[key] = _range(parameters[key], kind, st.session_state[key])
        return
    levels = {shown: level for level, shown in markdown.titles(column, column.states).items()}
    chosen = [levels[value] for value in parameters[key] if value in levels]
    if chosen:
        st.session_state[key] = chosen[0] if column.kind == "boolean" else chosen


def _range(values: list[str], kind: type, whole: tuple[Any, Any]) -> tuple[Any, Any]:
    try:
        low, high = (kind(float(value)) for value in values)
    except (ValueError, OverflowError):
        return whole
    low, high = max(low, whole[0]), min(high, whole[1])
    return (low, high) if low <= high else whole


def _whole(values: list[str], usual: int, least: int, most: int) -> int:
    text = values[0] if values else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else usual
    return min(max(number, least), most)
