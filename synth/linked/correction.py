"""A density ratio that corrects families and leaves the number of their rows as it is.

Large families are told apart more surely than small ones: most that are drawn have a ratio near
nought, and few a large one. A bound that is the same for all would keep fewer large families than
there are. So families are sorted by how many rows they have, and each size has a bound of its own,
by which equally many of every size are kept, or as many as make it as common as it really is.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from synth.generators.density_ratio import CLIP, DensityRatio

ENDS = (0.5, 1.5, 2.5, 3.5, 4.5, 6.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5, 32.5, 38.5, 44.5)
"""Where sizes are cut."""
FAMILIES = 120
"""Drawn families of a size, at least; sizes with fewer are joined to the next."""


@dataclass(frozen=True, eq=False)
class Correction:
    """How likely each family is to be kept.

    Attributes
    ----------
    ratio : DensityRatio
        Of real families to drawn ones.
    ends : tuple of float
        Where sizes, rows of all tables together, are cut.
    bounds : tuple of float
        For each size the largest log-ratio that counts.
    """

    ratio: DensityRatio
    ends: tuple[float, ...]
    bounds: tuple[float, ...]

    @property
    def digest(self) -> str:
        """Its identity: 16 hexadecimal digits."""
        content = f"{self.ratio.digest}{self.ends!r}{self.bounds!r}"
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @staticmethod
    def learn(
        ratio: DensityRatio | None,
        frame: pd.DataFrame,
        sizes: np.ndarray,
        most: float,
        real: np.ndarray | None = None,
    ) -> Correction | None:
        """Choose the bounds.

        Parameters
        ----------
        ratio : DensityRatio or None
            None corrects nothing.
        frame : DataFrame
            Drawn families that the ratio was not learned from.
        sizes : int64 array, shape (families,)
            How many rows each has.
        most : float
            About so many families are drawn for each that is kept.
        real : int64 array, optional
            Sizes of real families: each size is kept so often that it becomes as common as there;
            equally often where it is left out.
        """
        if ratio is None:
            return None
        ratio = replace(ratio, log_bound=CLIP)
        log, ends = ratio.log_ratio(frame), _ends(sizes)
        part = np.searchsorted(ends, sizes)
        drawn = np.bincount(part, minlength=len(ends) + 1) / len(part)
        wanted = drawn
        if real is not None:
            wanted = np.bincount(np.searchsorted(ends, real), minlength=len(ends) + 1) / len(real)
        share = np.divide(wanted, drawn, out=np.ones_like(drawn), where=drawn > 0) / most
        bounds = [_bound(log[part == k], float(share[k])) for k in range(len(ends) + 1)]
        return Correction(ratio, tuple(ends), tuple(bounds))

    def acceptance(self, frame: pd.DataFrame, sizes: np.ndarray) -> np.ndarray:
        """The probability with which each family is kept."""
        bounds = np.array(self.bounds)[np.searchsorted(self.ends, sizes)]
        return np.exp(np.minimum(self.ratio.log_ratio(frame), bounds) - bounds)

    def to_json(self) -> dict[str, Any]:
        """What is beside the ratio's own file."""
        return {"ends": list(self.ends), "bounds": list(self.bounds)}

    @staticmethod
    def from_json(ratio: DensityRatio, value: Mapping[str, Any]) -> Correction:
        """What `to_json` wrote; a ValueError where it does not fit."""
        ends, bounds = (tuple(map(float, value[key])) for key in ("ends", "bounds"))
        sound = all(map(math.isfinite, (*ends, *bounds))) and list(ends) == sorted(set(ends))
        if len(bounds) != len(ends) + 1 or not sound:
            raise ValueError("bounds")
        return Correction(ratio, ends, bounds)


def _ends(sizes: np.ndarray) -> list[float]:
    """The cuts between which there are families enough."""
    out: list[float] = []
    for end in ENDS:
        low = out[-1] if out else -math.inf
        inside = int(((sizes > low) & (sizes < end)).sum())
        if inside >= FAMILIES and int((sizes > end).sum()) >= FAMILIES:
            out.append(end)
    return out


def _bound(log: np.ndarray, share: float) -> float:
    """The bound by which such a share is kept: E[min(r, b)] = share · b."""
    if not len(log):
        return 0.0
    low, high = -CLIP, CLIP
    for _ in range(40):  # the share that is kept falls as the bound rises
        middle = (low + high) / 2
        if np.exp(np.minimum(log, middle) - middle).mean() > share:
            low = middle
        else:
            high = middle
    return float((low + high) / 2)
