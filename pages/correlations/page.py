"""How strongly columns hang together: among real people, among synthetic ones, and the difference.

The paper's Fig. 8, over mixed columns by one measure.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.shared import header, loaders
from pages.shared.choice import Choice
from pages.shared.decorators import page
from synth.data.evidence import Evidence
from synth.evaluate.association import Associations
from synth.evaluate.columns import compare_associations
from synth.populations import Population
from synth.populations.as_written import canonical

PEOPLE = 30_000  # so many synthetic people are drawn to be counted
_TABLE, _CLUSTERS = "as in the table", "what belongs together"
_QUIET = {"displayModeBar": False}
_STRENGTH = [[0.0, "rgba(180,83,42,0.04)"], [1.0, "rgba(180,83,42,1)"]]
_CHANGE = [[0.0, "#3f7d8c"], [0.5, "rgba(128,120,110,0.06)"], [1.0, "#b4532a"]]


@st.cache_resource(show_spinner="Counting people …", max_entries=8)
def _counted(digest: str, seed: int, _population: Population) -> tuple[Associations, Associations]:
    """Associations of the real people and of synthetic ones."""
    people = canonical(loaders.posterior(_population, Evidence())).sample(PEOPLE, seed=seed)
    return compare_associations(_population, people)


def _heatmap(values: np.ndarray, titles: list[str], *, change: bool) -> go.Figure:
    """A square of all pairs; a column with itself is left out."""
    shown = np.where(np.eye(len(titles), dtype=bool), np.nan, values)
    most = max(0.05, float(np.nanmax(np.abs(shown)))) if change else 1.0
    heatmap = go.Heatmap(
        z=shown,
        x=titles,
        y=titles,
        zmin=-most if change else 0.0,
        zmax=most,
        colorscale=_CHANGE if change else _STRENGTH,
        xgap=1,
        ygap=1,
        colorbar={"thickness": 10, "outlinewidth": 0, "len": 0.9},
        hovertemplate="%{y} and %{x}: %{z:.3f}<extra></extra>",
    )
    figure = go.Figure(heatmap)
    figure.update_layout(
        height=520,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        xaxis={"tickangle": -60, "showgrid": False, "tickfont": {"size": 11}},
        yaxis={"autorange": "reversed", "showgrid": False, "tickfont": {"size": 11}},
    )
    return figure


@page()
def _page(choice: Choice) -> None:
    header.show(choice, title="What hangs together", remark="everyone · real beside synthetic")
    population = choice.population
    real, synthetic = _counted(population.digest, choice.seed, population)
    wanted = st.selectbox(
        "Order", (_CLUSTERS, _TABLE), key="arrange", bind="query-params", width=240
    )
    order = real.order() if wanted == _CLUSTERS else real.columns
    schema = population.modelled
    titles = [schema[name].title for name in order]
    a, b, most = synthetic.farthest(real)
    st.caption(
        "Bias-corrected Cramér’s V (Bergsma 2013), numbers in ten bins: 0 is no association, 1 a "
        "complete one. The facts of the sidebar are left aside here: shipped counts hold pairs of "
        f"columns of all real people ({population.contingency.rows:,}), beside {PEOPLE:,} "
        f"synthetic ones. On average a pair differs by {synthetic.distance(real):.3f}; "
        f"{schema[a].title} and {schema[b].title} by {most:.3f}, the most."
    )
    grid = st.grid(2, min_column_width=430, gap=20, border=True, key="associations")
    for head, values, change in (
        ("Real people", real.arranged(order), False),
        ("Synthetic people", synthetic.arranged(order), False),
        ("Difference: synthetic less real", synthetic.difference(real, order), True),
    ):
        with grid.cell():
            st.subheader(head, anchor=False)
            st.plotly_chart(
                _heatmap(values, titles, change=change),
                key=f"heatmap-{head}",
                config=_QUIET,
                alt=f"{head}: association of every pair of columns",
            )


_page()
