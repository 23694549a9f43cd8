"""Blocks of people: each is drawn from its beginning, so threads and bounds change nobody."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Drawn = TypeVar("Drawn")


def draw_blocks(
    draw: Callable[[int, int, int], Drawn],
    size: int,
    start: int,
    count: int,
    threads: int | None = None,
) -> list[Drawn]:
    """Draw people number `start` to `start + count`, block by block.

    Parameters
    ----------
    draw : callable
        Gets a block's number, and the first and one past the last of its people that are wanted,
        counted from the block's beginning.
    size : int
        People of a block.
    start, count : int
        Whom to draw; at least one.
    threads : int, optional
        All processors when None.

    Returns
    -------
    list
        What `draw` gives for each block, in order.
    """
    blocks = range(start // size, (start + count - 1) // size + 1)

    def part(block: int) -> Drawn:
        return draw(block, max(start - block * size, 0), min(start + count - block * size, size))

    workers = min(threads or os.cpu_count() or 1, len(blocks))
    if workers == 1:
        return [part(block) for block in blocks]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(part, blocks))
