"""Private folders for files that must not outlive whoever they belong to.

All folders of a process lie in one, on which it holds a lock of the system's. The lock dies with
the process, even with one that is killed, so the next process knows which folders nobody needs.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from threading import Lock

from filelock import FileLock, Timeout

PREFIX = "populace-scratch-"
_LOCK = "lock"
_YOUNG = 60.0
"""Seconds in which a folder may still lack its lock."""

_opening = Lock()
_own: dict[int, tuple[Path, FileLock]] = {}
"""Process number → its folder; a forked child has none of its own yet."""


def scratch() -> Path:
    """This process's private folder, which goes with the process at the latest.

    What dead processes left is removed when it is first asked for.

    Returns
    -------
    Path
        Nobody else can read it; make folders in it, and remove them when they are done with.
    """
    with _opening:
        own = _own.get(os.getpid())
        if own is None or not own[0].is_dir():
            remove_leftovers()
            root = Path(tempfile.mkdtemp(prefix=PREFIX))
            lock = FileLock(root / _LOCK)
            lock.acquire(timeout=5)
            own = _own[os.getpid()] = (root, lock)
        return own[0]


def remove_leftovers() -> int:
    """Remove the folders of processes that have ended.

    Returns
    -------
    int
        How many were removed.
    """
    removed = 0
    for root in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if root.is_symlink() or not _is_ours(root):
                continue
            if time.time() - root.stat().st_mtime > _YOUNG and not _is_held(root):
                shutil.rmtree(root, ignore_errors=True)
                removed += 1
    return removed


def close() -> None:
    """Remove this process's folders; at a regular end."""
    own = _own.pop(os.getpid(), None)
    if own is not None:
        own[1].release()
        shutil.rmtree(own[0], ignore_errors=True)


def _is_held(root: Path) -> bool:
    lock = FileLock(root / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def _is_ours(root: Path) -> bool:
    return not hasattr(os, "getuid") or root.stat().st_uid == os.getuid()
