"""Counts that lean on their neighbours: by hand, and where it helps people nobody learned from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from synth.bayes.counting import Codes
from synth.bayes.parameters import Backoff
from synth.bayes.smoothing import DECAYS, PASSES, Smoothing, choices


def test_pooling_by_hand():
    counts = np.array([[8.0, 0.0], [0.0, 4.0], [2.0, 2.0]])
    alone = np.array([0.5, 0.5])
    rows = Smoothing(0.5, 0).prior(counts, 2, 0, alone)  # the third state stands alone
    np.testing.assert_allclose(rows[0], [(8 + 0.5) / 11, (2 + 0.5) / 11])
    np.testing.assert_allclose(rows[1], [(4 + 0.5) / 9, (4 + 0.5) / 9])
    np.testing.assert_allclose(rows[2], [0.5, 0.5])


def test_spreading_by_hand():
    rows = Smoothing(0.0, 1).prior(np.array([[0.0, 99.0, 0.0, 0.0]]), 0, 3, np.full(4, 0.25))
    np.testing.assert_allclose(rows[0], np.array([24.75 + 0.25, 49.5 + 0.25, 25.0, 0.25]) / 100)


@settings(max_examples=30, deadline=None)
@given(
    arrays(float, (4, 5), elements=st.floats(0, 1e4)),
    st.sampled_from(DECAYS),
    st.sampled_from(PASSES),
    st.integers(0, 4),
    st.integers(0, 5),
)
def test_rows_are_shares(counts, decay, passes, parent, child):
    rows = Smoothing(decay, passes).prior(counts, parent, child, np.full(5, 0.2))
    assert (rows > 0).all()
    np.testing.assert_allclose(rows.sum(axis=1), 1.0)


def test_what_is_tried_begins_with_nothing():
    assert not choices(5, 5)[0]
    assert len(choices(5, 5)) == len(DECAYS) * len(PASSES)
    assert choices(0, 0) == (Smoothing(),)


@pytest.fixture(scope="module")
def close():
    """A number that follows another closely, in bins: 2,000 people and 20,000 others."""
    rng = np.random.default_rng(0)
    x = rng.random(22_000)
    y = x + rng.normal(0, 0.06, 22_000)
    values = np.array([np.clip(v * 30, 0, 29) for v in (x, y)]).astype(int)
    return Codes(values[:, :2000], [30, 30]), values[:, 2000:]


def test_closely_tied_numbers_are_predicted_better(close):
    learned, others = close
    plain, smooth = Backoff(learned), Backoff(learned, ordered={0: 30, 1: 30})
    assert smooth.score(1, [0]) > plain.score(1, [0])
    log = [np.log(b.table(1, [0])[others[0], others[1]]).mean() for b in (plain, smooth)]
    assert log[1] > log[0] + 0.02


def test_levels_are_left_as_they_are(close):
    learned, _ = close
    plain, other = Backoff(learned), Backoff(learned, ordered={})
    np.testing.assert_array_equal(plain.table(1, [0]), other.table(1, [0]))


def test_tables_that_are_kept_are_those_of_the_best_choice(close):
    """Bigger families lean on the kept tables: scored again, they say the same."""
    learned, _ = close
    rng = np.random.default_rng(1)
    codes = Codes(np.vstack([learned.values, rng.integers(0, 2, 2000)]), [30, 30, 2])
    once = Backoff(codes, ordered={0: 30, 1: 30})
    first = once.score(1, [0, 2])
    turned = Backoff(codes, ordered={0: 30, 1: 30})
    turned.score(1, [2])
    turned.score(1, [0])
    assert turned.score(1, [0, 2]) == pytest.approx(first, rel=1e-12)
