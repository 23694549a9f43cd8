"""Tables of a database, read and written by a URL: SQLite, DuckDB, or whatever SQLAlchemy reaches.

``sqlite:///people.db?table=people``, ``duckdb:///people.duckdb?table=people`` and
``postgresql://user@host/base?table=people`` name one table; ``?query=SELECT …`` names the rows of
a query. SQLite needs nothing further; DuckDB, and SQLAlchemy with the driver of a database, are
imported only when a URL asks for them. Databases are opened for reading alone unless people are
written to them. Only the command line and Python take such URLs: a page never does.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pandas as pd
import pyarrow as pa

from synth.errors import PopulaceError

CELLS_LIMIT = 50_000_000
_SCHEME = re.compile(r"^([a-z][a-z0-9]*)(\+[a-z0-9_]+)?://", re.IGNORECASE)
_ROWS = 100_000


@dataclass(frozen=True)
class DatabaseTable:
    """What a URL names.

    Attributes
    ----------
    scheme : str
        The kind of database: ``sqlite``, ``duckdb``, or one of SQLAlchemy's.
    address : str
        The URL without `table` and `query`.
    path : str
        The file of a SQLite or DuckDB database.
    table : str
        The table's name; empty where there is a query.
    query : str
        A query whose rows are the table.
    """

    scheme: str
    address: str
    path: str
    table: str
    query: str = ""

    @property
    def title(self) -> str:
        """How sentences call it; never with a password."""
        return self.table or "The query"

    @staticmethod
    def parse(url: str) -> DatabaseTable:
        """Read a URL.

        Raises
        ------
        PopulaceError
            It names no table.
        """
        scheme = _SCHEME.match(url)
        parts = urlsplit(url)
        parameters = parse_qs(parts.query)
        table, query = (parameters.pop(key, [""])[-1] for key in ("table", "query"))
        if scheme is None or not (table or query):
            raise PopulaceError(
                "The URL names no table: end it in ?table=NAME, as in "
                "sqlite:///people.db?table=people."
            )
        rest = "&".join(f"{k}={quote(v)}" for k, values in parameters.items() for v in values)
        address = url.split("?", 1)[0] + (f"?{rest}" if rest else "")
        path = unquote(parts.path)
        path = path[1:] if path.startswith("/") and not parts.netloc else parts.netloc + path
        return DatabaseTable(scheme[1].lower(), address, path, table, query)


def is_url(text: object) -> bool:
    """Whether a text names a table of a database."""
    return isinstance(text, str) and _SCHEME.match(text) is not None


def read_database(url: str) -> tuple[pd.DataFrame, str]:
    """The rows of a table or query, and how sentences call them.

    Parameters
    ----------
    url : str
        As this module's docstring shows.

    Returns
    -------
    pd.DataFrame
        A column for each of the table.
    str
        The table's name.

    Raises
    ------
    PopulaceError
        There is no such database or table, or the library that reads it is not installed.
    """
    source = DatabaseTable.parse(url)
    if source.scheme in ("http", "https", "ftp", "s3", "file"):
        raise PopulaceError("Tables are not fetched from the web: download the file and name it.")
    read = {"sqlite": _read_sqlite, "duckdb": _read_duckdb}.get(source.scheme, _read_sqlalchemy)
    return read(source), source.title


def write_database(url: str, tables: Iterable[pa.Table]) -> None:
    """Write tables of people into a new table of a database, piece by piece, all or none.

    Parameters
    ----------
    url : str
        As this module's docstring shows; the table must not exist yet.
    tables : iterable of pa.Table
        The people.

    Raises
    ------
    PopulaceError
        The table is there already, or the database cannot be written.
    """
    target = DatabaseTable.parse(url)
    if not target.table:
        raise PopulaceError("People are written to a table, not a query: end the URL in ?table=.")
    write = {"sqlite": _write_sqlite, "duckdb": _write_duckdb}.get(target.scheme, _write_sqlalchemy)
    write(target, tables)


# ---------------------------------------------------------------------- SQLite


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sqlite(source: DatabaseTable, mode: str) -> sqlite3.Connection:
    path = Path(source.path)
    if mode == "ro" and not path.is_file():
        raise PopulaceError(f"There is no database {source.path}: check its name and folder.")
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode={mode}", uri=True)


def _read_sqlite(source: DatabaseTable) -> pd.DataFrame:
    try:
        with closing(_sqlite(source, "ro")) as database:
            if source.table:
                _check_table(database, source.table)
            query = source.query or f"SELECT * FROM {_quoted(source.table)}"
            cursor = database.execute(query)
            if cursor.description is None:
                raise PopulaceError("The query returns no rows: write one that selects.")
            names = [str(entry[0]) for entry in cursor.description]
            rows: list[tuple[Any, ...]] = []
            while some := cursor.fetchmany(_ROWS):
                rows += some
                _check_cells(len(rows) * len(names), source.title)
            kinds = _declared(database, source.table) if source.table else {}
    except sqlite3.Error as error:
        raise PopulaceError(f"The database cannot be read ({error}): check the URL.") from error
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return _frame(names, columns, kinds)


def _check_table(database: sqlite3.Connection, table: str) -> None:
    query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
    tables = [str(name) for (name,) in database.execute(query)]
    if table not in tables:
        known = ", ".join(tables[:5]) or "none"
        raise PopulaceError(f"The database has no table {table}: its tables are {known}.")


def _declared(database: sqlite3.Connection, table: str) -> dict[str, str]:
    rows = database.execute(f"PRAGMA table_info({_quoted(table)})")
    return {str(row[1]): str(row[2]).upper() for row in rows}


def _frame(names: list[str], columns: list[Any], kinds: dict[str, str]) -> pd.DataFrame:
    """Values as SQLite has them; columns declared as truth values become such."""
    out = {}
    for position, values in enumerate(columns):
        series = pd.Series(list(values), dtype=object).infer_objects()
        is_boolean = kinds.get(names[position], "").startswith("BOOL")
        if is_boolean and series.dropna().isin([0, 1]).all():
            series = series.astype("boolean")
            series = series.astype(bool) if series.notna().all() else series
        out[position] = series
    frame = pd.DataFrame(out)
    frame.columns = pd.Index(names)
    return frame


def _write_sqlite(target: DatabaseTable, tables: Iterable[pa.Table]) -> None:
    try:
        # Closed without a commit, the database is as it was.
        with closing(_sqlite(target, "rwc")) as database:
            database.isolation_level = None
            database.execute("BEGIN IMMEDIATE")
            names = [name for (name,) in database.execute("SELECT name FROM sqlite_master")]
            _refuse_existing(target.table, names)
            insert = ""
            for table in tables:
                if not insert:
                    columns = ", ".join(
                        f"{_quoted(field.name)} {_sqlite_type(field.type)}"
                        for field in table.schema
                    )
                    database.execute(f"CREATE TABLE {_quoted(target.table)} ({columns})")
                    marks = ", ".join("?" * table.num_columns)
                    insert = f"INSERT INTO {_quoted(target.table)} VALUES ({marks})"
                for batch in table.to_batches(max_chunksize=_ROWS):
                    columns_of = [_plain(column) for column in batch.columns]
                    database.executemany(insert, zip(*columns_of, strict=True))
            database.execute("COMMIT")
    except sqlite3.Error as error:
        raise PopulaceError(
            f"The people cannot be written to the database ({error}): check the URL."
        ) from error


def _plain(values: pa.Array) -> list[Any]:
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
        values = values.cast(pa.string())
    listed: list[Any] = values.to_pylist()
    return listed


def _sqlite_type(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind):
        return _sqlite_type(kind.value_type)
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    if pa.types.is_integer(kind):
        return "INTEGER"
    return "REAL" if pa.types.is_floating(kind) else "TEXT"


def _refuse_existing(table: str, names: Iterable[str]) -> None:
    if table in names:
        raise PopulaceError(f"The database has a table {table} already: name another.")


def _check_cells(cells: int, title: str) -> None:
    if cells > CELLS_LIMIT:
        raise PopulaceError(
            f"{title} has more than {CELLS_LIMIT // 10**6} million cells: select fewer rows or "
            "columns by ?query=."
        )


# ---------------------------------------------------------------------- DuckDB and SQLAlchemy


def _duckdb(source: DatabaseTable, *, read_only: bool) -> Any:
    try:
        import duckdb
    except ImportError as error:
        raise PopulaceError("DuckDB is not installed: `pip install duckdb`.") from error
    try:
        return duckdb.connect(source.path or ":memory:", read_only=read_only)
    except (duckdb.Error, OSError) as error:
        raise PopulaceError(f"The database {source.path} cannot be opened: check its name.") from (
            error
        )


def _read_duckdb(source: DatabaseTable) -> pd.DataFrame:
    with closing(_duckdb(source, read_only=True)) as database:
        query = source.query or f"SELECT * FROM {_quoted(source.table)}"
        try:
            table = database.sql(query).to_arrow_table()
        except Exception as error:  # the library's own kinds, which may not be there to be named
            raise PopulaceError(
                f"DuckDB cannot read {source.title} ({_first_line(error)}): check the URL."
            ) from error
    _check_cells(table.num_rows * table.num_columns, source.title)
    return table.to_pandas()


def _write_duckdb(target: DatabaseTable, tables: Iterable[pa.Table]) -> None:
    with closing(_duckdb(target, read_only=False)) as database:
        try:
            database.execute("BEGIN")
            is_made = False
            for table in tables:
                database.register("populace_people", table)
                name = _quoted(target.table)
                verb = f"INSERT INTO {name}" if is_made else f"CREATE TABLE {name} AS"
                database.execute(f"{verb} SELECT * FROM populace_people")
                database.unregister("populace_people")
                is_made = True
            database.execute("COMMIT")
        except Exception as error:
            raise PopulaceError(
                f"DuckDB cannot write {target.table} ({_first_line(error)}): check the URL."
            ) from error


def _engine(source: DatabaseTable) -> tuple[Any, Any]:
    try:
        import sqlalchemy
    except ImportError as error:
        raise PopulaceError(
            f"Databases of the kind {source.scheme} are reached by SQLAlchemy: "
            "`pip install sqlalchemy` and the database's driver."
        ) from error
    try:
        return sqlalchemy, sqlalchemy.create_engine(source.address)
    except Exception as error:
        raise PopulaceError(
            f"There is no driver for {source.scheme} databases: install it beside SQLAlchemy, and "
            "check the URL."
        ) from error


def _read_sqlalchemy(source: DatabaseTable) -> pd.DataFrame:
    sqlalchemy, engine = _engine(source)
    name = engine.dialect.identifier_preparer.quote_identifier(source.table)
    query = source.query or f"SELECT * FROM {name}"
    try:
        with engine.connect() as connection:
            frames, cells = [], 0
            for frame in pd.read_sql(sqlalchemy.text(query), connection, chunksize=_ROWS):
                cells += frame.size
                _check_cells(cells, source.title)
                frames.append(frame)
    except PopulaceError:
        raise
    except Exception as error:
        raise PopulaceError(
            f"The database cannot be read ({type(error).__name__}): check URL, table and rights."
        ) from error
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _write_sqlalchemy(target: DatabaseTable, tables: Iterable[pa.Table]) -> None:
    sqlalchemy, engine = _engine(target)
    _refuse_existing(target.table, sqlalchemy.inspect(engine).get_table_names())
    try:
        with engine.begin() as connection:
            for table in tables:
                table.to_pandas().to_sql(
                    target.table, connection, if_exists="append", index=False, chunksize=_ROWS
                )
    except Exception as error:
        raise PopulaceError(
            f"The database cannot be written ({type(error).__name__}): check URL and rights."
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:150]
