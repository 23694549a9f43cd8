"""How strongly columns hang together: among real people, among synthetic ones, and the difference;
or in two groups.

The paper's Fig. 8, over mixed columns by one measure.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.shared import address, header, loaders
from pages.shared.charts import heatmap
from pages.shared.choice import Choice
from pages.shared.decorators import page
from pages.shared.plot import plot
from synth.data.evidence import Evidence
from synth.evaluate.association import Associations, associations, difference_interval
from synth.evaluate.columns import compare_associations
from synth.populations import Population
from synth.populations.as_written import canonical

if TYPE_CHECKING:
    from synth.data.contingency import ContingencyTables

PEOPLE = 30_000  # so many synthetic people are drawn to be counted
_TABLE, _CLUSTERS = "as in the table", "what belongs together"
_HEIGHT = 430
_MEASURE = (
    "How strongly two columns go together, from 0 (one tells nothing about the other) to 1 (one "
    "tells the other): bias-corrected Cramér’s V (Bergsma 2013), numbers in ten bins."
)


@st.cache_resource(show_spinner="Counting people …", max_entries=8)
def _counted(digest: str, seed: int, _population: Population) -> tuple[Associations, Associations]:
    """Associations of the real people and of synthetic ones."""
    people = canonical(loaders.posterior(_population, Evidence())).sample(PEOPLE, seed=seed)
    return compare_associations(_population, people)


@st.cache_resource(show_spinner="Counting people …", max_entries=16)
def _of_group(
    digest: str, known: str, seed: int, _population: Population, _evidence: Evidence
) -> tuple[ContingencyTables, Associations]:
    """Counts and associations of synthetic people of whom something is known."""
    people = canonical(loaders.posterior(_population, _evidence)).sample(PEOPLE, seed=seed)
    counts = _population.contingency.recount(people)
    return counts, associations(counts, like=_population.contingency)


def _group(choice: Choice, evidence: Evidence) -> tuple[ContingencyTables, Associations]:
    population = choice.population
    return _of_group(population.digest, str(evidence), choice.seed, population, evidence)


def _maps(order: tuple[str, ...], choice: Choice, maps: list[tuple[str, np.ndarray]]) -> None:
    """Three squares in a row; the last one is the difference."""
    schema = choice.population.modelled
    titles = [schema[name].title for name in order]
    grid = st.grid(3, min_column_width=320, gap=16, border=True, key="associations")
    for place, (head, values) in enumerate(maps):
        with grid.cell():
            st.html(f'<div class="pp-column"><h2>{escape(head)}</h2></div>')
            plot(
                heatmap(values, titles, change=place == 2, height=_HEIGHT, bar=False),
                key=f"heatmap-{place}",
                alt=f"{head}: association of every pair of columns",
            )


def _order(associations: Associations) -> tuple[str, ...]:
    address.read_option("arrange", (_CLUSTERS, _TABLE))
    wanted = st.selectbox(
        "Order", (_CLUSTERS, _TABLE), key="arrange", bind="query-params", width=240
    )
    return associations.order() if wanted == _CLUSTERS else associations.columns


def _everyone(choice: Choice) -> None:
    """Real people, synthetic people, and the difference."""
    if choice.population.ledger is not None:
        _synthetic_alone(choice)
        return
    real, synthetic = _counted(choice.population.digest, choice.seed, choice.population)
    schema = choice.population.modelled
    a, b, most = synthetic.farthest(real)
    first, second, strongest = real.strongest(below=0.99)
    own = synthetic.of(first, second)
    header.show(
        choice,
        title="What hangs together",
        remark="everyone · real beside synthetic",
        finding=(
            f"{schema[first].title} and {schema[second].title} hang together most of those that do "
            "not follow from each other: "
            f"{strongest:.2f} among real people and {own:.2f} among synthetic ones, of 1. On "
            f"average a pair of columns differs by {synthetic.distance(real):.3f}; "
            f"{schema[a].title} and {schema[b].title} differ most, by {most:.3f}."
        ),
        groups=True,
    )
    order = _order(real)
    _maps(
        order,
        choice,
        [
            ("Real people", real.arranged(order)),
            ("Synthetic people", synthetic.arranged(order)),
            ("Difference: synthetic less real", synthetic.difference(real, order)),
        ],
    )
    st.caption(
        f"{_MEASURE} {choice.population.contingency.rows:,} real people beside {PEOPLE:,} "
        "synthetic ones. In the difference brown is stronger among synthetic people, blue weaker."
    )


def _synthetic_alone(choice: Choice) -> None:
    """Synthetic people of a private population, which keeps no count of real ones."""
    _, synthetic = _group(choice, Evidence())
    schema = choice.population.modelled
    first, second, strongest = synthetic.strongest(below=0.99)
    header.show(
        choice,
        title="What hangs together",
        remark="everyone",
        finding=f"{schema[first].title} and {schema[second].title} hang together most of those "
        f"that do not follow from each other: {strongest:.2f} of 1.",
        groups=True,
    )
    order = _order(synthetic)
    _maps(order, choice, [("Synthetic people", synthetic.arranged(order))])
    st.caption(f"{_MEASURE} {PEOPLE:,} synthetic people.")


def _groups(choice: Choice, other: Choice | None) -> None:
    """Those asked for beside group B, or beside everyone."""
    counts_a, a = _group(choice, choice.evidence)
    counts_b, b = _group(choice, Evidence() if other is None else other.evidence)
    names = (choice.question, "Everyone" if other is None else other.question)
    schema = choice.population.modelled
    first, second, most = a.farthest(b)
    low, high = difference_interval(
        counts_a, counts_b, (first, second), choice.population.contingency, seed=choice.seed
    )
    x, y = a.of(first, second), b.of(first, second)
    letters = ("A", "B") if other is not None else names
    finding = (
        f"What hangs together otherwise: {schema[first].title} and {schema[second].title}, "
        f"{x:.2f} in {letters[0]} and {y:.2f} in {letters[1]}, of 1 (a difference of {x - y:+.2f}, "
        f"95% {low:+.2f} to {high:+.2f}). On average a pair differs by {a.distance(b):.3f}."
        if most > 0
        else "Every pair hangs together as strongly in both groups."
    )
    header.show(
        choice,
        title="What hangs together",
        remark="associations are counted from people drawn",
        finding=finding,
        groups=True,
    )
    order = _order(b)
    _maps(
        order,
        choice,
        [
            (names[0] if other is None else f"A: {names[0]}", a.arranged(order)),
            (names[1] if other is None else f"B: {names[1]}", b.arranged(order)),
            (
                "Difference: A less B" if other else "Difference: the first less everyone",
                a.difference(b, order),
            ),
        ],
    )
    st.caption(
        f"{_MEASURE} Estimated: {PEOPLE:,} synthetic people of each group are counted. Real people "
        "are not shown: the counts that ship hold pairs of columns of all real people. A column "
        "that a fact fixes goes together with nothing."
    )


@page()
def _page(choice: Choice) -> None:
    if choice.evidence or choice.against is not None:
        _groups(choice, choice.against)
    else:
        _everyone(choice)


_page()
