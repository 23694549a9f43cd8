"""Tables beside a population: blanks filled, columns predicted, odd rows found."""

import numpy as np
import pandas as pd
import pytest

import synth
from synth.data.table import Table
from synth.errors import PopulaceError
from synth.populations.completion import complete
from synth.populations.prediction import predict
from synth.populations.requested_rows import opened
from synth.populations.scoring import score

RULES = ("born <= died", "if age < 18 then marital = single")


@pytest.fixture(scope="module")
def population(people):
    return synth.fit(people, rules=RULES, score="k2", title="Toy")


@pytest.fixture(scope="module")
def holes(people):
    """200 people of whom a third of the cells is gone, their key kept."""
    rng = np.random.default_rng(4)
    frame = people.iloc[:200].reset_index(drop=True)
    gone = pd.DataFrame(rng.random(frame.shape) < 0.33, columns=frame.columns)
    gone["person"] = False
    return frame.mask(gone)


def test_blanks_are_filled_and_known_cells_stay(population, holes):
    assert population.constraints.derived and population.constraints.rules
    done = complete(holes, population, seed=3, values_only=True)
    assert list(done.frame.columns) == list(holes.columns)
    assert any("kept as they are: person" in note for note in done.notes)
    for name in holes:
        known = holes[name].notna().to_numpy()
        assert (done.frame[name][known].astype(str) == holes[name][known].astype(str)).all() or (
            done.frame[name][known].astype(float) == holes[name][known].astype(float)
        ).all()
    names = [name for name in holes if name != "person"]
    for name in names:
        assert done.frame[name].notna().mean() > 0.97, name
        chance = done.probabilities[0][name].to_numpy()
        assert np.isnan(chance[~done.filled[name].to_numpy()]).all()
        assert ((chance[~np.isnan(chance)] >= 0) & (chance[~np.isnan(chance)] <= 1 + 1e-9)).all()


def test_what_must_hold_holds_in_filled_rows(population, holes):
    for settings in ({}, {"values_only": True}, {"method": "most-likely"}):
        frame = complete(holes, population, **settings).frame
        numbers = frame[["born", "died", "age", "work", "home", "total"]].astype(float)
        assert not (numbers["born"] > numbers["died"]).any()
        young = (numbers["age"] < 18) & frame["marital"].notna()
        assert (frame["marital"][young] == "single").all()
        known = holes[["work", "home", "total"]].notna()
        fair = ~(known["total"] & ~known["work"] & ~known["home"])
        whole = fair & numbers[["work", "home", "total"]].notna().all(axis=1)
        assert whole.sum() > 100
        assert (numbers["work"] + numbers["home"] == numbers["total"])[whole].all()
        both = frame["group"].notna() & numbers["age"].notna()
        expected = pd.cut(numbers["age"], [0, 30, 60, 200], right=False)
        expected = expected.cat.rename_categories(["young", "middle", "old"])
        assert (frame["group"][both].astype(str) == expected[both].astype(str)).all()


def test_a_sum_with_one_open_part_is_solved_and_others_are_said(population):
    frame = pd.DataFrame({"work": [None, None], "home": [3, None], "total": [8, 8]})
    done = complete(frame, population)
    assert done.frame["work"].iloc[0] == 5
    assert done.probabilities[0]["work"].iloc[0] == 1.0
    assert any("leave more than one of their parts open" in note for note in done.notes)


def test_a_row_is_filled_the_same_alone_and_several_draws_differ(population, holes):
    whole = complete(holes, population, draws=3, seed=7, threads=2)
    again = complete(holes.iloc[:50], population, draws=3, seed=7, threads=1)
    for each, other in zip(whole.frames, again.frames, strict=True):
        pd.testing.assert_frame_equal(each.iloc[:50], other, check_dtype=False)
    assert not whole.frames[0].equals(whole.frames[1])
    stacked = whole.stacked()
    assert len(stacked) == 600 and list(stacked["draw"].unique()) == [1, 2, 3]
    marked = whole.marked()
    assert marked.column_names[-1] == "synthetic"
    assert b"artly synthetic" in marked.schema.metadata[b"synthetic"]


def test_draws_follow_the_exact_posterior(population):
    facts = population.evidence("age=40,city=city 3")
    exact = population.given(facts).marginal("marital")
    frame = pd.DataFrame({"age": [40] * 3000, "city": ["city 3"] * 3000, "marital": None})
    drawn = complete(frame, population).frame["marital"].value_counts(normalize=True)
    predicted = predict("marital", frame.iloc[:1], population)
    for label in exact.labels:
        assert predicted.probabilities[0][predicted.labels.index(label)] == pytest.approx(
            exact[label]
        )
        assert drawn.get(label, 0.0) == pytest.approx(exact[label], abs=0.04)


def test_numbers_are_predicted_as_the_population_says(population):
    exact = population.given(population.evidence("work=4")).marginal("pay")
    predicted = predict("pay", pd.DataFrame({"work": [4]}), population)
    assert predicted.mean[0] == pytest.approx(exact.mean)
    assert predicted.median[0] == pytest.approx(exact.quantile(0.5))
    assert predicted.lower[0] == pytest.approx(exact.quantile(0.05))
    assert predicted.upper[0] == pytest.approx(exact.quantile(0.95))
    assert list(predicted.frame.columns) == ["mean", "median", "5%", "95%"]
    gone = predict("died", pd.DataFrame({"born": [1950]}), population)
    assert "missing" in gone.frame and gone.labels[-1] == "missing"
    sure = predict("died", pd.DataFrame({"born": [1950]}), population, values_only=True)
    assert sure.probabilities.sum() == pytest.approx(1.0) and sure.labels[-1] != "missing"
    assert sure.lower[0] >= 1950


def test_a_rule_knows_the_value_and_not_only_its_bin(population):
    frame = pd.DataFrame({"age": [17, 18], "marital": None})
    predicted = predict("marital", frame, population)
    single = predicted.probabilities[:, predicted.labels.index("single")]
    assert single[0] == pytest.approx(1.0) and single[1] < 0.9
    ranged = predict("age", pd.DataFrame({"group": ["young"]}), population)
    assert ranged.upper[0] < 31


def test_odd_rows_are_found_and_say_why(population, people):
    frame = population.given().sample(300, seed=9)
    frame.loc[0, "code"] = 104 if frame["code"].iloc[0] != 104 else 100
    frame.loc[1, "total"] = int(frame["work"].iloc[1] + frame["home"].iloc[1]) + 1
    scored = score(frame, population, reference=2000)
    assert set(scored.order[:2]) == {0, 1}
    assert "code" in [cell.column for cell in scored.odd[0]] or scored.percentile[0] == 0
    assert any("total = " in words for words in scored.broken[1])
    assert 0.3 < np.median(scored.percentile) < 0.7
    assert scored.compared == 2000
    assert scored.typical.loc["marital", "mean"] < scored.typical.loc["pay", "mean"]
    assert len(scored.frame) == 300 and "odd_3_likely" in scored.frame


def test_rows_with_blanks_are_compared_with_people_with_the_same_blanks(population, holes):
    scored = score(holes.drop(columns=["person"]), population, blank="unknown", reference=500)
    assert 0.25 < np.median(scored.percentile) < 0.75
    assert scored.surprise.isna().to_numpy().mean() > 0.2


def test_blank_can_mean_missing(population, people):
    frame = people.iloc[:30].drop(columns="person")
    done = complete(frame, population, blank="missing")
    assert not done.filled.to_numpy().any()
    table = Table(frame, population.schema, "")
    assert complete(table, population, blank="missing").frame["died"].isna().any()


def test_a_file_of_any_kind_will_do(population, holes, tmp_path):
    from synth.populations import write
    from synth.populations.archive import pack

    write(population, tmp_path / "pop")
    (tmp_path / "pop.populace").write_bytes(pack(tmp_path / "pop"))
    holes.iloc[:1].to_csv(tmp_path / "one.csv", index=False)
    by_folder = complete(tmp_path / "one.csv", tmp_path / "pop").frame
    by_file = complete(tmp_path / "one.csv", tmp_path / "pop.populace").frame
    assert by_folder.equals(by_file) and len(by_file) == 1
    assert opened(str(tmp_path / "pop")).constraints == population.constraints


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p: complete(pd.DataFrame({"x": [1]}), p), "no column of Toy"),
        (lambda p: complete(pd.DataFrame({"marital": ["divorced"]}), p), "divorced"),
        (lambda p: complete(pd.DataFrame({"age": [1]}), p, draws=0), "0 times"),
        (
            lambda p: complete(pd.DataFrame({"age": [1]}), p, draws=2, method="most-likely"),
            "always the same",
        ),
        (lambda p: predict("agee", pd.DataFrame({"age": [1]}), p), "no column agee"),
        (lambda p: predict("total", pd.DataFrame({"age": [1]}), p), "worked out"),
        (lambda p: score(pd.DataFrame({"age": [1]}), p.with_rarity(0.5)), "as it was learned"),
    ],
)
def test_what_cannot_be_done_says_so_in_a_sentence(population, call, words):
    with pytest.raises(PopulaceError, match=words):
        call(population)
