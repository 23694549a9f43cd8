"""Tables of a database: read and written by a URL; SQLite here, the others where installed."""

import sqlite3
from contextlib import closing

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synth.cli.main import app
from synth.data.readers.database import DatabaseTable, is_url, read_database, write_database
from synth.data.table import read_frame
from synth.data.writers import arrow_table
from synth.errors import PopulaceError
from synth.fitting.simple import fit


def people(rows=300):
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, rows),
            "sex": rng.choice(["f", "m"], rows),
            "pay": np.where(rng.random(rows) < 0.2, np.nan, rng.integers(0, 9999, rows) / 100),
        }
    )


@pytest.fixture
def url(tmp_path):
    path = tmp_path / "people.db"
    with closing(sqlite3.connect(path)) as database:
        people().to_sql("people", database, index=False)
        database.execute('CREATE TABLE "odd ""name" (member BOOLEAN, n INTEGER)')
        database.execute('INSERT INTO "odd ""name" VALUES (1, 1), (0, 2), (NULL, 3)')
        database.commit()
    return f"sqlite:///{path}?table=people"


def test_a_table_is_read(url):
    frame, notes = read_frame(url)
    pd.testing.assert_frame_equal(frame, people(), check_dtype=False)
    assert not notes


def test_a_query_is_read(url):
    query = url.replace("table=people", "query=SELECT age, sex FROM people WHERE age > 50")
    frame, _ = read_frame(query)
    assert list(frame) == ["age", "sex"] and (frame["age"] > 50).all()


def test_truth_values_and_odd_names(url):
    frame, name = read_database(url.replace("table=people", "table=odd%20%22name"))
    assert name == 'odd "name'
    assert frame["member"].tolist()[:2] == [True, False] and frame["member"].isna()[2]


def test_a_path_or_upload_is_never_a_url(tmp_path):
    from pathlib import Path

    with pytest.raises(PopulaceError, match="There is no file"):
        read_frame(Path("sqlite:///x.db?table=people"))
    assert not is_url(b"sqlite:///x.db?table=t")
    assert not is_url("people.csv") and not is_url("C:\\people.csv") and not is_url("/a/b://c")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda u: u.replace("?table=people", ""), "names no table"),
        (lambda u: u.replace("table=people", "table=nobody"), "no table nobody: its tables are"),
        (lambda u: u.replace("people.db", "none.db"), "There is no database"),
        (lambda u: u.replace("table=people", "query=DROP TABLE people"), "cannot be read"),
        (lambda u: u.replace("table=people", "query=SELECT hair FROM people"), "no such column"),
        (lambda u: "https://example.org/people.csv?table=x", "not fetched from the web"),
        (lambda u: "mysql://me:secret@nowhere/base?table=x", "SQLAlchemy|no driver|cannot be read"),
    ],
)
def test_faults_are_one_sentence(url, change, words):
    with pytest.raises(PopulaceError, match=words) as error:
        read_frame(change(url))
    assert "secret" not in str(error.value) and "\n" not in str(error.value)
    assert len(read_frame(url)[0]) == 300


def test_people_are_written_into_a_new_table_alone(url, tmp_path):
    target = url.replace("table=people", "table=made")
    arrow = fit(people()).given().sample_arrow(250, 3)
    write_database(target, [arrow.slice(0, 100), arrow.slice(100)])
    frame, _ = read_frame(target)
    assert len(frame) == 250
    assert frame["sex"].tolist() == arrow["sex"].to_pylist()
    with pytest.raises(PopulaceError, match="has a table made already"):
        write_database(target, [arrow])
    with pytest.raises(PopulaceError, match="not a query"):
        write_database(url.replace("table=people", "query=SELECT 1"), [arrow])


def test_a_table_half_written_is_not_there(url):
    target = url.replace("table=people", "table=made")

    def broken():
        yield arrow_table(people(10))
        raise PopulaceError("no more")

    with pytest.raises(PopulaceError, match="no more"):
        write_database(target, broken())
    with pytest.raises(PopulaceError, match="no table made"):
        read_frame(target)


def test_the_commands_read_and_write_a_database(url, tmp_path):
    run = CliRunner()
    town, target = str(tmp_path / "town"), url.replace("table=people", "table=made")
    done = run.invoke(app, ["fit", url, "--out", town])
    assert done.exit_code == 0, done.output
    done = run.invoke(app, ["sample", town, "--rows", "200", "--out", target])
    assert done.exit_code == 0, done.output
    assert read_frame(target)[0]["synthetic"].all()
    done = run.invoke(app, ["evaluate", url, target, "--json"])
    assert done.exit_code == 0, done.output
    done = run.invoke(app, ["sample", town, "--rows", "200", "--out", target])
    assert done.exit_code == 2 and "has a table made already" in done.stderr


def test_urls_are_taken_apart():
    parsed = DatabaseTable.parse("postgresql+psycopg://me:pw@host:5/base?sslmode=require&table=p")
    assert (parsed.scheme, parsed.table) == ("postgresql", "p")
    assert parsed.address == "postgresql+psycopg://me:pw@host:5/base?sslmode=require"
    assert DatabaseTable.parse("sqlite:////tmp/x.db?table=t").path == "/tmp/x.db"
    assert DatabaseTable.parse("sqlite:///x%20y.db?table=t").path == "x y.db"


def test_duckdb(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "people.duckdb"
    with closing(duckdb.connect(str(path))) as database:
        frame = people()
        database.register("frame", frame)
        database.execute("CREATE TABLE people AS SELECT * FROM frame")
    url = f"duckdb:///{path}?table=people"
    assert len(read_frame(url)[0]) == 300
    arrow = fit(people()).given().sample_arrow(50, 3)
    write_database(url.replace("table=people", "table=made"), [arrow, arrow])
    assert len(read_frame(url.replace("table=people", "table=made"))[0]) == 100


def test_sqlalchemy(url):
    pytest.importorskip("sqlalchemy")
    url = url.replace("sqlite:", "sqlite+pysqlite:")
    from synth.data.readers import database

    source = DatabaseTable.parse(url)
    assert len(database._read_sqlalchemy(source)) == 300
    target = DatabaseTable.parse(url.replace("table=people", "table=made"))
    database._write_sqlalchemy(target, [arrow_table(people(20))] * 2)
    assert len(database._read_sqlalchemy(target)) == 40
