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
