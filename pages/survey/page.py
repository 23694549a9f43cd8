"""Do they look real? A survey of the people on screen, made here and answered on telephones."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from html import escape
from io import BytesIO
from urllib.parse import urlsplit

import streamlit as st

from pages.cards import selection
from pages.shared import header, markdown, qr
from pages.shared.choice import Choice
from pages.shared.decorators import page
from pages.shared.files import file_button
from pages.survey import led, live, participant, store
from pages.survey.joining import JOIN
from pages.talk import presenter
from synth.survey import PAPER, PARTS, Part, Survey, stimulus, to_csv
from synth.survey.survey import (
    CONSENT,
    MOST_CONSENT,
    MOST_PROFILES,
    PROFILES,
    new_code,
    new_token,
)

_PARTS = "survey-parts"
_TITLE = "Do you believe that these people are real?"


@page(note=False)
def _page(choice: Choice) -> None:
    st.html(participant.STYLE)
    survey = _mine()
    if survey is None:
        header.show(choice, title=_TITLE)
        _make(choice)
    else:
        st.html(f'<h1 class="pp-title">{_TITLE}</h1>')
        _stage(survey)


def _mine() -> Survey | None:
    survey = led.survey()
    if survey is not None:
        st.session_state[led.PLACE] = st.query_params[led.LEAD] = led.token()
    return survey


# ── Making one ───────────────────────────────────────────────────────────────────────────────────


def _make(choice: Choice) -> None:
    st.html(
        f'<p class="pp-say">The paper showed 80 people ten profiles, and <b>{PAPER:.0%}</b> '
        "believed that these were real. Ask your own audience: they scan a code, say yes or no to "
        "each profile, and their answers appear here as they come.</p>"
    )
    with st.form("survey-make", border=True):
        count = st.slider("Profiles", 1, MOST_PROFILES, PROFILES, key="survey-count")
        parts = st.pills(
            "What is shown of each",
            list(PARTS),
            selection_mode="multi",
            default=["all"],
            format_func=lambda part: PARTS[part],
            key=_PARTS,
            help="With several, each participant sees every profile once, in one of them.",
        )
        consent = st.text_area(
            "What participants agree to", CONSENT, max_chars=MOST_CONSENT, key="survey-consent"
        )
        pressed = st.form_submit_button(
            "Make the survey", type="primary", icon=":material/how_to_vote:"
        )
    st.caption(
        f"The profiles are people of “{markdown.plain(choice.question)}” with the seed "
        f"{choice.seed}, as on Profiles. Who takes part is not recorded: no name, no address, no "
        "time, only the answers under a random number."
    )
    if pressed:
        _begin(choice, int(count), tuple(part for part in PARTS if part in parts), consent)


def _begin(choice: Choice, count: int, parts: tuple[Part, ...], consent: str) -> None:
    with st.spinner("Drawing the profiles …"):
        cards = selection.drawn(replace(choice, people=count))
        profiles = [card.profile for card in cards]
        survey = Survey(
            new_code(),
            choice.question,
            choice.population.title,
            choice.evidence.text(choice.population.modelled),
            choice.seed,
            consent,
            parts,
            stimulus.people_of(profiles),
        )
        token = new_token()
        store.opened().add(survey, stimulus.draw_all(profiles, parts), token)
    st.session_state[led.PLACE] = token
    st.rerun()


# ── On stage ─────────────────────────────────────────────────────────────────────────────────────


def _stage(survey: Survey) -> None:
    left, right = st.columns([2, 5], gap="large")
    with left:
        _door(survey)
    with right:
        live.show(survey)
    if not presenter.is_on():
        _controls(survey)


def _door(survey: Survey) -> None:
    """How to join."""
    link = join_link(survey.code)
    if survey.is_closed:
        st.info("The survey is closed: no more answers are taken.", icon=":material/lock:")
        return
    st.html(qr.image(link, f"QR code to join survey {survey.code}"))
    parts = urlsplit(link)
    st.html(
        f'<p class="pp-join">{escape(parts.netloc + parts.path)}<br>?join=<b>{survey.code}</b></p>'
    )
    if qr.is_local(link):
        st.warning(
            "Telephones cannot open this address: open the app by this machine’s network address "
            "(“Network URL” where the server was started), and the code follows.",
            icon=":material/wifi_off:",
        )


def join_link(code: str) -> str:
    """The address that a participant opens."""
    return markdown.link(st.context.url or "", ((JOIN, code),))


def _controls(survey: Survey) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="survey-controls"):
        file_button(
            "Answers (CSV)",
            partial(_csv, survey),
            f"survey-{survey.code}.csv",
            key="survey-csv",
        )
        st.button(
            "Take answers again" if survey.is_closed else "Close the survey",
            key="survey-close",
            icon=":material/lock_open:" if survey.is_closed else ":material/lock:",
            on_click=_close,
            args=(survey,),
        )
        st.button(
            "Make another one", key="survey-new", icon=":material/add:", on_click=_leave_survey
        )
    st.caption(
        f"{len(survey.people)} people of “{markdown.plain(survey.question)}”, "
        f"{markdown.plain(survey.population)}, seed {survey.seed}; shown: "
        f"{', '.join(PARTS[part] for part in survey.parts)}. This page’s address leads back to "
        "this survey: keep it, and give only the code away."
    )


def _csv(survey: Survey) -> BytesIO:
    return BytesIO(to_csv(survey, store.opened().votes(survey.code)))


def _close(survey: Survey) -> None:
    store.opened().close_survey(survey.code, is_closed=not survey.is_closed)


def _leave_survey() -> None:
    st.session_state.pop(led.PLACE, None)
    st.query_params.pop(led.LEAD, None)


_page()
