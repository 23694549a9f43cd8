"""Quotas, everyone once and readings, beside sums over whole people."""

import itertools

import numpy as np
import pandas as pd
import pytest

from synth import populations
from synth.bayes.learning import NetworkLearner
from synth.data.evidence import Evidence
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.generators.calibrated import parse_target, read_target_csv, split_lines, target_line
from synth.generators.rare import WEIGHT, WEIGHT_WORDS, weighing
from synth.populations.as_written import canonical
from synth.populations.reading import Reading, calibration
from synth.populations.strata import both, combinations, every, quotas


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(5)
    sex = rng.choice(["f", "m"], 3000, p=[0.4, 0.6])
    area = np.where(sex == "f", rng.choice(["n", "s", "w"], 3000), rng.choice(["n", "s"], 3000))
    work = np.where(rng.random(3000) < np.where(area == "n", 0.8, 0.3), "a", "b")
    frame = pd.DataFrame(
        {"sex": sex, "area": area, "work": work, "age": rng.integers(18, 60, 3000)}
    )
    table = make_table(frame)
    network = NetworkLearner(score="k2", seed=0).fit(table).network_
    return populations.of(network, table, title="Some people")


def enumerated(network, names):
    """The joint distribution of some columns, by a sum over every combination of codes."""
    order = list(network.codings)
    sizes = [network.codings[name].size for name in order]
    joint = {}
    for codes in itertools.product(*map(range, sizes)):
        at = dict(zip(order, codes, strict=True))
        share = 1.0
        for name in order:
            share *= network.tables[name][(*(at[p] for p in network.parents[name]), at[name])]
        key = tuple(at[name] for name in names)
        joint[key] = joint.get(key, 0.0) + share
    return {key: share for key, share in joint.items() if share > 0}


def test_combinations_are_those_of_a_sum_over_everybody(people):
    combined = combinations(people, Evidence(), ("sex", "area", "work"))
    codings = people.network.codings
    joint = enumerated(people.network, ("sex", "area", "work"))
    assert len(combined) == len(joint)
    shares = {
        Evidence(
            {n: codings[n].fact(c) for n, c in zip(("sex", "area", "work"), key, strict=True)}
        ): p
        for key, p in joint.items()
    }
    for facts, share in combined:
        assert share == pytest.approx(shares[facts], abs=1e-9)


def test_everyone_comes_once_and_weighs_what_they_are(people):
    synthetic = every(people, people.evidence("age=..40"), ("sex", "area"))
    rows = synthetic.sample(synthetic.rows, 3)
    assert len(rows) == synthetic.rows == len(rows[["sex", "area"]].drop_duplicates())
    assert (rows["age"] <= 40).all()
    assert np.exp(rows[WEIGHT]).mean() == pytest.approx(1, abs=1e-9)
    pd.testing.assert_frame_equal(
        rows.iloc[2:5].reset_index(drop=True), synthetic.sample(3, 3, start=2)
    )
    more = every(people, Evidence(), ("sex", "area"), rows=2000).sample(2000, 1)
    truth = people.given().marginal("work")["a"]
    weights = np.exp(more[WEIGHT])
    assert (weights * (more["work"] == "a")).mean() == pytest.approx(truth, abs=0.06)
    table = synthetic.sample_arrow(synthetic.rows, 3)
    assert b"log_weight" in table.schema.metadata


def test_what_everyone_cannot_cover_is_said(people):
    with pytest.raises(PopulaceError, match="at least as many rows"):
        every(people, Evidence(), ("sex", "area"), rows=2)
    with pytest.raises(PopulaceError, match="more than 3"):
        combinations(people, Evidence(), ("sex", "area"), most=3)
    with pytest.raises(PopulaceError, match="name one"):
        combinations(people, Evidence(), ())


def test_quotas_are_whole_numbers(people):
    quota = quotas(people, people.evidence("work=a"), ["sex,age=f,..30:20|m,31..:5|f,31..:0"])
    rows = quota.sample(quota.rows, 9)
    assert len(rows) == 25 and (rows["work"] == "a").all()
    assert ((rows["sex"] == "f") & (rows["age"] <= 30)).sum() == 20
    assert ((rows["sex"] == "m") & (rows["age"] > 30)).sum() == 5
    with pytest.raises(PopulaceError, match="no more"):
        quota.sample(26)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["sex=f:.5|m:.5"], "whole numbers"),
        (["sex=f:0"], "asks for nobody"),
        (["sex=f:1", "work=a:1"], "One quota at a time"),
        (["sex,area=m,w:3"], "m"),
    ],
)
def test_quotas_that_cannot_be_kept(people, lines, words):
    with pytest.raises(PopulaceError, match=words):
        quotas(people, Evidence(), lines)


@pytest.mark.parametrize(
    ("a", "b", "out"),
    [
        ("age=..40", "age=30..", "age=30..40"),
        ("sex=f|m", "sex=m", "sex=m"),
        ("age=..40", "age=35|50", "age=35"),
    ],
)
def test_facts_about_one_column_hold_together(people, a, b, out):
    assert str(both(people.evidence(a), people.evidence(b))) == out


def test_facts_that_exclude_each_other(people):
    with pytest.raises(PopulaceError, match="exclude"):
        both(people.evidence("age=..30"), people.evidence("age=31.."))


def test_a_reading_without_changes_is_the_population_itself(people):
    assert Reading().population(people) is people
    with pytest.raises(PopulaceError, match="no survey weights"):
        Reading("weighted").population(people)
    with pytest.raises(PopulaceError, match="refinement"):
        Reading("refined").population(people)


def test_independent_columns_stay_as_common_as_they_are(people):
    read = Reading(targets=("work independent of area",)).population(people)
    before, after = canonical(people.given()), canonical(read.given())
    joint = after.joint("work", "area")
    assert joint == pytest.approx(np.outer(before.codes("work"), before.codes("area")), abs=1e-9)
    synthetic = calibration(read)
    assert synthetic.bits > 0 and 0 < synthetic.effective_share < 1


def test_what_a_target_costs_is_what_a_sum_over_everybody_says(people):
    read = Reading(targets=("sex=f:.8|m:.2",)).population(people)
    p = people.given().marginal("sex")["f"]
    synthetic = calibration(read)
    assert synthetic.bits == pytest.approx(
        0.8 * np.log2(0.8 / p) + 0.2 * np.log2(0.2 / (1 - p)), abs=1e-9
    )
    assert synthetic.effective_share == pytest.approx(1 / (0.64 / p + 0.04 / (1 - p)), abs=1e-9)


def test_survey_margins_travel_in_a_folder_and_give_way_to_targets(people, tmp_path):
    from dataclasses import replace

    margins = (parse_target("sex=f:.7|m:.3", people.modelled),)
    written = populations.write(
        replace(people, survey=margins, survey_title="the town"), tmp_path / "pop"
    )
    assert written.survey == margins and written.survey_title == "the town"
    weighted = Reading("weighted").population(written)
    assert weighted.given().marginal("sex")["f"] == pytest.approx(0.7, abs=1e-9)
    own = Reading("weighted", targets=("sex=f:.1|m:.9",)).population(written)
    assert own.given().marginal("sex")["f"] == pytest.approx(0.1, abs=1e-9)
    (tmp_path / "pop" / "targets.json").write_text("[1")
    with pytest.raises(PopulaceError, match="damaged"):
        populations.load(tmp_path / "pop")


@pytest.mark.parametrize(
    "line", ["sex=f:0.5|m:0.5", "sex,area=f,n:0.25|m,s:0.75", "age=..30:0.4|31..:0.6"]
)
def test_targets_are_written_as_they_are_read(people, line):
    target = parse_target(line, people.modelled)
    assert target_line(target, people.modelled) == line
    assert split_lines(f"{line} ; {line}") == (line, line)


def test_counts_of_two_columns_are_read(people):
    target = read_target_csv(
        "sex,age,count\nf,18-30,10\nf,18..30,10\nm,31-59,60\n", people.modelled
    )
    assert [str(cell) for cell in target.cells] == ["sex=f,age=18..30", "sex=m,age=31..59"]
    assert target.shares == (0.25, 0.75)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sex\nf\n", "has a head"),
        ("sex,count\nf,1,2\n", "mend it"),
        ("sex,count\nf,x\n", "no number"),
        ("sex,count\nq,1\n", "q"),
        ("nobody,count\nq,1\n", "nobody"),
    ],
)
def test_counts_that_cannot_be_read(people, text, words):
    with pytest.raises(PopulaceError, match=words):
        read_target_csv(text, people.modelled)


def test_weighted_means_of_rare_people_lie_in_their_intervals(people):
    """95% intervals hold the truth for at least 90 of 100 seeds."""
    truth = people.given().marginal("work")["a"]
    rare = canonical(people.with_rarity(0.6).given())
    hits = 0
    for seed in range(100):
        rows = rare.weighted(400, seed)
        values = np.exp(rows[WEIGHT].to_numpy()) * (rows["work"] == "a").to_numpy()
        hits += abs(values.mean() - truth) < 1.96 * values.std(ddof=1) / np.sqrt(len(values))
    assert hits >= 90
    worth = 400 * rare.effective_share
    assert f"400 rows are worth about {worth:,.0f} plain ones." in weighing(rare, 400)
    assert "too few to go by" in weighing(rare, 20)
    assert weighing(canonical(people.given()), 400) == WEIGHT_WORDS
