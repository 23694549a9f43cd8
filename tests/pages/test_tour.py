"""The first minute: five steps, skipped or seen once."""

import pytest
import streamlit as st

from pages.shared import tour


def shown(app):
    return [
        part.proto.body
        for part in app.get("html")
        if "pp-tour" in part.proto.body and "A tour" in part.proto.body
    ]


def test_five_steps_forward_back_and_to_the_end(visit):
    app = visit(people="1")
    assert len(tour.STEPS) == 5 and "1 of 5" in shown(app)[0]
    app.button(key="tour-next").click().run()
    assert "2 of 5" in shown(app)[0] and tour.STEPS[1].title in shown(app)[0]
    app.button(key="tour-back").click().run()
    for _ in tour.STEPS:
        app.button(key="tour-next").click().run()
    assert not app.exception and not shown(app)
    app.run()
    assert not shown(app)


def test_it_can_be_skipped_and_the_browser_remembers(visit, monkeypatch):
    written = []
    monkeypatch.setattr(tour, "_remember", lambda data, **named: written.append(data))
    app = visit(people="1")
    assert shown(app) and not written
    app.button(key="tour-skip").click().run()
    assert not shown(app)
    assert {"name": tour.COOKIE} in written


@pytest.mark.parametrize(
    ("name", "value"), [("cookies", {tour.COOKIE: "done"}), ("is_embedded", True)]
)
def test_who_has_seen_it_or_shows_the_page_elsewhere_sees_none(visit, monkeypatch, name, value):
    monkeypatch.setattr(type(st.context), name, property(lambda self: value))
    assert not shown(visit(people="1"))
