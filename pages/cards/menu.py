"""A card on the page: how many are like it, and the small menu of what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from pages.cards import card, picture_choice, selection, what_if
from pages.cards.selection import Person
from pages.shared import downloads, loaders, markdown
from synth import describe

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

RECORD, WHATIF, WHY = "Whole record", "What if …", "Why these pictures?"
KEEP, RELEASE, RELEASE_ALL = "Keep on the page", "Let go", "Let all go"
TAKE = "Download …"


def show(person: Person, place: str) -> tuple[DeltaGenerator, str]:
    """Draw one card in the current container; `place` keeps its menu's key apart.

    Returns the room for `rare`, and what was chosen in the menu, for `act`: both take longer than
    the card and so come after all of them.
    """
    mark, kept = mark_of(person), selection.is_kept(person)
    st.html(card.markup(person.record, person.dressed, person.choice.population, mark, pin=kept))
    st.space("stretch")
    foot = st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"foot-{place}"
    )
    room = foot.empty()
    room.html('<p class="pp-rare">\u2007</p>', width="stretch")
    chosen = foot.menu_button(
        "More",
        _menu(person),
        key=f"menu-{place}",
        type="tertiary",
        help=f"More about {markdown.plain(person.dressed.name)}",
        on_click=_keep_or_release,
        args=(person, f"menu-{place}"),
    )
    return room, chosen or ""


def act(chosen: str, person: Person, page: Sequence[Person]) -> None:
    """Open what was chosen in a person's menu."""
    if chosen == RECORD:
        card.whole_record(person)
    elif chosen == WHATIF:
        what_if.ask(person)
    elif chosen == WHY or picture_choice.reopen(person.key):
        picture_choice.explain(person)
    elif chosen == TAKE:
        downloads.take(page, person)


def rare(person: Person, room: DeltaGenerator) -> None:
    """Say how many people are like this one."""
    population = person.choice.population
    share = loaders.probability(population.name, card.alike(person.record, population))
    room.html(
        f'<p class="pp-rare" title="{escape(card.alike_words(population))}">'
        f"{escape(describe.one_in(share))} people like this</p>",
        width="stretch",
    )


def _menu(person: Person) -> list[str]:
    options = [RECORD, WHATIF]
    if card.interests_of(person.record, person.choice.population):
        options.append(WHY)
    if not selection.is_kept(person):
        options.append(KEEP)
    else:
        options += [RELEASE, RELEASE_ALL] if len(selection.kept()) > 1 else [RELEASE]
    return [*options, TAKE]


def _keep_or_release(person: Person, key: str) -> None:
    wanted = st.session_state[key]
    if wanted == KEEP:
        selection.keep(person)
    elif wanted == RELEASE:
        selection.release(person)
    elif wanted == RELEASE_ALL:
        selection.release(*selection.kept())


def mark_of(person: Person) -> str:
    """Words for the mark on a card: kept, or changed; empty for a person as drawn."""
    told = ["kept"] if selection.is_kept(person) else []
    return " · ".join([*told, *([person.remark] if person.remark else [])])
