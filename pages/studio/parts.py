"""What the steps of the Studio share: their headings, and the progress of a job."""

from __future__ import annotations

from html import escape

import streamlit as st

from pages.shared.jobs import watch
from pages.shared.problems import show_problem
from pages.studio.state import StudioState
from synth.fitting.tasks import Kind

DOING = {
    "inspect": "Reading your table",
    "learn": "Learning from your table",
    "open": "Opening the population",
    "list": "Reading the second table",
    "interests": "Finding interests",
    "anonymise": "Making values coarser",
}
"""Kind of work → what its progress is called."""


def step(title: str) -> None:
    """Draw the heading of a step."""
    st.html(f'<h2 class="pp-studio-step">{escape(title)}</h2>')


def show_progress(state: StudioState, *kinds: Kind) -> None:
    """Progress, or what went wrong, of these kinds of work, where their button stands."""
    if state.kind not in kinds:
        return
    if state.problem:
        show_problem(state.problem)
    if state.job is not None:
        watch(state, "studio", DOING[state.job.kind])
