"""One association measure, by hand and where its ends are known."""

import numpy as np
import pandas as pd
import pytest

from synth.data.contingency import ContingencyTables
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.evaluate.association import (
    Associations,
    associations,
    coarse_pair,
    cramers_v,
    difference_interval,
)


def test_by_hand():
    # chi² of [[30, 10], [10, 30]] is 20, phi² = 20/80 = .25; corrected .25 - 1/79, over 1 - 1/79
    expected = np.sqrt((0.25 - 1 / 79) / (1 - 1 / 79))
    assert cramers_v(np.array([[30, 10], [10, 30]])) == pytest.approx(expected)


@pytest.mark.parametrize("turn", [False, True])
@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # expected 20 in each cell, chi² = 4 · 100/20, phi² = 20/120
        ([[30, 10, 20], [10, 30, 20]], np.sqrt((1 / 6 - 2 / 119) / (1 - 1 / 119))),
        # columns decide rows: phi² is 1, whatever the longer side is
        ([[20, 20, 0, 0], [0, 0, 20, 20]], np.sqrt((1 - 3 / 79) / (1 - 1 / 79))),
        # three rows: phi² is 2, least of (3 - 4/89, 5 - 16/89), less one
        (
            [[15, 15, 0, 0, 0], [0, 0, 15, 15, 0], [0, 0, 0, 0, 30]],
            np.sqrt((2 - 8 / 89) / (2 - 4 / 89)),
        ),
    ],
)
def test_tables_that_are_not_square_by_hand(counts, expected, turn):
    table = np.array(counts)
    assert cramers_v(table.T if turn else table) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "value"),
    [
        ([[50, 0], [0, 50]], 1.0),
        ([[25, 25], [25, 25]], 0.0),
        ([[10, 20, 30]], 0.0),
        ([[10, 0], [20, 0]], 0.0),
        ([[30, 0, 0], [0, 30, 0], [0, 0, 30]], 1.0),
    ],
)
def test_ends(counts, value):
    assert cramers_v(np.array(counts)) == pytest.approx(value)


def test_several_tables_at_once_and_empty_rows_and_columns_add_nothing():
    small = np.array([[30, 10], [10, 30]])
    wide = np.zeros((3, 4), dtype=int)
    wide[np.ix_([0, 2], [1, 3])] = small
    both = cramers_v(np.stack([wide, wide[::-1]]))
    assert both.shape == (2,)
    assert both == pytest.approx(np.repeat(cramers_v(small), 2))


def test_chance_alone_scores_about_nothing():
    random = np.random.default_rng(0)
    scores = []
    for _ in range(30):
        a, b = random.integers(0, 20, 2000), random.integers(0, 20, 2000)
        scores.append(cramers_v(np.bincount(a * 20 + b, minlength=400).reshape(20, 20)))
    assert np.mean(scores) < 0.03


def test_empty_is_said():
    with pytest.raises(PopulaceError, match="at least two people"):
        cramers_v(np.zeros((2, 2)))


def test_matrix_and_order():
    random = np.random.default_rng(1)
    a, c = random.integers(0, 3, 900), random.integers(0, 3, 900)
    frame = pd.DataFrame(
        {
            "a": np.array(list("xyz"))[a],
            "c": np.array(list("xyz"))[c],
            "b": np.array(list("uvw"))[a],
            "d": c * 2.0,
        }
    )
    result = associations(ContingencyTables.of(make_table(frame)))
    assert result.columns == ("a", "c", "b", "d")
    assert (result.values == result.values.T).all() and (np.diag(result.values) == 1).all()
    assert result.values[0, 2] == pytest.approx(1) and result.values[0, 1] < 0.1
    order = result.order()
    assert {frozenset(order[:2]), frozenset(order[2:])} == {frozenset("ab"), frozenset("cd")}
    assert result.arranged(("b", "a"))[0, 1] == pytest.approx(1)
    assert result.to_dict()["columns"] == ["a", "c", "b", "d"]


def test_many_ages_are_joined_to_ten_bins():
    random = np.random.default_rng(2)
    frame = pd.DataFrame(
        {"age": random.integers(15, 80, 1500), "land": random.choice(["east", "west"], 1500)}
    )
    frame.loc[:99, "age"] = np.nan
    reference = ContingencyTables.of(make_table(frame))
    counts = coarse_pair(reference, "land", "age")
    assert counts.shape == (2, 11) and counts.sum() == 1500
    assert counts[:, -1].sum() == 100 and counts[:, :-1].sum(axis=0).min() > 90
    assert associations(reference).values[0, 1] < 0.07
    again = associations(reference.recount(frame), like=reference)
    assert (again.values == associations(reference).values).all()


def test_distances_between_associations_are_those_of_pairs():
    columns = ("a", "b", "c")
    real = Associations(columns, np.array([[1, 0.5, 0.1], [0.5, 1, 0.0], [0.1, 0.0, 1]]))
    synthetic = Associations(columns, np.array([[1, 0.2, 0.1], [0.2, 1, 0.1], [0.1, 0.1, 1]]))
    assert synthetic.distance(real) == pytest.approx((0.3 + 0.0 + 0.1) / 3)
    assert synthetic.farthest(real) == ("a", "b", pytest.approx(0.3))
    turned = synthetic.difference(real, ("c", "b", "a"))
    assert turned[1, 2] == turned[2, 1] == pytest.approx(-0.3)


def test_the_strongest_pair_passes_over_those_that_follow_from_each_other():
    values = np.array([[1, 0.995, 0.2], [0.995, 1, 0.6], [0.2, 0.6, 1]])
    result = Associations(("a", "b", "c"), values)
    assert result.strongest() == ("a", "b", 0.995)
    assert result.strongest(below=0.99) == ("b", "c", 0.6)
    assert result.of("c", "b") == 0.6


def _pair(rows, agree, seed):
    random = np.random.default_rng(seed)
    a = random.integers(0, 2, rows)
    b = np.where(random.random(rows) < agree, a, 1 - a)
    names = np.array(["x", "y"])
    return ContingencyTables.of(make_table(pd.DataFrame({"a": names[a], "b": names[b]})))


def test_the_interval_of_a_difference_holds_it_about_as_often_as_it_says():
    true = (2 * 0.8 - 1) - (2 * 0.7 - 1)  # V of a symmetric pair of columns with two levels
    stored = 0
    for seed in range(20):
        low, high = difference_interval(
            _pair(500, 0.8, seed), _pair(700, 0.7, seed + 100), ("a", "b"), seed=seed
        )
        stored += low <= true <= high
    assert 17 <= stored <= 20
