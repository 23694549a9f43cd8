"""What a promise allows: how often an attack on somebody can be right, whatever it computes.

Under (ε, δ)-differential privacy a finding is at most e^ε times as likely, and δ more, where
somebody's row was learned from as where it was not, and the other way about (P. Kairouz, S. Oh,
P. Viswanath, "The composition theorem for differential privacy", ICML 2015).
"""

from __future__ import annotations

import math


def most_right(epsilon: float) -> float:
    """How often a guess can be right whether somebody's row was learned from (δ = 0).

    It is also the most that the area under the ROC curve of any attack can be.

    Parameters
    ----------
    epsilon : float
        The promise, where a coin decides who is learned from.
    """
    return 1.0 / (1.0 + math.exp(-epsilon))
