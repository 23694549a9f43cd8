"""Cliques: marginals against enumeration, the same distribution as a network."""

import numpy as np
import pytest

from synth.bayes.factors import Factor, multiply
from synth.privacy.estimation import NoisyCounts, estimate, total_of
from synth.privacy.junction import JunctionTree

SIZES = {"a": 2, "b": 3, "c": 2, "d": 3, "e": 2}
SCOPES = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d"), ("e",)]


@pytest.fixture(scope="module")
def factors():
    random = np.random.default_rng(3)
    return [Factor(s, random.random([SIZES[n] for n in s])) for s in SCOPES]


@pytest.fixture(scope="module")
def joint(factors):
    table = multiply(factors, tuple(SIZES), SIZES)
    return table / table.sum()


def marginal(joint, scope):
    return joint.sum(axis=tuple(i for i, name in enumerate(SIZES) if name not in scope))


def test_marginals_are_those_of_the_whole_table(factors, joint):
    tree = JunctionTree.of(SIZES, SCOPES)
    beliefs = tree.calibrate(tree.potentials(factors))
    for scope in SCOPES:
        result = tree.marginal(beliefs, tree.scope(scope))
        np.testing.assert_allclose(result, marginal(joint, scope), atol=1e-12)
    assert tree.cells >= max(np.prod([SIZES[n] for n in c]) for c in tree.cliques)


def test_the_network_is_the_same_distribution(factors, joint):
    tree = JunctionTree.of(SIZES, SCOPES)
    parents, tables = tree.network(tree.calibrate(tree.potentials(factors)))
    product = multiply([Factor((*parents[n], n), tables[n]) for n in SIZES], tuple(SIZES), SIZES)
    np.testing.assert_allclose(product, joint, atol=1e-12)


def test_zeros_stay_zeros():
    tree = JunctionTree.of({"a": 2, "b": 2}, [("a", "b")])
    beliefs = tree.calibrate([np.array([[1.0, 0.0], [0.0, 0.0]])])
    _, tables = tree.network(beliefs)
    assert beliefs[0].tolist() == [[1.0, 0.0], [0.0, 0.0]]
    assert all(np.isfinite(table).all() for table in tables.values())


def test_counts_without_noise_come_back(joint):
    measured = [
        NoisyCounts(scope, 1000 * marginal(joint, scope), 1.0)
        for scope in (("a", "b"), ("b", "c", "d"), ("e",))
    ]
    assert total_of(measured) == pytest.approx(1000)
    estimated = estimate(SIZES, measured, steps=800, tolerance=0.0)
    for each in measured:
        np.testing.assert_allclose(1000 * estimated.marginal(each.scope), each.counts, atol=0.5)


def test_what_was_not_counted_together_is_independent(joint):
    measured = [NoisyCounts((n,), 500 * marginal(joint, (n,)), 2.0) for n in SIZES]
    estimated = estimate(SIZES, measured, steps=300)
    assert all(len(clique) == 1 for clique in estimated.tree.cliques)
    assert estimated.total == pytest.approx(500)
