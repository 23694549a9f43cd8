"""One person from 20 to 80: a slider, the card at that age, and the whole life in lines."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from pages.cards import selection
from pages.cards.card import markup
from pages.shared import markdown
from pages.shared.problems import show_problem
from synth import describe
from synth.interests.vocabulary import interest_title
from synth.people.facts import age_of, interests_in
from synth.people.life import ages, life

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from pages.cards.selection import Card
    from synth.people.profile import Profile
    from synth.people.what_if import WhatIf
    from synth.populations import Population

ProfileOf = Callable[["Card", "WhatIf", "DeltaGenerator"], "Profile"]
"""Gives a changed record its face and words."""


def show(card: Card, profile_of: ProfileOf) -> None:
    """The slider and what it shows; the years that nobody like this reaches are said."""
    population = card.choice.exact_population
    years = ages(population)
    now = age_of(card.record, population.modelled) or years[0]
    chosen = st.select_slider(
        "Age",
        years,
        min(years, key=lambda year: abs(year - now)),
        key=f"life-{card.key}",
        help="Gender, birth and degrees stay; the rest changes as little as the posterior allows.",
    )
    whole, missing = _life(card.key, card, population)
    if chosen not in whole:
        show_problem(missing[chosen])
    left, right = st.columns(2, gap="medium")
    if chosen in whole:
        with left, st.container(border=True, key="life-card"):
            profile = profile_of(card, whole[chosen], st.container())
            st.html(markup(profile, population, f"at {chosen}"))
            st.caption(markdown.plain(profile.notes[-1] if profile.notes else ""))
        mark = f"life|{chosen}"
        after = selection.changed(card, profile, f"at {chosen}", mark)
        if left.button("Keep on the page", key=f"life-keep-{card.key}", icon=":material/keep:"):
            selection.keep(after)
            st.rerun()
    right.html(_lines(whole, population, chosen))
    right.caption(
        "Each age is answered from this person, not from the age before; only a marriage is not "
        "forgotten. What if, not a biography."
    )


@st.cache_resource(show_spinner="Seven ages …", max_entries=32)
def _life(
    key: str, _card: Card, _population: Population
) -> tuple[dict[int, WhatIf], dict[int, str]]:
    return life(_card.record, _population)


def _lines(whole: dict[int, WhatIf], population: Population, chosen: int) -> str:
    rows = []
    for year, result in whole.items():
        line = describe.record_line(result.record, population)
        line = line.removeprefix(f"{year} · ")
        liked = interests_in(result.record, population.schema)
        likes = ", ".join(interest_title(interest) for interest in liked[:3])
        rows.append(
            f'<tr class="{"pp-changed" if year == chosen else ""}"><th scope="row">{year}</th>'
            f"<td>{escape(line)}</td><td>{escape(likes)}</td></tr>"
        )
    return (
        '<table class="pp-before-after pp-life"><thead><tr><th scope="col">Age</th>'
        f'<th scope="col">Who</th><th scope="col">Likes</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
