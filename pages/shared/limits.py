"""How long, and how large, the questions of one visitor's run may grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from streamlit.runtime import exists, get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from synth.bayes.budget import limited

SECONDS = 45.0
"""Seconds until the questions of one run stop, all together; they take well under one."""
CELLS = 100_000_000
"""The most numbers (8 bytes each) that one question may hold."""


@contextmanager
def questions() -> Iterator[None]:
    """Limit the questions inside; they stop too when the visitor has left."""
    with limited(seconds=SECONDS, cells=CELLS, cancelled=_visitor_has_left()):
        yield


def _visitor_has_left() -> Callable[[], bool]:
    context = get_script_run_ctx()
    session = context.session_id if context is not None else ""

    def left() -> bool:
        return bool(session) and exists() and not get_instance().is_active_session(session)

    return left
