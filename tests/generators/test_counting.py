"""Counting beside direct counts, and the sentence on repetition."""

import itertools

import numpy as np
import pandas as pd
import pytest

from synth.data.evidence import Evidence
from synth.data.table import make_table
from synth.generators import Settings, generator
from synth.generators.counting import _smoothing


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    a = rng.integers(0, 3, 400)
    b = np.where(rng.random(400) < 0.7, a, rng.integers(0, 3, 400))
    return pd.DataFrame({"a": [f"a{i}" for i in a], "b": [f"b{i}" for i in b]})


def test_independent_columns_multiply(frame):
    model = generator("independent").fit(make_table(frame), Settings())
    for a, b in itertools.product(range(3), range(3)):
        known = Evidence.parse(f"a=a{a},b=b{b}", model.schema)
        expected = (frame["a"] == f"a{a}").mean() * (frame["b"] == f"b{b}").mean()
        assert model.given(known).probability == pytest.approx(expected)


def test_the_joint_table_is_the_mixture_it_says(frame):
    model = generator("joint-table").fit(make_table(frame), Settings())
    mixed = model.law.smoothing
    assert 0 < mixed < 0.3
    total = 0.0
    for a, b in itertools.product(range(3), range(3)):
        here = (frame["a"] == f"a{a}") & (frame["b"] == f"b{b}")
        alone = (frame["a"] == f"a{a}").mean() * (frame["b"] == f"b{b}").mean()
        given = model.given(Evidence.parse(f"a=a{a},b=b{b}", model.schema))
        assert given.exact
        assert given.probability == pytest.approx((1 - mixed) * here.mean() + mixed * alone)
        total += given.probability
    assert total == pytest.approx(1.0)
    given = model.given(Evidence.parse("a=a1", model.schema))
    for b in range(3):
        both = model.given(Evidence.parse(f"a=a1,b=b{b}", model.schema)).probability
        assert given.marginal("b")[f"b{b}"] == pytest.approx(both / given.probability)


def test_smoothing_maximises_the_leave_one_out_likelihood():
    count, alone = np.array([5, 1, 1, 3]), np.array([0.2, 0.05, 0.1, 0.15])
    best = _smoothing(count, alone)
    grid = np.linspace(0.001, 0.999, 999)
    others = (count - 1) / (count.sum() - 1)
    likelihood = (count * np.log(grid[:, None] * alone + (1 - grid[:, None]) * others)).sum(axis=1)
    assert best == pytest.approx(grid[likelihood.argmax()], abs=0.002)
    assert _smoothing(np.array([1]), np.array([1.0])) == 1.0
    assert _smoothing(np.array([1, 1]), np.array([0.5, 0.5])) == pytest.approx(1.0)


def test_it_says_when_it_repeats_single_people():
    rng = np.random.default_rng(2)
    wide = pd.DataFrame({f"c{i}": rng.integers(0, 4, 300).astype(str) for i in range(8)})
    repeated = pd.concat([wide, wide.head(40), wide.head(40)], ignore_index=True)
    model = generator("joint-table").fit(make_table(repeated), Settings())
    assert "by heart" in model.notes[0]
    narrow = generator("joint-table").fit(make_table(wide[["c0", "c1"]]), Settings())
    assert "by heart" not in narrow.notes[0]
