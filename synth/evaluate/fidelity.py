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

from synth.evaluate.association import MEASURE, coarse_pair, cramers_v
from synth.evaluate.comparison import Comparison, Places, Sample, row_keys
from synth.evaluate.distances import expected_tvd, shuffled_apart, tvd
from synth.evaluate.html import bars, details, heatmap, key, paragraph, sides, table
from synth.evaluate.question import (
    FRESH,
    Answer,
    Parts,
    Progress,
    Question,
    Section,
    Titles,
    percent,
    scaled,
)
from synth.evaluate.shape import Shape, lost_levels, shape, tails_details
from synth.jobs.limits import one_thread

if TYPE_CHECKING:
    from synth.data.column import Column
    from synth.data.contingency import ContingencyTables

CLASSIFIER_ROWS = 30_000  # a side, as in the benchmark of the peers, so that figures compare
CLASSIFIER_LEVELS = 250  # rarer levels of a column are one to the classifiers
PAIRS = 1000  # of a wide table so many pairs are drawn
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
    """One pair of columns: distance of the joint shares, and both associations.

    Attributes
    ----------
    a, b : str
        Names of the columns.
    tvd : float
        Total variation distance between real and synthetic shares of pairs of places, 0 to 1.
    tvd_reference : float
        The same of as many fresh real people.
    association_real, association_synthetic : float
        Bias-corrected Cramér's V (Bergsma 2013), 0 to 1.
    """

    a: str
    b: str
    tvd: float
    tvd_reference: float
    association_real: float
    association_synthetic: float


@dataclass(frozen=True)
class Fidelity:
    """How like the real people the synthetic ones are.

    Each figure has a `_reference`: the same of as many fresh real people. See the module.

    Attributes
    ----------
    rows_real, rows_synthetic : int
        Numbers of people.
    lr_auc, lr_auc_reference, hgb_auc, hgb_auc_reference : float
        Area under the ROC curve of a logistic regression, and of gradient boosting, that tell
        synthetic from real people (Lopez-Paz and Oquab 2017); 0.5 is chance.
    tvd1, tvd1_reference, tvd2, tvd2_reference : float
        Mean total variation distance of single columns, and of pairs, 0 to 1.
    tvd2_scrambled : float
        `tvd2` of real people whose columns were shuffled each by itself.
    association, association_reference : float
        Mean absolute difference of bias-corrected Cramér's V (Bergsma 2013) over pairs, 0 to 1.
    association_scrambled : float
        `association` of real people whose columns were shuffled each by itself.
    repeat_share, repeat_share_reference : float
        The share of rows whose combination of categories some real row has too, 0 to 1.
    columns : mapping of str to (float, float)
        By column: its distance, and the reference.
    pairs : tuple of PairScore
        All pairs, or 1,000 of a wide table.
    """

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
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        return _plain_scores(self)


def fidelity(
    comparison: Comparison, progress: Callable[[str], None] = lambda words: None
) -> Fidelity:
    """Compare synthetic people with the real ones that they were learned from.

    Parameters
    ----------
    comparison : Comparison
        Real and synthetic people.
    progress : callable
        Gets the words for what comes next.

    Returns
    -------
    Fidelity
    """
    columns, generator = comparison.columns, comparison.random()
    real, synthetic = comparison.all("real"), comparison.all("synthetic")
    judged = real if comparison.holdout is None else comparison.all("holdout")
    if comparison.holdout is None:
        against, fresh = real.halves(generator)
    else:
        against, fresh = judged, real
    progress("Telling synthetic people from real ones")
    lr, hgb = classifier_aucs(
        columns, comparison.frame(judged), comparison.synthetic, comparison.seed
    )
    progress("Telling fresh real people from real ones")
    lr_fresh, hgb_fresh = classifier_aucs(
        columns, comparison.frame(against), comparison.frame(fresh), comparison.seed
    )
    progress("Columns and pairs of columns")
    rows = min(len(synthetic), len(fresh))
    trio = (against, synthetic.draw(rows, generator), fresh.draw(rows, generator))
    singles = _single_scores(comparison.places(20), trio)
    scored = _pair_scores(comparison.places(10), trio, comparison.random(), generator)
    pairs = [score for score, _ in scored]
    apart = [abs(pair.association_real - pair.association_synthetic) for pair in pairs]
    apart_fresh = [abs(pair.association_real - others.fresh) for pair, others in scored]
    apart_scrambled = [abs(pair.association_real - others.scrambled) for pair, others in scored]
    repeat, repeat_fresh = repeat_shares(comparison)
    return Fidelity(
        rows_real=len(real),
        rows_synthetic=len(synthetic),
        lr_auc=lr,
        lr_auc_reference=lr_fresh,
        hgb_auc=hgb,
        hgb_auc_reference=hgb_fresh,
        tvd1=_mean([score for score, _ in singles.values()]),
        tvd1_reference=_mean([score for _, score in singles.values()]),
        tvd2=_mean([pair.tvd for pair in pairs]),
        tvd2_reference=_mean([pair.tvd_reference for pair in pairs]),
        tvd2_scrambled=_mean([others.tvd_scrambled for _, others in scored]),
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
    """What the counts of the real people alone can tell.

    Attributes
    ----------
    rows_real, rows_synthetic : int
        Numbers of people.
    tvd1, tvd1_reference, tvd2, tvd2_reference, tvd2_scrambled : float
        As in `Fidelity`.
    association, association_reference, association_scrambled : float
        As in `Fidelity`.
    columns : mapping of str to (float, float)
        By column: its distance, and the reference.
    pairs : tuple of PairScore
        All pairs.
    """

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
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        return _plain_scores(self)


def aggregates(
    reference: ContingencyTables, synthetic: ContingencyTables, *, seed: int = 0
) -> Aggregates:
    """Compare counts of synthetic people with those of real ones.

    Columns are compared over the counts' own places, pairs with numbers in ten bins, as `fidelity`
    has them.

    References are `expected_tvd`; for associations, people drawn from the real counts, beside
    those counts taken for the truth, of a number whose chance is as large as that of both samples.

    Parameters
    ----------
    reference : ContingencyTables
        Counts of one real person or more.
    synthetic : ContingencyTables
        Counts of one synthetic person or more over the same places: `reference.recount(frame)`.
    seed : int
        Of the people who are drawn for references.

    Returns
    -------
    Aggregates

    Raises
    ------
    PopulaceError
        Too few people are counted for an association; see `association.cramers_v`.
    """
    random = np.random.default_rng(seed)
    people = max(1, round(1 / (1 / synthetic.rows + 1 / reference.rows)))
    columns = {
        name: (
            tvd(reference.marginal(name), synthetic.marginal(name)),
            expected_tvd(reference.marginal(name), synthetic.rows),
        )
        for name in reference.columns
    }
    pairs, apart_fresh, tvd_scrambled, apart_scrambled = [], [], [], []
    for a, b in itertools.combinations(reference.columns, 2):
        real, other = coarse_pair(reference, a, b), coarse_pair(synthetic, a, b, reference)
        fresh = random.multinomial(people, real.ravel() / reference.rows).reshape(real.shape)
        mixed = _independent(real, synthetic.rows, random)
        stacked = np.stack([real, other, fresh, real * MANY, mixed])
        v, synthetic_v, fresh_v, true_v, mixed_v = cramers_v(stacked).tolist()
        apart_fresh.append(abs(fresh_v - true_v))
        apart_scrambled.append(abs(mixed_v - v))
        tvd_scrambled.append(tvd(real, mixed))
        pairs.append(
            PairScore(a, b, tvd(real, other), expected_tvd(real, synthetic.rows), v, synthetic_v)
        )
    return Aggregates(
        reference.rows,
        synthetic.rows,
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


@one_thread()
def classifier_aucs(
    columns: Sequence[Column], real: pd.DataFrame, synthetic: pd.DataFrame, seed: int
) -> tuple[float, float]:
    """How well classifiers that learn to tell `synthetic` from `real` do on held-out rows.

    Parameters
    ----------
    columns : sequence of Column
        The columns that they see.
    real, synthetic : DataFrame
        Frames of a comparison; up to 30,000 rows of each are drawn, as many of one as of the other.
    seed : int
        Draws the rows, and the half that is held out.

    Returns
    -------
    tuple of (float, float)
        Area under the ROC curve of logistic regression and of gradient boosting, 0 to 1; 0.5 is
        chance, and where there are too few rows to judge (Lopez-Paz and Oquab 2017).
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    generator = np.random.default_rng(seed)
    rows = min(len(real), len(synthetic), CLASSIFIER_ROWS)
    both = pd.concat(
        [_draw(real, rows, generator), _draw(synthetic, rows, generator)], ignore_index=True
    )
    is_synthetic = np.r_[np.zeros(rows), np.ones(rows)]
    order = generator.permutation(2 * rows)
    learn, test = order[:rows], order[rows:]
    if len(np.unique(is_synthetic[learn])) < 2 or len(np.unique(is_synthetic[test])) < 2:
        return 0.5, 0.5
    flat, boosted, categorical = features(columns, both)
    linear = LogisticRegression(max_iter=1000).fit(flat[learn], is_synthetic[learn])
    lr = roc_auc_score(is_synthetic[test], linear.predict_proba(flat[test])[:, 1])
    trees = HistGradientBoostingClassifier(
        max_iter=200,
        categorical_features=categorical,
        random_state=0,
        early_stopping=rows >= _FEW,
    )
    trees.fit(boosted[learn], is_synthetic[learn])
    hgb = roc_auc_score(is_synthetic[test], trees.predict_proba(boosted[test])[:, 1])
    return float(lr), float(hgb)


def features(
    columns: Sequence[Column], frame: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray, list[bool]]:
    """A comparable frame for classifiers.

    Parameters
    ----------
    columns : sequence of Column
        The columns that count.
    frame : DataFrame, n rows
        They, as a comparison has them.

    Returns
    -------
    flat : float32 array, shape (n, f)
        One-hot levels, and standardised numbers with an indicator where some are missing.
    boosted : float32 array, shape (n, columns)
        Codes of levels, of which the rarest beyond 250 share one, and numbers with NaN.
    categorical : list of bool
        Which columns of `boosted` are categories.
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


@dataclass(frozen=True)
class _Others:
    """A pair's association among fresh and among scrambled people, and the latters' distance."""

    fresh: float
    scrambled: float
    tvd_scrambled: float


def repeat_shares(comparison: Comparison) -> tuple[float, float]:
    """The shares of rows whose combination of categories a real row has.

    Where no column is categorical, 20 quantile bins of every number serve.

    Parameters
    ----------
    comparison : Comparison
        Real and synthetic people.

    Returns
    -------
    tuple of (float, float)
        Of synthetic rows, and of fresh real rows, 0 to 1: those of the holdout, or each real row
        beside all the others.
    """
    codes = comparison.places(20).codes
    sizes = [len(frame) for frame in comparison.frames.values()]
    key = row_keys(
        [
            np.concatenate([codes[side][name] for side in comparison.frames])
            for name in comparison.categories
        ]
    )
    real, synthetic, *rest = np.split(key, np.cumsum(sizes)[:-1])
    _, at, times = np.unique(real, return_inverse=True, return_counts=True)
    fresh = np.isin(rest[0], real) if rest else times[at] > 1
    return float(np.isin(synthetic, real).mean()), float(fresh.mean())


def _single_scores(
    places: Places, trio: tuple[Sample, Sample, Sample]
) -> dict[str, tuple[float, float]]:
    against, synthetic, fresh = (places.of(sample) for sample in trio)
    out = {}
    for name, size in places.sizes.items():
        real, other, reference = (
            np.bincount(codes[name], minlength=size) for codes in (against, synthetic, fresh)
        )
        out[name] = tvd(real, other), tvd(real, reference)
    return out


def _pair_scores(
    places: Places,
    trio: tuple[Sample, Sample, Sample],
    shuffling: np.random.Generator,
    generator: np.random.Generator,
) -> list[tuple[PairScore, _Others]]:
    """The score of each pair of real people beside synthetic, fresh and scrambled ones."""
    codes = [places.of(sample) for sample in trio]
    codes.append(shuffled_apart(codes[2], shuffling))
    chosen = list(itertools.combinations(places.sizes, 2))
    if len(chosen) > PAIRS:
        some = np.sort(generator.permutation(len(chosen))[:PAIRS])
        chosen = [chosen[place] for place in some]
    out = []
    for a, b in chosen:
        height, width = places.sizes[a], places.sizes[b]
        real, other, fresh, mixed = (
            np.bincount(part[a] * width + part[b], minlength=height * width).reshape(height, width)
            for part in codes
        )
        v, synthetic_v, fresh_v, mixed_v = cramers_v(np.stack([real, other, fresh, mixed])).tolist()
        score = PairScore(a, b, tvd(real, other), tvd(real, fresh), v, synthetic_v)
        out.append((score, _Others(fresh_v, mixed_v, tvd(real, mixed))))
    return out


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


SHOWN = 24  # bars of one chart; the rest stands in the JSON

# ── The question ─────────────────────────────────────────────────────────────────────────────────


def _ask(comparison: Comparison, progress: Progress) -> Answer:
    """Are they like the real people? Distances, classifiers, and the finer shape."""
    shares = {
        "Telling synthetic people from real ones": 0.0,
        "Telling fresh real people from real ones": 0.41,
        "Columns and pairs of columns": 0.83,
    }
    figures = fidelity(comparison, lambda words: progress(shares[words], words))
    progress(0.93, "Three columns at a time, tails and rare levels")
    finer = shape(comparison)
    apart = max(figures.hgb_auc, 1 - figures.hgb_auc)
    apart_fresh = max(figures.hgb_auc_reference, 1 - figures.hgb_auc_reference)
    scores = (
        *scores_of_counts(figures),
        ("Triples of columns", scaled(finer.tvd3, finer.tvd3_reference, finer.tvd3_scrambled)),
        ("Hard to tell apart", scaled(apart, apart_fresh, 1.0)),
    )
    section = fidelity_section(figures, finer, Titles.of(comparison.columns))
    return Answer(section, {"fidelity": figures, "shape": finer}, scores)


QUESTION: Question[Comparison] = Question("fidelity", 41, _ask)


def scores_of_counts(figures: Fidelity | Aggregates) -> Parts:
    """The three parts of the quality that counts of columns and pairs tell.

    Parameters
    ----------
    figures : Fidelity or Aggregates
        Distances with their references.

    Returns
    -------
    tuple of (str, float)
        Words, and a score of 0 to 100: single columns, pairs of columns, associations.
    """
    return (
        ("Single columns", scaled(figures.tvd1, figures.tvd1_reference, 1.0)),
        ("Pairs of columns", scaled(figures.tvd2, figures.tvd2_reference, figures.tvd2_scrambled)),
        (
            "Associations",
            scaled(
                figures.association, figures.association_reference, figures.association_scrambled
            ),
        ),
    )


def fidelity_section(figures: Fidelity, finer: Shape, titles: Titles) -> Section:
    """Are they like the real people?

    Parameters
    ----------
    figures : Fidelity
        Distances and classifiers.
    finer : Shape
        Tails, rare levels, heaps, missing values, triples.
    titles : Titles
        Words for columns.

    Returns
    -------
    Section
    """
    worst = farthest(figures.pairs)
    sentence = (
        f"Gradient boosting tells them from real people with an AUC of {figures.hgb_auc:.2f} "
        f"({FRESH} {figures.hgb_auc_reference:.2f}; 0.50 is not at all); on average "
        f"{percent(figures.tvd1)} of people would have to change a single answer for the shares to "
        f"agree ({FRESH} {percent(figures.tvd1_reference)})"
    )
    if worst:
        a, b = titles(worst[0].a), titles(worst[0].b)
        sentence += f", and {a} with {b} is the pair that is farthest off"
    rows = [
        ("Told apart by gradient boosting, AUC", "hgb_auc", "1"),
        ("Told apart by a logistic regression, AUC", "lr_auc", "1"),
        ("Single columns, TVD", "tvd1", ""),
        ("Pairs of columns, TVD", "tvd2", f"{figures.tvd2_scrambled:.4f}"),
        ("Associations, mean difference", "association", f"{figures.association_scrambled:.4f}"),
        ("Rows that repeat real categories", "repeat_share", ""),
    ]
    shown = [
        (
            words,
            f"{getattr(figures, name):.4f}",
            f"{getattr(figures, f'{name}_reference'):.4f}",
            last,
        )
        for words, name, last in rows
    ]
    shown.insert(
        4,
        (
            "Triples of columns, TVD",
            f"{finer.tvd3:.4f}",
            f"{finer.tvd3_reference:.4f}",
            f"{finer.tvd3_scrambled:.4f}",
        ),
    )
    shown += [
        (
            "Patterns of missing values, TVD",
            f"{finer.missingness:.4f}",
            f"{finer.missingness_reference:.4f}",
            "",
        ),
        (
            f"Rare levels kept, of {finer.rare_levels}",
            str(finer.rare_kept),
            str(finer.rare_kept_reference),
            "",
        ),
    ]
    body = (
        sides(
            table(("", "synthetic", FRESH, "worst"), shown)
            + paragraph(
                "TVD, total variation distance: the share of people who would have to change their "
                "answer for two distributions to agree. Worst is what real rows get whose columns "
                "were shuffled apart, or what one gets who always knows.",
                quiet=True,
            )
            + lost_levels(finer.rare_lost, titles),
            columns_chart(figures, titles),
        )
        + tails_details(finer, titles)
        + associations_details(figures, titles)
        + pairs_details(figures, titles)
    )
    return Section("fidelity", "Fidelity: are they like the real people?", f"{sentence}.", body)


def columns_chart(figures: Fidelity | Aggregates, titles: Titles) -> str:
    """The distance of each column, farthest first; 24 columns at most.

    Parameters
    ----------
    figures : Fidelity or Aggregates
        The distances.
    titles : Titles
        Words for columns.

    Returns
    -------
    str
        HTML.
    """
    singles = sorted(figures.columns.items(), key=lambda item: -item[1][0])
    rows = [(titles(name), own, fresh) for name, (own, fresh) in singles[:SHOWN]]
    return key(("", "distance of each column, TVD"), ("line", FRESH)) + bars(rows)


def farthest(pairs: Sequence[PairScore], most: int = 10) -> list[PairScore]:
    """The pairs that are farthest beyond their reference.

    Parameters
    ----------
    pairs : sequence of PairScore
        The pairs.
    most : int
        How many are wanted.

    Returns
    -------
    list of PairScore
        Farthest first.
    """
    return sorted(pairs, key=lambda pair: pair.tvd_reference - pair.tvd)[:most]


def pairs_details(figures: Fidelity | Aggregates, titles: Titles) -> str:
    """The pairs that are farthest off, behind a click.

    Parameters
    ----------
    figures : Fidelity or Aggregates
        The distances.
    titles : Titles
        Words for columns.

    Returns
    -------
    str
        HTML; empty where there are no pairs.
    """
    worst = farthest(figures.pairs)
    if not worst:
        return ""
    rows = [
        (
            f"{titles(pair.a)} × {titles(pair.b)}",
            f"{pair.tvd:.4f}",
            f"{pair.tvd_reference:.4f}",
        )
        for pair in worst
    ]
    return details(
        "The pairs that are farthest off", table(("pair, TVD", "synthetic", FRESH), rows)
    )


def associations_details(figures: Fidelity | Aggregates, titles: Titles) -> str:
    """How columns hang together, real, synthetic and the difference, behind a click.

    Parameters
    ----------
    figures : Fidelity or Aggregates
        The associations.
    titles : Titles
        Words for columns.

    Returns
    -------
    str
        HTML; empty where there are no pairs. Pairs that were not scored show 0.
    """
    if not figures.pairs:
        return ""
    names = list(figures.columns)
    at = {name: place for place, name in enumerate(names)}
    real, synthetic = np.eye(len(names)), np.eye(len(names))
    for pair in figures.pairs:
        i, j = at[pair.a], at[pair.b]
        real[i, j] = real[j, i] = pair.association_real
        synthetic[i, j] = synthetic[j, i] = pair.association_synthetic
    words = [titles(name) for name in names]
    maps = (
        heatmap("Real", words, real)
        + heatmap("Synthetic", words, synthetic)
        + heatmap("Difference, five times as dark", words, 5 * np.abs(synthetic - real))
    )
    return details(
        "How columns hang together",
        paragraph(f"{MEASURE}: 0 is no association, 1 a complete one.", quiet=True)
        + f'<div class="three">{maps}</div>',
    )
