"""What sub-populations like: the first to third interest of those asked for, or group by group.

The paper's Fig. 12; its two experiments are one click each.
"""

from __future__ import annotations

from html import escape

import streamlit as st

from pages.parts import charts, header
from pages.parts.choice import Choice, current
from pages.parts.comparison import Comparison, compare
from pages.parts.sidebar import forget, key_of
from synth import wording
from synth.errors import PopulaceError
from synth.evidence import Evidence, OneOf
from synth.populations import Population

_NOBODY = "no groups"
_GROUPS = 8  # columns with more levels make too many charts
_QUIET = {"displayModeBar": False}
_EXPERIMENTS = (
    ("Married: first interest", "marital", "married", "top1"),
    ("Women: third interest", "gender", "female", "top3"),
)


def _set_up(population: Population, column: str, level: str, rank: str) -> None:
    """Ask what one of the paper's experiments asks, and nothing else."""
    forget(population, population.network.schema.names)
    st.session_state[key_of(column)] = [level]
    st.session_state["rank"] = rank
    st.session_state["group"] = _NOBODY


def _controls(choice: Choice) -> tuple[str, str]:
    """Which interest is shown, and by which column's groups."""
    schema = choice.population.network.schema
    with st.container(horizontal=True, gap="medium", key="interest-controls"):
        rank = st.segmented_control(
            "Interest",
            choice.population.interests,
            default=choice.population.interests[0],
            required=True,
            format_func=lambda name: wording.RANKS[name],
            key="rank",
            bind="query-params",
        )
        few = [
            column.name
            for column in schema
            if 2 <= len(column.levels) <= _GROUPS and column.name not in choice.evidence
        ]
        group = st.selectbox(
            "Group by",
            (_NOBODY, *few),
            format_func=lambda name: name if name == _NOBODY else schema[name].title,
            key="group",
            bind="query-params",
            filter_mode=None,
            width=220,
        )
    with st.container(horizontal=True, gap="small", key="experiments"):
        for title, column, level, shown in _EXPERIMENTS:
            st.button(
                title,
                icon=":material/science:",
                on_click=_set_up,
                args=(choice.population, column, level, shown),
                key=f"experiment-{column}",
            )
    return rank or choice.population.interests[0], group


def _head(title: str, one: Comparison, population: Population) -> str:
    distance = "no real counts for these facts"
    if one.tvd is not None:
        distance = f"TVD <b>{one.tvd:.3f}</b> · fresh real people {one.reference:.3f}"
    words = ""
    best = max(zip(one.synthetic, one.labels, strict=True))[1]
    if best in population.keywords:
        told = ", ".join(population.keywords[best][:6])
        words = f"<p>{escape(wording.interest_title(best))}: {escape(told)}</p>"
    return f'<div class="pp-column"><h2>{escape(title)}</h2><p>{distance}</p>{words}</div>'


def _chart(title: str, evidence: Evidence, choice: Choice, rank: str) -> None:
    population = choice.population
    try:
        found = compare(population.name, evidence, choice.seed)
    except PopulaceError as error:
        st.html(f'<div class="pp-column"><h2>{escape(title)}</h2></div>')
        st.caption(f"Nobody here: {error}")
        return
    one = next(one for one in found if one.column.name == rank)
    st.html(_head(title, one, population))
    st.plotly_chart(
        charts.marginal(one, whole=True),
        key=f"interest-{title}",
        config=_QUIET,
        alt=f"{one.column.title} of {title}, real beside synthetic",
    )


def _page(choice: Choice) -> None:
    header.show(choice, title="What they like", remark="interests, real beside synthetic")
    rank, group = _controls(choice)
    st.html(charts.LEGEND)
    schema = choice.population.network.schema
    if group == _NOBODY:
        with st.container(border=True, key="everyone"):
            _chart(choice.question, choice.evidence, choice, rank)
    else:
        grid = st.grid(2, min_column_width=430, gap=20, border=True, key="groups")
        for level in schema[group].levels:
            known = choice.evidence | {group: OneOf((level,))}
            with grid.cell():
                _chart(wording.question(known, choice.population), known, choice, rank)
    st.caption(choice.population.note)


asked = current()
if asked.posterior is None:
    header.impossible(asked)
else:
    _page(asked)
