"""`complete`, `predict`, `score` and `bench-rows` on the command line."""

import json

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from synth.bench.rows import mask, reliability
from synth.cli.main import app
from synth.cli.rows import _curve


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "few.csv"
    rows = ["id,gender,age,marital", "7,female,34,", "8,,,married", "9,male,15,widowed"]
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_table_is_filled_and_its_cells_are_marked(table):
    out = table.with_name("filled.csv")
    done = run("complete", table, "--population", "us-time-use", "--out", out, "--draws", 2)
    assert done.exit_code == 0, done.output
    frame = pd.read_csv(out)
    assert list(frame.columns) == ["draw", "id", "gender", "age", "marital", "synthetic"]
    assert len(frame) == 6 and frame[["gender", "age", "marital"]].notna().all().all()
    assert frame["synthetic"].fillna("").tolist()[:3] == ["marital", "gender; age", ""]
    assert "3 cells filled" in done.output
    parquet = table.with_name("filled.parquet")
    done = run(
        "complete", table, "--population", "us-time-use", "--most-likely", "--out", parquet,
        "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert b"artly synthetic" in pq.read_schema(parquet).metadata[b"synthetic"]
    assert '"filled": 3' in done.output


def test_a_column_is_predicted(table):
    done = run("predict", "marital", table, "--population", "us-time-use", "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.output[done.output.index("{") :])
    assert len(answer["rows"]) == 3 and answer["rows"][2]["most likely"] == "never married"
    out = table.with_name("ages.parquet")
    assert run("predict", "age", table, "--population", "us-time-use", "--out", out).exit_code == 0
    assert list(pd.read_parquet(out).columns) == ["mean", "median", "5%", "95%"]
    shown = run("predict", "age", table, "--population", "us-time-use")
    assert "median" in shown.output


def test_odd_rows_come_first_and_say_why(table):
    done = run("score", table, "--population", "us-time-use")
    assert done.exit_code == 0, done.output
    first = next(line for line in done.output.splitlines() if line.startswith("Row "))
    assert first.startswith("Row 3:") and "marital = widowed" in first
    result = run("score", table, "--population", "us-time-use", "--json").output
    assert json.loads(result[result.index("{") :])["rows"][2]["odd_1"] == "marital"


def test_sentences(table):
    for words, sentence in (
        (("complete", table, "--population", "nowhere"), "no population nowhere"),
        (("complete", table, "--population", "us-time-use", "--out", "x.txt"), "neither .parquet"),
        (("predict", "agee", table, "--population", "us-time-use"), "no column agee"),
        (("lives", "sample", "swiss-families", "--rows", "2", "--out", "x.xlsx"), "neither .par"),
        (("days", "sample", "us-time-use", "--rows", "2", "--out", "x"), "neither .parquet"),
    ):
        done = run(*words)
        assert done.exit_code == 2 and sentence in done.output


def test_filling_is_measured_beside_others(people, tmp_path):
    path = tmp_path / "people.csv"
    people[["age", "marital", "work", "province", "code"]].iloc[:400].to_csv(path, index=False)
    page = tmp_path / "reliability.html"
    columns = ("--column", "age", "--column", "marital")
    done = run("bench-rows", path, *columns, "--plot", page, "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.output[done.output.index("{") :])
    filled = answer["blanked"]["random"]
    assert filled["populace"]["log_loss"] < 1.1 * filled["columns"]["log_loss"]
    assert 0 <= filled["calibration"]["expected_calibration_error"] < 0.15
    assert filled["IterativeImputer"]["absolute_error_sd"] > 0
    assert answer["predicted"]["age"]["populace"]["inside_90"] > 0.7
    text = page.read_text(encoding="utf-8")
    patterns = [each for each in answer["blanked"].values() if each["calibration"]]
    assert text.count("<figure") == len(patterns) + 1  # and marital; age is a number
    done = run("bench-rows", path, "--no-imputer", "--plot", tmp_path / "no" / "x.html")
    assert done.exit_code == 2 and "name a file in a folder of yours" in done.output
    assert "marital, predicted: Populace off by" in text and "gradient boosting off by" in text


def test_calibration_and_masks():
    import numpy as np

    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    assert reliability(p, rng.random(20_000) < p)["expected_calibration_error"] < 0.02
    assert reliability(p, rng.random(20_000) < p**3)["expected_calibration_error"] > 0.15
    sure = reliability(np.array([0.25, 0.25, 0.9, 0.9]), np.array([False, True, True, True]))
    assert _curve(sure) == "25% → 50% (of 2), 90% → 100% (of 2)"
    frame = pd.DataFrame(np.ones((500, 12)))
    frame.iloc[0] = np.nan
    blocks = mask(frame, "blocks", 0)
    assert (blocks[:, 0] == blocks[:, 5]).all() and not blocks[0].any()
    assert 0.15 < mask(frame, "random", 0).mean() < 0.25
