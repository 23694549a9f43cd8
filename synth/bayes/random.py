"""Counter-based random numbers: number i of stream k is a function of (k, i) alone.

So row i of a sample is the same whatever the chunk size, the number of threads, or the rows asked
for around it. The function is Widynski's "Squares" (2022, arXiv:2004.06278), 64-bit output, five
rounds, which passes BigCrush and PractRand; keys come from SplitMix64 (Steele, Lea, Flood 2014).
"""

from __future__ import annotations

import hashlib

import numpy as np
from numba import njit

UNIT = 2.0**-53
"""The 53 high bits of a number, times this, lie in [0, 1)."""


@njit(cache=True, nogil=True, inline="always")
def number(key: np.uint64, place: int) -> np.uint64:
    """The number at a place of the key's stream."""
    y = np.uint64(place + 1) * key
    z = y + key
    x = y * y + y
    x = (x >> np.uint64(32)) | (x << np.uint64(32))
    x = x * x + z
    x = (x >> np.uint64(32)) | (x << np.uint64(32))
    x = x * x + y
    x = (x >> np.uint64(32)) | (x << np.uint64(32))
    x = x * x + z
    t = x
    x = (x >> np.uint64(32)) | (x << np.uint64(32))
    return t ^ ((x * x + y) >> np.uint64(32))


@njit(cache=True, nogil=True, inline="always")
def unit(bits: np.uint64) -> float:
    """A number as a uniform one in [0, 1)."""
    return np.float64(bits >> np.uint64(11)) * UNIT


@njit(cache=True, nogil=True)
def fill(key: np.uint64, start: int, out: np.ndarray) -> None:
    """Write numbers start, start + 1, … of the key's stream; uint64, shape (n,)."""
    for i in range(out.shape[0]):
        out[i] = number(key, start + i)


@njit(cache=True, nogil=True)
def fill_uniforms(key: np.uint64, start: int, out: np.ndarray) -> None:
    """As `fill`, in [0, 1); float64, shape (n,)."""
    for i in range(out.shape[0]):
        out[i] = unit(number(key, start + i))


@njit(cache=True, nogil=True)
def _fill_uniforms_at(key: np.uint64, places: np.ndarray, out: np.ndarray) -> None:
    for i in range(out.shape[0]):
        out[i] = unit(number(key, places[i]))


def uniforms(key: np.uint64, start: int, count: int) -> np.ndarray:
    """Numbers `start` and on of the key's stream, in [0, 1); float64, shape (count,)."""
    out = np.empty(count)
    fill_uniforms(key, start, out)
    return out


def uniforms_at(key: np.uint64, places: np.ndarray) -> np.ndarray:
    """The numbers at scattered places of the key's stream, in [0, 1).

    Parameters
    ----------
    key : uint64
        See `stream_key`.
    places : int64 array, shape (n,)
        Not negative.

    Returns
    -------
    float64 array, shape (n,)
    """
    out = np.empty(len(places))
    _fill_uniforms_at(key, np.asarray(places, dtype=np.int64), out)
    return out


def stream_key(seed: int, name: str) -> np.uint64:
    """An odd, irregular 64-bit key for a seed and a stream's name."""
    digest = hashlib.blake2b(f"{seed}\x1f{name}".encode(), digest_size=8).digest()
    mixed = int.from_bytes(digest, "little")
    # SplitMix64's finaliser spreads the bits; odd keys have full period in the counter.
    mask = (1 << 64) - 1
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
    return np.uint64((mixed ^ (mixed >> 31)) | 1)
