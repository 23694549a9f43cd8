"""The widgets that say what is known of a group of people, made from the schema.

Every widget is bound to the link. There are two groups: A, whom every page shows, and B, whom they
are compared with; B's parameters begin with `b.`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import streamlit as st

from pages import WIDGETS
from pages.shared import loaders, markdown
from synth.data.evidence import Between, Evidence, Fact, OneOf
from synth.data.formats import DateFormat
from synth.data.schema import MISSING, Column
from synth.populations import Population

A, B = "", "b."
"""The groups, as their keys begin."""
COMPARE = "compare"
"""The key of the widget that asks for group B."""
RESERVED = (
    *("population", "people", "seed", "embed", "embed_options", "which", "targets", COMPARE),
    *WIDGETS,
)
_ANY = "any"
_EXACT = 2**53 - 1  # the largest whole number that a browser's slider can hold


@dataclass(frozen=True)
class _Answer:
    """What one widget says: a fact or nothing, and how the link writes it."""

    fact: Fact | None = None
    link: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Answers:
    """What the widgets of a group say.

    Attributes
    ----------
    evidence : Evidence
        The facts.
    link : tuple of (str, str)
        How the address writes them.
    """

    evidence: Evidence
    link: tuple[tuple[str, str], ...]


def key_of(column: str, group: str = A) -> str:
    """The widget's key and the link's parameter for a column of the chosen population.

    Columns of a visitor's own table can be called anything, also what a page calls a widget; so
    theirs end in a sign of their own, another one in each group.
    """
    if loaders.is_own(str(st.session_state.get("population", ""))):
        return f"{column}." if group == A else f"{group}{column}:"
    return f"{group}{column}_" if not group and column in RESERVED else f"{group}{column}"


def ask(population: Population, group: str = A) -> Answers:
    """Draw a group's widgets, those of featured columns first."""
    schema = population.modelled
    featured = [name for name in population.featured if name in schema.names]
    rest = [name for name in schema.names if name not in featured]
    answers = {name: _ask(schema[name], group) for name in featured}
    if rest:
        known = sum(_is_known(schema[name], group) for name in rest)
        label = f"More facts ({known} asked)" if known else "More facts"
        with st.expander(label, key=f"{group}more-facts"), st.container(gap="xsmall"):
            answers |= {name: _ask(schema[name], group) for name in rest}
    return Answers(
        Evidence({name: answer.fact for name, answer in answers.items() if answer.fact}),
        tuple(pair for answer in answers.values() for pair in answer.link),
    )


def forget(population: Population, columns: tuple[str, ...], group: str = A) -> None:
    """Set the widgets of these columns back to `any`."""
    schema = population.modelled
    for name in columns:
        key, column = key_of(name, group), schema[name]
        st.session_state[key] = nothing(column)
        if f"{key}_missing" in st.session_state:
            st.session_state[f"{key}_missing"] = False


def swap(population: Population) -> None:
    """Exchange the facts of both groups."""
    for name in population.modelled.names:
        first, second = key_of(name, A), key_of(name, B)
        for end, usual in (("", nothing(population.modelled[name])), ("_missing", False)):
            a, b = (st.session_state.get(key + end, usual) for key in (first, second))
            if a != b:
                st.session_state[first + end], st.session_state[second + end] = b, a


def _is_known(column: Column, group: str) -> bool:
    key = key_of(column.name, group)
    if key not in st.session_state:  # the widgets have not read the link yet
        return key in st.query_params
    return st.session_state[key] != nothing(column)


def _ask(column: Column, group: str) -> _Answer:
    return _WIDGETS[column.kind](column, key_of(column.name, group))


def nothing(column: Column) -> list[str] | str | tuple[float, float]:
    """The widget's value that says nothing about the column."""
    if column.kind == "categorical":
        return []
    if column.kind == "boolean":
        return _ANY
    lower, upper, _ = _scale(column)
    return (lower, upper)


def _ask_levels(column: Column, key: str) -> _Answer:
    levels = column.states
    value = st.session_state.get(key)
    if value is not None and not (
        isinstance(value, list) and all(level in levels for level in value)
    ):
        kept = value if isinstance(value, list) else []
        st.session_state[key] = [level for level in kept if level in levels]
    shown = markdown.titles(column, levels)
    chosen = st.multiselect(
        markdown.plain(column.title),
        levels,
        format_func=lambda level: shown.get(level, level),
        key=key,
        bind="query-params",
        placeholder=_ANY,
    )
    if not chosen:
        return _Answer()
    return _Answer(OneOf(tuple(chosen)), tuple((key, shown[level]) for level in chosen))


def _ask_yes_or_no(column: Column, key: str) -> _Answer:
    options = (_ANY, *reversed(column.levels), *((MISSING,) if column.missing else ()))
    if key in st.session_state and st.session_state[key] not in options:
        st.session_state[key] = _ANY
    shown = markdown.titles(column, options)
    chosen = st.segmented_control(
        markdown.plain(column.title),
        options,
        default=_ANY,
        required=True,
        format_func=lambda level: shown.get(level, level),
        key=key,
        bind="query-params",
    )
    if chosen in (None, _ANY):
        return _Answer()
    return _Answer(OneOf((chosen,)), ((key, shown[chosen]),))


def _ask_dates(column: Column, key: str, form: DateFormat) -> _Answer:
    """A range of dates; times of day are asked for on the command line."""
    first, last = (form.moment(end) for end in column.bounds)
    value = st.session_state.get(key)
    if value is not None and not _are_dates(value, first, last):
        st.session_state[key] = (first, last)
    absent = column.missing and st.session_state.get(f"{key}_missing", False)
    low, high = st.slider(
        markdown.plain(column.title),
        first,
        last,
        (first, last),
        format="D MMM YYYY",
        key=key,
        bind="query-params",
        disabled=absent,
    )
    if column.missing and _ask_not_stated(column, key):
        return _Answer(OneOf((MISSING,)), ((f"{key}_missing", "true"),))
    if low <= first and high >= last:
        return _Answer()
    begin, end = form.bounds(low.isoformat()), form.bounds(high.isoformat())
    fact = Between(
        begin[0] if begin and low > first else None, end[1] if end and high < last else None
    )
    return _Answer(fact, ((key, low.isoformat()), (key, high.isoformat())))


def _ask_not_stated(column: Column, key: str) -> bool:
    return st.checkbox(
        f"{markdown.plain(column.title)} not stated", key=f"{key}_missing", bind="query-params"
    )


def _are_dates(value: object, first: date, last: date) -> bool:
    return (
        isinstance(value, tuple | list)
        and len(value) == 2
        and all(type(end) is date for end in value)
        and first <= value[0] <= value[1] <= last
    )


def _has_days(column: Column) -> bool:
    """Whether a column holds dates of more than one day."""
    return (
        isinstance(column.format, DateFormat)
        and column.format.unit in ("D", "h", "m", "s", "ms", "us")
        and column.format.moment(column.bounds[0]) < column.format.moment(column.bounds[1])
    )


def _ask_range(column: Column, key: str) -> _Answer:
    if isinstance(column.format, DateFormat) and _has_days(column):
        return _ask_dates(column, key, column.format)
    lower, upper, step = _scale(column)
    value = st.session_state.get(key)
    if value is not None and not _fits(value, lower, upper):
        st.session_state[key] = (lower, upper)
    absent = column.missing and st.session_state.get(f"{key}_missing", False)
    low, high = st.slider(
        markdown.plain(column.title),
        lower,
        upper,
        (lower, upper),
        step,
        key=key,
        bind="query-params",
        disabled=absent,
    )
    if column.missing and _ask_not_stated(column, key):
        return _Answer(OneOf((MISSING,)), ((f"{key}_missing", "true"),))
    if not _fits((low, high), lower, upper) or (low <= lower and high >= upper):
        return _Answer()
    fact = Between(
        None if low <= lower < high else min(low, column.upper or low),
        None if high >= upper > low else max(high, column.lower or high),
    )
    return _Answer(fact, ((key, f"{low:g}"), (key, f"{high:g}")))


def _fits(value: object, lower: float, upper: float) -> bool:
    return (
        isinstance(value, tuple | list)
        and len(value) == 2
        and all(isinstance(end, int | float) and math.isfinite(end) for end in value)
        and type(value[0]) is type(lower)
        and lower <= value[0] <= value[1] <= upper
    )


def _scale(column: Column) -> tuple[float, float, float]:
    """Bounds and step of a slider: at most some two hundred stops, on round numbers."""
    lower, upper = float(column.lower or 0), float(column.upper or 0)
    finest = 1.0 if column.kind == "integer" else float(column.step or 0.01)
    wanted = max((upper - lower) / 200, finest)
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= wanted * 0.999)
    lower, upper = math.floor(lower / step) * step, math.ceil(upper / step) * step
    if upper <= lower:
        upper = lower + step
    if step >= 1 and max(abs(lower), abs(upper)) < _EXACT:
        return int(lower), int(upper), int(step)
    return lower, upper, step


_WIDGETS: dict[str, Callable[[Column, str], _Answer]] = {
    "categorical": _ask_levels,
    "boolean": _ask_yes_or_no,
    "integer": _ask_range,
    "real": _ask_range,
}
