"""Build a library from a folder of pictures: resumable, broken files skipped and listed.

Captions and credits may lie beside the pictures in `credits.json`: file name → `caption`, `author`,
`licence`, `title`, `source`, `fits`, `at_home`, `subject`. Pictures are written anew, as webp
without metadata.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from synth.errors import PopulaceError
from synth.interests.vocabulary import KEYWORDS
from synth.people.pictures.focus import focus_of
from synth.people.pictures.library import Library, Picture
from synth.people.pictures.prompts import embed_placeholder, embed_words
from synth.people.pictures.scorer import Scorer

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
LONGEST_SIDE = 560
_TEXTS = ("title", "author", "licence", "source", "subject")  # of a credit, taken as they are
LARGEST_FILE = 100_000_000
_BATCH = 16


@dataclass(frozen=True)
class Built:
    """What came of it: the library and the files that could not be read (name: why)."""

    library: Library
    skipped: tuple[str, ...]
    reused: int


def build(
    folder: Path,
    out: Path,
    scorer: Scorer,
    *,
    keywords: Mapping[str, Sequence[str]] = KEYWORDS,
    progress: Callable[[int, int], None] | None = None,
) -> Built:
    """Read every picture below `folder`, write a library to `out`.

    What an earlier, interrupted run by the same scorer has done is kept: vectors are known by the
    content of the file.

    Parameters
    ----------
    folder : Path
        Where the pictures are.
    out : Path
        Where the library goes.
    scorer : Scorer
        What embeds pictures and words.
    keywords : mapping of str to sequence of str, optional
        Interest → words.
    progress : callable, optional
        Gets the pictures done, and all.

    Returns
    -------
    Built
        The library, what was skipped, and how many vectors were reused.

    Raises
    ------
    PopulaceError
        No folder, or no picture in it.
    """
    if not folder.is_dir():
        raise PopulaceError(f"{folder} is no folder: name one that holds pictures.")
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not paths:
        raise PopulaceError(f"{folder} holds no pictures ({', '.join(SUFFIXES)}): add some.")
    credits = _credits(folder)
    (out / "images").mkdir(parents=True, exist_ok=True)
    done = _Done(out / "vectors.partial", scorer.name)
    by_digest: dict[str, tuple[Picture, np.ndarray]] = {}
    skipped: list[str] = []
    waiting: list[tuple[str, Picture, Image.Image]] = []
    reused = 0
    for number, path in enumerate(paths, 1):
        try:
            data = _read(path)
            digest = hashlib.sha256(scorer.name.encode() + data).hexdigest()[:16]
            image = _open(path)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            skipped.append(f"{path.relative_to(folder)}: {error or type(error).__name__}")
            continue
        name = f"{_slug(path.stem)}-{digest[:8]}"
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        credit = credits.get(str(path.relative_to(folder)), credits.get(path.name, {}))
        picture = Picture(
            id=name,
            file=f"images/{name}.webp",
            caption=str(credit.get("caption") or _words(path.stem)),
            fits=tuple(str(f) for f in credit.get("fits", ())),
            at_home=tuple(str(c) for c in credit.get("at_home", ())),
            sought=str(credit.get("interest", "")),
            size=image.size,
            focus=focus_of(image),
            **{key: str(credit.get(key, "")) for key in _TEXTS},
        )
        if digest in by_digest:
            continue
        if not (out / picture.file).is_file():
            image.save(out / picture.file, "WEBP", quality=78)
        known = done.get(digest)
        if known is not None:
            by_digest[digest] = (picture, known)
            reused += 1
        else:
            by_digest[digest] = (picture, np.zeros(0))
            waiting.append((digest, picture, image))
        if len(waiting) >= _BATCH:
            _flush(waiting, by_digest, done, scorer)
        if progress:
            progress(number, len(paths))
    _flush(waiting, by_digest, done, scorer)
    if not by_digest:
        raise PopulaceError(f"No picture in {folder} can be read: {skipped[0]}.")
    words = list(dict.fromkeys(word for terms in keywords.values() for word in terms))
    library = Library(
        out,
        tuple(picture for picture, _ in by_digest.values()),
        scorer.name,
        scorer.scale,
        np.stack([vector for _, vector in by_digest.values()]),
        MappingProxyType(dict(zip(words, embed_words(words, scorer), strict=True))),
        embed_placeholder(scorer),
    )
    library.save(out)
    done.remove()
    return Built(library, tuple(skipped), reused)


class _Done:
    """Vectors of an earlier run: from the finished library's log or an interrupted one."""

    def __init__(self, path: Path, scorer: str) -> None:
        self._path = path
        self._kept = path.with_name("vectors.log")
        self._known: dict[str, np.ndarray] = {}
        for file in (self._kept, path):
            if file.is_file():
                for line in file.read_text(encoding="utf-8").splitlines():
                    digest, _, numbers = line.partition(" ")
                    try:
                        vector = np.array([float(x) for x in numbers.split()], np.float32)
                    except ValueError:
                        continue  # a line that was cut off
                    if len(digest) == 16 and len(vector):
                        self._known[digest] = vector
        lengths = [len(v) for v in self._known.values()]
        if lengths:  # the last line may be short
            usual = max(set(lengths), key=lengths.count)
            self._known = {d: v for d, v in self._known.items() if len(v) == usual}

    def get(self, digest: str) -> np.ndarray | None:
        return self._known.get(digest)

    def add(self, digest: str, vector: np.ndarray) -> None:
        self._known[digest] = vector
        with self._path.open("a", encoding="utf-8") as file:
            file.write(digest + " " + " ".join(f"{x:.5g}" for x in vector) + "\n")

    def remove(self) -> None:
        """Keep the log for the next build."""
        lines = [d + " " + " ".join(f"{x:.5g}" for x in v) for d, v in self._known.items()]
        self._kept.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._path.unlink(missing_ok=True)


def _flush(
    waiting: list[tuple[str, Picture, Image.Image]],
    by_digest: dict[str, tuple[Picture, np.ndarray]],
    done: _Done,
    scorer: Scorer,
) -> None:
    if waiting:
        vectors = scorer.embed_images([image for _, _, image in waiting])
        for (digest, picture, _), vector in zip(waiting, vectors, strict=True):
            by_digest[digest] = (picture, vector)
            done.add(digest, vector)
        waiting.clear()


def _read(path: Path) -> bytes:
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError("larger than 100 MB")
    return path.read_bytes()


def _open(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        upright = ImageOps.exif_transpose(image)
        if min(upright.size) < 32:
            raise ValueError("smaller than 32 pixels")
        if "A" in upright.getbands() or "transparency" in upright.info:
            upright = upright.convert("RGBA")
            ground = Image.new("RGBA", upright.size, (240, 234, 224, 255))
            ground.alpha_composite(upright)
            upright = ground
        return Image.fromarray(np.asarray(upright.convert("RGB")))


def _credits(folder: Path) -> dict[str, dict[str, Any]]:
    path = folder / "credits.json"
    if not path.is_file():
        return {}
    try:
        credits = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise PopulaceError(f"{path} is not valid JSON: mend or remove it.") from error
    if not isinstance(credits, dict) or not all(isinstance(v, dict) for v in credits.values()):
        raise PopulaceError(f"{path} must map file names to captions and credits.")
    return credits


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "picture"


def _words(text: str) -> str:
    return re.sub(r"[^A-Za-z]+", " ", text).strip().lower() or "a picture"
