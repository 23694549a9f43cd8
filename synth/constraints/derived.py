"""What is worked out for every row: sums of columns, groups of a number, times between dates.

A column that follows from others (``total = work + home``, ``age_group`` from ``age``,
``age = years(admitted − born)``) is not learned: it is worked out again in every row, so that it
agrees to the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from synth.constraints.gaps import Gap
from synth.constraints.rules import Rule, parse_rules
from synth.data.column import Column
from synth.data.dates import PER_DAY
from synth.data.formats import DateFormat
from synth.data.schema import Schema
from synth.data.templates import Template, make
from synth.data.wording import number_text
from synth.errors import PopulaceError
from synth.lazy import cached_property


@dataclass(frozen=True)
class Sum:
    """``name = ± a ± b … + constant``; terms are (column, +1 or −1)."""

    name: str
    terms: tuple[tuple[str, int], ...]
    constant: float = 0.0

    @property
    def parts(self) -> tuple[str, ...]:
        """The columns that it is worked out from."""
        return tuple(name for name, _ in self.terms)

    def __str__(self) -> str:
        """The formula in words, what is added first: ``born = 2024 − age``."""
        parts = list(self.terms)
        if self.constant:
            parts.append((number_text(abs(self.constant)), 1 if self.constant > 0 else -1))
            if all(sign < 0 for _, sign in self.terms):
                parts.sort(key=lambda part: -part[1])
        text = "".join(
            f" {'+' if sign > 0 else '−'} {part}" if i or sign < 0 else f" {part}"
            for i, (part, sign) in enumerate(parts)
        ).strip()
        return f"{self.name} = {text}"

    def values(self, frame: pd.DataFrame) -> np.ndarray:
        """float64 with NaN where a part is missing; shape (rows,)."""
        out = np.full(len(frame), self.constant)
        for name, sign in self.terms:
            out += sign * frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        return out


@dataclass(frozen=True)
class Cut:
    """Levels that are ranges of a number: level i from ``starts[i]`` to below ``starts[i + 1]``."""

    name: str
    of: str
    starts: tuple[float, ...]
    levels: tuple[str, ...]

    @property
    def parts(self) -> tuple[str, ...]:
        """The column that it is worked out from."""
        return (self.of,)

    def __str__(self) -> str:
        return f"{self.name} follows from {self.of}"

    def values(self, frame: pd.DataFrame) -> np.ndarray:
        """Level of each row, None where the number is missing; object (rows,)."""
        numbers = frame[self.of].to_numpy(dtype=np.float64, na_value=np.nan)
        place = np.searchsorted(np.array(self.starts), numbers, side="right") - 1
        levels = np.array(self.levels, dtype=object)[np.clip(place, 0, len(self.levels) - 1)]
        levels[np.isnan(numbers)] = None
        return levels


Period = Literal["days", "weeks", "months", "years", "hours", "minutes", "seconds"]
"""What the time between two dates is counted in."""
PERIODS: tuple[Period, ...] = get_args(Period)
_DAYS = {"days": 1, "weeks": 7}
_A_DAY = {"hours": 24, "minutes": 1_440, "seconds": 86_400}


@dataclass(frozen=True)
class Elapsed:
    """``name = years(until − since) + constant``: whole periods that passed between two dates.

    Months and years are full when their day has come: 29 February's on 1 March.

    Attributes
    ----------
    name, since, until : str
        The column, and the two dates.
    period : str
        One of `PERIODS`.
    unit : str
        What both dates count since 1970-01-01, as a `DateFormat` has it.
    constant : int
        1 where the first day counts too.
    """

    name: str
    since: str
    until: str
    period: Period
    unit: str = "D"
    constant: int = 0

    @property
    def parts(self) -> tuple[str, ...]:
        """The two dates."""
        return (self.since, self.until)

    @property
    def is_countable(self) -> bool:
        """Whether dates of the unit are fine enough to count the period."""
        if self.unit == "Y":
            return self.period == "years"
        if self.unit in ("M", "Q"):
            return self.period == "years" or (self.unit == "M" and self.period == "months")
        per_day = PER_DAY.get(self.unit, 1)
        return self.period not in _A_DAY or per_day % _A_DAY[self.period] == 0

    def __str__(self) -> str:
        """The formula in words: ``age = years(admitted − born)``."""
        more = f" {'+' if self.constant > 0 else '−'} {abs(self.constant)}" if self.constant else ""
        return f"{self.name} = {self.period}({self.until} − {self.since}){more}"

    def values(self, frame: pd.DataFrame) -> np.ndarray:
        """float64 with NaN where a date is missing; shape (rows,)."""
        since, until = (
            frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in self.parts
        )
        known = ~(np.isnan(since) | np.isnan(until))
        out = np.full(len(frame), np.nan)
        out[known] = self._between(since[known].astype(np.int64), until[known].astype(np.int64))
        return out + self.constant

    def _between(self, since: np.ndarray, until: np.ndarray) -> np.ndarray:
        per_day = PER_DAY.get(self.unit, 1)
        if self.period in _DAYS:
            return (until - since) // (per_day * _DAYS[self.period])
        if self.period in _A_DAY:
            return (until - since) // (per_day // _A_DAY[self.period])
        if self.unit in ("M", "Q", "Y"):
            months = (until - since) * {"M": 1, "Q": 3, "Y": 12}[self.unit]
        else:
            (begun, start), (ended, end) = (_months(each, per_day) for each in (since, until))
            months = ended - begun - (end < start)
        return months // 12 if self.period == "years" else months


def _months(counts: np.ndarray, per_day: int) -> tuple[np.ndarray, np.ndarray]:
    """Months since 1970-01, and how far into its month each date is."""
    days, time = np.divmod(counts, per_day)
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    return months.astype(np.int64), (days - first) * per_day + time


Derived = Sum | Cut | Elapsed


@dataclass(frozen=True)
class Constraints:
    """What is worked out, and what must hold.

    Attributes
    ----------
    derived : tuple of Sum, Cut and Elapsed
        In an order in which parts come before what is made of them.
    columns : tuple of Column
        What each derived column is; numbers with the bounds that their parts allow.
    rules : tuple of Rule
        What holds in every row.
    order : tuple of str
        The columns of a finished row, in order; those not named come last.
    templates : tuple of Template
        Columns that are made new for every person; they are in no schema, for no real row has them.
    """

    derived: tuple[Derived, ...] = ()
    columns: tuple[Column, ...] = ()
    rules: tuple[Rule, ...] = ()
    order: tuple[str, ...] = ()
    templates: tuple[Template, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.derived or self.rules or self.templates)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that are worked out."""
        return tuple(definition.name for definition in self.derived)

    @cached_property
    def _column(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.columns}

    def schema(self, modelled: Schema) -> Schema:
        """The modelled columns and the derived ones, which are apart, in the finished order."""
        columns = {column.name: column for column in (*modelled, *self.columns)}
        order = [name for name in self.order if name in columns]
        order += [name for name in columns if name not in order]
        return Schema(tuple(columns[name] for name in order))

    def derive(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with its derived columns, in the finished order; the frame is kept."""
        frame = frame.copy(deep=False)
        for definition in self.derived:
            frame[definition.name] = _typed(definition.values(frame), self._column[definition.name])
        order = [name for name in self.order if name in frame.columns]
        return frame[[*order, *(name for name in frame.columns if name not in order)]]

    def with_templates(self, frame: pd.DataFrame, seed: int, start: int) -> pd.DataFrame:
        """The frame with the columns that are made new, in the finished order.

        Parameters
        ----------
        frame : DataFrame
            Finished people number `start` and on of the seed.
        seed, start : int
            As in `Posterior.sample`.
        """
        if not self.templates:
            return frame
        frame = make(self.templates, frame, seed, start)
        order = [name for name in self.order if name in frame.columns]
        return frame[[*order, *(name for name in frame.columns if name not in order)]]

    def broken(self, frame: pd.DataFrame) -> np.ndarray:
        """Which finished rows break a rule; bool (rows,)."""
        out = np.zeros(len(frame), dtype=bool)
        for rule in self.rules:
            out |= rule.broken(frame)
        return out

    def refuse(self, names: tuple[str, ...]) -> None:
        """Raise a PopulaceError where one of the names is worked out and so cannot be asked."""
        for template in self.templates:
            if template.name in names:
                raise PopulaceError(
                    f"{template.name} is made new for every person and says nothing of anybody: "
                    "ask about another column."
                )
        for definition in self.derived:
            if definition.name in names:
                formula = (
                    f"{definition.name} from {definition.of}"
                    if isinstance(definition, Cut)
                    else str(definition)
                )
                raise PopulaceError(
                    f"{definition.name} is worked out in every row ({formula}): ask about "
                    f"{_and(definition.parts)} instead."
                )

    # ------------------------------------------------------------------ JSON

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        gaps = {
            str(rule): [list(rule.gap.knots), list(rule.gap.shares)]
            for rule in self.rules
            if rule.gap is not None
        }
        return {
            "derived": [derived_to_json(definition) for definition in self.derived],
            "columns": Schema(self.columns).to_json()["columns"],
            "rules": [str(rule) for rule in self.rules],
            "order": list(self.order),
            **({"gaps": gaps} if gaps else {}),
            **({"made": [each.to_json() for each in self.templates]} if self.templates else {}),
        }

    @staticmethod
    def from_json(value: Mapping[str, Any], modelled: Schema) -> Constraints:
        """What `to_json` wrote, checked against the modelled columns.

        Raises
        ------
        PopulaceError
            It names columns that are not there, or is damaged.
        """
        try:
            derived = tuple(derived_from_json(entry) for entry in value["derived"])
            columns = Schema.from_json({"columns": list(value["columns"])}).columns
            rules = "\n".join(str(rule) for rule in value["rules"])
            order = tuple(str(name) for name in value["order"])
            templates = tuple(Template.from_json(each) for each in value.get("made", ()))
            gaps = {
                str(text): Gap(tuple(map(int, knots)), tuple(map(float, shares)))
                for text, (knots, shares) in value.get("gaps", {}).items()
            }
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, PopulaceError):
                raise
            raise PopulaceError(
                "What is worked out for each row is damaged in this population: build it again."
            ) from error
        constraints = Constraints(derived, columns, (), order, templates)
        constraints.check(modelled)
        parsed = parse_rules(rules, constraints.schema(modelled))
        spaced = tuple(replace(rule, gap=gaps.get(str(rule))) for rule in parsed)
        return replace(constraints, rules=spaced)

    def check(self, modelled: Schema) -> None:
        """Raise a PopulaceError unless every part is there before what is made of it."""
        known = {column.name: column for column in modelled}
        if [definition.name for definition in self.derived] != [
            column.name for column in self.columns
        ]:
            raise PopulaceError(
                "The columns worked out for each row are damaged in this population: build it "
                "again."
            )
        for definition, column in zip(self.derived, self.columns, strict=True):
            if definition.name in known:
                raise PopulaceError(
                    f"{definition.name} is both learned and worked out: choose one."
                )
            for part in definition.parts:
                if part not in known or not known[part].is_number:
                    raise PopulaceError(
                        f"{definition.name} is worked out from {part}, which is no number that is "
                        "learned."
                    )
                if isinstance(definition, Elapsed) and not counts(known[part], definition.unit):
                    raise PopulaceError(
                        f"{definition.name} is the time between two dates, and {part} is no date "
                        "that is written in the same unit: build it again."
                    )
            levels = column.levels if isinstance(definition, Cut) else ()
            if isinstance(definition, Cut) == column.is_number or (
                isinstance(definition, Cut) and not set(definition.levels) <= set(levels)
            ):
                raise PopulaceError(
                    f"{definition.name} is worked out as what it is not: build it again."
                )
            known[definition.name] = column
        names = [template.name for template in self.templates]
        if len({*names, *known}) < len(names) + len(known):
            twice = next(name for name in names if name in known or names.count(name) > 1)
            raise PopulaceError(f"{twice} is both learned and made new: choose one.")
        for template in self.templates:
            for part in template.parts:
                if part not in known:
                    raise PopulaceError(
                        f"{template.name} follows {part}, which is not learned: build it again."
                    )


NO_CONSTRAINTS = Constraints()
"""Nothing is worked out and nothing must hold."""


def possible(definition: Derived, column: Column, known: Mapping[str, Column]) -> Column:
    """The derived column with the bounds that its parts allow, kept apart from the model."""
    missing = any(known[part].missing for part in definition.parts)
    if isinstance(definition, Cut):
        return Column(
            definition.name,
            column.kind,
            column.levels if column.kind == "categorical" else (),
            missing=missing,
            role="apart",
            label=column.label,
            format=column.format,
            storage=column.storage,
            missing_word=column.missing_word,
        )
    lower = upper = float(definition.constant)
    if isinstance(definition, Elapsed):
        since, until = (known[name].bounds for name in definition.parts)
        ends = pd.DataFrame({definition.since: since[::-1], definition.until: until})
        lower, upper = (float(end) for end in definition.values(ends))
    else:
        for name, sign in definition.terms:
            low, high = sorted(sign * bound for bound in known[name].bounds)
            lower, upper = lower + low, upper + high
    return Column(
        definition.name,
        column.kind,
        missing=missing,
        lower=lower,
        upper=upper,
        step=column.step,
        role="apart",
        label=column.label,
        format=column.format,
        storage=column.storage,
        missing_word=column.missing_word,
    )


def counts(column: Column, unit: str) -> bool:
    """Whether a column holds dates that count the unit."""
    return isinstance(column.format, DateFormat) and column.format.unit == unit


def _typed(values: np.ndarray, column: Column) -> Any:
    """Worked-out values in the column's canonical type."""
    if column.kind == "categorical":
        return pd.Categorical(values, dtype=column.dtype)
    if column.kind == "boolean":
        absent = np.array([value is None for value in values], dtype=bool)
        true = values == "yes"
        return pd.arrays.BooleanArray(true, absent) if column.missing else true
    if column.kind == "real":
        return np.round(values, min(column.decimals + 1, 12)) + 0.0
    absent = np.isnan(values)
    whole = np.rint(np.where(absent, 0.0, values))
    dtype = column.dtype
    if not column.missing:
        return whole.astype(dtype)
    return pd.arrays.IntegerArray(whole.astype(dtype.numpy_dtype), absent)


def derived_to_json(definition: Derived) -> dict[str, Any]:
    """A sum, cut or time between dates as JSON-ready values."""
    if isinstance(definition, Elapsed):
        return {
            "name": definition.name,
            "since": definition.since,
            "until": definition.until,
            "period": definition.period,
            "unit": definition.unit,
            "constant": definition.constant,
        }
    if isinstance(definition, Sum):
        return {
            "name": definition.name,
            "sum": [[name, sign] for name, sign in definition.terms],
            "constant": definition.constant,
        }
    return {
        "name": definition.name,
        "of": definition.of,
        "starts": list(definition.starts),
        "levels": list(definition.levels),
    }


def derived_from_json(entry: Mapping[str, Any]) -> Derived:
    """What `derived_to_json` wrote; a ValueError, TypeError or KeyError where it is damaged."""
    name = str(entry["name"])
    if "sum" in entry:
        terms = tuple((str(column), int(sign)) for column, sign in entry["sum"])
        constant = float(entry.get("constant", 0.0))
        if not terms or any(abs(sign) != 1 for _, sign in terms) or not math.isfinite(constant):
            raise ValueError(name)
        return Sum(name, terms, constant)
    if "period" in entry:
        since, until = str(entry["since"]), str(entry["until"])
        if entry["period"] not in PERIODS or since == until:
            raise ValueError(name)
        elapsed = Elapsed(
            name, since, until, entry["period"], str(entry["unit"]), int(entry.get("constant", 0))
        )
        if not elapsed.is_countable:
            raise ValueError(name)
        return elapsed
    starts = tuple(float(start) for start in entry["starts"])
    levels = tuple(str(level) for level in entry["levels"])
    if not levels or len(starts) != len(levels) or list(starts) != sorted(starts):
        raise ValueError(name)
    if not all(math.isfinite(start) for start in starts):
        raise ValueError(name)
    return Cut(name, str(entry["of"]), starts, levels)


def _and(names: tuple[str, ...]) -> str:
    names = tuple(dict.fromkeys(names))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
