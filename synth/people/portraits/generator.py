"""What every generator of faces offers; `mobile_stylegan` is the one that ships.

To add one: a class with these attributes, its weights in `models/registry.toml`, directions and a
bank made with it (`python -m synth portraits build-bank`); the bank's index says who painted it.
"""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np

Size = Literal[256, 1024]
"""Pixels of a face's side."""


class FaceGenerator(Protocol):
    """Paints a face from a style; the same style gives the same face.

    Attributes
    ----------
    name : str
        The registry's name of its weights; a bank says by it who painted it.
    latent_size : int
        Length of a style.
    mean : np.ndarray, shape (latent_size,)
        The middle of all styles.
    """

    @property
    def name(self) -> str: ...

    @property
    def latent_size(self) -> int: ...

    @property
    def mean(self) -> np.ndarray: ...

    def styles(self, count: int, rng: np.random.Generator, truncation: float) -> np.ndarray:
        """Random styles [count, latent_size], pulled towards the mean by `truncation`.

        Parameters
        ----------
        count : int
            How many.
        rng : np.random.Generator
            What draws them.
        truncation : float
            ψ: 0 gives the mean, 1 leaves styles as drawn (Karras et al. 2019, CVPR).

        Returns
        -------
        np.ndarray, shape (count, latent_size)
            The styles.
        """
        ...

    def paint(self, w: np.ndarray, size: Size = 256, batch: int = 8) -> np.ndarray:
        """Faces [n, size, size, 3] in uint8 RGB of styles [n, latent_size].

        Parameters
        ----------
        w : np.ndarray, shape (n, latent_size)
            Styles.
        size : Size, optional
            Width and height, pixels.
        batch : int, optional
            Faces to paint at once.

        Returns
        -------
        np.ndarray, uint8, shape (n, size, size, 3)
            RGB.
        """
        ...

    def draft(self, w: np.ndarray) -> np.ndarray:
        """One face [256, 256, 3] of one style, perhaps coarser and sooner; never to be shown.

        Parameters
        ----------
        w : np.ndarray, shape (latent_size,)
            One style.

        Returns
        -------
        np.ndarray, uint8, shape (256, 256, 3)
            RGB.
        """
        ...
