"""What this machine can do: draw the random numbers and write the columns, nothing else.

One 64-bit counter-based number (SplitMix64: G. Steele, D. Lea, C. Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014) is drawn for each cell, the fewest that a sampler of
independent choices needs, and written in the column's width: 1 byte for categories, 4 for numbers.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np

CHUNK = 65_536


def draw(rows: int, categories: int, numbers: int, threads: int | None = None) -> list[np.ndarray]:
    """Columns of random values: `categories` of int8 and `numbers` of float32, each (rows,).

    threads: how many work; None for all that the process may use.
    """
    columns = [np.empty(rows, np.int8) for _ in range(categories)]
    columns += [np.empty(rows, np.float32) for _ in range(numbers)]
    workers = threads or len(os.sched_getaffinity(0))
    starts = range(0, rows, CHUNK)

    def work(start: int) -> None:
        for place, column in enumerate(columns):
            write = _write_bytes if column.dtype == np.int8 else _write_floats
            write(column[start : start + CHUNK], np.uint64(place * rows + start))

    if workers == 1:
        for start in starts:
            work(start)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, starts))
    return columns


@numba.njit(nogil=True)
def _mixed(counter: np.uint64) -> np.uint64:
    z = counter * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@numba.njit(nogil=True)
def _write_bytes(column: np.ndarray, counter: np.uint64) -> None:
    for row in range(column.size):
        column[row] = np.int8(_mixed(counter + np.uint64(row)) >> np.uint64(57))


@numba.njit(nogil=True)
def _write_floats(column: np.ndarray, counter: np.uint64) -> None:
    for row in range(column.size):
        bits = _mixed(counter + np.uint64(row)) >> np.uint64(40)
        column[row] = np.float32(bits) * np.float32(2.0**-24)
