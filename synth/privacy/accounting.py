"""Budgets of differential privacy: zero-concentrated (ρ) inside, (ε, δ) for people.

Gaussian noise of deviation σ on counts that one person moves by at most 1 (in Euclidean length)
costs ρ = 1 / (2σ²); a choice by the exponential mechanism with ε costs ρ = ε² / 8; costs add up.
Neighbouring tables differ by one row that is added or removed.

References
----------
.. [1] M. Bun, T. Steinke, "Concentrated differential privacy: simplifications, extensions, and
   lower bounds", TCC 2016 (zero-concentrated privacy).
.. [2] C. Canonne, G. Kamath, T. Steinke, "The discrete Gaussian for differential privacy",
   NeurIPS 2020 (Corollary 13: the conversion used here).
.. [3] M. Cesar, R. Rogers, "Bounding, concentrating, and truncating: unifying privacy loss
   composition for data analytics", ALT 2021 (the exponential mechanism).
"""

from __future__ import annotations

import math
from fractions import Fraction

from synth.errors import PopulaceError

_STEPS = 200
_MOST = 1e6  # of ε and ρ


def delta_of(rho: float, epsilon: float) -> float:
    """The δ that ρ-zero-concentrated privacy gives at an ε, by the best order α.

    Parameters
    ----------
    rho : float
        At least 0.
    epsilon : float
        At least 0.

    Returns
    -------
    float
        Between 0 and 1.
    """
    if rho <= 0:
        return 0.0
    low, high = 1.0 + 1e-9, max(2.0, (epsilon + 1.0) / (2.0 * rho) + 2.0)
    for _ in range(_STEPS):
        alpha = (low + high) / 2
        slope = (2 * alpha - 1) * rho - epsilon + math.log1p(-1.0 / alpha)
        low, high = (alpha, high) if slope < 0 else (low, alpha)
    alpha = (low + high) / 2
    log_delta = (
        (alpha - 1) * (alpha * rho - epsilon)
        + alpha * math.log1p(-1.0 / alpha)
        - math.log(alpha - 1)
    )
    return math.exp(min(log_delta, 0.0))


def epsilon_of(rho: float, delta: float) -> float:
    """The ε that ρ-zero-concentrated privacy gives at a δ; the smallest known.

    Parameters
    ----------
    rho : float
        At least 0.
    delta : float
        Above 0, below 1.

    Returns
    -------
    float
        Rounded up, never down.
    """
    _check_delta(delta)
    if rho <= 0:
        return 0.0
    low, high = 0.0, rho + 2.0 * math.sqrt(rho * math.log(1.0 / delta))
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if delta_of(rho, middle) <= delta else (middle, high)
    return high


def rho_of(epsilon: float, delta: float) -> float:
    """The largest ρ whose privacy is (ε, δ).

    Parameters
    ----------
    epsilon : float
        Above 0.
    delta : float
        Above 0, below 1.

    Returns
    -------
    float
        Rounded down, never up.

    Raises
    ------
    PopulaceError
        ε or δ is out of range.
    """
    _check_delta(delta)
    if not 0 < epsilon <= _MOST:
        raise PopulaceError(f"ε is {epsilon:g}: use a number above 0, such as 1.")
    low, high = 0.0, epsilon + 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_of(middle, epsilon) <= delta else (low, middle)
    return low


def sigma_of(rho: float, sensitivity: float = 1.0) -> float:
    """The deviation of Gaussian noise that costs ρ."""
    return sensitivity / math.sqrt(2.0 * rho)


def variance_of(rho: float) -> Fraction:
    """The variance of noise that costs at most ρ, as a fraction that sampling is fast with."""
    exact = 1.0 / (2.0 * rho)
    parts = 1 if exact >= 64 else 64
    return Fraction(math.ceil(exact * parts), parts)


def rho_of_choice(epsilon: float) -> float:
    """What a choice by the exponential mechanism with ε costs."""
    return epsilon**2 / 8.0


def epsilon_of_choice(rho: float) -> float:
    """The ε of a choice by the exponential mechanism that costs ρ."""
    return math.sqrt(8.0 * rho)


def in_words(epsilon: float) -> str:
    """What an ε promises a person, in a sentence for people who do not know the letter.

    Parameters
    ----------
    epsilon : float
        Above 0.

    Returns
    -------
    str
        With the largest belief that somebody who was undecided can reach.
    """
    factor = math.exp(min(epsilon, 50.0))
    belief = factor / (1.0 + factor)
    strength = (
        "a strong promise"
        if epsilon <= 1
        else "a moderate promise"
        if epsilon <= 4
        else "a weak promise"
        if epsilon <= 10
        else "hardly a promise"
    )
    return (
        f"ε = {epsilon:g} is {strength}: whoever thinks it even odds that a person is in the "
        f"table, and knows all other rows, is at most {min(100 * belief, 99.99):.4g}% sure after "
        "seeing everything that was learned, but for a chance of δ."
    )


def _check_delta(delta: float) -> None:
    if not 0 < delta < 1:
        raise PopulaceError(f"δ is {delta:g}: use a small number above 0, such as 1e-6.")
