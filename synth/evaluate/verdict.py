"""A report in one sentence, and what helps where it is weak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from synth.evaluate.report import LEVEL_TITLES, Report

if TYPE_CHECKING:
    from synth.evaluate.question import AnsweredQuestions

GOOD, FAIR = 90.0, 70.0
"""Parts of the quality from here on are close to fresh real people; from there on, near them."""
REMEDIES: Mapping[str, str] = {
    "Single columns": "Columns on their own are off: learn with more bins for numbers, and look at "
    "Marginals for the column that is farthest.",
    "Pairs of columns": "Pairs are off: allow more parents for a column, or read the population as "
    "refined.",
    "Triples of columns": "What three columns do together is off: allow more parents for a column, "
    "read the population as refined, or compare other generators.",
    "Associations": "Columns hang together too loosely or too tightly: allow more parents for a "
    "column, or set the arrow that is missing on the Network page.",
    "Hard to tell apart": "A classifier knows the synthetic rows: read the population as refined, "
    "which keeps the network’s people whom it can hardly tell from real ones.",
    "Useful": "Models learn less from them: let the column that they shall learn have more "
    "parents, or draw more rows.",
    "Varied": "Too few combinations appear: draw more rows, or draw rare people more often on "
    "Profiles.",
}
"""What helps, by part of the quality."""
PRIVACY_REMEDIES: Mapping[str, str] = {
    "fair": "Privacy is fair: leave out copies and outliers (the file below), or learn with fewer "
    "bins.",
    "weak": "Privacy is weak: learn privately in the Studio (differential privacy), and do not "
    "give these rows away before.",
    "open": "Privacy is not judged: it takes more real rows that nobody learned from.",
}
"""What helps, by level."""


def verdict(report: AnsweredQuestions) -> str:
    """What a report comes to, in a sentence.

    Parameters
    ----------
    report : AnsweredQuestions
        From rows or from counts.

    Returns
    -------
    str
        How like the real people they are, where they are weakest, and the privacy level or that
        counts cannot tell it.
    """
    part, least = report.weakest
    quality = report.quality
    like = (
        "hardly differ from real people"
        if quality >= GOOD
        else "are like real people in most ways"
        if quality >= FAIR
        else "differ from real people in ways that matter"
    )
    far = "" if isinstance(report, Report) else " as far as counts tell"
    words = (
        f"These synthetic people {like}{far}: {quality:.0f} of 100, weakest in {part.lower()} "
        f"({least:.0f} of 100)."
    )
    if isinstance(report, Report):
        return f"{words} Privacy is {LEVEL_TITLES[report.privacy.level].lower()}."
    return f"{words} Privacy cannot be told from counts: it takes the real rows, person by person."


def remedies(report: AnsweredQuestions) -> tuple[str, ...]:
    """What helps where a report is weak.

    Parameters
    ----------
    report : AnsweredQuestions
        From rows or from counts.

    Returns
    -------
    tuple of str
        A sentence for each part of the quality below `GOOD`, the weakest first, and one for the
        privacy level unless that is strong; empty where nothing is weak.
    """
    weak = sorted((part for part in report.parts if part[1] < GOOD), key=lambda part: part[1])
    words = [REMEDIES[name] for name, _ in weak if name in REMEDIES]
    if isinstance(report, Report) and report.privacy.level in PRIVACY_REMEDIES:
        words.append(PRIVACY_REMEDIES[report.privacy.level])
    return tuple(words)
