"""Intervals of weighted estimates: how often they hold the truth, and what the rows are worth."""

import numpy as np
import pandas as pd
import pytest

from synth.bayes.learning import NetworkLearner
from synth.bench import coverage
from synth.data.table import make_table
from synth.generators.bayes_network import BayesNetworkModel
from synth.populations import load, of


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    sex = rng.choice(["f", "m"], 2000, p=[0.7, 0.3])
    work = np.where(rng.random(2000) < np.where(sex == "f", 0.2, 0.6), "a", "b")
    table = make_table(pd.DataFrame({"sex": sex, "work": work}))
    network = NetworkLearner(score="k2").fit(table).network_
    return of(BayesNetworkModel(network), table, title="Two")


def test_intervals_of_rare_people_hold_the_exact_share(people, monkeypatch):
    monkeypatch.setattr(coverage, "EXPONENTS", (0.5,))
    (figures,) = coverage.rare_coverage(people, ("work=a",), seeds=60, rows=300)
    assert figures["truth"] == pytest.approx(people.given().marginal("work")["a"], abs=1e-6)
    assert figures["estimate"] == pytest.approx(figures["truth"], abs=0.02)
    assert figures["inside"] >= 0.85 and 150 < figures["worth"] <= 300


def test_intervals_of_refined_people_hold_their_mean(monkeypatch):
    monkeypatch.setattr(coverage, "PILOT", 400)
    whole, women = coverage.refined_coverage(
        load("french-hobbies"), ("", "gender=female"), seeds=12
    )
    assert abs(whole["kept_off"]) < 4 and whole["inside"] >= 0.7 <= women["inside"]
