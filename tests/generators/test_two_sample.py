"""The classifier two-sample test of laws: chance for the truth, more for what is wrong; a choice
that chance alone does not make."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from synth.data.table import make_table
from synth.generators import Settings, two_sample
from synth.generators.coded import Candidates, Codebook, Draw, Law, Rows
from synth.generators.two_sample import (
    Judgement,
    _share_below,
    classified,
    closest,
    draw,
    split,
)


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


@pytest.fixture(scope="module")
def judges(rows):
    return rows.some(np.arange(600))


@pytest.fixture(autouse=True)
def once(monkeypatch):
    monkeypatch.setattr(two_sample, "ROUNDS", 1)


def test_the_closer_law_is_told_less_well(judges):
    true, near, far = (classified(KnownLaw(p), judges, 1) for p in (0.8, 0.6, 0.0))
    assert true.score == pytest.approx(0.5, abs=0.04)
    assert true.score + 0.03 < near.score < far.score - 0.03
    # Of the independent columns 1 in 4 repeats, of the people 17 in 20: AUC (.85 - .25) / 2 + .5.
    assert far.score == pytest.approx(0.8, abs=0.04)
    again = classified(KnownLaw(0.6), judges, 1)
    assert (again.each == near.each).all() and again.variance == near.variance
    excess, error = far.above(true)
    assert excess == pytest.approx(far.score - true.score) and 0.005 < error < 0.04


def test_rounds_are_averaged_and_leave_less_noise(rows, monkeypatch):
    law, judges = KnownLaw(0.7), rows.some(np.arange(450))
    parts = [two_sample._round(law, judges, np.random.default_rng([2, 9, i])) for i in range(2)]
    monkeypatch.setattr(two_sample, "ROUNDS", 2)
    both = classified(law, judges, 2)
    np.testing.assert_allclose(both.each, (parts[0][0] + parts[1][0]) / 2)
    assert both.variance == pytest.approx(sum(p[1].var() / 1_800 for p in parts) / 4)


def test_what_a_person_says_is_a_part_of_the_area():
    rng = np.random.default_rng(0)
    real, drawn = rng.integers(0, 6, 50), rng.integers(1, 7, 80)
    weights = rng.integers(0, 3, 50).astype(float)
    area = roc_auc_score(
        np.r_[np.zeros(50), np.ones(80)], np.r_[real, drawn], sample_weight=np.r_[weights, [1] * 80]
    )
    each = Judgement(1 - _share_below(drawn, real, np.ones(80)), weights)
    assert each.score == pytest.approx(area)
    assert _share_below(real, drawn, weights).mean() == pytest.approx(area)
    assert _share_below(real, drawn, np.zeros(50)).mean() == pytest.approx(
        roc_auc_score(np.r_[np.zeros(50), np.ones(80)], np.r_[real, drawn])
    )


def test_a_difference_is_that_of_the_same_people():
    rng = np.random.default_rng(1)
    person = rng.random(400)  # how hard each person is to tell, by any law's classifier
    first, second = person + 0.02 * rng.random(400), person + 0.02 * rng.random(400) + 0.01
    ones = np.ones(400)
    excess, error = Judgement(second, ones).above(Judgement(first, ones))
    difference = second - first
    assert excess == pytest.approx(difference.mean())
    assert error == pytest.approx(difference.std() / 20) and error < 0.001
    _, larger = Judgement(second, ones, 0.0009).above(Judgement(first, ones, 0.0007))
    assert larger == pytest.approx(np.hypot(error, 0.04))
    often = rng.integers(1, 4, 400)
    weighted, _ = Judgement(second, often.astype(float)).above(Judgement(first, often))
    assert weighted == pytest.approx(np.repeat(difference, often).mean())


def test_a_composed_law_serves_where_it_is_clearly_closer():
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 0.3, (3, 1_000))
    noise -= noise.mean(axis=1, keepdims=True)

    def chosen(first, second, groups):
        judged = {
            name: Judgement(score + more, np.ones(1_000))
            for name, score, more in zip("abg", (first, second, groups), noise, strict=True)
        }
        composed = {"g": judged.pop("g")}
        assert closest(judged, {}) == min("ab", key=lambda name: judged[name].score)
        return closest(judged, composed)

    # One standard error of a difference is .3 * sqrt(2 / 1,000) = .0134.
    assert chosen(0.56, 0.55, 0.55) == "b"
    assert chosen(0.551, 0.56, 0.54) == "a"
    assert chosen(0.58, 0.57, 0.55) == "g"


def test_weights_count(judges):
    repeats = judges.codes[:, 0] == judges.codes[:, 1]
    weights = np.where(repeats, 1.0, 0.6 * 0.85 / (0.4 * 0.15))  # as if 0.4 did not repeat ...
    weighted = Rows(judges.codebook, judges.codes, weights / weights.mean(), judges.frame)
    share = float((weights * repeats).sum() / weights.sum())
    like = KnownLaw((share - 0.25) / 0.75)
    assert classified(like, weighted, 1).score == pytest.approx(0.5, abs=0.05)
    assert classified(like, judges, 1).score > 0.6


def test_a_quarter_judges_and_nobody_twice(rows):
    frame = rows.frame.assign(b=np.arange(6_000) % 7)
    weighted = Rows(rows.codebook, rows.codes, np.arange(6_000) / 2_999.5, frame)
    learned, judges = split(weighted, 3)
    assert len(learned.codes) == 4_500 and len(judges.codes) == 1_500
    whole = np.concatenate([learned.frame["b"], judges.frame["b"]])
    assert (np.bincount(whole) == np.bincount(frame["b"])).all()
    for part in (learned, judges):
        assert part.weights.mean() == pytest.approx(1.0)
        assert (part.frame["a"].str[1].astype(int) == part.codes[:, 0]).all()
        assert list(part.frame.index) == list(range(len(part.codes)))
    assert (split(weighted, 3)[1].codes == judges.codes).all()
    assert len(split(weighted.some(np.arange(40)), 3)[1].codes) == 0
    many = Rows(rows.codebook, np.tile(rows.codes, (4, 1)), None, pd.concat([rows.frame] * 4))
    assert len(split(many, 3)[1].codes) == 4_000
    nobody = Rows(rows.codebook, rows.codes, np.r_[np.zeros(5_999), 1.0], rows.frame)
    assert nobody.some(np.arange(9)).weights is None
    assert draw(KnownLaw(1.0), 10, np.random.default_rng(0)).shape == (10, 2)
