"""Work on tables that belong together, in a child process; see `synth.fitting.tasks`.

`start` begins ``python -m synth.linked.tasks KIND FOLDER``, which joins or learns tables, or opens
saved families, and leaves its results in the folder: ``links.json``, or the folder ``families``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from synth.errors import PopulaceError
from synth.fitting.tasks import FILE_LIMIT, MEMORY, MESSAGES, MOST
from synth.jobs.handle import Progress
from synth.jobs.process import Limits, ProcessJob, run_child

if TYPE_CHECKING:
    import pandas as pd

    from synth.linked.keys import Key

Kind = Literal["link", "learn", "open"]
SECONDS: Mapping[Kind, int] = {"link": 900, "learn": 7200, "open": 900}
"""How long each kind of work may take."""
LINKS, FAMILIES = "links.json", "families"


def start(kind: Kind, folder: Path, files: Mapping[str, Path], settings: Mapping[str, Any],
          *, memory: int = MEMORY) -> ProcessJob:  # fmt: skip
    """Start a child that works on tables.

    Parameters
    ----------
    kind : {"link", "learn", "open"}
        What it does.
    folder : Path
        A private folder that does not exist yet; it is removed with the job.
    files : mapping of str to Path
        The uploads, by the names that they had at home; one file of saved families for "open".
    settings : mapping of str to JSON value
        `keys`, where they are chosen: each as a mapping of `Key`'s fields; for "learn" also
        `title`.
    memory : int
        Bytes of address space that it may claim.

    Raises
    ------
    PopulaceError
        Too many tables are waiting.
    """
    return ProcessJob(
        [sys.executable, "-m", "synth.linked.tasks", kind],
        folder,
        {"files": {name: str(path) for name, path in files.items()}, **settings},
        limits=Limits(memory, SECONDS[kind], FILE_LIMIT),
        messages=MESSAGES,
        most=MOST,
        kind=kind,
    )


def main(arguments: list[str]) -> int:
    """Do the work that a folder's task describes; the exit code is 0 where it went well.

    Parameters
    ----------
    arguments : list of str
        The kind of work and the folder.
    """
    kind, folder = arguments
    return run_child(Path(folder), _WORK[kind], too_large=MESSAGES.too_large)


def table_names(files: Mapping[str, Any]) -> dict[str, str]:
    """Table → file: what each file's table is called.

    Raises
    ------
    PopulaceError
        Two files have the same name but for their endings.
    """
    out: dict[str, str] = {}
    for file in files:
        name = Path(file).name.split(".")[0] or "table"
        if name in out:
            raise PopulaceError(f"Two of the tables are called {name}: rename one of the files.")
        out[name] = file
    return out


def _read(task: Mapping[str, Any], progress: Progress) -> dict[str, pd.DataFrame]:
    from synth.data.table import read_frame

    names = table_names(task["files"])
    frames = {}
    for place, (name, file) in enumerate(names.items()):
        progress(0.02 + 0.08 * place / len(names), f"Reading {file}")
        frames[name] = read_frame(Path(task["files"][file]), name=file)[0]
    return frames


def _keys(task: Mapping[str, Any]) -> dict[str, Key] | None:
    from synth.linked.keys import Key

    if task.get("keys") is None:
        return None
    return {name: Key(**value) for name, value in task["keys"].items()}


def _link(folder: Path, task: Mapping[str, Any], progress: Progress) -> None:
    from synth.linked.inspection import inspect_linked

    frames = _read(task, progress)
    progress(0.5, "Looking for the keys that join them")
    inspection, _ = inspect_linked(frames, _keys(task))
    (folder / LINKS).write_text(json.dumps(inspection.to_json()), "utf-8")


def _learn(folder: Path, task: Mapping[str, Any], progress: Progress) -> None:
    from synth.linked.fit import fit_families
    from synth.linked.inspection import inspect_linked
    from synth.linked.storage import save_linked

    inspection, tables = inspect_linked(_read(task, progress), _keys(task))
    if tables is None:
        raise PopulaceError(inspection.problem)
    population = fit_families(
        FAMILIES,
        tables,
        table_names(task["files"]),
        title=str(task["title"]),
        progress=lambda share, words: progress(0.1 + 0.87 * share, words),
    )
    progress(0.98, "Writing it down")
    save_linked(population, folder / FAMILIES)


def _open(folder: Path, task: Mapping[str, Any], progress: Progress) -> None:
    from synth.linked.archive import unpack_linked

    progress(0.1, "Checking the file")
    (name, path), = task["files"].items()  # fmt: skip
    unpack_linked(Path(path).read_bytes(), folder / FAMILIES, name)


_WORK: Mapping[str, Callable[[Path, Mapping[str, Any], Progress], None]] = {
    "link": _link,
    "learn": _learn,
    "open": _open,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
