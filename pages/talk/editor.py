"""The editor of the talk: start it, edit its slides, save and load it, take it along."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING

import streamlit as st

from pages import NAMES, WIDGETS
from pages.shared import loaders, markdown
from pages.shared.choice import Choice
from pages.shared.files import file_button
from pages.shared.problems import show_problem
from pages.talk import kept_people, presenter
from pages.talk.presenter import TALK
from pages.talk.slides import PLACES, as_text
from synth.errors import PopulaceError
from synth.talk import Slide, Talk, from_json, slide, to_json
from synth.talk.talk import LARGEST, MOST, NOTES, TITLE

if TYPE_CHECKING:
    from synth.populations import Population
    from synth.survey import Results

_PROBLEM = "talk not read"


@st.dialog("Present", width="medium", icon=":material/co_present:")
def manage(choice: Choice) -> None:
    """Start a talk; save, order, edit and delete its slides."""
    talk = presenter.talk()
    st.caption(
        "The question becomes the headline and controls leave the stage. Arrows, Page Up and Page "
        "Down step, Home and End jump, B is black, F is full screen, Escape ends it."
    )
    if st.button(
        "Start with the first", key="present-start", type="primary", icon=":material/slideshow:"
    ):
        presenter.go(0)
        st.rerun()
    with st.container(gap="xxsmall", key="questions"):
        for index, entry in enumerate(talk.slides):
            _row(talk, index, entry)
    _add(choice, talk)
    _problem()
    _files(talk)
    with st.expander("Put this view into another page"):
        presenter.show_embed(choice)
        st.caption(
            "The whole talk as a loop, 20 seconds a slide: add `?kiosk=20` to the app’s address."
        )


def _row(talk: Talk, index: int, entry: Slide) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall"):
        if st.button(
            f"{index + 1}\\. {markdown.plain(entry.title)}",
            key=f"question-{index}",
            type="tertiary",
            width="stretch",
            help=markdown.plain(entry.address),
        ):
            presenter.go(index)
            st.rerun()
        with st.popover(
            "",
            icon=":material/edit_note:",
            type="tertiary",
            help=f"Title and notes: {markdown.plain(entry.title)}",
            key=f"question-edit-{index}",
        ):
            _edit(talk, index, entry)
        for icon, words, by, off in (
            ("arrow_upward", "Move up", -1, index == 0),
            ("arrow_downward", "Move down", 1, index == len(talk.slides) - 1),
        ):
            st.button(
                "",
                key=f"question-{words}-{index}",
                icon=f":material/{icon}:",
                help=f"{words}: {markdown.plain(entry.title)}",
                type="tertiary",
                disabled=off,
                on_click=_keep,
                args=(talk.moved(index, by),),
            )
        st.button(
            "",
            key=f"question-delete-{index}",
            icon=":material/delete:",
            help=f"Delete: {markdown.plain(entry.title)}",
            type="tertiary",
            disabled=len(talk.slides) == 1,
            on_click=_keep,
            args=(talk.without(index),),
        )


def _edit(talk: Talk, index: int, entry: Slide) -> None:
    # Fields of another slide in the same place must not show this one's words.
    key = f"question-{index}-{abs(hash(entry))}"
    with st.form(f"{key}-form", border=False):
        st.text_input("Title", entry.title, max_chars=TITLE, key=f"{key}-title")
        st.text_area("Notes", entry.notes, max_chars=NOTES, key=f"{key}-notes", height=160)
        st.form_submit_button("Keep", on_click=_change, args=(talk, index, key))


def _change(talk: Talk, index: int, key: str) -> None:
    title, notes = st.session_state[f"{key}-title"], st.session_state[f"{key}-notes"]
    try:
        _keep(talk.with_slide(index, talk.slides[index].edited(title, notes)))
    except PopulaceError as error:
        st.session_state[_PROBLEM] = str(error)


def _add(choice: Choice, talk: Talk) -> None:
    form = st.form("present-add", border=False, clear_on_submit=True)
    with form, st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Add the view behind this window",
            placeholder=choice.question,
            max_chars=TITLE,
            key="present-title",
        )
        st.form_submit_button(
            "Add",
            icon=":material/add:",
            disabled=len(talk.slides) >= MOST,
            on_click=_add_view,
            args=(choice, talk),
        )


def _add_view(choice: Choice, talk: Talk) -> None:
    title = st.session_state["present-title"].strip() or choice.question[:TITLE]
    page = presenter.page_here() or NAMES[0]
    texts = {name: as_text(st.session_state.get(name)) for name in WIDGETS}
    view = {name: text for name, text in texts.items() if text}
    try:
        added = slide(title, f"/{page}", PLACES, view=view)
    except PopulaceError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    link = (*choice.link, *kept_people.link())
    _keep(talk.with_slide(len(talk.slides), Slide(added.title, page, link, added.view)))


# ── Files ────────────────────────────────────────────────────────────────────────────────────────


def _files(talk: Talk) -> None:
    st.html('<h3 class="pp-section">Take it along</h3>')
    find, survey = _finder(), _survey(talk)
    left, middle, right = st.columns(3)
    with left:
        file_button(
            "Save as a file",
            to_json(talk),
            "populace-talk.json",
            key="present-save",
            width="stretch",
        )
    with middle:
        file_button(
            "HTML, offline",
            partial(_html, talk, find, survey),
            "populace-talk.html",
            key="present-html",
            icon="html",
            width="stretch",
            help="One page that plays in any browser without a network. Every slide is worked out "
            "when you press, which takes some seconds.",
        )
    has_pptx = find_spec("pptx") is not None
    with right:
        file_button(
            "PPTX",
            partial(_pptx, talk, find, survey) if has_pptx else b"",
            "populace-talk.pptx",
            key="present-pptx",
            icon="slideshow",
            width="stretch",
            disabled=not has_pptx,
        )
    if not has_pptx:
        st.caption('PPTX needs python-pptx on the server: `pip install "populace[pptx]"`.')
    st.file_uploader(
        "Load a talk from a file",
        type="json",
        key="present-load",
        max_upload_size=1,
        on_change=_load_file,
    )
    st.button(
        "Back to the shipped talk",
        key="present-shipped",
        disabled=TALK not in st.session_state,
        on_click=_keep,
        args=(None,),
        icon=":material/restart_alt:",
    )


class _Finder:
    """Populations by the title that links name them by, the visitor's own with them."""

    def __init__(self, populations: dict[str, Population], first: str) -> None:
        self._populations, self._first = populations, first

    def __call__(self, title: str) -> Population:
        population = self._populations.get(title or self._first)
        if population is None:
            raise PopulaceError(f"The population “{title[:60]}” is not here: load it first.")
        return population


def _finder() -> _Finder:
    names = loaders.names()
    populations = [loaders.population(name) for name in names]
    return _Finder({each.title: each for each in populations}, populations[0].title)


def _survey(talk: Talk) -> Results | None:
    """What the presenter's survey has told so far, where a slide shows it."""
    if not any(each.page == "survey" for each in talk.slides):
        return None
    from pages.survey import led  # a database, where a talk has a survey only

    survey = led.survey()
    return led.results_of(survey) if survey is not None else None


def _html(talk: Talk, find: _Finder, survey: Results | None) -> BytesIO:
    from synth.talk.fill import fill
    from synth.talk.page import to_html

    return BytesIO(to_html(fill(talk, find, survey=survey)))


def _pptx(talk: Talk, find: _Finder, survey: Results | None) -> BytesIO:
    from synth.talk.fill import fill
    from synth.talk.pptx import to_pptx

    return BytesIO(to_pptx(fill(talk, find, survey=survey)))


def _load_file() -> None:
    file = st.session_state["present-load"]
    if file is None:
        return
    try:
        if file.size > LARGEST:
            raise PopulaceError("This file is too large for a talk: choose another one.")
        _keep(from_json(file.getvalue(), PLACES))
    except PopulaceError as error:
        st.session_state[_PROBLEM] = str(error)


def _problem() -> None:
    problem = st.session_state.pop(_PROBLEM, "")
    if problem:
        show_problem(problem)


def _keep(talk: Talk | None) -> None:
    if talk is None:
        st.session_state.pop(TALK, None)
    else:
        st.session_state[TALK] = talk
