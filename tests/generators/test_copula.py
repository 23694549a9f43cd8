"""The copula beside an independent integration of the normal density, and beside its truth."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri
from scipy.stats import multivariate_normal

from synth.data.evidence import Evidence
from synth.data.table import make_table
from synth.generators import Settings, generator

TRUTH = np.array([[1.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 1.0]])


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    z = rng.multivariate_normal(np.zeros(3), TRUTH, 6000)
    cuts = [ndtri([0.3, 0.7]), ndtri([0.5]), ndtri([0.2, 0.4, 0.9])]
    frame = pd.DataFrame(
        {n: np.searchsorted(c, z[:, i]) for i, (n, c) in enumerate(zip("xyz", cuts, strict=True))}
    )
    frame["y"] = np.where(frame["y"] == 1, "high", "low")
    return generator("copula").fit(make_table(frame), Settings())


@pytest.fixture(scope="module")
def joint(model):
    """P(codes) by the distribution function of the three-dimensional normal distribution."""
    law = model.law
    normal = multivariate_normal(np.zeros(3), law.correlation, abseps=1e-6, releps=1e-6)
    sizes = model.codebook.sizes
    out = np.zeros(sizes)
    for code in itertools.product(*map(range, sizes)):
        low = [law.low[c][k] for c, k in enumerate(code)]
        high = [law.high[c][k] for c, k in enumerate(code)]
        out[code] = normal.cdf(high, lower_limit=low)
    return out / out.sum()


def test_cut_scores_do_not_weaken_correlations(model):
    correlation = np.abs(model.law.correlation)  # levels may run either way
    np.testing.assert_allclose(correlation, np.abs(TRUTH), atol=0.05)


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("x=0", np.s_[0]),
        ("x=0..1", np.s_[0:2]),
        ("x=0|2", np.s_[[0, 2]]),
        ("z=1|3", np.s_[:, :, [1, 3]]),
        ("x=2,z=0", np.s_[2:3, :, 0:1]),
        ("x=0|2,z=1..2", np.s_[[0, 2], :, 1:3]),
    ],
)
def test_one_fact_and_two_are_exact(model, joint, text, index):
    given = model.given(Evidence.parse(text, model.schema))
    assert given.exact
    assert given.probability == pytest.approx(joint[index].sum(), abs=2e-5)
    left = np.zeros_like(joint)
    left[index] = joint[index]
    drawn = model.codebook.encode(given.sample(20_000, seed=1))
    counts = np.zeros_like(joint)
    np.add.at(counts, tuple(drawn.T), 1)
    np.testing.assert_allclose(counts / 20_000, left / left.sum(), atol=0.015)
    for column, axes in (("x", (1, 2)), ("z", (0, 1))):
        exact = left.sum(axis=axes) / left.sum()
        np.testing.assert_allclose(given.marginal(column).probabilities, exact, atol=2e-5)


def test_three_facts_are_estimated_and_people_exact(model, joint):
    labels = model.schema["y"].levels
    given = model.given(Evidence.parse("x=1..2,y=high,z=0|1|3", model.schema))
    left = joint.copy()
    left[0], left[:, :, 2] = 0, 0
    left[:, [i for i, label in enumerate(labels) if label != "high"]] = 0
    assert not given.exact
    assert abs(given.probability - left.sum()) < 4 * given.standard_error + 1e-6
    assert given.standard_error < 0.01
    counts = np.zeros_like(joint)
    np.add.at(counts, tuple(model.codebook.encode(given.sample(20_000, seed=2)).T), 1)
    np.testing.assert_allclose(counts / 20_000, left / left.sum(), atol=0.015)


def test_correlations_that_contradict_each_other_are_mended():
    rng = np.random.default_rng(3)
    base = rng.integers(0, 2, 300)
    frame = pd.DataFrame(
        {f"c{i}": np.where(rng.random(300) < 0.02, 1 - base, base) for i in range(6)}
    )
    frame["same"] = frame["c0"]
    model = generator("copula").fit(make_table(frame), Settings())
    assert np.linalg.eigvalsh(model.law.correlation)[0] > 0
    drawn = model.sample(2000)
    assert (drawn["c0"] == drawn["same"]).mean() > 0.9
