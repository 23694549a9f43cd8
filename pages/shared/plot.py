"""A Plotly figure on a page: without the bar of buttons, and in words for those who hear it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go


def plot(figure: go.Figure, *, key: str, alt: str) -> None:
    """Draw a figure.

    Parameters
    ----------
    figure : Figure
        What is drawn.
    key : str
        The widget's key.
    alt : str
        What is to be seen, in words.
    """
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)
