"""`python -m synth compare`: what several generators make of the same table."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from synth.cli.common import AsJson, print_json, progress_bar
from synth.errors import PopulaceError
from synth.evaluate.generator_comparison import FIGURES, compare_generators
from synth.fitting.simple import read_plan
from synth.generators.training import DEVICE, device_of


def compare_command(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="A CSV or Parquet table.")],
    generators: Annotated[
        str,
        typer.Option(metavar="NAMES", help="Which, with commas; all if not given."),
    ] = "",
    minutes: Annotated[
        float | None,
        typer.Option(min=0.01, help="How long each that learns step by step may take."),
    ] = None,
    refined: Annotated[
        bool, typer.Option("--refine", help="Also judge each with its people corrected.")
    ] = False,
    target: Annotated[
        str, typer.Option(metavar="COLUMN", help="The column that models learn.")
    ] = "",
    report_to: Annotated[
        Path | None, typer.Option("--report", help="Also write a page, HTML.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Also write the comparison as JSON, as the Compare page shows it."),
    ] = None,
    device: Annotated[
        str,
        typer.Option(help="What networks learn on: cuda, cpu; the best there is if not given."),
    ] = "",
    as_json: AsJson = False,
    seed: Annotated[int, typer.Option(help="Of the split, of learning and of drawing.")] = 0,
) -> None:
    """Learn one half of a table with several generators and judge each with the other half."""
    if device:
        device_of(device)  # refuses what is not there
        os.environ[DEVICE] = device
    chosen = tuple(name.strip() for name in generators.split(",") if name.strip())
    with progress_bar(f"Reading {table.name}", 1) as advance:
        planned = read_plan(table)
        result = compare_generators(
            planned.frame,
            planned.plan,
            chosen,
            minutes=minutes,
            refined=refined,
            target=target or None,
            seed=seed,
            progress=advance,
        )
    if report_to is not None:
        _write(report_to, result.to_html(f"Generators on {table.name}"))
    if out is not None:
        _write(out, json.dumps(result.to_dict(), ensure_ascii=False))
    if as_json:
        print_json(result.to_dict())
        return
    grid = Grid(title=f"{result.learned:,} people learned, {result.judged:,} judges")
    grid.add_column("")
    for figure in FIGURES:
        grid.add_column(figure.head, justify="right")
    bold = {figure.key: result.bold(figure) for figure in FIGURES}
    for entry in (*result.entries, result.fresh):
        cells = [
            Text(figure.text(entry), style="bold" if entry.name in bold[figure.key] else "")
            for figure in FIGURES
        ]
        grid.add_row(Text(entry.title, style="bold" if entry is result.best else ""), *cells)
    console = Console()
    console.print(grid)
    console.print(result.sentence, markup=False)
    for name, words in result.failed.items():
        console.print(f"{name} could not learn this table: {words}", markup=False)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise PopulaceError(
            f"{path} cannot be written: name a file in a folder of yours."
        ) from error
