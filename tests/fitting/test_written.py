"""How a column is written can be corrected in a plan."""

import pandas as pd
import pytest

from pages.studio.sheet import corrections, sheet
from synth.data.formats import BooleanFormat, NumberFormat
from synth.data.table import read_frame
from synth.errors import PopulaceError
from synth.fitting.fit import fit
from synth.fitting.inspection import inspect_table
from synth.fitting.plan import Correction, Plan

TEXTS = pd.DataFrame(
    {
        "pay": [f"${1000 + i % 13}.50" for i in range(60)],
        "churn": ["Yes", "No", "No"] * 20,
        "continent": ["NA", "EU", "AS", "EU"] * 15,
    }
)


@pytest.fixture
def read() -> tuple[pd.DataFrame, Plan]:
    frame, notes = read_frame(TEXTS.to_csv(index=False).encode())
    return frame, Plan.of(inspect_table(frame, "table", notes))


def test_the_sheet_shows_and_corrects_how_columns_are_written(
    read: tuple[pd.DataFrame, Plan],
) -> None:
    frame, plan = read
    shown = sheet(inspect_table(frame, "table"), plan)
    assert shown["written as"].tolist() == ["$1012.50", "No / Yes", ""]
    edited = shown.copy()
    edited["written as"] = ["1.012,50 €", "nein / ja", None]
    edited["missing word"] = ["", "", "NA"]
    plan = plan.corrected(corrections(shown, edited))
    assert plan.schema["pay"].format == NumberFormat("", " €", ".", ",", 2)
    assert plan.schema["churn"].format == BooleanFormat("nein", "ja")
    people = fit(frame, plan).given().sample(200)
    assert set(people["churn"]) == {"nein", "ja"}
    assert set(people["continent"].dropna()) == {"EU", "AS"}
    assert people["continent"].isna().any()
    assert Plan.from_json(plan.to_json()) == plan


def test_an_example_that_says_nothing_is_refused(read: tuple[pd.DataFrame, Plan]) -> None:
    for name, example in (("pay", "much"), ("churn", "Yes"), ("continent", "x")):
        with pytest.raises(PopulaceError, match=f"Column {name} cannot be written as"):
            read[1].corrected([Correction(name, written=example)])
    plain = read[1].corrected([Correction("pay", written="")])
    assert plain.schema["pay"].format is None
