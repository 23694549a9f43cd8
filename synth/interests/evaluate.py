"""Learned interests beside those made by hand for the time-use diaries, and beside peers.

The diaries' activities are the items, 183 of them, one diary day a person; the 26 hand-made
interests group the same activities. Both rank a person's interests by log(1 + minutes) × rarity.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, csr_matrix
from sklearn.decomposition import LatentDirichletAllocation

from synth.errors import PopulaceError
from synth.interests import em
from synth.interests.counts import Counts
from synth.interests.em import Strengths
from synth.interests.learning import DEFAULT, learn
from synth.interests.model import Weighting, rarity_of, weighted
from synth.interests.quality import agreement, coherence, matched, overlap, perplexity

FILES = ("atus_activities.parquet", "atus_people.parquet", "atus_interests.json")
SWEEP: dict[str, Strengths] = {
    "PLSA, nothing added": Strengths(),
    "sparse Phi 0.02": Strengths(sparse_phi=0.02),
    "sparse Phi 0.3": Strengths(sparse_phi=0.3),
    "sparse Theta 0.05": Strengths(sparse_theta=0.05),
    "sparse Theta 0.5": Strengths(sparse_theta=0.5),
    "smooth Theta 0.1": Strengths(sparse_theta=-0.1),
    "smooth Theta 0.5": Strengths(sparse_theta=-0.5),
    "smooth Theta 1": Strengths(sparse_theta=-1.0),
    "smooth Theta 3": Strengths(sparse_theta=-3.0),
    "decorrelation 0.1": Strengths(decorrelation=0.1),
    "decorrelation 2": Strengths(decorrelation=2.0),
    "background 1, smooth 1": Strengths(background=1, smooth_background=1.0),
    "all: the default": DEFAULT,
    "all, decorrelation 1": replace(DEFAULT, decorrelation=1.0),
    "all, background 1": replace(DEFAULT, background=1, smooth_background=1.0),
}


@dataclass(frozen=True, eq=False)
class TopicFit:
    """What a peer learned of people and items.

    Attributes
    ----------
    phi : float64 array, shape (items, topics)
        p(item | topic).
    theta : float32 array, shape (people, topics)
        p(topic | person).
    seconds : float
        Of the processor, for both.
    about : mapping of str to Any
        What else it says, for the report.
    """

    phi: np.ndarray
    theta: np.ndarray
    seconds: float
    about: Mapping[str, Any] = field(default_factory=dict)


TopicFitter = Callable[[csr_array, int, int], TopicFit]
"""Matrix of people and items, number of topics and seed → what a peer learns of them."""


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
    """Read the diaries from the folder that holds them.

    Parameters
    ----------
    folder : Path
        Where the files are.

    Returns
    -------
    Diaries
        Minutes by person, and the hand-made interests.

    Raises
    ------
    PopulaceError
        A file is missing.
    """
    for name in FILES:
        if not (folder / name).is_file():
            raise PopulaceError(f"{name} is not in {folder}: name its folder with --source.")
    interests = json.loads((folder / FILES[2]).read_text(encoding="utf-8"))["interests"]
    names = tuple(str(each["name"]) for each in interests)
    group = {str(code): i for i, each in enumerate(interests) for code in each["codes"]}
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
    others: Mapping[str, TopicFitter] | None = None,
) -> dict[str, Any]:
    """Figures of `seeds` fits, of the hand-made interests themselves, and where asked for of a
    sweep over the regularisers, of scikit-learn's LDA and of other peers.

    Seconds are the processor's, one thread each: other work on the machine does not count.

    Parameters
    ----------
    folder : Path
        Where the diaries are.
    topics : int, optional
        Interests to learn.
    seeds : int, optional
        How many fits.
    weighting : Weighting, optional
        How amounts count.
    sweep : bool, optional
        Whether to try other strengths.
    peers : bool, optional
        Whether to fit LDA too.
    others : mapping of str to TopicFitter, optional
        Further peers by name.

    Returns
    -------
    mapping of str to Any
        The figures, by name.
    """
    data = diaries(folder)
    # Compiled before anything is timed.
    learn(Counts(data.counts.people[:50], data.counts.items, data.counts.matrix[:50]), 2, passes=2)
    report: dict[str, Any] = {
        "people": len(data.counts.people),
        "items": len(data.counts.items),
        "topics": topics,
        "weighting": weighting,
        "hand_made": _hand_made(data),
        "hidden_item_by_shares_alone": hidden_item(_weighted(data, weighting), _shares_alone),
        "populace": [_own(data, topics, seed, weighting, DEFAULT) for seed in range(seeds)],
    }
    if sweep:
        report["sweep"] = {
            name: [_own(data, topics, seed, weighting, each) for seed in range(seeds)]
            for name, each in SWEEP.items()
        }
    if peers:
        for method, rounds in (("online", 2), ("batch", 10)):
            report[f"lda_{method}"] = [
                _lda(data, topics, seed, weighting, method, rounds) for seed in range(seeds)
            ]
            report[f"times_faster_than_lda_{method}"] = _mean(
                report[f"lda_{method}"], "seconds"
            ) / _mean(report["populace"], "seconds")
    if others:
        report["others"] = {
            name: [_peer(data, topics, seed, weighting, fitter) for seed in range(seeds)]
            for name, fitter in others.items()
        }
    return report


def hidden_item(
    matrix: csr_array, fit: Callable[[csr_array], tuple[np.ndarray, np.ndarray]], seed: int = 0
) -> float:
    """How well what somebody does tells one more thing that they do: a perplexity.

    One item of every fifth person of two items or more is hidden, `fit` gives Phi and Theta of
    what is left, and the hidden item's probability among those that the person does not show is
    looked at. A hundredth of the items' shares is mixed in, for a model may say never.

    Parameters
    ----------
    matrix : csr_array, shape (people, items)
        What people do.
    fit : callable
        Matrix → Phi (items, topics) and Theta (people, topics).
    seed : int, optional
        Of what is hidden.

    Returns
    -------
    float
        The perplexity, from 1 up; lower is better.
    """
    rng = np.random.default_rng(seed)
    several = np.flatnonzero(np.diff(matrix.indptr) >= 2)
    who = np.sort(rng.choice(several, len(several) // 5, replace=False))
    low, high = matrix.indptr[who], matrix.indptr[who + 1]
    place = low + np.floor(rng.random(len(who)) * (high - low)).astype(np.int64)
    left = matrix.copy()
    left.data[place] = 0.0
    left.eliminate_zeros()
    phi, theta = fit(left)
    share = np.asarray(left.sum(axis=0)).ravel() + 1.0  # one that nobody shows any more has some
    scores = 0.99 * (theta[who] @ phi.T) + 0.01 * share / share.sum()
    shown = np.repeat(np.arange(len(who)), np.diff(left[who].indptr))
    scores[shown, left[who].indices] = 0.0
    chance = scores[np.arange(len(who)), matrix.indices[place]] / scores.sum(axis=1)
    return float(np.exp(-np.log(chance).mean()))


def _shares_alone(matrix: csr_array) -> tuple[np.ndarray, np.ndarray]:
    """The items' shares as the only topic: what `hidden_item` is without any interests."""
    share = np.asarray(matrix.sum(axis=0)).ravel()
    return (share / share.sum())[:, None], np.ones((matrix.shape[0], 1))


def _weighted(data: Diaries, weighting: Weighting) -> csr_array:
    """The matrix as `learn` weighs it."""
    return weighted(data.counts, rarity_of(data.counts, weighting), weighting)


def _lda_model(topics: int, seed: int, method: str, rounds: int) -> LatentDirichletAllocation:
    return LatentDirichletAllocation(
        topics,
        learning_method=method,
        max_iter=rounds,
        batch_size=4096,
        random_state=seed,
        n_jobs=1,
    )


def _phi(model: LatentDirichletAllocation) -> np.ndarray:
    return (model.components_ / model.components_.sum(axis=1, keepdims=True)).T


def _mean(runs: list[dict[str, Any]], name: str) -> float:
    return float(np.mean([run[name] for run in runs]))


def _own(
    data: Diaries, topics: int, seed: int, weighting: Weighting, strengths: Strengths
) -> dict[str, Any]:
    began = time.process_time()
    learned = learn(
        data.counts, topics, seed=seed, weighting=weighting, strengths=strengths, threads=1
    )
    seconds = time.process_time() - began
    about = learned.interests.about

    def fit(matrix: csr_array) -> tuple[np.ndarray, np.ndarray]:
        fitted = em.fit(matrix, topics + strengths.background, strengths, seed=seed)
        return fitted.phi, fitted.theta

    inner = learned.interests.phi[:, :topics]
    tops = np.column_stack([learned.tops()[name].cat.codes for name in ("top1", "top2", "top3")])
    return {
        "seed": seed,
        "seconds": seconds,
        "passes": about["passes"],
        "perplexity": about["perplexity"],
        "overlap": about["overlap"],
        "hidden_item": hidden_item(_weighted(data, weighting), fit, seed),
        "noughts_in_phi": about["noughts_in_phi"],
        "noughts_in_shares": about["noughts_in_shares"],
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
    own = _weighted(data, weighting)
    matrix = csr_matrix(own)
    model = _lda_model(topics, seed, method, rounds)
    began = time.process_time()
    model.fit(matrix)
    fitted = time.process_time() - began
    theta = model.transform(matrix)
    seconds = time.process_time() - began
    phi = _phi(model)

    def fit(left: csr_array) -> tuple[np.ndarray, np.ndarray]:
        other = _lda_model(topics, seed, method, rounds).fit(csr_matrix(left))
        return _phi(other), other.transform(csr_matrix(left))

    return {
        "seed": seed,
        "seconds": seconds,
        "seconds_fit": fitted,
        "rounds": rounds,
        # Once more as long; the batch form's figures are the online form's.
        "hidden_item": hidden_item(own, fit, seed) if method == "online" else None,
        **_peer_figures(data, own, phi, theta),
    }


def _peer(
    data: Diaries, topics: int, seed: int, weighting: Weighting, fitter: TopicFitter
) -> dict[str, Any]:
    """A peer's figures on the same matrix."""
    own = _weighted(data, weighting)
    fitted = fitter(own, topics, seed)

    def fit(left: csr_array) -> tuple[np.ndarray, np.ndarray]:
        other = fitter(left, topics, seed)
        return other.phi, other.theta

    return {
        "seed": seed,
        "seconds": fitted.seconds,
        **fitted.about,
        "hidden_item": hidden_item(own, fit, seed),
        **_peer_figures(data, own, fitted.phi, fitted.theta),
    }


def _peer_figures(
    data: Diaries, own: csr_array, phi: np.ndarray, theta: np.ndarray
) -> dict[str, Any]:
    """Figures of a fit; a topic of less than a twentieth of somebody is no interest of theirs."""
    order = np.argsort(-theta, axis=1, kind="stable")[:, :3]
    empty = np.diff(own.indptr) == 0
    share = np.take_along_axis(theta, order, axis=1)
    tops = np.where((share >= 0.05) & ~empty[:, None], order, -1)
    return {
        "perplexity": perplexity(own, phi, theta),
        "overlap": overlap(phi),
        "noughts_in_phi": float((phi == 0).mean()),
        **_scores(data, phi, tops),
    }
