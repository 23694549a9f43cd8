"""Bounds by size: equally many of every size are kept, whatever the ratio says of large ones."""

import numpy as np
import pandas as pd
import pytest

from synth.data.column import Column
from synth.data.schema import Schema
from synth.generators import density_ratio
from synth.linked.correction import Correction


@pytest.fixture(scope="module")
def drawn():
    random = np.random.default_rng(0)
    sizes = random.choice([1, 2, 9], 6_000, p=[0.5, 0.3, 0.2])
    # The larger, the further the real ones lie from most of the drawn ones.
    return pd.DataFrame({"x": random.normal(0.0, 1.0, 6_000)}), sizes


@pytest.fixture(scope="module")
def ratio(drawn):
    frame, sizes = drawn
    real = frame.assign(x=frame["x"] + np.where(sizes == 9, 2.0, 0.3))
    learned = density_ratio.learn(Schema((Column("x", "real"),)), real, frame, trees=20, folds=1)
    assert learned is not None
    return learned


def test_every_size_is_kept_equally_often(ratio, drawn):
    frame, sizes = drawn
    correction = Correction.learn(ratio, frame, sizes, 4.0)
    keep = correction.acceptance(frame, sizes)
    assert (keep > 0).all() and (keep <= 1).all()
    for size in (1, 2, 9):
        assert keep[sizes == size].mean() == pytest.approx(0.25, abs=0.01)
    plain = np.exp(np.minimum(ratio.log_ratio(frame), ratio.log_bound))
    assert np.corrcoef(plain[sizes == 1], keep[sizes == 1])[0, 1] > 0.5


def test_every_size_becomes_as_common_as_it_is(ratio, drawn):
    frame, sizes = drawn
    real = np.repeat([1, 2, 9], [400, 300, 300])
    correction = Correction.learn(ratio, frame, sizes, 5.0, real)
    keep = correction.acceptance(frame, sizes)
    for size, share in ((1, 0.4), (2, 0.3), (9, 0.3)):
        assert keep[sizes == size].sum() / keep.sum() == pytest.approx(share, abs=0.01)


def test_sizes_with_few_families_are_joined(ratio, drawn):
    frame, sizes = drawn
    correction = Correction.learn(ratio, frame, np.where(np.arange(6_000) < 5, 40, sizes), 4.0)
    assert max(correction.ends) < 9


def test_nothing_is_corrected_without_a_ratio(drawn):
    assert Correction.learn(None, *drawn, 4.0) is None


def test_json_gives_the_same_bounds_and_refuses_others(ratio, drawn):
    correction = Correction.learn(ratio, *drawn, 4.0)
    again = Correction.from_json(correction.ratio, correction.to_json())
    assert again.digest == correction.digest
    for wrong in ({"ends": [1.5], "bounds": [0.0]}, {"ends": [2, 1], "bounds": [0, 0, 0]},
                  {"ends": [], "bounds": [float("nan")]}):  # fmt: skip
        with pytest.raises(ValueError, match="bounds"):
            Correction.from_json(correction.ratio, wrong)
