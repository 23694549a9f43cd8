"""What the Compare page draws of figures that `synth.evaluate` has measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pages.shared import markdown
from pages.shared.plot import Figure
from synth.evaluate.generator_comparison import REAL
from synth.evaluate.generator_page import colours

if TYPE_CHECKING:
    from synth.data.column import Column
    from synth.evaluate.generator_comparison import GeneratorComparison
    from synth.evaluate.generator_figures import Figures

_HEIGHT = 270


def _layout(**more: Any) -> dict[str, Any]:
    return {
        "height": _HEIGHT,
        "margin": {"l": 8, "r": 12, "t": 8, "b": 28},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "dragmode": False,
        **more,
    }


def cumulative(
    comparison: GeneratorComparison, figures: Figures, column: Column, names: Sequence[str]
) -> Figure:
    """The share of people up to each value of a column."""
    steps = []
    for name in names:
        x, y = figures.cumulative(column, name)
        steps.append(
            {
                "type": "scatter",
                "x": x,
                "y": y,
                "name": comparison.title_of(name),
                "mode": "lines",
                "line": {
                    "width": 2.4 if name == REAL else 1.6,
                    "color": colours(comparison).get(name, "#888888"),
                    "shape": "linear" if column.is_number else "hv",
                },
                "hovertemplate": "%{y:.1%}<extra>%{fullData.name}</extra>",
            }
        )
    across: dict[str, Any] = {"fixedrange": True, "nticks": 5}
    if not column.is_number:
        labels = figures.places[column.name].labels
        titles = markdown.titles(column, labels)
        every = max(1, -(-len(labels) // 6))
        across = {
            "tickvals": list(range(0, len(labels), every)),
            "ticktext": [_short(titles[label]) for label in labels[::every]],
            "tickangle": 0,
            "fixedrange": True,
        }
    up = {"tickformat": ".0%", "range": [0, 1.02], "fixedrange": True, "nticks": 5}
    return {"data": steps, "layout": _layout(xaxis=across, yaxis=up)}


def moments(comparison: GeneratorComparison, figures: Figures, place: int) -> Figure:
    """Means (place 0) or standard deviations (1) of all numbers, real across, drawn upwards."""
    points: list[dict[str, Any]] = []
    real = figures.people[REAL].moments
    across = [abs(real[name][place]) for name in figures.numbers]
    ends = [value for value in across if value > 0]
    if ends:
        points.append(
            {
                "type": "scatter",
                "x": [min(ends), max(ends)],
                "y": [min(ends), max(ends)],
                "mode": "lines",
                "name": "equal",
                "line": {"width": 1, "color": "#9a8f82", "dash": "dot"},
                "hoverinfo": "skip",
            }
        )
    titles = {column.name: column.title for column in figures.columns}
    for entry in comparison.entries:
        ours = figures.people[entry.name].moments
        points.append(
            {
                "type": "scatter",
                "x": across,
                "y": [abs(ours[name][place]) for name in figures.numbers],
                "mode": "markers",
                "name": entry.title,
                "marker": {"size": 8, "color": colours(comparison)[entry.name], "opacity": 0.85},
                "customdata": [titles[name] for name in figures.numbers],
                "hovertemplate": "%{customdata}: real %{x:,.4g}, synthetic %{y:,.4g}"
                "<extra>%{fullData.name}</extra>",
            }
        )
    axis = {"type": "log", "fixedrange": True, "nticks": 6}
    axes = {
        "xaxis": {**axis, "title": {"text": "real"}},
        "yaxis": {**axis, "title": {"text": "synthetic"}},
    }
    return {"data": points, "layout": _layout(height=360, **axes)}


def plane(figures: Figures, name: str) -> Figure:
    """Where people are on the real people's first two principal axes."""
    x, y = (np.array(edges) for edges in figures.axes)
    most = max(max(map(max, figures.people[REAL].plane)), 1e-9)
    shares = np.array(figures.people[name].plane)
    heat = {
        "type": "heatmap",
        "x": (x[1:] + x[:-1]) / 2,
        "y": (y[1:] + y[:-1]) / 2,
        "z": np.sqrt(shares),
        "customdata": shares,
        "zmin": 0,
        "zmax": float(np.sqrt(most)),
        "colorscale": [[0.0, "rgba(180,83,42,0)"], [1.0, "rgba(180,83,42,1)"]],
        "showscale": False,
        "hovertemplate": "%{customdata:.2%} of them<extra></extra>",
    }
    axis = {"fixedrange": True, "showgrid": False, "zeroline": False}
    axes = {
        "xaxis": {**axis, "title": {"text": "first axis"}},
        "yaxis": {**axis, "title": {"text": "second axis"}},
    }
    return {"data": [heat], "layout": _layout(height=320, **axes)}


def _short(label: str, most: int = 14) -> str:
    return label if len(label) <= most else label[: most - 1].rstrip() + "…"
