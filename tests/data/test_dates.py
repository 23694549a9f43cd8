"""Patterns of dates: found, read, written again; days that do not exist are no dates."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synth.bayes.learning import learn
from synth.constraints.formula import parse_derived
from synth.constraints.rules import parse_rule
from synth.data import dates
from synth.data.column import Column
from synth.data.evidence import Between, Evidence, OneOf
from synth.data.formats import DateFormat
from synth.data.schema import Schema, infer_with_notes
from synth.data.table import make_table, read_table
from synth.data.written import restore, restored
from synth.errors import PopulaceError


@pytest.mark.parametrize(
    "texts,pattern,zone,ambiguous",
    [
        (["2020-12-31", "2020-02-29"], "%Y-%m-%d", "", False),
        (["31/12/2020"], "%d/%m/%Y", "", False),
        (["12/31/20"], "%m/%d/%y", "", False),
        (["01/02/2020", "03/04/2020"], "%d/%m/%Y", "", True),
        (["1/2/2020", "12/31/2020"], "%-m/%-d/%Y", "", False),
        (["31.12.2020"], "%d.%m.%Y", "", False),
        (["01-Feb-2020", "11-Dec-1969"], "%d-%b-%Y", "", False),
        (["01-FEB-2020"], "%d-%^b-%Y", "", False),
        (["February 1 2020", "March 12 2020"], "%B %-d %Y", "", False),
        (["20201231"], "%Y%m%d", "", False),
        (["13:45", "09:01"], "%H:%M", "", False),
        (["9:01 PM", "12:00 AM"], "%-I:%M %p", "", False),
        (["2020-12"], "%Y-%m", "", False),
        (["2020Q4"], "%YQ%q", "", False),
        (["2020-Q4"], "%Y-Q%q", "", False),
        (["2020-12-31T10:00:00Z"], "%Y-%m-%dT%H:%M:%S%z", "Z", False),
        (["2020-12-31 10:00:00+02:00"], "%Y-%m-%d %H:%M:%S%z", "+02:00", False),
        (["2020-12-31 10:00:00+02"], "%Y-%m-%d %H:%M:%S%z", "+02", False),
        (
            ["2020-01-31T10:00:00+01:00", "2020-07-31T10:00:00+02:00"],
            "%Y-%m-%dT%H:%M:%S%z",
            "Europe/Berlin",
            False,
        ),
        (
            ["31/12/2020 10:00 +0000", "25/10/2020 01:30 +0100", "25/10/2020 01:30 +0000"],
            "%d/%m/%Y %H:%M %4z",
            "Europe/London",
            False,
        ),
        (
            ["2020-12-31 10:00:00-05", "2020-06-30 10:00:00-04"],
            "%Y-%m-%d %H:%M:%S%2z",
            "America/New_York",
            False,
        ),
        (["2020-01-31 10:00:00+01:00", "2020-01-31 10:00:00-05:00"], "", "", False),
        (["2020-01-31 10:00:00+01:00", "2020-07-31 10:00:00+0200"], "", "", False),
        (["2020-01-31 10:00:00+01:00", "2020-07-31 10:00:00"], "", "", False),
        (["2020-12-31 10:00:00.123"], "%Y-%m-%d %H:%M:%S.%3f", "", False),
        (["1900-02-29"], "", "", False),
        (["2020-12-31", "31/12/2020"], "", "", False),
        (["24:00"], "", "", False),
        (["red"], "", "", False),
    ],
)
def test_patterns_are_found(texts, pattern, zone, ambiguous):
    assert dates.find(texts) == (pattern, zone, ambiguous)


@pytest.mark.parametrize("pattern", dates._PATTERNS)
def test_every_pattern_reads_what_it_writes(pattern):
    """On the first and last days, leap days, and days and moments drawn at random."""
    unit = dates.unit_of(pattern)
    has_day = any(code in pattern for code in ("%Y", "%y"))
    per_day = dates.PER_DAY.get(unit, 1)
    first, last = ((1969, 2068) if "%y" in pattern else (1800, 2300)) if has_day else (1970, 1970)
    if per_day * 365 * 330 > 2**53:
        last = min(last, 2254)  # counts are doubles: a whole microsecond until June 2255
    low, high = dt.date(first, 1, 1), dt.date(last, 12 if has_day else 1, 31 if has_day else 1)
    rng = np.random.default_rng(sum(map(ord, pattern)))
    edges = [low, high, *(dt.date(2000, 2, 29) for _ in range(has_day)), dt.date(1970, 1, 1)]
    drawn = rng.integers(low.toordinal(), high.toordinal() + 1, 12)
    days = [*edges, *(dt.date.fromordinal(int(day)) for day in drawn)]
    if unit in ("M", "Q"):
        months = [(day.year - 1970) * 12 + day.month - 1 for day in days]
        counts = [month if unit == "M" else month // 3 for month in months]
    else:
        within = [0, per_day - 1, *rng.integers(0, per_day, len(days) - 2).tolist()]
        counts = [
            (day - dt.date(1970, 1, 1)).days * per_day + inside
            for day, inside in zip(days, within, strict=True)
        ]
    written = dates.text(np.array([*counts, np.nan]), pattern).to_pylist()
    assert written[-1] is None
    parsed = dates.parse(written, pattern)
    assert parsed[:-1].tolist() == counts and np.isnan(parsed[-1])
    if unit not in ("M", "Q") and has_day and "%-" not in pattern and "f" not in pattern:
        plain = pattern.replace("%^b", "%b")
        for count, text in zip(counts, written, strict=False):
            moment = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=count * 86_400 // per_day)
            wanted = moment.strftime(plain)
            assert text == (wanted.upper() if "%^b" in pattern else wanted)


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    day = pd.Timestamp("1965-01-01") + pd.to_timedelta(rng.integers(0, 9_000, 300), "D")
    time = day + pd.to_timedelta(rng.integers(0, 86_400, 300), "s")
    return pd.DataFrame(
        {
            "iso": day.strftime("%Y-%m-%d"),
            "american": day.strftime("%m/%d/%Y"),
            "stamp": day.to_series(index=range(300)).where(np.arange(300) != 7),
            "moment": time,
            "zoned": time.tz_localize("UTC").tz_convert("Europe/Berlin"),
            "month": pd.PeriodIndex(day, freq="M"),
            "quarter": pd.PeriodIndex(day, freq="Q"),
            "whole": day.strftime("%Y%m%d").astype(int),
            "date": day.date,
        }
    )


def test_columns_come_back_in_their_dtypes():
    frame = _frame()
    table = make_table(frame)
    assert all(isinstance(c.format, DateFormat) for c in table.schema)
    pd.testing.assert_frame_equal(restore(table.frame, table.schema), frame)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_come_back(tmp_path, kind):
    frame = _frame().drop(columns=["month", "quarter", "zoned"])
    path = tmp_path / f"t.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
        frame = frame.assign(
            stamp=frame["stamp"].dt.strftime("%Y-%m-%d"),
            moment=frame["moment"].astype(str),
            date=frame["date"].astype(str),
        )
    else:
        frame.to_parquet(path)
    table = read_table(path)
    pd.testing.assert_frame_equal(restore(table.frame, table.schema), frame, check_dtype=False)


def _office(zone: str = "Europe/Berlin", rows: int = 6_000) -> pd.Series:
    """Times of a zone over four years, from nine to five on working days, and hours that repeat."""
    rng = np.random.default_rng(0)
    day = pd.Timestamp("2018-01-01") + pd.to_timedelta(rng.integers(0, 1_400, rows), "D")
    day = day[day.day_of_week < 5]
    office = day + pd.to_timedelta(rng.integers(9 * 60, 17 * 60, len(day)), "m")
    return pd.Series(office.tz_localize(zone))


def test_summer_time_is_learned_by_the_zones_clocks_and_written_back():
    times = _office()
    texts = times.map(pd.Timestamp.isoformat)
    table = make_table(pd.DataFrame({"t": texts, "x": np.arange(len(times)) % 3}))
    assert table.notes == (
        "Column t is read as times of Europe/Berlin, whose clocks explain every offset from UTC.",
    )
    assert restore(table.frame, table.schema)["t"].tolist() == texts.tolist()
    people = learn(table, score="k2").given().sample(20_000, seed=1)
    drawn = restore(people, table.schema)["t"]
    local = pd.to_datetime(drawn, utc=True).dt.tz_convert("Europe/Berlin")
    assert local.map(pd.Timestamp.isoformat).tolist() == drawn.tolist()  # no time that cannot be
    assert local.dt.hour.between(9, 16).mean() == 1
    assert (local.dt.day_of_week < 5).mean() == 1
    summer = drawn.str.endswith("+02:00").mean()
    assert summer == pytest.approx(texts.str.endswith("+02:00").mean(), abs=0.02)


def test_evidence_of_a_zone_is_by_its_clocks():
    column = Column("t", "integer", lower=0, upper=2e9, step=1)
    column = replace(column, format=DateFormat("%Y-%m-%dT%H:%M:%S%z", "s", "Europe/Berlin"))
    schema = Schema((column,))
    of = {line: Evidence.parse(f"t={line}", schema)["t"] for line in (
        "2020-06-01", "2020-06-01T10:00:00+02:00", "2020-06-01 10:00", "2020-10-25", "2020-03-29",
    )}  # fmt: skip
    begin = pd.Timestamp("2020-05-31 22:00").timestamp()
    assert of["2020-06-01"] == Between(begin, begin + 86_399)
    assert of["2020-06-01T10:00:00+02:00"] == OneOf((f"{begin + 36_000:.0f}",))
    assert of["2020-06-01 10:00"] == Between(begin + 36_000, begin + 36_059)
    assert of["2020-10-25"].upper - of["2020-10-25"].lower == 25 * 3600 - 1
    assert of["2020-03-29"].upper - of["2020-03-29"].lower == 23 * 3600 - 1
    for fact in of.values():
        evidence = Evidence({"t": fact})
        assert Evidence.parse(evidence.text(schema), schema) == evidence


@pytest.mark.parametrize(
    ("zone", "clock", "alike"),
    [
        ("", "", True),
        ("Z", "UTC", False),
        ("+00:00", "UTC", False),
        ("Europe/Berlin", "UTC", False),
        ("-05", "-0500", False),
        ("+0200", "+0200", True),
    ],
)
def test_times_are_compared_by_one_clock(zone, clock, alike):
    forms = (DateFormat("%Y-%m-%d %H:%M%z", "m", each) for each in (zone, "+02:00"))
    ends = {"step": 1.0, "lower": 0.0, "upper": 9.0}
    schema = Schema(
        tuple(Column(n, "integer", format=f, **ends) for n, f in zip("ab", forms, strict=True))
    )
    assert schema["a"].format.clock == clock
    for read, line in ((parse_rule, "a < b"), (parse_derived, "c = hours(b - a)")):
        if alike:
            read(line, schema)
        else:
            with pytest.raises(PopulaceError, match=r"name two (columns )?that count the same"):
                read(line, schema)


def test_offsets_of_no_zone_are_left_out_with_the_remedy():
    texts = [f"2020-01-{i % 28 + 1:02d} {i % 24:02d}:00:00{'+01:00' if i % 2 else '-05:00'}"
             for i in range(200)]  # fmt: skip
    schema, notes = infer_with_notes(pd.DataFrame({"t": texts}))
    assert schema["t"].role == "skip"
    assert "write them all in one zone, or put the offset into a column of its own" in notes[0]
    ranges = [f"{i % 12}:30-{i % 12 + 1}" for i in range(200)]
    assert infer_with_notes(pd.DataFrame({"open": ranges}))[0]["open"].kind == "categorical"


def test_eight_digits_that_are_no_days_stay_numbers():
    schema, _ = infer_with_notes(pd.DataFrame({"n": np.arange(20_201_201, 20_201_261)}))
    assert schema["n"].format is None


def test_an_ambiguous_order_is_said():
    days = pd.date_range("2020-01-01", periods=9).strftime("%m/%d/%Y")
    _, notes = infer_with_notes(pd.DataFrame({"born": list(days)}))
    assert "read as day/month" in notes[0]


BORN = Schema(
    (
        Column(
            "born", "integer", lower=3_652.0, upper=9_999.0, step=1.0,
            format=DateFormat("%d/%m/%Y"),
        ),
    )
)  # fmt: skip


@pytest.mark.parametrize(
    "line,wanted",
    [
        ("born=1980-01-01..1989-12-31", "born=3652..7304"),
        ("born=31/12/1985..", "born=5843.."),
        ("born=1985-05", "born=5599..5629"),
        ("born=31/12/1985", "born=5843"),
        ("born=31/12/1985|1986-01-01", "born=5843|5844"),
        ("born=3700..3800", "born=3700..3800"),
    ],
)
def test_evidence_in_dates(line, wanted):
    evidence = Evidence.parse(line, BORN)
    assert str(evidence) == wanted
    assert Evidence.parse(str(evidence), BORN) == evidence


@pytest.mark.parametrize("line", ["born=31/02/1985", "born=soon", "born=1989-01-01..1980-01-01"])
def test_evidence_that_is_no_date(line):
    with pytest.raises(PopulaceError, match="born"):
        Evidence.parse(line, BORN)


@pytest.mark.parametrize(
    ("words", "pattern", "expected"),
    [
        ("MM/DD/YYYY", "%d/%m/%Y", "%m/%d/%Y"),
        ("d.m.yy", "%m/%d/%Y", ""),  # no pattern that is looked for
        ("D/M/YYYY", "%-m/%-d/%Y", "%-d/%-m/%Y"),
        ("month/day", "%d/%m/%Y", "%m/%d/%Y"),
        ("Day/Month", "%d/%m/%Y", "%d/%m/%Y"),
        ("month/day", "%d-%b-%Y", ""),
        ("month/month", "%d/%m/%Y", ""),
        ("12/31/2020", "%d/%m/%Y", ""),
        ("", "%d/%m/%Y", ""),
    ],
)
def test_a_pattern_is_named_by_letters_or_by_its_order(words, pattern, expected):
    assert dates.named(words, pattern) == expected


HOURS = [5, 930, 945, 1000, 1015, 1130, 1200, 1345, 1410, 1555, 1620, 1730, 1825, 2359]


@pytest.mark.parametrize(
    ("values", "name", "pattern"),
    [
        (HOURS, "dep_time", "%H%M"),
        ([*HOURS, 2400], "arr", "%H%M"),
        ([f"{each:04d}" for each in HOURS], "time", "%H%M"),
        ([each * 100 + each % 60 for each in HOURS], "uhrzeit", "%H%M%S"),
        (HOURS, "price", ""),  # too few to be times by their look alone
        ([*HOURS, 1275], "time", ""),
        ([100 * each for each in range(1, 20)], "time", ""),  # 100, 200, …: no minutes
        ([f"{each:04d}" for each in HOURS[:5]], "code", ""),
        ([h * 100 + m for h in range(24) for m in range(0, 60, 7)], "x", "%H%M"),
        ([h * 100 + m for h in (5, 6, 7) for m in range(1, 50)], "brood", ""),
    ],
)
def test_times_of_day_as_whole_numbers(values, name, pattern):
    frame = pd.DataFrame({name: values})
    column = Schema.infer(frame)[name]
    form = column.format
    assert (form.pattern if isinstance(form, DateFormat) else "") == pattern
    if pattern:
        back = restored(Schema((column,)).conform(frame)[name], column)
        assert back.tolist() == values
        assert back.dtype == frame[name].dtype


def test_a_time_of_day_is_named_by_its_clock():
    assert DateFormat("%H%M", "m").bounds("9:30") == (570, 570)
    assert DateFormat("%H%M", "m").bounds("24:00") is None
    assert DateFormat("%H%M", "m").text(np.array([1440.0, 5.0])).tolist() == ["2400", "0005"]
