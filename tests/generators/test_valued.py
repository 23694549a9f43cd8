"""Numbers in and out of networks: quantiles, scores, and margins that are right."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.data.table import make_table
from synth.generators import Settings, generator, valued
from synth.generators.gan import _PairShares, _Picker
from synth.generators.valued import Quantiles


def test_a_heap_keeps_its_share_and_others_are_interpolated():
    values = np.concatenate([np.zeros(600), np.linspace(1, 2, 400)])
    quantiles = Quantiles.of(values, None)
    drawn = quantiles.at((np.arange(10_000) + 0.5) / 10_000)
    assert (drawn == 0).mean() == pytest.approx(0.6, abs=0.002)
    assert drawn.min() == 0 and drawn.max() <= 2
    assert len(np.unique(drawn)) > 3_000  # new values between the real ones
    weighted = Quantiles.of(np.array([0.0, 1.0] * 300), np.array([3.0, 1.0] * 300))
    assert (weighted.at(np.linspace(0, 1, 4001)) == 0).mean() == pytest.approx(0.75, abs=0.01)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=60))
def test_quantiles_ascend_and_stay_within_what_was_seen(values):
    quantiles = Quantiles.of(np.array(values, float), None)
    drawn = quantiles.at(np.linspace(0, 1, 101))
    assert (np.diff(drawn) >= 0).all() and (np.diff(quantiles.rank) >= 0).all()
    assert drawn[0] == min(values) and drawn[-1] == max(values)
    scores = quantiles.score(np.sort(np.array(values, float)))
    assert np.isfinite(scores).all() and (np.diff(scores) >= 0).all()


@pytest.fixture(scope="module")
def losses():
    rng = np.random.default_rng(0)
    z = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 300)
    return pd.DataFrame({"a": np.exp(0.6 * z[:, 0]).round(4), "b": np.exp(0.9 * z[:, 1]).round(4)})


@pytest.mark.parametrize("name", ["vae", "gan"])
def test_margins_are_right_and_numbers_hang_together(losses, name, monkeypatch):
    monkeypatch.setattr(valued, "PROBE", 1 << 14)
    model = generator(name).fit(make_table(losses), Settings(options={"epochs": 30}))
    drawn = model.sample(6000, seed=1)
    for column in losses:
        assert drawn[column].mean() == pytest.approx(losses[column].mean(), rel=0.05)
        assert drawn[column].std() == pytest.approx(losses[column].std(), rel=0.1)
        tail = losses[column].quantile(0.99)
        assert drawn[column].quantile(0.99) == pytest.approx(tail, rel=0.15)
        assert (~drawn[column].isin(losses[column])).mean() > 0.8  # not the real values again
    if name == "vae":  # an adversary takes longer than a test may
        real = losses.corr("spearman").iloc[0, 1]
        assert 0.3 < drawn.corr("spearman").iloc[0, 1] < real + 0.1
    expected = {"vae": {"learned", "kept apart"}, "gan": {"critic", "generator", "distance"}}[name]
    assert set(model.report["losses"]) == expected
    assert all(np.isfinite(curve).all() for curve in model.report["losses"].values())


class _Rows:
    """Codes alone."""

    def __init__(self, codes, weights=None):
        self.codes, self.weights = codes, weights
        self.sizes = tuple(int(column.max()) + 1 for column in codes.T)


def test_named_levels_are_those_of_the_rows_that_are_drawn():
    rng = np.random.default_rng(0)
    codes = np.stack([rng.choice(3, 500, p=[0.9, 0.08, 0.02]), rng.integers(0, 2, 500)], axis=1)
    groups = [(0, 3), (3, 2)]
    for weights in (None, rng.random(500)):
        picker = _Picker(_Rows(codes, weights), np.arange(500), groups, True, rng)
        channel, which = picker.pick(4000)
        first = channel < 3
        assert (codes[which[first], 0] == channel[first]).all()
        assert (codes[which[~first], 1] == channel[~first] - 3).all()
        share = np.bincount(channel[first], minlength=3) / first.sum()
        logs = np.log1p(np.bincount(codes[:, 0], minlength=3))
        np.testing.assert_allclose(share, logs / logs.sum(), atol=0.04)


def test_the_distance_of_pairs_is_that_of_their_shares():
    rng = np.random.default_rng(0)
    codes = np.stack([rng.integers(0, 2, 400)] * 2, axis=1).astype(np.int32)

    class Law:
        def __init__(self, drawn):
            self.drawn = drawn

        def people(self, random, rows):
            from synth.generators.coded import Draw

            return Draw(self.drawn)

    class Book:
        learned = ("a", "b")
        schema = make_table(pd.DataFrame({"a": ["x", "y"], "b": ["u", "v"]})).schema

    rows = _Rows(codes)
    rows.codebook, rows.frame = Book(), pd.DataFrame({"a": codes[:, 0], "b": codes[:, 1]})
    judge = _PairShares(rows, np.arange(400))
    assert judge.distance(Law(codes)) == pytest.approx(0.0)
    swapped = np.stack([codes[:, 0], 1 - codes[:, 0]], axis=1)
    assert judge.distance(Law(swapped)) == pytest.approx(1.0)
