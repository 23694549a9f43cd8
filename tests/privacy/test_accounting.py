"""Budgets: against a plain search over orders, closed forms and the exact Gaussian mechanism."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_ndtr

from synth.errors import PopulaceError
from synth.privacy import accounting as account


def delta_by_search(rho, epsilon):
    """Canonne et al. 2020, Corollary 13, on a grid of orders: a second implementation."""
    alpha = 1 + np.geomspace(1e-4, 1e6, 400_000)
    log_delta = (
        (alpha - 1) * (alpha * rho - epsilon) - np.log(alpha - 1) + alpha * np.log1p(-1 / alpha)
    )
    return math.exp(min(log_delta.min(), 0.0))


def closed_epsilon(rho, delta):
    """Bun and Steinke 2016, Proposition 1.3: ρ + 2 √(ρ log 1/δ)."""
    return rho + 2 * math.sqrt(rho * math.log(1 / delta))


def gaussian_delta(sigma, epsilon):
    """The exact δ of one Gaussian mechanism of sensitivity 1 (Balle and Wang 2018, Theorem 8)."""
    first = log_ndtr(0.5 / sigma - epsilon * sigma)
    second = epsilon + log_ndtr(-0.5 / sigma - epsilon * sigma)
    return math.exp(first) - math.exp(second)


@pytest.mark.parametrize(
    ("rho", "epsilon"), [(0.02, 1.0), (0.5, 3.0), (1e-4, 0.1), (5.0, 20.0), (0.1, 0.0)]
)
def test_delta_is_that_of_the_best_order(rho, epsilon):
    assert account.delta_of(rho, epsilon) == pytest.approx(delta_by_search(rho, epsilon), rel=1e-6)


@given(st.floats(1e-5, 5), st.floats(1e-12, 1e-2))
@settings(max_examples=40, deadline=None)
def test_the_conversion_lies_between_the_exact_gaussian_and_the_closed_form(rho, delta):
    epsilon = account.epsilon_of(rho, delta)
    assert epsilon <= closed_epsilon(rho, delta) + 1e-9
    # One Gaussian mechanism is ρ-zCDP, so its exact δ cannot be above what the conversion allows.
    assert gaussian_delta(account.sigma_of(rho), epsilon) <= delta * (1 + 1e-9)


@given(st.floats(0.01, 20), st.floats(1e-12, 1e-2))
@settings(max_examples=40, deadline=None)
def test_there_and_back(epsilon, delta):
    rho = account.rho_of(epsilon, delta)
    assert account.delta_of(rho, epsilon) <= delta
    assert account.epsilon_of(rho, delta) == pytest.approx(epsilon, rel=1e-6)
    assert account.rho_of(epsilon * 1.1, delta) > rho


def test_costs_and_their_inverses():
    assert 1 / (2 * account.sigma_of(0.03) ** 2) == pytest.approx(0.03)
    assert account.rho_of_choice(account.epsilon_of_choice(0.03)) == pytest.approx(0.03)
    for rho in (0.3, 0.007, 1e-5):
        variance = account.variance_of(rho)
        assert float(1 / (2 * variance)) <= rho < float(1 / (2 * variance)) * 1.02


def test_zero_and_nonsense():
    assert account.delta_of(0.0, 1.0) == 0.0
    assert account.epsilon_of(0.0, 1e-6) == 0.0
    for epsilon, delta in ((0, 1e-6), (-1, 1e-6), (math.nan, 1e-6), (1, 0), (1, 1), (1, -1)):
        with pytest.raises(PopulaceError):
            account.rho_of(epsilon, delta)


def test_words_say_how_sure_somebody_can_become():
    assert "73.11%" in account.in_words(1.0)
    assert "weak" in account.in_words(8.0) and "hardly" in account.in_words(50.0)
