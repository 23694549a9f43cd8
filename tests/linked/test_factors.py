"""Factors of pairs: what they are learned from, and rows drawn by them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synth.bayes.counting import Codes
from synth.errors import PopulaceError
from synth.linked.factors import learn_factors
from synth.linked.learning import learn_linked
from synth.linked.plans import Summary
from synth.linked.tables import link

ROWS = 8_000


@pytest.fixture(scope="module")
def pairs():
    """A column that hangs on two others by factors of each, and a third that says nothing."""
    random = np.random.default_rng(0)
    a, b, c = (random.integers(0, size, ROWS) for size in (3, 2, 4))
    by_a = np.array([[6.0, 2, 1], [1, 5, 2], [2, 1, 4]])
    by_b = np.array([[3.0, 1, 1], [1, 1, 4]])
    weight = by_a[a] * by_b[b]
    share = weight / weight.sum(axis=1, keepdims=True)
    y = (np.cumsum(share, axis=1) < random.random((ROWS, 1))).sum(axis=1)
    return Codes(np.stack([a, b, c, y]), (3, 2, 4, 3)), share


def learned(codes, candidates, drawn=None, never=None):
    drawn = np.ones(ROWS, bool) if drawn is None else drawn
    never = np.zeros((0, 0), bool) if never is None else never
    return learn_factors(codes, 3, [0], candidates, np.arange(ROWS), drawn, never)


def test_a_factor_stands_for_what_the_table_leaves_out_and_noise_gets_none(pairs):
    codes, share = pairs
    factors = learned(codes, [(1,), (2,)])
    assert factors.slots == ((1,),)
    a, b, _, y = codes.values
    table = np.zeros((3, 3))
    np.add.at(table, (a, y), 1.0)
    table /= table.sum(axis=1, keepdims=True)
    weight = table[a] * factors.tables[0][b]
    weight /= weight.sum(axis=1, keepdims=True)
    for code in (0, 1):  # every pair has the mass that it really has
        has = np.bincount(y[b == code], minlength=3) / (b == code).sum()
        np.testing.assert_allclose(weight[b == code].mean(axis=0), has, atol=0.02)
    assert np.abs(weight - share).mean() < 0.25 * np.abs(table[a] - share).mean()


def test_two_things_may_be_looked_at_together(pairs):
    codes, _ = pairs
    factors = learned(codes, [(1, 2), (2,)])
    assert factors.slots == ((1, 2),)
    assert factors.tables[0].shape == (2 * 4, 3)


def test_rows_in_which_nothing_is_drawn_and_codes_that_cannot_be_do_not_count(pairs):
    codes, _ = pairs
    nobody = learned(codes, [(1,)], drawn=np.zeros(ROWS, bool))
    assert nobody.slots == () and nobody.tables == ()
    never = np.zeros((ROWS, 3), bool)
    never[codes.values[1] == 0, 2] = True
    stay = ~(never[np.arange(ROWS), codes.values[3]])
    factors = learned(codes, [(1,)], drawn=stay, never=never)
    # Nothing is expected there, so nothing is said of it.
    assert factors.tables[0][0, 2] == pytest.approx(1.0)


def test_rows_are_drawn_by_table_times_factors_as_their_probability_says(model):
    siblings = model.siblings["members"]
    names = [column.name for column in siblings.columns]
    only = replace(siblings, columns=(siblings.columns[names.index("role")],))
    p = siblings.program
    role = names.index("role")
    size = int(p.size[role])
    by = np.linspace(0.5, 3.0, size).astype(np.float32)
    # One table without parents, times one factor over the first slot, whose codes say the same.
    slots = int(only.slots[0].size)
    one = p._replace(
        kind=p.kind[[role]],
        size=p.size[[role]],
        turn=np.zeros(1, np.int64),
        parent_start=np.zeros(2, np.int64),
        parents=np.zeros(0, np.int64),
        strides=np.zeros(0, np.int64),
        table_start=np.zeros(1, np.int64),
        cumulative=np.cumsum(np.full(size, 1 / size), dtype=np.float32),
        bins=np.zeros(1, np.int64),
        bin_start=np.zeros(1, np.int64),
        scale=np.ones(1),
        before=np.full(1, -1),
        first=np.full(1, -1),
        need=np.full(1, -1),
        edge_start=np.zeros(2, np.int64),
        need_start=np.zeros(2, np.int64),
        place=-1,
        left=-1,
        now=-1,
        then=-1,
        factor_start=np.array([0, 1]),
        factor_slot=np.zeros(1, np.int64),
        factor_with=np.full(1, -1),
        factor_width=np.ones(1, np.int64),
        factor_base=np.zeros(1, np.int64),
        factors=np.tile(by, slots),
        known_by=np.full(1, -1),
        known_from=np.zeros(1),
    )
    plan = replace(
        siblings.plan,
        kinds={"role": siblings.plan.kinds["role"]},
        summaries=tuple(s for s in siblings.plan.summaries if s.what == "rows"),
    )
    drawing = replace(only, program=one, plan=plan)
    parents = model.given().families(1, seed=1).parents
    many = parents.iloc[np.zeros(6_000, int)].reset_index(drop=True)
    many[f"{plan.table} rows"] = 1
    shares = np.bincount(
        drawing.draw(many, np.arange(6_000), 3).values[0].astype(int), minlength=size
    )
    expected = by / by.sum()
    assert np.abs(shares / 6_000 - expected).max() < 0.03
    every = many.iloc[:size]
    logs = drawing.log_probability(every, np.ones(size, int), np.arange(size, dtype=float)[None])
    np.testing.assert_allclose(np.exp(logs), expected, rtol=1e-5)


def test_what_is_known_from_a_year_on_is_drawn_so_at_once():
    random = np.random.default_rng(1)
    counts = random.integers(1, 4, 400)
    person = np.repeat(np.arange(400), counts)
    inside = np.arange(len(person)) - np.repeat(np.cumsum(counts) - counts, counts)
    year = np.repeat(random.integers(1890, 1912, 400), counts) + inside
    league = np.where(random.random(len(year)) < 0.5, "east", "west").astype(object)
    league[year < 1897] = None
    rows = pd.DataFrame({"id": person, "year": year, "league": league})
    parents = pd.DataFrame({"id": np.arange(400), "kind": random.choice(["a", "b"], 400)})
    model = learn_linked(link({"parents": parents, "rows": rows}), refine=False)
    rule = next(rule for rule in model.rules if rule.kind == "known from")
    assert rule.bound == 1897
    given = model.given()
    parents, numbers = given.candidates(300, 5)
    families = given._below(parents, numbers, 5, given._prepared(parents, numbers, 5))
    assert rule.holds(families.parents, families.rows).all()


def test_a_single_row_gets_a_mean_that_it_can_have():
    summary = Summary(
        "rows x mean", "mean", "x", (3.5,), (2.0, 7.0), ((0.0, 2.0, 3.0), (4.0, 6.0, 9.0)), 1.0
    )
    codes, uniform = np.array([0, 0, 1, -1]), np.array([0.0, 0.5, 0.99, 0.5])
    means = summary.within(codes, uniform, np.ones(4, np.int64))
    np.testing.assert_array_equal(means, [0.0, 2.0, 9.0, np.nan])


@pytest.mark.parametrize("spreads", [((0.0, 1.0),), ((0.0, 1.0), (2.0,)), ((0.0,), (2.0,))])
def test_ranges_that_do_not_fit_are_refused(spreads):
    with pytest.raises(PopulaceError, match="ranges of rows x mean are damaged"):
        Summary("rows x mean", "mean", "x", (3.5,), (2.0, 7.0), spreads)
