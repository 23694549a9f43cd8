"""Reliability diagrams of `bench_rows`: how often what is called likely is true, as a web page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synth.evaluate import html
from synth.evaluate.svg import COLOURS, STYLE, Series, legend, lines

_TITLES = {"populace": "Populace", "HGB": "gradient boosting"}
_COLOURS = {"populace": COLOURS[1], "HGB": COLOURS[2]}
_EXACT = ("what would be exact", COLOURS[0])


def reliability_page(report: Mapping[str, Any]) -> str:
    """A self-contained page with a diagram for each pattern of blanks and each predicted column.

    Parameters
    ----------
    report : mapping
        What `bench_rows` returns.

    Returns
    -------
    str
        HTML. Columns of numbers have no diagram.
    """
    charts = [
        _chart(f"Cells blanked by {pattern}", {"populace": each["calibration"]})
        for pattern, each in report["blanked"].items()
        if each["calibration"]
    ]
    charts += [
        _chart(f"{name}, predicted", {title: each[title] for title in _TITLES})
        for name, each in report["predicted"].items()
        if "observed" in each["populace"]
    ]
    intro = (
        f"Learned from {report['learned']:,} rows of {report['table']}, judged by "
        f"{report['judged']:,} others. Across: the probability that the likeliest level was "
        "given. Up: how often it was right. On the line both are the same."
    )
    shown = [(_TITLES[title], _COLOURS[title]) for title in _TITLES]
    body = f"<style>{STYLE}</style>" + html.paragraph(intro) + legend([_EXACT, *shown])
    body += f'<div class="charts">{"".join(charts)}</div>'
    return html.page("How far probabilities can be believed", body)


def _chart(title: str, curves: Mapping[str, Mapping[str, Any]]) -> str:
    exact = Series(*_EXACT, (0.0, 1.0), (0.0, 1.0))
    words = "; ".join(
        f"{_TITLES[name]} off by {curve['expected_calibration_error']:.3f} in the mean"
        for name, curve in curves.items()
    )
    series = [
        Series(_TITLES[name], _COLOURS[name], curve["predicted"], curve["observed"], dots)
        for name, curve in curves.items()
        for dots in (False, True)
    ]
    return lines(f"{title}: {words}", [exact, *series])
