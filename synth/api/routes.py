"""The addresses: which there are, and who may ask.

Nothing else is imported before the first question comes, so that a server is ready at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from synth.api import limits

PATHS: Mapping[str, str] = MappingProxyType(
    {
        "/api/populations": "populations",
        "/api/people": "people",
        "/api/people/{population}/{seed:int}/{number:int}": "person",
        "/api/people/{population}/{seed:int}/{number:int}/{part}": "person",
        "/api/probability": "probability",
        "/api/posterior": "posterior",
        "/api/openapi.json": "openapi",
        "/api/docs": "docs",
    }
)
"""Path → the name of its answer in `answers.ANSWERS`."""


def routes(allowance: limits.Allowance | None = None, prefix: str = "") -> list[Route]:
    """Starlette routes below ``/api``.

    Parameters
    ----------
    prefix : str
        The path below which the whole app lies (Streamlit's ``server.baseUrlPath``).
    allowance : Allowance, optional
        Requests that each client has; the usual ones, of these routes alone, when left out.

    Returns
    -------
    list of Route
        For `starlette.applications.Starlette` or `streamlit.App`.
    """
    allowed = allowance or limits.Allowance()
    root = f"/{prefix.strip('/')}" if prefix.strip("/") else ""
    return [Route(root + path, _guarded(name, allowed)) for path, name in PATHS.items()]


def _guarded(name: str, allowance: limits.Allowance) -> Any:
    """The endpoint that asks for the token and keeps to the allowance before it answers."""

    def work(request: Request) -> Response:
        from synth.api import answers  # two seconds, which only who asks waits for

        return answers.answer(name, request)

    async def endpoint(request: Request) -> Response:
        if not limits.may_ask(request.headers.get("authorization")):
            headers = {"WWW-Authenticate": "Bearer"}
            return JSONResponse({"error": "Send the token as a bearer."}, 401, headers)
        wait = allowance.take(request.client.host if request.client else "")
        if wait:
            headers = {"Retry-After": str(math.ceil(wait))}
            words = f"Too many questions: ask again in {math.ceil(wait)} seconds."
            return JSONResponse({"error": words}, 429, headers)
        return await run_in_threadpool(work, request)

    return endpoint
