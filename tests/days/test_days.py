"""Days: sums of 1,440 and the record's own interests, always; seeds, files, sums of groups."""

import json
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from synth.days import DayPopulation, Groups, load_days
from synth.days.counts import DayCounts
from synth.days.groups import DAY
from synth.days.learning import learn_days
from synth.days.minutes import EDGES, SHARED, Values, bin_of
from synth.days.storage import save_days
from synth.days.walk import Slots
from synth.errors import PopulaceError

INTERESTS = ("television", "reading", "cooking", "yoga")
GROUPS = Groups(
    ("work", *INTERESTS, "sleep"),
    ("Work", "Television", "Reading", "Cooking", "Yoga", "Sleep"),
    ("work", "leisure", "leisure", "home", "leisure", "sleep"),
    np.array([0.0, 0.224, 1.374, 0.628, 5.13, 0.0]),
)
RANKS = ("top1", "top2", "top3")


def some_days(people=900):
    random = np.random.default_rng(0)
    employed = random.random(people) < 0.6
    minutes = np.zeros((people, len(GROUPS)), dtype=np.int64)
    minutes[:, 0] = np.where(employed, 30 * random.integers(10, 20, people), 0)
    for g in range(1, 5):
        does = random.random(people) < (0.8, 0.3, 0.5, 0.1)[g - 1]
        minutes[:, g] = np.where(does, 5 * random.integers(1, 25, people), 0)
    minutes[:, -1] = DAY - minutes.sum(axis=1)
    names = np.array([*GROUPS.names, None], dtype=object)
    frame = pd.DataFrame(names[GROUPS.top(minutes)], columns=list(RANKS))
    frame["employed"] = employed
    frame["age"] = random.integers(15, 80, people).astype(float)
    return frame, minutes


@pytest.fixture(scope="module")
def learned():
    frame, minutes = some_days()
    model, report = learn_days(
        GROUPS, frame, minutes, ("employed", "age"), RANKS, minutes_of_work=1, epochs=6
    )
    return model, report, frame, minutes


def test_the_rule_takes_the_highest_scores_and_the_earlier_of_equals():
    minutes = np.array([[0, 60, 0, 0, 1, 1379], [0, 0, 0, 0, 0, 1440], [0, 5, 5, 5, 5, 1420]])
    shown = [[GROUPS.names[g] if g >= 0 else None for g in day] for day in GROUPS.top(minutes)]
    assert shown == [["yoga", "television", None], [None] * 3, ["yoga", "reading", "cooking"]]


def test_the_most_minutes_below_another_interest_are_those_of_the_rule():
    for place in (1, 3):
        for other in (2, 4):
            for minutes in (1, 7, 300):
                most = int(GROUPS.most(np.array([place]), np.array([minutes]), other)[0])
                for m in {1, 2, 5, 40, 200, 900, max(most, 1), min(most + 1, DAY)}:
                    day = np.zeros((1, 6), dtype=np.int64)
                    day[0, place], day[0, other] = minutes, m
                    assert (GROUPS.top(day)[0, 0] == place) == (m <= most)


def test_every_record_whose_interests_can_be_gets_a_day_that_shows_them(learned):
    model, *_ = learned
    records = [
        dict(zip(RANKS, (*some, None, None, None)[:3], strict=True))
        for length in range(4)
        for some in permutations(INTERESTS, length)
    ]
    frame = pd.DataFrame(records * 20, columns=list(RANKS), dtype=object)
    possible = model.possible(frame)
    # Television at its most, ln 1441 × .224, is less than one minute of yoga.
    assert not possible[(frame["top1"] == "television") & (frame["top2"] == "yoga")].any()
    assert possible[(frame["top1"] == "yoga") & (frame["top2"] == "television")].all()
    days = model.draw(frame[possible].reset_index(drop=True), seed=3)
    assert (days.sum(axis=1) == DAY).all() and (days >= 0).all()
    assert (GROUPS.top(days) == GROUPS.places(frame[possible], RANKS)).all()
    with pytest.raises(PopulaceError, match="in this order"):
        model.draw(frame)


def test_days_follow_facts(learned):
    model, _, frame, _ = learned
    days = model.draw(frame, seed=1)
    employed = frame["employed"].to_numpy()
    assert (days[employed, 0] > 0).mean() > 0.75
    assert (days[~employed, 0] > 0).mean() < 0.25


def test_seeds_hold_whatever_stands_around(learned):
    model, _, frame, _ = learned
    days = model.draw(frame, seed=5)
    assert (model.draw(frame.iloc[300:310], seed=5, start=300) == days[300:310]).all()
    assert (model.draw(frame, seed=6) != days).any()
    assert model.draw(frame.iloc[:0]).shape == (0, len(GROUPS))
    with pytest.raises(PopulaceError, match="give the columns"):
        model.draw(frame[["age"]])


def test_an_interest_that_days_do_not_know_is_named(learned):
    model, *_ = learned
    with pytest.raises(PopulaceError, match="chess"):
        model.draw(pd.DataFrame({"top1": ["chess"], "top2": [None], "top3": [None]}))


def test_slots_are_what_is_drawn(learned):
    _, _, _, minutes = learned
    days = Slots.of(GROUPS, minutes)
    assert (days.minutes.sum(axis=1) + minutes[:, -1] == DAY).all()
    assert (days.left[:, 0] == DAY).all()
    spent = days.minutes[days.drawn]
    assert (days.low[days.drawn] <= spent).all() and (spent <= days.high[days.drawn]).all()
    few = GROUPS.top(minutes)[:, -1] < 0
    assert not days.drawn[few][:, 4:].any(), "whoever has fewer interests does nothing else"


def test_values_that_few_share_are_not_kept():
    minutes = np.repeat([60, 61], [SHARED, SHARED - 1])[:, None]
    left = np.full_like(minutes, DAY)
    shares = Values.of(minutes, left, np.ones(minutes.shape, dtype=bool)).shares[0]
    assert shares[60] > 0.9
    assert shares[61] == shares[62]
    low, high = EDGES[bin_of(np.array(60))], EDGES[bin_of(np.array(60)) + 1]
    assert shares[low:high].sum() == pytest.approx(1)


def test_a_folder_keeps_everything(learned, tmp_path):
    model, _, frame, minutes = learned
    counts = {"": DayCounts.of(minutes)}
    days = DayPopulation("x", "Title", "Note.", "town", model, counts, "# card")
    save_days(days, tmp_path)
    again = load_days(tmp_path)
    assert (again.title, again.population, again.card) == ("Title", "town", "# card")
    assert again.counts[""].minutes.tolist() == minutes.sum(axis=0).tolist()
    before, after = (m.draw(frame, seed=1) for m in (model, again.model))
    assert (before == after).mean() > 0.95, "half precision moves few minutes"
    about = json.loads((tmp_path / "day.json").read_text())
    about["model"]["groups"]["weights"] = [0.0]
    (tmp_path / "day.json").write_text(json.dumps(about))
    with pytest.raises(PopulaceError, match="Groups"):
        load_days(tmp_path)
    (tmp_path / "day.json").write_text("{")
    with pytest.raises(PopulaceError, match="damaged"):
        load_days(tmp_path)
    with pytest.raises(PopulaceError, match="no days"):
        load_days("nowhere")
