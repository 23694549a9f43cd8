"""The days page, and a diary day on the whole record."""

import json
from base64 import b64decode
from html import unescape

import numpy as np
import pandas as pd
import pytest

from pages.days import ribbon
from synth import load
from synth.days import load_days


def bodies(app):
    return " ".join(part.proto.body for part in app.get("html"))


def finding(app):
    (text,) = [part.proto.body for part in app.get("html") if "pp-finding" in part.proto.body]
    return unescape(text)


def values(bar):
    x = bar["x"]
    return np.frombuffer(b64decode(x["bdata"]), x["dtype"]) if isinstance(x, dict) else np.array(x)


def test_days_stand_beside_real_ones_where_sums_are_shared(visit):
    days = load_days("us-time-use")
    app = visit("days", gender="female")
    assert f"{days.counts['gender=female'].people:,} real days" in bodies(app)
    assert bodies(app).count('role="img" aria-label="A day: ') == 8
    (chart,) = app.get("plotly_chart")
    bars = {bar["name"]: bar for bar in json.loads(chart.proto.spec)["data"]}
    synthetic, real = bars["synthetic, estimated"], bars["real"]
    gaps = np.abs(values(synthetic) - values(real))
    assert f"Most of their day goes to {synthetic['y'][-1]} (" in finding(app)
    assert (
        f"like the days of real people like them is {synthetic['y'][gaps.argmax()]}, "
        in finding(app)
    )


def test_under_two_facts_the_synthetic_days_stand_alone(visit):
    app = visit("days", gender="female", marital="widowed")
    assert "real days" not in bodies(app)
    assert "like the days of all real people is " in finding(app)
    assert "stand alone" in " ".join(caption.value for caption in app.caption)


def test_a_population_without_diaries_has_no_days():
    assert ribbon.days_of(load("french-hobbies")) is None


@pytest.fixture(scope="module")
def days():
    return load_days("us-time-use")


def test_every_synthetic_person_has_a_day_of_their_interests(days):
    population = load("us-time-use")
    people = population.given(population.evidence("marital=widowed")).sample(600, seed=3)
    possible = days.model.possible(people)
    assert possible.mean() > 0.98
    people = people[possible].reset_index(drop=True)
    minutes = days.model.draw(people, seed=3)
    assert (minutes.sum(axis=1) == 1440).all()
    shown = days.model.groups.top(minutes)
    assert (shown == days.model.groups.places(people, days.model.ranks)).all()


def test_a_ribbon_is_as_long_as_the_day_and_escapes_nothing_it_should(days):
    groups = days.model.groups
    minutes = np.zeros(len(groups), dtype=np.int64)
    minutes[groups.names.index("sleep")], minutes[groups.names.index("gardening")] = 1350, 90
    shown = ribbon.ribbon(groups, minutes, {"gardening"})
    assert "width:93.750%" in shown and "width:6.250%" in shown
    assert "Gardening: 1 h 30 min · interest" in shown
    assert shown.index("Sleep: 22 h 30 min") < shown.index("Gardening: 1 h 30 min")
    assert ribbon.interests_in_words(groups, minutes) == "Gardening 1 h 30 min"


def test_a_record_that_no_day_shows_has_none(days):
    record = {"top1": "television", "top2": "yoga_dance", "top3": None, "age": 30}
    assert ribbon.day_of(days, record, 1) is None
    record = {"top1": "yoga_dance", "top2": "television", "top3": None, "age": np.nan}
    day = ribbon.day_of(days, record, 1)
    assert day.sum() == 1440
    assert (ribbon.day_of(days, record, 1) == day).all()
    frame = pd.DataFrame({name: [record[name]] for name in days.model.ranks}, dtype=object)
    assert (
        days.model.groups.top(day[None]) == days.model.groups.places(frame, days.model.ranks)
    ).all()
