"""A trial of a population and a report from counts alone."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.csv
import pytest

from synth.bayes import learn
from synth.data.contingency import ContingencyTables
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.evaluate.counts import cover, report_of_counts
from synth.evaluate.holdout import holdout_report, rows_of
from synth.evaluate.question import Titles, scaled
from synth.fitting.fit import fit
from synth.fitting.inspection import depend, inspect_table
from synth.fitting.plan import Plan
from synth.fitting.refit import refit
from synth.populations import of


@pytest.fixture(scope="module")
def population(draw):
    table = make_table(draw(0))
    return of(learn(table, max_parents=2), table, title="A town")


@pytest.fixture(scope="module")
def tried(population):
    messages = []
    result = holdout_report(
        population, rows=600, target="job", progress=lambda *step: messages.append(step)
    )
    return result, messages


# -------------------------------------------------------------------- the trial


def test_a_trial_learns_from_half_and_judges_with_the_other(population, tried):
    synthetic, message = tried
    result = synthetic.report
    assert result.fidelity.rows_real == 750 and result.fidelity.rows_synthetic == 600
    assert result.privacy.control == "holdout" and result.utility[0].target == "job"
    assert len(synthetic.people) == 600 and len(synthetic.flags.kept) == 600
    assert "A generator that learned from all 1,500 people" in result.notes[0]
    assert [share for share, _ in message] == sorted(share for share, _ in message)
    assert message[0] == (0.0, "Learning from one half of the real people")
    assert message[-1] == (1.0, "Done")
    assert result.titles("has_children") == "has_children" and result.titles("land") == "Land"


def test_filtered_people_go_home_marked_as_synthetic(tried):
    synthetic, _ = tried
    kept = pyarrow.csv.read_csv(pyarrow.py_buffer(synthetic.filtered_csv()))
    assert len(kept) == len(synthetic.filtered) == synthetic.flags.kept.sum()
    assert kept.column_names[-1] == "synthetic"


def test_a_trial_learns_as_the_network_was_learned(population):
    table = rows_of(population)
    assert table.schema.names == population.schema.names
    again = refit(population.model, table, weights=False)
    assert again.digest == population.network.digest
    assert again.network.about["max_parents"] == 2


def test_what_follows_without_exception_still_follows(draw):
    frame = draw(0).assign(zone=lambda f: f["land"].map({"east": 1, "west": 2, "isle": 9}))
    frame["county"] = "county " + frame["town"].str[-1]
    plan = Plan.of(inspect_table(frame, "towns"))
    fitted = fit(frame, plan.following(*depend(make_table(frame, plan.schema).frame, plan.schema)))
    table = rows_of(fitted)
    half = make_table(table.frame.head(700), table.schema)
    again = refit(fitted.model, half, weights=False)
    assert again.schema == fitted.modelled
    people = again.given().sample(2000, seed=1)
    for of_name, name in (("land", "zone"), ("town", "county")):
        follows = frame.groupby(of_name)[name].first()
        wanted = people[of_name].astype(str).map(follows).astype(str)
        assert (wanted == people[name].astype(str)).all()


def test_weights_are_left_aside_on_both_sides(draw):
    frame = draw(0).assign(weight=lambda f: np.where(f["gender"] == "female", 9.0, 1.0))
    columns = make_table(frame).schema
    table = make_table(frame, columns.changed("weight", role="weight"))
    weighed = of(learn(table, weights="weight", max_parents=1), table, title="A town")
    assert weighed.given().marginal("gender").probabilities[0] > 0.8
    result = holdout_report(weighed, target="job")
    assert result.report.fidelity.columns["gender"][0] < 0.1
    assert "Weights (weight) are left aside" in result.report.notes[0]


def test_the_same_seed_gives_the_same_report(population, tried):
    again = holdout_report(population, rows=600, target="job")
    assert again.report.to_dict() == tried[0].report.to_dict()


def test_what_cannot_be_tried_is_said(population, draw):
    table = make_table(draw(0, 30))
    small = of(learn(table), table, title="A hamlet")
    with pytest.raises(PopulaceError, match="has 30 rows: a trial needs at least 40"):
        holdout_report(small)
    bare = replace(population, source=replace(population.source, table=None))
    with pytest.raises(PopulaceError, match="real rows of A town are not shipped"):
        rows_of(bare)


# -------------------------------------------------------------------- counts alone


@pytest.fixture(scope="module")
def counts(draw):
    return ContingencyTables.of(make_table(draw(0)))


def test_counts_alone_make_a_report(counts, draw, shuffle):
    fresh = report_of_counts(counts, draw(1))
    mixed = report_of_counts(counts, shuffle(draw(1)))
    assert fresh.quality > 95 and mixed.quality < 50
    assert dict(mixed.parts)["Pairs of columns"] < 20 < dict(mixed.parts)["Single columns"]
    assert [section.name for section in fresh.sections] == ["fidelity", "diversity", "fairness"]
    document = json.loads(json.dumps(fresh.to_dict()))
    assert "need the real rows" in document["missing"]
    html = fresh.to_html()
    assert "<script" not in html and "need the real rows" in html


def test_a_lost_rare_level_and_a_new_pair_show_in_counts(counts, draw):
    drawn = draw(1)
    result = cover(counts, counts.recount(drawn))
    assert result.rare_levels == result.rare_kept == 1
    assert result.rare_kept_reference == pytest.approx(1, abs=0.01)
    assert result.coverage == pytest.approx(result.coverage_reference, abs=0.002)
    lost = cover(counts, counts.recount(drawn[drawn["land"] != "isle"]))
    assert lost.rare_lost == (("land", "isle"),) and lost.coverage < result.coverage
    strange = drawn.assign(job="none", pay=1000.0)  # nobody without work is paid
    assert cover(counts, counts.recount(strange)).new > 0.04 > result.new


def test_cover_by_hand():
    frame = pd.DataFrame({"a": ["x"] * 600 + ["y"] * 5, "b": ["u"] * 300 + ["v"] * 305})
    real = ContingencyTables.of(make_table(frame))
    result = cover(real, real.recount(frame.iloc[:2]))  # two people: x with u
    assert (result.rare_levels, result.rare_kept) == (1, 0)
    assert result.rare_kept_reference == pytest.approx(1 - (600 / 605) ** 2)
    assert result.coverage == pytest.approx(300 / 605) and result.new == 0
    shares = [300 / 605, 300 / 605, 5 / 605]
    assert result.coverage_reference == pytest.approx(sum(p * (1 - (1 - p) ** 2) for p in shares))


def test_words_for_columns_and_levels(counts, draw):
    titles = Titles.of(make_table(draw(0)).schema)
    assert titles("land") == "Land" and titles.level("land", "far_west") == "far west"
    assert titles("beyond") == "beyond" and titles.level("beyond", "a_b") == "a_b"


@pytest.mark.parametrize(
    ("value", "best", "worst", "score"),
    [
        (0.1, 0.1, 0.5, 100),
        (0.5, 0.1, 0.5, 0),
        (0.2, 0.1, 0.5, 75),
        (0.0, 0.1, 0.5, 100),
        (0.9, 0.1, 0.5, 0),
        (0.1, 0.1, 0.1, 100),
        (0.3, 0.1, 0.1, 0),
    ],
)
def test_scaled_by_hand(value, best, worst, score):
    assert scaled(value, best, worst) == pytest.approx(score)
