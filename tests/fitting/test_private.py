"""A private population: an ordinary network, with nothing of the rows but what was paid for."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synth import populations
from synth.cli.main import app
from synth.errors import PopulaceError
from synth.fitting.fit import fit
from synth.fitting.plan import Plan
from synth.fitting.private import fit_private
from synth.fitting.simple import read_plan
from synth.populations.archive import pack, unpack
from synth.privacy.public import Public

SECRET = "Zaphod-of-Betelgeuse"


@pytest.fixture(scope="module")
def frame():
    random = np.random.default_rng(4)
    rows = 2500
    age = random.integers(18, 90, rows)
    frame = pd.DataFrame(
        {
            "gender": random.choice(["female", "male"], rows),
            "age": age,
            "married": (age > 40) ^ (random.random(rows) < 0.1),
            "city": random.choice(["a", "b", "c"], rows),
            "pay": np.where(random.random(rows) < 0.3, 0, random.integers(1, 5000, rows)),
        }
    )
    frame.loc[7, ["city", "pay"]] = [SECRET, 987654]
    return frame


@pytest.fixture(scope="module")
def town(frame):
    planned = read_plan(frame, follow=False)
    public = Public.from_json({"age": {"lower": 18, "upper": 89, "missing": False}})
    return fit_private(
        planned.frame, planned.plan, epsilon=3, public=public, rules=["age >= 18"], noise_seed=1
    )


def test_it_is_an_exact_population_that_kept_what_hangs_together(town):
    old = town.given(town.evidence("age=50..80")).marginal("married")
    young = town.given(town.evidence("age=20..35")).marginal("married")
    yes = old.labels.index("yes")
    assert old.probabilities[yes] > 0.75 > 0.5 > young.probabilities[yes]
    assert town.given().exact and len(town.given().sample(50, seed=1)) == 50
    assert town.table is None and town.has_network and town.featured


def test_the_folder_holds_neither_rows_nor_counts_nor_anybody(town, tmp_path):
    again = populations.write(town, tmp_path / "town", rows=True)
    names = {path.name for path in (tmp_path / "town").iterdir()}
    assert names == {"network.json", "population.json", "card.md"}
    text = "".join(path.read_text("utf-8") for path in (tmp_path / "town").iterdir())
    assert SECRET not in text and "987654" not in text
    about = json.loads((tmp_path / "town" / "population.json").read_text("utf-8"))
    assert about["privacy"]["epsilon"] == 3 and about["privacy"]["for_tests_only"]
    assert again.ledger == town.ledger and again.ledger.spent_epsilon <= 3
    assert again.contingency.rows == pytest.approx(2500, abs=100)
    assert "FOR TESTS ONLY" in again.card and "Nothing is promised" in again.card
    assert "for tests only" in again.note and again.people_learned.startswith("about 2,")
    assert unpack(pack(tmp_path / "town"), tmp_path / "again").ledger == town.ledger


def test_a_ledger_that_spends_too_much_is_refused(town, tmp_path):
    populations.write(town, tmp_path / "town")
    path = tmp_path / "town" / "network.json"
    content = json.loads(path.read_text("utf-8"))
    content["about"]["privacy"]["rho"] = 1e-9
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(PopulaceError, match="more than it promises"):
        populations.load(tmp_path / "town")


def test_the_same_through_a_plan(frame):
    planned = read_plan(frame[["gender", "married"]], follow=False)
    plan = Plan.from_json(
        {**planned.plan.to_json(), "generator": "private", "privacy": {"epsilon": 2.0}}
    )
    fitted = fit(planned.frame, plan)
    assert fitted.ledger.epsilon == 2.0 and fitted.table is None and not fitted.ledger.is_for_tests


@pytest.mark.parametrize("change", ["weight", "make"])
def test_what_would_give_rows_away_is_refused(frame, change):
    planned = read_plan(frame, follow=False)
    plan = planned.plan.weighed("pay", "weight") if change == "weight" else planned.plan.making(
        {"city": "pattern"}
    )  # fmt: skip
    with pytest.raises(PopulaceError, match="private population"):
        fit_private(planned.frame, plan, epsilon=1)


def test_commands(frame, tmp_path):
    runner = CliRunner()
    table, public = tmp_path / "t.csv", tmp_path / "public.toml"
    frame[["gender", "married", "age"]].to_csv(table, index=False)
    public.write_text("[age]\nlower = 18\nupper = 89\n")
    out = tmp_path / "town"
    outcome = runner.invoke(
        app, ["fit", str(table), "--out", str(out), "--epsilon", "1", "--public", str(public)]
    )
    assert outcome.exit_code == 0, outcome.output
    assert populations.load(out).ledger.epsilon == 1
    coarse = tmp_path / "coarse.csv"
    outcome = runner.invoke(
        app, ["anonymise", str(table), "--quasi", "age,gender", "--k", "20", "--out", str(coarse)]
    )
    assert (
        outcome.exit_code == 0 and pd.read_csv(coarse).groupby(["age", "gender"]).size().min() >= 20
    )
    outcome = runner.invoke(app, ["risk", str(coarse), "--quasi", "age,gender", "--json"])
    assert json.loads(outcome.stdout)["k"] >= 20
    for words in (["--public", str(public)], ["--epsilon", "0"], ["--epsilon", "1", "--refine"]):
        outcome = runner.invoke(app, ["fit", str(table), "--out", str(out), *words])
        assert outcome.exit_code == 2
