"""Long work in a child process: it can be watched and stopped, and dies alone.

The child gets a private folder with its task as JSON and tells its progress as JSON lines; nothing
is pickled either way. It limits its own memory, time and file sizes, runs at low priority, and ends
when its parent does. A `ProcessJob` is the parent's handle; when it is dropped, the child ends and
its folder goes. What the child is and does is its caller's: a command that ends in `run_child`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth.errors import PopulaceError
from synth.jobs.handle import Job, Progress, State

ROOT = Path(__file__).parents[2]
"""The folder in which children start, so that they find this package."""
_ENVIRONMENT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "NUMBA_CACHE_DIR",
    "SYSTEMROOT",
    "SYNTH_GENERATORS",
    "SYNTH_DEVICE",
    "SYNTH_CACHE",
    "XDG_CACHE_HOME",
    "HTTPS_PROXY",
    "https_proxy",
)
_WATCH_SECONDS = 2

_TOO_LARGE = (b"MemoryError", b"bad_alloc", b"annot allocate memory")
"""What stands among the last words of a child that wanted more memory than it may have."""

QUEUE = 200
"""The most jobs that wait."""
_LOOK_SECONDS = 0.25

_running: weakref.WeakSet[ProcessJob] = weakref.WeakSet()
_waiting: list[weakref.ref[ProcessJob]] = []
_starting = threading.RLock()
_keeper = threading.Event()
"""Set while a thread looks after the queue."""


@dataclass(frozen=True)
class Limits:
    """What a child may take.

    Attributes
    ----------
    memory : int
        Bytes of address space.
    seconds : int
        Seconds of processor time, and of the clock.
    file_size : int
        Bytes of any file that it writes.
    """

    memory: int
    seconds: int
    file_size: int


@dataclass(frozen=True)
class Messages:
    """The sentences for the ways in which a child can end without one of its own.

    Attributes
    ----------
    busy : str
        Too many jobs wait already; `{count}` is their number.
    waiting : str
        The job waits for its turn; `{place}` is its place in the queue, from 1.
    too_large : str
        The child needed more memory than it may have.
    too_long : str
        The child took longer than it may; `{minutes}` is its limit.
    broken : str
        The child ended in another way.
    cancelled : str
        The job was cancelled.
    """

    busy: str = "{count} jobs are waiting already: try again in a few minutes."
    waiting: str = "Waiting: number {place} in the queue; it starts by itself"
    too_large: str = "It needed more memory than it may have."
    too_long: str = "It took longer than {minutes} minutes and was stopped."
    broken: str = "The work broke off unexpectedly."
    cancelled: str = "It was stopped; nothing was kept."


class ProcessJob(Job):
    """A child process at work, started when the job is constructed or when its turn comes.

    Parameters
    ----------
    command : sequence of str
        What to run; the folder is added as the last argument.
    folder : Path
        A private folder that does not exist yet; it is removed with the job.
    task : mapping of str to JSON value
        What the child is to do; `run_child` hands it on.
    limits : Limits
        What the child may take.
    messages : Messages
        The sentences for its deaths.
    most : int
        Wait where so many children of this process work already; first come, first served.
    kind : str
        What it does, for the caller.

    Attributes
    ----------
    kind, most
        As given.
    folder : Path
        Where the child leaves its results.
    process : subprocess.Popen or None
        The child; None while the job waits.

    Raises
    ------
    PopulaceError
        `QUEUE` jobs wait already.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        task: Mapping[str, Any],
        *,
        limits: Limits,
        messages: Messages,
        most: int,
        kind: str = "",
    ) -> None:
        self.kind = kind
        self.folder = folder
        self._limits, self._messages = limits, messages
        self.most, self._command, self._task = most, tuple(command), dict(task)
        self._began = time.monotonic()
        self._ended: State | None = None
        self._cancelled = False
        self._child = _Child()
        self._end = weakref.finalize(self, _clear, self._child, folder)
        with _starting:
            if len(_waiting) >= QUEUE:
                raise PopulaceError(messages.busy.format(count=len(_waiting)))
            _waiting.append(weakref.ref(self))
            _advance()
        if self.process is None:
            _look_after_the_queue()

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        return self._child.process

    @property
    def place(self) -> int:
        """The place in the queue, from 1; 0 where the job does not wait."""
        with _starting:
            jobs = [each for each in (ref() for ref in _waiting) if each is not None]
        return next((i for i, job in enumerate(jobs, 1) if job is self), 0)

    def state(self) -> State:
        """Where the job stands now; after its end, always the same.

        A child that has taken longer than its limit is stopped here.

        Returns
        -------
        State
        """
        if self._ended is not None:
            return self._ended
        seconds = time.monotonic() - self._began
        if self.process is None:
            with _starting:
                _advance()
        if self._ended is not None:
            return self._ended
        if self.process is None:
            if self._cancelled:
                self._ended = State(0.0, "", seconds, False, self._messages.cancelled, True)
                return self._ended
            return State(0.0, self._messages.waiting.format(place=max(self.place, 1)), seconds)
        code = self.process.poll()
        latest = self._latest()
        share, error = float(latest.get("share", 0.0)), str(latest.get("error", ""))
        if code is None and seconds > self._limits.seconds:
            _kill(self.process)
            error, code = self._too_long(), self.process.wait()
        if code is None:
            return State(share, str(latest.get("words", "Starting")), seconds)
        if self._cancelled:
            error = self._messages.cancelled
        elif not error and code != 0:
            error = self._death(code)
        self._ended = State(share if error else 1.0, "", seconds, not error, error, self._cancelled)
        return self._ended

    def wait(self, seconds: float = 600.0) -> State:
        """Wait until the child has ended.

        Parameters
        ----------
        seconds : float
            The longest wait.

        Returns
        -------
        State
            Where the job stands then; not over where the wait was too short.
        """
        end = time.monotonic() + seconds
        while self.process is None and not self.state().over and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(max(end - time.monotonic(), 0.0))
        return self.state()

    def cancel(self) -> None:
        """Stop the child at once; a job that waits leaves the queue."""
        with _starting:
            if self.process is None:
                self._cancelled = True
                _leave(self)
                return
        if self.process.poll() is None:
            self._cancelled = True
            _kill(self.process)
            self.process.wait()

    def start(self) -> None:
        """Start the child of a job that waited; its turn has come."""
        try:
            self._child.process = _start(self._command, self.folder, self._task, self._limits)
            self._began = time.monotonic()
        except OSError as error:
            reason = error.strerror or str(error)
            words = f"The server could not begin ({reason}): try later."
            self._ended = State(0.0, "", time.monotonic() - self._began, False, words)

    def close(self) -> None:
        """Stop the child, or leave the queue, and remove the folder."""
        with _starting:
            _leave(self)
        self._end()

    def _latest(self) -> dict[str, Any]:
        """The child's latest whole line of progress."""
        try:
            lines = (self.folder / "progress.jsonl").read_bytes().split(b"\n")[:-1]
        except OSError:
            return {}
        for line in reversed(lines):
            try:
                latest = json.loads(line)
            except ValueError:
                continue
            if isinstance(latest, dict):
                return latest
        return {}

    def _death(self, code: int) -> str:
        """Why a child may have died that gave no sentence itself."""
        output = b""
        with contextlib.suppress(OSError):
            output = (self.folder / "errors.txt").read_bytes()[-4000:]
        if code in (-signal.SIGKILL, 137) or any(words in output for words in _TOO_LARGE):
            return self._messages.too_large
        if code == -signal.SIGXCPU:
            return self._too_long()
        return self._messages.broken

    def _too_long(self) -> str:
        return self._messages.too_long.format(minutes=self._limits.seconds // 60 or 1)


@dataclass
class _Child:
    """The process of a job, which may come later."""

    process: subprocess.Popen[bytes] | None = None


def _leave(job: ProcessJob) -> None:
    _waiting[:] = [ref for ref in _waiting if ref() not in (None, job)]


def _advance() -> None:
    """Start those whose turn has come; whoever calls holds `_starting`."""
    _waiting[:] = [ref for ref in _waiting if ref() is not None]
    while _waiting:
        job = _waiting[0]()
        if job is not None:
            processes = [other.process for other in _running]
            busy = sum(process is not None and process.poll() is None for process in processes)
            if busy >= job.most:
                return
            job.start()
            _running.add(job)
        _waiting.pop(0)


def _look_after_the_queue() -> None:
    """Start waiting jobs although nobody asks for them: their visitors may be on other pages."""

    def look() -> None:
        while True:
            time.sleep(_LOOK_SECONDS)
            with _starting:
                _advance()
                if not _waiting:
                    _keeper.clear()
                    return

    with _starting:
        if not _waiting or _keeper.is_set():
            return
        _keeper.set()
    threading.Thread(target=look, name="populace-queue", daemon=True).start()


def _start(
    command: Sequence[str], folder: Path, task: Mapping[str, Any], limits: Limits
) -> subprocess.Popen[bytes]:
    folder.mkdir(mode=0o700, parents=True)
    whole = {
        "memory": limits.memory,
        "seconds": limits.seconds,
        "file_size": limits.file_size,
        **task,
    }
    (folder / "task.json").write_text(json.dumps(whole), encoding="utf-8")
    environment = {key: os.environ[key] for key in _ENVIRONMENT if key in os.environ}
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    # A child is stopped by a signal that lets it tidy nothing: what it put away goes with the job.
    temporary = folder / "temporary"
    temporary.mkdir(mode=0o700)
    environment["TMPDIR"] = str(temporary)
    with (
        (folder / "progress.jsonl").open("wb") as out,
        (folder / "errors.txt").open("wb") as err,
    ):
        return subprocess.Popen(
            [*command, str(folder)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _clear(child: _Child, folder: Path) -> None:
    if child.process is not None:
        _kill(child.process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(5)
    shutil.rmtree(folder, ignore_errors=True)


# ---------------------------------------------------------------------- the child's side


def run_child(
    folder: Path,
    work: Callable[[Path, Mapping[str, Any], Progress], None],
    *,
    too_large: str,
) -> int:
    """In the child: do the work of a folder's task under its limits.

    Parameters
    ----------
    folder : Path
        The folder that the parent prepared.
    work : callable
        Gets the folder, the task and a `Progress` to call.
    too_large : str
        The sentence for work that needed too much memory.

    Returns
    -------
    int
        The exit code: 0 where the work went well.
    """
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    _limit(int(task["memory"]), int(task["seconds"]), int(task["file_size"]))
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    try:
        work(folder, task, _progress)
    except PopulaceError as error:
        _write_line({"error": str(error)})
        return 1
    except MemoryError:
        _write_line({"error": too_large})
        return 1
    return 0


def _limit(memory: int, seconds: int, file_size: int) -> None:
    import resource

    for resource_kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(resource_kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource_kind, (most, hard))
    os.nice(5)
    os.umask(0o077)


def _watch(parent: int) -> None:
    """End when the parent has ended."""
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)


def _write_line(value: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _progress(share: float, words: str) -> None:
    _write_line({"share": round(share, 4), "words": words})
