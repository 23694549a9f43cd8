"""What sub-populations like: the first to third interest of those asked for, or group by group.

The paper's Fig. 12; its two experiments are one click each.
"""

from __future__ import annotations

from html import escape

import streamlit as st

from pages.shared import address, charts, header, markdown
from pages.shared.choice import Choice
from pages.shared.comparison import PEOPLE, compare
from pages.shared.decorators import page
from pages.shared.dumbbells import dumbbells
from pages.shared.plot import plot
from pages.shared.sidebar import forget, key_of
from synth import describe
from synth.data.column import MISSING, Column
from synth.data.evidence import Evidence, Fact, OneOf
from synth.errors import PopulaceError
from synth.evaluate.columns import ColumnComparison, by_spread, model_shares
from synth.populations import Population

_NOBODY = "no groups"
_GROUPS = 8  # columns with more levels make too many charts
_PARTS = 4  # groups of a number
_RANK, _GROUP = "rank", "group"
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
        ranks = {
            name: describe.rank_words(place) for place, name in enumerate(population.interests)
        }
        address.read_option(_RANK, list(ranks.values()), ranks)
        rank = st.segmented_control(
            "Interest",
            population.interests,
            default=population.interests[0],
            required=True,
            format_func=ranks.__getitem__,
            key=_RANK,
            bind="query-params",
        )
        group = (
            _NOBODY
            if choice.against is not None
            else st.selectbox(
                "Group by",
                (_NOBODY, *few),
                format_func=lambda name: name if name == _NOBODY else schema[name].title,
                key=_GROUP,
                bind="query-params",
                filter_mode=None,
                width=220,
            )
        )
    if choice.against is None:
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
    distance = "no real counts"
    if comparison.tvd is not None and comparison.real is not None:
        distance = (
            f"TVD <b>{comparison.tvd:.3f}</b> · fresh real people {comparison.reference:.3f} · "
            f"{int(comparison.real.sum()):,} real people"
        )
    return f'<div class="pp-column"><h2>{escape(title)}</h2><p>{distance}</p></div>'


def _compared(choice: Choice, evidence: Evidence, rank: str) -> ColumnComparison:
    compared = compare(choice.population, evidence, choice.seed)
    return next(each for each in compared if each.column.name == rank)


def _chart(title: str, comparison: ColumnComparison, population: Population) -> None:
    st.html(_head(title, comparison))
    plot(
        charts.with_intervals(comparison, _notes(population)),
        key="interest-everyone",
        alt=f"{comparison.column.title} of {title}, real beside synthetic",
    )


def _dumbbells(choice: Choice, groups: list[tuple[str, ColumnComparison]]) -> None:
    """One chart of all groups, the interest that differs most on top."""
    comparisons = [comparison for _, comparison in groups]
    order = by_spread(comparisons)
    labels = comparisons[0].labels
    titles = markdown.titles(comparisons[0].column, labels)
    notes = _notes(choice.population)
    hovers = []
    for at in order:
        label = labels[at]
        more = f"<br>{notes[label]}" if label in notes else ""
        hovers.append(f"<b>{escape(titles[label])}</b>{more}")
    figure = dumbbells(
        [titles[labels[at]] for at in order],
        [(name, model_shares(each)[order]) for name, each in groups],
        [None if each.shares[0] is None else each.shares[0][order] for each in comparisons],
        hovers,
    )
    with st.container(border=True, key="groups"):
        plot(
            figure,
            key="interest-groups",
            alt=f"{comparisons[0].column.title} of {len(groups)} groups, largest difference first",
        )


def _of_groups(choice: Choice, rank: str, group: str) -> list[tuple[str, ColumnComparison]]:
    """The groups of a column with somebody in them; who is left out is said."""
    shown, column = [], choice.population.modelled[group]
    for fact in _groups(choice, column):
        known = choice.evidence | {group: fact}
        title = describe.question(Evidence({group: fact}), choice.population)
        try:
            shown.append((title, _compared(choice, known, rank)))
        except PopulaceError as error:
            st.caption(f"{markdown.plain(title)}: nobody here. {markdown.plain(str(error))}")
    return shown


def _finding(choice: Choice, rank: str, groups: list[tuple[str, ColumnComparison]]) -> str:
    """What those asked for like most, or where groups differ most."""
    if not groups:
        return ""
    how = "exact" if choice.exact else f"estimated from {PEOPLE:,} people"
    comparisons = [comparison for _, comparison in groups]
    words = describe.rank_words(choice.population.interests.index(rank))
    column, labels = comparisons[0].column, comparisons[0].labels
    if len(groups) == 1:
        name, only = groups[0]
        shares = model_shares(only)
        best = [at for at in shares.argsort(kind="stable")[::-1] if labels[at] != MISSING][:3]
        liked = [f"{describe.level_words(column, labels[at])} ({shares[at]:.1%})" for at in best]
        real, _ = only.intervals()
        beside = ""
        if real is not None and only.real is not None and only.shares[0] is not None:
            low, high = real[:, best[0]]
            beside = (
                f"; of {int(only.real.sum()):,} real people {only.shares[0][best[0]]:.1%} have "
                f"the first of these, 95% interval {low:.1%} to {high:.1%}"
            )
        return f"{name}: the commonest {words} interests are {', '.join(liked)}, {how}{beside}."
    at = int(by_spread(comparisons)[0])
    having = [(float(model_shares(each)[at]), name) for name, each in groups]
    (least, fewest), (most, keenest) = min(having), max(having)
    where = "in" if choice.against is not None else "of"
    return (
        f"The {words} interest that differs most is {describe.level_words(column, labels[at])}: "
        f"{most:.1%} {where} {_inside(keenest)} have it, {least:.1%} {where} {_inside(fewest)}, "
        f"{how}."
    )


def _inside(words: str) -> str:
    return words[0].lower() + words[1:] if words[1:2].islower() else words


def _show(choice: Choice, rank: str, groups: list[tuple[str, ColumnComparison]]) -> None:
    """The chart, and how to read it."""
    if not groups:
        return
    if len(groups) == 1:
        counted = groups[0][1].real is not None
        st.html(charts.legend(exact=choice.exact, real=counted))
        st.caption(
            "Thin lines are 95% intervals (Wilson): "
            + ("of the real share, for so many people asked; " if counted else "")
            + f"of the synthetic share, for the {PEOPLE:,} people drawn. "
            + (_EXACT if choice.exact else "")
            + "Hover for an interest’s keywords."
        )
        with st.container(border=True, key="everyone"):
            _chart(groups[0][0], groups[0][1], choice.population)
        return
    real = any(comparison.real is not None for _, comparison in groups)
    if choice.against is not None:
        st.html(charts.sides(choice.question, choice.against.question, real=False))
    st.caption(
        "The interest that differs most stands on top. "
        + ("Exact shares" if choice.exact else f"Shares of {PEOPLE:,} people drawn")
        + (" are full, those of the real people hollow. " if real else ". ")
        + "Hover for an interest’s keywords."
    )
    _dumbbells(choice, groups)


@page()
def _page(choice: Choice) -> None:
    if not choice.population.interests:
        header.show(choice, title="What they like", groups=True)
        st.info(
            "This population has no columns of interests (top1, top2, top3): the Studio can find "
            "interests in counts, minutes or texts of a table.",
            icon=":material/info:",
        )
        return
    head, other = st.container(), choice.against
    rank, group = _controls(choice)
    if other is not None:
        groups = [
            (letter, _compared(each, each.evidence, rank))
            for letter, each in (("A", choice), ("B", other))
        ]
    elif group == _NOBODY:
        groups = [(choice.question, _compared(choice, choice.evidence, rank))]
    else:
        groups = _of_groups(choice, rank, group)
    finding = _finding(choice, rank, groups)
    private = choice.population.ledger is not None
    with head:
        header.show(
            choice,
            title="What they like",
            remark="interests" if private else "interests, real beside synthetic",
            finding=finding,
            groups=True,
        )
    _show(choice, rank, groups)


_page()
