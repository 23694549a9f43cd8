"""Two distributions of a column in one: before in the quiet colour, after in the accent.

Drawn as plain HTML, so that twenty of them appear at once.
"""

from __future__ import annotations

import math
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from pages.shared import markdown
from synth import describe
from synth.data.schema import MISSING

if TYPE_CHECKING:
    from synth.bayes import Marginal
    from synth.data.schema import Column

LEVELS, BARS, NAMED = 6, 24, 12


def legend(before: str, after: str) -> str:
    """What the two colours mean; `after` may be empty."""
    then = f'<span><i class="pp-synthetic"></i>{escape(after)}</span>' if after else ""
    return f'<p class="pp-legend"><span><i class="pp-before"></i>{escape(before)}</span>{then}</p>'


def card(
    column: Column,
    before: Marginal,
    after: Marginal | None,
    *,
    head: str = "",
    levels: int = LEVELS,
    beside: Marginal | None = None,
) -> str:
    """A column's two distributions, or one; `head` is HTML that stands above.

    `beside` is what another card will show after the same before: both then have one scale.
    """
    drawn = (
        _numbers(column, before, after, beside)
        if column.is_number
        else _levels(column, before, after, beside, levels)
    )
    return f'<div class="pp-shift">{head}{drawn}</div>'


def _share(value: float) -> str:
    if value >= 0.0995 or value == 0:
        return f"{value:.0%}"
    return f"{value:.1%}" if value >= 0.001 else "<0.1%"


def _change(old: float, new: float | None) -> str:
    """One share, or how it changed; HTML."""
    if new is None:
        return _share(old)
    return f"{_share(old)} → <strong>{_share(new)}</strong>"


def _levels(
    column: Column,
    before: Marginal,
    after: Marginal | None,
    beside: Marginal | None,
    most: int,
) -> str:
    old = before.probabilities
    new = old if after is None else after.probabilities
    high = np.maximum(old, new) if beside is None else np.maximum(old, beside.probabilities)
    high = np.maximum(high, new)
    titles = markdown.titles(column, before.labels)
    order = np.arange(len(old))
    if len(order) > most:
        order = np.argsort(-high, kind="stable")[:most]
        lead = new if beside is None else high
        order = order[np.argsort(-lead[order], kind="stable")]
    top = max(float(high[order].max()), 1e-12)
    lines = []
    for i in order:
        told = _change(float(old[i]), None if after is None else float(new[i]))
        mark = "" if after is None else f'<b style="width:{new[i] / top:.2%}"></b>'
        lines.append(
            f"<li><span>{escape(titles[before.labels[i]])}</span>"
            f'<span class="pp-bar"><i style="width:{old[i] / top:.2%}"></i>{mark}</span>'
            f"<em>{told}</em></li>"
        )
    left = len(old) - len(order)
    rest = f"<p>and {left} more levels</p>" if left else ""
    return f'<ul class="pp-levels">{"".join(lines)}</ul>{rest}'


def _edges(column: Column, before: Marginal) -> list[tuple[float, float]]:
    """Equal bars over the column's range, both ends included; their ends lie between values."""
    step = column.step or 0.0
    low = before.quantile(0.002)
    high = before.quantile(0.998)
    low = column.lower if low is None or math.isnan(low) else low
    high = column.upper if high is None or math.isnan(high) else high
    if step:
        count = round((high - low) / step) + 1
        each = max(1, -(-count // BARS))
        starts = low + step * np.arange(0, count, each)
        return [(float(at), float(min(at + step * (each - 1), high))) for at in starts]
    starts = np.linspace(low, high, BARS + 1)
    return [(float(a), float(b)) for a, b in pairwise(starts)]


def _numbers(
    column: Column, before: Marginal, after: Marginal | None, beside: Marginal | None
) -> str:
    bars = _edges(column, before)
    if not bars:
        return ""
    # The outer bars take what lies beyond.
    lows = [None, *(low for low, _ in bars[1:])]
    highs = [*(high for _, high in bars[:-1]), None]
    ends = list(zip(lows, highs, strict=True))
    old = [before.mass(*pair) for pair in ends]
    new = old if after is None else [after.mass(*pair) for pair in ends]
    others = [] if beside is None else [beside.mass(*pair) for pair in ends]
    top = max(*old, *new, *others, 1e-12)
    columns = []
    for pair, a, b in zip(bars, old, new, strict=True):
        told = _share(a) if after is None else f"{_share(a)} → {_share(b)}"
        mark = "" if after is None else f'<b style="height:{b / top:.2%}"></b>'
        columns.append(
            f'<span title="{escape(_range(pair))}: {told}">'
            f'<i style="height:{a / top:.2%}"></i>{mark}</span>'
        )
    said = "".join(f"<p>{line}</p>" for line in sentences(column, before, after))
    few = len(bars) <= NAMED and all(low == high for low, high in bars)
    shown = [low for low, _ in bars] if few else [bars[0][0], bars[-1][1]]
    names = "".join(f"<span>{markdown.number(value)}</span>" for value in shown)
    below = f'<div class="pp-ends{" pp-each" if few else ""}">{names}</div>'
    return f'<div class="pp-bars">{"".join(columns)}</div>{below}{said}'


def _range(pair: tuple[float, float]) -> str:
    low, high = (markdown.number(round(end, 6)) for end in pair)
    return low if low == high else f"{low}–{high}"


def sentences(column: Column, before: Marginal, after: Marginal | None) -> list[str]:
    """What a picture of a number shows, in words; HTML."""
    told, last = [], before if after is None else after
    if last.mean is not None and before.mean is not None and not math.isnan(last.mean):
        mean = _rough(before.mean)
        if after is not None:
            mean += f" → <strong>{_rough(after.mean)}</strong>"
        half = f"{_rough(last.quantile(0.25))} to {_rough(last.quantile(0.75))}"
        told.append(f"on average {mean}, half of them {half}")
    if column.missing and MISSING in before.labels:
        state = escape(describe.level_words(column, MISSING))
        told.append(
            f"{state}: {_change(before[MISSING], None if after is None else after[MISSING])}"
        )
    return told


def _rough(value: float | None) -> str:
    """A number with three digits or so."""
    if value is None:
        return "?"
    if abs(value) >= 100 or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.3g}"
