"""How well a scorer matches pictures and texts: Caltech-101 zero-shot, Flickr8k caption → image.

The stand-in's head is learned from Flickr8k, so there it is learned anew on three quarters of the
photographs and judged on the quarter it has not seen, in four folds.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from synth.errors import PopulaceError
from synth.people.pictures.prompts import embed_words
from synth.people.pictures.scorer import Scorer, normalise
from synth.people.pictures.standin_scorer import StandIn

FOLDS = 4
_FLICKR = "flickr8k_800.zip"
_CALTECH = "caltech101_20_per_class.zip"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Pictures:
    """Test pictures as a scorer reads them.

    vectors: (n, d), or for the stand-in its net's outputs `features` and `logits`; keys: file
    names.
    """

    keys: tuple[str, ...]
    vectors: np.ndarray
    features: np.ndarray
    logits: np.ndarray


def top_k(scores: np.ndarray, truth: np.ndarray, k: int) -> float:
    """Share of rows of `scores` (rows, columns) whose true column is among the k highest.

    Parameters
    ----------
    scores : np.ndarray, shape (rows, columns)
        Higher is better.
    truth : np.ndarray of int, shape (rows,)
        True columns.
    k : int
        How many count.

    Returns
    -------
    float
        The share, 0 to 1.
    """
    own = scores[np.arange(len(truth)), truth][:, None]
    return float(((scores > own).sum(1) < k).mean())


def evaluate(
    folder: Path,
    scorer: Scorer,
    *,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, dict[str, float]]:
    """Measure on the two archives in `folder`.

    cache: where what the net sees is kept, so that a second run needs no net.

    Parameters
    ----------
    folder : Path
        Where the archives are.
    scorer : Scorer
        What to measure.
    cache : Path, optional
        Folder of what the net reads.
    progress : Progress, optional
        Gets how far it is.

    Returns
    -------
    mapping of str to mapping of str to float
        Archive → figure → value.

    Raises
    ------
    PopulaceError
        An archive is missing.
    """
    for name in (_FLICKR, _CALTECH):
        if not (folder / name).is_file():
            raise PopulaceError(f"{folder / name} is missing: the evaluation needs it.")
    return {
        "caltech101": _caltech(folder / _CALTECH, scorer, cache, progress),
        "flickr8k": _flickr(folder / _FLICKR, scorer, cache, progress),
    }


def _caltech(
    archive: Path, scorer: Scorer, cache: Path | None, progress: Progress | None
) -> dict[str, float]:
    pictures = _look(archive, scorer, cache, progress)
    labels = [key.split("/")[0] for key in pictures.keys]
    classes = sorted(set(labels))
    truth = np.array([classes.index(label) for label in labels])
    texts = embed_words([name.replace("_", " ").lower() for name in classes], scorer)
    if isinstance(scorer, StandIn):
        images = scorer.head.embed(pictures.features, pictures.logits)
    else:
        images = pictures.vectors
    scores = images @ texts.T
    return {
        "images": float(len(truth)),
        "classes": float(len(classes)),
        "top1": top_k(scores, truth, 1),
        "top5": top_k(scores, truth, 5),
    }


def _flickr(
    archive: Path, scorer: Scorer, cache: Path | None, progress: Progress | None
) -> dict[str, float]:
    pictures = _look(archive, scorer, cache, progress)
    captions = _captions(archive)
    texts, owner = [], []
    for number, key in enumerate(pictures.keys):
        for caption in captions.get(Path(key).name, ()):
            texts.append(caption)
            owner.append(number)
    vectors, owners = scorer.embed_texts(texts), np.array(owner)
    order = np.random.default_rng(0).permutation(len(pictures.keys))
    recalls: list[tuple[float, float]] = []
    for fold in range(FOLDS):
        unseen = np.sort(order[fold::FOLDS])
        if isinstance(scorer, StandIn):
            seen = np.setdiff1d(order, unseen)
            targets = np.stack([vectors[owners == i].mean(0) for i in seen])
            head = scorer.head.fitted(pictures.features[seen], pictures.logits[seen], targets)
            images = head.embed(pictures.features[unseen], pictures.logits[unseen])
        else:
            images = pictures.vectors[unseen]
        is_query = np.isin(owners, unseen)
        truth = np.searchsorted(unseen, owners[is_query])
        scores = normalise(vectors[is_query]) @ images.T
        recalls.append((top_k(scores, truth, 1), top_k(scores, truth, 10)))
    means = np.mean(recalls, axis=0)
    return {
        "images": float(len(order) // FOLDS),
        "folds": float(FOLDS),
        "r1": float(means[0]),
        "r10": float(means[1]),
        "r10_worst_fold": float(min(r10 for _, r10 in recalls)),
    }


def _look(archive: Path, scorer: Scorer, cache: Path | None, progress: Progress | None) -> Pictures:
    with zipfile.ZipFile(archive) as file:
        keys = tuple(sorted(name for name in file.namelist() if name.lower().endswith(".jpg")))
        kept = cache / f"{archive.stem}.{_slug(scorer.name)}.npz" if cache else None
        if kept and kept.is_file():
            with np.load(kept, allow_pickle=False) as arrays:
                if tuple(arrays["keys"].tolist()) == keys:
                    return Pictures(
                        keys,
                        *(
                            arrays[name].astype(np.float32)
                            for name in ("vectors", "features", "logits")
                        ),
                    )
        parts: list[tuple[np.ndarray, ...]] = []
        for start in range(0, len(keys), 16):
            images = [_image(file.read(key)) for key in keys[start : start + 16]]
            if isinstance(scorer, StandIn):
                parts.append((np.zeros((len(images), 1), np.float32), *scorer.read(images)))
            else:
                none = np.zeros((len(images), 1), np.float32)
                parts.append((scorer.embed_images(images), none, none))
            if progress:
                progress(archive.stem, min(start + 16, len(keys)), len(keys))
    vectors, features, logits = (np.concatenate(column) for column in zip(*parts, strict=True))
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(
            kept,
            keys=np.array(keys),
            vectors=vectors.astype(np.float16),
            features=features.astype(np.float16),
            logits=logits.astype(np.float16),
        )
    return Pictures(keys, vectors, features, logits)


def _captions(archive: Path) -> dict[str, list[str]]:
    with zipfile.ZipFile(archive) as file:
        text = file.read("captions.txt").decode("utf-8", "replace")
    captions: dict[str, list[str]] = {}
    for row in csv.reader(io.StringIO(text)):
        if len(row) >= 2 and row[0] != "image":
            captions.setdefault(row[0], []).append(",".join(row[1:]).strip())
    return captions


def _image(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def _slug(text: str) -> str:
    return "".join(c if c.isalnum() and c.isascii() else "-" for c in text.lower()).strip("-")


def summary(figures: dict[str, dict[str, float]]) -> Sequence[str]:
    """The figures in two lines.

    Parameters
    ----------
    figures : mapping of str to mapping of str to float
        As `evaluate` gives it.

    Returns
    -------
    sequence of str
        Two lines.
    """
    caltech, flickr = figures["caltech101"], figures["flickr8k"]
    return (
        f"Caltech-101, {caltech['images']:.0f} pictures of {caltech['classes']:.0f} classes: top-1 "
        f"{caltech['top1']:.3f}, top-5 {caltech['top5']:.3f}",
        f"Flickr8k, caption to image among {flickr['images']:.0f} unseen: R@1 {flickr['r1']:.3f}, "
        f"R@10 {flickr['r10']:.3f} (worst fold {flickr['r10_worst_fold']:.3f})",
    )
