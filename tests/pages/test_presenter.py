"""Saved questions: files from strangers, and stepping through a talk."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from pages.talk import slides as lists
from synth.data.evidence import Between, OneOf
from synth.errors import PopulaceError
from synth.populations import load


def made(app):
    return app.session_state["the choice"]


def press(app, key):
    app.button(key=key).click().run()
    assert not app.exception


def start(app, questions):
    """As "Start with the first" does."""
    app.session_state["questions"] = questions
    app.session_state["presenting"] = 0
    app.session_state["question to open"] = questions[0]
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


def test_a_list_is_written_and_read_again():
    questions = lists.shipped("us-time-use")
    assert len(questions) >= 8
    assert lists.from_json(lists.to_json(questions)) == questions
    other = lists.shipped("french-hobbies", "Hobbies in France")
    assert all(one.link[0] == ("population", "Hobbies in France") for one in other)
    assert lists.shipped("own-123", "Mine")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[" * 5000,
        b"{}",
        b"[]",
        b'{"format": "populace-questions/1", "questions": []}',
        b'{"format": "populace-questions/1", "questions": [3]}',
        b'{"format": "populace-questions/1", "questions": [{"title": 3, "link": "/"}]}',
        b'{"format": "populace-questions/1", "questions": {"a": 1}}',
        b" " * 200_000,
    ],
)
def test_files_that_are_no_list_are_refused_in_a_sentence(data):
    with pytest.raises(PopulaceError) as told:
        lists.from_json(data)
    assert str(told.value).endswith(".") and len(str(told.value)) < 200


@pytest.mark.parametrize(
    ("title", "link"),
    [
        ("", "/"),
        ("x" * 200, "/"),
        ("evil", "https://example.org/"),
        ("evil", "//example.org/marginals"),
        ("evil", "javascript:alert(1)"),
        ("evil", "/etc/passwd"),
        ("evil", "/?" + "&".join(f"a{n}=1" for n in range(100))),
        ("evil", "/?a=" + "x" * 500),
        ("evil", "/\x00"),
    ],
)
def test_hostile_questions_are_refused(title, link):
    file = {"format": lists.FORMAT, "questions": [{"title": title, "link": link}]}
    with pytest.raises(PopulaceError):
        lists.from_json(json.dumps(file).encode())


def test_what_a_file_cannot_set_is_left_out():
    entry = {
        "title": "a\u202eb\n  c",
        "link": "/interests?x=1",
        "view": {"group": "g", "seed": "1"},
    }
    file = {"format": lists.FORMAT, "questions": [entry]}
    (one,) = lists.from_json(json.dumps(file).encode())
    assert one == lists.Question("ab c", "interests", (("x", "1"),), (("group", "g"),))


def test_questions_move_within_the_list():
    one, two, three = (lists.Question(title) for title in "abc")
    assert lists.moved((one, two, three), 0, 1) == (two, one, three)
    assert lists.moved((one, two, three), 2, 1) == (one, two, three)
    assert lists.moved((one, two, three), 0, -1) == (one, two, three)


def test_a_talk_from_the_first_question_to_its_end(visit):
    app = visit(gender="female", seed="3")
    press(app, "present")
    assert [button for button in app.button if str(button.key) == "question-0"]
    start(app, lists.shipped("us-time-use"))
    assert not made(app).evidence and made(app).seed != 3
    press(app, "present-next")
    assert dict(made(app).evidence) == {
        "gender": OneOf(("female",)),
        "marital": OneOf(("married",)),
        "age": Between(25, 45),
    }
    press(app, "present-back")
    assert not made(app).evidence
    press(app, "present-leave")
    assert not [button for button in app.button if str(button.key) == "present-next"]


@pytest.mark.parametrize("population", ["us-time-use", "french-hobbies"])
def test_every_shipped_question_about_people_has_an_answer(visit, population):
    app = visit()
    questions = lists.shipped(population, load(population).title)
    start(app, questions)
    about = [one for one in questions if one.page == "profiles"]
    assert list(questions[: len(about)]) == about
    for number, one in enumerate(about):
        if number:
            press(app, "present-next")
        facts = [pair for pair in one.link if pair[0] not in ("population", "people", "seed")]
        asked = {name for name, _ in facts}
        assert made(app).posterior is not None, one.title
        assert set(made(app).evidence) == asked, one.title
        assert made(app).population.name == population


def test_questions_are_added_ordered_and_deleted(the_list):
    app = the_list
    app.multiselect(key="gender").set_value(["male"])
    app.slider(key="age").set_range(70, 85)
    app.number_input(key="seed").set_value(5).run()
    count = len(lists.shipped("us-time-use"))
    app.text_input(key="present-title").set_value("Old men")
    next(button for button in app.button if button.label == "Add").click()
    app.run()
    questions = app.session_state["questions"]
    assert len(questions) == count + 1 and questions[-1].title == "Old men"
    assert questions[-1].address == "/?gender=male&age=70&age=85&seed=5"
    assert not app.exception
    press(app, f"question-Move up-{count}")
    assert app.session_state["questions"][-2].title == "Old men"
    press(app, "question-delete-0")
    assert len(app.session_state["questions"]) == count
    press(app, "present-shipped")
    assert "questions" not in app.session_state
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
    start(app, (lists.Question("evil", "profiles", link),))
    asked = made(app)
    assert str(asked.evidence) == "marital=married"
    assert asked.population.name == "us-time-use"
    assert 1 <= asked.people <= 60
