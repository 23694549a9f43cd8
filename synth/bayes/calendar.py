"""Lattices on which people do not spread evenly: days, months and times of day.

Within a piece of a number people spread evenly. Dates do not: nobody marries on a Monday, many are
born on the first, offices are open from nine to five. A `Lattice` gives each value a whole width on
a line of *positions*, on which people do spread evenly; pieces, questions and draws all live on
positions and stay as simple and as exact as they are for plain numbers. Only the way from values to
positions and back knows of widths.

A `Calendar` says how wide each value is: the product of what its weekday, month, day of the month,
day of the year, hour and minute are worth, learned by raking to the counts of the real people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from synth.data import dates
from synth.lazy import cached_property

PEOPLE = 100
"""Fewer people say too little about weekdays and months."""
SMOOTH = 5.0
"""As many people as expected are added to each count, so that a rare day is not overrated."""
NEVER = 30.0
"""Where nobody is and so many would be expected, nobody ever is: no trade on a Sunday."""
CELLS = 4_000_000
"""The most days that a calendar covers, ten thousand years."""
_ROUNDS = 25
_GUIDE = 4
_POSITIONS = 2.0**51
_SHIFTS = 4
"""So many offsets of a time zone have hours of their own; the rest follow the commonest."""

PER_DAY: Mapping[str, int] = {
    "h": 24,
    "m": 1_440,
    "s": 86_400,
    "ms": 86_400_000,
    "us": 86_400_000_000,
}
"""How many of a unit a day has."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """Values and the positions that they take up.

    Outer cells (days) hold the same number of inner cells (minutes), and these the same number of
    values. A value is as wide as the product of its outer and its inner cell's widths.

    Attributes
    ----------
    first : int
        The first value.
    width : int64 array, shape (outer cells,)
        Not negative; nobody has the values of a cell whose width is zero.
    kind : int64 array, shape (outer cells,)
        Which profile an outer cell follows.
    profile : int64 array, shape (kinds, inner cells)
        Widths of the inner cells.
    span : int
        How many values an inner cell holds.
    """

    first: int
    width: np.ndarray
    kind: np.ndarray
    profile: np.ndarray
    span: int = 1

    @cached_property
    def inner(self) -> np.ndarray:
        """Where each inner cell begins, in units of the outer width; shape (kinds, inner + 1)."""
        begin = np.zeros((len(self.profile), self.profile.shape[1] + 1), dtype=np.int64)
        np.cumsum(self.profile * self.span, axis=1, out=begin[:, 1:])
        return begin

    @cached_property
    def outer(self) -> np.ndarray:
        """The position at which each outer cell begins; shape (outer cells + 1,)."""
        return np.append(0, np.cumsum(self.width * self.inner[self.kind, -1]))

    @cached_property
    def guide(self) -> tuple[np.ndarray, np.ndarray]:
        """For evenly spaced positions, the last cell that begins at or before: outer, inner."""
        grid = np.linspace(0, self.outer[-1], _GUIDE * len(self.width) + 1)[:-1].astype(np.int64)
        outer = np.searchsorted(self.outer, grid, side="right") - 1
        cells = _GUIDE * self.profile.shape[1]
        inner = np.zeros((len(self.profile), cells), dtype=np.int64)
        for kind, begin in enumerate(self.inner):
            grid = np.linspace(0, begin[-1], cells + 1)[:-1].astype(np.int64)
            inner[kind] = np.searchsorted(begin, grid, side="right") - 1
        return outer, inner

    @property
    def size(self) -> int:
        """How many positions there are."""
        return int(self.outer[-1])

    @property
    def per_cell(self) -> int:
        """How many values an outer cell holds."""
        return self.profile.shape[1] * self.span

    def _places(self, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """Outer cell, inner cell, rest, and whether the value is on the lattice at all."""
        away = np.asarray(values, dtype=np.int64) - self.first
        cell, inside = np.divmod(away, self.per_cell)
        known = (cell >= 0) & (cell < len(self.width))
        inner, rest = np.divmod(inside, self.span)
        return np.where(known, cell, 0), inner, rest, known, away < 0

    def widths(self, values: np.ndarray) -> np.ndarray:
        """How many positions each value takes up; 0 beyond the lattice."""
        cell, inner, _, known, _ = self._places(values)
        return np.where(known, self.width[cell] * self.profile[self.kind[cell], inner], 0)

    def starts(self, values: np.ndarray) -> np.ndarray:
        """The position at which each value begins; −1 below the lattice, its size above."""
        cell, inner, rest, known, below = self._places(values)
        kind = self.kind[cell]
        inside = self.inner[kind, inner] + rest * self.profile[kind, inner]
        begin = self.outer[cell] + self.width[cell] * inside
        return np.where(known, begin, np.where(below, -1, self.size))

    def range(self, lower: float, upper: float) -> tuple[float, float]:
        """The first and the last position of the values between two, both included."""
        last = self.first + len(self.width) * self.per_cell - 1
        first, stop = 0.0, float(self.size - 1)
        if lower > self.first:
            first = float(self.starts(np.array(min(np.ceil(lower), last + 1))))
        if upper < last:
            at = np.array(max(np.floor(upper), self.first - 1)).astype(np.int64)
            stop = float(self.starts(at) + np.maximum(self.widths(at), 0) - 1)
            stop = stop if at >= self.first else -1.0
        return first, stop

    def ranges(self, spans: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `range`, of many ranges of whole numbers at once; int64 (ranges, 2)."""
        last = self.first + len(self.width) * self.per_cell - 1
        begin = self.starts(np.clip(spans[:, 0], self.first, last + 1))
        end = np.clip(spans[:, 1], self.first - 1, last)
        return begin, np.where(end < self.first, -1, self.starts(end) + self.widths(end) - 1)

    def values(self, positions: np.ndarray) -> np.ndarray:
        """The value at each position; those beyond the lattice become its ends."""
        where = np.asarray(positions)
        flat = np.ascontiguousarray(where.reshape(-1).astype(np.int64))
        out = np.empty(len(flat), dtype=np.int64)
        _values(
            flat, self.first, self.width, self.kind, self.profile, self.span,
            self.outer, self.inner, *self.guide, out,
        )  # fmt: skip
        return out.reshape(where.shape)

    def centre(self, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """The mean of the values at the positions from `first` to `last`, both included."""
        first, last = np.asarray(first, dtype=np.int64), np.asarray(last, dtype=np.int64)
        total = self._sum(last + 1) - self._sum(first)
        return self.first + total / (last - first + 1)

    @cached_property
    def _sums(self) -> tuple[np.ndarray, np.ndarray]:
        """Sums of the values, counted from the lattice's first, before each outer, inner cell."""
        number = np.arange(self.profile.shape[1])
        middle = number * self.span + (self.span - 1) / 2
        inner = np.zeros(self.inner.shape)
        np.cumsum(self.profile * self.span * middle, axis=1, out=inner[:, 1:])
        each = np.arange(len(self.width)) * float(self.per_cell) * np.diff(self.outer)
        each = each + self.width * inner[self.kind, -1]
        return np.append(0.0, np.cumsum(each)), inner

    def _sum(self, position: np.ndarray) -> np.ndarray:
        """The sum of the values before a position, counted from the lattice's first."""
        outer, inner = self._sums
        position = np.clip(position, 0, self.size)
        cell = np.searchsorted(self.outer, position, side="right") - 1
        cell = np.minimum(cell, len(self.width) - 1)
        kind, width = self.kind[cell], np.maximum(self.width[cell], 1)
        offset = position - self.outer[cell]
        whole = offset // width
        value = self.values(np.minimum(position, self.size - 1)) - self.first
        local = np.where(position < self.size, value - cell * self.per_cell, 0)
        at, rest = np.divmod(local, self.span)
        wide = self.profile[kind, at]
        before = inner[kind, at] + wide * (rest * (rest - 1) / 2 + rest * at * self.span)
        before = before + (whole - self.inner[kind, at] - wide * rest) * local
        inside = width * before + (offset - whole * width) * local
        full = outer[cell] + inside + offset * (cell * float(self.per_cell))
        return np.where(position < self.size, full, outer[-1])


@njit(cache=True, nogil=True)
def _values(
    positions: np.ndarray,
    first: int,
    width: np.ndarray,
    kind: np.ndarray,
    profile: np.ndarray,
    span: int,
    outer: np.ndarray,
    inner: np.ndarray,
    outer_guide: np.ndarray,
    inner_guide: np.ndarray,
    out: np.ndarray,
) -> None:
    inners = profile.shape[1]
    size = outer[-1]
    outer_step, simple = len(outer_guide) / size, inners == 1 and span == 1
    inner_step = inner_guide.shape[1] / inner[:, -1]
    for i in range(len(positions)):
        p = min(max(positions[i], 0), size - 1)
        cell = outer_guide[min(int(p * outer_step), len(outer_guide) - 1)]
        while outer[cell] > p:
            cell -= 1
        while outer[cell + 1] <= p:
            cell += 1
        if simple:
            out[i] = first + cell
            continue
        k = kind[cell]
        whole = (p - outer[cell]) // width[cell]
        at = inner_guide[k, min(int(whole * inner_step[k]), inner_guide.shape[1] - 1)]
        while inner[k, at] > whole:
            at -= 1
        while inner[k, at + 1] <= whole:
            at += 1
        rest = (whole - inner[k, at]) // profile[k, at]
        out[i] = first + (cell * inners + at) * span + rest


@dataclass(frozen=True)
class Calendar:
    """What people see in dates and times: how much more often each kind of day and hour occurs.

    Attributes
    ----------
    unit : str
        What the values count since 1970-01-01: Q, M, D, h, m, s, ms or us.
    first, last : int
        The quarters, months or days that are covered, both included.
    factors : mapping of str to tuple of float
        ``weekday`` (from Monday), ``month``, ``day`` (of the month), ``yearday`` (of a leap year),
        ``hour``, ``weekhour``, ``minute``, ``second``, ``quarter``: how much more often than
        evenly; what does not matter is left out.
    zone : str
        The time zone whose clocks the factors are of, where values count in UTC; empty where they
        count by the clock. Days begin at midnight of the zone's commonest offset, so the hours of
        summer time lie an hour earlier on their days than those of winter do.
    away : int
        That offset, in values.
    """

    unit: str
    first: int
    last: int
    factors: Mapping[str, tuple[float, ...]]
    zone: str = ""
    away: int = 0

    @cached_property
    def lattice(self) -> Lattice:
        """The widths of all values."""
        cells = np.arange(self.first, self.last + 1)
        weight = np.ones(len(cells))
        for name, codes in _outer_codes(cells, self.unit).items():
            if name in self.factors:
                weight = weight * np.array(self.factors[name])[codes]
        per_day = PER_DAY.get(self.unit, 1)
        profile = self._profile(per_day)
        span = per_day // profile.shape[1]
        kind = _weekday(cells) if len(profile) > 1 else np.zeros(len(cells), dtype=np.int64)
        if self.zone:
            profile, kind = self._shifted(profile, kind, cells, per_day)
        room = _POSITIONS / (len(cells) * per_day)
        inner = 1 if profile.shape[1] == 1 else int(np.clip(np.sqrt(room), 1, 64))
        outer = int(np.clip(room / inner / 4, 1, 4096))
        return Lattice(
            self.first * per_day - self.away,
            _whole(weight, outer),
            kind,
            _whole(profile, inner),
            span,
        )

    def _profile(self, per_day: int) -> np.ndarray:
        """The inner cells' weights by weekday."""
        inner = min(per_day, 86_400)
        time = np.arange(inner) * (86_400 // inner) if inner > 1 else np.zeros(1, dtype=np.int64)
        weight = np.ones((1, inner))
        for name, codes in _inner_codes(time).items():
            if name in self.factors:
                weight = weight * np.array(self.factors[name])[codes]
        if inner > 1 and "weekhour" in self.factors:
            hours = np.array(self.factors["weekhour"]).reshape(7, 24)
            weight = weight * hours[:, time // 3600]
        return weight

    def _shifted(
        self, profile: np.ndarray, kind: np.ndarray, cells: np.ndarray, per_day: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Profiles for each offset that days of the zone have, and which of them a day follows."""
        noon = cells * per_day + per_day // 2 - self.away
        moved = dates.offsets(noon, self.zone, self.unit) * per_day // 86_400 - self.away
        moved = moved * profile.shape[1] // per_day
        shifts, place, count = np.unique(moved, return_inverse=True, return_counts=True)
        kept = np.sort(np.argsort(-count, kind="stable")[:_SHIFTS])
        of_kept = np.full(len(shifts), np.flatnonzero(kept == np.argmax(count))[0])
        of_kept[kept] = np.arange(len(kept))
        days = len(profile)
        out = []
        for shift in shifts[kept]:
            at = np.arange(profile.shape[1]) + shift
            later, inner = np.divmod(at, profile.shape[1])
            out += [profile[(day + later) % days, inner] for day in range(days)]
        return np.stack(out), of_kept[place] * days + kind

    @staticmethod
    def learn(
        unit: str, values: np.ndarray, people: np.ndarray, rows: np.ndarray, zone: str = ""
    ) -> Calendar | None:
        """Find what people see in dates.

        Parameters
        ----------
        unit : str
            What the values count since 1970-01-01.
        values : int64 array
            The distinct values.
        people, rows : array
            How many people have each, by weight and by head.
        zone : str
            The time zone whose clocks people see, where values count in UTC.

        Returns
        -------
        Calendar or None
            None where there are too few people, or where dates are finer than a calendar reaches.
        """
        per_day = PER_DAY.get(unit, 1)
        total = float(rows.sum())
        if unit not in (*PER_DAY, "D", "M", "Q") or total < PEOPLE:
            return None
        local = np.asarray(values, dtype=np.int64)
        away = 0
        if zone:
            offsets = dates.offsets(local, zone, unit) * per_day // 86_400
            distinct, place = np.unique(offsets, return_inverse=True)
            away = int(distinct[np.argmax(np.bincount(place, people))])
            began = (local.min() + away) // per_day, (local.max() + away) // per_day
            local = local + offsets
        cell, inside = np.divmod(local, per_day)
        if zone:
            cell = np.clip(cell, *began)
        first, last = int(cell.min()), int(cell.max())
        if last - first >= CELLS or (last - first + 1) * per_day * 8 > _POSITIONS:
            return None
        mass = np.asarray(people, dtype=np.float64)
        mass = mass * (total / mass.sum())
        factors: dict[str, np.ndarray] = {}
        if last > first:
            counts = np.bincount(cell - first, mass, minlength=last - first + 1)
            factors |= _raked(counts, _outer_codes(np.arange(first, last + 1), unit))
        if per_day > 1:
            time = inside * 86_400 // per_day
            factors |= _times(time, mass, _weekday(cell) if last > first else None, per_day)
        rounded = {
            name: tuple(float(f"{value:.5g}") for value in factor)
            for name, factor in factors.items()
        }
        return Calendar(unit, first, last, rounded, zone, away)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        factors = {name: list(factor) for name, factor in self.factors.items()}
        in_zone = {"zone": self.zone, "away": self.away} if self.zone else {}
        ends = {"first": self.first, "last": self.last}
        return {"unit": self.unit, **ends, "factors": factors, **in_zone}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Calendar:
        """The calendar that `to_json` wrote."""
        factors = {name: tuple(map(float, each)) for name, each in value["factors"].items()}
        for name, factor in factors.items():
            if len(factor) != _SIZES[name] or not all(0 <= f < np.inf for f in factor):
                raise ValueError(f"the factor {name} of a calendar")
        zone, away = str(value.get("zone", "")), int(value.get("away", 0))
        ends = int(value["first"]), int(value["last"])
        return Calendar(str(value["unit"]), *ends, factors, zone, away)


_SIZES = {
    "weekday": 7,
    "month": 12,
    "day": 31,
    "yearday": 366,
    "quarter": 4,
    "hour": 24,
    "weekhour": 168,
    "minute": 60,
    "second": 60,
}


def _weekday(days: np.ndarray) -> np.ndarray:
    """Monday is 0; 1970-01-01 was a Thursday."""
    return (days + 3) % 7


def _outer_codes(cells: np.ndarray, unit: str) -> dict[str, np.ndarray]:
    """What people see in days, months or quarters."""
    if unit == "Q":
        return {"quarter": cells % 4}
    if unit == "M":
        return {"month": cells % 12}
    days = cells.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    day = (days - months.astype("datetime64[D]")).astype(np.int64)
    month = months.astype(np.int64) % 12
    before = np.array([0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335])
    return {
        "weekday": _weekday(cells),
        "month": month,
        "day": day,
        "yearday": before[month] + day,
    }


def _inner_codes(time: np.ndarray) -> dict[str, np.ndarray]:
    """What people see in seconds of a day."""
    return {"hour": time // 3600, "minute": time // 60 % 60, "second": time % 60}


def _ratio(seen: np.ndarray, expected: np.ndarray, smooth: float) -> np.ndarray:
    """How much more often than expected, lightly smoothed; 0 where nobody ever is."""
    ratio = (seen + smooth) / (expected + smooth)
    return np.where((seen == 0) & (expected >= NEVER), 0.0, ratio)


def _raked(counts: np.ndarray, codes: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Factors whose product, times the trend over time, meets the counts of each kind of day.

    The trend is even within stretches that hold even shares of the people; it only keeps a busy
    decade from passing for a busy month, and is not part of the calendar.
    """
    total = counts.sum()
    stretches = int(np.clip(total // 200, 1, 64))
    middle = np.cumsum(counts) - counts / 2
    stretch = np.minimum((middle * stretches / total).astype(np.int64), stretches - 1)
    trend = np.bincount(stretch, counts, stretches)
    factors = {name: np.ones(_SIZES[name]) for name in codes}
    weight = np.ones(len(counts))
    for _ in range(_ROUNDS):
        for name, code in codes.items():
            inside = np.bincount(stretch, weight, stretches)
            expected = (
                weight
                * np.divide(trend, inside, out=np.zeros(stretches), where=inside > 0)[stretch]
            )
            size = _SIZES[name]
            base = np.bincount(code, expected / np.where(factors[name] > 0, factors[name], 1)[code])
            base = np.append(base, np.zeros(size - len(base)))
            seen = np.bincount(code, counts, size)
            smooth = SMOOTH if name != "yearday" else 4 * SMOOTH
            new = _ratio(seen, base, smooth)
            new[np.bincount(code, minlength=size) == 0] = 1.0
            new[factors[name] == 0] = 0.0
            old = np.where(factors[name] > 0, factors[name], 1.0)
            weight = weight * (new / old)[code]
            factors[name] = new
    return factors


def _times(
    time: np.ndarray, mass: np.ndarray, weekday: np.ndarray | None, per_day: int
) -> dict[str, np.ndarray]:
    """Factors of hours, of hours by weekday, of minutes and seconds."""
    total = mass.sum()
    factors: dict[str, np.ndarray] = {}
    for name, code in _inner_codes(time).items():
        size = _SIZES[name]
        if (
            size > per_day
            or (name == "minute" and per_day < 1_440)
            or (name == "second" and per_day < 86_400)
        ):
            continue
        factors[name] = _ratio(np.bincount(code, mass, size), np.full(size, total / size), SMOOTH)
    if weekday is not None:
        hour = time // 3600
        seen = np.bincount(weekday * 24 + hour, mass, 168).reshape(7, 24)
        share = seen.sum(axis=0) / total
        expected = seen.sum(axis=1, keepdims=True) * share
        factors["weekhour"] = _ratio(seen, expected, SMOOTH).reshape(-1)
    return factors


def _whole(weight: np.ndarray, mean: int) -> np.ndarray:
    """Whole widths of about this mean; what is above zero stays so."""
    some = weight > 0
    if not some.any():
        return np.ones(weight.shape, dtype=np.int64)
    scaled = np.rint(weight * (mean / weight[some].mean()))
    return np.where(some, np.maximum(scaled, 1), 0).astype(np.int64)
