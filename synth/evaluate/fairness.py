"""Fairness: which columns depend on gender or ethnicity, among real and among synthetic people?

A synthetic table should tell what the real one tells: a dependence that is lost hides a difference
between groups, one that is new makes one up. Dependence is `association.cramers_v` and its test
(Pearson's chi², Bonferroni over all questions of the table); the gap is the largest difference
between two groups in the share of one place of the column (statistical parity), among groups of at
least 50 people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import chi2

from synth.data.meaning import Meaning, guess_by_name
from synth.data.schema import Column
from synth.errors import PopulaceError
from synth.evaluate.association import coarse_pair, cramers_v
from synth.evaluate.fidelity import bin_codes, comparable

if TYPE_CHECKING:
    from synth.data.contingency import ContingencyTables
    from synth.data.table import Table

SENSITIVE: tuple[Meaning, ...] = ("gender", "ethnicity")
"""Meanings of the columns that fairness asks about unless others are named."""
CHANCE = 0.01
GROUP = 50
GROUPS = 20  # a column with more levels makes no groups
Verdict = Literal["kept", "weaker", "stronger", "lost", "new", "none"]


@dataclass(frozen=True)
class Dependence:
    """How a column depends on a group, among real and synthetic people.

    reference: the association among the other half of the real people (or the holdout).
    verdict: kept, weaker or stronger (by over 0.05 and a quarter), lost, new, or none.
    """

    column: str
    group: str
    real: float
    reference: float
    synthetic: float
    gap_real: float
    gap_synthetic: float
    verdict: Verdict


@dataclass(frozen=True)
class Fairness:
    """Every column's dependence on every group."""

    groups: tuple[str, ...]
    dependences: tuple[Dependence, ...]

    def of(self, verdict: Verdict) -> tuple[Dependence, ...]:
        """The dependences that came out so."""
        return tuple(item for item in self.dependences if item.verdict == verdict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "groups": list(self.groups),
            "dependences": [asdict(item) for item in self.dependences],
        }


def sensitive_columns(columns: Iterable[Column | str]) -> tuple[str, ...]:
    """The names of the columns that tell gender or ethnicity; mere names are guessed from."""
    return tuple(
        column if isinstance(column, str) else column.name
        for column in columns
        if (guess_by_name(column, "categorical") if isinstance(column, str) else column.means)
        in SENSITIVE
    )


def fairness(
    real: Table,
    synthetic: pd.DataFrame,
    groups: Sequence[str] | None = None,
    *,
    holdout: pd.DataFrame | None = None,
    seed: int = 0,
) -> Fairness:
    """Compare how every column depends on each of `groups` (those called gender, sex, ethnicity or
    race, if none are given).

    Raises PopulaceError where a group is unknown or has more than 20 levels, and as
    `fidelity.evaluate` does.
    """
    columns = real.schema.modelled.columns
    names = [column.name for column in columns]
    chosen = sensitive_columns(columns) if groups is None else tuple(groups)
    _check_groups(chosen, {column.name: len(column.levels) for column in columns})
    truth, made, *rest = comparable(columns, real.frame, synthetic, holdout)
    if rest:
        fresh = rest[0]
    else:
        order = np.random.default_rng(seed).permutation(len(truth))
        fresh = truth.iloc[order[: len(truth) // 2]]
    codes = bin_codes(columns, truth, (truth, made, fresh), 10)

    def crossed(group: str, name: str) -> list[np.ndarray]:
        return [_cross(codes[group], codes[name], place) for place in range(3)]

    return _fairness(chosen, names, crossed)


def fairness_of_counts(
    real: ContingencyTables,
    synthetic: ContingencyTables,
    groups: Sequence[str] | None = None,
    *,
    seed: int = 0,
) -> Fairness:
    """`fairness` from counts of pairs alone; synthetic: `real.recount(frame)`. The reference is of
    people drawn from the real counts, as many as there are synthetic ones.

    Raises PopulaceError where a group is unknown or has more than 20 levels.
    """
    names = real.columns
    chosen = sensitive_columns(names) if groups is None else tuple(groups)
    levels = {name: len(real.labels(name)) if real.edges(name) is None else 0 for name in names}
    _check_groups(chosen, levels)
    random = np.random.default_rng(seed)

    def crossed(group: str, name: str) -> list[np.ndarray]:
        counts = coarse_pair(real, group, name)
        drawn = random.multinomial(synthetic.rows, counts.ravel() / counts.sum())
        made = coarse_pair(synthetic, group, name, real)
        return [counts, made, drawn.reshape(counts.shape)]

    return _fairness(chosen, names, crossed)


def _check_groups(chosen: Sequence[str], levels: Mapping[str, int]) -> None:
    for group in chosen:
        if group not in levels:
            raise PopulaceError(
                f"No column is called “{group}”: choose the groups among {', '.join(levels)}."
            )
        if not 1 < levels[group] <= GROUPS:
            raise PopulaceError(
                f"Column “{group}” makes no groups: choose one with 2 to {GROUPS} levels."
            )


def _fairness(
    chosen: Sequence[str],
    names: Sequence[str],
    crossed: Callable[[str, str], list[np.ndarray]],
) -> Fairness:
    """crossed: the counts of a group and a column of real, synthetic and fresh people."""
    questions = max(1, len(chosen) * (len(names) - 1))
    out = []
    for group in chosen:
        for name in names:
            if name == group:
                continue
            counts = crossed(group, name)
            real_v, made_v, fresh_v = (cramers_v(table) for table in counts)
            depends = [_chance(table) < CHANCE / questions for table in counts[:2]]
            out.append(
                Dependence(
                    name,
                    group,
                    real_v,
                    fresh_v,
                    made_v,
                    _gap(counts[0]),
                    _gap(counts[1]),
                    _verdict(depends[0], depends[1], real_v, made_v),
                )
            )
    return Fairness(tuple(chosen), tuple(out))


def _verdict(depends: bool, depends_made: bool, real: float, made: float) -> Verdict:
    if not depends and not depends_made:
        return "none"
    if not depends:
        return "new" if made > 0.05 else "none"
    if not depends_made:
        return "lost" if real > 0.05 else "kept"
    if abs(made - real) <= max(0.05, real / 4):
        return "kept"
    return "stronger" if made > real else "weaker"


def _cross(
    group: tuple[list[np.ndarray], int], column: tuple[list[np.ndarray], int], place: int
) -> np.ndarray:
    (rows, height), (places, width) = group, column
    both = rows[place] * width + places[place]
    return np.bincount(both, minlength=height * width).reshape(height, width)


def _chance(counts: np.ndarray) -> float:
    """The chance of such a table without any dependence, by Pearson's chi²."""
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0].astype(float)
    if min(counts.shape) < 2:
        return 1.0
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    statistic = ((counts - expected) ** 2 / expected).sum()
    return float(chi2.sf(statistic, (counts.shape[0] - 1) * (counts.shape[1] - 1)))


def _gap(counts: np.ndarray) -> float:
    groups = counts[counts.sum(axis=1) >= GROUP]
    if len(groups) < 2:
        return 0.0
    shares = groups / groups.sum(axis=1, keepdims=True)
    return float((shares.max(axis=0) - shares.min(axis=0)).max())
