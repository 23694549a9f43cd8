import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.data import table as module
from synth.data.schema import Schema
from synth.data.table import Table, make_table, read_table
from synth.data.writers import write_csv
from synth.errors import PopulaceError

SHARED = Path(__file__).parents[3] / "shared" / "data"


def csv_of(frame):
    return frame.to_csv(index=False).encode()


def parquet_of(value, **options):
    buffer = io.BytesIO()
    if isinstance(value, pa.Table):
        pq.write_table(value, buffer, **options)
    else:
        value.to_parquet(buffer, **options)
    return buffer.getvalue()


def people(rows=200):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.integers(15, 80, rows),
            "sex": rng.choice(["f", "m"], rows),
            "pay": np.where(rng.random(rows) < 0.2, np.nan, rng.integers(0, 9999, rows) / 100),
            "owner": rng.random(rows) < 0.5,
        }
    )


def zipped(size):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.csv", "0" * size)
    return buffer.getvalue()


def wide(columns):
    numbers = np.random.default_rng(0).integers(0, 5, (20, columns))
    return pd.DataFrame(numbers, columns=[f"c{i}" for i in range(columns)])


def nested(depth):
    kind = pa.int8()
    for _ in range(depth):
        kind = pa.list_(kind)
    return pa.table({"age": [1, 2], "deep": pa.array([None, None], type=kind)})


PARQUET = parquet_of(people())
BAD = {
    "no bytes": (b"", ["is empty"]),
    "blank lines": (b"\n\r\n ", ["is empty"]),
    "names only": (b"a,b\n", ["no rows"]),
    "one row": (b"a,b\n1,2\n", ["only one row"]),
    "duplicate column": (b"age,age\n1,2\n3,4\n", ["column age", "rename"]),
    "duplicate but for spaces": (b"age, age\n1,2\n3,4\n", ["column age", "rename"]),
    "unnamed first column": (b",age\n0,1\n0,2\n", ["Column 1", "no name", "row numbers"]),
    "unnamed column": (b"a,,c\n1,2,3\n4,5,6\n", ["Column 2", "no name"]),
    "unnamed in parquet": (parquet_of(pa.table([[1, 2], [3, 4]], names=["a", ""])), ["Column 2"]),
    "twice in parquet": (parquet_of(pa.table([[1, 2], [3, 4]], names=["a", "a"])), ["column a"]),
    "mixed types": (
        csv_of(people().assign(age=[*map(str, range(199)), "unknown"])),
        ["Column age", "'unknown'", "row 200", "leave those cells empty"],
    ),
    "infinite": (parquet_of(people().assign(pay=np.inf)), ["Column pay", "without bounds"]),
    "overflowing": (b"a,b\n1e400,1\n2,2\n", ["Column a", "without bounds"]),
    "nothing varies": (b"a\n1\n1\n", ["no column to learn from", "Column a is always"]),
    "301 columns": (csv_of(wide(301)), ["301 columns", "300"]),
    "5,000 columns": (csv_of(wide(5000)), ["5,000 columns", "300"]),
    "5,000 columns in parquet": (parquet_of(wide(5000)), ["5,000 columns", "300"]),
    "two encodings": (
        "age,city\n1,Forlì\n".encode() + "2,Forlì\n3,Roma\n".encode("latin-1"),
        ["mixes UTF-8", "line 3", "save it with the encoding UTF-8"],
    ),
    "Cyrillic of one byte": (
        "age,city\n1,Москва\n2,Тверь\n".encode("cp1251"),
        ["cannot be told", "line 2", "save it with the encoding UTF-8"],
    ),
    "half a letter at the end": (b"a,b\n1,x\n2,\xe9\x81", ["cannot be told", "line 3"]),
    "half a parquet": (PARQUET[: len(PARQUET) // 2], ["broken or incomplete Parquet"]),
    "holed parquet": (PARQUET[:100] + b"\x00" * 80 + PARQUET[180:], ["broken or incomplete"]),
    "parquet in name only": (b"PAR1" + b"x" * 100, ["broken or incomplete Parquet"]),
    "deep parquet": (parquet_of(nested(60)), ["too deeply nested"]),
    "only lists": (
        parquet_of(pa.table({"l": [[1], [2]]})),
        ["no column to learn from", "Column l"],
    ),
    "huge when unpacked": (
        parquet_of(pa.table({"a": np.zeros(module.CELLS_LIMIT + 1, dtype=bool)})),
        ["million cells"],
    ),
    "pickle": (pickle.dumps(people()), ["pickle", "never opened"]),
    "old pickle": (pickle.dumps(people(), protocol=0), ["pickle", "never opened"]),
    "an endless line in a zip": (zipped(10**7), ["first line", "million"]),
    "web page": (b"<!doctype html><p>no</p>", ["web page"]),
    "json": (b'{"a": 1}', ["JSON"]),
    "NUL bytes": (b"a,b\n1,2\n1,\x002\n", ["NUL bytes", "line 3"]),
    "bidi name": ("a\u202eb,c\n1,2\n3,4\n".encode(), ["U+202E", "rename"]),
    "bidi cell": ("a,c\n1,x\u202ey\n3,z\n".encode(), ["Column c", "control character"]),
    "bell in a name": (b"a\x07,b\n1,2\n3,4\n", ["U+0007", "rename"]),
    "a cell too many": (b"a,b\n1,2\n1,2,3\n", ["2 columns", "line 3 holds 3"]),
    "a cell too few": (b"a,b\n1,2\n3\n4,5\n", ["2 columns", "line 3 holds 1"]),
    "one endless row": (b"a,b\n1," + b"x" * 2**25 + b"\n2,y\n", ["a line of over", "million"]),
    "one endless line": (b"x" * 2**22, ["first line", "million"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_is_refused_in_one_clear_sentence(case):
    content, words = BAD[case]
    with pytest.raises(PopulaceError) as error:
        read_table(content, name="upload.csv")
    message = str(error.value)
    for word in words:
        assert word in message
    assert "\n" not in message
    assert len(message) < 300


def test_a_long_line_or_cell_is_no_harm():
    table = read_table(b"a,b\n1," + b"x" * 2**20 + b"\n2,y\n3,z\n")
    assert list(table.frame) == ["a"]
    assert "free text" in table.notes[0]


def test_files_that_are_not_there_or_too_large(tmp_path, monkeypatch):
    with pytest.raises(PopulaceError, match="There is no file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(PopulaceError, match="is a folder"):
        read_table(tmp_path)
    path = tmp_path / "big.csv"
    path.write_bytes(csv_of(people()))
    monkeypatch.setattr(module, "BYTES_LIMIT", 100)
    with pytest.raises(PopulaceError, match=r"^big\.csv has"):
        read_table(path)


@pytest.mark.parametrize("rows", [2, 200])
def test_csv_and_parquet_are_the_same_table(tmp_path, rows):
    frame = people(rows)
    paths = [tmp_path / "t.csv", tmp_path / "t.parquet"]
    frame.to_csv(paths[0], index=False)
    frame.to_parquet(paths[1])
    first, two = (read_table(path) for path in paths)
    assert first == two
    assert first.schema.canonical == two.schema.canonical
    assert hash(first) == hash(two)
    pd.testing.assert_frame_equal(first.frame, two.frame)
    assert first == make_table(frame) == read_table(paths[0].read_bytes())


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a;w\n1;1,5\n2;2,5\n", {"a": [1, 2], "w": [1.5, 2.5]}),
        ("a\tw\n1\t1.5\n2\t2.5\n", {"a": [1, 2], "w": [1.5, 2.5]}),
        ("a|w\r\n1|x\r\n2|y\r\n", {"a": [1, 2], "w": ["x", "y"]}),
        ("\ufeffa,w\n1,x\n2,y\n", {"a": [1, 2], "w": ["x", "y"]}),
        ("a, w\n1, x\n 2,y \n", {"a": [1, 2], "w": ["x", "y"]}),
        ('a,w\n1,"x, y"\n2,"x\nz"\n', {"a": [1, 2], "w": ["x, y", "x\nz"]}),
        ("a,w\n1,007\n2,012\n", {"a": [1, 2], "w": ["007", "012"]}),
        ("a,w\n1,+1.50\n2,-.5\n", {"a": [1, 2], "w": ["+1.50", "-.5"]}),
        ("a,w\n1,Yes\n2,No\n", {"a": [1, 2], "w": [True, False]}),
        ("a,w\n1,Yes\n2,no\n", {"a": [1, 2], "w": ["Yes", "no"]}),
        ("a,w\n1,TRUE\n2,FALSE\n", {"a": [1, 2], "w": [True, False]}),
        ("a,w\n1,=1+1\n2,@x\n", {"a": [1, 2], "w": ["=1+1", "@x"]}),
        ("age\n1\n2\n", {"age": [1, 2]}),
        ("😀,Å\n1,x\n2,y\n", {"😀": [1, 2], "Å": ["x", "y"]}),
    ],
)
def test_csv_dialects(content, expected):
    frame = read_table(content.encode()).frame
    assert {name: frame[name].tolist() for name in frame} == expected


def test_utf_16_is_read():
    frame = read_table("age,città\n1,Forlì\n2,Roma\n".encode("utf-16")).frame
    assert frame["città"].tolist() == ["Forlì", "Roma"]


@pytest.mark.parametrize("word", ["", "NA", "n/a", "NaN", "null", "?", " ? ", "missing"])
def test_words_for_missing(word):
    table = read_table(f"a,n,w\n1,{word},x\n2,3,{word}\n1,4,y\n".encode())
    assert table.frame["n"].isna().tolist() == [True, False, False]
    assert table.frame["w"].isna().tolist() == [False, True, False]
    assert table.schema["n"].kind == "integer"
    assert table.schema["w"].levels == ("x", "y")


def test_parquet_kinds():
    table = read_table(
        parquet_of(
            pa.table(
                {
                    "int": [1, 2, None],
                    "decimal": pa.array(["1.5", "2.5", None]).cast(pa.decimal128(5, 2)),
                    "half": pa.array(np.array([1, 2.5, 3], dtype=np.float16)),
                    "bool": [True, None, False],
                    "word": pa.array(["a", "b", None]).dictionary_encode(),
                    "code": pa.array([5, 6, None]).dictionary_encode(),
                    "large": pa.array(["a", "b", "a"], pa.large_string()),
                    "date": pa.array([1, 2, 3], pa.date32()),
                    "span": pa.array([1, 2, 3], pa.duration("s")),
                    "list": [[1], [2], [3]],
                    "record": [{"x": 1}, {"x": 2}, {"x": 3}],
                    "bytes": [b"a", b"b", b"c"],
                    "void": pa.nulls(3),
                }
            )
        )
    )
    assert {column.name: column.kind for column in table.schema.modelled} == {
        "int": "integer",
        "decimal": "real",
        "span": "integer",
        "half": "real",
        "bool": "boolean",
        "word": "categorical",
        "code": "integer",
        "large": "categorical",
        "date": "integer",
    }
    assert len(table.notes) == 4
    assert len(table.schema.columns) == 13


def test_an_ordered_category_survives_parquet():
    grade = pd.Categorical(["mid", "low", "high"], ["low", "mid", "high"], ordered=True)
    table = read_table(parquet_of(pd.DataFrame({"grade": grade})))
    assert table.schema["grade"].levels == ("low", "mid", "high")


def test_the_labels_of_a_pandas_frame_are_left_out_and_said_so():
    table = read_table(parquet_of(people().sample(50, random_state=0)))
    assert list(table.frame) == list(people())
    assert "row labels" in table.notes[0]


def test_an_identifier_does_not_keep_a_table_from_being_read():
    frame = pd.DataFrame({"key": [f"u{i}" for i in range(10_000)], "sex": ["f", "m"] * 5_000})
    table = read_table(csv_of(frame))
    assert list(table.frame) == ["sex"]
    assert table.schema["key"].role == "skip"
    assert "Column key has 10,000 different texts" in table.notes[0]
    wanted = table.schema.changed("key", role="model")
    with pytest.raises(PopulaceError, match="Column key has 10,000 levels"):
        read_table(csv_of(frame), schema=wanted)


def test_three_hundred_columns_are_read():
    assert read_table(csv_of(wide(300))).frame.shape == (20, 300)


def test_a_corrected_schema_is_obeyed_and_what_it_leaves_out_is_said():
    text = {
        "columns": [{"name": "age", "kind": "categorical"}, {"name": "owner", "kind": "boolean"}]
    }
    table = read_table(csv_of(people()), schema=Schema.from_json(text))
    assert table.schema["age"].levels[:2] == ("15", "16")
    assert len(table.notes) == 2
    assert "Column sex" in table.notes[0]
    with pytest.raises(PopulaceError, match="no column hair"):
        missing = Schema.from_json({"columns": [{"name": "hair", "kind": "boolean"}]})
        read_table(csv_of(people()), schema=missing)


def test_the_digest_tells_tables_apart():
    frame = people()
    digest = make_table(frame).digest
    assert len(digest) == 16
    assert digest == make_table(frame.copy()).digest
    other = frame.copy()
    other.loc[3, "owner"] = not other.loc[3, "owner"]
    swapped = frame.iloc[::-1]
    renamed = frame.rename(columns={"sex": "gender"})
    relabelled = make_table(frame).schema.changed("age", label="Age in years")
    digests = {
        digest,
        make_table(other).digest,
        make_table(swapped).digest,
        make_table(renamed).digest,
        make_table(frame, relabelled).digest,
    }
    assert len(digests) == 5


def test_an_empty_frame_is_refused():
    with pytest.raises(PopulaceError, match="no rows"):
        make_table(people().iloc[:0])


def test_csv_is_written_in_pieces_and_opens_safely_in_a_spreadsheet():
    words = ["=cmd()", "+1", "-1", "@x", "\tx", "a=b", 'say "hi"', "line\nbreak", None]
    first = pa.table(
        {
            "=name": pa.array(words),
            "level": pa.array(words).dictionary_encode(),
            "number": pa.array([*range(-4, 4), None]),
            "flag": pa.array([True, None, *[False] * 7]),
        }
    )
    target = io.BytesIO()
    write_csv(target, [first, first])
    read = pd.read_csv(io.BytesIO(target.getvalue()), keep_default_na=False)
    safe = ["'=cmd()", "'+1", "'-1", "'@x", "'\tx", "a=b", 'say "hi"', "line\nbreak", ""]
    assert read["'=name"].tolist() == safe * 2
    assert read["level"].tolist() == safe * 2
    assert read["number"].tolist() == [*map(str, range(-4, 4)), ""] * 2
    assert read["flag"].tolist()[:3] == ["true", "", "false"]
    assert not any(line.startswith((b"=", b"@")) for line in target.getvalue().splitlines())


@given(st.binary(max_size=200))
def test_any_bytes_are_understood_or_refused_in_one_sentence(content):
    try:
        assert isinstance(read_table(content), Table)
    except PopulaceError as error:
        assert "\n" not in str(error)


@given(st.integers(0, len(PARQUET) - 1), st.binary(min_size=1, max_size=8))
def test_a_damaged_parquet_never_breaks_the_reader(position, damage):
    content = b"PAR1" + (PARQUET[:position] + damage + PARQUET[position + len(damage) :])[4:]
    try:
        assert isinstance(read_table(content), Table)
    except PopulaceError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("name", "rows", "kinds"),
    [
        ("atus_people", 151_335, {"age": "integer", "weekly_earn": "real", "top1": "categorical"}),
        ("hobbies", 8_403, {"reading": "boolean", "age_group": "categorical"}),
        ("adult_train", 32_561, {"capital_gain": "integer", "income_gt_50k": "boolean"}),
    ],
)
def test_the_real_tables(name, rows, kinds):
    path = SHARED / f"{name}.parquet"
    if not path.exists():
        pytest.skip("the real tables are not beside this checkout")
    table = read_table(path)
    assert len(table) == rows
    assert not table.notes
    assert {column: table.schema[column].kind for column in kinds} == kinds
    original = pd.read_parquet(path)
    for column in table.frame:
        assert (table.frame[column].isna() == original[column].isna()).all()
