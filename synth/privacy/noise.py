"""Noise whose privacy can be proved: whole numbers only, from the operating system's randomness.

Floating-point noise leaks: the low bits of a noisy number tell what it was added to (I. Mironov,
2012). Counts are whole numbers here and so is their noise, the discrete Gaussian of C. Canonne,
G. Kamath and T. Steinke ("The discrete Gaussian for differential privacy", NeurIPS 2020). Every
coin is tossed exactly, with integers; nothing is rounded. A choice by the exponential mechanism is
drawn exactly too: a candidate is proposed evenly and accepted with its probability.

How long a draw takes depends on what is drawn; an adversary with a clock beside the learning is
not part of the promise.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Protocol

import numpy as np

from synth.errors import PopulaceError

_LARGEST = 2**62  # of any number in the arrays


class Source(Protocol):
    """Where random words come from.

    Attributes
    ----------
    is_for_tests : bool
        Whether the words follow from a seed, so that no privacy comes of them.
    """

    @property
    def is_for_tests(self) -> bool: ...

    def words(self, count: int) -> np.ndarray:
        """Independent words; uint64 array, shape (count,)."""
        ...


@dataclass(frozen=True)
class SystemSource:
    """The operating system's randomness."""

    is_for_tests: bool = False

    def words(self, count: int) -> np.ndarray:
        """Independent words; uint64 array, shape (count,)."""
        return np.frombuffer(os.urandom(8 * count), dtype=np.uint64)


class SeededSource:
    """Words that follow from a seed, for tests only: whoever knows it takes the noise away.

    Parameters
    ----------
    seed : int
        Any.
    """

    is_for_tests = True

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def words(self, count: int) -> np.ndarray:
        """Words of the seed; uint64 array, shape (count,)."""
        return self._random.integers(0, 2**64, count, dtype=np.uint64)


SYSTEM = SystemSource()


# ---------------------------------------------------------------------- exact coins


def below(bound: int, count: int, source: Source = SYSTEM) -> np.ndarray:
    """Whole numbers from 0 up to but not including a bound, all equally likely.

    Parameters
    ----------
    bound : int
        1 to 2^62.
    count : int
        How many.
    source : Source
        Randomness.

    Returns
    -------
    int64 array, shape (count,)
    """
    return _below(np.full(count, bound, dtype=np.int64), source)


def _below(bounds: np.ndarray, source: Source) -> np.ndarray:
    """A whole number below each bound; int64 (n,)."""
    out = np.empty(len(bounds), dtype=np.int64)
    # The mask is the smallest 2^k - 1 that reaches the bound less 1; words beyond are drawn again.
    mask = (bounds - 1).astype(np.uint64)
    for shift in (1, 2, 4, 8, 16, 32):
        mask |= mask >> np.uint64(shift)
    left = np.arange(len(bounds))
    while len(left):
        words = (source.words(len(left)) & mask[left]).astype(np.int64)
        fine = words < bounds[left]
        out[left[fine]] = words[fine]
        left = left[~fine]
    return out


def _coins_at_most_one(top: np.ndarray, bottom: int, source: Source) -> np.ndarray:
    """Bernoulli(exp(-top / bottom)) for 0 ≤ top ≤ bottom; bool (n,).

    Algorithm 1 of Canonne et al.: Bernoulli(x / k) is tossed for k = 1, 2, … until it fails; the
    coin is heads where that k is odd.
    """
    heads = np.zeros(len(top), dtype=bool)
    left = np.arange(len(top))
    k = 1
    while len(left):
        if bottom * k >= _LARGEST:
            raise PopulaceError("The noise is too wide to be drawn: raise ε.")
        goes_on = _below(np.full(len(left), bottom * k, np.int64), source) < top[left]
        heads[left[~goes_on]] = k % 2 == 1
        left = left[goes_on]
        k += 1
    return heads


def coins(top: np.ndarray, bottom: int, source: Source = SYSTEM) -> np.ndarray:
    """Bernoulli(exp(-top / bottom)), each exactly.

    Parameters
    ----------
    top : int64 array, shape (n,)
        Not negative.
    bottom : int
        Above 0.
    source : Source
        Randomness.

    Returns
    -------
    bool array, shape (n,)
    """
    whole, rest = np.divmod(np.asarray(top, dtype=np.int64), bottom)
    heads = _coins_at_most_one(rest, bottom, source)
    # exp(-1) once for each whole part; whoever fails is out.
    left = np.flatnonzero(heads & (whole > 0))
    to_go = whole[left]
    while len(left):
        fine = _coins_at_most_one(np.ones(len(left), np.int64), 1, source)
        heads[left[~fine]] = False
        to_go = to_go[fine] - 1
        left = left[fine]
        left, to_go = left[to_go > 0], to_go[to_go > 0]
    return heads


# ---------------------------------------------------------------------- whole noise


def _discrete_laplace(scale: int, count: int, source: Source) -> np.ndarray:
    """Whole numbers y with probability in proportion to exp(-|y| / scale); int64 (count,)."""
    out = np.empty(count, dtype=np.int64)
    left = np.arange(count)
    while len(left):
        u = below(scale, len(left), source)
        fine = _coins_at_most_one(u, scale, source)
        left_now, u = left[fine], u[fine]
        v = np.zeros(len(u), dtype=np.int64)
        going = np.arange(len(u))
        while len(going):
            heads = _coins_at_most_one(np.ones(len(going), np.int64), 1, source)
            going = going[heads]
            v[going] += 1
        size = u + scale * v
        negative = (source.words(len(u)) & np.uint64(1)).astype(bool)
        kept = ~(negative & (size == 0))  # zero would come twice as often
        out[left_now[kept]] = np.where(negative, -size, size)[kept]
        done = np.zeros(count, dtype=bool)
        done[left_now[kept]] = True
        left = left[~done[left]]
    return out


def discrete_gaussian(variance: Fraction, count: int, source: Source = SYSTEM) -> np.ndarray:
    """Whole numbers y with probability in proportion to exp(-y² / (2 variance)).

    Parameters
    ----------
    variance : Fraction
        σ², above 0; fast where numerator and denominator are small.
    count : int
        How many.
    source : Source
        Randomness.

    Returns
    -------
    int64 array, shape (count,)

    Raises
    ------
    PopulaceError
        The variance is not above 0, or beyond what whole numbers of 64 bits hold.
    """
    if variance <= 0:
        raise PopulaceError("The variance of the noise must be above 0: lower ε.")
    a, b = variance.numerator, variance.denominator
    scale = isqrt(a // b) + 1
    bottom = 2 * a * b * scale * scale
    reach = 60 * scale  # beyond 60 deviations: less likely than 1e-700, taken as never
    if bottom >= _LARGEST or (reach * b * scale + a) ** 2 >= _LARGEST * 2:
        raise PopulaceError("The noise is too wide to be drawn: raise ε.")
    out = np.empty(count, dtype=np.int64)
    left = np.arange(count)
    while len(left):
        y = _discrete_laplace(scale, len(left), source)
        inside = np.abs(y) <= reach
        distance = np.where(inside, np.abs(y), 0) * (b * scale) - a
        fine = coins(distance * distance, bottom, source) & inside
        out[left[fine]] = y[fine]
        left = left[~fine]
    return out


def exponential_choice(scores: Sequence[int], rate: Fraction, source: Source = SYSTEM) -> int:
    """A place chosen with probability in proportion to exp(rate · score), exactly.

    Parameters
    ----------
    scores : sequence of int
        Whole numbers, so that nothing is rounded.
    rate : Fraction
        ε / (2 · sensitivity of the scores).
    source : Source
        Randomness.

    Returns
    -------
    int
        The place.
    """
    if not scores:
        raise PopulaceError("There is nothing to choose from: name candidates.")
    best = max(scores)
    while True:
        place = int(below(len(scores), 1, source)[0])
        if _coin((best - scores[place]) * rate, source):
            return place


def _coin(gap: Fraction, source: Source) -> bool:
    """Bernoulli(exp(-gap)) for any fraction that is not negative, with Python's integers."""
    while gap > 1:
        if not _coin_at_most_one(Fraction(1), source):
            return False
        gap -= 1
    return _coin_at_most_one(gap, source)


def _coin_at_most_one(gap: Fraction, source: Source) -> bool:
    k = 1
    while _integer_below(gap.denominator * k, source) < gap.numerator:
        k += 1
    return k % 2 == 1


def _integer_below(bound: int, source: Source) -> int:
    words = (bound.bit_length() + 63) // 64
    mask = (1 << (bound - 1).bit_length()) - 1
    while True:
        value = 0
        for word in source.words(words):
            value = value << 64 | int(word)
        if value & mask < bound:
            return value & mask
