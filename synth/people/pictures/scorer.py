"""One interface for every model that puts pictures and texts in the same space.

A scorer embeds images and texts as unit vectors; their dot product, times `scale`, is a logit. Two
scorers serve: any open_clip model (`clip.py`) and the stand-in (`standin.py`), which is weaker,
needs no hub, and is never called CLIP.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from PIL import Image


class Scorer(Protocol):
    """Embed images and texts.

    Attributes
    ----------
    name: words for the screen and the index, for example `stand-in (EfficientNet-Lite2 × MiniLM)`.
    scale: what cosines are multiplied with before the softmax.
    """

    name: str
    scale: float

    def embed_images(self, images: Sequence[Image.Image]) -> np.ndarray:
        """Unit vectors, shape (images, dimension), float32.

        Parameters
        ----------
        images : sequence of Image.Image
            In any size and mode.

        Returns
        -------
        np.ndarray, float32, shape (images, dimension)
            Unit vectors.
        """
        ...

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, shape (texts, dimension), float32.

        Parameters
        ----------
        texts : sequence of str
            Sentences.

        Returns
        -------
        np.ndarray, float32, shape (texts, dimension)
            Unit vectors.
        """
        ...


def normalise(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length one; rows of zeros stay.

    Parameters
    ----------
    vectors : np.ndarray, shape (..., d)
        In any float type.

    Returns
    -------
    np.ndarray, float32, shape (..., d)
        Rows of length one.
    """
    vectors = np.asarray(vectors, dtype=np.float32)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


def softmax(logits: np.ndarray, axis: int = -1) -> np.ndarray:
    """Probabilities along `axis`.

    Parameters
    ----------
    logits : np.ndarray
        Of any shape.
    axis : int, optional
        Along which they sum to one.

    Returns
    -------
    np.ndarray
        Probabilities, of the same shape.
    """
    shifted = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return shifted / shifted.sum(axis=axis, keepdims=True)
