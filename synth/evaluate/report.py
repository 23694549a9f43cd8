"""The report: every question at once, as one value, as JSON and as a page that opens offline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.evaluate import sections
from synth.evaluate.diversity import Diversity, diversity
from synth.evaluate.fairness import Fairness, fairness, sensitive_columns
from synth.evaluate.fidelity import Aggregates, Fidelity, evaluate
from synth.evaluate.privacy import LEVEL, Privacy, privacy
from synth.evaluate.sections import Section, Titles
from synth.evaluate.shape import Shape, shape
from synth.evaluate.utility import Utility, targets, utility

if TYPE_CHECKING:
    import pandas as pd

    from synth.data.table import Table

QUALITY = (
    "Quality is the mean of seven parts, 0 to 100. In each, 100 is as near to the real people as "
    "fresh real people of the same number are. Pairs, triples and associations are 0 where the "
    "synthetic people are no nearer than real rows whose columns were shuffled apart. Single "
    "columns are 0 where nobody would keep their answer. Hard to tell apart is 0 where gradient "
    "boosting always knows a synthetic row from a real one. Useful is the share of what real "
    "people teach a model that synthetic people teach it too. Varied is the share of real "
    "combinations that appear, beside the share among fresh real people."
)
LEAST = 0.01
"""Between shuffled and fresh people there must be so much, or there is nothing to keep."""

SHARES: Mapping[str, float] = {
    "Telling synthetic people from real ones": 0.0,
    "Telling fresh real people from real ones": 0.17,
    "Columns and pairs of columns": 0.34,
    "Three columns at a time, tails and rare levels": 0.38,
    "Combinations, real and new": 0.41,
    "Learning": 0.42,
    "Distances to the closest real person": 0.60,
    "Copies, near copies and outliers": 0.66,
    "Singling people out": 0.78,
    "Linking two halves of a person": 0.81,
    "Inferring what is not known": 0.83,
    "What depends on groups": 0.97,
}
"""The stages of a report and about how much of the work is done when each begins."""

Parts = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Report:
    """Everything that was asked of one synthetic table.

    quality: 0 to 100, the mean of `parts`, as `QUALITY` says; notes: how it was judged;
    titles: words for columns.
    """

    title: str
    fidelity: Fidelity
    shape: Shape
    diversity: Diversity
    utility: tuple[Utility, ...]
    privacy: Privacy
    fairness: Fairness | None
    parts: Parts
    notes: tuple[str, ...] = ()
    titles: Titles = field(default_factory=Titles)

    @property
    def quality(self) -> float:
        """One score for all but privacy, 0 to 100."""
        return float(np.mean([value for _, value in self.parts]))

    @property
    def weakest(self) -> tuple[str, float]:
        """The part of the quality that is lowest."""
        return min(self.parts, key=lambda part: part[1])

    @property
    def sections(self) -> tuple[Section, ...]:
        """Each question with its answer in a sentence and what shows it."""
        found = [
            sections.of_fidelity(self.fidelity, self.shape, self.titles),
            sections.of_diversity(self.diversity),
            sections.of_utility(self.utility, self.titles),
            sections.of_privacy(self.privacy, self.titles),
        ]
        if self.fairness is not None:
            found.append(sections.of_fairness(self.fairness, self.titles))
        return tuple(found)

    @property
    def summary(self) -> str:
        """The overall score and the level, and what they mean, as HTML."""
        return sections.summary(
            self.quality,
            self.parts,
            QUALITY,
            people=(self.fidelity.rows_synthetic, self.fidelity.rows_real),
            level=(self.privacy.level, self.privacy.words, LEVEL),
            notes=self.notes,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "title": self.title,
            "quality": round(self.quality, 2),
            "quality_words": QUALITY,
            "quality_parts": {name: round(value, 2) for name, value in self.parts},
            "privacy_level": self.privacy.level,
            "privacy_words": self.privacy.words,
            "notes": list(self.notes),
            "sentences": {section.name: section.sentence for section in self.sections},
            "fidelity": self.fidelity.to_dict(),
            "shape": self.shape.to_dict(),
            "diversity": self.diversity.to_dict(),
            "utility": [item.to_dict() for item in self.utility],
            "privacy": self.privacy.to_dict(),
            "fairness": None if self.fairness is None else self.fairness.to_dict(),
        }

    def to_html(self) -> str:
        """One self-contained page: charts inside, nothing fetched, light and dark."""
        return sections.document(self.title, self.summary, self.sections)


def report(
    real: Table,
    synthetic: pd.DataFrame,
    *,
    holdout: pd.DataFrame | None = None,
    target: str | None = None,
    groups: Sequence[str] | None = None,
    title: str = "Synthetic people beside real ones",
    notes: Sequence[str] = (),
    seed: int = 0,
    progress: Callable[[float, str], None] = lambda share, words: None,
) -> Report:
    """Ask every question.

    target: the column that models learn; three suitable ones where none is given.
    groups: the columns that fairness asks about; those called gender, sex, ethnicity or race
        where none are given.
    notes: sentences on how the synthetic people came about.
    progress: told the share that is done (0 to 1) and what comes next.

    Raises PopulaceError as `fidelity.evaluate`, `utility.utility` and `fairness.fairness` do.
    """

    def step(words: str) -> None:
        progress(SHARES[words], words)

    columns = real.schema.modelled.columns
    likeness = evaluate(real, synthetic, holdout=holdout, seed=seed, progress=step)
    step("Three columns at a time, tails and rare levels")
    finer = shape(real, synthetic, holdout=holdout, seed=seed)
    step("Combinations, real and new")
    variety = diversity(real, synthetic, holdout=holdout, seed=seed)
    wanted = (target,) if target else (targets(columns) if len(columns) > 1 else ())
    useful = []
    for place, name in enumerate(wanted):
        begins, ends = SHARES["Learning"], SHARES["Distances to the closest real person"]
        progress(begins + (ends - begins) * place / len(wanted), f"Learning {name}")
        useful.append(utility(real, synthetic, name, holdout=holdout, seed=seed))
    private = privacy(real, synthetic, holdout=holdout, seed=seed, progress=step)
    step("What depends on groups")
    asked = sensitive_columns(columns) if groups is None else tuple(groups)
    fair = fairness(real, synthetic, asked, holdout=holdout, seed=seed) if asked else None
    progress(1.0, "Done")
    judged = (
        f"Judged against {len(holdout):,} real people whom the generator never saw; the fresh real "
        "people beside each score are the rows that it learned from, judged the same way."
        if holdout is not None
        else "No real people were held out: the real rows were split at random, and the fresh real "
        "people beside each score are one half judged against the other."
    )
    return Report(
        title,
        likeness,
        finer,
        variety,
        tuple(useful),
        private,
        fair,
        quality_parts(likeness, finer, variety, useful),
        (*notes, judged),
        Titles.of(columns),
    )


def quality_parts(
    likeness: Fidelity, finer: Shape, variety: Diversity, useful: Sequence[Utility]
) -> Parts:
    """The parts of the quality, 0 to 100 each, as `QUALITY` says; without a second column there is
    nothing to teach, and that part is left out."""
    told = max(likeness.hgb_auc, 1 - likeness.hgb_auc)
    told_fresh = max(likeness.hgb_auc_reference, 1 - likeness.hgb_auc_reference)
    fresh = variety.coverage_reference
    parts = [
        *parts_of_counts(likeness),
        ("Triples of columns", scaled(finer.tvd3, finer.tvd3_reference, finer.tvd3_scrambled)),
        ("Hard to tell apart", scaled(told, told_fresh, 1.0)),
        ("Varied", 100 * min(1.0, variety.coverage / fresh) if fresh >= LEAST else 100.0),
    ]
    if useful:
        kept = [min(1.0, item.kept) for item in useful]
        parts.append(("Useful", 100 * float(np.mean(kept))))
    return tuple(parts)


def parts_of_counts(found: Fidelity | Aggregates) -> Parts:
    """The three parts of the quality that counts of columns and pairs tell."""
    return (
        ("Single columns", scaled(found.tvd1, found.tvd1_reference, 1.0)),
        ("Pairs of columns", scaled(found.tvd2, found.tvd2_reference, found.tvd2_scrambled)),
        (
            "Associations",
            scaled(found.association, found.association_reference, found.association_scrambled),
        ),
    )


def scaled(value: float, best: float, worst: float) -> float:
    """Where a distance lies between the worst (0) and the best (100); 100 where they are one."""
    if worst - best < LEAST:
        return 100.0 if value - best < LEAST else 0.0
    return float(np.clip(100 * (worst - value) / (worst - best), 0, 100))
