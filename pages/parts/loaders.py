"""Cached doors to the library. Populations are shared by all visitors; they never change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from synth import populations
from synth.evidence import Evidence

if TYPE_CHECKING:
    import pandas as pd

    from synth.bayes import Posterior
    from synth.populations import Population
    from synth.reference import Reference


def names() -> tuple[str, ...]:
    """Names of the populations that can be asked, the default first."""
    found = populations.available()
    first = [name for name in ("us-time-use",) if name in found]
    return (*first, *(name for name in found if name not in first))


@st.cache_resource(show_spinner="Waking the population …")
def population(name: str) -> Population:
    """A population by name, loaded once."""
    return populations.load(name)


@st.cache_resource(show_spinner=False, max_entries=256)
def _posterior(name: str, known: str, _evidence: Evidence) -> Posterior:
    return population(name).given(_evidence)


def posterior(name: str, evidence: Evidence) -> Posterior:
    """The posterior of a population; raises `PopulaceError` where the facts exclude each other."""
    return _posterior(name, str(evidence), evidence)


@st.cache_resource(show_spinner=False, max_entries=64)
def _people(name: str, known: str, count: int, seed: int, _evidence: Evidence) -> pd.DataFrame:
    return posterior(name, _evidence).sample(count, seed=seed)


def people(name: str, evidence: Evidence, count: int, seed: int) -> pd.DataFrame:
    """`count` people from the posterior; the same seed gives the same people."""
    return _people(name, str(evidence), count, seed, evidence)


@st.cache_data(show_spinner=False, max_entries=4096)
def _probability(name: str, known: str, _evidence: Evidence) -> float:
    return population(name).given(_evidence).probability


def probability(name: str, evidence: Evidence) -> float:
    """The share of the population for which the evidence holds."""
    return _probability(name, str(evidence), evidence)


@st.cache_resource(show_spinner=False, max_entries=64)
def _reference(name: str, known: str, _evidence: Evidence) -> Reference | None:
    reference = population(name).reference
    return reference.under(_evidence) if _evidence else reference


def reference(name: str, evidence: Evidence) -> Reference | None:
    """Counts of the real people under the evidence; None where the aggregates cannot tell."""
    return _reference(name, str(evidence), evidence)
