"""For a live talk: saved questions, stepped through with the arrow keys.

While presenting, the sidebar is folded, the type is larger, and a bar below says where one is. The
list lives in the session, can be saved as a file, and every question is a link into the app.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from pages import NAMES, WIDGETS
from pages.shared import facts, loaders, markdown, sidebar
from pages.shared.choice import Choice, current
from pages.talk.slides import (
    MOST,
    Question,
    from_json,
    moved,
    question,
    shipped,
    to_json,
)
from synth.data.schema import Column
from synth.errors import PopulaceError

if TYPE_CHECKING:
    from streamlit.navigation.page import Page

_LIST, _AT, _PENDING = "questions", "presenting", "question to open"
_PAGE, _PROBLEM = "page", "questions not read"
_LARGER = "html { font-size: 18px !important; } .stMainBlockContainer { max-width: 110rem; }"


def is_on() -> bool:
    """Whether somebody is presenting."""
    return st.session_state.get(_AT) is not None


def sidebar_state() -> Literal["collapsed", "auto"]:
    """Folded while presenting."""
    return "collapsed" if is_on() else "auto"


def arrive(pages: Mapping[str, Page], page: Page) -> None:
    """Open a question that was asked for; call it before the sidebar is drawn."""
    here = next((name for name, entry in pages.items() if entry is page), "")
    wanted: Question | None = st.session_state.get(_PENDING)
    if wanted is not None:
        there = pages.get(wanted.page)
        if there is not None and wanted.page != here:
            # The parameters belong to widgets; they are written anew when the question opens.
            st.query_params.from_dict({})
            st.switch_page(there)
        del st.session_state[_PENDING]
        _open(wanted)
    st.session_state[_PAGE] = here


def bar() -> None:
    """What a presenter needs below the page: back, where one is, next, and a way out."""
    if not is_on():
        return
    questions = saved()
    at = min(st.session_state[_AT], len(questions) - 1)
    st.html(f"<style>{_LARGER}</style>")
    with st.bottom, st.container(horizontal=True, vertical_alignment="center", key="presenter"):
        st.button(
            "Back",
            key="present-back",
            shortcut="Left",
            disabled=at == 0,
            on_click=_go,
            args=(at - 1,),
        )
        st.html(
            f'<p class="pp-at" role="status"><b>{at + 1} of {len(questions)}</b> · '
            f"{escape(questions[at].title)}</p>",
            width="stretch",
        )
        st.button(
            "Next",
            key="present-next",
            shortcut="Right",
            type="primary",
            disabled=at == len(questions) - 1,
            on_click=_go,
            args=(at + 1,),
        )
        st.button("Leave", key="present-leave", shortcut="Esc", type="tertiary", on_click=_leave)


def saved() -> tuple[Question, ...]:
    """The session's list; the shipped one of the population until something is changed."""
    kept = st.session_state.get(_LIST)
    if kept:
        return kept
    population = current().population
    return shipped(population.name, population.title)


# ── The list ─────────────────────────────────────────────────────────────────────────────────────


@st.dialog("Present", width="medium", icon=":material/co_present:")
def manage(choice: Choice) -> None:
    """Start a talk; save, order and delete its questions."""
    questions = saved()
    st.caption(
        "The sidebar folds, the type grows, the arrow keys step through these questions, and "
        "Escape ends it."
    )
    if st.button(
        "Start with the first", key="present-start", type="primary", icon=":material/slideshow:"
    ):
        _go(0)
        st.rerun()
    with st.container(gap="xxsmall", key="questions"):
        for index, entry in enumerate(questions):
            _row(index, entry, len(questions))
    _add(choice, questions)
    left, right = st.columns(2)
    left.download_button(
        "Save as a file",
        to_json(questions),
        file_name="populace-questions.json",
        mime="application/json",
        key="present-save",
        on_click="ignore",
        icon=":material/download:",
        width="stretch",
    )
    right.button(
        "Back to the shipped list",
        key="present-shipped",
        disabled=_LIST not in st.session_state,
        on_click=_keep,
        args=((),),
        icon=":material/restart_alt:",
        width="stretch",
    )
    _load()


def _row(index: int, entry: Question, count: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall"):
        if st.button(
            f"{index + 1}\\. {markdown.plain(entry.title)}",
            key=f"question-{index}",
            type="tertiary",
            width="stretch",
            help=markdown.plain(entry.address),
        ):
            _go(index)
            st.rerun()
        for icon, parameters, to, off in (
            ("arrow_upward", "Move up", -1, index == 0),
            ("arrow_downward", "Move down", 1, index == count - 1),
        ):
            st.button(
                "",
                key=f"question-{parameters}-{index}",
                icon=f":material/{icon}:",
                help=f"{parameters}: {markdown.plain(entry.title)}",
                type="tertiary",
                disabled=off,
                on_click=_move,
                args=(index, to),
            )
        st.button(
            "",
            key=f"question-delete-{index}",
            icon=":material/delete:",
            help=f"Delete: {markdown.plain(entry.title)}",
            type="tertiary",
            disabled=count == 1,
            on_click=_delete,
            args=(index,),
        )


def _add(choice: Choice, questions: tuple[Question, ...]) -> None:
    form = st.form("present-add", border=False, clear_on_submit=True)
    with form, st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Add the view behind this window",
            placeholder=choice.question,
            max_chars=120,
            key="present-title",
        )
        st.form_submit_button(
            "Add",
            icon=":material/add:",
            disabled=len(questions) >= MOST,
            on_click=_add_view,
            args=(choice, questions),
        )


def _add_view(choice: Choice, questions: tuple[Question, ...]) -> None:
    title = st.session_state["present-title"].strip() or choice.question[:120]
    page = st.session_state.get(_PAGE) or NAMES[0]
    kept = {name: st.session_state.get(name) for name in WIDGETS}
    view = {name: value for name, value in kept.items() if isinstance(value, str) and value}
    added = question(title, f"/{page}", **view)
    _keep((*questions, Question(added.title, page, choice.link, added.view)))


def _load() -> None:
    st.file_uploader(
        "Load a list from a file",
        type="json",
        key="present-load",
        max_upload_size=1,
        on_change=_load_file,
    )
    problem = st.session_state.get(_PROBLEM)
    if problem:
        st.warning(markdown.plain(problem), icon=":material/sentiment_dissatisfied:")


def _load_file() -> None:
    file = st.session_state["present-load"]
    st.session_state[_PROBLEM] = ""
    if file is None:
        return
    try:
        _keep(from_json(file.getvalue()))
    except PopulaceError as error:
        st.session_state[_PROBLEM] = str(error)


def _keep(questions: tuple[Question, ...]) -> None:
    if questions:
        st.session_state[_LIST] = questions
    else:
        st.session_state.pop(_LIST, None)


def _move(index: int, by: int) -> None:
    _keep(moved(saved(), index, by))


def _delete(index: int) -> None:
    _keep(tuple(entry for number, entry in enumerate(saved()) if number != index))


# ── Opening a question ───────────────────────────────────────────────────────────────────────────


def _go(index: int) -> None:
    questions = saved()
    _keep(questions)  # stepping to another population must not change the list
    st.session_state[_AT] = index
    st.session_state[_PENDING] = questions[index]


def _leave() -> None:
    st.session_state[_AT] = None


def _open(wanted: Question) -> None:
    """Set the sidebar's and the page's widgets as the question's link says."""
    parameters: dict[str, list[str]] = {}
    for name, value in wanted.link:
        parameters.setdefault(name, []).append(value)
    names = loaders.names()
    titles = {loaders.population(name).title: name for name in names}
    title = parameters.get("population", [""])[0]
    name = titles.get(title, names[0])
    st.session_state["population"] = name
    population = loaders.population(name)
    schema = population.modelled
    st.session_state[facts.COMPARE] = parameters.get(facts.COMPARE) == ["true"]
    for group in (facts.A, facts.B):
        facts.forget(population, schema.names, group)
        for column in schema:
            _answer(column, parameters, facts.key_of(column.name, group))
    for key, usual, least, most in (
        ("people", sidebar.PEOPLE, 1, sidebar.MOST_PEOPLE),
        ("seed", sidebar.SEED, 0, sidebar.LARGEST_SEED),
    ):
        st.session_state[key] = _whole(parameters.get(key, []), usual, least, most)
    view = dict(wanted.view)
    for key in WIDGETS:
        if key in view:
            st.session_state[key] = view[key]
        elif key in st.session_state:
            del st.session_state[key]


def _answer(column: Column, parameters: Mapping[str, list[str]], key: str) -> None:
    if parameters.get(f"{key}_missing") == ["true"] and column.is_number and column.missing:
        st.session_state[f"{key}_missing"] = True
    if key not in parameters:
        return
    if column.is_number:
        kind = type(st.session_state[key][0])
        st.session_state[key] = _range(parameters[key], kind, st.session_state[key])
        return
    levels = {shown: level for level, shown in markdown.titles(column, column.states).items()}
    chosen = [levels[value] for value in parameters[key] if value in levels]
    if chosen:
        st.session_state[key] = chosen[0] if column.kind == "boolean" else chosen


def _range(values: list[str], kind: type, whole: tuple[Any, Any]) -> tuple[Any, Any]:
    try:
        low, high = (kind(float(value)) for value in values)
    except (ValueError, OverflowError):
        return whole
    low, high = max(low, whole[0]), min(high, whole[1])
    return (low, high) if low <= high else whole


def _whole(values: list[str], usual: int, least: int, most: int) -> int:
    text = values[0] if values else ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else usual
    return min(max(number, least), most)
