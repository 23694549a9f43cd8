"""The sidebar's "Which people" and the profiles page's "whom to draw": pages follow, links hold."""

import pytest

from pages.shared import which_people
from synth.generators.rare import RareConditional
from synth.populations.as_written import canonical


def chosen(app):
    return app.session_state["the choice"]


def bodies(app):
    return " ".join(part.proto.body for part in app.get("html"))


def test_targets_of_a_link_are_followed_and_kept(visit):
    line = "gender=female:.8|male:.2"
    app = visit("marginals", population="French hobbies, 2003", targets=line)
    choice = chosen(app)
    assert choice.population.given().marginal("gender")["female"] == pytest.approx(0.8, abs=1e-9)
    assert ("targets", line) in choice.link
    assert "with your targets" in bodies(app)
    assert any("bits a person" in caption.value for caption in app.sidebar.caption)
    app.switch_page("pages/network/page.py").run()
    assert not app.exception
    assert any("as it was learned" in caption.value for caption in app.caption)


def test_targets_that_cannot_be_met_are_said_and_left_aside(visit):
    app = visit(population="French hobbies, 2003", targets="gender=female:.8|male:.1|x:.1")
    assert "x" in app.sidebar.warning[0].value
    assert chosen(app).population is chosen(app).base


def test_a_population_is_read_as_the_survey_weights_say(visit):
    app = visit("marginals", which="Weighted to the US population")
    choice = chosen(app)
    if not choice.base.survey:
        pytest.skip("the shipped population has no targets.json")
    target = choice.base.survey[1]
    for cell, share in zip(target.cells, target.shares, strict=True):
        assert choice.population.given(cell).probability == pytest.approx(share, abs=1e-6)
    assert ("which", "Weighted to the US population") in choice.link
    assert "weighted to the US population" in bodies(app)


def test_refined_people_are_estimates_everywhere(visit):
    app = visit("marginals", gender="female", which=which_people.REFINED)
    choice = chosen(app)
    if choice.base.refinement is None:
        pytest.skip("the shipped population has no refinement")
    assert not choice.exact
    assert "estimated" in bodies(app) and "exact posterior" not in bodies(app)
    assert all(caption.value != "Exact." for caption in app.caption)


@pytest.mark.parametrize("page", ["correlations", "interests", "report"])
def test_every_page_says_that_refined_people_are_estimates(visit, page):
    app = visit(page, population="French hobbies, 2003", gender="female")
    if chosen(app).base.refinement is None:
        pytest.skip("the shipped population has no refinement")
    assert "estimated" not in bodies(app)
    app.sidebar.radio(key=which_people.READING).set_value(which_people.REFINED).run()
    assert not app.exception
    assert not chosen(app).exact
    assert "estimated" in bodies(app)


def test_rare_people_come_more_often_and_say_so(visit):
    app = visit(population="French hobbies, 2003", rarity="rare people more often")
    assert any("proportion to p^0.3" in caption.value for caption in app.caption)
    app = visit(population="French hobbies, 2003")
    assert not any("proportion to" in caption.value for caption in app.caption)
    assert not isinstance(canonical(chosen(app).conditional), RareConditional)


def test_everyone_comes_once(visit):
    app = visit(population="French hobbies, 2003")
    key = f"every-{chosen(app).population.digest[:8]}"
    app.multiselect(key=key).set_value(["gender", "marital"]).run()
    assert not app.exception
    assert any("each of 10 combinations" in caption.value for caption in app.caption)
