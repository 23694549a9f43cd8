"""EM against a dense one by hand, its criterion, and what each regulariser moves."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.sparse import csr_array

from synth.interests import em
from synth.interests.em import Strengths
from synth.interests.quality import overlap


def small(seed, people=12, items=7):
    rng = np.random.default_rng(seed)
    values = rng.poisson(1.5, size=(people, items)).astype(float)
    values[0] = 0  # somebody has nothing
    values[1, 0] = 3
    return csr_array(values)


def dense_plsa(n, phi, passes):
    """Hofmann's EM with every p(topic | person, item) written out."""
    theta = np.full((len(n), phi.shape[1]), 1 / phi.shape[1])
    for _ in range(passes):
        joint = phi[None, :, :] * theta[:, None, :]
        posterior = joint / np.maximum(joint.sum(axis=2, keepdims=True), 1e-300)
        weighted = n[:, :, None] * posterior
        theta = weighted.sum(axis=1)
        empty = theta.sum(axis=1) == 0
        theta[empty] = 1 / phi.shape[1]
        theta /= theta.sum(axis=1, keepdims=True)
        phi = weighted.sum(axis=0)
        phi = phi / phi.sum(axis=0)
    return phi, theta


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), topics=st.integers(1, 5))
def test_plsa_is_the_dense_one(seed, topics):
    counts = small(seed)
    first = em.start(counts, topics, topics, seed)
    fitted = em.fit(counts, topics, Strengths(), seed=seed, passes=6, tolerance=0.0)
    phi, theta = dense_plsa(counts.toarray(), first, 6)
    np.testing.assert_allclose(fitted.phi, phi, atol=2e-5)
    np.testing.assert_allclose(fitted.theta, theta, atol=2e-5)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    topics=st.integers(2, 4),
    smooth=st.floats(0, 0.5),
    smooth_theta=st.floats(0, 0.5),
    decorrelation=st.floats(0, 20),
    background=st.booleans(),
)
def test_a_pass_never_lowers_the_criterion(
    seed, topics, smooth, smooth_theta, decorrelation, background
):
    counts = small(seed)
    strengths = Strengths(-smooth, -smooth_theta, decorrelation, int(background), 0.3 * background)
    steps = path(counts, topics + background, strengths, seed, passes=12)
    values = [em.criterion(counts, phi, theta, strengths) for phi, theta in steps]
    gains = np.diff(values)
    assert (gains >= -1e-3 * (1 + np.abs(values[-1]) * 1e-2)).all(), gains


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), sparse=st.floats(0.01, 0.6), sparse_theta=st.floats(0.01, 0.6))
def test_sparsing_raises_the_criterion_of_what_is_left(seed, sparse, sparse_theta):
    counts = small(seed, people=20)
    strengths = Strengths(sparse, sparse_theta, 0.5)
    steps = path(counts, 3, strengths, seed, passes=15)
    for (phi, theta), (new_phi, new_theta) in pairwise(steps):
        same = ((phi > 0) == (new_phi > 0)).all() and ((theta > 0) == (new_theta > 0)).all()
        if same:
            before = em.criterion(counts, phi, theta, strengths)
            assert em.criterion(counts, new_phi, new_theta, strengths) >= before - 5e-3


def path(counts, topics, strengths, seed, passes):
    """(Phi, Theta) after 1, 2, … passes."""
    fits = [
        em.fit(counts, topics, strengths, seed=seed, passes=n, tolerance=0.0, burn_in=0)
        for n in range(1, passes)
    ]
    return [(each.phi, each.theta) for each in fits]


@pytest.mark.parametrize("tau", [0.0, 0.5, 40.0])
def test_the_decorrelated_step_is_the_best_one(tau):
    rng = np.random.default_rng(3)
    expected = rng.gamma(1.0, size=(5, 2)) * 10
    phi = rng.dirichlet(np.ones(5), size=2).T
    result = em.decorrelated(expected, phi, tau, 2)
    np.testing.assert_allclose(result.sum(axis=0), 1)
    other = phi[:, 1]  # the first topic is moved while the second stands

    def loss(free):
        column = np.exp(free) / np.exp(free).sum()
        return -(expected[:, 0] @ np.log(column) - tau * column @ other)

    best = minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-9}).x
    np.testing.assert_allclose(result[:, 0], np.exp(best) / np.exp(best).sum(), atol=1e-4)


def test_regularisers_move_what_they_should():
    rng = np.random.default_rng(5)
    mixed = rng.dirichlet(np.full(30, 0.3), size=4).T @ rng.dirichlet(np.ones(4), size=300).T
    counts = csr_array(np.stack([rng.multinomial(60, p / p.sum()) for p in mixed.T]).astype(float))

    def fitted(**strengths):
        return em.fit(counts, 4, Strengths(**strengths), passes=60)

    def noughts(values):
        return (values == 0).mean()

    sparse = [noughts(fitted(sparse_phi=s).phi) for s in (0.0, 0.1, 0.5)]
    assert sparse[0] < sparse[1] < sparse[2]
    sparse = [noughts(fitted(sparse_theta=s).theta) for s in (0.0, 0.1, 0.5)]
    assert sparse[0] < sparse[1] < sparse[2]
    overlaps = [overlap(fitted(decorrelation=s).phi) for s in (0.0, 1.0, 10.0)]
    assert overlaps[0] > overlaps[1] > overlaps[2]
    smoothed = fitted(sparse_phi=-0.5, sparse_theta=-0.5)
    assert (smoothed.phi > 0).all() and (smoothed.theta > 0).all()


def test_the_background_takes_what_everybody_has():
    rng = np.random.default_rng(0)
    values = np.zeros((400, 12))
    group = rng.integers(3, size=400)
    for t in range(3):
        values[group == t, t * 3 : t * 3 + 3] = rng.poisson(4, size=((group == t).sum(), 3))
    values[:, 9:] = rng.poisson(6, size=(400, 3))  # everybody has the last three
    strengths = Strengths(0.1, 0.1, 1.0, background=1, smooth_background=0.5)
    fitted = em.fit(csr_array(values), 4, strengths)
    assert fitted.phi[9:, 3].sum() > 0.8
    assert fitted.phi[9:, :3].sum(axis=0).max() < 0.2


@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_seed_gives_the_same_bits(threads):
    counts = small(1, people=200, items=30)
    fitted = em.fit(counts, 5, Strengths(0.02, 0.05, 0.1), seed=4, threads=1)
    two = em.fit(counts, 5, Strengths(0.02, 0.05, 0.1), seed=4, threads=threads)
    assert np.array_equal(fitted.phi, two.phi) and np.array_equal(fitted.theta, two.theta)
    other = em.fit(counts, 5, Strengths(0.02, 0.05, 0.1), seed=5)
    assert not np.array_equal(fitted.phi, other.phi)


def test_folding_in_finds_the_theta_of_the_fit():
    counts = small(2, people=100, items=20)
    result = em.fit(counts, 3, Strengths(), passes=300, tolerance=1e-9)
    folded = em.fold(counts, result.phi, Strengths(), passes=2000, tolerance=1e-12)
    fitted = em.log_likelihood(counts, result.phi, result.theta)
    assert em.log_likelihood(counts, result.phi, folded.theta) >= fitted - 0.05


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), topics=st.integers(1, 6), sparse=st.floats(0, 5))
def test_columns_and_rows_are_distributions_however_strong(seed, topics, sparse):
    counts = small(seed)
    fitted = em.fit(counts, topics, Strengths(sparse, sparse, sparse), seed=seed, passes=30)
    assert np.isfinite(fitted.phi).all() and (fitted.phi >= 0).all()
    np.testing.assert_allclose(fitted.phi.sum(axis=0), 1, atol=1e-9)
    np.testing.assert_allclose(fitted.theta.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("smooth", [0.0, 0.5, 3.0])
def test_shares_are_theta_without_what_smoothing_added(smooth):
    strengths = Strengths(sparse_theta=-smooth, background=1, smooth_background=0.2)
    counts = small(4, people=60, items=15)
    fitted = em.fit(counts, 4, strengths, passes=400, tolerance=0.0)
    shares = em.shares(fitted.theta, strengths)
    some = np.diff(counts.indptr) > 0
    np.testing.assert_allclose(shares[some].sum(axis=1), 1, atol=5e-3)
    # At the end of EM they are the mean of p(topic | person, item) over what the person has.
    joint = fitted.phi[None] * fitted.theta[:, None, :]
    posterior = joint / joint.sum(axis=2, keepdims=True)
    dense = counts.toarray()[:, :, None]
    wanted = (dense * posterior).sum(axis=1)[some] / dense.sum(axis=1)[some]
    np.testing.assert_allclose(shares[some], wanted, atol=5e-3)


def test_a_sparse_theta_stays_as_it_is():
    theta = np.array([[0.7, 0.3, 0.0]], np.float32)
    assert em.shares(theta, Strengths(sparse_theta=0.1)) is theta
