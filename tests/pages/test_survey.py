"""The survey's page: made by a presenter, joined by a participant, and nothing else on a phone."""

import pytest
import streamlit as st

from pages.shared import qr
from pages.survey import live
from synth.survey import PAPER, Item, Person, Store, Survey, results
from synth.talk import Slide, Talk

CODE = "ABCDEF"


@pytest.fixture
def store(monkeypatch, tmp_path):
    path = tmp_path / "surveys.sqlite"
    monkeypatch.setenv("POPULACE_SURVEYS", str(path))
    store = Store(f"sqlite:///{path}")
    yield store
    store.close()


@pytest.fixture
def survey(store):
    people = tuple(Person(n, ("female", "male")[n], 30, "White") for n in range(2))
    survey = Survey(CODE, "Everybody", "US", "", 8, "Only <answers>.", ("all",), people)
    store.add(survey, {Item(n, "all"): f"<p>profile {n}</p>" for n in range(2)}, "o" * 24)
    return survey


def html(app):
    return " ".join(each.value for each in app.html)


def everything(app):
    """All that the server sends to be shown, as text."""
    return " ".join(str(getattr(node, "proto", "")) for node in app._tree)


def parameter(app, name):
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def test_a_participant_agrees_answers_each_profile_once_and_learns_the_truth(visit, store, survey):
    app = visit(join="abc-def")
    assert "Only &lt;answers&gt;." in html(app)
    assert not app.sidebar.selectbox and not app.multiselect
    app.button(key="survey-begin").click().run()
    token = parameter(app, "me")
    for item, words in zip(survey.items(token), ("yes", "no"), strict=True):
        assert f"profile {item.number}" in html(app)
        app.button(key=f"survey-{words}-{item.number}").click().run()
    assert "none of these people" in html(app)
    votes = store.votes(CODE)
    assert [vote.believed for vote in votes] == [True, False]
    again = visit(join=CODE, me=token)
    assert "none of these people" in html(again) and len(store.votes(CODE)) == 2


def test_a_closed_survey_and_one_that_is_not_there_say_so(visit, store, survey):
    store.close_survey(CODE)
    assert "closed" in html(visit(join=CODE))
    assert "no survey" in visit(join="ZZZZZZ").warning[0].value


def test_a_presenter_makes_a_survey_and_finds_it_again(visit, store):
    app = visit("survey", seed="3")
    assert f"{PAPER:.0%}" in html(app)
    app.slider(key="survey-count").set_value(2)
    next(each for each in app.button if each.label == "Make the survey").click().run()
    assert not app.exception
    lead = parameter(app, "lead")
    synthetic = store.of_owner(lead)
    assert (
        len(synthetic.people) == 2
        and synthetic.seed == 3
        and "Nobody has answered yet" in html(app)
    )
    assert synthetic.code in html(app) and "data:image/svg" in html(app)
    assert "synthetic" not in store.shown(synthetic.code, Item(0, "all")).lower()
    store.vote(synthetic.code, "somebody-with-a-phone", 0, believed=True)
    app.run()
    assert "100%" in html(app)
    app.button(key="survey-close").click().run()
    assert store.get(synthetic.code).is_closed
    app.button(key="survey-new").click().run()
    assert store.of_owner(lead) is not None and "survey-close" not in [b.key for b in app.button]


def test_the_chart_has_a_row_for_each_group_and_the_papers_line(store, survey):
    store.vote(CODE, "somebody-with-a-phone", 0, believed=True)
    drawn = live.figure(results(survey, *store.counts(CODE)))
    assert list(drawn["data"][0]["x"]) == [1.0, 1.0]  # everybody and women; no man was seen
    assert drawn["layout"]["shapes"][0]["x0"] == PAPER
    assert "male · 0 of 0" in drawn["layout"]["yaxis"]["ticktext"]


def test_no_code_and_no_link_on_stage_carries_who_leads_or_who_answers(
    visit, store, survey, monkeypatch
):
    lead, me = "o" * 24, "m" * 24
    address = f"https://people.example/survey?lead={lead}&me={me}&gender=female"
    monkeypatch.setattr(type(st.context), "url", property(lambda _: address))
    coded = []
    image = qr.image
    monkeypatch.setattr(qr, "image", lambda link, words: coded.append(link) or image(link, words))
    app = visit("survey", lead=lead, me=me, gender="female")
    assert parameter(app, "lead") == lead and f"?join=<b>{CODE}</b>" in html(app)
    app.session_state["talk"] = Talk((Slide("Are they real?", "survey"), Slide("All", "profiles")))
    app.session_state["presenting"] = 0
    app.run()
    shown = everything(app)
    assert "notes=" in shown  # the link of the second window
    app.session_state["presenting"] = None
    app.switch_page("pages/profiles/page.py").run()
    shown += everything(app)
    assert "people.example/" in shown  # "share this view"
    assert "pp-qr" not in html(app)  # its code takes as long as a sidebar, and few open it
    app.session_state["share"] = True
    app.button(key="present").click().run()
    assert "pp-qr" in html(app)
    shown += everything(app)
    assert "<iframe src=" in shown
    assert any(f"join={CODE}" in link for link in coded)
    assert any("gender=female" in link for link in coded)
    for words in (shown, *coded):
        assert lead not in words and me not in words
