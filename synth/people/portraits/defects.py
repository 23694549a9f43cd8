"""Styles that are likely to paint a broken face: melted glasses, hands, half a face beside.

A logistic regression of w, learned from the portraits that people turned down by eye and those that
they kept. It reads the style alone, so nothing need be painted to ask it.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synth.environment import MODELS
from synth.errors import PopulaceError

SHIPPED = MODELS / "portraits" / "defects.npz"


@dataclass(frozen=True, eq=False)
class DefectHead:
    """Style to the log-odds that a person turns its portrait down.

    Attributes
    ----------
    weights : ndarray, shape (512,)
        Of w.
    bias : float
        The log-odds at w = 0; turned down and kept weigh the same.
    cut : float
        Log-odds above which a style is left out.
    """

    weights: np.ndarray
    bias: float
    cut: float

    def __call__(self, styles: np.ndarray) -> np.ndarray:
        """Log-odds [n] of styles [n, 512]."""
        return np.asarray(styles, np.float32) @ self.weights + self.bias

    def refuses(self, style: np.ndarray) -> bool:
        """Whether a style [512] is left out."""
        return bool(self(style[None])[0] > self.cut)

    def save(self, path: Path = SHIPPED) -> None:
        """Write it as npz."""
        np.savez(path, weights=self.weights, bias=self.bias, cut=self.cut)

    @classmethod
    def load(cls, path: Path = SHIPPED) -> DefectHead:
        """Read it.

        Raises
        ------
        PopulaceError
            The file is missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as data:
                weights = data["weights"].astype(np.float32)
                return cls(weights, float(data["bias"]), float(data["cut"]))
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise PopulaceError(
                f"What tells broken faces cannot be read from {path}; learn it with "
                "`python -m synth portraits train-defects`."
            ) from error
