"""Learning the directions in w: random faces are painted and read, then a round of wanted ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dlib
import numpy as np

from synth.people.portraits.bank import CELLS
from synth.people.portraits.directions import Directions
from synth.people.portraits.search import Finder, Look, Wanted
from synth.people.portraits.tools import Tools

_FREE = 0.8  # truncation of the styles whose spread measures a change


def learn_directions(
    tools: Tools,
    landmarks: Path,
    samples: int = 1000,
    seed: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Directions:
    """Directions from `samples` random faces and one round over the bank's cells.

    `landmarks` is dlib's 68-point file: it reads the smile.
    """
    generator, shape = tools.generator, dlib.shape_predictor(str(landmarks))
    rng = np.random.default_rng(seed)
    styles, readings = [], []

    def keep(w: np.ndarray, image: np.ndarray, look: Look | None, fault: str = "") -> None:
        row = np.full(8, np.nan)
        if look is not None:
            row = look.readings.copy()
            row[7] = _smile(shape, image, look)
        styles.append(w)
        readings.append(row)
        progress(len(styles), samples + 3 * len(CELLS))

    for index in range(samples):
        w = generator.styles_of(1, rng, (0.7, 0.85)[index % 2])[0]
        image = generator.paint(w)[0]
        keep(w, image, tools.reader.look(image))
    spread = generator.mean + np.float32(_FREE) * (generator.styles - generator.mean)

    def fit() -> Directions:
        return Directions.learn(np.array(styles), np.array(readings), spread)

    finder = Finder(generator, tools.reader, fit())
    for cell in CELLS:
        wanted = Wanted(cell.gender, cell.band[0], cell.band[1] + 1, cell.ethnicity)
        finder.find(wanted, rng, tries=4, tried=keep)
    return fit()


def _smile(shape: dlib.shape_predictor, image: np.ndarray, look: Look) -> float:
    """How far the corners of the mouth stand up and out, against the distance of the eyes."""
    parts = shape(image, dlib.rectangle(*look.face.box)).parts()
    points = np.array([(part.x, part.y) for part in parts], dtype=np.float64)
    eyes = np.linalg.norm(points[36:42].mean(0) - points[42:48].mean(0))
    raised = (points[[62, 66], 1].mean() - points[[48, 54], 1].mean()) / eyes
    wide = np.linalg.norm(points[48] - points[54]) / eyes
    return float(20 * raised + 8 * wide)
