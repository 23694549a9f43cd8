"""Logarithms of many numbers at a time, for compiled code that scores people.

A library's logarithm takes one number at a time. This one is straight arithmetic, so that a loop
over many is vectorised: a third of the time.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_LN2 = math.log(2.0)


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def weighted_logs(weight: np.ndarray, value: np.ndarray, bits: np.ndarray) -> float:
    """Σ weight · log(value) of positive numbers; right to some 10⁻¹³ of each.

    A logarithm is that of the power of two, and a series of (v − 1) / (v + 1) for the rest v
    between √½ and √2.

    Parameters
    ----------
    weight, value : float64 array, shape (n,)
        Values are normal numbers above nought; they are written over.
    bits : int64 array, shape (n,)
        `value.view(np.int64)`, which compiled code makes once.

    Returns
    -------
    float
    """
    off = np.int64(0x3FE6A09E667F3BCD)  # √½
    power = np.int64(52)
    n = weight.shape[0]
    total, twos = 0.0, 0.0
    for i in range(n):
        exponent = (bits[i] - off) >> power
        twos += weight[i] * exponent
        bits[i] -= exponent << power
    for i in range(n):
        f = (value[i] - 1.0) / (value[i] + 1.0)
        g = f * f
        series = 1.0 / 17.0
        series = series * g + 1.0 / 15.0
        series = series * g + 1.0 / 13.0
        series = series * g + 1.0 / 11.0
        series = series * g + 1.0 / 9.0
        series = series * g + 1.0 / 7.0
        series = series * g + 1.0 / 5.0
        series = series * g + 1.0 / 3.0
        series = series * g + 1.0
        total += weight[i] * (f * series)
    return 2.0 * total + twos * _LN2
