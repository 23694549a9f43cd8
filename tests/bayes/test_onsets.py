"""Bins begin where levels of other columns do."""

import numpy as np
import pandas as pd
import pytest

from synth.bayes import learn
from synth.bayes.coding import Coding
from synth.bayes.onsets import MISSED, MOST, onset_limits
from synth.data.column import Column
from synth.data.evidence import Evidence
from synth.data.table import make_table


def coding(values, bins):
    return Coding.learn(Column("age", "integer"), pd.Series(values, dtype="Int64"), bins)


def limits(values, codes, bins=1):
    numbers = np.asarray(values, dtype=float)
    return onset_limits(coding(values, bins), numbers, [(np.asarray(codes), 3)]).tolist()


@pytest.fixture
def ages():
    return np.random.default_rng(0).integers(10, 60, 5000)


def test_a_bin_is_cut_where_a_level_begins_and_where_one_ends(ages):
    rng = np.random.default_rng(1)
    adult = np.where(ages >= 20, rng.integers(0, 2, len(ages)), 0)
    working = np.where(ages < 50, rng.integers(0, 2, len(ages)), 0)
    chosen = onset_limits(coding(ages, 1), ages.astype(float), [(adult, 2), (working, 2)])
    assert chosen.tolist() == [20.0, 50.0]


def test_what_is_cut_already_stays(ages):
    codes = (ages >= 20).astype(int)
    learned = Coding.learn(
        Column("age", "integer"), pd.Series(ages, dtype="Int64"), 1, None, np.array([20.0])
    )
    assert learned.size == 2
    assert not len(onset_limits(learned, ages.astype(float), [(codes, 2)]))


def test_a_level_of_everywhere_a_rare_one_and_a_single_value_cut_nothing(ages):
    rng = np.random.default_rng(2)
    assert limits(ages, rng.integers(0, 3, len(ages))) == []
    rare = np.zeros(len(ages), int)
    rare[np.flatnonzero(ages >= 40)[: int(MISSED) - 1]] = 1
    assert limits(ages, rare) == []
    assert limits([30] * 500, [0, 1] * 250) == []


def test_missing_numbers_do_not_count(ages):
    numbers = np.append(ages.astype(float), [np.nan] * 500)
    codes = np.append((ages >= 20).astype(int), np.ones(500, int))
    assert onset_limits(coding(ages, 1), numbers, [(codes, 2)]).tolist() == [20.0]


def test_the_clearest_few_are_taken():
    ages = np.repeat(np.arange(100), 200)
    starts = np.arange(10, 100, 10)
    others = [((ages >= start).astype(int), 2) for start in starts]
    chosen = onset_limits(coding(ages, 1), ages.astype(float), others)
    assert len(chosen) == MOST and set(chosen) <= set(starts.astype(float))


def test_pieces_and_their_weights_stay_when_bins_are_cut(ages):
    before = coding(ages, 3)
    after = before.cut_at(np.array([20.0, 20.0, 33.0]))
    assert after.size == 5
    assert after.pieces.first.tolist() == before.pieces.first.tolist()
    share = np.bincount(before.encode(pd.Series(ages, dtype="Int64")), minlength=3) / len(ages)
    split = np.bincount(after.encode(pd.Series(ages, dtype="Int64")), minlength=5) / len(ages)
    np.testing.assert_allclose(
        before.pieces.weight * share[before.pieces.bin],
        after.pieces.weight * split[after.pieces.bin],
        atol=1e-12,
    )
    assert before.cut_at(np.array([0.0])).pieces.bin.tolist() == before.pieces.bin.tolist()


def test_nobody_is_given_a_degree_too_early(ages):
    rng = np.random.default_rng(3)
    degree = (ages >= 20) & (rng.random(len(ages)) < 0.4)
    network = learn(make_table(pd.DataFrame({"age": ages, "degree": degree})), bins=4)
    posterior = network.given(Evidence.parse("age=..19", network.schema))
    assert (posterior.sample(5000)["degree"].astype(bool)).sum() <= 5
