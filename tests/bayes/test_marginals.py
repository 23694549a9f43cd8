"""Quantiles and ranges of a number's posterior, against its own probabilities."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.bayes import learn
from synth.data.evidence import Evidence
from synth.data.table import make_table


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(1)
    rows = 1500
    pay = rng.gamma(2, 300, rows).round(2)
    pay[rng.random(rows) < 0.3] = 0.0
    pay[rng.random(rows) < 0.1] = np.nan
    frame = pd.DataFrame(
        {
            "pay": pay,
            "age": pd.array(rng.integers(15, 90, rows), dtype="Int64"),
            "side": rng.choice(["left", "right"], rows),
        }
    )
    return learn(make_table(frame), restarts=0)


FACTS = ["", "side=left", "age=20..40", "pay=100..900", "pay=0|missing", "age=31"]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["pay", "age"]), st.sampled_from(FACTS), st.floats(0.001, 1.0))
def test_quantiles_are_the_least_values_that_reach_their_share(network, name, facts, share):
    marginal = network.given(Evidence.parse(facts, network.schema)).marginal(name)
    step = network.schema[name].step
    value = marginal.quantile(share)
    assert marginal.mass(None, value) >= share * marginal.known - 1e-9
    assert marginal.mass(None, value - step) <= share * marginal.known + 1e-9


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["pay", "age"]), st.sampled_from(FACTS), st.integers(1, 6))
def test_parts_are_all_of_the_known_values_once(network, name, facts, count):
    marginal = network.given(Evidence.parse(facts, network.schema)).marginal(name)
    step = network.schema[name].step
    parts = marginal.parts(count)
    assert 1 <= len(parts) <= count
    masses = [marginal.mass(part.lower, part.upper) for part in parts]
    assert sum(masses) == pytest.approx(marginal.known)
    for each, two in pairwise(parts):
        assert two.lower - each.upper == pytest.approx(step)
    if name == "age" and facts in ("", "side=left"):
        assert masses == pytest.approx([1 / count] * count, abs=0.03)


def test_only_numbers_have_quantiles(network):
    marginal = network.given().marginal("side")
    assert marginal.quantile(0.5) is None
    assert marginal.parts(4) == ()


def test_where_all_are_missing_there_is_none(network):
    marginal = network.given(Evidence.parse("pay=missing", network.schema)).marginal("pay")
    assert marginal.known == pytest.approx(0)
    assert np.isnan(marginal.quantile(0.5))
    assert marginal.parts(4) == ()
