"""How strongly columns hang together: among real people, among synthetic ones, and the difference.

The paper's Fig. 8, over mixed columns by one measure.
"""

from __future__ import annotations

import streamlit as st

from pages.shared import header, loaders
from pages.shared.charts import heatmap
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


@st.cache_resource(show_spinner="Counting people …", max_entries=8)
def _counted(digest: str, seed: int, _population: Population) -> tuple[Associations, Associations]:
    """Associations of the real people and of synthetic ones."""
    people = canonical(loaders.posterior(_population, Evidence())).sample(PEOPLE, seed=seed)
    return compare_associations(_population, people)


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
                heatmap(values, titles, change=change),
                key=f"heatmap-{head}",
                config=_QUIET,
                alt=f"{head}: association of every pair of columns",
            )


_page()
