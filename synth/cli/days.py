"""`python -m synth days`: draw how people spend a day, build and judge the shipped model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from synth.cli.common import Given, Seed, Source, print_json, progress_bar, source_folder
from synth.data.writers import arrow_table, file_kind, write_file
from synth.days import available_days, load_days
from synth.days.shipped import build_days, kept_apart, read_days
from synth.days.storage import FOLDERS
from synth.evaluate.days import judge_days
from synth.populations import load

app = typer.Typer(
    help="How people spend a day: draw, build and judge days.",
    invoke_without_command=True,
    no_args_is_help=False,
)
Name = Annotated[str, typer.Argument(metavar="DAYS", help="A shipped name.")]


@app.callback()
def days(ctx: typer.Context) -> None:
    """List the days that are at hand."""
    if ctx.invoked_subcommand is None:
        for name in available_days():
            typer.echo(f"{name}: {load_days(name).title}")


@app.command("sample")
def sample_command(
    name: Name,
    rows: Annotated[int, typer.Option(min=1, max=1_000_000)],
    out: Annotated[Path, typer.Option(help="A .parquet or .csv file.")],
    given: Given = "",
    seed: Seed = 0,
) -> None:
    """Draw people of whom facts hold, with the minutes of a day each."""
    file_kind(out)
    shipped = load_days(name)
    population = load(shipped.population)
    people = population.given(population.evidence(given)).sample(rows, seed=seed)
    there = shipped.model.possible(people)
    people = people[there].reset_index(drop=True)
    minutes = shipped.model.draw(people, seed)
    columns = [f"minutes_{group}" for group in shipped.model.groups.names]
    table = pd.concat([people, pd.DataFrame(minutes.astype(np.int16), columns=columns)], axis=1)
    arrow = arrow_table(table, seed)
    write_file(out, [arrow])
    left_out = int((~there).sum())
    words = f", {left_out:,} left out whose interests no day shows in their order" * bool(left_out)
    typer.echo(f"{len(table):,} days in {out}{words}", err=True)


@app.command("build")
def build_command(
    name: Name,
    source: Source = None,
    out: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Gets the model.")] = None,
) -> None:
    """Learn shipped days anew from their source tables, and judge them by people kept apart."""
    with progress_bar("days", 1) as advance:
        build_days(
            name,
            source_folder(source),
            lambda share, words: advance(share, words),
            out=out,
            judge=lambda model, people, minutes: judge_days(model, people, minutes).to_markdown(),
        )


@app.command("evaluate")
def evaluate_command(name: Name, source: Source = None, seed: Seed = 0) -> None:
    """Judge shipped days by the people that were kept apart when they were learned."""
    recipe = FOLDERS.recipe(name)
    _, people, minutes = read_days(recipe, source_folder(source))
    unseen = kept_apart(recipe, len(people))
    people = people.iloc[unseen].reset_index(drop=True)
    print_json(judge_days(load_days(name).model, people, minutes[unseen], seed).to_dict())
