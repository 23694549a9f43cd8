"""A report in one sentence, and a remedy for each weakness."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from synth.data.contingency import ContingencyTables
from synth.data.table import make_table
from synth.evaluate import report
from synth.evaluate.counts import report_of_counts
from synth.evaluate.question import Answer, AnsweredQuestions, Section
from synth.evaluate.verdict import PRIVACY_REMEDIES, REMEDIES, remedies, verdict

SECTION = Section("x", "X?", "So.", "")


def of(*parts, level=None):
    if level is None:
        return AnsweredQuestions("T", {"x": Answer(SECTION, {}, parts)})

    @dataclass
    class Level:
        level: str

    return report.Report("T", {"x": Answer(SECTION, {"privacy": Level(level)}, parts)})


@pytest.mark.parametrize(
    ("value", "words"),
    [(95.0, "hardly differ"), (80.0, "in most ways"), (40.0, "in ways that matter")],
)
def test_the_verdict_says_how_like_and_where_weakest(value, words):
    text = verdict(of(("Single columns", 100.0), ("Associations", 2 * value - 100)))
    assert words in text and f"{value:.0f} of 100" in text
    assert "weakest in associations" in text
    assert "as far as counts tell" in text and "Privacy cannot be told from counts" in text


def test_with_rows_the_privacy_level_stands_in_the_same_sentence():
    text = verdict(of(("Useful", 95.0), level="weak"))
    assert text.endswith("Privacy is weak.") and "counts" not in text


def test_every_weakness_has_a_remedy_and_the_weakest_comes_first():
    given = of(("Varied", 50.0), ("Single columns", 95.0), ("Useful", 20.0), level="fair")
    assert remedies(given) == (REMEDIES["Useful"], REMEDIES["Varied"], PRIVACY_REMEDIES["fair"])
    assert remedies(of(("Useful", 99.0), level="strong")) == ()


def test_every_part_of_a_report_of_counts_and_every_level_has_a_remedy():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.choice(["x", "y"], 80), "b": random.choice(["u", "v"], 80)})
    counts = ContingencyTables.of(make_table(frame))
    parts = report_of_counts(counts, frame).parts
    assert parts and {name for name, _ in parts} <= set(REMEDIES)
    assert set(report.LEVEL_TITLES) == {"strong", *PRIVACY_REMEDIES}
