"""`python -m synth probability`, `posterior` and `sample`: questions to a population."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from synth.cli.common import AsJson, Given, PopulationName, Seed, percent, print_json, progress_bar
from synth.cluster import Question, write_on_cluster
from synth.data.atomic import check_target
from synth.data.evidence import Evidence
from synth.data.readers.database import is_url, write_database
from synth.data.writers import file_kind, with_mark_column, write_csv
from synth.errors import PopulaceError
from synth.generators import Conditional
from synth.generators.on_device import on_device
from synth.generators.rare import weighing
from synth.linked.storage import is_linked
from synth.populations import Population, load, strata
from synth.populations.as_written import as_written, canonical
from synth.populations.reading import Base, Reading, calibration
from synth.populations.strata import Stratified

_CSV_ROWS = 1 << 18  # rows held at a time while a CSV file is written


def probability(population: PopulationName, given: Given = "", as_json: AsJson = False) -> None:
    """How common people are of whom the facts hold."""
    conditional, facts = _conditional(population, given)
    if as_json:
        print_json(
            {
                "population": population,
                "given": facts,
                "probability": conditional.probability,
                "log_probability": conditional.log_probability,
                "standard_error": conditional.standard_error,
                "interval": list(conditional.interval),
                "note": conditional.note,
            }
        )
        return
    how = ""
    if conditional.standard_error > 0:
        low, high = conditional.interval
        how = f" (estimated; 95% interval {percent(low)} to {percent(high)})"
    elif facts and not conditional.exact:
        how = " (estimated)"
    share = percent(conditional.probability)
    typer.echo(f"{share}{how} of {population}: {facts or 'everybody'}")


def posterior(
    population: PopulationName,
    column: Annotated[
        str, typer.Argument(metavar="COLUMN", help="The column that is asked about.")
    ],
    given: Given = "",
    do: Annotated[
        str, typer.Option(metavar="FACTS", help="What is set from outside: education=none.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """The distribution of a column among people of whom the facts hold."""
    conditional, facts = _conditional(population, given, do)
    marginal = conditional.marginal(column)
    mean = marginal.mean
    if mean is not None and math.isnan(mean):  # everybody's value is missing
        mean = None
    if as_json:
        print_json(
            {
                "population": population,
                "column": column,
                "given": facts,
                "do": do,
                "probability": conditional.probability,
                "labels": list(marginal.labels),
                "probabilities": [float(p) for p in marginal.probabilities],
                "mean": mean,
            }
        )
        return
    width = max(len(label) for label in marginal.labels)
    most = max(float(p) for p in marginal.probabilities) or 1.0
    for label, share in zip(marginal.labels, marginal.probabilities, strict=True):
        bar = "█" * round(30 * float(share) / most)
        typer.echo(f"{label:<{width}}  {percent(float(share)):>8}  {bar}")
    if mean is not None:
        typer.echo(f"{'mean':<{width}}  {mean:>8.4g}")


def sample(
    population: PopulationName,
    out: Annotated[
        str,
        typer.Option(
            help="The file to write: .parquet or .csv; or a new table of a database, as in "
            "sqlite:///people.db?table=made; with --dask, a new folder."
        ),
    ],
    rows: Annotated[
        int | None, typer.Option(min=1, help="How many people; 1000 when left out.")
    ] = None,
    given: Given = "",
    seed: Seed = 0,
    refined: Annotated[
        bool,
        typer.Option(
            "--refined", help="People corrected by what `fit --refine` learned; estimates follow."
        ),
    ] = False,
    rarity: Annotated[
        float | None,
        typer.Option(
            metavar="B",
            help="Draw in proportion to p(x)^B: below 1, rare people come more often; each row "
            "gets its log-weight.",
        ),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MARGIN",
            help="A margin that the people are to have: 'gender=female:.5|male:.5', "
            "'age=18..34:.3|35..64:.5|65..:.2', or a CSV file of counts of one or two columns; "
            "repeatable.",
        ),
    ] = None,
    weighted: Annotated[
        bool,
        typer.Option(
            "--weighted", help="Weighted to the population that the survey's weights speak for."
        ),
    ] = False,
    independent: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A:B",
            help="Make two columns independent, such as income:gender, each as common as it is; "
            "repeatable.",
        ),
    ] = None,
    quota: Annotated[
        str,
        typer.Option(
            metavar="COUNTS",
            help="Exactly so many people of each cell: 'gender=female:500|male:500'.",
        ),
    ] = "",
    every: Annotated[
        str,
        typer.Option(
            metavar="COLUMNS",
            help="Cover every combination of these columns that exists: gender,marital; one "
            "person each, or --rows spread evenly; each row gets its log-weight.",
        ),
    ] = "",
    bom: Annotated[
        bool,
        typer.Option("--bom", help="Begin a CSV file with the mark by which Excel reads UTF-8."),
    ] = False,
    guard: Annotated[
        bool,
        typer.Option(
            help="Set an apostrophe before texts of a CSV file that spreadsheets would run as "
            "formulas: those that begin with = + - @. Reading the file here takes it away again."
        ),
    ] = True,
    dask: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Draw on this Dask cluster, such as tcp://head:8786, into a folder of Parquet "
            "files on a disk that its workers share.",
        ),
    ] = "",
    device: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Draw on a graphics processor, cuda; the people are the same, bit for bit.",
        ),
    ] = "",
    some: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FACTS",
            help="Of linked tables, facts about rows: 'members: age=70..', "
            "'members 2..3: gender=female'; repeatable.",
        ),
    ] = None,
) -> None:
    """Draw people of whom the facts hold and write them to a file."""
    if is_linked(population):
        from synth.cli.linked import sample_linked

        sample_linked(population, Path(out), rows or 1000, given, some or (), seed, refined=refined)
        return
    lines = [*(target or []), *map(_independent, independent or [])]
    people = _reading(load(population), refined, weighted, rarity, lines)
    if device:
        if dask or quota or every:
            raise PopulaceError("--device draws plain samples: drop --dask, --quota and --every.")
        people = replace(people, model=on_device(people.model, device))
    known = people.evidence(given)
    conditional: Conditional | None = None
    if quota or every:
        if quota and every:
            raise PopulaceError("--quota and --every name the rows in two ways: drop one of them.")
        if dask:
            raise PopulaceError("Quotas are drawn on this machine: drop --dask.")
        stratified = _strata(people, known, quota, every, rows)
        conditional, rows = as_written(stratified, people.form), stratified.rows
    rows = 1000 if rows is None else rows
    if dask:
        question = Question(people.model, known, constraints=people.constraints)
        with progress_bar(f"Drawing {rows:,} people", rows) as advance:
            files = write_on_cluster(dask, question, Path(out), rows, seed, progress=advance)
        typer.echo(f"{rows:,} synthetic people written to {len(files)} files in {out}", err=True)
        return
    path = Path(out)
    kind = "database" if is_url(out) else file_kind(path)
    if kind != "database":
        check_target(path)
    conditional = people.given(known) if conditional is None else conditional
    with progress_bar(f"Drawing {rows:,} people", rows) as advance:
        if kind == "parquet":
            conditional.write_parquet(path, rows, seed=seed, progress=advance)
        else:
            pieces = (
                conditional.sample_arrow(min(_CSV_ROWS, rows - start), seed, start=start)
                for start in range(0, rows, _CSV_ROWS)
            )
            if kind == "database":
                write_database(out, map(with_mark_column, pieces))
            else:
                write_csv(path, pieces, bom=bom, guard=guard, progress=advance)
    typer.echo(f"{rows:,} synthetic people written to {out}", err=True)
    if every or (rarity is not None and rarity != 1):
        typer.echo(weighing(canonical(conditional), rows), err=True)


def _independent(pair: str) -> str:
    """`income:gender` as a line of a reading."""
    a, mark, b = pair.partition(":")
    if not mark or not a.strip() or not b.strip():
        raise PopulaceError(
            f"The pair {pair!r} is not understood: write two columns, such as income:gender."
        )
    return f"{a.strip()} independent of {b.strip()}"


def _strata(
    people: Population, known: Evidence, quota: str, columns: str, rows: int | None
) -> Stratified:
    """People by quota or by combinations."""
    if columns:
        names = [name.strip() for name in columns.split(",") if name.strip()]
        stratified = strata.every(people, known, names, rows)
    else:
        stratified = strata.quotas(people, known, [quota])
    if rows is not None and rows != stratified.rows:
        raise PopulaceError(
            f"The quota asks for {stratified.rows:,} people and --rows for {rows:,}: drop --rows."
        )
    return stratified


def _reading(
    population: Population,
    refined: bool,
    weighted: bool,
    rarity: float | None,
    lines: Sequence[str],
) -> Population:
    """The population as it is to be drawn from; what that takes is said."""
    if refined and (rarity is not None or lines or weighted):
        raise PopulaceError(
            "--refined goes with neither --rarity, --target, --independent nor --weighted: drop "
            "one of them."
        )
    base: Base = "refined" if refined else "weighted" if weighted else "network"
    reading = Reading(base, 1.0 if rarity is None else rarity, tuple(lines))
    read = reading.population(population)
    calibrated = calibration(read)
    if calibrated is not None:
        typer.echo(
            f"The targets change {calibrated.bits:.3g} bits a person; rows of the population as it "
            f"was, weighted to them, would be worth {calibrated.effective_share:.0%} of their "
            "number.",
            err=True,
        )
    return read


def _conditional(name: str, given: str, do: str = "") -> tuple[Conditional, str]:
    """People of a population of whom the facts hold, and the facts as they were understood."""
    population = load(name)
    evidence = population.evidence(given)
    known = evidence.text(population.modelled)
    return population.given(evidence, population.evidence(do)), known
