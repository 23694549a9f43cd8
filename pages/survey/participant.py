"""What a participant sees: consent, one profile after another, thanks. Made for a telephone.

Whoever opens a link with `join` sees this and nothing else. The participant's token stands in the
address, so that neither a reload nor a server that starts again loses their place.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from pages.shared.problems import show_problem
from pages.survey import store
from pages.survey.joining import JOIN, ME
from synth.errors import PopulaceError
from synth.survey import Item, Survey
from synth.survey.survey import is_token, new_token, tidy_code

_PROBLEM = "survey problem"
_QUESTION = "Do you believe this person is real?"
STYLE = Path(__file__).with_name("survey.css")


def show() -> None:
    """Draw the participant's page."""
    st.html(STYLE)
    code = tidy_code(st.query_params.get(JOIN, ""))
    kept = store.opened()
    survey = kept.get(code)
    token = _token()
    answered = kept.answered(code, token) if token else frozenset()
    if survey.is_closed:
        _end("This survey is closed", answered)
    elif not token:
        _consent(survey)
    else:
        left = [item for item in survey.items(token) if item.number not in answered]
        if left:
            _ask(survey, token, left)
        else:
            _end("Thank you", answered)


def _token() -> str:
    token = st.query_params.get(ME, "")
    return token if is_token(token) else ""


def _consent(survey: Survey) -> None:
    count = len(survey.people)
    st.html('<h1 class="pp-title">Real, or not?</h1>')
    st.html(f'<p class="pp-say">{escape(survey.consent)}</p>')
    st.caption(f"{count} profiles, about {max(1, round(count / 5))} minutes.")
    if st.button("I agree, begin", key="survey-begin", type="primary", width="stretch"):
        st.query_params[ME] = new_token()
        st.rerun()


def _ask(survey: Survey, token: str, left: list[Item]) -> None:
    item, count = left[0], len(survey.people)
    done = count - len(left)
    st.html(f'<h1 class="pp-title">{_QUESTION}</h1>')
    st.progress(done / count, f"{done + 1} of {count}")
    problem = st.session_state.pop(_PROBLEM, "")
    if problem:
        show_problem(problem)
    with st.container(border=True, key="survey-profile"):
        st.html(store.opened().shown(survey.code, item))
    with st.bottom, st.container(horizontal=True, key="survey-answers"):
        for words, believed, icon in (
            ("Yes, real", True, ":material/check:"),
            ("No, not real", False, ":material/close:"),
        ):
            st.button(
                words,
                key=f"survey-{'yes' if believed else 'no'}-{item.number}",
                icon=icon,
                width="stretch",
                on_click=_vote,
                args=(survey.code, token, item.number, believed),
            )


def _vote(code: str, token: str, number: int, believed: bool) -> None:
    try:
        store.opened().vote(code, token, number, believed)
    except PopulaceError as error:  # the profile stays, to be answered on again
        st.session_state[_PROBLEM] = str(error)


def _end(title: str, answered: frozenset[int]) -> None:
    st.html(f'<h1 class="pp-title">{title}</h1>')
    if not answered:
        st.html('<p class="pp-say">It takes no more answers.</p>')
        return
    words = "answer is" if len(answered) == 1 else f"{len(answered)} answers are"
    st.html(
        f'<p class="pp-say">Your {words} kept. Now you may know: <b>none of these people '
        "exists.</b> A statistical model made up their lives, a network painted their faces, and "
        "the pictures were chosen to go with what they like.</p>"
    )
    st.caption("You can close this page.")
