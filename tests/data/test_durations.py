"""Lengths of time: every style read and written alike, and in every dtype."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.data.column import Column
from synth.data.durations import DurationFormat, counts, find, format_of
from synth.data.schema import Schema
from synth.errors import PopulaceError

SECONDS = [0, 61, 90_000, 200_000]


@pytest.mark.parametrize(
    ("texts", "style", "unit"),
    [
        (["1 days", "3 days", "-2 days"], "days", "D"),
        (["0 days 00:01:00", "1 days 02:03:04", "-1 days +22:00:00"], "days and time", "s"),
        (["0 days 00:00:01.500000", "0 days 00:00:02.000000"], "days and time", "ms"),
        (["36:00:00", "1:02:03"], "H:MM:SS", "s"),
        (["36:00:00", "01:02:03", "-00:00:01"], "HH:MM:SS", "s"),
        (["30:05", "2:10"], "H:MM", "m"),
        (["30:05", "02:10"], "HH:MM", "m"),
        (["PT1H30M", "PT0S", "P2D", "-P1DT1S", "PT2M"], "ISO", "s"),
        (["PT1.5S", "PT2S"], "ISO", "ms"),
        (["P0DT0H1M1S", "P1DT2H0M0S"], "ISO long", "s"),
        (["1 day, 2:03:04", "2 days, 0:00:00", "0:05:00"], "Python", "s"),
    ],
)
def test_every_style_is_found_and_written_alike(texts, style, unit):
    form = find(texts)
    assert form == DurationFormat(style, unit)
    assert form.text(form.parse(texts)).tolist() == texts
    assert form.text(np.array([np.nan])).tolist() == [None]


@pytest.mark.parametrize(
    "texts",
    [[], ["12:99:00", "1:00:00"], ["P"], ["PT"], ["1 day", "2 days"], ["3 weeks"], ["1:00:00", ""]],
)
def test_what_cannot_be_written_again_is_none(texts):
    assert find(texts) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-(10**11), 10**11), min_size=1, max_size=9))
def test_pandas_own_texts_come_back(micro):
    spans = pd.Series(np.array(micro).astype("timedelta64[us]"))
    form = format_of(spans)
    numbers = counts(spans, form.unit)
    assert pd.Series(form.outer(numbers, "timedelta64[us]")).tolist() == spans.tolist()
    assert form.outer(numbers, "object").tolist() == [timedelta(microseconds=m) for m in micro]
    assert pd.to_timedelta(pd.Series(form.text(numbers))).tolist() == spans.tolist()


@pytest.mark.parametrize(
    ("word", "seconds"),
    [
        ("36h", 129_600),
        ("2 days", 172_800),
        ("90 min", 5_400),
        ("1:30:00", 5_400),
        ("1.5 h", 5_400),
    ],
)
def test_words_for_durations(word, seconds):
    assert DurationFormat("days and time", "s").bounds(word) == (seconds, seconds)
    assert DurationFormat("days and time", "s").bounds("3 weeks") is None


@pytest.mark.parametrize("kind", ["timedelta64[ns]", "object", "duration[ms][pyarrow]"])
def test_a_column_of_durations_is_learned(kind):
    spans = pd.Series(pd.to_timedelta([*SECONDS, None], unit="s"))
    if kind == "object":
        spans = pd.Series([*(timedelta(seconds=s) for s in SECONDS), None], dtype=object)
    frame = pd.DataFrame({"stay": spans.astype(kind)})
    column = Schema.infer(frame)["stay"]
    assert (column.kind, column.storage, column.missing) == ("integer", kind, True)
    assert column.bounds == (0, 200_000)
    assert Column.text(column, 90_000) == "1 days 01:00:00"
    assert Schema((column,)).conform(frame)["stay"].tolist() == [*SECONDS, pd.NA]


def test_finer_than_a_microsecond_is_left_out():
    frame = pd.DataFrame({"x": pd.to_timedelta([1, 2_000], unit="ns")})
    assert Schema.infer(frame)["x"].role == "skip"


def test_a_damaged_format_is_refused():
    with pytest.raises(PopulaceError, match="style 'weeks'"):
        DurationFormat("weeks")
