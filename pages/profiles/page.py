"""Home: people drawn from the posterior of what is known, as cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.cards import menu, selection
from pages.cards.profiles import IN_ENGLISH, LOOKS, POSTS, looks
from pages.shared import address, downloads, header, markdown, tour
from pages.shared.choice import Choice
from pages.shared.decorators import page
from pages.shared.problems import show_problem
from pages.shared.sidebar import MOST_PEOPLE
from synth.errors import PopulaceError
from synth.people import appearance
from synth.populations.strata import Stratified, every

if TYPE_CHECKING:
    from pages.cards.selection import Card

_RARITIES = {"as common as they are": 1.0} | {
    f"rarer: {power:g}": power for power in (0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
}
_RARITIES["rare people more often"] = 0.3
_RARITY_HELP = (
    "People are drawn in proportion to their probability to this power: below 1, rare combinations "
    "come more often, and none becomes possible that was not."
)
_STATES = 30


class Drawing(NamedTuple):
    """How people are drawn: β of p^β, and the columns whose combinations are covered."""

    rarity: float = 1.0
    every: tuple[str, ...] = ()


@st.fragment
def _cards(choice: Choice) -> None:
    """The cards, those that are kept first; what their menus do reruns these alone."""
    people = selection.shown(choice)
    grid = st.grid(3, min_column_width=290, gap=20, border=True, key="cards")
    shown = []
    for index, person in enumerate(people):
        with grid.cell():
            shown.append((person, *menu.show(person, place=str(index))))
    _notes(choice, people)
    _whose_faces(choice)
    for person, room, _ in shown:
        menu.rare(person, room)
    for person, _, chosen in shown:
        menu.act(chosen, person, people)


@st.fragment
def _two_columns(choice: Choice, other: Choice) -> None:
    """Group A to the left, group B to the right; the kept stand among A's."""
    people = (selection.shown(choice), selection.drawn(other))
    columns = st.columns(2, gap="medium")
    shown = []
    for letter, side, column, group in zip("ab", (choice, other), columns, people, strict=True):
        with column:
            st.html(
                f'<h2 class="pp-group"><b class="pp-group-{letter}">{letter.upper()}</b> '
                f"{escape(side.question)}</h2>"
            )
            grid = st.grid(2, min_column_width=250, gap=16, border=True, key=f"{letter}-cards")
            for index, person in enumerate(group):
                with grid.cell():
                    shown.append((person, *menu.show(person, place=f"{letter}{index}"), group))
    _notes(choice, [person for person, *_ in shown])
    _whose_faces(choice)
    for person, room, _, _ in shown:
        menu.rare(person, room)
    for person, _, chosen, group in shown:
        menu.act(chosen, person, group)


def _notes(choice: Choice, people: Sequence[Card]) -> None:
    notes = dict.fromkeys(note for person in people for note in person.profile.notes)
    words = [choice.population.note]
    if not choice.population.interests:
        words.append("This population records no interests, so its cards show facts instead.")
    st.caption(markdown.plain(" ".join((*words, *notes))))


def _whose_faces(choice: Choice) -> None:
    """Whose faces these are, and the choice of how they are shared out where there is one."""
    population = choice.population
    ways = appearance.ways(population)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="whose"):
        way = looks(population)
        st.caption(markdown.plain(appearance.sentence(population, way)), width="content")
        if len(ways) > 1:
            address.read_option(LOOKS, ways)
            st.segmented_control(
                "Faces",
                ways,
                default=ways[0],
                required=True,
                key=LOOKS,
                bind="query-params",
                label_visibility="collapsed",
                help="How faces and names are shared out; records do not depend on it.",
            )
        _whose_words(choice)


_OWN_NAME = {"fr": "en français"}  # how a language is called by those who write it


def _whose_words(choice: Choice) -> None:
    """The choice of English where people write another language."""
    own = _OWN_NAME.get(choice.population.society.language)
    if own is not None:
        address.read_option(POSTS, (own, IN_ENGLISH))
        st.segmented_control(
            "Posts",
            (own, IN_ENGLISH),
            default=own,
            required=True,
            key=POSTS,
            bind="query-params",
            label_visibility="collapsed",
            help="The language of bios and posts.",
        )


@st.cache_resource(show_spinner="Drawing rare people …", max_entries=16)
def _drawn(digest: str, known: str, how: str, _choice: Choice, _how: Drawing) -> Choice:
    """The choice as its people are drawn: rare ones more often, or everyone once."""
    population = _choice.population
    if _how.every:
        strata = every(population, _choice.evidence, _how.every)
        people = min(strata.rows, MOST_PEOPLE)
        return replace(_choice, posterior=strata, people=people, mark=how)
    read = population.with_rarity(_how.rarity)
    return replace(_choice, posterior=read.given(_choice.evidence), mark=how)


def _drawing(choice: Choice) -> Drawing:
    """How common people come, and whose combinations are covered."""
    if not choice.exact or not choice.population.has_network:
        return Drawing()
    schema = choice.population.modelled
    with st.popover("whom to draw", type="tertiary", icon=":material/groups_3:"):
        address.read_option("rarity", list(_RARITIES))
        rarity = st.select_slider(
            "Draw people", list(_RARITIES), key="rarity", bind="query-params", help=_RARITY_HELP
        )
        st.caption("← as common as they are · rare people more often →")
        columns = [
            name
            for name in schema.names
            if name in choice.population.network.codings
            and len(schema[name].states) <= _STATES
            and not schema[name].is_number
        ]
        covered = st.multiselect(
            "Everyone once: each combination of",
            columns,
            format_func=lambda name: markdown.plain(schema[name].title),
            key=f"every-{choice.population.digest[:8]}",
            placeholder="choose columns",
            filter_mode=None,
            max_selections=4,
            help="One person of each combination that exists, however rare; their number is the "
            "number of combinations.",
        )
    return Drawing(_RARITIES.get(rarity, 1.0), tuple(covered))


def _say(choice: Choice, how: Drawing) -> None:
    if how.every:
        strata = choice.posterior
        rows = strata.rows if isinstance(strata, Stratified) else 0
        shown = "" if rows <= choice.people else f" The first {choice.people} are shown."
        st.caption(
            f"Everyone once: one person of each of {rows:,} combinations, however rare.{shown} "
            "Downloads have each row’s log-weight, so that weighted means speak of everybody "
            "asked for."
        )
    elif how.rarity != 1:
        st.caption(
            f"Rare people come more often here: drawn in proportion to p^{how.rarity:g} instead of "
            "p. Downloads have each row’s log-weight, so that weighted means speak of everybody "
            "asked for."
        )


def _download(choice: Choice) -> None:
    if st.button("download", key="take", type="tertiary", icon=":material/download:"):
        downloads.take(selection.shown(choice))


@page(note=False)  # it stands below the cards, with what is to be said of them
def _page(choice: Choice) -> None:
    how, drawn = Drawing(), choice

    def more(choice: Choice) -> None:
        nonlocal how, drawn
        how = _drawing(choice)
        if how != Drawing():
            key = f"{choice.evidence}|{choice.people}|{choice.seed}"
            try:
                drawn = _drawn(choice.population.digest, key, repr(how), choice, how)
            except PopulaceError as error:
                how = Drawing()
                show_problem(error)
        _download(drawn)

    other = choice.against
    is_start = not choice.evidence and other is None
    finding = tour.what(choice.population) if is_start else ""
    header.show(
        choice,
        more=_download if other is not None else more,
        groups=True,
        finding=finding,
    )
    tour.show()
    if other is not None:
        _two_columns(choice, other)
        return
    _say(drawn, how)
    _cards(drawn)


_page()
