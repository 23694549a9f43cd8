"""The scores on a population's card: written when it is built, read again by the report page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from synth.evaluate.fidelity import FIGURES

if TYPE_CHECKING:
    from synth.evaluate.fidelity import Fidelity

_SECTION = re.compile(r"^## Scores\s*$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def write_scores(figures: Fidelity, people: int) -> str:
    """The card's section on scores.

    Parameters
    ----------
    figures : Fidelity
        Of people drawn by a network that learned from as many.
    people : int
        How many were learned from, drawn and compared.

    Returns
    -------
    str
        Markdown from an empty line to the end of a table.
    """
    plain = figures.to_dict()
    lines = [
        "",
        "## Scores",
        "",
        f"A network learned from {people:,} people drew {people:,}; beside each figure, what "
        f"{people:,}",
        "fresh real people get. AUC: how well a classifier tells them from real people, 0.5 is",
        "not at all; the others: smaller is closer.",
        "",
        "| | synthetic | fresh real people |",
        "|---|---|---|",
    ]
    for key, value in plain.items():
        if f"{key}_reference" in plain:
            lines.append(f"| {key} | {value:.4f} | {plain[f'{key}_reference']:.4f} |")
    return "\n".join(lines) + "\n"


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
