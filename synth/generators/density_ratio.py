"""How much likelier a row is among real people than among a model's: a boosted density ratio.

A gradient boosting learns to tell real rows from rows that a model drew. Its log-odds estimate
log p(real) / p(model) (Sugiyama, Suzuki and Kanamori 2012, chapter 4; Grover and Ermon 2018), so a
model's people can be corrected by keeping each with a probability proportional to the ratio. How
many trees are grown is decided by people kept apart from learning; where those people are told
apart no better than by chance, there is nothing to correct and `learn` says so. Where there are few
real rows, several ratios are learned, each keeping other rows apart, and their logarithms averaged.
These are grown on, past where each alone would be best: what chance puts into one is averaged out,
what it misses is not (Sollich and Krogh 1996). Last, terms of single columns give the ratio's
people the margins of the real rows.

The trees are plain arrays, evaluated by compiled code; scikit-learn is needed to learn only. Each
value of a feature rules out some of a tree's leaves, which is known beforehand as bits; the first
leaf that no feature rules out is where a walk would end (Lucchese et al. 2015).

References
----------
.. [1] M. Sugiyama, T. Suzuki, T. Kanamori, "Density Ratio Estimation in Machine Learning",
   Cambridge University Press, 2012.
.. [2] A. Grover, S. Ermon, "Boosted Generative Models", AAAI 2018.
.. [3] C. Lucchese, F. M. Nardini, S. Orlando, R. Perego, N. Tonellotto, R. Venturini,
   "QuickScorer: a fast algorithm to rank documents with additive ensembles of regression trees",
   SIGIR 2015.
.. [4] P. Sollich, A. Krogh, "Learning with ensembles: How over-fitting can be useful", NIPS 1995
   (1996).
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numba import njit

from synth.data.column import Column
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.generators.margin_terms import margin_terms, trees_of
from synth.lazy import cached_property

CLIP = 4.0
"""Log-ratios are kept within ± this."""
BOUND_QUANTILE = 0.998
"""Ratios above this quantile of the model's own people count as this quantile."""
FEW = 1 << 12
"""Rows below which trees are walked: to make their bits takes longer."""
LEAVES = 32
"""Leaves of a tree whose bits are known beforehand; trees with more are walked."""
MASKS = 1 << 24
"""The most such words (4 bytes each); where there would be more, trees are walked."""
CATEGORIES = 254
"""At most so many levels of a column are told apart; rarer ones share a category."""
FEWEST = 2_000
"""Real rows below which a ratio is not learned."""
KEPT_APART = 0.15
"""The share of the rows that decide when to stop, where there are many."""
RAKED = 2 / 3
"""The share of further rows that are raked; the others say what the mean ratio and bound are."""
MANY = 30_000
"""Real rows below which ratios are cross-fitted: every row is learned from, and kept apart once."""
FOLDS = 10
"""So many ratios are then averaged, which takes out most of what chance put into each."""
GROWN_ON = 1.0
"""Of many ratios that are averaged, each grows on by so large a share of the trees at which people
kept apart stop it; of two by half of it, one alone not at all."""
RATE = 0.16
FEATURES = 0.25
LEAST = 100
"""Learning rate, the share of the features that a split chooses among, and the rows of a leaf, real
and drawn together. Of twelve settings these gained most on people nobody learned from, on halves of
Adult of 12,000 and 16,000 people: ratios that differ more are worth more on average."""
TREES = 700
"""At most so many trees; people kept apart stop them earlier."""
LARGEST = 64 * 2**20
"""Bytes that a file may unpack to."""
FORMAT = "populace-density-ratio/1"


@dataclass(frozen=True, eq=False)
class Feature:
    """How a column enters the trees.

    Attributes
    ----------
    name : str
        The column.
    categories : int16 array, shape (states,), or None
        Category of each state of a column with levels (its levels in order, then ``missing``);
        −1 where learning saw none. None for a number, which enters as it is, NaN where missing.
    """

    name: str
    categories: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class DensityRatio:
    """A sum of trees: log p(real) − log p(model) of a row, bounded.

    Attributes
    ----------
    features : tuple of Feature
        Columns with levels first, then numbers, in the order of the trees' feature numbers.
    feature : int32 array, shape (nodes,)
        The feature that a node asks for; −1 in a leaf.
    threshold : float64 array, shape (nodes,)
        Numbers up to it go left; in a leaf, the leaf's value.
    left, right : int32 array, shape (nodes,)
        The next nodes.
    missing_left : bool array, shape (nodes,)
        Whether missing values go left.
    bitset : int32 array, shape (nodes,)
        Row of `bitsets` for a node that asks for a category; −1 elsewhere.
    bitsets : uint32 array, shape (bitsets, 8)
        The categories that go left, one bit each.
    roots : int32 array, shape (trees,)
        The first node of each tree.
    intercept : float
        What all rows begin with.
    log_bound : float
        The largest log-ratio that counts.
    mean, mean_error : float
        Mean ratio of the model's people, which divides estimates, and its standard error.
    scores : mapping of str to float
        Of people kept apart from learning: `rows`, `loss` and `loss_none` (cross-entropy in nats
        with and without the ratio), `standard_error` of their difference.
    """

    features: tuple[Feature, ...]
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    missing_left: np.ndarray
    bitset: np.ndarray
    bitsets: np.ndarray
    roots: np.ndarray
    intercept: float
    log_bound: float
    mean: float
    mean_error: float
    scores: Mapping[str, float]

    @cached_property
    def digest(self) -> str:
        """Its identity: 16 hexadecimal digits of its content's SHA-256."""
        content = hashlib.sha256(repr((self.intercept, self.log_bound)).encode())
        for name in _ARRAYS:
            content.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        for feature in self.features:
            content.update(feature.name.encode())
            content.update(b"" if feature.categories is None else feature.categories.tobytes())
        return content.hexdigest()[:16]

    def log_ratio(self, frame: pd.DataFrame) -> np.ndarray:
        """Log-ratio of each row, between −`CLIP` and `log_bound`; float64, shape (rows,)."""
        return np.clip(_raw(self, encode(self.features, frame)), -CLIP, self.log_bound)

    @cached_property
    def _masks(self) -> _Masks | None:
        """What each value rules out; None where the trees are too large for it."""
        return _Masks.of(self)

    def checked(self, schema: Schema) -> DensityRatio:
        """The ratio itself, or a PopulaceError where it is of other columns than a schema's."""
        for feature in self.features:
            column = schema[feature.name]
            states = None if feature.categories is None else len(feature.categories) - 1
            if states != (None if column.is_number else len(column.levels)):
                raise PopulaceError(
                    f"The refinement knows {feature.name} with other levels than the population: "
                    "learn it again with `fit --refine`."
                )
        return self

    def acceptance(self, frame: pd.DataFrame) -> np.ndarray:
        """The probability with which rejection keeps each row: ratio / bound; shape (rows,)."""
        return np.exp(self.log_ratio(frame) - self.log_bound)

    # ------------------------------------------------------------------ files

    def save(self, path: str | Path | BytesIO) -> None:
        """Write plain arrays as ``.npz``; nothing is pickled."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        categories = [f.categories for f in self.features if f.categories is not None]
        joined = np.concatenate(categories) if categories else np.zeros(0, np.int16)
        about = {
            "format": FORMAT,
            "features": [
                [f.name, None if f.categories is None else len(f.categories)] for f in self.features
            ],
            "intercept": self.intercept,
            "log_bound": self.log_bound,
            "mean": self.mean,
            "mean_error": self.mean_error,
            "scores": dict(self.scores),
        }
        text = np.frombuffer(json.dumps(about).encode(), np.uint8)
        np.savez_compressed(path, about=text, categories=joined, **arrays)

    @staticmethod
    def load(path: str | Path | BytesIO) -> DensityRatio:
        """Read what `save` wrote.

        Raises
        ------
        PopulaceError
            The file is damaged or no density ratio.
        """
        try:
            _refuse_large(path)
            with np.load(path, allow_pickle=False) as data:
                about = json.loads(data["about"].tobytes())
                arrays = {name: data[name] for name in _ARRAYS}
                joined = data["categories"].astype(np.int16)
            if about["format"] != FORMAT:
                raise ValueError(about["format"])
            features, at = [], 0
            for name, states in about["features"]:
                if states is None:
                    features.append(Feature(str(name)))
                else:
                    features.append(Feature(str(name), joined[at : at + int(states)]))
                    at += int(states)
            ratio = DensityRatio(
                tuple(features),
                intercept=float(about["intercept"]),
                log_bound=float(about["log_bound"]),
                mean=float(about["mean"]),
                mean_error=float(about["mean_error"]),
                scores={str(k): float(v) for k, v in about["scores"].items()},
                **arrays,
            )
            _check(ratio, at == len(joined))
        except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
            name = "The file" if isinstance(path, BytesIO) else str(path)
            raise PopulaceError(
                f"{name} is damaged or no density ratio: learn it again with `fit --refine`."
            ) from error
        return ratio


_ARRAYS = (
    "feature",
    "threshold",
    "left",
    "right",
    "missing_left",
    "bitset",
    "bitsets",
    "roots",
)


def _refuse_large(path: str | Path | BytesIO) -> None:
    """A ValueError where a file unpacks to more than any ratio needs."""
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
            raise ValueError("size")


def _check(ratio: DensityRatio, categories: bool) -> None:
    """A ValueError where a file's trees could lead astray."""
    nodes = len(ratio.feature)
    inner = ratio.feature >= 0
    number = np.arange(nodes)
    fine = (
        categories
        and all(len(getattr(ratio, name)) == nodes for name in _ARRAYS[:6])
        and (ratio.feature < len(ratio.features)).all()
        # Children come after their parents, so that no walk goes in circles.
        and all(
            ((side[inner] > number[inner]) & (side[inner] < nodes)).all()
            for side in (ratio.left, ratio.right)
        )
        and (ratio.bitset < len(ratio.bitsets)).all()
        and ratio.bitsets.shape[1:] == (8,)
        and ((ratio.roots >= 0) & (ratio.roots < nodes)).all()
        and np.isfinite(ratio.threshold[~inner]).all()
        and all(f.categories is None or (f.categories < 256).all() for f in ratio.features)
    )
    if not fine:
        raise ValueError("trees")


# ---------------------------------------------------------------------- features


def encode(features: Sequence[Feature], frame: pd.DataFrame) -> np.ndarray:
    """Rows as the trees read them; float64, shape (rows, features).

    Numbers are rounded to float32, so that no column can be told by its last digits.
    """
    out = np.empty((len(frame), len(features)))
    for i, feature in enumerate(features):
        series = frame[feature.name]
        if feature.categories is None:
            numbers = series.to_numpy(dtype=np.float64, na_value=np.nan)
            out[:, i] = numbers.astype(np.float32)
            continue
        codes = feature.categories[_states(series, len(feature.categories) - 1)].astype(float)
        out[:, i] = np.where(codes < 0, np.nan, codes)
    return out


def _states(series: pd.Series, missing: int) -> np.ndarray:
    """The state of each cell of a column with levels; `missing` where there is none."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        codes = series.cat.codes.to_numpy().astype(np.int64)
        return np.where(codes < 0, missing, codes)
    return series.to_numpy(dtype=np.float64, na_value=float(missing)).astype(np.int64)


def _features(columns: Sequence[Column], frame: pd.DataFrame) -> tuple[Feature, ...]:
    """Columns with levels first; categories are numbered over the states that occur."""
    features = []
    for column in columns:
        if column.is_number:
            continue
        states = len(column.levels) + 1
        counts = np.bincount(_states(frame[column.name], states - 1), minlength=states)
        categories = np.full(states, -1, np.int16)
        common = np.argsort(-counts, kind="stable")[: CATEGORIES - 1]
        common = np.sort(common[counts[common] > 0])
        categories[common] = np.arange(len(common))
        rest = (counts > 0) & (categories < 0)
        categories[rest] = len(common)
        features.append(Feature(column.name, categories))
    features += [Feature(column.name) for column in columns if column.is_number]
    return tuple(features)


# ---------------------------------------------------------------------- learning


def learn(
    schema: Schema,
    real: pd.DataFrame,
    drawn: pd.DataFrame,
    *,
    further: pd.DataFrame | None = None,
    weights: np.ndarray | None = None,
    trees: int = TREES,
    folds: int = FOLDS,
    seed: int = 0,
    progress: Callable[[float, str], None] = lambda share, words: None,
) -> DensityRatio | None:
    """Learn the ratio of real rows to a model's.

    Parameters
    ----------
    schema : Schema
        The columns to compare, in canonical dtypes on both sides.
    real, drawn : pd.DataFrame
        Real rows, and rows that the model drew (as many or more).
    further : pd.DataFrame, optional
        Further rows that the model drew: where they are given, the ratio's people are raked to the
        real rows' margins, see `margin_terms`.
    weights : float64 array, shape (real rows,), optional
        How much each real row counts.
    trees : int
        The most trees to grow while people kept apart may stop them.
    folds : int
        So many ratios are averaged where there are few rows.
    seed : int
        Of the split into people learned from and people kept apart.

    Returns
    -------
    DensityRatio or None
        None where people kept apart are not told apart better than by chance (by more than two
        standard errors), or where there are fewer than `FEWEST` of them all.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    if len(real) < FEWEST:
        return None
    columns = [column for column in schema if column.name in real and column.name in drawn]
    rows = [real, drawn] if further is None else [real, drawn, further]
    features = _features(columns, pd.concat(rows, ignore_index=True))
    rng = np.random.default_rng(seed)
    if further is None:
        order = rng.permutation(len(drawn))
        size = max(1, round(KEPT_APART * len(drawn)))
        apart, compared = drawn.iloc[order[:size]], drawn.iloc[np.sort(order[size:])]
    else:
        size = round(RAKED * len(further))
        apart, compared = further.iloc[size:], drawn
    sides = (
        _side(features, real, weights, rng),
        _side(features, compared, None, rng),
    )
    folds = folds if len(real) < MANY else 1
    models, gains, kept_weights, kept_real = [], [], [], 0
    for fold in range(folds):
        part = 0.6 / folds
        progress(0.1 + part * fold, "Learning how real people differ")
        x, y, w = _joined(sides, fold, folds, kept=False)
        x_kept, y_kept, w_kept = _joined(sides, fold, folds, kept=True)
        model = HistGradientBoostingClassifier(
            learning_rate=RATE,
            max_iter=trees,
            max_leaf_nodes=31,
            max_features=FEATURES,
            min_samples_leaf=LEAST,
            l2_regularization=5.0,
            categorical_features=[f.categories is not None for f in features],
            early_stopping=True,
            n_iter_no_change=15,
            tol=0.0,
            warm_start=True,
            random_state=seed + fold,
        )
        model.fit(x, y, sample_weight=w, X_val=x_kept, y_val=y_kept, sample_weight_val=w_kept)
        models.append(model)
        raw = np.clip(_raw(_unbounded(features, [model]), x_kept), -CLIP, CLIP)
        gains.append(np.log(2.0) - np.logaddexp(0.0, np.where(y_kept == 1, -raw, raw)))
        kept_weights.append(w_kept)
        kept_real += int(y_kept.sum())
    gain, weight = np.concatenate(gains), np.concatenate(kept_weights)
    mean = float(np.average(gain, weights=weight))
    error = float(np.sqrt(np.average((gain - mean) ** 2, weights=weight) / len(gain)))
    if mean < 2 * error:
        return None
    for fold, model in enumerate(models if folds > 1 else ()):
        progress(0.7 + 0.2 * fold / folds, "Growing the ratios on")
        x, y, w = _joined(sides, fold, folds, kept=False)
        grown = 1.0 + GROWN_ON * (1.0 - 1.0 / folds)
        model.set_params(early_stopping=False, max_iter=round(grown * model.n_iter_))
        model.fit(x, y, sample_weight=w)
    progress(0.9, "Judging with people kept apart")
    ratio = _unbounded(features, models)
    if further is not None:
        ratio = _raked(ratio, sides[0], encode(features, further.iloc[:size]))
    # Of people kept apart: trees know those they learned from too well for an unbiased mean.
    raw = np.clip(_raw(ratio, encode(features, apart)), -CLIP, CLIP)
    bound = float(np.quantile(raw, BOUND_QUANTILE))
    ratios = np.exp(np.minimum(raw, bound))
    scores = {
        "rows": float(kept_real),
        "loss": float(np.log(2.0) - mean),
        "loss_none": float(np.log(2.0)),
        "standard_error": error,
    }
    return replace(
        ratio,
        log_bound=bound,
        mean=float(ratios.mean()),
        mean_error=float(ratios.std() / np.sqrt(len(ratios))),
        scores=scores,
    )


def _raked(ratio: DensityRatio, real: _Side, people: np.ndarray) -> DensityRatio:
    """The ratio with terms of single columns, as further trees."""
    terms = margin_terms(
        [feature.categories is not None for feature in ratio.features],
        real.values,
        real.weight,
        people,
        _raw(ratio, people),
        clip=CLIP,
        quantile=BOUND_QUANTILE,
    )
    parts: dict[str, list[np.ndarray]] = {name: [getattr(ratio, name)] for name in _ARRAYS}
    nodes, bitsets = len(ratio.feature), len(ratio.bitsets)
    for tree in (tree for term in terms for tree in trees_of(term)):
        inner = tree.feature >= 0
        asks = np.flatnonzero(tree.category >= 0)
        chosen = tree.category[asks]
        words = np.zeros((len(asks), 8), np.uint32)
        words[np.arange(len(asks)), chosen >> 5] = np.uint32(1) << (chosen & 31).astype(np.uint32)
        bitset = np.full(len(tree.feature), -1, np.int32)
        bitset[asks] = bitsets + np.arange(len(asks))
        parts["roots"].append(np.array([nodes], np.int32))
        parts["feature"].append(tree.feature)
        parts["threshold"].append(tree.threshold)
        for side in ("left", "right"):
            parts[side].append(np.where(inner, getattr(tree, side) + nodes, 0).astype(np.int32))
        parts["missing_left"].append(tree.missing_left)
        parts["bitset"].append(bitset)
        parts["bitsets"].append(words)
        nodes += len(tree.feature)
        bitsets += len(words)
    arrays: dict[str, Any] = {name: np.concatenate(some) for name, some in parts.items()}
    return replace(ratio, **arrays)


def _unbounded(features: tuple[Feature, ...], models: Sequence[Any]) -> DensityRatio:
    return DensityRatio(
        features, **_arrays(models), log_bound=CLIP, mean=1.0, mean_error=0.0, scores={}
    )


@dataclass(frozen=True, eq=False)
class _Side:
    """Real or drawn rows: encoded, weighed, in random order."""

    values: np.ndarray
    weight: np.ndarray
    order: np.ndarray

    def rows(self, fold: int, folds: int, kept: bool) -> np.ndarray:
        """The rows that a fold learns from, or keeps apart."""
        share = 1 / folds if folds > 1 else KEPT_APART
        low, high = (round(len(self.order) * share * (fold + i)) for i in range(2))
        high = max(high, low + 1)
        if kept:
            return self.order[low:high]
        return np.concatenate([self.order[:low], self.order[high:]])


def _side(
    features: Sequence[Feature],
    frame: pd.DataFrame,
    weights: np.ndarray | None,
    rng: np.random.Generator,
) -> _Side:
    weight = np.ones(len(frame)) if weights is None else weights / weights.mean()
    return _Side(encode(features, frame), weight, rng.permutation(len(frame)))


def _joined(
    sides: tuple[_Side, _Side], fold: int, folds: int, *, kept: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of both sides, labels (1 is real) and weights; each side's sum to the real rows."""
    total = float(len(sides[0].order))
    values, labels, weights = [], [], []
    for label, side in zip((1, 0), sides, strict=True):
        rows = side.rows(fold, folds, kept)
        weight = side.weight[rows]
        values.append(side.values[rows])
        labels.append(np.full(len(rows), label))
        weights.append(weight * (total / weight.sum()))
    return np.concatenate(values), np.concatenate(labels), np.concatenate(weights)


def _raw(ratio: DensityRatio, values: np.ndarray) -> np.ndarray:
    out = np.full(len(values), ratio.intercept)
    masks = ratio._masks if len(values) >= FEW else None
    if masks is not None:
        _look_up(
            masks.codes(values),
            masks.first,
            masks.feature,
            masks.base,
            masks.words,
            masks.leaves,
            out,
        )
    else:
        _walk(
            np.ascontiguousarray(values),
            ratio.feature,
            ratio.threshold,
            ratio.left,
            ratio.right,
            ratio.missing_left,
            ratio.bitset,
            ratio.bitsets,
            ratio.roots,
            out,
        )
    return out


@dataclass(frozen=True, eq=False)
class _Masks:
    """For each tree and feature, which leaves each of the feature's values leaves open.

    Attributes
    ----------
    thresholds : tuple of float64 array or None
        The numbers that trees compare a feature with, ascending; None for categories.
    missing : int64 array, shape (features,)
        A feature's code for missing values, its last.
    first : int64 array, shape (trees + 1,)
        The first pair of tree and feature of each tree.
    feature, base : int64 array, shape (pairs,)
        The pair's feature, and where its words begin.
    words : uint32 array
        One for each code of the pair's feature; bit l is set where leaf l stays open.
    leaves : float64 array, shape (trees, 32)
        The leaves' values, in the order in which `_look_up` finds them.
    """

    thresholds: tuple[np.ndarray | None, ...]
    missing: np.ndarray
    first: np.ndarray
    feature: np.ndarray
    base: np.ndarray
    words: np.ndarray
    leaves: np.ndarray

    @staticmethod
    def of(ratio: DensityRatio) -> _Masks | None:
        """The masks of a ratio's trees; None where they would be too large."""
        if not ratio.features or not len(ratio.roots) or (np.diff(ratio.roots) <= 0).any():
            return None
        thresholds: list[np.ndarray | None] = []
        for f, each in enumerate(ratio.features):
            numbers = ratio.threshold[(ratio.feature == f) & (ratio.bitset < 0)]
            thresholds.append(np.unique(numbers) if each.categories is None else None)
        if any(
            ((ratio.feature == f) & ((ratio.bitset >= 0) == (known is not None))).any()
            for f, known in enumerate(thresholds)
        ):
            return None  # a file whose trees compare categories like numbers, or the other way
        if any(known is not None and len(known) > 60_000 for known in thresholds):
            return None
        codes = [257 if known is None else len(known) + 2 for known in thresholds]
        ends = np.append(ratio.roots[1:], len(ratio.feature))
        used = [
            np.unique(ratio.feature[a:b][ratio.feature[a:b] >= 0])
            for a, b in zip(ratio.roots, ends, strict=True)
        ]
        feature = np.concatenate(used).astype(np.int64)
        sizes = np.array(codes, np.int64)[feature]
        if ratio.roots[0] != 0 or sizes.sum() > MASKS:
            return None
        base = np.cumsum(sizes) - sizes
        words = np.full(int(sizes.sum()), 0xFFFFFFFF, np.uint32)
        leaves = np.zeros((len(used), LEAVES))
        first = np.cumsum([0, *map(len, used)]).astype(np.int64)
        for t, (a, b) in enumerate(zip(ratio.roots, ends, strict=True)):
            where = dict(zip(used[t].tolist(), base[first[t] :].tolist(), strict=False))
            count = 0

            def visit(node: int, t: int = t, where: dict[int, int] = where) -> tuple[int, int]:
                """Numbers a node's leaves from left to right; the first, and one past the last."""
                nonlocal count
                if ratio.feature[node] < 0:
                    if count < LEAVES:
                        leaves[t, _slot(count)] = ratio.threshold[node]
                    count += 1
                    return count - 1, count
                low, middle = visit(int(ratio.left[node]))
                _, high = visit(int(ratio.right[node]))
                if count <= LEAVES:
                    f = int(ratio.feature[node])
                    part = words[where[f] : where[f] + codes[f]]
                    left = np.uint32(~_bits(middle, high) & 0xFFFFFFFF)
                    right = np.uint32(~_bits(low, middle) & 0xFFFFFFFF)
                    known = thresholds[f]
                    if known is None:
                        part[:-1] &= np.where(_categories_left(ratio, node), left, right)
                    else:
                        place = int(np.searchsorted(known, ratio.threshold[node])) + 1
                        part[:place] &= left
                        part[place:-1] &= right
                    part[-1] &= left if ratio.missing_left[node] else right
                return low, high

            visit(int(a))
            if count > LEAVES or 2 * count - 1 != b - a:
                return None
        missing = np.array(codes, np.int64) - 1
        return _Masks(tuple(thresholds), missing, first, feature, base, words, leaves)

    def codes(self, values: np.ndarray) -> np.ndarray:
        """Encoded rows as codes of their features; uint16, shape (features, rows)."""
        out = np.empty(values.shape[::-1], np.uint16)
        for f, known in enumerate(self.thresholds):
            column = values[:, f]
            absent = np.isnan(column)
            if known is None:
                out[f] = np.where(absent, 0, column)
            else:
                out[f] = np.searchsorted(known, column)
            out[f, absent] = self.missing[f]
        return out


def _bits(low: int, high: int) -> int:
    """A word with the bits from `low` to before `high`."""
    return (1 << high) - (1 << low)


def _slot(leaf: int) -> int:
    """Where `_look_up` finds a leaf: each of 32 single bits has its own product's top five bits."""
    return (((1 << leaf) * _DE_BRUIJN) & 0xFFFFFFFF) >> 27


_DE_BRUIJN = 0x077CB531


def _categories_left(ratio: DensityRatio, node: int) -> np.ndarray:
    """Whether each category goes left at a node; bool, shape (256,)."""
    bits = ratio.bitsets[ratio.bitset[node]].astype("<u4").view(np.uint8)
    return np.unpackbits(bits, bitorder="little").astype(bool)


def _arrays(models: Sequence[Any]) -> dict[str, Any]:
    """The trees of fitted scikit-learn models as one list of nodes; the sum is their mean."""
    parts: dict[str, list[np.ndarray]] = {name: [] for name in _ARRAYS[:-1]}
    roots, nodes_before, bitsets_before = [], 0, 0
    for (tree,) in (predictor for model in models for predictor in model._predictors):
        nodes = tree.nodes
        leaf = nodes["is_leaf"].astype(bool)
        categorical = nodes["is_categorical"].astype(bool) & ~leaf
        roots.append(nodes_before)
        parts["feature"].append(np.where(leaf, -1, nodes["feature_idx"]).astype(np.int32))
        parts["threshold"].append(
            np.where(leaf, nodes["value"] / len(models), nodes["num_threshold"])
        )
        for side in ("left", "right"):
            parts[side].append((nodes[side].astype(np.int64) + nodes_before).astype(np.int32))
        parts["missing_left"].append(nodes["missing_go_to_left"].astype(bool))
        row = nodes["bitset_idx"].astype(np.int64) + bitsets_before
        parts["bitset"].append(np.where(categorical, row, -1).astype(np.int32))
        parts["bitsets"].append(tree.raw_left_cat_bitsets.reshape(-1, 8).astype(np.uint32))
        nodes_before += len(nodes)
        bitsets_before += len(tree.raw_left_cat_bitsets)
    arrays: dict[str, Any] = {name: np.concatenate(some) for name, some in parts.items()}
    arrays["roots"] = np.array(roots, np.int32)
    arrays["intercept"] = float(np.mean([m._baseline_prediction.ravel()[0] for m in models]))
    return arrays


@njit(cache=True, nogil=True)
def _look_up(
    codes: np.ndarray,
    first: np.ndarray,
    feature: np.ndarray,
    base: np.ndarray,
    words: np.ndarray,
    leaves: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add every tree's leaf to `out`; a block of rows meets a tree while it is in the cache."""
    block = 512
    open_leaves = np.empty(block, np.uint32)
    factor, shift, whole = np.uint32(0x077CB531), np.uint32(27), np.uint32(0xFFFFFFFF)
    unit = np.uint32(1)
    for low in range(0, codes.shape[1], block):
        count = min(block, codes.shape[1] - low)
        for t in range(first.shape[0] - 1):
            for i in range(count):
                open_leaves[i] = whole
            for pair in range(first[t], first[t + 1]):
                line, part = codes[feature[pair], low : low + count], words[base[pair] :]
                for i in range(count):
                    open_leaves[i] &= part[np.uint64(line[i])]
            values, sums = leaves[t], out[low : low + count]
            for i in range(count):
                bits = open_leaves[i]
                lowest = np.uint32(bits & np.uint32(~bits + unit))
                sums[i] += values[np.uint32(lowest * factor) >> shift]


@njit(cache=True, nogil=True)
def _walk(
    values: np.ndarray,
    feature: np.ndarray,
    threshold: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    missing_left: np.ndarray,
    bitset: np.ndarray,
    bitsets: np.ndarray,
    roots: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add every tree's leaf to `out`; a block of rows meets a tree while it is in the cache."""
    for low in range(0, values.shape[0], 256):
        high = min(low + 256, values.shape[0])
        for t in range(roots.shape[0]):
            root = roots[t]
            for i in range(low, high):
                node = root
                while feature[node] >= 0:
                    value = values[i, feature[node]]
                    if np.isnan(value):
                        go_left = missing_left[node]
                    elif bitset[node] >= 0:
                        category = np.int64(value)
                        word = bitsets[bitset[node], category >> 5]
                        go_left = (word >> np.uint32(category & 31)) & np.uint32(1) != 0
                    else:
                        go_left = value <= threshold[node]
                    node = left[node] if go_left else right[node]
                out[i] += threshold[node]
