"""Dates and times as texts: which pattern wrote them, read and written a column at a time.

A pattern is what `datetime.strftime` takes, and a few codes more: ``%-d`` (no leading zero),
``%^b`` (JAN), ``%3f`` (thousandths), ``%q`` (quarter), and ``%4z`` and ``%2z`` for +0100 and +01,
where ``%z`` is +01:00. Dates become whole units since 1970-01-01; a text that names a day that does
not exist is no date. Units are of the clock that the texts show; where offsets change within a
column, as summer time makes them, its zone has a name and units are of UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import product
from zoneinfo import available_timezones

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from synth.data.digits import MANY, once

PER_DAY = {"h": 24, "m": 1_440, "s": 86_400, "ms": 86_400_000, "us": 86_400_000_000}
"""How many of a unit a day has."""

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_SHORT = tuple(name[:3] for name in MONTHS)
_CODE = re.compile(r"%(\^b|-[dmHI]|[369]f|[24]z|[YymdbBHIMSfpqz%])")
_SHAPES = {
    "Y": r"(\d{4})", "y": r"(\d{2})", "m": r"(\d{2})", "-m": r"([1-9]\d?)", "d": r"(\d{2})",
    "-d": r"([1-9]\d?)", "b": f"({'|'.join(_SHORT)})", "B": f"({'|'.join(MONTHS)})",
    "^b": f"({'|'.join(_SHORT).upper()})", "H": r"(\d{2})", "-H": r"(0|[1-9]\d?)",
    "I": r"(\d{2})", "-I": r"([1-9]\d?)", "M": r"(\d{2})", "S": r"(\d{2})", "f": r"(\d{6})",
    "3f": r"(\d{3})", "6f": r"(\d{6})", "9f": r"(\d{9})", "p": "(AM|PM)", "q": "([1-4])",
}  # fmt: skip
_WORDS = {
    "b": {word: i + 1 for i, word in enumerate(_SHORT)},
    "B": {word: i + 1 for i, word in enumerate(MONTHS)},
    "^b": {word.upper(): i + 1 for i, word in enumerate(_SHORT)},
    "p": {"AM": 0, "PM": 1},
}
_DAYS = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%-d/%-m/%Y", "%-m/%-d/%Y", "%d/%m/%y", "%m/%d/%y",
    "%-d/%-m/%y", "%-m/%-d/%y", "%d.%m.%Y", "%-d.%-m.%Y", "%d.%m.%y", "%d-%m-%Y", "%m-%d-%Y",
    "%Y/%m/%d", "%Y.%m.%d", "%d-%b-%Y", "%-d-%b-%Y", "%d-%^b-%Y", "%d-%b-%y", "%d-%^b-%y",
    "%d %b %Y", "%-d %b %Y", "%d %B %Y", "%-d %B %Y", "%B %-d %Y", "%B %d %Y", "%B %-d, %Y",
    "%B %d, %Y", "%b %-d %Y", "%b %d %Y", "%b %-d, %Y", "%b %d, %Y", "%Y%m%d",
)  # fmt: skip
_TIMES = (
    "%H:%M:%S", "%H:%M", "%-H:%M", "%-H:%M:%S", "%H:%M:%S.%3f", "%H:%M:%S.%6f",
    "%-I:%M %p", "%I:%M %p", "%-I:%M:%S %p", "%I:%M:%S %p",
)  # fmt: skip
_OTHER = ("%Y-%m", "%m/%Y", "%b %Y", "%B %Y", "%YQ%q", "%Y-Q%q", "%Y Q%q", "Q%q %Y")
CLOCKS = ("%H%M", "%H%M%S")
"""Times of day as whole numbers; 2400 is the end of the day."""
_PATTERNS = (
    *_DAYS,
    *(f"{day}{gap}{time}" for day, gap, time in product(_DAYS, (" ", "T"), _TIMES)
      if gap == " " or day == "%Y-%m-%d"),
    *_TIMES,
    *_OTHER,
)  # fmt: skip
_OFFSETS = {"%z": r"([+-]\d{2}:\d{2})", "%4z": r"([+-]\d{4})", "%2z": r"([+-]\d{2})"}
_ZONED = re.compile(r":\d{2}(?:\.\d+)?( ?)(Z|[+-]\d{2}(?::?\d{2})?)\Z", re.ASCII)
_FIXED = re.compile(r"Z|[+-]\d\d(:?\d\d)?", re.ASCII)
_CLOCK_ZONES = (
    "Europe/Berlin", "Europe/London", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "Australia/Sydney", "Europe/Athens", "America/Toronto",
    "America/Sao_Paulo", "Pacific/Auckland", "Asia/Jerusalem", "Africa/Cairo",
)  # fmt: skip
"""Zones whose clocks change that are tried first: many others have the same clocks."""


def unit_of(pattern: str) -> str:
    """What dates of a pattern are counted in."""
    codes = {code.lstrip("-^") for code in _CODE.findall(pattern)}
    if "q" in codes:
        return "Q"
    for code, unit in (("6f", "us"), ("f", "us"), ("9f", "us"), ("3f", "ms"), ("S", "s")):
        if code in codes:
            return unit
    if "M" in codes:
        return "m"
    if codes & {"H", "I"}:
        return "h"
    if "d" in codes:
        return "D"
    return "M" if codes & {"m", "b", "B"} else "Y"


def has_days(pattern: str) -> bool:
    """Whether a pattern names days, months or years, not only times of day."""
    return bool({code.lstrip("-^") for code in _CODE.findall(pattern)} & set("YymbBdq"))


def swapped(pattern: str) -> str:
    """The pattern with day and month in the other order; itself where it cannot be mistaken."""
    other = re.sub(r"^%(-?)(d|m)([/.-])%(-?)(d|m)", r"%\1\5\3%\4\2", pattern)
    return other if other in _PATTERNS or other.split(" ")[0] in _DAYS else pattern


def named(words: str, pattern: str) -> str:
    """The pattern that a user names, by letters or by order; empty where it is neither.

    Parameters
    ----------
    words : str
        ``MM/DD/YYYY``, or ``month/day`` and ``day/month``, which turn `pattern` round.
    pattern : str
        How the dates are written as far as is known.
    """
    order = re.fullmatch(r"(day|month)\W(day|month)", words.strip().casefold())
    if order and order[1] != order[2]:
        first = _CODE.search(pattern)
        is_so = first is not None and first[1].lstrip("-") == order[1][0]
        other = pattern if is_so else swapped(pattern)
        return other if is_so or other != pattern else ""
    letters = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "M": "%-m", "DD": "%d", "D": "%-d"}
    parts = re.split(r"([/.-])", words.strip().upper())
    out = "".join(letters.get(part, part) for part in parts)
    return out if out in _DAYS and not set(parts[::2]) - letters.keys() else ""


def find(texts: Sequence[str] | pa.Array) -> tuple[str, str, bool]:
    """The pattern that wrote all of the distinct texts.

    Parameters
    ----------
    texts : sequence of str
        At least one.

    Returns
    -------
    pattern : str
        Empty where there is none.
    zone : str
        ``Z`` or the offset that all texts end in; empty for none.
    is_ambiguous : bool
        Whether day and month could be the other way round as well.
    """
    words = texts.to_pylist() if isinstance(texts, pa.Array) else list(texts)
    zone, gap = "", ""
    if words and (end := _ZONED.search(words[0] or "")):
        gap, zone = end[1], end[2]
        if not all((word or "").endswith(zone) for word in words):
            return (*_with_offsets(words, gap), False)
    for pattern in _PATTERNS:
        if zone:
            pattern += f"{gap}%z"
        shape = _shape(pattern, zone)
        if not all(word is not None and shape.fullmatch(word) for word in words[:50]):
            continue
        counts = parse(words, pattern, zone)
        if not np.isnan(counts).any() and text(counts, pattern, zone).to_pylist() == words:
            other = swapped(pattern)
            both = other != pattern and not np.isnan(parse(words, other, zone)).any()
            return pattern, zone, both
    return "", "", False


def mixes_offsets(texts: Sequence[str]) -> bool:
    """Whether all texts are dates and times with an offset from UTC, and the offsets differ."""
    ends = set()
    for word in texts:
        match = _ZONED.search(word)
        if match is None or not re.search("[ T]", word[: match.start()]):
            return False
        ends.add(match[2])
    return len(ends) > 1


def has_name(zone: str) -> bool:
    """Whether a zone has a name and its clocks may change: units are then of UTC."""
    return bool(zone) and not _FIXED.fullmatch(zone)


def offsets(counts: np.ndarray, zone: str, unit: str) -> np.ndarray:
    """Seconds by which the clocks of a zone with a name are before UTC; int64.

    Parameters
    ----------
    counts : int array
        Units since 1970-01-01 in UTC.
    zone, unit : str
        The zone's name, and what is counted.
    """
    stamps = pd.DatetimeIndex(np.asarray(counts).astype(f"datetime64[{unit}]")).as_unit("s")
    local = stamps.tz_localize("UTC").tz_convert(zone).tz_localize(None)
    return (local - stamps).to_numpy().astype("timedelta64[s]").astype(np.int64)


def _with_offsets(words: Sequence[str], gap: str) -> tuple[str, str]:
    """Pattern and zone of texts whose offsets differ; empty where no zone's clocks explain them."""
    ends = [match if (match := _ZONED.search(word or "")) else None for word in words]
    if not all(end is not None and end[1] == gap for end in ends):
        return "", ""
    spelled = [end[2] for end in ends if end is not None]
    code = next(
        (c for c, shape in _OFFSETS.items() if all(re.fullmatch(shape, e) for e in spelled)), ""
    )
    if not code:
        return "", ""
    plain = [w.removesuffix(gap + e) for w, e in zip(words, spelled, strict=True)]
    away = np.array([_seconds(each) for each in spelled])
    for pattern in _PATTERNS:
        shape = _shape(pattern, "")
        if not has_days(pattern) or not all(shape.fullmatch(word) for word in plain[:50]):
            continue
        counts = parse(plain, pattern)
        if np.isnan(counts).any() or text(counts, pattern).to_pylist() != plain:
            continue
        unit = unit_of(pattern)
        utc = counts.astype(np.int64) - away * PER_DAY[unit] // 86_400
        if zone := _zone_of(utc, away, unit):
            return f"{pattern}{gap}{code}", zone
    return "", ""


def _zone_of(utc: np.ndarray, away: np.ndarray, unit: str) -> str:
    """The first zone whose clocks are away from UTC as they are; empty where there is none."""
    order = np.argsort(utc)
    some = order[np.linspace(0, len(order) - 1, 16).astype(np.int64)]
    others = (z for z in sorted(available_timezones()) if "/" in z and not z.startswith("Etc/"))
    for zone in dict.fromkeys((*_CLOCK_ZONES, *others)):
        try:
            if (offsets(utc[some], zone, unit) == away[some]).all() and (
                offsets(utc, zone, unit) == away
            ).all():
                return zone
        except (ValueError, OverflowError, KeyError):  # no such zone here, or years beyond it
            continue
    return ""


def _seconds(offset: str) -> int:
    """+01:00, +0100 or +01 as seconds."""
    hours, minutes = int(offset[1:3]), int(offset[3:].removeprefix(":") or 0)
    return (-1 if offset[0] == "-" else 1) * (hours * 3600 + minutes * 60)


@cache
def _shape(pattern: str, zone: str) -> re.Pattern[str]:
    """What texts of a pattern look like; one group for each code."""
    out, at = "", 0
    for match in _CODE.finditer(pattern):
        out += re.escape(pattern[at : match.start()])
        code = match[1]
        if code.endswith("z"):
            out += _OFFSETS[f"%{code}"] if has_name(zone) else re.escape(zone)
        else:
            out += "%" if code == "%" else _SHAPES[code]
        at = match.end()
    return re.compile(out + re.escape(pattern[at:]), re.ASCII)


def parse(texts: Sequence[str | None], pattern: str, zone: str = "", unit: str = "") -> np.ndarray:
    """Units since 1970-01-01; NaN where a text is no date of the pattern.

    Parameters
    ----------
    texts : sequence of str
        Worked through one by one: give distinct ones.
    pattern, zone : str
        As `find` gives them.
    unit : str
        What is counted; as `unit_of` where it is empty.

    Returns
    -------
    float64 array, shape (texts,)
    """
    shape = _shape(pattern, zone)
    codes = [code for code in _CODE.findall(pattern) if code != "%"]
    if not has_name(zone):
        codes = [code for code in codes if not code.endswith("z")]
    rows = [(i, m.groups()) for i, t in enumerate(texts) if t and (m := shape.fullmatch(t))]
    out = np.full(len(texts), np.nan)
    if not rows:
        return out
    at = np.array([i for i, _ in rows])
    part: dict[str, np.ndarray] = {}
    for code, column in zip(codes, zip(*(groups for _, groups in rows), strict=True), strict=True):
        if code.endswith("z"):
            part["z"] = np.array([_seconds(word) for word in column], dtype=np.int64)
            continue
        words = _WORDS.get(code)
        part[code.lstrip("-^")] = np.array(
            [words[word] if words else int(word) for word in column], dtype=np.int64
        )
    zero = np.zeros(len(at), dtype=np.int64)
    year = part.get("Y", zero + 1970)
    if "y" in part:
        year = part["y"] + np.where(part["y"] < 69, 2000, 1900)
    month = part.get("m", part.get("b", part.get("B", zero + 1)))
    if "q" in part:
        month = 3 * part["q"] - 2
    day = part.get("d", zero + 1)
    hour = part.get("H", zero)
    good = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    if "I" in part:
        good &= (part["I"] >= 1) & (part["I"] <= 12)
        hour = part["I"] % 12 + 12 * part.get("p", zero)
    minute, second = part.get("M", zero), part.get("S", zero)
    ends = (hour == 24) & (minute == 0) & (second == 0) & (pattern in CLOCKS)
    good &= ((hour < 24) | ends) & (minute < 60) & (second < 60)
    months = (year - 1970) * 12 + np.clip(month, 1, 12) - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + day - 1
    good &= days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) == months
    unit = unit or unit_of(pattern)
    if unit in ("M", "Q", "Y"):
        counts = months // {"M": 1, "Q": 3, "Y": 12}[unit]
    elif unit == "D":
        counts = days
    else:
        micro = ((hour * 60 + minute) * 60 + second) * 1_000_000
        micro += part.get("f", zero) + part.get("6f", zero) + part.get("3f", zero) * 1_000
        micro += part.get("9f", zero) // 1_000
        counts = days * PER_DAY[unit] + micro // (PER_DAY["us"] // PER_DAY[unit])
        if "z" in part:
            counts = counts - part["z"] * PER_DAY[unit] // 86_400
    out[at] = np.where(good, counts, np.nan)
    return out


_CLOCK_WORDS = (("%-H:%M", "m"), ("%-H:%M:%S", "s"))
_ISO = (("%Y-%m-%d", "D"), ("%Y-%m", "M"), ("%Y-%m-%d %H:%M", "m"), ("%Y-%m-%d %H:%M:%S", "s"))


def bounds(word: str, pattern: str, zone: str, unit: str) -> tuple[float, float] | None:
    """The first and the last date that a text names, in units; None where it names none.

    Parameters
    ----------
    word : str
        A date of the pattern, or a month, day, minute or second as ISO 8601 writes it.
    pattern, zone, unit : str
        As in `parse`.
    """
    exact = parse([word], pattern, zone, unit)[0]
    if not np.isnan(exact):
        return float(exact), float(exact)
    for iso, coarse in _ISO if has_days(pattern) else _CLOCK_WORDS:
        count = parse([word.replace("T", " ")], iso)[0]
        if not np.isnan(count):
            ends = np.array([count, count + 1]).astype(np.int64)
            per_day = PER_DAY.get(unit, 1)
            if coarse in PER_DAY:
                scaled = ends * per_day // PER_DAY[coarse]
            else:
                days = ends.astype(f"datetime64[{coarse}]").astype("datetime64[D]")
                scaled = days.astype(np.int64) * per_day
                if unit in ("M", "Q", "Y"):
                    months = days.astype("datetime64[M]").astype(np.int64)
                    scaled = months // {"M": 1, "Q": 3, "Y": 12}[unit]
            return float(scaled[0]), float(max(scaled[1] - 1, scaled[0]))
    return None


def text(values: np.ndarray, pattern: str, zone: str = "", unit: str = "") -> pa.Array:
    """Each date in a pattern; null where one is missing.

    Parameters
    ----------
    values : float or int array
        Units since 1970-01-01.
    pattern, zone, unit : str
        As in `parse`.
    """
    if has_name(zone):
        return _in_zone(np.asarray(values), pattern, zone, unit or unit_of(pattern))
    numbers = np.asarray(values)
    unit = unit or unit_of(pattern)
    absent = np.isnan(numbers) if numbers.dtype.kind == "f" else None
    if absent is None or not absent.any():
        return _split(numbers.astype(np.int64), pattern, zone, unit)
    texts = _split(np.where(absent, 0, numbers).astype(np.int64), pattern, zone, unit)
    return pc.if_else(pa.array(absent), pa.scalar(None, pa.string()), texts)


def _in_zone(numbers: np.ndarray, pattern: str, zone: str, unit: str) -> pa.Array:
    """Each moment of UTC as the clocks of a zone with a name show it, and their offset."""
    absent = np.isnan(numbers) if numbers.dtype.kind == "f" else np.zeros(len(numbers), bool)
    utc = np.where(absent, 0, numbers).astype(np.int64)
    away = offsets(utc, zone, unit)
    end = re.search(r"%[24]?z\Z", pattern)
    local = utc + away * PER_DAY[unit] // 86_400
    texts = text(local, pattern[: end.start()] if end else pattern, unit=unit)
    if end:
        spelled = once(
            away, lambda each: pa.array([_offset(int(e), end[0]) for e in each], pa.string())
        )
        texts = pc.binary_join_element_wise(texts, spelled, "")
    return pc.if_else(pa.array(absent), pa.scalar(None, pa.string()), texts)


def _offset(seconds: int, code: str) -> str:
    """+01:00 for %z, +0100 for %4z, +01 for %2z; minutes are written where there are some."""
    sign, (hours, rest) = "-" if seconds < 0 else "+", divmod(abs(seconds) // 60, 60)
    minutes = "" if code == "%2z" and not rest else f"{rest:02d}"
    return f"{sign}{hours:02d}{'' if code == '%4z' or not minutes else ':'}{minutes}"


def _split(counts: np.ndarray, pattern: str, zone: str, unit: str) -> pa.Array:
    """Each date in a pattern: day and time apart where they can be, each written once."""
    time = re.search(r"%-?[HI]", pattern)
    if len(counts) >= MANY and time and time.start() and unit in PER_DAY:
        day, rest = pattern[: time.start()], pattern[time.start() :]
        if not {code.lstrip("-^") for code in _CODE.findall(rest)} & set("Yymbdq"):
            days, inside = np.divmod(counts, PER_DAY[unit])
            return pc.binary_join_element_wise(
                once(days, lambda each: _joined(each, day, zone, "D")),
                once(inside, lambda each: _joined(each, rest, zone, unit)),
                "",
            )
    return once(counts, lambda each: _joined(each, pattern, zone, unit))


def _joined(counts: np.ndarray, pattern: str, zone: str, unit: str) -> pa.Array:
    fields = _fields(counts, unit)
    if pattern in CLOCKS:
        fields["H"] = counts // (PER_DAY[unit] // 24)
    parts: list[pa.Array | str] = []
    at = 0
    for match in _CODE.finditer(pattern):
        parts.append(pattern[at : match.start()])
        code = match[1]
        parts.append("%" if code == "%" else zone if code == "z" else _written(code, fields))
        at = match.end()
    parts.append(pattern[at:])
    if not any(isinstance(part, pa.Array | pa.ChunkedArray) for part in parts):
        parts.append(pa.array([""] * len(counts), pa.string()))
    return pc.binary_join_element_wise(*(p for p in parts if not isinstance(p, str) or p), "")


def _fields(counts: np.ndarray, unit: str) -> dict[str, np.ndarray]:
    """Year, month, day and time of day of each count."""
    if unit in ("M", "Q", "Y"):
        months = counts * {"M": 1, "Q": 3, "Y": 12}[unit]
        days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        micro = np.zeros(len(counts), dtype=np.int64)
    else:
        per_day = PER_DAY.get(unit, 1)
        days, inside = np.divmod(counts, per_day)
        micro = inside * (PER_DAY["us"] // per_day)
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    year, month = np.divmod(months, 12)
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    second, micro = np.divmod(micro, 1_000_000)
    return {
        "Y": year + 1970, "m": month + 1, "d": days - first + 1, "f": micro,
        "H": second // 3600, "M": second // 60 % 60, "S": second % 60,
    }  # fmt: skip


def _written(code: str, fields: dict[str, np.ndarray]) -> pa.Array:
    """One code of all dates."""
    plain = code.lstrip("-^")
    if plain in ("b", "B"):
        return _taken(fields["m"], lambda i: next(w for w, n in _WORDS[code].items() if n == i))
    if plain == "q":
        return _taken((fields["m"] + 2) // 3, str)
    if plain == "y":
        return _taken(fields["Y"] % 100, lambda i: f"{i:02d}")
    if plain == "p":
        return _taken(fields["H"] // 12, lambda i: ("AM", "PM")[i])
    if plain == "I":
        values = (fields["H"] - 1) % 12 + 1
        return _taken(values, str if code == "-I" else lambda i: f"{i:02d}")
    if plain == "3f":
        return _taken(fields["f"] // 1_000, lambda i: f"{i:03d}")
    if plain in ("f", "6f", "9f"):
        end = "000" if plain == "9f" else ""
        return _taken(fields["f"], lambda i: f"{i:06d}{end}")
    if plain == "Y":
        return _taken(fields["Y"], lambda i: f"{i:04d}")
    return _taken(fields[plain], str if code.startswith("-") else lambda i: f"{i:02d}")


def _taken(values: np.ndarray, word: Callable[[int], str]) -> pa.Array:
    """Words of whole numbers, each made once."""
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, -1)
    if high - low < 10_000:
        distinct, place = np.arange(low, high + 1), values - low
    else:
        distinct, place = np.unique(values, return_inverse=True)
    return pa.array([word(int(i)) for i in distinct], pa.string()).take(pa.array(place))
