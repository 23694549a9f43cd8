"""A picture library: pictures with credits, their vectors, and what each interest finds there.

A library is a folder with `index.json` (captions, credits, the scorer's name), `vectors.npz`
(vectors of the pictures and of the keywords known when it was built) and the pictures. The shipped
one needs no model to be used; new keywords need the scorer that built the index, for the texts
only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from synth.environment import MODELS
from synth.errors import PopulaceError
from synth.interests.vocabulary import KEYWORDS
from synth.people.pictures.prompts import conjugate, embed_words
from synth.people.pictures.scorer import Scorer, normalise, softmax

SHIPPED = MODELS / "pictures"


@dataclass(frozen=True)
class Picture:
    """One picture and its credits.

    kind: photograph, cut-out (a photographed thing set on a plain ground), painting or drawing.
    fits: interests that a person who looked at the picture found it to fit; may be empty.
    at_home: countries, in two letters, in which people see it without a journey; a picture of
        everywhere has none.
    subject: the thing shown, where words and pictures of an interest must agree on it: dog or cat.
    sought: the interest for which it was fetched; unlike `fits`, nobody has looked at it.
    focus: the point that every crop keeps, as shares of width and height; computed once
        (`focus.py`), corrected by eye.
    """

    id: str
    file: str
    caption: str = ""
    kind: str = "photograph"
    fits: tuple[str, ...] = ()
    at_home: tuple[str, ...] = ()
    size: tuple[int, int] = (0, 0)
    focus: tuple[float, float] = (0.5, 0.5)
    title: str = ""
    author: str = ""
    licence: str = ""
    source: str = ""
    note: str = ""
    sought: str = ""
    subject: str = ""

    @property
    def position(self) -> str:
        """The focus as CSS has it in ``object-position``."""
        return f"{self.focus[0]:.0%} {self.focus[1]:.0%}"

    @property
    def credit(self) -> str:
        """One line: title, author, licence."""
        parts = (self.title or self.caption, self.author, self.licence)
        return " · ".join(part for part in parts if part)


@dataclass(frozen=True)
class Library:
    """Pictures and vectors of one folder; shared between threads, nothing in it changes.

    images: (pictures, d); words → vectors of the keywords known; placeholder: (d,).
    """

    folder: Path
    pictures: tuple[Picture, ...]
    scorer_name: str
    scale: float
    images: np.ndarray
    words: Mapping[str, np.ndarray]
    placeholder: np.ndarray
    _probabilities: dict[tuple[str, tuple[str, ...]], np.ndarray] = field(
        default_factory=dict, repr=False, compare=False
    )

    @classmethod
    def load(cls, folder: Path | str = SHIPPED) -> Library:
        """Read a library.

        Parameters
        ----------
        folder : Path or str, optional
            Where `index.json` and `vectors.npz` are.

        Returns
        -------
        Library
            The library.

        Raises
        ------
        PopulaceError
            The folder holds no index, or index and vectors disagree.
        """
        folder = Path(folder)
        if not (folder / "index.json").is_file() or not (folder / "vectors.npz").is_file():
            raise PopulaceError(
                f"{folder} is no picture library: build one with `python -m synth pictures build`."
            )
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        known = {f.name for f in fields(Picture)}
        pictures = tuple(Picture(**_plain(entry, known)) for entry in index["pictures"])
        with np.load(folder / "vectors.npz", allow_pickle=False) as file:
            images = file["images"].astype(np.float32)
            texts = normalise(file["texts"])
            words = MappingProxyType(dict(zip(file["words"].tolist(), texts, strict=True)))
            placeholder = normalise(file["placeholder"])
        if len(images) != len(pictures):
            raise PopulaceError(
                f"{folder} has {len(pictures)} pictures but {len(images)} vectors: build it again."
            )
        return cls(
            folder,
            pictures,
            index["scorer"],
            float(index["scale"]),
            normalise(images),
            words,
            placeholder,
        )

    def save(self, folder: Path) -> None:
        """Write `index.json` and `vectors.npz` (the pictures are there already).

        Parameters
        ----------
        folder : Path
            Where to write.
        """
        entries = [asdict(picture) for picture in self.pictures]
        index = {"scorer": self.scorer_name, "scale": self.scale, "pictures": entries}
        words = list(self.words)
        vectors = np.stack([self.words[w] for w in words]) if words else self.images[:0]
        (folder / "index.json").write_text(
            json.dumps(index, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        np.savez_compressed(
            folder / "vectors.npz",
            images=self.images.astype(np.float16),
            texts=vectors.astype(np.float16),
            words=np.array(words, dtype=str),
            placeholder=self.placeholder.astype(np.float32),
        )

    def path(self, picture: Picture) -> Path:
        """Where the picture lies.

        Parameters
        ----------
        picture : Picture
            One of the library's.

        Returns
        -------
        Path
            Its file.
        """
        return self.folder / picture.file

    def beside(self, other: Library) -> Library:
        """The pictures of two libraries by the same scorer, as one that knows the words of both.

        Parameters
        ----------
        other : Library
            Its pictures come after this one's; those that are here already are left out.

        Returns
        -------
        Library
            In this one's folder; the other's files are named by their whole paths.

        Raises
        ------
        PopulaceError
            The scorers differ, so that vectors cannot be compared.
        """
        if other.scorer_name != self.scorer_name:
            raise PopulaceError(
                f"Pictures scored by {other.scorer_name} cannot stand beside those scored by "
                f"{self.scorer_name}: build both with one model."
            )
        here = {picture.id for picture in self.pictures}
        rows = [n for n, picture in enumerate(other.pictures) if picture.id not in here]
        added = (other.pictures[n] for n in rows)
        return Library(
            self.folder,
            (*self.pictures, *(replace(p, file=str(other.path(p).resolve())) for p in added)),
            self.scorer_name,
            self.scale,
            np.concatenate([self.images, other.images[rows]]),
            MappingProxyType({**other.words, **self.words}),
            self.placeholder,
        )

    def known(self, keywords: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
        """Interest → those of its words that pictures can be asked about; none, no interest.

        Parameters
        ----------
        keywords : mapping of str to sequence of str
            Interest → words.

        Returns
        -------
        mapping of str to tuple of str
            The same without words and interests that the library does not know.
        """
        usable = {
            name: tuple(word for word in words if word in self.words)
            for name, words in keywords.items()
        }
        return {name: words for name, words in usable.items() if words}

    def with_words(self, words: Sequence[str], scorer: Scorer | None) -> Library:
        """The same library knowing these words too: only texts are embedded.

        Parameters
        ----------
        words : sequence of str
            Keywords.
        scorer : Scorer or None
            The one that built the library; needed for new words only.

        Returns
        -------
        Library
            This library, or one with the new words.

        Raises
        ------
        PopulaceError
            A word is new and the scorer is missing or not the one of the index.
        """
        new = [word for word in dict.fromkeys(words) if word not in self.words]
        if not new:
            return self
        if scorer is None or scorer.name != self.scorer_name:
            raise PopulaceError(
                f"The keyword {new[0]!r} is new to this picture library: give the scorer that "
                f"built it, {self.scorer_name}."
            )
        vectors = embed_words(new, scorer)
        return Library(
            self.folder,
            self.pictures,
            self.scorer_name,
            self.scale,
            self.images,
            MappingProxyType({**self.words, **dict(zip(new, vectors, strict=True))}),
            self.placeholder,
        )

    def probabilities(
        self, interest: str, keywords: Mapping[str, Sequence[str]] | None = None
    ) -> np.ndarray:
        """How well each picture fits an interest, by the scorer alone: shape (pictures,), 0 to 1.

        The picture is asked to choose among all interests of `keywords` (each as good as the mean
        of its words) and the placeholder. Kept for next time.

        Parameters
        ----------
        interest : str
            One of `keywords`.
        keywords : mapping of str to sequence of str, optional
            Interest → words; the shipped ones when left out.

        Returns
        -------
        np.ndarray, shape (pictures,)
            Probabilities, rounded to six decimals.

        Raises
        ------
        PopulaceError
            The interest has no keywords.
        """
        keywords = KEYWORDS if keywords is None else keywords
        if interest not in keywords:
            raise PopulaceError(
                f"The interest {interest!r} has no keywords: add 5 to 10 words for it."
            )
        key = (interest, tuple(f"{k}:{'|'.join(v)}" for k, v in keywords.items()))
        if key not in self._probabilities:
            names = list(keywords)
            texts = np.stack([self._interest(name, keywords[name]) for name in names])
            vectors = np.vstack([texts, self.placeholder]).astype(np.float64)
            table = softmax(self.scale * self.images.astype(np.float64) @ vectors.T, axis=1)
            # A product's last bits hang on the processor's threads, and near ties on them: rounded,
            # the same people get the same pictures at every start.
            table = np.round(table, 6)
            for column, name in enumerate(names):
                self._probabilities[(name, key[1])] = table[:, column]
        return self._probabilities[key]

    def conjugate(self, pictures: Sequence[Picture], words: Sequence[str]) -> np.ndarray:
        """The paper's matrix: pictures × (words, placeholder); rows sum to one.

        Parameters
        ----------
        pictures : sequence of Picture
            Rows of the matrix; pictures of the library.
        words : sequence of str
            Columns of the matrix; words that the library knows.

        Returns
        -------
        np.ndarray, shape (pictures, words + 1)
            Probabilities.
        """
        place = {picture.id: number for number, picture in enumerate(self.pictures)}
        rows = self.images[[place[picture.id] for picture in pictures]]
        texts = np.stack([self._word(word) for word in words])
        return conjugate(rows, texts, self.placeholder, self.scale)

    def _interest(self, interest: str, words: Sequence[str]) -> np.ndarray:
        if not words:
            raise PopulaceError(f"The interest {interest!r} has no keywords: add 5 to 10 words.")
        return normalise(np.mean([self._word(word) for word in words], axis=0))

    def _word(self, word: str) -> np.ndarray:
        if word not in self.words:
            raise PopulaceError(
                f"The keyword {word!r} is new to this picture library: add it with the scorer that "
                f"built it, {self.scorer_name}."
            )
        return self.words[word]


@lru_cache(maxsize=4)
def load_library(folder: Path | str = SHIPPED) -> Library:
    """`Library.load`, once a folder.

    Parameters
    ----------
    folder : Path or str, optional
        As for `Library.load`.

    Returns
    -------
    Library
        The library, shared.
    """
    return Library.load(folder)


def _plain(entry: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    """An entry's known fields, lists as tuples."""
    return {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in entry.items()
        if key in known
    }
