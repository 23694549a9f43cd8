"""Generators side by side: the same halves, the same judges, and the command."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synth.cli import app
from synth.cli.compare import with_line
from synth.errors import PopulaceError
from synth.evaluate.generator_comparison import (
    FIGURES,
    FRESH,
    REAL,
    GeneratorComparison,
    compare_generators,
)
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


def test_it_is_read_back_and_joined(frame, result, tmp_path):
    value = json.loads(json.dumps(result.to_dict()))
    again = GeneratorComparison.from_dict(value)
    assert again.sentence == result.sentence and again.to_dict() == value
    plan = Plan.of(inspect_table(frame, "t.csv"))
    more = compare_generators(frame, plan, ("joint-table",))
    both = again.joined(more)
    assert [entry.name for entry in both.entries][-1] == "joint-table" and len(both.entries) == 4
    assert set(both.figures.people) >= {REAL, FRESH, "copula", "joint-table"}
    with pytest.raises(PopulaceError, match="not of the same people"):
        again.joined(compare_generators(frame.head(400), plan, ("independent",)))
    value["entries"][0].pop("title")
    with pytest.raises(PopulaceError, match="damaged"):
        GeneratorComparison.from_dict(value)


def test_the_best_of_each_column_is_bold(result):
    by_key = {figure.key: figure for figure in FIGURES}
    assert result.bold(by_key["hgb_auc"]) >= {result.best.name}
    highest = max(result.entries, key=lambda entry: entry.utility)
    assert highest.name in result.bold(by_key["utility"])
    assert by_key["seconds"].text(result.fresh) == "–"
    html = result.to_html("t")
    assert "<svg" in html and "<script" not in html and result.card_line.count("AUC") == 1


def test_a_line_of_a_card_is_replaced():
    first = with_line("# Card\n\nText.\n", "Generators side by side, learned from 1.")
    assert first.endswith("Text.\n\nGenerators side by side, learned from 1.\n")
    again = with_line(first, "Generators side by side, learned from 2.")
    assert again.count("side by side") == 1 and again.endswith("2.\n")
