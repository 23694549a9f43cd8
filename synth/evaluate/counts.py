"""The report where only counts of the real people are at hand, not their rows.

Counts of columns and of pairs tell of single columns, pairs, associations, rare levels, which pairs
of levels appear, and dependence on groups. Three columns at a time, telling apart, usefulness and
privacy need rows. References are what as many fresh real people would get on average, worked out
from the counts: `fidelity.expected_tvd`, and chances of never being drawn.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.evaluate import sections
from synth.evaluate.association import coarse_pair
from synth.evaluate.fairness import Fairness, fairness_of_counts, sensitive_columns
from synth.evaluate.fidelity import Aggregates, aggregates
from synth.evaluate.report import Parts, parts_of_counts
from synth.evaluate.sections import Section, Titles

if TYPE_CHECKING:
    import pandas as pd

    from synth.data.contingency import ContingencyTables

RARE = 0.01
RARE_PEOPLE = 5
QUALITY = (
    "Quality as far as counts tell is the mean of three parts, 0 to 100: in each, 100 is as near "
    "to the real people as fresh real people of the same number are; pairs and associations are 0 "
    "where the synthetic people are no nearer than columns drawn each by itself, single columns "
    "where nobody would keep their answer. It says nothing of three columns at a time, which is "
    "where generators fall short first."
)
MISSING = (
    "How well a classifier tells them apart, three columns at a time, usefulness to models and "
    "privacy need the real rows, which are not shipped with this population: only counts are."
)


@dataclass(frozen=True)
class Cover:
    """Which levels and pairs of levels appear.

    rare_levels: levels that under 1% of real people have, at least five of them, and how many of
        them appear; the reference is what fresh people would show on average.
    coverage: the share of real people whose pair of places some synthetic person has too, over all
        pairs of columns; new: the share of synthetic people whose pair no real person has.
    """

    rare_levels: int
    rare_kept: int
    rare_kept_reference: float
    rare_lost: tuple[tuple[str, str], ...]
    coverage: float
    coverage_reference: float
    new: float
    new_reference: float


@dataclass(frozen=True)
class CountsReport:
    """What counts alone tell of one synthetic table; quality: the mean of `parts`."""

    title: str
    aggregates: Aggregates
    cover: Cover
    fairness: Fairness | None
    parts: Parts
    notes: tuple[str, ...] = ()
    titles: Titles = field(default_factory=Titles)

    @property
    def quality(self) -> float:
        """One score for what counts tell, 0 to 100."""
        return float(np.mean([value for _, value in self.parts]))

    @property
    def sections(self) -> tuple[Section, ...]:
        """Each question that counts answer."""
        found = [
            _fidelity(self.aggregates, self.cover, self.titles),
            _diversity(self.cover),
        ]
        if self.fairness is not None:
            found.append(sections.of_fairness(self.fairness, self.titles))
        return tuple(found)

    @property
    def summary(self) -> str:
        """The score and what it means, as HTML."""
        return sections.summary(
            self.quality,
            self.parts,
            QUALITY,
            people=(self.aggregates.rows_synthetic, self.aggregates.rows_real),
            name="Quality that counts tell",
            notes=(MISSING, *self.notes),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "title": self.title,
            "quality_of_counts": round(self.quality, 2),
            "quality_words": QUALITY,
            "quality_parts": {name: round(value, 2) for name, value in self.parts},
            "missing": MISSING,
            "notes": list(self.notes),
            "sentences": {section.name: section.sentence for section in self.sections},
            "aggregates": self.aggregates.to_dict(),
            "cover": asdict(self.cover),
            "fairness": None if self.fairness is None else self.fairness.to_dict(),
        }

    def to_html(self) -> str:
        """One self-contained page, as `Report.to_html`."""
        return sections.document(self.title, self.summary, self.sections)


def report_of_counts(
    reference: ContingencyTables,
    synthetic: pd.DataFrame,
    *,
    groups: Sequence[str] | None = None,
    title: str = "Synthetic people beside counts of real ones",
    notes: Sequence[str] = (),
    titles: Titles | None = None,
    seed: int = 0,
) -> CountsReport:
    """Ask what counts can answer; arguments as for `report.report`.

    Raises PopulaceError as `fidelity.aggregates` and `fairness.fairness_of_counts` do.
    """
    asked = sensitive_columns(reference.columns) if groups is None else tuple(groups)
    made = reference.recount(synthetic)
    found = aggregates(reference, synthetic, seed=seed)
    return CountsReport(
        title,
        found,
        cover(reference, made),
        fairness_of_counts(reference, made, asked, seed=seed) if asked else None,
        parts_of_counts(found),
        tuple(notes),
        titles or Titles(),
    )


def cover(real: ContingencyTables, made: ContingencyTables) -> Cover:
    """Which levels and pairs of levels of the real people appear among the synthetic ones."""
    lost, rare, expected = [], 0, 0.0
    for name in real.columns:
        if real.edges(name) is not None:
            continue
        counts, drawn = real.marginal(name), made.marginal(name)
        places = np.flatnonzero((counts >= RARE_PEOPLE) & (counts < RARE * real.rows))
        rare += len(places)
        expected += float((1 - (1 - counts[places] / real.rows) ** made.rows).sum())
        lost += [(name, real.labels(name)[place]) for place in places if not drawn[place]]
    covered, new = [], []
    for a, b in itertools.combinations(real.columns, 2):
        counts, drawn = coarse_pair(real, a, b).ravel(), coarse_pair(made, a, b, real).ravel()
        shares = counts / real.rows
        covered.append((shares[drawn > 0].sum(), (shares * (1 - (1 - shares) ** made.rows)).sum()))
        # I. Good (1953): of fresh people, as many are new as there are single ones among the known
        new.append((drawn[counts == 0].sum() / made.rows, (counts == 1).sum() / real.rows))
    means = [np.mean(both, axis=0) if both else np.zeros(2) for both in (covered, new)]
    return Cover(
        rare,
        rare - len(lost),
        expected,
        tuple(lost),
        *(float(value) for both in means for value in both),
    )


def _fidelity(found: Aggregates, cover: Cover, titles: Titles) -> Section:
    rows = [
        ("Single columns, TVD", found.tvd1, found.tvd1_reference, None),
        ("Pairs of columns, TVD", found.tvd2, found.tvd2_reference, found.tvd2_scrambled),
        (
            "Associations, mean difference",
            found.association,
            found.association_reference,
            found.association_scrambled,
        ),
    ]
    figures = [
        (words, f"{own:.4f}", f"{fresh:.4f}", "" if worst is None else f"{worst:.4f}")
        for words, own, fresh, worst in rows
    ]
    figures.append(
        (
            f"Rare levels kept, of {cover.rare_levels}",
            str(cover.rare_kept),
            f"{cover.rare_kept_reference:.1f}",
            "",
        )
    )
    worst = sections.farthest(found.pairs, 1)
    sentence = (
        f"On average {found.tvd1:.1%} of people would have to change a single answer for the "
        f"shares to agree (fresh real people {found.tvd1_reference:.1%}), and {found.tvd2:.1%} for "
        f"a pair of answers ({found.tvd2_reference:.1%})"
    )
    if worst:
        a, b = (titles(name) for name in (worst[0].a, worst[0].b))
        sentence += f"; {a} with {b} is the pair that is farthest off"
    body = (
        sections.sides(
            sections.table(("", "synthetic", "fresh real people", "columns apart"), figures)
            + sections.lost(cover.rare_lost, titles),
            sections.columns_chart(found, titles),
        )
        + sections.associations_details(found, titles)
        + sections.pairs_details(found, titles)
    )
    return Section("fidelity", "Fidelity: are they like the real people?", f"{sentence}.", body)


def _diversity(found: Cover) -> Section:
    rows = [
        ("Real people whose pair of answers appears", found.coverage, found.coverage_reference),
        ("People with a pair that nobody real has", found.new, found.new_reference),
    ]
    shown = [(words, f"{own:.2%}", f"{fresh:.2%}") for words, own, fresh in rows]
    sentence = (
        f"Of the pairs of answers that real people give, those of {found.coverage:.2%} of them "
        f"appear (fresh real people {found.coverage_reference:.2%}); {found.new:.2%} of synthetic "
        f"pairs are ones that nobody real gives ({found.new_reference:.2%})."
    )
    return Section(
        "diversity",
        "Diversity: are they as varied?",
        sentence,
        sections.table(("mean over all pairs of columns", "synthetic", "fresh real people"), shown),
    )
