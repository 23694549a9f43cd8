"""Utility: does a model that learned from synthetic people work on real ones?

Train on synthetic, test on real, beside train on real, test on real (C. Esteban, S. Hyland,
G. Rätsch, "Real-valued (medical) time series generation with recurrent conditional GANs", 2017).
The model is gradient boosting; the score is the area under the ROC curve (weighted, one level
against the rest) for a category and R² for a number, on real people that neither model saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from synth.errors import PopulaceError
from synth.evaluate.fidelity import features
from synth.evaluate.html import paragraph, table
from synth.evaluate.question import Answer, Progress, Question, Section, Titles, percent
from synth.jobs.limits import one_thread

if TYPE_CHECKING:
    from synth.data.column import Column
    from synth.evaluate.comparison import Comparison

ROWS = 10_000  # learned from and tested on; more moves scores by less than they vary


@dataclass(frozen=True)
class Utility:
    """The score of a model of `target` that learned from synthetic people, beside real ones.

    Attributes
    ----------
    target : str
        The column that is learned.
    score : "AUC" or "R²"
        Area under the ROC curve for a category, R² for a number.
    synthetic, real : float
        The score after learning from synthetic, and from as many real, people (Esteban et al.
        2017).
    guess : float
        The score of always guessing the same: 0.5 for "AUC", 0 for "R²".
    rows : int
        Rows drawn of each side to learn from, those that do not state the target included.
    """

    target: str
    score: Literal["AUC", "R²"]
    synthetic: float
    real: float
    guess: float
    rows: int

    @property
    def kept(self) -> float:
        """The share of what real people teach that synthetic people teach too."""
        above = self.real - self.guess
        return max(0.0, (self.synthetic - self.guess) / above) if above > 0.01 else 1.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        return asdict(self) | {"kept": self.kept}


@one_thread()
def utility(comparison: Comparison, target: str) -> Utility:
    """Learn `target` from all other columns, from synthetic and from as many real people.

    Tests on the holdout, or without one on half of the real people, which the model of the real
    ones then does not see either.

    Parameters
    ----------
    comparison : Comparison
        Real and synthetic people.
    target : str
        A compared column.

    Returns
    -------
    Utility

    Raises
    ------
    PopulaceError
        The target is unknown or the only column, fewer than 10 real people state it, or they all
        state the same value.
    """
    columns, names = comparison.columns, comparison.names
    if target not in names:
        raise PopulaceError(
            f"No column is called “{target}”: choose the target among {', '.join(names)}."
        )
    if len(columns) < 2:
        raise PopulaceError("A target is learned from other columns: give the table another one.")
    random = comparison.random()
    if comparison.holdout is not None:
        learn, test = comparison.all("real"), comparison.all("holdout")
    else:
        learn, test = comparison.all("real").halves(random)
    synthetic = comparison.all("synthetic")
    rows = min(len(learn), len(synthetic), ROWS)
    samples = [(learn, rows), (synthetic, rows), (test, ROWS)]
    parts = [comparison.frame(sample.draw(most, random)) for sample, most in samples]
    parts = [part[part[target].notna()] for part in parts]
    if min(len(parts[0]), len(parts[2])) < 10:
        raise PopulaceError(
            f"Column “{target}” is stated by fewer than 10 people: choose another target."
        )
    if parts[0][target].nunique() < 2 or parts[2][target].nunique() < 2:
        raise PopulaceError(f"Column “{target}” has one value only: choose another target.")
    others = [column for column in columns if column.name != target]
    number = not isinstance(parts[0][target].dtype, pd.CategoricalDtype)
    taught = len(parts[1]) >= 10  # who made up no answers teaches none
    sizes = np.cumsum([len(part) for part in parts])[:-1]
    _, boosted, categorical = features(others, pd.concat(parts, ignore_index=True))
    inputs = np.split(boosted, sizes)
    answers = [part[target] for part in parts]
    score: Literal["AUC", "R²"] = "R²" if number else "AUC"
    fit, guess = (_r2, 0.0) if number else (_auc, 0.5)
    real_score, synthetic_score = (
        fit(inputs[kind], answers[kind], inputs[2], answers[2], categorical)
        if kind == 0 or taught
        else guess
        for kind in (0, 1)
    )
    return Utility(target, score, synthetic_score, real_score, guess, rows)


def targets(columns: Sequence[Column], most: int = 3) -> tuple[str, ...]:
    """Columns that suit as targets when nobody picks.

    Parameters
    ----------
    columns : sequence of Column
        The compared columns.
    most : int
        How many are wanted.

    Returns
    -------
    tuple of str
        Categories with 2 to 10 levels, last first; else the last column.
    """
    few = [
        column.name
        for column in columns
        if column.kind in ("categorical", "boolean") and 2 <= len(column.levels) <= 10
    ]
    return tuple(few[::-1][:most]) or tuple(column.name for column in columns[-1:])


def _auc(
    inputs: np.ndarray,
    answers: pd.Series,
    test: np.ndarray,
    truth: pd.Series,
    categorical: list[bool],
) -> float:
    """The AUC of each level against the rest, weighted by its share of the test."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    codes = answers.cat.codes.to_numpy()
    if len(np.unique(codes)) < 2:
        return 0.5
    stop = _held_back(codes)
    model = HistGradientBoostingClassifier(
        max_iter=60, categorical_features=categorical, random_state=0, early_stopping=stop.any()
    )
    by = {"X_val": inputs[stop], "y_val": codes[stop]} if stop.any() else {}
    model.fit(inputs[~stop], codes[~stop], **by)
    chances = model.predict_proba(test)
    right = truth.cat.codes.to_numpy()
    scores, weights = [], []
    for level in np.unique(right):
        is_level = right == level
        if is_level.all():
            continue
        place = np.flatnonzero(model.classes_ == level)
        scores.append(roc_auc_score(is_level, chances[:, place[0]]) if len(place) else 0.5)
        weights.append(is_level.sum())
    return float(np.average(scores, weights=weights))


def _held_back(codes: np.ndarray) -> np.ndarray:
    """Rows [n], in random order, by which learning stops: a tenth, but never a level's only one.

    The library's own way draws of each level alike, and cannot where a level has one row.
    """
    is_held_back = np.arange(len(codes)) >= len(codes) - len(codes) // 10
    is_held_back[np.unique(codes, return_index=True)[1]] = False
    return is_held_back


def _r2(
    inputs: np.ndarray,
    answers: pd.Series,
    test: np.ndarray,
    truth: pd.Series,
    categorical: list[bool],
) -> float:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.metrics import r2_score

    model = HistGradientBoostingRegressor(
        max_iter=60, categorical_features=categorical, random_state=0, early_stopping=True
    )
    model.fit(inputs, answers.to_numpy(dtype=float))
    return float(r2_score(truth.to_numpy(dtype=float), model.predict(test)))


def _ask(comparison: Comparison, progress: Progress) -> Answer:
    """Do models that learn from them work on real people?"""
    columns = comparison.columns
    if comparison.target:
        names: tuple[str, ...] = (comparison.target,)
    else:
        names = targets(columns) if len(columns) > 1 else ()
    figures = []
    for place, name in enumerate(names):
        progress(place / len(names), f"Learning {name}")
        figures.append(utility(comparison, name))
    kept = [min(1.0, item.kept) for item in figures]
    scores = (("Useful", 100 * float(np.mean(kept))),) if kept else ()
    section = utility_section(figures, Titles.of(columns))
    return Answer(section, {"utility": tuple(figures)}, scores)


QUESTION: Question[Comparison] = Question("utility", 18, _ask)


def utility_section(figures: Sequence[Utility], titles: Titles) -> Section:
    """Do models that learn from them work on real people?

    Parameters
    ----------
    figures : sequence of Utility
        By target; may be empty.
    titles : Titles
        Words for columns.

    Returns
    -------
    Section
    """
    question = "Utility: do models that learn from them work on real people?"
    if not figures:
        return Section("utility", question, "One column alone leaves nothing to learn from.", "")
    kept = [
        f"{titles(item.target)} {percent(min(item.kept, 1.0))} "
        f"({item.score} {item.synthetic:.2f} beside {item.real:.2f})"
        for item in figures
    ]
    rows = [
        (
            f"{titles(item.target)}, {item.score}",
            f"{item.synthetic:.3f}",
            f"{item.real:.3f}",
            percent(item.kept),
        )
        for item in figures
    ]
    return Section(
        "utility",
        question,
        "Of what real people teach a model about a column, synthetic people teach: "
        + "; ".join(kept)
        + ".",
        table(("", "learned synthetic", "learned real", "kept"), rows)
        + paragraph(
            "Gradient boosting learns the target from all other columns and is tested on real "
            "people that it has not seen. AUC weighs each level against the rest and is 0.5 for "
            "who guesses; R² is the share of a number’s variance that is told.",
            quiet=True,
        ),
    )
