"""What is found again after F5, by whom, and for how long."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from pages.shared import kept

MINE, THEIRS = "m" * 32, "t" * 32


@pytest.fixture
def active(monkeypatch):
    """Sessions whose pages are open."""
    sessions = set()
    monkeypatch.setattr(kept, "is_active", sessions.__contains__)
    return sessions


def session_values(size=100, own=()):
    studio = SimpleNamespace(size=size, population=None)
    population = SimpleNamespace(table=None)
    return {kept.STUDIO: studio, kept.OWN: dict.fromkeys(own, population)}


def test_a_new_session_of_the_browser_takes_over_what_the_old_one_left(active):
    store, mine = kept.Store(), session_values()
    store.put(MINE, "old", mine)
    assert store.claim(MINE, "new") is mine
    active.add("new")
    assert store.claim(MINE, "third") == {}


def test_nobody_gets_what_another_browser_left(active):
    store = kept.Store()
    store.put(MINE, "old", session_values())
    assert store.claim(THEIRS, "new") == {}


def test_a_second_tab_begins_with_nothing_while_the_first_is_open(active):
    store = kept.Store()
    active.add("first")
    store.put(MINE, "first", session_values())
    assert store.claim(MINE, "second") == {}


def test_what_nobody_comes_back_for_goes_after_an_hour(active):
    store = kept.Store()
    active.add("here")
    store.put(MINE, "here", session_values())
    store.put(THEIRS, "gone", session_values(0, ["own"]))
    assert store.drop_expired(0) == 0
    assert store.drop_expired(kept.SECONDS - 1) == 0
    assert store.drop_expired(kept.SECONDS) == 1
    assert store.claim(THEIRS, "new") == {}
    active.clear()
    assert store.drop_expired(kept.SECONDS * 2) == 0  # first missed just now
    assert store.drop_expired(kept.SECONDS * 3) == 1


def test_nothing_is_kept_of_who_brought_nothing(active):
    store = kept.Store()
    store.put(MINE, "gone", session_values(0))
    assert store.drop_expired(0) == 1 and len(store) == 0


def test_the_oldest_go_where_it_is_too_much(active, monkeypatch):
    monkeypatch.setattr(kept, "MOST_BYTES", 250)
    store = kept.Store()
    for time, session in enumerate(("oldest", "middle", "latest")):
        store.put(session * 8, session, session_values(100))
        store.drop_expired(time)
    assert len(store) == 2
    assert store.claim("oldest" * 8, "new") == {}
    assert store.claim("latest" * 8, "new")


def _cookies_set(kind="text/html; charset=utf-8", cookie="", scheme="http"):
    """The cookies that an answer sets."""

    async def app(scope, receive, send):
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", kind.encode())],
            }
        )

    sent = []

    async def send(message):
        sent.append(message)

    headers = [(b"cookie", cookie.encode())] if cookie else []
    scope = {"type": "http", "scheme": scheme, "headers": headers}
    # In a thread of its own: a browser's driver may hold this one's loop.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, kept.VisitorCookie(app)(scope, None, send)).result()
    return [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]


def test_a_page_gives_each_browser_a_secret_of_its_own():
    (first,), (second,) = _cookies_set(), _cookies_set()
    assert first != second
    assert len(first.partition("=")[2].partition(";")[0]) == 32
    assert "HttpOnly" in first and "SameSite=Strict" in first and "Secure" not in first
    assert "Secure" in _cookies_set(scheme="https")[0]


@pytest.mark.parametrize(
    "requested",
    [
        {"kind": "application/json"},
        {"cookie": f"{kept.COOKIE}={'x' * 32}"},
    ],
)
def test_no_secret_where_there_is_one_or_no_page(requested):
    assert _cookies_set(**requested) == []


def test_a_short_secret_is_replaced():
    assert _cookies_set(cookie=f"{kept.COOKIE}=guess")
