"""Fetch more pictures from Openverse: for one person's interests, kept for this session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared.jobs import watch
from pages.shared.problems import show_problem
from synth.errors import PopulaceError
from synth.jobs import State
from synth.jobs.process import ProcessJob
from synth.jobs.scratch import scratch
from synth.people.pictures import more

if TYPE_CHECKING:
    from synth.people.pictures.library import Library

_PLACE = "more pictures"


@dataclass
class MorePictures:
    """A session's fetched pictures, and the job that fetches.

    Attributes
    ----------
    job : ProcessJob or None
        What is being fetched.
    problem : str
        Why the last job brought nothing; empty where it did.
    batches : tuple of Library
        What came, the earliest first.
    """

    job: ProcessJob | None = None
    problem: str = ""
    batches: tuple[Library, ...] = ()
    _kept: tuple[object, ...] = ()  # folders and jobs that the pictures live in
    _over: Callable[[], None] = lambda: None

    def begin(self, keywords: Mapping[str, Sequence[str]], over: Callable[[], None]) -> None:
        """Start to fetch; `over` is called at the end, however it ends."""
        self.problem, self._over = "", over
        folder = TemporaryDirectory(dir=scratch(), ignore_cleanup_errors=True)
        try:
            self.job = more.start(Path(folder.name) / "job", keywords)
        except PopulaceError as error:
            self.problem = str(error)
        else:
            self._kept = (*self._kept, folder, self.job)

    def settle(self, state: State) -> None:
        """Take in the pictures of a job that is over, or its sentence."""
        job, self.job = self.job, None
        self._over()
        if job is None:
            return
        if state.error:
            self.problem = state.error
            return
        try:
            self.batches = (*self.batches, more.fetched(job.folder))
        except PopulaceError as error:
            self.problem = str(error)

    def cancel(self) -> None:
        """Stop fetching; nothing is kept of it."""
        job, self.job = self.job, None
        self._over()
        if job is not None:
            job.close()


def session() -> MorePictures:
    """This session's fetched pictures."""
    return st.session_state.setdefault(_PLACE, MorePictures())


def mark() -> str:
    """Tells what was fetched from what was fetched before; empty without any."""
    return "|".join(str(batch.folder) for batch in session().batches)


def beside(shipped: Library) -> Library:
    """A library and everything that this session has fetched."""
    for batch in session().batches:
        shipped = shipped.beside(batch)
    return shipped


def show(keywords: Mapping[str, Sequence[str]], over: Callable[[], None]) -> None:
    """Draw the button, or how far it is; `over` is called when fetching has ended."""
    now = session()
    st.html('<h3 class="pp-section">More pictures</h3>')
    if now.problem:
        show_problem(now.problem)
    if now.job is not None:
        watch(now, "openverse")
        return
    if now.batches:
        count = sum(len(batch.pictures) for batch in now.batches)
        st.caption(f"{count} pictures from Openverse were fetched in this session, with credits.")
    st.button(
        "Fetch more pictures from Openverse",
        key="openverse-fetch",
        icon=":material/cloud_download:",
        on_click=now.begin,
        args=(dict(keywords), over),
        help=f"At most {more.EACH} openly licensed photographs (CC0, CC-BY) for each of these "
        "interests. Only the words of the interests are sent.",
    )
