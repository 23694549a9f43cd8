"""`python -m synth fit` follows a plan as the Studio does."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from synth import populations
from synth.cli.main import app
from synth.populations.archive import unpack


@pytest.fixture(scope="module")
def table(people, tmp_path_factory):
    path = tmp_path_factory.mktemp("fit") / "people.csv"
    people.head(800).assign(**{"# days": 2}).to_csv(path, index=False)
    return path


def fit(table, out, *words):
    arguments = ["fit", str(table), "--out", str(out), "--score", "k2", *map(str, words)]
    return CliRunner().invoke(app, arguments)


def test_rules_counts_and_what_follows(table, tmp_path):
    out, file = tmp_path / "out", tmp_path / "ours.populace"
    result = fit(table, out, "--rule", "born <= died", "--rule", "age >= 15", "--count", "# days",
                 "--file", file)  # fmt: skip
    assert result.exit_code == 0, result.output
    plan = json.loads((out / "plan.json").read_text("utf-8"))
    assert plan["rules"] == ["born <= died", "age >= 15"]
    population = populations.load(out)
    assert population.contingency.rows % 2 == 0
    assert population.contingency.rows > 1000
    sample = tmp_path / "x.csv"
    arguments = ["sample", str(out), "--rows", "500", "--out", str(sample), "--given", "age=20.."]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    drawn = pd.read_csv(sample)
    assert (drawn["total"] == drawn["work"] + drawn["home"]).all()
    assert not (drawn["born"] > drawn["died"]).any()
    assert unpack(file.read_bytes(), tmp_path / "in").constraints == population.constraints
    outcome = CliRunner().invoke(app, ["probability", str(out), "--given", "total=3"])
    assert outcome.exit_code == 2
    assert "work and home" in outcome.stderr
    again = fit(table, tmp_path / "again", "--schema", out / "plan.json")
    assert again.exit_code == 0, again.output
    assert populations.load(tmp_path / "again").constraints == population.constraints


def test_nothing_follows_when_it_should_not(table, tmp_path):
    result = fit(table, tmp_path / "out", "--no-follow")
    assert result.exit_code == 0, result.output
    population = populations.load(tmp_path / "out")
    assert not population.constraints
    assert "total" in population.modelled


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rule", "agee > 3"], "agee"),
        (["--rule", "import os"], "not understood"),
        (["--count", "city"], "no numbers"),
        (["--count", "age", "--weights", "work"], "both weigh"),
        (["--rule", "age > 3", "--gaussian", "age"], "exclude"),
    ],
)
def test_mistakes_are_sentences(table, tmp_path, words, message):
    result = fit(table, tmp_path / "out", *words)
    assert result.exit_code == 2
    assert message in result.stderr
