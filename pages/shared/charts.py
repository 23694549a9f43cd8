"""Charts in one hand: real is the quiet colour, synthetic the accent, exact a mark.

Colours come from the theme (`chartCategoricalColors`, in the order real, synthetic, exact), so the
traces of every chart stand in that order, present or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from pages.shared import markdown
from pages.shared.plot import Figure
from synth import describe
from synth.data.column import MISSING
from synth.data.formats import DateFormat

if TYPE_CHECKING:
    from synth.evaluate.columns import ColumnComparison

SHORT, BARS = 9, 24
GROUPS = ("#c8663a", "#43899a")
"""Of groups A and B; both can be read on light and on dark ground."""
_REAL = "rgba(128, 118, 106, 1)"
_STRENGTH = [[0.0, "rgba(180,83,42,0.04)"], [1.0, "rgba(180,83,42,1)"]]
_CHANGE = [[0.0, "#3f7d8c"], [0.5, "rgba(128,120,110,0.06)"], [1.0, "#b4532a"]]
HEIGHT = 250
"""Pixels of a chart, at least."""
_ROW, _MARGIN, _THICK = 24, 46, 13


Shares = list["np.ndarray | None"]


def legend(
    *,
    exact: bool = True,
    real: bool = True,
    names: tuple[str, str] = ("real people", "synthetic people"),
) -> str:
    """What the colours mean, as HTML; `exact` where the posterior's own probabilities are drawn.

    `names` says whom the quiet colour and the accent stand for; nobody wears the quiet one unless
    `real`.
    """
    mark = '<span><i class="pp-exact"></i>exact posterior</span>' if exact else ""
    quiet, accent = map(escape, names)
    beside = f'<span><i class="pp-real"></i>{quiet}</span>' if real else ""
    return (
        f'<p class="pp-legend">{beside}<span><i class="pp-synthetic"></i>{accent}</span>{mark}</p>'
    )


def marginal(comparison: ColumnComparison, *, whole: bool = False) -> Figure:
    """One column; `whole` shows every level instead of the commonest."""
    if comparison.edges is None:
        order = _order(comparison, whole)
        labels = _titles(comparison, order)
        return _lying(labels, _picked(comparison, order))
    return _standing(*_bins(comparison))


def with_intervals(comparison: ColumnComparison, notes: Mapping[str, str]) -> Figure:
    """Every level of a categorical column, with 95% intervals of the counted shares.

    Parameters
    ----------
    comparison : ColumnComparison
        The column.
    notes : mapping of str to str
        Words about a level, shown where one hovers over it; HTML.

    Returns
    -------
    Figure
        Real, synthetic, exact.
    """
    order = _order(comparison, whole=True)
    titles, shares = _titles(comparison, order), _picked(comparison, order)
    figure = _lying(titles, shares)
    hovers = [
        f"<b>{title}</b>" + (f"<br>{notes[label]}" if label in notes else "")
        for title, label in zip(titles, (comparison.labels[i] for i in order), strict=True)
    ]
    for trace, share, interval in zip(figure["data"], shares, comparison.intervals(), strict=False):
        if share is None or interval is None:
            continue
        low, high = interval[:, order]
        trace["customdata"] = [
            [hover, f"{a:.1%} to {b:.1%}"] for hover, a, b in zip(hovers, low, high, strict=True)
        ]
        trace["hovertemplate"] = "%{customdata[0]}<br>%{x:.1%}, 95% interval %{customdata[1]}"
        trace["error_x"] = {
            "type": "data",
            "symmetric": False,
            "array": high - share,
            "arrayminus": share - low,
            "thickness": 1,
            "width": 2,
            "color": "rgba(128, 118, 106, 0.95)",
        }
    exact = figure["data"][2]
    exact["customdata"] = hovers
    exact["hovertemplate"] = "%{customdata}<br>%{x:.1%}, exact"
    return figure


def two_groups(a: ColumnComparison, b: ColumnComparison) -> Figure:
    """One column of groups A and B: bars of the model, marks of the real people where counted.

    Shares are exact where the model is, else those of the people drawn.
    """
    if a.edges is None:
        order = _order_of_both(a, b)
        labels = _titles(a, order)
        shares = [_model(_picked(a, order)), _model(_picked(b, order))]
        real = [_picked(a, order)[0], _picked(b, order)[0]]
        figure = _lying(labels, [*shares, None])
    else:
        labels, short, first = _bins(a)
        second = _bins(b)[2]
        shares, real = [_model(first), _model(second)], [first[0], second[0]]
        figure = _standing(labels, short, [*shares, None])
    lying = a.edges is None
    for trace, colour, letter in zip(figure["data"], GROUPS, "AB", strict=False):
        trace["marker"]["color"], trace["name"] = colour, letter
    figure["data"] = figure["data"][:2]
    for at, (counted, letter) in enumerate(zip(real, "AB", strict=True)):
        if counted is not None:
            figure["data"].append(_real_marks(labels, counted, letter, at, lying))
    return figure


def _real_marks(
    labels: list[str], shares: np.ndarray, letter: str, at: int, lying: bool
) -> dict[str, Any]:
    """A mark at the real share, on the bar of its group."""
    aside = 0.19 if at else -0.19
    places = [place + aside for place in range(len(labels))]
    across, along = ("y", "x") if lying else ("x", "y")
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{letter}, real people",
        across: places,
        along: shares,
        "customdata": labels,
        "hovertemplate": f"%{{customdata}}<br>%{{{along}:.1%}}, real people of {letter}",
        "marker": {
            "symbol": "line-ns-open" if lying else "line-ew-open",
            "size": 10 if lying else max(3, min(10, 140 // len(labels))),
            "color": _REAL,
            "line": {"width": 1.8, "color": _REAL},
        },
    }


def _model(shares: Shares) -> np.ndarray | None:
    """The exact shares, or those of the people drawn."""
    return shares[1] if shares[2] is None else shares[2]


def _order_of_both(a: ColumnComparison, b: ColumnComparison) -> np.ndarray:
    """Levels in the table's order; where there are many, those that differ most."""
    if len(a.labels) <= SHORT:
        return np.arange(len(a.labels))
    every = np.arange(len(a.labels))
    x, y = (_model(_picked(each, every)) for each in (a, b))
    if x is None or y is None:
        return every[:SHORT]
    return np.argsort(-np.abs(x - y), kind="stable")[:SHORT]


def heatmap(
    values: np.ndarray, titles: list[str], *, change: bool, height: int = 520, bar: bool = True
) -> Figure:
    """A square of all pairs; a column with itself is left out.

    `bar` says whether the scale is drawn beside it.
    """
    shown = np.where(np.eye(len(titles), dtype=bool), np.nan, values)
    most = max(0.05, float(np.nanmax(np.abs(shown)))) if change else 1.0
    square = {
        "type": "heatmap",
        "z": shown,
        "x": titles,
        "y": titles,
        "zmin": -most if change else 0.0,
        "zmax": most,
        "colorscale": _CHANGE if change else _STRENGTH,
        "xgap": 1,
        "ygap": 1,
        "showscale": bar,
        "colorbar": {"thickness": 10, "outlinewidth": 0, "len": 0.9},
        "hovertemplate": "%{y} and %{x}: %{z:.3f}<extra></extra>",
    }
    return {
        "data": [square],
        "layout": {
            "height": height,
            "margin": {"l": 0, "r": 0, "t": 8, "b": 0},
            "xaxis": {"tickangle": -60, "showgrid": False, "tickfont": {"size": 11}},
            "yaxis": {"autorange": "reversed", "showgrid": False, "tickfont": {"size": 11}},
        },
    }


def sides(a: str, b: str, *, real: bool) -> str:
    """What the colours of groups A and B mean, as HTML."""
    mark = '<span><i class="pp-exact"></i>real people</span>' if real else ""
    return (
        f'<p class="pp-legend"><span><i class="pp-side-a"></i>A: {escape(a)}</span>'
        f'<span><i class="pp-side-b"></i>B: {escape(b)}</span>{mark}</p>'
    )


def left_out(comparison: ColumnComparison) -> int:
    """How many levels the compact chart leaves out."""
    return 0 if comparison.edges is not None else max(0, len(comparison.labels) - SHORT)


def _order(comparison: ColumnComparison, whole: bool) -> np.ndarray:
    """Levels in the table's order; where there are many, commonest first and only those."""
    if len(comparison.labels) <= SHORT:
        return np.arange(len(comparison.labels))
    return comparison.commonest[: None if whole else SHORT]


def _titles(comparison: ColumnComparison, order: np.ndarray) -> list[str]:
    titles = markdown.titles(comparison.column, comparison.labels)
    return [titles[comparison.labels[i]] for i in order]


def _picked(comparison: ColumnComparison, order: np.ndarray) -> Shares:
    return [None if share is None else share[order] for share in comparison.shares]


def _bins(comparison: ColumnComparison) -> tuple[list[str], list[str], Shares]:
    """Labels, short labels for the axis, and shares: a bar for each single value where they are
    few, else bars of equal width."""
    places = 0 if comparison.edges is None else len(comparison.edges) - 1
    missing = describe.level_words(comparison.column, MISSING)
    tail = [missing] * (len(comparison.labels) - places)
    if places <= BARS and comparison.single:
        shown = [*comparison.labels[:places], *tail]
        return shown, shown, list(comparison.shares)
    bins = comparison.in_equal_bins(BARS)
    column = comparison.column
    short = [markdown.number(low, column) for low in bins.starts]
    shown = [
        f"{words} – {markdown.number(low + bins.reach, column)}"
        if isinstance(column.format, DateFormat)
        else f"{words}–{markdown.number(low + bins.reach, column)}"
        for words, low in zip(short, bins.starts, strict=True)
    ]
    return shown + tail, short + tail, [bins.real, bins.synthetic, bins.exact]


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


def _lying(labels: list[str], shares: Shares) -> Figure:
    """Levels from top to bottom, bars to the right."""
    height = max(HEIGHT, _MARGIN + _ROW * len(labels))
    return {
        "data": _traces(labels, shares, lying=True),
        "layout": layout(
            height=height,
            bargap=max(0.24, 1 - 2 * _THICK * len(labels) / (height - _MARGIN)),
            xaxis={"tickformat": ".0%", "rangemode": "tozero", "nticks": 5, "fixedrange": True},
            yaxis={
                "tickvals": list(range(len(labels))),
                "ticktext": [shortened(label) for label in labels],
                "range": [len(labels) - 0.4, -0.6],
                "showgrid": False,
                "fixedrange": True,
                "automargin": True,
            },
        ),
    }


def _standing(labels: list[str], short: list[str], shares: Shares) -> Figure:
    """Bins from left to right, bars upwards."""
    # Words stand below each other, so the longest decides how many find room on a narrow screen.
    longest = max(len(word) for label in short for word in label.split(" "))
    most = max(2, min(6, 34 // max(longest, 1)))
    every = max(1, -(-len(labels) // most))
    ticks = list(range(0, len(labels), every))
    if not any(sign.isdigit() for sign in short[-1]):  # values that are missing keep their words
        ticks = [i for i in ticks if i < len(labels) - every] + [len(labels) - 1]
    return {
        "data": _traces(labels, shares, lying=False),
        "layout": layout(
            height=HEIGHT,
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


def layout(**more: Any) -> dict[str, Any]:
    """The layout that all charts share, with more of it."""
    return {
        "barmode": "group",
        "bargroupgap": 0.04,
        "showlegend": False,
        "dragmode": False,
        "margin": {"l": 8, "r": 12, "t": 6, "b": 28},
        "hovermode": "closest",
        **more,
    }


def shortened(label: str, most: int = 22) -> str:
    """A label of no more characters than that."""
    return label if len(label) <= most else label[: most - 1].rstrip() + "…"
