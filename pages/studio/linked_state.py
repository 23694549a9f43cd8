"""What a visitor does with tables that belong together: the files, the job, what came out."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from pages.shared import kept
from pages.shared.jobs import SingleJob
from pages.shared.own_families import adopt_families
from synth.errors import PopulaceError
from synth.jobs import State
from synth.jobs.process import ProcessJob
from synth.jobs.scratch import scratch
from synth.linked.inspection import LinkedInspection
from synth.linked.keys import Key
from synth.linked.population import LinkedPopulation
from synth.linked.storage import load_linked
from synth.linked.tasks import FAMILIES, LINKS, Kind, start, table_names


def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(dir=scratch(), ignore_cleanup_errors=True)


@dataclass
class LinkedState(SingleJob):
    """A visitor's tables that belong together; at most one job at a time.

    Attributes
    ----------
    folder : TemporaryDirectory
        Holds the files and the jobs; it goes with the session.
    token : str
        In the keys of all widgets about these tables.
    files : mapping of str to Path
        The uploads, by the names that they had at home.
    job : ProcessJob or None
        What is being done.
    kind : Kind
        What was last begun.
    inspection : LinkedInspection or None
        What was understood.
    population : LinkedPopulation or None
        What was learned.
    seconds : float
        How long that took.
    problem : str
        What went wrong, in a sentence.
    """

    folder: TemporaryDirectory[str] = field(default_factory=_folder)
    token: str = field(default_factory=lambda: secrets.token_hex(4))
    files: dict[str, Path] = field(default_factory=dict)
    kind: Kind = "link"
    inspection: LinkedInspection | None = None
    population: LinkedPopulation | None = None
    seconds: float = 0.0
    _count: int = 0

    @property
    def size(self) -> int:
        """The files' bytes."""
        return sum(path.stat().st_size for path in self.files.values() if path.is_file())

    def take(self, uploads: Mapping[str, bytes | memoryview]) -> None:
        """Take in tables and have the keys looked for that join them."""
        self.clear()
        try:
            table_names(uploads)
            if len(uploads) < 2:
                raise PopulaceError(
                    "One table alone links nothing: choose all of the files at once."
                )
            for place, (name, content) in enumerate(uploads.items()):
                path = Path(self.folder.name) / f"table-{place}"
                path.write_bytes(content)
                self.files[name] = path
        except PopulaceError as error:
            self.problem = str(error)
            return
        except OSError as error:
            self.problem = f"The server could not keep the files ({error.strerror}): try later."
            return
        self._start("link", None)

    def join(self, keys: Mapping[str, Key]) -> None:
        """Have the tables joined by chosen keys."""
        self._start("link", keys)

    def learn(self, title: str) -> None:
        """Start to learn."""
        self.population = None
        if self.inspection is not None:
            self._start("learn", self.inspection.keys, title=title)

    def open(self, name: str, content: bytes | memoryview) -> None:
        """Have saved families opened."""
        path = Path(self.folder.name) / "saved families"
        try:
            path.write_bytes(content)
        except OSError as error:
            self.problem = f"The server could not keep the file ({error.strerror}): try later."
            return
        self._start("open", None, files={name: path})

    def _start(
        self,
        kind: Kind,
        keys: Mapping[str, Key] | None,
        *,
        title: str = "",
        files: Mapping[str, Path] | None = None,
    ) -> None:
        self.problem, self.kind = "", kind
        self.end_job()
        chosen = None if keys is None else {name: asdict(key) for name, key in keys.items()}
        self._count += 1
        try:
            self.job = start(
                kind,
                Path(self.folder.name) / f"job-{self._count}",
                self.files if files is None else files,
                {"keys": chosen, "title": title},
            )
        except PopulaceError as error:
            self.problem = str(error)

    def clear(self) -> None:
        """Remove the tables and what was learned from them."""
        self.end_job()
        for path in self.files.values():
            path.unlink(missing_ok=True)
        self.token = secrets.token_hex(4)
        self.files, self.inspection, self.population, self.problem = {}, None, None, ""

    def take_result(self, job: ProcessJob, state: State) -> None:
        """Read how tables belong together, or the families learned from them."""
        if job.kind == "link":
            value = json.loads((job.folder / LINKS).read_text("utf-8"))
            self.inspection = LinkedInspection.from_json(value)
            self.population = None
        else:
            self.population = adopt_families(load_linked(job.folder / FAMILIES))
            self.seconds = state.seconds


def current_linked() -> LinkedState:
    """This session's."""
    if kept.LINKED not in st.session_state:
        st.session_state[kept.LINKED] = LinkedState()
    return st.session_state[kept.LINKED]
