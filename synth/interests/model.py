"""Interests that were learned: frozen, shared by threads, kept as JSON and npz."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from synth.errors import PopulaceError
from synth.interests import em
from synth.interests.counts import Counts
from synth.interests.em import Strengths

FORMAT = "populace-interests/1"
KEYWORDS = 10
"""The most words that describe an interest."""
LEAST_SHARE = 0.05
"""The share of what a person does from which on it is an interest."""
Weighting = Literal["rarity", "log", "amount"]
"""How an amount counts: log(1 + amount) × log((1 + people) / people who have the item), which makes
what few do stand out; log(1 + amount); or the amount itself."""


@dataclass(frozen=True, eq=False)
class Interests:
    """Topics of items, and how to read people's interests with them.

    Attributes
    ----------
    names : tuple of str
        The interests, after their foremost items.
    keywords : mapping of str to tuple of str
        Each interest's foremost items, at most ten; fewer where it has no more.
    items : tuple of str
        The items that were learned from.
    phi : float64, shape (items, interests + background topics)
        p(item | topic), columns sum to one.
    rarity : float64, shape (items,)
        What an item's amount is multiplied by.
    weighting, strengths
        As they were learned with.
    about : mapping of str to JSON value
        Rows, passes, scores: what helps to judge them.
    """

    names: tuple[str, ...]
    keywords: Mapping[str, tuple[str, ...]]
    items: tuple[str, ...]
    phi: np.ndarray
    rarity: np.ndarray
    weighting: Weighting
    strengths: Strengths
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.phi.setflags(write=False)
        self.rarity.setflags(write=False)

    def transform(self, counts: Counts, *, threads: int | None = None) -> np.ndarray:
        """Interests of people, new or old: float32, shape (people, interests).

        A row says which share of what the person does each interest takes (weighted as it was
        learned); it is all nought for somebody who has none of the items. Items that were not
        learned from are passed over.

        Parameters
        ----------
        counts : Counts
            What the people do, in the unit that was learned from.
        threads : int, optional
            Threads to compute with.

        Returns
        -------
        np.ndarray, float32, shape (people, interests)
            Shares, 0 to 1.
        """
        own = weighted(counts.aligned(self.items), self.rarity, self.weighting)
        folded = em.fold(own, self.phi, self.strengths, threads=threads)
        return interest_shares(own, folded.theta, self.strengths)

    def tops(self, shares: np.ndarray, people: pd.Index, number: int = 3) -> pd.DataFrame:
        """The foremost interests of each person: columns top1, top2, …; index the people.

        An interest that takes less than a twentieth of what a person does is none; a cell is
        missing where somebody has fewer interests. There are never more columns than interests.

        Parameters
        ----------
        shares : np.ndarray, shape (people, interests)
            As `transform` gives them.
        people : pd.Index
            Who the rows are.
        number : int, optional
            The most interests a person.

        Returns
        -------
        pd.DataFrame
            Categorical columns, one a rank.
        """
        number = min(number, len(self.names))
        order = np.argsort(-shares, axis=1, kind="stable")[:, :number]
        share = np.take_along_axis(shares, order, axis=1)
        codes = np.where(share >= LEAST_SHARE, order, -1)
        kind = pd.CategoricalDtype(list(self.names))
        columns = {
            f"top{i + 1}": pd.Categorical.from_codes(codes[:, i], dtype=kind) for i in range(number)
        }
        return pd.DataFrame(columns, index=people)

    # ------------------------------------------------------------------ files

    def save(self, folder: str | Path) -> None:
        """Write `interests.json` and `interests.npz` into a folder, which is made if it lacks.

        Parameters
        ----------
        folder : str or Path
            Where to write; files of an earlier model are replaced.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        document = {
            "format": FORMAT,
            "names": self.names,
            "keywords": {name: list(words) for name, words in self.keywords.items()},
            "items": self.items,
            "weighting": self.weighting,
            "strengths": asdict(self.strengths),
            "about": dict(self.about),
        }
        text = json.dumps(document, ensure_ascii=False, indent=1)
        np.savez_compressed(folder / "interests.npz", phi=self.phi, rarity=self.rarity)
        (folder / "interests.json").write_text(text + "\n", encoding="utf-8")

    @staticmethod
    def load(folder: str | Path) -> Interests:
        """The interests that `save` wrote.

        Parameters
        ----------
        folder : str or Path
            Where `save` wrote.

        Returns
        -------
        Interests
            The same model.

        Raises
        ------
        PopulaceError
            The folder cannot be read, is damaged or holds another format.
        """
        folder = Path(folder)
        damaged = f"The interests in {folder} are damaged: learn them again."
        try:
            document = json.loads((folder / "interests.json").read_text(encoding="utf-8"))
            if not isinstance(document, dict) or document.get("format") != FORMAT:
                raise PopulaceError(f"{folder} holds no interests of the form {FORMAT}.")
            names, items = tuple(map(str, document["names"])), tuple(map(str, document["items"]))
            keywords = {name: tuple(map(str, document["keywords"][name])) for name in names}
            strengths = Strengths(**document["strengths"])
            shape = (len(items), len(names) + int(strengths.background))
            phi, rarity = _arrays(folder / "interests.npz", shape)
            weighting = document["weighting"]
            if weighting not in ("rarity", "log", "amount"):
                raise PopulaceError(damaged)
        except OSError as error:
            raise PopulaceError(
                f"The interests in {folder} cannot be read ({error.strerror or error}): check "
                "the folder."
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
            if isinstance(error, PopulaceError):
                raise
            raise PopulaceError(damaged) from error
        return Interests(
            names, keywords, items, phi, rarity, weighting, strengths, document.get("about", {})
        )


def rarity_of(counts: Counts, weighting: Weighting) -> np.ndarray:
    """What the weighting multiplies each item by, shape (items,).

    Parameters
    ----------
    counts : Counts
        What people do.
    weighting : Weighting
        With rarity the log of (people + 1) / users of the item; otherwise 1.

    Returns
    -------
    np.ndarray, float64, shape (items,)
        The factors.
    """
    if weighting != "rarity":
        return np.ones(len(counts.items))
    return np.log((1 + len(counts.people)) / counts.used)


def weighted(counts: Counts, rarity: np.ndarray, weighting: Weighting) -> csr_array:
    """What EM counts: amounts as the weighting has them, shape (people, items).

    Parameters
    ----------
    counts : Counts
        Amounts by person and item.
    rarity : np.ndarray, shape (items,)
        What each item is multiplied by.
    weighting : Weighting
        Anything but amount takes log(1 + amount) first.

    Returns
    -------
    csr_array, shape (people, items)
        The weighted amounts.
    """
    matrix = counts.matrix.copy()
    if weighting != "amount":
        matrix.data = np.log1p(matrix.data)
    matrix.data = matrix.data * rarity[matrix.indices]
    return matrix


def interest_shares(own: csr_array, theta: np.ndarray, strengths: Strengths) -> np.ndarray:
    """The interests' shares alone, all nought for people without items.

    Parameters
    ----------
    own : csr_array, shape (people, items)
        Weighted amounts.
    theta : np.ndarray, shape (people, topics)
        p(topic | person).
    strengths : Strengths
        As Theta was learned with.

    Returns
    -------
    np.ndarray, shape (people, interests)
        Shares, 0 to 1, without the background topics.
    """
    left = em.shares(theta, strengths)[:, : theta.shape[1] - strengths.background].copy()
    left[np.diff(own.indptr) == 0] = 0.0
    return left


def describe(
    phi: np.ndarray, words: Sequence[str]
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Names and keywords of topics; `phi` has shape (items, interests).

    A name is the foremost item where it makes up most of the interest, else the foremost two; as
    many more as it takes to tell it from the names before.

    Parameters
    ----------
    phi : np.ndarray, shape (items, interests)
        p(item | interest).
    words : sequence of str
        The items' names.

    Returns
    -------
    tuple[tuple of str, mapping of str to tuple of str]
        Names of the interests, and name → its foremost items, at most ten.
    """
    names: list[str] = []
    keywords: dict[str, tuple[str, ...]] = {}
    for t in range(phi.shape[1]):
        order = np.argsort(-phi[:, t], kind="stable")[:KEYWORDS]
        own = [words[i] for i in order if phi[i, t] > 0]
        take = 1 if phi[order[0], t] >= 0.5 else 2
        name = " & ".join(own[:take])
        while name in keywords and take < min(len(own), 4):
            take += 1
            name = " & ".join(own[:take])
        if name in keywords:
            name = f"{name} ({t + 1})"
        names.append(name)
        keywords[name] = tuple(own)
    return tuple(names), keywords


def _arrays(path: Path, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Phi and rarity, never more bytes than the shape asks for."""
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.file_size > 8 * max(shape[0] * shape[1], shape[0]) + 1024:
                raise ValueError("an array of another size")
    with np.load(path, allow_pickle=False) as data:
        phi, rarity = data["phi"], data["rarity"]
    fine = phi.shape == shape and rarity.shape == shape[:1]
    if not fine or phi.dtype != np.float64 or rarity.dtype != np.float64:
        raise ValueError("an array of another shape")
    if not (np.isfinite(phi).all() and (phi >= 0).all() and np.isfinite(rarity).all()):
        raise ValueError("an array of impossible numbers")
    return phi, rarity
