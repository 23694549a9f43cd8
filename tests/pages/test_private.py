"""A private population on pages: its ledger, the attack beside it, and no real people anywhere."""

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import loaders
from synth.fitting.private import fit_private
from synth.fitting.simple import read_plan
from synth.privacy.public import Public


def _page() -> None:
    from pages.shared.private import show_ledger
    from synth.privacy.ledger import Entry, Ledger

    entry = Entry("how common each level of <b> is", "discrete Gaussian", ("b",), 3, 9.0, 0.006)
    show_ledger(Ledger(1.0, 1e-6, 0.024, 0.0, (entry,)))


def test_promise_and_attack_stand_side_by_side():
    app = AppTest.from_function(_page, default_timeout=30).run()
    assert not app.exception
    text = "".join(each.proto.body for each in app.get("html"))
    assert "Promised: ε = 1" in text and "25%" in text
    app.button[0].click().run()
    assert not app.exception
    text = "".join(each.proto.body for each in app.get("html"))
    assert "to 73% at ε = 1" in text and "Rows of four columns, pairs chosen" in text
    captions = [each.value for each in app.caption]
    assert sum("nothing speaks against it" in each for each in captions) == 2


def _tests_only() -> None:
    from types import SimpleNamespace

    from pages.shared.private import note, show_ledger
    from synth.privacy.ledger import Ledger

    ledger = Ledger(1.0, 1e-6, 0.024, 0.0, (), is_for_tests=True)
    note(SimpleNamespace(ledger=ledger))
    show_ledger(ledger)


def test_noise_from_a_seed_promises_nothing_on_any_page():
    app = AppTest.from_function(_tests_only, default_timeout=30).run()
    assert not app.exception
    assert app.caption[0].value.startswith("FOR TESTS ONLY, nothing is promised")
    text = "".join(each.proto.body for each in app.get("html"))
    assert "As if promised" in text and "FOR TESTS ONLY" in app.markdown[0].value


@pytest.fixture(scope="module")
def town():
    """A hundred people of a private population, all of whose values are public."""
    random = np.random.default_rng(2)
    levels = {
        "gender": ("female", "male"),
        "top1": ("games", "reading"),
        "city": ("north", "south"),
    }
    frame = pd.DataFrame({name: random.choice(each, 100) for name, each in levels.items()})
    planned = read_plan(frame, follow=False)
    known = {name: {"levels": list(each), "missing": False} for name, each in levels.items()}
    return fit_private(planned.frame, planned.plan, epsilon=1, public=Public.from_json(known))


@pytest.mark.parametrize("page", ["marginals", "correlations", "interests"])
def test_no_real_people_stand_beside_a_private_population(visit, town, page):
    app = visit(page)
    app.session_state[loaders._OWN] = {town.name: town}
    app.session_state[loaders._CHOSEN] = town.name
    app.run()
    assert not app.exception
    text = " ".join(each.proto.body for each in app.get("html"))
    assert "fresh real people" not in text and "among real people" not in text
    assert 'class="pp-real"' not in text
    captions = " ".join(each.value for each in app.caption)
    assert "no count of real people is kept" in captions and "beside" in captions
    assert "real ones" not in captions and "real share" not in captions
