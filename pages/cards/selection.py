"""The people on the profiles page, and those of them that the visitor keeps.

Who is kept lives in the session: every page change, every new question leaves them there, and a
link never holds them, so whoever opens one sees the people of the link alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from pages.cards.profiles import Dress, Record, dress
from pages.shared import loaders
from pages.shared.choice import Choice

MOST_KEPT = 12
_PLACE = "kept people"


@dataclass(frozen=True)
class Person:
    """Somebody on the page: the record, what the card wears, and what was asked when drawn.

    `key` tells people apart in a session. `was` is the person before a change of facts.
    """

    key: str
    record: Record
    dressed: Dress
    choice: Choice
    remark: str = ""
    was: Person | None = None

    @property
    def origin(self) -> Person:
        """The person as drawn, before any change."""
        return self if self.was is None else self.was.origin


def drawn(choice: Choice) -> tuple[Person, ...]:
    """The people of a choice, dressed beside those that are kept from elsewhere."""
    name = choice.population.name
    frame = loaders.people(name, choice.evidence, choice.people, choice.seed)
    records = frame.to_dict("records")
    keys = [_key(choice, number) for number in range(len(records))]
    # Whoever was changed from somebody here is the same person twice, and looks it.
    beside = [one.dressed.profile for one in kept() if one.origin.key not in keys]
    worn = dress(records, choice, [profile for profile in beside if profile is not None])
    return tuple(
        Person(key, record, wears, choice)
        for key, record, wears in zip(keys, records, worn, strict=True)
    )


def shown(choice: Choice) -> tuple[Person, ...]:
    """Everybody on the page: the kept first, then the people of the choice."""
    people, first = drawn(choice), kept()
    keys = {one.key for one in first}
    return (*first, *(one for one in people if one.key not in keys))


def kept() -> tuple[Person, ...]:
    """Those that are kept, the earliest first."""
    return tuple(st.session_state.get(_PLACE, {}).values())


def is_kept(person: Person) -> bool:
    """Whether a person is kept."""
    return person.key in st.session_state.get(_PLACE, {})


def keep(person: Person) -> None:
    """Keep a person as they are until they are let go."""
    if len(kept()) >= MOST_KEPT and not is_kept(person):
        st.toast(f"{MOST_KEPT} people are kept already: let one go first.", icon=":material/keep:")
        return
    st.session_state[_PLACE] = {**st.session_state.get(_PLACE, {}), person.key: person}


def release(*people: Person) -> None:
    """Let people go."""
    gone = {one.key for one in people}
    held = st.session_state.get(_PLACE, {})
    st.session_state[_PLACE] = {key: one for key, one in held.items() if key not in gone}


def changed(person: Person, record: Record, dressed: Dress, remark: str, mark: str) -> Person:
    """The same person after a change of facts; `mark` tells one change from another."""
    return replace(
        person,
        key=f"{person.key}~{mark}",
        record=record,
        dressed=dressed,
        remark=remark,
        was=person,
    )


def _key(choice: Choice, number: int) -> str:
    return f"{choice.population.digest}|{choice.evidence}|{choice.seed}|{number}"
