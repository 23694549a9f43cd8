"""Blanks filled and columns predicted, beside scikit-learn, on people nobody learned from.

Half of a table is learned; in the other half cells are blanked, at random or by blocks of columns,
and filled again. Ours is the exact posterior given what is left of each row; beside it stand
scikit-learn's `IterativeImputer` (its default, a Bayesian ridge, on numbers and one-hot levels) and
the column's mean or shares. Cells that were blank to begin with are blank for everybody.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.fitting.simple import fit
from synth.jobs import Progress
from synth.populations import Population
from synth.populations.prediction import predict
from synth.populations.requested_rows import prepared

Pattern = Literal["random", "blocks"]
SHARE = 0.2
"""The share of cells that are blanked."""
BLOCK = 6
"""Neighbouring columns that are blanked together."""
LEAST = 1e-6
"""What a probability of a level counts at least in a log-loss, for everybody."""
_CLASSES = 15  # of a reliability curve


def bench_rows(
    table: Path,
    columns: tuple[str, ...] = (),
    *,
    most: int = 0,
    seed: int = 0,
    population: Population | None = None,
    imputer: bool = True,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Learn half of a table, and fill and predict the other half.

    Parameters
    ----------
    table : Path
        CSV or Parquet.
    columns : tuple of str
        Columns that are predicted beside scikit-learn's HGB.
    most : int
        How many of the judged people are used; 0 for all.
    seed : int
        Which half is learned, and which cells are blanked.
    population : Population, optional
        What was learned from the first half with this seed.
    imputer : bool
        Whether the iterative imputer is measured too.
    progress : callable, optional
        Gets the share that is done, and words.

    Returns
    -------
    dict
        JSON-ready figures.
    """
    tell = progress or (lambda *_: None)
    learned, judged = halves(table, seed)
    if most:
        judged = judged[:most]
    tell(0.02, "Learning")
    began = time.perf_counter()
    people = population or fit(learned, seed=seed)
    out: dict[str, Any] = {
        "table": table.name,
        "learned": len(learned),
        "judged": len(judged),
        "columns": len(people.modelled),
        "fit_s": None if population else round(time.perf_counter() - began, 1),
        "blanked": {},
        "predicted": {},
    }
    names = list(people.modelled.names)
    learned = learned[names]
    judged = _known_only(judged[names].reset_index(drop=True), people.modelled)
    patterns: tuple[Pattern, ...] = ("random", "blocks")
    for i, pattern in enumerate(patterns):
        tell(0.1 + 0.4 * i, f"Filling cells that are blanked by {pattern}")
        out["blanked"][pattern] = blanked(people, learned, judged, pattern, seed, imputer)
    for column in columns:
        tell(0.9, f"Predicting {column}")
        out["predicted"][column] = predicted(people, learned, judged, column, seed)
    return out


def halves(table: Path, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A table's rows, shuffled and parted; the index goes.

    Parameters
    ----------
    table : Path
        CSV or Parquet.
    seed : int
        Which half is which.

    Returns
    -------
    learned, judged : DataFrame
    """
    from synth.data.table import read_frame

    frame, _ = read_frame(table)
    first = np.random.default_rng(seed).permutation(len(frame)) < len(frame) // 2
    return frame[first].reset_index(drop=True), frame[~first].reset_index(drop=True)


def _known_only(judged: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """The judged people, levels that nobody among the learned has as blank cells."""
    judged = judged.copy(deep=False)
    for name in judged.columns:
        if schema[name].kind == "categorical":
            texts = judged[name].astype(object)
            levels = set(schema[name].levels)
            judged[name] = texts.where(texts.map(lambda v, known=levels: str(v) in known), None)
    return judged


def mask(frame: pd.DataFrame, pattern: Pattern, seed: int) -> np.ndarray:
    """Which cells are blanked: `SHARE` of all, each by chance, or blocks of neighbouring columns.

    Returns
    -------
    bool array, shape (rows, columns)
        Only cells that had a value.
    """
    rng = np.random.default_rng([seed, 1])
    rows, columns = frame.shape
    if pattern == "random":
        chosen = rng.random((rows, columns)) < SHARE
    else:
        blocks = -(-columns // BLOCK)
        chosen = np.repeat(rng.random((rows, blocks)) < SHARE, BLOCK, axis=1)[:, :columns]
    return chosen & frame.notna().to_numpy()


# ---------------------------------------------------------------------- filling


def blanked(
    people: Population,
    learned: pd.DataFrame,
    judged: pd.DataFrame,
    pattern: Pattern,
    seed: int,
    imputer: bool,
) -> dict[str, Any]:
    """Log-loss of levels and error of numbers for blanked cells, ours beside others'.

    The error of a number is the mean of |filled - true| in standard deviations of the learned
    column; ours is told for the posterior's mean and for its median.
    """
    gone = mask(judged, pattern, seed)
    left = judged.mask(gone)
    schema = people.modelled
    began = time.perf_counter()
    questions, evidence = prepared(left, people)
    beliefs = questions.posteriors(evidence, floor=1e-9)
    seconds = time.perf_counter() - began
    ours: dict[str, dict[str, np.ndarray]] = {}
    for name in schema.names:
        p = beliefs[name]
        if schema[name].missing:
            p = p[:, :-1] / np.maximum(p[:, :-1].sum(axis=1, keepdims=True), 1e-300)
        if schema[name].is_number:
            ours[name] = {
                "mean": questions.means(name, p),
                "median": questions.quantiles(name, p, [0.5])[:, 0],
            }
        else:
            ours[name] = {"shares": p}
    result: dict[str, Any] = {
        "cells": int(gone.sum()),
        "blank_share": round(float(left.isna().to_numpy().mean()), 3),
        "rows_per_s": round(len(left) / seconds, 1),
    }
    methods: dict[str, dict[str, dict[str, np.ndarray]]] = {
        "populace": ours,
        "columns": _of_columns(learned, len(left), schema),
    }
    if imputer:
        began = time.perf_counter()
        methods["IterativeImputer"] = _iterative(learned, left, schema, seed)
        result["imputer_s"] = round(time.perf_counter() - began, 1)
    for title, filled in methods.items():
        result[title] = _errors(filled, learned, judged, gone, schema)
    result["calibration"] = _reliability_of(ours, judged, gone, schema)
    return result


def _errors(
    filled: dict[str, dict[str, np.ndarray]],
    learned: pd.DataFrame,
    judged: pd.DataFrame,
    gone: np.ndarray,
    schema: Schema,
) -> dict[str, Any]:
    losses, hits, errors, medians = [], [], [], []
    by_column: dict[str, float] = {}
    for c, name in enumerate(judged.columns):
        here = gone[:, c]
        if not here.any():
            continue
        if schema[name].is_number:
            true = pd.to_numeric(judged[name]).to_numpy(dtype=float, na_value=np.nan)[here]
            unit = float(pd.to_numeric(learned[name]).std()) or 1.0
            error = np.abs(filled[name]["mean"][here] - true) / unit
            errors.append(error)
            by_column[name] = round(float(error.mean()), 4)
            if "median" in filled[name]:
                medians.append(np.abs(filled[name]["median"][here] - true) / unit)
        else:
            code = _codes(judged[name], schema, name)[here]
            p = np.maximum(filled[name]["shares"][here], LEAST)
            p = p / p.sum(axis=1, keepdims=True)
            loss = -np.log(p[np.arange(len(code)), code])
            losses.append(loss)
            hits.append(p.argmax(axis=1) == code)
            by_column[name] = round(float(loss.mean()), 4)
    out: dict[str, Any] = {
        "log_loss": round(float(np.concatenate(losses).mean()), 4) if losses else None,
        "accuracy": round(float(np.concatenate(hits).mean()), 4) if hits else None,
        "absolute_error_sd": round(float(np.concatenate(errors).mean()), 4) if errors else None,
    }
    if medians:
        out["absolute_error_sd_median"] = round(float(np.concatenate(medians).mean()), 4)
    return {**out, "by_column": by_column}


def _codes(values: pd.Series, schema: Schema, name: str) -> np.ndarray:
    """The number of each level; blank cells count as the first."""
    column = schema.select([name]).changed(name, missing=True).conform(values.to_frame())[name]
    if schema[name].kind == "boolean":
        return column.to_numpy(dtype=float, na_value=0.0).astype(int)
    return np.maximum(column.cat.codes.to_numpy(), 0).astype(int)


def _of_columns(
    learned: pd.DataFrame, rows: int, schema: Schema
) -> dict[str, dict[str, np.ndarray]]:
    """Each column's mean, or shares of its levels."""
    out = {}
    for name in learned.columns:
        known = learned[name].dropna()
        if schema[name].is_number:
            out[name] = {"mean": np.full(rows, float(pd.to_numeric(known).mean()))}
        else:
            levels = len(schema[name].levels)
            share = np.bincount(_codes(known, schema, name), minlength=levels) / len(known)
            out[name] = {"shares": np.tile(share, (rows, 1))}
    return out


def _iterative(
    learned: pd.DataFrame, left: pd.DataFrame, schema: Schema, seed: int
) -> dict[str, dict[str, np.ndarray]]:
    """scikit-learn's IterativeImputer on standardised numbers and one-hot levels.

    The last level is left out: with it each level would follow from its siblings, which are blank
    together, and nothing would be learned from the other columns.
    """
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    def matrix(frame: pd.DataFrame) -> np.ndarray:
        parts = []
        for name in frame.columns:
            if schema[name].is_number:
                values = pd.to_numeric(frame[name]).to_numpy(dtype=float, na_value=np.nan)
                parts.append(values[:, None])
                continue
            indicators = np.eye(len(schema[name].levels))[_codes(frame[name], schema, name)]
            indicators[frame[name].isna().to_numpy()] = np.nan
            parts.append(indicators[:, :-1])
        return np.hstack(parts)

    before = matrix(learned)
    centre, unit = np.nanmean(before, axis=0), np.nanstd(before, axis=0)
    unit = np.where(unit > 0, unit, 1.0)
    imputer = IterativeImputer(random_state=seed, keep_empty_features=True)
    imputer.fit((before - centre) / unit)
    after = imputer.transform((matrix(left) - centre) / unit) * unit + centre
    out, at = {}, 0
    for name in learned.columns:
        if schema[name].is_number:
            out[name] = {"mean": after[:, at]}
            at += 1
            continue
        wide = len(schema[name].levels) - 1
        p = after[:, at : at + wide]
        p = np.clip(np.column_stack([p, 1.0 - p.sum(axis=1)]), LEAST, None)
        out[name] = {"shares": p / p.sum(axis=1, keepdims=True)}
        at += wide
    return out


# ---------------------------------------------------------------------- calibration


def reliability(p: np.ndarray, true: np.ndarray) -> dict[str, Any]:
    """How often what is called likely is true.

    Parameters
    ----------
    p : float64 array, shape (n,)
        Probabilities.
    true : bool array, shape (n,)
        What came true.

    Returns
    -------
    dict
        ``expected_calibration_error``: the mean distance of the two, in equally wide classes of
        the probability; and a reliability diagram: of each class the mean probability
        ``predicted``, the share ``observed``, and the ``count``.
    """
    place = np.minimum((p * _CLASSES).astype(int), _CLASSES - 1)
    count = np.bincount(place, minlength=_CLASSES)
    there = count > 0
    predicted = np.bincount(place, p, minlength=_CLASSES)[there] / count[there]
    observed = np.bincount(place, true.astype(float), minlength=_CLASSES)[there] / count[there]
    error = float((np.abs(predicted - observed) * count[there]).sum() / max(count.sum(), 1))
    return {
        "expected_calibration_error": round(error, 4),
        "predicted": predicted.round(4).tolist(),
        "observed": observed.round(4).tolist(),
        "count": count[there].tolist(),
    }


def _reliability_of(
    ours: dict[str, dict[str, np.ndarray]],
    judged: pd.DataFrame,
    gone: np.ndarray,
    schema: Schema,
) -> dict[str, Any]:
    """Of the likeliest level of each blanked cell."""
    predicted, seen = [], []
    for c, name in enumerate(judged.columns):
        here = gone[:, c]
        if schema[name].is_number or not here.any():
            continue
        p = ours[name]["shares"][here]
        predicted.append(p.max(axis=1))
        seen.append(p.argmax(axis=1) == _codes(judged[name], schema, name)[here])
    if not predicted:
        return {}
    return reliability(np.concatenate(predicted), np.concatenate(seen))


# ---------------------------------------------------------------------- predicting


def predicted(
    people: Population, learned: pd.DataFrame, judged: pd.DataFrame, column: str, seed: int
) -> dict[str, Any]:
    """One column from all others, ours beside HGB; rows in which it is blank are left out.

    Blank cells of other columns are the state `missing` for ours, as HGB sees them.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.metrics import log_loss, roc_auc_score

    schema = people.modelled
    if column not in schema:
        raise PopulaceError(f"There is no column {column} to predict: name one of the table.")
    learned = learned[learned[column].notna()]
    judged = judged[judged[column].notna()].reset_index(drop=True)
    began = time.perf_counter()
    prediction = predict(column, judged, people, blank="missing", values_only=True)
    ours_s = time.perf_counter() - began
    others = [name for name in judged.columns if name != column]

    def features(frame: pd.DataFrame) -> pd.DataFrame:
        out = {}
        for name in others:
            if schema[name].is_number:
                out[name] = pd.to_numeric(frame[name]).to_numpy(dtype=float, na_value=np.nan)
            else:
                codes = _codes(frame[name], schema, name).astype(float)
                out[name] = np.where(frame[name].isna(), np.nan, codes)
        return pd.DataFrame(out)

    levels = [not schema[name].is_number and len(schema[name].levels) <= 255 for name in others]
    result: dict[str, Any] = {"rows": len(judged), "rows_per_s": round(len(judged) / ours_s, 1)}
    began = time.perf_counter()
    if schema[column].is_number:
        true = pd.to_numeric(judged[column]).to_numpy(dtype=float)
        target = pd.to_numeric(learned[column]).to_numpy(dtype=float)
        unit = float(target.std()) or 1.0
        model = HistGradientBoostingRegressor(categorical_features=levels, random_state=seed)
        theirs = model.fit(features(learned), target).predict(features(judged))
        assert prediction.mean is not None and prediction.lower is not None
        inside = (prediction.lower <= true) & (true <= prediction.upper)
        for title, guess in (("populace", prediction.mean), ("HGB", theirs)):
            result[title] = {
                "absolute_error_sd": round(float(np.abs(guess - true).mean() / unit), 4),
                "r2": round(1 - float(((guess - true) ** 2).mean() / true.var()), 4),
            }
        result["populace"]["inside_90"] = round(float(inside.mean()), 4)
    else:
        codes = _codes(judged[column], schema, column)
        classifier = HistGradientBoostingClassifier(categorical_features=levels, random_state=seed)
        classifier.fit(features(learned), _codes(learned[column], schema, column))
        theirs = np.full(prediction.probabilities.shape, LEAST)
        theirs[:, classifier.classes_] = classifier.predict_proba(features(judged))
        for title, p in (("populace", prediction.probabilities), ("HGB", theirs)):
            p = np.maximum(p, LEAST)
            p = p / p.sum(axis=1, keepdims=True)
            present = np.unique(codes)
            auc = np.mean([roc_auc_score(codes == k, p[:, k]) for k in present])
            result[title] = {
                "auc": round(float(auc), 4),
                "log_loss": round(float(log_loss(codes, p, labels=range(p.shape[1]))), 4),
                **reliability(p.max(axis=1), p.argmax(axis=1) == codes),
            }
    result["HGB"]["seconds"] = round(time.perf_counter() - began, 1)
    return result
