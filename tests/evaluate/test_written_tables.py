"""Synthetic people are compared with the real ones whatever they are written in: cases 3 and 16."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synth.cli.main import app
from synth.data.conform import read_as
from synth.data.table import make_table
from synth.data.writers import write_csv, write_parquet
from synth.errors import PopulaceError
from synth.evaluate.comparison import Comparison
from synth.fitting import simple


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Real people and people drawn from them, each by CSV and by Parquet."""
    folder, random, rows = tmp_path_factory.mktemp("written"), np.random.default_rng(0), 300
    real = pd.DataFrame(
        {
            "continent": random.choice(["NA", "EU", "AS"], rows),  # NA is a level
            "pay": [f"${value:,.2f}" for value in random.integers(100, 10**7, rows) / 100],
            "born": np.datetime64("1950-01-01") + random.integers(0, 20_000, rows),
            "seen": [f"{d:02d}/03/2020 {h:02d}:15" for d, h in random.integers(1, 24, (rows, 2))],
            "ok": random.choice(["Yes", "No"], rows),
            "zip": random.choice(["01", "02", "10"], rows),
            "share": [f"{value}%" for value in random.integers(0, 1_000, rows) / 10],
        }
    )
    real.loc[::9, "continent"] = None
    real.to_parquet(folder / "real.parquet")
    real.to_csv(folder / "real.csv", index=False)
    drawn = simple.fit(real, score="k2").given().sample_arrow(300, 1)
    write_csv(folder / "drawn.csv", [drawn])
    write_parquet(folder / "drawn.parquet", [drawn])
    return folder


def figures(real, drawn):
    done = CliRunner().invoke(app, ["evaluate", str(real), str(drawn), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_figures_do_not_depend_on_the_kind_of_file(folder):
    first = figures(folder / "real.parquet", folder / "drawn.parquet")
    assert not first["hints"]
    assert first["tvd1"] < 2 * first["tvd1_reference"] + 0.05
    for real, drawn in (("parquet", "csv"), ("csv", "csv"), ("csv", "parquet")):
        assert figures(folder / f"real.{real}", folder / f"drawn.{drawn}") == first


def test_a_file_of_another_program_is_read_with_the_real_tables_schema(folder):
    """Dates in another order, amounts without a sign, truth values as 1 and 0."""
    real = pd.read_csv(folder / "real.csv", dtype={"zip": str}, keep_default_na=False)
    other = real.copy()
    other["born"] = pd.to_datetime(other["born"]).dt.strftime("%Y-%m-%d 00:00:00")
    other["pay"] = other["pay"].str.replace("[$,]", "", regex=True).astype(float)
    other["ok"] = (other["ok"] == "Yes").astype(int)
    other["share"] = other["share"].str.rstrip("%")
    other.to_csv(folder / "other.csv", index=False)
    same = figures(folder / "real.csv", folder / "other.csv")
    assert same == figures(folder / "real.csv", folder / "real.csv")
    assert not same["hints"]


@pytest.mark.parametrize(
    ("column", "texts", "sentence"),
    [
        ("pay", ["$5.00", "much"], "should hold numbers and has 'much'"),
        ("born", ["2020-01-01", "2020-02-30"], "should hold numbers and has '2020-02-30'"),
    ],
)
def test_what_cannot_be_read_so_is_named(folder, column, texts, sentence):
    table = make_table(pd.read_parquet(folder / "real.parquet"))
    with pytest.raises(PopulaceError, match=sentence):
        read_as(pd.Series(texts), table.schema[column])
    people = pd.read_parquet(folder / "real.parquet").assign(**{column: texts[1]})
    with pytest.raises(
        PopulaceError, match=f"Column “{column}” of the synthetic table holds “{texts[1]}”"
    ):
        Comparison.of(table, people)
