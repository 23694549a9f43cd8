"""How those asked for spend a day, beside real people, and some of their days as ribbons."""

from __future__ import annotations

from html import escape

import numpy as np
import pandas as pd
import streamlit as st

from pages.days import ribbon
from pages.shared import address, header, markdown
from pages.shared.choice import Choice
from pages.shared.decorators import page
from pages.shared.plot import Figure, plot
from synth.data.evidence import Evidence, OneOf
from synth.days import DayPopulation
from synth.days.counts import DayCounts
from synth.evaluate.distances import tvd
from synth.populations.as_written import canonical

_PEOPLE, _SHOWN = 4_000, 8
_MINUTES, _SHARE = "minutes a day", "share who do it"
_REAL, _SYNTHETIC = "#b3a692", "#b4532a"


@st.cache_resource(max_entries=16, show_spinner="Drawing days …")
def _drawn(
    digest: str, known: str, seed: int, _choice: Choice, _days: DayPopulation
) -> tuple[pd.DataFrame, np.ndarray]:
    people = canonical(_choice.conditional).sample(_PEOPLE, seed=seed)
    people = people[_days.model.possible(people)].reset_index(drop=True)
    return people, _days.model.draw(people, seed)


def _real(days: DayPopulation, evidence: Evidence) -> DayCounts | None:
    """Sums of real people, where they are shared: of everybody and under one level."""
    if not evidence:
        return days.counts[""]
    if len(evidence) > 1:
        return None
    ((name, fact),) = evidence.items()
    if not isinstance(fact, OneOf) or len(fact.values) > 1:
        return None
    return days.counts.get(f"{name}={fact.values[0]}")


def _chart(days: DayPopulation, synthetic: DayCounts, real: DayCounts | None, what: str) -> Figure:
    groups = days.model.groups
    values = synthetic.means if what == _MINUTES else synthetic.shares
    order = [g for g in np.argsort(synthetic.means) if synthetic.means[g] > 0]
    titles = [groups.titles[g] for g in order]
    form = "%{x:,.1f} min" if what == _MINUTES else "%{x:.1%}"
    sides = [("synthetic, estimated", values, _SYNTHETIC)]
    if real is not None:
        beside = real.means if what == _MINUTES else real.shares
        sides.insert(0, ("real", beside, _REAL))
    bars = [
        {
            "type": "bar",
            "x": side[order],
            "y": titles,
            "name": name,
            "orientation": "h",
            "marker": {"color": colour},
            "hovertemplate": f"%{{y}}, {name}: {form}<extra></extra>",
        }
        for name, side, colour in sides
    ]
    return {
        "data": bars,
        "layout": {
            "height": 26 * len(order) + 70,
            "bargap": 0.25,
            "margin": {"l": 8, "r": 12, "t": 6, "b": 28},
            "legend": {
                "orientation": "h",
                "y": 1.02,
                "yanchor": "bottom",
                "traceorder": "reversed",
            },
            "dragmode": False,
            "xaxis": {"fixedrange": True, "tickformat": "" if what == _MINUTES else ".0%"},
            "yaxis": {"fixedrange": True, "automargin": True},
        },
    }


def _finding(days: DayPopulation, synthetic: DayCounts, real: DayCounts | None) -> str:
    """What takes most of their day, and where it is least like the days beside it."""
    titles, everyone = days.model.groups.titles, days.counts[""]
    most = np.argsort(-synthetic.means, kind="stable")[:3]
    times = [f"{titles[g]} ({_time(synthetic.means[g])})" for g in most]
    beside = everyone if real is None else real
    whom = "all real people" if real is None or real is everyone else "real people like them"
    gaps = synthetic.means - beside.means
    far = int(np.abs(gaps).argmax())
    return (
        f"Most of their day goes to {', '.join(times[:-1])} and {times[-1]}, estimated from "
        f"{synthetic.people:,} days; least like the days of {whom} is {titles[far]}, "
        f"{_time(synthetic.means[far])} beside {_time(beside.means[far])}."
    )


def _time(minutes: float) -> str:
    """A mean time: 8 h 50 min, 3.4 min."""
    if minutes < 10:
        return f"{minutes:.1f} min"
    hours, rest = divmod(round(minutes), 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest))


def _sums(
    days: DayPopulation, minutes: np.ndarray, synthetic: DayCounts, real: DayCounts | None
) -> None:
    address.read_option("day-what", (_MINUTES, _SHARE))
    what = st.segmented_control(
        "What",
        (_MINUTES, _SHARE),
        default=_MINUTES,
        required=True,
        key="day-what",
        bind="query-params",
    )
    line = f"{synthetic.people:,} synthetic days, estimated"
    if real is not None:
        distance = tvd(real.means, synthetic.means)
        line += f" · {real.people:,} real days · TVD of minutes <b>{distance:.3f}</b>"
    st.html(f'<div class="pp-column"><h2>A day’s 1,440 minutes</h2><p>{line}</p></div>')
    if real is None:
        st.caption(
            "Sums of real days are shared of everybody and under one level of some columns, not "
            "of these facts: the synthetic days stand alone."
        )
    plot(
        _chart(days, synthetic, real, what or _MINUTES),
        key="day-sums",
        alt="Minutes of a day by group, real beside synthetic",
    )
    error = minutes.std(axis=0) / np.sqrt(len(minutes))
    st.caption(
        "Synthetic means are estimated give or take "
        f"{float(error.max()):.1f} minutes at most (one standard error)."
    )


def _ribbons(days: DayPopulation, people: pd.DataFrame, minutes: np.ndarray) -> None:
    groups = days.model.groups
    st.html(
        '<div class="pp-column"><h2>Some of their days</h2><p>each part as wide as its minutes; '
        "which activity came when is not known; the marked parts are the person’s interests, "
        "of which rare ones count more"
        "</p></div>"
    )
    st.html(ribbon.key())
    rows = []
    for i in range(min(_SHOWN, len(people))):
        words = ribbon.interests_in_words(groups, minutes[i]) or "no leisure interest that day"
        shown = [str(v) for v in people.loc[i, list(days.model.ranks)] if not pd.isna(v)]
        rows.append(
            f'<p class="pp-line">{escape(words)}</p>{ribbon.ribbon(groups, minutes[i], shown)}'
        )
    st.html("".join(rows))


def _head(choice: Choice, finding: str = "") -> None:
    header.show(
        choice, title="How they spend a day", remark="days are drawn, estimated", finding=finding
    )


@page()
def _page(choice: Choice) -> None:
    place = st.container()
    days = ribbon.days_of(choice.population)
    if days is None:
        with place:
            _head(choice)
        st.info(
            f"{markdown.plain(choice.population.title)} knows no diary days: choose US time use "
            "in the sidebar.",
            icon=":material/info:",
        )
        return
    people, minutes = _drawn(
        choice.population.digest, f"{choice.evidence}|{choice.mark}", choice.seed, choice, days
    )
    if len(people):
        synthetic, real = DayCounts.of(minutes), _real(days, choice.evidence)
        with place:
            _head(choice, _finding(days, synthetic, real))
        _ribbons(days, people, minutes)
        _sums(days, minutes, synthetic, real)
    else:
        with place:
            _head(choice)
        st.info("No day shows the interests that these people have, in their order.")
    st.caption(markdown.plain(days.note))


_page()
