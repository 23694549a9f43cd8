import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from synth.cli.main import COMMANDS, app
from synth.data.schema import Schema

ROOT = Path(__file__).parents[2]


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def answer(*words):
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """A table with a formula for a level, an identifier and weights."""
    rng = np.random.default_rng(0)
    rows = 1500
    age = rng.integers(15, 85, rows)
    married = rng.random(rows) < np.where(age > 30, 0.7, 0.05)
    frame = pd.DataFrame(
        {
            "person": [f"p{i}" for i in range(rows)],
            "age": age,
            "marital": np.where(married, "married", "=single"),
            "hobby": rng.choice(["chess", "pets", "tennis"], rows, p=[0.2, 0.3, 0.5]),
            "owner": rng.random(rows) < np.where(married, 0.8, 0.2),
            "pay": np.where(rng.random(rows) < 0.3, np.nan, rng.integers(0, 99999, rows) / 100),
            "counts": np.where(married, 3.0, 1.0) + rng.random(rows) / 100,
        }
    )
    path = tmp_path_factory.mktemp("people") / "people.parquet"
    frame.to_parquet(path)
    return path


@pytest.fixture(scope="module")
def fitted(people):
    out = people.parent / "fitted"
    result = run("fit", people, "--out", out, "--weights", "counts", "--score", "k2")
    assert result.exit_code == 0, result.output
    assert "Column person" in result.stderr
    return out


def test_fit_leaves_a_population_that_can_be_asked(fitted):
    assert {path.name for path in fitted.iterdir()} >= {
        "network.json",
        "reference.json",
        "schema.json",
        "card.md",
    }
    schema = Schema.from_json((fitted / "schema.json").read_text("utf-8"))
    assert schema["person"].role == "skip"
    assert schema["counts"].role == "weight"
    everybody = answer("probability", fitted)
    assert everybody["probability"] == pytest.approx(1)


def test_fit_takes_a_corrected_schema(people, fitted, tmp_path):
    schema = Schema.from_json((fitted / "schema.json").read_text("utf-8"))
    schema = schema.changed("hobby", role="skip").changed("owner", label="Owns a home")
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(schema.to_json()), "utf-8")
    out = tmp_path / "out"
    result = run(
        "fit", people, "--out", out, "--schema", path, "--gaussian", "age", "--max-parents", 1
    )
    assert result.exit_code == 0, result.output
    result = run("posterior", out, "hobby")
    assert result.exit_code == 2
    assert "hobby" in result.stderr
    assert sum(answer("posterior", out, "age")["probabilities"]) == pytest.approx(1)


def test_fit_searches_with_pgmpy_too(people, tmp_path):
    result = run("fit", people, "--out", tmp_path / "tree", "--search", "tree")
    assert result.exit_code == 0, result.output
    network = json.loads((tmp_path / "tree" / "network.json").read_text("utf-8"))
    assert network["about"]["search"] == "tree"


def test_probability_and_posterior_agree(fitted):
    common = answer("probability", fitted, "--given", "marital=married")
    assert common["given"] == "marital=married"
    assert common["log_probability"] == pytest.approx(np.log(common["probability"]))
    marital = answer("posterior", fitted, "marital")
    shares = dict(zip(marital["labels"], marital["probabilities"], strict=True))
    assert shares["married"] == pytest.approx(common["probability"])
    assert shares["married"] > 0.75, "the weights count"
    age = answer("posterior", fitted, "age", "--given", "Marital=MARRIED")
    assert age["mean"] > answer("posterior", fitted, "age")["mean"]
    assert age["given"] == "marital=married"


def test_doing_is_not_seeing(fitted):
    seen = answer("posterior", fitted, "marital", "--given", "owner=yes")
    done = answer("posterior", fitted, "marital", "--do", "marital=married")
    assert seen["probabilities"][1] < done["probabilities"][1] == pytest.approx(1)


def test_answers_are_readable(fitted):
    result = run("posterior", fitted, "hobby")
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["chess", "pets", "tennis"]
    assert "%" in result.stdout
    result = run("probability", fitted, "--given", "age=65..")
    assert result.stdout.strip().endswith("age=65..")


def test_samples_are_the_same_in_both_kinds_of_file(fitted, tmp_path):
    given = ["--given", "age=20..30,marital==single".replace("==", '="=') + '"']
    for name in ("x.parquet", "x.csv", "again.csv"):
        result = run("sample", fitted, "--rows", 700, *given, "--seed", 3, "--out", tmp_path / name)
        assert result.exit_code == 0, result.output
        assert result.stdout == ""
    table = pq.read_table(tmp_path / "x.parquet")
    assert table.num_rows == 700
    assert any(b"ynthetic" in k + v for k, v in table.schema.metadata.items())
    frame = table.to_pandas()
    assert frame["age"].between(20, 30).all()
    assert set(frame["marital"]) == {"=single"}
    written = pa_csv.read_csv(tmp_path / "x.csv").to_pandas()
    assert set(written["marital"]) == {"'=single"}, "no cell is taken for a formula"
    assert written["synthetic"].all(), "a CSV file says so in every row"
    assert written["age"].tolist() == frame["age"].tolist()
    assert written["pay"].isna().tolist() == frame["pay"].isna().tolist()
    assert (tmp_path / "x.csv").read_bytes() == (tmp_path / "again.csv").read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_long_csv_samples_are_streamed(fitted, tmp_path, monkeypatch):
    out = ["--rows", 1000, "--seed", 1, "--out"]
    run("sample", fitted, *out, tmp_path / "whole.csv")
    monkeypatch.setattr("synth.cli.questions._CSV_ROWS", 300)
    run("sample", fitted, *out, tmp_path / "pieces.csv")
    assert (tmp_path / "whole.csv").read_bytes() == (tmp_path / "pieces.csv").read_bytes()


def test_evaluate_compares_a_sample_with_its_people(people, fitted, tmp_path):
    out = tmp_path / "x.csv"
    run("sample", fitted, "--rows", 1500, "--out", out)
    result = answer("evaluate", people, out)
    for key in ("lr_auc", "hgb_auc", "tvd1", "tvd2", "association"):
        assert 0 <= result[key] <= 1
        assert 0 <= result[f"{key}_reference"] <= 1
    assert result["left_out"] == ["counts"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["probability", "nowhere"], "nowhere"),
        (["probability", "FITTED", "--given", "marital=maried"], "did you mean married?"),
        (["probability", "FITTED", "--given", "agee=3"], "did you mean age?"),
        (["probability", "FITTED", "--given", "person=p1"], "person"),
        (["posterior", "FITTED", "agee"], "agee"),
        (["posterior", "FITTED", "age", "--do", "pay=lots"], "'lots'"),
        (["sample", "FITTED", "--out", "x.xlsx"], ".parquet"),
        (["sample", "FITTED", "--out", "no/such/folder/x.csv"], "no/such/folder"),
        (["sample", "FITTED", "--out", "no/such/folder/x.parquet"], "no/such/folder"),
        (["fit", "none.csv", "--out", "x"], "There is no file none.csv"),
        (["fit", "PEOPLE", "--out", "x", "--schema", "none.json"], "none.json"),
        (["fit", "PEOPLE", "--out", "x", "--weights", "weight"], "weight"),
        (["fit", "PEOPLE", "--out", "x", "--gaussian", "marital"], "marital"),
        (["evaluate", "PEOPLE", "none.csv"], "none.csv"),
        (["populations", "build", "nowhere"], "nowhere"),
    ],
)
def test_mistakes_are_one_sentence_and_exit_code_2(words, expected, people, fitted):
    names = {"FITTED": fitted, "PEOPLE": people}
    result = run(*(names.get(word, word) for word in words))
    assert result.exit_code == 2
    assert result.stdout == ""
    *notes, sentence = result.stderr.splitlines()
    assert expected in sentence
    assert all(note.startswith("Column person ") for note in notes)


def python(*words):
    return subprocess.run(
        [sys.executable, *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_mistake_in_a_real_process_shows_no_traceback(fitted):
    result = python("-m", "synth", "probability", fitted, "--given", "marital=maried")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "did you mean married?" in result.stderr


def test_help_is_quick_because_nothing_heavy_is_loaded():
    result = python(
        "-c", "import sys, synth.cli; print('pandas' in sys.modules, sys.modules.keys())"
    )
    assert result.stdout.startswith("False"), result.stderr
    assert "numba" not in result.stdout
    result = python("-m", "synth", "--help")
    assert result.returncode == 0
    for name in ("populations", "probability", "posterior", "sample", "fit", "evaluate", "bench"):
        assert name in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Usage" in result.stdout


def test_the_shipped_populations_are_listed():
    entries = answer("populations")
    assert {entry["name"] for entry in entries} >= {"us-time-use", "french-hobbies"}
    for entry in entries:
        assert entry["people"] > 1000
        assert entry["columns"]
        assert entry["note"]
    shown = run("populations").stdout
    assert "us-time-use" in shown


def test_generators_are_listed():
    entries = answer("generators")
    assert entries[0]["name"] == "bayes-network"
    assert all(entry["title"] and entry["description"] for entry in entries)
    assert "bayes-network: Bayesian network" in run("generators").stdout
