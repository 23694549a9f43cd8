"""What a promise allows, by hand and by the best test there is."""

import math

import numpy as np
import pytest

from synth.privacy.limits import most_right


def most_found(epsilon, alarms):
    """How often the best test finds who was learned from, by its false alarms (δ = 0)."""
    return min(math.exp(epsilon) * alarms, 1 - math.exp(-epsilon) * (1 - alarms))


def test_by_hand():
    assert most_right(0.0) == 0.5 and most_right(1.0) == pytest.approx(0.7310586)


def test_randomised_response_reaches_it():
    """Somebody's bit is told truly with e^ε / (1 + e^ε): no mechanism of the same ε shows more."""
    truth = most_right(1.0)
    assert most_found(1.0, 1 - truth) == pytest.approx(truth)


def test_the_area_under_the_best_curve():
    alarms = np.linspace(0, 1, 20_001)
    curve = [most_found(1.0, each) for each in alarms]
    assert np.trapezoid(curve, alarms) == pytest.approx(most_right(1.0), abs=1e-6)
