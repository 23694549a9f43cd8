"""How well drawn days stand beside days of people that nobody learned from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from synth.data.column import Column
from synth.data.schema import Schema
from synth.data.table import make_table
from synth.days.minutes import BINS, bin_of
from synth.days.model import DayModel
from synth.evaluate.distances import tvd
from synth.evaluate.fidelity import classifier_aucs

_PARTS = 4  # of a group's minutes in pairs: none, and thirds of the others
_SEEDS = 2


@dataclass(frozen=True)
class DayScores:
    """Figures of drawn days beside unseen real ones; each with what fresh real days would get.

    Attributes
    ----------
    people : int
        On each side.
    auc, auc_fresh : float
        Area under the ROC curve by which gradient boosting, shown facts and minutes, tells drawn
        days from real ones.
    groups_tvd, groups_fresh : float
        Total variation distance of a group's minutes, by bins, averaged over groups.
    worst_tvd, worst_fresh : float
        The same of the group that is farthest.
    pairs_tvd, pairs_fresh : float
        Total variation distance of pairs of groups, four parts each, averaged over pairs.
    correlation, correlation_fresh : float
        Absolute difference of rank correlations, averaged over pairs.
    broken : int
        Days that do not sum to 1,440 or show other interests than their record.
    """

    people: int
    auc: float
    auc_fresh: float
    groups_tvd: float
    groups_fresh: float
    worst_tvd: float
    worst_fresh: float
    pairs_tvd: float
    pairs_fresh: float
    correlation: float
    correlation_fresh: float
    broken: int

    def to_dict(self) -> dict[str, Any]:
        """The figures by name."""
        return asdict(self)

    def to_markdown(self) -> str:
        """For a card."""
        rows = (
            ("HGB AUC, facts and minutes", self.auc, self.auc_fresh),
            ("minutes of a group, TVD, mean", self.groups_tvd, self.groups_fresh),
            ("the same, the farthest group", self.worst_tvd, self.worst_fresh),
            ("pairs of groups, TVD, mean", self.pairs_tvd, self.pairs_fresh),
            ("rank correlations, mean difference", self.correlation, self.correlation_fresh),
        )
        lines = [f"| {words} | {a:.4f} | {b:.4f} |" for words, a, b in rows]
        return (
            f"\n## Scores\n\nDays drawn for {self.people:,} unseen people beside those of "
            f"{self.people:,} others; {self.broken} break the sum or their record's interests.\n\n"
            "| | drawn | fresh real days |\n|---|---|---|\n" + "\n".join(lines) + "\n"
        )


def judge_days(
    model: DayModel, people: pd.DataFrame, minutes: np.ndarray, seed: int = 0
) -> DayScores:
    """Judge by people that were not learned from.

    One half of them is real. The facts of the other half get drawn days, and their own days are the
    fresh real ones.

    Parameters
    ----------
    model : DayModel
        What was learned.
    people : DataFrame
        Records.
    minutes : int array, shape (people, groups)
        Their days.
    seed : int
        Of the halves and the days.
    """
    order = np.random.default_rng(seed).permutation(len(people))
    half = len(order) // 2
    first, second = order[:half], order[half : 2 * half]
    records = people.iloc[second].reset_index(drop=True)
    real, fresh, drawn = minutes[first], minutes[second], model.draw(records, seed)
    wrong = (drawn.sum(axis=1) != minutes[0].sum()) | (
        model.groups.top(drawn) != model.groups.places(records, model.ranks)
    ).any(axis=1)
    ours = people.iloc[first].reset_index(drop=True)
    figures: list[float] = []
    for days in (drawn, fresh):
        figures.append(_auc(model, (ours, real), (records, days)))
    for measure in (_groups, _pairs):
        a, b = measure(real, drawn), measure(real, fresh)
        for x, y in zip(a, b, strict=True):
            figures += [x, y]
    names = [f.name for f in fields(DayScores)][1:-1]
    scores: dict[str, Any] = dict(zip(names, figures, strict=True))
    return DayScores(people=half, broken=int(wrong.sum()), **scores)


def _auc(
    model: DayModel,
    real: tuple[pd.DataFrame, np.ndarray],
    compared: tuple[pd.DataFrame, np.ndarray],
) -> float:
    frames = []
    for people, minutes in (real, compared):
        days = pd.DataFrame(minutes, columns=[f"minutes {name}" for name in model.groups.names])
        frames.append(pd.concat([people[list(model.facts.names)], days], axis=1))
    schema = make_table(pd.concat(frames, ignore_index=True)).schema
    columns = [Column(c.name, "integer") if c.name.startswith("minutes ") else c for c in schema]
    first, second = (make_table(frame, Schema(tuple(columns))).frame for frame in frames)
    aucs = [classifier_aucs(tuple(columns), first, second, s)[1] for s in range(_SEEDS)]
    return float(np.mean(aucs))


def _groups(real: np.ndarray, compared: np.ndarray) -> tuple[float, float]:
    each = [
        tvd(*(np.bincount(bin_of(days[:, g]), minlength=BINS) for days in (real, compared)))
        for g in range(real.shape[1])
    ]
    return float(np.mean(each)), float(np.max(each))


def _pairs(real: np.ndarray, compared: np.ndarray) -> tuple[float, float]:
    size = real.shape[1]
    parts = [np.zeros(days.shape, dtype=np.int64) for days in (real, compared)]
    for g in range(size):
        some = real[real[:, g] > 0, g]
        cuts = np.quantile(some, [1 / 3, 2 / 3]) if len(some) else np.array([1.0, 1.0])
        for part, days in zip(parts, (real, compared), strict=True):
            part[:, g] = np.where(days[:, g] > 0, 1 + np.searchsorted(cuts, days[:, g]), 0)
    distances = []
    for g in range(size):
        for h in range(g):
            counts = [
                np.bincount(part[:, g] * _PARTS + part[:, h], minlength=_PARTS**2) for part in parts
            ]
            distances.append(tvd(*counts))
    ranks = [np.corrcoef(pd.DataFrame(days).rank().to_numpy().T) for days in (real, compared)]
    away = np.abs(np.nan_to_num(ranks[0]) - np.nan_to_num(ranks[1]))[np.tril_indices(size, -1)]
    return float(np.mean(distances)), float(away.mean())
