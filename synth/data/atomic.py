"""Files that are never seen half-written: a hidden part beside them takes their place at the end.

A part's name begins with a full stop, where pandas, pyarrow and Dask do not look when they read a
folder. Its writer holds the system's lock on it, which dies with the writer, so the next one can
tell a part that somebody writes from one that a killed process left.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synth.errors import PopulaceError

try:
    import fcntl
except ImportError:  # Windows: parts are told by their age alone
    fcntl = None  # type: ignore[assignment]

ENDING = ".part"
OLD = 3600.0
"""Seconds after which a part that nobody holds is a leftover."""
_TRIES = 3
_LONGEST = 120  # bytes of a file's name that its part repeats


@contextmanager
def whole(path: Path, *, alone: bool = True) -> Iterator[Path]:
    """A hidden file beside `path` to write to, which takes its place once everything is written.

    Parameters
    ----------
    path : Path
        The file to write; an older one stays until the new one is whole.
    alone : bool
        Refuse where another writer is at the same file. False where all writers write the same
        bytes, as workers that were given the same partition do: the last one's stay.

    Returns
    -------
    context manager of Path
        The part; it is removed where the block raises.

    Raises
    ------
    PopulaceError
        `path` cannot become a file, or another writer is at it.
    """
    check_target(path)
    remove_leftovers(path)
    part, lock = _begin(path, alone)
    try:
        yield part
        _give_way(part, path)
    finally:
        part.unlink(missing_ok=True)
        os.close(lock)


def check_target(path: Path) -> None:
    """Raise a PopulaceError where a file cannot be written; ask before long work.

    Parameters
    ----------
    path : Path
        The file to be written.
    """
    if path.is_dir():
        raise PopulaceError(f"{path} is a folder: name a file in it.")
    if not path.parent.is_dir():
        raise PopulaceError(f"There is no folder {path.parent}: make it first, or name another.")
    if not os.access(path.parent, os.W_OK):
        raise PopulaceError(f"The folder {path.parent} cannot be written: name another.")


def remove_leftovers(path: Path, *, age: float = OLD) -> int:
    """Remove the parts that killed writers left.

    Parameters
    ----------
    path : Path
        A file, whose parts are meant; or a folder, in which those of every file are.
    age : float
        Seconds since a part was last written to, where its writer was of another machine.

    Returns
    -------
    int
        How many were removed.
    """
    folder, pattern = (path, ".*") if path.is_dir() else (path.parent, f"{_stem(path)}.*")
    removed = 0
    for part in folder.glob(f"{pattern}-????????{ENDING}"):
        if _is_left(part, age):
            with contextlib.suppress(OSError):
                part.unlink()
                removed += 1
    return removed


def _stem(path: Path) -> str:
    name = path.name
    if len(name.encode()) > _LONGEST or any(sign in name for sign in "*?["):
        name = hashlib.sha256(name.encode()).hexdigest()[:32]
    return f".{name}"


def _begin(path: Path, alone: bool) -> tuple[Path, int]:
    """A part of our own, locked; refused where another live one is there and `alone` is asked."""
    for attempt in range(_TRIES):
        part = path.with_name(f"{_stem(path)}.{os.getpid()}-{secrets.token_hex(4)}{ENDING}")
        lock = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        _try_lock(lock)
        others = [p for p in path.parent.glob(f"{_stem(path)}.*-????????{ENDING}") if p != part]
        if not alone or not any(map(_is_held, others)):
            return part, lock
        part.unlink()
        os.close(lock)
        # Two that began at once have seen each other: one of them comes back first.
        time.sleep(random.uniform(0.02, 0.2) * (attempt < _TRIES - 1))
    raise PopulaceError(
        f"Another process is writing {path} just now: wait for it, or name another file."
    )


def _give_way(part: Path, path: Path) -> None:
    try:
        part.replace(path)
    except IsADirectoryError as error:
        raise PopulaceError(f"{path} became a folder meanwhile: name another file.") from error


def _try_lock(file: int) -> bool:
    """Whether nobody else held the lock; True where the system has none."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _is_held(part: Path) -> bool:
    """Whether somebody writes to a part."""
    try:
        file = os.open(part, os.O_WRONLY)
    except OSError:
        return False
    try:
        return not _try_lock(file)
    finally:
        os.close(file)


def _is_left(part: Path, age: float) -> bool:
    """Whether a part's writer is gone: nobody holds it, and it is old or its process has ended."""
    if _is_held(part):
        return False
    try:
        old = time.time() - part.stat().st_mtime > age
    except OSError:
        return False
    return old or _has_ended(part.name.removesuffix(ENDING).rpartition(".")[2].partition("-")[0])


def _has_ended(number: str) -> bool:
    """Whether no process of this machine has that number."""
    if not number.isdigit() or os.name != "posix":
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
