"""MobileStyleGAN-FFHQ in plain torch, its weights read from the OpenVINO files of `random-face`.

One definition serves every device: torch runs it on CUDA, and `openvino.convert_model` turns it
into a graph for the CPU. The published graph spends two thirds of its time on the inverse wavelet
transform (channel splits and depthwise transposed convolutions); here that transform is one 1x1
convolution and a pixel shuffle, which computes the same numbers in half the time.

Source of the architecture: Belousov, "MobileStyleGAN: A Lightweight Convolutional Neural Network
for High-Fidelity Image Synthesis", arXiv:2104.04767.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from synth.errors import PopulaceError

_TYPES = {"f32": np.float32, "f16": np.float16, "i64": np.int64, "i32": np.int32}
STYLE = 512
"""Length of a latent z and of a style w."""


class _Graph:
    """The operations of an OpenVINO IR v10 file, in order, with their constant inputs."""

    def __init__(self, xml: Path) -> None:
        try:
            root = ElementTree.parse(xml).getroot()
            raw = xml.with_suffix(".bin").read_bytes()
        except (OSError, ElementTree.ParseError) as error:
            raise PopulaceError(
                f"The generator file {xml.name} cannot be read; fetch it again with "
                "`python -m synth models --fetch mobilestylegan-ffhq`."
            ) from error
        constants: dict[str, np.ndarray] = {}
        self._kinds: dict[str, str] = {}
        for layer in root.iterfind("layers/layer"):
            identity, kind = layer.attrib["id"], layer.attrib["type"]
            self._kinds[identity] = kind
            if kind != "Const":
                continue
            data = layer.find("data")
            assert data is not None
            shape = [int(size) for size in data.attrib["shape"].split(",") if size.strip()]
            start, size = int(data.attrib["offset"]), int(data.attrib["size"])
            kind_of = _TYPES[data.attrib["element_type"]]
            constants[identity] = np.frombuffer(raw[start : start + size], kind_of).reshape(shape)
        self._inputs: dict[str, list[np.ndarray]] = {}
        for edge in root.iterfind("edges/edge"):
            if edge.attrib["from-layer"] in constants:
                self._inputs.setdefault(edge.attrib["to-layer"], []).append(
                    constants[edge.attrib["from-layer"]]
                )

    def constants(self, kind: str) -> list[Tensor]:
        """The float constant of every operation of this kind that has one, in file order."""
        found = []
        for identity, name in self._kinds.items():
            for value in self._inputs.get(identity, []) if name == kind else []:
                if value.dtype in (np.float32, np.float16):
                    found.append(torch.from_numpy(value.astype(np.float32)))
        return found


class Mapping(nn.Module):
    """z [n, 512], standard normal, to style w [n, 512]."""

    def __init__(self, weights: list[Tensor], biases: list[Tensor], slopes: list[Tensor]) -> None:
        super().__init__()
        self.weights, self.biases = nn.ParameterList(weights), nn.ParameterList(biases)
        self.slopes = nn.ParameterList(slopes)
        self.requires_grad_(False)

    def forward(self, z: Tensor) -> Tensor:
        """Normalise z to unit second moment, then eight linear layers with leaky ReLU."""
        x = z * torch.rsqrt(torch.mean(z * z, dim=1, keepdim=True) + 1e-8)
        for weight, bias, slope in zip(self.weights, self.biases, self.slopes, strict=True):
            x = functional.prelu(functional.linear(x, weight, bias), slope) * 2**0.5
        return x


class _Affine(nn.Module):
    """Style to one factor per channel, [n, c, 1, 1]."""

    def __init__(self, weight: Tensor, bias: Tensor, gain: float) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight * gain), nn.Parameter(bias.flatten() * gain)

    def forward(self, w: Tensor) -> Tensor:
        return functional.linear(w, self.weight, self.bias)[:, :, None, None]


class _Unwavelet(nn.Module):
    """Inverse Haar transform: [n, 4c, h, w] to [n, c, 2h, 2w]."""

    def __init__(self, channels: int, filters: tuple[Tensor, ...]) -> None:
        super().__init__()
        low_row, high_row, low_column, high_column = (f.flatten()[-2:] for f in filters)
        kernel = torch.zeros(channels, 2, 2, 4 * channels)
        each = torch.arange(channels)
        for row in range(2):
            for column in range(2):
                kernel[each, row, column, each] = low_row[row] * low_column[column]
                for band, (r, c) in enumerate(
                    ((high_row, low_column), (low_row, high_column), (high_row, high_column))
                ):
                    band_of = channels + 3 * each + band
                    kernel[each, row, column, band_of] = r[row] * c[column]
        self.kernel = nn.Parameter(kernel.reshape(4 * channels, 4 * channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return functional.pixel_shuffle(functional.conv2d(x, self.kernel), 2)


class _Convolution(nn.Module):
    """Scale by the style, depthwise 3x3 and pointwise 1x1, fixed noise, bias, leaky ReLU."""

    def __init__(
        self,
        affine: _Affine,
        depthwise: Tensor | None,
        pointwise: Tensor,
        noise: Tensor,
        bias: Tensor,
        slope: Tensor,
    ) -> None:
        super().__init__()
        self.affine = affine
        self.depthwise = None if depthwise is None else nn.Parameter(depthwise)
        self.pointwise = nn.Parameter(pointwise)
        self.noise, self.bias = nn.Parameter(noise), nn.Parameter(bias)
        self.slope = nn.Parameter(slope)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        x = x * self.affine(w)
        if self.depthwise is not None:
            x = functional.conv2d(x, self.depthwise, padding=1, groups=x.shape[1])
            x = functional.conv2d(x, self.pointwise)
        else:
            x = functional.conv2d(x, self.pointwise, padding=1)
        return functional.prelu(x + self.noise + self.bias, self.slope)


class Synthesis(nn.Module):
    """Style w [n, 512] to images [n, 3, size, size] in about [-1, 1]; size is 1024 or 256.

    At 256 the image is the 4x4 block mean of the large one, computed without making it.
    """

    def __init__(self, graph: _Graph, size: int = 1024) -> None:
        super().__init__()
        matrices = graph.constants("MatMul")[::-1]
        adds, scales = graph.constants("Add"), graph.constants("Multiply")
        count = len(matrices)
        affine_biases, rest = adds[:count][::-1], adds[count:]
        gains = [float(scale) for scale in scales if scale.numel() == 1][::-1]
        pointwise, slopes = graph.constants("Convolution"), graph.constants("PReLU")
        depthwise = graph.constants("GroupConvolution")
        filters = graph.constants("GroupConvolutionBackpropData")
        blocks = (count - 2) // 3
        if (len(pointwise), len(depthwise), len(filters)) != (2 * blocks + 2, 2 * blocks, 48):
            raise PopulaceError(
                "The generator file has another architecture than MobileStyleGAN; fetch version "
                "2021.7.21.1 of random-face again."
            )
        self.size = size
        self.start = nn.Parameter(graph.constants("Broadcast")[0].reshape(1, STYLE, 4, 4))

        convolutions, waves, wave_affines = [], [], []
        gain = iter(gains)
        for index in range(2 * blocks + 1):
            block, second = divmod(index - 1, 2)
            matrix = 0 if index == 0 else 3 * block + 2 + second
            convolutions.append(
                _Convolution(
                    _Affine(matrices[matrix], affine_biases[matrix], next(gain)),
                    None if index == 0 else depthwise[index - 1].squeeze(1),
                    pointwise[index],
                    rest[2 * index],
                    rest[2 * index + 1],
                    slopes[index],
                )
            )
        for block in range(blocks):
            matrix = 3 * block + 1
            affine = _Affine(matrices[matrix], affine_biases[matrix], 1.0)
            wave_affines.append(affine)
            waves.append(_Unwavelet(affine.bias.numel() // 4, _haar(filters[:6])))
        self.convolutions = nn.ModuleList(convolutions)
        self.waves, self.wave_affines = nn.ModuleList(waves), nn.ModuleList(wave_affines)
        self.last = _Affine(matrices[-1], affine_biases[-1], next(gain))
        weight, bias = pointwise[-1], rest[-1].flatten()
        if size == 1024:
            final = _Unwavelet(3, _haar(filters[:6])).kernel.data[:, :, 0, 0]
            weight = torch.einsum("oi,icxy->ocxy", final, weight)
            bias = final @ bias
        else:
            weight, bias = weight[:3] / 2, bias[:3] / 2
        self.colour, self.colour_bias = nn.Parameter(weight), nn.Parameter(bias)
        self.requires_grad_(False)

    def forward(self, w: Tensor) -> Tensor:
        """Paint the faces of the styles w."""
        x = self.convolutions[0](self.start.expand(w.shape[0], -1, -1, -1), w)
        for block, (wave, affine) in enumerate(zip(self.waves, self.wave_affines, strict=True)):
            x = wave(x * affine(w))
            x = self.convolutions[2 * block + 1](x, w)
            x = self.convolutions[2 * block + 2](x, w)
        if self.size != 1024:
            x = functional.avg_pool2d(x, 2)
        x = functional.conv2d(x * self.last(w), self.colour, self.colour_bias)
        return functional.pixel_shuffle(x, 2) if self.size == 1024 else x


def _haar(filters: list[Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Low and high filters along rows and columns, from one transform of the file.

    The file's order is: low rows, high rows, low columns, low rows, high rows, high columns.
    """
    one = [each[0].flatten() for each in filters]
    return one[0], one[1], one[2], one[5]


def read_synthesis(folder: Path, size: int = 1024) -> Synthesis:
    """The painter of `SynthesisNetwork.xml` in a folder; size 1024 or 256."""
    return Synthesis(_Graph(folder / "SynthesisNetwork.xml"), size).eval()


def read_mapping(folder: Path) -> Mapping:
    """The mapping network of `MappingNetwork.xml` in a folder."""
    graph = _Graph(folder / "MappingNetwork.xml")
    biases = [bias for bias in graph.constants("Reshape") if bias.numel() == STYLE]
    return Mapping(graph.constants("MatMul"), biases, graph.constants("PReLU")).eval()
