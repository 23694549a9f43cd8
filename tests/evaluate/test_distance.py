"""Distances between people, by hand."""

import numpy as np
import pandas as pd
import pytest

from synth.data.table import make_table
from synth.evaluate.comparison import Comparison
from synth.evaluate.distance import closest, squared_distances


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


def test_closest_and_itself(space):
    space, truth = space
    points = space.points(truth)
    assert (closest(points, points) == 0).all()
    alone = closest(points, points, itself=True)
    assert alone == pytest.approx(np.full(20, 2 / 20), abs=1e-3)


def test_parts_are_columns(space):
    space, _ = space
    assert len(space.part(["x"])) == 2 and len(space.part(["c"])) == 3
