"""Generators side by side: the same halves, the same judges, and the command."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synth.cli import app
from synth.errors import PopulaceError
from synth.evaluate.generator_comparison import FRESH, compare_generators
from synth.fitting.inspection import inspect_table
from synth.fitting.plan import Plan


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 4, 600)
    b = np.where(rng.random(600) < 0.95, a, rng.integers(0, 4, 600))
    c = np.where(rng.random(600) < 0.95, a % 2, 1 - a % 2)
    return pd.DataFrame(
        {"a": [f"a<{i}>" for i in a], "b": [f"b{i}" for i in b], "c": np.where(c == 1, "on", "off")}
    )


@pytest.fixture(scope="module")
def result(frame):
    plan = Plan.of(inspect_table(frame, "t.csv"))
    steps = []
    out = compare_generators(
        frame,
        plan,
        ("independent", "copula", "bayes-network"),
        minutes=0.1,
        progress=lambda share, words: steps.append(share),
    )
    assert steps == sorted(steps) and steps[-1] == 1.0
    return out


def test_who_keeps_what_hangs_together_wins(result):
    independent, copula, network = result.entries
    assert result.learned == result.judged == 300
    assert independent.hgb_auc > 0.8 > network.hgb_auc
    assert independent.tvd2 > copula.tvd2
    assert result.best is not independent
    assert abs(result.fresh.hgb_auc - 0.5) < 0.1 and result.fresh.name == FRESH
    assert independent.utility < 0.6 < network.utility
    for entry in result.entries:
        assert entry.seconds > 0 and entry.rows_per_second > 0 and entry.megabytes > 0
    assert "independently" in independent.note


def test_it_is_written_as_json_and_as_a_page(result):
    value = json.loads(json.dumps(result.to_dict()))
    assert [entry["name"] for entry in value["entries"]] == [
        "independent",
        "copula",
        "bayes-network",
    ]
    assert result.best.title in value["sentence"]
    html = result.to_html("Table <b>")
    assert "Table &lt;b&gt;" in html and "<b>" not in html.split("<body", 1)[1][:200]
    assert html.count("<tr") >= 5 and "Independent columns" in html


def test_the_command_compares(frame, tmp_path):
    path, page = tmp_path / "t.csv", tmp_path / "out.html"
    frame.to_csv(path, index=False)
    words = ["compare", str(path), "--generators", "independent,joint-table", "--json"]
    done = CliRunner().invoke(app, [*words, "--report", str(page), "--target", "c"])
    assert done.exit_code == 0, done.output
    value = json.loads(done.stdout)
    assert value["target"] == "c" and len(value["entries"]) == 2
    assert "Joint table" in page.read_text("utf-8")
    done = CliRunner().invoke(app, ["compare", str(path), "--generators", "joint-tabel"])
    assert done.exit_code == 2 and "joint-table" in done.output


def test_few_rows_are_refused(frame):
    plan = Plan.of(inspect_table(frame, "t.csv"))
    with pytest.raises(PopulaceError, match="at least 80"):
        compare_generators(frame.head(40), plan, ("independent",))


def test_curves_are_those_of_the_report(frame):
    plan = Plan.of(inspect_table(frame, "t.csv"))
    out = compare_generators(frame, plan, ("vae",), minutes=0.03)
    assert set(out.curves["vae"]) == {"learned", "kept apart"} and out.curves["vae"]["learned"]
