"""What sub-populations like: the first to third interest of those asked for, or group by group.

The paper's Fig. 12; its two experiments are one click each.
"""

from __future__ import annotations

from html import escape

import streamlit as st

from pages.shared import charts, header, markdown
from pages.shared.choice import Choice
from pages.shared.comparison import PEOPLE, compare
from pages.shared.decorators import page
from pages.shared.sidebar import forget, key_of
from synth import describe
from synth.data.evidence import Evidence, Fact, OneOf
from synth.data.schema import Column
from synth.errors import PopulaceError
from synth.evaluate.columns import ColumnComparison
from synth.populations import Population

_NOBODY = "no groups"
_GROUPS = 8  # columns with more levels make too many charts
_PARTS = 4  # groups of a number
_RANK, _GROUP = "rank", "group"
_QUIET = {"displayModeBar": False}
_EXACT = (
    "The exact posterior has none: it is what drawing without end would give, from a network that "
    "was itself learned from the real people. "
)
_EXPERIMENTS = (
    ("Married: first interest", "marital", "married", "top1"),
    ("Women: third interest", "gender", "female", "top3"),
)


def _set_up(population: Population, column: str, level: str, rank: str) -> None:
    """Ask what one of the paper's experiments asks, and nothing else."""
    forget(population, population.modelled.names)
    st.session_state[key_of(column)] = [level]
    st.session_state[_RANK] = rank
    st.session_state[_GROUP] = _NOBODY


def _experiments(population: Population) -> None:
    schema = population.modelled
    possible = [
        (title, column, level, shown)
        for title, column, level, shown in _EXPERIMENTS
        if shown in population.interests
        and column in schema
        and schema[column].kind == "categorical"
        and level in schema[column].levels
    ]
    if not possible:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="experiments"):
        st.caption("The paper’s experiments:", width="content")
        for title, column, level, shown in possible:
            st.button(
                title,
                icon=":material/science:",
                on_click=_set_up,
                args=(population, column, level, shown),
                key=f"experiment-{column}",
            )


def _controls(choice: Choice) -> tuple[str, str]:
    """Which interest is shown, and by which column's groups."""
    population = choice.population
    schema = population.modelled
    few = [
        column.name
        for column in schema
        if column.name not in choice.evidence
        and column.name not in population.interests
        and (column.is_number or 2 <= len(column.states) <= _GROUPS)
    ]
    if st.session_state.get(_RANK) not in (None, *population.interests):
        del st.session_state[_RANK]
    if st.session_state.get(_GROUP) not in (None, _NOBODY, *few):
        del st.session_state[_GROUP]
    with st.container(horizontal=True, gap="medium", key="interest-controls"):
        rank = st.segmented_control(
            "Interest",
            population.interests,
            default=population.interests[0],
            required=True,
            format_func=lambda name: describe.rank_words(population.interests.index(name)),
            key=_RANK,
            bind="query-params",
        )
        group = st.selectbox(
            "Group by",
            (_NOBODY, *few),
            format_func=lambda name: name if name == _NOBODY else schema[name].title,
            key=_GROUP,
            bind="query-params",
            filter_mode=None,
            width=220,
        )
    _experiments(population)
    return rank or population.interests[0], group


def _groups(choice: Choice, column: Column) -> list[Fact]:
    """A fact for each group: the levels, or ranges that about equally many are in."""
    if column.is_number:
        marginal = choice.conditional.marginal(column.name)
        missing = [OneOf(("missing",))] if column.missing else []
        return [*marginal.parts(_PARTS), *missing]
    return [OneOf((state,)) for state in column.states]


def _notes(population: Population) -> dict[str, str]:
    """The keywords of each interest, in lines that fit a tooltip."""
    notes = {}
    for name, keywords in population.keywords.items():
        lines = [", ".join(keywords[i : i + 3]) for i in range(0, len(keywords), 3)]
        notes[name] = ",<br>".join(escape(line) for line in lines)
    return notes


def _head(title: str, comparison: ColumnComparison) -> str:
    distance = "no real counts for these facts"
    if comparison.tvd is not None and comparison.real is not None:
        distance = (
            f"TVD <b>{comparison.tvd:.3f}</b> · fresh real people {comparison.reference:.3f} · "
            f"{int(comparison.real.sum()):,} real people"
        )
    return f'<div class="pp-column"><h2>{escape(title)}</h2><p>{distance}</p></div>'


def _chart(title: str, evidence: Evidence, choice: Choice, rank: str) -> None:
    population = choice.population
    try:
        compared = compare(population, evidence, choice.seed)
    except PopulaceError as error:
        st.html(f'<div class="pp-column"><h2>{escape(title)}</h2></div>')
        st.caption(f"Nobody here: {markdown.plain(str(error))}")
        return
    comparison = next(each for each in compared if each.column.name == rank)
    st.html(_head(title, comparison))
    st.plotly_chart(
        charts.with_intervals(comparison, _notes(population)),
        key=f"interest-{title}",
        config=_QUIET,
        alt=f"{comparison.column.title} of {title}, real beside synthetic",
    )


@page()
def _page(choice: Choice) -> None:
    header.show(choice, title="What they like", remark="interests, real beside synthetic")
    if not choice.population.interests:
        st.info(
            "This population has no columns of interests (top1, top2, top3): the Studio can find "
            "interests in counts, minutes or texts of a table.",
            icon=":material/info:",
        )
        return
    rank, group = _controls(choice)
    st.html(charts.legend(exact=choice.exact))
    st.caption(
        "Thin lines are 95% intervals (Wilson): of the real share, for so many people asked; of "
        f"the synthetic share, for the {PEOPLE:,} people drawn. {_EXACT if choice.exact else ''}"
        "Hover for an interest’s keywords."
    )
    schema = choice.population.modelled
    if group == _NOBODY:
        with st.container(border=True, key="everyone"):
            _chart(choice.question, choice.evidence, choice, rank)
    else:
        grid = st.grid(2, min_column_width=430, gap=20, border=True, key="groups")
        for fact in _groups(choice, schema[group]):
            known = choice.evidence | {group: fact}
            with grid.cell():
                _chart(describe.question(known, choice.population), known, choice, rank)


_page()
