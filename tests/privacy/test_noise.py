"""Exact noise: probabilities by counting, choices, the source."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import chisquare

from synth.errors import PopulaceError
from synth.privacy import noise

SOURCE = noise.SeededSource(5)
ROWS = 40_000


def goodness(result, expected):
    keep = expected * ROWS > 5
    seen, due = result[keep], expected[keep] * ROWS
    return chisquare(seen, due * seen.sum() / due.sum()).pvalue


@pytest.mark.parametrize("variance", [Fraction(33, 64), Fraction(7), Fraction(1, 64)])
def test_the_discrete_gaussian_has_its_probabilities(variance):
    drawn = noise.discrete_gaussian(variance, ROWS, SOURCE)
    values = np.arange(-40, 41)
    expected = np.exp(-(values**2) / (2 * float(variance)))
    expected /= expected.sum()
    result = np.array([(drawn == value).sum() for value in values])
    if (expected * ROWS > 5).sum() > 1:
        assert goodness(result, expected) > 1e-4
    else:
        assert (drawn == 0).all()
    assert drawn.dtype == np.int64


def test_a_wide_gaussian_has_its_moments():
    drawn = noise.discrete_gaussian(Fraction(90_000), ROWS, SOURCE)
    assert abs(drawn.mean()) < 5 * 300 / ROWS**0.5
    assert drawn.std() == pytest.approx(300, rel=0.02)
    assert abs((drawn**4.0).mean() / 90_000**2 - 3) < 0.2


@pytest.mark.parametrize("top", [0, 1, 3, 10])
def test_coins_fall_with_their_probability(top):
    heads = noise.coins(np.full(ROWS, top), 4, SOURCE).mean()
    assert heads == pytest.approx(np.exp(-top / 4), abs=0.012)


def test_numbers_below_a_bound_are_even():
    drawn = noise.below(5, ROWS, SOURCE)
    assert goodness(np.bincount(drawn, minlength=5), np.full(5, 0.2)) > 1e-4
    assert (noise.below(1, 10, SOURCE) == 0).all()


def test_a_choice_has_the_exponential_mechanisms_probabilities():
    scores, rate = [0, 7, 10, -5_000], Fraction(1, 5)
    drawn = Counter(noise.exponential_choice(scores, rate, SOURCE) for _ in range(4000))
    expected = np.exp(np.array(scores) / 5 - 2)
    expected /= expected.sum()
    for place in range(4):
        assert drawn[place] / 4000 == pytest.approx(expected[place], abs=0.03)
    assert drawn[3] == 0


def test_the_system_is_the_default_and_seeds_say_what_they_are():
    assert not noise.SYSTEM.is_for_tests and noise.SeededSource(1).is_for_tests
    first, second = (noise.discrete_gaussian(Fraction(10_000), 50) for _ in range(2))
    assert (first != second).any()
    again = [noise.discrete_gaussian(Fraction(9), 50, noise.SeededSource(3)) for _ in range(2)]
    assert (again[0] == again[1]).all()


def test_what_cannot_be_drawn_is_refused():
    for variance in (Fraction(0), Fraction(-1), Fraction(10**12)):
        with pytest.raises(PopulaceError):
            noise.discrete_gaussian(variance, 1, SOURCE)
    with pytest.raises(PopulaceError):
        noise.exponential_choice([], Fraction(1), SOURCE)
