"""Columns compared as the charts show them, against counts by hand."""

import numpy as np
import pandas as pd
import pytest

from synth import populations
from synth.bayes import learn
from synth.data.column import Column
from synth.data.table import make_table
from synth.evaluate.columns import (
    ColumnComparison,
    by_spread,
    compare_associations,
    compare_columns,
    is_near,
    model_shares,
)


@pytest.fixture(scope="module")
def population():
    rng = np.random.default_rng(2)
    city = rng.choice(["north", "south", "west"], 900, p=[0.5, 0.3, 0.2])
    age = rng.integers(18, 90, 900)
    pay = np.where(rng.random(900) < 0.2, np.nan, rng.normal(20, 4, 900).round(1))
    table = make_table(pd.DataFrame({"city": city, "age": age, "pay": pay}))
    return populations.of(learn(table, score="k2", restarts=0), table, title="Towns")


@pytest.fixture(scope="module")
def compared(population):
    posterior = population.given()
    people = posterior.sample(4000, seed=1)
    return people, compare_columns(population, posterior, people, population.contingency)


def test_counts_are_those_of_the_tables(population, compared):
    people, columns = compared
    city = next(each for each in columns if each.column.name == "city")
    real = population.table.frame["city"].value_counts()
    assert [real[label] for label in city.labels] == list(city.real)
    assert [(people["city"] == label).sum() for label in city.labels] == list(city.synthetic)
    share_real, share = city.real / 900, city.synthetic / 4000
    assert city.tvd == pytest.approx(np.abs(share_real - share).sum() / 2)
    assert 0 < city.reference < 0.1
    np.testing.assert_allclose(
        city.exact, [population.given().marginal("city")[x] for x in city.labels]
    )


def test_exact_probabilities_lie_over_the_bins_of_a_number(compared):
    people, columns = compared
    for name in ("age", "pay"):
        column = next(each for each in columns if each.column.name == name)
        assert column.exact.sum() == pytest.approx(1)
        assert len(column.exact) == len(column.labels)
        np.testing.assert_allclose(column.exact, column.synthetic / len(people), atol=0.03)
    assert column.labels[-1] not in column.labels[:-1]  # missing has a place of its own
    assert column.synthetic[-1] == people["pay"].isna().sum()


def test_where_real_people_cannot_be_counted_there_is_no_distance(population, compared):
    people, _ = compared
    for each in compare_columns(population, population.given(), people, None):
        assert each.real is each.tvd is each.reference is None
        assert each.shares[0] is None and each.intervals()[0] is None


def number(edges, synthetic, kind="integer"):
    column = Column("n", kind, lower=float(edges[0]), upper=float(edges[-1]))
    labels = tuple(map(str, range(len(synthetic))))
    counts = np.array(synthetic)
    return ColumnComparison(column, labels, None, counts, None, np.array(edges), False, None, None)


def test_equal_bins_spread_people_evenly_and_keep_the_missing_apart():
    bins = number([0, 10, 40], [10, 30, 60]).in_equal_bins(4)
    assert list(bins.starts) == [0, 10, 20, 30]
    assert bins.reach == 9
    np.testing.assert_allclose(bins.synthetic, [0.1, 0.1, 0.1, 0.1, 0.6])
    assert bins.real is None and bins.exact is None
    widths = number([0.0, 0.9], [5], "real").in_equal_bins(4)
    assert widths.reach == pytest.approx(0.25)  # the next round number
    assert widths.synthetic.sum() == pytest.approx(1)


def test_the_commonest_come_first_by_the_real_people():
    column = Column("c", "categorical", ("a", "b", "c"))
    real, synthetic = np.array([1, 5, 5]), np.array([9, 1, 2])
    both = ColumnComparison(column, ("a", "b", "c"), real, synthetic, None, None, True, 0.1, 0.1)
    assert list(both.commonest) == [1, 2, 0]
    alone = ColumnComparison(column, ("a", "b", "c"), None, synthetic, None, None, True, None, None)
    assert list(alone.commonest) == [0, 2, 1]


def test_associations_of_both(population, compared):
    real, synthetic = compare_associations(population, compared[0])
    assert real.columns == synthetic.columns
    assert set(real.columns) == {"city", "age", "pay"}
    assert real.distance(real) == 0 and 0 <= synthetic.distance(real) < 0.2


def _column(synthetic, exact=None, tvd=None, reference=None):
    column = Column("c", "categorical", levels=("a", "b", "c"))
    counts = np.array(synthetic)
    return ColumnComparison(
        column, ("a", "b", "c"), None, counts, exact, None, False, tvd, reference
    )


def test_shares_are_exact_where_the_model_is_and_counted_else():
    exact = np.array([0.5, 0.3, 0.2])
    assert model_shares(_column([1, 1, 2], exact)) is exact
    assert model_shares(_column([1, 1, 2])) == pytest.approx([0.25, 0.25, 0.5])


def test_the_place_that_differs_most_among_groups_comes_first():
    groups = [_column([5, 1, 4]), _column([2, 3, 5]), _column([1, 4, 5])]
    assert by_spread(groups).tolist() == [0, 1, 2]
    assert by_spread(groups[:2]).tolist() == [0, 1, 2]
    assert by_spread(groups[1:]).tolist()[-1] == 2


@pytest.mark.parametrize(
    ("tvd", "reference", "near"),
    [(0.01, 0.01, True), (0.0149, 0.01, True), (0.0151, 0.01, False), (None, None, False)],
)
def test_near_is_within_what_chance_does_to_fresh_people(tvd, reference, near):
    assert is_near(_column([1, 1, 1], tvd=tvd, reference=reference)) is near
