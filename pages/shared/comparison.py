"""Real beside synthetic for the pages: worked out once for each population, question and seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.shared import loaders
from synth.evaluate.columns import ColumnComparison, compare_columns
from synth.populations.as_written import canonical

if TYPE_CHECKING:
    from synth.data.evidence import Evidence

PEOPLE = 20_000
"""So many synthetic people are drawn for the charts."""


@st.cache_resource(show_spinner="Counting people …", max_entries=16)
def _compare(
    digest: str, name: str, known: str, seed: int, _evidence: Evidence
) -> tuple[ColumnComparison, ...]:
    posterior = loaders.posterior(name, _evidence)
    people = canonical(posterior).sample(PEOPLE, seed=seed)
    real = loaders.reference(name, _evidence)
    return compare_columns(loaders.population(name), posterior, people, real)


def compare(name: str, evidence: Evidence, seed: int) -> tuple[ColumnComparison, ...]:
    """Every modelled column of the population under the evidence."""
    digest = loaders.population(name).digest
    return _compare(digest, name, str(evidence), seed, evidence)
