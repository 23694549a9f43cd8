import re

import pytest

from pages.shared import comparison, loaders
from synth.data.evidence import Evidence, OneOf


def heads(app):
    bodies = " ".join(part.proto.body for part in app.get("html"))
    return re.findall(r'class="pp-column"><h2>(.*?)</h2><p>(.*?)</p>', bodies)


def test_every_column_stands_beside_the_real_one(visit):
    app = visit("marginals")
    columns = loaders.population("us-time-use").modelled.columns
    shown = heads(app)
    assert len(shown) == len(columns)
    assert all(distance.startswith("TVD") for _, distance in shown)
    assert len(app.get("plotly_chart")) == len(columns)


def test_the_french_stand_beside_the_real_french(visit):
    app = visit("marginals", population="French hobbies, 2003", reading="yes")
    requested = app.session_state["the choice"]
    assert requested.population.name == "french-hobbies"
    assert str(requested.evidence) == "reading=yes"
    assert all(distance.startswith("TVD") for _, distance in heads(app))
    assert len(heads(app)) == len(requested.population.modelled.columns)


def test_under_one_fact_real_people_are_counted_too(visit):
    app = visit("marginals", gender="female")
    assert all(distance.startswith("TVD") for _, distance in heads(app))


def test_under_two_facts_the_page_says_why_no_real_people_are_shown(visit):
    app = visit("marginals", gender="female", marital="married")
    assert {distance for _, distance in heads(app)} == {"no real counts"}
    assert "one fact at a time" in app.info[0].value
    app.get("button_group")
    app.session_state["whom"] = "everyone"
    app.run()
    assert not app.exception
    assert all(distance.startswith("TVD") for _, distance in heads(app))


def test_columns_are_sorted_and_found(visit):
    app = visit("marginals")
    app.selectbox(key="order").set_value("farthest first").run()
    result = [float(re.search(r"<b>(.*?)</b>", distance)[1]) for _, distance in heads(app)]
    assert result == sorted(result, reverse=True)
    app.text_input(key="find").set_value("gardening").run()
    assert 0 < len(heads(app)) <= 3
    app.text_input(key="find").set_value("<nothing like it>").run()
    assert not app.exception
    assert not heads(app)
    assert app.info


def test_every_level_of_a_long_column_opens_in_a_dialog(visit):
    app = visit("marginals", find="top1")
    before = len(app.get("plotly_chart"))
    app.button(key="all-top1").click()
    app.run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == before + 1


def test_the_facts_survive_the_way_to_another_page(visit):
    app = visit("marginals", gender="female", age=["25", "45"])
    assert str(app.session_state["the choice"].evidence) == "gender=female,age=25..45"
    app.switch_page("pages/profiles/page.py").run()
    assert str(app.session_state["the choice"].evidence) == "gender=female,age=25..45"


def test_distances_are_those_of_the_library():
    evidence = Evidence({"gender": OneOf(("female",))})
    results = {
        each.column.name: each
        for each in comparison.compare(loaders.population("us-time-use"), evidence, 3)
    }
    gender = results["gender"]
    assert gender.tvd == pytest.approx(0)
    assert gender.synthetic.sum() == comparison.PEOPLE
    assert results["marital"].tvd < 0.03
    assert results["marital"].exact is not None
    assert results["marital"].exact.sum() == pytest.approx(1)
