"""Learned interests beside those made by hand for the time-use diaries, and beside LDA.

The diaries' activities are the items, 183 of them, one diary day a person; the 26 hand-made
interests group the same activities. Both rank a person's interests by log(1 + minutes) × rarity.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from synth.errors import PopulaceError
from synth.interests.counts import Counts
from synth.interests.em import Strengths
from synth.interests.learning import DEFAULT, learn
from synth.interests.model import Weighting, weighted
from synth.interests.quality import agreement, coherence, matched, overlap, perplexity

FILES = ("atus_activities.parquet", "atus_people.parquet", "atus_interests.json")
SWEEP: dict[str, Strengths] = {
    "PLSA, nothing added": Strengths(),
    "sparse Phi 0.02": Strengths(sparse_phi=0.02),
    "sparse Phi 0.1": Strengths(sparse_phi=0.1),
    "sparse Phi 0.3": Strengths(sparse_phi=0.3),
    "sparse Theta 0.05": Strengths(sparse_theta=0.05),
    "sparse Theta 0.5": Strengths(sparse_theta=0.5),
    "decorrelation 0.1": Strengths(decorrelation=0.1),
    "decorrelation 2": Strengths(decorrelation=2.0),
    "background 1, smooth 0.3": Strengths(background=1, smooth_background=0.3),
    "all: the default": DEFAULT,
    "all, decorrelation 0.5": Strengths(0.02, 0.05, 0.5),
    "all, background 1": Strengths(0.02, 0.05, 0.1, 1, 0.3),
}


@dataclass(frozen=True, eq=False)
class Diaries:
    """The time-use diaries: counts of leisure activities, and the interests made by hand.

    Attributes
    ----------
    counts : Counts
        Minutes by person and activity (those that the hand-made interests are made of).
    names : tuple of str
        The interests made by hand.
    tops : int, shape (people, 3)
        Their codes, −1 where there is none.
    groups : int, shape (items,)
        Each item's hand-made interest.
    """

    counts: Counts
    names: tuple[str, ...]
    tops: np.ndarray
    groups: np.ndarray


def diaries(folder: Path) -> Diaries:
    """Read the diaries from the folder that holds them."""
    for name in FILES:
        if not (folder / name).is_file():
            raise PopulaceError(f"{name} is not in {folder}: name its folder with --source.")
    said = json.loads((folder / FILES[2]).read_text(encoding="utf-8"))["interests"]
    names = tuple(str(each["name"]) for each in said)
    group = {str(code): i for i, each in enumerate(said) for code in each["codes"]}
    people = pd.read_parquet(folder / FILES[1], columns=["top1", "top2", "top3"])
    rows = pd.read_parquet(folder / FILES[0])
    rows = rows[rows["activity"].isin([int(code) for code in group])]
    some = Counts.long(rows, "person", "activity", "minutes")
    # Respondents without any of these activities are people too.
    lacking = pd.Index(np.setdiff1d(np.arange(len(people)), some.people))
    everybody = some.people.append(lacking)
    matrix = some.matrix.copy()
    matrix.resize((len(everybody), len(some.items)))
    order = np.argsort(everybody.to_numpy(), kind="stable")
    counts = Counts(everybody[order], some.items, matrix[order])
    tops = np.column_stack(
        [
            pd.Categorical(people[name].astype("string"), categories=list(names)).codes
            for name in people.columns
        ]
    )
    return Diaries(counts, names, tops, np.array([group[item] for item in counts.items]))


def evaluate(
    folder: Path,
    *,
    topics: int = 26,
    seeds: int = 3,
    weighting: Weighting = "rarity",
    sweep: bool = False,
    peers: bool = False,
) -> dict[str, Any]:
    """Figures of `seeds` fits on one thread, of the hand-made interests themselves, and where
    asked for of a sweep over the regularisers and of scikit-learn's LDA on one thread."""
    data = diaries(folder)
    # Compiled before anything is timed.
    learn(Counts(data.counts.people[:50], data.counts.items, data.counts.matrix[:50]), 2, passes=2)
    found: dict[str, Any] = {
        "people": len(data.counts.people),
        "items": len(data.counts.items),
        "topics": topics,
        "weighting": weighting,
        "hand_made": _hand_made(data),
        "populace": [_own(data, topics, seed, weighting, DEFAULT) for seed in range(seeds)],
    }
    if sweep:
        found["sweep"] = {
            name: [_own(data, topics, seed, weighting, each) for seed in range(seeds)]
            for name, each in SWEEP.items()
        }
    if peers:
        for method, rounds in (("online", 2), ("batch", 10)):
            found[f"lda_{method}"] = [
                _lda(data, topics, seed, weighting, method, rounds) for seed in range(seeds)
            ]
            found[f"times_faster_than_lda_{method}"] = _mean(
                found[f"lda_{method}"], "seconds"
            ) / _mean(found["populace"], "seconds")
    return found


def _mean(runs: list[dict[str, Any]], name: str) -> float:
    return float(np.mean([run[name] for run in runs]))


def _own(
    data: Diaries, topics: int, seed: int, weighting: Weighting, strengths: Strengths
) -> dict[str, Any]:
    began = time.perf_counter()
    learned = learn(
        data.counts, topics, seed=seed, weighting=weighting, strengths=strengths, threads=1
    )
    seconds = time.perf_counter() - began
    about = learned.interests.about
    inner = learned.interests.phi[:, :topics]
    tops = np.column_stack([learned.tops()[name].cat.codes for name in ("top1", "top2", "top3")])
    return {
        "seed": seed,
        "seconds": seconds,
        "passes": about["passes"],
        "perplexity": about["perplexity"],
        "overlap": about["overlap"],
        "noughts_in_phi": about["noughts_in_phi"],
        "noughts_in_theta": about["noughts_in_theta"],
        **_scores(data, inner, tops),
    }


def _scores(data: Diaries, phi: np.ndarray, tops: np.ndarray) -> dict[str, Any]:
    """Coherence, and agreement with the hand-made interests."""
    both = (data.tops[:, 0] >= 0) & (tops[:, 0] >= 0)
    pairs, _ = matched(data.tops[both, 0], tops[both, 0])
    translated = np.vectorize(lambda code: pairs.get(code, -1))(tops)
    shared = sum((data.tops == translated[:, [i]]) & (translated[:, [i]] >= 0) for i in range(3))
    some = data.tops[:, 0] >= 0
    items = phi.argmax(axis=1) if phi.shape[1] else np.zeros(len(phi), int)
    return {
        "coherence_top5": asdict(coherence(data.counts.matrix, phi, 5)),
        "coherence_top10": asdict(coherence(data.counts.matrix, phi, 10)),
        "top1": asdict(agreement(data.tops[both, 0], tops[both, 0])),
        "top3_found": float(shared[some].sum() / (data.tops[some] >= 0).sum()),
        "items": asdict(agreement(data.groups, items)),
        "interests_a_person": float((tops[some] >= 0).sum(axis=1).mean()),
    }


def _hand_made(data: Diaries) -> dict[str, Any]:
    """The same figures of the hand-made interests: what learned ones could reach."""
    minutes = np.asarray(data.counts.matrix.sum(axis=0)).ravel()
    phi = np.zeros((len(minutes), len(data.names)))
    phi[np.arange(len(minutes)), data.groups] = minutes
    phi /= phi.sum(axis=0)
    return {"overlap": overlap(phi), **_scores(data, phi, data.tops)}


def _lda(
    data: Diaries, topics: int, seed: int, weighting: Weighting, method: str, rounds: int
) -> dict[str, Any]:
    """scikit-learn's LDA on the same matrix, with what it needs to give people's interests."""
    from scipy.sparse import csr_matrix
    from sklearn.decomposition import LatentDirichletAllocation

    rarity = np.ones(len(data.counts.items))
    if weighting == "rarity":
        rarity = np.log((1 + len(data.counts.people)) / data.counts.used)
    own = weighted(data.counts, rarity, weighting)
    matrix = csr_matrix(own)
    model = LatentDirichletAllocation(
        topics,
        learning_method=method,
        max_iter=rounds,
        batch_size=4096,
        random_state=seed,
        n_jobs=1,
    )
    began = time.perf_counter()
    model.fit(matrix)
    fitted = time.perf_counter() - began
    theta = model.transform(matrix)
    seconds = time.perf_counter() - began
    phi = (model.components_ / model.components_.sum(axis=1, keepdims=True)).T
    order = np.argsort(-theta, axis=1, kind="stable")[:, :3]
    empty = np.diff(own.indptr) == 0
    share = np.take_along_axis(theta, order, axis=1)
    tops = np.where((share >= 0.05) & ~empty[:, None], order, -1)
    return {
        "seed": seed,
        "seconds": seconds,
        "seconds_fit": fitted,
        "rounds": rounds,
        "perplexity": perplexity(own, phi, theta),
        "overlap": overlap(phi),
        "noughts_in_phi": float((phi == 0).mean()),
        "noughts_in_theta": float((theta == 0).mean()),
        **_scores(data, phi, tops),
    }
