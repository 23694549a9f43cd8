"""How a column's values are written, apart from what they mean; read and written exactly.

A column of numbers is learned as numbers, whatever they looked like: ``$1,234.50``, ``12.3%`` or
``70,5``. Its format remembers the look, so that synthetic values come out in it. A format is found
only where it writes every text again letter for letter (`detect`); what it cannot write again stays
a text. Each format has ``parse`` (texts to numbers, NaN where a text is no such value) and ``text``
(numbers to texts); both work on whole arrays.

A date is a number too: days, seconds or another unit since 1970-01-01, with a `DateFormat`; and so
is a length of time, with a `DurationFormat`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from synth.data import dates
from synth.data.digits import LARGE, MANY, Notation, digits, grouped, on_grid, once, padded
from synth.data.durations import DurationFormat
from synth.data.durations import find as find_duration
from synth.errors import PopulaceError

Texts: TypeAlias = Sequence[str] | np.ndarray | pa.Array | pa.ChunkedArray
Unit = Literal["D", "h", "m", "s", "ms", "us", "ns", "M", "Q", "Y"]
Scalar = str | int | float | bool

_PAIRS = (
    ("no", "yes"),
    ("false", "true"),
    ("n", "y"),
    ("f", "t"),
    ("non", "oui"),
    ("nein", "ja"),
    ("nee", "ja"),
    ("nej", "ja"),
    ("no", "si"),
    ("no", "sí"),
    ("não", "sim"),
    ("nie", "tak"),
    ("off", "on"),
    ("0", "1"),
)
_CURRENCIES = "USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|BRL|MXN|ZAR|KRW|US\\$"
_SIGNS = "$€£¥¢₹₽₩₪₺₴₫฿₦₱₿"
_BODY = re.compile(
    rf"(?P<sign>[+-]?)(?P<prefix>(?:[{_SIGNS}]|(?:{_CURRENCIES})[{_SIGNS}]?)?[ \u00a0\u202f]?)"
    r"(?P<inner>[+-]?)(?P<body>[\d.](?:[\d.,'’ \u00a0\u202f\u2009]*\d)?\.?)(?:[eE][+-]?\d{1,3})?"
    rf"(?P<suffix>[ \u00a0\u202f]?(?:[%‰{_SIGNS}]|{_CURRENCIES})?)"
)
_LAYOUTS = (
    ("", "."),
    (",", "."),
    ("", ","),
    (".", ","),
    *((gap, mark) for gap in (" ", "\u00a0", "\u202f", "\u2009", "'", "’") for mark in (".", ",")),
)
_CLOCK = re.compile(r"[0-2]\d{3}(\d\d)?", re.ASCII)
_NOTHING = pa.scalar(None, pa.string())
_EXPONENT = r"[0-9.][eE][+-]?[0-9]"
_COMMA_FIRST = (("", ","), *(pair for pair in _LAYOUTS if pair != ("", ",")))


@dataclass(frozen=True)
class BooleanFormat:
    """The words for no and yes.

    Attributes
    ----------
    no, yes : str
        As they stand in the table.
    """

    no: str
    yes: str

    def parse(self, texts: Texts) -> np.ndarray:
        """0.0 and 1.0; NaN where a text is neither word."""
        array = _arrow(texts)
        values = np.full(len(array), np.nan)
        values[_equal(array, self.no)] = 0.0
        values[_equal(array, self.yes)] = 1.0
        return values

    def text(self, values: np.ndarray) -> np.ndarray:
        """The word of each truth value; objects, None where it is missing."""
        numbers = np.asarray(values, dtype=np.float64)
        words = np.array([self.no, self.yes, None], dtype=object)
        return words[np.where(np.isnan(numbers), 2, numbers != 0).astype(np.int64)]


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written; the plain format writes as few digits as tell the number.

    Attributes
    ----------
    prefix, suffix : str
        What stands before and after: ``$``, ``€``, ``%``; blanks between count.
    thousands : str
        Between groups of three digits; empty for none.
    decimal : str
        The decimal sign.
    decimals : int
        At least so many digits after it.
    width : int
        Filled with zeros to so many characters, sign included; 0 for none.
    plus : bool
        Whether numbers above zero have a plus sign.
    sign_inside : bool
        Whether the sign stands after the prefix: ``$-5``.
    notation : {"auto", "plain", "short", "scientific"}
        When a number has an exponent: as Python writes it (below 0.0001), never, where that is
        shorter (as R), always (with exactly `decimals` digits after the point).
    mark : {"e", "E"}
        What stands before an exponent.
    zero : bool
        Whether a zero stands before the decimal sign: ``0.5``, not ``.5``.
    """

    prefix: str = ""
    suffix: str = ""
    thousands: str = ""
    decimal: str = "."
    decimals: int = 0
    width: int = 0
    plus: bool = False
    sign_inside: bool = False
    notation: Notation = "auto"
    mark: str = "e"
    zero: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether a number's text has nothing about it but digits, point, sign and exponent."""
        return replace(self, notation="auto", mark="e") == NumberFormat(decimals=self.decimals)

    @cached_property
    def _pattern(self) -> str:
        digits = r"[0-9]+"
        if self.thousands:
            gap = re.escape(self.thousands)
            digits = f"[0-9]{{1,3}}(?:{gap}[0-9]{{3}})*"
        mark = re.escape(self.decimal)
        number = f"(?:{digits}(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]{{1,3}})?"
        before, after = re.escape(self.prefix), re.escape(self.suffix)
        sign = rf"{before}[+-]?" if self.sign_inside else rf"[+-]?{before}"
        return rf"\A{sign}{number}{after}\z"

    def parse(self, texts: Texts) -> np.ndarray:
        """The numbers; NaN where a text is none in this format."""
        array = _arrow(texts)
        fits = pc.fill_null(pc.match_substring_regex(array, self._pattern), False)
        for part in (self.prefix, self.suffix):
            if part:
                array = pc.replace_substring(array, part, "", max_replacements=1)
        if self.thousands:
            array = pc.replace_substring(array, self.thousands, "")
        if self.decimal != ".":
            array = pc.replace_substring(array, self.decimal, ".")
        array = pc.replace_substring_regex(array, r"\A\+", "")
        array = pc.if_else(fits, array, pa.scalar(None, pa.string()))
        return array.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)

    def text(self, values: np.ndarray) -> np.ndarray:
        """Each number in this format; objects, None where it is missing."""
        return self.arrow(values).to_numpy(zero_copy_only=False)

    def arrow(self, values: np.ndarray) -> pa.Array:
        """The same texts as an Arrow array, null where a number is missing."""
        return once(np.asarray(values), self._arrow)

    def _arrow(self, numbers: np.ndarray) -> pa.Array:
        texts = self._compiled(numbers) if len(numbers) >= MANY else None
        if texts is None:
            texts = self._joined(numbers)
        if numbers.dtype.kind == "f" and (absent := np.isnan(numbers)).any():
            texts = pc.if_else(pa.array(~absent), texts, _NOTHING)
        return texts

    def _joined(self, numbers: np.ndarray) -> pa.Array:
        """The texts, put together by Arrow; those of missing numbers are anything."""
        is_dressed = self.thousands or self.width or self.plus or self.prefix or self.sign_inside
        texts = self._dressed(numbers) if is_dressed else self._digits(numbers)
        return pc.binary_join_element_wise(texts, self.suffix, "") if self.suffix else texts

    def _compiled(self, numbers: np.ndarray) -> pa.Array | None:
        """The same in compiled code; None where numbers have too many digits for it."""
        if self.notation not in ("auto", "plain") or (grid := on_grid(numbers)) is None:
            return None
        scaled, places = grid
        from synth.data.digit_kernels import fixed_texts

        signs = ("+" if self.plus else "", "-")
        before = [f"{self.prefix}{s}" if self.sign_inside else f"{s}{self.prefix}" for s in signs]
        texts = fixed_texts(
            scaled, places, self.decimals, before=(before[0], before[1]), after=self.suffix,
            gap=self.thousands, point=self.decimal, width=self.width, zero=self.zero,
        )  # fmt: skip
        if self.notation == "plain" or places <= 4:
            return texts
        odd = (scaled != 0) & (np.abs(scaled) < 10 ** (places - 4))  # they have an exponent
        return pc.replace_with_mask(texts, odd, self._joined(numbers[odd])) if odd.any() else texts

    def _digits(self, numbers: np.ndarray) -> pa.Array:
        """The number alone, with its decimal sign."""
        texts = digits(numbers, self.decimals, self.notation, self.mark)
        if not self.zero:
            texts = pc.replace_substring_regex(texts, r"\A(-?)0\.", r"\1.")
        return texts if self.decimal == "." else pc.replace_substring(texts, ".", self.decimal)

    def _dressed(self, numbers: np.ndarray) -> pa.Array:
        """Grouped, padded, signed."""
        numbers = numbers if numbers.dtype.kind == "f" else numbers.astype(np.int64)
        size = np.abs(np.nan_to_num(numbers))
        texts = self._digits(size)
        signs = pa.array(["+" if self.plus else "", "-"])
        sign = signs.take(pa.array((numbers < 0).astype(np.int8)))
        if self.thousands and (not len(size) or size.max() < LARGE):
            whole = grouped(np.floor(size).astype(np.int64), self.thousands)
            is_whole = size.dtype.kind != "f" or bool((np.rint(size) == size).all())
            if is_whole and not self.decimals:
                texts = whole
            else:
                rest = pc.replace_substring_regex(texts, r"\A[0-9]*", "")
                if not self.zero:
                    is_bare = pc.and_(pa.array(size < 1), pc.not_equal(rest, ""))
                    whole = pc.if_else(is_bare, "", whole)
                texts = pc.binary_join_element_wise(whole, rest, "")
        if self.width:
            length = pc.utf8_length(sign).to_numpy(zero_copy_only=False)
            room = self.width - len(self.prefix) - len(self.suffix) - length
            texts = padded(texts, room)
        parts = (self.prefix, sign) if self.sign_inside else (sign, self.prefix)
        return pc.binary_join_element_wise(*parts, texts, "")


@dataclass(frozen=True)
class DateFormat:
    """How dates and times are written.

    Attributes
    ----------
    pattern : str
        As `datetime.strftime` takes it.
    unit : {"D", "h", "m", "s", "ms", "us", "ns", "M", "Q", "Y"}
        What the numbers count since 1970-01-01.
    zone : str
        The time zone's name; empty for none.
    tail : str
        What stands after whole numbers such as 20201231 in a text file: ``.0`` where pandas wrote
        them beside empty cells.
    """

    pattern: str = "%Y-%m-%d"
    unit: Unit = "D"
    zone: str = ""
    tail: str = ""

    def parse(self, texts: Texts) -> np.ndarray:
        """Units since 1970-01-01; NaN where a text is no date in this format."""
        words = _arrow(texts).to_pylist()
        counts = dates.parse(words, self.pattern, self.zone, self.unit)
        if self.is_named and (other := np.isnan(counts)).any():
            rest = pd.Series([words[i] for i in np.flatnonzero(other)], dtype="str")
            stamps = pd.to_datetime(rest, errors="coerce", utc=True)
            counts[other] = stamps_to_counts(stamps, self.unit)
        return counts

    def bounds(self, word: str) -> tuple[float, float] | None:
        """The first and last date that a text names in this format or by ISO 8601; see `dates`."""
        if self.pattern in dates.CLOCKS and word.isdigit():
            word = word.zfill(4 if self.unit == "m" else 6)
        if not self.is_named:
            return dates.bounds(word, self.pattern, self.zone, self.unit)
        count = dates.parse([word], self.pattern, self.zone, self.unit)[0]
        if not np.isnan(count):
            return float(count), float(count)
        local = dates.bounds(word, re.sub(r" ?%[24]?z\Z", "", self.pattern), "", self.unit)
        if local is None:
            return None
        first, last = self.in_utc(np.array([local], dtype=np.int64))[0]
        return float(first), float(max(first, last))

    def moment(self, value: float) -> date:
        """The day of a count, in UTC where the zone has a name."""
        months = {"M": 1, "Q": 3, "Y": 12}.get(self.unit)
        if months:
            return np.datetime64(int(value) * months, "M").astype("datetime64[D]").item()
        return np.datetime64(int(value // dates.PER_DAY.get(self.unit, 1)), "D").item()

    @property
    def clock(self) -> str:
        """What its counts go by: ``UTC``, an offset such as ``+0200``, or empty for no zone."""
        if self.is_named or self.zone == "Z":
            return "UTC"
        offset = self.zone.replace(":", "").ljust(5, "0") if self.zone else ""
        return "UTC" if offset[1:] == "0000" else offset

    def goes_with(self, other: DateFormat) -> bool:
        """Whether counts of both mean the same moments; no zone goes with any."""
        clocks = {self.clock, other.clock} - {""}
        return self.unit == other.unit and len(clocks) < 2

    @property
    def is_named(self) -> bool:
        """Whether the zone has a name and its clocks may change: counts are then of UTC."""
        return dates.has_name(self.zone)

    def outer(self, values: np.ndarray, storage: str) -> Any:
        """The dates in a dtype of dates and times, or as whole numbers such as 20201231.

        Parameters
        ----------
        values : float array
            Units since 1970-01-01, NaN where one is missing.
        storage : str
            The dtype as pandas calls it; ``date32[day][pyarrow]`` stands for Python's dates.
        """
        values = np.asarray(values, dtype=np.float64)
        absent = np.isnan(values)
        if storage in ("object", "category"):
            return pd.Series(self.text(values), dtype=storage).array
        counts = np.where(absent, 0, values).astype(np.int64)
        dtype = pd.api.types.pandas_dtype(storage)
        if dtype.kind in "iuf" and not isinstance(dtype, pd.PeriodDtype):
            numbers = pd.Series(pd.to_numeric(pd.Series(self.text(counts))))
            return (numbers.mask(absent) if absent.any() else numbers).astype(dtype).array
        months = {"Q": 3, "Y": 12}.get(self.unit)
        if months:
            stamps = (counts * months).astype("datetime64[M]")
        else:
            stamps = counts.astype(f"datetime64[{self.unit}]")
        stamps = stamps.astype("datetime64[us]" if self.unit == "us" else "datetime64[ms]")
        stamps[absent] = np.datetime64("NaT")
        if storage.startswith("time64"):
            moments = pd.Series(stamps).dt.time
            return moments.astype(object).where(~absent, None).array
        if storage == "date32[day][pyarrow]":
            return pd.Series(stamps.astype("datetime64[D]").astype(object), dtype=object).array
        series = pd.Series(stamps)
        if isinstance(dtype, pd.PeriodDtype):
            return series.dt.to_period(dtype.freq).array
        if isinstance(dtype, pd.DatetimeTZDtype):
            return series.dt.tz_localize("UTC").astype(dtype).array
        return series.astype(dtype).array

    def text(self, values: np.ndarray) -> np.ndarray:
        """Each date in this format; objects, None where it is missing."""
        return self.arrow(values).to_numpy(zero_copy_only=False)

    def arrow(self, values: np.ndarray) -> pa.Array:
        """The same texts as an Arrow array, null where a date is missing."""
        return dates.text(values, self.pattern, self.zone, self.unit)

    def in_utc(self, local: np.ndarray) -> np.ndarray:
        """Ranges by the clocks of a zone with a name as counts in UTC.

        Parameters
        ----------
        local : int64 array, shape (ranges, 2)
            First and last count by the zone's clocks, both included; an hour that comes twice
            counts twice.
        """
        ends = []
        for counts in (local[:, 0], local[:, 1] + 1):
            stamps = pd.DatetimeIndex(counts.astype(f"datetime64[{self.unit}]"))
            first = np.ones(len(stamps), dtype=bool)
            there = stamps.tz_localize(self.zone, ambiguous=first, nonexistent="shift_forward")
            plain = there.tz_convert("UTC").tz_localize(None).to_numpy()
            ends.append(plain.astype(f"datetime64[{self.unit}]").astype(np.int64))
        return np.stack([ends[0], ends[1] - 1], axis=1)


def stamps_to_counts(stamps: pd.Series, unit: str) -> np.ndarray:
    """Units since 1970-01-01 of timestamps or periods, in UTC; NaN where one is missing."""
    if isinstance(stamps.dtype, pd.PeriodDtype):
        stamps = stamps.dt.to_timestamp()
    if isinstance(stamps.dtype, pd.DatetimeTZDtype):
        stamps = stamps.dt.tz_convert("UTC").dt.tz_localize(None)
    values = stamps.to_numpy()
    whole = values.astype("datetime64[M]" if unit == "Q" else f"datetime64[{unit}]")
    counts = whole.astype(np.int64).astype(np.float64)
    if unit == "Q":
        counts = np.floor(counts / 3)
    counts[np.isnat(values)] = np.nan
    return counts


def date_format_of(stamps: pd.Series) -> DateFormat | None:
    """The coarsest unit that tells all timestamps or periods; None where it is below 1 µs."""
    zone = ""
    if isinstance(stamps.dtype, pd.PeriodDtype):
        unit = str(stamps.dtype.freq.rule_code)[0]
        if unit in "MQY":
            pattern = {"M": "%Y-%m", "Q": "%YQ%q", "Y": "%Y"}[unit]
            return DateFormat(pattern, unit)  # type: ignore[arg-type]
        stamps = stamps.dt.to_timestamp()
    if isinstance(stamps.dtype, pd.DatetimeTZDtype):
        zone = str(stamps.dtype.tz)
        stamps = stamps.dt.tz_convert("UTC").dt.tz_localize(None)
    values = stamps.dropna().to_numpy()
    units: tuple[Unit, ...] = ("D", "m", "s", "ms", "us")
    for unit in units[1:] if zone else units:
        if (values.astype(f"datetime64[{unit}]") == values).all():
            end = {"D": "", "m": " %H:%M:%S", "s": " %H:%M:%S"}.get(unit, " %H:%M:%S.%6f")
            return DateFormat(f"%Y-%m-%d{end}" + "%z" * bool(zone), unit, zone)
    return None


@dataclass(frozen=True)
class LevelsFormat:
    """The values that levels stand for, where they are not plain texts.

    Attributes
    ----------
    categories : tuple of str, int, float or bool
        Every category in its order, also those that nobody has.
    ordered : bool
        Whether the order means something.
    """

    categories: tuple[Scalar, ...] = ()
    ordered: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "categories", tuple(self.categories))


Format: TypeAlias = BooleanFormat | NumberFormat | DateFormat | DurationFormat | LevelsFormat

_KINDS: Mapping[str, type[Format]] = {
    "boolean": BooleanFormat,
    "number": NumberFormat,
    "date": DateFormat,
    "duration": DurationFormat,
    "levels": LevelsFormat,
}


# ---------------------------------------------------------------------- finding


def detect(texts: Texts, *, decimal: str = "") -> Format | None:
    """The format that reads every text and writes it again letter for letter.

    Parameters
    ----------
    texts : sequence of str
        The distinct texts of a column, missing ones left out.
    decimal : str
        The decimal sign that the rest of the file suggests; it decides what ``1,234`` is.

    Returns
    -------
    Format or None
        None where there is no such format: the column holds texts.
    """
    array = _arrow(texts)
    if not len(array):
        return None
    detected: Format | None = detect_number(array, decimal=decimal)
    return detected or detect_boolean(array) or detect_date(array) or find_duration(array)


def detect_boolean(texts: Texts) -> BooleanFormat | None:
    """Two words that say no and yes (one of them may be lacking), each in one spelling."""
    array = _arrow(texts)
    if not 1 <= len(array) <= 2:
        return None
    words = array.to_pylist()
    for pair in _PAIRS:
        for change in (str.lower, str.upper, str.capitalize):
            no, yes = map(change, pair)
            if set(words) == {no, yes} or (len(words) == 1 and words[0] in (no, yes)):
                return BooleanFormat(no, yes)
    return None


def detect_number(
    texts: Texts, *, decimal: str = "", exact: bool = True, padded: bool = False
) -> NumberFormat | None:
    """The format of numbers.

    Parameters
    ----------
    texts : sequence of str
        The distinct texts.
    decimal : str
        As in `detect`.
    exact : bool
        Whether it must write every text again as it is.
    padded : bool
        Whether numbers filled with zeros are numbers; they are codes otherwise.
    """
    array = _arrow(texts)
    if not len(array) or array.null_count:
        return None
    first = _BODY.fullmatch(array[0].as_py())
    if first is None:
        return None
    signs = pc.any(pc.match_substring_regex(array, r"\A[+-]?[^0-9]{1,5}[+-]")).as_py()
    # Where nothing is below zero, a plus sign belongs to a code, such as +44.
    signed = (rf"\A[^0-9eE]{{0,5}}\{sign}" for sign in "+-")
    plus = all(pc.any(pc.match_substring_regex(array, each)).as_py() for each in signed)
    lengths = pc.unique(pc.utf8_length(array))
    width = lengths[0].as_py() if padded and len(lengths) == 1 else 0
    layouts = _COMMA_FIRST if decimal == "," else _LAYOUTS
    for thousands, mark in layouts:
        if thousands and not pc.any(pc.match_substring(array, thousands)).as_py():
            continue
        if mark == "," and not pc.any(pc.match_substring(array, ",")).as_py() and not thousands:
            continue
        candidate = NumberFormat(
            first["prefix"],
            first["suffix"],
            thousands,
            mark,
            plus=plus,
            sign_inside=bool(signs and first["prefix"]),
        )
        if not pc.all(pc.match_substring_regex(array, candidate._pattern)).as_py():
            continue
        candidate = replace(candidate, decimals=_fewest_decimals(array, candidate))
        if width:
            wide = replace(candidate, width=width)
            if _writes(wide, array) and not _writes(candidate, array):
                return wide
        choices = _noted(array, candidate)
        detected = next((choice for choice in choices if _writes(choice, array)), None)
        if detected is not None or not exact:
            return detected or choices[-1]
    return None


def _noted(array: pa.Array, form: NumberFormat) -> tuple[NumberFormat, ...]:
    """The format with each notation that may have written the texts; the last suits any of them."""
    mark = re.escape(form.decimal)
    if pc.any(pc.match_substring_regex(array, rf"\A[^0-9{mark}]*{mark}[0-9]")).as_py():
        form = replace(form, zero=False)
    has_exponent = pc.match_substring_regex(array, _EXPONENT)
    if not pc.any(has_exponent).as_py():
        # Where neither small nor large numbers can come of it, the plain format does.
        finer = pc.any(pc.match_substring_regex(array, rf"{mark}[0-9]{{5}}|[0-9]{{16}}")).as_py()
        return (replace(form, notation="plain") if finer else form,)
    capital = pc.any(pc.match_substring(array, "E")).as_py()
    form = replace(form, mark="E" if capital else "e")
    usual = (replace(form, notation="short"), form)
    if not pc.all(has_exponent).as_py():
        return (form, *usual)
    bare = pc.replace_substring_regex(array, _EXPONENT + r".*\z", "0")
    always = replace(form, notation="scientific", decimals=_fewest_decimals(bare, form))
    return (form, always, *usual)


def detect_date(texts: Texts) -> DateFormat | None:
    """The format of dates and times; see `dates.find`. Day comes first where both are possible."""
    array = _arrow(texts)
    if not len(array):
        return None
    pattern, zone, _ = dates.find(array)
    return DateFormat(pattern, dates.unit_of(pattern), zone) if pattern else None  # type: ignore[arg-type]


def detect_clock(values: np.ndarray | Sequence[str], *, is_named: bool) -> DateFormat | None:
    """The format of times of day written as 905 or 0905, 90500 or 090500; 2400 ends a day.

    Parameters
    ----------
    values : whole numbers or texts
        The distinct ones.
    is_named : bool
        Whether the column's name speaks of time; it takes more different values otherwise.
    """
    is_text = not isinstance(values, np.ndarray)
    if isinstance(values, np.ndarray):
        if not len(values) or values.min() < 0 or values.max() > 240_000:
            return None
    elif len({len(text) for text in values}) > 1 or not all(map(_CLOCK.fullmatch, values)):
        return None
    numbers = np.array([int(value) for value in values])
    if len(numbers) < (12 if is_named else 100) or len(np.unique(numbers % 100)) < 4:
        return None
    width = 6 if numbers.max() > 2_400 else 4
    hours = np.unique(numbers // 10 ** (width - 2))
    if not is_named and len(hours) < 12:  # numbers of broods or rooms, such as 501 to 742
        return None
    if numbers.max() < 10 ** (width - 2) or (is_text and len(values[0]) != width):
        return None
    pattern = "%H%M" if width == 4 else "%H%M%S"
    counts = dates.parse([f"{number:0{width}d}" for number in numbers], pattern)
    known = DateFormat(pattern, dates.unit_of(pattern))  # type: ignore[arg-type]
    return None if np.isnan(counts).any() else known


def _writes(form: NumberFormat, array: pa.Array) -> bool:
    """Whether the format writes every text again as it is."""
    numbers = form.parse(array)
    if np.isnan(numbers).any() or np.isinf(numbers).any():
        return False
    alike = pc.equal(form.arrow(numbers), array)
    if pc.all(alike).as_py():
        return True
    if (numbers == np.rint(numbers)).all():
        return False
    # Among fractions there is nothing less than nothing: -0.0 is written as 0.0.
    other = array.filter(pc.invert(alike))
    return bool(pc.all(pc.match_substring_regex(other, r"\A[^1-9]*-[^1-9]*\z")).as_py())


def _fewest_decimals(array: pa.Array, form: NumberFormat) -> int:
    """The fewest digits after the decimal sign that a text without an exponent has."""
    plain = array.filter(pc.invert(pc.match_substring_regex(array, _EXPONENT)))
    if not len(plain):
        return 0
    mark = re.escape(form.decimal)
    after = pc.replace_substring_regex(plain, rf"\A[^{mark}]*(?:{mark}|\z)", "")
    if form.suffix:
        after = pc.replace_substring(after, form.suffix, "")
    return int(pc.min(pc.utf8_length(after)).as_py())


# ---------------------------------------------------------------------- JSON


def format_to_json(form: Format) -> dict[str, Any]:
    """A format as JSON-ready values; what equals its default is left out."""
    kind = next(name for name, class_ in _KINDS.items() if isinstance(form, class_))
    value: dict[str, Any] = {"kind": kind}
    for entry in fields(form):
        content = getattr(form, entry.name)
        if content != entry.default:
            value[entry.name] = list(content) if isinstance(content, tuple) else content
    return value


def format_from_json(value: Any, name: str = "") -> Format:
    """The format that `format_to_json` wrote.

    Raises
    ------
    PopulaceError
        It is none; the sentence names the column.
    """
    where = f"Column {name} has a format" if name else "There is a format"
    if not isinstance(value, Mapping) or value.get("kind") not in _KINDS:
        raise PopulaceError(f"{where} of no known kind: use {', '.join(_KINDS)}.")
    class_ = _KINDS[value["kind"]]
    given = {key: content for key, content in value.items() if key != "kind"}
    known = {entry.name: entry for entry in fields(class_)}
    for key, content in given.items():
        if key not in known:
            raise PopulaceError(f"{where} with an unknown key {key!r}: use {', '.join(known)}.")
        default = known[key].default
        expected: Any = str if not isinstance(default, int | tuple) else type(default)
        expected = list if expected is tuple else expected
        if type(content) is not expected and not (
            class_ is LevelsFormat and isinstance(content, list)
        ):
            raise PopulaceError(f"{where} whose {key} is {content!r}: correct it.")
        if key == "unit" and content not in get_args(Unit):
            raise PopulaceError(
                f"{where} in the unit {content!r}: use {', '.join(get_args(Unit))}."
            )
        if key == "notation" and content not in get_args(Notation):
            raise PopulaceError(
                f"{where} in the notation {content!r}: use {', '.join(get_args(Notation))}."
            )
        if key in ("decimals", "width") and not 0 <= content <= 30:
            raise PopulaceError(f"{where} whose {key} is {content!r}: use 0 to 30.")
        if key == "categories" and not all(isinstance(c, str | int | float) for c in content):
            raise PopulaceError(f"{where} whose categories are no single values: correct it.")
    try:
        return class_(**given)
    except TypeError as error:
        raise PopulaceError(f"{where} that lacks something: {', '.join(known)}.") from error


# ---------------------------------------------------------------------- private


def _arrow(texts: Texts) -> pa.Array:
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if isinstance(texts, pa.Array):
        return texts if pa.types.is_string(texts.type) else texts.cast(pa.string())
    return pa.array(texts, pa.string())


def _equal(array: pa.Array, word: str) -> np.ndarray:
    return pc.fill_null(pc.equal(array, word), False).to_numpy(zero_copy_only=False)
