"""Linear directions in w: which way a face grows older, or turns, while all else is held.

A ridge regression reads attributes off w; a change of attributes is then the smallest change of w,
measured by the spread of w itself, that gives the wanted reading. That is InterFaceGAN's
conditional manipulation (Shen et al., CVPR 2020, section 3.2): directions made orthogonal to the
attributes that must stay, here under the covariance of w instead of the identity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synth.environment import MODELS
from synth.errors import PopulaceError
from synth.lazy import cached_property
from synth.people.portraits.heads import ETHNICITIES

ATTRIBUTES = ("male", "age", *ETHNICITIES, "turn", "smile")
"""Log-odds of male; years; centred logits of each ethnicity; turn of the head; smile."""
SHIPPED = MODELS / "portraits" / "directions.npz"
_SHRINK = 300.0  # of the ridge to embeddings, in variances of w


@dataclass(frozen=True)
class Directions:
    """weights [8, 512] and bias [8] of the readings; mean [512] and covariance [512, 512] of w.

    `r2` [8] says how well each reading is predicted, by cross-validation. For each ethnicity,
    `typical` [4, 4] is the mean reading and `shift` [4, 512] the mean style's way from the centre.
    `likeness` [513, 128] predicts dlib's embedding, its last row being the bias.
    """

    weights: np.ndarray
    bias: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    r2: np.ndarray
    typical: np.ndarray
    shift: np.ndarray
    likeness: np.ndarray

    @classmethod
    def learn(
        cls, w: np.ndarray, readings: np.ndarray, embeddings: np.ndarray, spread: np.ndarray
    ) -> Directions:
        """Fit w [n, 512] to readings [n, 8] and embeddings [n, 128], NaN where unread.

        `spread` [m, 512] are free styles: they tell how long a step is.

        Parameters
        ----------
        w : np.ndarray, shape (n, 512)
            Styles.
        readings : np.ndarray, shape (n, 8)
            What was read in their faces, in the order of ATTRIBUTES.
        embeddings : np.ndarray, shape (n, 128)
            dlib's embeddings of the faces.
        spread : np.ndarray, shape (m, 512)
            Free styles.

        Returns
        -------
        Directions
            The directions, by ridge regression.
        """
        from sklearn.linear_model import Ridge, RidgeCV
        from sklearn.model_selection import KFold, cross_val_predict

        mean = spread.mean(0, dtype=np.float64)
        covariance = np.cov(spread.T.astype(np.float64))
        kinds = readings.shape[1]
        weights, bias, r2 = np.empty((kinds, w.shape[1])), np.empty(kinds), np.empty(kinds)
        known = np.isfinite(readings)
        for rows in np.unique(known, axis=1).T:  # columns read in the same faces are fitted at once
            columns = np.flatnonzero((known == rows[:, None]).all(0))
            x, y = w[rows] - mean, readings[np.ix_(rows, columns)]
            model = RidgeCV(np.geomspace(0.1, 300, 10), alpha_per_target=True)
            folds = KFold(5, shuffle=True, random_state=0)
            predicted = cross_val_predict(model, x, y, cv=folds).reshape(y.shape)
            r2[columns] = 1 - np.mean((predicted - y) ** 2, axis=0) / y.var(axis=0)
            model.fit(x, y)
            weights[columns], bias[columns] = model.coef_, model.intercept_
        read = np.isfinite(embeddings).all(1)
        face = Ridge(_SHRINK * spread.var()).fit(w[read] - mean, embeddings[read])
        typical, shift = [], []
        races = readings[:, 2:6]
        for race in range(4):
            margin = races[:, race] - np.delete(races, race, axis=1).max(1)
            clear = margin > 1.5
            typical.append(races[clear].mean(0))
            shift.append(w[clear].mean(0) - mean)
        return cls(
            weights,
            bias,
            mean,
            covariance,
            r2,
            np.array(typical),
            np.array(shift),
            np.vstack([face.coef_.T, face.intercept_]),
        )

    def predict(self, w: np.ndarray) -> np.ndarray:
        """Predicted readings [n, 8] of styles w [n, 512].

        Parameters
        ----------
        w : np.ndarray, shape (n, 512) or (512,)
            Styles.

        Returns
        -------
        np.ndarray, shape (n, 8)
            Readings, in the order of ATTRIBUTES.
        """
        return (np.atleast_2d(w) - self.mean) @ self.weights.T + self.bias

    def face(self, w: np.ndarray) -> np.ndarray:
        """Predicted embeddings [n, 128] of styles w [n, 512]: who it will be, roughly.

        Parameters
        ----------
        w : np.ndarray, shape (n, 512) or (512,)
            Styles.

        Returns
        -------
        np.ndarray, shape (n, 128)
            Embeddings.
        """
        return (np.atleast_2d(w) - self.mean) @ self.likeness[:-1] + self.likeness[-1]

    def distance(self, w: np.ndarray) -> np.ndarray:
        """How unusual styles are: Mahalanobis length over its expectation √512, [n].

        Parameters
        ----------
        w : np.ndarray, shape (n, 512) or (512,)
            Styles.

        Returns
        -------
        np.ndarray, shape (n,)
            Distances; about 1 for a typical style.
        """
        x = np.atleast_2d(w) - self.mean
        return np.sqrt(np.square(x @ self._whiten).mean(1))

    def length(self, step: np.ndarray) -> float:
        """Mahalanobis length of a step [512], in standard deviations.

        Parameters
        ----------
        step : np.ndarray, shape (512,)
            A difference of styles.

        Returns
        -------
        float
            Its Mahalanobis length.
        """
        return float(np.linalg.norm(step @ self._whiten))

    def limited(self, w: np.ndarray, most: float, hold: Sequence[str] = ()) -> np.ndarray:
        """The style [512] pulled back until its distance is at most this; `hold` stays if it can.

        Only what has no part in the readings `hold` is shortened, at most by half; if that is not
        enough, the whole style is pulled to the mean.

        Parameters
        ----------
        w : np.ndarray, shape (512,)
            The style.
        most : float
            The largest `distance`.
        hold : sequence of str, optional
            Readings, of ATTRIBUTES, to keep.

        Returns
        -------
        np.ndarray, float32, shape (512,)
            The style pulled back.
        """
        x = np.asarray(w, np.float64) - self.mean
        if self.distance(w)[0] > most and hold:
            rows = self.weights[[ATTRIBUTES.index(name) for name in hold]]
            lift, gram = self._lifted(rows)
            part = lift @ np.linalg.solve(gram, rows @ x)
            room = len(x) * most**2 - self.length(part) ** 2
            share = np.sqrt(max(room, 0.0)) / self.length(x - part)
            x = part + max(share, 0.5) * (x - part)
        away = float(self.distance(self.mean + x)[0])
        return (self.mean + x * min(1.0, most / away)).astype(np.float32)

    def change(self, by: Mapping[str, float], hold: tuple[str, ...] = ()) -> np.ndarray:
        """The smallest step [512] that adds `by` to these readings and leaves `hold` alone.

        Parameters
        ----------
        by : mapping of str to float
            Reading → what to add to it.
        hold : tuple of str, optional
            Readings that stay.

        Returns
        -------
        np.ndarray, float32, shape (512,)
            The step.

        Raises
        ------
        PopulaceError
            A name is not of ATTRIBUTES.
        """
        names = [*by, *(name for name in hold if name not in by)]
        unknown = set(names) - set(ATTRIBUTES)
        if unknown:
            raise PopulaceError(
                f"No direction is called {min(unknown)}; use one of {', '.join(ATTRIBUTES)}."
            )
        target = np.array([[by.get(name, 0.0) for name in names]])
        return self.changes(target, names)[0]

    def changes(self, by: np.ndarray, names: Sequence[str]) -> np.ndarray:
        """The smallest steps [n, 512] that add `by` [n, k] to the readings `names`.

        Parameters
        ----------
        by : np.ndarray, shape (n, k)
            What to add to each reading.
        names : sequence of str
            The k readings, of ATTRIBUTES.

        Returns
        -------
        np.ndarray, float32, shape (n, 512)
            The steps.
        """
        lift, gram = self._lift(names)
        return (lift @ np.linalg.solve(gram, by.T)).T.astype(np.float32)

    def likeness_step(self, toward: np.ndarray, by: float, hold: Sequence[str]) -> np.ndarray:
        """The smallest step [512] along which the predicted embedding moves `by` in a direction.

        `toward` [128] is a unit vector; the readings `hold` stay.

        Parameters
        ----------
        toward : np.ndarray, shape (128,)
            A unit vector of embeddings.
        by : float
            How far, in the embedding's unit.
        hold : sequence of str
            Readings that stay.

        Returns
        -------
        np.ndarray, float32, shape (512,)
            The step.
        """
        rows = self.weights[[ATTRIBUTES.index(name) for name in hold]]
        rows = np.vstack([rows, self.likeness[:-1] @ toward])
        lift, gram = self._lifted(rows)
        target = np.zeros(len(rows))
        target[-1] = by
        return (lift @ np.linalg.solve(gram, target)).astype(np.float32)

    def effort(self, by: np.ndarray, names: Sequence[str]) -> np.ndarray:
        """Lengths [n] of the smallest steps that add `by` [n, k] to the readings `names`.

        Parameters
        ----------
        by : np.ndarray, shape (n, k)
            What to add to each reading.
        names : sequence of str
            The k readings, of ATTRIBUTES.

        Returns
        -------
        np.ndarray, shape (n,)
            Mahalanobis lengths.
        """
        return np.sqrt(np.einsum("nk,nk->n", by, np.linalg.solve(self._lift(names)[1], by.T).T))

    def _lift(self, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Covariances [512, k] of w with the readings, and [k, k] of the readings themselves."""
        return self._lifted(self.weights[[ATTRIBUTES.index(name) for name in names]])

    def _lifted(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        lift = self.covariance @ rows.T
        gram = rows @ lift
        gram[np.diag_indices_from(gram)] *= 1 + 1e-6
        return lift, gram

    def save(self, path: Path = SHIPPED) -> None:
        """Write to npz; the covariance in half precision, as its factor.

        Parameters
        ----------
        path : Path, optional
            The npz file; its folder is created.
        """
        factor = np.linalg.cholesky(self.covariance + self._floor())
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(
            path,
            weights=self.weights.astype(np.float32),
            bias=self.bias.astype(np.float32),
            mean=self.mean.astype(np.float32),
            factor=factor.astype(np.float16),
            r2=self.r2.astype(np.float32),
            typical=self.typical.astype(np.float32),
            shift=self.shift.astype(np.float32),
            likeness=self.likeness.astype(np.float16),
        )

    @classmethod
    def load(cls, path: Path = SHIPPED) -> Directions:
        """Read what `save` wrote.

        Parameters
        ----------
        path : Path, optional
            The npz file.

        Returns
        -------
        Directions
            The same directions, up to half precision.

        Raises
        ------
        PopulaceError
            The file cannot be read or lacks an array.
        """
        try:
            with np.load(path, allow_pickle=False) as data:
                names = ("weights", "bias", "mean", "factor", "r2", "typical", "shift", "likeness")
                weights, bias, mean, factor, r2, typical, shift, likeness = (
                    data[name].astype(np.float64) for name in names
                )
        except (OSError, KeyError, ValueError) as error:
            raise PopulaceError(
                f"The directions {path} cannot be read; make them with "
                "`python -m synth portraits train-directions`."
            ) from error
        return cls(weights, bias, mean, factor @ factor.T, r2, typical, shift, likeness)

    @cached_property
    def _whiten(self) -> np.ndarray:
        return np.linalg.inv(np.linalg.cholesky(self.covariance + self._floor())).T

    def _floor(self) -> np.ndarray:
        return np.eye(len(self.mean)) * np.trace(self.covariance) / len(self.mean) * 1e-4
