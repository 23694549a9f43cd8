"""Charts of lives: shares by time, rates, many lives at once, typical ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from pages.shared.plot import Figure
from synth.lives.track import PALETTE, Track

# ColorBrewer's Oranges, which Plotly.js knows no name for.
_ORANGES = [
    [0, "rgb(255,245,235)"],
    [0.125, "rgb(254,230,206)"],
    [0.25, "rgb(253,208,162)"],
    [0.375, "rgb(253,174,107)"],
    [0.5, "rgb(253,141,60)"],
    [0.625, "rgb(241,105,19)"],
    [0.75, "rgb(217,72,1)"],
    [0.875, "rgb(166,54,3)"],
    [1, "rgb(127,39,4)"],
]


def colour(state: int) -> str:
    """The colour of a state."""
    return PALETTE[state % len(PALETTE)]


def shares(track: Track, states: np.ndarray) -> Figure:
    """Shares of the states over time, on top of each other; `states` of shape (times, states)."""
    areas = [
        {
            "type": "scatter",
            "x": list(range(track.times)),
            "y": states[:, s],
            "name": name,
            "stackgroup": "all",
            "mode": "lines",
            "line": {"width": 0.5, "color": colour(s)},
            "fillcolor": colour(s),
            "customdata": list(track.labels),
            "hovertemplate": f"%{{customdata}}: {name} %{{y:.1%}}<extra></extra>",
        }
        for s, name in enumerate(track.states)
    ]
    return {"data": areas, "layout": _layout(300, xaxis=_times(track), yaxis=_share_axis())}


def rates(track: Track, moves: np.ndarray) -> Figure:
    """Of those in a state, how many move to which one before the next time; shape (from, to)."""
    total = moves.sum(axis=1, keepdims=True)
    rate = np.divide(moves, total, out=np.zeros_like(moves, dtype=float), where=total > 0)
    away = np.where(np.eye(len(rate), dtype=bool), np.nan, rate)
    square = {
        "type": "heatmap",
        "z": away,
        "x": list(track.states),
        "y": list(track.states),
        "text": [[f"{v:.1%}" if v >= 0.001 else "" for v in row] for row in rate],
        "texttemplate": "%{text}",
        "colorscale": _ORANGES,
        "showscale": False,
        "hovertemplate": "from %{y}<br>to %{x}: %{text}<extra></extra>",
    }
    axis = {"automargin": True, "showgrid": False}
    return {
        "data": [square],
        "layout": _layout(340, xaxis=axis, yaxis={**axis, "autorange": "reversed"}),
    }


def many(track: Track, codes: np.ndarray, names: list[str] | None = None) -> Figure:
    """Each person a row, each state a colour (a sequence index plot)."""
    if names is None:
        # By what they are last, then before: neighbours look alike.
        codes = codes[np.lexsort(codes.T)]
    count = len(track.states)
    scale: list[list[Any]] = []
    for s in range(count):
        scale += [[s / count, colour(s)], [(s + 1) / count, colour(s)]]
    rows = {
        "type": "heatmap",
        "z": codes,
        "x": list(range(track.times)),
        "y": names,
        "zmin": -0.5,
        "zmax": count - 0.5,
        "colorscale": scale,
        "showscale": False,
        "customdata": [
            [[track.labels[t], track.states[s]] for t, s in enumerate(row)] for row in codes
        ],
        "hovertemplate": "%{customdata[0]}: %{customdata[1]}<extra></extra>",
    }
    height = 340 if names is None else 60 + 34 * len(codes)
    people = {
        "showticklabels": names is not None,
        "autorange": "reversed",
        "automargin": True,
    }
    return {"data": [rows], "layout": _layout(height, xaxis=_times(track), yaxis=people)}


def key(track: Track) -> str:
    """What the colours mean, as HTML; names of states are escaped."""
    from html import escape

    marks = "".join(
        f'<span style="display:inline-flex;align-items:center;gap:.35em">'
        f'<i style="width:.8em;height:.8em;border-radius:2px;background:{colour(s)}"></i>'
        f"{escape(name)}</span>"
        for s, name in enumerate(track.states)
    )
    return f'<p class="pp-legend" style="flex-wrap:wrap">{marks}</p>'


def _times(track: Track) -> dict[str, Any]:
    every = max(1, track.times // 6)
    places = list(range(0, track.times, every))
    return {
        "tickvals": places,
        "ticktext": [track.labels[i] for i in places],
        "showgrid": False,
        "fixedrange": True,
    }


def _share_axis() -> dict[str, Any]:
    return {"tickformat": ".0%", "range": [0, 1], "fixedrange": True, "nticks": 5}


def _layout(height: int, **axes: Any) -> dict[str, Any]:
    return {
        "height": height,
        "margin": {"l": 8, "r": 12, "t": 6, "b": 28},
        "showlegend": False,
        "dragmode": False,
        **axes,
    }
