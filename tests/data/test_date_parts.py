"""Facts about parts of dates, beside plain enumeration of all dates."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.bayes.coding import Coding
from synth.data.column import Column
from synth.data.date_parts import PARTS, parts_of
from synth.data.evidence import Between, DateParts, Evidence
from synth.data.formats import DateFormat
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.fitting import simple

PER_DAY = {"D": 1, "h": 24, "m": 1440, "s": 86_400}
BORN = Column("born", "integer", lower=-3650, upper=12_000, step=1.0, format=DateFormat())
SEEN = Column(
    "seen", "integer", lower=0, upper=9e5, step=1.0, format=DateFormat("%Y-%m-%d %H:%M", "m")
)
PAY = Column("pay", "real", lower=0.0, upper=9.0, step=0.5)
SCHEMA = Schema((BORN, SEEN, PAY))


def has(stamps: pd.DatetimeIndex, parts: dict[str, tuple[int, ...]]) -> np.ndarray:
    """Which moments have all parts, as pandas says."""
    out = np.ones(len(stamps), dtype=bool)
    for part, numbers in parts.items():
        values = stamps.day_of_week + 1 if part == "weekday" else getattr(stamps, part)
        out &= np.isin(values, numbers)
    return out


@st.composite
def parts(draw: st.DrawFn, names: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    ends = {name: (1969, 1973) if name == "year" else PARTS[name] for name in chosen}
    return {
        name: tuple(draw(st.sets(st.integers(*ends[name]), min_size=1, max_size=8)))
        for name in chosen
    }


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["D", "h", "m"]), st.sampled_from(["", "Europe/Paris"]), st.data())
def test_ranges_are_what_enumeration_finds(unit, zone, data):
    if unit == "D":
        zone = ""
    form = DateFormat("%Y-%m-%d %H:%M" if unit != "D" else "%Y-%m-%d", unit, zone)
    known = data.draw(parts(parts_of(form) if unit != "D" else parts_of(form)[:5]))
    # A few days, for minutes; around a change of clocks.
    first = {"D": -400, "h": 86 * 24, "m": 86 * 1440 - 500}[unit] + data.draw(st.integers(0, 99))
    column = Column("x", "integer", lower=first, upper=first + 2000, step=1.0, format=form)
    values = np.arange(first, first + 2001)
    stamps = pd.DatetimeIndex(values.astype(f"datetime64[{unit}]"), tz="UTC")
    wanted = has(stamps.tz_convert(zone or "UTC"), known)
    fact = DateParts(tuple(known.items()))
    spans = fact.spans(column)
    result = np.zeros(len(values), dtype=bool)
    for low, high in spans:
        result[low - first : high - first + 1] = True
    np.testing.assert_array_equal(result, wanted)
    np.testing.assert_array_equal(fact.holds(column, values.astype(float)), wanted)
    assert (spans[1:, 0] > spans[:-1, 1]).all()


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("born.month=Mar", "born.month=Mar"),
        ("born.month=3|march", "born.month=Mar"),
        ("born.month=11..2", "born.month=Jan|Feb|Nov|Dec"),
        ("born.weekday=Sat..Mon", "born.weekday=Mon|Sat|Sun"),
        ("BORN.Weekday=1..5", "born.weekday=Mon..Fri"),
        ("born.year=1980..1989,pay=1", "pay=1,born.year=1980..1989"),
        ("born.year=..1961", "born.year=1960|1961"),
        ("born.quarter=q2", "born.quarter=2"),
        ("seen.hour=22..1", "seen.hour=0|1|22|23"),
        ("born=1980-01-01..,born.day=1", "born=3652..,born.day=1"),
    ],
)
def test_words_for_parts(line, kept):
    evidence = Evidence.parse(line, SCHEMA)
    assert str(evidence) == kept
    assert Evidence.parse(str(evidence), SCHEMA) == evidence == evidence.checked(SCHEMA)
    assert Evidence.parse(evidence.text(SCHEMA), SCHEMA) == evidence


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("born.month=Foo", "born.month cannot be 'Foo': use Jan to Dec or 1 to 12."),
        ("born.hour=3", "Dates of born have no hour"),
        ("pay.month=3", "The column pay holds no dates, so it has no month."),
        ("born.year=1981..1980", "In born.year the range 1981..1980 is empty: write 1980..1981."),
        ("born.year=2020", "No date of born has born.year=2020: it goes from 1960-01-04 to"),
        ("born.month=1,born.month=2", "The column born.month is named twice"),
        ("born.moon=1", "Dates of born have no moon"),
        ("lost.month=1", "There is no column lost.month"),
    ],
)
def test_what_no_date_has_is_refused(line, sentence):
    with pytest.raises(PopulaceError) as error:
        Evidence.parse(line, SCHEMA)
    assert sentence in str(error.value)


@pytest.fixture(scope="module")
def population():
    random = np.random.default_rng(0)
    days = np.datetime64("1975-01-01") + random.integers(0, 8000, 3000)
    days = days[(days.astype(int) + 3) % 7 < 6]  # nobody on a Sunday
    frame = pd.DataFrame({"born": days.astype("datetime64[s]"), "x": days.astype(int) % 3})
    return simple.fit(frame, score="k2")


@pytest.mark.parametrize(
    "line", ["born.month=Mar", "born.weekday=Mon,born.year=1980..1989", "born.day=1,x=1"]
)
def test_answers_are_those_of_all_days_together(population, line):
    evidence = population.evidence(line)
    coding = population.network.codings["born"]
    lower, upper = coding.column.bounds
    days = np.arange(lower, upper + 1)
    marginal = population.given().marginal("born")
    rest = evidence.without("born")
    fact = evidence["born"]
    stamps = pd.DatetimeIndex(days.astype(np.int64).astype("datetime64[D]"))
    wanted = has(stamps, dict(fact.parts))
    likelihood = coding.likelihood(fact).codes
    each = sum(coding.likelihood(one_day(day)).codes for day in days[wanted])
    np.testing.assert_allclose(likelihood, each, atol=1e-12)
    assert marginal is not None
    answer = population.given(evidence)
    assert 0 < answer.probability < population.given(rest).probability
    people = answer.sample(400, seed=1)
    assert has(pd.DatetimeIndex(people["born"]), dict(fact.parts)).all()


def one_day(day):
    return Between(day, day)


def test_nobody_has_a_weekday_that_nobody_has(population):
    with pytest.raises(PopulaceError):
        population.given(population.evidence("born.weekday=Sun"))


def test_a_coding_without_a_calendar_is_cut_as_exactly():
    values = pd.Series(np.arange(0, 900, 3))
    column = Column("born", "integer", lower=0, upper=897, step=1.0, format=DateFormat())
    coding = Coding.learn(column, values[:50], 8)
    fact = DateParts((("weekday", (2, 5)),))
    days = np.arange(0, 898)
    each = sum(
        coding.likelihood(one_day(day)).codes for day in days[fact.holds(column, days * 1.0)]
    )
    np.testing.assert_allclose(coding.likelihood(fact).codes, each, atol=1e-12)
