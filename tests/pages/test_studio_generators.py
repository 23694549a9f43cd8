"""Another generator, registered by one file, from the Studio's choice to the cards."""

import sys

import numpy as np
import pandas as pd
import pytest

from synth.generators import base
from tests.pages.test_studio import button, settled, state, upload

TOY = "tests.generators.independent_columns"


@pytest.fixture
def toy(monkeypatch):
    """The toy, known to this process and to its children."""
    before = dict(base.REGISTER)
    monkeypatch.setenv(base.VARIABLE, TOY)
    yield base.generator("independent-columns")
    sys.modules.pop(TOY, None)
    base.REGISTER.clear()
    base.REGISTER.update(before)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "Alter": rng.integers(18, 90, 300),
            "sex": rng.choice(["F", "M"], 300),
            "Stand": rng.choice(["ledig", "verheiratet", "geschieden"], 300),
        }
    )
    return frame.to_csv(index=False).encode()


def test_the_network_learns_unless_another_is_chosen(visit, at_once, table):
    app = upload(visit("studio"), "leute.csv", table)
    (box,) = [box for box in app.selectbox if box.label == "Learned by"]
    assert box.value == base.DEFAULT and box.options == list(base.titles().values())


def test_a_toy_generator_learns_in_the_studio_and_is_drawn_on_every_page(visit, toy, table):
    app = upload(visit("studio"), "leute.csv", table)
    key = f"generator-{state(app).token}"
    app.selectbox(key=key).set_value(toy.name).run()
    assert any("Every column for itself" in each.value for each in app.caption)
    assert not [each for each in app.segmented_control if each.label == "How"]
    button(app, "Learn").click()
    app.run()
    settled(app)
    assert not app.warning
    population = state(app).population
    assert population.model.generator == toy.name
    assert not population.has_network
    for page in ("profiles", "marginals", "correlations", "interests", "report"):
        app.switch_page(f"pages/{page}/page.py").run()
        assert not app.exception
        assert app.session_state["the choice"].population.name == population.name
    app.switch_page("pages/profiles/page.py").run()
    cards = [each.proto.body for each in app.get("html") if each.proto.body.startswith("<article")]
    assert len(cards) == 6
    assert all("woman" in card or "man" in card for card in cards)

    app.switch_page("pages/network/page.py").run()
    assert not app.exception
    assert any("without a network" in each.value for each in app.info)
    assert not app.get("component_instance")
