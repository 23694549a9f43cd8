"""The surveys' database, opened once a server."""

from __future__ import annotations

import streamlit as st

from synth.survey import Store, database_url


def opened() -> Store:
    """The database that `POPULACE_SURVEYS` names.

    Raises `PopulaceError` where it cannot be opened.
    """
    return _opened(database_url())


@st.cache_resource(show_spinner=False, max_entries=4, on_release=Store.close)
def _opened(url: str) -> Store:
    return Store(url)
