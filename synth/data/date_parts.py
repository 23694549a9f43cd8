"""Parts of a date: its year, quarter, month, day of the month, weekday and hour.

``born.month=Mar`` names many ranges of days; here they are found exactly, by the calendar of the
column's own time zone, so that a fact about a part is answered as exactly as a range of dates is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from synth.data import dates
from synth.data.formats import DateFormat
from synth.errors import PopulaceError

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PARTS: Mapping[str, tuple[int, int]] = {
    "year": (1, 9999), "quarter": (1, 4), "month": (1, 12), "day": (1, 31), "weekday": (1, 7),
    "hour": (0, 23),
}  # fmt: skip
"""Each part with its least and its greatest number; Monday is 1."""
_HAVE = {"Y": 1, "Q": 2, "M": 3, "D": 5}
_CYCLES = ("quarter", "month", "weekday", "hour")
_RANGE = re.compile(r"(.*?)\s*\.\.\s*(.*)")


def parts_of(form: DateFormat) -> tuple[str, ...]:
    """The parts that dates of a format have."""
    names = tuple(PARTS)
    if form.unit in _HAVE:
        return names[: _HAVE[form.unit]]
    return names if dates.has_days(form.pattern) else ("hour",)


def read_part(
    part: str, words: Sequence[str], name: str, years: tuple[int, int]
) -> tuple[int, ...]:
    """The numbers that words name of a part: ``Mar``, ``3``, ``6..8``, ``Sat..Mon``.

    Parameters
    ----------
    part : str
        One of `PARTS`.
    words : sequence of str
        Any of them will do; ranges of months, weekdays, quarters and hours go round.
    name : str
        The column, for errors.
    years : tuple of int
        Where open ranges of years end.

    Raises
    ------
    PopulaceError
        A word names none.
    """
    least, most = years if part == "year" else PARTS[part]
    numbers: set[int] = set()
    for word in words:
        ends = _RANGE.fullmatch(word)
        if ends is None:
            numbers.add(_number(part, word, name))
            continue
        low = _number(part, ends[1], name) if ends[1] else least
        high = _number(part, ends[2], name) if ends[2] else most
        if low <= high:
            numbers.update(range(low, high + 1))
        elif part in _CYCLES and ends[1] and ends[2]:
            numbers.update((*range(low, most + 1), *range(least, high + 1)))
        else:
            raise PopulaceError(
                f"In {name}.{part} the range {word} is empty: write {ends[2]}..{ends[1]}."
            )
    return tuple(sorted(numbers))


def part_text(part: str, numbers: Sequence[int]) -> str:
    """Numbers of a part as a line of evidence has them: ``Mar``, ``Sat|Sun``, ``1980..1989``."""
    words: list[str] = []
    runs = np.split(np.array(numbers), np.flatnonzero(np.diff(numbers) > 1) + 1)
    for run in runs:
        first, last = _word(part, int(run[0])), _word(part, int(run[-1]))
        words += [f"{first}..{last}"] if len(run) > 2 else [_word(part, int(n)) for n in run]
    return "|".join(words)


def spans(
    form: DateFormat, lower: float, upper: float, parts: Mapping[str, Sequence[int]]
) -> np.ndarray:
    """The ranges of dates between two that have all parts.

    Parameters
    ----------
    form : DateFormat
        What is counted, and in which time zone.
    lower, upper : float
        The first and the last count that matter.
    parts : mapping of str to sequence of int
        The numbers that will do of each part.

    Returns
    -------
    int64 array, shape (ranges, 2)
        First and last count of each, both included; ascending and apart.
    """
    low, high = int(np.ceil(lower)), int(np.floor(upper))
    if form.unit in _HAVE:
        cells = np.arange(low, high + 1)
        intervals = _runs(cells, _fits(cells, form.unit, parts))
    else:
        per_day = dates.PER_DAY[form.unit]
        around = 1 if form.is_named else 0
        days = np.arange(low // per_day - around, high // per_day + around + 1)
        fitting = _fits(days, "D", parts)
        if "hour" not in parts:
            intervals = _runs(days, fitting) * per_day + np.array([0, per_day - 1])
        else:
            per_hour = per_day // 24
            hours = np.arange(24)
            inside = _runs(hours, np.isin(hours, parts["hour"])) * per_hour
            begins = days[fitting, None] * per_day
            ends = np.array([0, per_hour - 1])
            intervals = (begins[:, :, None] + inside[None] + ends).reshape(-1, 2)
        if form.is_named:
            intervals = form.in_utc(intervals)
    intervals = np.stack(
        [np.maximum(intervals[:, 0], low), np.minimum(intervals[:, 1], high)], axis=1
    )
    return intervals[intervals[:, 0] <= intervals[:, 1]]


def _fits(cells: np.ndarray, unit: str, parts: Mapping[str, Sequence[int]]) -> np.ndarray:
    """Which years, quarters, months or days have the parts; bool."""
    months = cells * {"M": 1, "Q": 3, "Y": 12}.get(unit, 1)
    if unit == "D":
        months = cells.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    known = {"year": months // 12 + 1970, "quarter": months % 12 // 3 + 1, "month": months % 12 + 1}
    if unit == "D":
        first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        known |= {"day": cells - first + 1, "weekday": (cells + 3) % 7 + 1}
    fits = np.ones(len(cells), dtype=bool)
    for part, numbers in parts.items():
        if part in known:
            fits &= np.isin(known[part], numbers)
    return fits


def _runs(cells: np.ndarray, fits: np.ndarray) -> np.ndarray:
    """First and last of each stretch of cells that fit; shape (stretches, 2)."""
    edges = np.diff(np.concatenate([[False], fits, [False]]).astype(np.int8))
    begin, end = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return np.stack([cells[begin], cells[end]], axis=1).reshape(-1, 2)


def _word(part: str, number: int) -> str:
    if part == "month":
        return MONTHS[number - 1]
    return WEEKDAYS[number - 1] if part == "weekday" else str(number)


def _number(part: str, word: str, name: str) -> int:
    """The number that a word names."""
    least, most = PARTS[part]
    folded = word.strip().casefold()
    if re.fullmatch(r"\d{1,4}", folded) and least <= int(folded) <= most:
        return int(folded)
    if part == "quarter" and re.fullmatch(r"q[1-4]", folded):
        return int(folded[1])
    if part in ("month", "weekday") and len(folded) >= 3:
        names = _LONG if part == "weekday" else tuple(m.casefold() for m in dates.MONTHS)
        for number, whole in enumerate(names, start=1):
            if whole.startswith(folded):
                return number
    shown = {"month": "Jan to Dec or 1 to 12", "weekday": "Mon to Sun or 1 to 7"}
    raise PopulaceError(
        f"{name}.{part} cannot be {word!r}: use {shown.get(part, f'{least} to {most}')}."
    )
