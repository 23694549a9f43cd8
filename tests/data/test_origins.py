"""Small things that used to lose a column: row labels, row numbers, rules about years."""

import numpy as np
import pandas as pd

from synth.constraints.rules import parse_rules
from synth.data.schema import Schema
from synth.data.table import make_table, read_table
from synth.fitting.simple import read_plan

YEARS = pd.DataFrame({"2020": [1, 2, 3], "2021": [2, 3, 5], "age": [30, 31, 33]})


def test_named_row_labels_are_columns() -> None:
    frame = YEARS.set_index(["2020", "age"])
    assert list(make_table(frame).frame) == ["2020", "age", "2021"]
    assert list(read_plan(frame).frame) == ["2020", "age", "2021"]
    assert list(make_table(YEARS.set_axis([5, 6, 7])).frame) == list(YEARS)


def test_a_rule_between_columns_that_are_named_by_years() -> None:
    schema = Schema.infer(YEARS)
    (rule,) = parse_rules("2020 < 2021", schema)
    assert rule.broken(YEARS.assign(**{"2021": [2, 2, 5]})).tolist() == [False, True, False]
    (plain,) = parse_rules("age < 2021", schema)
    assert not plain.broken(YEARS).any()


def test_row_numbers_of_few_rows_are_left_out() -> None:
    rows = pd.DataFrame({"age": np.arange(20) % 7, "sex": ["f", "m"] * 10})
    content = rows.rename_axis("Unnamed: 0").to_csv().encode()
    table = read_table(content)
    assert list(table.frame) == ["age", "sex"]
    assert "Unnamed: 0" in table.notes[0]
