"""Two distributions of a column in one: before in the quiet colour, after in the accent.

Drawn as plain HTML, so that twenty of them appear at once.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from pages.shared import markdown
from synth import describe
from synth.data.column import MISSING
from synth.evaluate.shift import LevelShift, NumberShift, level_shift, number_shift

if TYPE_CHECKING:
    from synth.bayes import Marginal
    from synth.data.column import Column

LEVELS, NAMED = 6, 12


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
    if column.is_number:
        words = sentences(column, before, after)
        drawn = _numbers(column, number_shift(column, before, after, beside), words)
    else:
        drawn = _levels(column, level_shift(before, after, beside, most=levels))
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


def _levels(column: Column, shift: LevelShift) -> str:
    titles = markdown.titles(column, shift.labels)
    lines = []
    for i, label in enumerate(shift.labels):
        old, new = float(shift.before[i]), None if shift.after is None else float(shift.after[i])
        mark = "" if new is None else f'<b style="width:{new / shift.top:.2%}"></b>'
        lines.append(
            f"<li><span>{escape(titles[label])}</span>"
            f'<span class="pp-bar"><i style="width:{old / shift.top:.2%}"></i>{mark}</span>'
            f"<em>{_change(old, new)}</em></li>"
        )
    rest = f"<p>and {shift.left_out} more levels</p>" if shift.left_out else ""
    return f'<ul class="pp-levels">{"".join(lines)}</ul>{rest}'


def _numbers(column: Column, shift: NumberShift, words: list[str]) -> str:
    bars = shift.bars
    if not bars:
        return ""
    columns = []
    for i, bar in enumerate(bars):
        old, new = float(shift.before[i]), None if shift.after is None else float(shift.after[i])
        shares = _share(old) if new is None else f"{_share(old)} → {_share(new)}"
        mark = "" if new is None else f'<b style="height:{new / shift.top:.2%}"></b>'
        columns.append(
            f'<span title="{escape(_range(column, bar))}: {shares}">'
            f'<i style="height:{old / shift.top:.2%}"></i>{mark}</span>'
        )
    lines = "".join(f"<p>{line}</p>" for line in words)
    few = len(bars) <= NAMED and all(low == high for low, high in bars)
    shown = [low for low, _ in bars] if few else [bars[0][0], bars[-1][1]]
    names = "".join(f"<span>{escape(markdown.number(value, column))}</span>" for value in shown)
    below = f'<div class="pp-ends{" pp-each" if few else ""}">{names}</div>'
    return f'<div class="pp-bars">{"".join(columns)}</div>{below}{lines}'


def _range(column: Column, pair: tuple[float, float]) -> str:
    low, high = (markdown.number(round(end, 6), column) for end in pair)
    return low if low == high else f"{low}–{high}"


def sentences(column: Column, before: Marginal, after: Marginal | None) -> list[str]:
    """What a picture of a number shows, in words; HTML."""
    lines, last = [], before if after is None else after
    if last.mean is not None and before.mean is not None and not math.isnan(last.mean):
        mean = rough(before.mean, column)
        if after is not None:
            mean += f" → <strong>{rough(after.mean, column)}</strong>"
        half = f"{rough(last.quantile(0.25), column)} to {rough(last.quantile(0.75), column)}"
        lines.append(f"on average {mean}, half of them {half}")
    if column.missing and MISSING in before.labels:
        state = escape(describe.level_words(column, MISSING))
        lines.append(
            f"{state}: {_change(before[MISSING], None if after is None else after[MISSING])}"
        )
    return lines


def rough(value: float | None, column: Column) -> str:
    """A number with three digits or so, or as the column's table writes it; HTML."""
    if value is None or math.isnan(value):
        return "?"
    if column.format is not None:
        return escape(describe.number_words(column, value))
    if abs(value) >= 100 or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.3g}"
