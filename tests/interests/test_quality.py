"""Measures against numbers worked out by hand."""

import math

import numpy as np
import pytest
from scipy.sparse import csr_array

from synth.interests.evaluate import hidden_item
from synth.interests.quality import agreement, coherence, matched, overlap, perplexity

HAS = csr_array(np.array([[2, 1, 0], [5, 1, 0], [0, 0, 3], [1, 0, 1]], dtype=float))


def test_coherence_by_hand():
    # Items 0 and 1: together in 2 of 4, alone in 3/4 and 2/4.
    pmi = math.log((2 / 4) / (3 / 4 * 2 / 4))
    result = coherence(HAS, np.array([[0.6], [0.4], [0.0]]), 10)
    assert result.pmi == pytest.approx(pmi) and result.pairs == 1
    assert result.npmi == pytest.approx(pmi / -math.log(2 / 4))
    # Items 1 and 2 never meet; a topic of one item counts as nought.
    assert coherence(HAS, np.array([[0.0], [0.5], [0.5]])).npmi == -1
    assert coherence(HAS, np.array([[0.0, 0], [0.5, 1], [0.5, 0]])).npmi == -0.5
    # Only the foremost items are looked at.
    assert coherence(HAS, np.array([[0.5], [0.3], [0.2]]), 2).npmi == result.npmi


def test_items_that_everybody_has_say_nothing():
    assert coherence(csr_array(np.ones((3, 2))), np.array([[0.5], [0.5]])).npmi == 0


def test_perplexity_by_hand():
    phi, theta = np.array([[0.5, 0.0], [0.5, 0.0], [0.0, 1.0]]), np.array([[1, 0], [0.5, 0.5]])
    counts = csr_array(np.array([[1.0, 1, 0], [1, 0, 1]]))
    likelihood = 2 * math.log(0.5) + math.log(0.25) + math.log(0.5)
    assert perplexity(counts, phi, theta) == pytest.approx(math.exp(-likelihood / 4))


def test_overlap_by_hand():
    assert overlap(np.eye(3)) == 0
    assert overlap(np.array([[1.0, 1.0]]).repeat(2, axis=0)) == pytest.approx(1)
    assert overlap(np.array([[1.0, 0.6], [0.0, 0.8]])) == pytest.approx(0.6)


def test_agreement_by_hand():
    truth, result = np.array([0, 0, 0, 1, 1, 2]), np.array([2, 2, 0, 0, 0, 1])
    pairs, right = matched(truth, result)
    assert right == 5 and pairs[2] == 0 and pairs[0] == 1 and pairs[1] == 2
    assert agreement(truth, result).accuracy == pytest.approx(5 / 6)
    same = agreement(truth, (truth + 1) % 3)
    assert (same.nmi, same.ari, same.accuracy) == pytest.approx((1, 1, 1))
    rng = np.random.default_rng(0)
    chance = agreement(rng.integers(4, size=5000), rng.integers(4, size=5000))
    assert chance.nmi < 0.01 and abs(chance.ari) < 0.01


def test_a_hidden_item_by_hand():
    rng = np.random.default_rng(0)
    values = np.zeros((100, 4))
    group = rng.integers(2, size=100)
    values[group == 0, :2] = 1  # two and two always together
    values[group == 1, 2:] = 1

    def blind(matrix):
        return np.full((4, 1), 0.25), np.ones((len(group), 1))

    def knows(matrix):
        assert (np.diff(matrix.indptr) == 1).sum() == 20  # a fifth lost one
        phi = np.array([[0.5, 0], [0.5, 0], [0, 0.5], [0, 0.5]])
        return phi, np.eye(2)[group]

    # Of four items one is shown: three are left, or one.
    assert hidden_item(csr_array(values), blind) == pytest.approx(3, rel=0.01)
    assert hidden_item(csr_array(values), knows) == pytest.approx(1, abs=0.02)
