"""Published rates of the United States, works of its government and so in the public domain."""

from __future__ import annotations

from typing import Final

import numpy as np

LIFE_TABLE: Final = (
    "Social Security Administration, Period Life Table 2022, as used in the 2025 Trustees Report"
)
BIRTHS: Final = "National Center for Health Statistics, Births: Final Data for 2005"

LAST_AGE: Final = 119
"""Nobody grows older."""

_DEATHS: Final = {  # age: P(death within a year), men and women; between them log-linear
    0: (0.006064, 0.005119), 1: (0.000491, 0.000398), 5: (0.000167, 0.000134),
    10: (0.000127, 0.000111), 15: (0.000451, 0.000224), 20: (0.001301, 0.000496),
    25: (0.001776, 0.000699), 30: (0.002332, 0.000988), 35: (0.002791, 0.001324),
    40: (0.003353, 0.001803), 45: (0.004175, 0.002352), 50: (0.005666, 0.003407),
    55: (0.008348, 0.005040), 60: (0.012458, 0.007658), 65: (0.017897, 0.011018),
    70: (0.024828, 0.016025), 75: (0.037088, 0.025980), 80: (0.060660, 0.044156),
    85: (0.100525, 0.076841), 90: (0.169704, 0.135805), 95: (0.277402, 0.228086),
    100: (0.391927, 0.342716), 105: (0.508032, 0.466891), 110: (0.648392, 0.624805),
    119: (1.0, 1.0),
}  # fmt: skip
_BIRTH_RATES: Final = {  # first age: births a year for each 1,000 women
    15: 40.5, 20: 102.2, 25: 115.5, 30: 95.8, 35: 46.3, 40: 9.1, 45: 0.6, 50: 0.0,
}  # fmt: skip
UNMARRIED_BIRTHS: Final = 0.369
"""The share of births to unmarried women."""
BOYS: Final = 1049 / 2049
"""The share of boys among births: 1,049 for 1,000 girls."""


def death_rates() -> np.ndarray:
    """P(death within a year); float64, shape (2, `LAST_AGE` + 1): women, men."""
    ages = np.array(list(_DEATHS))
    logs = np.log(np.array(list(_DEATHS.values())))
    every = np.arange(LAST_AGE + 1)
    return np.exp([np.interp(every, ages, logs[:, 1]), np.interp(every, ages, logs[:, 0])])


def birth_rates() -> np.ndarray:
    """Births a year for each woman of an age; float64, shape (`LAST_AGE` + 1,)."""
    out = np.zeros(LAST_AGE + 1)
    for first, rate in _BIRTH_RATES.items():
        out[first:] = rate / 1000
    return out
