"""Groups of columns learned side by side: a child process each, where there are processors for it.

`learn_tasks` writes the people once into a private folder, starts as many children at a time as
there are processors, and reads what they leave: arrays and JSON, never anything that runs. On one
processor, for a small table or a single group it learns in this process instead; the result is the
same.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from synth.errors import PopulaceError
from synth.generators.base import Progress, Settings
from synth.generators.coded import Codebook, Rows
from synth.generators.hybrid_parts import NETWORK_OPTIONS, Part, learn_part, restored
from synth.generators.partition import Group
from synth.generators.training import has_card, torch_space
from synth.jobs.process import Limits, Messages, ProcessJob, run_child

LARGE = 2_000
"""Tables of fewer rows are learned in this process: a child takes seconds to start."""
MEMORY = 8 * 2**30
SECONDS = 7_200
FILE_SIZE = 2**30
_POLL = 0.3
_MESSAGES = Messages(
    busy="{count} groups of columns are being learned just now: try again in a minute.",
    too_large="A group of columns needed more memory than it may take: keep fewer rows.",
    too_long="A group of columns took longer than {minutes} minutes: keep fewer rows.",
    broken="Learning a group of columns broke off unexpectedly: choose another generator.",
)


def processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Task:
    """A group to learn.

    Attributes
    ----------
    group : Group
        The columns.
    candidates : tuple of str
        What it may be learned by.
    minutes : float
        Of work, for each masked network.
    """

    group: Group
    candidates: tuple[str, ...]
    minutes: float


Learned = tuple[Part, dict[str, Any]]
"""What was learned of a group, and the report on it."""


def learn_tasks(
    rows: Rows, tasks: Sequence[Task], settings: Settings, progress: Progress
) -> tuple[list[Learned], int]:
    """Learn groups of columns.

    Parameters
    ----------
    rows : Rows
        The people, with all columns.
    tasks : sequence of Task
        Those that take longest first.
    settings : Settings
        As `learn_part` has them.
    progress : callable
        Gets the share that is done, and words; whoever listens may stop learning by raising.

    Returns
    -------
    learned : list of (Part, dict)
        One for each task.
    processes : int
        How many worked at a time.
    """
    apart = len(rows.codes) >= LARGE and not has_card()  # a card serves one after another best
    at_once = min(processors(), len(tasks)) if apart else 1
    if at_once > 1:
        return _in_processes(rows, tasks, settings, progress, at_once), at_once
    learned = []
    for number, task in enumerate(tasks):

        def say(share: float, words: str, number: int = number) -> None:
            progress((number + share) / len(tasks), f"Part {number + 1}: {words}")

        learned.append(learn_part(rows, task.group, settings, say, task.candidates, task.minutes))
    return learned, 1


def _in_processes(
    rows: Rows,
    tasks: Sequence[Task],
    settings: Settings,
    progress: Progress,
    at_once: int,
) -> list[Learned]:
    """As many children at a time as there are processors; what each learned."""
    with TemporaryDirectory(prefix="populace-groups-") as folder:
        place = Path(folder)
        _write_rows(place, rows)
        options = {k: v for k, v in settings.options.items() if k in ("epochs", *NETWORK_OPTIONS)}
        orders = [
            {
                "rows": str(place),
                "group": [list(task.group.shared), list(task.group.own)],
                "settings": {
                    "seed": settings.seed,
                    "weights": settings.weights,
                    "options": options,
                },
                "candidates": list(task.candidates),
                "minutes": task.minutes,
            }
            for task in tasks
        ]
        jobs: dict[int, ProcessJob] = {}
        learned: dict[int, Learned] = {}
        try:
            while len(learned) < len(tasks):
                for number, order in enumerate(orders):
                    if number not in jobs and len(jobs) - len(learned) < at_once:
                        jobs[number] = _start(place / f"group-{number}", order)
                states = {number: job.state() for number, job in jobs.items()}
                for number, state in states.items():
                    if state.error:
                        raise PopulaceError(state.error)
                    if state.done and number not in learned:
                        sizes = tuple(rows.sizes[c] for c in tasks[number].group.columns)
                        learned[number] = _read_part(jobs[number].folder, sizes)
                working = [n for n in states if n not in learned]
                words = states[working[0]].words if working else "Putting parts together"
                share = sum(state.share for state in states.values()) / len(tasks)
                which = ", ".join(str(n + 1) for n in working)
                progress(min(share, 0.99), f"Part {which}: {words}" if which else words)
                if len(learned) < len(tasks):
                    time.sleep(_POLL)
        finally:
            for job in jobs.values():
                job.close()
        return [learned[number] for number in range(len(tasks))]


def _start(folder: Path, task: Mapping[str, Any]) -> ProcessJob:
    return ProcessJob(
        [sys.executable, "-m", "synth.generators.hybrid_process"],
        folder,
        task,
        limits=Limits(MEMORY + torch_space(), SECONDS, FILE_SIZE),
        messages=_MESSAGES,
        most=2 * processors() + 8,
        kind="group",
    )


# ---------------------------------------------------------------------- what lies in the folders


def _write_rows(folder: Path, rows: Rows) -> None:
    book = rows.codebook
    about = np.frombuffer(json.dumps(book.to_json()).encode(), np.uint8)
    weights = np.zeros(0) if rows.weights is None else rows.weights
    np.savez(folder / "rows.npz", about=about, codes=rows.codes, weights=weights)
    rows.frame[list(book.schema.names)].to_parquet(folder / "rows.parquet", index=False)


def _read_rows(folder: Path) -> Rows:
    with np.load(folder / "rows.npz", allow_pickle=False) as data:
        book = Codebook.from_json(json.loads(data["about"].tobytes()))
        codes, weights = data["codes"], data["weights"]
    frame = book.schema.conform(pd.read_parquet(folder / "rows.parquet"))
    return Rows(book, codes, weights if len(weights) else None, frame)


def _read_part(folder: Path, sizes: tuple[int, ...]) -> tuple[Part, dict[str, Any]]:
    with np.load(folder / "part.npz", allow_pickle=False) as data:
        about = json.loads(data["about"].tobytes())
        arrays = {name: data[name] for name in data.files if name != "about"}
    return restored(sizes, about["part"], arrays), about["report"]


def _work(folder: Path, task: Mapping[str, Any], progress: Progress) -> None:
    """In the child: learn one group."""
    rows = _read_rows(Path(task["rows"]))
    chosen, last = task["settings"], 0.0
    settings = replace(
        Settings(), seed=chosen["seed"], weights=chosen["weights"], options=chosen["options"]
    )

    def seldom(share: float, words: str) -> None:
        nonlocal last
        if time.monotonic() - last > _POLL:
            last = time.monotonic()
            progress(min(share, 0.98), words)

    shared, own = task["group"]
    part, report = learn_part(
        rows,
        Group(tuple(shared), tuple(own)),
        settings,
        seldom,
        task["candidates"],
        float(task["minutes"]),
    )
    text = json.dumps({"part": part.about(), "report": report}).encode()
    arrays: dict[str, Any] = {**part.arrays(), "about": np.frombuffer(text, np.uint8)}
    np.savez(folder / "part.npz", **arrays)


if __name__ == "__main__":
    sys.exit(run_child(Path(sys.argv[1]), _work, too_large=_MESSAGES.too_large))
