"""Generators side by side: who draws people that are hardest to tell from unseen real ones, and
why; a comparison that ships with the population, or one of the visitor's own table."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import streamlit as st

from pages.compare import charts
from pages.compare.state import CompareState, current_comparison
from pages.shared import header, losses, markdown
from pages.shared.charts import heatmap, legend, marginal
from pages.shared.choice import Choice
from pages.shared.decorators import page
from pages.shared.files import file_button
from pages.shared.jobs import watch
from pages.shared.plot import plot
from pages.shared.problems import show_problem
from pages.studio.state import StudioState, current_state
from synth import generators
from synth.evaluate.generator_comparison import FEWEST, FRESH, REAL, GeneratorComparison, stored
from synth.evaluate.generator_figures import Figures
from synth.evaluate.generator_page import comparison_table
from synth.evaluate.html import PARTS
from synth.evaluate.svg import STYLE
from synth.fitting.plan import Plan
from synth.generators.training import has_card
from synth.populations import Population

_MINUTES = (0.5, 1.0, 2.0, 5.0, 15.0)
_USUAL = ("bayes-network", "copula", "autoregressive", "tvae", "ctgan")
_COLOURS = (
    ".rp{--rp-ink:currentColor;--rp-quiet:var(--pp-quiet);--rp-line:var(--pp-line);"
    "--rp-accent:var(--pp-accent);--rp-back:var(--pp-card)}.rp table{margin:0}"
    ".rp td b{color:var(--pp-accent)}"
)
_MINE, _SHIPPED = "your table", "the population"


@st.cache_resource(show_spinner=False, max_entries=8)
def _stored(digest: str, _population: Population) -> GeneratorComparison | None:
    return stored(_population)


# ── What is to be compared ───────────────────────────────────────────────────────────────────────


def _ask(studio: StudioState, state: CompareState) -> None:
    """Which generators, and how long each may take."""
    rows = studio.understood.rows
    if rows < FEWEST:
        st.info(
            f"Your table has {rows} rows: a comparison needs at least {FEWEST}, one half to learn "
            "from and one to judge.",
            icon=":material/info:",
        )
        return
    titles = generators.titles()
    plan = studio.plan or Plan.of(studio.understood)
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    chosen = left.multiselect(
        "Generators",
        tuple(titles),
        default=[name for name in _USUAL if name in titles],
        format_func=titles.__getitem__,
        key=f"compare-generators-{studio.token}",
        persist_state="session",
    )
    minutes = right.selectbox(
        "Minutes each, at most",
        _MINUTES,
        index=1,
        format_func=lambda value: f"{value:g}",
        key=f"compare-minutes-{studio.token}",
        help="For generators that learn step by step; the others take what they need.",
        persist_state="session",
    )
    device = "a graphics card" if has_card() else "this machine’s processors"
    st.button(
        "Compare" if state.comparison is None else "Compare again",
        key="compare-start",
        type="primary" if state.comparison is None else "secondary",
        icon=":material/balance:",
        disabled=not chosen or plan.interests is not None,
        on_click=partial(state.compare, studio, plan, tuple(chosen), minutes),
    )
    st.caption(
        f"Each learns from half of {markdown.plain(studio.name)}, one after another, on {device}, "
        f"and is judged with the other half ({rows:,} rows)."
        + (" Interests are not compared: leave them out first." if plan.interests else "")
    )


# ── What came out ────────────────────────────────────────────────────────────────────────────────


def _show(comparison: GeneratorComparison, title: str, name: str) -> None:
    st.html(f"<style>{PARTS}{STYLE}{_COLOURS}</style>")
    st.html(f'<div class="rp" id="compare-table">{comparison_table(comparison)}</div>')
    for failed, words in comparison.failed.items():
        st.caption(f"{markdown.plain(failed)} could not learn this table: {markdown.plain(words)}")
    with st.container(horizontal=True, gap="small"):
        file_button(
            "The comparison, HTML",
            lambda: comparison.to_html(f"Generators on {title}"),
            f"{name}-generators.html",
            key="compare-html",
            help="One file that opens offline.",
        )
        file_button(
            "JSON",
            lambda: json.dumps(comparison.to_dict(), ensure_ascii=False),
            f"{name}-generators.json",
            icon="data_object",
            key="compare-json",
        )
    figures = comparison.figures
    if figures is not None:
        _beside(comparison, figures)
    if comparison.curves:
        header.part("Losses while learning")
        st.caption("From the first step to the last: what each network made smaller, or fought.")
        grid = st.grid(2, min_column_width=380, gap=20, key="compare-losses")
        for generator, curves in comparison.curves.items():
            with grid.cell():
                st.markdown(f"**{markdown.plain(comparison.title_of(generator))}**")
                plot(
                    losses.chart(curves),
                    key=f"compare-curve-{generator}",
                    alt=f"Losses of {comparison.title_of(generator)}",
                )
    notes = [entry for entry in comparison.entries if entry.note]
    if notes:
        with st.expander("How each was learned", icon=":material/description:"):
            for entry in notes:
                st.markdown(f"**{markdown.plain(entry.title)}.** {markdown.plain(entry.note)}")


@st.fragment
def _beside(comparison: GeneratorComparison, figures: Figures) -> None:
    """Any two sets of people beside each other; only the tab that is open is drawn."""
    header.part("Any two beside each other")
    names = [REAL, FRESH, *(entry.name for entry in comparison.entries)]
    names = [name for name in names if name in figures.people]
    titles = {name: comparison.title_of(name) for name in names}
    first, second = st.columns(2)
    left = first.selectbox(
        "These people", names, format_func=titles.__getitem__, key="compare-left", filter_mode=None
    )
    right = second.selectbox(
        "and these",
        names,
        index=names.index(comparison.best.name),
        format_func=titles.__getitem__,
        key="compare-right",
        filter_mode=None,
    )
    columns, pairs, sums, spread, axes = st.tabs(
        ["Columns", "Correlations", "Cumulative sums", "Means and deviations", "Principal axes"],
        key="compare-tab",
        on_change="rerun",
    )
    with columns:
        if columns.open:
            _marginals(comparison, figures, left, right)
    with pairs:
        if pairs.open:
            _associations(comparison, figures, left, right)
    with sums:
        if sums.open:
            _sums(comparison, figures, left, right)
    with spread:
        if spread.open:
            _moments(comparison, figures)
    with axes:
        if axes.open:
            _axes(comparison, figures, left, right)


def _sums(comparison: GeneratorComparison, figures: Figures, left: str, right: str) -> None:
    st.caption("The share of people up to each value; levels in the table’s order.")
    names = list(dict.fromkeys((REAL, left, right)))
    grid = st.grid(3, min_column_width=300, gap=16, key="compare-sums")
    for column in figures.columns:
        with grid.cell():
            st.markdown(f"**{markdown.plain(column.title)}**")
            plot(
                charts.cumulative(comparison, figures, column, names),
                key=f"compare-sum-{column.name}",
                alt=f"Cumulative sums of {column.title}",
            )


def _axes(comparison: GeneratorComparison, figures: Figures, left: str, right: str) -> None:
    share, other = figures.explained
    st.caption(
        f"On the real people’s first two principal axes, {share:.0%} and {other:.0%} of their "
        "variance; darker where more people are."
    )
    grid = st.grid(2, min_column_width=340, gap=16, key="compare-axes")
    for place, name in enumerate((left, right)):
        with grid.cell():
            st.markdown(f"**{markdown.plain(comparison.title_of(name))}**")
            plot(
                charts.plane(figures, name),
                key=f"compare-plane-{place}",
                alt=f"{comparison.title_of(name)} on the real people’s principal axes",
            )


def _marginals(comparison: GeneratorComparison, figures: Figures, left: str, right: str) -> None:
    words = (comparison.title_of(left), comparison.title_of(right))
    st.html(legend(exact=False, names=words))
    grid = st.grid(3, min_column_width=300, gap=16, key="compare-columns")
    for column in figures.columns:
        compared = figures.column(column, left, right)
        with grid.cell():
            st.markdown(
                f"**{markdown.plain(column.title)}** :gray[{compared.tvd:.3f} apart, chance "
                f"{compared.reference:.3f}]"
            )
            plot(
                marginal(compared),
                key=f"compare-column-{column.name}",
                alt=f"{column.title}: {words[0]} beside {words[1]}",
            )


def _associations(comparison: GeneratorComparison, figures: Figures, left: str, right: str) -> None:
    titles = [column.title for column in figures.columns]
    a, b = (np.array(figures.people[name].associations) for name in (left, right))
    st.caption(
        "Bias-corrected Cramér’s V (Bergsma 2013), numbers in ten bins; on average a pair differs "
        f"by {figures.distance_of_associations(left, right):.3f}."
    )
    grid = st.grid(2, min_column_width=430, gap=20, key="compare-pairs")
    heads = [comparison.title_of(name) for name in (left, right)]
    difference = f"Difference: {heads[1]} less {heads[0]}"
    for place, (head, values) in enumerate(((heads[0], a), (heads[1], b), (difference, b - a))):
        with grid.cell():
            st.markdown(f"**{markdown.plain(head)}**")
            plot(
                heatmap(values, titles, change=place == 2),
                key=f"compare-heat-{place}",
                alt=f"{head}: association of every pair of columns",
            )


def _moments(comparison: GeneratorComparison, figures: Figures) -> None:
    if not figures.numbers:
        st.caption("No column holds numbers.")
        return
    st.caption("Each point is a number’s column; on the dotted line real and synthetic agree.")
    grid = st.grid(2, min_column_width=340, gap=16, key="compare-moments")
    for place, head in enumerate(("Means", "Standard deviations")):
        with grid.cell():
            st.markdown(f"**{head}**")
            plot(
                charts.moments(comparison, figures, place),
                key=f"compare-moments-{place}",
                alt=f"{head} of all numbers, real and synthetic, on logarithmic axes",
            )


def _remark(comparison: GeneratorComparison | None) -> str:
    """Who is learned from here, and who judges."""
    if comparison is None:
        return "one half is learned from, the other judges"
    return f"here {comparison.learned:,} are learned from, {comparison.judged:,} others judge"


def _none_yet(population: Population) -> None:
    st.info(
        f"No comparison ships with {markdown.plain(population.title)}. Bring a table in the Studio "
        "and compare generators on it here, or make one on a command line:",
        icon=":material/info:",
    )
    st.code(
        "python -m synth compare people.csv --generators copula,autoregressive,ctgan "
        "--minutes 5 --report compared.html",
        language="bash",
        wrap_lines=True,
    )
    st.page_link("pages/studio/page.py", label="To the Studio", icon=":material/science:")


@page(note=False)
def _page(choice: Choice) -> None:
    place = st.container()
    studio = current_state()
    state = current_comparison(studio)
    population = choice.base or choice.population
    shipped = _stored(population.digest, population)
    mine = studio.inspection is not None
    shown = _SHIPPED
    if mine and shipped is not None:
        shown = st.segmented_control(
            "Compared on",
            (_MINE, _SHIPPED),
            default=_MINE,
            required=True,
            format_func=lambda which: (
                f"{_MINE}, {studio.name}" if which == _MINE else f"{_SHIPPED}, {population.title}"
            ),
            key="compare-which",
        )
    elif mine:
        shown = _MINE
    comparison = state.comparison if shown == _MINE else shipped
    with place:
        header.show(
            choice,
            title="Which generator is best here?",
            remark=_remark(comparison),
            finding="" if comparison is None or state.job is not None else comparison.sentence,
        )
    if shown == _MINE:
        if state.problem:
            show_problem(state.problem)
        if state.job is not None:
            watch(state, "compare", steady=True)
            return
        _ask(studio, state)
        if state.comparison is not None:
            _show(state.comparison, state.name, "my-table")
        return
    if shipped is None:
        _none_yet(population)
        return
    _show(shipped, population.title, population.name)


_page()
