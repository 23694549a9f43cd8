"""The addresses described for people: one page that needs nothing but itself."""

from __future__ import annotations

from typing import Any

from synth.evaluate import html


def page(description: dict[str, Any]) -> str:
    """An OpenAPI description as an HTML page.

    Parameters
    ----------
    description : dict
        As `openapi` gives it.

    Returns
    -------
    str
        A whole document without scripts and without anything from elsewhere.
    """
    about = description["info"]
    parts = [
        html.paragraph(f"{about['description']} The same for machines: openapi.json."),
        *(
            html.section(f"{method.upper()} {path}", _answer(answer))
            for path, methods in description["paths"].items()
            for method, answer in methods.items()
        ),
    ]
    return html.page(f"{about['title']}: people over HTTP", "".join(parts))


def _answer(answer: dict[str, Any]) -> str:
    parameters = [
        (each["name"], each["in"], each["schema"]["type"], each.get("description", ""))
        for each in answer["parameters"]
    ]
    codes = [(code, each["description"]) for code, each in answer["responses"].items()]
    return "".join(
        [
            html.paragraph(answer["summary"]),
            html.table(("parameter", "in", "type", "what it says"), parameters)
            if parameters
            else "",
            html.table(("status", "answer"), codes),
        ]
    )
