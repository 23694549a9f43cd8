"""Learning what tells styles of broken faces, and how well it does on styles it has not seen."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synth.environment import MODELS
from synth.errors import PopulaceError
from synth.people.portraits.defects import DefectHead

REFUSED = MODELS / "portraits" / "refused.npz"
"""Styles of portraits that were in a bank and were turned down by eye."""
FOLDS = 10
_STRENGTH = 0.003  # of the regression: inverse of the penalty, on standardised styles


@dataclass(frozen=True)
class LearnedDefects:
    """A head and what it does on styles that it has not seen.

    Attributes
    ----------
    head : DefectHead
        Learned from all.
    auc : float
        Area under the ROC curve by cross-validation.
    caught, lost : float
        Shares of the portraits turned down, and of those kept, that the cut leaves out, by
        cross-validation.
    """

    head: DefectHead
    auc: float
    caught: float
    lost: float


def refused_styles(path: Path = REFUSED) -> np.ndarray:
    """Styles [n, 512] of portraits that were turned down.

    Raises
    ------
    PopulaceError
        The file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            return np.asarray(data["w"], np.float32)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise PopulaceError(
            f"The refused styles {path} cannot be read: restore the file."
        ) from error


def learn(
    kept: np.ndarray, refused: np.ndarray, lose: float = 0.1, seed: int = 0
) -> LearnedDefects:
    """Learn to tell styles of refused portraits from those of kept ones.

    Parameters
    ----------
    kept, refused : ndarray, shapes (n, 512) and (m, 512)
        Styles.
    lose : float
        The share of good styles that may be left out.
    seed : int
        Of the folds.

    Returns
    -------
    LearnedDefects
        The head; its cut leaves out `lose` of the kept styles by cross-validation.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    styles = np.concatenate([kept, refused]).astype(np.float64)
    is_refused = np.repeat([0, 1], [len(kept), len(refused)])
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=500)
    )
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    odds = cross_val_predict(model, styles, is_refused, cv=folds, method="decision_function")
    cut = float(np.quantile(odds[is_refused == 0], 1 - lose))
    scaler, regression = model.fit(styles, is_refused)
    weights = regression.coef_[0] / scaler.scale_
    bias = float(regression.intercept_[0] - weights @ scaler.mean_)
    return LearnedDefects(
        DefectHead(weights.astype(np.float32), bias, cut),
        float(roc_auc_score(is_refused, odds)),
        float((odds[is_refused == 1] > cut).mean()),
        float((odds[is_refused == 0] > cut).mean()),
    )
