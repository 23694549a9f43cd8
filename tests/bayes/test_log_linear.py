"""Effects that add up: against logistic regression, by hand, and however often they are fitted."""

import numpy as np
import pytest

from synth.bayes.additive import Effects
from synth.bayes.log_linear import LogLinear


def people(rows: int, seed: int = 0, weights: np.ndarray | None = None) -> LogLinear:
    """A column of two states on which two of three states each have an effect."""
    rng = np.random.default_rng(seed)
    by = rng.integers(0, 3, (2, rows))
    child = (rng.random(rows) < 1 / (1 + np.exp(-0.7 * (by - 1).sum(axis=0)))).astype(int)
    weights = np.ones(rows) if weights is None else weights
    return LogLinear(np.array([[0.5, 0.5]]), np.zeros(rows, np.int64), child, by, (3, 3), weights)


def test_without_pseudo_people_observed_and_expected_are_the_same():
    model = people(4000)
    effects = model.fitted([0, 1], [model.neutral(0), model.neutral(1)], 0.0, rounds=40)
    observed, expected = model.observed([0, 1]), model.expected([0, 1], effects, [0, 1])
    for have, want in zip(expected, observed, strict=True):
        np.testing.assert_allclose(have, want, rtol=1e-6)
    # The same as a logistic regression's odds.
    from sklearn.linear_model import LogisticRegression

    one_hot = np.column_stack([np.eye(3)[code] for code in model.by])
    oracle = LogisticRegression(C=1e6, tol=1e-10, max_iter=1000).fit(one_hot, model.child)
    whole = Effects((), (0, 1), tuple(effects), 0.0).extended(np.array([0.5, 0.5]))
    grid = np.array([np.r_[np.eye(3)[a], np.eye(3)[b]] for a in range(3) for b in range(3)])
    np.testing.assert_allclose(
        whole.reshape(9, 2)[:, 1], oracle.predict_proba(grid)[:, 1], atol=1e-4
    )


def test_pseudo_people_hold_effects_equally_after_any_number_of_rounds():
    model = people(300, seed=2)
    begin = [model.neutral(0), model.neutral(1)]
    few, many = (model.fitted([0, 1], begin, 50.0, rounds=rounds) for rounds in (10, 200))
    for a, b in zip(few, many, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4)
    free = model.fitted([0, 1], begin, 0.0, rounds=200)
    for a, b in zip(many, free, strict=True):  # nearer to one
        assert (np.abs(np.log(a[:, 1] / a[:, 0])) < np.abs(np.log(b[:, 1] / b[:, 0]))).all()


def test_one_effect_is_people_observed_over_people_expected():
    model = people(1000, seed=3)
    (effect,) = model.fitted([0], [model.neutral(0)], 4.0, rounds=0)
    for code in range(3):
        for state in range(2):
            seen = ((model.by[0] == code) & (model.child == state)).sum()
            chance = 0.5 * (model.by[0] == code).sum()
            assert effect[code, state] == pytest.approx((seen + 4) / (chance + 4), rel=1e-12)


def test_what_is_impossible_stays_so_and_is_expected_of_nobody():
    model = people(500, seed=4)
    begin = model.neutral(0)
    begin[1, 0] = 0.0
    effects = model.fitted([0, 1], [begin, model.neutral(1)], 2.0, rounds=5)
    assert effects[0][1, 0] == 0.0
    assert model.expected([0, 1], effects, [0])[0][1, 0] == 0.0
    assert np.isfinite(model.log_likelihood([0, 1], effects))


def test_log_likelihood_and_counts_of_a_range_are_those_of_the_table():
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 3, (2, 500))
    child = rng.integers(0, 2, 500)
    base, effect = rng.random((3, 2)) + 0.1, rng.random((3, 2)) + 0.1
    weights = rng.random(500)
    model = LogLinear(base, codes[0].astype(np.int64), child, codes[1:], (3,), weights)
    whole = Effects((0,), (1,), (effect,), 0.0).extended(base)
    chances = whole[codes[0], codes[1]]
    wanted = (weights * np.log(chances[np.arange(500), child]))[100:400].sum()
    assert model.log_likelihood([0], [effect], 100, 400) == pytest.approx(wanted, rel=1e-9)
    (expected,) = model.expected([0], [effect], [0], 100, 400)
    for code in range(3):
        here = np.flatnonzero(codes[1] == code)
        here = here[(here >= 100) & (here < 400)]
        by_hand = (weights[here, None] * chances[here]).sum(axis=0)
        np.testing.assert_allclose(expected[code], by_hand, rtol=1e-9)


def test_weights_count_as_so_many_people():
    once = people(1500, seed=6)
    twice = LogLinear(
        once.base,
        np.zeros(2000, np.int64),
        np.r_[once.child, once.child[:500]],
        np.hstack([once.by, once.by[:, :500]]),
        once.sizes,
        np.ones(2000),
    )
    weighed = people(1500, seed=6, weights=np.r_[np.full(500, 2.0), np.ones(1000)])
    a, b = (model.fitted([0], [model.neutral(0)], 2.0, rounds=3)[0] for model in (twice, weighed))
    np.testing.assert_allclose(a, b, rtol=1e-9)


@pytest.mark.parametrize("size, cells", [(2, 1), (3, 1), (3, 500)])
def test_the_best_prior_is_that_of_the_halves_fitted_and_judged_one_by_one(size, cells):
    """With people in groups, and one by one where rows are many."""
    rng = np.random.default_rng(size + cells)
    rows = 900
    by = rng.integers(0, 3, (2, rows))
    row = rng.integers(0, cells, rows)
    child = (by.sum(axis=0) + rng.integers(0, 2, rows)) % size
    weights = rng.gamma(2.0, size=rows)

    def with_base():
        return LogLinear(rng.dirichlet(np.ones(size), cells), row, child, by, (3, 3), weights)

    models, halves, priors = (with_base(), with_base()), ((0, 450), (450, 900)), (2.0, 8.0, 32.0)
    begin = [models[0].neutral(0), models[0].neutral(1)]
    begin[1][0, 1] = 0.0
    grouped = tuple(models[0].grouped([0, 1], *half) for half in halves)
    assert sum(group.weights.sum() for group in grouped) == pytest.approx(weights.sum())
    assert (len(grouped[0].row) < 450) == (cells == 1)
    scores, fitted = [], []
    for prior in priors:
        effects = [
            model.fitted([0, 1], begin, prior, *half, rounds=2)
            for model, half in zip(models, halves, strict=True)
        ]
        scores.append(
            sum(
                model.log_likelihood([0, 1], own, *other)
                for model, own, other in zip(models, effects, halves[::-1], strict=True)
            )
        )
        fitted.append(effects)
    best = int(np.argmax(scores))
    number, score, effects = LogLinear.best_prior(models, grouped, (begin, begin), priors, best, 2)
    assert number == best and score == pytest.approx(scores[best], rel=1e-10)
    for have, want in zip(effects, fitted[best], strict=True):
        for a, b in zip(have, want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10)
    # From elsewhere it goes the better way, as far as that leads.
    number, score, _ = LogLinear.best_prior(models, grouped, (begin, begin), priors, 1, 2)
    assert score >= scores[1] * (1 + 1e-12) and score == pytest.approx(scores[number], rel=1e-10)
