"""The shared sidebar: which population, what is known, how many people.

Every widget is bound to the link, so a view can be shared and reloaded. Values that a link gets
wrong are ignored by the widgets themselves; values that another population left are set right here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages import WIDGETS
from pages.shared import choice, loaders, markdown, which_people
from synth import describe
from synth.bayes.budget import BudgetError
from synth.data.evidence import Between, Evidence, Fact, OneOf
from synth.data.formats import DateFormat
from synth.data.schema import MISSING, Column
from synth.errors import PopulaceError
from synth.populations import Population
from synth.populations.reading import Reading

PEOPLE, SEED = 6, 8
MOST_PEOPLE, LARGEST_SEED = 60, 2**31 - 1
_RESERVED = ("population", "people", "seed", "embed", "embed_options", "which", "targets", *WIDGETS)
_ANY = "any"
_ABSENT = "population that is not here"
_KEPT, _PAGE, _AGAIN = "what the sidebar said", "page of the address", "address to be written"
_EXACT = 2**53 - 1  # the largest whole number that a browser's slider can hold

Parameters = list[tuple[str, str]]


@dataclass(frozen=True)
class _Answer:
    """What one widget says: a fact or nothing, and how the link writes it."""

    fact: Fact | None = None
    link: tuple[tuple[str, str], ...] = ()


def key_of(column: str) -> str:
    """The widget's key and the link's parameter for a column of the chosen population.

    Columns of a visitor's own table can be called anything, also what a page calls a widget.
    """
    if loaders.is_own(str(st.session_state.get("population", ""))):
        return f"{column}."
    return f"{column}_" if column in _RESERVED else column


def arrive(page: str) -> None:
    """Say what the sidebar said before, where coming to this page has lost it; call it first.

    Who leaves a page before its first run has ended can lose values (Streamlit 1.67). Values that
    came along, or that the browser's Back brings, stay as they are.
    """
    kept: dict[str, object] = st.session_state.get(_KEPT, {})
    if st.session_state.pop(_AGAIN, False):
        st.session_state.update(kept)
    elif st.session_state.get(_PAGE) != page and not _went_back():
        st.session_state.update({key: kept[key] for key in kept if key not in st.session_state})


def _went_back() -> bool:
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def mend_address(page: str) -> None:
    """Write the choice into the address where coming to this page has lost it; call it last.

    Values can come along while their parameters do not. Streamlit writes only what is set, so the
    page starts over and sets it. Within a page the browser keeps the address by itself.
    """
    if st.session_state.get(_PAGE) == page:
        return
    st.session_state[_PAGE] = page
    if not {key for key, _ in choice.current().link} <= set(st.query_params):
        st.session_state[_AGAIN] = True
        st.rerun()


def show() -> None:
    """Draw the sidebar and lay the choice where the pages find it."""
    with st.sidebar:
        names, titles = loaders.names(), _titles()
        _settle(names, titles)
        name = st.selectbox(
            "Population",
            names,
            format_func=titles.__getitem__,
            key="population",
            bind="query-params",
            filter_mode=None,
            on_change=_leave,
        )
        _explain(name)
        population = loaders.population(name)
        link: Parameters = [] if name == names[0] else [("population", titles[name])]
        which_people.arrive()
        read, reading, about = which_people.show(population)
        link += about

        st.html('<p class="pp-section">What is known</p>')
        answers = _facts(population)
        facts = {column: answer.fact for column, answer in answers.items() if answer.fact}
        link += [pair for answer in answers.values() for pair in answer.link]
        sentence = st.container(key="sentence")
        if facts:
            st.button(
                "Forget all facts",
                icon=":material/close:",
                type="tertiary",
                on_click=partial(forget, population, tuple(facts)),
            )

        st.html('<p class="pp-section">People</p>')
        left, right = st.container(key="numbers").columns(2, gap="small", wrap=False)
        count = left.number_input(
            "How many", 1, MOST_PEOPLE, PEOPLE, key="people", bind="query-params"
        )
        seed = right.number_input(
            "Seed", 0, LARGEST_SEED, SEED, key="seed", bind="query-params", help=_SEED_HELP
        )
        link += [("people", str(count))] * (count != PEOPLE) + [("seed", str(seed))] * (
            seed != SEED
        )
        st.button(
            "New people",
            type="primary",
            width="stretch",
            icon=":material/casino:",
            on_click=_new_people,
        )

        current = _choose(read, Evidence(facts), count, seed, tuple(link), population, reading)
        with sentence:
            _say(current)
    choice.keep(current)
    st.session_state[_KEPT] = {key: st.session_state[key] for key, _ in link}


def _titles() -> dict[str, str]:
    """Words for each population; the link writes them, so no two are the same."""
    titles: dict[str, str] = {}
    for name in loaders.names():
        title, number = loaders.population(name).title, 2
        while title in titles.values():
            title = f"{loaders.population(name).title} ({number})"
            number += 1
        titles[name] = title
    return titles


def _settle(names: tuple[str, ...], titles: dict[str, str]) -> None:
    """Choose what a page asked for; meet a link to a population that is not here."""
    wanted = loaders.take_choice()
    if wanted in names:
        st.session_state["population"] = wanted
        _leave()
    elif st.session_state.get("population", names[0]) not in names:
        st.session_state["population"] = names[0]
    title = st.query_params.get("population")
    if title and title not in titles.values() and "population" not in st.session_state:
        st.session_state[_ABSENT] = title


def _leave() -> None:
    st.session_state.pop(_ABSENT, None)


def _explain(name: str) -> None:
    """A kind sentence on whose population this is, or why another one is shown."""
    absent = st.session_state.get(_ABSENT)
    if absent:
        st.info(
            f"The link asks for the population “{markdown.plain(absent[:60])}”, which is not in "
            "this session. A population of one’s own is never shared by a link: ask its owner for "
            "the file, and load it in the Studio."
        )
    elif loaders.is_own(name):
        st.caption("Learned from your table; only this session knows it.")


_SEED_HELP = "The same seed always gives the same people."


def _new_people() -> None:
    st.session_state["seed"] = (st.session_state["seed"] + 1) % LARGEST_SEED


def forget(population: Population, columns: tuple[str, ...]) -> None:
    """Set the widgets of these columns back to `any`."""
    schema = population.modelled
    for name in columns:
        key, column = key_of(name), schema[name]
        st.session_state[key] = _nothing(column)
        if f"{key}_missing" in st.session_state:
            st.session_state[f"{key}_missing"] = False


def _choose(
    population: Population,
    evidence: Evidence,
    count: int,
    seed: int,
    link: tuple[tuple[str, str], ...],
    base: Population,
    reading: Reading,
) -> choice.Choice:
    posterior, problem, stopped = None, "", False
    try:
        posterior = loaders.posterior(population, evidence)
    except PopulaceError as error:
        problem, stopped = str(error), isinstance(error, BudgetError)
    question = describe.question(evidence, population)
    return choice.Choice(
        population,
        evidence,
        int(count),
        int(seed),
        posterior,
        question,
        problem,
        link,
        stopped,
        base,
        reading,
    )


def _say(current: choice.Choice) -> None:
    """The sentence: what is asked, and how common it is."""
    if current.stopped:
        text = "How many are all of this is not known."
    elif current.posterior is None:
        text = "Nobody in this population is all of this."
    elif not current.evidence:
        text = "Nothing is asked yet: everyone in this population."
    else:
        share = describe.share_words(current.posterior.probability)
        text = f"{markdown.plain(current.question)}: **{share}** of this population."
        if not current.exact:
            text = f"{text[:-1]}, estimated."
    st.markdown(text)


# ── Widgets from the schema ──────────────────────────────────────────────────────────────────────


def _facts(population: Population) -> dict[str, _Answer]:
    schema = population.modelled
    featured = [name for name in population.featured if name in schema.names]
    rest = [name for name in schema.names if name not in featured]
    answers = {name: _ask(schema[name]) for name in featured}
    if rest:
        known = sum(_is_known(schema[name]) for name in rest)
        label = f"More facts ({known} asked)" if known else "More facts"
        with st.expander(label, key="more-facts"), st.container(gap="xsmall"):
            answers |= {name: _ask(schema[name]) for name in rest}
    return answers


def _is_known(column: Column) -> bool:
    key = key_of(column.name)
    if key not in st.session_state:  # the widgets have not read the link yet
        return key in st.query_params
    return st.session_state[key] != _nothing(column)


def _ask(column: Column) -> _Answer:
    return _WIDGETS[column.kind](column)


def _nothing(column: Column) -> list[str] | str | tuple[float, float]:
    """The widget's value that says nothing about the column."""
    if column.kind == "categorical":
        return []
    if column.kind == "boolean":
        return _ANY
    lower, upper, _ = _scale(column)
    return (lower, upper)


def _ask_levels(column: Column) -> _Answer:
    key, levels = key_of(column.name), column.states
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


def _ask_yes_or_no(column: Column) -> _Answer:
    key = key_of(column.name)
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


def _ask_dates(column: Column, form: DateFormat) -> _Answer:
    """A range of dates; times of day are asked for on the command line."""
    key = key_of(column.name)
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


def _ask_range(column: Column) -> _Answer:
    key = key_of(column.name)
    if isinstance(column.format, DateFormat) and _has_days(column):
        return _ask_dates(column, column.format)
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


_WIDGETS: dict[str, Callable[[Column], _Answer]] = {
    "categorical": _ask_levels,
    "boolean": _ask_yes_or_no,
    "integer": _ask_range,
    "real": _ask_range,
}
