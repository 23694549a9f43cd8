"""Utility, fairness, shape and diversity: each figure moves with its fault, and by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.evaluate.comparison import Comparison
from synth.evaluate.diversity import diversity
from synth.evaluate.fairness import fairness
from synth.evaluate.fidelity import fidelity
from synth.evaluate.report import report
from synth.evaluate.shape import shape
from synth.evaluate.utility import Utility, targets, utility


@pytest.fixture(scope="module")
def real(draw):
    return make_table(draw(0))


# -------------------------------------------------------------------- utility


@pytest.mark.parametrize(("target", "score"), [("job", "AUC"), ("pay", "R²")])
def test_fresh_people_teach_as_much_as_real_ones(real, draw, shuffle, target, score):
    figures = utility(Comparison.of(real, draw(1), holdout=draw(2)), target)
    assert figures.score == score
    assert figures.kept == pytest.approx(1, abs=0.12)
    lost = utility(Comparison.of(real, shuffle(draw(1)), holdout=draw(2)), target)
    assert lost.kept < 0.25 and lost.synthetic < figures.synthetic


def test_without_a_holdout_half_of_the_real_people_test(real, draw):
    figures = utility(Comparison.of(real, draw(1)), "job")
    assert figures.rows == 750 and figures.kept == pytest.approx(1, abs=0.12)
    assert figures == utility(Comparison.of(real, draw(1)), "job")


def test_a_level_that_one_person_has_can_be_learned(real, draw):
    """Stopping by a stratified tenth failed on it: Adult has such levels."""
    frame = real.frame.assign(job=real.frame["job"].cat.add_categories(["astronaut"]))
    frame.loc[5, "job"] = "astronaut"
    figures = utility(Comparison.of(make_table(frame), draw(1), holdout=draw(2)), "job")
    assert figures.kept == pytest.approx(1, abs=0.12)


@pytest.mark.parametrize("target", ["job", "gender"])
@pytest.mark.parametrize("rows", [20, 21, 25, 40])
def test_a_handful_of_people_get_a_report(draw, rows, target):
    table = make_table(draw(0).iloc[:rows].reset_index(drop=True))
    result = report(table, draw(1).iloc[:rows].reset_index(drop=True), target=target)
    assert 0 <= result.quality <= 100


def test_kept_by_hand():
    assert Utility("a", "AUC", 0.6, 0.9, 0.5, 10).kept == pytest.approx(0.25)
    assert Utility("a", "AUC", 0.4, 0.9, 0.5, 10).kept == 0
    assert Utility("a", "AUC", 0.4, 0.5, 0.5, 10).kept == 1  # nothing to learn


def test_targets_are_small_categories(real):
    assert targets(real.schema.modelled.columns) == ("land", "job", "gender")


@pytest.mark.parametrize(("target", "words"), [("jobs", "No column is called “jobs”")])
def test_an_unknown_target_is_said(real, draw, target, words):
    with pytest.raises(PopulaceError, match=words):
        utility(Comparison.of(real, draw(1)), target)


# -------------------------------------------------------------------- fairness


def test_many_zeros_are_a_place_of_their_own(real, draw):
    """Nine in ten have no gain, so that every decile is 0: who has one still depends on gender."""

    def with_gain(frame, seed):
        random = np.random.default_rng(seed)
        often = np.where(frame["gender"] == "male", 0.14, 0.02)
        gains = random.random(len(frame)) < often
        return frame.assign(gain=np.where(gains, random.integers(100, 9000, len(frame)), 0))

    table = make_table(with_gain(real.frame, 0))
    figures = fairness(
        Comparison.of(
            table, with_gain(draw(1), 1), groups=["gender"], holdout=with_gain(draw(2), 2)
        )
    )
    gain = next(item for item in figures.dependences if item.column == "gain")
    assert gain.verdict == "kept" and gain.real > 0.1
    nobody = with_gain(draw(1), 1).assign(gain=0)
    message = fidelity(Comparison.of(table, nobody, holdout=with_gain(draw(2), 2)))
    unseen = with_gain(draw(2), 2)
    assert message.columns["gain"][0] == pytest.approx((unseen["gain"] > 0).mean(), abs=1e-9)


def test_dependence_on_gender(real, draw, shuffle):
    def verdicts(frame):
        figures = fairness(Comparison.of(real, frame, holdout=draw(2)))
        assert figures.groups == ("gender",)
        return {item.column: item for item in figures.dependences}

    kept = verdicts(draw(1))
    assert kept["job"].verdict == "kept" and kept["town"].verdict == "none"
    # 70% against 30% of those who work, about 73% of all
    assert kept["job"].gap_real == pytest.approx(0.4 * 45 / 62, abs=0.06)
    assert verdicts(shuffle(draw(1)))["job"].verdict == "lost"
    biased = draw(1)
    biased["land"] = np.where(biased["gender"] == "female", "east", "west")
    new = verdicts(biased)["land"]
    assert new.verdict == "new" and new.gap_synthetic == 1
    extreme = draw(1)
    extreme["job"] = np.where(extreme["gender"] == "male", "craft", "care")
    assert verdicts(extreme)["job"].verdict == "stronger"


@pytest.mark.parametrize(
    ("group", "words"), [("sexx", "No column is called"), ("town", "makes no groups")]
)
def test_what_makes_no_groups_is_said(real, draw, group, words):
    with pytest.raises(PopulaceError, match=words):
        fairness(Comparison.of(real, draw(1), groups=[group]))


# -------------------------------------------------------------------- shape


def test_fresh_people_have_the_shape(real, draw):
    figures = shape(Comparison.of(real, draw(1)))
    assert figures.tvd3 == pytest.approx(figures.tvd3_reference, rel=0.2)
    assert figures.missingness == pytest.approx(figures.missingness_reference, abs=0.05)
    assert figures.rare_levels == figures.rare_kept == 1 and figures.rare_lost == ()
    heap = next(item for item in figures.heaps if item.column == "hours" and item.value == 40)
    assert heap.real == pytest.approx(0.41, abs=0.04)
    assert heap.synthetic == pytest.approx(heap.real, abs=0.05)
    tail = next(item for item in figures.tails if item.column == "pay")
    assert tail.high == pytest.approx(0.01, abs=0.015)


def test_lost_shape_shows(real, draw, shuffle):
    drawn = draw(1)
    drawn = drawn[drawn["land"] != "isle"].assign(
        hours=lambda f: np.where(f["hours"] == 40, 41, f["hours"]), pay=lambda f: f["pay"] + 900
    )
    figures = shape(Comparison.of(real, drawn))
    assert figures.rare_kept == 0 and figures.rare_lost == (("land", "isle"),)
    heap = next(item for item in figures.heaps if item.value == 40)
    assert heap.synthetic == 0
    tail = next(item for item in figures.tails if item.column == "pay")
    assert tail.high > 0.05 and tail.low == 0
    mixed = shape(Comparison.of(real, shuffle(draw(1))))
    assert mixed.tvd3 > 1.2 * mixed.tvd3_reference
    filled = shape(Comparison.of(real, draw(1).fillna({"pay": 1})))
    assert filled.missingness > 0.2 > filled.missingness_reference


# -------------------------------------------------------------------- diversity


def test_fresh_people_are_as_varied(real, draw):
    figures = diversity(Comparison.of(real, draw(1), holdout=draw(2)))
    assert figures.coverage == pytest.approx(figures.coverage_reference, abs=0.05)
    assert figures.distinct == pytest.approx(figures.distinct_reference, abs=1)
    assert figures.new == pytest.approx(figures.new_reference, abs=0.05)
    assert figures.plausible > 0.75


def test_one_person_repeated_and_impossible_people_show(real, draw):
    first = pd.concat([real.frame.head(1)] * 500, ignore_index=True)
    figures = diversity(Comparison.of(real, first, holdout=draw(2)))
    assert figures.distinct == pytest.approx(0.2) and figures.coverage < 0.05 and figures.new == 0
    strange = draw(1).assign(job="moon")
    figures = diversity(Comparison.of(real, strange, holdout=draw(2)))
    assert figures.new == 1 and figures.plausible == 0


def test_all_become_json(real, draw):
    for match in (
        shape(Comparison.of(real, draw(1))),
        diversity(Comparison.of(real, draw(1))),
        fairness(Comparison.of(real, draw(1))),
        utility(Comparison.of(real, draw(1)), "gender"),
    ):
        assert json.loads(json.dumps(match.to_dict()))
