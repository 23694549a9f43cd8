"""Reading faces: dlib's detection and landmarks, and its 128-d embedding by a fast port.

The port reads the weights out of dlib's own file into torch: the same numbers, some twenty times
faster than dlib's CPU code. Architecture: King, "Dlib-ml: A Machine Learning Toolkit", JMLR 2009,
and `dlib/dnn` (ResNet with 29 convolutions).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import dlib
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from synth.errors import PopulaceError

CHIP = 150
"""Side in pixels of an aligned face chip, as dlib's embedding net wants it."""
TEXTURE = 2368
"""Channels pooled inside the embedding net, each as its mean and its deviation."""
_POOLED = (2, 4, 6, 8, 9, 11, 12, 13)  # blocks after which they are pooled
_PADDING = 0.25
_FAINT = -0.6  # detector's score above which half a face at a border counts
_WEIGHTS = "dlib_face_recognition_resnet_model_v1.dat"
_LANDMARKS = "shape_predictor_5_face_landmarks.dat"


@dataclass(frozen=True)
class Face:
    """One detected face: box (left, top, right, bottom), 5 points [5, 2], detector's score.

    `turn` is the horizontal asymmetry of eyes and nose: 0 is frontal, 1 is a profile.
    `others` counts further faces, weak ones included, in the picture.
    """

    box: tuple[int, int, int, int]
    points: np.ndarray
    score: float
    turn: float
    others: int
    chip: np.ndarray


class Detector:
    """dlib's HOG detector with the five-point landmarks; not for use by two threads at once."""

    def __init__(self, folder: Path) -> None:
        if not (folder / _LANDMARKS).is_file():
            raise PopulaceError(
                f"The landmark file {_LANDMARKS} is not in {folder}; fetch it with "
                "`python -m synth models --fetch dlib-faces`."
            )
        self._find = dlib.get_frontal_face_detector()
        self._shape = dlib.shape_predictor(str(folder / _LANDMARKS))

    def __call__(self, image: np.ndarray) -> Face | None:
        """The largest face of an RGB uint8 image [h, w, 3], or None."""
        boxes, scores, _ = self._find.run(image, 0, -0.3)
        sure = [index for index, score in enumerate(scores) if score > 0]
        if not sure:
            return None
        best = max(sure, key=lambda index: boxes[index].area())
        box = boxes[best]
        shape = self._shape(image, box)
        points = np.array([(part.x, part.y) for part in shape.parts()], dtype=np.float32)
        left, right, nose = points[[0, 1]].mean(0), points[[2, 3]].mean(0), points[4]
        width = abs(right[0] - left[0]) + 1e-6
        chip = dlib.get_face_chip(image, shape, size=CHIP, padding=_PADDING)
        return Face(
            box=(box.left(), box.top(), box.right(), box.bottom()),
            points=points,
            score=float(scores[best]),
            turn=float(abs(nose[0] - (left[0] + right[0]) / 2) * 2 / width),
            others=len(scores) - 1,
            chip=np.ascontiguousarray(chip),
        )

    def beside(self, image: np.ndarray) -> bool:
        """Whether half a face looks in from the left or the right of an image [h, w, 3].

        The detector knows whole faces only, so the image is mirrored at its borders: half a face
        and its reflection make one, centred on the border.

        Parameters
        ----------
        image : np.ndarray, uint8, shape (h, w, 3)
            RGB.

        Returns
        -------
        bool
            Whether there is half a face at a border.
        """
        margin = 3 * image.shape[1] // 8
        wide = np.pad(image, ((0, 0), (margin, margin), (0, 0)), mode="reflect")
        for band in (wide[:, : 2 * margin], wide[:, -2 * margin :]):
            boxes, _, _ = self._find.run(np.ascontiguousarray(band), 0, _FAINT)
            if any(abs(box.center().x - margin) < margin / 3 for box in boxes):
                return True
        return False


class _Residual(nn.Module):
    """dlib's `ares`: two 3x3 convolutions beside a skip that may halve the image."""

    def __init__(self, first: nn.Conv2d, second: nn.Conv2d, down: bool) -> None:
        super().__init__()
        self.first, self.second, self.down = first, second, down

    def forward(self, x: Tensor) -> Tensor:
        y = self.second(functional.relu(self.first(x)))
        if self.down:
            x = functional.avg_pool2d(x, 2)
            # dlib adds tensors of unlike sizes as if both were padded with zeros to the larger.
            high, wide = max(x.shape[2], y.shape[2]), max(x.shape[3], y.shape[3])
            more = y.shape[1] - x.shape[1]
            x = functional.pad(x, (0, wide - x.shape[3], 0, high - x.shape[2], 0, more))
            y = functional.pad(y, (0, wide - y.shape[3], 0, high - y.shape[2]))
        return functional.relu(x + y)


class Embedding(nn.Module):
    """The fast port of dlib's embedding net."""

    mean: Tensor

    def __init__(self, folder: Path) -> None:
        super().__init__()
        reader = _DatReader(folder / _WEIGHTS)
        self.stem = reader.convolution(3, 32, 7, 2, 0)
        blocks, channels = [], 32
        for width, count, down_first in (
            (32, 3, False),
            (64, 4, True),
            (128, 3, True),
            (256, 3, True),
            (256, 1, True),
        ):
            for index in range(count):
                down = down_first and index == 0
                stride, padding = (2, 0) if down else (1, 1)
                first = reader.convolution(channels, width, 3, stride, padding)
                second = reader.convolution(width, width, 3, 1, 1)
                blocks.append(_Residual(first, second, down))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.last = nn.Parameter(reader.matrix(256, 128))
        self.register_buffer("mean", torch.tensor([122.782, 117.001, 104.298])[None, :, None, None])
        self.requires_grad_(False)
        self.eval()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """RGB in 0–255, [n, 3, 150, 150], to embeddings [n, 128] and textures [n, TEXTURE].

        Parameters
        ----------
        x : Tensor, shape (n, 3, 150, 150)
            RGB, 0 to 255.

        Returns
        -------
        tuple[Tensor, Tensor]
            Shapes (n, 128) and (n, TEXTURE).
        """
        x = functional.relu(self.stem((x - self.mean) / 256))
        x = functional.max_pool2d(x, 3, 2)
        pooled = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in _POOLED:
                pooled += [x.mean((2, 3)), x.std((2, 3))]
        return x.mean((2, 3)) @ self.last, torch.cat(pooled, 1)

    def embed(self, chips: np.ndarray) -> np.ndarray:
        """Embed RGB uint8 chips [n, 150, 150, 3] to float32 [n, 128].

        Parameters
        ----------
        chips : np.ndarray, uint8, shape (n, 150, 150, 3)
            Aligned faces, RGB.

        Returns
        -------
        np.ndarray, float32, shape (n, 128)
            Embeddings.
        """
        return self.read(chips)[0]

    def read(self, chips: np.ndarray, batch: int = 64) -> tuple[np.ndarray, np.ndarray]:
        """Embeddings [n, 128] and textures [n, TEXTURE] of RGB uint8 chips [n, 150, 150, 3].

        Textures are means and deviations of channels inside the net: they keep the wrinkles that
        the embedding, made to recognise a person of any age, has learned to drop.

        Parameters
        ----------
        chips : np.ndarray, uint8, shape (n, 150, 150, 3)
            Aligned faces, RGB.
        batch : int, optional
            Chips that the net reads at once.

        Returns
        -------
        tuple[np.ndarray, np.ndarray]
            Float32, shapes (n, 128) and (n, TEXTURE).
        """
        device = self.last.device
        rows, textures = [np.empty((0, 128), np.float32)], [np.empty((0, TEXTURE), np.float32)]
        with torch.inference_mode():
            for start in range(0, len(chips), batch):
                part = torch.from_numpy(np.ascontiguousarray(chips[start : start + batch]))
                embedded, texture = self(part.to(device).permute(0, 3, 1, 2).float())
                rows.append(embedded.cpu().numpy())
                textures.append(texture.cpu().numpy())
        return np.concatenate(rows), np.concatenate(textures)


class _DatReader:
    """Reads tensors one after the other out of a dlib network file."""

    def __init__(self, path: Path) -> None:
        try:
            self._raw = path.read_bytes()
        except OSError as error:
            raise PopulaceError(
                f"The embedding file {path.name} cannot be read; fetch it with "
                "`python -m synth models --fetch dlib-faces`."
            ) from error
        self._at = 0

    def convolution(
        self, inputs: int, outputs: int, size: int, stride: int, padding: int
    ) -> nn.Conv2d:
        """The next convolution with the affine layer after it folded in."""
        values = self._tensor(b"con_4", (inputs * size * size + 1) * outputs)
        scale = self._tensor(b"affine_", 2 * outputs)
        weight = values[:-outputs].reshape(outputs, inputs, size, size)
        layer = nn.Conv2d(inputs, outputs, size, stride, padding)
        layer.weight = nn.Parameter(torch.from_numpy(weight * scale[:outputs, None, None, None]))
        bias = values[-outputs:] * scale[:outputs] + scale[outputs:]
        layer.bias = nn.Parameter(torch.from_numpy(bias))
        return layer

    def matrix(self, rows: int, columns: int) -> Tensor:
        """The next fully connected layer without bias."""
        values = self._tensor(b"fc_2", rows * columns, leading=2)
        return torch.from_numpy(values.reshape(rows, columns))

    def _tensor(self, name: bytes, size: int, leading: int = 0) -> np.ndarray:
        """Floats of the tensor that follows the next mention of a layer's name.

        A tensor is written as version, four dimensions, and raw little-endian floats; an integer
        is written as its number of bytes and then the bytes.
        """
        position = self._raw.find(name, self._at)
        self._at = position + len(name)
        numbers = [self._integer() for _ in range(leading + 5)] if position >= 0 else []
        count = int(np.prod(numbers[-4:])) if numbers else -1
        if count != size:
            raise PopulaceError(
                f"The embedding file {_WEIGHTS} has another layout than dlib's; fetch it again "
                "with `python -m synth models --fetch dlib-faces`."
            )
        values = np.frombuffer(self._raw, "<f4", size, self._at)
        self._at += 4 * size
        return values.copy()

    def _integer(self) -> int:
        length = self._raw[self._at] & 15
        value = int.from_bytes(self._raw[self._at + 1 : self._at + 1 + length], "little")
        self._at += 1 + length
        return value
