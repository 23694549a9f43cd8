"""Fidelity: are the synthetic people like the real ones?

Every figure stands beside its reference: what fresh real people of the same number would get.
With a holdout (real people whom the generator never saw) those are the rows of `real` itself, and
all is judged against the holdout; without one, the real rows are split in two at random.

lr_auc, hgb_auc: can a logistic regression (one-hot and standardised), or gradient boosting, tell
    real from synthetic? The area under the ROC curve on a held-out half, up to 30,000 rows a side;
    0.5 is perfect. The first is almost blind to how columns hang together, the second is not.
    (D. Lopez-Paz, M. Oquab, "Revisiting classifier two-sample tests", ICLR 2017.)
tvd1, tvd2: total variation distance between the shares of each place of a column (numbers in 20
    quantile bins of the real table), of each pair of columns (10 bins; of a wide table 1,000 pairs,
    drawn by the seed), averaged.
association: the mean absolute difference of `association.cramers_v` over the same pairs.
tvd2_scrambled, association_scrambled: what real people get whose columns were shuffled each by
    itself, so that nothing of how columns hang together is left.
repeat_share: the share of rows whose combination of categories some row of `real` has too. Fresh
    people repeat real ones often; a generator that does so more often has learned them by heart.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import gammaln, xlog1py, xlogy

from synth.data.contingency import Binning, ContingencyTables
from synth.errors import PopulaceError
from synth.evaluate.association import coarse_pair, cramers_v
from synth.jobs.limits import one_thread

if TYPE_CHECKING:
    from synth.data.schema import Column
    from synth.data.table import Table

CLASSIFIER_ROWS = 30_000  # a side, as in the benchmark of the peers, so that figures compare
CLASSIFIER_LEVELS = 250  # rarer levels of a column are one to the classifiers
PAIRS = 1000  # of a wide table so many pairs are drawn
FEWEST_ROWS = 20
_FEW = 20  # with fewer rows none are held back to stop the trees by
MANY = 1_000_000  # times the counts, their chance is gone
FIGURES: Mapping[str, str] = {
    "lr_auc": "Told apart by a logistic regression (AUC)",
    "hgb_auc": "Told apart by gradient boosting (AUC)",
    "tvd1": "Distance of single columns (TVD)",
    "tvd2": "Distance of pairs of columns (TVD)",
    "association": "Difference of associations",
    "repeat_share": "Rows that repeat real categories",
}
"""The main figures in words."""


@dataclass(frozen=True)
class PairScore:
    """One pair of columns: distance of the joint shares, and both associations."""

    a: str
    b: str
    tvd: float
    tvd_reference: float
    association_real: float
    association_synthetic: float


@dataclass(frozen=True)
class Fidelity:
    """How like the real people the synthetic ones are; see the module for each figure."""

    rows_real: int
    rows_synthetic: int
    lr_auc: float
    lr_auc_reference: float
    hgb_auc: float
    hgb_auc_reference: float
    tvd1: float
    tvd1_reference: float
    tvd2: float
    tvd2_reference: float
    tvd2_scrambled: float
    association: float
    association_reference: float
    association_scrambled: float
    repeat_share: float
    repeat_share_reference: float
    columns: Mapping[str, tuple[float, float]]  # TVD of each column, and its reference
    pairs: tuple[PairScore, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return _plain_scores(self)


def evaluate(
    real: Table,
    synthetic: pd.DataFrame,
    *,
    holdout: pd.DataFrame | None = None,
    seed: int = 0,
    progress: Callable[[str], None] = lambda words: None,
) -> Fidelity:
    """Compare synthetic people with the real table that they were learned from.

    Columns that the schema does not model are left out; columns of `synthetic` that the real table
    lacks are ignored. `progress` is told what comes next.

    Raises PopulaceError where a column is missing in `synthetic`, a number is not a number there,
    or either table has fewer than 20 rows.
    """
    columns = real.schema.modelled.columns
    frames = comparable(columns, real.frame, synthetic, holdout)
    truth, made = frames[0], frames[1]
    generator = np.random.default_rng(seed)
    if len(frames) == 3:
        against, fresh = frames[2], truth
        judged = against
    else:
        shuffled = generator.permutation(len(truth))
        half = len(truth) // 2
        against, fresh = truth.iloc[shuffled[:half]], truth.iloc[shuffled[half:]]
        judged = truth
    progress("Telling synthetic people from real ones")
    lr, hgb = classifier_aucs(columns, judged, made, seed)
    progress("Telling fresh real people from real ones")
    lr_fresh, hgb_fresh = classifier_aucs(columns, against, fresh, seed)
    progress("Columns and pairs of columns")
    rows = min(len(made), len(fresh))
    trio = (against, _draw(made, rows, generator), _draw(fresh, rows, generator))
    singles = _single_scores(columns, truth, trio)
    scrambled = shuffled_apart(trio[2], np.random.default_rng(seed))
    found = _pair_scores(columns, truth, (*trio, scrambled), generator)
    pairs = [score for score, _ in found]
    apart = [abs(pair.association_real - pair.association_synthetic) for pair in pairs]
    apart_fresh = [abs(pair.association_real - others.fresh) for pair, others in found]
    apart_scrambled = [abs(pair.association_real - others.scrambled) for pair, others in found]
    repeat, repeat_fresh = repeat_shares(
        columns, truth, made, frames[2] if len(frames) == 3 else None
    )
    return Fidelity(
        rows_real=len(truth),
        rows_synthetic=len(made),
        lr_auc=lr,
        lr_auc_reference=lr_fresh,
        hgb_auc=hgb,
        hgb_auc_reference=hgb_fresh,
        tvd1=_mean([score for score, _ in singles.values()]),
        tvd1_reference=_mean([score for _, score in singles.values()]),
        tvd2=_mean([pair.tvd for pair in pairs]),
        tvd2_reference=_mean([pair.tvd_reference for pair in pairs]),
        tvd2_scrambled=_mean([others.tvd_scrambled for _, others in found]),
        association=_mean(apart),
        association_reference=_mean(apart_fresh),
        association_scrambled=_mean(apart_scrambled),
        repeat_share=repeat,
        repeat_share_reference=repeat_fresh,
        columns=MappingProxyType(singles),
        pairs=tuple(pairs),
    )


@dataclass(frozen=True)
class Aggregates:
    """What the counts of the real people alone can tell; figures as in `Fidelity`."""

    rows_real: int
    rows_synthetic: int
    tvd1: float
    tvd1_reference: float
    tvd2: float
    tvd2_reference: float
    tvd2_scrambled: float
    association: float
    association_reference: float
    association_scrambled: float
    columns: Mapping[str, tuple[float, float]]
    pairs: tuple[PairScore, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return _plain_scores(self)


def aggregates(
    reference: ContingencyTables, synthetic: pd.DataFrame, *, seed: int = 0
) -> Aggregates:
    """Compare synthetic people with counts: columns over the counts' own places, pairs with numbers
    in ten bins, as `evaluate` has them.

    References are `expected_tvd`; for associations, people drawn from the real counts, beside
    those counts taken for the truth, of a number whose chance is as large as that of both samples.

    Raises PopulaceError where the synthetic table lacks a column or holds a level without a place.
    """
    made = reference.recount(synthetic)
    random = np.random.default_rng(seed)
    people = max(1, round(1 / (1 / made.rows + 1 / reference.rows)))
    columns = {
        name: (
            tvd(reference.marginal(name), made.marginal(name)),
            expected_tvd(reference.marginal(name), made.rows),
        )
        for name in reference.columns
    }
    pairs, apart_fresh, tvd_scrambled, apart_scrambled = [], [], [], []
    for a, b in itertools.combinations(reference.columns, 2):
        real, other = coarse_pair(reference, a, b), coarse_pair(made, a, b, reference)
        fresh = random.multinomial(people, real.ravel() / reference.rows).reshape(real.shape)
        mixed = _independent(real, made.rows, random)
        v, made_v = cramers_v(real), cramers_v(other)
        apart_fresh.append(abs(cramers_v(fresh) - cramers_v(real * MANY)))
        apart_scrambled.append(abs(cramers_v(mixed) - v))
        tvd_scrambled.append(tvd(real, mixed))
        pairs.append(PairScore(a, b, tvd(real, other), expected_tvd(real, made.rows), v, made_v))
    return Aggregates(
        reference.rows,
        made.rows,
        _mean([score for score, _ in columns.values()]),
        _mean([score for _, score in columns.values()]),
        _mean([pair.tvd for pair in pairs]),
        _mean([pair.tvd_reference for pair in pairs]),
        _mean(tvd_scrambled),
        _mean([abs(pair.association_real - pair.association_synthetic) for pair in pairs]),
        _mean(apart_fresh),
        _mean(apart_scrambled),
        MappingProxyType(columns),
        tuple(pairs),
    )


def _independent(counts: np.ndarray, rows: int, random: np.random.Generator) -> np.ndarray:
    """People drawn from the margins of a pair alone, float (places, places)."""
    shares = np.outer(counts.sum(axis=1), counts.sum(axis=0)).ravel() / float(counts.sum()) ** 2
    return random.multinomial(rows, shares / shares.sum()).reshape(counts.shape)


def shuffled_apart(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """The same values with every column shuffled by itself: nothing hangs together any more."""
    return pd.DataFrame(
        {
            name: frame[name].iloc[random.permutation(len(frame))].reset_index(drop=True)
            for name in frame
        }
    )


def tvd(counts_a: np.ndarray, counts_b: np.ndarray) -> float:
    """Total variation distance between the shares of two arrays of counts of one shape: 0 to 1.

    Raises PopulaceError where either counts nobody.
    """
    a, b = np.asarray(counts_a, dtype=float), np.asarray(counts_b, dtype=float)
    if a.sum() <= 0 or b.sum() <= 0:
        raise PopulaceError("A distance needs people on both sides: ask for at least one row.")
    return float(np.abs(a / a.sum() - b / b.sum()).sum() / 2)


def expected_tvd(counts: np.ndarray, rows: int) -> float:
    """The mean `tvd` that `rows` fresh people would show against the real counts.

    Sums the mean absolute deviation of a binomial (De Moivre's closed form; P. Diaconis, S. Zabell,
    "Closed form summation for classical distributions", Statistical Science 6, 1991) over the
    places, of a number of people whose chance is as large as that of both samples together:
    1/n = 1/rows + 1/counts.sum().

    Raises PopulaceError where nobody is counted or `rows` < 1.
    """
    counts = np.asarray(counts, dtype=float).ravel()
    total = counts.sum()
    if total <= 0 or rows < 1:
        raise PopulaceError("A distance needs people on both sides: ask for at least one row.")
    share = counts[(counts > 0) & (counts < total)] / total
    people = 1 / (1 / rows + 1 / total)
    above = np.minimum(np.floor(people * share) + 1, people)
    log = (
        np.log(above)
        + gammaln(people + 1)
        - gammaln(above + 1)
        - gammaln(people - above + 1)
        + xlogy(above, share)
        + xlog1py(people - above + 1, -share)
    )
    return float(min(1.0, np.exp(log).sum() / people))


def comparable(
    columns: Sequence[Column],
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    holdout: pd.DataFrame | None = None,
) -> list[pd.DataFrame]:
    """The frames with the same columns in the same order and of the same kinds.

    Categories become pd.Categorical over the levels of all frames together, numbers float64.

    Raises PopulaceError as `evaluate` does.
    """
    frames = [("real", real), ("synthetic", synthetic)]
    if holdout is not None:
        frames.append(("holdout", holdout))
    if not columns:
        raise PopulaceError("No column is modelled: give at least one column the role “model”.")
    for word, frame in frames:
        if len(frame) < FEWEST_ROWS:
            raise PopulaceError(
                f"The {word} table has {len(frame)} rows: a comparison needs at least "
                f"{FEWEST_ROWS}."
            )
        lacking = [column.name for column in columns if column.name not in frame]
        if lacking:
            raise PopulaceError(
                f"The {word} table lacks the column “{lacking[0]}”: give it every column of the "
                "real one."
            )
    out: list[dict[str, pd.Series]] = [{} for _ in frames]
    for column in columns:
        parts = [frame[column.name].reset_index(drop=True) for _, frame in frames]
        if column.kind in ("categorical", "boolean"):
            parts = _as_levels(column, parts)
        else:
            words = [word for word, _ in frames]
            parts = [
                _as_numbers(column, part, word) for part, word in zip(parts, words, strict=True)
            ]
        for series, target in zip(parts, out, strict=True):
            target[column.name] = series
    return [pd.DataFrame(target) for target in out]


@one_thread()
def classifier_aucs(
    columns: Sequence[Column], real: pd.DataFrame, synthetic: pd.DataFrame, seed: int
) -> tuple[float, float]:
    """The AUC on held-out rows of logistic regression and of gradient boosting, told to tell
    `synthetic` from `real` (frames from `comparable`)."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    generator = np.random.default_rng(seed)
    rows = min(len(real), len(synthetic), CLASSIFIER_ROWS)
    both = pd.concat(
        [_draw(real, rows, generator), _draw(synthetic, rows, generator)], ignore_index=True
    )
    made = np.r_[np.zeros(rows), np.ones(rows)]
    order = generator.permutation(2 * rows)
    learn, test = order[:rows], order[rows:]
    if len(np.unique(made[learn])) < 2 or len(np.unique(made[test])) < 2:
        return 0.5, 0.5
    flat, boosted, categorical = features(columns, both)
    linear = LogisticRegression(max_iter=1000).fit(flat[learn], made[learn])
    lr = roc_auc_score(made[test], linear.predict_proba(flat[test])[:, 1])
    trees = HistGradientBoostingClassifier(
        max_iter=200,
        categorical_features=categorical,
        random_state=0,
        early_stopping=rows >= _FEW,
    )
    trees.fit(boosted[learn], made[learn])
    hgb = roc_auc_score(made[test], trees.predict_proba(boosted[test])[:, 1])
    return float(lr), float(hgb)


def features(
    columns: Sequence[Column], frame: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray, list[bool]]:
    """A comparable frame for classifiers.

    Returns flat float32 (n, f): one-hot levels, standardised numbers with an indicator where they
    are missing; boosted float32 (n, columns): level codes and numbers with NaN; and which of the
    boosted columns are categories.
    """
    flat, boosted, categorical = [], [], []
    for column in columns:
        values = frame[column.name]
        if isinstance(values.dtype, pd.CategoricalDtype):
            codes = _few_levels(values.cat.codes.to_numpy())
            places = np.unique(codes)
            flat.append((codes[:, None] == places[None, :]).astype(np.float32))
            boosted.append(codes.astype(np.float32))
            categorical.append(True)
            continue
        numbers = values.to_numpy(dtype=float)
        absent = np.isnan(numbers)
        if absent.any():
            flat.append(absent[:, None].astype(np.float32))
        known = np.where(absent, np.nanmedian(numbers) if not absent.all() else 0.0, numbers)
        spread = known.std()
        flat.append(((known - known.mean()) / (spread or 1.0))[:, None].astype(np.float32))
        boosted.append(numbers.astype(np.float32))
        categorical.append(False)
    return np.hstack(flat), np.column_stack(boosted), categorical


def repeat_shares(
    columns: Sequence[Column],
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    holdout: pd.DataFrame | None = None,
) -> tuple[float, float]:
    """The share of synthetic rows whose combination of categories a real row has, and of fresh real
    rows: those of the holdout, or each real row beside all the others.

    Where no column is categorical, 20 quantile bins of every number serve.
    """
    frames = [real, synthetic] + ([] if holdout is None else [holdout])
    chosen = [column for column in columns if column.kind in ("categorical", "boolean")]
    codes = bin_codes(chosen or columns, real, frames, 20)
    key = row_keys([np.concatenate(parts) for parts, _ in codes.values()])
    keys = np.split(key, np.cumsum([len(frame) for frame in frames])[:-1])
    _, at, times = np.unique(keys[0], return_inverse=True, return_counts=True)
    fresh = np.isin(keys[2], keys[0]) if holdout is not None else times[at] > 1
    return float(np.isin(keys[1], keys[0]).mean()), float(fresh.mean())


def row_keys(columns: Sequence[np.ndarray]) -> np.ndarray:
    """One int64 for each distinct combination of codes, (n,); equal rows get equal keys."""
    key = np.zeros(len(columns[0]), dtype=np.int64)
    size = 1
    for codes in columns:
        low, high = int(codes.min()), int(codes.max())
        width = high - low + 1
        if size * width > 2**62:
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
            size = int(key.max()) + 1
        key = key * width + (codes - low)
        size *= width
    return key


def _single_scores(
    columns: Sequence[Column], truth: pd.DataFrame, trio: tuple[pd.DataFrame, ...]
) -> dict[str, tuple[float, float]]:
    out = {}
    for name, (codes, places) in bin_codes(columns, truth, trio, 20).items():
        real, made, fresh = (np.bincount(part, minlength=places) for part in codes)
        out[name] = tvd(real, made), tvd(real, fresh)
    return out


@dataclass(frozen=True)
class _Others:
    """A pair's association among fresh and among scrambled people, and the latters' distance."""

    fresh: float
    scrambled: float
    tvd_scrambled: float


def _pair_scores(
    columns: Sequence[Column],
    truth: pd.DataFrame,
    frames: tuple[pd.DataFrame, ...],
    generator: np.random.Generator,
) -> list[tuple[PairScore, _Others]]:
    """The score of each pair of real people beside synthetic, fresh and scrambled ones."""
    codes = bin_codes(columns, truth, frames, 10)
    chosen = list(itertools.combinations(codes, 2))
    if len(chosen) > PAIRS:
        some = np.sort(generator.permutation(len(chosen))[:PAIRS])
        chosen = [chosen[place] for place in some]
    out = []
    for a, b in chosen:
        (first, rows), (second, width) = codes[a], codes[b]
        real, made, fresh, mixed = (
            np.bincount(one * width + two, minlength=rows * width).reshape(rows, width)
            for one, two in zip(first, second, strict=True)
        )
        score = PairScore(a, b, tvd(real, made), tvd(real, fresh), cramers_v(real), cramers_v(made))
        out.append((score, _Others(cramers_v(fresh), cramers_v(mixed), tvd(real, mixed))))
    return out


def bin_codes(
    columns: Sequence[Column], truth: pd.DataFrame, frames: Sequence[pd.DataFrame], bins: int
) -> dict[str, tuple[list[np.ndarray], int]]:
    """The place of every row of every frame, int64, and the number of places, by column; numbers in
    quantile bins of `truth`, where a number that fills a bin has it alone (the many zeros of a
    gain), missing values in a place of their own."""
    out = {}
    for column in columns:
        parts = [frame[column.name] for frame in frames]
        if isinstance(parts[0].dtype, pd.CategoricalDtype):
            places = len(parts[0].cat.categories) + 1
            codes = [part.cat.codes.to_numpy().astype(np.int64) for part in parts]
            codes = [np.where(part < 0, places - 1, part) for part in codes]
        else:
            known = truth[column.name].to_numpy(dtype=float)
            known = known[~np.isnan(known)]
            edges = _edges(known, bins)
            places = len(edges) + 2
            numbers = [part.to_numpy(dtype=float) for part in parts]
            codes = [
                np.where(np.isnan(x), places - 1, np.searchsorted(edges, x, side="right"))
                for x in numbers
            ]
        out[column.name] = codes, places
    return out


def _edges(known: np.ndarray, bins: int) -> np.ndarray:
    """Where each place but the first begins, ascending."""
    if not len(known):
        return np.array([])
    values, counts = np.unique(known, return_counts=True)
    alone = values[counts * bins >= len(known)]
    parts = np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1])
    return np.unique(np.concatenate([parts, alone, np.nextafter(alone, np.inf)]))


def _as_levels(column: Column, parts: list[pd.Series]) -> list[pd.Series]:
    coding = Binning(tuple(column.levels))
    codes = [coding.codes(part) for part in parts]
    strange: dict[str, int] = {}
    for part, found in zip(parts, codes, strict=True):
        for place in np.flatnonzero(found == -1):
            word = str(part.iloc[place])
            found[place] = strange.setdefault(word, len(column.levels) + len(strange))
    levels = pd.CategoricalDtype([*column.levels, *strange])
    return [
        pd.Series(pd.Categorical.from_codes(np.where(found < 0, -1, found), dtype=levels))
        for found in codes
    ]


def _as_numbers(column: Column, part: pd.Series, word: str) -> pd.Series:
    if not pd.api.types.is_numeric_dtype(part.dtype):
        numbers = pd.to_numeric(part.astype(object), errors="coerce")
        wrong = numbers.isna() & part.notna()
        if wrong.any():
            raise PopulaceError(
                f"Column “{column.name}” of the {word} table holds “{part[wrong].iloc[0]}” among "
                "its numbers: write a number or leave it empty."
            )
        part = numbers
    values = part.to_numpy(dtype=float, na_value=np.nan)
    if column.kind == "real":  # 0.1 is one number whether a library keeps it in 4 bytes or in 8
        values = values.astype(np.float32).astype(float)
    return pd.Series(np.where(np.isinf(values), np.nan, values))


def _few_levels(codes: np.ndarray) -> np.ndarray:
    """Codes 0, 1, … of which there are at most 250; the rarest share the last."""
    places, at, times = np.unique(codes, return_inverse=True, return_counts=True)
    if len(places) <= CLASSIFIER_LEVELS:
        return at
    rank = np.empty(len(places), dtype=np.int64)
    rank[np.argsort(-times, kind="stable")] = np.arange(len(places))
    return np.minimum(rank, CLASSIFIER_LEVELS - 1)[at]


def _plain_scores(scores: Fidelity | Aggregates) -> dict[str, Any]:
    out: dict[str, Any] = {
        item.name: value if isinstance(value, int) else round(value, 5)
        for item in fields(scores)
        if isinstance(value := getattr(scores, item.name), int | float)
    }
    out["columns"] = {
        name: {"tvd": round(own, 5), "tvd_reference": round(fresh, 5)}
        for name, (own, fresh) in scores.columns.items()
    }
    out["pairs"] = [
        {
            name: value if isinstance(value, str) else round(value, 5)
            for name, value in asdict(pair).items()
        }
        for pair in scores.pairs
    ]
    return out


def _draw(frame: pd.DataFrame, rows: int, generator: np.random.Generator) -> pd.DataFrame:
    return frame.iloc[generator.permutation(len(frame))[:rows]]


def _mean(scores: Sequence[float]) -> float:
    return float(np.mean(scores)) if len(scores) else 0.0
