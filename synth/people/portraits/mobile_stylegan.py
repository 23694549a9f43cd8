"""MobileStyleGAN-FFHQ in plain torch, its weights read from the OpenVINO files of `random-face`.

One definition serves every device: torch runs it on CUDA, and `openvino.convert_model` turns it
into a graph for the CPU. The published graph spends two thirds of its time on the inverse wavelet
transform (channel splits and depthwise transposed convolutions); here that transform is one 1x1
convolution and a pixel shuffle, which computes the same numbers in half the time.

Source of the architecture: Belousov, "MobileStyleGAN: A Lightweight Convolutional Neural Network
for High-Fidelity Image Synthesis", arXiv:2104.04767.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from synth.errors import PopulaceError
from synth.people.portraits.generator import Size
from synth.people.portraits.weights import GENERATOR

_TYPES = {"f32": np.float32, "f16": np.float16, "i64": np.int64, "i32": np.int32}
STYLE = 512
"""Length of a latent z and of a style w."""
_DRAFT = 0  # the painter of drafts: 256 px, half precision


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
        tensors = []
        for identity, name in self._kinds.items():
            for value in self._inputs.get(identity, []) if name == kind else []:
                if value.dtype in (np.float32, np.float16):
                    tensors.append(torch.from_numpy(value.astype(np.float32)))
        return tensors


class Mapping(nn.Module):
    """z [n, 512], standard normal, to style w [n, 512]."""

    def __init__(self, weights: list[Tensor], biases: list[Tensor], slopes: list[Tensor]) -> None:
        super().__init__()
        self.weights, self.biases = nn.ParameterList(weights), nn.ParameterList(biases)
        self.slopes = nn.ParameterList(slopes)
        self.requires_grad_(False)

    def forward(self, z: Tensor) -> Tensor:
        """Normalise z to unit second moment, then eight linear layers with leaky ReLU.

        Parameters
        ----------
        z : Tensor, shape (n, 512)
            Standard normal.

        Returns
        -------
        Tensor, shape (n, 512)
            Styles w.
        """
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
        """Paint the faces of the styles w.

        Parameters
        ----------
        w : Tensor, shape (n, 512)
            Styles.

        Returns
        -------
        Tensor, shape (n, 3, size, size)
            RGB, about −1 to 1.
        """
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
    flat = [each[0].flatten() for each in filters]
    return flat[0], flat[1], flat[2], flat[5]


def read_synthesis(folder: Path, size: int = 1024) -> Synthesis:
    """The painter of `SynthesisNetwork.xml` in a folder; size 1024 or 256.

    Parameters
    ----------
    folder : Path
        Where the OpenVINO files are.
    size : int, optional
        Width and height, pixels.

    Returns
    -------
    Synthesis
        The painter, set to evaluate.
    """
    return Synthesis(_Graph(folder / "SynthesisNetwork.xml"), size).eval()


def read_mapping(folder: Path) -> Mapping:
    """The mapping network of `MappingNetwork.xml` in a folder.

    Parameters
    ----------
    folder : Path
        Where the OpenVINO files are.

    Returns
    -------
    Mapping
        The mapping, set to evaluate.
    """
    graph = _Graph(folder / "MappingNetwork.xml")
    biases = [bias for bias in graph.constants("Reshape") if bias.numel() == STYLE]
    return Mapping(graph.constants("MatMul"), biases, graph.constants("PReLU")).eval()


class MobileStyleGAN:
    """A `FaceGenerator`: OpenVINO on the CPU, the same weights in torch on CUDA.

    Painters are made on first use, one a size.

    Parameters
    ----------
    folder : Path
        Where `MappingNetwork.xml` and `SynthesisNetwork.xml` with their weights lie.
    device : {"cpu", "cuda"}, optional
        Without one, CUDA is taken where there is one.
    threads : int, optional
        Of OpenVINO; as OMP_NUM_THREADS says, or all, when left out.

    Attributes
    ----------
    reference_styles : np.ndarray, shape (4096, 512)
        Untruncated styles: their mean is the centre of truncation.
    mean : np.ndarray, shape (512,)
        That centre.
    """

    name = GENERATOR
    latent_size = STYLE

    def __init__(self, folder: Path, device: str | None = None, threads: int | None = None) -> None:
        chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
        if chosen == "cuda" and not torch.cuda.is_available():
            raise PopulaceError("No CUDA device is here; leave the device out or say cpu.")
        self.device = chosen
        self._folder = folder
        self._threads = threads or int(os.environ.get("OMP_NUM_THREADS", 0))
        self._mapping = read_mapping(folder).to(chosen)
        self._painters: dict[int, Any] = {}
        self._graphs: dict[int, Any] = {}
        z = np.random.default_rng(0).standard_normal((4096, STYLE))
        self.reference_styles = self.map(z)
        self.mean = self.reference_styles.mean(0, dtype=np.float64).astype(np.float32)

    def __str__(self) -> str:
        return "torch on CUDA" if self.device == "cuda" else "OpenVINO on the CPU"

    def map(self, z: np.ndarray) -> np.ndarray:
        """Styles [n, 512] of standard normal z [n, 512].

        Parameters
        ----------
        z : np.ndarray, shape (n, 512)
            Standard normal.

        Returns
        -------
        np.ndarray, float32, shape (n, 512)
            Styles w.
        """
        with torch.inference_mode():
            rows = torch.from_numpy(np.asarray(z, np.float32)).to(self.device)
            return self._mapping(rows).cpu().numpy()

    def styles(self, count: int, rng: np.random.Generator, truncation: float) -> np.ndarray:
        """Random styles, pulled towards the mean: 0.7 looks photographic, 1 is untruncated.

        Parameters
        ----------
        count : int
            How many.
        rng : np.random.Generator
            What draws them.
        truncation : float
            ψ: 0 gives the mean, 1 leaves styles as drawn (Karras et al. 2019, CVPR).

        Returns
        -------
        np.ndarray, float32, shape (count, 512)
            Styles w.
        """
        w = self.map(rng.standard_normal((count, STYLE)))
        return self.mean + np.float32(truncation) * (w - self.mean)

    def paint(self, w: np.ndarray, size: Size = 256, batch: int = 8) -> np.ndarray:
        """Faces [n, size, size, 3] in uint8 RGB.

        Parameters
        ----------
        w : np.ndarray, shape (n, 512) or (512,)
            Styles.
        size : Size, optional
            Width and height, pixels.
        batch : int, optional
            Faces to paint at once on CUDA; the CPU paints one after the other.

        Returns
        -------
        np.ndarray, uint8, shape (n, size, size, 3)
            RGB.
        """
        w = np.atleast_2d(np.asarray(w, np.float32))
        step = 1 if self.device == "cpu" else batch
        parts = [self._raw(w[i : i + step], size) for i in range(0, len(w), step)]
        faces = np.concatenate(parts) if parts else np.empty((0, 3, size, size), np.float32)
        faces = np.clip(np.rint((faces + 1) * 127.5), 0, 255).astype(np.uint8)
        return np.ascontiguousarray(faces.transpose(0, 2, 3, 1))

    def draft(self, w: np.ndarray) -> np.ndarray:
        """One face [256, 256, 3] in half the time and half the precision, where the CPU can.

        Good for looking whether a style is worth painting; never to be shown.

        Parameters
        ----------
        w : np.ndarray, shape (512,)
            One style.

        Returns
        -------
        np.ndarray, uint8, shape (256, 256, 3)
            RGB.
        """
        if self.device != "cpu":
            return self.paint(w)[0]
        raw = self._raw(np.asarray(w, np.float32)[None], _DRAFT)[0]
        raw = np.clip(np.rint((raw + 1) * 127.5), 0, 255).astype(np.uint8)
        return np.ascontiguousarray(raw.transpose(1, 2, 0))

    def _raw(self, w: np.ndarray, size: int) -> np.ndarray:
        if size not in self._painters:
            self._painters[size] = self._make(size)
        painter = self._painters[size]
        if self.device == "cpu":
            return painter([w])[0]
        with torch.inference_mode():
            return painter(torch.from_numpy(w).cuda()).cpu().numpy()

    def _make(self, size: int) -> Any:
        if self.device == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = False
            torch.backends.cudnn.allow_tf32 = False
            return read_synthesis(self._folder, size).cuda()
        import openvino

        core = openvino.Core()
        half = size == _DRAFT and "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        settings: dict[str, object] = {"INFERENCE_PRECISION_HINT": "bf16" if half else "f32"}
        if self._threads:
            settings["INFERENCE_NUM_THREADS"] = self._threads
        return core.compile_model(self._graph(size or 256), "CPU", settings)

    def _graph(self, size: int) -> Any:
        """The painter as OpenVINO's graph; drafts and paintings share one."""
        if size in self._graphs:
            return self._graphs[size]
        import openvino

        network = read_synthesis(self._folder, size)
        traced = torch.jit.trace(network, torch.zeros(1, STYLE), check_trace=False)
        shape = openvino.PartialShape([-1, STYLE])
        self._graphs[size] = openvino.convert_model(traced, input=[(shape, openvino.Type.f32)])
        return self._graphs[size]
