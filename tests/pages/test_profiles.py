import re

import pytest

from pages.cards import card, menu
from pages.shared import loaders, sidebar
from synth.data.evidence import Between, OneOf


def texts(app, pattern):
    return [
        match for part in app.get("html") for match in re.findall(pattern, part.proto.body, re.S)
    ]


def lines(app):
    return texts(app, r'class="pp-line">(.*?)</p>')


def pick(app, place, item):
    """Choose something in the menu of the card at a place."""
    app.menu_button(key=f"menu-{place}").click(item).run()
    assert not app.exception


def current_choice(app):
    return app.session_state["the choice"]


def test_the_first_page_shows_six_people_of_everyone(visit):
    app = visit()
    assert len(lines(app)) == sidebar.PEOPLE
    assert len(texts(app, r"synthetic</span>")) == sidebar.PEOPLE
    assert current_choice(app).posterior.probability == pytest.approx(1)
    assert current_choice(app).link == ()


def test_what_is_known_holds_for_every_card(visit):
    app = visit()
    app.multiselect(key="marital").set_value(["married"])
    app.multiselect(key="gender").set_value(["female"])
    app.slider(key="age").set_range(25, 45).run()
    assert not app.exception
    requested = current_choice(app)
    assert dict(requested.evidence) == {
        "gender": OneOf(("female",)),
        "marital": OneOf(("married",)),
        "age": Between(25, 45),
    }
    people = loaders.people(requested.population, requested.evidence, 60, 1)
    assert (people["gender"] == "female").all()
    assert (people["marital"] == "married").all()
    assert people["age"].between(25, 45).all()
    sentence = " ".join(part.value for part in app.sidebar.markdown)
    assert "of this population" in sentence
    assert "%" in sentence


def test_a_link_asks_the_same_as_the_widgets(visit):
    app = visit(gender="female", marital="married", age=["25", "45"], people="3", seed="7")
    requested = current_choice(app)
    assert str(requested.evidence) == "gender=female,marital=married,age=25..45"
    assert (requested.people, requested.seed) == (3, 7)
    assert len(lines(app)) == 3
    again = visit(gender="female", marital="married", age=["25", "45"], people="3", seed="7")
    assert lines(again) == lines(app)


@pytest.mark.parametrize(
    "hostile",
    [
        {"population": "nobody", "people": "99999", "seed": "-4"},
        {"gender": "<script>", "marital": ["married", "\x00"], "age": ["abc", "3"]},
        {"age": ["nan", "inf"], "people": "1e9", "seed": "x"},
        {"age": ["45", "25"], "has_children": "perhaps", "weekly_earn": "1"},
        {"age": [str(n) for n in range(200)], "find": "x" * 5000},
    ],
)
def test_a_hostile_link_is_ignored_where_it_is_wrong(visit, hostile):
    app = visit(**hostile)
    assert 1 <= current_choice(app).people <= sidebar.MOST_PEOPLE
    assert lines(app) or current_choice(app).problem


def test_new_people_are_other_people_of_the_same_kind(visit):
    app = visit(gender="female", seed="5")
    before = lines(app)
    next(button for button in app.button if button.label == "New people").click()
    app.run()
    assert current_choice(app).seed == 6
    assert lines(app) != before
    assert str(current_choice(app).evidence) == "gender=female"


def test_facts_can_be_forgotten(visit):
    app = visit(gender="female", age=["25", "45"])
    next(button for button in app.button if button.label == "Forget all facts").click()
    app.run()
    assert not app.exception
    assert not current_choice(app).evidence


def test_another_population_keeps_what_it_understands(visit):
    app = visit(gender="female", age=["25", "45"], top1="Gardening")
    app.selectbox(key="population").set_value("french-hobbies").run()
    assert not app.exception
    requested = current_choice(app)
    assert requested.population.name == "french-hobbies"
    assert set(requested.evidence) <= {"gender", "top1"}
    assert lines(app) or requested.problem


def test_impossible_facts_are_told_in_a_sentence_with_a_way_out(visit):
    app = visit(top1="Pets", top2="Pets", gender="female")
    requested = current_choice(app)
    assert requested.posterior is None
    assert requested.problem.endswith(".")
    (shown,) = texts(app, r'class="pp-problem">(.*?)</p>')
    assert shown
    ways_out = [button for button in app.button if str(button.key).startswith("drop-")]
    assert {button.key for button in ways_out} == {"drop-top1", "drop-top2"}
    ways_out[0].click()
    app.run()
    assert not app.exception
    assert current_choice(app).posterior is not None
    assert lines(app)


def test_the_whole_record_opens_in_a_dialog(visit):
    app = visit(gender="female")
    pick(app, 0, menu.RECORD)
    (record,) = texts(app, r'<dl class="pp-record">(.*?)</dl>')
    population = current_choice(app).population
    assert record.count("<dt>") == len(population.modelled.columns)
    assert record.count("pp-known") == 1


def test_key_facts_hold_of_the_person_they_come_from(visit):
    requested = current_choice(visit())
    population = requested.population
    person = loaders.people(population, requested.evidence, 1, 3).to_dict("records")[0]
    facts = card.alike(person, population)
    assert facts["gender"] == OneOf((person["gender"],))
    assert facts["age"] == Between(person["age"] - 2, person["age"] + 2)
    assert 0 < loaders.probability(population, facts) < 1
