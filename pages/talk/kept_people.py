"""People that are kept, in a link: each by the question and the seed that drew them.

A person of a visitor's own population, one drawn in another way or changed by a what-if cannot be
named so and stays out of the link.
"""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from pages.cards import selection
from pages.shared import address, loaders
from pages.shared.choice import Choice
from pages.shared.sidebar import MOST_PEOPLE
from synth import describe
from synth.data.evidence import Evidence
from synth.errors import PopulaceError

KEY = "kept"
"""The link's parameter, once a person: ``us-time-use~8~3~gender=female`` is population, seed,
number and facts."""
MOST = 6
"""So many people a link holds; more make it too long to be read as a QR code."""
_READ = "kept people that were read"


def link() -> tuple[tuple[str, str], ...]:
    """The parameters of everybody who is kept and can be named."""
    texts = [_text(card) for card in selection.kept()]
    return tuple((KEY, text) for text in texts if text)[:MOST]


def _text(card: selection.Card) -> str:
    choice = card.choice
    number = card.key.rpartition("|")[2]
    if card.was is not None or choice.mark or not number.isdigit():
        return ""
    if loaders.is_own(choice.population.name) or choice.base not in (None, choice.population):
        return ""
    facts = choice.evidence.text(choice.population.modelled)
    return f"{choice.population.name}~{choice.seed}~{number}~{facts}"


def arrive() -> None:
    """Keep those whom the address names, once; call it after the sidebar is drawn."""
    values = st.query_params.get_all(KEY)
    if values and st.session_state.get(_READ) != values:
        st.session_state[_READ] = values
        take(values)


def take(values: Iterable[str]) -> None:
    """Keep the people that a link names; what cannot be read is said on the page."""
    for value in list(values)[:MOST]:
        try:
            card = _card(value)
        except (PopulaceError, ValueError):
            address.report(f"The link’s {KEY}={value[:60]} names nobody here whom it could keep.")
            continue
        if not selection.is_kept(card):
            selection.keep(card)


def _card(value: str) -> selection.Card:
    """Raises ValueError or PopulaceError where the text names nobody."""
    name, seed, number, facts = value.split("~", 3)
    if name not in loaders.names() or loaders.is_own(name):
        raise ValueError(name)
    if not (seed.isascii() and seed.isdigit() and number.isascii() and number.isdigit()):
        raise ValueError(value)
    if int(number) >= MOST_PEOPLE or int(seed) >= 2**31:
        raise ValueError(number)
    population = loaders.population(name)
    evidence = Evidence.parse(facts, population.modelled) if facts else Evidence()
    choice = Choice(
        population,
        evidence,
        int(number) + 1,
        int(seed),
        loaders.posterior(population, evidence),
        describe.question(evidence, population),
        base=population,
    )
    return selection.drawn(choice)[int(number)]
