"""Where the library is: its models, unwritable folders, screens that know few characters."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path

_HERE = Path(__file__).parent
MODELS = next(
    (folder for folder in (_HERE.parent / "models", _HERE / "_models") if folder.is_dir()),
    _HERE.parent / "models",
)
"""What was learned: beside the library in the repository, in it once installed."""
_VARIABLE = "NUMBA_CACHE_DIR"


def ensure_numba_cache() -> None:
    """Name a folder for compiled code where numba would find none and refuse to compile.

    Numba keeps it beside the code or in the user's cache. Where neither can be written (a
    read-only image, a service without a home), it goes into ours or into a private temporary
    folder. Call it before numba is imported.
    """
    if os.environ.get(_VARIABLE) or _is_writable(Path(__file__).parent / "__pycache__"):
        return
    home = os.environ.get("XDG_CACHE_HOME") or _home(".cache")
    if home and _is_writable(Path(home) / "numba"):
        return
    for folder in _candidates():
        if _is_private(folder):
            os.environ[_VARIABLE] = str(folder)
            return


def ensure_output_encoding() -> None:
    """Let characters that a screen does not know be replaced instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        encoding = (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "")
        if encoding not in ("utf8", "utf16", "utf32"):
            with contextlib.suppress(AttributeError, OSError, ValueError):
                stream.reconfigure(errors="replace")  # type: ignore[union-attr]


def _candidates() -> list[Path]:
    own = os.environ.get("SYNTH_CACHE")
    number = os.getuid() if hasattr(os, "getuid") else 0
    temporary = Path(tempfile.gettempdir()) / f"populace-numba-{number}"
    return [*([Path(own) / "numba"] if own else []), temporary]


def _home(name: str) -> str:
    home = os.path.expanduser("~")  # noqa: PTH111 - `Path.home` raises where there is none
    return "" if home.startswith("~") else str(Path(home) / name)


def _is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder, or the folder itself in the nearest that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _is_private(folder: Path) -> bool:
    """Make a folder that only we can write: compiled code is run."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = folder.lstat()
    except OSError:
        return False
    if hasattr(os, "getuid") and (about.st_uid != os.getuid() or about.st_mode & 0o022):
        return False
    return folder.is_dir() and not folder.is_symlink() and os.access(folder, os.W_OK | os.X_OK)
