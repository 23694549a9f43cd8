"""The survey that this visitor leads, and what it has told so far."""

from __future__ import annotations

import streamlit as st

from pages.survey import store
from synth.survey import Results, Survey, results
from synth.survey.survey import is_token

LEAD, PLACE = "lead", "survey that is led"
"""Where the leader's token stands: in the address after a reload, and in the session."""


def token() -> str:
    """The leader's token; empty where the visitor leads no survey."""
    value = st.session_state.get(PLACE) or st.query_params.get(LEAD, "")
    return value if is_token(value) else ""


def survey() -> Survey | None:
    """The survey; None where there is none."""
    mine = token()
    return store.opened().of_owner(mine) if mine else None


def results_of(led: Survey) -> Results:
    """What its votes tell so far."""
    counts, participants = store.opened().counts(led.code)
    return results(led, counts, participants)
