"""People of a visitor's own table: no interests, no portraits, hostile cells; cards still do."""

import re

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import downloads
from synth import bayes, populations
from synth.data.table import make_table


def texts(app, pattern):
    return [
        match for part in app.get("html") for match in re.findall(pattern, part.proto.body, re.S)
    ]


@pytest.fixture(scope="module")
def cars():
    generator = np.random.default_rng(0)
    make = generator.choice(["volvo", "fiat", "=cmd()"], 500)
    frame = pd.DataFrame(
        {
            "make": make,
            "doors": np.where(make == "fiat", 3, generator.integers(2, 6, 500)),
            "price": np.round(generator.normal(20_000, 4_000, 500), 2),
            "electric": generator.random(500) < 0.3,
        }
    )
    table = make_table(frame)
    return populations.of(bayes.learn(table), table, title="Cars")


@pytest.fixture
def app(visit, cars):
    app = visit()
    app.session_state["own populations"] = {cars.name: cars}
    app.session_state["population to choose"] = cars.name
    app.run()
    assert not app.exception
    return app


def test_cards_say_what_is_missing_in_a_sentence(app, cars):
    assert app.session_state["the choice"].population.name == cars.name
    facts = texts(app, r'class="pp-facts">(.*?)</dl>')
    assert len(facts) == 6 and all(card.count("<dt>") >= 3 for card in facts)
    assert not texts(app, r"no interests recorded"), "cars have none to record"
    assert not texts(app, r"<img")
    notes = " ".join(caption.value for caption in app.caption)
    assert "no age or no gender" in notes and "no interests" in notes


@pytest.mark.parametrize("item", ["Whole record", "What if …", "Download …", "Keep on the page"])
def test_the_menu_works(app, item):
    app.menu_button(key="menu-0").click(item).run()
    assert not app.exception
    assert "Why these pictures?" not in app.menu_button(key="menu-0").options


def _what_if():
    from pages.cards import selection, what_if
    from pages.shared import sidebar
    from pages.shared.choice import current

    sidebar.show()
    what_if.ask(selection.shown(current())[0])


def test_what_if_of_a_thing_without_age_or_face(visit, cars):
    visit()
    app = AppTest.from_function(_what_if, default_timeout=120)
    app.session_state["own populations"] = {cars.name: cars}
    app.session_state["population to choose"] = cars.name
    app.run()
    assert not app.exception and not app.warning
    assert texts(app, r'class="pp-changed"><th scope="row">(.*?)</th>') == ["Make"]


def test_the_table_is_safe_for_spreadsheets(app):
    data = downloads._csv(app.session_state["the choice"], 200).read()
    cells = [line.split(b",")[0] for line in data.splitlines()]
    assert b"'=cmd()" in cells and not any(cell.strip(b'"').startswith(b"=") for cell in cells)
    assert data.splitlines()[0].endswith(b",synthetic")
