"""Dates from a file to synthetic people: their order, how far apart they are, how they are read."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synth import populations
from synth.cli.main import app
from synth.fitting import simple
from synth.fitting.inspection import Inspection, inspect_table
from synth.fitting.plan import Correction, Plan


@pytest.fixture(scope="module")
def stays():
    """Born, admitted, discharged; a day is never after the next one."""
    rng, rows = np.random.default_rng(1), 1500
    born = np.datetime64("1940-01-01") + rng.integers(0, 25_000, rows)
    admitted = np.datetime64("2015-01-01") + rng.integers(0, 1_500, rows)
    discharged = admitted + np.minimum(rng.geometric(0.1, rows) - 1, 90)
    days = {"born": born, "admitted": admitted, "discharged": discharged}
    frame = pd.DataFrame({name: each.astype(str) for name, each in days.items()})
    return frame.assign(ward=rng.choice(["north", "south"], rows))


@pytest.fixture(scope="module")
def table(stays, tmp_path_factory):
    path = tmp_path_factory.mktemp("dates") / "stays.csv"
    stays.to_csv(path, index=False)
    return path


def invoke(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result


def drawn_of(out, tmp_path, *words):
    sample = tmp_path / "drawn.csv"
    invoke("sample", out, "--out", sample, *words)
    return pd.read_csv(sample)


def test_an_order_of_dates_is_discovered_and_holds_under_evidence(table, tmp_path):
    out = tmp_path / "out"
    result = invoke("fit", table, "--out", out, "--score", "k2")
    assert "admitted <= discharged" in result.stderr
    assert json.loads((out / "plan.json").read_text("utf-8"))["rules"] == ["admitted <= discharged"]
    given = "born=1950-01-01..1969-12-31,admitted=2016-03"
    drawn = drawn_of(out, tmp_path, "--rows", 5000, "--given", given)
    assert len(drawn) == 5000
    assert not (drawn["admitted"] > drawn["discharged"]).any()
    assert drawn["admitted"].str.startswith("2016-03").all()
    assert drawn["born"].between("1950-01-01", "1969-12-31").all()


def test_a_rule_between_dates_by_hand(table, tmp_path):
    words = ("fit", table, "--score", "k2", "--no-follow")
    invoke(*words, "--out", tmp_path / "free")
    free = drawn_of(tmp_path / "free", tmp_path, "--rows", 5000)
    assert (free["admitted"] > free["discharged"]).any()  # what the rule is for
    invoke(*words, "--out", tmp_path / "ruled", "--rule", "admitted <= discharged")
    ruled = drawn_of(tmp_path / "ruled", tmp_path, "--rows", 5000, "--given", "ward=north")
    assert not (ruled["admitted"] > ruled["discharged"]).any()


def test_python_keeps_the_order_too(stays):
    population = simple.fit(stays, score="k2")
    assert [str(rule) for rule in population.constraints.rules] == ["admitted <= discharged"]
    drawn = population.given().sample(5000, seed=3)
    assert not (drawn["admitted"] > drawn["discharged"]).any()


def test_what_was_found_survives_json_and_corrections(stays):
    result = inspect_table(stays, "stays.csv")
    assert Inspection.from_json(json.loads(json.dumps(result.to_json()))) == result
    plan = Plan.of(result)
    assert plan.rules == result.rules != ()
    assert plan.making({"admitted": "pattern"}).rules == ()
    assert Plan.from_json(plan.to_json()) == plan


def full_years(frame):
    since, until = (frame[name].str.replace("-", "").astype(int) for name in ("born", "admitted"))
    return (until - since) // 10_000


def test_ages_and_stays_are_worked_out_exactly(stays, tmp_path):
    away = pd.to_datetime(stays["discharged"]) - pd.to_datetime(stays["admitted"])
    real = stays.assign(stay=away.dt.days, age=full_years(stays))
    real.to_csv(tmp_path / "real.csv", index=False)
    out = tmp_path / "out"
    invoke("fit", tmp_path / "real.csv", "--out", out, "--score", "k2")
    population = populations.load(out)
    formulas = [str(each) for each in population.constraints.derived]
    assert formulas == ["discharged = admitted + stay", "age = years(admitted − born)"]
    drawn = drawn_of(out, tmp_path, "--rows", 5000, "--given", "ward=south")
    away = pd.to_datetime(drawn["discharged"]) - pd.to_datetime(drawn["admitted"])
    assert (away.dt.days == drawn["stay"]).all()
    assert (full_years(drawn) == drawn["age"]).all()
    assert drawn["age"].dtype == "int64"
    # The stays themselves are learned, not what is left between two dates.
    assert abs(drawn["stay"].mean() - real["stay"].mean()) < 0.6
    refused = CliRunner().invoke(app, ["probability", str(out), "--given", "age=30"])
    assert refused.exit_code == 2
    assert "born and admitted" in refused.stderr


@pytest.fixture(scope="module")
def ambiguous(tmp_path_factory):
    """No day is after the twelfth, so day and month may be either way round."""
    rng, rows = np.random.default_rng(0), 300
    days = pd.to_datetime(
        pd.DataFrame(
            {
                "year": rng.integers(1990, 2000, rows),
                "month": rng.choice([1, 2, 3], rows),
                "day": rng.integers(1, 13, rows),
            }
        )
    )
    path = tmp_path_factory.mktemp("order") / "american.csv"
    columns = {"born": days.dt.strftime("%m/%d/%Y"), "ward": rng.choice(["a", "b"], rows)}
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("example", ["month/day", "MM/DD/YYYY", "12/31/2020"])
def test_the_order_of_day_and_month_is_corrected_by_an_option(ambiguous, tmp_path, example):
    message = simple.read_plan(ambiguous).notes
    assert any("born is read as day/month" in note for note in message)
    planned = simple.read_plan(ambiguous, written={"born": example})
    assert not planned.notes
    assert planned.plan.schema["born"].format.pattern == "%m/%d/%Y"
    assert planned.plan.schema["born"].example[:2] in ("01", "02", "03")
    if example != "MM/DD/YYYY":
        return
    out = tmp_path / "out"
    invoke("fit", ambiguous, "--out", out, "--score", "k2", "--written", f"born={example}")
    drawn = drawn_of(out, tmp_path, "--rows", 1000, "--given", "born=1992-01-01..1995-12-31")
    read = pd.to_datetime(drawn["born"], format="%m/%d/%Y")
    assert read.dt.year.between(1992, 1995).all()
    # All real ones are; as day first, a quarter of these would be.
    assert (read.dt.month <= 3).mean() > 0.6


@pytest.mark.parametrize("words", ["born", "born=", "born=soon", "nobody=month/day"])
def test_an_order_that_is_none_is_refused(ambiguous, tmp_path, words):
    result = CliRunner().invoke(
        app, ["fit", str(ambiguous), "--out", str(tmp_path / "x"), "--written", words]
    )
    assert result.exit_code == 2
    assert result.stderr.count("Traceback") == 0
    assert "MM/DD/YYYY" in result.stderr or "nobody" in result.stderr


def test_what_hangs_on_the_wrong_order_is_dropped(stays):
    swapped = stays.assign(
        **{n: pd.to_datetime(stays[n]).dt.strftime("%d/%m/%Y") for n in ("admitted", "discharged")}
    )
    plan = Plan.of(inspect_table(swapped, "stays.csv"))
    assert [str(rule) for rule in plan.rules] == ["admitted <= discharged"]
    corrected = plan.corrected([Correction("admitted", written="12/31/2020")])
    assert corrected.rules == ()
    assert corrected.schema["admitted"].lower is None


def test_dates_in_order_are_as_far_apart_as_the_real_ones(stays, tmp_path):
    real = (pd.to_datetime(stays["discharged"]) - pd.to_datetime(stays["admitted"])).dt.days
    population = simple.fit(stays, score="k2", follow=False, rules=["admitted <= discharged"])
    populations.write(population, tmp_path / "kept")
    for each in (population, populations.load(tmp_path / "kept")):
        for facts, slack in (("", 0.05), ("admitted=2016-01..2016-12", 0.15), ("ward=north", 0.05)):
            drawn = each.given(each.evidence(facts)).sample(8000, seed=1)
            days = pd.to_datetime(drawn["discharged"]) - pd.to_datetime(drawn["admitted"])
            assert (days.dt.days >= 0).all()
            assert days.dt.days.mean() == pytest.approx(real.mean(), rel=slack)
            assert abs((days.dt.days <= 3).mean() - (real <= 3).mean()) < 0.04


def test_a_column_is_added_and_worked_out_in_every_row(stays, table, tmp_path):
    lines = ["age = years(admitted - born)", "stay = days(discharged - admitted)"]
    words = [word for line in lines for word in ("--derive", line)]
    invoke("fit", table, "--out", tmp_path / "out", "--score", "k2", *words)
    by_command = drawn_of(tmp_path / "out", tmp_path, "--rows", 500)
    by_python = simple.fit(stays, score="k2", derive=lines).given().sample(500, seed=1)
    for drawn in (by_command, by_python):
        born, admitted, discharged = (
            pd.to_datetime(drawn[name]) for name in ("born", "admitted", "discharged")
        )
        assert drawn["stay"].tolist() == (discharged - admitted).dt.days.tolist()
        full = admitted.dt.year - born.dt.year
        early = admitted.dt.strftime("%m%d") < born.dt.strftime("%m%d")
        assert drawn["age"].tolist() == (full - early).tolist()
        assert drawn["age"].dtype == np.int64
    again = simple.fit(stays, plan=Plan.from_json((tmp_path / "out/plan.json").read_text("utf-8")))
    assert again.constraints.names == ("age", "stay")
