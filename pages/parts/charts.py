"""Charts in one hand: real is the quiet colour, synthetic the accent, exact a mark.

Colours come from the theme (`chartCategoricalColors`, in the order real, synthetic, exact), so the
traces of every chart stand in that order, present or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from pages.parts import words
from synth import wording
from synth.schema import MISSING

if TYPE_CHECKING:
    from pages.parts.comparison import Comparison
    from synth.schema import Column

SHORT, BARS = 8, 24
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
        labels, shares = _levels(comparison, shares, whole)
        return go.Figure(_lying(labels, shares))
    labels, shares = _bins(comparison, shares)
    return go.Figure(
        _standing(labels, shares, missing=len(comparison.labels) >= len(comparison.edges))
    )


def is_cut(comparison: Comparison) -> bool:
    """Whether the compact chart leaves levels out."""
    return comparison.edges is None and len(comparison.labels) > SHORT + 1


def _share(counts: np.ndarray | None) -> np.ndarray | None:
    return None if counts is None else counts / max(counts.sum(), 1)


def _levels(comparison: Comparison, shares: Shares, whole: bool) -> tuple[list[str], Shares]:
    """Levels in the table's order; where there are many, the commonest and the rest as one."""
    labels = comparison.labels
    titles = words.titles(comparison.column, labels)
    shown = [titles[label] for label in labels]
    if len(labels) <= SHORT + 1:
        return shown, shares
    lead = shares[0] if shares[0] is not None else shares[1]
    order = np.argsort(-lead, kind="stable")
    if whole:
        return [shown[i] for i in order], [None if s is None else s[order] for s in shares]
    first, rest = order[:SHORT], order[SHORT:]
    cut = [None if s is None else np.append(s[first], s[rest].sum()) for s in shares]
    return [*(shown[i] for i in first), f"{len(rest)} more"], cut


def _bins(comparison: Comparison, shares: Shares) -> tuple[list[str], Shares]:
    """The reference's bins, or equally wide ones where there are more than fit."""
    labels, edges = comparison.labels, comparison.edges
    places = len(edges) - 1
    if places <= BARS:
        return [_place(comparison.column, label) for label in labels], shares
    integer = comparison.column.kind == "integer"
    width = (edges[-1] - edges[0]) / BARS
    width = float(np.ceil(width)) if integer else width
    starts = edges[0] + width * np.arange(int(np.ceil((edges[-1] - edges[0]) / width)))
    into = np.searchsorted(starts, (edges[:-1] + edges[1:]) / 2, side="right") - 1
    last = width - 1 if integer else width
    shown = [f"{words.number(low)}–{words.number(low + last)}" for low in starts]
    tail = [_place(comparison.column, MISSING)] if len(labels) > places else []
    merged = [
        None
        if s is None
        else np.append(np.bincount(into, s[:places], minlength=len(starts)), s[places:])
        for s in shares
    ]
    return shown + tail, merged


def _place(column: Column, label: str) -> str:
    return wording.level_words(column, MISSING) if label == MISSING else label


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
                "autorange": "reversed",
                "showgrid": False,
                "fixedrange": True,
                "automargin": True,
            },
        ),
    }


def _standing(labels: list[str], shares: Shares, *, missing: bool) -> dict[str, Any]:
    """Bins from left to right, bars upwards."""
    every = max(1, -(-len(labels) // 6))
    ticks = [i for i in range(len(labels)) if i % every == 0]
    if missing:
        ticks = [i for i in ticks if i < len(labels) - every / 2] + [len(labels) - 1]
    return {
        "data": _traces(labels, shares, lying=False),
        "layout": _layout(
            height=_HEIGHT,
            bargap=0.16,
            xaxis={
                "tickvals": ticks,
                "ticktext": [labels[i].replace(" ", "<br>") for i in ticks],
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
