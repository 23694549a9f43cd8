"""Losses of a network that learns, while they fall and when they have fallen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pages.shared.plot import Figure, plot

_COLOURS = ("#b3a692", "#b4532a", "#3f716b", "#8d6b1f", "#52628a", "#94506a", "#62733b", "#85796b")
_LOW = 210  # pixels of a chart that grows


def chart(curves: Mapping[str, Sequence[float]], height: int = 270) -> Figure:
    """Curves of losses from the first step to the last."""
    return {
        "data": [
            {
                "type": "scatter",
                "x": np.linspace(0, 100, len(curve)),
                "y": np.asarray(curve, dtype=float),
                "name": name,
                "mode": "lines",
                "line": {"width": 1.6, "color": _COLOURS[place % len(_COLOURS)]},
                "hovertemplate": "%{x:.0f}% of the steps: %{y:.3f}<extra>%{fullData.name}</extra>",
            }
            for place, (name, curve) in enumerate(curves.items())
        ],
        "layout": {
            "height": height,
            "margin": {"l": 8, "r": 12, "t": 8, "b": 28},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "dragmode": False,
            "xaxis": {"ticksuffix": "%", "fixedrange": True, "nticks": 5},
            "yaxis": {"fixedrange": True, "nticks": 5},
        },
    }


def losses(curves: Mapping[str, Sequence[float]]) -> None:
    """The losses so far of what is learning; nothing before there are two of one curve."""
    if any(len(curve) > 1 for curve in curves.values()):
        plot(
            chart(curves, _LOW),
            key="losses-so-far",
            alt="Losses of the network that is learning, so far",
        )
