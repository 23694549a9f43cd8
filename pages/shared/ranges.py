"""Sliders of what is known of numbers, dates, times of day, months and durations.

Numbers and days have sliders of their own in Streamlit. What a table writes in another way, such as
08:30, 2024-03, 2024Q1 or 1 day 02:00, has a slider over stops in those words.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import streamlit as st

from pages.shared import markdown
from synth import describe
from synth.data import dates
from synth.data.column import Column
from synth.data.date_parts import parts_of
from synth.data.durations import DurationFormat
from synth.data.evidence import Between, OneOf
from synth.data.formats import DateFormat
from synth.data.wording import number_text

Ends = tuple[Any, Any]
_EXACT = 2**53 - 1  # the largest whole number that a browser's slider can hold
_MOST = 200  # stops of a slider
_LONG = ("days and time", "ISO", "ISO long", "Python")  # styles such as 1 days 02:00:00
_CALENDAR = {"Y": (1, 2, 5, 10, 20, 50), "Q": (1, 2, 4, 20, 40), "M": (1, 3, 6, 12, 60, 120)}
_SECONDS = (1, 5, 10, 15, 30, 60, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200)


def whole(column: Column) -> Ends:
    """The slider's value that says nothing about the column."""
    if _has_days(column):
        form = column.format
        assert isinstance(form, DateFormat)
        return form.moment(column.bounds[0]), form.moment(column.bounds[1])
    if _has_words(column):
        marks = stops(column)
        return marks[0], marks[-1]
    lower, upper, _ = _scale(column)
    return lower, upper


def ask(column: Column, key: str, *, disabled: bool) -> Ends:
    """Draw the column's slider; what it says."""
    lower, upper = whole(column)
    value = st.session_state.get(key)
    if value is not None and not _fits(value, column):
        st.session_state[key] = (lower, upper)
    label = markdown.plain(column.title)
    if _has_words(column):
        return st.select_slider(
            label,
            stops(column),
            (lower, upper),
            format_func=lambda stop: _words(column, stop),
            key=key,
            bind="query-params",
            disabled=disabled,
        )
    days = _has_days(column)
    return st.slider(
        label,
        lower,
        upper,
        (lower, upper),
        None if days else _scale(column)[2],
        format="D MMM YYYY" if days else None,
        key=key,
        bind="query-params",
        disabled=disabled,
    )


def fact(column: Column, value: Ends) -> Between | None:
    """What a slider's value says of the column; None for nothing."""
    low, high = value
    lower, upper = whole(column)
    if not _fits(value, column) or (low <= lower and high >= upper):
        return None
    form = column.format
    if _has_days(column) and isinstance(form, DateFormat):
        begin, end = form.bounds(low.isoformat()), form.bounds(high.isoformat())
        return Between(
            begin[0] if begin and low > lower else None, end[1] if end and high < upper else None
        )
    return Between(
        None if low <= lower < high else min(low, column.upper or low),
        None if high >= upper > low else max(high, column.lower or high),
    )


def texts(column: Column, value: Ends) -> tuple[str, str]:
    """How the link writes a slider's value."""
    low, high = value
    if _has_days(column):
        return low.isoformat(), high.isoformat()
    if _has_words(column):
        return _words(column, low), _words(column, high)
    return number_text(low), number_text(high)


def around(column: Column, known: Between | OneOf) -> Ends:
    """The narrowest slider's value that holds a fact; of several values, the first and the last."""
    low, high = whole(column)
    if isinstance(known, OneOf):
        known = Between(float(known.values[0]), float(known.values[-1]))
    form = column.format
    if _has_days(column) and isinstance(form, DateFormat):
        first = low if known.lower is None else max(low, form.moment(known.lower))
        return first, high if known.upper is None else min(high, form.moment(known.upper))
    lower = low if known.lower is None else max(low, known.lower)
    upper = high if known.upper is None else min(high, known.upper)
    if _has_words(column):
        marks = stops(column)
        return (
            max((stop for stop in marks if stop <= lower), default=low),
            min((stop for stop in marks if stop >= upper), default=high),
        )
    if not isinstance(low, int):
        return float(lower), float(upper)
    if column.kind == "integer" and math.ceil(lower) <= math.floor(upper):
        return math.ceil(lower), math.floor(upper)
    return math.floor(lower), math.ceil(upper)


def is_exact(column: Column, known: Between | OneOf) -> bool:
    """Whether the slider can say just this fact: one range whose ends it can stand at."""
    if isinstance(known, OneOf):
        numbers = [float(value) for value in known.values]
        together = column.kind == "integer" and numbers[-1] - numbers[0] == len(numbers) - 1
        if len(numbers) > 1 and not together:
            return False
        known = Between(numbers[0], numbers[-1])
    return _ends(column, fact(column, around(column, known))) == _ends(column, known)


def _ends(column: Column, known: Between | None) -> tuple[float, float]:
    """The least and the greatest value of the column that a fact leaves."""
    lower, upper = column.bounds
    if known is not None and known.lower is not None:
        lower = max(lower, known.lower)
    if known is not None and known.upper is not None:
        upper = min(upper, known.upper)
    return (math.ceil(lower), math.floor(upper)) if column.kind == "integer" else (lower, upper)


def stops(column: Column) -> tuple[int, ...]:
    """The stops of a slider in words: both ends of the column, and round values between them."""
    lower, upper = (int(end) for end in column.bounds)
    unit = column.format.unit if isinstance(column.format, DateFormat | DurationFormat) else ""
    step = next(step for step in _steps(unit) if (upper - lower) / step <= _MOST)
    between = range((lower // step + 1) * step, upper, step)
    return (lower, *between, upper if upper > lower else lower + 1)


def parts(column: Column) -> tuple[str, ...]:
    """The parts of a date that can be known by themselves; none where the column has no dates."""
    return parts_of(column.format) if isinstance(column.format, DateFormat) else ()


def _steps(unit: str) -> list[int]:
    """Round steps of a unit, ascending; the last one is larger than any column."""
    per_second = {"us": 1_000_000, "ms": 1_000, "s": 1, "m": 1 / 60, "h": 1 / 3_600}.get(unit)
    if unit in _CALENDAR:
        steps = list(_CALENDAR[unit])
    elif per_second is None:
        steps = [1]
    else:
        steps = [round(n * per_second) for n in _SECONDS if n * per_second >= 1]
        steps = [10**k for k in range(len(str(round(per_second))) - 1)] + steps
        steps.append(round(86_400 * per_second))
    largest = steps[-1]
    return steps + [largest * 10**power * factor for power in range(19) for factor in (2, 5, 10)]


def _words(column: Column, stop: int) -> str:
    form = column.format
    if isinstance(form, DateFormat) and form.pattern in dates.CLOCKS:  # 905 in the table
        clock = DateFormat("%H:%M" if form.unit == "m" else "%H:%M:%S", form.unit)
        return str(clock.text(np.array([stop]))[0])
    if isinstance(form, DurationFormat) and form.style in _LONG:  # they would not fit
        return str(DurationFormat("H:MM:SS", form.unit).text(np.array([stop]))[0])
    return describe.number_words(column, stop)


def _has_words(column: Column) -> bool:
    """Whether the slider has stops in the table's words."""
    return isinstance(column.format, DateFormat | DurationFormat) and not _has_days(column)


def _has_days(column: Column) -> bool:
    """Whether a column holds dates of more than one day."""
    return (
        isinstance(column.format, DateFormat)
        and column.format.unit in ("D", "h", "m", "s", "ms", "us")
        and column.format.moment(column.bounds[0]) < column.format.moment(column.bounds[1])
    )


def _fits(value: object, column: Column) -> bool:
    """Whether a value is one of the column's slider; another population can have left it."""
    if not (isinstance(value, tuple | list) and len(value) == 2):
        return False
    lower, upper = whole(column)
    if not all(type(end) is type(lower) for end in value):
        return False
    if isinstance(lower, float) and not all(math.isfinite(end) for end in value):
        return False
    if _has_words(column) and not set(value) <= set(stops(column)):
        return False
    return bool(lower <= value[0] <= value[1] <= upper)


def _scale(column: Column) -> tuple[float, float, float]:
    """Bounds and step of a slider: at most some two hundred stops, on round numbers."""
    lower, upper = float(column.lower or 0), float(column.upper or 0)
    finest = 1.0 if column.kind == "integer" else float(column.step or 0.01)
    wanted = max((upper - lower) / _MOST, finest)
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= wanted * 0.999)
    lower, upper = math.floor(lower / step) * step, math.ceil(upper / step) * step
    if upper <= lower:
        upper = lower + step
    if step >= 1 and max(abs(lower), abs(upper)) < _EXACT:
        return int(lower), int(upper), int(step)
    return lower, upper, step
