"""Several groups on one line for each level: a dot a group, a line from the least to the most."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from pages.shared.charts import GROUPS, HEIGHT, layout, shortened
from pages.shared.plot import Figure

# Of more groups than two.
_COLOURS = (
    *("#c8663a", "#43899a", "#8d6b1f", "#7a5ea8", "#62833b", "#b0506f", "#52709a", "#8a7a68"),
    *("#b08a3c", "#2a9d76"),
)
_SYMBOLS = (
    *("circle", "diamond", "square", "triangle-up", "triangle-down", "pentagon", "hexagon", "star"),
    *("cross", "x"),
)


def dumbbells(
    titles: Sequence[str],
    groups: Sequence[tuple[str, np.ndarray]],
    real: Sequence[np.ndarray | None],
    notes: Sequence[str],
) -> Figure:
    """A row for each level, a dot for each group, a line from the least to the most.

    Parameters
    ----------
    titles : sequence of str
        Levels from top to bottom.
    groups : sequence of (str, ndarray of float, shape (levels,))
        Who they are, and their shares; at most ten.
    real : sequence of (ndarray of float, shape (levels,), or None)
        Shares among the real people of each group, where they are counted: hollow dots.
    notes : sequence of str
        Words about each level, shown where one hovers over it; HTML.

    Returns
    -------
    Figure
    """
    places = list(range(len(titles)))
    shares = np.array([share for _, share in groups])
    ends = [shares.min(axis=0), shares.max(axis=0)]
    lines: dict[str, list[float | None]] = {"x": [], "y": []}
    for place in places:
        lines["x"] += [float(ends[0][place]), float(ends[1][place]), None]
        lines["y"] += [place, place, None]
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "hoverinfo": "skip",
            "showlegend": False,
            "line": {"width": 3, "color": "rgba(128, 118, 106, 0.35)"},
            **lines,
        }
    ]
    colours = GROUPS if len(groups) == 2 else _COLOURS
    for at, ((name, share), counted) in enumerate(zip(groups, real, strict=True)):
        common = {"type": "scatter", "mode": "markers", "y": places, "customdata": notes}
        name = escape(shortened(name, 34))
        hover = "%{customdata}<br>" + name + ": %{x:.1%}"
        marker = {"size": 11, "color": colours[at], "symbol": _SYMBOLS[at]}
        data.append(
            {**common, "name": name, "x": share.tolist(), "marker": marker, "hovertemplate": hover}
        )
        if counted is not None:
            hollow = {
                "size": 7,
                "opacity": 0.7,
                "color": colours[at],
                "symbol": f"{_SYMBOLS[at]}-open",
            }
            data.append(
                {
                    **common,
                    "name": f"{name}, real people",
                    "x": counted.tolist(),
                    "marker": hollow,
                    "hovertemplate": f"{hover}, real people",
                    "showlegend": False,
                }
            )
    height = max(HEIGHT, 70 + 27 * len(titles))
    styled = layout(
        height=height,
        xaxis={"tickformat": ".0%", "rangemode": "tozero", "side": "top", "fixedrange": True},
        yaxis={
            "tickvals": places,
            "ticktext": [shortened(title, 26) for title in titles],
            "range": [len(titles) - 0.4, -0.6],
            "fixedrange": True,
            "automargin": True,
        },
    )
    styled |= {
        "showlegend": True,
        "legend": {"orientation": "h", "y": -0.02, "yanchor": "top", "x": 0},
        "margin": {"l": 8, "r": 12, "t": 30, "b": 20},
    }
    return {"data": data, "layout": styled}
