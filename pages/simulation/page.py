"""A population that grows older, with scenarios: an animated pyramid and what happened."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import streamlit as st

from pages.shared import address, header, markdown
from pages.shared.choice import Choice
from pages.shared.decorators import page
from pages.shared.plot import Figure, plot
from synth.errors import PopulaceError
from synth.lives import load_lives
from synth.populations import Population
from synth.simulation import Rates, Record, Scenario, Simulation, first_people, rates_of, recorded
from synth.simulation.published import BIRTHS, LIFE_TABLE
from synth.simulation.record import BAND, BANDS

_PEOPLE, _FIRST = 10_000, 2016
_LIVES = "swiss-families"
_WIDE = 150  # pixels of a slider: five stand in a row


@st.cache_resource(max_entries=4, show_spinner="Working out what a year brings …")
def _rates(digest: str, _population: Population) -> Rates:
    return rates_of(_population, load_lives(_LIVES).model)


@st.cache_resource(max_entries=32, show_spinner="The years go by …")
def _record(
    digest: str, seed: int, years: int, scenario: Scenario, _population: Population
) -> Record:
    rates = _rates(digest, _population)
    people = first_people(_population, rates, _PEOPLE, seed)
    simulation = Simulation.of(people, rates, scenario, year=_FIRST, seed=seed)
    return recorded(simulation, years)


def _sliders() -> tuple[int, Scenario]:
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        years = _slider("Years", "years", 5, 60, 30, 1)
        births = _slider("Births", "births", 0.0, 2.0, 1.0, 0.1)
        later = _slider(
            "Families later by (years)",
            "later",
            *(-5, 10, 0, 1),
            "By so many years later people leave home, marry and have a first child.",
        )
        partings = _slider("Partings", "partings", 0.0, 3.0, 1.0, 0.1)
        deaths = _slider("Deaths", "deaths", 0.2, 2.0, 1.0, 0.1)
    return years, Scenario(births, deaths, partings, later)


_Number = TypeVar("_Number", int, float)


def _slider(
    words: str,
    name: str,
    low: _Number,
    high: _Number,
    usual: _Number,
    step: _Number,
    note: str | None = None,
) -> _Number:
    """A slider of whole numbers, or of a rate's multiples; the address holds it."""
    key = f"sim-{name}"
    address.read_range(key, low, high, step=step, single=True)
    return st.slider(
        *(words, low, high, usual, step),
        format="%.1f ×" if isinstance(usual, float) else None,
        key=key,
        bind="query-params",
        help=note,
        width=_WIDE,
    )


def pyramid(record: Record) -> Figure:
    """Women to the right, men to the left, a frame a year."""
    ages = [f"{BAND * i}–{BAND * i + BAND - 1}" for i in range(BANDS - 1)]
    ages.append(f"{BAND * (BANDS - 1)}+")
    most = float(record.pyramid.max()) * 1.05

    def bars(at: int) -> list[dict[str, Any]]:
        women, men = record.pyramid[at]
        return [
            {
                "type": "bar",
                "y": ages,
                "x": counts * sign,
                "customdata": counts,
                "name": name,
                "orientation": "h",
                "hovertemplate": f"{name} of %{{y}}: %{{customdata:,}}<extra></extra>",
            }
            for name, counts, sign in (("men", men, -1), ("women", women, 1))
        ]

    frames = [{"data": bars(i), "name": str(y)} for i, y in enumerate(record.years)]
    quick = {"frame": {"duration": 150, "redraw": True}, "mode": "immediate", "fromcurrent": True}
    still = {"frame": {"duration": 0, "redraw": True}, "mode": "immediate"}
    steps = [
        {"label": str(y), "method": "animate", "args": [[str(y)], still]} for y in record.years
    ]
    layout = {
        "height": 520,
        "barmode": "relative",
        "bargap": 0.1,
        "margin": {"l": 8, "r": 12, "t": 10, "b": 10},
        "legend": {"orientation": "h", "y": 1.05},
        "xaxis": {
            "range": [-most, most],
            "tickvals": [-most * 0.75, 0, most * 0.75],
            "ticktext": [f"{most * 0.75:,.0f}", "0", f"{most * 0.75:,.0f}"],
            "fixedrange": True,
        },
        "yaxis": {"fixedrange": True},
        "sliders": [{"steps": steps, "currentvalue": {"prefix": "Year "}, "pad": {"t": 20}}],
        "updatemenus": [
            {
                "type": "buttons",
                "direction": "left",
                "x": 0,
                "y": 1.12,
                "showactive": False,
                "buttons": [
                    {"label": "Play", "method": "animate", "args": [None, quick]},
                    {"label": "Stop", "method": "animate", "args": [[None], still]},
                ],
            }
        ],
    }
    return {"data": bars(0), "layout": layout, "frames": frames}


def _figures(record: Record) -> None:
    first, last = int(record.pyramid[0].sum()), int(record.pyramid[-1].sum())
    births, deaths = (sum(getattr(e, n) for e in record.events) for n in ("births", "deaths"))
    adults = record.marital / record.marital.sum(axis=1, keepdims=True)
    with st.container(horizontal=True, gap="medium"):
        st.metric("People at the end", f"{last:,}", f"{last - first:+,}")
        st.metric("Born", f"{births:,}")
        st.metric("Died", f"{deaths:,}")
        st.metric(
            "Married, of 15 and over",
            f"{adults[-1, 1]:.0%}",
            f"{100 * (adults[-1, 1] - adults[0, 1]):+.0f} points",
        )
        size = record.household_size
        st.metric("People in a household", f"{size[-1]:.2f}", f"{size[-1] - size[0]:+.2f}")


def _finding(record: Record) -> str:
    """How many they become, by what, and how old."""
    first, last = int(record.pyramid[0].sum()), int(record.pyramid[-1].sum())
    births, deaths = (sum(getattr(e, n) for e in record.events) for n in ("births", "deaths"))
    middle = (np.arange(BANDS) + 0.5) * BAND
    ages = [
        float(record.pyramid[i].sum(axis=0) @ middle / record.pyramid[i].sum()) for i in (0, -1)
    ]
    return (
        f"From {record.years[0]} to {record.years[-1]}, {first:,} people become {last:,} "
        f"({last / first - 1:+.1%}): {births:,} are born and {deaths:,} die, and the mean age goes "
        f"from {ages[0]:.1f} to {ages[1]:.1f} (by bands of {BAND} years; one run, so estimated)."
    )


@page()
def _page(choice: Choice) -> None:
    header.top(
        choice,
        "A population that moves",
        f"<em>Simulation</em> · {_PEOPLE:,} synthetic people of 15 and over, and their children, "
        f"one year a step · estimated by simulation{header.facts_left_aside(choice)}",
    )
    place = st.container()
    years, scenario = _sliders()
    try:
        weighted = choice.reading.base == "weighted"
        base = choice.population if weighted else choice.base or choice.population
        record = _record(base.digest, choice.seed, years, scenario, base)
    except PopulaceError as error:
        st.info(markdown.plain(str(error)), icon=":material/info:")
        return
    with place:
        header.say(_finding(record))
    _figures(record)
    plot(pyramid(record), key="sim-pyramid", alt="Population pyramid, year by year")
    st.caption(
        "It rests on family lives in Switzerland up to 30 (1,500 people), on how marriage and work "
        f"differ by age in this population, and on published rates: {LIFE_TABLE}; {BIRTHS}."
    )
    st.caption(
        "The first children are placed by the size of their mothers’ households, which makes them "
        "somewhat too many. It does not know migration, who of the table is married to whom "
        "(couples are matched by age and children), or how rates will change; later marriages are "
        "read as if one generation grew older."
    )


_page()
