"""Real beside synthetic, column by column, as the marginals page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.shared import loaders
from synth.data.evidence import Evidence
from synth.evaluate.distances import expected_tvd, tvd

if TYPE_CHECKING:
    from synth.bayes import Marginal
    from synth.data.schema import Column

PEOPLE = 20_000
"""So many synthetic people are drawn for the charts."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """One column: counts over the same places.

    `real` is None where the shipped counts cannot tell, and the distances with it; `exact` holds
    the posterior's probabilities, None where they are not over the same places; `edges` are the
    bin edges of a number, one more than its places with values, `single` whether each place is
    one value of it.
    """

    column: Column
    labels: tuple[str, ...]
    real: np.ndarray | None
    synthetic: np.ndarray
    exact: np.ndarray | None
    edges: np.ndarray | None
    single: bool
    tvd: float | None
    reference: float | None


@st.cache_resource(show_spinner="Counting people …", max_entries=16)
def _compare(
    digest: str, name: str, known: str, seed: int, _evidence: Evidence
) -> tuple[Comparison, ...]:
    population = loaders.population(name)
    posterior = loaders.posterior(name, _evidence)
    people = posterior.sample(PEOPLE, seed=seed)
    counts, real = population.contingency, loaders.reference(name, _evidence)
    found = []
    for column in population.modelled.columns:
        labels = counts.labels(column.name)
        made = counts.count(people, column.name)
        true = real.marginal(column.name) if real is not None and real.rows else None
        exact = posterior.marginal(column.name)
        found.append(
            Comparison(
                column=column,
                labels=labels,
                real=true,
                synthetic=made,
                exact=_over(exact, labels, counts.edges(column.name)),
                edges=counts.edges(column.name),
                single=counts.binnings[column.name].values is not None,
                tvd=None if true is None else tvd(true, made),
                reference=None if true is None else expected_tvd(true, PEOPLE),
            )
        )
    return tuple(found)


def _over(exact: Marginal, labels: tuple[str, ...], edges: np.ndarray | None) -> np.ndarray | None:
    """The posterior's probabilities over the reference's places; the outer ones take what lies
    beyond, as the counts do."""
    if exact.labels == labels:
        return exact.probabilities
    if edges is None:
        return None
    lows = [None, *edges[1:-1].tolist()]
    highs = [*(edges[1:-1] - (exact.column.step or 0)).tolist(), None]
    inside = [exact.mass(low, high) for low, high in zip(lows, highs, strict=True)]
    beside = [exact.probabilities[-1]] * (len(labels) - len(inside))
    return np.array(inside + beside)


def compare(name: str, evidence: Evidence, seed: int) -> tuple[Comparison, ...]:
    """Every modelled column of the population under the evidence."""
    digest = loaders.population(name).digest
    return _compare(digest, name, str(evidence), seed, evidence)
