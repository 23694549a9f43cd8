"""Whole numbers that say who somebody is: unique, wide, and no measure of anything."""

from __future__ import annotations

import numpy as np

FEWEST = 20
"""With fewer rows all numbers may differ by chance."""
_LONG = 9
"""Digits from which on numbers that mostly differ are no measure of people."""
_SHORT = 7
_MANY = 50


def is_identifier(values: np.ndarray) -> bool:
    """Whether whole numbers look like keys, whatever their column is called.

    Keys of nine digits or more need only be as long as each other and mostly different. Shorter
    ones must also all differ and fill their range as evenly as numbers that somebody gave out:
    what is measured heaps on round numbers and thins out to one side.

    Parameters
    ----------
    values : int64 array, shape (rows,)
        The column's values, missing ones left out.

    Returns
    -------
    bool
        False for numbers below zero, with decimals, or of different lengths.
    """
    if len(values) < FEWEST or values.min() < 0:
        return False
    digits = len(str(int(values.min())))
    if digits != len(str(int(values.max()))) or digits < _SHORT:
        return False
    different = len(np.unique(values))
    rounded = float((values % 10 == 0).mean())
    if digits >= _LONG:
        return different > 0.5 * len(values) and rounded < 0.5
    if different < len(values) or len(values) < _MANY or rounded > 0.2:
        return False
    ordered = np.sort(values).astype(np.float64)
    spread = (ordered - ordered[0]) / max(ordered[-1] - ordered[0], 1.0)
    gap = np.abs(spread - np.linspace(0.0, 1.0, len(ordered))).max()
    return bool(gap < 1.36 / np.sqrt(len(ordered)))
