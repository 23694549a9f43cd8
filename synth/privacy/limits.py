"""What a promise allows: how often an attack on somebody can be right, whatever it computes.

Under (ε, δ)-differential privacy a finding is at most e^ε times as likely, and δ more, where
somebody's row was learned from as where it was not, and the other way about (P. Kairouz, S. Oh,
P. Viswanath, "The composition theorem for differential privacy", ICML 2015).
"""

from __future__ import annotations

import math


def most_success(epsilon: float, delta: float, control: float) -> float:
    """How often an attack can succeed on people who were learned from.

    Parameters
    ----------
    epsilon, delta : float
        The promise.
    control : float
        How often it succeeds on people who were not, 0 to 1.

    Returns
    -------
    float
        Between `control` and 1.
    """
    grown = math.exp(epsilon) * control + delta
    rest = 1.0 - math.exp(-epsilon) * (1.0 - delta - control)
    return max(control, min(grown, rest, 1.0))


def most_right(epsilon: float) -> float:
    """How often a guess can be right whether somebody's row was learned from (δ = 0).

    It is also the most that the area under the ROC curve of any attack can be.

    Parameters
    ----------
    epsilon : float
        The promise, where a coin decides who is learned from.
    """
    return 1.0 / (1.0 + math.exp(-epsilon))
