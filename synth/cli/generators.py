"""`python -m synth generators`: what can learn people."""

from __future__ import annotations

import typer

from synth.cli.common import AsJson, print_json
from synth.generators import generator, names


def generators_command(as_json: AsJson = False) -> None:
    """List what can learn people; the first serves where none is named."""
    entries = [generator(name) for name in names()]
    if as_json:
        print_json(
            [
                {"name": each.name, "title": each.title, "description": each.description}
                for each in entries
            ]
        )
        return
    for each in entries:
        typer.echo(f"{each.name}: {each.title}")
        typer.echo(f"  {each.description}")
