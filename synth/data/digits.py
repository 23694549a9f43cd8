"""Digits of numbers as Arrow texts, a column at a time: plain, grouped, padded, with an exponent.

What a number format adds to them (signs, currencies, decimal commas) is `synth.data.formats`'.
Missing numbers become some text or other; whoever asks masks them.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Notation = Literal["auto", "plain", "short", "scientific"]
"""When a number has an exponent: as Python does, never, where that is shorter (R), always."""

SMALL, LARGE = 1e-4, 1e15
"""Beyond these Python writes an exponent."""
_EXACT = 2.0**53
_TABLE = 4  # so many digits after the point are looked up in a table of texts
MANY = 4_096
"""Fewer numbers are written as they come, with nothing compiled."""


def once(values: np.ndarray, texts: Callable[[np.ndarray], pa.Array]) -> pa.Array:
    """Texts of values, each distinct value written once where many are alike.

    Parameters
    ----------
    values : array
        Numbers.
    texts : callable
        Their texts.
    """
    if len(values) < MANY:
        return texts(values)
    if values.dtype.kind == "i":
        low, high = int(values.min()), int(values.max())
        if high - low < len(values) // 2:
            return texts(np.arange(low, high + 1)).take(pa.array(values - low))
    some = values[:: max(len(values) // MANY, 1)]
    if len(np.unique(some)) > len(some) // 2:
        return texts(values)
    coded = pa.array(values).dictionary_encode()
    distinct = coded.dictionary.to_numpy(zero_copy_only=False)
    return texts(distinct).take(coded.indices)


def digits(
    numbers: np.ndarray, decimals: int, notation: Notation = "auto", mark: str = "e"
) -> pa.Array:
    """The fewest digits that tell each number, at least `decimals` after a point.

    Parameters
    ----------
    numbers : int or float array
        Finite numbers; missing ones become some text.
    decimals : int
        The fewest digits after the point; with an exponent everywhere, exactly so many.
    notation : Notation
        When there is an exponent.
    mark : {"e", "E"}
        What stands before the exponent.
    """
    if notation == "scientific":
        texts = [f"{value:.{decimals}{mark}}" for value in np.nan_to_num(numbers).tolist()]
        return pa.array(texts, pa.string())
    if numbers.dtype.kind in "iub":
        whole = numbers.astype(np.int64)
        texts = pa.array(whole).cast(pa.string())
        odd = np.zeros(len(numbers), bool)
        if notation == "short":
            odd = np.abs(whole) >= 100_000
        if decimals:
            texts = pc.binary_join_element_wise(texts, "." + "0" * decimals, "")
        return _with_exponents(texts, numbers, odd, decimals, notation, mark)
    numbers = np.where(np.isnan(numbers), 0.0, numbers).astype(np.float64) + 0.0
    size = np.abs(numbers)
    largest = float(size.max()) if len(size) else 0.0
    if largest < LARGE and (np.rint(numbers) == numbers).all():
        return digits(np.rint(numbers).astype(np.int64), decimals, notation, mark)
    small, large = {"short": (1e-3, 1e5), "plain": (1e-6, LARGE)}.get(notation, (SMALL, LARGE))
    odd = (size != 0) & ((size <= small) | (size >= large))
    if notation == "auto":
        odd &= size != small
    fixed = _fixed(numbers, largest, decimals) if decimals else None
    texts = fixed if fixed is not None else _shortest(np.where(odd, 0.0, numbers), decimals)
    return _with_exponents(texts, numbers, odd, decimals, notation, mark)


def on_grid(numbers: np.ndarray) -> tuple[np.ndarray, int] | None:
    """Numbers as whole multiples of a decimal place, and how many places; None where none will do.

    Parameters
    ----------
    numbers : int or float array
        Missing ones count as 0.
    """
    if numbers.dtype.kind in "iub":
        whole = numbers.astype(np.int64)
        return (whole, 0) if not len(whole) or np.abs(whole).max() < 10**17 else None
    numbers = np.where(np.isnan(numbers), 0.0, numbers)
    largest = float(np.abs(numbers).max()) if len(numbers) else 0.0
    some = numbers[:: max(len(numbers) // MANY, 1)]
    for places in range(16):
        scale = 10.0**places
        if largest * scale >= LARGE:
            return None
        if (np.rint(some * scale) / scale == some).all():
            scaled = np.rint(numbers * scale)
            if (scaled / scale == numbers).all():
                return scaled.astype(np.int64), places
    return None


def grouped(whole: np.ndarray, gap: str) -> pa.Array:
    """Whole numbers, not negative, in groups of three digits.

    Parameters
    ----------
    whole : int array
        The numbers.
    gap : str
        What stands between two groups.
    """
    table = _groups(gap)
    rest = whole.astype(np.int64)
    parts: list[pa.Array] = []
    while True:
        higher, part = np.divmod(rest, 1000)
        code = np.where(higher > 0, 1000 + part, part)
        if parts:
            code = np.where(rest > 0, code, 2000)
        parts.append(table.take(pa.array(code)))
        rest = higher
        if not rest.any():
            break
    return pc.binary_join_element_wise(*reversed(parts), "") if len(parts) > 1 else parts[0]


def padded(texts: pa.Array, widths: np.ndarray) -> pa.Array:
    """Texts filled with zeros on the left to widths of their own."""
    out = texts
    for width in np.unique(widths):
        if width > 1:
            filled = pc.utf8_lpad(texts, int(width), "0")
            out = pc.if_else(pa.array(widths == width), filled, out)
    return out


# ---------------------------------------------------------------------- private


def _fixed(numbers: np.ndarray, largest: float, decimals: int) -> pa.Array | None:
    """Exactly `decimals` digits after the point; None where a number has more of them."""
    scale = 10.0**decimals
    if decimals > _TABLE or largest * scale >= _EXACT:
        return None
    scaled = np.rint(numbers * scale)
    if not (scaled / scale == numbers).all():
        return None
    whole, rest = np.divmod(np.abs(scaled).astype(np.int64), 10**decimals)
    texts = pa.array(whole).cast(pa.string())
    negative = numbers < 0
    sign = ["-"] if negative.all() else []
    if negative.any() and not sign:
        sign = [pa.array(["", "-"]).take(pa.array(negative.astype(np.int8)))]
    return pc.binary_join_element_wise(*sign, texts, _ends(decimals).take(pa.array(rest)), "")


def _shortest(numbers: np.ndarray, decimals: int) -> pa.Array:
    """The fewest digits, at least `decimals` after a point; no number needs an exponent."""
    texts = pa.array(numbers).cast(pa.string())
    # Arrow writes some whole numbers with a point and others without one.
    if pc.any(pc.ends_with(texts, ".0")).as_py():
        texts = pc.replace_substring_regex(texts, r"\.0\z", "")
    if decimals:
        point = pc.find_substring(texts, ".").to_numpy(zero_copy_only=False)
        length = pc.binary_length(texts).to_numpy(zero_copy_only=False)
        lacking = np.where(point < 0, decimals + 1, decimals - (length - point - 1))
        if (lacking > 0).any():
            ends = pa.array(["", *("0" * n for n in range(1, decimals + 1)), "." + "0" * decimals])
            more = ends.take(pa.array(np.maximum(lacking, 0)))
            texts = pc.binary_join_element_wise(texts, more, "")
    return texts


def _with_exponents(
    texts: pa.Array,
    numbers: np.ndarray,
    odd: np.ndarray,
    decimals: int,
    notation: Notation,
    mark: str,
) -> pa.Array:
    """The texts, those of the odd numbers written one by one."""
    if not odd.any():
        return texts
    write = {"auto": _python, "plain": _plain, "short": _short}[notation]
    new = [write(value, decimals).replace("e", mark) for value in numbers[odd].tolist()]
    return pc.replace_with_mask(texts, odd, pa.array(new, pa.string()))


def _python(value: float, decimals: int) -> str:
    text = repr(value)
    return text if decimals or not text.endswith(".0") else text[:-2]


def _plain(value: float, decimals: int) -> str:
    text = f"{Decimal(repr(value)):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    whole, _, rest = text.partition(".")
    rest = rest.ljust(decimals, "0")
    return f"{whole}.{rest}" if rest else whole


def _short(value: float, decimals: int) -> str:
    """As R: with an exponent where that takes fewer characters."""
    plain = _plain(value, decimals)
    _, figures, power = Decimal(repr(value)).normalize().as_tuple()
    first, *others = map(str, figures)
    exponent = int(power) + len(others)
    mantissa = first + ("." + "".join(others) if others else "")
    sign = "-" if value < 0 else ""
    brief = f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    return brief if len(brief) < len(plain) else plain


@cache
def _ends(decimals: int) -> pa.Array:
    return pa.array([f".{i:0{decimals}d}" for i in range(10**decimals)])


@cache
def _groups(gap: str) -> pa.Array:
    """A first group 0 to 999, a later one, and none."""
    return pa.array([*(f"{i}" for i in range(1000)), *(f"{gap}{i:03d}" for i in range(1000)), ""])
