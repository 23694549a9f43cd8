"""The interests page: those asked for, groups side by side, and the paper's two experiments."""

import json

import numpy as np
import pandas as pd
import pytest

from pages.shared import loaders
from synth import populations
from synth.bayes import learn
from synth.data.contingency import share_intervals
from synth.data.evidence import Evidence
from synth.data.table import make_table

FRENCH = "French hobbies, 2003"


def heads(app):
    return [
        part.proto.body for part in app.get("html") if '<div class="pp-column">' in part.proto.body
    ]


def figure(app, at=0):
    return json.loads(app.get("plotly_chart")[at].proto.spec)


def test_those_asked_for(visit):
    app = visit("interests", gender="female")
    assert len(app.get("plotly_chart")) == 1
    assert any("TVD" in head and "Women" in head for head in heads(app))


def test_real_and_synthetic_shares_have_their_intervals(visit):
    app = visit("interests", gender="female")
    real, synthetic, exact = figure(app)["data"]
    reference = loaders.population("us-time-use").contingency
    schema = loaders.population("us-time-use").modelled
    counts = reference.under(Evidence.parse("gender=female", schema)).marginal("top1")
    low, high = share_intervals(np.sort(counts)[::-1])
    assert "error_x" not in exact
    assert [text[1] for text in real["customdata"]] == [
        f"{a:.1%} to {b:.1%}" for a, b in zip(low, high, strict=True)
    ]
    assert synthetic["error_x"]["symmetric"] is False


def test_keywords_are_told_on_hover(visit):
    app = visit("interests")
    population = loaders.population("us-time-use")
    message = " ".join(text[0] for text in figure(app)["data"][0]["customdata"])
    assert all(words[0] in message for words in population.keywords.values())


def test_groups_stand_side_by_side(visit):
    app = visit("interests")
    app.selectbox(key="group").set_value("marital").run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    drawn = [trace for trace in figure(app)["data"] if trace["mode"] == "markers"]
    names = [trace["name"] for trace in drawn]
    assert len(names) == 10 and sum("real people" in name for name in names) == 5
    levels = len(loaders.population("us-time-use").contingency.labels("top1"))
    assert all(len(trace["x"]) == levels for trace in drawn)


def test_the_interest_that_differs_most_stands_on_top_and_is_said(visit):
    app = visit("interests")
    app.selectbox(key="group").set_value("gender").run()
    population = loaders.population("us-time-use")
    shares = [
        population.given(population.evidence(f"gender={gender}")).marginal("top1").probabilities
        for gender in ("female", "male")
    ]
    apart = np.sort(np.abs(shares[0] - shares[1]))[::-1]
    a, b = (
        t["x"] for t in figure(app)["data"] if t["mode"] == "markers" and "real" not in t["name"]
    )
    assert np.abs(np.subtract(a, b)) == pytest.approx(apart)
    text = " ".join(part.proto.body for part in app.get("html") if "pp-say" in part.proto.body)
    assert f"{max(a[0], b[0]):.1%} of" in text and f"{min(a[0], b[0]):.1%} of" in text


def test_numbers_are_grouped_into_ranges_of_equal_share(visit):
    app = visit("interests")
    app.selectbox(key="group").set_value("age").run()
    assert not app.exception
    drawn = [trace for trace in figure(app)["data"] if trace["mode"] == "markers"]
    names = [trace["name"] for trace in drawn if "real people" not in trace["name"]]
    assert len(names) == 4 and all("aged" in name for name in names)


def test_the_papers_experiments_are_one_click_each(visit):
    app = visit("interests", education="doctoral degree")
    app.button(key="experiment-gender").click().run()
    assert not app.exception
    assert str(app.session_state["the choice"].evidence) == "gender=female"
    assert app.session_state["rank"] == "top3"
    app.button(key="experiment-marital").click().run()
    assert str(app.session_state["the choice"].evidence) == "marital=married"
    assert app.session_state["rank"] == "top1"


@pytest.mark.parametrize("rank", ["top1", "top2", "top3"])
def test_the_french_have_interests_too(visit, rank):
    app = visit("interests", population=FRENCH)
    app.session_state["rank"] = rank
    app.selectbox(key="group").set_value("gender").run()
    assert not app.exception
    drawn = [trace for trace in figure(app)["data"] if trace["mode"] == "markers"]
    assert sum("real people" not in trace["name"] for trace in drawn) == 2


def test_where_rows_ship_real_people_are_counted_under_any_facts(visit):
    app = visit("interests", population=FRENCH, gender="female", reading="yes")
    table = loaders.population("french-hobbies").table
    people = ((table.frame["gender"] == "female") & table.frame["reading"]).sum()
    assert f"{people:,} real people" in heads(app)[0]


def test_where_they_do_not_two_facts_are_told_of_by_the_synthetic_alone(visit):
    app = visit("interests", gender="female", marital="married")
    assert "no real counts" in heads(app)[0]
    assert "error_x" in figure(app)["data"][1]


def test_a_population_without_interests_says_so(visit):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.integers(0, 3, 300), "b": rng.choice(["x", "y"], 300)})
    table = make_table(frame)
    plain = populations.of(learn(table, restarts=0), table, title="Plain")
    app = visit("interests")
    app.session_state[loaders._OWN] = {plain.name: plain}
    app.session_state[loaders._CHOSEN] = plain.name
    app.run()
    assert not app.exception
    assert "no columns of interests" in app.info[0].value
    assert not app.get("plotly_chart")


def test_interests_of_ones_own_have_no_keywords_and_no_experiments(visit):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "top1": rng.choice(["chess", "go"], 300),
            "pay": np.where(rng.random(300) < 0.2, np.nan, rng.gamma(2, 100, 300).round(2)),
            "marital": rng.choice(["single", "other"], 300),
        }
    )
    table = make_table(frame)
    own = populations.of(learn(table, restarts=0), table, title="Own")
    app = visit("interests")
    app.session_state[loaders._OWN] = {own.name: own}
    app.session_state[loaders._CHOSEN] = own.name
    app.run()
    assert not app.exception
    assert not [b for b in app.button if str(b.key).startswith("experiment")]
    app.selectbox(key="group").set_value("pay").run()
    assert not app.exception
    drawn = [trace for trace in figure(app)["data"] if trace["mode"] == "markers"]
    assert sum("real people" not in trace["name"] for trace in drawn) == 5
