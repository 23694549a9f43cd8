"""CLIP through open_clip: any of its models, from the hub, a file or a local folder.

open_clip makes the network; weights that are not safetensors are read by `checkpoint.read_tensors`
instead of torch's unpickler, and handed on as safetensors.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

from synth.errors import PopulaceError
from synth.people.pictures.checkpoint import read_tensors
from synth.people.pictures.scorer import normalise

DEFAULT_MODEL = "ViT-B-32-quickgelu"
DEFAULT_WEIGHTS = "openai"
_BATCH = 32
_LOADING_ERRORS = (
    RuntimeError,
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    AssertionError,
)
_KINDS = (".safetensors", ".bin", ".pth", ".pt")  # of weights in a local folder, best first


def declare_operators() -> None:
    """Declare two of torchvision's operators where its build lacks them.

    A torchvision built for CUDA beside a torch without it fails on import with "operator
    torchvision::nms does not exist"; a working torchvision is left alone.
    """
    import torch

    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        for name, arguments in (
            ("nms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"),
            ("qnms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"),
        ):
            with suppress(RuntimeError):  # declared already
                torch.library.define(f"torchvision::{name}", arguments)


class OpenClip:
    """An open_clip model behind the `Scorer` interface; on CUDA where there is one.

    Parameters
    ----------
    model: open_clip's name of the architecture, or `local-dir:/folder`.
    weights: a tag of the hub, or a path to a file of weights; not used with `local-dir:`.
    cache: where downloads go; open_clip's own place when left out.

    Raises
    ------
    PopulaceError: no such model or weights, a damaged file, or no network.
    """

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        weights: str = DEFAULT_WEIGHTS,
        *,
        cache: Path | None = None,
    ) -> None:
        declare_operators()
        import torch

        try:
            import open_clip
        except ImportError as error:
            raise PopulaceError(
                "open_clip is not installed: `pip install open_clip_torch`."
            ) from error
        local = model.startswith("local-dir:")
        if not local and ("/" in weights or "\\" in weights) and not Path(weights).is_file():
            raise PopulaceError(f"There is no file of CLIP weights at {weights}: check the path.")
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            net, _, prepare = open_clip.create_model_and_transforms(
                model,
                pretrained=None if local else weights,
                load_weights=False,
                pretrained_text=False,
                device=self._device,
                cache_dir=None if cache is None else str(cache),
            )
            self._tokenise = open_clip.get_tokenizer(model)
            _load(net, _weights(model, weights, cache))
        except PopulaceError:
            raise
        except _LOADING_ERRORS as error:
            reason = " ".join(str(error).split())[:160] or type(error).__name__
            raise PopulaceError(
                f"The CLIP model {model} ({weights}) could not be loaded: {reason}; check the "
                "file, the name or the network, or use the stand-in."
            ) from error
        self._net, self._prepare = net.eval(), prepare
        self.name = f"open_clip {model}" + ("" if local else f" ({Path(weights).name})")
        self.scale = float(net.logit_scale.detach().exp())

    def embed_images(self, images: Sequence[Image.Image]) -> np.ndarray:
        """Unit vectors, shape (images, dimension), float32.

        Parameters
        ----------
        images : sequence of Image.Image
            In any size and mode.

        Returns
        -------
        np.ndarray, float32, shape (images, dimension)
            Unit vectors.
        """
        import torch

        vectors = []
        with torch.inference_mode():
            for start in range(0, len(images), _BATCH):
                batch = [self._prepare(im.convert("RGB")) for im in images[start : start + _BATCH]]
                embedded = self._net.encode_image(torch.stack(batch).to(self._device))
                vectors.append(embedded.float().cpu().numpy())
        return normalise(np.concatenate(vectors)) if vectors else np.zeros((0, 0), np.float32)

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, shape (texts, dimension), float32.

        Parameters
        ----------
        texts : sequence of str
            Sentences.

        Returns
        -------
        np.ndarray, float32, shape (texts, dimension)
            Unit vectors.
        """
        import torch

        vectors = []
        with torch.inference_mode():
            for start in range(0, len(texts), _BATCH):
                tokens = self._tokenise(list(texts[start : start + _BATCH]))
                embedded = self._net.encode_text(tokens.to(self._device))
                vectors.append(embedded.float().cpu().numpy())
        return normalise(np.concatenate(vectors)) if vectors else np.zeros((0, 0), np.float32)


def _weights(model: str, weights: str, cache: Path | None) -> Path:
    """The file of weights: in the local folder, of the hub's tag (fetched), or as it is named."""
    import open_clip

    if model.startswith("local-dir:"):
        folder = Path(model.removeprefix("local-dir:"))
        paths = sorted(
            (path for path in folder.iterdir() if path.suffix in _KINDS),
            key=lambda path: (_KINDS.index(path.suffix), path.name),
        )
        if not paths:
            raise PopulaceError(f"There are no CLIP weights in {folder}: put safetensors there.")
        return paths[0]
    tag = open_clip.get_pretrained_cfg(model, weights)
    where = None if cache is None else str(cache)
    return Path(open_clip.download_pretrained(tag, cache_dir=where) if tag else weights)


def _load(net: object, path: Path) -> None:
    """Put the weights into the network by open_clip's own conversions; nothing is unpickled."""
    from open_clip.factory import load_checkpoint
    from safetensors.numpy import save_file

    if path.suffix == ".safetensors":
        load_checkpoint(net, str(path))
        return
    tensors = read_tensors(path)
    with tempfile.TemporaryDirectory(prefix="populace-clip-") as folder:
        safe = Path(folder) / "weights.safetensors"
        save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, safe)
        load_checkpoint(net, str(safe))
