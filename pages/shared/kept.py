"""What a visitor finds again after F5 or a lost connection: their table and their populations.

The server gives each browser a secret in a cookie that scripts cannot read. What a session made is
kept under it for an hour after the session has gone, in the server's memory alone; a new session of
the same browser takes it over, unless the session that made it is still there. Nobody else's can be
asked for: the secret has 192 random bits, and no link holds it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from threading import Lock
from typing import TYPE_CHECKING, Any

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from streamlit.runtime import Runtime, exists
from streamlit.runtime.scriptrunner import get_script_run_ctx

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

STUDIO, LINKED = "studio", "studio with several tables"
OWN, FAMILIES = "own populations", "own families"
PLACES = (STUDIO, LINKED, OWN, FAMILIES)
"""What is kept, by its place in the session: what is done in the Studio with one table and with
several, and populations and families by name."""
FAMILIES_BYTES = 2**22
"""About what families take."""
COOKIE = "populace_visitor"
SECONDS = 3600.0
"""How long something is kept after its session has gone."""
MOST, MOST_BYTES = 100, 2 * 2**30
"""So much is kept of sessions that have gone; the oldest goes first."""
_ARRIVED = "has looked for what was kept"


class VisitorCookie:
    """Gives each browser its secret with the first page that it fetches (ASGI middleware)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; a page gets a cookie where its browser has none."""
        if scope["type"] != "http" or _secret(Headers(scope=scope).get("cookie", "")):
            await self._app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    secure = "; Secure" if scope.get("scheme") == "https" else ""
                    headers.append(
                        "set-cookie",
                        f"{COOKIE}={secrets.token_urlsafe(24)}; Path=/; HttpOnly; "
                        f"SameSite=Strict{secure}",
                    )
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _secret(header: str) -> str:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel is not None and len(morsel.value) >= 32 else ""


@dataclass
class Kept:
    """What one session made.

    Attributes
    ----------
    secret : str
        Its browser's.
    session : str
        The session that has it now.
    values : mapping of str to object
        By place in the session.
    left : float or None
        When the session was first missed.
    """

    secret: str
    session: str
    values: Mapping[str, Any] = field(default_factory=dict)
    left: float | None = None

    @property
    def bytes(self) -> int:
        """About how much it takes; 0 where there is nothing in it."""
        studio, own = self.values.get(STUDIO), self.values.get(OWN, {})
        total = int(studio.size) if studio is not None else 0
        linked = self.values.get(LINKED)
        total += int(linked.size) if linked is not None else 0
        total += FAMILIES_BYTES * len(self.values.get(FAMILIES, {}))
        populations = [*own.values(), *filter(None, [getattr(studio, "population", None)])]
        for population in populations:
            rows = population.table
            total += 2**20 + (0 if rows is None else int(rows.frame.memory_usage().sum()))
        return total


class Store:
    """Everything that is kept; shared by all sessions."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: list[Kept] = []

    def __len__(self) -> int:
        return len(self._kept)

    def claim(self, secret: str, session: str) -> Mapping[str, Any]:
        """What the browser's latest session that has gone left; it is the new session's now."""
        with self._lock:
            mine = [
                kept
                for kept in self._kept
                if kept.secret == secret and kept.bytes and not is_active(kept.session)
            ]
            if not mine:
                return {}
            mine[-1].session, mine[-1].left = session, None
            return mine[-1].values

    def put(self, secret: str, session: str, values: Mapping[str, Any]) -> None:
        """Keep what a session has made so far, from now on under its browser's secret."""
        with self._lock:
            for kept in self._kept:
                if kept.session == session:
                    kept.values = values
                    return
            if values:
                self._kept.append(Kept(secret, session, values))

    def drop_expired(self, now: float) -> int:
        """Drop what is empty, what nobody came back for, and the oldest where it is too much."""
        with self._lock:
            before = len(self._kept)
            for kept in self._kept:
                gone = not is_active(kept.session)
                kept.left = (now if kept.left is None else kept.left) if gone else None
            self._kept = [
                kept
                for kept in self._kept
                if kept.left is None or (kept.bytes and now - kept.left < SECONDS)
            ]
            waiting = sorted((k for k in self._kept if k.left is not None), key=lambda k: -_left(k))
            total = 0
            for place, kept in enumerate(waiting):
                total += kept.bytes
                if place >= MOST or total > MOST_BYTES:
                    self._kept.remove(kept)
            return before - len(self._kept)


def _left(kept: Kept) -> float:
    return kept.left or 0.0


store = Store()
"""The server's."""


def is_active(session: str) -> bool:
    """Whether a session's page is open."""
    return exists() and Runtime.instance().is_active_session(session)


def arrive() -> None:
    """Lay what was kept into a new session, and keep what this one has; once a run, before all."""
    secret, context = _secret_of_visitor(), get_script_run_ctx()
    if not secret or context is None:
        return
    if _ARRIVED not in st.session_state:
        st.session_state[_ARRIVED] = True
        for place, value in store.claim(secret, context.session_id).items():
            st.session_state.setdefault(place, value)
    state = st.session_state
    store.put(
        secret,
        context.session_id,
        {place: state[place] for place in PLACES if place in state},
    )


def _secret_of_visitor() -> str:
    value = st.context.cookies.get(COOKIE, "")
    return value if len(value) >= 32 else ""


def drop_expired() -> int:
    """Drop what nobody came back for; see `Store.drop_expired`."""
    return store.drop_expired(time.monotonic())
