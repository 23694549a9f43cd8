"""Logarithms of many numbers at a time are those of one."""

import numpy as np
import pytest

from synth.bayes.logarithms import weighted_logs


@pytest.mark.parametrize("low, high", [(-1, 1), (-300, 300)])
def test_weighted_logs_are_logarithms(low, high):
    rng = np.random.default_rng(0)
    value = np.concatenate([10.0 ** rng.uniform(low, high, 5000), [1.0, 0.5, 2.0, 0.5**0.5]])
    for one in value[-50:]:  # each on its own, so that no error is hidden by another
        alone = np.array([one])
        assert weighted_logs(np.ones(1), alone, alone.view(np.int64)) == pytest.approx(
            np.log(one), rel=1e-12, abs=1e-15
        )
    weight = rng.gamma(1.0, size=len(value))
    expected = float(weight @ np.log(value))
    copy = value.copy()
    found = weighted_logs(weight, copy, copy.view(np.int64))
    assert found == pytest.approx(expected, abs=1e-12 * float(weight @ np.abs(np.log(value))))


def test_no_numbers_weigh_nothing():
    assert weighted_logs(np.empty(0), np.empty(0), np.empty(0, np.int64)) == 0.0
