"""Work on a table in a process of its own: it can be watched, stopped, and may die alone.

Reading, learning and opening files happen in a child, ``python -m synth.fitting.tasks``, which gets
files in a private folder and tells its progress as JSON lines; nothing is pickled either way. The
child limits its own memory, time and file sizes, runs behind everybody else, and ends when its
parent does. A `Job` is the parent's handle; when it is dropped, the child ends and its folder goes.
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
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from synth.errors import PopulaceError

if TYPE_CHECKING:
    import pandas as pd

    from synth.fitting.plan import Plan

Kind = Literal["inspect", "learn", "open", "list", "interests"]
ROOT = Path(__file__).parents[2]
MEMORY = 6 * 2**30
"""Bytes of address space that a child may claim; what it really uses is far less."""
SECONDS: Mapping[Kind, int] = {
    "inspect": 900,
    "learn": 7200,
    "open": 900,
    "list": 900,
    "interests": 1800,
}
"""How long each kind of work may take."""
FILE_LIMIT = 2**30
MOST = 4
"""So many children at a time, for all visitors together."""
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "NUMBA_CACHE_DIR", "SYSTEMROOT")
_TOO_LARGE = "It needed more memory than one table may take: keep fewer rows or columns."

_running: weakref.WeakSet[Job] = weakref.WeakSet()
_starting = threading.Lock()


@dataclass(frozen=True)
class State:
    """Where a job stands.

    Attributes
    ----------
    share : float
        How much is done, from 0 to 1.
    words : str
        What it is doing.
    seconds : float
        How long it has been at it.
    done : bool
        It has ended well.
    error : str
        A sentence where it has ended badly; else empty.
    """

    share: float
    words: str
    seconds: float
    done: bool = False
    error: str = ""

    @property
    def over(self) -> bool:
        """Whether it has ended, well or badly."""
        return self.done or bool(self.error)


class Job:
    """A child at work.

    Parameters
    ----------
    kind : {"inspect", "learn", "open", "list", "interests"}
        What it does.
    folder : Path
        A private folder that does not exist yet; it is removed with the job.
    upload : Path
        The file it reads.
    told : mapping of str to JSON value
        What else it needs: `name` of the file; for "learn" and "interests" the `plan` and, where
        that takes interests from a second table, its path (`things`) and name (`things_name`).

    Raises
    ------
    PopulaceError
        Too many tables are being worked on.
    """

    def __init__(
        self,
        kind: Kind,
        folder: Path,
        upload: Path,
        told: Mapping[str, Any],
        *,
        memory: int = MEMORY,
        seconds: int | None = None,
    ) -> None:
        self.kind: Kind = kind
        self.folder = folder
        self._limit = seconds or SECONDS[kind]
        with _starting:
            busy = [job for job in _running if job.process.poll() is None]
            if len(busy) >= MOST:
                raise PopulaceError(
                    f"{len(busy)} tables are being worked on just now: try again in a minute."
                )
            folder.mkdir(mode=0o700, parents=True)
            task = {"upload": str(upload), "memory": memory, "seconds": self._limit, **told}
            (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
            environment = {key: os.environ[key] for key in _KEPT if key in os.environ}
            environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            with (
                (folder / "progress.jsonl").open("wb") as out,
                (folder / "errors.txt").open("wb") as err,
            ):
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "synth.fitting.tasks", kind, str(folder)],
                    cwd=ROOT,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                )
            _running.add(self)
        self._began = time.monotonic()
        self._ended: State | None = None
        self._cancelled = False
        self._end = weakref.finalize(self, _clear, self.process, folder)

    def state(self) -> State:
        """Where the job stands now."""
        if self._ended is not None:
            return self._ended
        seconds = time.monotonic() - self._began
        code = self.process.poll()
        last, error = self._told()
        if code is None and seconds > self._limit:
            _kill(self.process)
            error, code = _too_long(self._limit), self.process.wait()
        if code is None:
            return State(float(last.get("share", 0.0)), str(last.get("words", "Starting")), seconds)
        share = float(last.get("share", 0.0))
        if self._cancelled:
            error = "It was stopped; nothing was kept."
        elif not error and code != 0:
            error = self._death(code)
        self._ended = State(1.0 if not error else share, "", seconds, not error, error)
        return self._ended

    def wait(self, seconds: float = 600.0) -> State:
        """Wait until the job has ended, at most so long."""
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

    def _told(self) -> tuple[dict[str, Any], str]:
        """The latest progress, and the sentence it failed with."""
        try:
            lines = (self.folder / "progress.jsonl").read_bytes().split(b"\n")[:-1]
        except OSError:
            return {}, ""
        for line in reversed(lines):
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if isinstance(told, dict):
                return told, str(told.get("error", ""))
        return {}, ""

    def _death(self, code: int) -> str:
        """Why a child that said nothing may have died, in a sentence."""
        said = b""
        with contextlib.suppress(OSError):
            said = (self.folder / "errors.txt").read_bytes()[-4000:]
        if b"MemoryError" in said or b"bad_alloc" in said or code in (-signal.SIGKILL, 137):
            return _TOO_LARGE
        if code == -signal.SIGXCPU:
            return _too_long(self._limit)
        if self.kind == "open":
            return "The file is damaged or was not made by Populace: ask for it anew."
        return (
            "The work on this table broke off unexpectedly: try it with fewer columns, or save "
            "the table anew."
        )


def _too_long(seconds: int) -> str:
    return (
        f"It took longer than {seconds // 60 or 1} minutes and was stopped: keep fewer rows or "
        "columns."
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


# ---------------------------------------------------------------------- the child


def main(arguments: list[str]) -> int:
    """Do the work that a folder's task describes; the exit code is 0 where it went well."""
    kind, folder = arguments[0], Path(arguments[1])
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    _limit(int(task["memory"]), int(task["seconds"]))
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()
    try:
        _WORK[kind](folder, task, _say)
    except PopulaceError as error:
        _tell({"error": str(error)})
        return 1
    except MemoryError:
        _tell({"error": _TOO_LARGE})
        return 1
    return 0


def _limit(memory: int, seconds: int) -> None:
    import resource

    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, FILE_LIMIT),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, hard))
    os.nice(5)
    os.umask(0o077)


def _watch(parent: int) -> None:
    """End when the parent has ended."""
    while os.getppid() == parent:
        time.sleep(2)
    os._exit(1)


def _tell(told: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _say(share: float, words: str) -> None:
    _tell({"share": round(share, 4), "words": words})


def _understand(folder: Path, task: Mapping[str, Any], say: Callable[[float, str], None]) -> None:
    from synth.data.table import read_frame
    from synth.fitting.inspection import inspect_table

    say(0.05, "Reading the file")
    frame, notes = read_frame(Path(task["upload"]), name=task["name"])
    say(0.5, f"Looking at {len(frame):,} rows of {frame.shape[1]} columns")
    inspection = inspect_table(frame, task["name"], notes)
    _write(folder / "inspection.json", json.dumps(inspection.to_json()))


def _learn(folder: Path, task: Mapping[str, Any], say: Callable[[float, str], None]) -> None:
    from synth import populations
    from synth.data.table import read_frame
    from synth.fitting.fit import build
    from synth.fitting.plan import Plan

    say(0.01, "Reading the file")
    frame, _ = read_frame(Path(task["upload"]), name=task["name"])
    plan = Plan.from_json(task["plan"])
    last = [0.0]

    def often(share: float, words: str) -> None:
        if share >= 1.0 or time.monotonic() - last[0] > 0.2:
            last[0] = time.monotonic()
            say(min(share, 0.97), words)

    made = build(frame, plan, often, things=_things(task, plan))
    say(0.98, "Writing it down")
    populations.write(made, folder / "population", rows=True)


def _list(folder: Path, task: Mapping[str, Any], say: Callable[[float, str], None]) -> None:
    from synth.data.table import read_frame
    from synth.fitting.interests import Things

    say(0.05, "Reading the file")
    frame, _ = read_frame(Path(task["upload"]), name=task["name"])
    _write(folder / "things.json", json.dumps(Things.of(frame, task["name"]).to_json()))


def _interests(folder: Path, task: Mapping[str, Any], say: Callable[[float, str], None]) -> None:
    from synth.data.table import read_frame
    from synth.fitting.interests import find
    from synth.fitting.plan import Plan

    say(0.01, "Reading the file")
    frame, _ = read_frame(Path(task["upload"]), name=task["name"])
    plan = Plan.from_json(task["plan"])
    if plan.interests is None:
        raise PopulaceError("The plan takes interests from nowhere: say where from.")
    found = find(frame, plan.interests, _things(task, plan), seed=plan.seed, progress=say)
    told = {"note": found.note, "interests": [asdict(one) for one in found.interests]}
    _write(folder / "interests.json", json.dumps(told))


def _things(task: Mapping[str, Any], plan: Plan) -> pd.DataFrame | None:
    """The second table, where the plan takes interests from one."""
    from synth.data.table import read_frame

    if plan.interests is None or plan.interests.text or not task.get("things"):
        return None
    return read_frame(Path(task["things"]), name=task["things_name"])[0]


def _open(folder: Path, task: Mapping[str, Any], say: Callable[[float, str], None]) -> None:
    from synth.populations.archive import BYTES_LIMIT, unpack

    say(0.1, "Checking the file")
    path = Path(task["upload"])
    if path.stat().st_size > BYTES_LIMIT:
        raise PopulaceError(f"{task['name']} is too large: save it without its rows.")
    unpack(path.read_bytes(), folder / "unpacked", task["name"])
    (folder / "unpacked").rename(folder / "population")


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


_WORK: Mapping[str, Callable[[Path, Mapping[str, Any], Callable[[float, str], None]], None]] = {
    "inspect": _understand,
    "learn": _learn,
    "open": _open,
    "list": _list,
    "interests": _interests,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
