"""Charts of a self-contained page as SVG: lines, points, cells; words escaped (Jinja2)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

COLOURS = (
    "#6f665b",
    "#b4532a",
    "#2f7f8f",
    "#7a5ea8",
    "#5f8a3c",
    "#c08a1e",
    "#a43f6b",
    "#3d62a8",
    "#8a6d4f",
    "#2a9d76",
    "#d0703a",
)
"""Of real people, then of each other set; all can be read on light and on dark ground."""
STYLE = """
.rp .charts{display:grid;gap:.8rem 1.6rem;
grid-template-columns:repeat(auto-fill,minmax(min(100%,17rem),1fr))}
.rp .chart-svg{margin:.4rem 0;min-width:0}
.rp .chart-svg figcaption{font-size:.88rem;font-weight:550;overflow-wrap:anywhere}
.rp .chart-svg svg{width:100%;height:auto;display:block;overflow:visible}
.rp .chart-svg polyline{fill:none;stroke:currentColor;stroke-width:1.7}
.rp .chart-svg circle{fill:currentColor;opacity:.8}
.rp .chart-svg text{font-size:11px;fill:var(--rp-quiet);dominant-baseline:middle}
.rp .chart-svg .end{text-anchor:end}.rp .chart-svg .mid{text-anchor:middle}
.rp .chart-svg .grid{stroke:var(--rp-line)}
.rp .chart-svg rect{fill:var(--rp-accent)}
.rp .plane{border:1px solid var(--rp-line);border-radius:.4rem}
"""
WIDTH, HEIGHT, SIDE = 300, 170, 240


@lru_cache(maxsize=1)
def _charts() -> Any:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
    )
    return environment.get_template("charts.html").module


@dataclass(frozen=True)
class Series:
    """A line or points.

    Attributes
    ----------
    name, colour : str
        What it is, and a CSS colour.
    x, y : sequence of float
        Of the same length; what is not finite is left out.
    dots : bool
        Points instead of a line.
    """

    name: str
    colour: str
    x: Sequence[float]
    y: Sequence[float]
    dots: bool = False


def lines(title: str, series: Sequence[Series], *, logarithmic: bool = False) -> str:
    """Lines and points over shared axes.

    Parameters
    ----------
    title : str
        Above the chart, escaped.
    series : sequence of Series
        What is drawn.
    logarithmic : bool
        Both axes; only what is above 0 is drawn.

    Returns
    -------
    str
        HTML.
    """
    drawn: list[tuple[Series, np.ndarray, np.ndarray]] = []
    for each in series:
        x, y = np.array(each.x, float), np.array(each.y, float)
        keep = np.isfinite(x) & np.isfinite(y)
        if logarithmic:
            keep &= (x > 0) & (y > 0)
        x, y = x[keep], y[keep]
        if logarithmic:
            x, y = np.log10(x), np.log10(y)
        drawn.append((each, x, y))
    left, right = _ends([x for _, x, _ in drawn])
    low, high = _ends([y for _, _, y in drawn])
    shown = []
    for each, x, y in drawn:
        across = (x - left) / (right - left) * WIDTH
        up = HEIGHT - (y - low) / (high - low) * HEIGHT
        places = [
            (round(a, 1), round(b, 1)) for a, b in zip(across.tolist(), up.tolist(), strict=True)
        ]
        path = "" if each.dots else " ".join(f"{a},{b}" for a, b in places)
        shown.append((each.name, each.colour, path, places if each.dots else []))
    return str(
        _charts().lines(
            title,
            shown,
            _ticks(left, right, WIDTH, logarithmic, flipped=False),
            _ticks(low, high, HEIGHT, logarithmic, flipped=True),
            WIDTH,
            HEIGHT,
        )
    )


def _ends(parts: Sequence[np.ndarray]) -> tuple[float, float]:
    whole = np.concatenate([*parts, np.zeros(0)])
    if not len(whole):
        return 0.0, 1.0
    low, high = float(whole.min()), float(whole.max())
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _ticks(
    low: float, high: float, length: int, logarithmic: bool, *, flipped: bool
) -> list[tuple[float, str]]:
    out = []
    for part in (0.0, 0.5, 1.0):
        value = low + part * (high - low)
        at = (1 - part if flipped else part) * length
        out.append((round(at, 1), number(10**value if logarithmic else value)))
    return out


def number(value: float) -> str:
    """A number in few signs.

    Parameters
    ----------
    value : float
        Any.

    Returns
    -------
    str
    """
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "–"
    size = abs(value)
    for factor, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= factor:
            return f"{value / (1e3 if unit == 'k' else factor):.3g}{unit}"
    return f"{value:.3g}"


def plane(title: str, shares: Sequence[Sequence[float]], most: float) -> str:
    """A square of cells, darker for more people.

    Parameters
    ----------
    title : str
        Above it, escaped.
    shares : sequence of sequence of float
        Rows from the lowest to the highest.
    most : float
        The share that is darkest.

    Returns
    -------
    str
        HTML.
    """
    side = SIDE / max(len(shares), 1)
    cells = [
        (
            round(column * side, 2),
            round(SIDE - (row + 1) * side, 2),
            round(side, 2),
            round(min(1.0, math.sqrt(share / most)), 2),
        )
        for row, line in enumerate(shares)
        for column, share in enumerate(line)
        if share > 0 and most > 0
    ]
    return str(_charts().plane(title, cells, SIDE))


def legend(items: Sequence[tuple[str, str]]) -> str:
    """What colours mean.

    Parameters
    ----------
    items : sequence of (str, str)
        Words, escaped, and colours.

    Returns
    -------
    str
        HTML.
    """
    return str(_charts().legend(items))


def bold_table(heads: Sequence[tuple[str, str]], rows: Sequence[Sequence[tuple[str, bool]]]) -> str:
    """A table in which some cells are bold.

    Parameters
    ----------
    heads : sequence of (str, str)
        Heads, and words shown where one hovers over them; escaped.
    rows : sequence of sequence of (str, bool)
        Cells, escaped, and whether each is bold.

    Returns
    -------
    str
        HTML.
    """
    return str(_charts().bold_table(heads, rows))
