"""A child process at work: how far it is, the losses of what it learns, and the way to stop it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Protocol

import streamlit as st

from pages.shared import markdown
from pages.shared.losses import losses
from synth.errors import PopulaceError
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


@dataclass
class SingleJob:
    """What has at most one job at a time, and takes in what it leaves; a `Worked`.

    Attributes
    ----------
    job : ProcessJob or None
        What is being done.
    problem : str
        What went wrong, in a sentence.
    """

    job: ProcessJob | None = None
    problem: str = ""

    def end_job(self) -> None:
        """End the job, where there is one."""
        if self.job is not None:
            self.job.close()
            self.job = None

    def cancel(self) -> None:
        """Stop what is being done."""
        if self.job is not None:
            self.end_job()
            self.problem = "It was stopped; nothing was kept of it."

    def settle(self, state: State) -> None:
        """Take in what a job that is over has left."""
        job, self.job = self.job, None
        if job is None:
            return
        try:
            if state.error:
                raise PopulaceError(state.error)
            self.take_result(job, state)
        except (PopulaceError, OSError, ValueError) as error:
            self.problem = str(error)
        finally:
            job.close()

    def take_result(self, job: ProcessJob, state: State) -> None:
        """Read what a job has left in its folder, which goes afterwards.

        Raises
        ------
        PopulaceError, OSError, ValueError
            It cannot be read.
        """
        raise NotImplementedError


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
