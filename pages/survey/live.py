"""What a survey's votes tell so far, on stage: drawn anew every two seconds."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from pages.shared.plot import Figure, plot
from pages.survey import led
from synth.survey import PAPER, Results, Share, Survey
from synth.survey.results import PAPER_PEOPLE, PAPER_PROFILES

_EVERY = 2.0  # seconds
_ROW = 27
_ACCENT, _QUIET = "#b4532a", "#85796b"  # the theme's, so that they follow it


@st.fragment(run_every=_EVERY)
def show(survey: Survey) -> None:
    """The share who believe, and by whom and what was shown."""
    now = led.results_of(survey)
    st.html(_headline(now))
    plot(
        figure(now),
        key="survey-chart",
        alt="The share who believe, of everybody and by group, with 95% intervals",
    )
    st.caption(
        "Lines are Wilson’s 95% intervals, as if every answer came from another person; answers of "
        "the same person go together, so the truth is a little less sure. Dashed: the paper’s "
        f"{PAPER:.0%} ({PAPER_PEOPLE} people, {_words(PAPER_PROFILES)} profiles each; it gives no "
        "interval)."
    )


def _headline(now: Results) -> str:
    people = "1 person has" if now.participants == 1 else f"{now.participants:,} people have"
    if now.overall.value is None:
        return (
            '<p class="pp-believed" role="status"><b>–</b>Nobody has answered yet. The paper: '
            f"{PAPER:.0%} believed.</p>"
        )
    low, high = now.overall.interval
    return (
        f'<p class="pp-believed" role="status"><b>{now.overall.value:.0%}</b>believed the profiles '
        f"({low:.0%} to {high:.0%}); the paper: {PAPER:.0%}. {people} given "
        f"{now.overall.answers:,} answers.</p>"
    )


def figure(now: Results) -> Figure:
    """Shares with their intervals, group below group, and the paper's as a dashed line."""
    rows: list[tuple[str, Share | None]] = [("everybody", now.overall)]
    for title, shares in now.groups.items():
        rows += [(f"<b>{title}</b>", None), *((share.label, share) for share in shares)]
    places = [i for i, (_, share) in enumerate(rows) if share is not None and share.answers]
    shown = [share for _, share in rows if share is not None and share.answers]
    values = [share.value or 0.0 for share in shown]
    ends = [share.interval for share in shown]
    marks: dict[str, Any] = {
        "type": "scatter",
        "x": values,
        "y": places,
        "mode": "markers",
        "marker": {"size": 11, "color": _ACCENT},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - value for value, (_, high) in zip(values, ends, strict=True)],
            "arrayminus": [value - low for value, (low, _) in zip(values, ends, strict=True)],
            "thickness": 2,
            "width": 0,
            "color": _ACCENT,
        },
        "customdata": [
            f"{escape(s.label)}: {s.believed} of {s.answers}, {low:.0%} to {high:.0%}"
            for s, (low, high) in zip(shown, ends, strict=True)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    paper = {
        "type": "line",
        "x0": PAPER,
        "x1": PAPER,
        "y0": 0,
        "y1": 1,
        "yref": "y domain",
        "line": {"dash": "dash", "width": 1.5, "color": _QUIET},
    }
    layout = {
        "height": 40 + _ROW * len(rows),
        "margin": {"l": 8, "r": 16, "t": 6, "b": 28},
        "showlegend": False,
        "dragmode": False,
        "shapes": [paper],
        "xaxis": {"tickformat": ".0%", "range": [-0.02, 1.02], "fixedrange": True, "dtick": 0.25},
        "yaxis": {
            "tickfont": {"size": 13},
            "tickvals": list(range(len(rows))),
            "ticktext": [_tick(label, share) for label, share in rows],
            "range": [len(rows) - 0.4, -0.6],
            "showgrid": False,
            "fixedrange": True,
            "automargin": True,
            "zeroline": False,
        },
    }
    return {"data": [marks], "layout": layout}


def _tick(label: str, share: Share | None) -> str:
    if share is None:
        return label
    return f"{escape(label)} · {share.believed} of {share.answers}"


def _words(number: int) -> str:
    return {10: "ten"}.get(number, str(number))
