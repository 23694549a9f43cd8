"""Gender, age and ethnicity read from a dlib embedding: small nets, learned and shipped as npz.

The heads are ensembles of one-hidden-layer nets over the standardised 128-d embedding, each with
a temperature fitted on faces left out of its training, so that probabilities are calibrated.
Age is learned as a distribution over bins: its mean gives years, its sums the paper's groups.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from synth.environment import MODELS
from synth.errors import PopulaceError
from synth.people.portraits.ages import Ages, Photographs, learn_ages

GENDERS = ("male", "female")
ETHNICITIES = ("White", "Black", "Asian", "Indian")
AGE_GROUPS = ("Child (under 15)", "Teen (15–20)", "Adult (21–45)", "Old (46–90)")
AGE_EDGES = (0, 5, 10, 15, 18, 21, 26, 31, 38, 46, 53, 61, 70, 80, 100)
_AGE_YEARS = np.array([2, 7, 12, 16.4, 19.4, 24, 28.6, 34.8, 41.5, 50, 56.5, 65.2, 74.6, 86.0])
_GROUP_OF_BIN = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3])
SHIPPED = MODELS / "portraits" / "heads.npz"


@dataclass(frozen=True)
class Head:
    """An ensemble of nets: embedding [n, 128] to calibrated probabilities [n, classes]."""

    mean: np.ndarray
    scale: np.ndarray
    first: np.ndarray
    first_bias: np.ndarray
    second: np.ndarray
    second_bias: np.ndarray
    temperature: float

    def logits(self, embeddings: np.ndarray) -> np.ndarray:
        """Log-odds before the temperature, averaged over the ensemble, [n, classes].

        Parameters
        ----------
        embeddings : np.ndarray, shape (n, 128)
            dlib's embeddings.

        Returns
        -------
        np.ndarray, shape (n, classes)
            Natural log-odds.
        """
        x = (np.asarray(embeddings, np.float32) - self.mean) / self.scale
        hidden = np.maximum(np.einsum("nd,mdh->mnh", x, self.first) + self.first_bias, 0)
        return (np.einsum("mnh,mhc->mnc", hidden, self.second) + self.second_bias).mean(0)

    def __call__(self, embeddings: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, [n, classes]."""
        return _softmax(self.logits(embeddings) / self.temperature)


@dataclass(frozen=True)
class Reading:
    """What the heads see in n faces.

    `male` [n]; `ages` [n, 14] over AGE_EDGES; `ethnicity` [n, 4] in the order of ETHNICITIES.
    """

    male: np.ndarray
    ages: np.ndarray
    ethnicity: np.ndarray
    measured: np.ndarray | None = None
    """Years [n] by the texture of the faces, where that was read."""

    @property
    def years(self) -> np.ndarray:
        """Expected age in years, [n]: by texture where there is one, else by the embedding."""
        return self.by_embedding if self.measured is None else self.measured

    @property
    def by_embedding(self) -> np.ndarray:
        """Expected age in years by the embedding alone, [n]."""
        return self.ages @ _AGE_YEARS

    @property
    def groups(self) -> np.ndarray:
        """Probabilities of AGE_GROUPS, [n, 4]."""
        return self.ages @ np.eye(4)[_GROUP_OF_BIN]

    def words(self, index: int) -> str:
        """One face in words, with the certainty of each reading.

        Parameters
        ----------
        index : int
            Which face, from 0.

        Returns
        -------
        str
            Gender, years and ethnicity.
        """
        man = float(self.male[index])
        race = int(self.ethnicity[index].argmax())
        gender = f"male {man:.0%}" if man >= 0.5 else f"female {1 - man:.0%}"
        return (
            f"{gender} · about {self.years[index]:.0f} years · "
            f"{ETHNICITIES[race]} {self.ethnicity[index, race]:.0%}"
        )


@dataclass(frozen=True)
class Heads:
    """The three heads that choose portraits, and the ethnicity judge that only evaluates.

    `texture` reads the age better than the embedding alone, where textures are at hand.
    """

    gender: Head
    age: Head
    ethnicity: Head
    judge: Head
    texture: Ages | None = None

    def read(self, embeddings: np.ndarray, textures: np.ndarray | None = None) -> Reading:
        """Read faces from their embeddings [n, 128] and, for a better age, their textures.

        Parameters
        ----------
        embeddings : np.ndarray, shape (n, 128)
            dlib's embeddings.
        textures : np.ndarray or None, shape (n, TEXTURE), optional
            As `Embedding.read` gives them.

        Returns
        -------
        Reading
            Probabilities of gender, age and ethnicity.
        """
        reading = Reading(
            self.gender(embeddings)[:, 0], self.age(embeddings), self.ethnicity(embeddings)
        )
        if textures is None or self.texture is None:
            return reading
        return replace(reading, measured=self.texture(embeddings, textures, reading.years))

    def save(self, path: Path) -> None:
        """Write all heads to one npz of plain arrays; large ones in half precision.

        Parameters
        ----------
        path : Path
            The npz file; its folder is created.
        """
        arrays: dict[str, Any] = {
            f"{name}.{field}": np.asarray(value, np.float16 if np.size(value) > 1e5 else np.float32)
            for name, head in vars(self).items()
            if head is not None
            for field, value in vars(head).items()
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **arrays)

    @classmethod
    def load(cls, path: Path = SHIPPED) -> Heads:
        """Read the heads that `save` wrote.

        Parameters
        ----------
        path : Path, optional
            The npz file.

        Returns
        -------
        Heads
            The heads.

        Raises
        ------
        PopulaceError
            The file cannot be read or lacks an array.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:

                def of(kind: type, name: str) -> dict[str, Any]:
                    return {
                        field: arrays[f"{name}.{field}"].astype(np.float32)
                        for field in kind.__annotations__
                    }

                names = ("gender", "age", "ethnicity", "judge")
                heads = {name: Head(**of(Head, name)) for name in names}
                texture = Ages(**of(Ages, "texture")) if "texture.mean" in arrays else None
                return cls(**heads, texture=texture)
        except (OSError, KeyError, ValueError) as error:
            raise PopulaceError(
                f"The face heads {path} cannot be read; make them with "
                "`python -m synth portraits train-heads`."
            ) from error


@dataclass(frozen=True)
class Faces:
    """Labelled faces: embeddings [n, 128], years, gender (0 male), race (0–3, 4 other), group."""

    embeddings: np.ndarray
    age: np.ndarray
    gender: np.ndarray
    race: np.ndarray
    group: np.ndarray

    @classmethod
    def load(cls, path: Path) -> Faces:
        """Read the embeddings file of UTKFace.

        Parameters
        ----------
        path : Path
            The npz file.

        Returns
        -------
        Faces
            The labelled faces.

        Raises
        ------
        PopulaceError
            The file cannot be read or lacks an array.
        """
        try:
            with np.load(path, allow_pickle=False) as data:
                names = ("age", "gender", "race", "group")
                labels = (data[name].astype(np.int64) for name in names)
                return cls(data["embedding"].astype(np.float32), *labels)
        except (OSError, KeyError, ValueError) as error:
            raise PopulaceError(
                f"The labelled faces {path} cannot be read; name the npz file of UTKFace "
                "embeddings with --faces."
            ) from error

    def split(self, share: float, seed: int) -> np.ndarray:
        """True for about this share of the faces; whole groups stay on one side, [n].

        Parameters
        ----------
        share : float
            0 to 1.
        seed : int
            Of the draw.

        Returns
        -------
        np.ndarray of bool, shape (n,)
            Which faces are in the share.
        """
        names, index = np.unique(self.group, return_inverse=True)
        return (np.random.default_rng(seed).random(len(names)) < share)[index]

    def unseen_by_age(self, seed: int = 0) -> frozenset[int]:
        """Groups that taught no head of age or gender when these were learned with this seed.

        Parameters
        ----------
        seed : int, optional
            That the heads were learned with.

        Returns
        -------
        frozenset of int
            Numbers of groups.
        """
        return frozenset(self.group[~self.split(0.8, seed + 1)].tolist())

    def group_of(self, embedding: np.ndarray) -> int:
        """The group of the face nearest to an embedding [128].

        Parameters
        ----------
        embedding : np.ndarray, shape (128,)
            dlib's embedding of a face.

        Returns
        -------
        int
            The group's number.
        """
        apart = (self.embeddings**2).sum(1) - 2 * self.embeddings @ embedding
        return int(self.group[apart.argmin()])


def train_texture(
    heads: Heads, faces: Faces, photographs: Photographs, seed: int = 0
) -> tuple[Heads, np.ndarray]:
    """The heads with years read from texture too; also the photographs no age head has seen.

    Parameters
    ----------
    heads : Heads
        The heads as learned from embeddings.
    faces : Faces
        The faces they were learned from.
    photographs : Photographs
        Photographs with textures and known years.
    seed : int, optional
        That the heads were learned with.

    Returns
    -------
    tuple[Heads, np.ndarray]
        The heads, and which photographs are unseen (bool, one a photograph).
    """
    tested = faces.unseen_by_age(seed)
    unseen = np.array([group in tested for group in photographs.group])
    read = heads.read(photographs.embeddings).years
    return replace(heads, texture=learn_ages(photographs, ~unseen, read)), unseen


def train(faces: Faces, seed: int = 0, members: int = 4) -> tuple[Heads, dict[str, np.ndarray]]:
    """Learn all heads; also the rows each head has not seen, to be tested on.

    Ethnicity: one half of the groups teaches the head that chooses, the other half the judge.
    Gender and age: 80% of the groups (their judges are other people's nets).

    Parameters
    ----------
    faces : Faces
        The labelled faces.
    seed : int, optional
        Of the splits and the nets.
    members : int, optional
        Nets in each ensemble.

    Returns
    -------
    tuple[Heads, mapping of str to np.ndarray]
        The heads, and head → its unseen faces (bool, one a face).
    """
    half, most = faces.split(0.5, seed), faces.split(0.8, seed + 1)
    known, bins = faces.race < 4, np.digitize(faces.age, AGE_EDGES[1:-1])

    def fit(labels: np.ndarray, rows: np.ndarray, alpha: float, width: int) -> Head:
        return _fit(faces, labels, rows, seed, members, alpha, width)

    heads = Heads(
        gender=fit(faces.gender, most & (faces.age >= 5), 3.0, 48),
        age=fit(bins, most, 2.0, 96),
        ethnicity=fit(faces.race, half & known, 3.0, 64),
        judge=fit(faces.race, ~half & known, 3.0, 64),
    )
    grown = faces.age >= 15
    return heads, {
        "gender": ~most & grown,
        "age": ~most & grown,
        "ethnicity": ~half & known,
        "judge": half & known,
    }


def _fit(
    faces: Faces,
    labels: np.ndarray,
    rows: np.ndarray,
    seed: int,
    members: int,
    alpha: float,
    width: int,
) -> Head:
    from sklearn.neural_network import MLPClassifier

    mean, scale = faces.embeddings[rows].mean(0), faces.embeddings[rows].std(0)
    x = (faces.embeddings - mean) / scale
    nets, held_out = [], []
    for member in range(members):
        left_out = faces.split(0.1, seed + 100 + member)
        net = MLPClassifier(
            hidden_layer_sizes=(width,),
            alpha=alpha,
            early_stopping=True,
            random_state=seed + member,
            max_iter=60,
        ).fit(x[rows & ~left_out], labels[rows & ~left_out])
        first, second = net.coefs_
        first_bias, second_bias = net.intercepts_
        if second.shape[1] == 1:  # one logit for two classes: make it two
            second, second_bias = np.hstack([-second, second]) / 2, np.tile(second_bias, 2) / 2
            second_bias[0] *= -1
        nets.append((first, first_bias[None], second, second_bias[None]))
        check = x[rows & left_out]
        logits = np.maximum(check @ first + first_bias, 0) @ second + second_bias
        held_out.append((logits, labels[rows & left_out]))
    logits, truth = (np.concatenate(part) for part in zip(*held_out, strict=True))
    grid = np.geomspace(0.4, 2.5, 60)
    loss = [-np.log(_softmax(logits / t)[np.arange(len(truth)), truth] + 1e-9).mean() for t in grid]
    first, first_bias, second, second_bias = (np.stack(part) for part in zip(*nets, strict=True))
    temperature = float(grid[int(np.argmin(loss))])
    return Head(mean, scale, first, first_bias, second, second_bias, temperature)


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
