"""What is on stage, for the presenter's second window: one place a talk, in the server's memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Lock

import streamlit as st

from synth.talk import Talk

_MOST = 200  # talks at once; the one shown longest ago goes first


@dataclass(frozen=True)
class Stage:
    """A talk that is being given.

    Attributes
    ----------
    talk : Talk
        Its slides.
    at : int
        The slide on stage, from 0.
    began : float
        When, in seconds since the epoch.
    """

    talk: Talk
    at: int
    began: float


class Stages:
    """Talks by their presenters' tokens; threads share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stages: OrderedDict[str, Stage] = OrderedDict()

    def show(self, token: str, talk: Talk, at: int) -> None:
        """Put a slide on stage; the clock runs on."""
        with self._lock:
            before = self._stages.pop(token, None)
            began = time.time() if before is None else before.began
            self._stages[token] = Stage(talk, at, began)
            while len(self._stages) > _MOST:
                self._stages.popitem(last=False)

    def restart(self, token: str) -> None:
        """Set the clock to nought."""
        with self._lock:
            if token in self._stages:
                self._stages[token] = replace(self._stages[token], began=time.time())

    def get(self, token: str) -> Stage | None:
        """What is on stage; None for a token that nobody has, or a talk that is over."""
        with self._lock:
            return self._stages.get(token)

    def end(self, token: str) -> None:
        """Forget a talk."""
        with self._lock:
            self._stages.pop(token, None)


@st.cache_resource(show_spinner=False)
def stages() -> Stages:
    """The server's."""
    return Stages()
