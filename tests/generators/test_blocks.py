"""Blocks: whom each is asked for, in order, by any number of threads."""

import pytest

from synth.generators.blocks import draw_blocks


@pytest.mark.parametrize(
    ("start", "count", "requested"),
    [
        (0, 10, [(0, 0, 10)]),
        (0, 11, [(0, 0, 10), (1, 0, 1)]),
        (9, 2, [(0, 9, 10), (1, 0, 1)]),
        (20, 10, [(2, 0, 10)]),
        (25, 17, [(2, 5, 10), (3, 0, 10), (4, 0, 2)]),
    ],
)
@pytest.mark.parametrize("threads", [1, 3, None])
def test_each_block_is_asked_for_its_own_people(start, count, requested, threads):
    assert draw_blocks(lambda *block: block, 10, start, count, threads) == requested
    assert sum(high - low for _, low, high in requested) == count
