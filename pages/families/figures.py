"""Charts of families: real shares beside synthetic ones."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from synth.linked.population import Counts

_HEIGHT, _LONG = 240, 8


def beside(counts: Counts, synthetic: np.ndarray) -> go.Figure:
    """Shares of a column's places: real families first, drawn ones beside them."""
    figure = go.Figure()
    lying = any(len(label) > _LONG for label in counts.labels)
    labels = [label if len(label) < 24 else f"{label[:22]}…" for label in counts.labels]
    for name, some in (("real", np.array(counts.counts)), ("synthetic", synthetic)):
        shares = some / max(some.sum(), 1)
        axes = {"x": shares, "y": labels} if lying else {"x": labels, "y": shares}
        along = "x" if lying else "y"
        figure.add_bar(
            **axes,
            name=name,
            orientation="h" if lying else "v",
            customdata=list(counts.labels),
            hovertemplate=f"%{{customdata}}: %{{{along}:.1%}}<extra>{name}</extra>",
            marker={"line": {"width": 0}, "cornerradius": 2},
        )
    share = {"tickformat": ".0%", "rangemode": "tozero", "nticks": 5, "fixedrange": True}
    place = {"type": "category", "showgrid": False, "fixedrange": True, "automargin": True}
    if lying:
        place["autorange"] = "reversed"
    figure.update_layout(
        height=max(_HEIGHT, 46 + 26 * len(labels)) if lying else _HEIGHT,
        barmode="group",
        bargroupgap=0.04,
        showlegend=False,
        dragmode=False,
        margin={"l": 8, "r": 12, "t": 6, "b": 28},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        xaxis=share if lying else place,
        yaxis=place if lying else share,
    )
    return figure
