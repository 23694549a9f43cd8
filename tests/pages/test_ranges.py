"""Sliders in the words of the table: times of day, months, quarters and durations."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from pages.shared import loaders, ranges
from synth import populations
from synth.bayes import learn
from synth.data.column import Column
from synth.data.durations import DurationFormat
from synth.data.evidence import Between, DateParts
from synth.data.formats import DateFormat
from synth.data.table import make_table
from synth.talk.link import fact_of


def column(form, lower, upper):
    return Column("when", "integer", lower=lower, upper=upper, format=form)


WORDS = [
    (DateFormat("%H:%M", "m"), 401, 1_339, ("06:41", "06:45", "22:15", "22:19")),
    (DateFormat("%H%M", "m"), 545, 1_380, ("09:05", "09:10", "22:55", "23:00")),
    (DateFormat("%Y-%m", "M"), 600, 655, ("2020-01", "2020-02", "2024-07", "2024-08")),
    (DateFormat("%YQ%q", "Q"), 200, 219, ("2020Q1", "2020Q2", "2024Q3", "2024Q4")),
    (DateFormat("%Y", "Y"), -40, 54, ("1930", "1931", "2023", "2024")),
    (DurationFormat("H:MM:SS", "s"), 0, 7_205, ("0:00:00", "0:01:00", "2:00:00", "2:00:05")),
    (
        DurationFormat("days and time", "m"),
        11,
        1_560,
        ("0:11:00", "0:20:00", "25:50:00", "26:00:00"),
    ),
    (DurationFormat("days", "D"), 3, 500, ("3 days", "5 days", "495 days", "500 days")),
]


@pytest.mark.parametrize(("form", "lower", "upper", "words"), WORDS)
def test_stops_are_round_in_the_tables_words_and_come_back_from_a_link(form, lower, upper, words):
    known = column(form, lower, upper)
    stops = ranges.stops(known)
    shown = [text for pair in zip(stops, stops, strict=True) for text in ranges.texts(known, pair)]
    assert (shown[0], shown[2], shown[-3], shown[-1]) == words
    assert stops[0] == lower and stops[-1] == upper and len(stops) <= 203
    chosen = (stops[1], stops[-2])
    assert ranges.around(known, fact_of(known, ranges.texts(known, chosen))) == chosen
    assert ranges.fact(known, chosen) == Between(*chosen)
    assert ranges.fact(known, ranges.whole(known)) is None
    assert ranges.around(known, Between(lower + 0.5, None)) == (stops[0], stops[-1])


def test_one_time_alone_has_a_slider_all_the_same():
    known = column(DateFormat("%H:%M", "m"), 480, 480)
    assert ranges.stops(known) == (480, 481)
    assert ranges.fact(known, (480, 481)) is None


@pytest.mark.parametrize("value", [[], None, (401.5, 500.0), (402, 1_339), (401, float("nan"))])
def test_what_another_population_left_is_no_value(value):
    assert ranges.fact(column(DateFormat("%H:%M", "m"), 401, 1_339), value or (0, 1)) is None


@pytest.fixture(scope="module")
def dated():
    rng = np.random.default_rng(0)
    days = pd.Timestamp("1970-01-01") + pd.to_timedelta(rng.integers(0, 9_000, 400), unit="D")
    minutes = rng.integers(360, 1_320, 400)
    frame = pd.DataFrame(
        {
            "born": days.strftime("%Y-%m-%d"),
            "wakes": [f"{m // 60:02}:{m % 60:02}" for m in minutes],
            "sex": rng.choice(["F", "M"], 400),
        }
    )
    table = make_table(frame)
    return populations.of(learn(table, score="k2", restarts=0), table, title="Dated")


def test_times_and_parts_of_dates_are_asked_and_stay_when_another_widget_changes(visit, dated):
    app = visit()
    app.session_state[loaders._OWN] = {dated.name: dated}
    app.session_state[loaders._CHOSEN] = dated.name
    app.run()
    synthetic = lambda: app.session_state["the choice"]  # noqa: E731
    slider = app.select_slider(key="wakes.")
    assert slider.options[0].count(":") == 1
    slider.set_range(480, 600).run()
    assert synthetic().evidence["wakes"] == Between(480, 600)
    assert ("wakes.", "08:00") in synthetic().link and "08:00" in synthetic().question

    app.text_input(key="born.month").set_value("mar|Nov..Jan").run()
    app.text_input(key="born.weekday").set_value("Sat").run()
    app.number_input(key="seed").set_value(3).run()
    assert not app.exception
    parts = DateParts((("month", (1, 3, 11, 12)), ("weekday", (6,))))
    assert synthetic().evidence["born"] == parts
    assert {("born.month", "mar|Nov..Jan"), ("born.weekday", "Sat")} <= set(synthetic().link)
    born = pd.to_datetime(synthetic().posterior.sample(50, seed=1)["born"])
    assert set(born.dt.day_of_week) == {5} and set(born.dt.month) <= {1, 3, 11, 12}

    app.text_input(key="born.month").set_value("Marchember").run()
    assert any("Marchember" in caption.value for caption in app.caption)
    next(button for button in app.button if button.label == "Forget all facts").click()
    app.run()
    assert not synthetic().evidence and app.text_input(key="born.weekday").value == ""


AGE = Column("age", "integer", lower=15, upper=85, missing=True)
INCOME = Column("income", "real", lower=0.0, upper=1_234_567.5, step=0.5)
DAYS = column(DateFormat("%Y-%m-%d", "D"), 0, 9_000)
MINUTES = column(DateFormat("%Y-%m-%d %H:%M", "m"), 0, 1_440 * 9_000)
CLOCK = column(DateFormat("%H:%M", "m"), 401, 1_339)


@pytest.mark.parametrize(
    ("known", "written", "expected", "exact"),
    [
        (AGE, "25..45", (25, 45), True),
        (AGE, "..24", (15, 24), True),
        (AGE, "5..24", (15, 24), True),
        (AGE, "80..200", (80, 85), True),
        (AGE, "30", (30, 30), True),
        (AGE, "24.5..45.5", (25, 45), True),
        (AGE, "25|26", (25, 26), True),
        (AGE, "25|30", (25, 30), False),
        (INCOME, "1000.5..2000", (1_000, 2_000), False),
        (INCOME, "1234567..", (1_234_567, 1_240_000), True),
        (DAYS, "1980-02..1981-12", (date(1980, 2, 1), date(1981, 12, 31)), True),
        (MINUTES, "1980-02-01..1980-02-02", (date(1980, 2, 1), date(1980, 2, 2)), True),
        (MINUTES, "1980-02-01 08:00..", (date(1980, 2, 1), date(1994, 8, 23)), False),
        (CLOCK, "08:00..09:30", (480, 570), True),
        (CLOCK, "08:02..09:30", (480, 570), False),
    ],
)
def test_the_narrowest_range_of_a_slider_holds_what_a_link_says(known, written, expected, exact):
    said = fact_of(known, [written])
    assert ranges.around(known, said) == expected
    assert ranges.is_exact(known, said) is exact
    again = fact_of(known, ranges.texts(known, expected))
    assert ranges.around(known, again) == expected, "the address is read back the same"
