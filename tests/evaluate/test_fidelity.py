"""Fidelity: pure functions by hand and by simulation, and each figure moves with its fault."""

import json

import numpy as np
import pandas as pd
import pytest

from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.evaluate.comparison import Comparison, row_keys
from synth.evaluate.distances import expected_tvd, tvd
from synth.evaluate.fidelity import features, fidelity

ROWS = 3000


def people(seed, rows=ROWS):
    random = np.random.default_rng(seed)
    age = random.integers(18, 80, rows)
    place = random.choice(
        ["north", "south", "east", "west", "isle"], rows, p=[0.4, 0.3, 0.2, 0.08, 0.02]
    )
    taste = np.where(age > 45, "garden", np.where(place == "north", "games", "music")).astype(
        object
    )
    other = random.random(rows) < 0.3
    taste[other] = random.choice(["pets", "books"], other.sum())
    pay = np.where(age > 60, np.nan, (age * 50 + random.normal(0, 200, rows)).round(1))
    return pd.DataFrame(
        {"age": age, "place": place, "taste": taste, "pay": pay, "kids": random.random(rows) < 0.4}
    )


@pytest.fixture(scope="module")
def real():
    return make_table(people(0))


@pytest.fixture(scope="module")
def fresh(real):
    return fidelity(Comparison.of(real, people(1)))


def shuffled(frame, seed=0):
    random = np.random.default_rng(seed)
    return pd.DataFrame({name: random.permutation(frame[name].to_numpy()) for name in frame})


# -------------------------------------------------------------------- pure functions


@pytest.mark.parametrize(
    ("a", "b", "value"),
    [
        ([1, 1], [1, 1], 0.0),
        ([1, 0], [0, 7], 1.0),
        ([3, 1], [1, 1], 0.25),
        ([[2, 0], [0, 2]], [[1, 1], [1, 1]], 0.5),
    ],
)
def test_tvd_by_hand(a, b, value):
    assert tvd(np.array(a), np.array(b)) == pytest.approx(value)


def test_tvd_of_nobody_is_said():
    with pytest.raises(PopulaceError, match="people on both sides"):
        tvd(np.array([0, 0]), np.array([1, 2]))
    with pytest.raises(PopulaceError, match="people on both sides"):
        expected_tvd(np.array([1, 2]), 0)


@pytest.mark.parametrize("rows", [1, 20, 300, 9000])
def test_expected_tvd_is_the_mean_of_simulations(rows):
    counts = np.array([5, 50, 500, 3, 8442, 0])
    share = counts / counts.sum()
    random = np.random.default_rng(rows)
    seen = [
        tvd(random.multinomial(9000, share), random.multinomial(rows, share)) for _ in range(3000)
    ]
    error = np.std(seen) / np.sqrt(len(seen))
    assert expected_tvd(counts, rows) == pytest.approx(
        np.mean(seen), abs=5 * error + 2e-5, rel=0.02
    )


def test_expected_tvd_by_hand():
    # one throw of a fair coin, known exactly: always half away
    assert expected_tvd(np.array([10**9, 10**9]), 1) == pytest.approx(0.5, abs=1e-6)
    # the mean of |heads - 50| in 100 throws is 3.97946
    assert expected_tvd(np.array([10**12, 10**12]), 100) == pytest.approx(0.0397946, abs=1e-6)
    assert expected_tvd(np.array([7]), 10) == 0


def test_row_keys_tell_rows_apart():
    random = np.random.default_rng(0)
    columns = [random.integers(-1, 40, 500) for _ in range(20)]  # 41^20 needs more than 64 bits
    columns = [np.r_[column, column[:7]] for column in columns]
    keys = row_keys(columns)
    assert (keys[-7:] == keys[:7]).all() and len(np.unique(keys)) == 500


def test_features_keep_missing_values_apart(real):
    columns = real.schema.modelled.columns
    flat, boosted, categorical = features(columns, real.frame.assign(kids=real.frame["place"]))
    pay = list(real.frame).index("pay")
    assert np.isnan(boosted[:, pay]).sum() == real.frame["pay"].isna().sum()
    assert not np.isnan(flat).any() and sum(categorical) == 3


# -------------------------------------------------------------------- the whole


def test_fresh_people_score_as_the_reference(fresh):
    assert abs(fresh.hgb_auc - 0.5) < 0.04 and abs(fresh.lr_auc - 0.5) < 0.04
    assert fresh.tvd1 == pytest.approx(fresh.tvd1_reference, rel=0.35)
    assert fresh.tvd2 == pytest.approx(fresh.tvd2_reference, rel=0.2)
    assert fresh.association < 0.03
    assert fresh.repeat_share == pytest.approx(fresh.repeat_share_reference, abs=0.02)


def test_with_a_holdout_references_speak_of_the_real_rows(real):
    figures = fidelity(Comparison.of(real, people(1), holdout=people(2)))
    assert abs(figures.hgb_auc - figures.hgb_auc_reference) < 0.06
    assert figures.tvd2 == pytest.approx(figures.tvd2_reference, rel=0.2)
    copied = fidelity(Comparison.of(real, real.frame, holdout=people(2)))
    assert copied.tvd1 == pytest.approx(copied.tvd1_reference)


def test_shuffled_columns_show(real, fresh):
    figures = fidelity(Comparison.of(real, shuffled(real.frame)))
    assert figures.hgb_auc > 0.8 > fresh.hgb_auc
    assert figures.tvd2 > 2 * figures.tvd2_reference
    assert figures.association > 0.15 > fresh.association
    assert figures.tvd1 < 2 * figures.tvd1_reference
    worst = max(figures.pairs, key=lambda pair: pair.tvd)
    assert {worst.a, worst.b} <= {"age", "taste", "pay", "place"}


def test_copied_rows_show(real, fresh):
    # a table in which rows are seldom alike by nature
    random = np.random.default_rng(5)
    levels = np.array([f"l{i}" for i in range(30)])
    wide = [pd.DataFrame({c: random.choice(levels, 1000) for c in "abc"}) for _ in range(2)]
    table = make_table(wide[0])
    assert fidelity(Comparison.of(table, wide[0])).repeat_share == 1
    other = fidelity(Comparison.of(table, wide[1]))
    assert other.repeat_share < 0.1 and other.repeat_share_reference < 0.1


def test_a_lost_rare_level_shows(real, fresh):
    synthetic = people(1)
    synthetic = synthetic[synthetic["place"] != "isle"]
    figures = fidelity(Comparison.of(real, synthetic))
    assert figures.columns["place"][0] > fresh.columns["place"][0]
    assert figures.columns["place"][0] >= 0.015


def test_a_shifted_number_and_lost_missing_values_show(real, fresh):
    shifted = fidelity(Comparison.of(real, people(1).assign(age=lambda f: f["age"] + 6)))
    assert shifted.columns["age"][0] > 0.05 and shifted.lr_auc > 0.55
    filled = fidelity(Comparison.of(real, people(1).fillna({"pay": 2000.0})))
    assert filled.columns["pay"][0] > 0.2 and filled.hgb_auc > 0.6


def test_other_libraries_types_do_not_show(real):
    synthetic = people(1)
    plain = fidelity(Comparison.of(real, synthetic))
    typed = fidelity(
        Comparison.of(
            real,
            synthetic.assign(
                kids=np.where(synthetic["kids"], "True", "False"),
                age=synthetic["age"].astype(float),
                place=synthetic["place"].astype("category"),
                extra=1,
            ),
        )
    )
    assert typed.to_dict() == plain.to_dict()


def test_a_strange_level_counts_as_one(real, fresh):
    synthetic = people(1)
    synthetic.loc[:1499, "place"] = "moon"
    figures = fidelity(Comparison.of(real, synthetic))
    assert figures.columns["place"][0] > 0.4 and figures.hgb_auc > 0.7


def test_same_seed_same_figures_and_json(real, fresh):
    again = fidelity(Comparison.of(real, people(1)))
    assert again.to_dict() == fresh.to_dict()
    document = json.loads(json.dumps(fresh.to_dict()))
    assert {"lr_auc", "hgb_auc", "tvd1", "tvd2", "association", "repeat_share"} <= set(document)
    assert len(document["pairs"]) == 10 and document["rows_synthetic"] == ROWS


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.drop(columns="pay"), "synthetic table lacks the column “pay”"),
        (lambda f: f.head(3), "synthetic table has 3 rows"),
        (lambda f: f.assign(age="old"), "“age” of the synthetic table holds “old”"),
    ],
)
def test_what_cannot_be_compared_is_said(real, change, words):
    with pytest.raises(PopulaceError, match=words):
        fidelity(Comparison.of(real, change(people(1))))


def test_one_column_has_no_pairs():
    frame = people(0)[["place"]]
    figures = fidelity(Comparison.of(make_table(frame), frame))
    assert figures.tvd2 == 0 and figures.pairs == ()
