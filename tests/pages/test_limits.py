"""A question that takes too long is stopped, and the page says so and goes on."""

import pytest

from pages.shared import limits
from synth.bayes.budget import BudgetError, current


def titles(app):
    return [each.proto.body for each in app.get("html") if 'class="pp-title"' in each.proto.body]


def test_a_question_that_takes_too_long_is_stopped_with_a_sentence(visit, monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 1e-9)
    app = visit(gender="female", age=["31", "47"], marital="widowed")
    assert app.session_state["the choice"].stopped
    assert any("too large" in title for title in titles(app))
    problem = next(
        each.proto.body for each in app.get("html") if 'class="pp-problem"' in each.proto.body
    )
    assert "takes longer than" in problem
    assert not any("Nobody in this population" in each.value for each in app.markdown)
    monkeypatch.setattr(limits, "SECONDS", 60.0)
    app.run()
    assert not app.exception
    assert app.session_state["the choice"].posterior is not None


def test_a_visitor_who_has_left_is_not_worked_for(monkeypatch):
    monkeypatch.setattr(limits, "_visitor_has_left", lambda: lambda: True)
    with limits.questions(), pytest.raises(BudgetError, match="was stopped"):
        current().check()
    assert current().cancelled == ()
