"""A command that is stopped: what it was writing goes, and a sentence says so."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_WORDS = {
    "SIGINT": "Stopped by Ctrl+C.",
    "SIGTERM": "Stopped by a request to end (SIGTERM).",
    "SIGHUP": "Stopped because its terminal was closed (SIGHUP).",
}


class Stopped(BaseException):
    """A signal asked the command to end.

    Attributes
    ----------
    code : int
        The exit code that tells so: 128 and the signal's number.
    """

    def __init__(self, number: int) -> None:
        name = signal.Signals(number).name
        super().__init__(_WORDS.get(name, f"Stopped by {name}."))
        self.code = 128 + number


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Raise `Stopped` inside the block where the system asks the command to end.

    By default SIGTERM and SIGHUP end Python at once, and what it was writing stays.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = [name for name in _WORDS if hasattr(signal, name)]
    before = {name: signal.getsignal(getattr(signal, name)) for name in names}
    wanted = [name for name in names if before[name] is not signal.SIG_IGN]  # nohup stays nohup

    def stop(number: int, frame: FrameType | None) -> None:
        for name in wanted:  # a second signal does not disturb the cleaning
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        raise Stopped(number)

    for name in wanted:
        signal.signal(getattr(signal, name), stop)
    try:
        yield
    finally:
        for name in wanted:
            signal.signal(getattr(signal, name), before[name])
