"""The correlations page: three squares, in either order; those asked for beside everyone."""

import re
from html import unescape

import pytest

from synth.evaluate.association import associations


def heads(app):
    bodies = " ".join(part.proto.body for part in app.get("html"))
    return [unescape(text) for text in re.findall("<h2>(.*?)</h2>", bodies)]


@pytest.mark.parametrize("population", ["US time use, 2003–16", "French hobbies, 2003"])
def test_real_synthetic_and_difference_stand_side_by_side(visit, population):
    app = visit("correlations", population=population)
    assert heads(app) == [
        "Real people",
        "Synthetic people",
        "Difference: synthetic less real",
    ]
    assert len(app.get("plotly_chart")) == 3
    app.selectbox(key="arrange").set_value("as in the table").run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 3


def test_facts_are_beside_everyone_and_the_page_says_how_much_differs(visit):
    app = visit("correlations", gender="female")
    assert heads(app) == ["Women", "Everyone", "Difference: the first less everyone"]
    (text,) = [
        part.proto.body
        for part in app.get("html")
        if 'class="pp-say pp-finding"' in part.proto.body
    ]
    assert "in Women" in text and "95% " in text
    assert any("Estimated: 30,000 synthetic people" in caption.value for caption in app.caption)


def test_the_finding_names_the_strongest_pair_of_the_real_people(visit):
    app = visit("correlations")
    population = app.session_state["the choice"].population
    a, b, value = associations(population.contingency).strongest(below=0.99)
    (text,) = [
        part.proto.body
        for part in app.get("html")
        if 'class="pp-say pp-finding"' in part.proto.body
    ]
    for words in (population.modelled[a].title, population.modelled[b].title, f"{value:.2f} among"):
        assert words in text
