"""Figures as plain values: what is sent is what Plotly's own objects would send, made once."""

import json
import tomllib
from base64 import b64decode
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import plotly.io
import plotly.tools
import pytest
from plotly.basedatatypes import BaseFigure

from pages.shared import plot

ROOT = Path(__file__).parents[2]
FIGURE = {
    "data": [
        {"type": "bar", "x": np.array([0.25, np.nan]), "y": ["a", "b"], "marker": {"color": "red"}},
        {"type": "scatter", "x": np.arange(3), "y": [1, 2, 3], "error_x": {"array": np.ones(3)}},
        {"type": "heatmap", "z": np.arange(6.0).reshape(2, 3), "x": [1, 2, 3]},
    ],
    "layout": {"height": 240, "xaxis": {"tickformat": ".0%"}},
    "frames": [{"name": "1", "data": [{"type": "bar", "x": np.array([0.5])}]}],
}


def _sent(figure):
    return json.loads(plotly.io.to_json(figure, validate=False))


def _lists(value):
    """The same with whatever is packed as lists."""
    if isinstance(value, dict) and "bdata" in value:
        numbers = np.frombuffer(b64decode(value["bdata"]), value["dtype"])
        shape = tuple(int(each) for each in value.get("shape", str(len(numbers))).split(","))
        return ["nan" if n != n else float(n) for n in numbers.ravel()] + [shape]
    if isinstance(value, dict):
        return {name: _lists(each) for name, each in value.items()}
    if isinstance(value, list) and value and all(isinstance(each, int | float) for each in value):
        return [*map(float, value), (len(value),)]
    return [_lists(each) for each in value] if isinstance(value, list) else value


def test_what_is_sent_is_what_plotly_s_own_objects_would_send():
    ours, plotlys = _sent(plot.ready(FIGURE)), _sent(go.Figure(FIGURE))
    template, whole = (each["layout"].pop("template") for each in (ours, plotlys))
    assert _lists(ours) == _lists(plotlys)
    assert template["layout"] == whole["layout"]
    # Of the theme's traces only those that are drawn: the others are a quarter of what is sent.
    drawn = {kind: whole["data"][kind] for kind in ("scatter", "heatmap")}
    assert template["data"] == drawn


def test_the_figure_stays_as_it_is_and_the_theme_is_shared():
    before = FIGURE["data"][0]["x"]
    first, second = plot.ready(FIGURE), plot.ready(FIGURE)
    assert FIGURE["data"][0]["x"] is before and "template" not in FIGURE["layout"]
    assert first["layout"]["template"] is second["layout"]["template"]
    assert first["data"][0] is not FIGURE["data"][0]


def test_a_template_of_its_own_is_kept():
    figure = {"data": [{"type": "bar"}], "layout": {"template": {"layout": {"height": 1}}}}
    assert plot.ready(figure)["layout"]["template"] == {"layout": {"height": 1}}


def test_streamlit_takes_it_for_a_figure_that_plotly_has_checked():
    assert isinstance(plot._Ready(FIGURE), BaseFigure)
    assert plotly.tools.return_figure_from_figure_or_data(
        plot._Ready(FIGURE), validate_figure=True
    ) == plot.ready(FIGURE)


def test_the_pages_tests_check_figures_as_plotly_does():
    with pytest.raises(ValueError, match="Invalid property"):
        plot._Ready({"data": [{"type": "bar", "colour": "red"}]})


def test_each_colour_of_the_theme_is_shown_as_the_one_that_the_theme_has_now():
    css = plot.theme_css()
    themes = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))["theme"]
    light, dark = (themes[name]["chartCategoricalColors"] for name in ("light", "dark"))
    assert len(light) == 10 and not set(light) & set(dark)
    assert css.count("!important") == 2 * 2 * len(light)  # fill and stroke, light and dark
    assert f'[style*="fill: rgb(180, 83, 42)"] {{ fill: light-dark({light[1]}, {dark[1]})' in css
    assert (
        f'[style*="stroke: rgb(224, 129, 79)"] {{ stroke: light-dark({light[1]}, {dark[1]})' in css
    )
