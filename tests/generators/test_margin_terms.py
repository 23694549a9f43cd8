"""Terms of single columns: margins are the real rows', and trees add what the terms say."""

import numpy as np
import pytest

from synth.generators.density_ratio import CLIP, DensityRatio, Feature, _Masks, _raked, _raw, _Side
from synth.generators.margin_terms import margin_terms, trees_of

QUANTILE = 0.998


def rows(rng, count, shift):
    """A column of 40 categories, one of three, and a number with gaps; NaN where there is none."""
    many = np.minimum(rng.geometric(0.08 + shift, count) - 1, 39).astype(float)
    few = rng.choice(3, count, p=[0.5 - shift, 0.3, 0.2 + shift]).astype(float)
    number = np.round(rng.gamma(2.0, 10.0 * (1 + 3 * shift), count), 1)
    number[rng.random(count) < 0.1 + shift] = np.nan
    return np.column_stack([many, few, number])


@pytest.fixture(scope="module")
def sides():
    rng = np.random.default_rng(4)
    return rows(rng, 6000, 0.0), rows(rng, 20_000, 0.05), rng.normal(0, 0.3, 20_000)


def added(term, values):
    """What a term adds to each row."""
    absent = np.isnan(values)
    filled = np.where(absent, 0.0, values)
    place = filled.astype(int) if term.cuts is None else np.searchsorted(term.cuts, filled)
    return np.where(absent, term.missing, term.values[place])


def test_weighted_people_have_the_real_margins(sides):
    real, people, log = sides
    weights = np.where(real[:, 1] == 1, 2.0, 1.0)
    terms = margin_terms([True, True, False], real, weights, people, log, clip=4.0, quantile=1.0)
    total = log + sum(added(term, people[:, term.feature]) for term in terms)
    ratio = np.exp(total) / np.exp(total).sum()
    for f, cuts in ((0, None), (1, None), (2, terms[2].cuts)):
        margins = []
        for side, weight in ((real, weights / weights.sum()), (people, ratio)):
            absent = np.isnan(side[:, f])
            filled = np.where(absent, 0.0, side[:, f])
            state = filled.astype(int) if cuts is None else np.searchsorted(cuts, filled)
            margins.append(np.bincount(np.where(absent, 50, state), weight, minlength=51))
        assert 0.5 * np.abs(margins[0] - margins[1]).sum() < 0.003


def test_trees_add_what_the_terms_say(sides):
    real, people, _ = sides
    empty = DensityRatio(
        (Feature("many", np.arange(41)), Feature("few", np.arange(4)), Feature("number")),
        feature=np.array([-1], np.int32),
        threshold=np.array([0.25]),
        left=np.zeros(1, np.int32),
        right=np.zeros(1, np.int32),
        missing_left=np.zeros(1, bool),
        bitset=np.array([-1], np.int32),
        bitsets=np.zeros((0, 8), np.uint32),
        roots=np.zeros(1, np.int32),
        intercept=0.5,
        log_bound=CLIP,
        mean=1.0,
        mean_error=0.0,
        scores={},
    )
    side = _Side(real, np.ones(len(real)), np.arange(len(real)))
    ratio = _raked(empty, side, people)
    flat = np.full(len(people), 0.75)
    terms = margin_terms(
        [True, True, False], real, side.weight, people, flat, clip=CLIP, quantile=QUANTILE
    )
    assert len(trees_of(terms[0])) == 2  # of 40 categories no tree holds more than 31
    expected = 0.75 + sum(added(term, people[:, term.feature]) for term in terms)
    assert _Masks.of(ratio) is not None
    np.testing.assert_allclose(_raw(ratio, people), expected, atol=1e-12)  # by bits
    np.testing.assert_allclose(_raw(ratio, people[:500]), expected[:500], atol=1e-12)  # by walking
