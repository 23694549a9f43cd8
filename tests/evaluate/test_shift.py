"""How distributions move, over places that both pictures share."""

import numpy as np
import pandas as pd
import pytest

from synth.bayes import learn
from synth.data.evidence import Evidence
from synth.data.table import make_table
from synth.evaluate.shift import BARS, level_shift, number_shift


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(4)
    group = rng.choice(["a", "b"], 2000)
    town = [f"t{i}" for i in rng.integers(0, 6, 2000) + 6 * (group == "b")]
    age = rng.integers(0, 50, 2000) + 30 * (group == "b")
    few = rng.integers(1, 6, 2000)
    frame = pd.DataFrame({"group": group, "town": town, "age": age, "few": few})
    return learn(make_table(frame), score="k2", restarts=0)


def test_levels_are_cut_to_those_that_either_shows_most(network):
    before = network.given().marginal("town")
    after = network.given(Evidence.parse("group=b", network.schema)).marginal("town")
    shift = level_shift(before, after, most=6)
    assert shift.left_out == len(before.labels) - 6
    assert set(shift.labels) == {f"t{i}" for i in range(6, 12)}
    assert list(shift.after) == sorted(shift.after, reverse=True)
    assert list(shift.before) == [before[label] for label in shift.labels]
    assert shift.top == max(*shift.before, *shift.after)
    whole = level_shift(before, None, most=20)
    assert whole.labels == before.labels and whole.after is None and whole.left_out == 0


def test_two_pictures_share_scale_and_order(network):
    before = network.given().marginal("town")
    a, b = (
        network.given(Evidence.parse(f"group={g}", network.schema)).marginal("town") for g in "ab"
    )
    left, right = level_shift(before, a, b, most=5), level_shift(before, b, a, most=5)
    assert left.labels == right.labels and left.top == right.top


def test_bars_hold_everybody(network):
    column = network.schema["age"]
    before = network.given().marginal("age")
    after = network.given(Evidence.parse("group=b", network.schema)).marginal("age")
    shift = number_shift(column, before, after)
    assert len(shift.bars) <= BARS + 1
    assert shift.before.sum() == pytest.approx(1) and shift.after.sum() == pytest.approx(1)
    starts = [low for low, _ in shift.bars]
    assert all(high + 1 == low for (_, high), low in zip(shift.bars, starts[1:], strict=False))
    assert shift.top == max(shift.before.max(), shift.after.max())
    beside = number_shift(column, before, None, after)
    assert beside.after is None and beside.top == shift.top


def test_few_values_have_a_bar_each(network):
    shift = number_shift(network.schema["few"], network.given().marginal("few"), None)
    assert shift.bars == tuple((float(i), float(i)) for i in range(1, 6))
