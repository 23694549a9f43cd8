"""The measured table as it is shown."""

from __future__ import annotations

import json

import pytest

from synth.errors import PopulaceError
from synth.people.portraits.making.judges import PAPER
from synth.people.portraits.results import published


def report():
    rows = [
        {"name": name, "precision": 0.5, "recall": 0.6, "f1": 0.55, "low": 0.5, "high": 0.6}
        | {"paper": paper}
        for name, paper in PAPER.items()
    ]
    table = {"rows": rows, "mean_absolute_error": 6.0, "requests": 24, "answered": 23}
    judge = {"photographs": 9, "f1": [0.1, 0.2, 0.3], "cuts": [27.5, 38.5]}
    return {
        "bank": table,
        "live": table,
        "bank_at_calibrated_cuts": table,
        "age_judge_on_real_photographs": judge,
    }


def test_rows_stand_beside_the_papers(tmp_path):
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps(report()), encoding="utf-8")
    table = published(path)
    teen, white = table.rows[4], table.rows[0]
    assert (teen["Bank F1"], teen["Live F1"], teen["Real people F1"]) == (0.55, 0.55, "0.10")
    assert teen["Paper F1"] == 0.87 and teen["Bank 95%"] == "0.50–0.60"
    assert teen["Bank, ages recalibrated: F1"] == "0.55 (0.50–0.60)"
    assert white["Bank, ages recalibrated: F1"] == white["Real people F1"] == "–"
    assert any("24 balanced requests, 23 answered" in note for note in table.notes)
    assert any("27.5" in note for note in table.notes)


def test_nothing_measured_and_a_damaged_file(tmp_path):
    assert published(tmp_path / "none.json") is None
    path = tmp_path / "evaluation.json"
    path.write_text("{}", encoding="utf-8")
    assert published(path) is None
    path.write_text('{"bank": {"rows": [{}]}}', encoding="utf-8")
    with pytest.raises(PopulaceError, match="evaluate --json"):
        published(path)


def test_the_shipped_measurements_are_shown():
    table = published()
    assert table is not None and len(table.rows) == 9
