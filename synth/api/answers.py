"""What each address answers, and how errors are said. Imported with the first question."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from synth import populations
from synth.api import limits, stream
from synth.api.description import openapi
from synth.api.page import page
from synth.bayes.budget import limited
from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.people.cards import html
from synth.people.cards.png import card_png
from synth.people.profile import Profile, complete
from synth.populations import Population
from synth.populations.as_written import canonical

_FRESH = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}
_PAGE = {
    **_FRESH,
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
}
_FARTHEST = 10**12


class _UnknownError(PopulaceError):
    """What was asked for is not there."""


def answer(name: str, request: Request) -> Response:
    """Answer a request within the limits of one question.

    Parameters
    ----------
    name : str
        A key of `ANSWERS`.
    request : Request
        The request, its token and allowance checked.

    Returns
    -------
    Response
        A problem is one sentence with the status 404 or 400.
    """
    try:
        with limited(seconds=limits.SECONDS, cells=limits.CELLS):
            return ANSWERS[name](request)
    except _UnknownError as error:
        return JSONResponse({"error": str(error)}, 404)
    except PopulaceError as error:
        return JSONResponse({"error": str(error)}, 400)


@lru_cache(maxsize=16)
def _load(name: str) -> Population:
    return populations.load(name)


def _population(name: str) -> Population:
    # Only shipped names: a name from outside must never become a path.
    if name not in populations.available():
        known = ", ".join(populations.available())
        raise _UnknownError(f"There is no population {name[:60]!r}: use one of {known}.")
    return _load(name)


def _population_and_evidence(request: Request) -> tuple[Population, Evidence]:
    name = request.query_params.get("population", populations.available()[0])
    population = _population(name)
    return population, population.evidence(request.query_params.get("given", ""))


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text) <= most):
        raise PopulaceError(f"The number {name} must be whole, from 0 to {most:,}.")
    return int(text)


def _populations(request: Request) -> Response:
    return JSONResponse(
        [
            {
                "name": name,
                "title": population.title,
                "note": population.note,
                "digest": population.digest,
                "columns": [
                    {"name": c.name, "kind": c.kind, "levels": list(c.levels)}
                    for c in population.modelled
                ],
            }
            for name in populations.available()
            if (population := _population(name))
        ],
        headers=_FRESH,
    )


def _people(request: Request) -> Response:
    population, known = _population_and_evidence(request)
    rows = _number(request, "rows", 1000, limits.ROWS)
    seed = _number(request, "seed", 0, 2**31 - 1)
    form = request.query_params.get("format", "csv")
    content = stream.pieces(population.given(known), rows, seed, form)
    headers = _FRESH | {"Content-Disposition": f'attachment; filename="people.{form}"'}
    return StreamingResponse(content, media_type=stream.TYPES[form], headers=headers)


def _probability(request: Request) -> Response:
    population, known = _population_and_evidence(request)
    people = population.given(known)
    answer = {
        "population": population.name,
        "given": known.text(population.modelled),
        "probability": people.probability,
        "log_probability": people.log_probability,
        "standard_error": people.standard_error,
        "exact": people.exact,
    }
    return JSONResponse(answer, headers=_FRESH)


def _posterior(request: Request) -> Response:
    population, known = _population_and_evidence(request)
    column = request.query_params.get("column", "")
    marginal = population.given(known).marginal(column)
    mean = marginal.mean
    answer = {
        "population": population.name,
        "given": known.text(population.modelled),
        "column": column,
        "labels": list(marginal.labels),
        "probabilities": [float(p) for p in marginal.probabilities],
        "mean": None if mean is None or math.isnan(mean) else mean,
    }
    return JSONResponse(answer, headers=_FRESH)


def _profile(request: Request) -> Profile:
    words = request.path_params
    population = _population(words["population"])
    seed, number = int(words["seed"]), int(words["number"])
    if seed >= 2**31 or number >= _FARTHEST:
        raise PopulaceError(f"Seeds end at {2**31 - 1:,} and people at {_FARTHEST - 1:,}.")
    known = population.evidence(request.query_params.get("given", ""))
    frame = canonical(population.given(known)).sample(1, seed, start=number, threads=1)
    record = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return complete(record, population, seed, evidence=known, start=number)[0]


def _person(request: Request) -> Response:
    part = request.path_params.get("part", "record")
    profile = _profile(request)
    if part == "record":
        return JSONResponse(profile.to_json(), headers=_FRESH)
    if part == "card":
        return Response(html.card(profile), media_type="text/html", headers=_PAGE)
    if part == "png":
        return Response(card_png(profile), media_type="image/png", headers=_FRESH)
    if part == "portrait":
        if profile.portrait is None:
            raise _UnknownError("This person has no portrait.")
        return Response(profile.portrait.webp(), media_type="image/webp", headers=_FRESH)
    raise _UnknownError("A person has a record, a card, a portrait and a png.")


def _openapi(request: Request) -> Response:
    return JSONResponse(openapi(_root(request)), headers=_FRESH)


def _docs(request: Request) -> Response:
    return Response(page(openapi(_root(request))), media_type="text/html", headers=_PAGE)


def _root(request: Request) -> str:
    return request.url.path.partition("/api/")[0]


ANSWERS: Mapping[str, Callable[[Request], Response]] = MappingProxyType(
    {
        "populations": _populations,
        "people": _people,
        "person": _person,
        "probability": _probability,
        "posterior": _posterior,
        "openapi": _openapi,
        "docs": _docs,
    }
)
"""By the name that `routes.PATHS` gives them."""
