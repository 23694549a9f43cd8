"""The link by which a participant joins, known before anything of a survey is imported."""

from __future__ import annotations

import streamlit as st

JOIN, ME = "join", "me"
"""What a participant's link names: the survey, and themselves."""


def is_here() -> bool:
    """Whether the visitor came to take part."""
    return JOIN in st.query_params
