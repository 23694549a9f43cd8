"""Answers that are kept: bounded in bytes, measured again when they grow, gone with their owner."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synth.cache import BoundedCache, size_of


@dataclass
class Answer:
    table: np.ndarray
    more: dict = field(default_factory=dict)


def answer(kilobytes):
    return Answer(np.zeros(kilobytes * 128))


def test_the_one_used_longest_ago_goes_first():
    kept, owner = BoundedCache(100_000), answer(0)
    number = kept.owner(owner)
    for name in "abc":
        kept.put(number, name, answer(30))
    assert kept.get(number, "a") is not None
    kept.put(number, "d", answer(30))
    assert [kept.get(number, name) is not None for name in "abcd"] == [True, False, True, True]
    assert 90_000 < kept.size <= 100_000
    kept.put(number, "too large", answer(200))
    assert kept.get(number, "too large") is None


def test_what_grew_is_measured_again():
    kept, owner = BoundedCache(100_000), answer(0)
    number, first = kept.owner(owner), answer(1)
    kept.put(number, "first", first)
    first.more["marginals"] = [np.zeros(10_000)]  # it was asked for more
    kept.put(number, "second", answer(30))
    assert (kept.get(number, "first"), len(kept)) == (None, 1)


def test_answers_go_with_their_owner_and_owners_do_not_mix():
    kept, mine, yours = BoundedCache(10**6), answer(0), answer(0)
    numbers = kept.owner(mine), kept.owner(yours)
    for number in numbers:
        kept.put(number, "same key", answer(number + 1))
    assert len(kept.get(numbers[0], "same key").table) == 128 * (numbers[0] + 1)
    del mine
    assert kept.get(numbers[0], "same key") is None and len(kept) == 1
    kept.clear()
    assert (len(kept), kept.size) == (0, 0)


SHARED = np.zeros(100_000)


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        (np.zeros(1000), 8000, 8000),
        ([np.zeros(1000)[:10]] * 5, 8000, 8400),  # a view holds the whole array
        (Answer(np.zeros(1000), {"a": np.ones(1000)}), 16_000, 17_000),
        (pd.DataFrame({"a": np.zeros(1000)}), 8000, 9000),
        (pd.Index(np.zeros(1000)), 8000, 9000),
        (pa.table({"a": np.zeros(1000)}), 8000, 9000),
        ((SHARED, np.zeros(1000)), 8000, 8400),
        (np, 4096, 4096),
    ],
)
def test_sizes(value, least, most):
    assert least <= size_of(value, leave_out=[Answer(SHARED)]) <= most


def test_circles_end():
    first = Answer(np.zeros(1000))
    first.more["self"] = first
    assert 8000 <= size_of(first) < 9000
