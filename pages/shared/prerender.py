"""The default view, prerendered: its cards stand in the page that the server sends.

A browser takes seconds to start Streamlit, and a server to import and read what draws people. Until
then the visitor of the plain address sees what the app is about to draw: the same people, by the
same drawing, written down by the last server that ran. What was written is used only as long as no
file of the code and of the models has changed since; whoever comes with a link gets none.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from pages import PAGES
from synth import registry
from synth.data.atomic import whole

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from synth.populations import Population

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_SOURCES = ("app.py", "pages", "synth", "models", ".streamlit")
_PACKAGES = ("streamlit", "numpy", "numba", "pandas")
_MOUNT = b'<div id="root"></div>'
_FONT = re.compile(rb'href="(\./static/media/SourceSansVF-Upright[^"]+)"')
_NOT_MODIFIED = (b"if-none-match", b"if-modified-since", b"accept-encoding", b"range")


def path() -> Path:
    """Where the view is kept, beside what else can be made again."""
    return registry.cache() / "prerendered" / f"{_fingerprint()}.html"


@cache
def _fingerprint() -> str:
    """What the view follows from: every file of the code and of the models, and what runs it."""
    digest = hashlib.sha256(sys.version.encode())
    for package in _PACKAGES:
        digest.update(f"|{package} {version(package)}".encode())
    for source in _SOURCES:
        for file in _files(_ROOT / source):
            facts = file.stat()
            digest.update(f"|{file} {facts.st_size} {facts.st_mtime_ns}".encode())
    return digest.hexdigest()[:24]


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    paths: list[Path] = []
    for folder, folders, names in os.walk(place):
        folders[:] = [name for name in folders if name != "__pycache__"]  # what running leaves
        paths += [Path(folder, name) for name in names]
    return sorted(paths)


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────


def write(population: Population) -> None:
    """Write the view down, unless that was done; others that were written go.

    Parameters
    ----------
    population : Population
        The one that the app opens with.

    Raises
    ------
    PopulaceError, OSError
        The cache folder cannot be written.
    """
    target = path()
    if target.is_file():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole(target, alone=False) as part:
        part.write_text(markup(population), encoding="utf-8")
    for other in target.parent.glob("*.html"):
        if other != target:
            other.unlink(missing_ok=True)


def markup(population: Population) -> str:
    """The view as HTML; every text is escaped.

    Parameters
    ----------
    population : Population
        The one that the app opens with.

    Returns
    -------
    str
        The cards of the sidebar's default number of people, and the page's head, in a shadow tree
        that the app's own styles and scripts do not reach.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from pages.shared import header, sidebar, tour
    from pages.shared.choice import Choice
    from synth import describe
    from synth.data.evidence import Evidence
    from synth.people.cards import html
    from synth.people.profile import make_profiles

    nothing = Evidence()
    choice = Choice(
        population,
        nothing,
        sidebar.PEOPLE,
        sidebar.SEED,
        population.given(nothing),
        describe.question(nothing, population),
    )
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined
    )
    style = (_HERE / "style.css").read_text("utf-8").replace(":root", ":host")
    profiles = make_profiles(population, count=choice.people, seed=choice.seed)
    asks, icons = bool(population.interests), population.icons
    return environment.get_template("prerender.html").render(
        style=Markup(f"{style}\n:host {{ color-scheme: light dark; }}"),
        title=choice.question,
        subtitle=Markup(header.subtitle(choice, page=PAGES[0].title)),
        what=tour.what(population),
        steps=tour.STEPS,
        seen=f"{tour.COOKIE}=done",
        cards=[Markup(html.card(each, icons=icons, asks_interests=asks)) for each in profiles],
    )


# ── Sending ──────────────────────────────────────────────────────────────────────────────────────


class Prerendered:
    """Puts the view that was written down into the page of the plain address (ASGI middleware)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; all but the plain address's pass untouched."""
        if not _is_plain(scope) or not path().is_file():
            await self._app(scope, receive, send)
            return
        view = path().read_bytes()
        headers = [pair for pair in scope["headers"] if pair[0].lower() not in _NOT_MODIFIED]
        start: Message = {}
        body = b""

        async def collected(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            if Headers(raw=start["headers"]).get("content-type", "").startswith("text/html"):
                body = _with(view, body)
                answer = MutableHeaders(scope=start)
                answer["content-length"] = str(len(body))
                for name in ("etag", "last-modified", "accept-ranges"):
                    del answer[name]
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self._app({**scope, "headers": headers}, receive, collected)


def _is_plain(scope: Scope) -> bool:
    """Whether a browser fetches the page without asking for anything."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["query_string"]:
        return False
    return bool(scope["path"].rstrip("/") == scope.get("root_path", "").rstrip("/"))


def _with(view: bytes, page: bytes) -> bytes:
    """The page with the view before the place where the app begins."""
    font = _FONT.search(page)
    view = view.replace(b"@font@", font.group(1) if font else b"")
    return page.replace(_MOUNT, view + _MOUNT, 1)
