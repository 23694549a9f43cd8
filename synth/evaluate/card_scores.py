"""The scores on a population's card: written when it is built, read again by the report page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from synth.evaluate.fidelity import FIGURES

if TYPE_CHECKING:
    from synth.evaluate.fidelity import Fidelity

_SECTION = re.compile(r"^## Scores\s*$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def write_scores(figures: Mapping[str, Sequence[Fidelity]], learned: int, judged: int) -> str:
    """The card's section on scores, means of several samples.

    Parameters
    ----------
    figures : mapping of str to sequence of Fidelity
        Title of a column → figures of several samples of `judged` people each, as many for each
        title, beside people nobody learned from.
    learned : int
        How many people were learned from.
    judged : int
        How many were kept apart and drawn.

    Returns
    -------
    str
        Markdown from an empty line to the end of a table.
    """
    samples = {title: [one.to_dict() for one in several] for title, several in figures.items()}
    first = next(iter(samples.values()))

    def mean(title: str, key: str) -> str:
        return f"{fmean(one[key] for one in samples[title]):.4f}"

    title = next(iter(samples))
    lines = [
        "",
        "## Scores",
        "",
        f"Learned from {learned:,} people, {judged:,} people were drawn and compared with",
        f"{judged:,} whom nobody learned from; beside each figure, what fresh real people get.",
        f"Means of {len(first)} samples." if len(first) > 1 else "One sample.",
        "AUC: how well a classifier tells them from real people, 0.5 is not at all; the others:",
        "smaller is closer.",
        "",
        f"| | {' | '.join(samples)} | fresh real people |",
        f"|---|{'---|' * len(samples)}---|",
    ]
    for key in first[0]:
        if f"{key}_reference" in first[0]:
            cells = [*(mean(each, key) for each in samples), mean(title, f"{key}_reference")]
            lines.append(f"| {key} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def score_table(card: str) -> tuple[tuple[str, ...], ...]:
    """The figures on a card, beside people nobody learned from.

    Parameters
    ----------
    card : str
        Markdown.

    Returns
    -------
    tuple of tuple of str
        Rows of cells, the heads first; empty where the card has no section on scores.
    """
    lines = [line for line in read_scores(card).splitlines() if line.startswith("|")]
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
    return tuple(row for row in rows if not set("".join(row)) <= set("-"))


def read_scores(card: str) -> str:
    """What a card says of its scores, with figures in words.

    Parameters
    ----------
    card : str
        Markdown.

    Returns
    -------
    str
        Markdown; empty where the card has no section on scores.
    """
    section = _SECTION.search(card)
    text = section.group(1).strip() if section else ""
    for name, words in FIGURES.items():
        text = text.replace(f"| {name} |", f"| {words} |")
    return text
