"""Where the eye goes in a picture, so that no crop cuts it off.

The spectral residual (Hou and Zhang, CVPR 2007) beside the distance from the mean colour, weighted
towards the middle and a little above it.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter, uniform_filter

_SIDE = 64  # pixels that are looked at
_KEPT = 0.7  # share of the pixels that count as ground


def focus_of(image: Image.Image) -> tuple[float, float]:
    """The focal point, as shares of width and height from the upper left corner.

    Parameters
    ----------
    image : Image
        In any size and mode.

    Returns
    -------
    (float, float)
        From 0 to 1, to two decimals; the middle of a picture of one colour.
    """
    pixels = np.asarray(image.convert("RGB").resize((_SIDE, _SIDE)), dtype=np.float64) / 255
    y, x = np.mgrid[:_SIDE, :_SIDE] / (_SIDE - 1)
    middle = np.exp(-((x - 0.5) ** 2 + (y - 0.45) ** 2) / 0.35)
    salient = (_scaled(_residual(pixels)) + _scaled(_distance(pixels))) * middle
    salient = np.maximum(salient - np.quantile(salient, _KEPT), 0)
    total = salient.sum()
    if pixels.std() < 1e-3 or total <= 0:
        return 0.5, 0.5
    return round(float((salient * x).sum() / total), 2), round(
        float((salient * y).sum() / total), 2
    )


def _residual(pixels: np.ndarray) -> np.ndarray:
    whole = np.zeros(pixels.shape[:2])
    for channel in np.moveaxis(pixels, 2, 0):
        spectrum = np.fft.fft2(channel)
        logs = np.log(np.abs(spectrum) + 1e-6)
        residual = logs - uniform_filter(logs, 3)
        whole += np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    return gaussian_filter(whole, 3)


def _distance(pixels: np.ndarray) -> np.ndarray:
    soft = gaussian_filter(pixels, (1, 1, 0))
    return np.linalg.norm(soft - pixels.reshape(-1, 3).mean(0), axis=2)


def _scaled(values: np.ndarray) -> np.ndarray:
    return values / max(float(values.max()), 1e-12)
