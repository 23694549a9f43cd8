"""On stage: a talk's slides, stepped through with the keys of a clicker.

The question is the headline; the sidebar, controls and notes on method leave the stage; a bar below
says where one is. Notes and a clock open in a second window. With `?kiosk=20` in the address the
slides turn by themselves every 20 seconds, and `?embed=true` shows a page and nothing around it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import streamlit as st

from pages import PAGES
from pages.shared import address, loaders, markdown, qr
from pages.shared.choice import Choice, current
from pages.talk import kept_people, notes
from pages.talk.opening import open_slide
from pages.talk.slides import shipped
from pages.talk.stages import stages
from synth.errors import PopulaceError
from synth.talk import Slide, Talk

if TYPE_CHECKING:
    from streamlit.navigation.page import Page

T = TypeVar("T")

TALK, AT, OPEN = "talk", "presenting", "slide to open"
"""Places in the session: the talk once it was changed, the slide on stage, the one to open."""
_PAGE, _TOKEN, _KIOSK, _TURNED = "page", "stage token", "kiosk", "slide turned at"
_TILES = 6  # two rows of three
_LEAST, _MOST = 3, 3600  # seconds of a kiosk's slide
_FOLDER = Path(__file__).parent
_EMBEDDED = (
    '[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"], '
    ".st-key-subtitle [data-testid=stPopover], .st-key-subtitle .stButton { display: none; } "
    '[class*="st-key-tour"], [data-testid="stHeader"] { display: none; } '
    ".stMainBlockContainer { padding-top: 1rem !important; }"
)


def is_on() -> bool:
    """Whether somebody is presenting."""
    return st.session_state.get(AT) is not None


def sidebar_state() -> Literal["collapsed", "auto"]:
    """Folded while presenting, and where the page is part of another."""
    return "collapsed" if is_on() or st.context.is_embedded else "auto"


def page_here() -> str:
    """The name of the page that is shown."""
    return str(st.session_state.get(_PAGE) or "")


def arrive(pages: Mapping[str, Page], page: Page) -> None:
    """Open a slide that was asked for; call it before the sidebar is drawn."""
    here = next((name for name, entry in pages.items() if entry is page), "")
    _begin_kiosk()
    wanted: Slide | None = st.session_state.get(OPEN)
    if wanted is not None:
        there = pages.get(wanted.page)
        if there is not None and wanted.page != here:
            # The parameters belong to widgets; they are written anew when the slide opens.
            st.query_params.from_dict({})
            st.switch_page(there)
        del st.session_state[OPEN]
        open_slide(wanted)
    st.session_state[_PAGE] = here


def talk() -> Talk:
    """The session's talk; the shipped one of the population until something is changed."""
    kept: Talk | None = st.session_state.get(TALK)
    if kept is not None:
        return kept
    population = current().population
    return shipped(population.name, population.title)


def go(index: int) -> None:
    """Put a slide on stage with the next run."""
    whole = talk()
    st.session_state[TALK] = whole  # stepping to another population must not change the talk
    st.session_state[AT] = index
    st.session_state[OPEN] = whole.slides[index]
    st.session_state[_TURNED] = time.time()


def leave() -> None:
    """End the talk."""
    st.session_state[AT] = None
    st.session_state[_KIOSK] = None  # read, so that the address does not begin it again
    st.query_params.pop(_KIOSK, None)
    stages().end(st.session_state.get(_TOKEN, ""))


def tiles(items: Sequence[T]) -> Sequence[T]:
    """All columns, where each has a picture; on stage those that fit, and a line that says so.

    Parameters
    ----------
    items : sequence
        What has a picture each, the most telling first.

    Returns
    -------
    sequence
        What to draw.
    """
    if not is_on() or len(items) <= _TILES:
        return items
    st.html(f'<p class="pp-note">{_TILES} of {len(items)} columns</p>')
    return items[:_TILES]


def manage(choice: Choice) -> None:
    """Start a talk, edit it, take it along."""
    from pages.talk import editor  # which needs this module

    editor.manage(choice)


# ── The stage ────────────────────────────────────────────────────────────────────────────────────


def bar() -> None:
    """The headline, and what a presenter needs below the page."""
    kept_people.arrive()
    if st.context.is_embedded:
        st.html(f"<style>{_EMBEDDED}</style>")
    if not is_on():
        return
    whole = talk()
    last = len(whole.slides) - 1
    at = min(st.session_state[AT], last)
    token = st.session_state.setdefault(_TOKEN, secrets.token_urlsafe(18))
    stages().show(token, whole, at)
    st.html(_FOLDER / "stage.css")
    st.html((_FOLDER / "keys.html").read_text("utf-8"), unsafe_allow_javascript=True)
    st.html(f'<h1 class="pp-title pp-headline">{escape(whole.slides[at].title)}</h1>')
    with st.bottom:
        with st.container(horizontal=True, vertical_alignment="center", key="presenter"):
            _step("Back", "present-back", "Left", at - 1, at == 0)
            st.html(
                f'<p class="pp-at" role="status"><b>{at + 1} of {last + 1}</b></p>', width="stretch"
            )
            _windows(token)
            _step("Next", "present-next", "Right", at + 1, at == last, kind="primary")
            st.button("Leave", key="present-leave", shortcut="Esc", type="tertiary", on_click=leave)
        with st.container(key="present-keys"):
            _step("Slide before", "present-page-up", "PageUp", at - 1, at == 0)
            _step("Slide after", "present-page-down", "PageDown", at + 1, at == last)
            _step("First slide", "present-home", "Home", 0, at == 0)
            _step("Last slide", "present-end", "End", last, at == last)
        _kiosk(at, last + 1)


def _step(
    words: str,
    key: str,
    shortcut: str,
    to: int,
    off: bool,
    *,
    kind: Literal["primary", "secondary"] = "secondary",
) -> None:
    st.button(words, key=key, shortcut=shortcut, disabled=off, type=kind, on_click=go, args=(to,))


def _windows(token: str) -> None:
    """The second window, and the link of what is on stage."""
    here = st.context.url or ""
    with st.popover("link", type="tertiary", icon=":material/qr_code:", key="present-link"):
        show_qr(current())
    st.link_button(
        "notes",
        markdown.link(here, ((notes.KEY, token),)),
        type="tertiary",
        icon=":material/speaker_notes:",
        help="Notes, the next slide and a clock, in a second window.",
    )


# ── Links ────────────────────────────────────────────────────────────────────────────────────────


def link(choice: Choice) -> str:
    """The link of a view, with the people that are kept."""
    return markdown.link(st.context.url or "", _parameters(choice))


def _parameters(choice: Choice) -> tuple[tuple[str, str], ...]:
    """What the sidebar says, who is kept, and what the page's own widgets say."""
    row = next((row for row in PAGES if row.name == page_here()), PAGES[0])
    view = ((key, value) for key in row.widgets for value in st.query_params.get_all(key))
    return (*choice.link, *kept_people.link(), *view)


def show_qr(choice: Choice, *, own: bool = False) -> None:
    """The current link as a QR code.

    Parameters
    ----------
    choice : Choice
        What the sidebar says.
    own : bool
        Whether what is shown is the visitor's own; a population of their own always is.
    """
    if own or loaders.is_own(choice.population.name):
        st.caption("This is your own: no link leads others to it.")
        return
    address = link(choice)
    try:
        st.html(f'<div style="width:17rem">{qr.image(address, "QR code of this view")}</div>')
    except PopulaceError as error:
        st.caption(markdown.plain(str(error)))
    if qr.is_local(address):
        st.caption("Only this machine can open it: open the app by its network address.")


def show_embed(choice: Choice) -> None:
    """The code that puts this view into another page."""
    pairs = (*_parameters(choice), ("embed", "true"))
    address = markdown.link(st.context.url or "", pairs)
    st.code(
        f'<iframe src="{escape(address)}" title="{escape(choice.question)}" width="100%" '
        'height="800" style="border:0"></iframe>',
        language="html",
        wrap_lines=True,
    )


# ── Kiosk ────────────────────────────────────────────────────────────────────────────────────────


def _begin_kiosk() -> None:
    if not address.is_unread(_KIOSK):
        return
    text = st.query_params[_KIOSK]
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        address.report(f"The link’s {_KIOSK}={text[:60]} is no number of seconds for a slide.")
        st.session_state[_KIOSK] = None
        return
    st.session_state[_KIOSK] = min(_MOST, max(_LEAST, int(text)))
    if not is_on():
        st.session_state[AT] = 0
        st.session_state[_TURNED] = time.time()


def _kiosk(at: int, count: int) -> None:
    seconds = st.session_state.get(_KIOSK)
    if seconds is None:
        return

    def turn() -> None:
        if time.time() - st.session_state.get(_TURNED, 0.0) >= seconds - 0.5:
            go((at + 1) % count)
            st.rerun()

    st.fragment(turn, run_every=float(seconds))()
