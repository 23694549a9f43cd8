"""`python -m synth probability`, `posterior` and `sample`: questions to a population."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from synth.cli.common import AsJson, Given, PopulationName, Seed, percent, print_json, progress_bar
from synth.cluster import Question, write_on_cluster
from synth.data.readers.database import is_url, write_database
from synth.data.writers import with_mark_column, write_csv
from synth.errors import PopulaceError
from synth.generators import Conditional
from synth.generators.calibrated import read_targets
from synth.populations import Population, load

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
            }
        )
        return
    typer.echo(f"{percent(conditional.probability)} of {population}: {facts or 'everybody'}")


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
    rows: Annotated[int, typer.Option(min=1, help="How many people.")] = 1000,
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
            help="A margin that the people are to have: 'gender=female:.5|male:.5'; repeatable.",
        ),
    ] = None,
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
) -> None:
    """Draw people of whom the facts hold and write them to a file."""
    people = _reading(load(population), refined, rarity, target or [])
    if dask:
        question = Question(people.model, people.evidence(given), constraints=people.constraints)
        files = write_on_cluster(dask, question, Path(out), rows, seed)
        typer.echo(f"{rows:,} synthetic people written to {len(files)} files in {out}", err=True)
        return
    path = Path(out)
    kind = "database" if is_url(out) else path.suffix.lower()
    if kind not in (".parquet", ".csv", "database"):
        raise PopulaceError(
            f"{path.name} is neither .parquet nor .csv: end its name in one of them."
        )
    conditional = people.given(people.evidence(given))
    with progress_bar(f"Drawing {rows:,} people", rows) as advance:
        if kind == ".parquet":
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


def _reading(
    population: Population, refined: bool, rarity: float | None, targets: Sequence[str]
) -> Population:
    """The population as it is to be drawn from."""
    if refined and (rarity is not None or targets):
        raise PopulaceError("--refined goes with neither --rarity nor --target: drop one of them.")
    if refined:
        return population.refined
    if targets:
        population = population.calibrated(read_targets(targets, population.modelled))
    return population if rarity is None else population.with_rarity(rarity)


def _conditional(name: str, given: str, do: str = "") -> tuple[Conditional, str]:
    """People of a population of whom the facts hold, and the facts as they were understood."""
    population = load(name)
    evidence = population.evidence(given)
    return population.given(evidence, population.evidence(do)), str(evidence)
