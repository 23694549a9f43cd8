"""Tables that leave say that they are synthetic."""

import csv
import io
from unittest import mock

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.data import writers
from synth.data.evidence import Evidence
from synth.data.writers import (
    COLUMN,
    arrow_table,
    csv_bytes,
    parquet_bytes,
    with_mark_column,
    write_csv,
    write_parquet,
)
from synth.errors import PopulaceError
from synth.people.cards.export import table_csv, table_parquet
from synth.populations import available, load


def test_a_last_column_says_it_in_every_row():
    table = with_mark_column(pa.table({"a": [1, 2]}))
    assert table.column_names == ["a", COLUMN]
    assert table[COLUMN].to_pylist() == [True, True]
    assert with_mark_column(pa.table({"a": pa.array([], pa.int8())})).num_rows == 0


def test_a_column_of_that_name_is_left_alone():
    table = with_mark_column(pa.table({COLUMN: ["rubber"]}))
    assert table.to_pydict() == {COLUMN: ["rubber"], f"{COLUMN}_": [True]}


@pytest.mark.skipif(not available(), reason="no population is shipped yet")
def test_downloads_hold_the_same_people():
    population = load(available()[0])
    posterior = population.given(Evidence.parse("gender=female", population.modelled))
    plain = pa_csv.read_csv(io.BytesIO(table_csv(posterior, 300, seed=4)))
    parquet = pq.read_table(io.BytesIO(table_parquet(posterior, 300, seed=4)))
    assert plain.num_rows == parquet.num_rows == 300
    assert plain.column_names == [*parquet.column_names, COLUMN]
    assert plain["age"].to_pylist() == parquet["age"].to_pylist()
    assert set(plain[COLUMN].to_pylist()) == {True}
    assert b"Synthetic" in parquet.schema.metadata[b"synthetic"]


FRAME = pd.DataFrame({"a": [1, 2], "b": pd.Categorical(["=x", None])})


def test_a_parquet_file_says_it_in_its_metadata(tmp_path):
    path = tmp_path / "people.parquet"
    write_parquet(path, [arrow_table(FRAME, seed=7)])
    metadata = pq.read_schema(path).metadata
    assert b"no row describes a real person" in metadata[b"synthetic"]
    assert metadata[b"seed"] == b"7"
    assert path.read_bytes() == parquet_bytes([arrow_table(FRAME, seed=7)])
    assert pq.read_table(path).to_pydict() == {"a": [1, 2], "b": ["=x", None]}


def test_a_table_without_a_mark_gets_one_before_it_is_written():
    bare = pa.table({"a": [1]})
    written = pq.read_schema(io.BytesIO(parquet_bytes([bare, bare])))
    assert b"Synthetic" in written.metadata[b"synthetic"]
    empty = pq.read_table(io.BytesIO(parquet_bytes([], schema=bare.schema)))
    assert empty.num_rows == 0 and b"synthetic" in empty.schema.metadata


def test_a_csv_file_says_it_in_its_last_column_and_counts(tmp_path):
    path, seen = tmp_path / "people.csv", []
    write_csv(path, [arrow_table(FRAME)] * 2, progress=seen.append)
    assert path.read_bytes() == csv_bytes([arrow_table(FRAME)] * 2)
    assert path.read_text().splitlines()[:2] == ["a,b,synthetic", "1,'=x,true"]
    assert seen == [2, 4]


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_a_file_half_written_takes_no_place(write, tmp_path):
    path = tmp_path / "people"
    path.write_text("before")

    def broken():
        yield arrow_table(FRAME)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(path, broken())
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


CELLS = st.lists(
    st.one_of(
        st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=5)
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=50)
@given(CELLS, st.sampled_from(["plain", "dictionary", "chunked"]), st.integers(1, 3))
def test_any_text_reads_back_and_only_what_must_be_is_quoted(cells, kind, rows):
    texts = pa.array(cells, pa.string())
    if kind == "dictionary":
        texts = texts.dictionary_encode()
    column = pa.chunked_array([texts, texts.slice(1)] if kind == "chunked" else [texts.slice(0)])
    whole = column.cast(pa.string()).to_pylist()
    table = pa.table({"n": pa.array(range(len(whole))), "a, b": column})
    buffer = io.BytesIO()
    with mock.patch.object(writers, "_ROWS", rows):
        writers.write_csv(buffer, [table], guard=False)
    content = buffer.getvalue().decode()
    read = list(csv.reader(io.StringIO(content, newline=""), strict=True))
    assert read[0] == ["n", "a, b", "synthetic"]
    assert read[1:] == [[str(i), cell or "", "true"] for i, cell in enumerate(whole)]
    needed = sum(
        cell is not None and (not cell or bool(set(cell) & set(',"\r\n'))) for cell in whole
    )
    quoted = content.count('"') - sum(2 * (cell or "").count('"') for cell in whole)
    assert quoted == 2 * needed + 2  # and the second name


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("a.csv", pd.read_csv),
        ("a.CSV", pd.read_csv),
        ("a.parquet", pd.read_parquet),
        ("a.pq", pd.read_parquet),
    ],
)
def test_the_ending_says_what_is_written(tmp_path, name, read):
    table = arrow_table(pd.DataFrame({"age": [20, 30]}))
    writers.write_file(tmp_path / name, [table])
    assert read(tmp_path / name)["age"].tolist() == [20, 30]
    assert list(tmp_path.iterdir()) == [tmp_path / name]


@pytest.mark.parametrize("name", ["a.txt", "a", "a.csv.gz"])
def test_another_ending_is_refused_before_anything_is_written(tmp_path, name):
    with pytest.raises(PopulaceError, match=r"neither \.parquet nor \.csv"):
        writers.write_file(tmp_path / name, [arrow_table(pd.DataFrame({"age": [20]}))])
    assert not list(tmp_path.iterdir())
