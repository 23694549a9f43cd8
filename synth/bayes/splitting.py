"""Finer bins of a number, without changing whom the network describes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from synth.bayes.coding import Pieces
from synth.bayes.network import Network
from synth.errors import PopulaceError


def split_bins(network: Network, column: str, starts: Iterable[float]) -> Network:
    """The same distribution, with bins of a number that begin at given values.

    Inside a bin a value depends on nothing else, so a bin can be cut in two: both halves keep its
    rows in the tables of its children, and share its probability as its pieces do. Questions have
    the same answers; samples of a seed are other people of the same distribution.

    Parameters
    ----------
    network : Network
        What is to be split; it does not change.
    column : str
        A number with codes.
    starts : iterable of float
        Values, in the column's unit, at which a bin is to begin.

    Returns
    -------
    Network
        The network itself where every start begins a bin already.

    Raises
    ------
    PopulaceError
        The column holds no numbers with codes, or a Gaussian column depends on it.
    """
    _ = network.schema[column]
    coding = network.codings.get(column)
    if coding is None or coding.pieces is None:
        raise PopulaceError(f"Column {column} has no bins: name a number with codes.")
    indices = np.unique([int(np.ceil(coding.range(start, None)[0])) for start in starts])
    pieces, old = _split(coding.pieces, indices)
    if pieces.bins == coding.pieces.bins:
        return network
    below = [name for name, node in network.gaussians.items() if column in node.given]
    if below:
        raise PopulaceError(
            f"The Gaussian column {below[0]} depends on the bins of {column}, which cannot be "
            "split: learn it without --gaussian."
        )
    share = np.bincount(
        pieces.bin, coding.pieces.weight[old] * _lengths(pieces) / _lengths(coding.pieces)[old]
    )
    parent = coding.pieces.bin[old][pieces.starts[:-1]]
    if coding.column.missing:
        parent, share = np.append(parent, coding.pieces.bins), np.append(share, 1.0)
    tables = dict(network.tables)
    tables[column] = np.take(tables[column], parent, axis=-1) * share
    for name, parents in network.parents.items():
        if column in parents:
            tables[name] = np.take(tables[name], parent, axis=parents.index(column))
    codings = {**network.codings, column: replace(coding, pieces=pieces)}
    return replace(network, codings=codings, tables=tables)


def _lengths(pieces: Pieces) -> np.ndarray:
    """How many lattice values each piece spans."""
    return pieces.last - pieces.first + 1


def _split(pieces: Pieces, indices: np.ndarray) -> tuple[Pieces, np.ndarray]:
    """Pieces whose bins begin at lattice indices too, and the old piece of each new one."""
    first, last, old = [], [], []
    for i, (low, high) in enumerate(zip(pieces.first, pieces.last, strict=True)):
        inside = indices[(indices > low) & (indices <= high)]
        bounds = [int(low), *(int(index) for index in inside), int(high) + 1]
        for begin, end in pairwise(bounds):
            first.append(begin)
            last.append(end - 1)
            old.append(i)
    starts = np.array(first)
    number = np.array(old)
    # A start between two pieces begins a bin with the next piece.
    at = np.searchsorted(starts, indices)
    begins = np.zeros(len(starts), dtype=bool)
    begins[at[at < len(starts)]] = True
    changes = np.append(True, np.diff(pieces.bin[number]) > 0)
    bins = np.cumsum(changes | begins) - 1
    ends = np.array(last)
    length = (ends - starts + 1) / _lengths(pieces)[number]
    weight = pieces.weight[number] * length
    return Pieces(starts, ends, bins, weight / np.bincount(bins, weight)[bins]), number
