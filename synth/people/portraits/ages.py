"""Years read from a face's texture: a kernel machine over channels pooled inside dlib's net.

The embedding is made to recognise a person of any age, so it has dropped much of what tells the
age; the layers before it still hold it. The machine is a support vector regression over their
principal components; its answer is blended with what the age head reads off the embedding.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synth.errors import PopulaceError

_COMPONENTS = 192
_PENALTY, _GAMMA, _TUBE = 3.0, 0.5, 0.15  # of the regression of √years, by grouped validation


@dataclass(frozen=True)
class Ages:
    """Texture and embedding [n, d] to years.

    `projection` [d, k] of the standardised inputs; `support` [m, k], `weights` [m], `bias` and
    `gamma` of the kernel machine; `blend` [3] of one, the machine's √years and the head's. `cuts`
    [2] are the years read that part the paper's groups best: readings are drawn to the middle, so
    that most teens read as older than 20.
    """

    mean: np.ndarray
    projection: np.ndarray
    support: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    gamma: np.ndarray
    blend: np.ndarray
    cuts: np.ndarray

    def __call__(
        self, embeddings: np.ndarray, textures: np.ndarray, read: np.ndarray
    ) -> np.ndarray:
        """Years [n] of embeddings, textures and the years `read` off the embeddings."""
        x = (np.hstack([textures, embeddings]) - self.mean) @ self.projection
        apart = (x**2).sum(1)[:, None] + (self.support**2).sum(1) - 2 * x @ self.support.T
        root = np.exp(-self.gamma * np.maximum(apart, 0)) @ self.weights + self.bias
        blended = self.blend[0] + self.blend[1] * root + self.blend[2] * np.sqrt(read)
        return np.clip(blended, 1, 10) ** 2

    def groups(self, years: np.ndarray) -> np.ndarray:
        """Years as read [n] to 0 teen (15–20), 1 adult (21–45), 2 old (46–90), [n].

        Parameters
        ----------
        years : np.ndarray, shape (n,)
            Years as read.

        Returns
        -------
        np.ndarray of int, shape (n,)
            The groups.
        """
        return np.digitize(years, self.cuts)


def group_scores(
    years: np.ndarray, read: np.ndarray, cuts: tuple[float, float]
) -> tuple[float, float, float]:
    """F1 of teen, adult and old when the years `read` [n] are parted at `cuts`.

    Each group of the true `years` [n] weighs the same, as in the requests of Table 1.

    Parameters
    ----------
    years : np.ndarray, shape (n,)
        True years.
    read : np.ndarray, shape (n,)
        Years as read.
    cuts : tuple[float, float]
        Years at which adult and old begin.

    Returns
    -------
    tuple[float, float, float]
        F1 of each group, 0 to 1.
    """
    true, guess = np.digitize(years, (20.5, 45.5)), np.digitize(read, cuts)
    weight = (1 / np.maximum(np.bincount(true, minlength=3), 1))[true]
    parts = []
    for group in range(3):
        hits = weight[(true == group) & (guess == group)].sum()
        whole = weight[true == group].sum() + weight[guess == group].sum()
        parts.append(float(2 * hits / whole) if whole else 0.0)
    return parts[0], parts[1], parts[2]


def best_cuts(years: np.ndarray, read: np.ndarray) -> tuple[float, float]:
    """Where to part the years `read` [n] of people of known years for the best mean F1.

    Parameters
    ----------
    years : np.ndarray, shape (n,)
        True years.
    read : np.ndarray, shape (n,)
        Years as read.

    Returns
    -------
    tuple[float, float]
        Years at which adult and old begin.
    """
    grid = [(float(a), float(b)) for a in np.arange(16.5, 32) for b in np.arange(34.5, 56)]
    return max(grid, key=lambda cuts: sum(group_scores(years, read, cuts)))


@dataclass(frozen=True)
class Photographs:
    """Labelled photographs as the net reads them: embeddings, textures, years, and groups."""

    embeddings: np.ndarray
    textures: np.ndarray
    age: np.ndarray
    group: np.ndarray

    @classmethod
    def read(
        cls,
        archive: Path,
        chip: Callable[[np.ndarray], np.ndarray | None],
        embed: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
        known: tuple[np.ndarray, np.ndarray],
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Photographs:
        """Read labelled photographs from an archive.

        Parameters
        ----------
        archive : Path
            A zip of age_gender_race_date.jpg.
        chip : callable
            Aligns the face of a photograph; None where there is none.
        embed : callable
            Reads chips: embeddings and textures.
        known : tuple of (ndarray, shape (m, 128); ndarray of int, shape (m,))
            Embeddings and groups of the same people: a photograph belongs to the nearest's group.
        progress : callable
            Takes how many are read, and of how many.

        Returns
        -------
        Photographs
            Those with a face.

        Raises
        ------
        PopulaceError
            The archive cannot be read.
        """
        import io

        from PIL import Image

        rows: list[tuple[np.ndarray, np.ndarray, int]] = []
        try:
            with zipfile.ZipFile(archive) as pages:
                names = sorted(name for name in pages.namelist() if name.endswith(".jpg"))
                for done, name in enumerate(names):
                    image = Image.open(io.BytesIO(pages.read(name))).convert("RGB")
                    face = chip(np.asarray(image))
                    if face is not None:
                        embedded, texture = embed(np.stack([face, face[:, ::-1]]))
                        age = int(Path(name).name.split("_")[0])
                        rows.append((embedded.mean(0), texture.mean(0), age))
                    progress(done + 1, len(names))
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise PopulaceError(
                f"The photographs {archive} cannot be read; name a zip of UTKFace pictures with "
                "--photographs."
            ) from error
        embeddings, textures, ages = (np.array(part) for part in zip(*rows, strict=True))
        apart = (known[0] ** 2).sum(1) - 2 * embeddings @ known[0].T
        return cls(embeddings, textures, ages, known[1][apart.argmin(1)])


def learn_ages(photographs: Photographs, rows: np.ndarray, read: np.ndarray) -> Ages:
    """Learn from the photographs `rows` [n, bool]; `read` [n] is what the embedding's head says.

    Blend and cuts are learned on answers for photographs whose group had no part in the answer.

    Parameters
    ----------
    photographs : Photographs
        Embeddings, textures, years and groups.
    rows : np.ndarray of bool, shape (n,)
        Which photographs to learn from.
    read : np.ndarray, shape (n,)
        Years that the embedding's head reads.

    Returns
    -------
    Ages
        The learned reading of ages.
    """
    from sklearn.decomposition import PCA
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GroupKFold
    from sklearn.svm import SVR

    x = np.hstack([photographs.textures, photographs.embeddings]).astype(np.float64)
    mean, scale = x[rows].mean(0), x[rows].std(0) + 1e-6
    pca = PCA(_COMPONENTS, svd_solver="randomized", random_state=0).fit((x[rows] - mean) / scale)
    projection = pca.components_.T / np.sqrt(np.sqrt(pca.explained_variance_))
    projection /= np.sqrt(np.sqrt(pca.explained_variance_).sum())
    projection = (projection / scale[:, None]).astype(np.float32)
    z, root = (x - mean) @ projection, np.sqrt(photographs.age)

    def fit(some: np.ndarray) -> SVR:
        return SVR(C=_PENALTY, gamma=_GAMMA, epsilon=_TUBE).fit(z[some], root[some])

    picked = np.flatnonzero(rows)
    unseen = np.zeros(len(picked))
    folds = GroupKFold(5).split(picked, groups=photographs.group[picked])
    for some, others in folds:
        unseen[others] = fit(picked[some]).predict(z[picked[others]])
    both = np.column_stack([unseen, np.sqrt(read[picked])])
    blend = Ridge(1e-3).fit(both, root[picked])
    cuts = best_cuts(photographs.age[picked], np.clip(blend.predict(both), 1, 10) ** 2)
    machine = fit(picked)
    return Ages(
        mean.astype(np.float32),
        projection,
        machine.support_vectors_.astype(np.float32),
        machine.dual_coef_[0].astype(np.float32),
        np.array(machine.intercept_[0], np.float32),
        np.array(_GAMMA, np.float32),
        np.array([blend.intercept_, *blend.coef_], np.float32),
        np.array(cuts, np.float32),
    )
