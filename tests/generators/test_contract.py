"""A generator is one file and one registration: learned, saved, asked, judged, drawn on cards."""

import importlib
import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synth import generators, populations
from synth.bayes import learn
from synth.bayes.strength import NamedEdgeConstraints
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.fitting.fit import fit
from synth.fitting.inspection import inspect_table
from synth.fitting.plan import Plan
from synth.fitting.refit import refit
from synth.generators import base
from synth.populations.archive import pack, unpack

NAME = "independent-columns"


@pytest.fixture(scope="module", autouse=True)
def registered():
    """The file, and its registration; gone when the tests have run."""
    sys.path.insert(0, str(Path(__file__).parent))
    before = dict(base.REGISTER)
    importlib.import_module("independent_columns")
    yield
    sys.path.remove(str(Path(__file__).parent))
    sys.modules.pop("independent_columns", None)
    base.REGISTER.clear()
    base.REGISTER.update(before)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(4)
    rows = 1200
    age = rng.integers(18, 90, rows)
    work, home = rng.integers(0, 5, rows), rng.integers(0, 5, rows)
    city = rng.integers(0, 12, rows)
    return pd.DataFrame(
        {
            "gender": rng.choice(["female", "male"], rows),
            "age": age,
            "married": (age > 30) & (rng.random(rows) < 0.7),
            "city": [f"city {i}" for i in city],
            "province": [f"province {i % 4}" for i in city],
            "born": 2020 - age,
            "work": work,
            "home": home,
            "total": work + home,
        }
    )


def plan_of(frame, **changes):
    plan = Plan.of(inspect_table(frame, "town.csv"))
    return Plan.from_json({**plan.to_json(), "generator": NAME, "score": "k2", **changes})


@pytest.fixture(scope="module")
def town(frame):
    return fit(frame, plan_of(frame))


# ---------------------------------------------------------------------- the contract


def test_the_register_knows_it_and_hints_at_it():
    assert generators.names()[0] == "bayes-network" and NAME in generators.names()
    assert generators.titles()[NAME] == "Independent columns"
    for name in generators.names():
        assert isinstance(generators.generator(name), base.Generator)
    with pytest.raises(PopulaceError, match=r"There is no generator independent-column.*columns"):
        generators.generator("independent-column")


def test_a_plan_names_its_generator(frame):
    assert Plan.from_json(plan_of(frame).to_json()).generator == NAME
    assert Plan.of(inspect_table(frame, "x")).generator == "bayes-network"
    with pytest.raises(PopulaceError, match="no generator nobody"):
        plan_of(frame, generator="nobody")


def test_the_network_keeps_the_contract(frame):
    table = make_table(frame[["gender", "age", "married"]])
    network = learn(table, score="k2", restarts=0)
    model = populations.of(network, table, title="Town").model
    assert model.network is network and model.digest == network.digest
    assert model.settings.options["score"] == "k2"
    conditional = model.given()
    assert conditional.exact and conditional.schema == model.schema
    assert model.sample(5, seed=1).equals(conditional.sample(5, seed=1))


# ---------------------------------------------------------------------- learned and asked


def test_it_is_learned_and_asked(town, frame):
    assert not town.has_network
    with pytest.raises(PopulaceError, match=r"has no network .*Independent columns"):
        _ = town.network
    assert set(town.modelled.names) == set(frame.columns) - {"total", "born"}
    assert "total" in town.schema.names
    posterior = town.given(town.evidence("gender=female,age=18..40"))
    real = (frame["gender"] == "female").mean() * frame["age"].between(18, 40).mean()
    assert posterior.exact and posterior.probability == pytest.approx(real, abs=0.03)
    people = posterior.sample(500, seed=3)
    assert (people["gender"].astype(str) == "female").all() and people["age"].le(40).all()
    assert (people["total"] == people["work"] + people["home"]).all()
    assert (
        posterior.sample(100, seed=3, start=400)
        .reset_index(drop=True)
        .equals(people.iloc[400:].reset_index(drop=True))
    )
    assert town.given(town.evidence("gender=female,age=18..40")) is posterior


def test_what_it_does_not_keep_is_on_the_card(town):
    assert "learned by “Independent columns” (seed 0)" in town.card
    assert "city → province holds in the table, but “Independent columns” does not keep" in (
        town.card
    )
    assert "Settled exactly" not in town.card
    assert "total = work + home" in town.card


def test_rules_hold_and_answers_say_that_they_are_estimated(frame):
    ruled = fit(frame, plan_of(frame).ruled("work <= home"))
    posterior = ruled.given(ruled.evidence("work=4"))
    assert not posterior.exact
    people = posterior.sample(400, seed=1)
    assert people["work"].eq(4).all() and people["home"].eq(4).all()
    kept = frame[frame["work"] <= frame["home"]]
    whole = ruled.given().marginal("work")
    assert whole.mean == pytest.approx(kept["work"].mean(), abs=0.35)
    # Under independence, P(work | work <= home) is known from the two margins.
    p = np.array([ruled.model.given().marginal("work").mass(v, v) for v in range(5)])
    q = np.array([ruled.model.given().marginal("home").mass(v, v) for v in range(5)])
    joint = np.outer(p, q) * (np.arange(5)[:, None] <= np.arange(5))
    assert posterior.probability == pytest.approx(joint[4].sum() / joint.sum(), abs=0.01)
    assert math.log(posterior.probability) == pytest.approx(posterior.log_probability)
    error = posterior.standard_error
    assert 0 < error < 0.01
    assert abs(posterior.probability - joint[4].sum() / joint.sum()) < 4 * error
    assert ruled.given().standard_error == 0
    drawn = ruled.given().sample(1000, seed=2)
    again = ruled.given().sample(300, seed=2, start=700)
    assert again.reset_index(drop=True).equals(drawn.iloc[700:].reset_index(drop=True))
    with pytest.raises(PopulaceError, match="worked out in every row"):
        ruled.given(ruled.evidence("total=3"))


def test_it_is_learned_again_in_the_same_way(town, frame):
    half = replace(town.table, frame=town.table.frame.head(600))
    model = refit(town.model, half)
    assert model.generator == NAME and model.schema == town.modelled
    assert model.digest != town.model.digest
    with pytest.raises(PopulaceError, match="has no arrows"):
        refit(town.model, half, edges=NamedEdgeConstraints(required=(("age", "gender"),)))


# ---------------------------------------------------------------------- saved, opened, asked


def test_it_is_saved_and_opened(town, tmp_path):
    saved = populations.write(town, tmp_path / "town", rows=True)
    about = json.loads((tmp_path / "town" / "population.json").read_text())
    assert about["generator"] == NAME
    assert not (tmp_path / "town" / "network.json").exists()
    assert saved.model.digest == town.model.digest
    assert saved.given().sample(50, seed=1).equals(town.given().sample(50, seed=1))
    opened = unpack(pack(tmp_path / "town"), tmp_path / "in")
    assert opened.model.digest == town.model.digest
    (tmp_path / "town" / "independent.json").unlink()
    with pytest.raises(PopulaceError, match=r"lacks independent\.json"):
        unpack(pack(tmp_path / "town"), tmp_path / "out")


def test_the_command_line_offers_it(frame, tmp_path):
    from synth.cli import app

    frame.to_csv(tmp_path / "town.csv", index=False)
    outcome = CliRunner().invoke(app, ["generators"])
    assert "independent-columns: Independent columns" in outcome.output
    words = ["fit", str(tmp_path / "town.csv"), "--out", str(tmp_path / "town")]
    done = CliRunner().invoke(app, [*words, "--generator", NAME])
    assert done.exit_code == 0, done.output
    assert populations.load(tmp_path / "town").model.generator == NAME
    wrong = CliRunner().invoke(app, [*words, "--generator", "independent-column"])
    assert wrong.exit_code != 0 and "There is no generator independent" in wrong.output
    out = tmp_path / "people.csv"
    words = ["sample", str(tmp_path / "town"), "--given", "gender=male", "--rows", "20"]
    done = CliRunner().invoke(app, [*words, "--out", str(out)])
    assert done.exit_code == 0, done.output
    people = pd.read_csv(out)
    assert len(people) == 20 and set(people["gender"]) == {"male"}


def test_the_studios_child_learns_it(frame, tmp_path):
    from synth.fitting import tasks

    frame.to_csv(tmp_path / "town.csv", index=False)
    task = {
        "upload": str(tmp_path / "town.csv"),
        "name": "town.csv",
        "plan": plan_of(frame).to_json(),
    }
    steps = []
    tasks._learn(tmp_path, task, lambda share, words: steps.append(share))
    assert populations.load(tmp_path / "population").in_memory().model.generator == NAME
    assert steps == sorted(steps)


# ---------------------------------------------------------------------- judged and drawn


def test_it_is_judged(town):
    from synth.evaluate.holdout import holdout_report

    judged = holdout_report(town, rows=400, target="married")
    assert judged.report.fidelity.rows_synthetic == 400
    assert len(judged.people) == 400


def test_it_is_drawn_as_profiles(town):
    from synth.people.profile import make_profiles

    profiles = make_profiles(town, count=3, seed=1)
    assert len(profiles) == 3
