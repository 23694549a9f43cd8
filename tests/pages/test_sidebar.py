"""Coming to a page: what a hurried visitor loses on the way is said again; without a server."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from pages.shared import sidebar


class RerunError(Exception):
    """What `st.rerun` does."""


def rerun():
    raise RerunError


@pytest.fixture
def visitor(monkeypatch):
    """A session whose sidebar said that four people are shown."""
    sent = []
    parameters = SimpleNamespace(_send_query_param_msg=lambda: sent.append(dict(page.query_params)))
    page = SimpleNamespace(session_state={}, query_params={"people": "4"}, rerun=rerun, sent=sent)
    context = SimpleNamespace(
        is_history_navigation=False,
        session_state=SimpleNamespace(query_params=lambda: nullcontext(parameters)),
    )
    choice = SimpleNamespace(current=lambda: SimpleNamespace(link=(("people", "4"),)))
    monkeypatch.setattr(sidebar, "st", page)
    monkeypatch.setattr(sidebar, "choice", choice)
    monkeypatch.setattr(sidebar, "get_script_run_ctx", lambda: context)
    page.session_state |= {sidebar._KEPT: {"people": 4}, "people": 4}
    return page


def drawn(name):
    """A page's run up to the page itself."""
    sidebar.arrive(name)
    sidebar.mend_address(name)


def test_who_leaves_a_page_before_it_is_drawn_and_comes_back_keeps_everything(visitor):
    drawn("profiles")
    sidebar.arrive("marginals")  # and is stopped: its visitor has gone back already
    del visitor.session_state["people"], visitor.query_params["people"]
    with pytest.raises(RerunError):
        drawn("profiles")
    assert visitor.session_state["people"] == 4
    drawn("profiles")  # starts over, and writes it into the address
    assert sidebar._AGAIN not in visitor.session_state


def test_the_browser_is_sent_the_address_after_what_an_interrupted_page_sent(visitor):
    drawn("profiles")
    drawn("correlations")
    drawn("correlations")  # a click within the page: the browser knows its address
    assert visitor.sent == [{"people": "4"}] * 2


def test_what_a_visitor_lets_go_of_within_a_page_is_not_said_again(visitor):
    drawn("profiles")
    del visitor.session_state["people"], visitor.query_params["people"]
    drawn("profiles")
    assert "people" not in visitor.session_state
