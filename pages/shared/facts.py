"""The widgets that say what is known of a group of people, made from the schema.

Every widget is bound to the link. There are two groups: A, whom every page shows, and B, whom they
are compared with; B's parameters begin with `b.`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages import WIDGETS
from pages.shared import loaders, markdown, ranges
from synth.data.column import MISSING, Column
from synth.data.date_parts import part_text
from synth.data.evidence import Between, DateParts, Evidence, Fact, OneOf, part_of
from synth.errors import PopulaceError
from synth.populations import Population
from synth.talk.link import fact_of

A, B = "", "b."
"""The groups, as their keys begin."""
COMPARE = "compare"
"""The key of the widget that asks for group B."""
RESERVED = (
    *("population", "people", "seed", "embed", "embed_options", "which", "targets", COMPARE),
    *WIDGETS,
)
_ANY = "any"


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
        label = f"More facts ({known} known)" if known else "More facts"
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
        for place, (key, usual) in enumerate(_widgets(schema[name], group)):
            if not place or key in st.session_state:
                st.session_state[key] = usual


def swap(population: Population) -> None:
    """Exchange the facts of both groups."""
    for column in population.modelled:
        for (first, usual), (second, _) in zip(
            _widgets(column, A), _widgets(column, B), strict=True
        ):
            a, b = (st.session_state.get(key, usual) for key in (first, second))
            if a != b:
                st.session_state[first], st.session_state[second] = b, a


def _widgets(column: Column, group: str) -> list[tuple[str, Any]]:
    """The keys of a column's widgets, its own first, each with the value that says nothing."""
    key = key_of(column.name, group)
    if not column.is_number:
        return [(key, nothing(column))]
    parts = ((place, "") for place in _part_keys(column, key).values())
    return [(key, nothing(column)), (f"{key}_missing", False), *parts]


def _is_known(column: Column, group: str) -> bool:
    widgets = _widgets(column, group)
    if widgets[0][0] not in st.session_state:  # the widgets have not read the link yet
        return any(key in st.query_params for key, _ in widgets)
    return any(st.session_state.get(key, usual) != usual for key, usual in widgets)


def _ask(column: Column, group: str) -> _Answer:
    return _WIDGETS[column.kind](column, key_of(column.name, group))


def nothing(column: Column) -> Any:
    """The widget's value that says nothing about the column."""
    if column.kind == "categorical":
        return []
    return _ANY if column.kind == "boolean" else ranges.whole(column)


def set_fact(column: Column, fact: Fact, group: str = A) -> None:
    """Set a column's widgets to a fact; call it before they are drawn."""
    st.session_state.update(_values(column, fact, group))


def _values(column: Column, fact: Fact, group: str) -> dict[str, Any]:
    """The keys of the widgets that say a fact, each with its value."""
    key = key_of(column.name, group)
    if isinstance(fact, DateParts):
        places = _part_keys(column, key)
        within = {} if fact.within is None else _values(column, fact.within, group)
        return within | {places[part]: part_text(part, numbers) for part, numbers in fact.parts}
    if isinstance(fact, Between):
        return {key: ranges.around(column, fact)}
    if not column.is_number:
        return {key: fact.values[0] if column.kind == "boolean" else list(fact.values)}
    if MISSING in fact.values:
        return {f"{key}_missing": True}
    return {key: ranges.around(column, fact)}


def parameters(column: Column, group: str = A) -> dict[str, str]:
    """The parameters of a link that speak of a column.

    Returns
    -------
    dict of str to str
        Parameter → what it is about: the column (an empty word), ``missing``, or a part of a date.
    """
    key = key_of(column.name, group)
    if not column.is_number:
        return {key: ""}
    parts = {place: part for part, place in _part_keys(column, key).items()}
    return {key: "", f"{key}_missing": MISSING, **parts}


def read(column: Column, written: Mapping[str, list[str]]) -> Fact | None:
    """What a link says of a column, as its widgets can say it.

    Parameters
    ----------
    column : Column
        The column.
    written : mapping of str to list of str
        The values of `parameters`, as the link has them, by what they are about.

    Returns
    -------
    Fact or None
        None for nothing.

    Raises
    ------
    PopulaceError
        It cannot be read.
    """
    absent = [value.casefold() for value in written.get(MISSING, ())]
    if set(absent) - {"true", "false"}:
        raise PopulaceError(f"Whether {column.name} is missing is true or false.")
    if "true" in absent:
        return fact_of(column, [MISSING])
    known = fact_of(column, written.get("", ()))
    parts = {
        part: part_of(column, part, "|".join(values))
        for part, values in written.items()
        if part not in ("", MISSING)
    }
    if isinstance(known, OneOf) and column.is_number and MISSING in known.values:
        if len(known.values) > 1:
            raise PopulaceError(f"The widgets of {column.name} hold a range or missing, not both.")
        return known
    if column.kind == "boolean" and isinstance(known, OneOf) and len(known.values) > 1:
        if len(known.values) == len(column.states):
            return None
        raise PopulaceError(f"The widget of {column.name} holds one answer.")
    if not parts:
        return known
    within = known if isinstance(known, Between | OneOf) else None
    return DateParts(tuple(parts.items()), within)


def is_exact(column: Column, fact: Fact) -> bool:
    """Whether the widgets of a column say just this fact, and not a wider one."""
    within = fact.within if isinstance(fact, DateParts) else fact
    if within is None or not column.is_number:
        return True
    if isinstance(within, OneOf) and MISSING in within.values:
        return True
    return ranges.is_exact(column, within)


def texts(column: Column, fact: Fact | None, group: str = A) -> dict[str, list[str]]:
    """How the address writes a fact: parameter → values."""
    if fact is None:
        return {}
    key = key_of(column.name, group)
    shown = markdown.titles(column, column.states) if not column.is_number else {}
    written: dict[str, list[str]] = {}
    for place, value in _values(column, fact, group).items():
        if place == f"{key}_missing":
            written[place] = ["true"]
        elif place != key:
            written[place] = [value]
        elif column.is_number:
            written[place] = list(ranges.texts(column, value))
        else:
            levels = value if isinstance(value, list) else [value]
            written[place] = [shown[level] for level in levels]
    return written


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


def _ask_range(column: Column, key: str) -> _Answer:
    absent = column.missing and st.session_state.get(f"{key}_missing", False)
    value = ranges.ask(column, key, disabled=absent)
    parts, written = _ask_parts(column, key, disabled=absent)
    if column.missing and st.checkbox(
        f"{markdown.plain(column.title)} not stated", key=f"{key}_missing", bind="query-params"
    ):
        return _Answer(OneOf((MISSING,)), ((f"{key}_missing", "true"),))
    within = ranges.fact(column, value)
    if within is not None:
        written = (*((key, text) for text in ranges.texts(column, value)), *written)
    return _Answer(DateParts(parts, within) if parts else within, written)


def _ask_parts(
    column: Column, key: str, *, disabled: bool
) -> tuple[tuple[tuple[str, tuple[int, ...]], ...], tuple[tuple[str, str], ...]]:
    """Months, weekdays and other parts of a date: what they may be, and how the link writes it."""
    places = _part_keys(column, key)
    if not places:
        return (), ()
    known = [
        f"{part} {text}"
        for part, place in places.items()
        if (text := str(st.session_state.get(place) or st.query_params.get(place, "")).strip())
    ]
    parsed: list[tuple[str, tuple[int, ...]]] = []
    written: list[tuple[str, str]] = []
    with st.popover(
        markdown.plain(", ".join(known)[:60] or f"{', '.join(list(places)[:3])} …"),
        type="tertiary",
        icon=":material/calendar_month:",
        help=f"Parts of {markdown.plain(column.title)}",
        key=f"{key}~parts",
        disabled=disabled,
    ):
        st.caption("One, a range or several: `6..8`, `Sat|Sun`, `22..6`.")
        for part, place in places.items():
            text = st.text_input(
                part.capitalize(),
                key=place,
                bind="query-params",
                placeholder=_ANY,
                max_chars=60,
                disabled=disabled,
            )
            if not text or not text.strip():
                continue
            try:
                parsed.append((part, part_of(column, part, text)))
            except PopulaceError as error:
                st.caption(markdown.plain(str(error)))
                continue
            written.append((place, text))
    return tuple(parsed), tuple(written)


def _part_keys(column: Column, key: str) -> dict[str, str]:
    """Part of a date → its widget's key and the link's parameter: ``born.month``."""
    begin = key if key.endswith((".", ":")) else f"{key}."
    return {part: f"{begin}{part}" for part in ranges.parts(column)}


_WIDGETS: dict[str, Callable[[Column, str], _Answer]] = {
    "categorical": _ask_levels,
    "boolean": _ask_yes_or_no,
    "integer": _ask_range,
    "real": _ask_range,
}
