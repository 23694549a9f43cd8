"""Structure search: scores, rules, graphs without circles, the same seed, and the way out."""

import math
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.bayes.counting import Codes
from synth.bayes.learning import NetworkLearner
from synth.bayes.parameters import Backoff
from synth.bayes.scores import PRIOR_PEOPLE, FamilyScore
from synth.bayes.structure import EdgeConstraints, HillClimb, largest_clique
from synth.bench.structure import (
    distance,
    equivalence_class,
    example,
    own_search,
    pgmpy_search,
    sampled,
    true_edges,
)
from synth.data.table import make_table
from synth.errors import PopulaceError


def _codes(rows=400, sizes=(2, 3, 2, 4), seed=0):
    """Columns of which each leans on the one before."""
    rng = np.random.default_rng(seed)
    values = [rng.integers(0, sizes[0], rows)]
    for size in sizes[1:]:
        own = rng.integers(0, size, rows)
        values.append(np.where(rng.random(rows) < 0.6, values[-1] % size, own))
    return Codes(np.stack(values), sizes)


def _score(name, codes):
    return FamilyScore(name, codes, Backoff(codes))


def _acyclic(edges, n):
    left = set(range(n))
    while left:
        free = [v for v in left if not any(b == v and a in left for a, b in edges)]
        if not free:
            return False
        left -= set(free)
    return True


# ---------------------------------------------------------------------- scores


def _by_hand(name, codes, child, parents):
    """The score from its definition, one person at a time."""
    size = codes.sizes[child]
    q = math.prod(codes.sizes[p] for p in parents)
    each = {"k2": 1.0, "bdeu": PRIOR_PEOPLE / (q * size), "bic": 0.0}[name]
    counts = {}
    for row in range(codes.rows):
        above = tuple(codes.values[p, row] for p in parents)
        counts.setdefault(above, [0] * size)[codes.values[child, row]] += 1
    total = 0.0
    for cells in counts.values():
        people = sum(cells)
        if name == "bic":
            total += sum(n * math.log(n / people) for n in cells if n)
        else:
            total += math.lgamma(each * size) - math.lgamma(each * size + people)
            total += sum(math.lgamma(each + n) - math.lgamma(each) for n in cells)
    if name == "bic":
        total -= 0.5 * math.log(codes.rows) * q * (size - 1)
    return total


@pytest.mark.parametrize("name", ["k2", "bic", "bdeu"])
@pytest.mark.parametrize("rows", [30, 400, 3000])
def test_scores_follow_their_definitions(name, rows):
    codes = _codes(rows)
    score = _score(name, codes)
    for child in range(4):
        others = [v for v in range(4) if v != child]
        for size in range(4):
            for parents in combinations(others, size):
                wanted = _by_hand(name, codes, child, parents)
                assert score(child, parents) == pytest.approx(wanted, rel=1e-10)
                assert score(child, parents[::-1]) == score(child, parents)


def test_scores_agree_with_pgmpy_but_for_its_k2():
    pytest.importorskip("pgmpy")
    from pgmpy.structure_score import BIC, K2, BDeu

    codes = _codes(60)
    frame = pd.DataFrame({f"c{i}": row for i, row in enumerate(codes.values)})
    states = {f"c{i}": list(range(size)) for i, size in enumerate(codes.sizes)}
    peers = {
        "bic": BIC(frame, state_names=states),
        "bdeu": BDeu(frame, equivalent_sample_size=PRIOR_PEOPLE, state_names=states),
        "k2": K2(frame, state_names=states),
    }
    unseen_seen = [False, False]
    for child in range(4):
        for size in range(4):
            for parents in combinations([v for v in range(4) if v != child], size):
                named = tuple(f"c{p}" for p in parents)
                cells = math.prod(codes.sizes[p] for p in parents)
                seen = len({tuple(row) for row in codes.values[list(parents)].T}) if parents else 1
                for name, peer in peers.items():
                    ours = _score(name, codes)(child, parents)
                    theirs = peer.local_score(f"c{child}", named)
                    # pgmpy's K2 adds a constant for each combination of parents nobody has.
                    extra = (cells - seen) * math.lgamma(codes.sizes[child])
                    message = theirs - (extra if name == "k2" else 0.0)
                    assert ours == pytest.approx(message, rel=1e-9)
                unseen_seen[cells == seen] = True
    assert all(unseen_seen)


def test_an_unknown_score_is_refused():
    with pytest.raises(PopulaceError, match="no score 'aic'"):
        _score("aic", _codes())


def test_rows_that_count_twice_score_as_two_rows():
    codes = _codes(50)
    twice = Codes(np.repeat(codes.values, 2, axis=1), codes.sizes)
    weighed = Codes(codes.values, codes.sizes, np.full(50, 2.0))
    for name in ("k2", "bdeu"):
        assert _score(name, weighed)(1, (0, 2)) == pytest.approx(_score(name, twice)(1, (0, 2)))


# ---------------------------------------------------------------------- search


@pytest.mark.parametrize("name", ["k2", "bic", "bdeu", "predictive"])
def test_the_score_is_the_sum_of_its_families(name):
    codes = _codes(500, (2, 3, 2, 3, 2))
    score = _score(name, codes)
    search = HillClimb(restarts=2).fit(score, codes.sizes)
    families = [[a for a, b in search.edges_ if b == v] for v in range(5)]
    total = sum(score(v, parents) for v, parents in enumerate(families))
    assert search.score_ == pytest.approx(total)
    assert _acyclic(search.edges_, 5)
    assert search.moves_ > 0


def _every_graph(n):
    pairs = list(combinations(range(n), 2))
    for marks in product((0, 1, 2), repeat=len(pairs)):
        edges = [
            (a, b) if mark == 1 else (b, a)
            for (a, b), mark in zip(pairs, marks, strict=True)
            if mark
        ]
        if _acyclic(edges, n):
            yield tuple(edges)


@pytest.mark.parametrize("name", ["k2", "bic", "bdeu"])
def test_the_best_of_all_graphs_is_found(name):
    codes = _codes(300, (2, 3, 2, 2), seed=4)
    score = _score(name, codes)
    best = max(
        sum(score(v, [a for a, b in edges if b == v]) for v in range(4))
        for edges in _every_graph(4)
    )
    search = HillClimb(restarts=5).fit(score, codes.sizes)
    assert search.score_ == pytest.approx(best)


def _chance_score(seed):
    known = {}

    def score(child, parents):
        key = (child, *sorted(parents))
        if key not in known:
            known[key] = float(np.random.default_rng([seed, *key]).normal(0, 5))
        return known[key]

    return score


@given(st.integers(0, 10_000), st.data())
@settings(max_examples=80, deadline=None)
def test_every_rule_holds(seed, data):
    n = data.draw(st.integers(2, 6))
    sizes = data.draw(st.lists(st.integers(2, 4), min_size=n, max_size=n))
    order = data.draw(st.permutations(range(n)))
    downward = [(order[i], order[j]) for i in range(n) for j in range(i + 1, n)]
    edge = st.sampled_from(downward)
    required = frozenset(data.draw(st.lists(edge, max_size=2)))
    both_ways = st.sampled_from(downward + [(b, a) for a, b in downward])
    forbidden = frozenset(data.draw(st.lists(both_ways, max_size=6))) - required
    linked = frozenset(data.draw(st.lists(edge, max_size=2)))
    rules = EdgeConstraints(required, forbidden, linked, max_parents=data.draw(st.integers(1, 3)))
    score = _chance_score(seed)
    drawn = data.draw(st.lists(both_ways, max_size=8))
    for search in (
        HillClimb(rules, restarts=1, seed=seed).fit(score, sizes),
        HillClimb(rules).take(drawn, score, sizes),
    ):
        edges = set(search.edges_)
        assert _acyclic(edges, n)
        assert required <= edges
        assert not edges & forbidden
        for a, b in linked:
            if not {(a, b), (b, a)} & forbidden:
                assert {(a, b), (b, a)} & edges
        bound = required | linked | {(b, a) for a, b in linked}
        for v in range(n):
            above = {a for a, b in edges if b == v}
            needed = {a for a, b in bound if b == v}
            assert len(above) <= max(rules.max_parents, len(needed))


def test_no_clique_grows_beyond_its_limit():
    codes = _codes(2000, (2, 2, 2, 2, 2, 2), seed=1)
    score = _score("k2", codes)

    def generous(child, parents):  # more parents are always better
        return score(child, parents) + 500 * len(parents)

    for limit in (4, 8, 16):
        search = HillClimb(EdgeConstraints(max_parents=4, max_states=limit)).fit(
            generous, codes.sizes
        )
        masks = [sum(1 << a for a, b in search.edges_ if b == v) for v in range(6)]
        assert 2 < largest_clique(masks, codes.sizes) <= limit


@pytest.mark.parametrize(
    ("edges", "n", "states"),
    [
        ([], 3, 4),
        ([(0, 1), (1, 2)], 3, 16),
        ([(0, 2), (1, 2)], 3, 64),
        ([(0, 1), (0, 2), (1, 3), (2, 3)], 4, 64),
        ([(0, 1), (1, 2), (2, 3), (0, 3)], 4, 64),
    ],
)
def test_cliques_are_counted_in_states(edges, n, states):
    masks = [sum(1 << a for a, b in edges if b == v) for v in range(n)]
    assert largest_clique(masks, [4] * n) == states


def test_rules_that_cannot_hold_are_refused():
    score = _chance_score(0)
    with pytest.raises(PopulaceError, match="circle"):
        HillClimb(EdgeConstraints(required=frozenset({(0, 1), (1, 2), (2, 0)}))).fit(score, [2] * 3)
    with pytest.raises(PopulaceError, match="both required and forbidden"):
        HillClimb(EdgeConstraints(required=frozenset({(0, 1)}), forbidden=frozenset({(0, 1)}))).fit(
            score, [2] * 3
        )
    with pytest.raises(PopulaceError, match="circle"):
        HillClimb(EdgeConstraints(required=frozenset({(1, 1)}))).fit(score, [2] * 3)


def test_the_same_seed_finds_the_same_graph():
    codes = _codes(300, (2, 3, 2, 3, 2, 3), seed=2)
    first, again = (
        HillClimb(restarts=3, seed=7).fit(_score("bdeu", codes), codes.sizes) for _ in range(2)
    )
    assert first.edges_ == again.edges_
    assert first.score_ == again.score_


@pytest.mark.parametrize("seed", range(4))
def test_restarts_never_do_worse(seed):
    scores = [
        HillClimb(EdgeConstraints(max_parents=2), patience=2, restarts=restarts, seed=seed)
        .fit(_chance_score(seed), [2] * 6)
        .score_
        for restarts in range(5)
    ]
    assert scores == sorted(scores)


def test_tabu_leads_out_of_a_dead_end():
    # Either parent alone says nothing of their exclusive or: one step never helps.
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2, (2, 1000))
    codes = Codes(np.stack([a, b, a ^ b]), (2, 2, 2))
    score = _score("bic", codes)
    greedy = HillClimb(patience=0).fit(score, codes.sizes)
    patient = HillClimb().fit(score, codes.sizes)
    assert greedy.edges_ == ()
    assert max(sum(b == v for _, b in patient.edges_) for v in range(3)) == 2
    assert patient.score_ > greedy.score_ + 500


def test_progress_tells_a_rising_score():
    codes = _codes(500)
    messages = []
    search = HillClimb().fit(_score("bic", codes), codes.sizes, lambda *now: messages.append(now))
    scores = [score for _, score in messages]
    assert scores == sorted(scores)
    assert scores[-1] == pytest.approx(search.score_)


# ---------------------------------------------------------------------- learning


def test_the_learner_keeps_the_rules_by_name():
    codes = _codes(600)
    frame = pd.DataFrame(
        {f"c{i}": pd.Categorical([f"s{v}" for v in row]) for i, row in enumerate(codes.values)}
    )
    table = make_table(frame)
    network = (
        NetworkLearner(score="k2", required=[("c3", "c0")], forbidden=[("c0", "c1"), ("c1", "c0")])
        .fit(table)
        .network_
    )
    assert ("c3", "c0") in network.edges
    assert not {("c0", "c1"), ("c1", "c0")} & set(network.edges)
    with pytest.raises(PopulaceError, match="c9"):
        NetworkLearner(required=[("c9", "c0")]).fit(table)


# ---------------------------------------------------------------------- distance


def test_classes_hold_what_all_equivalent_graphs_share():
    groups = {}
    for edges in _every_graph(4):
        joined = frozenset(frozenset(edge) for edge in edges)
        colliders = frozenset(
            (frozenset((a, c)), b)
            for (a, b), (c, d) in combinations(edges, 2)
            if b == d and frozenset((a, c)) not in joined
        )
        groups.setdefault((joined, colliders), []).append(set(edges))
    for members in groups.values():
        shared = set.intersection(*members)
        for edges in members:
            marks = equivalence_class(edges)
            for (a, b), mark in marks.items():
                wanted = "→" if (a, b) in shared else "←" if (b, a) in shared else "–"
                assert mark == wanted
            assert distance(edges, members[0]) == 0


def test_distance_counts_pairs():
    assert distance([(0, 1), (1, 2)], [(2, 1), (1, 0)]) == 0
    assert distance([(0, 1), (2, 1)], [(0, 1), (1, 2)]) == 2
    assert distance([(0, 1)], []) == 1


# ---------------------------------------------------------------------- against pgmpy


@pytest.mark.parametrize("score", ["k2", "bic", "bdeu"])
def test_no_farther_from_the_truth_than_pgmpy(score):
    pytest.importorskip("pgmpy")
    network = example("child")
    truth = true_edges(network)
    ours, theirs = 0, 0
    for seed in range(2):
        codes = sampled(network, 5000, seed)
        ours += distance(own_search(codes, score)[0], truth)
        theirs += distance(pgmpy_search(codes, score, own_score=True)[0], truth)
    assert ours <= theirs


def test_alarm_is_found_nearly():
    pytest.importorskip("pgmpy")
    network = example("alarm")
    codes = sampled(network, 20_000, 1)
    edges, _ = own_search(codes, "bic")
    joined = {frozenset(edge) for edge in edges}
    true = {frozenset(edge) for edge in true_edges(network)}
    assert len(joined ^ true) <= 6
    assert distance(edges, true_edges(network)) <= 15


def _chained(columns, rows=400, seed=0):
    """Columns each of which follows the one before."""
    rng = np.random.default_rng(seed)
    values = [rng.integers(0, 3, rows)]
    for _ in range(columns - 1):
        values.append(np.where(rng.random(rows) < 0.7, values[-1], rng.integers(0, 3, rows)))
    return Codes(np.stack(values), (3,) * columns)


def test_candidates_are_those_that_tell_most_alone():
    codes = _chained(30)
    scored = []
    score = _score("bdeu", codes)

    def counted(child, parents):
        scored.append((child, tuple(parents)))
        return score(child, parents)

    narrow = HillClimb(candidates=4).fit(counted, codes.sizes)
    wide = HillClimb().fit(score, codes.sizes)
    assert {frozenset(edge) for edge in narrow.edges_} == {frozenset((i, i + 1)) for i in range(29)}
    assert narrow.score_ == pytest.approx(wide.score_)
    pairs = {family for family in scored if len(family[1]) == 1}
    assert len(pairs) == 30 * 29  # each column alone was looked at
    assert len(set(scored)) < 0.6 * score.calls


@pytest.mark.parametrize("candidates", [1, 2, 3, 5])
def test_a_search_among_candidates_keeps_its_score_and_rules(candidates):
    codes = _codes(400, (2, 3, 2, 3, 2, 3, 2), seed=3)
    score = _score("k2", codes)
    rules = EdgeConstraints(required=frozenset({(6, 0)}), forbidden=frozenset({(1, 2)}))
    fitted = HillClimb(rules, restarts=2, candidates=candidates).fit(score, codes.sizes)
    assert (6, 0) in fitted.edges_ and (1, 2) not in fitted.edges_
    above = {v: [a for a, b in fitted.edges_ if b == v] for v in range(7)}
    assert fitted.score_ == pytest.approx(sum(score(v, above[v]) for v in range(7)))


def test_a_column_on_its_own_and_none_have_cliques():
    assert largest_clique([0], [7]) == 7
    assert largest_clique([0, 1, 2], [2, 3, 4]) == 12
    assert largest_clique([0b110, 0, 0], [2, 3, 4]) == 24
