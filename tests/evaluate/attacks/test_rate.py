"""Rates and excesses by hand."""

import pytest

from synth.errors import PopulaceError
from synth.evaluate.attacks.rate import Attack, Rate


def test_wilson_by_hand():
    rate = Rate.of(10, 100)
    assert (rate.value, rate.tries) == (0.1, 100)
    assert rate.lower == pytest.approx(0.0552, abs=1e-4)
    assert rate.upper == pytest.approx(0.1744, abs=1e-4)
    assert Rate.of(0, 50).lower == 0 and Rate.of(50, 50).upper == pytest.approx(1)


def test_excess_by_hand():
    attack = Attack.of(Rate.of(60, 100), Rate.of(20, 100))
    assert attack.excess == pytest.approx(0.5)
    assert attack.lower < 0.5 < attack.upper
    none = Attack.of(Rate.of(20, 100), Rate.of(60, 100))
    assert none.excess == 0 and none.lower == 0
    assert Attack.of(Rate.of(5, 5), Rate.of(5, 5)).excess == 0


def test_a_rate_of_nothing_is_said():
    with pytest.raises(PopulaceError, match="at least one try"):
        Rate.of(0, 0)
