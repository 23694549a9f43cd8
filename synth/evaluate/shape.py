"""Shape: what single distances smooth over. Tails, rare levels, heaped values, patterns of missing
values, and how three columns hang together; each beside what fresh real people would get.

tails: of numbers, the share of synthetic people below the real 1% and above the real 99% point.
rare: of levels that under 1% of real people have (at least five of them), how many are kept.
heaps: values that over 2% of real people share, and three times as many as share the column's
    values on average (40 hours, no capital), and their synthetic share.
missingness: total variation distance between the shares of the patterns of missing columns.
tvd3: total variation distance of up to 60 triples of columns (numbers in 5 bins), averaged;
    tvd3_scrambled is that of real people whose columns were shuffled each by itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synth.evaluate.comparison import Comparison, Places, Sample, row_keys
from synth.evaluate.distances import shuffled_apart, tvd
from synth.evaluate.html import details, paragraph, table
from synth.evaluate.question import FRESH, Titles, percent

if TYPE_CHECKING:
    from synth.data.column import Column

TRIPLES = 60
RARE = 0.01
RARE_PEOPLE = 5
HEAP = 0.02


@dataclass(frozen=True)
class Tail:
    """The shares beyond the 1% and the 99% point of the real people, 0 to 1 each.

    Attributes
    ----------
    column : str
        A number's name.
    low, low_reference : float
        Of synthetic, and of fresh real, people below the 1% point.
    high, high_reference : float
        Of synthetic, and of fresh real, people above the 99% point.
    """

    column: str
    low: float
    low_reference: float
    high: float
    high_reference: float


@dataclass(frozen=True)
class Heap:
    """A value that many share.

    Attributes
    ----------
    column : str
        A number's name.
    value : float
        The value.
    real, synthetic, reference : float
        Its share among real, synthetic and fresh real people, 0 to 1.
    """

    column: str
    value: float
    real: float
    synthetic: float
    reference: float


@dataclass(frozen=True)
class Shape:
    """The finer shape of the synthetic people; see the module for each figure.

    Attributes
    ----------
    tails : tuple of Tail
        Of numbers that 100 people or more state on every side.
    rare_levels : int
        Levels that under 1% of real people have, and at least five of them.
    rare_kept, rare_kept_reference : int
        How many of those synthetic, and fresh real, people have.
    rare_lost : tuple of (str, str)
        Column and level of those that no synthetic person has.
    heaps : tuple of Heap
        Up to five of each number.
    missingness, missingness_reference : float
        Total variation distance of the patterns of missing values, 0 to 1.
    tvd3, tvd3_reference : float
        Mean total variation distance of triples of columns, 0 to 1.
    tvd3_scrambled : float
        `tvd3` of real people whose columns were shuffled each by itself.
    """

    tails: tuple[Tail, ...]
    rare_levels: int
    rare_kept: int
    rare_kept_reference: int
    rare_lost: tuple[tuple[str, str], ...]  # column and level
    heaps: tuple[Heap, ...]
    missingness: float
    missingness_reference: float
    tvd3: float
    tvd3_reference: float
    tvd3_scrambled: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        return asdict(self)


def shape(comparison: Comparison) -> Shape:
    """Compare the finer shape of synthetic people with the real ones'.

    Parameters
    ----------
    comparison : Comparison
        Real and synthetic people.

    Returns
    -------
    Shape
    """
    columns, truth, random = comparison.columns, comparison.real, comparison.random()
    if comparison.holdout is not None:
        against, fresh = comparison.all("holdout"), comparison.all("real")
    else:
        against, fresh = comparison.all("real").halves(random)
    synthetic = comparison.all("synthetic")
    rows = min(len(synthetic), len(fresh))
    samples = (against, synthetic.draw(rows, random), fresh.draw(rows, random))
    trio = tuple(comparison.frame(sample) for sample in samples)
    lost, rare, kept_fresh = _rare_levels(columns, truth, trio)
    missing, missing_fresh = _missingness(trio)
    triples = _triples(comparison.places(5), samples, comparison.random(), random)
    return Shape(
        tuple(_tails(columns, trio)),
        rare,
        rare - len(lost),
        kept_fresh,
        lost,
        tuple(_heaps(columns, truth, trio)),
        missing,
        missing_fresh,
        *triples,
    )


def _tails(columns: Sequence[Column], trio: Sequence[pd.DataFrame]) -> list[Tail]:
    out = []
    for column in columns:
        parts = [frame[column.name] for frame in trio]
        if isinstance(parts[0].dtype, pd.CategoricalDtype):
            continue
        real, synthetic, fresh = (part.dropna().to_numpy(dtype=float) for part in parts)
        if min(len(real), len(synthetic), len(fresh)) < 100:
            continue
        low, high = np.quantile(real, [0.01, 0.99])
        shares = [
            float(share)
            for x in (synthetic, fresh)
            for share in ((x < low).mean(), (x > high).mean())
        ]
        out.append(Tail(column.name, shares[0], shares[2], shares[1], shares[3]))
    return out


def _rare_levels(
    columns: Sequence[Column], truth: pd.DataFrame, trio: Sequence[pd.DataFrame]
) -> tuple[tuple[tuple[str, str], ...], int, int]:
    lost, rare, kept_fresh = [], 0, 0
    for column in columns:
        if not isinstance(truth[column.name].dtype, pd.CategoricalDtype):
            continue
        counts = truth[column.name].value_counts()
        some = counts[(counts >= RARE_PEOPLE) & (counts < RARE * len(truth))].index
        synthetic, fresh = (set(frame[column.name].dropna().unique()) for frame in trio[1:])
        rare += len(some)
        kept_fresh += sum(level in fresh for level in some)
        lost += [(column.name, str(level)) for level in some if level not in synthetic]
    return tuple(lost), rare, kept_fresh


def _heaps(
    columns: Sequence[Column], truth: pd.DataFrame, trio: Sequence[pd.DataFrame]
) -> list[Heap]:
    out = []
    for column in columns:
        if isinstance(truth[column.name].dtype, pd.CategoricalDtype):
            continue
        values, times = np.unique(truth[column.name].dropna(), return_counts=True)
        if len(values) <= 30:  # every value is one of few: the single distances tell
            continue
        groups = [frame[column.name].to_numpy(dtype=float) for frame in trio]
        near = (column.step or 0.0) / 2 + 1e-6
        for place in np.argsort(-times, kind="stable")[:5]:
            if times[place] / len(truth) >= max(HEAP, 3 / len(values)):
                value = float(values[place])
                shares = [float((np.abs(numbers - value) < near).mean()) for numbers in groups]
                out.append(Heap(column.name, value, *shares))
    return out


def _missingness(trio: Sequence[pd.DataFrame]) -> tuple[float, float]:
    names = [name for name in trio[0] if any(frame[name].isna().any() for frame in trio)]
    if not names:
        return 0.0, 0.0
    absent = [np.concatenate([frame[name].isna() for frame in trio]) for name in names]
    keys = np.unique(row_keys([part.astype(np.int64) for part in absent]), return_inverse=True)[1]
    parts = np.split(keys, np.cumsum([len(frame) for frame in trio])[:-1])
    real, synthetic, fresh = (np.bincount(part, minlength=keys.max() + 1) for part in parts)
    return tvd(real, synthetic), tvd(real, fresh)


def _triples(
    places: Places,
    samples: tuple[Sample, Sample, Sample],
    shuffling: np.random.Generator,
    random: np.random.Generator,
) -> tuple[float, float, float]:
    """The mean distance of synthetic, fresh and scrambled people to the real ones."""
    triples = list(itertools.combinations(places.sizes, 3))
    if not triples:
        return 0.0, 0.0, 0.0
    codes = [places.of(sample) for sample in samples]
    codes.append(shuffled_apart(codes[2], shuffling))
    scores = []
    for place in random.permutation(len(triples))[:TRIPLES]:
        keys = np.concatenate([_joined(part, places.sizes, triples[place]) for part in codes])
        keys = np.unique(keys, return_inverse=True)[1]
        ends = np.cumsum([len(part[triples[place][0]]) for part in codes])[:-1]
        real, *others = (
            np.bincount(part, minlength=keys.max() + 1) for part in np.split(keys, ends)
        )
        scores.append([tvd(real, other) for other in others])
    synthetic, fresh, scrambled = (float(mean) for mean in np.mean(scores, axis=0))
    return synthetic, fresh, scrambled


def _joined(
    codes: Mapping[str, np.ndarray], sizes: Mapping[str, int], names: Sequence[str]
) -> np.ndarray:
    """One int64 for each combination of places of some columns, (n,)."""
    key = np.zeros(len(codes[names[0]]), dtype=np.int64)
    for name in names:
        key = key * sizes[name] + codes[name]
    return key


def tails_details(shape: Shape, titles: Titles) -> str:
    """Tails of numbers and values that many share, behind a click.

    Parameters
    ----------
    shape : Shape
        The figures.
    titles : Titles
        Words for columns.

    Returns
    -------
    str
        HTML; empty where there are none.
    """
    rows = []
    for tail in shape.tails:
        name = titles(tail.column)
        rows += [
            (
                f"{name}: below the real 1% point",
                percent(tail.low),
                percent(tail.low_reference),
                "",
            ),
            (
                f"{name}: above the real 99%",
                percent(tail.high),
                percent(tail.high_reference),
                "",
            ),
        ]
    rows += [
        (
            f"{titles(heap.column)} = {heap.value:,g}",
            percent(heap.synthetic),
            percent(heap.reference),
            percent(heap.real),
        )
        for heap in shape.heaps
    ]
    if not rows:
        return ""
    return details(
        "Tails of numbers, and values that many share",
        table(("share of people", "synthetic", FRESH, "real"), rows),
    )


def lost_levels(levels: Sequence[tuple[str, str]], titles: Titles) -> str:
    """The rare levels that no synthetic person has; 20 are named.

    Parameters
    ----------
    levels : sequence of (str, str)
        Column and level.
    titles : Titles
        Words for columns and levels.

    Returns
    -------
    str
        HTML; empty where there are none.
    """
    if not levels:
        return ""
    words = [f"{titles(column)}: {titles.level(column, level)}" for column, level in levels]
    more = f" and {len(words) - 20} more" if len(words) > 20 else ""
    return paragraph(f"Rare levels lost: {', '.join(words[:20])}{more}.", quiet=True)
