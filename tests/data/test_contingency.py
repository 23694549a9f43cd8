"""Counts of the real people: checked by hand on a few rows, and against pandas on many."""

import json

import numpy as np
import pandas as pd
import pytest

from synth.data.contingency import Binning, ContingencyTables, of_whom, share_intervals
from synth.data.evidence import Between, Evidence, OneOf
from synth.data.table import make_table
from synth.errors import PopulaceError


@pytest.fixture(scope="module")
def table():
    random = np.random.default_rng(3)
    rows = 3000
    pay = np.where(random.random(rows) < 0.3, 0, random.gamma(2, 700, rows)).round()
    return make_table(
        pd.DataFrame(
            {
                "age": random.integers(15, 81, rows),
                "gender": random.choice(["female", "male"], rows),
                "pay": np.where(random.random(rows) < 0.1, np.nan, pay + 0.25),
                "minutes": random.integers(0, 1000, rows),
                "married": random.random(rows) < 0.5,
                "top1": pd.Series(random.choice(["pets", "music", "games", None], rows)),
                "top2": pd.Series(random.choice(["pets", "music", "games", None], rows)),
            }
        )
    )


@pytest.fixture(scope="module")
def reference(table):
    return ContingencyTables.of(table)


def test_counts_by_hand():
    frame = pd.DataFrame({"age": [20, 22, 22, 23] * 6, "sex": ["f", "m", "f", "f"] * 6})
    reference = ContingencyTables.of(make_table(frame))
    assert reference.rows == 24
    assert reference.labels("age") == ("20", "21", "22", "23")
    assert reference.marginal("age").tolist() == [6, 0, 12, 6]
    assert reference.pair("age", "sex").tolist() == [[6, 0], [0, 0], [6, 6], [6, 0]]
    assert reference.pair("sex", "age").tolist() == reference.pair("age", "sex").T.tolist()
    assert reference.pair("sex", "sex").tolist() == [[18, 0], [0, 6]]
    assert reference.share("sex").tolist() == [0.75, 0.25]


def test_every_column_counts_every_row(table, reference):
    for name in reference.columns:
        assert reference.marginal(name).sum() == len(table.frame)
        assert (reference.count(table.frame, name) == reference.marginal(name)).all()


def test_missing_is_a_place(table, reference):
    assert reference.labels("pay")[-1] == "missing"
    assert reference.marginal("pay")[-1] == table.frame["pay"].isna().sum()
    assert reference.labels("top1") == ("games", "music", "pets", "missing")


def test_bins_are_about_equally_full_and_a_heap_stands_alone(table, reference):
    labels, counts = reference.labels("minutes"), reference.marginal("minutes")
    assert len(labels) == 20 and counts.min() > 100 and counts.max() < 200
    low, high = labels[3].split("–")
    inside = table.frame["minutes"].between(int(low), int(high)).sum()
    assert counts[3] == inside
    heap = reference.marginal("pay")[0]
    assert heap == (table.frame["pay"] == 0.25).sum()


@pytest.mark.parametrize(
    ("counts", "bins", "starts"),
    [
        ([1] * 8, 4, [0, 1, 3, 5]),
        ([2, 0, 2, 0, 2, 0, 2, 0], 4, list(range(8))),  # each of the four fills a bin alone
        ([1, 1, 9, 1, 1, 1, 1, 1], 2, [0, 2, 3]),
        ([5, 5, 5], 3, [0, 1, 2]),
    ],
)
def test_places_are_joined_by_hand(counts, bins, starts):
    places = len(counts)
    names = (*map(str, range(places)), "missing")
    binning = Binning(names, np.arange(places + 1.0), whole=True, missing=True)
    assert binning.joined(np.array([*counts, 3]), bins).tolist() == [*starts, places]


def test_levels_are_never_joined():
    assert Binning(tuple("abcd")).joined(np.ones(4, int), 2).tolist() == [0, 1, 2, 3]


def test_edges_hold_the_places(table, reference):
    edges = reference.edges("minutes")
    counted = np.histogram(table.frame["minutes"], edges)[0]
    assert (counted == reference.marginal("minutes")).all()
    assert reference.edges("gender") is None


@pytest.mark.parametrize(
    ("evidence", "rows_of"),
    [
        ({"age": Between(25, 35)}, lambda f: f["age"].between(25, 35)),
        ({"age": OneOf(("30", "31"))}, lambda f: f["age"].isin([30, 31])),
        ({"age": Between(None, 20)}, lambda f: f["age"] <= 20),
        ({"gender": OneOf(("female",))}, lambda f: f["gender"] == "female"),
        ({"married": OneOf(("yes",))}, lambda f: f["married"]),
        ({"top1": OneOf(("pets", "missing"))}, lambda f: f["top1"].isna() | (f["top1"] == "pets")),
        ({"pay": OneOf(("missing",))}, lambda f: f["pay"].isna()),
        ({}, lambda f: f["age"] > 0),
    ],
)
def test_under_one_fact_is_exact(table, reference, evidence, rows_of):
    under = reference.under(Evidence(evidence))
    kept = table.frame[rows_of(table.frame)]
    assert under.rows == len(kept)
    for name in reference.columns:
        assert (under.marginal(name) == reference.count(kept, name)).all()


def test_under_a_whole_bin_is_exact(table, reference):
    low, high = reference.labels("minutes")[4].split("–")
    under = reference.under(Evidence({"minutes": Between(float(low), float(high))}))
    assert under.rows == reference.marginal("minutes")[4]


@pytest.mark.parametrize(
    "evidence",
    [
        {"age": Between(25, 35), "gender": OneOf(("female",))},
        {"minutes": Between(3, 501)},
        {"minutes": OneOf(("3",))},
    ],
)
def test_what_pairs_cannot_tell_is_none(reference, evidence):
    assert reference.under(Evidence(evidence)) is None


def test_json_comes_back_whole(reference):
    text = reference.to_json()
    back = ContingencyTables.from_json(text)
    assert back.rows == reference.rows and back.columns == reference.columns
    for name in reference.columns:
        assert back.labels(name) == reference.labels(name)
        assert (back.marginal(name) == reference.marginal(name)).all()
        for other in reference.columns:
            assert (back.pair(name, other) == reference.pair(name, other)).all()
    assert back.to_json() == text
    assert (back.edges("pay") == reference.edges("pay")).all()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format":"populace-reference-1"}', "null"])
def test_what_is_no_reference_is_said(text):
    with pytest.raises(PopulaceError, match="not a reference"):
        ContingencyTables.from_json(text)


def test_pairs_that_do_not_fit_are_said(reference):
    data = json.loads(reference.to_json())
    data["pairs"][0][2].append(5)
    with pytest.raises(PopulaceError, match="not a reference"):
        ContingencyTables.from_json(json.dumps(data))


def test_a_synthetic_frame_is_counted_over_the_same_places(table, reference):
    frame = table.frame.head(50).copy()
    frame["age"] = 200
    frame["gender"] = frame["gender"].astype(str)
    again = reference.recount(frame)
    assert again.marginal("age")[-1] == 50
    assert again.pair("gender", "top1").sum() == 50


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.drop(columns="age"), "no column “age”"),
        (lambda f: f.assign(gender="other"), "“gender” holds the value “other”"),
        (lambda f: f.assign(gender=None), "“gender” holds a missing value"),
    ],
)
def test_a_frame_that_does_not_fit_is_said(table, reference, change, words):
    with pytest.raises(PopulaceError, match=words):
        reference.recount(change(table.frame.head(5)))


def test_an_unknown_column_is_said(reference):
    with pytest.raises(PopulaceError, match="No column is called “agee”"):
        reference.marginal("agee")


def test_it_does_not_change(reference):
    with pytest.raises(ValueError, match="read-only"):
        reference.marginal("age")[0] = 1
    with pytest.raises(TypeError):
        reference.counts["age"] = None


def test_wilsons_intervals_by_hand():
    low, high = share_intervals(np.array([8, 2]))
    assert low == pytest.approx([0.4901, 0.0567], abs=1e-4)  # Newcombe (1998), formula 3
    assert high == pytest.approx([0.9433, 0.5099], abs=1e-4)
    low, high = share_intervals(np.array([0, 0]))
    assert low.tolist() == [0, 0]
    assert high.tolist() == [1, 1]


def test_wilsons_intervals_cover_the_truth():
    rng = np.random.default_rng(0)
    truth = np.array([0.02, 0.18, 0.8])
    counts = rng.multinomial(200, truth, size=4000)
    inside = np.mean(
        [(low <= truth) & (truth <= high) for low, high in map(share_intervals, counts)], axis=0
    )
    assert inside == pytest.approx([0.95] * 3, abs=0.03)


def test_people_of_whom_facts_are_true_are_counted_from_rows():
    frame = pd.DataFrame(
        {
            "sex": ["f", "m", "f", "f", None],
            "age": pd.array([20, 30, 41, None, 41], dtype="Int64"),
            "pay": [1.25, 2.5, np.nan, 2.5, 3.0],
            "own": [True, False, True, False, True],
        }
    )
    table = make_table(frame)
    schema = table.schema

    def who(text):
        return of_whom(table.frame, Evidence.parse(text, schema), schema).tolist()

    assert who("") == [True] * 5
    assert who("sex=f") == [True, False, True, True, False]
    assert who("sex=missing|m") == [False, True, False, False, True]
    assert who("age=25..") == [False, True, True, False, True]
    assert who("age=20|missing") == [True, False, False, True, False]
    assert who("pay=2.5") == [False, True, False, True, False]
    assert who("own=yes,age=41") == [False, False, True, False, True]
    reference = ContingencyTables.of(table)
    for text in ("sex=f", "own=no", "age=missing"):
        evidence = Evidence.parse(text, schema)
        counted, message = reference.among(table, evidence, schema), reference.under(evidence)
        assert counted.rows == message.rows
        for name in schema.names:
            assert counted.marginal(name).tolist() == message.marginal(name).tolist()
    assert reference.among(table, Evidence.parse("sex=f,own=yes", schema), schema).rows == 2
