"""How far apart two ordered dates are: learned, and drawn inside given bins."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.bayes.coding import Coding, Pieces
from synth.constraints.derived import Constraints
from synth.constraints.gaps import BEYOND, Gap, Spread, drawn_pair
from synth.constraints.rules import Comparison, Rule
from synth.data.column import Column
from synth.data.evidence import Evidence
from synth.data.formats import DateFormat
from synth.generators.constrained import ConstrainedDraws

RNG = np.random.default_rng(0)


def coding(name, *edges):
    """A column of days whose bins begin at the edges, one piece each, and end below the last."""
    first, last = np.array(edges[:-1]), np.array(edges[1:]) - 1
    pieces = Pieces(first, last, np.arange(len(first)), np.ones(len(first)))
    column = Column(name, "integer", lower=edges[0], upper=edges[-1] - 1, step=1.0)
    return Coding(column, pieces)


def pairs(gap, first, second, begin, end):
    """P(a, b) in two bins by enumeration: even in each bin, weighed by how common the gap is."""
    a = np.arange(first.pieces.first[begin], first.pieces.last[begin] + 1)
    b = np.arange(second.pieces.first[end], second.pieces.last[end] + 1)
    away = (b[None, :] - a[:, None]).astype(float)
    return a, b, gap.below(away) - gap.below(away - 1)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 400), min_size=50, max_size=200))
def test_shares_and_gaps_are_inverse(gaps):
    gap = Gap.learn(np.zeros(len(gaps)), np.array(gaps, dtype=float))
    assert gap.below(np.array([min(gaps) - 1, gap.knots[-1]])).tolist() == [0.0, 1.0]
    assert gap.knots[-1] >= BEYOND * max(gaps)
    whole = np.arange(min(gaps), max(gaps) + 1)
    shares = gap.below(whole)
    assert (np.diff(shares) >= 0).all()
    reached = gap.at(shares)
    assert (gap.below(reached) >= shares - 1e-9).all()
    if len(set(gaps)) <= 64:
        exact = [(np.array(gaps) <= each).mean() for each in sorted(set(gaps))]
        np.testing.assert_allclose(gap.below(np.array(sorted(set(gaps)))), exact, atol=0.02)


def test_no_gap_is_learned_from_few_or_from_dates_out_of_order():
    assert Gap.learn(np.zeros(10), np.ones(10)) is None
    assert Gap.learn(np.ones(100), np.zeros(100)) is None
    assert Gap.learn(np.full(100, np.nan), np.ones(100)) is None


@pytest.mark.parametrize(("begin", "end"), [(0, 0), (0, 1), (1, 1), (0, 2)])
def test_dates_are_drawn_as_enumeration_says(begin, end):
    gap = Gap.learn(np.zeros(4000), RNG.geometric(0.15, 4000) - 1.0)
    first, second = coding("in", 0, 30, 60), coding("out", 0, 20, 40, 45)
    a, b, joint = pairs(gap, first, second, begin, end)
    rows = 20_000
    sides = [
        Spread(each, each.pieces, np.full(rows, code))
        for each, code in ((first, begin), (second, end))
    ]
    if not joint.sum():
        assert not drawn_pair(gap, *sides, lambda _: RNG.random(rows))[2].any()
        return
    joint /= joint.sum()
    single, other, done = drawn_pair(gap, *sides, lambda _: RNG.random(rows))
    assert done.mean() > 0.95
    single, other = single[done], other[done]
    assert (other >= single).all()
    assert set(single) <= set(a.tolist())
    assert set(other) <= set(b.tolist())
    away = joint * (b[None, :] - a[:, None])
    assert abs((other - single).mean() - away.sum()) < 0.12 * away.sum() + 0.2
    assert abs(single.mean() - (joint.sum(axis=1) * a).sum()) < 1.0
    assert abs(other.mean() - (joint.sum(axis=0) * b).sum()) < 1.0


def test_a_date_that_is_settled_stays():
    gap = Gap.learn(np.zeros(4000), RNG.geometric(0.15, 4000) - 1.0)
    first, second = coding("in", 0, 30), coding("out", 0, 60)
    sides = [Spread(each, each.pieces, np.zeros(500, dtype=int)) for each in (first, second)]
    days = np.full(500, 20.0)
    begin, end, done = drawn_pair(gap, *sides, lambda _: RNG.random(500), fixed_first=days)
    assert (begin == 20).all()
    assert (end[done] >= 20).all()
    begin, end, done = drawn_pair(gap, *sides, lambda _: RNG.random(500), fixed_second=days)
    assert (end == 20).all()
    assert (begin[done] <= 20).all()
    assert abs((end - begin)[done].mean() - 5.5) < 1.5


def test_what_a_fact_leaves_of_two_bins_counts_as_enumeration_says():
    gap = Gap.learn(np.zeros(4000), RNG.geometric(0.15, 4000) - 1.0)
    first, second = coding("in", 0, 30, 60), coding("out", 0, 30, 60, 200)
    rule = Rule(Comparison("in", "<=", other="out"), gap=gap)
    cuts = {"in": (first, first.pieces), "out": (second, second.pieces)}
    whole = rule.holds(cuts)
    assert whole.tolist() == [[1.0, 1.0, 1.0], [0.0, 1.0, 1.0]]
    single = Pieces(np.array([35]), np.array([35]), np.array([1]), np.array([1.0]))
    cut = rule.holds(cuts | {"out": (second, single)})
    for begin in (0, 1):
        _, b, joint = pairs(gap, first, second, begin, 1)
        expected = joint[:, b == 35].mean() / joint.mean()
        assert cut[begin, 1] == pytest.approx(expected, rel=1e-6)
    turned = Rule(Comparison("out", ">=", other="in"), gap=gap)
    np.testing.assert_allclose(turned.holds(cuts | {"out": (second, single)}), cut.T)


def test_the_gap_is_kept_beside_its_rule():
    from synth.data.schema import Schema

    days = DateFormat()
    schema = Schema(
        tuple(
            Column(name, "integer", lower=0, upper=99, step=1.0, format=days)
            for name in ("in", "out")
        )
    )
    gap = Gap((-1, 0, 5, 9), (0.0, 0.25, 0.75, 1.0))
    rule = Rule(Comparison("in", "<=", other="out"), gap=gap)
    constraints = Constraints(rules=(rule,))
    kept = Constraints.from_json(json.loads(json.dumps(constraints.to_json())), schema)
    assert kept.rules == (rule,)


def test_a_generator_that_does_not_learn_gaps_says_so():
    drawn = SimpleNamespace(evidence=Evidence(), note="Drawn.")
    gap = Gap((-1, 0, 5, 9), (0.0, 0.25, 0.75, 1.0))
    plain = Rule(Comparison("in", "<=", other="out"))
    notes = [
        ConstrainedDraws(drawn, drawn, Constraints(rules=(rule,))).note
        for rule in (plain, replace(plain, gap=gap))
    ]
    assert notes[0] == "Drawn."
    assert notes[1].startswith("Drawn. Dates come in order, but how far apart in and out are")
