"""Mondrian: reaches what is wanted, loses no more than it must, against its own optimum."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.privacy.hierarchy import Hierarchies
from synth.privacy.mondrian import Wanted, anonymise, axis_of, mondrian
from synth.privacy.risk import risk

SHARED = Path(__file__).parents[3] / "shared" / "data"


def coarser(frame, quasi, hierarchies=None, **wanted):
    table = make_table(frame)
    return anonymise(table.frame, table.schema, quasi, Wanted(**wanted), hierarchies)


def test_by_hand():
    frame = pd.DataFrame({"age": [20, 21, 30, 31, 40, 60], "zip": [1, 1, 1, 2, 2, 2]})
    coarse = coarser(frame, ["age", "zip"], k=3)
    # zip spreads over all of its range as age does; the last named wins, and both parts have 3.
    assert coarse.frame["zip"].tolist() == ["1", "1", "1", "2", "2", "2"]
    assert coarse.frame["age"].tolist() == ["20–30"] * 3 + ["31–60"] * 3
    assert coarse.loss["zip"] == 0 and coarse.loss["age"] == pytest.approx((10 + 29) / 2 / 40)
    assert coarse.after.k == 3 and coarse.before.k == 1 and coarse.discernibility == 3


def test_dates_and_times_are_ranges_as_the_table_writes_them():
    days = pd.Series(pd.to_datetime(["1980-01-02", "1980-01-30", "1990-03-01", "1995-01-01"]))
    frame = pd.DataFrame({"born": days.dt.strftime("%Y-%m-%d"), "pay": ["$1.50", "$2.50"] * 2})
    coarse = coarser(frame, ["born"], k=2)
    assert coarse.frame["born"].tolist() == ["1980-01"] * 2 + ["1990s"] * 2
    coarse = coarser(frame, ["pay"], k=4)
    assert set(coarse.frame["pay"]) == {"$1.50–$2.50"}


numbers = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), min_size=3, max_size=40)


@given(numbers, st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_k_is_reached_and_every_value_lies_in_its_range(people, k):
    frame = pd.DataFrame(people, columns=["a", "b"])
    frame["c"] = [f"level {a * b % 4}" for a, b in people]
    if frame["a"].nunique() < 2 or frame["b"].nunique() < 2 or frame["c"].nunique() < 2:
        return
    coarse = coarser(frame, ["a", "b", "c"], k=k)
    assert coarse.after.k >= k and len(coarse.frame) == len(frame)
    for name in ("a", "b"):
        for text, value in zip(coarse.frame[name], frame[name], strict=True):
            low, _, high = text.partition("–")
            assert int(low) <= value <= int(high or low)
    for text, value in zip(coarse.frame["c"], frame["c"], strict=True):
        assert text == "any" or value in text.split("|")


def optimum(axes, rows, k):
    """The least loss over all ways to cut, and cut again, along any column at any place."""
    best = len(rows) * sum(axis.spread(axis.places[rows]) for axis in axes)
    for axis in axes:
        for border in np.unique(axis.places[rows])[:-1]:
            low = axis.places[rows] <= border
            if k <= low.sum() <= len(rows) - k:
                parts = optimum(axes, rows[low], k) + optimum(axes, rows[~low], k)
                best = min(best, parts)
    return best


def test_no_less_is_lost_than_by_the_best_cuts_and_not_much_more():
    ratios = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        table = make_table(pd.DataFrame(rng.integers(0, 9, (10, 2)), columns=["a", "b"]))
        axes = [
            axis_of(table.frame[name], table.schema[name], Hierarchies()) for name in ("a", "b")
        ]
        parts = mondrian(axes, 10, Wanted(k=2), [])
        own = sum(len(p) * sum(axis.spread(axis.places[p]) for axis in axes) for p in parts)
        ratios.append(own / optimum(axes, np.arange(10), 2))
    assert min(ratios) >= 1 - 1e-9
    assert np.mean(ratios) < 1.6


def test_l_and_t_and_leaving_out():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"age": rng.integers(20, 60, 300), "zip": rng.integers(0, 30, 300)})
    frame["ill"] = np.where(frame["age"] > 45, "yes", rng.choice(["yes", "no"], 300))
    plain = coarser(frame, ["age", "zip"], k=5, sensitive=("ill",))
    diverse = coarser(frame, ["age", "zip"], k=5, sensitive=("ill",), distinct=2)
    close = coarser(frame, ["age", "zip"], k=5, sensitive=("ill",), closeness=0.2)
    assert plain.after.sensitive[0].distinct == 1 and diverse.after.sensitive[0].distinct == 2
    assert close.after.sensitive[0].closeness <= 0.2 < plain.after.sensitive[0].closeness
    assert plain.total_loss < diverse.total_loss and plain.total_loss < close.total_loss
    fewer = coarser(frame, ["age", "zip"], k=5, suppress=0.05)
    assert 285 <= len(fewer.frame) < 300 and fewer.total_loss < plain.total_loss
    assert fewer.after.k >= 5


def test_trees_widths_missing_and_yes_or_no():
    frame = pd.DataFrame(
        {
            "school": ["9th", "10th", "BA", "MA"] * 6 + [None] * 3,
            "age": [*range(20, 44), 44, 45, 46],
            "owns": [True, False, True] * 9,
        }
    )
    trees = Hierarchies(
        {"school": {"low": ["9th", "10th"], "high": ["BA", "MA"]}}, {"age": (5, 10)}
    )
    coarse = coarser(frame, ["school", "age", "owns"], trees, k=3)
    assert coarse.after.k >= 3
    assert set(coarse.frame["school"]) <= {
        "9th",
        "10th",
        "BA",
        "MA",
        "low",
        "high",
        "any",
        "missing",
    }
    young = coarser(frame.iloc[:24], ["school"], trees, k=7)
    assert young.frame["school"].tolist()[:4] == ["low", "low", "high", "high"]
    gaps = pd.DataFrame({"pay": [1.5, None, None, 3.0, 9.5, 4.5], "x": [1, 2, 3, 4, 5, 6]})
    assert coarser(gaps, ["pay"], k=2).frame["pay"].tolist()[:3] == ["missing or 1.5"] * 3


@pytest.mark.parametrize(
    "wanted",
    [{"k": 0}, {"k": 7}, {"distinct": 2}, {"closeness": -1}, {"suppress": 1},
     {"k": 1, "sensitive": ("b",), "distinct": 7}],
)  # fmt: skip
def test_what_cannot_be_is_refused(wanted):
    frame = pd.DataFrame(list(product(range(3), range(2))), columns=["a", "b"])
    with pytest.raises(PopulaceError):
        coarser(frame, ["a"], **wanted)


def test_adult_reaches_k():
    path = SHARED / "adult_argn_train.parquet"
    if not path.exists():
        pytest.skip("../shared is not there")
    frame = pd.read_parquet(path).iloc[:3000]
    quasi = ["age", "sex", "race", "education_num"]
    coarse = coarser(frame, quasi, k=5)
    assert coarse.before.k == 1 and coarse.after.k >= 5
    assert risk(coarse.frame, quasi).k == coarse.after.k
    assert 0 < coarse.total_loss < 0.25
