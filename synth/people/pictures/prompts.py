"""Keywords to text vectors, and the "conjugate" matrix of pictures × texts.

Each keyword is put into several sentences whose vectors are averaged, as Radford et al. 2021
recommend; a placeholder class stands for everything else and takes the probability that no keyword
deserves (paper, section 3.3).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from synth.people.pictures.scorer import Scorer, normalise, softmax

TEMPLATES: tuple[str, ...] = (
    "a photo of {}.",
    "a picture of {}.",
    "a close-up photo of {}.",
    "{}",
)
PLACEHOLDERS: tuple[str, ...] = ("something", "a photo", "an object", "a person", "a place")


def embed_words(words: Sequence[str], scorer: Scorer) -> np.ndarray:
    """One unit vector a word: its sentences' vectors averaged. Shape (words, dimension)."""
    sentences = [template.format(word) for word in words for template in TEMPLATES]
    vectors = scorer.embed_texts(sentences)
    return normalise(vectors.reshape(len(words), len(TEMPLATES), -1).mean(1))


def embed_placeholder(scorer: Scorer) -> np.ndarray:
    """The vector of "everything else". Shape (dimension,)."""
    return normalise(scorer.embed_texts(PLACEHOLDERS).mean(0))


def conjugate(
    images: np.ndarray, texts: np.ndarray, placeholder: np.ndarray, scale: float
) -> np.ndarray:
    """Probability of each text for each image; the last column is the placeholder.

    images (n, d), texts (k, d), placeholder (d,) → (n, k + 1); rows sum to one.
    """
    return softmax(scale * images @ np.vstack([texts, placeholder]).T)
