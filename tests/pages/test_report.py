"""The report page: counts alone, a trial with rows, stopped, failed, and on populations of one's
own."""

import json
import re
import threading
from html import unescape

import numpy as np
import pandas as pd
import pytest

import synth.evaluate.holdout as module
from pages.shared import loaders
from synth import populations
from synth.bayes import learn
from synth.data.table import make_table
from synth.errors import PopulaceError

FRENCH = "French hobbies, 2003"
QUESTIONS = ["Fidelity", "Diversity", "Utility", "Privacy", "Fairness"]


def bodies(app):
    return " ".join(part.proto.body for part in app.get("html"))


def heads(app):
    matches = re.findall('<h2 class="pp-part">(.*?)</h2>', bodies(app))
    return [unescape(text).split(":")[0] for text in matches]


def press(app, label):
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def widget(app, kind, start):
    return next(each for each in getattr(app, kind) if str(each.key).startswith(start))


def jobs(app):
    return app.session_state["reports in the making"]


def finish(app):
    """Wait for the report and look at the page again."""
    for job in list(jobs(app).values()):
        job.wait(180)
    app.run()
    assert not app.exception


def ask(app, rows=500):
    widget(app, "selectbox", "report-rows-").set_value(rows)
    press(app, "Make the report")


@pytest.fixture
def town():
    """Makes populations of a visitor's own."""

    def make(rows=300, **more):
        random = np.random.default_rng(0)
        frame = pd.DataFrame(
            {
                "size": random.integers(1, 90, rows),
                "kind": random.choice(["a", "b", "<c>"], rows),
                "is_open": random.random(rows) < 0.4,
            }
        )
        table = make_table(frame)
        return populations.of(learn(table, max_parents=1), table, title="Shops")

    return make


@pytest.fixture
def visit_own(visit):
    def _visit(population):
        app = visit()
        app.session_state[loaders._OWN] = {population.name: population}
        app.session_state[loaders._CHOSEN] = population.name
        app.run()
        app.switch_page("pages/report/page.py").run()
        assert not app.exception
        return app

    return _visit


def test_counts_alone_are_shown_at_once_and_the_rest_says_why_not(visit):
    app = visit("report")
    assert heads(app) == ["Fidelity", "Diversity", "Fairness", "What counts cannot tell"]
    text = bodies(app)
    assert "Quality as far as counts tell" in text and "need the real rows" in text
    assert "Privacy</span>" not in text
    assert "python -m synth evaluate" in app.code[-1].value
    assert any("Told apart by gradient boosting" in part.value for part in app.markdown)
    assert [button.label for button in app.get("download_button")] == ["The report, HTML", "JSON"]
    assert not [button for button in app.button if button.label == "Make the report"]


def test_a_report_is_made_in_the_background_and_kept(visit):
    app = visit("report", population=FRENCH)
    assert heads(app) == []
    assert any("learns a network anew from 4,201 of the 8,403" in c.value for c in app.caption)
    widget(app, "selectbox", "report-target-").set_value("marital")
    ask(app)
    app.switch_page("pages/correlations/page.py").run()
    assert not app.exception
    app.switch_page("pages/report/page.py").run()
    finish(app)
    assert heads(app) == [*QUESTIONS, "Without copies and outliers"]
    text = bodies(app)
    for words in ("of 100", "Quality is the mean of seven parts", "The privacy level is strong"):
        assert words in text
    assert "500" in text and "Marital status, AUC" in text
    assert len(app.get("download_button")) == 3
    # the same questions of another visitor are answered at once
    other = visit("report", population=FRENCH)
    widget(other, "selectbox", "report-target-").set_value("marital")
    ask(other)
    assert not jobs(other) and heads(other) == heads(app)


def test_a_report_can_be_stopped_and_the_page_says_so(visit, monkeypatch):
    go = threading.Event()

    def slow(population, *, progress, **settings):
        progress(0.25, "Learning by heart")
        assert go.wait(120)
        progress(0.5, "Never seen")

    monkeypatch.setattr(module, "holdout_report", slow)
    app = visit("report", population=FRENCH)
    ask(app, rows=1000)
    (job,) = jobs(app).values()
    assert not job.state().over and heads(app) == []
    press(app, "Stop")
    go.set()
    finish(app)
    assert job.state().cancelled
    assert any("was stopped" in info.value for info in app.info)
    assert not jobs(app)


def test_a_report_that_fails_says_why(visit, monkeypatch):
    go = threading.Event()

    def fails(population, **settings):
        assert go.wait(120)
        raise PopulaceError("Column “marital” has one value only: choose another target.")

    monkeypatch.setattr(module, "holdout_report", fails)
    app = visit("report", population=FRENCH)
    ask(app, rows=2000)
    go.set()
    finish(app)
    assert any("one value only" in warning.value for warning in app.warning)


def test_own_rows_make_a_report_without_groups(visit_own, town):
    app = visit_own(town())
    assert widget(app, "multiselect", "report-groups-").value == []
    press(app, "Make the report")
    finish(app)
    assert heads(app) == ["Fidelity", "Diversity", "Utility", "Privacy", *heads(app)[4:]]
    assert "&lt;c&gt;" in bodies(app) or "<c>" not in bodies(app)
    widget(app, "multiselect", "report-groups-").set_value(["kind"])
    press(app, "Make the report")
    finish(app)
    assert "Fairness" in heads(app)


def test_few_own_rows_and_no_own_rows(visit_own, town, tmp_path):
    app = visit_own(town(rows=30))
    assert any("needs at least 40 real rows" in info.value for info in app.info)
    bare = populations.write(town(), tmp_path / "shops").in_memory()
    assert bare.table is None
    app = visit_own(bare)
    assert heads(app) == ["Fidelity", "Diversity", "What counts cannot tell"]


def test_the_downloads_hold_what_the_page_shows(visit, town):
    result = module.holdout_report(town(), target="kind")
    document = json.loads(json.dumps(result.report.to_dict()))
    assert document["quality"] == round(result.report.quality, 2)
    html = result.report.to_html()
    assert "://" not in html and "<script" not in html
