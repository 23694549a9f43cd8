"""A table that engines scan: columns and filters reach the drawing, and change nobody."""

import math

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from synth import fit, load, virtual
from synth.errors import PopulaceError
from synth.populations.as_written import canonical


@pytest.fixture(scope="module")
def population():
    return load("us-time-use")


@pytest.fixture(scope="module")
def table(population):
    return virtual.table(population, 3000, 5, batch_rows=700)


@pytest.fixture(scope="module")
def whole(population):
    return population.given().sample_arrow(3000, 5)


def test_each_column_alone_has_the_values_of_whole_rows(table, whole):
    for name in whole.column_names:
        assert table.to_table(columns=[name])[name].to_pylist() == whole[name].to_pylist(), name
    two = table.to_table(columns=["top1", "age"])
    assert two.column_names == ["top1", "age"]
    assert two.to_pylist() == whole.select(["top1", "age"]).to_pylist()


def test_only_what_a_column_depends_on_is_drawn(population):
    posterior = canonical(population.given())
    first = posterior._sampler.nodes[0].name
    assert [node.name for node in posterior.sampler([first]).nodes] == [first]


@pytest.mark.parametrize(
    ("condition", "facts"),
    [(pc.field("age") < 30, "age=15..29"), (pc.field("gender") != "male", "gender=female")],
)
def test_a_filter_draws_the_people_of_the_evidence(population, table, condition, facts):
    known = population.given(population.evidence(facts))
    rows = round(3000 * known.probability)
    drawn = table.to_table(filter=condition)
    assert drawn.to_pylist() == known.sample_arrow(rows, 5).to_pylist()
    assert table.count_rows(filter=condition) == rows
    assert table.to_table(columns=[], filter=condition).num_rows == rows


def test_parts_of_a_table_are_the_whole_under_a_filter_too(population, table):
    condition = pc.field("age") < 30
    parts = [
        virtual.table(population, 1000, 5, start=low).to_table(filter=condition)
        for low in (0, 1000, 2000)
    ]
    assert pa.concat_tables(parts).to_pylist() == table.to_table(filter=condition).to_pylist()


def test_filters_that_are_left_are_applied(table, whole):
    condition = (pc.field("age") < 20) | (pc.field("gender") == "male")
    drawn = table.to_table(columns=["top1"], filter=condition)
    assert drawn.to_pylist() == whole.filter(condition).select(["top1"]).to_pylist()
    assert table.head(3, columns=["age"]).num_rows == 3
    both = condition & (pc.field("marital") == "widowed")
    people = table.to_table(filter=both)
    assert people.num_rows and people.filter(both).num_rows == people.num_rows


def test_nobody_is_like_that(table):
    for condition in (
        pc.field("age") > 99,
        (pc.field("age") < 16) & (pc.field("marital") == "widowed"),
    ):
        assert table.to_table(filter=condition).num_rows == 0
    with pytest.raises(PopulaceError, match="no column 'x'"):
        table.to_table(columns=["x"])


def test_a_database_hands_its_filter_down(table, population, monkeypatch):
    duckdb = pytest.importorskip("duckdb")
    requests = []
    scanner = virtual.VirtualTable.scanner

    def watched(self, columns=None, filter=None, **more):
        requests.append((columns, filter))
        return scanner(self, columns, filter, **more)

    monkeypatch.setattr(virtual.VirtualTable, "scanner", watched)
    words = "SELECT gender, count(*) FROM table_ WHERE age < 30 AND n_in_household > 3 GROUP BY 1"
    table_ = table  # noqa: F841 - found by name
    counted = dict(duckdb.sql(words).fetchall())
    [(columns, condition)] = requests
    assert columns == ["gender"] and "age < 30" in str(condition)
    known = population.given(population.evidence("age=..29,n_in_household=4.."))
    assert sum(counted.values()) == round(3000 * known.probability)
    share = known.marginal("gender").probabilities[0]
    rows = sum(counted.values())
    first = counted[population.schema["gender"].levels[0]]
    assert abs(first - rows * share) < 5 * math.sqrt(rows * share * (1 - share))


def test_polars_scans_it(table, whole):
    polars = pytest.importorskip("polars")
    lazy = polars.scan_pyarrow_dataset(table)
    drawn = lazy.filter(polars.col("age") < 30).select("gender").collect()
    assert len(drawn) == table.count_rows(filter=pc.field("age") < 30)
    assert lazy.select(polars.len()).collect().item() == whole.num_rows


def test_dates_as_they_are_written():
    days = pd.date_range("2020-01-01", periods=300).as_unit("s")
    frame = pd.DataFrame({"day": days, "rooms": [i % 5 for i in range(300)]})
    population = fit(frame)
    table = virtual.table(population, 500)
    assert pa.types.is_temporal(table.schema.field("day").type)
    drawn = table.to_table(filter=pc.field("day") < pa.scalar(pd.Timestamp("2020-03-01")))
    known = population.given(population.evidence("day=2020-01-01..2020-02-29"))
    assert drawn.num_rows == round(500 * known.probability)
    assert drawn.to_pylist() == known.sample_arrow(drawn.num_rows).to_pylist()
    whole = population.given().sample_arrow(500)
    for name in whole.column_names:
        assert table.to_table(columns=[name])[name].to_pylist() == whole[name].to_pylist()
