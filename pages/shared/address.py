"""What a link says is read by the rules of evidence, before the widgets read it.

Streamlit's widgets read a parameter letter by letter as they write it themselves, and drop any
other without a word. So whatever a link writes in another way is written anew here, as the widgets
do, and what cannot be read is said on the page in a sentence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages import WIDGETS
from pages.shared import choice, facts, markdown
from pages.shared.facts import COMPARE, A, B
from synth.data.column import Column
from synth.data.evidence import Between, Fact, OneOf
from synth.data.wording import hint, number_text
from synth.errors import PopulaceError
from synth.populations import Population
from synth.talk.link import fact_of

_FIRST, _PROBLEMS, _SHOWN = "link was read", "problems of the link", "view whose link has problems"
_OTHERS = ("population", "people", "seed", "which", "targets", COMPARE, *WIDGETS)
_UNSEEN = ("kept", "kiosk", "join", "me", "lead", "notes")  # no widget's; their readers say more
_HOSTS = ("_", "utm_")  # what those who show or spread a link write into it


class _About(NamedTuple):
    """What a parameter speaks of: a column of a group, and which of its widgets."""

    column: Column
    group: str
    what: str


def is_unread(key: str) -> bool:
    """Whether the address has a parameter that its widget has not read yet."""
    if key not in st.query_params:
        return False
    context = get_script_run_ctx()
    went_back = context is not None and context.is_history_navigation
    return went_back or key not in st.session_state


def report(problem: str) -> None:
    """Say on the page what of a link cannot be read; a sentence, its names as users wrote them."""
    problems: list[str] = st.session_state.setdefault(_PROBLEMS, [])
    if problem not in problems:
        problems.append(problem)
    st.session_state.pop(_SHOWN, None)


def show(page: str) -> None:
    """Draw what could not be read of a link, until another view is asked for.

    Parameters
    ----------
    page : str
        The page's place in the address.
    """
    problems: list[str] = st.session_state.get(_PROBLEMS, [])
    if not problems:
        return
    view = (page, choice.current().link)
    if st.session_state.setdefault(_SHOWN, view) != view:
        del st.session_state[_PROBLEMS], st.session_state[_SHOWN]
        return
    lines = "\n\n".join(markdown.plain(problem) for problem in problems)
    st.warning(lines, icon=":material/link_off:")


# ── Parameters of single widgets ─────────────────────────────────────────────────────────────────


def read_option(
    key: str,
    options: Sequence[str],
    names: Mapping[str, str] | None = None,
    *,
    problem: Callable[[str], str] | None = None,
) -> None:
    """Read the parameter of a widget that offers options; call it before the widget is drawn.

    Parameters
    ----------
    key : str
        The widget's key.
    options : sequence of str
        What it offers, as it shows it.
    names : mapping of str to str, optional
        Other names of options → options.
    problem : callable, optional
        What is said of a text that names none.
    """
    if not is_unread(key):
        return
    text = st.query_params[key].strip()
    words = {option: option for option in options} | dict(names or {})
    same = {words[text]} if text in words else set()
    same = same or {words[word] for word in words if word.casefold() == text.casefold()}
    if len(same) != 1:
        _write({key: []})
        usual = f"The link’s {_quoted(key, text)} names nothing that is offered"
        report(usual + hint(text, options) if problem is None else problem(text))
    elif st.query_params.get_all(key) != list(same):
        _write({key: list(same)})


def read_flag(key: str) -> None:
    """Read the parameter of a switch; call it before the switch is drawn."""
    read_option(key, ("true", "false"), {"yes": "true", "no": "false", "1": "true", "0": "false"})


def read_range(key: str, lower: float, upper: float, *, step: float = 1, single: bool) -> None:
    """Read the parameter of a field or slider of numbers; call it before it is drawn.

    A value that a talk's file brought and that the slider cannot hold goes.

    Parameters
    ----------
    key : str
        The widget's key.
    lower, upper : float
        Its least and its greatest number.
    step : float
        From one number to the next.
    single : bool
        Whether it holds one number, and not a range of them.
    """
    value = st.session_state.get(key)
    ends = (value,) if single else value
    if value is not None and not _fits(ends, lower, upper, 1 if single else 2):
        del st.session_state[key]
    if not is_unread(key):
        return
    column = Column(key, "integer" if step == 1 else "real", lower=lower, upper=upper)
    values = st.query_params.get_all(key)
    try:
        low, high = _ends(column, fact_of(column, values))
    except PopulaceError:
        low, high = math.nan, math.nan
    if math.isnan(low) or (single and low != high):
        _write({key: []})
        kind = "one number" if single else "a range of numbers"
        report(
            f"The link’s {_quoted(key, *values)} is not {kind} from {number_text(lower)} to "
            f"{number_text(upper)}."
        )
        return
    written = [number_text(end) for end in ((low,) if single else (low, high))]
    if written != values:
        _write({key: written})


def _fits(ends: object, lower: float, upper: float, count: int) -> bool:
    """Whether a slider of that many ends, from one number to another, can stand at these."""
    return (
        isinstance(ends, tuple | list)
        and len(ends) == count
        and all(type(end) is type(lower) and lower <= end <= upper for end in ends)
        and list(ends) == sorted(ends)
    )


def _ends(column: Column, known: Fact | None) -> tuple[float, float]:
    """The least and the greatest number that a fact names."""
    lower, upper = column.bounds
    if isinstance(known, OneOf):
        return float(known.values[0]), float(known.values[-1])
    if isinstance(known, Between):
        lower = lower if known.lower is None else max(lower, known.lower)
        upper = upper if known.upper is None else min(upper, known.upper)
    return lower, upper


# ── Facts ────────────────────────────────────────────────────────────────────────────────────────


def read_facts(population: Population) -> None:
    """Read what the link says of both groups; call it before their widgets are drawn."""
    is_first = not st.session_state.get(_FIRST)
    st.session_state[_FIRST] = True
    unread = [key for key in st.query_params if is_unread(key) and not _is_other(key)]
    if not unread:
        return
    places = _places(population)
    folded = _folded(places)
    keys_of: dict[tuple[str, str], dict[str, str]] = {}
    for key in unread:
        about = places.get(key) or folded.get(key.casefold())
        if about is not None:
            keys_of.setdefault((about.column.name, about.group), {})[about.what] = key
        elif is_first:
            names = [*population.modelled.names, *_OTHERS]
            report(
                f"The link’s {_quoted(key, *st.query_params.get_all(key))} speaks of no column"
                f"{hint(key, names)}"
            )
    changes: dict[str, list[str]] = {}
    for (name, group), keys in keys_of.items():
        changes |= _canonical(population.modelled[name], group, keys)
        if group == B and is_first:
            changes[COMPARE] = ["true"]
    if any(st.query_params.get_all(key) != values for key, values in changes.items()):
        _write(changes)


def _canonical(column: Column, group: str, keys: Mapping[str, str]) -> dict[str, list[str]]:
    """A column's parameters as its widgets write them; those of another spelling are empty."""
    values = {what: st.query_params.get_all(key) for what, key in keys.items()}
    link = ", ".join(_quoted(key, *values[what]) for what, key in keys.items())
    changes: dict[str, list[str]] = {key: [] for key in keys.values()}
    try:
        known = facts.read(column, values)
        if known is None:
            return changes
        changes |= facts.texts(column, known, group)
    except PopulaceError as error:
        report(f"The link’s {link} cannot be read: {error}")
        return changes
    if not facts.is_exact(column, known):
        shown = "–".join(changes[facts.key_of(column.name, group)])
        report(f"The link’s {link} is shown as {shown}, the closest that one slider holds.")
    return changes


def _places(population: Population) -> dict[str, _About]:
    return {
        key: _About(column, group, what)
        for group in (A, B)
        for column in population.modelled
        for key, what in facts.parameters(column, group).items()
    }


def _folded(places: Mapping[str, _About]) -> dict[str, _About]:
    """The same in any letters, and own columns without the sign behind them, where it is clear."""
    spellings: dict[str, list[_About]] = {}
    for key, about in places.items():
        for other in {key.casefold(), f"{about.group}{about.column.name}".casefold()}:
            if other == key.casefold() or (not about.what and other not in _OTHERS):
                spellings.setdefault(other, []).append(about)
    return {key: abouts[0] for key, abouts in spellings.items() if len(abouts) == 1}


def _is_other(key: str) -> bool:
    return key in _OTHERS or key in _UNSEEN or key.startswith(_HOSTS)


def _quoted(key: str, *values: str) -> str:
    """A parameter as the link has it, shortened."""
    words = "&".join(f"{key}={value}" for value in values) or key
    return words if len(words) <= 60 else f"{words[:59]}…"


def _write(changes: Mapping[str, Iterable[str]]) -> None:
    """Write parameters into the address, for the browser and for widgets that are still to read."""
    context = get_script_run_ctx()
    if context is None:
        return
    with context.session_state.query_params() as parameters:
        pairs = {
            key: values if isinstance(values, list) else [values]
            for key, values in parameters._query_params.items()
        } | {key: list(values) for key, values in changes.items()}
        query = urlencode(pairs, doseq=True)
        parameters.set_initial_query_params(query)
        parameters.populate_from_query_string(query)
        parameters._send_query_param_msg()
