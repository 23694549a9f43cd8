"""Real beside synthetic for the pages: worked out once for each population, question and seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.shared import loaders
from synth.evaluate.columns import ColumnComparison, compare_columns
from synth.evaluate.groups import GroupComparison, compare_groups
from synth.populations.as_written import canonical

if TYPE_CHECKING:
    from pages.shared.choice import Choice
    from synth.data.evidence import Evidence
    from synth.populations import Population

PEOPLE = 20_000
"""So many synthetic people are drawn for the charts."""


@st.cache_resource(show_spinner="Counting people …", max_entries=16)
def _compare(
    digest: str, known: str, seed: int, _population: Population, _evidence: Evidence
) -> tuple[ColumnComparison, ...]:
    posterior = loaders.posterior(_population, _evidence)
    people = canonical(posterior).sample(PEOPLE, seed=seed)
    real = loaders.reference(_population, _evidence)
    return compare_columns(_population, posterior, people, real)


def compare(population: Population, evidence: Evidence, seed: int) -> tuple[ColumnComparison, ...]:
    """Every modelled column of the population, as it is read, under the evidence."""
    return _compare(population.digest, str(evidence), seed, population, evidence)


@st.cache_resource(show_spinner="Comparing …", max_entries=32)
def _compare_groups(
    digest: str, a: str, b: str, seed: int, _choice: Choice, _other: Choice
) -> GroupComparison:
    population = _choice.population
    conditionals = [canonical(each.conditional) for each in (_choice, _other)]
    real = [loaders.reference(population, each.evidence) for each in (_choice, _other)]
    return compare_groups(
        population, conditionals[0], conditionals[1], (real[0], real[1]), seed=seed
    )


def groups(choice: Choice) -> GroupComparison | None:
    """Group A beside group B, the column that differs most first; None where there is no B."""
    other = choice.against
    if other is None:
        return None
    known = str(choice.evidence), str(other.evidence)
    return _compare_groups(choice.population.digest, *known, choice.seed, choice, other)
