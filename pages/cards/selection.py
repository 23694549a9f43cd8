"""The people on the profiles page, and those of them that the visitor keeps.

Who is kept lives in the session: every page change, every new question leaves them there, and a
link never holds them, so whoever opens one sees the people of the link alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.cards.profiles import profiles
from pages.shared import loaders
from pages.shared.choice import Choice

if TYPE_CHECKING:
    from synth.people.profile import Profile

MOST_KEPT = 12
_PLACE = "kept people"


@dataclass(frozen=True)
class Card:
    """A card on the page.

    Attributes
    ----------
    key : str
        Tells cards apart in a session.
    profile : Profile
        Whom it shows.
    choice : Choice
        What was asked when the person was drawn.
    remark : str
        What was changed since; empty for a person as drawn.
    was : Card or None
        The card before the change.
    """

    key: str
    profile: Profile
    choice: Choice
    remark: str = ""
    was: Card | None = None

    @property
    def record(self) -> Mapping[str, Any]:
        """The person's record."""
        return self.profile.record

    @property
    def origin(self) -> Card:
        """The person as drawn, before any change."""
        return self if self.was is None else self.was.origin


def drawn(choice: Choice) -> tuple[Card, ...]:
    """The people of a choice, completed beside those that are kept from elsewhere."""
    frame = loaders.drawn(choice)
    records = frame.to_dict("records")
    keys = [_key(choice, number) for number in range(len(records))]
    # Whoever was changed from somebody here is the same person twice, and looks it.
    beside = [card.profile for card in kept() if card.origin.key not in keys]
    people = profiles(records, choice, beside)
    return tuple(Card(key, profile, choice) for key, profile in zip(keys, people, strict=True))


def shown(choice: Choice) -> tuple[Card, ...]:
    """Everybody on the page: the kept first, then the people of the choice."""
    people, first = drawn(choice), kept()
    keys = {card.key for card in first}
    return (*first, *(card for card in people if card.key not in keys))


def kept() -> tuple[Card, ...]:
    """Those that are kept, the earliest first."""
    return tuple(st.session_state.get(_PLACE, {}).values())


def is_kept(card: Card) -> bool:
    """Whether a person is kept."""
    return card.key in st.session_state.get(_PLACE, {})


def keep(card: Card) -> None:
    """Keep a person as they are until they are let go."""
    if len(kept()) >= MOST_KEPT and not is_kept(card):
        st.toast(f"{MOST_KEPT} people are kept already: let one go first.", icon=":material/keep:")
        return
    st.session_state[_PLACE] = {**st.session_state.get(_PLACE, {}), card.key: card}


def release(*cards: Card) -> None:
    """Let people go."""
    gone = {card.key for card in cards}
    before = st.session_state.get(_PLACE, {})
    st.session_state[_PLACE] = {key: card for key, card in before.items() if key not in gone}


def changed(card: Card, profile: Profile, remark: str, mark: str) -> Card:
    """The card after a change of facts; `mark` tells one change from another."""
    return replace(card, key=f"{card.key}~{mark}", profile=profile, remark=remark, was=card)


def _key(choice: Choice, number: int) -> str:
    return f"{choice.population.digest}|{choice.mark}|{choice.evidence}|{choice.seed}|{number}"
