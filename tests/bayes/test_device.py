"""People drawn by PyTorch are those that compiled code draws, bit for bit.

The processor stands for the graphics processor here; the last test needs one.
"""

import numpy as np
import pandas as pd
import pytest

from synth import load
from synth.bayes.device import checked_device
from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.generators.on_device import on_device

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def population():
    return load("us-time-use")


@pytest.mark.parametrize(
    "facts", ["", "gender=female,marital=married,age=25..45", "weekly_earn=500..1200.5"]
)
def test_the_same_people_under_any_evidence(population, facts):
    posterior = population.model.given(Evidence.parse(facts, population.modelled))
    drawn = posterior.device_sampler("cpu").sample(4_000, 7, start=1_234)
    pd.testing.assert_frame_equal(drawn, posterior.sample(4_000, 7, start=1_234))


def test_missing_values_dates_and_constraints_come_out_alike(population):
    conditional = on_device(population.model, "cpu").given(constraints=population.constraints)
    plain = population.model.given(constraints=population.constraints)
    pd.testing.assert_frame_equal(conditional.sample(500, 3), plain.sample(500, 3))
    assert conditional.exact
    assert conditional.probability == plain.probability == 1.0
    np.testing.assert_array_equal(
        conditional.marginal("age").probabilities, plain.marginal("age").probabilities
    )


def test_refined_candidates_are_drawn_there_and_kept_here(population):
    refined = population.refined.model
    theirs = on_device(refined, "cpu").given()
    pd.testing.assert_frame_equal(theirs.sample(300, 5), refined.given().sample(300, 5))


def test_counts_are_those_of_the_rows(population, monkeypatch):
    monkeypatch.setattr("synth.bayes.device.CHUNK", 1 << 10)
    sampler = population.model.given().device_sampler("cpu")
    counts = sampler.counts(["gender", "marital"], 3_000, 2)
    frame = population.model.given().sample(3_000, 2)
    table = pd.crosstab(frame["gender"].cat.codes, frame["marital"].cat.codes)
    assert counts.sum() == 3_000
    np.testing.assert_array_equal(counts[np.ix_(table.index, table.columns)], table.to_numpy())


def test_no_people_have_the_columns_all_the_same(population):
    sampler = population.model.given().device_sampler("cpu")
    assert list(sampler.sample(0).columns) == list(population.model.given().sample(0).columns)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("abacus", "no device abacus"), ("meta", "cuda or cpu"), ("cuda:99", "no cuda:99 here")],
)
def test_what_is_no_device_is_named(name, sentence):
    with pytest.raises(PopulaceError, match=sentence):
        checked_device(name)


def test_unknown_columns_and_too_large_tables_are_named(population, monkeypatch):
    sampler = population.model.given().device_sampler("cpu")
    with pytest.raises(PopulaceError, match="no column height"):
        sampler.counts(["height"], 10)
    monkeypatch.setattr("synth.bayes.device.LARGEST", 3)
    with pytest.raises(PopulaceError, match="too many for a device"):
        population.model.given().device_sampler("cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_graphics_processor_draws_the_same_people(population):
    posterior = population.model.given(Evidence.parse("marital=widowed", population.modelled))
    drawn = posterior.device_sampler("cuda").sample(100_000, 1)
    pd.testing.assert_frame_equal(drawn, posterior.sample(100_000, 1))
