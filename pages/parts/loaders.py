"""Cached doors to the library. Populations are shared by all visitors; they never change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from synth import populations

if TYPE_CHECKING:
    import pandas as pd

    from synth.bayes import Network, Posterior
    from synth.evidence import Evidence
    from synth.populations import Population
    from synth.reference import Margins, Reference


def names() -> tuple[str, ...]:
    """Names of the populations that can be asked, the default first."""
    return populations.available()


@st.cache_resource(show_spinner="Waking the population …")
def population(name: str) -> Population:
    """A population by name, loaded once."""
    return populations.load(name)


def posterior(name: str, evidence: Evidence) -> Posterior:
    """The posterior of a population, which keeps its latest answers itself.

    Raises `PopulaceError` where the facts exclude each other.
    """
    return population(name).given(evidence)


@st.cache_resource(show_spinner=False, max_entries=64)
def _people(digest: str, known: str, count: int, seed: int, _asked: Posterior) -> pd.DataFrame:
    return _asked.sample(count, seed=seed)


def people(name: str, evidence: Evidence, count: int, seed: int) -> pd.DataFrame:
    """`count` people from the posterior; the same seed gives the same people."""
    asked = posterior(name, evidence)
    return _people(population(name).digest, str(evidence), count, seed, asked)


@st.cache_data(show_spinner=False, max_entries=4096)
def _probability(digest: str, known: str, _network: Network, _evidence: Evidence) -> float:
    return _network.given(_evidence).probability


def probability(name: str, evidence: Evidence) -> float:
    """The share of the population for which the evidence holds."""
    network = population(name).network
    return _probability(network.digest, str(evidence), network, evidence)


@st.cache_resource(show_spinner=False, max_entries=64)
def _reference(digest: str, known: str, _whole: Reference, _evidence: Evidence) -> Margins | None:
    return _whole.under(_evidence)


def reference(name: str, evidence: Evidence) -> Margins | None:
    """Counts of the real people under the evidence; None where the aggregates cannot tell."""
    asked = population(name)
    return _reference(asked.digest, str(evidence), asked.reference, evidence)
