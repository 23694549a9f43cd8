"""A Plotly figure on a page: without the bar of buttons, and in words for those who hear it.

Figures are what Plotly's JSON says of them, as plain values. Plotly's own objects check and copy
every property as it is set, which took a third of a page's processor time; the tests do it instead.

Streamlit puts the theme's colours into a figure once, when it is first drawn; after a switch
between light and dark it renews texts and grids alone. `theme_css` lets what is drawn follow.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st
from plotly.basedatatypes import BaseFigure
from plotly.io import templates

Figure = dict[str, Any]
"""`data`, `layout` and perhaps `frames`, as Plotly's JSON has them; arrays may be NumPy's."""
_CLEAR = {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"}
"""Figures show the ground that they stand on."""
_DRAWN = ".js-plotly-plot :is(.cartesianlayer, .shapelayer, .legend)"
"""Where Plotly draws traces, lines across them, and what their colours mean; not where it draws
what is hovered over: a label's words are chosen to be read on its colour."""


def plot(figure: Figure, *, key: str, alt: str) -> None:
    """Draw a figure.

    Parameters
    ----------
    figure : dict of str to object
        What is drawn.
    key : str
        The widget's key.
    alt : str
        What is to be seen, in words.
    """
    figure = {**figure, "layout": {**_CLEAR, **figure.get("layout", {})}}
    st.plotly_chart(_Ready(figure), key=key, config={"displayModeBar": False}, alt=alt)


class _Ready(BaseFigure):
    """A figure that Streamlit sends as it is, as it does with Plotly's own."""

    def __init__(self, figure: Figure) -> None:
        self._figure = ready(figure)  # and not what the parent does: it would check everything

    def to_dict(self) -> Figure:
        """What is sent."""
        return self._figure


def ready(figure: Figure) -> Figure:
    """A figure as it is sent: arrays packed, and with the template of Streamlit's theme.

    Parameters
    ----------
    figure : dict of str to object
        What is drawn; it stays as it is.

    Returns
    -------
    dict of str to object
    """
    packed: Figure = _packed(figure)
    kinds = frozenset(trace["type"] for trace in packed["data"])
    packed["layout"] = {"template": _template(kinds), **packed.get("layout", {})}
    return packed


def _packed(value: Any) -> Any:
    """Arrays of numbers as Plotly.js reads them, in base 64; other arrays as lists."""
    if isinstance(value, Mapping):
        return {name: _packed(each) for name, each in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return [_packed(each) for each in value]
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.kind != "f":
        return value.tolist()
    numbers = np.ascontiguousarray(value, dtype="<f8")
    packed = {"dtype": "f8", "bdata": b64encode(numbers.tobytes()).decode()}
    if numbers.ndim > 1:
        packed["shape"] = ", ".join(map(str, numbers.shape))
    return packed


@lru_cache(maxsize=64)
def _template(kinds: frozenset[str]) -> Figure:
    """What the theme says of a layout and of such traces; of the others nothing is drawn."""
    whole = templates[templates.default].to_plotly_json()
    data = {kind: traces for kind, traces in whole.get("data", {}).items() if kind in kinds}
    return {**whole, "data": data}


@lru_cache(maxsize=1)
def theme_css() -> str:
    """Rules by which charts that stand on the page follow a switch between light and dark.

    Plotly writes colours into the style of what it draws. Each of the theme's
    `chartCategoricalColors`, light or dark, is shown as the one that the theme has now.

    Returns
    -------
    str
        A style element.
    """
    light, dark = (
        st.get_option(f"theme.{theme}.chartCategoricalColors") or () for theme in ("light", "dark")
    )
    rules = [
        f'{_DRAWN} [style*="{painted}: {_rgb(colour)}"] '
        f"{{ {painted}: light-dark({pair[0]}, {pair[1]}) !important; }}"
        for pair in zip(light, dark, strict=True)
        for colour in pair
        for painted in ("fill", "stroke")
    ]
    return f"<style>{' '.join(rules)}</style>"


def _rgb(colour: str) -> str:
    """A colour such as ``#b4532a`` as browsers write it into a style."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return f"rgb({red}, {green}, {blue})"
