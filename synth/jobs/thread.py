"""Long work beside the one who asked for it: in a thread of its own, told of, and stopped.

A job tells how far it is and can be asked to stop, which it does when its work next says how far
it is. Jobs that share a gate work one after the other, so that one machine serves many people.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock, Semaphore, Thread
from typing import Generic, Literal, TypeVar

from synth.errors import PopulaceError

State = Literal["waiting", "working", "done", "stopped", "failed"]
Made = TypeVar("Made")
Progress = Callable[[float, str], None]


class _StoppedError(Exception):
    """The work was asked to stop."""


class Job(Generic[Made]):
    """Work in a thread, begun when it is made.

    state: "waiting" for the gate, "working", "done", "stopped" or "failed"; share: 0 to 1, and
    `words` what is being done; result: what the work gave, once done; problem: a sentence, where it
    failed.
    """

    def __init__(self, work: Callable[[Progress], Made], gate: Semaphore) -> None:
        self.state: State = "waiting"
        self.share, self.words = 0.0, "Starting"
        self.result: Made | None = None
        self.problem = ""
        self._work, self._gate = work, gate
        self._lock, self._stopping = Lock(), False
        self._thread = Thread(target=self._run, name="populace-job", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether there is still something to wait for."""
        return self.state in ("waiting", "working")

    def stop(self) -> None:
        """Ask the work to stop; it does after the step that it is at."""
        with self._lock:
            self._stopping = True
            if self.busy:
                self.words = "Stopping after this step"

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the work has ended, or so long."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            while not self._gate.acquire(timeout=0.2):
                self._tell(0.0, "Waiting for another report to finish")
            try:
                self._check()
                self.state = "working"
                self.result = self._work(self._tell)
                self.share, self.state = 1.0, "done"
            finally:
                self._gate.release()
        except _StoppedError:
            self.state = "stopped"
        except PopulaceError as error:
            self.problem, self.state = str(error), "failed"
        except Exception:
            self.problem = "Something went wrong while the report was made: try fewer rows."
            self.state = "failed"
            raise  # the thread's own hook writes the trace to the server's log

    def _tell(self, share: float, words: str) -> None:
        self._check()
        with self._lock:
            self.share = share
            if not self._stopping:
                self.words = words

    def _check(self) -> None:
        with self._lock:
            if self._stopping:
                raise _StoppedError


class Shelf(Generic[Made]):
    """The results that were made last, for all threads."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._kept: OrderedDict[Hashable, Made] = OrderedDict()

    def get(self, key: Hashable) -> Made | None:
        """What was put there under the key, if it is still there."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Hashable, made: Made) -> None:
        """Keep a result; the one that was asked for longest ago may have to go."""
        with self._lock:
            self._kept[key] = made
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
