"""A card on the page: how many are like it, and the small menu of what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from pages.cards import picture_choice, selection, what_if
from pages.cards.card import alike, alike_words, markup, whole_record
from pages.cards.selection import Card
from pages.shared import downloads, loaders, markdown
from synth import describe

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

RECORD, WHATIF, WHY = "Whole record", "What if …", "Why these pictures?"
KEEP, RELEASE, RELEASE_ALL = "Keep on the page", "Let go", "Let all go"
TAKE = "Download …"


def show(card: Card, place: str) -> tuple[DeltaGenerator, str]:
    """Draw one card in the current container; `place` keeps its menu's key apart.

    Returns the room for `rare`, and what was chosen in the menu, for `act`: both take longer than
    the card and so come after all of them.
    """
    mark, kept = mark_of(card), selection.is_kept(card)
    st.html(markup(card.profile, card.choice.population, mark, pin=kept))
    st.space("stretch")
    foot = st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"foot-{place}"
    )
    room = foot.empty()
    room.html('<p class="pp-rare">\u2007</p>', width="stretch")
    chosen = foot.menu_button(
        f"More :small[about {markdown.plain(card.profile.name)}]",  # the name is for screen readers
        _menu(card),
        key=f"menu-{place}",
        type="tertiary",
        help=f"More about {markdown.plain(card.profile.name)}",
        on_click=_keep_or_release,
        args=(card, f"menu-{place}"),
    )
    return room, chosen or ""


def act(chosen: str, card: Card, page: Sequence[Card]) -> None:
    """Open what was chosen in a person's menu."""
    if chosen == RECORD:
        whole_record(card)
    elif chosen == WHATIF:
        what_if.ask(card)
    elif chosen == WHY or picture_choice.reopen(card.key):
        picture_choice.explain(card)
    elif chosen == TAKE:
        downloads.take(page, card)


def rare(card: Card, room: DeltaGenerator) -> None:
    """Say how many people are like this one."""
    population = card.choice.exact_population  # estimates take seconds a card
    share = loaders.probability(population, alike(card.record, population))
    room.html(
        f'<p class="pp-rare" title="{escape(alike_words(population, exact=card.choice.exact))}">'
        f"{escape(describe.one_in(share))} people like this</p>",
        width="stretch",
    )


def _menu(card: Card) -> list[str]:
    options = [RECORD, WHATIF]
    if card.profile.interests:
        options.append(WHY)
    if not selection.is_kept(card):
        options.append(KEEP)
    else:
        options += [RELEASE, RELEASE_ALL] if len(selection.kept()) > 1 else [RELEASE]
    return [*options, TAKE]


def _keep_or_release(card: Card, key: str) -> None:
    chosen = st.session_state[key]
    if chosen == KEEP:
        selection.keep(card)
    elif chosen == RELEASE:
        selection.release(card)
    elif chosen == RELEASE_ALL:
        selection.release(*selection.kept())


def mark_of(card: Card) -> str:
    """Words for the mark on a card: kept, or changed; empty for a person as drawn."""
    kept = ["kept"] if selection.is_kept(card) else []
    return " · ".join([*kept, *([card.remark] if card.remark else [])])
