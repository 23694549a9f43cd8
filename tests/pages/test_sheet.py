import math

import pandas as pd
import pytest

from pages.studio.sheet import DAY_FIRST, MONTH_FIRST, NO_MEANING, corrections, sheet
from synth.errors import PopulaceError
from synth.fitting.inspection import inspect_table
from synth.fitting.plan import Correction, Plan


@pytest.fixture(scope="module")
def shown(people):
    inspection = inspect_table(people, "people.csv")
    return sheet(inspection, Plan.of(inspection))


def row(frame, name):
    return frame.set_index("column").loc[name]


def test_it_says_what_each_column_is(shown, people):
    assert list(shown["column"]) == list(people.columns)
    assert row(shown, "person")["use"] == "leave out"
    assert row(shown, "age")["values"] == "12 to 89, 78 values"
    assert row(shown, "died")["missing"] == pytest.approx(0.3, abs=0.03)
    assert row(shown, "city")["values"].startswith("24 levels: ")
    assert math.isnan(row(shown, "city")["least"])
    assert row(shown, "born")["least"] == 1900


def test_dates_and_amounts_are_shown_as_the_table_writes_them():
    rows = pd.DataFrame(
        {"joined": ["03/02/2021", "25/12/2022"] * 20, "pay": ["$1,000.50", "$2,000.00"] * 20}
    )
    inspection = inspect_table(rows, "staff.csv")
    frame = sheet(inspection, Plan.of(inspection))
    assert row(frame, "joined")["values"].startswith("03/02/2021 to 25/12/2022")
    assert math.isnan(row(frame, "joined")["least"])
    assert row(frame, "pay")["values"].startswith("$1,000.50 to $2,000.00")
    assert corrections(frame, frame.copy()) == ()


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["03/02/2021", "05/12/2022"], DAY_FIRST),
        (["12/31/2021", "05/12/2022"], MONTH_FIRST),
        (["2021-12-31", "2022-01-01"], "date"),
        (["36:00:00", "1:30:00"], "duration"),
    ],
)
def test_dates_have_a_kind_with_their_order(texts, kind):
    inspection = inspect_table(pd.DataFrame({"when": texts * 20, "x": [1, 2] * 20}), "staff.csv")
    plan = Plan.of(inspection)
    frame = sheet(inspection, plan)
    assert row(frame, "when")["kind"] == kind
    assert corrections(frame, frame.copy()) == ()
    edited = frame.copy()
    edited.loc[0, "kind"] = "integer"
    assert corrections(frame, edited) == ()  # they are whole numbers already
    edited.loc[0, "kind"] = MONTH_FIRST
    if kind in ("date", "duration"):
        with pytest.raises(PopulaceError, match="cannot be read as date, month first"):
            corrections(frame, edited)
        return
    synthetic = plan.corrected(corrections(frame, edited))
    assert synthetic.schema["when"].format.pattern == "%m/%d/%Y"


def test_nothing_changed_is_no_correction(shown):
    assert corrections(shown, shown.copy()) == ()


def test_changes_are_read_back(shown):
    edited = shown.copy()
    at = {name: i for i, name in enumerate(edited["column"])}
    edited.loc[at["age"], ["least", "most"]] = [20, 60]
    edited.loc[at["work"], "use"] = "keep apart"
    edited.loc[at["code"], "kind"] = "categorical"
    edited.loc[at["pay"], "label"] = "Pay a month"
    assert set(corrections(shown, edited)) == {
        Correction("age", lower=20.0, upper=60.0),
        Correction("work", use="keep apart"),
        Correction("code", kind="categorical"),
        Correction("pay", label="Pay a month"),
    }


def test_meanings_are_shown_and_corrected(shown):
    assert row(shown, "age")["meaning"] == "age"
    assert row(shown, "code")["meaning"] == NO_MEANING
    edited = shown.copy()
    at = {name: i for i, name in enumerate(edited["column"])}
    edited.loc[at["city"], "meaning"] = "occupation"
    edited.loc[at["age"], "meaning"] = NO_MEANING
    edited.loc[at["code"], "meaning"] = "nonsense"
    assert set(corrections(shown, edited)) == {
        Correction("city", meaning="occupation"),
        Correction("age", meaning=""),
    }


@pytest.mark.parametrize("cell", ["least", "most", "label", "use", "kind", "meaning"])
def test_an_emptied_cell_changes_nothing(shown, cell):
    edited = shown.astype(object)
    edited.loc[1, cell] = None
    assert corrections(shown, pd.DataFrame(edited)) == ()
