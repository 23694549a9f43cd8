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

from synth.evaluate.association import coarse_pair
from synth.evaluate.fairness import fairness_of_counts, fairness_section, sensitive_columns
from synth.evaluate.fidelity import (
    Aggregates,
    aggregates,
    associations_details,
    columns_chart,
    farthest,
    pairs_details,
    scores_of_counts,
)
from synth.evaluate.html import sides, table
from synth.evaluate.question import (
    Answer,
    AnsweredQuestions,
    Progress,
    Question,
    Section,
    Titles,
    ask_all,
)
from synth.evaluate.report import summary_html
from synth.evaluate.shape import lost_levels
from synth.lazy import cached_property

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

    Each figure has a `_reference`: what as many fresh real people would show on average.

    Attributes
    ----------
    rare_levels : int
        Levels that under 1% of real people have, and at least five of them.
    rare_kept : int
        How many of those appear.
    rare_kept_reference : float
        How many would among fresh people: the chances of being drawn at all, summed.
    rare_lost : tuple of (str, str)
        Column and level of those that do not appear.
    coverage, coverage_reference : float
        The share of real people whose pair of places some synthetic person has too, 0 to 1,
        averaged over all pairs of columns.
    new, new_reference : float
        The share of synthetic people whose pair of places no real person has, 0 to 1, averaged
        likewise. The reference is the share of real people who are alone with their pair (I. Good,
        "The population frequencies of species and the estimation of population parameters",
        Biometrika 40, 1953).
    """

    rare_levels: int
    rare_kept: int
    rare_kept_reference: float
    rare_lost: tuple[tuple[str, str], ...]
    coverage: float
    coverage_reference: float
    new: float
    new_reference: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        return asdict(self)


@dataclass(frozen=True, eq=False)
class CountsComparison:
    """Counts of real people and of synthetic ones over the same places.

    Attributes
    ----------
    real, synthetic : ContingencyTables
    seed : int
    groups : tuple of str
        The columns that fairness asks about.
    titles : Titles
        Words for columns.
    """

    real: ContingencyTables
    synthetic: ContingencyTables
    seed: int = 0
    groups: tuple[str, ...] = ()
    titles: Titles = field(default_factory=Titles)

    @cached_property
    def cover(self) -> Cover:
        """Which levels and pairs of levels appear."""
        return cover(self.real, self.synthetic)


@dataclass(frozen=True)
class CountsReport(AnsweredQuestions):
    """What counts alone tell of one synthetic table.

    Attributes
    ----------
    title : str
        The page's heading.
    answers : mapping of str to Answer or None
        By question: fidelity, diversity, fairness.
    notes : tuple of str
        How the people came about.
    titles : Titles
        Words for columns.
    """

    @property
    def summary(self) -> str:
        """The score and what it means, as HTML."""
        figures: Aggregates = self.figures["aggregates"]
        return summary_html(
            self.quality,
            self.parts,
            QUALITY,
            people=(figures.rows_synthetic, figures.rows_real),
            name="Quality that counts tell",
            notes=(MISSING, *self.notes),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        return {
            "title": self.title,
            "quality_of_counts": round(self.quality, 2),
            "quality_words": QUALITY,
            "quality_parts": {name: round(value, 2) for name, value in self.parts},
            "missing": MISSING,
            "notes": list(self.notes),
            "sentences": {section.name: section.sentence for section in self.sections},
            **self.plain_figures(),
        }


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
    """Ask what counts can answer.

    Parameters
    ----------
    reference : ContingencyTables
        Counts of the people whom the generator learned from.
    synthetic : DataFrame
        The people whom it drew, with the counted columns.
    groups : sequence of str, optional
        The columns that fairness asks about; those called gender, sex, ethnicity or race where none
        are given.
    title : str
        The page's heading.
    notes : sequence of str
        Sentences on how the synthetic people came about.
    titles : Titles, optional
        Words for columns; their names if not given.
    seed : int
        Of the people who are drawn from counts for references.

    Returns
    -------
    CountsReport

    Raises
    ------
    PopulaceError
        As `ContingencyTables.recount`, `fidelity.aggregates` and `fairness.fairness_of_counts` do.
    """
    comparison = CountsComparison(
        reference,
        reference.recount(synthetic),
        seed,
        sensitive_columns(reference.columns) if groups is None else tuple(groups),
        titles or Titles(),
    )
    answers = ask_all(QUESTIONS, comparison)
    return CountsReport(title, answers, tuple(notes), comparison.titles)


def _ask_fidelity(comparison: CountsComparison, progress: Progress) -> Answer:
    figures = aggregates(comparison.real, comparison.synthetic, seed=comparison.seed)
    section = _fidelity(figures, comparison.cover, comparison.titles)
    return Answer(section, {"aggregates": figures}, scores_of_counts(figures))


def _ask_diversity(comparison: CountsComparison, progress: Progress) -> Answer:
    return Answer(_diversity(comparison.cover), {"cover": comparison.cover})


def _ask_fairness(comparison: CountsComparison, progress: Progress) -> Answer | None:
    if not comparison.groups:
        return None
    figures = fairness_of_counts(
        comparison.real, comparison.synthetic, comparison.groups, seed=comparison.seed
    )
    return Answer(fairness_section(figures, comparison.titles), {"fairness": figures})


QUESTIONS: tuple[Question[CountsComparison], ...] = (
    Question("fidelity", 2, _ask_fidelity),
    Question("diversity", 1, _ask_diversity),
    Question("fairness", 1, _ask_fairness),
)
"""What a report of counts asks, in its order."""


def cover(real: ContingencyTables, synthetic: ContingencyTables) -> Cover:
    """Which levels and pairs of levels of the real people appear among the synthetic ones.

    Parameters
    ----------
    real : ContingencyTables
        Counts of the real people.
    synthetic : ContingencyTables
        Counts of the synthetic people over the same places: `real.recount(frame)`.

    Returns
    -------
    Cover
    """
    lost, rare, expected = [], 0, 0.0
    for name in real.columns:
        if real.edges(name) is not None:
            continue
        counts, drawn = real.marginal(name), synthetic.marginal(name)
        places = np.flatnonzero((counts >= RARE_PEOPLE) & (counts < RARE * real.rows))
        rare += len(places)
        expected += float((1 - (1 - counts[places] / real.rows) ** synthetic.rows).sum())
        lost += [(name, real.labels(name)[place]) for place in places if not drawn[place]]
    covered, new = [], []
    for a, b in itertools.combinations(real.columns, 2):
        counts, drawn = coarse_pair(real, a, b).ravel(), coarse_pair(synthetic, a, b, real).ravel()
        shares = counts / real.rows
        covered.append(
            (shares[drawn > 0].sum(), (shares * (1 - (1 - shares) ** synthetic.rows)).sum())
        )
        # I. Good (1953): of fresh people, as many are new as there are single ones among the known
        new.append((drawn[counts == 0].sum() / synthetic.rows, (counts == 1).sum() / real.rows))
    means = [np.mean(both, axis=0) if both else np.zeros(2) for both in (covered, new)]
    return Cover(
        rare,
        rare - len(lost),
        expected,
        tuple(lost),
        *(float(value) for both in means for value in both),
    )


def _fidelity(figures: Aggregates, cover: Cover, titles: Titles) -> Section:
    rows = [
        ("Single columns, TVD", figures.tvd1, figures.tvd1_reference, None),
        ("Pairs of columns, TVD", figures.tvd2, figures.tvd2_reference, figures.tvd2_scrambled),
        (
            "Associations, mean difference",
            figures.association,
            figures.association_reference,
            figures.association_scrambled,
        ),
    ]
    shown = [
        (words, f"{own:.4f}", f"{fresh:.4f}", "" if worst is None else f"{worst:.4f}")
        for words, own, fresh, worst in rows
    ]
    shown.append(
        (
            f"Rare levels kept, of {cover.rare_levels}",
            str(cover.rare_kept),
            f"{cover.rare_kept_reference:.1f}",
            "",
        )
    )
    worst = farthest(figures.pairs, 1)
    sentence = (
        f"On average {figures.tvd1:.1%} of people would have to change a single answer for the "
        f"shares to agree (fresh real people {figures.tvd1_reference:.1%}), and "
        f"{figures.tvd2:.1%} for a pair of answers ({figures.tvd2_reference:.1%})"
    )
    if worst:
        a, b = (titles(name) for name in (worst[0].a, worst[0].b))
        sentence += f"; {a} with {b} is the pair that is farthest off"
    body = (
        sides(
            table(("", "synthetic", "fresh real people", "columns apart"), shown)
            + lost_levels(cover.rare_lost, titles),
            columns_chart(figures, titles),
        )
        + associations_details(figures, titles)
        + pairs_details(figures, titles)
    )
    return Section("fidelity", "Fidelity: are they like the real people?", f"{sentence}.", body)


def _diversity(figures: Cover) -> Section:
    rows = [
        ("Real people whose pair of answers appears", figures.coverage, figures.coverage_reference),
        ("People with a pair that nobody real has", figures.new, figures.new_reference),
    ]
    shown = [(words, f"{own:.2%}", f"{fresh:.2%}") for words, own, fresh in rows]
    sentence = (
        f"Of the pairs of answers that real people give, those of {figures.coverage:.2%} of them "
        f"appear (fresh real people {figures.coverage_reference:.2%}); {figures.new:.2%} of "
        f"synthetic pairs are ones that nobody real gives ({figures.new_reference:.2%})."
    )
    return Section(
        "diversity",
        "Diversity: are they as varied?",
        sentence,
        table(("mean over all pairs of columns", "synthetic", "fresh real people"), shown),
    )
