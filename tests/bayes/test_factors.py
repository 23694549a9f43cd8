"""Products of tables, sums and single rows of them; samples that make only what they visit."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.bayes.elimination import MEMORY_CELLS, Bucket, Memory
from synth.bayes.factors import Factor, multiply, sum_out
from synth.bayes.sampling import Draw, _alias, _AliasTables, _pair
from synth.data.evidence import Evidence
from synth.populations import load

NAMES = "abcde"


MARITAL = ("married", "widowed")


@st.composite
def products(draw, most=4):
    """Factors over up to five columns, the last of which is to be summed out."""
    sizes = {name: draw(st.integers(1, 4)) for name in NAMES}
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    factors = []
    for scope in draw(st.lists(st.sets(st.sampled_from(NAMES)), min_size=1, max_size=most)):
        names = tuple(str(name) for name in rng.permutation(sorted(scope)))
        table = rng.random([sizes[name] for name in names])
        table[table < 0.2] = 0.0
        factors.append(Factor(names, table))
    scope = tuple(v for v in NAMES[:-1] if any(v in factor.scope for factor in factors))
    return factors, scope, sizes


def whole(factors, scope, sizes):
    letters = [*scope, "e"]
    tables = [part for factor in factors for part in (factor.table, list(map(ord, factor.scope)))]
    tables += [np.ones([sizes[v] for v in letters]), list(map(ord, letters))]
    numbers = [[ord(v) - 97 for v in map(chr, part)] if isinstance(part, list) else part
               for part in tables]  # fmt: skip
    return np.einsum(*numbers, [ord(v) - 97 for v in letters])


@settings(max_examples=150, deadline=None)
@given(products())
def test_products_and_sums_agree_with_einsum(case):
    factors, scope, sizes = case
    expected = whole(factors, scope, sizes)
    assert multiply(factors, (*scope, "e"), sizes) == pytest.approx(expected)
    assert sum_out(factors, "e", scope, sizes) == pytest.approx(expected.sum(axis=-1))


@settings(max_examples=60, deadline=None)
@given(products(most=9), st.data())
def test_rows_that_people_visit_are_those_of_the_whole_to_the_last_bit(case, data):
    factors, scope, sizes = case
    product = multiply(factors, (*scope, "e"), sizes).reshape(-1, sizes["e"])
    expected = np.empty(product.size, np.uint64)
    _alias(product.ravel(), sizes["e"], expected)
    expected = expected.reshape(product.shape)
    if sizes["e"] == 2:
        expected = np.array([[_pair(*row)] for row in expected])
    draw = Draw("e", scope, tuple(factors))
    whole, visited = _AliasTables(draw, sizes), _AliasTables(draw, sizes)
    whole.make_whole()
    made = slice(1, 3)  # the tables, and those of two states; one of the two is empty
    assert np.array_equal(np.concatenate(whole.lookup[made]).reshape(expected.shape), expected)
    shape = [sizes[name] for name in scope]
    parents = np.arange(len(scope))
    for _ in range(3):
        rows = data.draw(st.lists(st.integers(0, len(product) - 1), min_size=1, max_size=9))
        digits = np.unravel_index(rows, shape) if shape else ()
        codes = np.array(digits, np.int16).reshape(len(scope), len(rows))
        visited.make_visited(codes, parents)
        slot, tables = visited.lookup[0], np.concatenate(visited.lookup[made])
        width = expected.shape[1]
        assert np.array_equal(tables.reshape(-1, width)[slot[rows] - 1], expected[rows])
    assert visited.lookup[0].max() == (visited.lookup[0] > 0).sum()


def test_what_no_fact_touches_is_worked_out_once():
    network = load("us-time-use").network
    questions = [Evidence.parse(f"marital={level}", network.schema) for level in MARITAL]
    fresh = [replace(network).given(q).sample(500, seed=1) for q in questions]
    first, second = (network.given(q) for q in questions)
    assert first.sample(500, seed=1).equals(fresh[0])
    shared = [a for a, b in zip(first._eliminated[0], second._eliminated[0], strict=True) if a is b]
    assert shared and len(shared) < len(first._eliminated[0])
    assert all(bucket.shared for bucket in shared)
    assert second.sample(500, seed=1).equals(fresh[1])
    alone = replace(network).given(questions[1])
    assert alone.log_probability == second.log_probability
    for name in network.order:
        assert np.array_equal(alone.codes(name), second.codes(name))


def test_what_is_set_from_outside_is_not_remembered_as_seen():
    network = load("us-time-use").network
    seen = Evidence.parse("marital=married", network.schema)
    before = network.given(seen).log_probability
    done = network.given(Evidence(), seen)
    anew = replace(network).given(Evidence(), seen)
    for name in network.order:
        assert np.array_equal(done.codes(name), anew.codes(name))
    assert done.sample(300, seed=2).equals(anew.sample(300, seed=2))
    assert network.given(seen).log_probability == before


def test_memory_lets_the_oldest_sums_go():
    rng = np.random.default_rng(0)
    sizes = {"a": 3, "b": 4}
    own = {name: Factor(("a", "b"), rng.random((3, 4))) for name in "xyz"}
    memory = Memory(own)
    values = []
    for factor in own.values():
        bucket, message = Bucket("a", ("b",), (factor,)), Factor(("b",), factor.table.sum(axis=0))
        memory.keep(bucket, message, 0.0, sizes)
        values.append(memory.recall("a", (factor,)) is not None)
    assert values == [True] * 3
    stranger = Factor(("a", "b"), own["x"].table)
    memory.keep(Bucket("a", ("b",), (stranger,)), Factor(("b",), np.ones(4)), 0.0, sizes)
    assert memory.recall("a", (stranger,)) is None
    copied = pickle.loads(pickle.dumps(memory))
    assert list(copied.factors) == list(own)
    assert copied.recall("a", (copied.factors["x"],)) is None
    wide = {"a": 3, "b": MEMORY_CELLS // 8}
    for factor in own.values():
        memory.keep(Bucket("a", ("b",), (factor,)), Factor(("b",), np.ones(wide["b"])), 1.0, wide)
    assert memory.recall("a", (own["x"],)) is None
    assert memory.recall("a", (own["z"],)) is not None


@pytest.mark.parametrize("facts", ["", "marital=married", "top1=Pets,age=30..50", "region=west"])
def test_few_people_are_the_first_of_many(facts):
    network = load("us-time-use").network
    region = network.schema["region"].levels[0]
    evidence = Evidence.parse(facts.replace("west", region), network.schema)
    few, many = network.given(evidence), network.given(evidence)
    first = few.sample(300, seed=4)
    people = many.sample(60_000, seed=4)
    assert first.equals(people.head(300))
    assert few.sample(60_000, seed=4).equals(people)
    assert few.sample(40, seed=4, start=700).equals(people[700:740].reset_index(drop=True))


def test_threads_that_visit_the_same_rows_at_once_draw_the_same_people():
    network = load("us-time-use").network
    evidence = Evidence.parse("marital=married", network.schema)
    alone = [network.given(evidence).sample(2000, seed=seed, threads=1) for seed in range(6)]
    shared = network.given(evidence)
    with ThreadPoolExecutor(6) as pool:
        result = list(pool.map(lambda seed: shared.sample(2000, seed=seed, threads=1), range(6)))
    for each, other in zip(alone, result, strict=True):
        assert each.equals(other)
