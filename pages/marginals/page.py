"""Real beside synthetic, column by column, for everyone and under what is known."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from pages.shared import address, charts, header
from pages.shared.choice import Choice
from pages.shared.comparison import PEOPLE, compare, groups
from pages.shared.decorators import page
from pages.shared.plot import plot
from pages.talk import presenter
from synth.data.evidence import Evidence
from synth.evaluate.columns import ColumnComparison, is_near
from synth.evaluate.groups import GroupDifference, interval_words

_EVERYONE, _KNOWN = "everyone", "those asked for"
_TABLE, _FARTHEST, _CLOSEST = "as in the table", "farthest first", "closest first"


def _controls(choice: Choice, *, comparing: bool) -> tuple[str, str, str]:
    """Whom to compare, in which order, and which columns."""
    with st.container(horizontal=True, gap="medium", key="controls"):
        whom = _EVERYONE
        if choice.evidence and not comparing:
            address.read_option("whom", (_KNOWN, _EVERYONE))
            whom = st.segmented_control(
                "Whom",
                (_KNOWN, _EVERYONE),
                default=_KNOWN,
                required=True,
                key="whom",
                bind="query-params",
            )
        address.read_option("order", (_TABLE, _FARTHEST, _CLOSEST))
        order = st.selectbox(
            "Order",
            (_TABLE, _FARTHEST, _CLOSEST),
            index=1 if comparing else 0,
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
    real = comparison.real is not None
    st.html(charts.legend(exact=comparison.exact is not None, real=real))
    figure = charts.marginal(comparison, whole=True)
    plot(figure, key=f"whole-{comparison.column.name}", alt=_alt(comparison))


@st.fragment
def _charts(shown: Sequence[ColumnComparison]) -> None:
    grid = st.grid(3, min_column_width=330, gap=20, border=True, key="columns")
    for comparison in shown:
        name = comparison.column.name
        with grid.cell():
            st.html(_head(comparison))
            figure = charts.marginal(comparison)
            plot(figure, key=f"chart-{name}", alt=_alt(comparison))
            more = charts.left_out(comparison)
            if more and st.button(f"{more} more levels", key=f"all-{name}", type="tertiary"):
                _whole(comparison)


def _explain(compared: tuple[ColumnComparison, ...], choice: Choice) -> None:
    counts = compared[0].real
    if choice.population.ledger is not None:
        st.caption(f"{PEOPLE:,} synthetic people are drawn.")
        return
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


@st.fragment
def _pairs(
    shown: Sequence[tuple[GroupDifference, ColumnComparison, ColumnComparison]],
) -> None:
    """A chart for each column, with both groups."""
    grid = st.grid(3, min_column_width=330, gap=20, border=True, key="columns")
    for difference, a, b in shown:
        column = difference.column
        words = f"<b>{escape(interval_words(difference.distance))}</b> differ"
        if difference.real is not None:
            words += f" · real people {escape(interval_words(difference.real))}"
        if difference.in_evidence:
            words += " · known"
        with grid.cell():
            st.html(f'<div class="pp-column"><h2>{escape(column.title)}</h2><p>{words}</p></div>')
            plot(
                charts.two_groups(a, b),
                key=f"pair-{column.name}",
                alt=f"Shares of {column.title.lower()} in groups A and B",
            )
            more = charts.left_out(a)
            if more:
                st.caption(f"The {charts.SHORT} levels that differ most; {more} more.")


def _groups(choice: Choice, other: Choice) -> None:
    """Both groups, column by column."""
    header.show(choice, title="Two groups, column by column", groups=True)
    _, order, wanted = _controls(choice, comparing=True)
    compared = groups(choice)
    first = compare(choice.population, choice.evidence, choice.seed)
    second = compare(other.population, other.evidence, other.seed)
    if compared is None:
        return
    pairs = {a.column.name: (a, b) for a, b in zip(first, second, strict=True)}
    ranked = list(compared.differences)
    if order == _TABLE:
        ranked = [compared.of(name) for name in pairs]
    elif order == _CLOSEST:
        ranked = ranked[::-1]
    else:
        ranked = [*compared.open, *(each for each in ranked if each.in_evidence)]
    shown = [
        (each, *pairs[each.column.name])
        for each in ranked
        if _matches(pairs[each.column.name][0], wanted)
    ]
    real = any(a.real is not None or b.real is not None for a, b in pairs.values())
    st.html(charts.sides(choice.question, other.question, real=real))
    st.caption(
        "So many of 100 in A would need another answer for A to be like B (total variation "
        "distance, 100 of 100 is nothing in common)."
        + (
            ""
            if real or choice.population.ledger is not None
            else " The shipped counts tell of one fact at a time, so no real people stand here."
        )
    )
    if shown:
        _pairs(presenter.tiles(shown))
    else:
        st.info(f"No column has “{wanted}” in its name or levels.", icon=":material/search_off:")


def _finding(compared: tuple[ColumnComparison, ...]) -> str:
    """How near the synthetic people are, and where they are not."""
    judged = [each for each in compared if each.tvd is not None and each.reference is not None]
    if not judged:
        return ""
    near = sum(is_near(each) for each in judged)
    far = max(judged, key=lambda each: each.tvd or 0.0)
    return (
        f"{near} of {len(judged)} columns are as near to the real people as fresh real people "
        f"would be; farthest is {far.column.title}, where {100 * (far.tvd or 0):.1f} of 100 "
        f"synthetic people would need another answer (fresh real people: "
        f"{100 * (far.reference or 0):.1f})."
    )


@page()
def _page(choice: Choice) -> None:
    if choice.against is not None:
        _groups(choice, choice.against)
        return
    head = st.container()
    whom, order, wanted = _controls(choice, comparing=False)
    evidence = choice.evidence if whom == _KNOWN else Evidence()
    compared = compare(choice.population, evidence, choice.seed)
    private = choice.population.ledger is not None
    with head:
        header.show(
            choice,
            title="Column by column" if private else "Real beside synthetic",
            remark="synthetic people" if private else "column by column",
            finding=_finding(compared),
            groups=True,
        )
    st.html(charts.legend(exact=choice.exact, real=compared[0].real is not None))
    _explain(compared, choice)
    shown = [each for each in _sorted(compared, order) if _matches(each, wanted)]
    if shown:
        _charts(presenter.tiles(shown))
    else:
        st.info(f"No column has “{wanted}” in its name or levels.", icon=":material/search_off:")


_page()
