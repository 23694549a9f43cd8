import numpy as np
import pandas as pd
import pytest

from synth.bayes.coding import Coding
from synth.constraints.rules import parse_rule, parse_rules
from synth.data.column import Column
from synth.data.formats import DateFormat
from synth.data.schema import Schema
from synth.errors import PopulaceError

SCHEMA = Schema(
    (
        Column("age", "integer", lower=0, upper=99, step=1),
        Column("born", "integer", lower=1900, upper=2020, step=1),
        Column("died", "integer", lower=1900, upper=2020, step=1, missing=True),
        Column("marital", "categorical", ("single", "married", "never married")),
        Column("spouse", "categorical", ("single", "married"), missing=True),
        Column("member", "boolean"),
        Column("a <b>", "real", lower=0, upper=1, step=0.01),
    )
)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("age >= 15", "age >= 15"),
        ("15 <= age", "age >= 15"),
        ("age≥15", "age >= 15"),
        ("age => 1.5e1", "age >= 15"),
        ("born<died", "born < died"),
        ("marital != Never Married", "marital != never married"),
        ("member = TRUE", "member = yes"),
        ("if age < 18 then marital = single", "if age < 18 then marital = single"),
        ("IF age<18 THEN marital=single", "if age < 18 then marital = single"),
        ("age < 18 -> marital = single", "if age < 18 then marital = single"),
        ("age < 18 → member = no", "if age < 18 then member = no"),
        ('"a <b>" > 0.5', '"a <b>" > 0.5'),
        ("marital = spouse", "marital = spouse"),
    ],
)
def test_a_rule_is_read_and_written(text, read):
    rule = parse_rule(text, SCHEMA)
    assert str(rule) == read
    assert parse_rule(str(rule), SCHEMA) == rule


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("agee >= 15", "agee"),
        ("age", "not understood"),
        ("age >= ", "not understood"),
        ("age >= 15 >= 3", "not understood"),
        ("__import__('os').system('ls')", "not understood"),
        ("age > lots", "neither a number nor a column"),
        ("marital > single", "no order"),
        ("marital = divorced", "no level"),
        ("age < age", "itself"),
        ("age = marital", "compares numbers with levels"),
        ("marital < spouse", "no order"),
        ('"age > 3', "quote"),
        ("age<1 -> age>2", "both sides"),
        ("age<1 -> born<died", "two columns beside"),
        ("age<1 -> age>2 -> age>3", "two arrows"),
        ("3 > 2", "no column"),
        ("x" * 600, "characters"),
        ("\u202e = 3", "no column"),
    ],
)
def test_what_is_not_a_rule_gets_a_sentence(text, message):
    with pytest.raises(PopulaceError) as caught:
        parse_rule(text, SCHEMA)
    assert message in str(caught.value)
    assert str(caught.value).endswith(".")


def test_lines_and_remarks():
    rules = parse_rules("age >= 15\n\n# a remark\n  age >= 15\nborn < died\n", SCHEMA)
    assert [str(rule) for rule in rules] == ["age >= 15", "born < died"]
    with pytest.raises(PopulaceError, match="at most"):
        parse_rules("age >= 15\n" * 101, SCHEMA)


def test_what_is_missing_breaks_nothing():
    frame = pd.DataFrame(
        {
            "born": [1950, 1950, 1950],
            "died": pd.array([1940, 1960, None], dtype="Int16"),
            "member": [True, False, True],
            "spouse": pd.Categorical(["single", "married", None]),
        }
    )
    assert parse_rule("born <= died", SCHEMA).broken(frame).tolist() == [True, False, False]
    rule = parse_rule("if member = yes then spouse = married", SCHEMA)
    assert rule.broken(frame).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("sign", "broken"),
    [
        ("<", [False, True, True]),
        ("<=", [False, False, True]),
        (">", [True, True, False]),
        (">=", [True, False, False]),
        ("=", [True, False, True]),
        ("!=", [False, True, False]),
    ],
)
def test_less_equal_and_more_break_what_they_should(sign, broken):
    frame = pd.DataFrame({"age": [14, 15, 16], "born": [1949, 1950, 1951], "died": [1950] * 3})
    assert parse_rule(f"age {sign} 15", SCHEMA).broken(frame).tolist() == broken
    assert parse_rule(f"born {sign} died", SCHEMA).broken(frame).tolist() == broken


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "=", "!="])
def test_shares_of_codes_are_those_of_the_rows(sign):
    rng = np.random.default_rng(3)
    values = pd.DataFrame({"born": rng.integers(1900, 1940, 4000)})
    values["died"] = pd.array(rng.integers(1900, 1940, 4000), dtype="Int16")
    values.loc[:99, "died"] = pd.NA
    codings = {n: Coding.learn(SCHEMA[n], values[n], 6) for n in ("born", "died")}
    rule = parse_rule(f"born {sign} died", SCHEMA)
    fulfilled = rule.holds({n: (c, c.pieces) for n, c in codings.items()})
    first, other = codings["born"], codings["died"]
    assert fulfilled.shape == (first.size, other.size)
    assert (fulfilled[:, -1] == 1).all()  # missing breaks nothing
    compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
    compare |= {"=": np.equal, "!=": np.not_equal}
    for i in range(first.size):
        for j in range(other.size - 1):
            here, there = first.pieces.bin == i, other.pieces.bin == j
            true = compare[sign](first.pieces.first[here][:, None], other.pieces.first[there])
            weights = np.outer(first.pieces.weight[here], other.pieces.weight[there])
            assert fulfilled[i, j] == pytest.approx((weights * true).sum())


def test_a_rule_names_dates():
    """Constants are dates in the column's pattern or as ISO 8601; units must agree."""
    day = DateFormat("%d/%m/%Y")
    schema = Schema(
        (
            Column("admitted", "integer", lower=0.0, upper=9_000.0, step=1.0, format=day),
            Column("discharged", "integer", lower=0.0, upper=9_000.0, step=1.0, format=day),
            Column("seen", "integer", lower=0.0, upper=1e9, step=1.0, format=DateFormat(unit="s")),
        )
    )
    rule = parse_rule("admitted <= 1980-01", schema)
    assert rule.conclusion.value == 3_682.0
    assert parse_rule("admitted >= 01/02/1980", schema).conclusion.value == 3_683.0
    order = parse_rule("admitted <= discharged", schema)
    frame = pd.DataFrame({"admitted": [5, 9], "discharged": [5, 8]})
    assert order.broken(frame).tolist() == [False, True]
    with pytest.raises(PopulaceError, match="one kind and clock"):
        parse_rule("admitted < seen", schema)
