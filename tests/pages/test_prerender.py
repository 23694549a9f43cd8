"""The default view stands in the page that the server sends, and only there."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from pages.shared import prerender, sidebar
from synth.populations import available, load

PAGE = b'<link href="./static/media/SourceSansVF-Upright.1.woff2"><body><div id="root"></div>'
VIEW = b'<i id="populace-first">url("@font@")</i>'


def cards(markup):
    return re.findall(r"<article.*?</article>", markup, re.S)


def test_its_cards_are_those_that_the_app_then_draws(visit):
    written = prerender.markup(load(available()[0]))
    drawn = [card for part in visit().get("html") for card in cards(part.proto.body)]
    assert len(drawn) == sidebar.PEOPLE
    assert cards(written) == drawn
    assert 'class="pp-title">Everybody<' in written and "151,335" in written
    assert "@font@" in written and "populace-tour=done" in written


def answer(query="", path="/", kind="text/html; charset=utf-8", status=200, method="GET", sent=()):
    """Head, body and the request headers that reached the app, of a request through it."""
    got, seen = [], []

    async def app(scope, receive, send):
        seen.extend(name for name, _ in scope["headers"])
        headers = [(b"content-type", kind.encode()), (b"etag", b"1"), (b"content-length", b"9")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": PAGE[:20], "more_body": True})
        await send({"type": "http.response.body", "body": PAGE[20:]})

    async def send(message):
        got.append(message)

    scope = {"type": "http", "method": method, "path": path, "root_path": ""}
    scope |= {"query_string": query.encode(), "headers": [(name, b"x") for name in sent]}
    # In a thread of its own: a browser's driver may hold this one's loop.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, prerender.Prerendered(app)(scope, None, send)).result()
    return dict(got[0]["headers"]), b"".join(part["body"] for part in got[1:]), seen


@pytest.fixture
def written(tmp_path, monkeypatch):
    file = tmp_path / "view.html"
    file.write_bytes(VIEW)
    monkeypatch.setattr(prerender, "path", lambda: file)
    return file


def test_the_plain_address_gets_the_view_before_the_app(written):
    head, body, seen = answer(sent=(b"if-none-match", b"accept-encoding", b"cookie"))
    assert body.index(b"populace-first") < body.index(b'<div id="root">')
    assert b'url("./static/media/SourceSansVF-Upright.1.woff2")' in body
    assert head[b"content-length"] == str(len(body)).encode()
    assert b"etag" not in head  # the browser would keep yesterday's people
    assert seen == [b"cookie"]


@pytest.mark.parametrize(
    "request_",
    [
        {"query": "gender=female"},
        {"path": "/marginals"},
        {"method": "HEAD"},
        {"kind": "application/json"},
    ],
)
def test_others_get_what_they_ask_for(written, request_):
    assert answer(**request_)[1] == PAGE


def test_without_a_view_the_page_passes_untouched(written):
    written.unlink()
    head, body, _ = answer()
    assert body == PAGE and head[b"etag"] == b"1"


def test_it_is_written_once_and_older_ones_go(tmp_path, monkeypatch):
    folder = tmp_path / "prerendered"
    folder.mkdir()
    (folder / "old.html").touch()
    monkeypatch.setattr(prerender, "path", lambda: folder / "new.html")
    drawn = []
    monkeypatch.setattr(prerender, "markup", lambda population: drawn.append(1) or "view")
    prerender.write(None)
    prerender.write(None)
    assert [file.name for file in folder.glob("*")] == ["new.html"]
    assert (folder / "new.html").read_text() == "view" and drawn == [1]


def test_a_changed_file_makes_another_view(tmp_path, monkeypatch):
    monkeypatch.setattr(prerender, "_ROOT", tmp_path)
    (tmp_path / "pages").mkdir()
    source = tmp_path / "pages" / "page.py"
    source.write_text("1")
    before = prerender._fingerprint.__wrapped__()
    (tmp_path / "pages" / "__pycache__").mkdir()
    (tmp_path / "pages" / "__pycache__" / "page.pyc.1").touch()  # what running leaves
    assert prerender._fingerprint.__wrapped__() == before
    source.write_text("12")
    assert prerender._fingerprint.__wrapped__() != before
