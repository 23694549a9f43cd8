"""Where a number decides whether other columns are known: who is under 16 is not asked for work.

Questionnaires skip questions by age, sex or earlier answers. A bin that holds people of both sides
of such a limit gives a child a marriage, so bins begin there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

NEAR = 40
"""People on either side of a limit who are looked at."""
JUMP, PURE = 0.6, 0.02
"""How much the share of the missing must jump, and how close to none or all one side must be."""
MOST = 8
"""Limits of one number."""


def skip_limits(numbers: pd.Series, others: pd.DataFrame) -> np.ndarray:
    """Values at which questions begin or end.

    Parameters
    ----------
    numbers : Series
        A column of numbers; canonical dtype.
    others : DataFrame
        The other columns.

    Returns
    -------
    float64 array
        Ascending; a bin is to begin at each. The clearest `MOST` where there are more.
    """
    values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    rows = np.flatnonzero(~np.isnan(values))
    order = rows[np.argsort(values[rows], kind="stable")]
    sorted_values = values[order]
    places = np.flatnonzero(np.diff(sorted_values) > 0) + 1
    places = places[(places >= NEAR) & (places <= len(order) - NEAR)]
    candidates: list[tuple[float, int]] = []
    for name in others.columns:
        missing = others[name].isna().to_numpy(bool)[order]
        if not len(places) or missing.all() or not missing.any():
            continue
        below = np.concatenate([[0], np.cumsum(missing)])
        left = (below[places] - below[places - NEAR]) / NEAR
        right = (below[places + NEAR] - below[places]) / NEAR
        low, high = np.minimum(left, right), np.maximum(left, right)
        clear = (high - low >= JUMP) & ((low <= PURE) | (high >= 1 - PURE))
        jump = np.where(clear, high - low, 0.0)
        while jump.max() > 0:  # the clearest, without its neighbours
            best = int(jump.argmax())
            candidates.append((float(jump[best]), int(places[best])))
            jump[np.abs(places - places[best]) < 2 * NEAR] = 0.0
    candidates.sort(key=lambda pair: -pair[0])
    limits = list(dict.fromkeys(place for _, place in candidates))[:MOST]
    return np.unique(sorted_values[limits])
