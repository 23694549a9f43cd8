"""Times between two dates, beside Python's own calendar."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.constraints.derived import (
    PERIODS,
    Elapsed,
    derived_from_json,
    derived_to_json,
    possible,
)
from synth.data.column import Column
from synth.data.formats import DateFormat

DAYS = st.dates(date(1800, 1, 1), date(2100, 1, 1))
EPOCH = date(1970, 1, 1)


def between(since, until, period, unit="D"):
    frame = pd.DataFrame({"a": [since], "b": [until]}, dtype="float64")
    return Elapsed("x", "a", "b", period, unit).values(frame)[0]


@given(DAYS, DAYS)
def test_days_weeks_months_and_years(since, until):
    numbers = [(each - EPOCH).days for each in (since, until)]
    months = (until.year - since.year) * 12 + until.month - since.month
    months -= until.day < since.day
    assert between(*numbers, "days") == (until - since).days
    assert between(*numbers, "weeks") == (until - since) // timedelta(weeks=1)
    assert between(*numbers, "months") == months
    assert between(*numbers, "years") == months // 12


@pytest.mark.parametrize(
    ("since", "until", "years"),
    [
        ("2000-02-29", "2001-02-28", 0),
        ("2000-02-29", "2001-03-01", 1),
        ("2000-02-29", "2004-02-29", 4),
        ("1999-12-31", "2000-01-01", 0),
        ("1960-05-05", "1970-05-05", 10),
        ("2001-01-01", "2000-12-31", -1),
    ],
)
def test_years_are_full_when_their_day_has_come(since, until, years):
    numbers = [(date.fromisoformat(each) - EPOCH).days for each in (since, until)]
    assert between(*numbers, "years") == years
    seconds = [number * 86_400 for number in numbers]
    assert between(*seconds, "years", "s") == years
    assert between(seconds[0] + 1, seconds[1], "years", "s") <= years


def test_what_is_missing_and_finer_units():
    assert np.isnan(between(np.nan, 5, "days"))
    assert between(0, 7199, "hours", "s") == 1
    assert between(0, 2, "years", "Y") == 2
    assert between(3, 30, "months", "M") == 27
    assert not Elapsed("x", "a", "b", "hours", "D").is_countable
    assert not Elapsed("x", "a", "b", "months", "Q").is_countable


def test_json_and_bounds():
    for period in PERIODS:
        formula = Elapsed("x", "a", "b", period, "s", 1)
        assert derived_from_json(derived_to_json(formula)) == formula
    damaged = derived_to_json(Elapsed("x", "a", "b", "hours", "s"))
    for change in ({"unit": "D"}, {"period": "ages"}, {"until": "a"}, {"constant": "one"}):
        with pytest.raises((ValueError, KeyError, TypeError)):
            derived_from_json(damaged | change)
    dates = {
        name: Column(name, "integer", lower=low, upper=high, step=1.0, format=DateFormat())
        for name, low, high in (("a", 0.0, 365.0), ("b", 730.0, 1100.0))
    }
    age = Column("x", "integer", lower=1.0, upper=2.0, step=1.0)
    column = possible(Elapsed("x", "a", "b", "years"), age, dates)
    assert (column.lower, column.upper, column.format) == (1.0, 3.0, None)
