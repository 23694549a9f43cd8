"""Lengths of time: whole numbers of a unit, and the texts and dtypes that tables have for them.

``1 days 02:03:04`` as pandas writes it, ``26:03:04`` as clocks of races do, ``P1DT2H3M4S`` and
``PT26H`` as ISO 8601 does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from synth.data.digits import once
from synth.errors import PopulaceError

Style = Literal[
    "days", "days and time", "H:MM:SS", "HH:MM:SS", "H:MM", "HH:MM", "ISO", "ISO long", "Python"
]
_MICRO = {
    "D": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000, "ms": 1_000, "us": 1,
}  # fmt: skip
_TIME = r"(\d+):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?"
_DAYS = re.compile(rf"(-?\d+) days?(?: \+?{_TIME})?", re.ASCII)
_PYTHON = re.compile(rf"(?:(-?\d+) days?, )?{_TIME}", re.ASCII)
_CLOCK = re.compile(rf"(-?){_TIME}", re.ASCII)
_ISO = re.compile(
    r"(-?)P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,6}))?S)?)?", re.ASCII
)
_WORDS = re.compile(r"(-?\d+(?:\.\d+)?)\s*([a-z]+)")
_NAMES = {
    **dict.fromkeys(("d", "day", "days"), "D"),
    **dict.fromkeys(("h", "hour", "hours"), "h"),
    **dict.fromkeys(("m", "min", "minute", "minutes"), "m"),
    **dict.fromkeys(("s", "sec", "second", "seconds"), "s"),
    "ms": "ms", "us": "us",
}  # fmt: skip


@dataclass(frozen=True)
class DurationFormat:
    """How lengths of time are written.

    Attributes
    ----------
    style : Style
        ``days`` and ``days and time`` as pandas; ``H:MM:SS`` and the like count hours beyond 24;
        ``ISO`` leaves out what is zero, ``ISO long`` does not; ``Python`` writes 1 day, 2:03:04.
    unit : {"D", "h", "m", "s", "ms", "us"}
        What the numbers count.
    """

    style: str = "days and time"
    unit: str = "s"

    def __post_init__(self) -> None:
        if self.style not in get_args(Style) or self.unit not in _MICRO:
            raise PopulaceError(
                f"There is a format of durations in the style {self.style!r} and the unit "
                f"{self.unit!r}: use one of {', '.join(get_args(Style))}; and of "
                f"{', '.join(_MICRO)}."
            )

    def parse(self, texts: Sequence[str | None] | np.ndarray | pa.Array) -> np.ndarray:
        """Numbers of the unit; NaN where a text is no duration of any style."""
        words = texts.to_pylist() if isinstance(texts, pa.Array | pa.ChunkedArray) else texts
        micro = [_micro(word) if word else None for word in words]
        microseconds = np.array(
            [np.nan if each is None else each for each in micro], dtype=np.float64
        )
        return np.floor(microseconds / _MICRO[self.unit])

    def bounds(self, word: str) -> tuple[float, float] | None:
        """The shortest and the longest duration that a text names, in units; None for none.

        ``2 days``, ``36h``, ``90 min`` and every style will do.
        """
        per = _MICRO[self.unit]
        if match := _WORDS.fullmatch(word.strip().casefold()):
            if match[2] not in _NAMES:
                return None
            count = float(match[1]) * _MICRO[_NAMES[match[2]]] / per
            return count, count
        micro = _micro(word.strip())
        return None if micro is None else (micro / per, micro / per)

    def text(self, values: np.ndarray) -> np.ndarray:
        """Each duration as a text; objects, None where it is missing."""
        return self.arrow(values).to_numpy(zero_copy_only=False)

    def arrow(self, values: np.ndarray) -> pa.Array:
        """The same as an Arrow array, null where one is missing."""
        numbers = np.asarray(values)
        absent = np.isnan(numbers) if numbers.dtype.kind == "f" else np.zeros(len(numbers), bool)
        counts = np.where(absent, 0, numbers).astype(np.int64)
        texts = once(counts, self._joined)
        if absent.any():
            return pc.if_else(pa.array(absent), pa.scalar(None, pa.string()), texts)
        return texts

    def outer(self, values: np.ndarray, storage: str) -> Any:
        """The durations in a dtype of pandas; ``object`` stands for Python's own."""
        numbers = np.asarray(values, dtype=np.float64)
        absent = np.isnan(numbers)
        counts = np.where(absent, 0, numbers).astype(np.int64)
        if storage == "object":
            per = _MICRO[self.unit]
            each = [timedelta(microseconds=int(count) * per) for count in counts]
            words = np.array([*each, None], dtype=object)[:-1]
            words[absent] = None
            return pd.Series(words, dtype=object).array
        spans = counts.astype("timedelta64[us]") * _MICRO[self.unit]
        spans[absent] = np.timedelta64("NaT")
        return pd.Series(spans).astype(pd.api.types.pandas_dtype(storage)).array

    def _joined(self, counts: np.ndarray) -> pa.Array:
        micro = counts * _MICRO[self.unit]
        is_fine = self.unit in ("ms", "us")
        if self.style.startswith("days"):
            days, inside = np.divmod(micro, _MICRO["D"])
            parts: list[Any] = [_whole(days), " days"]
            if self.style == "days":
                return pc.binary_join_element_wise(*parts, "")
            signs = pa.array([" ", " +"]).take(pa.array((days < 0).astype(np.int8)))
            parts += [signs, *_clock(inside, wide=True, parts_of_second=is_fine)]
        elif self.style == "Python":
            days, inside = np.divmod(micro, _MICRO["D"])
            word = pa.array([" days, ", " day, "]).take(pa.array((np.abs(days) == 1).astype("i1")))
            before = pc.binary_join_element_wise(_whole(days), word, "")
            parts = [pc.if_else(pa.array(days == 0), "", before)]
            parts += _clock(inside, wide=False, parts_of_second=is_fine)
        else:
            size = np.abs(micro)
            parts = [pa.array(["", "-"]).take(pa.array((micro < 0).astype(np.int8)))]
            if self.style.startswith("ISO"):
                parts += _iso(size, is_long=self.style == "ISO long")
            else:
                wide = self.style.startswith("HH")
                seconds = self.style.endswith("SS")
                parts += _clock(size, wide=wide, seconds=seconds, parts_of_second=is_fine)
        return pc.binary_join_element_wise(*parts, "")


def find(texts: Sequence[str] | pa.Array) -> DurationFormat | None:
    """The format that wrote all of the distinct texts; None where there is none."""
    words = texts.to_pylist() if isinstance(texts, pa.Array) else list(texts)
    micro = [_micro(word) if word else None for word in words[:50]]
    if not words or None in micro:
        return None
    micro = [_micro(word) for word in words]
    if None in micro:
        return None
    values = np.array(micro, dtype=np.int64)
    unit = _unit_of(values)
    for style in get_args(Style):
        per = "D" if style == "days" else "m" if style.endswith("H:MM") else unit
        if (values % _MICRO[per]).any():
            continue
        form = DurationFormat(style, per)
        if form.arrow(form.parse(words)).to_pylist() == words:
            return form
    return None


def format_of(spans: pd.Series) -> DurationFormat | None:
    """How pandas writes some durations, in the coarsest unit; None where it is below 1 µs."""
    values = spans.dropna().to_numpy()
    micro = values.astype("timedelta64[us]")
    if (micro != values).any():
        return None
    unit = _unit_of(micro.astype(np.int64))
    return DurationFormat("days" if unit == "D" else "days and time", unit)


def counts(spans: pd.Series, unit: str) -> np.ndarray:
    """Durations as numbers of a unit; NaN where one is missing."""
    if spans.dtype.kind == "O":
        spans = pd.to_timedelta(spans)
    values = spans.to_numpy(dtype="timedelta64[us]")
    numbers = values.astype(np.int64) / _MICRO[unit]
    return np.where(np.isnat(values), np.nan, np.floor(numbers))


def _unit_of(micro: np.ndarray) -> str:
    """The coarsest unit that tells all; hours and minutes are told in seconds."""
    return next(unit for unit in ("D", "s", "ms", "us") if not (micro % _MICRO[unit]).any())


def _micro(word: str) -> int | None:
    """Microseconds of a text of any style."""
    if match := _DAYS.fullmatch(word):
        return int(match[1]) * _MICRO["D"] + _of(match[2], match[3], match[4], match[5])
    if match := _CLOCK.fullmatch(word):
        if int(match[3]) > 59 or int(match[4] or 0) > 59:
            return None
        return (-1 if match[1] else 1) * _of(*match.groups()[1:])
    if match := _PYTHON.fullmatch(word):
        return int(match[1] or 0) * _MICRO["D"] + _of(match[2], match[3], match[4], match[5])
    if match := _ISO.fullmatch(word):
        size = int(match[2] or 0) * _MICRO["D"] + _of(*match.groups()[2:])
        return -size if match[1] else size
    return None


def _of(hours: str | None, minutes: str | None, seconds: str | None, part: str | None) -> int:
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    return whole * _MICRO["s"] + int((part or "").ljust(6, "0"))


def _whole(values: np.ndarray) -> pa.Array:
    return pa.array(values).cast(pa.string())


def _two(values: np.ndarray) -> pa.Array:
    return pa.array([f"{i:02d}" for i in range(60)]).take(pa.array(values))


def _fraction(micro: np.ndarray, *, short: bool = False) -> pa.Array:
    """``.500000`` of half a second, or ``.5`` and nothing of whole ones."""
    texts = [f".{int(each):06d}" if each or not short else "" for each in micro]
    return pa.array([text.rstrip("0") for text in texts] if short else texts, pa.string())


def _clock(
    micro: np.ndarray, *, wide: bool, seconds: bool = True, parts_of_second: bool = False
) -> list[Any]:
    whole, rest = np.divmod(micro, _MICRO["s"])
    hours = _whole(whole // 3600)
    parts = [pc.utf8_lpad(hours, 2, "0") if wide else hours, ":", _two(whole // 60 % 60)]
    if seconds:
        parts += [":", _two(whole % 60), *([_fraction(rest)] if parts_of_second else [])]
    return parts


def _iso(micro: np.ndarray, *, is_long: bool) -> list[Any]:
    whole, rest = np.divmod(micro, _MICRO["s"])
    days, hours = whole // 86_400, whole // 3600 % 24
    second = pc.binary_join_element_wise(_whole(whole % 60), _fraction(rest, short=True), "")
    named = ((days, "D"), (hours, "H"), (whole // 60 % 60, "M"))
    texts = [pc.binary_join_element_wise(_whole(each), sign, "") for each, sign in named]
    seconds = pc.binary_join_element_wise(second, "S", "")
    if is_long:
        return ["P", texts[0], "T", texts[1], texts[2], seconds]
    zero = [each == 0 for each, _ in named] + [(whole % 60 == 0) & (rest == 0)]
    zero[3] = zero[3] & (micro != 0)  # nothing at all is PT0S
    bare = [
        pc.if_else(pa.array(absent), "", text)
        for absent, text in zip(zero, (*texts, seconds), strict=True)
    ]
    no_time = zero[1] & zero[2] & zero[3]
    return ["P", bare[0], pc.if_else(pa.array(no_time), "", "T"), *bare[1:]]
