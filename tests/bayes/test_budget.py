"""Limits of questions: time, memory, cancellation; contradictions over wide tables."""

import itertools
import math
import threading

import numpy as np
import pytest

from synth.bayes import elimination, inference
from synth.bayes.budget import CELLS, BudgetError, current, duration, limited
from synth.bayes.coding import Coding
from synth.bayes.elimination import elimination_order
from synth.bayes.factors import Factor
from synth.bayes.inference import Posterior
from synth.bayes.network import Network
from synth.data.column import Column
from synth.data.evidence import Evidence, OneOf
from synth.data.schema import Schema
from synth.errors import PopulaceError


def chain(columns, levels=3, seed=0, forbidden=True):
    """Each column hangs on the one before it; level a is never followed by level b."""
    names = [f"c{i}" for i in range(columns)]
    letters = tuple("abcdefgh"[:levels])
    schema = Schema(tuple(Column(name, "categorical", letters) for name in names))
    rng = np.random.default_rng(seed)
    tables = {}
    for i, name in enumerate(names):
        table = rng.dirichlet(np.ones(levels), size=(levels,) if i else ()) + 0.01
        if i and forbidden:
            table[0, 1] = 0.0
        tables[name] = table / table.sum(axis=-1, keepdims=True)
    parents = {name: (names[i - 1],) if i else () for i, name in enumerate(names)}
    return Network(schema, {c.name: Coding(c) for c in schema}, parents, tables)


def facts(network, **levels):
    return Evidence({name: OneOf((level,)) for name, level in levels.items()})


def test_without_a_limit_nothing_is_limited():
    assert current().cells == CELLS and not current().is_spent
    assert chain(5).given().probability == 1


def test_time_that_is_over_stops_a_question():
    with limited(seconds=0), pytest.raises(BudgetError, match="longer than 0 seconds"):
        chain(5).given(facts(None, c4="a"))
    assert chain(5).given(facts(None, c4="a")).probability > 0


def test_a_question_is_cancelled_between_columns(monkeypatch):
    calls = []

    def cancelled():
        calls.append(1)
        return len(calls) > 12

    with limited(cancelled=cancelled), pytest.raises(BudgetError, match="was stopped"):
        chain(40).given(facts(None, c39="a"))
    assert len(calls) == 13


def test_tables_that_are_too_large_are_refused_before_they_are_made(monkeypatch):
    produced = []
    monkeypatch.setattr(elimination, "sum_out", lambda *a: produced.append(a))
    with limited(cells=8), pytest.raises(PopulaceError, match="too many columns around"):
        chain(10).given(facts(None, c9="a"))
    assert not produced


def test_an_inner_limit_never_widens_an_outer_one():
    with limited(seconds=5, cells=100) as outer:
        with limited(seconds=50, cells=1000) as inner:
            assert inner.deadline == outer.deadline and inner.cells == outer.cells == 100
        with limited(seconds=1, cells=10) as inner:
            assert inner.deadline < outer.deadline and inner.cells == 10
        assert current() is outer
    assert current().cells == CELLS


def test_limits_hold_for_their_own_thread():
    seen = []
    with limited(cells=10):
        thread = threading.Thread(target=lambda: seen.append(current().cells))
        thread.start()
        thread.join()
    assert seen == [CELLS]


def test_a_contradiction_over_a_wide_table_is_found_in_few_eliminations(monkeypatch):
    network = chain(300)
    known = {f"c{i}": "c" for i in range(0, 290, 10)} | {"c295": "a", "c296": "b"}
    count = []
    eliminate = elimination.eliminate

    def counted(*arguments, **named):
        count.append(1)
        return eliminate(*arguments, **named)

    monkeypatch.setattr(inference, "eliminate", counted)
    monkeypatch.setattr(inference, "SEARCH_SECONDS", math.inf)  # the count is the bound here
    with pytest.raises(PopulaceError) as error:
        network.given(facts(None, **known))
    assert str(error.value).startswith("c295=a and c296=b exclude each other")
    n = len(known)
    assert len(count) <= 1 + 2 * n + n * (n - 1) // 2


def test_a_search_without_time_says_what_it_can(monkeypatch):
    monkeypatch.setattr(inference, "SEARCH_SECONDS", 0.0)
    with pytest.raises(PopulaceError, match=r"^These facts exclude each other"):
        chain(5).given(facts(None, c3="a", c4="b"))


def test_three_facts_that_exclude_each_other_only_together():
    letters = ("0", "1")
    schema = Schema(tuple(Column(name, "categorical", letters) for name in "abxy"))
    flat, xor = np.full(2, 0.5), np.zeros((2, 2, 2))
    for i in range(2):
        for j in range(2):
            xor[i, j, i ^ j] = 1.0
    network = Network(
        schema,
        {c.name: Coding(c) for c in schema},
        {"a": (), "b": (), "x": ("a", "b"), "y": ()},
        {"a": flat, "b": flat, "x": xor, "y": flat},
    )
    with pytest.raises(PopulaceError) as error:
        network.given(facts(None, y="1", a="1", b="1", x="1"))
    assert "a=1, b=1 and x=1 cannot all hold" in str(error.value)


def test_one_question_does_not_wait_for_another():
    entered, leave, done = threading.Event(), threading.Event(), []

    class Slow:
        columns = ("c0",)

        def factors(self, codings):
            entered.set()
            assert leave.wait(20)
            return [Factor(("c0",), np.ones(3))]

    network = chain(6)

    def slow():
        Posterior(network, factors=(Slow(),))
        done.append("slow")

    thread = threading.Thread(target=slow)
    thread.start()
    try:
        assert entered.wait(20)
        posterior = network.given(facts(None, c5="a"))
        posterior.marginal("c0")
        posterior.sample(10)
        assert not done
    finally:
        leave.set()
        thread.join()
    assert done == ["slow"]


def test_the_order_of_elimination_is_total():
    names = [f"v{i}" for i in range(12)]
    scopes = [(a, b) for a, b in itertools.pairwise(names)]
    sizes = dict.fromkeys(names, 3)
    order = elimination_order(names, scopes, sizes)
    assert order[0] == "v0" and sorted(order) == sorted(names)
    assert elimination_order(names, scopes[::-1], sizes) == order
    assert elimination_order(names, scopes, sizes, keep=("v3", "v0"))[-2:] in (
        ("v3", "v0"),
        ("v0", "v3"),
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "a few seconds"),
        (4.9, "a few seconds"),
        (5.0, "about 5 seconds"),
        (14.0, "about 14 seconds"),
        (16.0, "about 20 seconds"),
        (89.0, "about 90 seconds"),
        (91.0, "about 2 minutes"),
        (3000.0, "about 50 minutes"),
        (7200.0, "about 2 hours"),
    ],
)
def test_durations_read_as_a_sentence_says_them(seconds, words):
    assert duration(seconds) == words
