"""Codes keep every value: lattice, heaps, tails, bounds, missing, and facts that cut a piece."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.bayes.coding import ATOMS, SHARED, Coding, Pieces
from synth.data.column import Column
from synth.data.evidence import Between, OneOf
from synth.data.table import make_table


def coded(values, bins=8):
    table = make_table(pd.DataFrame({"x": values, "other": np.arange(len(values)) % 2 == 0}))
    return Coding.learn(table.schema["x"], table.frame["x"], bins), table


def draw(coding, rng, n=20_000):
    """Values drawn by the definition: a bin as learned, a piece of it, a lattice index of that."""
    pieces = coding.pieces
    piece = rng.integers(0, len(pieces.first), n)
    index = rng.integers(pieces.first[piece], pieces.last[piece] + 1)
    return coding.value(index)


def test_few_values_are_pieces_of_their_own():
    coding, _ = coded(np.repeat([15, 16, 40, 85], [10, 20, 60, 10]))
    assert coding.pieces.first.tolist() == coding.pieces.last.tolist() == [15, 16, 40, 85]


def test_weights_of_pieces_sum_to_one_in_each_bin():
    coding, _ = coded(np.random.default_rng(0).normal(50, 20, 5000).round(2))
    sums = np.bincount(coding.pieces.bin, coding.pieces.weight)
    assert np.allclose(sums, 1)
    assert len(sums) == 8


def test_heaps_keep_a_piece_of_their_own():
    rng = np.random.default_rng(1)
    values = np.concatenate([np.zeros(4000), rng.integers(1, 100_000, 1000)])
    coding, _ = coded(values.astype(int))
    zero = (coding.pieces.first == 0) & (coding.pieces.last == 0)
    assert zero.sum() == 1
    assert coding.encode(pd.Series([0]))[0] == 0
    assert (coding.pieces.bin == 0).sum() == 1  # 80% of the people fill a bin alone


@pytest.mark.parametrize("scale", [1, 10])
def test_a_value_that_more_share_than_its_run_explains_is_a_heap_at_every_scale(scale):
    """Minimum wages and rounded pays among pays to the cent, whatever the table's size."""
    rng = np.random.default_rng(4)
    run = rng.integers(10_000, 100_000, 4_000 * scale)
    heaps = {29_000: 12, 40_000: 60, 57_692: 25}
    values = np.concatenate([run, np.repeat(list(heaps), [n * scale for n in heaps.values()])])
    coding, _ = coded(values / 100)
    alone = coding.pieces.first == coding.pieces.last
    assert set(heaps) <= set(coding.pieces.first[alone].tolist())
    # The run itself has few heaps: an even spread leaves hardly a value beyond λ + 4√λ + 3.
    assert alone.sum() < 30
    total = np.bincount(coding.pieces.bin, coding.pieces.weight)
    assert np.allclose(total, 1.0)


def test_heaps_take_their_people_from_the_run_around_them():
    """The share of each heap and of each slot's rest is what was counted."""
    values = np.concatenate([np.arange(1_000, 3_000), np.full(500, 1_500), np.full(300, 2_000)])
    coding, _ = coded(values, bins=4)
    share = np.bincount(coding.encode(pd.Series(values)), minlength=4) / len(values)
    mass = coding.pieces.weight * share[coding.pieces.bin] * len(values)
    at = dict(zip(coding.pieces.first.tolist(), mass.tolist(), strict=True))
    assert at[1_500] == pytest.approx(501)
    assert at[2_000] == pytest.approx(301)
    assert mass.sum() == pytest.approx(len(values))


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([10.01, 25.37, 99.99] * 2 + [50.0] * 7, {50.0}),  # three values of two people each
        ([1.5] * SHARED + [7.25] * SHARED, {1.5, 7.25}),
        ([1.5] * SHARED + [3.75] * SHARED + [97.25], {1.5, 3.75}),  # one rich person
        (list(range(20, 60)), set(range(20, 60))),  # every year occurs: nobody is singled out
    ],
)
def test_a_sparse_value_is_repeated_only_if_enough_people_share_it(values, shown):
    coding, _ = coded(values)
    alone = coding.pieces.first == coding.pieces.last
    assert set(np.asarray(coding.value(coding.pieces.first[alone])).tolist()) == shown


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=60),
    st.lists(st.integers(1, 12), min_size=60, max_size=60),
)
def test_pieces_tile_without_overlap_and_single_nobody_out(distinct, counts):
    index = np.unique(distinct)
    rows = np.array(counts[: len(index)])
    values = np.repeat(index, rows)
    if len(np.unique(values)) < 2:
        return
    coding, _ = coded(np.append(values, values))  # everybody twice, so that step and lattice hold
    pieces = coding.pieces
    assert (pieces.first <= pieces.last).all()
    assert (pieces.first[1:] > pieces.last[:-1]).all()
    seen = coding.index(values)
    number = np.searchsorted(pieces.last, seen)
    assert ((pieces.first[number] <= seen) & (seen <= pieces.last[number])).all()
    distinct_indices, people = np.unique(
        coding.index(np.append(values, values)), return_counts=True
    )
    span = distinct_indices[-1] - distinct_indices[0] + 1
    if 2 * len(distinct_indices) <= span:
        rare = set(distinct_indices[people < SHARED].tolist())
        others = {int(a) for a, b in zip(pieces.first, pieces.last, strict=True) if a == b} & rare
        # A rare value is alone in a piece only between two heaps that leave no other place.
        for value in others:
            assert {value - 1, value + 1} & set(pieces.first.tolist()) or value in (
                distinct_indices[0],
                distinct_indices[-1],
            )


def test_values_stay_within_what_was_seen_and_on_the_lattice():
    rng = np.random.default_rng(2)
    values = np.round(rng.lognormal(5, 1, 20_000), 2)
    coding, _ = coded(values)
    drawn = draw(coding, rng)
    assert drawn.min() >= values.min()
    assert drawn.max() <= values.max()
    assert np.allclose(np.round(drawn, 2), drawn, atol=1e-9)


def test_tails_are_cut_finer_than_the_middle():
    values = np.round(np.random.default_rng(3).lognormal(5, 1, 20_000), 2)
    coding, _ = coded(values)
    inside = [
        ((coding.index(values) >= a) & (coding.index(values) <= b)).sum()
        for a, b in zip(coding.pieces.first, coding.pieces.last, strict=True)
    ]
    assert inside[-1] <= 32
    assert len(coding.pieces.first) < ATOMS + 50


def test_missing_is_the_last_code():
    coding, table = coded([1.5, None, 2.5, 2.5, None, 1.5])
    assert coding.column.missing
    codes = coding.encode(table.frame["x"])
    assert codes.tolist() == [0, 2, 1, 1, 2, 0]
    assert coding.labels == ("1.5", "2.5", "missing")


def test_levels_and_booleans_are_their_own_codes():
    table = make_table(pd.DataFrame({"c": ["b", "a", None, "b"], "y": [True, False, True, True]}))
    codings = {c.name: Coding.learn(c, table.frame[c.name], 8) for c in table.schema}
    assert codings["c"].encode(table.frame["c"]).tolist() == [1, 0, 2, 1]
    assert codings["y"].encode(table.frame["y"]).tolist() == [1, 0, 1, 1]
    assert codings["c"].likelihood(OneOf(("a", "missing"))).codes.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("fact", "codes"),
    [
        (Between(0, 9), [1.0, 0.0]),
        (Between(5, 12), [0.5, 0.3]),
        (Between(None, 3), [0.4, 0.0]),
        (Between(15, None), [0.0, 0.5]),
        (OneOf(("3",)), [0.1, 0.0]),
        (OneOf(("3", "4", "19")), [0.2, 0.1]),
        (Between(4.2, 4.4), [0.0, 0.0]),
    ],
)
def test_facts_cut_pieces_by_their_share(fact, codes):
    column = Column("x", "integer", lower=0, upper=19, step=1)
    pieces = Pieces(np.array([0, 10]), np.array([9, 19]), np.array([0, 1]), np.array([1.0, 1.0]))
    likelihood = Coding(column, pieces).likelihood(fact)
    assert likelihood.codes == pytest.approx(codes)
    if any(codes):
        mass = np.bincount(likelihood.pieces.bin, likelihood.pieces.weight, minlength=2)
        assert mass[np.array(codes) > 0] == pytest.approx(1)


@given(
    st.lists(st.integers(-500, 500), min_size=30, max_size=300),
    st.integers(-600, 600),
    st.integers(-600, 600),
)
def test_between_counts_what_a_loop_counts(values, a, b):
    if len(set(values)) < 2:
        values = [*values, 0, 1]
    coding, _ = coded(values)
    low, high = min(a, b), max(a, b)
    message = coding.likelihood(Between(low, high)).codes
    pieces = coding.pieces
    for bin_ in range(pieces.bins):
        share = 0.0
        for first, last, where, weight in zip(
            pieces.first, pieces.last, pieces.bin, pieces.weight, strict=True
        ):
            if where == bin_:
                inside = sum(low <= v <= high for v in range(first, last + 1))
                share += weight * inside / (last - first + 1)
        assert message[bin_] == pytest.approx(share)


@given(st.lists(st.integers(-(10**6), 10**6), min_size=20, max_size=200), st.integers(2, 30))
def test_json_round_trip(values, bins):
    if len(set(values)) < 2:
        values = [*values, 0, 1]
    coding, table = coded(values, bins)
    again = Coding.from_json(coding.column, coding.to_json())
    assert again.encode(table.frame["x"]).tolist() == coding.encode(table.frame["x"]).tolist()
    assert again.pieces.weight == pytest.approx(coding.pieces.weight, rel=1e-5)
    assert again.labels == coding.labels


def test_the_fact_of_a_code_holds_for_its_values_and_no_others():
    column = Column("n", "integer", missing=True, lower=0, upper=500, step=1)
    values = pd.Series(np.random.default_rng(0).integers(0, 500, 4000), dtype="Int64")
    values[::9] = pd.NA
    coding = Coding.learn(column, values, 24)
    for code in range(coding.size):
        message = coding.likelihood(coding.fact(code)).codes
        assert message == pytest.approx(np.eye(coding.size)[code])
    level = Coding(Column("c", "categorical", levels=("x", "y"), missing=True))
    assert [str(level.fact(code)) for code in range(3)] == ["x", "y", "missing"]


def test_a_number_of_few_values_has_a_bin_for_each():
    """Else two columns that say the same, years of school and the degree, come apart."""
    values = pd.Series(np.repeat(np.arange(1, 17), [5, 5, 9, 9, 9, 20, 30, 8, 400, 300, *[30] * 6]))
    coding = Coding.learn(Column("years", "integer"), values.astype("Int64"), 24)
    assert coding.number_pieces.bins == 16
    assert (
        Coding.learn(Column("years", "integer"), values.astype("Int64"), 8).number_pieces.bins <= 8
    )
