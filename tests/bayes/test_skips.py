"""Bins begin where a number decides which other columns are known."""

import numpy as np
import pandas as pd
import pytest

from synth.bayes import learn
from synth.bayes.coding import Coding
from synth.bayes.skips import NEAR, skip_limits
from synth.data.column import Column
from synth.data.evidence import Evidence
from synth.data.table import make_table


def some_people(rows=2000):
    random = np.random.default_rng(0)
    age = random.integers(0, 80, rows)
    frame = pd.DataFrame({"age": age, "size": age * 1.5 + random.normal(0, 20, rows)})
    frame["work"] = np.where(age >= 16, random.choice(["yes", "no"], rows), None)
    frame["school"] = np.where((age >= 6) & (age < 19), "yes", None)
    frame["luck"] = np.where(random.random(rows) < 0.3, "yes", None)
    return frame


def test_questions_that_begin_or_end_at_an_age_are_seen():
    table = make_table(some_people())
    limits = skip_limits(table.frame["age"], table.frame.drop(columns="age"))
    assert limits.tolist() == [6.0, 16.0, 19.0]
    assert not len(skip_limits(table.frame["size"], table.frame[["work", "school", "luck"]]))


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"x": np.arange(2 * NEAR - 1), "other": [None] * (2 * NEAR - 1)}),
        pd.DataFrame({"x": [np.nan] * 200, "other": ["a", None] * 100}),
        pd.DataFrame({"x": [1.0] * 200, "other": ["a", None] * 100}),
    ],
)
def test_nothing_is_seen_in_few_or_equal_numbers(frame):
    assert not len(skip_limits(frame["x"], frame[["other"]]))


def test_a_bin_begins_at_each_limit():
    values = pd.Series(np.repeat(np.arange(40), 50))
    coding = Coding.learn(Column("x", "integer"), values, 4, None, np.array([7.0, 33.0]))
    codes = coding.encode(values)
    begins = {int(values[codes == code].min()) for code in np.unique(codes)}
    assert {7, 33} <= begins
    assert len(begins) == 6
    assert (np.diff(codes) >= 0).all()
    without = Coding.learn(Column("x", "integer"), values, 4)
    assert without.size == 4


def test_nobody_below_a_limit_has_an_answer():
    network = learn(make_table(some_people()), bins=5, restarts=0)
    young = network.given(Evidence.parse("age=..15", network.schema))
    shares = dict(zip(young.marginal("work").labels, young.marginal("work").probabilities,
                      strict=True))  # fmt: skip
    assert shares["missing"] > 0.999
