"""Giving a talk: stepping through it, editing it, its second window and its loop."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.talk import kept_people, presenter
from pages.talk import slides as lists
from pages.talk.stages import Stages, stages
from synth.data.evidence import Between, OneOf
from synth.populations import load
from synth.talk import Slide, Talk, from_json, to_json


def current_choice(app):
    return app.session_state["the choice"]


def press(app, key):
    app.button(key=key).click().run()
    assert not app.exception


def start(app, talk):
    """As "Start with the first" does."""
    app.session_state["talk"] = talk
    app.session_state["presenting"] = 0
    app.session_state["slide to open"] = talk.slides[0]
    app.run()
    assert not app.exception


def _list_page():
    from pages.shared import sidebar
    from pages.shared.choice import current
    from pages.talk import presenter

    sidebar.show()
    presenter.manage(current())


@pytest.fixture
def the_list(visit):
    """The list's dialog, open all the time."""
    visit()
    return AppTest.from_function(_list_page, default_timeout=120).run()


def test_a_talk_ships_with_every_population():
    talk = lists.shipped("us-time-use")
    assert len(talk.slides) >= 12
    assert {"network", "portraits", "report", "survey"} <= {each.page for each in talk.slides}
    assert from_json(to_json(talk), lists.PLACES) == talk
    other = lists.shipped("french-hobbies", "Hobbies in France")
    assert all(item.link[0] == ("population", "Hobbies in France") for item in other.slides)
    assert lists.shipped("own-123", "Mine").slides


def test_a_talk_from_the_first_question_to_its_end(visit):
    app = visit(gender="female", seed="3")
    press(app, "present")
    assert [button for button in app.button if str(button.key) == "question-0"]
    start(app, lists.shipped("us-time-use"))
    assert not current_choice(app).evidence and current_choice(app).seed != 3
    press(app, "present-next")
    assert dict(current_choice(app).evidence) == {
        "gender": OneOf(("female",)),
        "marital": OneOf(("married",)),
        "age": Between(25, 45),
    }
    press(app, "present-back")
    assert not current_choice(app).evidence
    headline = next(each.value for each in app.html if each.value.startswith("<h1"))
    assert "Six Americans" in headline
    press(app, "present-page-down")
    assert current_choice(app).evidence
    press(app, "present-home")
    assert not current_choice(app).evidence
    token = app.session_state["stage token"]
    assert stages().get(token).at == 0
    press(app, "present-leave")
    assert stages().get(token) is None
    assert not [button for button in app.button if str(button.key) == "present-next"]


@pytest.mark.parametrize("population", ["us-time-use", "french-hobbies"])
def test_every_shipped_question_about_people_has_an_answer(visit, population):
    app = visit()
    talk = lists.shipped(population, load(population).title)
    start(app, talk)
    about = [each for each in talk.slides if each.page == "profiles"]
    assert list(talk.slides[: len(about)]) == about
    for number, each in enumerate(about):
        if number:
            press(app, "present-next")
        facts = [pair for pair in each.link if pair[0] not in ("population", "people", "seed")]
        requested = {name for name, _ in facts}
        assert current_choice(app).posterior is not None, each.title
        assert set(current_choice(app).evidence) == requested, each.title
        assert current_choice(app).population.name == population


def test_questions_are_added_ordered_and_deleted(the_list):
    app = the_list
    app.multiselect(key="gender").set_value(["male"])
    app.slider(key="age").set_range(70, 85)
    app.number_input(key="seed").set_value(5).run()
    count = len(lists.shipped("us-time-use").slides)
    app.text_input(key="present-title").set_value("Old men")
    next(button for button in app.button if button.label == "Add").click()
    app.run()
    questions = app.session_state["talk"].slides
    assert len(questions) == count + 1 and questions[-1].title == "Old men"
    assert questions[-1].address == "/profiles?gender=male&age=70&age=85&seed=5"
    assert not app.exception
    press(app, f"question-Move up-{count}")
    assert app.session_state["talk"].slides[-2].title == "Old men"
    press(app, "question-delete-0")
    assert len(app.session_state["talk"].slides) == count
    press(app, "present-shipped")
    assert "talk" not in app.session_state
    press(app, "question-1")
    assert app.session_state["presenting"] == 1


def test_hostile_links_in_the_list_are_ignored_where_they_are_wrong(visit):
    app = visit()
    link = (
        ("gender", "<script>"),
        ("age", "nan"),
        ("age", "inf"),
        ("people", "99999999999999999999"),
        ("seed", "-3"),
        ("population", "nobody"),
        ("marital", "married"),
        ("has_children", "perhaps"),
    )
    start(app, Talk((Slide("evil", "profiles", link),)))
    requested = current_choice(app)
    assert str(requested.evidence) == "marital=married"
    assert requested.population.name == "us-time-use"
    assert 1 <= requested.people <= 60


def test_the_second_window_follows_the_stage():
    talk, other = Talk((Slide("a"), Slide("b"))), Stages()
    assert other.get("t") is None
    other.show("t", talk, 0)
    began = other.get("t").began
    other.show("t", talk, 1)
    assert other.get("t").at == 1 and other.get("t").began == began
    other.restart("t")
    assert other.get("t").began >= began
    for number in range(300):
        other.show(str(number), talk, 0)
    assert other.get("t") is None and other.get("299").at == 0
    other.end("299")
    assert other.get("299") is None


def test_a_window_for_notes_shows_nothing_else(visit):
    stages().show("the-token", Talk((Slide("Now", notes="Say <this>."), Slide("Then"))), 0)
    app = visit(notes="the-token")
    shown = " ".join(each.value for each in app.html)
    assert "Say &lt;this&gt;." in shown and "Now" in shown and "Then" in shown
    assert not app.multiselect and not app.sidebar.selectbox
    stages().end("the-token")
    assert "No talk is on" in " ".join(each.value for each in visit(notes="the-token").html)


def test_a_kiosk_begins_by_itself_and_turns(visit):
    app = visit(kiosk="20")
    assert app.session_state["presenting"] == 0
    app.session_state["slide turned at"] = 0.0
    app.run()
    assert app.session_state["presenting"] == 1 and current_choice(app).evidence


def test_who_leaves_a_kiosk_has_left_it(visit):
    app = visit(kiosk="20")
    press(app, "present-leave")
    assert app.session_state["presenting"] is None and "kiosk" not in app.query_params
    assert app.run().session_state["presenting"] is None


def test_on_stage_a_page_shows_as_many_pictures_as_fit_and_says_so(monkeypatch):
    lines = []
    monkeypatch.setattr(presenter.st, "html", lines.append)
    assert len(presenter.tiles(range(17))) == 17 and lines == []
    monkeypatch.setattr(presenter, "is_on", lambda: True)
    assert list(presenter.tiles(range(17))) == [0, 1, 2, 3, 4, 5]
    assert "6 of 17 columns" in lines.pop()
    assert len(presenter.tiles(range(6))) == 6 and lines == []


@pytest.mark.parametrize("seconds", ["x", "-1", "", "9" * 9])
def test_a_kiosk_without_seconds_is_none(visit, seconds):
    assert "presenting" not in visit(kiosk=seconds).session_state


def test_people_that_are_kept_travel_in_the_link(visit):
    texts = ["us-time-use~8~2~gender=female", "us-time-use~8~4~"]
    hostile = ["", "x~y", "nobody~1~1~", "us-time-use~1~999~", "us-time-use~1~1~age=old"]
    app = visit(kept=[*texts, *hostile][:6])
    cards = app.session_state["kept people"].values()
    assert [card.choice.question for card in cards] == ["Women", "Everybody"]
    assert all(card.profile.facts.gender == "female" for card in list(cards)[:1])
    assert [kept_people._text(card) for card in cards] == texts
