"""Widths of days and times: positions and back, exact ranges, what raking finds, draws."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from synth.bayes.calendar import Calendar, Lattice
from synth.bayes.coding import Coding
from synth.bayes.learning import learn
from synth.bayes.scoring import log_cells
from synth.data.column import Column
from synth.data.evidence import Between, Evidence, OneOf
from synth.data.formats import DateFormat
from synth.data.schema import Schema
from synth.data.table import make_table

ROWS = 20_000


@st.composite
def lattices(draw):
    kinds, inner = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    outer = draw(st.integers(1, 9))
    whole = st.integers(0, 3)
    width = draw(st.lists(whole, min_size=outer, max_size=outer))
    width[draw(st.integers(0, outer - 1))] = 2
    profile = [draw(st.lists(whole, min_size=inner, max_size=inner)) for _ in range(kinds)]
    for each in profile:
        each[0] = max(each[0], 1)
    kind = draw(st.lists(st.integers(0, kinds - 1), min_size=outer, max_size=outer))
    return Lattice(
        draw(st.integers(-40, 40)),
        np.array(width),
        np.array(kind),
        np.array(profile),
        draw(st.integers(1, 3)),
    )


@settings(max_examples=150, deadline=None)
@given(lattices(), st.data())
def test_positions_are_values_repeated_by_their_widths(lattice, data):
    values = np.arange(lattice.first, lattice.first + len(lattice.width) * lattice.per_cell)
    widths = lattice.widths(values)
    line = np.repeat(values, widths)
    assert lattice.size == len(line)
    np.testing.assert_array_equal(lattice.values(np.arange(lattice.size)), line)
    np.testing.assert_array_equal(lattice.starts(values), np.cumsum(widths) - widths)
    low = data.draw(st.integers(values[0] - 3, values[-1] + 3))
    high = data.draw(st.integers(values[0] - 3, values[-1] + 3))
    first, last = lattice.range(low, high)
    assert max(last - first + 1, 0) == ((line >= low) & (line <= high)).sum()
    first = data.draw(st.integers(0, lattice.size - 1))
    last = data.draw(st.integers(first, lattice.size - 1))
    mean = float(lattice.centre(np.array(first), np.array(last)))
    assert mean == pytest.approx(line[first : last + 1].mean(), abs=1e-9)


def test_values_beyond_the_lattice():
    lattice = Lattice(10, np.array([1, 2]), np.zeros(2, np.int64), np.ones((1, 1), np.int64))
    np.testing.assert_array_equal(lattice.starts(np.array([9, 10, 11, 12])), [-1, 0, 1, 3])
    np.testing.assert_array_equal(lattice.widths(np.array([9, 10, 11, 12])), [0, 1, 2, 0])


def _days(rows: int = ROWS, seed: int = 0) -> np.ndarray:
    """Days from 1998 to 2007: never on Sundays, thrice as often on the first, more in summer."""
    days = np.arange("1998-01-01", "2008-01-01", dtype="datetime64[D]")
    month = days.astype("datetime64[M]").astype(int) % 12
    weekday = (days.astype(int) + 3) % 7
    first = days == days.astype("datetime64[M]")
    weight = np.array([2, 1, 1, 1, 1, 0.5, 0])[weekday] * np.where(first, 3, 1)
    weight = weight * np.where((month >= 5) & (month <= 7), 2, 1)
    return np.random.default_rng(seed).choice(days.astype(int), rows, p=weight / weight.sum())


@pytest.fixture(scope="module")
def born() -> Column:
    days = _days()
    return Column(
        "born",
        "integer",
        lower=float(days.min()),
        upper=float(days.max()),
        step=1.0,
        format=DateFormat(),
    )


@pytest.fixture(scope="module")
def coding(born) -> Coding:
    return Coding.learn(born, pd.Series(_days()), 24)


def test_raking_finds_weekday_month_and_day(coding):
    factors = {name: np.array(each) for name, each in coding.calendar.factors.items()}
    weekday = factors["weekday"] / factors["weekday"][1]
    np.testing.assert_allclose(weekday, [2, 1, 1, 1, 1, 0.5, 0], rtol=0.1)
    assert factors["day"][0] / factors["day"][1:28].mean() == pytest.approx(3, rel=0.15)
    assert factors["month"][5:8].mean() / factors["month"][:4].mean() == pytest.approx(2, rel=0.15)


def _shares(coding: Coding) -> pd.Series:
    """P(day), by hand: each piece's probability shared out by the widths of its days."""
    pieces, code = coding.pieces, np.full(coding.size, 1 / coding.size)
    total: dict[int, float] = {}
    lattice = coding.lattice
    days = np.arange(coding.calendar.first, coding.calendar.last + 1)
    starts, widths = lattice.starts(days), lattice.widths(days)
    for first, last, bin_, weight in zip(
        pieces.first, pieces.last, pieces.bin, pieces.weight, strict=True
    ):
        stops = np.minimum(last, starts + widths - 1)
        inside = np.maximum(stops - np.maximum(first, starts) + 1, 0)
        for at in np.flatnonzero(inside):
            share = code[bin_] * weight * inside[at] / (last - first + 1)
            total[days[at]] = total.get(days[at], 0.0) + share
    return pd.Series(total).sort_index()


def test_the_probability_of_a_range_is_the_sum_over_its_days(coding):
    shares = _shares(coding)
    rng = np.random.default_rng(3)
    code = np.full(coding.size, 1 / coding.size)
    for low, high in np.sort(rng.integers(10_200, 13_900, (40, 2)), axis=1):
        likelihood = coding.likelihood(Between(float(low), float(high)))
        wanted = shares[(shares.index >= low) & (shares.index <= high)].sum()
        assert likelihood.codes @ code == pytest.approx(wanted, abs=1e-9)
    sunday = int(np.datetime64("2000-01-02").astype(int))
    assert coding.likelihood(OneOf((str(sunday),))).codes.sum() == 0.0
    day = OneOf((str(sunday + 1),))
    assert coding.likelihood(day).codes @ code == pytest.approx(shares[sunday + 1], abs=1e-9)


@pytest.fixture(scope="module")
def network(born):
    days = _days()
    old = pd.Categorical(np.where(days < 12_000, "old", "young"), categories=["old", "young"])
    schema = Schema((born, Column("group", "categorical", ("old", "young"))))
    return learn(make_table(pd.DataFrame({"born": days, "group": old}), schema))


def test_draws_follow_the_exact_law_and_no_day_is_impossible(network):
    frame = network.given().sample(200_000, seed=5)
    days = frame["born"].to_numpy()
    assert ((days + 3) % 7 != 6).all()
    marginal = network.given().marginal("born")
    edges = np.quantile(days, np.linspace(0, 1, 60)).astype(int)
    edges = np.unique(np.append(edges, [10_000, 14_000]))
    seen = np.histogram(days, edges)[0]
    law = np.array([marginal.mass(a, b - 1) for a, b in pairwise(edges)])
    law = law / law.sum()
    few = law * len(days) < 5
    assert seen[few].sum() <= 30
    assert stats.chisquare(seen[~few], law[~few] / law[~few].sum() * seen[~few].sum()).pvalue > 1e-4
    weekday = np.bincount((days + 3) % 7, minlength=7) / len(days)
    real = np.bincount((_days() + 3) % 7, minlength=7) / ROWS
    assert np.abs(weekday - real).sum() / 2 < 0.01
    assert marginal.mean == pytest.approx(days.mean(), abs=10)
    assert marginal.quantile(0.5) == pytest.approx(np.median(days), abs=10)


def test_evidence_cuts_days_exactly(network):
    evidence = network.given(Evidence({"born": Between(11_000.0, 11_100.0)}))
    days = evidence.sample(5_000, seed=1)["born"]
    assert days.between(11_000, 11_100).all()
    assert ((days + 3) % 7 != 6).all()


def test_the_log_probabilities_of_all_days_sum_to_one(network):
    calendar = network.codings["born"].calendar
    days = np.arange(calendar.first, calendar.last + 1)
    total = 0.0
    for group in ("old", "young"):
        frame = pd.DataFrame(
            {"born": days, "group": pd.Categorical([group] * len(days), ["old", "young"])}
        )
        total += np.exp(log_cells(network, frame).sum(axis=1)).sum()
    assert total == pytest.approx(1.0, abs=1e-9)


def test_a_saved_calendar_is_the_same(coding, born):
    again = Coding.from_json(born, coding.to_json())
    assert again.calendar == coding.calendar
    np.testing.assert_array_equal(again.lattice.width, coding.lattice.width)
    with pytest.raises(ValueError, match="weekday"):
        Calendar.from_json({**coding.calendar.to_json(), "factors": {"weekday": [1.0]}})


@pytest.mark.parametrize("unit,step", [("m", 1), ("s", 60), ("ms", 60_000)])
def test_hours_and_minutes_follow_the_weekday(unit, step):
    rng = np.random.default_rng(0)
    day = rng.integers(-400, 400, ROWS)  # before 1970 too
    weekend = (day + 3) % 7 >= 5
    hour = np.where(weekend, rng.integers(20, 24, ROWS), rng.integers(9, 17, ROWS))
    minute = rng.choice([0, 30, 7, 44], ROWS, p=[0.5, 0.3, 0.1, 0.1])
    values = (day * 1440 + hour * 60 + minute) * step
    column = Column(
        "at", "integer", lower=values.min(), upper=values.max(), step=1.0,
        format=DateFormat("%Y-%m-%d %H:%M", unit),
    )  # fmt: skip
    coding = Coding.learn(column, pd.Series(values), 12)
    drawn = coding.value(rng.integers(0, coding.lattice.size, 50_000))
    day, time = np.divmod(drawn // step, 1440)
    weekend = (day + 3) % 7 >= 5
    at_nine = (time // 60 >= 9) & (time // 60 < 17)
    assert at_nine[~weekend].mean() > 0.98
    assert (time // 60 >= 20)[weekend].mean() > 0.98
    assert np.isin(time % 60, [0, 30, 7, 44]).mean() > 0.95
    assert drawn.min() >= coding.calendar.first * 1440 * step


def test_few_people_and_endless_spans_have_no_calendar():
    few = np.arange(50)
    assert Calendar.learn("D", few, np.ones(50), np.ones(50)) is None
    wide = np.arange(200) * 1_000_000
    assert Calendar.learn("D", wide, np.ones(200), np.ones(200)) is None
    assert Calendar.learn("us", wide * 86_400_000_00, np.ones(200), np.ones(200)) is None


def test_columns_beside_a_date_keep_their_people(born):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(0, 90, 3_000)})
    plain = Schema((Column("age", "integer", lower=0, upper=89, step=1.0),))
    alone = learn(make_table(frame, plain)).given().sample(500, seed=3)
    both = frame.assign(born=_days(3_000))
    beside = learn(make_table(both, Schema((*plain, born))))
    pd.testing.assert_series_equal(beside.given().sample(500, seed=3)["age"], alone["age"])
