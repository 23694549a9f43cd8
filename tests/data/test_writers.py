"""Tables that leave say that they are synthetic."""

import io

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from synth.data.evidence import Evidence
from synth.data.writers import COLUMN, marked
from synth.people.cards.export import table_csv, table_parquet
from synth.populations import available, load


def test_a_last_column_says_it_in_every_row():
    table = marked(pa.table({"a": [1, 2]}))
    assert table.column_names == ["a", COLUMN]
    assert table[COLUMN].to_pylist() == [True, True]
    assert marked(pa.table({"a": pa.array([], pa.int8())})).num_rows == 0


def test_a_column_of_that_name_is_left_alone():
    table = marked(pa.table({COLUMN: ["rubber"]}))
    assert table.to_pydict() == {COLUMN: ["rubber"], f"{COLUMN}_": [True]}


@pytest.mark.skipif(not available(), reason="no population is shipped yet")
def test_downloads_hold_the_same_people():
    population = load(available()[0])
    asked = population.given(Evidence.parse("gender=female", population.network.schema))
    plain = pa_csv.read_csv(io.BytesIO(table_csv(asked, 300, seed=4)))
    parquet = pq.read_table(io.BytesIO(table_parquet(asked, 300, seed=4)))
    assert plain.num_rows == parquet.num_rows == 300
    assert plain.column_names == [*parquet.column_names, COLUMN]
    assert plain["age"].to_pylist() == parquet["age"].to_pylist()
    assert set(plain[COLUMN].to_pylist()) == {True}
    assert b"Synthetic" in parquet.schema.metadata[b"synthetic"]
