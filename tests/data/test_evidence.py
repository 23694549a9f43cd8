import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.bayes.calibration import Target
from synth.constraints.rules import parse_rule
from synth.data.column import Column
from synth.data.durations import DurationFormat
from synth.data.evidence import Between, Evidence, OneOf, value_text
from synth.data.formats import BooleanFormat, DateFormat, NumberFormat
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.generators.calibrated import parse_target, target_line

SCHEMA = Schema(
    (
        Column("gender", "categorical", ("female", "male")),
        Column("marital", "categorical", ("married", "married, apart", "single"), missing=True),
        Column("odd", "categorical", ('"', "=", "a|b", "1..2", "..", "é")),
        Column("band", "categorical", ("15-25", "26-35")),
        Column("has_children", "boolean"),
        Column("age", "integer", lower=15, upper=85, step=1),
        Column("pay", "real", lower=-5, upper=2884.61, step=0.01, missing=True),
        Column("a,b", "boolean"),
        Column("weight", "real", lower=0, upper=1, step=0.1, role="weight"),
    )
)


@pytest.mark.parametrize(
    ("text", "facts", "written"),
    [
        ("", {}, ""),
        ("  ", {}, ""),
        ("gender=male", {"gender": OneOf(("male",))}, "gender=male"),
        ("Gender = MALE", {"gender": OneOf(("male",))}, "gender=male"),
        ("gender=male|female|male", {"gender": OneOf(("female", "male"))}, "gender=female|male"),
        ("marital=missing", {"marital": OneOf(("missing",))}, "marital=missing"),
        (
            'marital="married, apart"|single',
            {"marital": OneOf(("married, apart", "single"))},
            'marital="married, apart"|single',
        ),
        ('odd=""""', {"odd": OneOf(('"',))}, 'odd=""""'),
        ('odd="a|b"|"="', {"odd": OneOf(("=", "a|b"))}, 'odd="="|"a|b"'),
        ('odd="1..2"', {"odd": OneOf(("1..2",))}, 'odd="1..2"'),
        ("band=26-35", {"band": OneOf(("26-35",))}, "band=26-35"),
        ("has_children=true", {"has_children": OneOf(("yes",))}, "has_children=yes"),
        ("has_children=No", {"has_children": OneOf(("no",))}, "has_children=no"),
        ('"a,b"=yes', {"a,b": OneOf(("yes",))}, '"a,b"=yes'),
        ("age=25..35", {"age": Between(25, 35)}, "age=25..35"),
        ("age = 25 .. 35", {"age": Between(25, 35)}, "age=25..35"),
        ("age=65..", {"age": Between(65, None)}, "age=65.."),
        ("age=..20", {"age": Between(None, 20)}, "age=..20"),
        ("age=15|85", {"age": OneOf(("15", "85"))}, "age=15|85"),
        ("age=85..", {"age": Between(85, None)}, "age=85.."),
        ("age=..15", {"age": Between(None, 15)}, "age=..15"),
        ("age=30.0", {"age": OneOf(("30",))}, "age=30"),
        ("age=31|30|+30", {"age": OneOf(("30", "31"))}, "age=30|31"),
        ("pay=-1..1e3", {"pay": Between(-1, 1000)}, "pay=-1..1000"),
        ("pay=.5|missing", {"pay": OneOf(("0.5", "missing"))}, "pay=0.5|missing"),
        (
            "gender=male,age=65..",
            {"gender": OneOf(("male",)), "age": Between(65, None)},
            "gender=male,age=65..",
        ),
    ],
)
def test_a_line_is_read_and_written(text, facts, written):
    evidence = Evidence.parse(text, SCHEMA)
    assert dict(evidence) == facts
    assert str(evidence) == written
    assert Evidence.parse(written, SCHEMA) == evidence
    assert evidence.checked(SCHEMA) == evidence


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("agee=3", ["no column agee", "did you mean age?"]),
        ("zzz=3", ["no column zzz", "gender"]),
        ("weight=1", ["weight", "not part of the model"]),
        ("marital=maried", ["marital", "'maried'", "did you mean married?"]),
        ("gender=x", ["gender", "'x'", "use female or male."]),
        ("gender=missing", ["gender", "no missing values", "female or male"]),
        ("gender=1..2", ["gender", "1..2", "female or male"]),
        ("has_children=maybe", ["has_children", "'maybe'", "no or yes"]),
        ("age=missing", ["age", "no missing values", "from 15 to 85"]),
        ("age=90", ["age", "90", "the closest is 85"]),
        ("age=10", ["age", "10", "the closest is 15"]),
        ("age=90..", ["age", "90..", "the closest is 85"]),
        ("age=..10", ["age", "..10", "the closest is 15"]),
        ("age=30.5", ["age", "30.5", "use 30 or 31"]),
        ("age=old", ["age", "'old'", "from 15 to 85"]),
        ("age=nan", ["age", "'nan'"]),
        ("age=1e999", ["age", "'1e999'"]),
        ("age=35..25", ["age", "35..25", "25..35"]),
        ("age=..", ["age", "open at both ends"]),
        ("age=20..30|40", ["age", "range with other values"]),
        ("age=20,age=30", ["age", "twice"]),
        ("gender", ["'gender'", "column=value"]),
        ("marital=married, apart", ["'apart'", "double quotes"]),
        ("gender=", ["empty"]),
        ("=male", ["empty"]),
        ("gender=male,,age=20", ["empty fact", "comma"]),
        ("gender=male|", ["empty"]),
        ("gender=a=b", ["gender", "two equals signs"]),
        ('gender="male', ["not closed"]),
        ('gender=ma"le"', ["quote it whole"]),
    ],
)
def test_a_wrong_line_is_explained_in_one_sentence(text, words):
    with pytest.raises(PopulaceError) as error:
        Evidence.parse(text, SCHEMA)
    for word in words:
        assert word in str(error.value)
    assert str(error.value)[-1] in ".?"


def test_facts_made_in_code_are_checked_too():
    evidence = Evidence({"Age": OneOf(("30.0",)), "has_children": OneOf(("true",))})
    assert str(evidence.checked(SCHEMA)) == "age=30,has_children=yes"
    with pytest.raises(PopulaceError, match="did you mean married"):
        Evidence({"marital": OneOf(("maried",))}).checked(SCHEMA)
    with pytest.raises(PopulaceError, match="holds no numbers"):
        Evidence({"marital": Between(1, 2)}).checked(SCHEMA)


def test_evidence_is_a_value():
    parsed = Evidence.parse("gender=male,age=20..30", SCHEMA)
    two = Evidence.parse("age=20..30,gender=male", SCHEMA)
    assert parsed == two
    assert hash(parsed) == hash(two)
    assert {parsed: 1}[two] == 1
    assert pickle.loads(pickle.dumps(parsed)) == parsed
    assert repr(parsed) == "Evidence('gender=male,age=20..30')"
    with pytest.raises(AttributeError):
        parsed.facts = {}
    assert parsed.without("age") == Evidence.parse("gender=male", SCHEMA)
    assert str(parsed | {"age": Between(40, None)}) == "gender=male,age=40.."
    assert Evidence() == Evidence({})
    assert not Evidence()


def test_empty_and_infinite_facts_are_refused():
    with pytest.raises(PopulaceError, match="at least one value"):
        OneOf(())
    with pytest.raises(PopulaceError, match="not finite"):
        Between(math.inf, None)
    with pytest.raises(PopulaceError, match="neither"):
        Evidence({"a": "b"})


words = st.text(max_size=12).map(str.strip).filter(lambda t: t and t != "missing")
finite = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(words, min_size=1, max_size=6, unique=True), st.data())
def test_any_levels_survive_the_round_trip(levels, data):
    schema = Schema((Column("x", "categorical", tuple(levels), missing=True),))
    chosen = data.draw(st.lists(st.sampled_from([*levels, "missing"]), min_size=1))
    evidence = Evidence({"x": OneOf(tuple(chosen))}).checked(schema)
    assert Evidence.parse(str(evidence), schema) == evidence


@given(finite, finite, st.booleans(), st.booleans())
def test_any_range_survives_the_round_trip(a, b, open_below, open_above):
    schema = Schema((Column("x", "real", lower=-1e6, upper=1e6, step=1e-6),))
    lower, upper = sorted((a, b))
    if open_below and open_above:
        evidence = Evidence({"x": OneOf((repr(a),))}).checked(schema)
    else:
        ends = (None if open_below else lower, None if open_above else upper)
        evidence = Evidence({"x": Between(*ends)}).checked(schema)
    assert Evidence.parse(str(evidence), schema) == evidence


@given(st.text(st.sampled_from('age=,|".2 gendrml'), max_size=20))
def test_any_text_is_understood_or_refused_in_one_sentence(text):
    try:
        evidence = Evidence.parse(text, SCHEMA)
    except PopulaceError as error:
        assert "\n" not in str(error)
    else:
        assert Evidence.parse(str(evidence), SCHEMA) == evidence


DOLLARS = NumberFormat("$", "", ",")


def test_values_may_be_written_as_the_table_writes_them():
    schema = Schema(
        (
            Column(
                "pay", "real", lower=0, upper=5000, step=0.01, format=NumberFormat("$", "", ",")
            ),
            Column("born", "integer", lower=0, upper=20000, step=1, format=DateFormat()),
            Column("owner", "boolean", format=BooleanFormat("non", "oui")),
        )
    )
    line = 'pay="$1,000.50".."$2,000"'
    facts = Evidence.parse('pay="$1,000.50..$2,000",born=1980-01-01..1989-12-31,owner=Oui', schema)
    assert facts["pay"] == Between(1000.5, 2000.0)
    assert facts["born"] == Between(3652.0, 7304.0)
    assert facts["owner"] == OneOf(("yes",))
    assert Evidence.parse(str(facts), schema) == facts
    assert Evidence.parse("born=1980-01-01", schema)["born"] == OneOf(("3652",))
    with pytest.raises(PopulaceError, match="mixes quoted"):
        Evidence.parse(line, schema)
    with pytest.raises(PopulaceError, match="it goes from 1970-01-01 to 2024-10-04"):
        Evidence.parse("born=1960-01-01", schema)
    with pytest.raises(PopulaceError, match="holds dates"):
        Evidence.parse("born=1980-02-30", schema)


WRITTEN = Schema(
    (
        Column("churn", "boolean", missing=True, format=BooleanFormat("No", "Yes")),
        Column(
            "pay", "real", lower=0, upper=1e6, step=0.01, format=NumberFormat("$", "", ",", ".", 2)
        ),
        Column("born", "integer", lower=0, upper=9999, step=1, format=DateFormat("%d/%m/%Y")),
        Column("stay", "integer", lower=0, upper=1e6, step=1, format=DurationFormat()),
        Column("dep", "integer", lower=0, upper=1440, step=1, format=DateFormat("%H%M", "m")),
        Column("age", "integer", lower=0, upper=99, step=1),
        Column("town", "categorical", ("Aix, France", "Bonn")),
    )
)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("churn=yes|missing", "churn=Yes|missing"),
        ("pay=1234.5..2000", 'pay="$1,234.50..$2,000.00"'),
        ("pay=..99", "pay=..$99.00"),
        ("pay=1234.505..", 'pay="$1,234.505.."'),
        ("born=1980-01-01..1989-12-31", "born=01/01/1980..31/12/1989"),
        ("born=1980-02-01", "born=01/02/1980"),
        ("stay=36h..", "stay=1 days 12:00:00.."),
        ("dep=9:30..2400", "dep=0930..2400"),
        ("dep=930|15:05", "dep=0930|1505"),
        ("age=20..30", "age=20..30"),
        ('town="Aix, France"', 'town="Aix, France"'),
        ("born.month=Mar,born=1980-01-01..", "born=01/01/1980..,born.month=Mar"),
    ],
)
def test_values_are_shown_as_the_table_writes_them(line, text):
    evidence = Evidence.parse(line, WRITTEN)
    assert evidence.text(WRITTEN) == text
    assert Evidence.parse(text, WRITTEN) == evidence


@pytest.mark.parametrize(
    "line",
    [
        "dep=..0905:0.5|0906..:0.25",
        "dep=0930:0.5|1505:0.25",
        "born=01/02/1980:0.5|02/02/1980..:0.25",
        'pay="..$1,000.00":0.5',
        "churn=Yes:0.75|missing:0.125",
        'town,dep="Aix, France",..0905:0.5',
    ],
)
def test_targets_are_written_and_kept_as_the_table_writes_values(line):
    target = parse_target(line, WRITTEN)
    assert parse_target(target_line(target, WRITTEN), WRITTEN) == target
    assert target_line(target, WRITTEN) == line
    assert Target.from_json(target.to_json(WRITTEN), WRITTEN) == target


@pytest.mark.parametrize(
    ("line", "value", "text"),
    [
        ("dep >= 905", 545.0, "dep >= 0905"),
        ("if churn = yes then dep < 2400", 1440.0, "if churn = yes then dep < 2400"),
        ("born <= 31/12/1980", 4017.0, "born <= 31/12/1980"),
        ("pay > $1,234.50", 1234.5, "pay > $1,234.50"),
        ("stay >= 36h", 129600.0, "stay >= 1 days 12:00:00"),
        ("age < 30", 30.0, "age < 30"),
    ],
)
def test_rules_are_written_and_kept_as_the_table_writes_values(line, value, text):
    rule = parse_rule(line, WRITTEN)
    assert rule.conclusion.value == value
    assert str(rule) == text
    assert parse_rule(text, WRITTEN) == rule


def test_parts_of_dates_are_no_values():
    fact = Evidence.parse("born.month=Mar", WRITTEN)["born"]
    with pytest.raises(PopulaceError, match="name a range of dates"):
        value_text(fact, WRITTEN["born"])


def test_a_column_that_the_schema_lacks_stands_as_it_is():
    assert Evidence({"x": Between(1, 2)}).text(WRITTEN) == "x=1..2"
