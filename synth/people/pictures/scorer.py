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
        """Unit vectors, shape (images, dimension), float32."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, shape (texts, dimension), float32."""
        ...


def normalise(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length one; rows of zeros stay."""
    vectors = np.asarray(vectors, dtype=np.float32)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


def softmax(logits: np.ndarray, axis: int = -1) -> np.ndarray:
    """Probabilities along `axis`."""
    shifted = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return shifted / shifted.sum(axis=axis, keepdims=True)
