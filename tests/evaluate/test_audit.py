"""The audit of ε: its bound, a promise that is kept, and one that is not."""

import math
from dataclasses import replace
from itertools import combinations

import pytest

from synth.errors import PopulaceError
from synth.evaluate.audit import audit, canary_rows, lower_bound
from synth.privacy.learning import Promise


def test_the_bound_by_hand():
    # All of five guesses right: p^5 = 0.05 at p = 0.5493, so e^ε = p / (1 - p).
    p = 0.05 ** (1 / 5)
    assert lower_bound(5, 5, 5) == pytest.approx(math.log(p / (1 - p)), abs=1e-6)
    assert lower_bound(50, 100, 100) == 0.0
    assert lower_bound(100, 100, 1000) > lower_bound(99, 100, 1000) > lower_bound(70, 100, 1000) > 0
    assert lower_bound(100, 100, 1000, delta=1e-3) == 0.0


def test_a_kept_promise_passes_and_a_tenth_of_the_noise_does_not():
    kept = audit(Promise(1.0, 1e-6, seed=3), canaries=600, seed=1)
    assert kept.lower < 1.0 and not kept.is_broken and "nothing speaks" in kept.sentence
    broken = audit(Promise(1.0, 1e-6, seed=3, noise_scale=0.1), canaries=600, seed=1)
    assert broken.lower > 1.0 and broken.is_broken and "BROKEN" in broken.sentence


def test_canaries_of_several_columns_agree_in_one_at_most():
    rows = canary_rows(600, 4).astype(str)
    for pair in combinations(rows.columns, 2):
        assert not rows.duplicated(list(pair)).any()
    assert canary_rows(600, 1).iloc[:, 0].nunique() == 600


def test_the_choice_of_pairs_is_audited_too():
    tree = Promise(1.0, 1e-6, method="tree", seed=3)  # one pair of three is left aside
    kept = audit(tree, canaries=600, columns=3, seed=1)
    assert not kept.is_broken and kept.columns == 3
    assert audit(replace(tree, noise_scale=0.1), canaries=600, columns=3, seed=1).is_broken
    with pytest.raises(PopulaceError, match="1 to 6 columns"):
        audit(Promise(1.0, 1e-6), columns=7)
