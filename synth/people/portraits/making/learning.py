"""Learning the directions in w: random faces are painted and read, then a round of wanted ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dlib
import numpy as np

from synth.people.portraits.bank import CELLS
from synth.people.portraits.directions import Directions
from synth.people.portraits.live import Tools
from synth.people.portraits.making.build import target_of
from synth.people.portraits.search import FaceReading, FaceSearch

_FREE = 0.8  # truncation of the styles whose spread measures a change
_ROUNDS, _STARTS, _TRIES = 2, 2, 5  # rounds over the cells; searches and paintings of each


def learn_directions(
    tools: Tools,
    landmarks: Path,
    samples: int = 1600,
    seed: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Directions:
    """Directions from `samples` random faces and then rounds of wanted ones over the bank's cells.

    `landmarks` is dlib's 68-point file: it reads the smile. The wanted faces show the rare people
    that random ones hardly do.

    Parameters
    ----------
    tools : Tools
        Generator, reader and search.
    landmarks : Path
        The file of dlib's 68 points.
    samples : int, optional
        Random faces.
    seed : int, optional
        Of all draws.
    progress : callable, optional
        Gets the faces painted, and the most there will be.

    Returns
    -------
    Directions
        The directions.
    """
    generator, shape = tools.generator, dlib.shape_predictor(str(landmarks))
    rng = np.random.default_rng(seed)
    styles, readings, embeddings = [], [], []
    most = samples + _ROUNDS * _STARTS * _TRIES * len(CELLS)

    def keep(w: np.ndarray, image: np.ndarray, look: FaceReading | None, fault: str = "") -> None:
        row, embedding = np.full(8, np.nan), np.full(128, np.nan)
        if look is not None:
            row, embedding = look.readings.copy(), look.embedding
            row[7] = _smile(shape, image, look)
        styles.append(w)
        readings.append(row)
        embeddings.append(embedding)
        progress(len(styles), most)

    for index in range(samples):
        w = generator.styles(1, rng, (0.7, 0.85)[index % 2])[0]
        image = generator.draft(w)
        keep(w, image, tools.reader.look(image))
    spread = generator.mean + np.float32(_FREE) * (generator.reference_styles - generator.mean)

    def fit() -> Directions:
        return Directions.learn(np.array(styles), np.array(readings), np.array(embeddings), spread)

    for _ in range(_ROUNDS):
        search = FaceSearch(generator, tools.reader, fit())
        for cell in CELLS * _STARTS:
            search.find(target_of(cell), rng, tries=_TRIES, tried=keep)
    return fit()


def _smile(shape: dlib.shape_predictor, image: np.ndarray, look: FaceReading) -> float:
    """How far the corners of the mouth stand up and out, against the distance of the eyes."""
    parts = shape(image, dlib.rectangle(*look.face.box)).parts()
    points = np.array([(part.x, part.y) for part in parts], dtype=np.float64)
    eyes = np.linalg.norm(points[36:42].mean(0) - points[42:48].mean(0))
    raised = (points[[62, 66], 1].mean() - points[[48, 54], 1].mean()) / eyes
    wide = np.linalg.norm(points[48] - points[54]) / eyes
    return float(20 * raised + 8 * wide)
