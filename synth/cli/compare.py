"""`python -m synth compare`: what several generators make of the same table."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from synth.cli.common import TABLE_HELP, AsJson, print_json, progress_bar, source_folder, write_text
from synth.errors import PopulaceError
from synth.evaluate.generator_comparison import (
    FEWEST,
    FIGURES,
    FILE,
    GeneratorComparison,
    compare_generators,
    read_comparison,
)
from synth.fitting.plan import Plan
from synth.fitting.simple import read_plan
from synth.generators.training import DEVICE, device_of
from synth.populations import SHIPPED, available, load
from synth.shipped_populations import RECIPE, Recipe

_WIDTH = 150


def compare_command(
    table: Annotated[
        str,
        typer.Argument(
            metavar="TABLE",
            help=f"{TABLE_HELP} Or the name of a shipped population, whose source is then read.",
        ),
    ],
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
    rows: Annotated[
        int | None,
        typer.Option(min=FEWEST, help="So many rows of the table, drawn by the seed."),
    ] = None,
    report_to: Annotated[
        Path | None, typer.Option("--report", help="Also write a page, HTML.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Also write the comparison as JSON; joined to the one that is there, where that "
            "is of the same people."
        ),
    ] = None,
    ship: Annotated[
        bool,
        typer.Option("--ship", help="Write it beside a shipped population, and a line on its card"),
    ] = False,
    source: Annotated[
        Path | None,
        typer.Option(help="The folder of a shipped population's source; ../shared/data."),
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
    shipped = table in available() and not Path(table).exists()
    if ship and not shipped:
        raise PopulaceError(f"{table} is no shipped population: drop --ship, or name one.")
    if ship:
        out = SHIPPED / table / FILE
    title = load(table).title if shipped else Path(table).name
    with progress_bar(f"Reading {table}", 1) as advance:
        frame, plan = _shipped(table, source) if shipped else _read(table)
        if rows is not None and rows < len(frame):
            frame = frame.sample(rows, random_state=seed).reset_index(drop=True)
        result = compare_generators(
            frame,
            plan,
            chosen,
            minutes=minutes,
            refined=refined,
            target=target or None,
            seed=seed,
            progress=advance,
        )
    if out is not None:
        if out.exists():
            result = read_comparison(out).joined(result)
        write_text(out, json.dumps(result.to_dict(), ensure_ascii=False))
    if ship:
        card = SHIPPED / table / "card.md"
        write_text(card, with_line(card.read_text(encoding="utf-8"), result.card_line))
    if report_to is not None:
        write_text(report_to, result.to_html(f"Generators on {title}"))
    if as_json:
        print_json(result.to_dict())
        return
    _print(result)


def _read(table: str) -> tuple[pd.DataFrame, Plan]:
    planned = read_plan(table)
    return planned.frame, planned.plan


def _shipped(name: str, source: Path | None) -> tuple[pd.DataFrame, Plan]:
    """The rows that a shipped population was learned from, and its columns."""
    recipe = Recipe.read(SHIPPED / name / RECIPE)
    table = recipe.table(source_folder(source))
    return table.frame, Plan(schema=table.schema)


def with_line(card: str, line: str) -> str:
    """A card with the line on generators, in the place of an older one or at the end.

    Parameters
    ----------
    card : str
        Markdown.
    line : str
        As `GeneratorComparison.card_line`.
    """
    begin = line.partition(",")[0]
    kept = [each for each in card.rstrip("\n").split("\n") if not each.startswith(begin)]
    while kept and not kept[-1]:
        kept.pop()
    return "\n".join([*kept, "", line, ""])


def _print(result: GeneratorComparison) -> None:
    """The table and its sentence on the screen."""
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
        grid.add_row(Text(entry.name, style="bold" if entry is result.best else ""), *cells)
    console = Console()
    console.width = max(console.width, _WIDTH)  # cells that are cut tell nothing
    console.print(grid)
    console.print(result.sentence, markup=False)
    for name, words in result.failed.items():
        console.print(f"{name} could not learn this table: {words}", markup=False)
