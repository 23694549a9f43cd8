"""Hostile input by the thousand: whatever comes in ends in an answer or in one sentence.

``python -m synth.bench.fuzz lines --cases 10000`` tries evidence lines, ``tables`` takes tables
through read → fit → sample → save → load, ``files`` opens population files, ``queries`` asks the
API. Anything but a `PopulaceError` is a finding: it is printed with the number of its case, and
``--only N`` makes that case again.
"""

from __future__ import annotations

import asyncio
import io
import json
import random
import tempfile
import traceback
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import numpy as np
import pandas as pd
import typer

from synth import populations
from synth.api import limits, routes
from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.fitting.simple import fit
from synth.populations import Population, archive

ODD = (
    "", " ", ",", "|", "=", "..", '"', '""', "missing", "nan", "NaN", "inf", "-inf", "1e999", "0x1",
    "1_000", "-0", "٣", "²", "½", "1,5", "1.5.2", "a" * 3000, "\x00", "\u202e", "\ud7ff", "\ufeff",
    "😀", "İ", "ß", "\r\n", "\t", "<img src=x onerror=alert(1)>", "</script><script>alert(1)//",
    "javascript:alert(1)", "=cmd|' /C calc'!A0", "'; DROP TABLE people; --", "../../etc/passwd",
    "%00", "{{7*7}}", "${x}", "None", "null", "true", "2020-02-30", "31/12/99",
    "99999999999999999999", "1e-400", "0.1", "-1", "1", "2",
)  # fmt: skip
"""Words that have broken programs before."""
SMALL = "french-hobbies"
"""The population that lines, files and queries are about."""

Case = Callable[[random.Random], None]


@dataclass
class Outcome:
    """What came of many cases.

    Attributes
    ----------
    answered, refused : int
        Cases that went through, and those that ended in a sentence.
    findings : dict of int to str
        Case number → traceback.
    """

    answered: int = 0
    refused: int = 0
    findings: dict[int, str] = field(default_factory=dict)

    @property
    def cases(self) -> int:
        """How many there were."""
        return self.answered + self.refused + len(self.findings)


def run(case: Case, numbers: range, seed: int = 0) -> Outcome:
    """Try cases.

    Parameters
    ----------
    case : callable
        Makes one hostile input from a random stream and uses it.
    numbers : range
        The cases; each has a stream of its own, so that it can be made again alone.
    seed : int
        Another seed, other cases.
    """
    outcome = Outcome()
    for number in numbers:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                case(random.Random(f"{seed}/{number}"))
        except PopulaceError as error:
            if str(error).strip():
                outcome.refused += 1
            else:
                outcome.findings[number] = "an error without words"
        except Exception:
            outcome.findings[number] = traceback.format_exc()
        else:
            outcome.answered += 1
    return outcome


# ---------------------------------------------------------------------- evidence lines


def line(random: random.Random, population: Population) -> str:
    """An evidence line: facts that could be, with odd words in their places."""
    facts = []
    for _ in range(random.randint(0, 4)):
        column = random.choice(tuple(population.modelled))
        values = [*column.states, *ODD, str(random.uniform(-10, 200)), "20..30", "..5", "5..", ".."]
        name = column.name if random.random() < 0.85 else random.choice(ODD)
        words = "|".join(random.choice(values) for _ in range(random.randint(1, 3)))
        facts.append(f"{name}{'=' if random.random() < 0.95 else random.choice(ODD)}{words}")
    text = ",".join(facts)
    for _ in range(random.choice((0, 0, 1, 3))):
        at = random.randint(0, len(text))
        text = text[:at] + random.choice(ODD) + text[at + random.randint(0, 3) :]
    return text


def lines() -> Case:
    """Lines are read, written again as the same, and asked about."""
    population = populations.load(SMALL)

    def case(random: random.Random) -> None:
        known = population.evidence(line(random, population))
        again = Evidence.parse(known.text(population.schema), population.schema)
        if again != known:
            raise AssertionError(f"{str(known)!r} is read as {str(again)!r}")
        people = population.answer(known)
        if not 0.0 <= people.probability <= 1.0:
            raise AssertionError(f"{str(known)!r} has probability {people.probability}")

    return case


# ---------------------------------------------------------------------- tables


def _column(random: random.Random, rows: int) -> list[Any]:
    few = [random.choice(ODD) for _ in range(random.randint(1, 5))]
    kinds: list[Callable[[], Any]] = [
        lambda: random.choice(few),
        lambda: random.randint(-3, 3),
        lambda: random.randint(-(2**62), 2**62),
        lambda: random.gauss(0, 1e3),
        lambda: random.choice((0.0, -0.0, 1e308, -1e308, 5e-324, float("inf"), float("nan"))),
        lambda: random.choice((True, False)),
        lambda: f"{random.randint(1, 31)}/{random.randint(1, 12)}/{random.randint(1890, 2100)}",
        lambda: f"{random.randint(0, 9)}.{random.randint(0, 999):03},{random.randint(0, 99):02}",
        lambda: f"id-{random.randint(0, 10**9)}",
        lambda: random.choice(ODD),
        lambda: None,
    ]
    main, other = random.choice(kinds), random.choice(kinds)
    rate = random.choice((0.0, 0.0, 0.02, 0.3))
    return [other() if random.random() < rate else main() for _ in range(rows)]


def frame(random: random.Random) -> pd.DataFrame:
    """A hostile table: names and values of all kinds, mixed in one column."""
    rows = random.choice((0, 1, 2, 5, 60, 200))
    count = random.randint(0, 5)
    names = [random.choice(ODD) if random.random() < 0.4 else f"c{i}" for i in range(count)]
    columns = [_column(random, rows) for _ in names]
    if random.random() < 0.2 and columns:  # one column follows from another
        columns.append([str(value)[:1] for value in columns[0]])
        names.append("follows")
    table = pd.DataFrame(dict(enumerate(columns)), index=range(rows), dtype=object)
    table.columns = pd.Index(names, dtype=object)
    return table if random.random() < 0.5 else table.infer_objects()


def written(random: random.Random, table: pd.DataFrame, folder: Path) -> Path:
    """The table as a file of some kind, perhaps damaged."""
    kind = random.choice(("csv", "jsonl", "parquet"))
    path = folder / f"table.{kind}"
    if kind == "csv":
        coding = random.choice(("utf-8", "utf-8-sig", "utf-16", "cp1252"))
        text = table.to_csv(index=random.random() < 0.3, sep=random.choice(",;\t"))
        content = text.encode(coding, "replace")
    elif kind == "jsonl":
        records = table.astype(object).to_dict("records")
        content = "\n".join(json.dumps(record, default=str) for record in records).encode()
    else:
        plain = table.astype(str)
        plain.columns = [str(name) + "_" * i for i, name in enumerate(plain.columns)]
        content = plain.to_parquet()
    path.write_bytes(damaged(random, content) if random.random() < 0.15 else content)
    return path


def damaged(random: random.Random, content: bytes) -> bytes:
    """Bytes of which some are others, or the end is missing."""
    if random.random() < 0.3:
        return content[: random.randint(0, len(content))]
    changed = bytearray(content)
    for _ in range(random.choice((1, 3, 30))):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def tables() -> Case:
    """Tables are read, learned, drawn from, saved and loaded: the same people come out."""

    def case(random: random.Random) -> None:
        table = frame(random)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            source = table if random.random() < 0.3 else written(random, table, folder)
            population = fit(source)
            drawn = population.given().sample(20, 1)
            loaded = populations.write(population, folder / "learned")
            pd.testing.assert_frame_equal(loaded.given().sample(20, 1), drawn)
            unpacked = archive.unpack(archive.pack(folder / "learned"), folder / "unpacked")
            pd.testing.assert_frame_equal(unpacked.given().sample(20, 1), drawn)

    return case


# ---------------------------------------------------------------------- population files

_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1e308, -1e-308, 2**70, float("nan"), float("inf"), "", "x", [], {}, [[]],
    "<img src=x onerror=alert(1)>", "../../x", "a" * 100_000, [0] * 1000, {"a": {"b": []}},
)  # fmt: skip


def _mutated(random: random.Random, value: Any) -> Any:
    """JSON in which one place, however deep, holds something else."""
    if isinstance(value, dict) and value and random.random() < 0.92:
        key = random.choice(tuple(value))
        if random.random() < 0.06:
            return {name: each for name, each in value.items() if name != key}
        return value | {key: _mutated(random, value[key])}
    if isinstance(value, list) and value and random.random() < 0.92:
        at = random.randrange(len(value))
        if random.random() < 0.06:
            return value[:at] + value[at + random.choice((0, 1)) :] + value[:1]
        return [*value[:at], _mutated(random, value[at]), *value[at + 1 :]]
    return random.choice(_VALUES)


def population_file(random: random.Random, parts: dict[str, bytes]) -> bytes:
    """A population file with odd parts whose sums are right, or damaged as it is."""
    parts = dict(parts)
    for _ in range(random.choice((1, 1, 2))):
        name = random.choice([part for part in parts if part.endswith(".json")])
        parts[name] = json.dumps(_mutated(random, json.loads(parts[name]))).encode()
    digests = {name: sha256(content).hexdigest() for name, content in parts.items()}
    manifest = {"format": archive.FORMAT, "parts": digests}
    if random.random() < 0.05:
        manifest = _mutated(random, manifest)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pages:
        for name, content in {"manifest.json": json.dumps(manifest).encode(), **parts}.items():
            pages.writestr(name, content)
    return damaged(random, out.getvalue()) if random.random() < 0.2 else out.getvalue()


def files() -> Case:
    """Population files are opened; what opens answers, is drawn from and saved again."""
    with tempfile.TemporaryDirectory() as name:
        generator = np.random.default_rng(0)
        small = pd.DataFrame(
            {
                "age": generator.integers(18, 90, 120),
                "town": generator.choice(["north", "south", "west"], 120),
                "tall": generator.random(120) < 0.4,
                "weight": np.round(generator.normal(70, 9, 120), 1),
            }
        )
        populations.write(fit(small), Path(name))
        with zipfile.ZipFile(io.BytesIO(archive.pack(Path(name)))) as pages:
            parts = {part: pages.read(part) for part in pages.namelist() if part != "manifest.json"}

    def case(random: random.Random) -> None:
        content = population_file(random, parts)
        with tempfile.TemporaryDirectory() as name:
            population = archive.unpack(content, Path(name) / "in")
            people = population.given()
            for column in population.modelled:
                people.marginal(column.name)
            people.sample(5, 1)
            people.sample_arrow(5, 1)
            populations.write(population, Path(name) / "out")

    return case


# ---------------------------------------------------------------------- queries


def address(random: random.Random, population: Population) -> tuple[str, str]:
    """Path and query of a question to the API, some of it odd."""
    names = [*populations.available(), *ODD]

    def some(good: str) -> str:
        return good if random.random() < 0.7 else random.choice(ODD)

    parameters = {
        "population": random.choice(names) if random.random() < 0.3 else SMALL,
        "given": line(random, population),
        "rows": some("3"),
        "seed": some("1"),
        "format": some(random.choice(("csv", "json", "arrow", "parquet"))),
        "column": some(random.choice(tuple(population.modelled)).name),
    }
    kept = [(key, value) for key, value in parameters.items() if random.random() < 0.7]
    query = "&".join(f"{quote(key)}={quote(value)}" for key, value in kept)
    if random.random() < 0.1:
        query = "".join(chr(random.randrange(33, 127)) for _ in range(30))
    part = some(random.choice(("/card", "/portrait", "/png", "")))
    person = f"/api/people/{quote(some(SMALL))}/{quote(some('7'))}/{quote(some('42'))}{quote(part)}"
    paths = ("/api/people", "/api/probability", "/api/posterior", "/api/populations", person)
    return random.choice(paths), query


def queries() -> Case:
    """Questions to the API end in an answer or a sentence, and never in an error of the server."""
    from starlette.applications import Starlette

    population = populations.load(SMALL)
    app = Starlette(routes=routes(limits.Allowance(10**9)))

    def case(random: random.Random) -> None:
        status, body = asyncio.run(_response(app, *address(random, population)))
        if status >= 500:
            raise AssertionError(f"status {status}: {body[:200]!r}")
        if status >= 400:
            raise PopulaceError(body.decode(errors="replace"))

    return case


async def _response(app: Any, path: str, query: str) -> tuple[int, bytes]:
    """Status and body of one request, spoken to the application itself."""
    from urllib.parse import unquote

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": unquote(path), "raw_path": path.encode(), "root_path": "",
        "query_string": query.encode(), "headers": [], "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }  # fmt: skip
    status, body = 0, b""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")

    await app(scope, receive, send)
    return status, body


# ---------------------------------------------------------------------- command

CASES: dict[str, Callable[[], Case]] = {
    "lines": lines,
    "tables": tables,
    "files": files,
    "queries": queries,
}


def _numbers(first: int, cases: int, only: int | None) -> Iterator[range]:
    if only is not None:
        yield range(only, only + 1)
        return
    for low in range(first, first + cases, 100):
        yield range(low, min(low + 100, first + cases))


def main(
    what: Annotated[str, typer.Argument(help=f"One of {', '.join(CASES)}.")],
    cases: Annotated[int, typer.Option(help="How many.")] = 1000,
    first: Annotated[int, typer.Option(help="The number of the first.")] = 0,
    seed: Annotated[int, typer.Option(help="Another seed, other cases.")] = 0,
    only: Annotated[int | None, typer.Option(help="The number of one case.")] = None,
) -> None:
    """Try hostile input, and say what came of it."""
    if what not in CASES:
        raise typer.BadParameter(f"use one of {', '.join(CASES)}")
    case = CASES[what]()
    total = Outcome()
    for numbers in _numbers(first, cases, only):
        some = run(case, numbers, seed)
        total.answered += some.answered
        total.refused += some.refused
        total.findings |= some.findings
        for number, text in some.findings.items():
            print(f"--- case {number}\n{text}", flush=True)
    print(
        f"{total.cases} {what}: {total.answered} answered, {total.refused} refused in a sentence, "
        f"{len(total.findings)} findings"
    )
    raise typer.Exit(1 if total.findings else 0)


if __name__ == "__main__":
    typer.run(main)
