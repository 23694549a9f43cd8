"""Issue 10's cases, one table for all: through the library, the command line and the Studio.

Each case is a column or two of a CSV or a Parquet file, learned once by each way, and read by the
Studio (whose jobs learn as the library does). What is refused has a small file of its own.
"""

import decimal
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from synth import populations
from synth.bayes.bif import read_bif
from synth.bayes.coding import Coding
from synth.bayes.network import Network
from synth.cli.main import app as command
from synth.data.column import Column
from synth.data.schema import Schema
from synth.data.table import make_table, read_frame, read_table
from synth.data.writers import write_csv, write_parquet
from synth.errors import PopulaceError
from synth.evaluate.comparison import Comparison
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
    results = {}
    for kind in ("csv", "parquet"):
        path, town = tables / f"people.{kind}", tables / f"town-{kind}"
        planned = simple.read_plan(path)
        fitted = simple.fit(path, score="k2", max_parents=1, title=town.name)
        out = tables / f"library.{kind}"
        drawn = [fitted.given().sample_arrow(PEOPLE, seed=1)]
        write_csv(out, drawn) if kind == "csv" else write_parquet(out, drawn)
        words = ["fit", str(path), "--out", str(town), "--score", "k2", "--max-parents", "1"]
        outcome = CliRunner().invoke(command, words)
        assert outcome.exit_code == 0, outcome.output
        again = tables / f"command.{kind}"
        words = ["sample", str(town), "--rows", str(PEOPLE), "--seed", "1", "--out", str(again)]
        assert CliRunner().invoke(command, words).exit_code == 0
        notes = "\n".join(planned.notes)
        results[kind] = (read(out, notes), read(again, outcome.stderr), fitted, town)
    return results


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
                requested = [
                    each.label for each in page.segmented_control if "comes first" in each.label
                ]
                assert len(requested) == 1
                assert "Seen" in requested[0]
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
            for text in (*(each.notes for each in ways[kind][:2]), remarks.replace("\\", "")):
                assert any(column in line and case.note in line for line in text.splitlines())


def test_parquet_comes_out_in_its_dtypes(ways, tables):
    was = pd.read_parquet(tables / "people.parquet").drop(columns=["list", "record"])
    for outcome in ways["parquet"][:2]:
        assert outcome.frame.dtypes.to_dict() == was.dtypes.to_dict()
    assert (ways["parquet"][0].frame["age"] * 2).min() >= 36


def test_both_ways_draw_the_same_people_who_are_kept_bit_for_bit(ways):  # case 14
    for library, line, synthetic, town in ways.values():
        pd.testing.assert_frame_equal(library.frame, line.frame)
        loaded = populations.load(town)
        first, two = (each.model.given().sample(500, seed=3) for each in (synthetic, loaded))
        pd.testing.assert_frame_equal(first, two, check_exact=True)


def test_blank_lines_are_dropped_and_said(ways, studio):  # case 8
    library, line, synthetic, _ = ways["csv"]
    assert synthetic.contingency.rows == ROWS
    assert "100 blank rows of people.csv were left out." in library.notes
    assert "100 blank rows of people.csv were left out." in line.notes
    sheet, _ = studio("csv")
    assert sheet.loc["churn", "missing"] == 0


ODD = {"a": "inf", "b": "-nan", "c": "n.a.", "d": ".", "e": "#DIV/0!"}


def test_one_odd_cell_among_numbers_is_named(tmp_path, visit, at_once):  # case 10
    path = tmp_path / "odd.csv"
    cells = {name: [*map(str, range(400)), word] for name, word in ODD.items()}
    pd.DataFrame({**cells, "y": np.arange(401) % 3}).to_csv(path, index=False)
    notes = simple.read_plan(path).notes
    words = ["fit", str(path), "--out", str(tmp_path / "town"), "--score", "k2"]
    text = CliRunner().invoke(command, words).stderr
    assert list(populations.load(tmp_path / "town").modelled.names) == ["y"]
    shown = "\n".join(upload(visit, path)[1])
    for name, word in ODD.items():
        start = rf"Column {name} .*{re.escape(repr(word))} \(row 401\): leave"
        (sentence,) = [note for note in notes if re.match(start, note)]
        assert sentence in text
        assert sentence.partition(":")[0] in shown


def upload(visit, path: Path) -> tuple[AppTest, list[str]]:
    """The Studio with a file, and all that it says of it."""
    page = visit("studio")
    page.file_uploader[0].set_value((path.name, path.read_bytes(), "")).run()
    page.run()
    assert not page.exception
    text = [each.value for kind in (page.markdown, page.warning) for each in kind]
    return page, [each.replace("\\", "") for each in text]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("<?xml version='1.0'?><BIF VERSION='0.3'></BIF>", "XMLBIF"),
        ("net\n{\n}\nnode a\n{\n}\n", "Hugin"),
        ('belief network "a"\nnode a\n{\n}\n', "Microsoft"),
        ("network a {\n}\nvariable b {\n  type discrete [ 2 ] { c, d };\n}\n", ""),
    ],
)
def test_a_network_is_no_table_and_other_formats_are_named(text, name, tmp_path):  # case 15
    path = tmp_path / "net.bif"
    path.write_text(text)
    if name:
        with pytest.raises(PopulaceError, match=f"This is .*{name}.*, not BIF"):
            read_bif(path)
    sentence = "net.bif is a Bayesian network, not a table of people"
    with pytest.raises(PopulaceError, match=sentence):
        simple.read_plan(path)
    result = CliRunner().invoke(command, ["fit", str(path), "--out", str(tmp_path / "town")])
    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.split())


def test_shares_that_rounding_explains_are_normalised(tmp_path):  # case 15
    path = tmp_path / "net.bif"
    path.write_text(
        "network a { }\nvariable b { type discrete [ 3 ] { c, d, e }; }\n"
        "probability ( b ) { table 0.33, 0.33, 0.33; }\n"
    )
    shares = read_bif(path).given().marginal("b").probabilities
    assert shares == pytest.approx([1 / 3] * 3, abs=1e-15)


def wide(roots: int = 24) -> Network:
    """Roots that children tie together so densely that no order of elimination would do."""
    random = np.random.default_rng(0)
    names = [f"r{i}" for i in range(roots)]
    parents = dict.fromkeys(names, ())
    parents |= {
        f"c{i}": tuple(random.choice(names, 6, replace=False).tolist()) for i in range(2 * roots)
    }
    schema = Schema(tuple(Column(name, "categorical", ("no", "yes", "maybe")) for name in parents))
    tables = {name: random.dirichlet(np.ones(3), [3] * len(some)) for name, some in parents.items()}
    return Network(schema, {c.name: Coding(c) for c in schema}, parents, tables)


def test_a_root_of_a_wide_network_is_answered(tmp_path):  # case 15
    network = wide()
    rows = {column.name: np.resize(column.levels, 50) for column in network.schema}
    synthetic = populations.of(
        network, make_table(pd.DataFrame(rows), network.schema), title="Wide"
    )
    town = populations.write(synthetic, tmp_path / "town")
    wanted = network.tables["r3"]
    assert network.given().marginal("r3").probabilities == pytest.approx(wanted, abs=1e-12)
    assert town.given().marginal("r3").probabilities == pytest.approx(wanted, abs=1e-12)
    result = CliRunner().invoke(command, ["posterior", str(tmp_path / "town"), "r3", "--json"])
    assert result.exit_code == 0, result.output
    assert list(json.loads(result.stdout)["probabilities"]) == pytest.approx(wanted, abs=1e-9)


def test_another_spelling_is_hinted_at(tmp_path):  # case 16
    paths = [tmp_path / f"{name}.csv" for name in ("real", "other", "same")]
    columns = [*CSV["3 a level called NA"].columns, *CSV["1 words for yes and no"].columns]
    real = pd.DataFrame({k: v for case in CSV.values() for k, v in case.columns.items()})[columns]
    other = real.assign(continent=real["continent"].str.lower())
    for path, frame in zip(paths, (real, other, real), strict=True):
        frame.to_csv(path, index=False)
    hint = "Column continent: the synthetic table writes"
    result = CliRunner().invoke(command, ["evaluate", *map(str, paths[:2]), "--json"])
    assert result.exit_code == 0, result.output
    assert hint in result.stderr
    table = read_table(paths[0])
    for path, is_hinted in zip(paths[1:], (True, False), strict=True):
        hints = Comparison.of(table, read_frame(path)[0]).hints
        assert any(each.startswith(hint) for each in hints) == is_hinted


@pytest.fixture(scope="module")
def years(tmp_path_factory):
    """Forty rows with pandas' row numbers before them, and two columns called by numbers."""
    path = tmp_path_factory.mktemp("years") / "years.csv"
    frame = pd.DataFrame({"2020": whole, "2021": whole + 3, "x": whole % 2}).head(40)
    frame.to_csv(path)
    return path, frame


def test_a_rule_between_columns_called_by_numbers(years):  # case 17
    path, frame = years
    town = path.with_name("town")
    words = ["--rule", "2020 < 2021", "--score", "k2", "--max-parents", "1"]
    result = CliRunner().invoke(command, ["fit", str(path), "--out", str(town), *words])
    assert result.exit_code == 0, result.output
    fitted = simple.fit(path, rules=["2020 < 2021"], score="k2")
    for each in (fitted, populations.load(town)):
        people = each.given().sample(200)
        assert list(people) == ["2020", "2021", "x"]  # the row numbers are no column of people
        assert [str(rule) for rule in each.constraints.rules] == ['"2020" < "2021"']
        assert (people["2020"] < people["2021"]).all()
    indexed = simple.fit(frame.set_index("x"), score="k2", max_parents=1)
    assert list(indexed.given().sample(3)) == ["x", "2020", "2021"]


def test_the_studio_knows_networks_row_numbers_and_such_rules(years, tmp_path, visit, at_once):
    path = tmp_path / "net.txt"  # case 15
    path.write_text("network a {\n}\nvariable b {\n  type discrete [ 2 ] { c, d };\n}\n")
    page, text = upload(visit, path)
    assert any("net.txt is a Bayesian network, not a table of people" in each for each in text)
    page.file_uploader[0].set_value(("years.csv", years[0].read_bytes(), "")).run()  # case 17
    page.run()
    assert any("no name and labels the rows: it is left out" in each.value for each in page.caption)
    assert list(page.session_state["studio"].sheet["column"]) == ["2020", "2021", "x"]
    next(each for each in page.text_area if each.label == "Rules").set_value("2020 < 2021").run()
    next(each for each in page.button if each.label == "Learn").click().run()
    page.run()
    assert not page.exception and not page.warning
    synthetic = page.session_state["studio"].population
    assert [str(rule) for rule in synthetic.constraints.rules] == ['"2020" < "2021"']


def test_one_and_true_stay_apart():  # case 17; text files have no such cells
    cells = pd.DataFrame({"a": pd.Series([1, True, 2] * 30, dtype=object), "b": [1, 2, 3] * 30})
    people = simple.fit(cells, score="k2").given().sample(300)
    assert {(type(value), int(value)) for value in people["a"]} == {(int, 1), (bool, 1), (int, 2)}
    ones = people[[value is True for value in people["a"]]]
    assert (ones["b"] == 2).mean() > 0.9  # True stands beside 2, as it did; 1 beside 1
