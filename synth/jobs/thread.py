"""Long work in a thread of this process, with progress and stop.

Work reports its progress and is stopped when it next does. Jobs that share a gate work one after
the other, so that one machine serves many visitors.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock, Semaphore, Thread
from typing import Generic, TypeVar

from synth.errors import PopulaceError
from synth.jobs.handle import Job, Progress, State

Result = TypeVar("Result")


class _CancelledError(Exception):
    """The work was asked to stop."""


class ThreadJob(Job, Generic[Result]):
    """Work in a thread, started when the job is constructed.

    Parameters
    ----------
    work : callable
        Gets a `Progress` to call, and returns the result.
    gate : Semaphore
        Jobs that share one wait for it.
    waiting : str
        What to say while the job waits for the gate.
    broken : str
        The sentence of a job whose work raised something else than a `PopulaceError`.

    Attributes
    ----------
    result : object or None
        What the work returned, once the job is done.
    """

    def __init__(
        self,
        work: Callable[[Progress], Result],
        gate: Semaphore,
        *,
        waiting: str = "Waiting for another job to finish",
        broken: str = "Something went wrong: try again.",
    ) -> None:
        self.result: Result | None = None
        self._work, self._gate = work, gate
        self._waiting, self._broken = waiting, broken
        self._lock, self._stopping = Lock(), False
        self._began = time.monotonic()
        self._state = State(0.0, "Starting", 0.0)
        self._thread = Thread(target=self._run, name="populace-job", daemon=True)
        self._thread.start()

    def state(self) -> State:
        """Where the job stands now; after its end, always the same.

        Returns
        -------
        State
        """
        with self._lock:
            state = self._state
        if state.over:
            return state
        return State(state.share, state.words, time.monotonic() - self._began)

    def wait(self, seconds: float = 600.0) -> State:
        """Wait until the thread has ended.

        Parameters
        ----------
        seconds : float
            The longest wait.

        Returns
        -------
        State
            Where the job stands then; not over where the wait was too short.
        """
        self._thread.join(seconds)
        return self.state()

    def cancel(self) -> None:
        """Ask the work to stop; it does at its next report of progress."""
        with self._lock:
            self._stopping = True
            if not self._state.over:
                self._state = State(self._state.share, "Stopping after this step", 0.0)

    def close(self) -> None:
        """Ask the work to stop."""
        self.cancel()

    def _run(self) -> None:
        try:
            while not self._gate.acquire(timeout=0.2):
                self._progress(0.0, self._waiting)
            try:
                self._check()
                self.result = self._work(self._progress)
            finally:
                self._gate.release()
            self._end("")
        except _CancelledError:
            self._end("It was stopped.", cancelled=True)
        except PopulaceError as error:
            self._end(str(error))
        except Exception:
            self._end(self._broken)
            raise  # the thread's own hook writes the trace to the server's log

    def _end(self, error: str, *, cancelled: bool = False) -> None:
        seconds = time.monotonic() - self._began
        with self._lock:
            share = self._state.share if error else 1.0
            self._state = State(share, "", seconds, not error, error, cancelled)

    def _progress(self, share: float, words: str) -> None:
        self._check()
        with self._lock:
            if not self._stopping:
                self._state = State(share, words, 0.0)

    def _check(self) -> None:
        with self._lock:
            if self._stopping:
                raise _CancelledError


class RecentResults(Generic[Result]):
    """The results that were used last, for all threads.

    Parameters
    ----------
    most : int
        How many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._kept: OrderedDict[Hashable, Result] = OrderedDict()

    def get(self, key: Hashable) -> Result | None:
        """The result under the key, if it is still kept.

        Parameters
        ----------
        key : hashable
            What it was put under.

        Returns
        -------
        object or None
            None where it is gone.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Hashable, result: Result) -> None:
        """Keep a result; the one that was used longest ago may have to go.

        Parameters
        ----------
        key : hashable
            What to find it by.
        result : object
            What to keep; threads share it.
        """
        with self._lock:
            self._kept[key] = result
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
