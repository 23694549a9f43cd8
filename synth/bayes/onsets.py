"""Where a number decides which levels of other columns occur: nobody of 19 has a degree yet.

Inside a bin a value depends on nothing else. So a bin of 18 to 22 gives those of 18 the degrees of
those of 22. A bin is cut where a level of another column begins or ends inside it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from synth.bayes.coding import Coding, Pieces

MISSED = 24.0
"""A bin is cut where so many people would have a level if the bin were alike, and nobody has."""
MOST = 4
"""Cuts of one number; the clearest where there are more."""


def onset_limits(
    coding: Coding, numbers: np.ndarray, others: Iterable[tuple[np.ndarray, int]]
) -> np.ndarray:
    """Values inside bins at which levels of other columns begin or end.

    Parameters
    ----------
    coding : Coding
        Of the number.
    numbers : float64 array, shape (rows,)
        The values; nan where missing.
    others : iterable of (int array, int)
        The codes of each other column, shape (rows,), and how many codes it has.

    Returns
    -------
    float64 array
        Ascending; a bin is to begin at each.
    """
    pieces = coding.number_pieces
    known = np.flatnonzero(~np.isnan(numbers))
    piece = np.searchsorted(pieces.last, coding.index(numbers[known]))
    piece = np.minimum(piece, len(pieces.last) - 1)
    tables = [
        np.bincount(piece * size + codes[known], minlength=len(pieces.last) * size).reshape(
            len(pieces.last), size
        )
        for codes, size in others
    ]
    cuts = [cut for cut in _cuts(pieces, np.hstack(tables), np.bincount(piece)) if cut[0] >= MISSED]
    cuts.sort(key=lambda cut: -cut[0])
    places = np.unique([place for _, place in cuts[:MOST]]).astype(np.int64)
    return np.asarray(coding.value(pieces.first[places]), dtype=np.float64)


def _cuts(pieces: Pieces, counts: np.ndarray, people: np.ndarray) -> list[tuple[float, int]]:
    """Each bin's clearest cut, then that of its parts: who is missing, and the piece that begins.

    Parameters
    ----------
    pieces : Pieces
    counts : int array, shape (pieces, levels of all other columns)
        People.
    people : int array, shape (pieces,)
    """
    people = np.append(people, np.zeros(len(counts) - len(people), people.dtype))
    out: list[tuple[float, int]] = []
    parts = list(zip(pieces.starts[:-1].tolist(), pieces.starts[1:].tolist(), strict=True))
    while parts:
        low, high = parts.pop()
        if high - low < 2:
            continue
        best = max(_ends(counts[low:high], people[low:high]))
        if best[0] >= MISSED:
            cut = low + best[1]
            out.append((best[0], cut))
            parts += [(low, cut), (cut, high)]
    return out


def _ends(counts: np.ndarray, people: np.ndarray) -> Iterable[tuple[float, int]]:
    """Of a bin's pieces: who is missing before a level's first and after its last, and the cuts."""
    below = np.concatenate([[0], np.cumsum(people)])
    each = counts.sum(axis=0)
    levels = np.flatnonzero(each)
    occurs = counts[:, levels] > 0
    share = each[levels] / max(int(below[-1]), 1)
    first = occurs.argmax(axis=0)
    end = len(counts) - occurs[::-1].argmax(axis=0)
    yield 0.0, 0
    for missing, cut in ((below[first], first), (below[-1] - below[end], end)):
        if len(levels):
            chance = missing * share
            best = int(chance.argmax())
            yield float(chance[best]), int(cut[best])
