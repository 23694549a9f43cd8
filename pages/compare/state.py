"""The comparison that a visitor asked for: its job, and what came out; it lives in the session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.shared.jobs import SingleJob
from pages.studio.state import StudioState
from synth.errors import PopulaceError
from synth.evaluate.generator_comparison import FILE, GeneratorComparison, read_comparison
from synth.evaluate.generator_job import start
from synth.fitting.plan import Plan
from synth.jobs import State
from synth.jobs.process import ProcessJob

_PLACE = "the comparison"


@dataclass
class CompareState(SingleJob):
    """One visitor's comparison of their own table; at most one job at a time.

    Attributes
    ----------
    job : ProcessJob or None
        What is being compared.
    token : str
        The Studio's, of the table that `job` and `comparison` are about.
    name : str
        That table's file name.
    comparison : GeneratorComparison or None
        What came out.
    problem : str
        What went wrong, in a sentence.
    """

    token: str = ""
    name: str = ""
    comparison: GeneratorComparison | None = None
    _count: int = 0

    def compare(
        self, studio: StudioState, plan: Plan, generators: Sequence[str], minutes: float
    ) -> None:
        """Start to compare generators on the Studio's table."""
        self.close()
        self.token, self.name = studio.token, studio.name
        self._count += 1
        folder = Path(studio.folder.name)
        try:
            self.job = start(
                folder / f"compare-{self._count}",
                folder / "upload",
                studio.name,
                plan,
                generators,
                minutes=minutes,
            )
        except PopulaceError as error:
            self.problem = str(error)
        except OSError as error:
            self.problem = f"The server could not begin ({error.strerror}): try later."

    def close(self) -> None:
        """Stop comparing and forget what came out."""
        self.end_job()
        self.comparison, self.problem = None, ""

    def take_result(self, job: ProcessJob, state: State) -> None:
        """Read the comparison."""
        self.comparison = read_comparison(job.folder / FILE)


def current_comparison(studio: StudioState) -> CompareState:
    """This session's comparison; one of another table than the Studio's is forgotten."""
    if _PLACE not in st.session_state:
        st.session_state[_PLACE] = CompareState()
    state: CompareState = st.session_state[_PLACE]
    if state.token != studio.token and (state.job or state.comparison or state.problem):
        state.close()
    return state
