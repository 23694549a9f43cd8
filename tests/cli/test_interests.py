"""The command line, and the check on the time-use diaries where they are at hand."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synth.cli.main import app
from synth.interests import Interests
from synth.interests.evaluate import evaluate

DATA = Path(__file__).parents[3] / "shared" / "data"


def run(*arguments):
    return CliRunner().invoke(app, ["interests", *map(str, arguments)])


def test_fit_from_a_long_table(tmp_path, planted):
    counts, _, _ = planted(people=80)
    cells = counts.matrix.tocoo()
    rows, columns = cells.coords
    pd.DataFrame(
        {
            "who": rows,
            "what": np.array(counts.items)[columns],
            "times": cells.data.astype(int),
        }
    ).to_csv(tmp_path / "rows.csv", index=False)
    out = tmp_path / "made"
    requested = ("--person", "who", "--item", "what", "--amount", "times", "--topics", 4)
    done = run("fit", tmp_path / "rows.csv", *requested, "--out", out, "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert [each["name"] for each in answer["interests"]] == list(Interests.load(out).names)
    people = pd.read_parquet(out / "people.parquet")
    assert list(people.columns) == ["who", "top1", "top2", "top3"] and len(people) == 80


def test_fit_from_a_wide_table_and_from_texts(tmp_path):
    table = pd.DataFrame({"tea": [3, 0, 2, 0], "cake": [1, 0, 2, 0], "run": [0, 4, 0, 5]})
    table["about"] = ["tea tea"] * 4
    table.to_csv(tmp_path / "wide.csv", index=False)
    done = run("fit", tmp_path / "wide.csv", "--topics", 2, "--out", tmp_path / "made")
    assert done.exit_code == 0 and "tea" in done.stdout
    assert list(pd.read_parquet(tmp_path / "made" / "people.parquet").columns) == [
        "person",
        "top1",
        "top2",
    ]
    done = run("fit", tmp_path / "wide.csv", "--text", "about", "--out", tmp_path / "made")
    assert done.exit_code == 2 and "Nobody has any item" in done.output
    done = run("fit", tmp_path / "wide.csv", "--text", "hobby", "--out", tmp_path / "made")
    assert done.exit_code == 2 and "no column hobby" in done.output


def test_the_check_wants_the_diaries(tmp_path):
    done = run("evaluate", "--source", tmp_path)
    assert done.exit_code == 2 and "--source" in done.output


def test_learned_interests_agree_with_those_made_by_hand():
    if not (DATA / "atus_activities.parquet").is_file():
        pytest.skip("the time-use diaries are not in ../shared/data")
    results = evaluate(DATA, seeds=1)
    assert (results["people"], results["items"]) == (151_335, 183)
    by_hand = results["hand_made"]
    assert by_hand["top1"]["nmi"] == pytest.approx(1) and by_hand["top3_found"] == 1
    run = results["populace"][0]
    # scikit-learn's LDA reaches 0.54, 0.40, 0.50 and 71.
    assert run["top1"]["nmi"] > 0.6 and run["top1"]["ari"] > 0.47
    assert run["top1"]["accuracy"] > 0.57 and run["hidden_item"] < 50
    assert run["coherence_top10"]["npmi"] > by_hand["coherence_top10"]["npmi"] - 0.1
    assert run["noughts_in_phi"] > 0.9 and run["noughts_in_shares"] > 0.6
