"""How much one client may ask for, and whether it may ask."""

from __future__ import annotations

import hmac
import os
import time
from collections import OrderedDict
from threading import Lock

TOKEN = "POPULACE_TOKEN"
"""The environment variable that holds the token which clients send as a bearer; off where unset."""
A_MINUTE = 120
"""Requests of one client a minute."""
ROWS = 10_000_000
"""Rows of one request."""
SECONDS, CELLS = 20.0, 50_000_000
"""What one question may take."""
_CLIENTS = 10_000


def may_ask(header: str | None) -> bool:
    """Whether an Authorization header holds the token, where one is set."""
    token = os.environ.get(TOKEN, "")
    if not token:
        return True
    return hmac.compare_digest((header or "").encode(), f"Bearer {token}".encode())


class Allowance:
    """Requests that each client has left: they come back evenly, `a_minute` at most.

    Parameters
    ----------
    a_minute : int
        Of one client.
    """

    def __init__(self, a_minute: int = A_MINUTE) -> None:
        self._most, self._lock = float(a_minute), Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """Take one request; the seconds until the next is allowed, 0 where this one is."""
        now = time.monotonic()
        with self._lock:
            left, then = self._left.pop(client, (self._most, now))
            left = min(left + (now - then) * self._most / 60.0, self._most)
            allowed = left >= 1.0
            self._left[client] = (left - allowed, now)
            while len(self._left) > _CLIENTS:
                self._left.popitem(last=False)
        return 0.0 if allowed else (1.0 - left) * 60.0 / self._most
