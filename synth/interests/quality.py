"""How good topics are: perplexity, coherence, sparsity, overlap; and how well groupings agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from synth.interests import em


@dataclass(frozen=True)
class Coherence:
    """How much an interest's foremost items go together among people, mean over interests.

    Attributes
    ----------
    npmi : float
        Normalised pointwise mutual information (Bouma 2009, GSCL), −1 to 1: never together,
        independent 0, always together 1.
    pmi : float
        Pointwise mutual information (Newman et al. 2010, NAACL-HLT), natural logarithm, of pairs
        that occur.
    pairs : int
        Pairs of items that were looked at.
    """

    npmi: float
    pmi: float
    pairs: int


@dataclass(frozen=True)
class Agreement:
    """How well a grouping of people agrees with another one.

    Attributes
    ----------
    nmi : float
        Normalised mutual information, arithmetic mean (Strehl & Ghosh 2002).
    ari : float
        Adjusted Rand index (Hubert & Arabie 1985).
    accuracy : float
        The share of people in the same group when groups are matched one to one as well as can be
        (Kuhn 1955, the Hungarian method).
    """

    nmi: float
    ari: float
    accuracy: float


def coherence(matrix: csr_array, phi: np.ndarray, top: int = 10) -> Coherence:
    """Coherence of the `top` items of each topic (those that are in it at all).

    Items are together when somebody has both, so people are the documents; `matrix` has shape
    (people, items), `phi` (items, topics). A topic of a single item counts as 0.

    Parameters
    ----------
    matrix : csr_array, shape (people, items)
        What people have.
    phi : np.ndarray, shape (items, topics)
        p(item | topic).
    top : int, optional
        Items of each topic to look at.

    Returns
    -------
    Coherence
        Mean NPMI and PMI, and the number of pairs.
    """
    people = matrix.shape[0]
    chosen = [
        [i for i in np.argsort(-phi[:, t], kind="stable")[:top] if phi[i, t] > 0]
        for t in range(phi.shape[1])
    ]
    wanted = sorted({i for items in chosen for i in items})
    has = csr_array(matrix[:, wanted])
    has.data = np.ones_like(has.data, dtype=np.float64)
    share = (has.T @ has).toarray() / max(people, 1)
    place = {item: i for i, item in enumerate(wanted)}
    normal, plain, pairs = [], [], 0
    for items in chosen:
        rows = np.array([place[i] for i in items], dtype=np.int64)
        a, b = np.tril_indices(len(rows), -1)
        if not len(a):
            normal.append(0.0)
            plain.append(0.0)
            continue
        pairs += len(a)
        both = share[rows[a], rows[b]]
        alone = share[rows[a], rows[a]] * share[rows[b], rows[b]]
        seen = both > 0
        pmi = np.log(both[seen] / alone[seen])
        # At probability one, both are always there and say nothing of each other.
        scale = np.maximum(-np.log(both[seen]), 1e-12)
        each = np.full(len(a), -1.0)
        each[seen] = np.where(both[seen] < 1.0, pmi / scale, 0.0)
        normal.append(float(each.mean()))
        plain.append(float(pmi.mean()) if len(pmi) else 0.0)
    return Coherence(float(np.mean(normal)), float(np.mean(plain)), pairs)


def perplexity(matrix: csr_array, phi: np.ndarray, theta: np.ndarray) -> float:
    """exp(−log-likelihood per unit of the matrix): how many items are as good as equally likely.

    Parameters
    ----------
    matrix : csr_array, shape (people, items)
        Weighted amounts.
    phi : np.ndarray, shape (items, topics)
        p(item | topic).
    theta : np.ndarray, shape (people, topics)
        p(topic | person).

    Returns
    -------
    float
        From 1 up; 1 where the matrix is empty.
    """
    total = float(matrix.data.sum())
    return float(np.exp(-em.log_likelihood(matrix, phi, theta) / total)) if total > 0 else 1.0


def overlap(phi: np.ndarray) -> float:
    """The mean cosine of two topics' columns: 0 where no two share an item.

    Parameters
    ----------
    phi : np.ndarray, shape (items, topics)
        p(item | topic).

    Returns
    -------
    float
        The mean cosine, 0 to 1.
    """
    length = np.sqrt((phi**2).sum(axis=0))
    cosine = (phi.T @ phi) / np.maximum(np.outer(length, length), 1e-30)
    topics = phi.shape[1]
    return float((cosine.sum() - np.trace(cosine)) / max(topics * (topics - 1), 1))


def agreement(truth: np.ndarray, predicted: np.ndarray) -> Agreement:
    """How two groupings of the same people agree; codes 0, 1, …, shape (people,) each.

    Parameters
    ----------
    truth, predicted : np.ndarray of int, shape (people,)
        Codes of the two groupings.

    Returns
    -------
    Agreement
        NMI, ARI and matched accuracy.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    table = matched(truth, predicted)[1]
    return Agreement(
        float(normalized_mutual_info_score(truth, predicted)),
        float(adjusted_rand_score(truth, predicted)),
        float(table / max(len(truth), 1)),
    )


def matched(truth: np.ndarray, predicted: np.ndarray) -> tuple[dict[int, int], int]:
    """The best one-to-one match, found code → true code, and how many people it puts right.

    Parameters
    ----------
    truth, predicted : np.ndarray of int, shape (people,)
        Codes of the two groupings.

    Returns
    -------
    tuple[mapping of int to int, int]
        Code in `predicted` → code in `truth`, and the number of people in matched groups.
    """
    from scipy.optimize import linear_sum_assignment  # a third of a second in every child

    size = int(max(truth.max(initial=-1), predicted.max(initial=-1))) + 1
    together = np.zeros((size, size), np.int64)
    np.add.at(together, (predicted, truth), 1)
    rows, columns = linear_sum_assignment(-together)
    pairs = {int(r): int(c) for r, c in zip(rows, columns, strict=True)}
    return pairs, int(together[rows, columns].sum())
