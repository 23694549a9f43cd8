"""Columns come out as they were written: DataFrame, Parquet and CSV, from any of them."""

import decimal
import io
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import synth
from synth.data.table import read_table
from synth.data.writers import csv_bytes
from synth.errors import PopulaceError
from synth.populations import Population, write

ROWS = 300


def typed() -> pd.DataFrame:
    """A column of nearly every dtype."""
    random = np.random.default_rng(0)
    gap = random.random(ROWS) < 0.1
    whole = random.integers(0, 9, ROWS)
    real = random.normal(10, 1, ROWS).round(2)
    words = pd.Series(random.choice(["Yes", "No"], ROWS), dtype=object)
    mixed = np.array([1, True, "a"], dtype=object)[random.integers(0, 3, ROWS)]
    return pd.DataFrame(
        {
            "int64": random.integers(18, 90, ROWS),
            "int8": whole.astype("int8"),
            "uint8": whole.astype("uint8"),
            "Int64": pd.array(whole, dtype="Int64"),
            "gaps": pd.array(np.where(gap, None, whole), dtype="Int64"),
            "float32": real.astype("float32"),
            "Float64": pd.array(real, dtype="Float64"),
            "whole floats": whole.astype(float),
            "floats": np.where(gap, np.nan, real),
            "arrow": pd.array(whole, dtype="int32[pyarrow]"),
            "decimal": [decimal.Decimal(int(v)).scaleb(-2) for v in whole + 100],
            "ordered": pd.Categorical(
                random.choice(["low", "high"], ROWS), ["low", "mid", "high"], ordered=True
            ),
            "numbered": pd.Categorical(random.integers(1, 4, ROWS)),
            "bool": gap,
            "boolean": pd.array(gap, dtype="boolean"),
            "maybe": pd.Series(np.where(whole == 0, None, gap), dtype=object),
            "churn": words.astype("str"),
            "words": words,
            "mixed": pd.Series(mixed, dtype=object),
            "money": [f"${v:,.2f}" for v in random.lognormal(7, 1, ROWS)],
            "fill": np.where(gap, 1e20, real),
            "fill 15": np.where(gap, 1e15, real),
            "fill below": np.where(gap, -3.4e38, real),
            "long": random.choice([123456789012345678, 923456789012345679], ROWS),
            "continent": random.choice(["NA", "EU", "AS"], ROWS),
        }
    )


CELLS = {
    "churn": lambda r: "Yes" if r.random() < 0.3 else "No",
    "owner": lambda r: str(bool(r.random() < 0.3)).upper(),
    "pay": lambda r: f"${r.lognormal(7, 1):,.2f}",
    "rate": lambda r: f"{r.uniform(0, 30):.1f}%",
    "people": lambda r: f"{int(r.lognormal(9, 1)):,}",
    "kilo": lambda r: f"{r.normal(70, 9):.1f}".replace(".", ","),
    "narrow": lambda r: f"{int(r.lognormal(9, 1)):,}".replace(",", "\u202f"),
    "continent": lambda r: ["NA", "EU", "AS"][r.integers(3)],
    "sex": lambda r: ["male", "female", "NA"][r.integers(3)],
    "count": lambda r: "NA" if r.random() < 0.1 else str(r.integers(99)),
    "version": lambda r: ["1.1", "1.10", "2.0"][r.integers(3)],
    "zeros": lambda r: ["250.0", "250.00"][r.integers(2)],
    "phone": lambda r: ["+44", "+1"][r.integers(2)],
    "power": lambda r: ["1E5", "3"][r.integers(2)],
    "zip": lambda r: ["01234", "99999"][r.integers(2)],
    "id": lambda r: ["123456789012345678", "923456789012345679"][r.integers(2)],
    "score": lambda r: f"{r.normal():.2f}",
}


@pytest.fixture(scope="module")
def texts() -> pd.DataFrame:
    random = np.random.default_rng(1)
    return pd.DataFrame({n: [make(random) for _ in range(ROWS)] for n, make in CELLS.items()})


@pytest.fixture(scope="module")
def from_csv(texts: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Population:
    path = tmp_path_factory.mktemp("csv") / "people.csv"
    texts.to_csv(path, index=False)
    return synth.fit(path)


@pytest.fixture(scope="module")
def from_frame() -> Population:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        return synth.fit(typed())


def test_a_frame_comes_out_in_its_dtypes_and_values(from_frame: Population) -> None:
    real = typed()
    people = from_frame.given().sample(ROWS, seed=1)
    assert list(people) == list(real)
    assert people.dtypes.astype(str).to_dict() == real.dtypes.astype(str).to_dict()
    assert people["ordered"].dtype == real["ordered"].dtype  # its unused category too
    assert people["numbered"].dtype == real["numbered"].dtype
    for name in ("churn", "words", "mixed", "maybe", "long", "continent"):
        there = {(type(v), v) for v in real[name].tolist()}
        assert {(type(v), v) for v in people[name].tolist()} <= there, name
    assert people["decimal"].map(lambda v: v.as_tuple().exponent).eq(-2).all()
    assert people["money"].str.fullmatch(r"\$\d{1,3}(,\d{3})*\.\d\d").all()


@pytest.mark.parametrize(
    ("name", "fill"), [("fill", 1e20), ("fill 15", 1e15), ("fill below", -3.4e38)]
)
def test_a_stand_in_far_beyond_all_others_is_a_level_of_its_own(
    from_frame: Population, name: str, fill: float
) -> None:
    values = from_frame.given().sample(2000, seed=2)[name]
    assert (values == fill).mean() == pytest.approx(0.1, abs=0.04)
    assert values[values != fill].between(5, 15).all()


def test_sampled_ages_can_be_reckoned_with(from_frame: Population) -> None:
    ages = from_frame.given().sample(ROWS)["int64"]
    assert (ages * 2).min() >= 36


def test_a_parquet_file_comes_out_as_it_would_be_read(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("parquet")
    typed().drop(columns="mixed").to_parquet(folder / "people.parquet")
    real = pd.read_parquet(folder / "people.parquet")
    conditional = synth.fit(folder / "people.parquet").given()
    people = conditional.sample(ROWS, seed=1)
    assert people.dtypes.astype(str).to_dict() == real.dtypes.astype(str).to_dict()
    conditional.write_parquet(folder / "out.parquet", ROWS, seed=1)
    again = pd.read_parquet(folder / "out.parquet")
    assert again.dtypes.astype(str).to_dict() == real.dtypes.astype(str).to_dict()
    assert set(again["continent"]) == {"NA", "EU", "AS"}
    was = pq.read_schema(folder / "people.parquet")
    now = pq.read_schema(folder / "out.parquet")
    kinds = {name: str(was.field(name).type) for name in was.names}
    numbered = {name: str(now.field(name).type) for name in was.names}
    differ = {name for name in kinds if kinds[name].replace("large_", "") != numbered[name]}
    assert differ <= {"decimal"}, {n: (kinds[n], numbered[n]) for n in differ}


def test_texts_come_out_letter_for_letter(from_csv: Population, texts: pd.DataFrame) -> None:
    content = csv_bytes([from_csv.given().sample_arrow(ROWS, seed=3)])
    people = read_raw(content)
    assert list(people) == [*texts, "synthetic"]
    for name in ("churn", "owner", "continent", "sex", "version", "zeros", "power", "zip", "id"):
        assert set(people[name]) == set(texts[name]), name
    assert set(people["phone"]) == {"'+44", "'+1"}  # guarded, and undone by our own reader
    patterns = {
        "pay": r"\$\d{1,3}(,\d{3})*\.\d\d",
        "rate": r"\d+\.\d%",
        "people": r"\d{1,3}(,\d{3})*",
        "kilo": r"\d+,\d",
        "narrow": "\\d{1,3}(\u202f\\d{3})*",
        "count": r"\d+|NA",
        "score": r"-?\d+\.\d\d",
    }
    for name, pattern in patterns.items():
        assert people[name].str.fullmatch(pattern).all(), people[name].head()
    assert people["count"].eq("NA").any()


def test_our_own_file_reads_as_the_real_one(from_csv: Population) -> None:
    content = csv_bytes([from_csv.given().sample_arrow(ROWS, seed=3)])
    table = read_table(content, schema=from_csv.schema)
    drawn = from_csv.model.given().sample(ROWS, seed=3)
    pd.testing.assert_frame_equal(table.frame, drawn[list(table.frame)])
    alone = read_table(content).schema
    for column in from_csv.schema:
        assert alone[column.name].format == column.format
        assert alone[column.name].kind == column.kind


def test_text_files_give_numbers_and_texts_to_frames(from_csv: Population) -> None:
    people = from_csv.given().sample(10)
    dtypes = people.dtypes.astype(str).to_dict()
    assert dtypes["churn"] == dtypes["continent"] == dtypes["zip"] == "str"
    assert dtypes["owner"] == "bool"
    assert dtypes["pay"] == dtypes["rate"] == dtypes["kilo"] == "float64"
    assert dtypes["people"] == dtypes["narrow"] == "int64"
    assert dtypes["count"] == "Int64"


def test_the_schema_keeps_how_columns_are_written(from_csv: Population, tmp_path: Path) -> None:
    again = write(from_csv, tmp_path / "town")
    first, two = (p.given().sample(50, seed=4) for p in (from_csv, again))
    pd.testing.assert_frame_equal(first, two)
    assert csv_bytes([again.given().sample_arrow(9)]) == csv_bytes(
        [from_csv.given().sample_arrow(9)]
    )


def test_words_for_missing_values_are_told_and_can_be_corrected(texts: pd.DataFrame) -> None:
    content = texts[["continent", "sex"]].to_csv(index=False).encode()
    table = read_table(content)
    assert "NA" in table.schema["continent"].levels
    assert table.schema["sex"].missing
    assert table.schema["sex"].missing_word == "NA"
    assert len(table.notes) == 2
    other = table.schema.changed("continent", levels=(), missing_word="NA")
    other = other.changed("sex", levels=(), missing=False, missing_word="")
    again = read_table(content, schema=other)
    assert again.schema["continent"].levels == ("AS", "EU")
    assert again.schema["continent"].missing
    assert again.schema["sex"].levels == ("female", "male", "NA")


@pytest.mark.parametrize("odd", ["inf", "-nan", "n.a.", ".", "#DIV/0!", "#REF!", "-inf"])
@pytest.mark.parametrize("distinct", [8, 60, 400])
def test_one_cell_that_is_no_number_is_named(odd: str, distinct: int) -> None:
    numbers = [str(i % distinct + 0.5) for i in range(400)]
    numbers[16] = odd
    frame = pd.DataFrame({"pay": numbers, "sex": ["f", "m"] * 200})
    with pytest.raises(PopulaceError, match=r"^Column pay .*row 17.*leave") as refused:
        read_table(frame.to_csv(index=False).encode())
    assert repr(odd) in str(refused.value)


def read_raw(content: bytes) -> pd.DataFrame:
    """A CSV file's texts, untouched."""
    return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
