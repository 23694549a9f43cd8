"""`python -m synth lives`: learn states over time, ask about them, draw them, judge them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from synth.cli.common import (
    TABLE_HELP,
    AsJson,
    Given,
    Seed,
    Source,
    percent,
    print_json,
    progress_bar,
    source_folder,
)
from synth.data.table import read_table
from synth.data.wording import hint
from synth.data.writers import arrow_table, file_kind, write_file
from synth.errors import PopulaceError
from synth.evaluate.lives import judge_lives
from synth.evaluate.series import judge_series
from synth.lives import LifePopulation, available_lives, learn_lives, load_lives, save_lives
from synth.lives.series import learn_series
from synth.lives.shipped import build_lives
from synth.lives.storage import FOLDERS
from synth.lives.summary import LifeCounts

app = typer.Typer(
    help="States over time: learn them, ask about them, draw them.",
    invoke_without_command=True,
    no_args_is_help=False,
)
Name = Annotated[str, typer.Argument(metavar="LIVES", help="A shipped name, or a folder.")]
Life = Annotated[
    str, typer.Option(help='What is known of the life: "age_25=married,by age_30=child".')
]
Table = Annotated[Path, typer.Argument(metavar="TABLE", help=TABLE_HELP)]
Sequence = Annotated[
    str, typer.Option(metavar="FIRST..LAST", help="The columns of the times: age_15..age_30.")
]


@app.callback()
def lives(ctx: typer.Context) -> None:
    """List the lives that are at hand."""
    if ctx.invoked_subcommand is None:
        for name in available_lives():
            typer.echo(f"{name}: {load_lives(name).title}")


@app.command("fit")
def fit_command(
    table: Table,
    sequence: Sequence,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Gets the model.")],
    seed: Seed = 0,
) -> None:
    """Learn facts and lives from a table with one row a person."""
    people = read_table(table)
    with progress_bar("lives") as advance:
        model = learn_lives(people, sequence, seed=seed, progress=lambda words: advance(0, words))
    counts = LifeCounts.of(model.track.codes_of(people), len(model.track.states))
    title = table.stem
    note = f"Speaks of the {len(people):,} people of {table.name}."
    card = f"# {title}\n\n{note} {model.chain.classes} classes of lives.\n"
    save_lives(LifePopulation(out.name, title, note, model, {"": counts}, card), out)
    typer.echo(f"{out}: {model.chain.classes} classes, {model.track.times} times", err=True)


@app.command("build")
def build_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Shipped lives, or all.")],
    source: Source = None,
) -> None:
    """Learn shipped lives anew from their source table."""
    folder = source_folder(source)
    for each in FOLDERS.recipes() if name == "all" else (name,):
        build_lives(each, folder)
        typer.echo(each, err=True)


@app.command("probability")
def probability_command(name: Name, given: Given = "", life: Life = "") -> None:
    """How common people are of whom facts and parts of a life are known; exact."""
    typer.echo(percent(load_lives(name).model.given(given, life).probability))


@app.command("states")
def states_command(name: Name, given: Given = "", life: Life = "", as_json: AsJson = False) -> None:
    """The distribution of states at each time; exact."""
    model = load_lives(name).model
    states = model.given(given, life).states
    if as_json:
        rows = {
            label: dict(zip(model.track.states, map(float, row), strict=True))
            for label, row in zip(model.track.labels, states, strict=True)
        }
        print_json(rows)
        return
    for label, row in zip(model.track.labels, states, strict=True):
        shown = sorted(zip(row, model.track.states, strict=True), reverse=True)[:4]
        words = ", ".join(f"{state} {percent(p)}" for p, state in shown if p > 0.0005)
        typer.echo(f"{label}: {words}")


@app.command("sample")
def sample_command(
    name: Name,
    rows: Annotated[int, typer.Option(min=1, max=10_000_000)],
    out: Annotated[Path, typer.Option(help="A .parquet or .csv file.")],
    given: Given = "",
    life: Life = "",
    seed: Seed = 0,
) -> None:
    """Draw people with their lives and write them."""
    file_kind(out)
    table = arrow_table(load_lives(name).model.given(given, life).sample(rows, seed), seed)
    write_file(out, [table])
    typer.echo(f"{rows:,} lives in {out}", err=True)


@app.command("evaluate")
def evaluate_command(table: Table, sequence: Sequence, splits: int = 5) -> None:
    """Learn from half of the people and judge with the other half, several times."""
    with progress_bar("halves", splits) as advance:
        scores = judge_lives(
            read_table(table), sequence, splits=splits, progress=lambda words: advance(0, words)
        )
    print_json(scores.to_dict())


@app.command("series")
def series_command(
    table: Table,
    columns: Annotated[
        str, typer.Option(metavar="A,B,C", help="The series, one row a step in order of time.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Gets the model, a .json file.")],
    sample: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Gets one synthetic series of that length.")
    ] = None,
    judge: Annotated[
        bool, typer.Option("--judge", help="Print its figures beside bootstrap intervals.")
    ] = False,
    seed: Seed = 0,
) -> None:
    """Learn numeric series together, whose spread comes and goes."""
    source = read_table(table).frame
    names = [name.strip() for name in columns.split(",")]
    missing = [name for name in names if name not in source]
    if missing:
        raise PopulaceError(
            f"The table has no column {missing[0]}{hint(missing[0], tuple(source))}"
        )
    values = source[names].astype(float)
    model = learn_series(values, seed=seed)
    model.save(out)
    typer.echo(f"{out}: {model.regimes} regimes, {len(values):,} steps", err=True)
    if sample is not None:
        drawn = arrow_table(model.given(len(values)).sample(seed), seed)
        write_file(sample, [drawn])
    if judge:
        scores = judge_series(model, values.to_numpy(), seed=seed)
        rows = {
            name: dict(zip(("real", "low", "high", "synthetic"), row, strict=True))
            for name, row in scores.figures.items()
        }
        print_json({"figures": rows, "outside": list(scores.outside)})
