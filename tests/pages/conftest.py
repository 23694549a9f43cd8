import functools
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from plotly import graph_objects
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from pages.shared import plot
from pages.studio import state as studio_state
from synth.errors import PopulaceError
from synth.fitting import tasks
from synth.jobs import Job, State

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def _one_scan_for_components():
    """What Streamlit finds in the installed packages: looked for once, not before every AppTest.

    It reads every package's metadata, which takes as long as a page.
    """
    scan = manifest_scanner.scan_component_manifests
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", functools.cache(scan))
        yield


@pytest.fixture(scope="session", autouse=True)
def _figures_are_checked():
    """Plotly checks figures, as pages leave out: the first of each shape in a session."""
    begin, seen = plot._Ready.__init__, set()

    def _shape(value):
        if isinstance(value, Mapping):
            return tuple((name, _shape(each)) for name, each in value.items())
        inside = [_shape(each) for each in value] if isinstance(value, list | tuple) else []
        return type(value).__name__, frozenset(inside)

    def _checked(self, figure):
        begin(self, figure)
        shape = _shape(figure)
        if shape not in seen:
            graph_objects.Figure(figure)
            seen.add(shape)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plot._Ready, "__init__", _checked)
        yield


class Here(Job):
    """A job of the Studio whose work is done before its handle is given, without a child."""

    def __init__(self, kind, folder, upload, settings, *, work=tasks._WORK):
        self.kind, self.folder, self.error = kind, folder, ""
        folder.mkdir(mode=0o700, parents=True)
        task = json.loads(json.dumps({"upload": str(upload), **settings}))
        try:
            work[kind](folder, task, lambda share, words: None)
        except PopulaceError as error:
            self.error = str(error)

    def state(self):
        return State(1.0, "", 0.1, not self.error, self.error)

    def wait(self, seconds=600.0):
        return self.state()

    def cancel(self):
        pass

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def at_once(monkeypatch):
    """The Studio's jobs without their child processes, whose start costs more than such small work.

    Children are tested in tests/fitting; what is tested here with a child asks for none of this.
    """
    monkeypatch.setattr(studio_state, "start", Here)


@pytest.fixture
def visit(monkeypatch):
    """Open the app by a link: `visit(gender="female", age=["25", "45"])`.

    The server has met `app.py` before, as after its first visitor; AppTest forgets it every run.
    """
    begin = PagesManager.__init__

    def _begin(self, *arguments, **named):
        begin(self, *arguments, **named)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", _begin)

    def _visit(page: str = "", **parameters) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        for name, value in parameters.items():
            app.query_params[name] = value
        app.run()
        if page:
            app.switch_page(f"pages/{page}/page.py").run()
        assert not app.exception
        return app

    return _visit
