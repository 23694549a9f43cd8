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
    "TMPDIR",
    "NUMBA_CACHE_DIR",
    "SYSTEMROOT",
    "SYNTH_GENERATORS",
    "SYNTH_DEVICE",
)
_WATCH_SECONDS = 2

_running: weakref.WeakSet[ProcessJob] = weakref.WeakSet()
_starting = threading.Lock()


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
        Too many children work already; `{count}` is their number.
    too_large : str
        The child needed more memory than it may have.
    too_long : str
        The child took longer than it may; `{minutes}` is its limit.
    broken : str
        The child ended in another way.
    cancelled : str
        The job was cancelled.
    """

    busy: str = "{count} jobs are being worked on just now: try again in a minute."
    too_large: str = "It needed more memory than it may have."
    too_long: str = "It took longer than {minutes} minutes and was stopped."
    broken: str = "The work broke off unexpectedly."
    cancelled: str = "It was stopped; nothing was kept."


class ProcessJob(Job):
    """A child process at work, started when the job is constructed.

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
        Refuse to start where so many children of this process work already.
    kind : str
        What it does, for the caller.

    Attributes
    ----------
    kind : str
        As given.
    folder : Path
        Where the child leaves its results.
    process : subprocess.Popen
        The child.

    Raises
    ------
    PopulaceError
        Too many children work already.
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
        with _starting:
            busy = sum(job.process.poll() is None for job in _running)
            if busy >= most:
                raise PopulaceError(messages.busy.format(count=busy))
            self.process: subprocess.Popen[bytes] = _start(command, folder, task, limits)
            _running.add(self)
        self._began = time.monotonic()
        self._ended: State | None = None
        self._cancelled = False
        self._end = weakref.finalize(self, _clear, self.process, folder)

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
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        return self.state()

    def cancel(self) -> None:
        """Stop the child at once."""
        if self.process.poll() is None:
            self._cancelled = True
            _kill(self.process)
            self.process.wait()

    def close(self) -> None:
        """Stop the child and remove its folder."""
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
        if b"MemoryError" in output or b"bad_alloc" in output or code in (-signal.SIGKILL, 137):
            return self._messages.too_large
        if code == -signal.SIGXCPU:
            return self._too_long()
        return self._messages.broken

    def _too_long(self) -> str:
        return self._messages.too_long.format(minutes=self._limits.seconds // 60 or 1)


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


def _clear(process: subprocess.Popen[bytes], folder: Path) -> None:
    _kill(process)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
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
