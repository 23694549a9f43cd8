"""The first minute: what this is, in five steps, shown once to each browser.

Whoever has seen it or skipped it is remembered by a cookie that says no more than that. Streamlit
can read cookies and not write them, so a small script in the page writes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.talk import presenter

if TYPE_CHECKING:
    from synth.populations import Population

COOKIE = "populace-tour"
_OVER, _STEP = "tour is over", "step of the tour"
_SCRIPT = """
export default function ({ data }) {
  document.cookie = `${data.name}=done; max-age=31536000; path=/; SameSite=Lax`;
}
"""
_remember = st.components.v2.component("populace-remember", html="<i></i>", js=_SCRIPT)


class Step(NamedTuple):
    """A step: its heading and its text, both plain Markdown."""

    title: str
    text: str


STEPS = (
    Step(
        "People who do not exist, statistics that do",
        "Everybody on this page is drawn by a model that was learned from real answers. Nobody of "
        "them exists; how common they are is exact.",
    ),
    Step(
        "Ask for somebody",
        "Under **What is known** in the sidebar, choose a gender, an age, an interest. Everybody "
        "shown is then like that, and the head says how common it is. **New people** draws others.",
    ),
    Step(
        "Compare two groups",
        "**Compare with …** sets a second group beside the first. Every page then shows both, and "
        "says in one sentence what differs most.",
    ),
    Step(
        "See whether it is true",
        "**Marginals**, **Correlations** and **Report** set synthetic people beside the real ones. "
        "**Network** shows what depends on what.",
    ),
    Step(
        "Bring your own table",
        "The **Studio** learns a population from a CSV or Parquet file, in this session alone. "
        "**share this view** gives a link to exactly what you see.",
    ),
)


def what(population: Population) -> str:
    """What this is, in a sentence."""
    return (
        f"Populace draws people who do not exist from a model of {population.people_learned} "
        "real ones: ask for somebody in the sidebar, and everybody here is like that."
    )


def show() -> None:
    """Draw the tour, unless it was seen, or somebody is presenting or shows the page elsewhere."""
    if st.context.cookies.get(COOKIE) == "done":
        return
    if presenter.is_on() or st.context.is_embedded:
        return
    _box()


@st.fragment
def _box() -> None:
    if st.session_state.get(_OVER):
        _remember(data={"name": COOKIE}, key="tour-remember", height=1)
        return
    at = min(st.session_state.get(_STEP, 0), len(STEPS) - 1)
    step, last = STEPS[at], at == len(STEPS) - 1
    with st.container(border=True, key="tour"):
        st.html(
            f'<p class="pp-section">A tour, {at + 1} of {len(STEPS)}</p>'
            f'<h2 class="pp-tour">{step.title}</h2>'
        )
        st.markdown(step.text)
        with st.container(horizontal=True, gap="small"):
            if at:
                st.button("Back", key="tour-back", on_click=_go, args=(at - 1,))
            st.button(
                "Done" if last else "Next",
                key="tour-next",
                type="primary",
                on_click=_end if last else _go,
                args=() if last else (at + 1,),
            )
            if not last:
                st.button("Skip the tour", key="tour-skip", type="tertiary", on_click=_end)


def _go(step: int) -> None:
    st.session_state[_STEP] = step


def _end() -> None:
    st.session_state[_OVER] = True
