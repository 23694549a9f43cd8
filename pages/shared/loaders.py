"""Cached doors to the library.

Shipped populations are shared by all visitors; they never change. A population that a visitor
learned lives in their session alone: `adopt` puts it there, `population` finds it by name like any
other, and what is worked out from it is kept by its digest, which only its owner can name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.shared import kept, limits
from synth import populations
from synth.errors import PopulaceError
from synth.populations.as_written import canonical
from synth.populations.reading import Reading

if TYPE_CHECKING:
    import pandas as pd

    from pages.shared.choice import Choice
    from synth.data.contingency import Margins
    from synth.data.evidence import Evidence
    from synth.generators.base import Conditional
    from synth.populations import Population


_OWN = kept.OWN
_CHOSEN = "population to choose"


def names() -> tuple[str, ...]:
    """Names of the populations that can be asked, the default first, the visitor's own last."""
    return (*populations.available(), *own())


def own() -> dict[str, Population]:
    """The populations of this session, by name; nobody else sees them."""
    return st.session_state.setdefault(_OWN, {})


def is_own(name: str) -> bool:
    """Whether a name is one of a session's own population."""
    return name.startswith(populations.OWN)


def adopt(population: Population) -> None:
    """Add a population of `populations.of` to the session and choose it on all pages.

    The sidebar shows it from the next run on, so call it in a callback, or `st.rerun` after it.
    """
    own()[population.name] = population
    choose(population.name)


def choose(name: str) -> None:
    """Choose a population for all pages from the next run on."""
    st.session_state[_CHOSEN] = name


def abandon(name: str) -> None:
    """Forget a population of the session."""
    own().pop(name, None)


def take_choice() -> str | None:
    """What `choose` asked for since it was last asked here."""
    return st.session_state.pop(_CHOSEN, None)


def population(name: str) -> Population:
    """A population by name: the session's own, or a shipped one, loaded once."""
    if is_own(name):
        if name not in own():
            raise PopulaceError(
                f"The population {name} is not in this session: learn or load it in the Studio."
            )
        return own()[name]
    return _shipped(name)


def title(name: str) -> str:
    """What a population is called; only those that are asked are loaded."""
    return own()[name].title if name in own() else _title(name)


@st.cache_data(show_spinner=False, max_entries=64)
def _title(name: str) -> str:
    return populations.title(name)


@st.cache_resource(show_spinner="Waking the population …")
def _shipped(name: str) -> Population:
    return populations.load(name)


@st.cache_resource(show_spinner="Reading the population …", max_entries=16)
def _read(digest: str, reading: Reading, _population: Population) -> Population:
    return reading.population(_population)


def read(source: Population, reading: Reading) -> Population:
    """The population as it is to be read; worked out once for each reading.

    Raises `PopulaceError` where it cannot be read so.
    """
    return source if reading == Reading() else _read(source.digest, reading, source)


def posterior(source: Population, evidence: Evidence) -> Conditional:
    """The posterior of a population, which keeps its latest answers itself.

    Raises `PopulaceError` where the facts exclude each other.
    """
    with limits.questions():
        return source.given(evidence)


@st.cache_resource(show_spinner=False, max_entries=64)
def _people(
    digest: str, known: str, count: int, seed: int, _posterior: Conditional
) -> pd.DataFrame:
    return canonical(_posterior).sample(count, seed=seed)


def people(source: Population, evidence: Evidence, count: int, seed: int) -> pd.DataFrame:
    """`count` people from the posterior; the same seed gives the same people."""
    drawn_from = posterior(source, evidence)
    with limits.questions():
        return _people(source.digest, str(evidence), count, seed, drawn_from)


def drawn(choice: Choice) -> pd.DataFrame:
    """The people of a choice, in canonical dtypes."""
    known = f"{choice.evidence}|{choice.mark}"
    with limits.questions():
        return _people(
            choice.population.digest, known, choice.people, choice.seed, choice.conditional
        )


@st.cache_data(show_spinner=False, max_entries=4096)
def _probability(digest: str, known: str, _population: Population, _evidence: Evidence) -> float:
    return _population.answer(_evidence).probability


def probability(source: Population, evidence: Evidence) -> float:
    """The share of the population for which the evidence holds."""
    with limits.questions():
        return _probability(source.digest, str(evidence), source, evidence)


@st.cache_resource(show_spinner=False, max_entries=64)
def _reference(
    digest: str, known: str, _population: Population, _evidence: Evidence
) -> Margins | None:
    margins = _population.contingency.under(_evidence)
    if margins is None and _population.table is not None:
        return _population.contingency.among(_population.table, _evidence, _population.modelled)
    return margins


def reference(source: Population, evidence: Evidence) -> Margins | None:
    """Counts of the real people under the evidence; None where their rows do not ship and the
    aggregates cannot tell, and of a private population, which keeps no count of real people."""
    if source.ledger is not None:
        return None
    return _reference(source.digest, str(evidence), source, evidence)
