"""Charts in one hand: real is the quiet colour, synthetic the accent, exact a mark.

Colours come from the theme (`chartCategoricalColors`, in the order real, synthetic, exact), so the
traces of every chart stand in that order, present or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from pages.shared import markdown
from synth import describe
from synth.data.contingency import share_intervals
from synth.data.schema import MISSING

if TYPE_CHECKING:
    from pages.shared.comparison import Comparison

SHORT, BARS = 9, 24
_HEIGHT, _ROW, _MARGIN, _THICK = 250, 24, 46, 13

LEGEND = (
    '<p class="pp-legend"><span><i class="pp-real"></i>real people</span>'
    '<span><i class="pp-synthetic"></i>synthetic people</span>'
    '<span><i class="pp-exact"></i>exact posterior</span></p>'
)

Shares = list[np.ndarray | None]


def marginal(comparison: Comparison, *, whole: bool = False) -> go.Figure:
    """A Plotly figure of one column; `whole` shows every level instead of the commonest."""
    shares: Shares = [_share(comparison.real), _share(comparison.synthetic), comparison.exact]
    if comparison.edges is None:
        order = _order(comparison, shares, whole)
        titles = markdown.titles(comparison.column, comparison.labels)
        labels = [titles[comparison.labels[i]] for i in order]
        return go.Figure(_lying(labels, [None if s is None else s[order] for s in shares]))
    return go.Figure(_standing(*_bins(comparison, shares)))


def told(comparison: Comparison, notes: Mapping[str, str]) -> go.Figure:
    """Every level of a categorical column, with 95% intervals of the counted shares; `notes` are
    words about a level that hovering shows."""
    shares: Shares = [_share(comparison.real), _share(comparison.synthetic), comparison.exact]
    order = _order(comparison, shares, whole=True)
    titles = markdown.titles(comparison.column, comparison.labels)
    shown = [comparison.labels[i] for i in order]
    figure = go.Figure(
        _lying(
            [titles[label] for label in shown], [None if s is None else s[order] for s in shares]
        )
    )
    hovers = [
        f"<b>{titles[label]}</b>" + (f"<br>{notes[label]}" if label in notes else "")
        for label in shown
    ]
    for trace, counts in zip(figure.data, (comparison.real, comparison.synthetic), strict=False):
        if counts is None:
            continue
        low, high = share_intervals(counts)[:, order]
        share = counts[order] / max(counts.sum(), 1)
        trace.customdata = [
            [hover, f"{a:.1%} to {b:.1%}"] for hover, a, b in zip(hovers, low, high, strict=True)
        ]
        trace.hovertemplate = "%{customdata[0]}<br>%{x:.1%}, 95% interval %{customdata[1]}"
        trace.error_x = {
            "type": "data",
            "symmetric": False,
            "array": high - share,
            "arrayminus": share - low,
            "thickness": 1,
            "width": 2,
            "color": "rgba(128, 118, 106, 0.95)",
        }
    figure.data[2].customdata = hovers
    figure.data[2].hovertemplate = "%{customdata}<br>%{x:.1%}, exact"
    return figure


def left_out(comparison: Comparison) -> int:
    """How many levels the compact chart leaves out."""
    return 0 if comparison.edges is not None else max(0, len(comparison.labels) - SHORT)


def _share(counts: np.ndarray | None) -> np.ndarray | None:
    return None if counts is None else counts / max(counts.sum(), 1)


def _order(comparison: Comparison, shares: Shares, whole: bool) -> np.ndarray:
    """Levels in the table's order; where there are many, commonest first and only those."""
    if len(comparison.labels) <= SHORT:
        return np.arange(len(comparison.labels))
    lead = shares[0] if shares[0] is not None else shares[1]
    return np.argsort(-lead, kind="stable")[: None if whole else SHORT]


def _bins(comparison: Comparison, shares: Shares) -> tuple[list[str], list[str], Shares]:
    """Labels, short labels for the axis, and shares: a bar for each single value where they are
    few, else bars of equal width, over which the reference's bins are spread evenly."""
    column, labels, edges = comparison.column, comparison.labels, comparison.edges
    places = len(edges) - 1
    tail = [describe.level_words(column, MISSING)] * (len(labels) - places)
    if places <= BARS and comparison.single:
        shown = [*labels[:places], *tail]
        return shown, shown, shares
    width = (edges[-1] - edges[0]) / BARS
    width = float(np.ceil(width)) if column.kind == "integer" else _round_up(width)
    first = edges[0] if column.kind == "integer" else np.floor(edges[0] / width) * width
    starts = first + width * np.arange(int(np.ceil((edges[-1] - first) / width)))
    lower = np.maximum(starts[:, None], edges[None, :-1])
    upper = np.minimum(starts[:, None] + width, edges[None, 1:])
    spread = np.maximum(upper - lower, 0) / np.diff(edges)[None, :]
    last = width - 1 if column.kind == "integer" else width
    ends = [markdown.number(low) for low in starts]
    shown = [f"{end}–{markdown.number(low + last)}" for end, low in zip(ends, starts, strict=True)]
    merged = [None if s is None else np.append(spread @ s[:places], s[places:]) for s in shares]
    return shown + tail, ends + tail, merged


def _round_up(width: float) -> float:
    """The next of 1, 2, 2.5, 5, 10 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= width))


def _traces(labels: list[str], shares: Shares, lying: bool) -> list[dict[str, Any]]:
    places = list(range(len(labels)))
    across, along = ("y", "x") if lying else ("x", "y")
    hover = f"%{{customdata}}<br>%{{{along}:.1%}}"
    bars = [
        {
            "type": "bar",
            "name": name,
            "orientation": "h" if lying else "v",
            across: places if share is not None else [],
            along: share if share is not None else [],
            "customdata": labels,
            "hovertemplate": hover,
            "marker": {"line": {"width": 0}, "cornerradius": 2},
        }
        for name, share in zip(("real", "synthetic"), shares, strict=False)
    ]
    exact = shares[2]
    mark = {
        "type": "scatter",
        "mode": "markers",
        "name": "exact",
        across: places if exact is not None else [],
        along: exact if exact is not None else [],
        "customdata": labels,
        "hovertemplate": hover,
        "marker": {
            "symbol": "line-ns-open" if lying else "line-ew-open",
            "size": 15 if lying else max(4, min(15, 240 // len(labels))),
            "line": {"width": 1.6},
        },
    }
    return [*bars, mark]


def _lying(labels: list[str], shares: Shares) -> dict[str, Any]:
    """Levels from top to bottom, bars to the right."""
    height = max(_HEIGHT, _MARGIN + _ROW * len(labels))
    return {
        "data": _traces(labels, shares, lying=True),
        "layout": _layout(
            height=height,
            bargap=max(0.24, 1 - 2 * _THICK * len(labels) / (height - _MARGIN)),
            xaxis={"tickformat": ".0%", "rangemode": "tozero", "nticks": 5, "fixedrange": True},
            yaxis={
                "tickvals": list(range(len(labels))),
                "ticktext": [_short(label) for label in labels],
                "range": [len(labels) - 0.4, -0.6],
                "showgrid": False,
                "fixedrange": True,
                "automargin": True,
            },
        ),
    }


def _standing(labels: list[str], short: list[str], shares: Shares) -> dict[str, Any]:
    """Bins from left to right, bars upwards."""
    every = max(1, -(-len(labels) // 6))
    ticks = list(range(0, len(labels), every))
    if not short[-1].lstrip("-")[:1].isdigit():  # values that are missing keep their words
        ticks = [i for i in ticks if i < len(labels) - every] + [len(labels) - 1]
    return {
        "data": _traces(labels, shares, lying=False),
        "layout": _layout(
            height=_HEIGHT,
            bargap=0.16,
            xaxis={
                "tickvals": ticks,
                "ticktext": [short[i].replace(" ", "<br>") for i in ticks],
                "tickangle": 0,
                "showgrid": False,
                "fixedrange": True,
            },
            yaxis={"tickformat": ".0%", "rangemode": "tozero", "nticks": 5, "fixedrange": True},
        ),
    }


def _layout(**more: Any) -> dict[str, Any]:
    return {
        "barmode": "group",
        "bargroupgap": 0.04,
        "showlegend": False,
        "dragmode": False,
        "margin": {"l": 8, "r": 12, "t": 6, "b": 28},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "closest",
        **more,
    }


def _short(label: str, most: int = 22) -> str:
    return label if len(label) <= most else label[: most - 1].rstrip() + "…"
