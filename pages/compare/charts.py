"""What the Compare page draws of figures that `synth.evaluate` has measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from pages.shared import markdown
from synth.evaluate.generator_comparison import REAL
from synth.evaluate.generator_page import colours

if TYPE_CHECKING:
    from synth.data.schema import Column
    from synth.evaluate.generator_comparison import GeneratorComparison
    from synth.evaluate.generator_figures import Figures

_HEIGHT = 270


def _layout(**more: Any) -> dict[str, Any]:
    return {
        "height": _HEIGHT,
        "margin": {"l": 8, "r": 12, "t": 8, "b": 28},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "dragmode": False,
        **more,
    }


def cumulative(
    comparison: GeneratorComparison, figures: Figures, column: Column, names: Sequence[str]
) -> go.Figure:
    """The share of people up to each value of a column."""
    figure = go.Figure(layout=_layout())
    for name in names:
        x, y = figures.cumulative(column, name)
        figure.add_scatter(
            x=x,
            y=y,
            name=comparison.title_of(name),
            mode="lines",
            line={
                "width": 2.4 if name == REAL else 1.6,
                "color": colours(comparison).get(name, "#888888"),
                "shape": "linear" if column.is_number else "hv",
            },
            hovertemplate="%{y:.1%}<extra>%{fullData.name}</extra>",
        )
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02], fixedrange=True, nticks=5)
    if column.is_number:
        figure.update_xaxes(fixedrange=True, nticks=5)
    else:
        labels = figures.places[column.name].labels
        titles = markdown.titles(column, labels)
        every = max(1, -(-len(labels) // 6))
        figure.update_xaxes(
            tickvals=list(range(0, len(labels), every)),
            ticktext=[_short(titles[label]) for label in labels[::every]],
            tickangle=0,
            fixedrange=True,
        )
    return figure


def moments(comparison: GeneratorComparison, figures: Figures, place: int) -> go.Figure:
    """Means (place 0) or standard deviations (1) of all numbers, real across, drawn upwards."""
    figure = go.Figure(layout=_layout(height=360))
    real = figures.people[REAL].moments
    across = [abs(real[name][place]) for name in figures.numbers]
    ends = [value for value in across if value > 0]
    if ends:
        figure.add_scatter(
            x=[min(ends), max(ends)],
            y=[min(ends), max(ends)],
            mode="lines",
            name="equal",
            line={"width": 1, "color": "#9a8f82", "dash": "dot"},
            hoverinfo="skip",
        )
    titles = {column.name: column.title for column in figures.columns}
    for entry in comparison.entries:
        ours = figures.people[entry.name].moments
        figure.add_scatter(
            x=across,
            y=[abs(ours[name][place]) for name in figures.numbers],
            mode="markers",
            name=entry.title,
            marker={"size": 8, "color": colours(comparison)[entry.name], "opacity": 0.85},
            customdata=[titles[name] for name in figures.numbers],
            hovertemplate="%{customdata}: real %{x:,.4g}, synthetic %{y:,.4g}"
            "<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(type="log", fixedrange=True, title="real", nticks=6)
    figure.update_yaxes(type="log", fixedrange=True, title="synthetic", nticks=6)
    return figure


def plane(figures: Figures, name: str) -> go.Figure:
    """Where people are on the real people's first two principal axes."""
    x, y = (np.array(edges) for edges in figures.axes)
    most = max(max(map(max, figures.people[REAL].plane)), 1e-9)
    shares = np.array(figures.people[name].plane)
    heat = go.Heatmap(
        x=(x[1:] + x[:-1]) / 2,
        y=(y[1:] + y[:-1]) / 2,
        z=np.sqrt(shares),
        customdata=shares,
        zmin=0,
        zmax=float(np.sqrt(most)),
        colorscale=[[0.0, "rgba(180,83,42,0)"], [1.0, "rgba(180,83,42,1)"]],
        showscale=False,
        hovertemplate="%{customdata:.2%} of them<extra></extra>",
    )
    figure = go.Figure(heat, layout=_layout(height=320))
    figure.update_xaxes(title="first axis", fixedrange=True, showgrid=False, zeroline=False)
    figure.update_yaxes(title="second axis", fixedrange=True, showgrid=False, zeroline=False)
    return figure


def _short(label: str, most: int = 14) -> str:
    return label if len(label) <= most else label[: most - 1].rstrip() + "…"
