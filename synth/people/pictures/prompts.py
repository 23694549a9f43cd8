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
    """One unit vector a word: its sentences' vectors averaged. Shape (words, dimension).

    Parameters
    ----------
    words : sequence of str
        Keywords.
    scorer : Scorer
        What embeds the sentences.

    Returns
    -------
    np.ndarray, float32, shape (words, dimension)
        Unit vectors.
    """
    sentences = [template.format(word) for word in words for template in TEMPLATES]
    vectors = scorer.embed_texts(sentences)
    return normalise(vectors.reshape(len(words), len(TEMPLATES), -1).mean(1))


def embed_placeholder(scorer: Scorer) -> np.ndarray:
    """The vector of "everything else". Shape (dimension,).

    Parameters
    ----------
    scorer : Scorer
        What embeds the sentences.

    Returns
    -------
    np.ndarray, float32, shape (dimension,)
        A unit vector.
    """
    return normalise(scorer.embed_texts(PLACEHOLDERS).mean(0))


def conjugate(
    images: np.ndarray, texts: np.ndarray, placeholder: np.ndarray, scale: float
) -> np.ndarray:
    """Probability of each text for each image; the last column is the placeholder.

    images (n, d), texts (k, d), placeholder (d,) → (n, k + 1); rows sum to one.

    Parameters
    ----------
    images : np.ndarray, shape (n, d)
        Unit vectors of images.
    texts : np.ndarray, shape (k, d)
        Unit vectors of texts.
    placeholder : np.ndarray, shape (d,)
        The vector of everything else.
    scale : float
        What cosines are multiplied with before the softmax.

    Returns
    -------
    np.ndarray, shape (n, k + 1)
        Probabilities.
    """
    return softmax(scale * images @ np.vstack([texts, placeholder]).T)
