"""Where surveys and votes are kept: a database by SQLAlchemy, SQLite unless another is named.

A vote is committed before it is confirmed, so a server that is killed loses none that it has
confirmed. A unique constraint allows one vote a participant and profile, whoever asks at once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from synth import registry
from synth.errors import PopulaceError
from synth.survey.survey import Item, Part, Person, Survey, Vote, participant

VARIABLE = "POPULACE_SURVEYS"
"""Environment variable with the database: a SQLAlchemy URL, or the path of a SQLite file."""
FILE = "surveys.sqlite"
MOST_SURVEYS = 10_000
"""Surveys of a database; more are refused."""
_PATIENCE = 30  # seconds that a writer waits for the others

_METADATA = sa.MetaData()
_SURVEYS = sa.Table(
    "populace_surveys",
    _METADATA,
    sa.Column("code", sa.String(12), primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False, unique=True),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("population", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("consent", sa.Text, nullable=False),
    sa.Column("parts", sa.Text, nullable=False),
    sa.Column("is_closed", sa.Boolean, nullable=False),
)
_CODE = "populace_surveys.code"
_PEOPLE = sa.Table(
    "populace_survey_people",
    _METADATA,
    sa.Column("code", sa.ForeignKey(_CODE), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("gender", sa.String(40), nullable=False),
    sa.Column("age", sa.Integer),
    sa.Column("ethnicity", sa.String(40), nullable=False),
)
_SHOWN = sa.Table(
    "populace_survey_shown",
    _METADATA,
    sa.Column("code", sa.ForeignKey(_CODE), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("part", sa.String(12), primary_key=True),
    sa.Column("html", sa.Text().with_variant(sa.Text(2**24), "mysql", "mariadb"), nullable=False),
)
_VOTES = sa.Table(
    "populace_survey_votes",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("code", sa.ForeignKey(_CODE), nullable=False),
    sa.Column("participant", sa.String(32), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("part", sa.String(12), nullable=False),
    sa.Column("believed", sa.Boolean, nullable=False),
    sa.UniqueConstraint("code", "participant", "number"),
)


@dataclass(frozen=True)
class Count:
    """Votes on an item.

    Attributes
    ----------
    number : int
        Of the profile.
    part : Part
        What was shown of it.
    believed, answers : int
        Those who believe, of how many.
    """

    number: int
    part: Part
    believed: int
    answers: int


def database_url() -> str:
    """The database's URL: `POPULACE_SURVEYS`, or a SQLite file in the cache folder."""
    location = os.environ.get(VARIABLE, "").strip()
    if "://" in location:
        return location
    path = Path(location).expanduser() if location else registry.cache() / FILE
    return f"sqlite:///{path.absolute()}"


class Store:
    """Surveys and votes in a database; threads, processes and machines share it.

    Parameters
    ----------
    url : str
        Of SQLAlchemy; tables are made where they are missing.

    Raises
    ------
    PopulaceError
        The database cannot be opened.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed_url = sa.make_url(url)
            if parsed_url.get_backend_name() == "sqlite" and parsed_url.database not in (
                None,
                "",
                ":memory:",
            ):
                Path(str(parsed_url.database)).parent.mkdir(parents=True, exist_ok=True)
            self._engine = sa.create_engine(parsed_url, pool_pre_ping=True)
        except (ArgumentError, NoSuchModuleError, ImportError, OSError) as error:
            raise PopulaceError(
                f"The surveys' database cannot be opened ({_first_line(error)}): check the URL in "
                f"{VARIABLE}, and that its driver is installed."
            ) from error
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _settle_sqlite)
        self._make_tables()

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def add(self, survey: Survey, shown: dict[Item, str], owner: str) -> None:
        """Keep a new survey.

        Parameters
        ----------
        survey : Survey
            The survey.
        shown : dict of Item to str
            What a participant sees, as HTML; of each profile in each part.
        owner : str
            The token of whoever made it, who alone may see results and close it.

        Raises
        ------
        PopulaceError
            Its code is taken, something is not drawn, or the database is full of surveys.
        """
        wanted = {Item(person.number, part) for person in survey.people for part in survey.parts}
        if wanted != set(shown):
            raise PopulaceError("A survey needs each profile in each of its parts: draw them all.")
        rows = [
            {"code": survey.code, "number": item.number, "part": item.part, "html": html}
            for item, html in shown.items()
        ]
        people = [{"code": survey.code, **vars(person)} for person in survey.people]
        with self._writing() as connection:
            if (
                _number(connection, sa.select(sa.func.count()).select_from(_SURVEYS))
                >= MOST_SURVEYS
            ):
                raise PopulaceError(
                    f"The database holds {MOST_SURVEYS:,} surveys: name another in {VARIABLE}."
                )
            try:
                connection.execute(sa.insert(_SURVEYS).values(**_row_of(survey, owner)))
            except IntegrityError as error:
                raise PopulaceError(
                    f"A survey is called {survey.code} already: make it anew."
                ) from error
            connection.execute(sa.insert(_PEOPLE), people)
            connection.execute(sa.insert(_SHOWN), rows)

    def get(self, code: str) -> Survey:
        """A survey by its code.

        Parameters
        ----------
        code : str
            What participants join by.

        Returns
        -------
        Survey

        Raises
        ------
        PopulaceError
            There is none of that code.
        """
        row = self._find(_SURVEYS.c.code == code)
        if row is None:
            raise PopulaceError(f"There is no survey “{code}” here: check the code on the screen.")
        return row

    def of_owner(self, token: str) -> Survey | None:
        """The survey that whoever has this token made; None where there is none."""
        return self._find(_SURVEYS.c.owner == _digest(token))

    def shown(self, code: str, item: Item) -> str:
        """What a participant sees of an item, as HTML."""
        keys = (
            _SHOWN.c.code == code,
            _SHOWN.c.number == item.number,
            _SHOWN.c.part == item.part,
        )
        with self._reading() as connection:
            html = connection.execute(sa.select(_SHOWN.c.html).where(*keys)).scalar()
        if html is None:
            raise PopulaceError(f"Survey {code} does not show that: open its link again.")
        return str(html)

    def close_survey(self, code: str, *, is_closed: bool = True) -> None:
        """Refuse votes from now on, or take them again."""
        with self._writing() as connection:
            connection.execute(
                sa.update(_SURVEYS).where(_SURVEYS.c.code == code).values(is_closed=is_closed)
            )

    def vote(self, code: str, token: str, number: int, believed: bool) -> bool:
        """Keep an answer; it is on disk when this returns.

        Parameters
        ----------
        code : str
            Of the survey.
        token : str
            The participant's.
        number : int
            Of the profile; the part is the one that the participant sees.
        believed : bool
            The answer.

        Returns
        -------
        bool
            False where this participant has answered on this profile before; that answer stays.

        Raises
        ------
        PopulaceError
            The survey is closed or has no such profile.
        """
        survey = self.get(code)
        if survey.is_closed:
            raise PopulaceError("This survey is closed: thank you all the same.")
        item = next((item for item in survey.items(token) if item.number == number), None)
        if item is None:
            raise PopulaceError(f"Survey {code} has no profile {number}: open its link again.")
        who = participant(code, token)
        values = {"code": code, "participant": who, "number": number}
        try:
            with self._writing() as connection:
                connection.execute(
                    sa.insert(_VOTES).values(**values, part=item.part, believed=believed)
                )
        except IntegrityError:
            return False
        return True

    def answered(self, code: str, token: str) -> frozenset[int]:
        """Numbers of the profiles that a participant has answered on."""
        keys = (_VOTES.c.code == code, _VOTES.c.participant == participant(code, token))
        with self._reading() as connection:
            rows = connection.execute(sa.select(_VOTES.c.number).where(*keys))
            return frozenset(row.number for row in rows)

    def counts(self, code: str) -> tuple[tuple[Count, ...], int]:
        """Votes by item, and how many people gave them."""
        yes = sa.func.sum(sa.case((_VOTES.c.believed, 1), else_=0))
        by = (_VOTES.c.number, _VOTES.c.part)
        query = sa.select(*by, yes, sa.func.count()).where(_VOTES.c.code == code).group_by(*by)
        people = sa.select(sa.func.count(sa.distinct(_VOTES.c.participant)))
        with self._reading() as connection:
            counted = tuple(
                Count(number, part, int(believed), int(answers))
                for number, part, believed, answers in connection.execute(query.order_by(*by))
            )
            return counted, _number(connection, people.where(_VOTES.c.code == code))

    def votes(self, code: str) -> tuple[Vote, ...]:
        """All votes, in the order in which they came."""
        query = sa.select(_VOTES).where(_VOTES.c.code == code).order_by(_VOTES.c.id)
        with self._reading() as connection:
            return tuple(
                Vote(row.participant, Item(row.number, row.part), bool(row.believed))
                for row in connection.execute(query)
            )

    # ── Private ──────────────────────────────────────────────────────────────────────────────────

    def _find(self, condition: Any) -> Survey | None:
        with self._reading() as connection:
            row = connection.execute(sa.select(_SURVEYS).where(condition)).first()
            if row is None:
                return None
            query = sa.select(_PEOPLE).where(_PEOPLE.c.code == row.code).order_by(_PEOPLE.c.number)
            return _survey_of(row, connection.execute(query).all())

    def _make_tables(self) -> None:
        try:
            _METADATA.create_all(self._engine)
        except SQLAlchemyError:  # another process may have made them meanwhile
            with _in_a_sentence():
                _METADATA.create_all(self._engine)

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with _in_a_sentence(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with _in_a_sentence(), self._engine.begin() as connection:
            yield connection


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except SQLAlchemyError as error:
        raise PopulaceError(
            f"The surveys' database does not answer ({_first_line(error)}): try again, and check "
            f"{VARIABLE}."
        ) from error


def _settle_sqlite(connection: Any, _: object) -> None:
    """Writers wait for each other, readers wait for nobody, and a commit is on disk."""
    for pragma in (
        f"busy_timeout = {_PATIENCE * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _number(connection: sa.Connection, query: Any) -> int:
    return int(connection.execute(query).scalar() or 0)


def _row_of(survey: Survey, owner: str) -> dict[str, Any]:
    names = ("code", "question", "population", "evidence", "seed", "consent", "is_closed")
    row = {name: getattr(survey, name) for name in names}
    return {**row, "owner": _digest(owner), "parts": ",".join(survey.parts)}


def _survey_of(row: sa.Row, people: Sequence[sa.Row]) -> Survey:
    return Survey(
        row.code,
        row.question,
        row.population,
        row.evidence,
        row.seed,
        row.consent,
        tuple(row.parts.split(",")),
        tuple(Person(p.number, p.gender, p.age, p.ethnicity) for p in people),
        bool(row.is_closed),
    )


def _digest(token: str) -> str:
    return hashlib.blake2b(token.encode(), digest_size=32).hexdigest()


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:160].rstrip(".")
