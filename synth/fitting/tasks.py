"""Work on a table in a child process: what each kind of work is, and how to start it.

`start` begins a child, ``python -m synth.fitting.tasks KIND FOLDER``, which reads, learns or opens
files and leaves its results in the folder (`synth.jobs.process` says how it is watched, limited and
stopped).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from synth.errors import PopulaceError
from synth.generators.training import torch_space
from synth.jobs.handle import Progress
from synth.jobs.process import Limits, Messages, ProcessJob, run_child

if TYPE_CHECKING:
    import pandas as pd

    from synth.fitting.plan import Plan

Kind = Literal["inspect", "learn", "open", "list", "interests", "anonymise"]
MEMORY = 6 * 2**30
"""Bytes of address space that a child may claim; what it really uses is far less."""
SECONDS: Mapping[Kind, int] = {
    "inspect": 900,
    "learn": 7200,
    "open": 900,
    "list": 900,
    "interests": 1800,
    "anonymise": 900,
}
"""How long each kind of work may take."""
FILE_LIMIT = 2**30
MOST = 4
"""So many children at a time, for all visitors together."""
MESSAGES = Messages(
    busy="{count} tables are waiting already: try again in a few minutes.",
    waiting="Other tables are being worked on: yours is number {place} in the queue and starts by "
    "itself",
    too_large="It needed more memory than one table may take: keep fewer rows or columns.",
    too_long="It took longer than {minutes} minutes and was stopped: keep fewer rows or columns.",
    broken="The work on this table broke off unexpectedly: try it with fewer columns, or save "
    "the table anew.",
)
_DAMAGED = "The file is damaged or was not made by Populace: ask for it anew."


def start(
    kind: Kind,
    folder: Path,
    upload: Path,
    settings: Mapping[str, Any],
    *,
    memory: int = MEMORY,
    seconds: int | None = None,
) -> ProcessJob:
    """Start a child that works on a table.

    Parameters
    ----------
    kind : {"inspect", "learn", "open", "list", "interests", "anonymise"}
        What it does.
    folder : Path
        A private folder that does not exist yet; it is removed with the job. The results are in it:
        `inspection.json`, `things.json`, `interests.json`, the folder `population`, or
        `coarser.json` beside `coarser.parquet`.
    upload : Path
        The file it reads.
    settings : mapping of str to JSON value
        What else it needs: `name` of the file; for "learn", "interests" and "anonymise" the `plan`
        and, where that takes interests from a second table, its path (`things`) and name
        (`things_name`); for "anonymise" also `quasi` and `wanted`, the fields of a
        `mondrian.Wanted`.
    memory : int
        Bytes of address space that it may claim.
    seconds : int, optional
        How long it may take; by default as `SECONDS` says.

    Returns
    -------
    ProcessJob
        The parent's handle.

    Raises
    ------
    PopulaceError
        Too many tables are waiting.
    """
    return ProcessJob(
        [sys.executable, "-m", "synth.fitting.tasks", kind],
        folder,
        {"upload": str(upload), **settings},
        limits=Limits(_memory(kind, memory), seconds or SECONDS[kind], FILE_LIMIT),
        messages=replace(MESSAGES, broken=_DAMAGED) if kind == "open" else MESSAGES,
        most=MOST,
        kind=kind,
    )


def _memory(kind: Kind, memory: int) -> int:
    """What a child may claim: torch's address space is counted too, where one learns."""
    return memory + torch_space() if kind == "learn" else memory


# ---------------------------------------------------------------------- the child


def main(arguments: list[str]) -> int:
    """Do the work that a folder's task describes.

    Parameters
    ----------
    arguments : list of str
        The kind of work and the folder.

    Returns
    -------
    int
        The exit code: 0 where it went well.
    """
    kind, folder = arguments
    return run_child(Path(folder), _WORK[kind], too_large=MESSAGES.too_large)


def _inspect(folder: Path, task: Mapping[str, Any], progress: Progress) -> None:
    from synth.data.table import read_frame
    from synth.fitting.inspection import inspect_table

    progress(0.05, "Reading the file")
    frame, notes = read_frame(Path(task["upload"]), name=task["name"])
    progress(0.5, f"Looking at {len(frame):,} rows of {frame.shape[1]} columns")
    inspection = inspect_table(frame, task["name"], notes)
    _write(folder / "inspection.json", json.dumps(inspection.to_json()))


def _learn(folder: Path, task: Mapping[str, Any], progress: Progress) -> None:
    from synth import populations
    from synth.data.table import read_frame
    from synth.fitting.fit import fit
    from synth.fitting.plan import Plan
    from synth.generators.losses import write_losses

    progress(0.01, "Reading the file")
    frame, _ = read_frame(Path(task["upload"]), name=task["name"])
    plan = Plan.from_json(task["plan"])
    last = 0.0

    def seldom(share: float, words: str) -> None:
        nonlocal last
        if share >= 1.0 or time.monotonic() - last > 0.2:
            last = time.monotonic()
            progress(min(share, 0.97), words)

    with write_losses(folder):
        population = fit(frame, plan, seldom, second_table=_things(task, plan))
    progress(0.98, "Writing it down")
    populations.write(population, folder / "population", rows=True)


def _list(folder: Path, task: Mapping[str, Any], progress: Progress) -> None:
    from synth.data.table import read_frame
    from synth.fitting.interests import SecondTable

    progress(0.05, "Reading the file")
    frame, _ = read_frame(Path(task["upload"]), name=task["name"])
    _write(folder / "things.json", json.dumps(SecondTable.of(frame, task["name"]).to_json()))


def _interests(folder: Path, task: Mapping[str, Any], progress: Progress) -> None:
    from synth.data.table import read_frame
    from synth.fitting.interests import learn_interests
    from synth.fitting.plan import Plan

    progress(0.01, "Reading the file")
    frame, _ = read_frame(Path(task["upload"]), name=task["name"])
    plan = Plan.from_json(task["plan"])
    if plan.interests is None:
        raise PopulaceError("The plan takes interests from nowhere: say where from.")
    second_table = _things(task, plan)
    learned = learn_interests(
        frame, plan.interests, second_table, seed=plan.seed, progress=progress
    )
    value = {"note": learned.note, "interests": [asdict(each) for each in learned.interests]}
    _write(folder / "interests.json", json.dumps(value))


def _anonymise(folder: Path, task: Mapping[str, Any], progress: Progress) -> None:
    from synth.data.table import make_table, read_frame
    from synth.fitting.plan import Plan
    from synth.privacy.coarser_file import write_coarser
    from synth.privacy.mondrian import Wanted, anonymise

    progress(0.01, "Reading the file")
    frame, _ = read_frame(Path(task["upload"]), name=task["name"])
    plan = Plan.from_json(task["plan"])
    schema = plan.schema.modelled
    people = make_table(frame[list(schema.names)], schema)
    progress(0.3, f"Making values of {len(people):,} people coarser")
    wanted = Wanted(**{**task["wanted"], "sensitive": tuple(task["wanted"]["sensitive"])})
    coarser = anonymise(people.frame, people.schema, task["quasi"], wanted)
    progress(0.9, "Writing it down")
    write_coarser(coarser.frame, folder / "coarser.parquet")
    _write(folder / "coarser.json", json.dumps(coarser.to_dict()))


def _things(task: Mapping[str, Any], plan: Plan) -> pd.DataFrame | None:
    """The second table, where the plan takes interests from one."""
    from synth.data.table import read_frame

    if plan.interests is None or plan.interests.text or not task.get("things"):
        return None
    return read_frame(Path(task["things"]), name=task["things_name"])[0]


def _open(folder: Path, task: Mapping[str, Any], progress: Progress) -> None:
    from synth.populations.archive import unpack
    from synth.populations.archive_parts import BYTES_LIMIT

    progress(0.1, "Checking the file")
    path = Path(task["upload"])
    if path.stat().st_size > BYTES_LIMIT:
        raise PopulaceError(f"{task['name']} is too large: save it without its rows.")
    unpack(path.read_bytes(), folder / "unpacked", task["name"])
    (folder / "unpacked").rename(folder / "population")


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


_WORK: Mapping[str, Callable[[Path, Mapping[str, Any], Progress], None]] = {
    "inspect": _inspect,
    "learn": _learn,
    "open": _open,
    "list": _list,
    "interests": _interests,
    "anonymise": _anonymise,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
