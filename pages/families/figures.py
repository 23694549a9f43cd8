"""Charts of families: real shares beside synthetic ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from pages.shared.charts import layout
from pages.shared.plot import Figure
from synth.linked.population import Counts

_HEIGHT, _LONG = 240, 8


def beside(counts: Counts, synthetic: np.ndarray) -> Figure:
    """Shares of a column's places: real families first, drawn ones beside them."""
    bars = []
    lying = any(len(label) > _LONG for label in counts.labels)
    labels = [label if len(label) < 24 else f"{label[:22]}…" for label in counts.labels]
    for name, some in (("real", np.array(counts.counts)), ("synthetic", synthetic)):
        shares = some / max(some.sum(), 1)
        axes: dict[str, Any] = {"x": shares, "y": labels} if lying else {"x": labels, "y": shares}
        along = "x" if lying else "y"
        bars.append(
            {
                "type": "bar",
                **axes,
                "name": name,
                "orientation": "h" if lying else "v",
                "customdata": list(counts.labels),
                "hovertemplate": f"%{{customdata}}: %{{{along}:.1%}}<extra>{name}</extra>",
                "marker": {"line": {"width": 0}, "cornerradius": 2},
            }
        )
    share = {"tickformat": ".0%", "rangemode": "tozero", "nticks": 5, "fixedrange": True}
    place = {"type": "category", "showgrid": False, "fixedrange": True, "automargin": True}
    if lying:
        place["autorange"] = "reversed"
    styled = layout(
        height=max(_HEIGHT, 46 + 26 * len(labels)) if lying else _HEIGHT,
        xaxis=share if lying else place,
        yaxis=place if lying else share,
    )
    return {"data": bars, "layout": styled}
