"""A child process at work: how far it is, the losses of what it learns, and the way to stop it."""

from __future__ import annotations

from html import escape
from typing import Protocol

import streamlit as st

from pages.shared import markdown
from pages.shared.losses import losses
from synth.generators.losses import read_losses
from synth.jobs import State
from synth.jobs.process import ProcessJob

POLL = 0.7  # seconds between two looks at a job


class Worked(Protocol):
    """What a job is done for."""

    job: ProcessJob | None

    def settle(self, state: State) -> None:
        """Take in what a job that is over has left."""
        ...

    def cancel(self) -> None:
        """Stop the job."""
        ...


@st.fragment(run_every=POLL)
def watch(worked: Worked, key: str, title: str = "", *, steady: bool = False) -> None:
    """How far the job is; the page runs again when it is over.

    Parameters
    ----------
    worked : Worked
        Whose job; nothing is there once it was stopped.
    key : str
        In the keys of what is shown: ``key-job`` and ``key-stop``.
    title : str
        What is being done, as a heading; none when left out.
    steady : bool
        Whether equal shares take equal times, so that the rest can be estimated.
    """
    job = worked.job
    if job is None:  # it was stopped, in this fragment's own run
        st.rerun()
    progress = job.state()
    if progress.over:
        worked.settle(progress)
        st.rerun()
    with st.container(border=True, key=f"{key}-job"):
        if title:
            st.html(f'<h2 class="pp-studio-step">{escape(title)}</h2>')
        st.progress(min(max(progress.share, 0.02), 1.0), text=markdown.plain(progress.words))
        losses(read_losses(job.folder))
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.caption(
            f"{progress.seconds:,.0f} s so far{remaining(progress) if steady else ''}, in a "
            "process of its own: go and see the other pages meanwhile."
        )
        right.button(
            "Stop",
            key=f"{key}-stop",
            icon=":material/stop_circle:",
            width="stretch",
            on_click=worked.cancel,
        )


def remaining(state: State) -> str:
    """About how long a job will still take, in words; empty while nothing can be said."""
    if state.share < 0.03 or state.seconds < 5:
        return ""
    left = state.seconds * (1 - state.share) / state.share
    return f", about {left / 60:.0f} min left" if left >= 90 else f", about {left:.0f} s left"
