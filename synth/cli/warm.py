"""`warm`: compile and read what the first visitor would wait for."""

from __future__ import annotations

from typing import Annotated

import typer


def warm_command(
    names: Annotated[
        list[str] | None, typer.Argument(help="Populations; all shipped ones when left out.")
    ] = None,
) -> None:
    """Compile and read what the first use would wait for; once after the installation."""
    from synth.prepare import prepare_all

    prepared = prepare_all(*(names or ()))
    typer.echo(f"{', '.join(prepared.names)}: ready after {prepared.seconds:.1f} s.")
