import numpy as np
import pytest

from pages.shared import charts
from synth.data.column import Column
from synth.evaluate.columns import ColumnComparison


def compared(column, labels, real, synthetic, edges=None, exact=None, single=True):
    counts = [
        None if each is None else np.asarray(each) for each in (real, synthetic, exact, edges)
    ]
    real, synthetic, exact, edges = counts
    return ColumnComparison(column, tuple(labels), real, synthetic, exact, edges, single, 0.1, 0.1)


def test_the_traces_stand_in_the_theme_s_order():
    first = compared(Column("g", "categorical", ("a", "b")), "ab", [3, 1], [2, 2], exact=[0.7, 0.3])
    figure = charts.marginal(first)
    assert [trace["name"] for trace in figure["data"]] == ["real", "synthetic", "exact"]
    assert list(figure["data"][0]["x"]) == [0.75, 0.25]
    assert list(figure["data"][2]["x"]) == [0.7, 0.3]


def test_without_real_counts_the_real_trace_stays_and_is_empty():
    figure = charts.marginal(compared(Column("g", "categorical", ("a", "b")), "ab", None, [1, 3]))
    assert len(figure["data"][0]["x"]) == 0
    assert list(figure["data"][1]["x"]) == [0.25, 0.75]


def test_many_levels_are_cut_to_the_commonest():
    levels = tuple(f"level {i}" for i in range(26))
    first = compared(Column("place", "categorical", levels), levels, range(26), [1] * 26)
    assert charts.left_out(first) == 26 - charts.SHORT
    short, whole = charts.marginal(first), charts.marginal(first, whole=True)
    assert len(short["data"][0]["x"]) == charts.SHORT
    assert short["layout"]["yaxis"]["ticktext"][0] == "level 25"
    assert len(whole["data"][0]["x"]) == 26
    assert sum(whole["data"][0]["x"]) == pytest.approx(1)


def test_numbers_are_merged_into_equal_bins_and_missing_stays_a_state():
    places = list(range(15, 86))
    labels = (*map(str, places), "missing")
    real = [1] * len(places) + [29]
    column = Column("age", "integer", missing=True, lower=15, upper=85, step=1)
    figure = charts.marginal(compared(column, labels, real, real, edges=[*places, 86]))
    shares = figure["data"][0]["y"]
    assert len(shares) <= charts.BARS + 1
    assert shares[-1] == pytest.approx(0.29)
    assert sum(shares) == pytest.approx(1)
    assert figure["data"][0]["customdata"][0] == "15–17"
    assert figure["data"][0]["customdata"][-1] == "not stated"


def test_uneven_bins_are_spread_over_even_ones():
    column = Column("pay", "real", lower=0, upper=100, step=0.01)
    first = compared(
        column, ("0–10", "10–100"), [50, 50], [50, 50], edges=[0, 10, 100], single=False
    )
    figure = charts.marginal(first)
    shares = np.array(figure["data"][0]["y"])
    assert sum(shares) == pytest.approx(1)
    assert shares[:2] == pytest.approx([0.25, 0.25])
    assert shares[2:] == pytest.approx([0.5 / 18] * 18)
    assert figure["data"][0]["customdata"][0] == "0–5"
