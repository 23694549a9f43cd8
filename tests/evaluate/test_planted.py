"""Planted faults: each figure of the report moves with the fault that it looks for, and only fresh
people leave all of them where they belong."""

import numpy as np
import pytest

from synth.data.column import Column
from synth.data.schema import Schema
from synth.data.table import make_table
from synth.evaluate.report import report

ROWS = 1500


@pytest.fixture(scope="module")
def people(draw):
    """Real, fresh and unseen people, each with a number of their own."""
    numbers = np.random.default_rng(9).permutation(90_000)[: 3 * ROWS]
    return [draw(seed).assign(number=numbers[seed::3]) for seed in range(3)]


@pytest.fixture(scope="module")
def real(people):
    frame = people[0]
    columns = (*Schema.infer(frame.drop(columns="number")).columns, Column("number", "integer"))
    return make_table(frame, Schema(columns).completed(frame))


def copied(people, shuffle):
    return people[0].sample(ROWS, replace=True, random_state=1)


def nearly_copied(people, shuffle):
    return people[0].assign(age=people[0]["age"] + 1, number=people[0]["number"] + 3)


def shuffled(people, shuffle):
    return shuffle(people[1])


def without_the_isle(people, shuffle):
    return people[1][people[1]["land"] != "isle"]


def leaking(people, shuffle):
    numbers = np.random.default_rng(3).permutation(people[0]["number"].to_numpy())
    return people[1].assign(number=numbers)


def without_heaps(people, shuffle):
    hours = people[1]["hours"].to_numpy()
    spread = hours + np.random.default_rng(4).integers(-6, 7, len(hours))
    return people[1].assign(hours=np.where(hours == 40, spread, hours))


def without_missing(people, shuffle):
    return people[1].fillna({"pay": 2000})


def unfair(people, shuffle):
    return people[1].assign(land=np.where(people[1]["gender"] == "female", "east", "west"))


def blind_to_gender(people, shuffle):
    gender = np.random.default_rng(5).permutation(people[1]["gender"].to_numpy())
    return people[1].assign(gender=gender)


def without_tails(people, shuffle):
    pay = people[1]["pay"]
    return people[1].assign(pay=pay.clip(pay.quantile(0.05), pay.quantile(0.95)))


def one_person(people, shuffle):
    return people[1].iloc[np.zeros(ROWS, dtype=int)]


def strangers(people, shuffle):
    return people[1].assign(gender=np.nan, land=np.nan)


FAULTS = (copied, nearly_copied, shuffled, without_the_isle, leaking, without_heaps)
FAULTS += (without_missing, unfair, blind_to_gender, without_tails, one_person, strangers)


@pytest.fixture(scope="module")
def report_of(people, real, shuffle):
    """The report of a fault, or of fresh people, made once."""
    results = {}

    def of(fault):
        if fault not in results:
            frame = people[1] if fault is None else fault(people, shuffle)
            frame = frame.reset_index(drop=True)
            results[fault] = report(real, frame, holdout=people[2], target="job")
        return results[fault]

    return of


def heap(report_of):
    return next(item for item in report_of.shape.heaps if item.value == 40).synthetic


def high_tail(report_of):
    return next(item for item in report_of.shape.tails if item.column == "pay").high


def depends(report_of, column):
    return next(item for item in report_of.fairness.dependences if item.column == column)


MOVED = [
    # what moves, with which fault, by how much at least
    (lambda r: r.fidelity.hgb_auc, shuffled, 0.2),
    (lambda r: r.fidelity.lr_auc, without_missing, 0.05),
    (lambda r: r.fidelity.tvd1, without_heaps, 0.02),
    (lambda r: r.fidelity.tvd2, shuffled, 0.02),
    (lambda r: r.fidelity.association, shuffled, 0.08),
    (lambda r: r.fidelity.repeat_share, copied, 0.02),
    (lambda r: r.shape.tvd3, shuffled, 0.03),
    (lambda r: -r.shape.rare_kept, without_the_isle, 0.5),
    (lambda r: -heap(r), without_heaps, 0.3),
    (lambda r: -high_tail(r), without_tails, 0.005),
    (lambda r: r.shape.missingness, without_missing, 0.2),
    (lambda r: -r.diversity.coverage, one_person, 0.5),
    (lambda r: -r.diversity.distinct, one_person, 5),
    (lambda r: r.diversity.new, strangers, 0.5),
    (lambda r: -r.diversity.plausible, strangers, 0.5),
    (lambda r: -r.utility[0].kept, shuffled, 0.7),
    (lambda r: r.privacy.identical, copied, 0.9),
    (lambda r: -r.privacy.closeness.ratio, nearly_copied, 0.5),
    (lambda r: r.privacy.closeness.nearer, nearly_copied, 0.5),
    (lambda r: r.privacy.flags.copies, copied, 0.9),
    (lambda r: r.privacy.flags.near_copies, nearly_copied, 0.7),
    (lambda r: r.privacy.flags.outliers, strangers, 0.9),
    (lambda r: r.privacy.flags.filtered, copied, 0.7),
    (lambda r: r.privacy.singling_out.excess, copied, 0.02),
    (lambda r: r.privacy.singling_out_value.excess, leaking, 0.8),
    (lambda r: r.privacy.linkability.excess, copied, 0.3),
    (lambda r: r.privacy.inference.excess, copied, 0.5),
    (lambda r: depends(r, "land").synthetic, unfair, 0.8),
    (lambda r: depends(r, "land").gap_synthetic, unfair, 0.8),
    (lambda r: -depends(r, "job").synthetic, blind_to_gender, 0.2),
    (lambda r: -r.quality, shuffled, 25),
    (lambda r: -dict(r.parts)["Pairs of columns"], shuffled, 70),
    (lambda r: -dict(r.parts)["Triples of columns"], shuffled, 70),
    (lambda r: -dict(r.parts)["Associations"], shuffled, 70),
    (lambda r: -dict(r.parts)["Hard to tell apart"], shuffled, 40),
    (lambda r: -dict(r.parts)["Useful"], shuffled, 70),
    (lambda r: -dict(r.parts)["Single columns"], strangers, 20),
    (lambda r: -dict(r.parts)["Varied"], one_person, 80),
]


@pytest.mark.parametrize(("figure", "fault", "least"), MOVED)
def test_a_figure_moves_with_its_fault(report_of, figure, fault, least):
    assert figure(report_of(fault)) - figure(report_of(None)) > least


LEVELS = [(None, "strong"), (copied, "weak"), (nearly_copied, "weak"), (leaking, "weak")]
LEVELS += [(shuffled, "strong"), (without_the_isle, "strong"), (unfair, "strong")]


@pytest.mark.parametrize(("fault", "level"), LEVELS)
def test_the_level_goes_by_leaks_alone(report_of, fault, level):
    assert report_of(fault).privacy.level == level


def test_what_copies_has_quality_and_no_privacy(report_of):
    assert report_of(copied).quality > 70 and report_of(None).quality > 93


def test_verdicts_on_dependences(report_of):
    assert depends(report_of(None), "job").verdict == "kept"
    assert depends(report_of(None), "land").verdict == "none"
    assert depends(report_of(unfair), "land").verdict == "new"
    assert depends(report_of(blind_to_gender), "job").verdict == "lost"


@pytest.mark.parametrize("fault", FAULTS)
def test_every_report_reads_and_writes(report_of, fault):
    synthetic = report_of(fault)
    assert all(section.sentence.endswith(".") for section in synthetic.sections)
    assert "NaN" not in str(synthetic.to_dict()) and "nan%" not in synthetic.to_html()


def test_a_leak_is_named_in_words(report_of):
    privacy = next(s for s in report_of(leaking).sections if s.name == "privacy")
    assert "Singling out by one value (number)" in privacy.sentence


def test_few_unseen_people_judge_no_attack(people, real):
    result = report(real, people[1], holdout=people[2].head(60), target="job")
    assert result.privacy.level == "open" and "at least 100" in result.privacy.words
    assert "not judged" in result.summary.casefold()
    worst = report(real, people[0], holdout=people[2].head(60), target="job")
    assert worst.privacy.level == "weak"  # copies need no attack
