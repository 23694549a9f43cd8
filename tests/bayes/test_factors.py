"""Products of tables, sums and single rows of them; samples that make only what they visit."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.bayes.factors import Factor, multiply, product_rows, sum_out
from synth.data.evidence import Evidence
from synth.populations import load

NAMES = "abcde"


@st.composite
def products(draw):
    """Factors over up to five columns, the last of which is to be summed out."""
    sizes = {name: draw(st.integers(1, 4)) for name in NAMES}
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    factors = []
    for scope in draw(st.lists(st.sets(st.sampled_from(NAMES)), min_size=1, max_size=4)):
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


@settings(max_examples=100, deadline=None)
@given(products(), st.data())
def test_single_rows_are_those_of_the_whole_to_the_last_bit(case, data):
    factors, scope, sizes = case
    product = multiply(factors, (*scope, "e"), sizes).reshape(-1, sizes["e"])
    chosen = data.draw(st.lists(st.integers(0, len(product) - 1), max_size=20))
    rows = product_rows(factors, (*scope, "e"), sizes, np.array(chosen, dtype=np.int64))
    assert rows.shape == (len(chosen), sizes["e"])
    assert np.array_equal(rows, product[chosen])


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
        found = list(pool.map(lambda seed: shared.sample(2000, seed=seed, threads=1), range(6)))
    for one, other in zip(alone, found, strict=True):
        assert one.equals(other)
