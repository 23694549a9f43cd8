"""Distances between people, by hand."""

import numpy as np
import pandas as pd
import pytest

from synth.data.column import Column
from synth.data.table import make_table
from synth.evaluate.comparison import Comparison
from synth.evaluate.distance import Space, closest, closest_others, squared_distances


@pytest.fixture
def space():
    frame = pd.DataFrame({"x": np.arange(20.0), "c": ["a", "b"] * 10})
    table = make_table(frame)
    comparison = Comparison.of(table, table.frame)
    return comparison.space, comparison.real


def test_by_hand(space):
    space, truth = space
    points = space.points(truth)
    ((_, square),) = squared_distances(points[:1], points)
    assert square[0, 0] == pytest.approx(0, abs=1e-6)
    assert square[0, 2] == pytest.approx((2 / 20) ** 2, abs=1e-6)  # same level, two ranks of 20
    assert square[0, 1] == pytest.approx(1 + (1 / 20) ** 2, abs=1e-6)  # another level


def test_ranks_of_ties_ends_and_strangers_by_hand():
    real = pd.DataFrame({"x": [10.0, 10.0, 10.0, 20.0, np.nan], "none": [np.nan] * 5})
    columns = (Column("x", "integer"), Column("none", "integer"))
    other = pd.DataFrame({"x": [9.0, 10.0, 15.0, 20.0, 21.0, np.nan], "none": [1.0] * 6})
    points = Space.of(columns, real).points(other)
    # half of those who have the value, and all below it, of the four known numbers
    assert points[:, 0] == pytest.approx([0, 3 / 8, 6 / 8, 7 / 8, 1, 1 / 2])
    assert points[:, 1].tolist() == [0, 0, 0, 0, 0, 1]  # missing is 1 from any number
    assert points[:, 2].tolist() == [0.5] * 6  # among nobody every number is in the middle
    assert points[:, 3].tolist() == [0] * 6


def test_missing_agrees_with_missing_only(space):
    space, truth = space
    frame = truth.head(3).copy()
    frame.loc[0, "x"] = np.nan
    frame.loc[2, "c"] = np.nan
    points = space.points(frame)
    ((_, square),) = squared_distances(points, points)
    assert square[0, 0] == pytest.approx(0, abs=1e-6)
    assert square[0, 1] >= 2  # a missing number and another level
    assert square[2, 0] >= 2


def test_closest_and_closest_others(space):
    space, truth = space
    points = space.points(truth)
    assert (closest(points, points) == 0).all()
    alone = closest_others(points, np.arange(20))
    assert alone == pytest.approx(np.full(20, 2 / 20), abs=1e-3)


def test_parts_are_columns(space):
    space, _ = space
    assert len(space.part(["x"])) == 2 and len(space.part(["c"])) == 3
