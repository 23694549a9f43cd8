"""What charts show of several sets of people: counts, curves, axes, none of a single person."""

import json

import numpy as np
import pandas as pd
import pytest

from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.evaluate.generator_figures import CELLS, RANKS, Ruler, read_figures


@pytest.fixture(scope="module")
def figures():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"n": rng.normal(50, 10, 800), "k": rng.choice(["a", "b", "c"], 800, p=[0.6, 0.3, 0.1])}
    )
    table = make_table(frame.assign(twin=frame["n"] * 2))
    ruler = Ruler(table.schema.modelled.columns, table.frame)
    other = table.frame.assign(k=table.frame["k"].iloc[::-1].to_numpy())
    other["n"] = other["n"] + 10
    return ruler.figures(
        {"real": ruler.measure(table.frame), "moved": ruler.measure(other)}
    ), table.frame


def test_counts_quantiles_and_moments_are_those_of_numpy(figures):
    measured, frame = figures
    people = measured.people["real"]
    assert dict(zip(measured.places["k"].labels, people.counts["k"], strict=True)) == dict(
        frame["k"].value_counts()
    )
    np.testing.assert_allclose(people.quantiles["n"], np.quantile(frame["n"], RANKS))
    assert people.moments["n"] == pytest.approx((frame["n"].mean(), frame["n"].std(ddof=0)))
    assert measured.people["moved"].moments["n"][0] == pytest.approx(people.moments["n"][0] + 10)
    assert np.sum(people.plane) == pytest.approx(1.0)
    assert np.shape(people.plane) == (CELLS, CELLS)


def test_two_sets_stand_beside_each_other(figures):
    measured, _ = figures
    column = {c.name: c for c in measured.columns}["n"]
    assert measured.column(column, "real", "real").tvd == 0.0
    assert measured.column(column, "real", "moved").tvd > 0.2
    x, y = measured.cumulative(column, "real")
    assert x == sorted(x) and y == sorted(y)
    assert measured.distance_of_associations("real", "real") == 0.0
    assert measured.distance_of_associations("real", "moved") >= 0.0


def test_json_and_back(figures):
    measured, _ = figures
    value = json.loads(json.dumps(measured.to_dict()))
    again = read_figures(value)
    assert again.people["real"].counts == measured.people["real"].counts
    assert again.to_dict() == measured.to_dict()
    value["people"]["real"]["counts"]["k"].append(3)
    with pytest.raises(PopulaceError, match="damaged"):
        read_figures(value)
