"""What went wrong, in a sentence, as every page shows it."""

from __future__ import annotations

import streamlit as st

from pages.shared import markdown


def show_problem(problem: Exception | str) -> None:
    """Draw a problem's sentence; what users wrote in it stays plain text.

    Parameters
    ----------
    problem : Exception or str
        The problem, or its sentence.
    """
    st.warning(markdown.plain(str(problem)), icon=":material/sentiment_dissatisfied:")
