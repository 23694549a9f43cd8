"""The classifier two-sample test of laws: chance for the truth, more for what is wrong."""

import numpy as np
import pandas as pd
import pytest

from synth.data.table import make_table
from synth.generators import Settings
from synth.generators.coded import Candidates, Codebook, Draw, Law, Rows
from synth.generators.two_sample import classifier_auc, draw, judges


class KnownLaw(Law):
    """A second column that repeats the first with some probability."""

    def __init__(self, repeats):
        self.repeats = repeats

    def given(self, known):
        return Candidates(self.people, known)

    def people(self, random, rows):
        first, other = random.integers(0, 4, (2, rows))
        second = np.where(random.random(rows) < self.repeats, first, other)
        return Draw(np.stack([first, second], axis=1).astype(np.int32))

    def about(self):
        return {}

    def arrays(self):
        return {}

    @classmethod
    def restored(cls, codebook, about, arrays):
        raise NotImplementedError


@pytest.fixture(scope="module")
def rows():
    codes = KnownLaw(0.8).people(np.random.default_rng(5), 6_000).codes
    frame = pd.DataFrame({"a": [f"a{i}" for i in codes[:, 0]], "b": 10 * codes[:, 1]})
    table = make_table(frame)
    book = Codebook.learn(table, Settings(), 32)
    return Rows(book, book.encode(table.frame), None, table.frame)


def test_the_closer_law_is_told_less_well(rows):
    true, near, far = (classifier_auc(KnownLaw(p), rows, 1) for p in (0.8, 0.6, 0.0))
    assert true == pytest.approx(0.5, abs=0.04)
    assert true + 0.03 < near < far - 0.03
    # Of the independent columns 1 in 4 repeats, of the people 17 in 20: AUC (.85 - .25) / 2 + .5.
    assert far == pytest.approx(0.8, abs=0.03)
    assert classifier_auc(KnownLaw(0.6), rows, 1) == near


def test_weights_count(rows):
    repeats = rows.codes[:, 0] == rows.codes[:, 1]
    weights = np.where(repeats, 1.0, 0.6 * 0.85 / (0.4 * 0.15))  # as if 0.4 did not repeat ...
    weighted = Rows(rows.codebook, rows.codes, weights / weights.mean(), rows.frame)
    share = float((weights * repeats).sum() / weights.sum())
    like = KnownLaw((share - 0.25) / 0.75)
    assert classifier_auc(like, weighted, 1) == pytest.approx(0.5, abs=0.05)
    assert classifier_auc(like, rows, 1) > 0.6


def test_judges_are_those_kept_apart(rows):
    ours, apart = judges(rows, 3)
    assert len(apart) == 600 and not set(ours) & set(apart)
    few = Rows(rows.codebook, rows.codes[:40], None, rows.frame[:40])
    assert len(judges(few, 3)[1]) == 0
    many = Rows(rows.codebook, np.tile(rows.codes, (5, 1)), None, rows.frame)
    assert len(judges(many, 3)[1]) == 2_000  # the first thousand ended learning
    assert draw(KnownLaw(1.0), 10, np.random.default_rng(0)).shape == (10, 2)
