"""The ledger on a page: the promise, where the budget went, and the attack beside it."""

from streamlit.testing.v1 import AppTest


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
