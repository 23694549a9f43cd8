"""The report: every question at once, as one value, as JSON and as a page that opens offline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synth.evaluate import diversity, fairness, fidelity, privacy, utility
from synth.evaluate.comparison import Comparison
from synth.evaluate.html import bars, facts, key, paragraph, sides
from synth.evaluate.question import (
    FRESH,
    AnsweredQuestions,
    Parts,
    Progress,
    Question,
    Titles,
    ask_all,
)

if TYPE_CHECKING:
    import pandas as pd

    from synth.data.table import Table
    from synth.evaluate.diversity import Diversity
    from synth.evaluate.fairness import Fairness
    from synth.evaluate.fidelity import Fidelity
    from synth.evaluate.privacy import Privacy
    from synth.evaluate.shape import Shape
    from synth.evaluate.utility import Utility

QUESTIONS: tuple[Question[Comparison], ...] = (
    fidelity.QUESTION,
    diversity.QUESTION,
    utility.QUESTION,
    privacy.QUESTION,
    fairness.QUESTION,
)
"""What a report asks, in its order. A metric is added by its file and a line here."""

QUALITY = (
    "Quality is the mean of seven parts, 0 to 100. In each, 100 is as near to the real people as "
    "fresh real people of the same number are. Pairs, triples and associations are 0 where the "
    "synthetic people are no nearer than real rows whose columns were shuffled apart. Single "
    "columns are 0 where nobody would keep their answer. Hard to tell apart is 0 where gradient "
    "boosting always knows a synthetic row from a real one. Useful is the share of what real "
    "people teach a model that synthetic people teach it too. Varied is the share of real "
    "combinations that appear, beside the share among fresh real people."
)
LEVEL_TITLES = {"strong": "Strong", "fair": "Fair", "weak": "Weak", "open": "Not judged"}


@dataclass(frozen=True)
class Report(AnsweredQuestions):
    """Everything that was asked of one synthetic table, from rows.

    Attributes
    ----------
    title : str
        The page's heading.
    answers : mapping of str to Answer or None
        By question.
    notes : tuple of str
        How the people came about and how they were judged.
    titles : Titles
        Words for columns.
    """

    @property
    def fidelity(self) -> Fidelity:
        """How like the real people they are."""
        figures: Fidelity = self.figures["fidelity"]
        return figures

    @property
    def shape(self) -> Shape:
        """Tails, rare levels, heaps, missing values, triples."""
        figures: Shape = self.figures["shape"]
        return figures

    @property
    def diversity(self) -> Diversity:
        """How varied they are."""
        figures: Diversity = self.figures["diversity"]
        return figures

    @property
    def utility(self) -> tuple[Utility, ...]:
        """What models learn from them, by target."""
        figures: tuple[Utility, ...] = self.figures["utility"]
        return figures

    @property
    def privacy(self) -> Privacy:
        """What they give away."""
        figures: Privacy = self.figures["privacy"]
        return figures

    @property
    def fairness(self) -> Fairness | None:
        """What depends on groups; None where nothing was asked."""
        figures: Fairness | None = self.figures["fairness"]
        return figures

    @property
    def summary(self) -> str:
        """The overall score and the level, and what they mean, as HTML."""
        return summary_html(
            self.quality,
            self.parts,
            QUALITY,
            people=(self.fidelity.rows_synthetic, self.fidelity.rows_real),
            level=(self.privacy.level, self.privacy.words, privacy.LEVEL),
            notes=self.notes,
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
            "quality": round(self.quality, 2),
            "quality_words": QUALITY,
            "quality_parts": {name: round(value, 2) for name, value in self.parts},
            "privacy_level": self.privacy.level,
            "privacy_words": self.privacy.words,
            "notes": list(self.notes),
            "sentences": {section.name: section.sentence for section in self.sections},
            **self.plain_figures(),
        }


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
    progress: Progress = lambda share, words: None,
) -> Report:
    """Ask every question.

    Parameters
    ----------
    real : Table
        The people whom the generator learned from.
    synthetic : DataFrame
        The people whom it drew.
    holdout : DataFrame, optional
        Real people whom the generator never saw.
    target : str, optional
        The column that models learn; three suitable ones where none is given.
    groups : sequence of str, optional
        The columns that fairness asks about; those called gender, sex, ethnicity or race where none
        are given.
    title : str
        The page's heading.
    notes : sequence of str
        Sentences on how the synthetic people came about.
    seed : int
        Of every question.
    progress : callable
        Gets the share that is done (0 to 1) and what comes next.

    Returns
    -------
    Report

    Raises
    ------
    PopulaceError
        As `Comparison.of`, `utility.utility` and `fairness.fairness` do.
    """
    comparison = Comparison.of(
        real, synthetic, holdout=holdout, seed=seed, target=target, groups=groups
    )
    return report_on(comparison, title=title, notes=notes, progress=progress)


def report_on(
    comparison: Comparison,
    *,
    title: str,
    notes: Sequence[str] = (),
    progress: Progress = lambda share, words: None,
) -> Report:
    """`report` of people who are comparable already.

    Parameters
    ----------
    comparison : Comparison
        Real and synthetic people.
    title : str
        The page's heading.
    notes : sequence of str
        Sentences on how the synthetic people came about; one on how they were judged is added, and
        one for each column whose levels the two tables write differently.
    progress : callable
        Gets the share that is done (0 to 1) and what comes next.

    Returns
    -------
    Report

    Raises
    ------
    PopulaceError
        As `utility.utility` and `fairness.fairness` do.
    """
    answers = ask_all(QUESTIONS, comparison, progress)
    progress(1.0, "Done")
    unseen = comparison.holdout
    judged = (
        f"Judged against {len(unseen):,} real people whom the generator never saw; the fresh real "
        "people beside each score are the rows that it learned from, judged the same way."
        if unseen is not None
        else "No real people were held out: the real rows were split at random, and the fresh real "
        "people beside each score are one half judged against the other."
    )
    sentences = (*notes, *comparison.hints, judged)
    return Report(title, answers, sentences, Titles.of(comparison.columns))


def summary_html(
    quality: float,
    parts: Parts,
    words: str,
    *,
    people: tuple[int, int],
    name: str = "Quality",
    level: tuple[str, str, str] | None = None,
    notes: Sequence[str] = (),
) -> str:
    """The overall score and the privacy level, each with its meaning.

    Parameters
    ----------
    quality : float
        From 0 to 100.
    parts : tuple of (str, float)
        Its parts, 0 to 100 each.
    words : str
        What the score means.
    people : tuple of (int, int)
        How many synthetic and real people there are.
    name : str
        Of the score.
    level : tuple of (str, str, str), optional
        The privacy level, what it means, and its definition.
    notes : sequence of str
        Sentences that stand last.

    Returns
    -------
    str
        HTML.
    """
    synthetic, real = people
    shown = [(name, f"{quality:.0f}", "of 100")]
    if level:
        shown.append(("Privacy", LEVEL_TITLES[level[0]], ""))
    shown += [
        ("Synthetic people", f"{synthetic:,}", ""),
        ("Real people learned from", f"{real:,}", ""),
    ]
    weakest, least = min(parts, key=lambda part: part[1])
    lead = paragraph(f"The weakest part of the quality is “{weakest.lower()}”: {least:.0f} of 100.")
    if level:
        title = LEVEL_TITLES[level[0]].lower()
        lead += paragraph(f"Privacy is {title}. {level[1]}")
    rows = [(part, value, 100.0) for part, value in parts]
    chart = key(("", "parts of the quality, of 100"), ("line", FRESH)) + bars(rows, "{0:.0f}")
    defined = paragraph(words, quiet=True)
    if level:
        defined += paragraph(level[2], quiet=True)
    notes_after = "".join(paragraph(note, quiet=True) for note in notes)
    return facts(shown) + sides(lead + chart, defined + notes_after)
