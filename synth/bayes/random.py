"""Counter-based random numbers: number i of stream k is a function of (k, i) alone.

So row i of a sample is the same whatever the chunk size, the number of threads, or the rows asked
for around it. The function is Widynski's "Squares" (2022, arXiv:2004.06278), 64-bit output, five
rounds, which passes BigCrush and PractRand; keys come from SplitMix64 (Steele, Lea, Flood 2014).
"""

from __future__ import annotations

import hashlib

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def fill(key: np.uint64, start: int, out: np.ndarray) -> None:
    """Write numbers start, start + 1, … of the key's stream; uint64, shape (n,)."""
    for i in range(out.shape[0]):
        y = np.uint64(start + i + 1) * key
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
        out[i] = t ^ ((x * x + y) >> np.uint64(32))


def stream_key(seed: int, name: str) -> np.uint64:
    """An odd, irregular 64-bit key for a seed and a stream's name."""
    digest = hashlib.blake2b(f"{seed}\x1f{name}".encode(), digest_size=8).digest()
    mixed = int.from_bytes(digest, "little")
    # SplitMix64's finaliser spreads the bits; odd keys have full period in the counter.
    mask = (1 << 64) - 1
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
    return np.uint64((mixed ^ (mixed >> 31)) | 1)
