"""Diversity: are the synthetic people as varied as the real ones, and plausible where new?

coverage: the share of real people whose combination of categories some synthetic row has too.
distinct: the number of distinct combinations of categories per 100 rows.
new: the share of synthetic rows with a combination that no real row has.
plausible: of those new rows, the share in which every pair of categories is one of real people.
Each beside what as many fresh real people get (of the holdout, or of a half of the real rows beside
the other half).
"""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synth.evaluate.fidelity import bin_codes, comparable, row_keys

if TYPE_CHECKING:
    from synth.data.table import Table


@dataclass(frozen=True)
class Diversity:
    """How varied the synthetic people are; see the module for each figure."""

    coverage: float
    coverage_reference: float
    distinct: float
    distinct_reference: float
    new: float
    new_reference: float
    plausible: float
    plausible_reference: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def diversity(
    real: Table, synthetic: pd.DataFrame, *, holdout: pd.DataFrame | None = None, seed: int = 0
) -> Diversity:
    """Compare the combinations of categories (of numbers in 10 bins, where there are none).

    Raises PopulaceError as `fidelity.evaluate` does.
    """
    columns = real.schema.modelled.columns
    truth, made, *rest = comparable(columns, real.frame, synthetic, holdout)
    random = np.random.default_rng(seed)
    order, half = random.permutation(len(truth)), len(truth) // 2
    if rest:
        against, fresh = truth, rest[0]
    else:
        against, fresh = truth.iloc[order[:half]], truth.iloc[order[half:]]
    rows = min(len(made), len(fresh))
    made, fresh = (frame.iloc[random.permutation(len(frame))[:rows]] for frame in (made, fresh))
    chosen = [column for column in columns if column.kind in ("categorical", "boolean")]
    coded = bin_codes(chosen or columns, truth, (against, made, fresh), 10)
    keys = row_keys([np.concatenate(parts) for parts, _ in coded.values()])
    sizes = np.cumsum([len(against), len(made)])
    real_keys, *others = np.split(keys, sizes)
    figures = []
    for kind, own in enumerate(others, start=1):
        is_new = ~np.isin(own, real_keys)
        figures.append(
            (
                float(np.isin(real_keys, own).mean()),
                100 * len(np.unique(own)) / len(own),
                float(is_new.mean()),
                _plausible(coded, kind, is_new),
            )
        )
    pairs = [value for both in zip(*figures, strict=True) for value in both]
    return Diversity(*pairs)


def _plausible(
    coded: dict[str, tuple[list[np.ndarray], int]], kind: int, rows: np.ndarray
) -> float:
    """The share of some rows of which every pair of places is found among real people."""
    if not rows.any():
        return 1.0
    found = np.ones(int(rows.sum()), dtype=bool)
    for (a, _), (b, width) in itertools.combinations(coded.values(), 2):
        real = a[0] * width + b[0]
        found &= np.isin(a[kind][rows] * width + b[kind][rows], real)
    return float(found.mean())
