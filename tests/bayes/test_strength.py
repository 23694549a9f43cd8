"""Strengths and pruning: against enumeration, and on planted tables."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.bayes.coding import Coding
from synth.bayes.network import Network
from synth.bayes.strength import (
    common_rows,
    entropies,
    explained,
    information,
    prune,
    strengths,
)
from synth.data.column import Column
from synth.data.schema import Schema
from synth.errors import PopulaceError


@st.composite
def networks(draw):
    """Small networks of categories, zeros in their tables included."""
    n = draw(st.integers(2, 5))
    names = [f"v{i}" for i in range(n)]
    sizes = draw(st.lists(st.integers(2, 3), min_size=n, max_size=n))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    columns = tuple(
        Column(name, "categorical", levels=tuple("abc"[:size]))
        for name, size in zip(names, sizes, strict=True)
    )
    parents, tables = {}, {}
    for i, name in enumerate(names):
        above = [j for j in range(i) if rng.random() < 0.6]
        table = rng.random([*(sizes[j] for j in above), sizes[i]])
        table[table < 0.15] = 0.0
        table[..., 0] += 1e-3
        parents[name] = tuple(names[j] for j in above)
        tables[name] = table / table.sum(axis=-1, keepdims=True)
    codings = {column.name: Coding(column) for column in columns}
    return Network(Schema(columns), codings, parents, tables)


def joint_of(network):
    """P of every combination, by multiplying the tables' rows."""
    names = network.schema.names
    shape = [network.codings[name].size for name in names]
    joint = np.zeros(shape)
    for codes in product(*(range(size) for size in shape)):
        at = dict(zip(names, codes, strict=True))
        joint[codes] = np.prod(
            [
                network.tables[name][(*(at[p] for p in network.parents[name]), at[name])]
                for name in names
            ]
        )
    return joint


def margin(network, joint, names):
    """The joint distribution of some columns, axes in their order."""
    everyone = network.schema.names
    axes = tuple(i for i, name in enumerate(everyone) if name not in names)
    left = [name for name in everyone if name in names]
    return joint.sum(axis=axes).transpose([left.index(name) for name in names])


def divergence(p, q):
    some = p > 0
    return float((p[some] * np.log(p[some] / q[some])).sum())


@settings(max_examples=60, deadline=None)
@given(networks())
def test_families_agree_with_enumeration(network):
    joint = joint_of(network)
    result = dict(network.given().families())
    assert set(result) == set(network.schema.names)
    for name, table in result.items():
        family = (*network.parents[name], name)
        assert table == pytest.approx(margin(network, joint, family), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(networks())
def test_an_arrows_strength_is_what_is_lost_without_it(network):
    joint = joint_of(network)
    for edge, nats in strengths(network).items():
        without = prune(network, [edge])
        assert without.nats == pytest.approx(nats, abs=1e-12)
        assert edge not in without.network.edges
        assert divergence(joint, joint_of(without.network)) == pytest.approx(nats, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(networks(), st.randoms())
def test_losses_of_several_arrows_add_up_to_the_divergence(network, random):
    gone = [edge for edge in network.edges if random.random() < 0.5]
    pruned = prune(network, gone)
    assert set(pruned.network.edges) == set(network.edges) - set(gone)
    for name, table in pruned.network.tables.items():
        assert table.sum(axis=-1) == pytest.approx(np.ones(table.shape[:-1])), name
    distance = divergence(joint_of(network), joint_of(pruned.network))
    assert pruned.nats == pytest.approx(distance, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(networks())
def test_no_other_table_loses_less(network):
    rng = np.random.default_rng(0)
    joint = joint_of(network)
    for edge in network.edges[:2]:
        best = prune(network, [edge])
        tables = dict(best.network.tables)
        noise = tables[edge[1]] + 0.1 * rng.random(tables[edge[1]].shape)
        tables[edge[1]] = noise / noise.sum(axis=-1, keepdims=True)
        other = Network(network.schema, network.codings, best.network.parents, tables)
        assert divergence(joint, joint_of(other)) >= best.nats - 1e-12


@settings(max_examples=40, deadline=None)
@given(networks())
def test_common_rows_are_the_commonest(network):
    joint = joint_of(network)
    for name in network.schema.names:
        rows = common_rows(network, name, 3)
        parents = network.parents[name]
        share = margin(network, joint, parents) if parents else np.array(1.0)
        expected = np.sort(share[share > 0])[::-1][:3]
        assert [row.share for row in rows] == pytest.approx(expected.tolist(), abs=1e-12)
        for row in rows:
            codes = tuple(
                network.codings[parent].labels.index(label)
                for parent, label in zip(parents, row.given, strict=True)
            )
            assert row.probabilities == pytest.approx(network.tables[name][codes])


def test_information_by_hand():
    copied = np.diag([0.5, 0.5])
    assert information(copied, (0,)) == pytest.approx(np.log(2))
    assert information(np.full((2, 2), 0.25), (0,)) == pytest.approx(0.0)
    either = np.zeros((2, 2, 2))  # the exclusive or of two coins
    for a, b in product(range(2), repeat=2):
        either[a, b, a ^ b] = 0.25
    assert information(either, (0,)) == pytest.approx(np.log(2))
    assert information(either, (0, 1)) == pytest.approx(np.log(2))
    assert information(either.sum(axis=0), (0,)) == pytest.approx(0.0)


def test_only_arrows_that_are_there_can_be_taken_out():
    columns = (Column("a", "boolean", levels=("no", "yes")),) * 1
    network = Network(
        Schema(columns), {"a": Coding(columns[0])}, {"a": ()}, {"a": np.array([0.5, 0.5])}
    )
    with pytest.raises(PopulaceError, match="no arrow b → a"):
        prune(network, [("b", "a")])


@settings(max_examples=25, deadline=None)
@given(networks())
def test_what_an_arrow_takes_away_of_what_is_unknown_agrees_with_enumeration(network):
    joint, unknowns = joint_of(network), entropies(network)
    for (_, child), nats in strengths(network).items():
        shares = margin(network, joint, (child,)).ravel()
        some = shares[shares > 0]
        unknown = -(some * np.log(some)).sum()
        wanted = 0.0 if unknown == 0 else min(1.0, nats / unknown)
        assert explained(nats, unknowns[child]) == pytest.approx(wanted, abs=1e-9)
        assert explained(nats, unknowns[child]) <= 1
