"""`python -m synth populations`: those at hand, and how the shipped ones are built anew."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from synth.cli.common import AsJson, Source, print_json, progress_bar, source_folder
from synth.populations import available, load
from synth.shipped_populations import build, recipes

app = typer.Typer(
    help="The populations that are at hand.", invoke_without_command=True, no_args_is_help=False
)


@app.callback()
def populations(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the populations that are at hand."""
    if ctx.invoked_subcommand:
        return
    entries: list[dict[str, Any]] = []
    for name in available():
        population = load(name)
        entries.append(
            {
                "name": population.name,
                "title": population.title,
                "people": population.contingency.rows,
                "columns": list(population.modelled.names),
                "note": population.note,
            }
        )
    if as_json:
        print_json(entries)
        return
    for entry in entries:
        typer.echo(f"{entry['name']}: {entry['title']}, learned from {entry['people']:,} people")
        typer.echo(f"  {entry['note']}")
        typer.echo(f"  {', '.join(entry['columns'])}")


@app.command("build")
def build_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A population's name, or all.")],
    source: Source = None,
) -> None:
    """Learn a shipped population anew from its source table."""
    folder = source_folder(source)
    with progress_bar(name) as advance:
        for each in recipes() if name == "all" else (name,):
            population = build(each, folder, lambda words: advance(0, words))
            edges = (
                f"{len(population.network.edges)} edges" if population.has_network else "no edges"
            )
            typer.echo(f"{population.name}: {edges}", err=True)
