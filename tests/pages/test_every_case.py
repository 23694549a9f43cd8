"""Issue 10's cases, one table for all: through the library, the command line and the Studio.

Each case is a column or two of a CSV or a Parquet file, learned once by each way, and read by the
Studio (whose jobs learn as the library does). What is refused has a small file of its own.
"""

import decimal
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from synth import populations
from synth.bayes.bif import read_bif
from synth.cli.main import app as command
from synth.data.writers import write_csv, write_parquet
from synth.errors import PopulaceError
from synth.fitting import simple

ROWS, PEOPLE = 400, 300
RANDOM = np.random.default_rng(10)
DAYS = np.datetime64("1990-01-01") + RANDOM.integers(0, 9000, ROWS)


def choose(*words: str) -> list[str]:
    return RANDOM.choice(words, ROWS).tolist()


def amounts(write: Callable[[float], str], size: float = 1000.0) -> list[str]:
    return [write(value) for value in RANDOM.lognormal(0, 1, ROWS) * size]


@dataclass(frozen=True)
class Case:
    """Columns that share an expectation.

    Attributes
    ----------
    columns : dict
        What stands in the table.
    pattern : str
        What every cell that comes out looks like; empty where they are levels, and none is new.
    use, kind : str
        What the Studio's sheet says of each.
    note : str
        What must be said of them.
    """

    columns: dict[str, object]
    pattern: str = ""
    use: str = "learn"
    kind: str = ""
    note: str = ""


CSV = {
    "1 words for yes and no": Case({"churn": choose("No", "Yes")}, kind="boolean"),
    "1 letters for yes and no": Case({"paid": choose("N", "Y")}),
    "2 dollars": Case({"pay": amounts("${:,.2f}".format)}, r"\$\d{1,3}(,\d{3})*\.\d\d"),
    "2 percent": Case({"rate": amounts("{:.1f}%".format, 9)}, r"\d+\.\d%"),
    "2 thousands": Case({"town": amounts("{:,.0f}".format, 9e4)}, r"\d{1,3}(,\d{3})*"),
    "2 decimal comma": Case(
        {"kilo": amounts(lambda v: f"{v:.1f}".replace(".", ","), 70)}, r"\d+,\d"
    ),
    "2 narrow spaces": Case(
        {"narrow": amounts(lambda v: f"{v:,.0f}".replace(",", "\u202f"), 9e4)},
        "\\d{1,3}(\u202f\\d{3})*",
    ),
    "3 a level called NA": Case(
        {"continent": choose("NA", "EU", "AS")}, note="is a level like the others"
    ),
    "6 days as whole numbers": Case({"day": [int(str(d).replace("-", "")) for d in DAYS]}, "day"),
    "6 times as whole numbers": Case(
        {"dep_time": [int(h * 100 + m) for h, m in RANDOM.integers(0, (24, 60), (ROWS, 2))]},
        r"([1-9]|1\d|2[0-3])?[0-5]?\d",
        kind="date",
    ),
    "6 dates that could be either": Case(
        {"seen": [f"{d:02d}/{m:02d}/2020" for d, m in RANDOM.integers(1, 13, (ROWS, 2))]},
        r"(0[1-9]|[12]\d|3[01])/(0[1-9]|1[0-2])/2020",
        kind="date, day first",
        note="is read as day/month",
    ),
    "7 signs of formulas": Case({"sign": choose("-", "+1", "@home")}),
    "9 texts like numbers": Case(
        {
            "phone": choose("+44", "+1"),
            "power": choose("1E5", "3"),
            "version": choose("1.1", "1.10"),
            "zeros": choose("250.0", "250.00"),
        }
    ),
    "11 a number for each person": Case(
        {"nhs": RANDOM.choice(9 * 10**9, ROWS, replace=False) + 10**9},
        use="leave out",
        note="looks like an identifier",
    ),
    "12 long numbers": Case({"card": choose("123456789012345678", "923456789012345679")}),
    "13 a stand-in": Case(
        {"far": [f"{v:.3f}" if v > 9 else "1e20" for v in RANDOM.normal(10, 1, ROWS)]},
        r"\d+\.\d+|1e\+?20",
        note="stands for missing values",
    ),
    "17 columns called by numbers": Case(
        {"2020": RANDOM.integers(0, 50, ROWS), "2021": RANDOM.integers(50, 99, ROWS)}, r"\d+"
    ),
    "17 row numbers": Case({"Unnamed: 0": range(ROWS)}, use="leave out", note="identifier"),
}
whole = RANDOM.integers(0, 9, ROWS)
PARQUET = {
    "1 truth": Case({"truth": whole > 4}, "True|False", kind="boolean"),
    "4 dtypes": Case(
        {
            "age": RANDOM.integers(18, 90, ROWS),
            "small": whole.astype("float32"),
            "price": [decimal.Decimal(int(v)).scaleb(-2) for v in whole + 100],
            "rank": pd.Categorical(choose("low", "high"), ["low", "mid", "high"], ordered=True),
            "code": pd.Categorical(whole % 3 + 1),
            "stay": pd.to_timedelta(whole, unit="h"),
        },
        ".*",
    ),
    "5 lists and records": Case(
        {"list": [[1]] * ROWS, "record": [{"x": 1}] * ROWS}, use="leave out", note="holds lists"
    ),
}
EVERY = [("csv", name) for name in CSV] + [("parquet", name) for name in PARQUET]


@dataclass(frozen=True)
class Outcome:
    """What came out of one way: people as texts and in their dtypes, and what was said."""

    texts: pd.DataFrame
    frame: pd.DataFrame
    notes: str


def read(path: Path, notes: str) -> Outcome:
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        return Outcome(frame.astype(str), frame, notes)
    texts = pd.read_csv(path, dtype=str, keep_default_na=False)
    return Outcome(texts.replace(r"^'([-+@=])", r"\1", regex=True), texts, notes)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Both tables; case 8's hundred blank lines stand in the CSV file."""
    folder = tmp_path_factory.mktemp("cases")
    merged = {k: v for case in CSV.values() for k, v in case.columns.items()}
    frame = pd.DataFrame(merged)
    blank = "," * (frame.shape[1] - 1) + "\n"
    (folder / "people.csv").write_text(frame.to_csv(index=False) + blank * 100, "utf-8")
    columns = {k: v for case in PARQUET.values() for k, v in case.columns.items()}
    nested = {name: pa.array(columns.pop(name)) for name in ("list", "record")}
    table = pa.Table.from_pandas(pd.DataFrame(columns), preserve_index=False)
    for name, values in nested.items():
        table = table.append_column(name, values)
    pq.write_table(table, folder / "people.parquet")
    return folder


@pytest.fixture(scope="module")
def ways(tables):
    """Each file by the library and by the command line: what came out, and the population."""
    found = {}
    for kind in ("csv", "parquet"):
        path, town = tables / f"people.{kind}", tables / f"town-{kind}"
        planned = simple.read_plan(path)
        made = simple.fit(path, score="k2", max_parents=1, title=town.name)
        out = tables / f"library.{kind}"
        drawn = [made.given().sample_arrow(PEOPLE, seed=1)]
        write_csv(out, drawn) if kind == "csv" else write_parquet(out, drawn)
        words = ["fit", str(path), "--out", str(town), "--score", "k2", "--max-parents", "1"]
        said = CliRunner().invoke(command, words)
        assert said.exit_code == 0, said.output
        again = tables / f"command.{kind}"
        words = ["sample", str(town), "--rows", str(PEOPLE), "--seed", "1", "--out", str(again)]
        assert CliRunner().invoke(command, words).exit_code == 0
        notes = "\n".join(planned.notes)
        found[kind] = (read(out, notes), read(again, said.stderr), made, town)
    return found


_SHOWN: dict[str, tuple[pd.DataFrame, str]] = {}


@pytest.fixture
def studio(tables, visit, at_once):
    """The Studio's sheet and remarks on a file; each file is uploaded once."""

    def shown(kind: str) -> tuple[pd.DataFrame, str]:
        if kind not in _SHOWN:
            page = visit("studio")
            content = (tables / f"people.{kind}").read_bytes()
            page.file_uploader[0].set_value((f"people.{kind}", content, "")).run()
            page.run()
            assert not page.exception
            sheet = page.session_state["studio"].sheet.set_index("column")
            _SHOWN[kind] = sheet, "\n".join(each.value for each in page.markdown)
            if kind == "csv":
                asked = [
                    each.label for each in page.segmented_control if "comes first" in each.label
                ]
                assert len(asked) == 1
                assert "Seen" in asked[0]
        return _SHOWN[kind]

    return shown


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_a_case_through_every_way(ways, studio, kind, name):
    case = (CSV if kind == "csv" else PARQUET)[name]
    sheet, remarks = studio(kind)
    for column, values in case.columns.items():
        assert sheet.loc[column, "use"] == case.use
        if case.kind:
            assert sheet.loc[column, "kind"] == case.kind
        for outcome in ways[kind][:2]:
            if case.use != "learn":
                assert column not in outcome.texts
                continue
            cells = set(outcome.texts[column])
            if case.pattern == "day":
                assert pd.to_datetime(pd.Series(sorted(cells)), format="%Y%m%d").notna().all()
            elif case.pattern:
                wrong = [cell for cell in cells if not re.fullmatch(case.pattern, cell)]
                assert not wrong
            else:
                assert cells <= set(map(str, values)), column
        if case.note:
            for said in (*(each.notes for each in ways[kind][:2]), remarks.replace("\\", "")):
                assert any(column in line and case.note in line for line in said.splitlines())


def test_parquet_comes_out_in_its_dtypes(ways, tables):
    was = pd.read_parquet(tables / "people.parquet").drop(columns=["list", "record"])
    for outcome in ways["parquet"][:2]:
        assert outcome.frame.dtypes.to_dict() == was.dtypes.to_dict()
    assert (ways["parquet"][0].frame["age"] * 2).min() >= 36


def test_both_ways_draw_the_same_people_who_are_kept_bit_for_bit(ways):  # case 14
    for library, line, made, town in ways.values():
        pd.testing.assert_frame_equal(library.frame, line.frame)
        loaded = populations.load(town)
        one, two = (each.model.given().sample(500, seed=3) for each in (made, loaded))
        pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_blank_lines_are_dropped_and_said(ways, studio):  # case 8
    library, line, made, _ = ways["csv"]
    assert made.contingency.rows == ROWS
    assert "100 blank rows of people.csv were left out." in library.notes
    assert "100 blank rows of people.csv were left out." in line.notes
    sheet, _ = studio("csv")
    assert sheet.loc["churn", "missing"] == 0


@pytest.mark.parametrize("word", ["inf", "-nan", "n.a.", ".", "#DIV/0!"])
def test_one_odd_cell_among_numbers_is_named(word, tmp_path, visit, at_once):  # case 10
    path = tmp_path / "odd.csv"
    cells = [*map(str, range(400)), word]
    path.write_text("x,y\n" + "".join(f"{c},{i % 3}\n" for i, c in enumerate(cells)), "utf-8")
    notes = simple.read_plan(path).notes
    (sentence,) = [note for note in notes if re.match(r"Column x .*\(row 401\): leave", note)]
    assert repr(word) in sentence
    words = ["fit", str(path), "--out", str(tmp_path / "town"), "--score", "k2"]
    assert sentence in CliRunner().invoke(command, words).stderr
    assert list(populations.load(tmp_path / "town").modelled.names) == ["y"]
    if word == "inf":
        page = visit("studio")
        page.file_uploader[0].set_value(("odd.csv", path.read_bytes(), "")).run()
        page.run()
        assert any("Column x mixes" in each.value for each in page.markdown)


def test_another_format_of_networks_is_named(tmp_path):  # case 15
    path = tmp_path / "net.bif"
    path.write_text("<?xml version='1.0'?><BIF VERSION='0.3'></BIF>")
    with pytest.raises(PopulaceError, match="XMLBIF"):
        read_bif(path)


def test_another_spelling_is_hinted_at(ways, tables):  # case 16
    other = tables / "other.csv"
    texts = pd.read_csv(tables / "library.csv", dtype=str, keep_default_na=False)
    texts.assign(churn=texts["churn"].str.upper()).to_csv(other, index=False)
    words = ["evaluate", str(tables / "people.csv")]
    same = CliRunner().invoke(command, [*words, str(tables / "library.csv"), "--json"])
    assert "the synthetic table writes" not in same.stderr, same.output
    assert same.exit_code == 0


def test_a_rule_between_columns_called_by_numbers(ways, tables):  # case 17
    rule = ["--rule", "2020 < 2021", "--score", "k2", "--max-parents", "1"]
    small = tables / "years.csv"
    frame = pd.DataFrame({"2020": whole, "2021": whole + 3, "x": whole % 2})
    frame.sample(200, random_state=0).to_csv(small, index=False)
    made = simple.fit(small, rules=["2020 < 2021"], score="k2")
    town = tables / "years"
    assert not CliRunner().invoke(command, ["fit", str(small), "--out", str(town), *rule]).exit_code
    for each in (made, populations.load(town)):
        people = each.given().sample(200)
        assert [str(rule) for rule in each.constraints.rules] == ['"2020" < "2021"']
        assert (people["2020"] < people["2021"]).all()
    indexed = simple.fit(frame.set_index("x"), score="k2", max_parents=1)
    assert list(indexed.given().sample(3)) == ["x", "2020", "2021"]
