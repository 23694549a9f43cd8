"""Generators compared in a child process: it is watched, and stopped with all it has begun.

`start` begins a child, ``python -m synth.evaluate.generator_job FOLDER``, which reads a table, lets
one generator after another learn half of it, and leaves `FILE` in its folder.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synth.errors import PopulaceError
from synth.fitting.tasks import FILE_LIMIT, MEMORY, MESSAGES, MOST
from synth.generators.losses import write_losses
from synth.generators.training import torch_space
from synth.jobs.handle import Progress
from synth.jobs.process import Limits, ProcessJob, run_child

if TYPE_CHECKING:
    from synth.fitting.plan import Plan

SECONDS = 4 * 3600
_SELDOM = 0.2
_MESSAGES = replace(
    MESSAGES,
    too_large="A generator needed more memory than one table may take: keep fewer rows or columns.",
    too_long="Comparing took longer than {minutes} minutes and was stopped: choose fewer "
    "generators or a smaller budget.",
    broken="Comparing broke off unexpectedly: try it with other generators.",
)


def start(
    folder: Path,
    table: Path,
    name: str,
    plan: Plan,
    generators: Sequence[str],
    *,
    minutes: float | None = None,
    refined: bool = False,
) -> ProcessJob:
    """Start a child that compares generators.

    Parameters
    ----------
    folder : Path
        A private folder that does not exist yet; it is removed with the job.
    table : Path
        The file to read.
    name : str
        What the file is called.
    plan : Plan
        What is learned of it.
    generators : sequence of str
        Which, one after another.
    minutes : float, optional
        The budget of each that learns step by step.
    refined : bool
        Also judge each refined.

    Returns
    -------
    ProcessJob
        The parent's handle.

    Raises
    ------
    PopulaceError
        Too many tables are waiting.
    """
    task: dict[str, Any] = {
        "table": str(table),
        "name": name,
        "plan": plan.to_json(),
        "generators": list(generators),
        "minutes": minutes,
        "refined": refined,
    }
    return ProcessJob(
        [sys.executable, "-m", "synth.evaluate.generator_job"],
        folder,
        task,
        limits=Limits(MEMORY + torch_space(), SECONDS, FILE_LIMIT),
        messages=_MESSAGES,
        most=MOST,
        kind="compare",
    )


def compare_in_child(folder: Path, task: Mapping[str, Any], progress: Progress) -> None:
    """In the child: compare, and write the comparison.

    Parameters
    ----------
    folder : Path
        Where the comparison goes.
    task : mapping of str to JSON value
        As `start` wrote it.
    progress : callable
        Gets the share that is done, and words.
    """
    from synth.data.table import read_frame
    from synth.evaluate.generator_comparison import FILE, compare_generators
    from synth.fitting.plan import Plan

    progress(0.0, "Reading the file")
    frame, _ = read_frame(Path(task["table"]), name=task["name"])
    plan = Plan.from_json(task["plan"])
    if plan.interests is not None:
        raise PopulaceError(
            "Generators are compared without interests: switch interests off in the Studio first."
        )
    last = 0.0

    def seldom(share: float, words: str) -> None:
        nonlocal last
        if time.monotonic() - last > _SELDOM:
            last = time.monotonic()
            progress(min(share, 0.99), words)

    with ExitStack() as watched:

        def starting(generator: str) -> None:
            watched.close()  # each generator's losses begin anew
            watched.enter_context(write_losses(folder))

        result = compare_generators(
            frame,
            plan,
            task["generators"],
            minutes=task["minutes"],
            refined=task["refined"],
            seed=plan.seed,
            progress=seldom,
            starting=starting,
        )
    part = folder / f"{FILE}.part"
    part.write_text(json.dumps(result.to_dict()), encoding="utf-8")
    part.replace(folder / FILE)


if __name__ == "__main__":
    sys.exit(run_child(Path(sys.argv[1]), compare_in_child, too_large=_MESSAGES.too_large))
