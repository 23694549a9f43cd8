"""Calibrated and rare people as models: with constraints, through a population, from lines."""

import numpy as np
import pandas as pd
import pytest

from synth.bayes.calibration import Target
from synth.bayes.learning import NetworkLearner
from synth.constraints.derived import Constraints
from synth.constraints.rules import parse_rules
from synth.data.column import Column
from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.generators.bayes_network import BayesNetworkModel
from synth.generators.calibrated import CalibratedModel, parse_target, read_targets
from synth.generators.rare import WEIGHT, RareModel

SCHEMA = Schema(
    (
        Column("sex", "categorical", ("f", "m", "d")),
        Column("age", "integer", lower=0, upper=99, step=1),
        Column("re gion", "categorical", ("n", "s")),
    )
)


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    born, sex = rng.integers(1900, 1990, 4000), rng.choice(["f", "m"], 4000, p=[0.3, 0.7])
    frame = pd.DataFrame({"born": born, "died": born + rng.integers(1, 90, 4000), "sex": sex})
    frame["work"] = np.where((sex == "f") & (rng.random(4000) < 0.8), "a", "b")
    return BayesNetworkModel(NetworkLearner(score="k2", seed=0).fit(make_table(frame)).network_)


@pytest.fixture(scope="module")
def constraints(model):
    return Constraints(rules=parse_rules("born < died", model.schema))


def test_targets_hold_under_constraints(model, constraints):
    targets = read_targets(["sex=f:.6|m:.4", "born=..1949:.2"], model.schema)
    calibrated = CalibratedModel(model, targets)
    for rules in (Constraints(), constraints):
        everybody = calibrated.given(constraints=rules)
        assert everybody.marginal("sex")["f"] == pytest.approx(0.6, abs=1e-9)
        early = calibrated.given(Evidence.parse("born=..1949", model.schema), constraints=rules)
        assert early.probability == pytest.approx(0.2, abs=1e-9)
    people = calibrated.given(constraints=constraints).sample(5000, 1)
    assert (people["born"] < people["died"]).all()
    assert (people["sex"] == "f").mean() == pytest.approx(0.6, abs=0.03)
    assert calibrated.digest != model.digest
    assert calibrated.digest != CalibratedModel(model, targets[:1]).digest


def test_rare_people_keep_the_rules_and_weigh_themselves(model, constraints):
    rare = RareModel(model, 0.4).given(constraints=constraints)
    people = rare.weighted(20_000, 2)
    assert (people["born"] < people["died"]).all()
    weights = np.exp(people[WEIGHT])
    assert weights.mean() == pytest.approx(1, abs=0.05)
    women = (people["sex"] == "f").to_numpy()
    truth = model.given(constraints=constraints).marginal("sex")["f"]
    error = (weights * women).std() / np.sqrt(len(people))
    assert abs((weights * women).mean() - truth) < 4 * error
    assert rare.marginal("sex")["f"] == pytest.approx(women.mean(), abs=0.02)
    # Women who work in b are the rarest: they come more often.
    few = Evidence.parse("sex=f,work=b", model.schema)
    share = ((people["sex"] == "f") & (people["work"] == "b")).mean()
    assert share > 1.2 * model.given(few, constraints=constraints).probability


def test_rarity_refuses_what_it_cannot(model):
    with pytest.raises(PopulaceError, match="not above 0"):
        RareModel(model, 0)
    with pytest.raises(PopulaceError, match="what is known"):
        RareModel(model, 0.5).given(do=Evidence.parse("sex=f", model.schema))


@pytest.mark.parametrize(
    ("line", "cells", "shares"),
    [
        ("sex=f:.5|m:.4", ["sex=f", "sex=m"], [0.5, 0.4]),
        ("sex=.5/.3/.2", ["sex=f", "sex=m", "sex=d"], [0.5, 0.3, 0.2]),
        ("age=..29:30|30..:70", ["age=..29", "age=30.."], [0.3, 0.7]),
        ("re gion= n : .25", ['"re gion"=n'], [0.25]),
    ],
)
def test_lines_are_read(line, cells, shares):
    target = parse_target(line, SCHEMA)
    assert target.cells == tuple(Evidence.parse(cell, SCHEMA) for cell in cells)
    assert target.shares == pytest.approx(shares)
    assert isinstance(target, Target)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sex", "not understood"),
        ("sex=", "not understood"),
        ("nobody=.5/.5", "nobody"),
        ("sex=.5/.5", "2 shares for 3 levels"),
        ("sex=f:.5|m", "without a share"),
        ("sex=f:x", "no number"),
        ("sex=f:-1", "0 or more"),
        ("sex=f:nan", "0 or more"),
        ("sex=q:.5", "q"),
        ("age=.5", "1 shares for 0 levels"),
    ],
)
def test_lines_that_cannot_be_read_say_so(line, words):
    with pytest.raises(PopulaceError, match=words):
        parse_target(line, SCHEMA)
