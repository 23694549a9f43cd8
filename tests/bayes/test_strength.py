"""Strengths, pruning and relearning: against enumeration, and on planted tables."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.bayes import learn
from synth.bayes.coding import Coding
from synth.bayes.network import Network
from synth.bayes.strength import (
    Wishes,
    can_relearn,
    common_rows,
    information,
    prune,
    relearn,
    strengths,
)
from synth.data.schema import Column, Schema
from synth.data.table import make_table
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
    found = dict(network.given().families())
    assert set(found) == set(network.schema.names)
    for name, table in found.items():
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
    told = divergence(joint_of(network), joint_of(pruned.network))
    assert pruned.nats == pytest.approx(told, abs=1e-9)


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


# ---------------------------------------------------------------------- relearning


@pytest.fixture(scope="module")
def planted():
    """a → b → c, and d beside them; a weight that counts some people twice."""
    rng = np.random.default_rng(3)
    rows = 3000
    a = rng.integers(0, 3, rows)
    b = np.where(rng.random(rows) < 0.8, a, rng.integers(0, 3, rows))
    c = np.where(rng.random(rows) < 0.8, b, rng.integers(0, 3, rows))
    d = rng.integers(0, 2, rows)
    frame = pd.DataFrame({"a": a, "b": b, "c": c, "d": d}).astype(str)
    frame["w"] = rng.choice([1.0, 2.0], rows)
    return make_table(frame)


@pytest.fixture(scope="module")
def network(planted):
    return learn(planted, weights="w", restarts=0)


def test_without_wishes_nothing_changes(planted, network):
    found = relearn(network, planted, Wishes())
    assert set(found.network.edges) == set(network.edges)
    assert found.before == pytest.approx(found.after)
    assert found.before == pytest.approx(network.about["score_nats"], abs=1e-3)
    assert not (found.added or found.removed or found.turned)
    assert found.gain == pytest.approx(0.0)


def test_a_required_arrow_comes_and_costs(planted, network):
    found = relearn(network, planted, Wishes(required=(("d", "a"),)))
    assert ("d", "a") in found.network.edges
    assert ("d", "a") in found.added
    assert found.after < found.before
    assert found.alone is not None
    assert found.alone <= found.after + 1e-9


def test_columns_that_are_kept_apart_stay_apart(planted, network):
    pair = next(edge for edge in network.edges if set(edge) == {"a", "b"})
    found = relearn(network, planted, Wishes(apart=(pair,)))
    joined = {frozenset(edge) for edge in found.network.edges}
    assert frozenset(pair) not in joined
    assert found.after < found.before
    assert pair in found.removed


def test_a_forbidden_arrow_is_turned_or_goes(planted, network):
    pair = next(edge for edge in network.edges if set(edge) == {"b", "c"})
    found = relearn(network, planted, Wishes(forbidden=(pair,)))
    assert pair not in found.network.edges
    assert pair[::-1] in found.turned or pair in found.removed


def test_the_score_is_of_the_same_people_and_folds(planted, network):
    """Fulfilling the wishes alone scores what a network learned with just these arrows scores."""
    arrows = (("a", "d"),)
    found = relearn(network, planted, Wishes(required=arrows))
    kept = set(network.edges) | set(arrows)
    every = [(a, b) for a in "abcd" for b in "abcd" if a != b and (a, b) not in kept]
    exact = relearn(network, planted, Wishes(required=tuple(kept), forbidden=tuple(every)))
    assert set(exact.network.edges) == kept
    assert found.alone == pytest.approx(exact.after)


def test_why_wishes_alone_cannot_be(planted, network):
    chain = learn(planted, weights="w", required=[("a", "b"), ("b", "c")], restarts=0)
    found = relearn(chain, planted, Wishes(required=(("c", "a"),)))
    assert found.alone is None
    assert "circle" in found.obstacle
    assert ("c", "a") in found.network.edges


def test_contradictions_are_told(planted, network):
    with pytest.raises(PopulaceError, match="both required and forbidden"):
        relearn(network, planted, Wishes(required=(("a", "b"),), apart=(("b", "a"),)))
    with pytest.raises(PopulaceError, match="circle"):
        relearn(network, planted, Wishes(required=(("a", "b"), ("b", "a"))))


def test_people_without_their_weights_do_not_do(planted, network):
    frame = planted.frame.drop(columns="w")
    less = make_table(frame, planted.schema.without("w"))
    assert can_relearn(network, planted)
    assert not can_relearn(network, less)
    assert not can_relearn(network, None)
    with pytest.raises(PopulaceError, match="no column w"):
        relearn(network, less, Wishes())


def test_gaussian_columns_are_relearned_as_such_and_not_pruned():
    rng = np.random.default_rng(5)
    x = rng.normal(0, 1, 800).round(2)
    kind = rng.choice(["p", "q"], 800)
    y = (x + (kind == "p") + rng.normal(0, 0.3, 800)).round(2)
    table = make_table(pd.DataFrame({"x": x, "kind": kind, "y": y}))
    network = learn(table, gaussian=["x", "y"], restarts=0)
    found = relearn(network, table, Wishes(required=(("kind", "y"),)))
    assert set(found.network.gaussians) == {"x", "y"}
    assert ("kind", "y") in found.network.edges
    with pytest.raises(PopulaceError, match="regression"):
        prune(found.network, [("kind", "y")])
    assert ("kind", "y") not in strengths(found.network)
