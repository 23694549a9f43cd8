"""Lives drawn from a mixture of chains: numbers that depend on the row and the time alone."""

from __future__ import annotations

import numpy as np
from numba import njit

from synth.bayes.random import fill, stream_key, unit
from synth.lives.chain import Messages

_STREAM = "life"


def draw(messages: Messages, classes: np.ndarray, seed: int, start: int = 0) -> np.ndarray:
    """Lives of people with given classes, under the messages' evidence; exact.

    Parameters
    ----------
    messages : Messages
        Of the evidence.
    classes : int array, shape (people,)
        The class of each; possible under the evidence.
    seed : int
        The same seed draws the same lives.
    start : int
        The number of the first person.

    Returns
    -------
    int8 array, shape (people, times)
    """
    first, moves = messages.tables
    out = np.empty((len(classes), messages.chain.times), dtype=np.int8)
    key = stream_key(seed, _STREAM)
    _draw(key, start, classes.astype(np.int64), first, moves, messages.bits, out)
    return out


@njit(cache=True, nogil=True)
def _draw(
    key: np.uint64,
    start: int,
    classes: np.ndarray,
    first: np.ndarray,
    moves: np.ndarray,
    bits: np.ndarray,
    out: np.ndarray,
) -> None:
    people, times = out.shape
    longest = moves.shape[4] - 1
    numbers = np.empty(times, dtype=np.uint64)
    for i in range(people):
        fill(key, (start + i) * times, numbers)
        k = classes[i]
        state = _pick(first[k], numbers[0])
        marks = bits[0, state]
        length = 0
        out[i, 0] = state
        for t in range(1, times):
            after = _pick(moves[t - 1, k, marks, state, length], numbers[t])
            length = min(length + 1, longest) if after == state else 0
            state = after
            marks |= bits[t, state]
            out[i, t] = state


@njit(cache=True, nogil=True, inline="always")
def _pick(cumulative: np.ndarray, number: np.uint64) -> int:
    u = unit(number)
    place = 0
    while cumulative[place] <= u:
        place += 1
    return place
