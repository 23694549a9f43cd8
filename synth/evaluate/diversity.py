"""Diversity: are the synthetic people as varied as the real ones, and plausible where new?

coverage: the share of real people whose combination of categories some synthetic row has too.
distinct: the number of distinct combinations of categories per 100 rows.
new: the share of synthetic rows with a combination that no real row has.
plausible: of those new rows, the share in which every pair of categories is one of real people.
Each beside what as many fresh real people get (of the holdout, or of a half of the real rows beside
the other half).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from synth.evaluate.comparison import Comparison, row_keys
from synth.evaluate.html import table
from synth.evaluate.question import FRESH, LEAST, Answer, Progress, Question, Section, percent


@dataclass(frozen=True)
class Diversity:
    """How varied the synthetic people are.

    Each figure has a `_reference`: the same of as many fresh real people. See the module.

    Attributes
    ----------
    coverage, coverage_reference : float
        The share of real people whose combination of categories appears, 0 to 1.
    distinct, distinct_reference : float
        Distinct combinations per 100 rows.
    new, new_reference : float
        The share of rows with a combination that no real row has, 0 to 1.
    plausible, plausible_reference : float
        Of those, the share in which every pair of categories is a real one, 0 to 1; 1 where no row
        is new.
    """

    coverage: float
    coverage_reference: float
    distinct: float
    distinct_reference: float
    new: float
    new_reference: float
    plausible: float
    plausible_reference: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        return asdict(self)


def diversity(comparison: Comparison) -> Diversity:
    """Compare the combinations of categories (of numbers in 10 bins, where there are none).

    Parameters
    ----------
    comparison : Comparison
        Real and synthetic people.

    Returns
    -------
    Diversity
    """
    random = comparison.random()
    halves = comparison.all("real").halves(random)
    if comparison.holdout is not None:
        against, fresh = comparison.all("real"), comparison.all("holdout")
    else:
        against, fresh = halves
    synthetic = comparison.all("synthetic")
    rows = min(len(synthetic), len(fresh))
    samples = (against, synthetic.draw(rows, random), fresh.draw(rows, random))
    places = comparison.places(10)
    sizes = {name: places.sizes[name] for name in comparison.categories}
    codes = [places.of(sample) for sample in samples]
    keys = row_keys([np.concatenate([part[name] for part in codes]) for name in sizes])
    real_keys, *others = np.split(keys, np.cumsum([len(sample) for sample in samples])[:-1])
    figures = []
    for own, part in zip(others, codes[1:], strict=True):
        is_new = ~np.isin(own, real_keys)
        figures.append(
            (
                float(np.isin(real_keys, own).mean()),
                100 * len(np.unique(own)) / len(own),
                float(is_new.mean()),
                _plausible(codes[0], part, sizes, is_new),
            )
        )
    return Diversity(*(value for both in zip(*figures, strict=True) for value in both))


def _plausible(
    real: Mapping[str, np.ndarray],
    people: Mapping[str, np.ndarray],
    sizes: Mapping[str, int],
    rows: np.ndarray,
) -> float:
    """The share of some rows of which every pair of places is one of real people."""
    if not rows.any():
        return 1.0
    possible = np.ones(int(rows.sum()), dtype=bool)
    for a, b in itertools.combinations(sizes, 2):
        pairs = real[a] * sizes[b] + real[b]
        possible &= np.isin(people[a][rows] * sizes[b] + people[b][rows], pairs)
    return float(possible.mean())


def _ask(comparison: Comparison, progress: Progress) -> Answer:
    """Are they as varied?"""
    progress(0.0, "Combinations, real and new")
    figures = diversity(comparison)
    fresh = figures.coverage_reference
    score = 100 * min(1.0, figures.coverage / fresh) if fresh >= LEAST else 100.0
    return Answer(diversity_section(figures), {"diversity": figures}, (("Varied", score),))


QUESTION: Question[Comparison] = Question("diversity", 1, _ask)


def diversity_section(figures: Diversity) -> Section:
    """Are they as varied?

    Parameters
    ----------
    figures : Diversity
        The answer in figures.

    Returns
    -------
    Section
    """
    rows = [
        ("Real people whose combination appears", figures.coverage, figures.coverage_reference),
        ("Rows with a new combination", figures.new, figures.new_reference),
        ("… of which every pair is a real one", figures.plausible, figures.plausible_reference),
    ]
    shown = [(words, percent(own), percent(fresh)) for words, own, fresh in rows]
    shown.append(
        (
            "Distinct combinations per 100 rows",
            f"{figures.distinct:.1f}",
            f"{figures.distinct_reference:.1f}",
        )
    )
    sentence = (
        f"The combinations of {percent(figures.coverage)} of real people appear among them "
        f"({FRESH} {percent(figures.coverage_reference)}); {percent(figures.new)} of the rows are "
        f"combinations that no real person here has ({FRESH} {percent(figures.new_reference)}), "
        f"and {percent(figures.plausible)} of those hold only pairs that real people have."
    )
    return Section(
        "diversity",
        "Diversity: are they as varied?",
        sentence,
        table(("of all categories together", "synthetic", FRESH), shown),
    )
