"""Columns that a user adds by a line."""

import pytest

from synth.constraints.derived import Elapsed, Sum
from synth.constraints.formula import parse_derived
from synth.data.column import Column
from synth.data.formats import DateFormat
from synth.data.schema import Schema
from synth.errors import PopulaceError


def dated(name, unit="D", missing=False):
    form = DateFormat("%Y-%m-%d" if unit == "D" else "%H:%M", unit)
    return Column(name, "integer", lower=0, upper=9, step=1.0, format=form, missing=missing)


SCHEMA = Schema(
    (
        dated("born"),
        dated("admitted", missing=True),
        dated("time", "m"),
        Column("work", "integer", lower=0, upper=9, step=1.0),
        Column("at home", "integer", lower=0, upper=9, step=1.0),
        Column("a-b", "real", lower=0, upper=9, step=0.01),
        Column("sex", "categorical", ("f", "m")),
    )
)


@pytest.mark.parametrize(
    ("line", "formula", "kind", "missing"),
    [
        ("age = years(admitted - born)", Elapsed("age", "born", "admitted", "years"), 0, True),
        ("age=years(admitted−born)", Elapsed("age", "born", "admitted", "years"), 0, True),
        (
            "d = days(admitted - born) + 1",
            Elapsed("d", "born", "admitted", "days", "D", 1),
            0,
            True,
        ),
        ("all = work + at home", Sum("all", (("work", 1), ("at home", 1))), 0, False),
        (
            "left = 24 - work - at home",
            Sum("left", (("work", -1), ("at home", -1)), 24.0),
            0,
            False,
        ),
        ('x = "a-b" - work', Sum("x", (("a-b", 1), ("work", -1))), 1, False),
        ('"a = b" = work', Sum("a = b", (("work", 1),)), 0, False),
    ],
)
def test_formulas(line, formula, kind, missing):
    result, column = parse_derived(line, SCHEMA)
    assert result == formula
    assert (column.name, column.kind, column.missing) == (
        formula.name,
        ("integer", "real")[kind],
        missing,
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("age", "is not understood"),
        ("", "is not understood"),
        ("born = work", "There is a column born already"),
        ("age = years(born)", "later date less the earlier"),
        ("age = years(admitted + born)", "later date less the earlier"),
        ("age = years(admitted - work)", "not two dates of one kind"),
        ("age = years(time - born)", "not two dates of one kind"),
        ("age = hours(admitted - born)", "cannot be counted"),
        ("age = years(born - born)", "cannot be counted"),
        ("age = days(admitted - birth)", "names birth, which is no number or date"),
        ("x = work + sex", "names sex, which is no number"),
        ("x = admitted - born", "adds dates"),
        ("x = 3", "names no column"),
        ("x = work * 2", "which is no number"),
        ("x = ", "is not understood"),
        ("x = work +", "is not understood"),
    ],
)
def test_what_is_no_formula_is_refused(line, sentence):
    with pytest.raises(PopulaceError, match=sentence):
        parse_derived(line, SCHEMA)
