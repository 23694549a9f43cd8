"""Back-off tables: probabilities, closed forms, margins, zeros, and no reward for memorising."""

from itertools import combinations

import numpy as np
import pytest

from synth.bayes import parameters
from synth.bayes.counting import Codes
from synth.bayes.parameters import STRENGTHS, Backoff, SeenRows


def people(n=4000, seed=0, sizes=(3, 4, 5)):
    """a and b independent, x depends on both."""
    rng = np.random.default_rng(seed)
    a = rng.integers(0, sizes[0], n)
    b = rng.integers(0, sizes[1], n)
    x = (a + b + rng.integers(0, 2, n)) % sizes[2]
    return Codes(np.stack([a, b, x]), sizes)


def test_counting_agrees_with_a_loop():
    codes = people(500)
    counts = codes.count((1, 2, 0)).reshape(4, 5, 3)
    expected = np.zeros((4, 5, 3))
    for a, b, x in codes.values.T:
        expected[b, x, a] += 1
    assert (counts == expected).all()


def test_weights_count_as_people():
    codes = people(300)
    twice = Codes(np.repeat(codes.values, 2, axis=1), codes.sizes)
    weighted = Codes(codes.values, codes.sizes, np.full(300, 2.0))
    assert (twice.count((0, 2)) == weighted.count((0, 2))).all()


@pytest.mark.parametrize("parents", [(), (0,), (1,), (0, 1), (1, 0)])
def test_tables_are_conditional_probabilities(parents):
    codes = people()
    table = Backoff(codes).table(2, parents)
    assert table.shape == (*codes.shape(parents), 5)
    assert table.sum(axis=-1) == pytest.approx(1)
    assert (table >= 0).all()


def test_the_order_of_parents_is_the_order_of_axes():
    backoff = Backoff(people())
    assert backoff.table(2, (0, 1)) == pytest.approx(backoff.table(2, (1, 0)).transpose(1, 0, 2))


def test_a_table_without_parents_is_the_dirichlet_mean():
    codes = people()
    backoff = Backoff(codes)
    alpha = backoff.strength(2, ())
    counts = codes.count((2,))
    expected = (counts + alpha / 5) / (counts.sum() + alpha)
    assert backoff.table(2, ()) == pytest.approx(expected)


def test_one_parent_leans_on_the_column_alone():
    codes = people()
    backoff = Backoff(codes)
    alpha = backoff.strength(2, (0,))
    counts = codes.count((0, 2)).reshape(3, 5)
    alone = backoff.table(2, ())
    expected = (counts + alpha * alone) / (counts.sum(axis=1, keepdims=True) + alpha)
    assert backoff.table(2, (0,)) == pytest.approx(expected)


def test_the_score_is_the_cross_validated_log_likelihood():
    codes = people(600)
    backoff = Backoff(codes, seed=3)
    order = np.random.default_rng(3).permutation(600)
    x = codes.values[2][order]
    best = -np.inf
    for alpha in STRENGTHS:
        total = 0.0
        for test, train in ((x[:300], x[300:]), (x[300:], x[:300])):
            n = np.bincount(train, minlength=5)
            total += np.log((n + alpha / 5) / (300 + alpha))[test].sum()
        best = max(best, total)
    assert backoff.score(2, ()) == pytest.approx(best, abs=1e-3)


def test_true_parents_score_and_noise_does_not():
    rng = np.random.default_rng(5)
    base = people(4000)
    noise = rng.integers(0, 20, 4000)
    codes = Codes(np.vstack([base.values, noise]), (*base.sizes, 20))
    backoff = Backoff(codes)
    assert backoff.score(2, (0, 1)) > backoff.score(2, (0,)) > backoff.score(2, ())
    assert backoff.score(2, (0, 1, 3)) < backoff.score(2, (0, 1))
    # A column of 2,000 levels that names people nearly one by one predicts nothing.
    names = Codes(np.vstack([base.values, np.arange(4000) // 2]), (*base.sizes, 2000))
    assert Backoff(names).score(2, (3,)) < Backoff(names).score(2, ())


def test_unseen_combinations_keep_what_their_parts_say():
    rng = np.random.default_rng(1)
    n = 6000
    a, b = rng.integers(0, 3, n), rng.integers(0, 3, n)
    b[(a == 2) & (b == 2)] = 0  # nobody is (2, 2)
    x = (rng.random(n) < 0.1 + 0.2 * a + 0.2 * b).astype(int)
    table = Backoff(Codes(np.stack([a, b, x]), (3, 3, 2))).table(2, (0, 1))
    assert table[2, 2, 1] > table[1, 1, 1]
    assert table[2, 2, 1] > 0.75  # the truth is 0.9, each part alone says at most 0.7


def test_margins_are_kept():
    rng = np.random.default_rng(2)
    n = 20_000
    a = rng.integers(0, 6, n)
    b = (a + rng.integers(0, 3, n)) % 6
    x = (a + 2 * b + rng.integers(0, 4, n)) % 7
    codes = Codes(np.stack([a, b, x]), (6, 6, 7))
    table = Backoff(codes).table(2, (0, 1))
    ab = codes.count((0, 1)).reshape(6, 6, 1)
    expected = codes.count((0, 2)).reshape(6, 7) / n
    assert np.abs((ab * table).sum(axis=1) / n - expected).max() < 0.002


def test_impossible_pairs_stay_impossible_in_larger_families():
    codes = people()
    never = np.zeros((3, 5), dtype=bool)
    never[1, 2] = True
    values = codes.values.copy()
    values[2][(values[0] == 1) & (values[2] == 2)] = 3
    codes = Codes(values, codes.sizes)
    backoff = Backoff(codes, impossible={(0, 2): never, (2, 0): never.T})
    assert (backoff.table(2, (0,))[1, 2] == 0).all()
    assert (backoff.table(2, (0, 1))[1, :, 2] == 0).all()
    assert backoff.table(2, (0, 1)).sum(axis=-1) == pytest.approx(1)


def _plainly(backoff, codes, child, parents, fold):
    """A family's table from the people outside a fold, and the fold's counts, without shortcuts."""
    family = (*parents, child)
    shape = codes.shape(family)
    low, high = backoff._bounds[fold], backoff._bounds[fold + 1]
    stored = backoff._shuffled.count(family, low, high).reshape(shape)
    others = backoff._shuffled.count(family).reshape(shape) - stored
    mean = np.full(shape, 1.0 / shape[-1])
    if parents:
        mean = np.ones(shape)
        for size in range(len(parents) - 1, -1, -1):
            for sub in combinations(parents, size):
                table, _ = _plainly(backoff, codes, child, sub, fold)
                wide = [codes.sizes[p] if p in sub else 1 for p in parents]
                table = table.reshape(*wide, shape[-1])
                mean = mean * table if (len(parents) - 1 - size) % 2 == 0 else mean / table
        mean = mean / mean.sum(axis=-1, keepdims=True)
    mean = np.maximum(mean, 1e-9)
    alpha = backoff.strength(child, parents)
    total = others.sum(axis=-1, keepdims=True)
    return (others + alpha * mean) / (total + alpha), stored


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("parents", [(), (0,), (1,), (0, 1), (0, 1, 3), (0, 1, 3, 4)])
def test_scores_agree_with_the_plain_sum(parents, weighted):
    rng = np.random.default_rng(7)
    a, b = rng.integers(0, 3, 900), rng.integers(0, 5, 900)
    x = (a + b + rng.integers(0, 2, 900)) % 4
    values = np.stack([a, b, x, rng.integers(0, 7, 900), rng.integers(0, 2, 900)])
    weights = rng.choice([1.0, 2.0, 0.5], 900) if weighted else None
    codes = Codes(values, (3, 5, 4, 7, 2), weights)
    backoff = Backoff(codes)
    score = backoff.score(2, parents) + 0.5 * np.log(900) * len(parents)
    expected = 0.0
    for fold in range(2):
        table, stored = _plainly(backoff, codes, 2, parents, fold)
        some = stored > 0
        expected += (stored[some] * np.log(table[some])).sum()
    assert score == pytest.approx(expected, rel=1e-6)


def test_tables_that_were_let_go_are_worked_out_again(monkeypatch):
    rng = np.random.default_rng(2)
    codes = Codes(rng.integers(0, 4, (6, 900)), (4,) * 6)
    families = [(5, above) for k in range(5) for above in combinations(range(5), k)]
    kept = Backoff(codes, seed=1)
    expected = [kept.score(*family) for family in families]
    monkeypatch.setattr(parameters, "ARENA_CELLS", 3000)
    small = Backoff(codes, seed=1)
    assert [small.score(*family) for family in families[::-1]] == expected[::-1]
    assert small._arena.used + small._slots.used < kept._arena.used


@pytest.mark.parametrize("sizes", [(3, 4, 5), (50, 60, 5)])
def test_rows_that_nobody_is_in_take_no_room(sizes):
    codes = people(300, sizes=sizes)
    backoff = Backoff(codes)
    backoff.score(2, (0, 1))
    seen = len(np.unique(codes.values[:2], axis=1).T)
    (_, first, second) = backoff._places[2, (0, 1)]
    assert second - first == seen * sizes[2]


@pytest.mark.parametrize("above", [(), (1,), (0, 2), (0, 1, 2), (0, 1, 2, 3)])
@pytest.mark.parametrize("weighted", [False, True])
def test_rows_that_are_asked_for_are_those_of_the_table(above, weighted):
    rng = np.random.default_rng(6)
    weights = rng.gamma(2.0, size=400) if weighted else None
    x = rng.integers(0, 9, (4, 400))
    codes = Codes(np.vstack([x, (x.sum(axis=0) + rng.integers(0, 2, 400)) % 3]), (9,) * 4 + (3,))
    if weights is not None:
        codes = Codes(codes.values, codes.sizes, weights * (400 / weights.sum()))
    # The rows of all people, the tables of half of them: some rows hold nobody of these.
    seen, half = SeenRows.among(codes, above), codes.part(slice(0, 200))
    backoff = Backoff(half, seed=1)
    table = backoff.table(4, above).reshape(-1, 3)
    assert backoff.rows(4, above, seen) == pytest.approx(table[seen.rows], rel=1e-9)
    assert (seen.rows[seen.row] == sum(
        codes.values[p] * int(np.prod([9] * (len(above) - 1 - i))) for i, p in enumerate(above)
    )).all()  # fmt: skip


def test_a_family_that_was_not_kept_is_kept_once_a_bigger_one_leans_on_it():
    codes = people(800, sizes=(3, 4, 5))
    codes = Codes(np.vstack([codes.values, codes.values[0] // 2]), (3, 4, 5, 2))
    wide, narrow = Backoff(codes, seed=2), Backoff(codes, seed=2, keep_order=1)
    for above in ((0, 1), (0, 3), (1, 3)):
        assert narrow.score(2, above) == wide.score(2, above)
    assert narrow.score(2, (0, 1, 3)) == wide.score(2, (0, 1, 3))
    assert (narrow.table(2, (0, 1, 3)) == wide.table(2, (0, 1, 3))).all()


def test_who_is_in_which_row_may_be_let_go(monkeypatch):
    codes = people(600)
    kept = Backoff(codes, seed=4)
    expected = [kept.score(2, above) for above in ((0,), (1,), (0, 1))]
    monkeypatch.setattr(parameters, "ROWS_KEPT", 700)
    small = Backoff(codes, seed=4)
    assert [small.score(2, above) for above in ((0,), (1,), (0, 1))] == expected
    assert len(small._seen) == 1
