"""A table of one's own: see what was understood, correct it, learn, and use it on every page."""

from __future__ import annotations

import streamlit as st

from pages.shared import loaders
from pages.shared.own_families import abandon_families, own_families
from pages.shared.problems import show_problem
from pages.studio import upload
from pages.studio.learning import ask_to_learn
from pages.studio.linked import show_linked, show_opening, show_own_families
from pages.studio.linked_state import LinkedState, current_linked
from pages.studio.parts import show_progress
from pages.studio.planning import ask_plan
from pages.studio.result import show_own, show_result
from pages.studio.state import StudioState, current_state


def _page(state: StudioState, linked: LinkedState) -> None:
    st.html('<h1 class="pp-title">Bring your own table</h1>')
    st.html(
        '<p class="pp-subtitle">Learn a population from it, ask it as you ask the others, and save '
        "it as one file.</p>"
    )
    if linked.files:
        show_linked(linked)
    elif state.inspection is not None:
        upload.show_table(state)
        state.plan = plan = ask_plan(state)
        ask_to_learn(state, plan)
    elif state.job is not None and state.kind == "inspect":
        upload.show_reading(state)
    else:
        if state.kind == "inspect" and state.problem:
            show_problem(state.problem)
        if state.job is None:
            upload.ask_for_a_table(state)
            upload.ask_for_several(linked)
            upload.say_private()
        if state.population is not None and state.job is None:
            show_result(state, state.population)
    show_own()
    show_own_families()
    show_opening(linked)
    show_progress(state, "open")
    if state.job is None:
        upload.ask_for_a_population(state)
        _forget_everything(state, linked)


def _forget_everything(state: StudioState, linked: LinkedState) -> None:
    """Let the server forget at once what it would keep for an hour."""
    if state.name or linked.files or loaders.own() or own_families():
        st.button(
            "Forget my table and populations now",
            key="studio-forget-all",
            type="tertiary",
            icon=":material/delete_sweep:",
            on_click=_forget,
            args=(state, linked),
        )


def _forget(state: StudioState, linked: LinkedState) -> None:
    state.clear()
    linked.clear()
    for name in list(loaders.own()):
        loaders.abandon(name)
    for name in list(own_families()):
        abandon_families(name)


_page(current_state(), current_linked())
