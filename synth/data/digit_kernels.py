"""Texts of numbers on a decimal grid, written byte by byte in compiled code.

`synth.data.digits` writes a few numbers with Arrow; a column of millions is written here, many
times faster. It imports numba and is therefore only imported where there is much to write.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numba import njit

_POWERS = 10 ** np.arange(19, dtype=np.int64)


def fixed_texts(
    scaled: np.ndarray,
    places: int,
    decimals: int,
    *,
    before: tuple[str, str],
    after: str = "",
    gap: str = "",
    point: str = ".",
    width: int = 0,
    zero: bool = True,
) -> pa.Array:
    """The texts of ``scaled / 10**places``.

    Parameters
    ----------
    scaled : int64 array
        Of less than 18 digits.
    places, decimals : int
        How many digits after the point there can be, and how many there are at least.
    before : tuple of two str
        What stands before a number that is not negative, and before one that is: sign and prefix.
    after : str
        What stands after each.
    gap, point : str
        Between groups of three digits, and before the decimals.
    width : int
        Filled with zeros to so many characters, with what stands before and after; 0 for none.
    zero : bool
        Whether a zero stands before the point of a fraction.
    """
    ahead = tuple(np.frombuffer(text.encode(), np.uint8) for text in before)
    behind, between, mark = (np.frombuffer(t.encode(), np.uint8) for t in (after, gap, point))
    rooms = np.array([width - len(text) - len(after) for text in before], dtype=np.int64)
    longest = 20 + 6 * len(between) + len(mark) + max(map(len, ahead)) + len(behind)
    longest += max(width, decimals, 0)
    out = np.empty(len(scaled) * longest, dtype=np.uint8)
    offsets = np.empty(len(scaled) + 1, dtype=np.int32)
    _write(
        scaled, places, decimals, ahead[0], ahead[1], behind, between, mark, rooms, len(point),
        zero, _POWERS, out, offsets,
    )  # fmt: skip
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(out[: offsets[-1]])]
    return pa.Array.from_buffers(pa.string(), len(scaled), buffers)


@njit(cache=True, nogil=True)
def _write(
    scaled: np.ndarray,
    places: int,
    decimals: int,
    positive: np.ndarray,
    negative: np.ndarray,
    behind: np.ndarray,
    between: np.ndarray,
    mark: np.ndarray,
    rooms: np.ndarray,
    points: int,
    zero: bool,
    powers: np.ndarray,
    out: np.ndarray,
    offsets: np.ndarray,
) -> None:
    at = 0
    figures = np.empty(20, dtype=np.uint8)
    offsets[0] = 0
    for row in range(len(scaled)):
        value = scaled[row]
        is_negative = value < 0
        if is_negative:
            value = -value
        whole = value // powers[places]
        rest = value - whole * powers[places]
        kept = places
        while kept > decimals and rest % 10 == 0:
            rest //= 10
            kept -= 1
        count = 0
        while whole > 0:
            figures[count] = 48 + whole % 10
            whole //= 10
            count += 1
        after = max(kept, decimals)
        if count == 0 and (zero or after == 0):
            figures[0] = 48
            count = 1
        for byte in negative if is_negative else positive:
            out[at] = byte
            at += 1
        if rooms[1 if is_negative else 0] > 0:
            long = count + (after + points if after > 0 else 0)
            long += (max(count, 1) - 1) // 3 * (1 if len(between) else 0)
            for _ in range(rooms[1 if is_negative else 0] - long):
                out[at] = 48
                at += 1
        for k in range(count - 1, -1, -1):
            out[at] = figures[k]
            at += 1
            if k > 0 and k % 3 == 0:
                for byte in between:
                    out[at] = byte
                    at += 1
        if after > 0:
            for byte in mark:
                out[at] = byte
                at += 1
            for k in range(kept - 1, -1, -1):
                figures[k] = 48 + rest % 10
                rest //= 10
            for k in range(kept):
                out[at] = figures[k]
                at += 1
            for _ in range(decimals - kept):
                out[at] = 48
                at += 1
        for byte in behind:
            out[at] = byte
            at += 1
        offsets[row + 1] = at
