"""A table that nobody stores holds the same people as `sample`, in constant memory."""

import pyarrow as pa
import pytest

from synth import load, virtual
from synth.errors import PopulaceError


@pytest.fixture(scope="module")
def population():
    return load("french-hobbies")


@pytest.mark.parametrize("batch_rows", [1, 7, 1000])
def test_the_same_people_as_sample(population, batch_rows):
    known = population.given(population.evidence("gender=female"))
    got = virtual.people(population, 50, 3, where="gender=female", batch_rows=batch_rows).read_all()
    assert got.to_pylist() == known.sample_arrow(50, 3).to_pylist()
    assert got.schema == known.sample_arrow(0, 3).schema
    later = virtual.people(population, 10, 3, where="gender=female", start=40).read_all()
    assert later.to_pylist() == got.slice(40).to_pylist()


def test_columns_are_handed_out_alone_and_in_order(population):
    reader = virtual.people(population, 20, columns=["cinema", "gender"])
    table = reader.read_all()
    assert table.column_names == ["cinema", "gender"] and b"synthetic" in table.schema.metadata
    whole = virtual.people(population, 20).read_all()
    assert table["gender"].to_pylist() == whole["gender"].to_pylist()


def test_a_long_table_is_made_only_as_far_as_it_is_read(population):
    reader = virtual.people(population, 10**12, where="gender=male", batch_rows=100)
    batch = reader.read_next_batch()
    assert set(batch["gender"].to_pylist()) == {"male"} and batch.num_rows == 100


def test_a_database_scans_it(population):
    duckdb = pytest.importorskip("duckdb")
    people = virtual.people(population, 5000, columns=["gender"])  # noqa: F841 - found by name
    counted = dict(duckdb.sql("SELECT gender::VARCHAR, count(*) FROM people GROUP BY 1").fetchall())
    again = virtual.people(population, 5000, columns=["gender"]).read_all()
    assert counted["female"] == pa.compute.sum(pa.compute.equal(again["gender"], "female")).as_py()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"rows": -1}, "Rows and start"),
        ({"rows": 1, "columns": ["<x>"]}, "no column '<x>'"),
        ({"rows": 1, "where": "gender=nobody"}, "gender"),
    ],
)
def test_wrong_questions(population, words, message):
    with pytest.raises(PopulaceError, match=message):
        virtual.people(population, **words)
