"""A visitor's desk in the Studio: their table, what is being done with it, what came out.

It lives in the session, so that nothing is lost when pages are switched; the files lie in a private
folder that goes with it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import streamlit as st

from pages.studio.sheet import sheet
from synth import populations
from synth.errors import PopulaceError
from synth.fitting.inspection import Inspection
from synth.fitting.interests import Interest, InterestSource, SecondTable
from synth.fitting.plan import Plan
from synth.fitting.tasks import Kind, start
from synth.jobs import State
from synth.jobs.process import ProcessJob
from synth.populations import Population
from synth.populations.archive import pack

_PLACE = "studio desk"


def _room() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="populace-", ignore_cleanup_errors=True)


@dataclass
class Desk:
    """One visitor's table and jobs; at most one job at a time.

    `sheet` is what was understood, `edited` the visitor's latest version of it, `shown` what the
    editor was last opened with; `things` is the second table, `found` the interests that `found_by`
    brought; `token` is in the keys of all widgets about this table.
    """

    room: TemporaryDirectory[str] = field(default_factory=_room)
    token: str = field(default_factory=lambda: secrets.token_hex(4))
    name: str = ""
    size: int = 0
    job: ProcessJob | None = None
    inspection: Inspection | None = None
    sheet: pd.DataFrame | None = None
    edited: pd.DataFrame | None = None
    shown: pd.DataFrame | None = None
    visits: int = 0
    things: SecondTable | None = None
    found: tuple[Interest, ...] = ()
    found_by: InterestSource | None = None
    found_note: str = ""
    made: Population | None = None
    seconds: float = 0.0
    problem: str = ""
    _count: int = 0

    # ------------------------------------------------------------------ files and jobs

    def take(self, name: str, content: bytes | memoryview) -> None:
        """Lay a table on the desk and have it read."""
        self.clear()
        self.name, self.size = name, len(content)
        self._start("inspect", content)

    def open(self, name: str, content: bytes | memoryview) -> None:
        """Have a saved population opened; the table on the desk stays."""
        self._start("open", content, name=name, file="saved")

    def learn(self, plan: Plan) -> None:
        """Start to learn."""
        self.made = None
        self._start("learn", plan=plan)

    def take_things(self, name: str, content: bytes | memoryview) -> None:
        """Lay a second table beside the first and have its columns listed."""
        self.put_away()
        self._start("list", content, name=name, file="things")

    def put_away(self) -> None:
        """Take the second table, and what was found in it, from the desk."""
        (Path(self.room.name) / "things").unlink(missing_ok=True)
        self.things, self.found, self.found_by, self.found_note = None, (), None, ""

    def find(self, plan: Plan) -> None:
        """Start to look for the interests that a plan wishes for."""
        self.found, self.found_by, self.found_note = (), plan.interests, ""
        self._start("interests", plan=plan)

    def _start(
        self,
        kind: Kind,
        content: bytes | memoryview | None = None,
        *,
        name: str = "",
        file: str = "upload",
        plan: Plan | None = None,
    ) -> None:
        self.problem = ""
        if self.job is not None:
            self.job.close()
            self.job = None
        path = Path(self.room.name) / file
        try:
            if content is not None:
                path.write_bytes(content)
            told: dict[str, Any] = {"name": name or self.name}
            if plan is not None:
                told["plan"] = plan.to_json()
                if self.things is not None:
                    told["things"] = str(path.with_name("things"))
                    told["things_name"] = self.things.name
            self._count += 1
            self.job = start(kind, Path(self.room.name) / f"job-{self._count}", path, told)
        except PopulaceError as error:
            self.problem = str(error)
        except OSError as error:
            self.problem = f"The server could not keep the file ({error.strerror}): try later."
        if self.job is None and kind == "inspect":
            self.name = ""

    def cancel(self) -> None:
        """Stop what is being done."""
        if self.job is None:
            return
        kind = self.job.kind
        self.job.close()
        self.job = None
        if kind == "inspect":
            self.clear()
        self.problem = "It was stopped; nothing was kept of it."

    def clear(self) -> None:
        """Clear the desk."""
        if self.job is not None:
            self.job.close()
        (Path(self.room.name) / "upload").unlink(missing_ok=True)
        self.token = secrets.token_hex(4)
        self.name, self.size, self.job, self.inspection = "", 0, None, None
        self.sheet = self.edited = self.shown = self.made = None
        self.put_away()
        self.problem = ""

    def settle(self, state: State) -> None:
        """Take in what a job that is over has left."""
        job, self.job = self.job, None
        if job is None:
            return
        try:
            if state.error:
                raise PopulaceError(state.error)
            if job.kind == "inspect":
                self._read(job.folder / "inspection.json")
            elif job.kind == "list":
                self.things = SecondTable.from_json(_json(job.folder / "things.json"))
            elif job.kind == "interests":
                told = _json(job.folder / "interests.json")
                self.found = tuple(Interest.from_json(one) for one in told["interests"])
                self.found_note = str(told["note"])
            else:
                found = populations.load(job.folder / "population").in_memory()
                self.made, self.seconds = found, state.seconds
        except (PopulaceError, OSError, ValueError) as error:
            self.problem = str(error)
            if job.kind == "inspect":
                self.name = ""
        finally:
            job.close()

    def _read(self, path: Path) -> None:
        inspection = Inspection.from_json(_json(path))
        self.inspection = inspection
        self.sheet = sheet(inspection, Plan.of(inspection))
        self.edited = self.shown = self.sheet


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def desk() -> Desk:
    """This session's desk."""
    if _PLACE not in st.session_state:
        st.session_state[_PLACE] = Desk()
    return st.session_state[_PLACE]


def packed(population: Population, rows: bool) -> Callable[[], bytes]:
    """What makes the file of a population when it is asked for."""

    def make() -> bytes:
        with TemporaryDirectory(prefix="populace-") as folder:
            populations.write(population, folder, rows=rows)
            return pack(folder, rows=rows)

    return make
