"""What a visitor does in the Studio: their table, the job that runs, what came out.

It lives in the session, so that nothing is lost when pages are switched, and in
`pages.shared.kept`, so that F5 loses nothing; the files lie in a private folder that goes with it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import kept, loaders
from pages.shared.jobs import SingleJob
from pages.studio.sheet import sheet
from synth import populations
from synth.errors import PopulaceError
from synth.fitting.inspection import Inspection
from synth.fitting.interests import Interest, InterestSource, SecondTable
from synth.fitting.plan import Plan
from synth.fitting.tasks import Kind, start
from synth.jobs import State
from synth.jobs.process import ProcessJob
from synth.jobs.scratch import scratch
from synth.populations import Population
from synth.populations.archive import pack
from synth.privacy.mondrian import Wanted
from synth.privacy.risk import Risk

_PLACE = kept.STUDIO
_COARSER = "coarser.parquet"


def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(dir=scratch(), ignore_cleanup_errors=True)


@dataclass(frozen=True)
class Coarser:
    """The visitor's table with coarser values.

    Attributes
    ----------
    quasi : tuple of str
        What may be known of a person from elsewhere.
    wanted : Wanted
        What was to be reached.
    before, after : Risk
        How identifiable people were, and are.
    loss : mapping of str to float
        The share of information that each quasi-identifier lost, 0 to 1.
    rows, left_out : int
        People in the file, and people left out of it.
    file : Path
        The Parquet file; it goes with the session.
    """

    quasi: tuple[str, ...]
    wanted: Wanted
    before: Risk
    after: Risk
    loss: Mapping[str, float]
    rows: int
    left_out: int
    file: Path


@dataclass
class StudioState(SingleJob):
    """One visitor's table and jobs; at most one job at a time.

    Attributes
    ----------
    folder : TemporaryDirectory
        Holds the visitor's files; it goes with the session.
    token : str
        In the keys of all widgets about this table.
    name : str
        The table's file name; empty without a table.
    size : int
        The file's bytes.
    job : ProcessJob or None
        What is being done.
    inspection : Inspection or None
        What was understood of the table.
    sheet, edited, shown : DataFrame
        The sheet of what was understood, the visitor's latest version of it, and the version that
        the editor was last opened with.
    visits : int
        How often the editor was opened with another version.
    second_table : SecondTable or None
        A table that says who did what.
    interests : tuple of Interest
        What was found by `interest_source`, with `interests_note` on it.
    population : Population or None
        What was learned or opened.
    seconds : float
        How long that took.
    problem : str
        What went wrong, in a sentence.
    kind : str
        What was last begun, so that progress and problems stand where the button was pressed.
    head : str
        The first lines of a text table, shown while it is read.
    plan : Plan or None
        What the page last said is to be learned of the table; the Compare page follows it too.
    coarser : Coarser or None
        The table with coarser values, where somebody asked for it.
    """

    folder: TemporaryDirectory[str] = field(default_factory=_folder)
    token: str = field(default_factory=lambda: secrets.token_hex(4))
    name: str = ""
    size: int = 0
    inspection: Inspection | None = None
    sheet: pd.DataFrame = field(default_factory=pd.DataFrame)
    edited: pd.DataFrame = field(default_factory=pd.DataFrame)
    shown: pd.DataFrame = field(default_factory=pd.DataFrame)
    visits: int = 0
    second_table: SecondTable | None = None
    interests: tuple[Interest, ...] = ()
    interest_source: InterestSource | None = None
    interests_note: str = ""
    population: Population | None = None
    seconds: float = 0.0
    kind: Kind = "inspect"
    head: str = ""
    plan: Plan | None = None
    coarser: Coarser | None = None
    _count: int = 0
    _coarsening: tuple[tuple[str, ...], Wanted] = ((), Wanted())

    @property
    def understood(self) -> Inspection:
        """The inspection, where a table has been read."""
        if self.inspection is None:
            raise PopulaceError("There is no table yet: bring one.")
        return self.inspection

    # ------------------------------------------------------------------ files and jobs

    def take(self, name: str, content: bytes | memoryview) -> None:
        """Take in a table and have it read."""
        self.clear()
        self.name, self.size, self.head = name, len(content), _head(content)
        self._start("inspect", content)

    def open(self, name: str, content: bytes | memoryview) -> None:
        """Have a saved population opened; the table stays."""
        self._start("open", content, name=name, file="saved")

    def learn(self, plan: Plan) -> None:
        """Start to learn."""
        self.population = None
        self._start("learn", plan=plan)

    def take_second_table(self, name: str, content: bytes | memoryview) -> None:
        """Take in a second table and have its columns listed."""
        self.remove_second_table()
        self._start("list", content, name=name, file="things")

    def remove_second_table(self) -> None:
        """Remove the second table and the interests that were found in it."""
        (Path(self.folder.name) / "things").unlink(missing_ok=True)
        self.second_table, self.interests = None, ()
        self.interest_source, self.interests_note = None, ""

    def find_interests(self, plan: Plan) -> None:
        """Start to look for a plan's interests."""
        self.interests, self.interest_source, self.interests_note = (), plan.interests, ""
        self._start("interests", plan=plan)

    def make_coarser(self, plan: Plan, quasi: Sequence[str], wanted: Wanted) -> None:
        """Start to make a plan's columns coarser."""
        self.coarser = None
        self._coarsening = tuple(quasi), wanted
        task = {"quasi": list(quasi), "wanted": asdict(wanted)}
        self._start("anonymise", plan=plan, task=task)

    def take_coarser(self, coarser: Coarser) -> None:
        """Go on with the coarser table in place of the one that was brought."""
        stem = self.name.rsplit(".", 1)[0]
        self.take(f"{stem}-k{coarser.wanted.k}.parquet", coarser.file.read_bytes())

    def _start(
        self,
        kind: Kind,
        content: bytes | memoryview | None = None,
        *,
        name: str = "",
        file: str = "upload",
        plan: Plan | None = None,
        task: Mapping[str, Any] | None = None,
    ) -> None:
        self.problem, self.kind = "", kind
        self.end_job()
        path = Path(self.folder.name) / file
        try:
            if content is not None:
                path.write_bytes(content)
            settings: dict[str, Any] = {"name": name or self.name, **(task or {})}
            if plan is not None:
                settings["plan"] = plan.to_json()
                if self.second_table is not None:
                    settings["things"] = str(path.with_name("things"))
                    settings["things_name"] = self.second_table.name
            self._count += 1
            self.job = start(kind, Path(self.folder.name) / f"job-{self._count}", path, settings)
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
        self.end_job()
        if kind == "inspect":
            self.clear()
        self.problem = "It was stopped; nothing was kept of it."

    def clear(self) -> None:
        """Remove the table, its job and its population."""
        self.end_job()
        (Path(self.folder.name) / "upload").unlink(missing_ok=True)
        self.token = secrets.token_hex(4)
        self.name, self.size, self.inspection = "", 0, None
        self.sheet = self.edited = self.shown = pd.DataFrame()
        self.population = self.plan = self.coarser = None
        (Path(self.folder.name) / _COARSER).unlink(missing_ok=True)
        self.remove_second_table()
        self.problem = ""

    def settle(self, state: State) -> None:
        """Take in what a job that is over has left; a table that cannot be read is none."""
        reading = self.job is not None and self.job.kind == "inspect"
        super().settle(state)
        if reading and self.problem:
            self.name = ""

    def take_result(self, job: ProcessJob, state: State) -> None:
        """Read what a job of each kind leaves."""
        if job.kind == "inspect":
            self._read(job.folder / "inspection.json")
        elif job.kind == "list":
            self.second_table = SecondTable.from_json(_json(job.folder / "things.json"))
        elif job.kind == "interests":
            value = _json(job.folder / "interests.json")
            self.interests = tuple(Interest.from_json(each) for each in value["interests"])
            self.interests_note = str(value["note"])
        elif job.kind == "anonymise":
            self.coarser = self._coarser(job.folder)
        else:
            self.population = populations.load(job.folder / "population").in_memory()
            self.seconds = state.seconds
            loaders.adopt(self.population)

    def _coarser(self, folder: Path) -> Coarser:
        """The result of a job; its file is moved out of the folder that goes with the job."""
        value = _json(folder / "coarser.json")
        quasi, wanted = self._coarsening
        return Coarser(
            quasi,
            wanted,
            Risk.from_dict(value["before"]),
            Risk.from_dict(value["after"]),
            value["loss_by_column"],
            value["rows"],
            value["left_out"],
            (folder / "coarser.parquet").rename(Path(self.folder.name) / _COARSER),
        )

    def _read(self, path: Path) -> None:
        inspection = Inspection.from_json(_json(path))
        self.inspection = inspection
        self.sheet = sheet(inspection, Plan.of(inspection))
        self.edited = self.shown = self.sheet


_HEAD, _HEAD_LINES, _HEAD_WIDTH = 8192, 6, 160


def _head(content: bytes | memoryview) -> str:
    """The first lines of what is a text; empty for other files. Nothing is understood of it yet."""
    start = bytes(content[:_HEAD])
    if b"\0" in start or start[:4] in (b"PK\x03\x04", b"PAR1", b"\x1f\x8b"):
        return ""
    lines = start.decode("utf-8", errors="replace").splitlines()[:_HEAD_LINES]
    return "\n".join(line[:_HEAD_WIDTH] for line in lines)


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def current_state() -> StudioState:
    """This session's state."""
    if _PLACE not in st.session_state:
        st.session_state[_PLACE] = StudioState()
    return st.session_state[_PLACE]


def packed(population: Population, rows: bool) -> Callable[[], bytes]:
    """What makes the file of a population when it is asked for."""

    def make() -> bytes:
        with TemporaryDirectory(prefix="populace-") as folder:
            populations.write(population, folder, rows=rows)
            return pack(folder, rows=rows)

    return make
