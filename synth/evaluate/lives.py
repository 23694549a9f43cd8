"""How well learned lives stand beside people they were not learned from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from synth.data.schema import Schema
from synth.data.table import Table, make_table
from synth.evaluate.distances import tvd
from synth.evaluate.fidelity import classifier_aucs
from synth.lives.learning import ChainPlan
from synth.lives.model import LifeModel, learn_lives
from synth.lives.summary import LifeCounts, whole_features


@dataclass(frozen=True)
class LifeScores:
    """Figures of a half of the people that nobody learned from, beside the other, real half.

    Attributes
    ----------
    people : int
        On each side.
    whole_auc, whole_fresh : float
        Area under the ROC curve by which gradient boosting tells synthetic from unseen real
        people by their states, spells and turning points; and real people from real people.
    facts_auc, facts_fresh : float
        The same with the facts beside.
    spells_tvd, spells_fresh : float
        Total variation distance of spells' lengths within states.
    states_tvd, states_fresh : float
        The same of the states, averaged over times.
    moves_tvd, moves_fresh : float
        The same of moves from one state to another.
    """

    people: int
    whole_auc: float
    whole_fresh: float
    facts_auc: float
    facts_fresh: float
    spells_tvd: float
    spells_fresh: float
    states_tvd: float
    states_fresh: float
    moves_tvd: float
    moves_fresh: float

    def to_dict(self) -> dict[str, Any]:
        """The figures by name."""
        return asdict(self)


def judge_lives(
    table: Table,
    sequence: str,
    *,
    splits: int = 5,
    plan: ChainPlan | None = None,
    progress: Callable[[str], None] | None = None,
) -> LifeScores:
    """Learn from half of the people, judge with the other half; the mean of several splits.

    Parameters
    ----------
    table : Table
        The people.
    sequence : str
        As in `learn_lives`.
    splits : int
        How many halves are drawn: few people make one AUC a matter of luck.
    plan : ChainPlan, optional
        How; chosen within each learned half where it is not given.
    progress : callable, optional
        Gets words on what is being done.
    """
    figures = []
    for split in range(splits):
        order = np.random.default_rng(split).permutation(len(table))
        learned, unseen = (_part(table, rows) for rows in np.array_split(order, 2))
        model = learn_lives(learned, sequence, plan=plan, seed=split)
        figures.append(_figures(model, learned, unseen, split))
        if progress:
            progress(f"split {split + 1} of {splits}: {figures[-1][0]:.3f}")
    return LifeScores(len(table) // 2, *(float(v) for v in np.mean(figures, axis=0)))


def _figures(model: LifeModel, learned: Table, unseen: Table, seed: int) -> list[float]:
    track = model.track
    real, fresh = track.codes_of(unseen), track.codes_of(learned)
    facts, codes = model.given().draw(len(unseen), seed)
    out = []
    for names in ((), model.facts.names):
        columns: list[pd.DataFrame] = []
        for source, lives in ((unseen.frame, real), (facts, codes), (learned.frame, fresh)):
            _, frame = whole_features(track, lives)
            columns.append(pd.concat([source[list(names)].reset_index(drop=True), frame], axis=1))
        schema = Schema((*model.facts.select(names), *whole_features(track, real[:2])[0]))
        frames = [make_table(frame, schema).frame for frame in columns]
        for other in frames[1:]:
            aucs = [classifier_aucs(tuple(schema), frames[0], other, s)[1] for s in range(3)]
            out.append(float(np.mean(aucs)))
    counts = [LifeCounts.of(lives, len(track.states)) for lives in (real, codes, fresh)]
    for other in counts[1:]:
        out.append(tvd(counts[0].spells.ravel(), other.spells.ravel()))
    for other in counts[1:]:
        pairs = zip(counts[0].states, other.states, strict=True)
        out.append(float(np.mean([tvd(a, b) for a, b in pairs])))
    away = ~np.eye(len(track.states), dtype=bool)
    for other in counts[1:]:
        out.append(tvd(counts[0].moves[away], other.moves[away]))
    return out


def _part(table: Table, rows: np.ndarray) -> Table:
    frame: pd.DataFrame = table.frame.iloc[rows].reset_index(drop=True)
    return make_table(frame, table.schema)
