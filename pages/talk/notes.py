"""The presenter's second window: notes, the next slide and the time. Opened by `?notes=…`."""

from __future__ import annotations

import time
from html import escape

import streamlit as st

from pages.talk.stages import stages

KEY = "notes"
_STYLE = (
    ".stHtml p.pp-clock { margin: 0; font-size: 3rem; font-weight: 680; line-height: 1.1; "
    "font-variant-numeric: tabular-nums; color: var(--pp-accent); } "
    ".stHtml p.pp-notes { white-space: pre-line; font-size: 1.5rem; line-height: 1.45; }"
)


def is_here() -> bool:
    """Whether this window is for notes."""
    return KEY in st.query_params


def show() -> None:
    """Draw the window; it follows the stage every second."""
    st.html(f"<style>{_STYLE}</style>")
    _follow(st.query_params[KEY])


@st.fragment(run_every=1.0)
def _follow(token: str) -> None:
    stage = stages().get(token)
    if stage is None:
        st.html('<h1 class="pp-title">No talk is on</h1>')
        st.caption("Start it, and open this window from its bar again.")
        return
    slides = stage.talk.slides
    at = min(stage.at, len(slides) - 1)
    gone = int(time.time() - stage.began)
    st.html(
        f'<p class="pp-clock" role="timer">{gone // 60}:{gone % 60:02}</p>'
        f'<p class="pp-subtitle"><b>{at + 1} of {len(slides)}</b></p>'
        f'<h1 class="pp-title">{escape(slides[at].title)}</h1>'
        f'<p class="pp-notes">{escape(slides[at].notes) or "No notes."}</p>'
    )
    if at + 1 < len(slides):
        st.caption("Next")
        st.html(f'<p class="pp-say">{escape(slides[at + 1].title)}</p>')
    st.button("Clock to zero", key="notes-clock", on_click=stages().restart, args=(token,))
