"""The addresses described for machines: OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

from synth.api.stream import TYPES

_GIVEN = ("given", "string", "What is known: marital=married,age=25..35.")
_POPULATION = ("population", "string", "Its name; the first one where it is left out.")


def openapi(root: str = "") -> dict[str, Any]:
    """The description of all addresses.

    Parameters
    ----------
    root : str
        The path below which they lie.

    Returns
    -------
    dict
        JSON.
    """
    person = "/api/people/{population}/{seed}/{number}"
    parts = {"": "record", "/card": "card as HTML", "/portrait": "portrait", "/png": "card as PNG"}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Populace",
            "version": "1",
            "description": "Synthetic people on demand; nobody of them exists.",
        },
        "servers": [{"url": root or "/"}],
        "paths": {
            "/api/populations": _path("The populations, with their columns."),
            "/api/people": _path(
                "People of whom the facts hold, as a streamed file.",
                _POPULATION,
                _GIVEN,
                ("rows", "integer", "How many."),
                ("seed", "integer", "The same seed, the same people."),
                ("format", "string", f"One of {', '.join(TYPES)}."),
            ),
            **{
                person + end: _path(f"Person number n of a seed: the {words}.", _GIVEN, path=True)
                for end, words in parts.items()
            },
            "/api/probability": _path("How common such people are.", _POPULATION, _GIVEN),
            "/api/posterior": _path(
                "A column's distribution among them.",
                _POPULATION,
                _GIVEN,
                ("column", "string", "Which one."),
            ),
        },
    }


def _path(words: str, *described: tuple[str, str, str], path: bool = False) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "query", "description": text, "schema": {"type": kind}}
        for name, kind, text in described
    ]
    kinds = {"population": "string", "seed": "integer", "number": "integer"} if path else {}
    parameters += [
        {"name": name, "in": "path", "required": True, "schema": {"type": kind}}
        for name, kind in kinds.items()
    ]
    codes = {"200": "The answer.", "400": "One sentence on what is wrong.", "429": "Too many."}
    answers = {code: {"description": text} for code, text in codes.items()}
    return {"get": {"summary": words, "parameters": parameters, "responses": answers}}
