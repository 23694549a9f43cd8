"""Tables as their source had them: what `TableFormat` keeps is what each table would say."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from synth.data.column import Column
from synth.data.formats import BooleanFormat, LevelsFormat, NumberFormat
from synth.data.schema import Schema
from synth.data.written import TableFormat, restore

SCHEMA = Schema(
    (
        Column("sex", "categorical", ("f", "m"), storage="object"),
        Column("code", "categorical", ("1", "2"), format=LevelsFormat((1, 2)), storage="int8"),
        Column("truth", "boolean", ("no", "yes"), format=BooleanFormat("N", "Y"), storage="str"),
        Column("pay", "real", lower=0, upper=9, step=0.5, storage="float32"),
        Column("age", "integer", lower=0, upper=9, missing=True, storage="Int16"),
        Column("cost", "real", lower=0, upper=9, format=NumberFormat(prefix="$"), storage="str"),
    )
)


@pytest.fixture(scope="module")
def people():
    return pd.DataFrame(
        {
            "sex": pd.Categorical(["f", "m", None], categories=["f", "m"]),
            "code": pd.Categorical(["2", "1", "1"], categories=["1", "2"]),
            "truth": [True, False, True],
            "pay": [0.5, 1.0, np.nan],
            "age": pd.array([3, None, 4], dtype="Int64"),
            "cost": [1.0, 2.0, 3.0],
        }
    )


@pytest.mark.parametrize(
    "columns", [[], ["pay"], ["cost", "sex"], list(SCHEMA.names), ["made new", *SCHEMA.names]]
)
def test_pandas_is_told_the_dtypes_of_every_choice_of_columns(people, columns):
    frame = people.assign(**{"made new": ["a", "b", "c"]})[columns]
    table = TableFormat(SCHEMA).table(frame, 3)
    wanted = pa.Schema.from_pandas(restore(frame.iloc[:0], SCHEMA), preserve_index=False)
    assert table.schema.metadata[b"pandas"] == wanted.metadata[b"pandas"]
    assert table.schema.metadata[b"seed"] == b"3"
    if columns:
        assert table.to_pandas().dtypes.to_dict() == restore(frame, SCHEMA).dtypes.to_dict()


def test_tables_of_one_format_do_not_depend_on_those_before_them(people):
    form = TableFormat(SCHEMA)
    first = form.table(people)
    form.table(people[["age"]].assign(new="x"))
    again = form.table(people)
    assert again.equals(first, check_metadata=True)
    assert again.column("truth").to_pylist() == ["Y", "N", "Y"]
    assert again.column("cost").to_pylist() == ["$1", "$2", "$3"]
    assert again.column("code").to_pylist() == [2, 1, 1]
