"""Layered drawings: every arrow points down, nothing overlaps, rows are not too full."""

from itertools import combinations, pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.bayes.layout import _pooled, crossings, fitted, layout
from synth.populations import load

BOX, GAP = (100.0, 40.0), (10.0, 30.0)


@st.composite
def graphs(draw):
    n = draw(st.integers(1, 14))
    names = [f"n{i}" for i in draw(st.permutations(range(n)))]
    pairs = list(combinations(names, 2))
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=30)) if pairs else []
    return names, edges


@settings(max_examples=80, deadline=None)
@given(graphs(), st.integers(1, 5))
def test_drawings_are_proper(graph, across):
    names, edges = graph
    drawn = layout(names, edges, across=across, box=BOX, gap=GAP)
    assert set(drawn.places) == set(names)
    assert sorted(name for row in drawn.rows for name in row) == sorted(names)
    assert all(len(row) <= across for row in drawn.rows)
    for x, y in drawn.places.values():
        assert BOX[0] / 2 - 1e-6 <= x <= drawn.width - BOX[0] / 2 + 1e-6
        assert BOX[1] / 2 - 1e-6 <= y <= drawn.height - BOX[1] / 2 + 1e-6
    for row in drawn.rows:
        places = [drawn.places[name] for name in row]
        assert len({y for _, y in places}) <= 1
        assert all(b[0] - a[0] >= BOX[0] + GAP[0] - 1e-6 for a, b in pairwise(places))
    assert set(drawn.routes) == set(edges)
    for (parent, child), points in drawn.routes.items():
        assert drawn.places[child][1] - drawn.places[parent][1] >= BOX[1] + GAP[1] - 1e-6
        assert points[0] == (drawn.places[parent][0], drawn.places[parent][1] + BOX[1] / 2)
        assert points[-1] == (drawn.places[child][0], drawn.places[child][1] - BOX[1] / 2)
        heights = [y for _, y in points]
        assert heights == sorted(heights)


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_no_arrow_runs_through_a_box(graph):
    names, edges = graph
    drawn = layout(names, edges, across=4, box=BOX, gap=GAP)
    for points in drawn.routes.values():
        for (x0, y0), (x1, y1) in pairwise(points):
            if y1 - y0 != pytest.approx(BOX[1]) or x0 != x1:
                continue  # between rows, where there are no boxes
            for x, y in drawn.places.values():
                if y - BOX[1] / 2 == pytest.approx(y0):
                    assert abs(x - x0) >= BOX[0] / 2


def test_the_same_network_is_drawn_the_same_way():
    network = load("us-time-use").network
    first, two = (fitted(network.schema.names, network.edges, 700) for _ in range(2))
    assert first == two


def test_arrows_are_as_short_as_can_be():
    # A chain of three and a fourth column that could stand in three rows: it stands by its child.
    names = ["a", "b", "c", "d"]
    drawn = layout(names, [("a", "b"), ("b", "c"), ("d", "c")], across=3)
    assert drawn.rows == (("a",), ("b", "d"), ("c",)) or drawn.rows == (("a",), ("d", "b"), ("c",))


def test_crossings_are_counted_and_avoided():
    top = [("a", 0), ("b", 0)]
    below = [("c", 1), ("d", 1)]
    links = [(("a", 0), ("d", 1)), (("b", 0), ("c", 1))]
    assert crossings([top, below], links) == 1
    assert crossings([top, below[::-1]], links) == 0
    drawn = layout(["a", "b", "c", "d"], [("a", "d"), ("b", "c")], across=2)
    order = {name: x for name, (x, _) in drawn.places.items()}
    assert (order["a"] < order["b"]) == (order["d"] < order["c"])


def test_small_graphs_have_as_few_crossings_as_any_order():
    edges = [("a", "e"), ("a", "g"), ("b", "d"), ("b", "f"), ("c", "e"), ("c", "d"), ("b", "g")]
    names = list("abcdefg")
    drawn = layout(names, edges, across=4)
    row = {name: i for i, names_ in enumerate(drawn.rows) for name in names_}
    links = [((a, row[a]), (b, row[b])) for a, b in edges]
    got = crossings([[(n, i) for n in r] for i, r in enumerate(drawn.rows)], links)
    least = min(
        crossings([[(n, 0) for n in up], [(n, 1) for n in down]], links)
        for up in permutations("abc")
        for down in permutations("defg")
    )
    assert got == least


@pytest.mark.parametrize("name", ["us-time-use", "french-hobbies"])
def test_shipped_networks_fit_a_screen_and_a_phone(name):
    network = load(name).network
    wide = fitted(network.schema.names, network.edges, 720)
    assert wide.width <= 720
    narrow = fitted(network.schema.names, network.edges, 350, box=(96, 42), gap=(8, 28), most=3)
    assert narrow.width <= 480


def test_pooling_agrees_with_brute_force():
    rng = np.random.default_rng(0)
    for _ in range(50):
        target, weight = rng.normal(size=4), rng.random(4) + 0.1
        result = _pooled(target, weight)
        assert (np.diff(result) >= -1e-12).all()
        cost = (weight * (result - target) ** 2).sum()
        for _ in range(200):
            other = np.sort(result + rng.normal(0, 0.3, 4))
            assert cost <= (weight * (other - target) ** 2).sum() + 1e-12
