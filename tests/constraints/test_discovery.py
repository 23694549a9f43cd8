import numpy as np
import pandas as pd
import pytest

from synth.constraints.discovery import cuts, elapsed, lookups, orders, sums
from synth.data.table import make_table
from synth.fitting.inspection import depend


def table_of(**columns):
    return make_table(pd.DataFrame(columns))


def discovered(how, table):
    return [str(each) for each in how(table.frame, table.schema.modelled)]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_a_total_is_a_sum_wherever_it_stands(rng):
    a, b = rng.integers(0, 30, 500), rng.integers(0, 30, 500)
    for order in (("a", "b", "t"), ("t", "a", "b"), ("a", "t", "b")):
        columns = {"a": a, "b": b, "t": a + b}
        (first,) = discovered(sums, table_of(**{name: columns[name] for name in order}))
        assert first.startswith("t = ")
        assert set(first[4:].split(" + ")) == {"a", "b"}


def test_differences_constants_and_many_terms(rng):
    a, b, c, d = (rng.normal(0, 100, 800).round(2) for _ in range(4))
    table = table_of(a=a, b=b, c=c, d=d, e=(a - b + c - d + 12).round(2))
    assert discovered(sums, table) == ["e = a − b + c − d + 12"]


def test_a_rounded_sum_is_a_sum(rng):
    a, b = rng.normal(0, 10, 900).round(3), rng.normal(0, 10, 900).round(3)
    assert discovered(sums, table_of(a=a, b=b, t=(a + b).round(1))) == ["t = a + b"]


def test_copies_and_sums_of_sums(rng):
    a, b, c = (rng.integers(0, 50, 600) for _ in range(3))
    table = table_of(a=a, b=b, ab=a + b, c=c, all=a + b + c, copy=a)
    message = discovered(sums, table)
    assert "ab = a + b" in message
    assert "copy = a" in message
    assert any(text.startswith("all = ") for text in message)


def test_nearly_a_sum_is_none(rng):
    a, b = rng.integers(0, 30, 500), rng.integers(0, 30, 500)
    t = a + b
    t[17] += 1
    assert discovered(sums, table_of(a=a, b=b, t=t)) == []
    assert discovered(sums, table_of(a=a, b=b, t=2 * a + b)) == []
    assert discovered(sums, table_of(a=a[:20], b=b[:20], t=(a + b)[:20])) == []


def test_missing_parts_make_a_missing_sum(rng):
    a, b = rng.integers(0, 30, 500).astype(float), rng.integers(0, 30, 500).astype(float)
    a[:40] = np.nan
    assert discovered(sums, table_of(a=a, b=b, t=a + b)) == ["t = a + b"]
    t = a + b
    t[:20] = 3
    assert discovered(sums, table_of(a=a, b=b, t=t)) == []


def test_ranges_of_a_number(rng):
    age = rng.integers(0, 99, 700)
    group = np.where(age < 30, "young", np.where(age < 60, "middle", "old"))
    table = table_of(age=age, group=group, other=rng.choice(["x", "y"], 700))
    (first,) = cuts(table.frame, table.schema)
    assert (first.name, first.of, first.levels) == ("group", "age", ("young", "middle", "old"))
    assert list(first.starts) == [0, 30, 60]
    assert (first.values(table.frame) == group).all()
    rare = np.where(age == age.max(), "yes", "no")
    table = table_of(age=np.sort(age), rare=["no"] * 699 + ["yes"])
    assert cuts(table.frame, table.schema) == ()
    assert rare.size


def test_look_ups_by_the_coarsest(rng):
    city = rng.integers(0, 40, 2000)
    table = table_of(
        city=[f"c{i}" for i in city],
        region=[f"r{i % 2}" for i in city],
        province=[f"p{i % 8}" for i in city],
        code=city % 8 * 7,
        twin=[f"t{i}" for i in city],
        free=rng.choice(["x", "y", "z"], 2000),
    )
    assert set(discovered(lookups, table)) == {
        "province → region",
        "city → province",
        "province → code",
        "city → twin",
    }


def test_chance_is_no_look_up(rng):
    # Most levels appear once, so the few that come again settle everything by chance.
    first = rng.choice(["a", "b"], 50)
    names = [f"n{i}" for i in range(50)]
    table = table_of(town=names + names[:13], yes=[*first, *first[:13]])
    assert lookups(table.frame, table.schema.modelled) == ()
    table = table_of(town=names * 3, yes=[*first] * 3)
    assert discovered(lookups, table) == ["town → yes"]


def test_no_circles_between_the_kinds(people):
    table = make_table(people.drop(columns="person"))
    derived, settled = depend(table.frame, table.schema.modelled)
    assert {str(each) for each in derived} == {"total = work + home", "group follows from age"}
    assert {str(each) for each in settled} == {"city → province", "province → code"}


def days(count, *, start="2000-01-01"):
    return np.datetime64(start) + np.asarray(count)


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        ("up to 20", ["first <= second"]),
        ("1 to 20", ["first < second"]),
        ("one is later", []),
        ("far apart", []),  # the bounds of the two columns say it
        ("the same", []),
        ("another unit", []),
    ],
)
def test_orders_of_dates(rng, gap, expected):
    first = rng.integers(0, 1000, 400)
    second = first + rng.integers(0, 20, 400)
    if gap == "1 to 20":
        second += 1
    elif gap == "one is later":
        second[7] = first[7] - 1
    elif gap == "far apart":
        second += 5000
    elif gap == "the same":
        second = first
    later = days(second).astype("datetime64[s]")
    if gap == "another unit":
        later = later + rng.integers(1, 80_000, 400)
    table = table_of(second=later, first=days(first).astype("datetime64[s]"), number=first)
    assert discovered(orders, table) == expected


def test_orders_leave_out_what_follows_and_bear_missing_dates(rng):
    first = rng.integers(0, 1000, 400)
    columns = {"a": first, "b": first + rng.integers(0, 50, 400)}
    columns["c"] = columns["b"] + rng.integers(0, 50, 400)
    frame = pd.DataFrame(
        {name: days(each).astype("datetime64[s]") for name, each in columns.items()}
    )
    assert discovered(orders, make_table(frame)) == ["a <= b", "b <= c"]
    frame.loc[:60, "b"] = pd.NaT
    assert discovered(orders, make_table(frame)) == ["a <= b", "a <= c", "b <= c"]
    assert discovered(orders, make_table(frame.head(40))) == []


def age_of(born, on):
    """Full years by Python's own dates."""
    return [
        b.year - a.year - ((b.month, b.day) < (a.month, a.day))
        for a, b in zip(born, on, strict=True)
    ]


def test_times_between_dates(rng):
    born, seen = days(rng.integers(-9000, 3000, 600)), days(rng.integers(5000, 8000, 600))
    back = seen + rng.integers(0, 20, 600)
    frame = pd.DataFrame({"born": born, "seen": seen, "back": back}).astype("datetime64[s]")
    frame["age"] = age_of(born.tolist(), seen.tolist())
    frame["later"] = age_of(born.tolist(), back.tolist())
    frame["nights"] = (back - seen).astype(int) + 1
    frame["noise"] = frame["age"] + (np.arange(600) == 300)
    table = make_table(frame)
    derived, _ = depend(table.frame, table.schema.modelled)
    assert [str(each) for each in derived] == [
        "back = seen + nights − 1",
        "age = years(seen − born)",
        "later = years(back − born)",
    ]
    for each in derived:
        assert (each.values(table.frame) == table.frame[each.name]).all()


def test_times_between_moments_with_missing_ones(rng):
    start = np.datetime64("2020-01-01T00:00:00") + rng.integers(0, 10**7, 500)
    end = start + rng.integers(0, 90_000, 500)
    frame = pd.DataFrame({"start": start, "end": end})
    frame.loc[:20, "end"] = pd.NaT
    frame["hours"] = (frame["end"] - frame["start"]) // pd.Timedelta(hours=1)
    table = make_table(frame)
    assert [str(each) for each in elapsed(table.frame, table.schema.modelled)] == [
        "hours = hours(end − start)"
    ]
