"""Real beside synthetic, column by column, for everyone and under what is known."""

from __future__ import annotations

from html import escape

import streamlit as st

from pages.shared import charts, header
from pages.shared.choice import Choice
from pages.shared.comparison import PEOPLE, compare
from pages.shared.decorators import page
from synth.data.evidence import Evidence
from synth.evaluate.columns import ColumnComparison

_EVERYONE, _KNOWN = "everyone", "those asked for"
_TABLE, _FARTHEST, _CLOSEST = "as in the table", "farthest first", "closest first"
_QUIET = {"displayModeBar": False}


def _controls(choice: Choice) -> tuple[str, str, str]:
    """Whom to compare, in which order, and which columns."""
    with st.container(horizontal=True, gap="medium", key="controls"):
        whom = _EVERYONE
        if choice.evidence:
            whom = st.segmented_control(
                "Whom",
                (_KNOWN, _EVERYONE),
                default=_KNOWN,
                required=True,
                key="whom",
                bind="query-params",
            )
        order = st.selectbox(
            "Order",
            (_TABLE, _FARTHEST, _CLOSEST),
            key="order",
            bind="query-params",
            filter_mode=None,
            width=190,
        )
        wanted = st.text_input(
            "Find a column",
            key="find",
            bind="query-params",
            placeholder="age, interest …",
            width=220,
        )
    return whom or _KNOWN, order, wanted


def _sorted(compared: tuple[ColumnComparison, ...], order: str) -> list[ColumnComparison]:
    if order == _TABLE:
        return list(compared)
    sign = -1 if order == _FARTHEST else 1
    return sorted(compared, key=lambda comparison: sign * (comparison.tvd or 0.0))


def _matches(comparison: ColumnComparison, wanted: str) -> bool:
    column = comparison.column
    text = " ".join((column.title, column.name, *column.levels)).casefold()
    return all(word in text for word in wanted.casefold().split())


def _head(comparison: ColumnComparison) -> str:
    distance, title = "no real counts", escape(comparison.column.title)
    if comparison.tvd is not None:
        distance = f"TVD <b>{comparison.tvd:.3f}</b> · fresh real people {comparison.reference:.3f}"
    return f'<div class="pp-column"><h2>{title}</h2><p>{distance}</p></div>'


def _alt(comparison: ColumnComparison) -> str:
    whom = "real and synthetic people" if comparison.real is not None else "synthetic people"
    return f"Shares of {comparison.column.title.lower()} among {whom}"


@st.dialog("Every level", width="medium")
def _whole(comparison: ColumnComparison) -> None:
    st.html(_head(comparison))
    st.html(charts.legend(exact=comparison.exact is not None))
    figure = charts.marginal(comparison, whole=True)
    st.plotly_chart(
        figure, key=f"whole-{comparison.column.name}", config=_QUIET, alt=_alt(comparison)
    )


@st.fragment
def _charts(shown: list[ColumnComparison]) -> None:
    grid = st.grid(3, min_column_width=330, gap=20, border=True, key="columns")
    for comparison in shown:
        name = comparison.column.name
        with grid.cell():
            st.html(_head(comparison))
            figure = charts.marginal(comparison)
            st.plotly_chart(figure, key=f"chart-{name}", config=_QUIET, alt=_alt(comparison))
            more = charts.left_out(comparison)
            if more and st.button(f"{more} more levels", key=f"all-{name}", type="tertiary"):
                _whole(comparison)


def _explain(compared: tuple[ColumnComparison, ...], choice: Choice) -> None:
    counts = compared[0].real
    if counts is None:
        st.info(
            "The shipped counts hold every column and every pair of columns of the real people, so "
            "they tell of one fact at a time: here the synthetic people stand "
            + ("beside the exact posterior alone." if choice.exact else "alone."),
            icon=":material/info:",
        )
        return
    if choice.reading.targets or choice.reading.base == "weighted":
        st.caption(
            "The real people are counted as they were asked: the synthetic ones, who are weighted "
            "or have your targets, differ where these say so."
        )
    st.caption(
        f"{PEOPLE:,} synthetic people beside {counts.sum():,} real ones. TVD, the total variation "
        "distance, is the share of people who would have to change their answer for the two to "
        "agree: 0 is the same, 1 has nothing in common. “Fresh real people” is what as many real "
        "people, asked anew, would get on average."
    )


@page()
def _page(choice: Choice) -> None:
    header.show(choice, title="Real beside synthetic", remark="column by column")
    whom, order, wanted = _controls(choice)
    evidence = choice.evidence if whom == _KNOWN else Evidence()
    compared = compare(choice.population, evidence, choice.seed)
    st.html(charts.legend(exact=choice.exact))
    _explain(compared, choice)
    shown = [each for each in _sorted(compared, order) if _matches(each, wanted)]
    if shown:
        _charts(shown)
    else:
        st.info(f"No column has “{wanted}” in its name or levels.", icon=":material/search_off:")


_page()
