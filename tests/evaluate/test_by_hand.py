"""Figures worked out by hand on tables small enough for it."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency

from synth.data.contingency import ContingencyTables
from synth.data.table import make_table
from synth.evaluate.attacks.inference import inference
from synth.evaluate.attacks.linkability import linkability
from synth.evaluate.attacks.singling_out import singling_out, singling_out_by_value
from synth.evaluate.closeness import closeness, identical_shares
from synth.evaluate.comparison import Comparison
from synth.evaluate.copies import flag
from synth.evaluate.distance import Space
from synth.evaluate.distances import shuffled_apart
from synth.evaluate.diversity import diversity
from synth.evaluate.fairness import _chance, fairness, fairness_of_counts
from synth.evaluate.fidelity import classifier_aucs, repeat_shares, scores_of_counts
from synth.evaluate.report import report
from synth.evaluate.shape import shape
from synth.evaluate.utility import utility

RANDOM = np.random.default_rng


def three(real, synthetic, holdout=None):
    """The modelled columns, and the frames that compare."""
    comparison = Comparison.of(make_table(real), synthetic, holdout=holdout)
    return comparison.columns, *comparison.frames.values()


# -------------------------------------------------------------------- fidelity


def test_what_differs_in_every_row_is_always_told_and_what_is_alike_never():
    frame = pd.DataFrame({"a": np.tile(["x", "y"], 200), "b": np.arange(400) % 7})
    columns, real, other = three(frame, frame.assign(b=frame["b"] + 100))
    assert classifier_aucs(columns, real, other, 0) == (1.0, 1.0)
    lr, hgb = classifier_aucs(columns, real, real, 0)
    assert lr == pytest.approx(0.5, abs=0.08) and hgb == pytest.approx(0.5, abs=0.08)


def test_rows_repeated():
    real = pd.DataFrame({"a": ["x"] * 10 + ["y"] * 10, "b": ["u"] * 5 + ["v"] * 14 + ["w"]})
    synthetic = pd.DataFrame({"a": ["x"] * 20, "b": ["u"] * 5 + ["w"] * 15})
    own, fresh = repeat_shares(Comparison.of(make_table(real), synthetic))
    assert own == 5 / 20  # x with u is there, x with w is not
    assert fresh == 19 / 20  # y with w stands alone


def test_columns_shuffled_apart_keep_their_values():
    frame = pd.DataFrame({"a": np.arange(200), "b": np.arange(200)})
    mixed = shuffled_apart({name: frame[name].to_numpy() for name in frame}, RANDOM(0))
    assert (np.sort(mixed["a"]) == frame["a"]).all() and (mixed["a"] != mixed["b"]).mean() > 0.9


# -------------------------------------------------------------------- shape and diversity


def test_tails_heaps_missing_values_and_triples():
    values = np.arange(1000.0)
    values[:300] = 500.5  # a heap of 300 people
    real = pd.DataFrame({"x": values, "a": ["u", "v"] * 500})
    synthetic = real.copy()
    synthetic.loc[synthetic["x"] == 500.5, "x"] = np.nan
    synthetic.loc[synthetic["x"] > 989.0, "x"] = 5000.0
    figures = shape(Comparison.of(make_table(real), synthetic, holdout=real))
    (tail,) = figures.tails
    assert tail.high == pytest.approx(10 / 700) and tail.high_reference == pytest.approx(0.01)
    (heap,) = figures.heaps
    assert (heap.real, heap.synthetic, heap.reference) == (0.3, 0.0, 0.3)
    assert figures.missingness == pytest.approx(0.3) and figures.missingness_reference == 0


def test_triples_see_what_pairs_cannot():
    # c is a xor b: every pair is independent, the three together are not
    a, b = np.tile([0, 0, 1, 1], 200), np.tile([0, 1, 0, 1], 200)
    real = pd.DataFrame({"a": a, "b": b, "c": a ^ b}).astype(str)
    synthetic = pd.DataFrame({"a": a, "b": b, "c": np.repeat([0, 1], 400)}).astype(str)
    figures = shape(Comparison.of(make_table(real), synthetic, holdout=real))
    assert figures.tvd3 == pytest.approx(0.5) and figures.tvd3_reference == 0
    assert figures.tvd3_scrambled == pytest.approx(0.5, abs=0.06)


def test_combinations_by_hand():
    real = pd.DataFrame({"a": ["x"] * 30 + ["y"] * 10, "b": ["u"] * 20 + ["v"] * 20})
    synthetic = pd.DataFrame(
        {"a": ["x"] * 30 + ["y"] * 10, "b": ["u"] * 30 + ["w"] * 5 + ["u"] * 5}
    )
    figures = diversity(Comparison.of(make_table(real), synthetic, holdout=real))
    assert figures.coverage == pytest.approx(20 / 40)  # x with u
    assert figures.distinct == pytest.approx(100 * 3 / 40)
    assert figures.new == pytest.approx(10 / 40)  # y with w, y with u
    assert figures.plausible == 0 and figures.new_reference == 0


# -------------------------------------------------------------------- utility


def test_what_follows_is_learned_whole_and_what_is_turned_round_not_at_all():
    a = np.tile(["x", "y"], 300)
    frame = pd.DataFrame({"a": a, "b": np.where(a == "x", "u", "v"), "n": np.arange(600) % 5})
    table = make_table(frame)
    same = utility(Comparison.of(table, frame, holdout=frame), "b")
    assert (same.synthetic, same.real, same.kept) == (1.0, 1.0, 1.0)
    turned = frame.assign(b=np.where(a == "x", "v", "u"))
    assert utility(Comparison.of(table, turned, holdout=frame), "b").synthetic == 0.0
    none = utility(Comparison.of(table, frame.assign(b=np.nan), holdout=frame), "b")
    assert (none.synthetic, none.kept) == (0.5, 0.0)


# -------------------------------------------------------------------- privacy


def test_identical_rows_by_hand():
    real = pd.DataFrame({"a": ["x"] * 19 + ["y"], "n": [1] * 19 + [2]})
    synthetic = pd.DataFrame({"a": ["x"] * 15 + ["y"] * 5, "n": [1] * 10 + [2] * 10})
    own, fresh = identical_shares(Comparison.of(make_table(real), synthetic))
    assert own == 15 / 20  # x with 1, and y with 2
    assert fresh == 19 / 20


def test_distances_to_the_closest_by_hand():
    # twenty people at ranks 1/40, 3/40, …: 1/20 from each other
    real = pd.DataFrame({"n": np.arange(20.0)})
    columns, truth, synthetic = three(real, pd.DataFrame({"n": np.repeat([5.0, 5.5], 10)}))
    near = closeness(Space.of(columns, truth), truth, synthetic, None, RANDOM(0))
    # 5.5 has the rank 6/20, half way between the ranks of 5 and 6
    assert near.median == pytest.approx((0 + 1 / 40) / 2, abs=1e-3)
    assert near.median_reference == pytest.approx(1 / 20, abs=1e-3)
    assert near.ratio == pytest.approx(1 / 4, abs=0.02)
    assert near.nearer == 1.0 and near.nearer_reference == 1.0


def test_flags_by_hand():
    # ranks 1/80, 3/80, …: neighbours are 1/40 apart, those of one level 8/40; levels differ by 1
    real = pd.DataFrame({"n": np.arange(40.0), "a": list("rstuvwxy") * 5})
    rows = [(4.0, "v"), (4.4, "v"), (6.0, "v"), (4.0, None)]
    synthetic = pd.DataFrame(rows * 5, columns=["n", "a"])
    flags = flag(Comparison.of(make_table(real), synthetic))
    assert flags.copies[:4].tolist() == [True, False, False, False]
    # 4.4 is 1/80 from the person at 4, and 6 is 2/40: a sixteenth and a quarter of 8/40
    assert flags.near_copies[:4].tolist() == [False, True, False, False]
    assert flags.outliers[:4].tolist() == [False, False, False, True]
    assert flags.kept[:4].tolist() == [False, False, True, False]


def test_values_that_single_out_by_hand():
    real = pd.DataFrame({"n": [*range(100), *range(100)], "a": ["x", "y"] * 100})
    real.loc[:49, "n"] = np.arange(1000, 1050)  # fifty have a number of their own …
    synthetic = pd.DataFrame({"n": [*range(1000, 1025), *range(2000, 2025)], "a": ["x"] * 50})
    unseen = pd.DataFrame({"n": np.repeat(range(100), 2), "a": ["x"] * 200})
    columns, truth, other, fresh = three(real, synthetic, unseen)
    attack, name = singling_out_by_value(columns, truth, other, fresh, RANDOM(0))
    assert name == "n" and attack.attack.tries == 50
    assert attack.attack.value == 0.5  # 25 of the 50 values fit one person each
    assert attack.control.value == 0 and attack.excess == 0.5


def test_one_person_alone_is_singled_out_and_twins_are_not():
    alone = pd.DataFrame({name: [str(i) for i in range(30)] for name in "abcd"})
    twins = pd.concat([alone.head(15)] * 2, ignore_index=True)
    strangers = alone.map(lambda value: f"other {value}")
    columns, truth, synthetic, fresh = three(alone, alone, strangers)
    assert singling_out(columns, truth, synthetic, fresh, RANDOM(0)).excess == 1.0
    columns, truth, synthetic, fresh = three(twins, twins, strangers.head(30))
    assert singling_out(columns, truth, synthetic, fresh, RANDOM(0)).attack.value == 0.0


def test_links_and_inferences_by_hand():
    random = RANDOM(0)
    codes = [f"c{code}" for code in random.permutation(200)]
    real = pd.DataFrame(dict.fromkeys("abcd", codes[:100] * 2))
    unseen = pd.DataFrame(dict.fromkeys("abcd", codes[100:] * 2))
    columns, truth, synthetic, fresh = three(real, real, unseen)
    space = Space.of(columns, truth)
    guessed = inference(columns, space, truth, synthetic, fresh, random)
    assert all(attack.attack.value == 1.0 for attack in guessed.values())
    assert all(attack.control.value == 0.0 for attack in guessed.values())
    assert linkability(space, truth, synthetic, fresh, random).attack.value == 1.0
    others = synthetic["d"].iloc[np.roll(np.arange(200), 1)].reset_index(drop=True)
    blind = synthetic.assign(d=others)
    guessed = inference(columns, space, truth, blind, fresh, random)
    assert guessed["d"].attack.value == 0.0 and guessed["a"].attack.value == 1.0


# -------------------------------------------------------------------- fairness


def test_chance_is_that_of_pearson():
    counts = np.array([[30, 10, 5], [20, 25, 9]])
    assert _chance(counts) == pytest.approx(chi2_contingency(counts).pvalue)
    assert _chance(np.array([[30, 10, 0]])) == 1.0


def test_gaps_by_hand_from_rows_and_from_counts():
    gender = np.repeat(["female", "male"], 100)
    real = pd.DataFrame(
        {"gender": gender, "job": ["a"] * 80 + ["b"] * 20 + ["a"] * 30 + ["b"] * 70}
    )
    synthetic = real.assign(job=["a"] * 60 + ["b"] * 40 + ["a"] * 60 + ["b"] * 40)
    table = make_table(real)
    counts = ContingencyTables.of(table)
    for match in (
        fairness(Comparison.of(table, synthetic, holdout=real)),
        fairness_of_counts(counts, counts.recount(synthetic)),
    ):
        (item,) = match.dependences
        assert item.gap_real == pytest.approx(0.5) and item.gap_synthetic == 0
        # chi² = 200·(80·70 - 20·30)² / (110·90·100·100), phi² = chi²/200, corrected
        phi2 = (80 * 70 - 20 * 30) ** 2 / (110 * 90 * 100 * 100)
        corrected = (phi2 - 1 / 199) / (1 - 1 / 199)
        assert item.real == pytest.approx(np.sqrt(corrected))
        assert item.synthetic == 0 and item.verdict == "lost"


# -------------------------------------------------------------------- the quality


def test_the_quality_by_hand(draw, shuffle):
    result = report(make_table(draw(0)), shuffle(draw(1)), holdout=draw(2), target="job")
    f, s, d = result.fidelity, result.shape, result.diversity
    parts = dict(result.parts)
    message = 1 - (f.hgb_auc - max(f.hgb_auc_reference, 1 - f.hgb_auc_reference)) / (
        1 - max(f.hgb_auc_reference, 1 - f.hgb_auc_reference)
    )
    assert parts["Hard to tell apart"] == pytest.approx(100 * message)
    assert parts["Varied"] == pytest.approx(100 * min(1, d.coverage / d.coverage_reference))
    assert parts["Useful"] == pytest.approx(100 * result.utility[0].kept)
    kept = (s.tvd3_scrambled - s.tvd3) / (s.tvd3_scrambled - s.tvd3_reference)
    assert parts["Triples of columns"] == pytest.approx(100 * np.clip(kept, 0, 1))
    single = (1 - f.tvd1) / (1 - f.tvd1_reference)
    assert dict(scores_of_counts(f))["Single columns"] == pytest.approx(min(100, 100 * single))
    assert result.quality == pytest.approx(np.mean(list(parts.values())))
    assert result.weakest[1] == min(parts.values())
