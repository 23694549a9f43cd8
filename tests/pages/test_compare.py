"""The Compare page, from an upload to the comparison, and what it says where there is none."""

import shutil

import numpy as np
import pandas as pd
import pytest

from pages.compare import state as compare_state
from synth.evaluate.generator_job import compare_in_child
from synth.jobs import Job, State
from tests.pages.test_studio import button, upload


class Here(Job):
    """A comparison that is made before its handle is given, without a child."""

    def __init__(self, folder, table, name, plan, generators, *, minutes):
        self.folder = folder
        folder.mkdir(parents=True)
        self.said = []
        task = {"table": str(table), "name": name, "plan": plan.to_json(), "refined": False}
        compare_in_child(
            folder,
            {**task, "generators": list(generators), "minutes": minutes},
            lambda share, words: self.said.append(words),
        )

    def state(self):
        return State(1.0, "", 0.1, True)

    def wait(self, seconds=600.0):
        return self.state()

    def cancel(self):
        self.close()

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, 200),
            "sex": rng.choice(["F", "M"], 200),
            "town <b>": rng.choice(["a", "b", "c"], 200),
        }
    )
    return frame.to_csv(index=False).encode()


def test_from_an_upload_to_the_comparison(visit, at_once, table, monkeypatch):
    monkeypatch.setattr(compare_state, "start", Here)
    app = upload(visit("studio"), "people.csv", table)
    app.switch_page("pages/compare/page.py").run()
    assert not app.exception
    (box,) = [box for box in app.multiselect if box.label == "Generators"]
    box.set_value(["independent", "copula"]).run()
    button(app, "Compare").click()
    app.run()
    app.run()
    assert not app.exception and not app.warning
    (shown,) = [each.proto.body for each in app.get("html") if "compare-table" in each.proto.body]
    assert "Independent columns" in shown and "Fresh real people" in shown and "<b>" in shown
    (text,) = [each.proto.body for each in app.get("html") if "pp-finding" in each.proto.body]
    assert "wins" in text
    assert any(
        "here 100 are learned from, 100 others judge" in str(each.proto) for each in app.main
    )
    assert {tab.label for tab in app.tabs} >= {"Columns", "Correlations", "Principal axes"}
    state = app.session_state["the comparison"]
    assert state.comparison.learned == 100 and state.job is None
    app.selectbox(key="compare-right").set_value("independent").run()
    drawn = {}
    for tab in ("Columns", "Correlations", "Cumulative sums", "Principal axes"):
        app.session_state["compare-tab"] = tab
        app.run()
        assert not app.exception
        drawn[tab] = len(app.get("plotly_chart"))
    # Only the tab that is open is drawn: a figure a column, three maps, two planes.
    assert drawn == {"Columns": 3, "Correlations": 3, "Cumulative sums": 3, "Principal axes": 2}
    # Another table: the old comparison is of the past.
    app.switch_page("pages/studio/page.py").run()
    button(app, "Another table").click()
    app.run()
    app.switch_page("pages/compare/page.py").run()
    assert app.session_state["the comparison"].comparison is None and not app.exception


def test_a_stopped_comparison_leaves_nothing(tmp_path):
    class Running(Job):
        closed = False

        def state(self):
            return State(0.5, "Learning", 60.0)

        def wait(self, seconds=600.0):
            return self.state()

        def cancel(self):
            self.closed = True

        close = cancel

    job = Running()
    state = compare_state.CompareState(job=job)
    state.cancel()
    assert job.closed and state.job is None and "stopped" in state.problem
    state.settle(job.state())
    assert state.comparison is None
