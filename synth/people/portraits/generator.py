"""The generator of faces: OpenVINO on the CPU, the same weights in torch on CUDA."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from synth.errors import PopulaceError
from synth.people.portraits.mobile_stylegan import STYLE, read_mapping, read_synthesis

Size = Literal[256, 1024]
_DRAFT = 0  # the painter of drafts: 256 px, half precision


class Generator:
    """Maps z to styles w and paints styles; the same w gives the same face.

    `device` is "cpu" (OpenVINO) or "cuda" (torch); without one, CUDA is taken where there is one.
    Painters are made on first use, one a size. Styles are float32 [n, 512].
    """

    def __init__(self, folder: Path, device: str | None = None, threads: int | None = None) -> None:
        chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
        if chosen == "cuda" and not torch.cuda.is_available():
            raise PopulaceError("No CUDA device is here; leave the device out or say cpu.")
        self.device = chosen
        self._folder = folder
        self._threads = threads or int(os.environ.get("OMP_NUM_THREADS", 0))
        self._mapping = read_mapping(folder).to(chosen)
        self._painters: dict[int, object] = {}
        self._graphs: dict[int, object] = {}
        z = np.random.default_rng(0).standard_normal((4096, STYLE))
        self.styles = self.map(z)
        """4,096 untruncated styles: their mean is the centre of truncation."""
        self.mean = self.styles.mean(0, dtype=np.float64).astype(np.float32)

    def __str__(self) -> str:
        return "torch on CUDA" if self.device == "cuda" else "OpenVINO on the CPU"

    def map(self, z: np.ndarray) -> np.ndarray:
        """Styles [n, 512] of standard normal z [n, 512]."""
        with torch.inference_mode():
            rows = torch.from_numpy(np.asarray(z, np.float32)).to(self.device)
            return self._mapping(rows).cpu().numpy()

    def styles_of(self, count: int, rng: np.random.Generator, truncation: float) -> np.ndarray:
        """Random styles, pulled towards the mean: 0.7 looks photographic, 1 is untruncated."""
        w = self.map(rng.standard_normal((count, STYLE)))
        return self.mean + np.float32(truncation) * (w - self.mean)

    def paint(self, w: np.ndarray, size: Size = 256, batch: int = 8) -> np.ndarray:
        """Faces [n, size, size, 3] in uint8 RGB."""
        w = np.atleast_2d(np.asarray(w, np.float32))
        step = 1 if self.device == "cpu" else batch
        parts = [self._raw(w[i : i + step], size) for i in range(0, len(w), step)]
        faces = np.concatenate(parts) if parts else np.empty((0, 3, size, size), np.float32)
        faces = np.clip(np.rint((faces + 1) * 127.5), 0, 255).astype(np.uint8)
        return np.ascontiguousarray(faces.transpose(0, 2, 3, 1))

    def draft(self, w: np.ndarray) -> np.ndarray:
        """One face [256, 256, 3] in half the time and half the precision, where the CPU can.

        Good for looking whether a style is worth painting; never to be shown.
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
            return painter([w])[0]  # type: ignore[operator]
        with torch.inference_mode():
            return painter(torch.from_numpy(w).cuda()).cpu().numpy()  # type: ignore[operator]

    def _make(self, size: int) -> object:
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

    def _graph(self, size: int) -> object:
        """The painter as OpenVINO's graph; drafts and paintings share one."""
        if size in self._graphs:
            return self._graphs[size]
        import openvino

        network = read_synthesis(self._folder, size)
        traced = torch.jit.trace(network, torch.zeros(1, STYLE), check_trace=False)
        shape = openvino.PartialShape([-1, STYLE])
        self._graphs[size] = openvino.convert_model(traced, input=[(shape, openvino.Type.f32)])
        return self._graphs[size]
