"""`python -m synth risk`, `anonymise`, `audit`: how identifiable people are, and less so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table as Grid

from synth.cli.common import TABLE_HELP, AsJson, percent, print_json, progress_bar
from synth.data.table import Table, make_table, read_frame
from synth.data.writers import file_kind
from synth.evaluate.audit import MOST_COLUMNS, audit
from synth.privacy.coarser_file import write_coarser
from synth.privacy.hierarchy import Hierarchies
from synth.privacy.learning import Promise
from synth.privacy.mondrian import Wanted, anonymise
from synth.privacy.risk import risk

Quasi = Annotated[
    str,
    typer.Option(
        metavar="COLUMNS", help="What somebody may know of a person from elsewhere: age,region."
    ),
]
Sensitive = Annotated[
    str, typer.Option(metavar="COLUMNS", help="What is not to come out: income,diagnosis.")
]


def names_of(text: str) -> tuple[str, ...]:
    """The columns of a list with commas."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def risk_command(
    table: Annotated[str, typer.Argument(metavar="TABLE", help=TABLE_HELP)],
    quasi: Quasi,
    sensitive: Sensitive = "",
    as_json: AsJson = False,
) -> None:
    """How many people share what could identify them: k-anonymity, ℓ-diversity, t-closeness."""
    risks = risk(_people(table).frame, names_of(quasi), names_of(sensitive))
    if as_json:
        print_json(risks.to_dict())
        return
    typer.echo(risks.sentence)
    Console().print(_grid(("", "value"), risks.lines))


def anonymise_command(
    table: Annotated[str, typer.Argument(metavar="TABLE", help=TABLE_HELP)],
    quasi: Quasi,
    out: Annotated[Path, typer.Option(help="The file to write: CSV or Parquet.")],
    k: Annotated[int, typer.Option("--k", min=1, help="People who share the quasi-columns.")] = 5,
    sensitive: Sensitive = "",
    distinct: Annotated[
        int, typer.Option("--l", min=1, help="ℓ: values of each sensitive column in a group.")
    ] = 1,
    closeness: Annotated[
        float,
        typer.Option("--t", min=0, max=1, help="t: how far a group may lie from everybody."),
    ] = 1.0,
    hierarchy: Annotated[
        Path | None,
        typer.Option(help="Trees of levels and widths of ranges, TOML or JSON."),
    ] = None,
    suppress: Annotated[
        float, typer.Option(min=0, max=0.5, help="The largest share of people to leave out.")
    ] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Make a table's values coarser, as little as may be, until k people share them (Mondrian)."""
    file_kind(out)
    people = _people(table)
    wanted = Wanted(k, names_of(sensitive), distinct, closeness, suppress)
    trees = None if hierarchy is None else Hierarchies.read(hierarchy)
    with progress_bar("Making values coarser"):
        anonymised = anonymise(people.frame, people.schema, names_of(quasi), wanted, trees)
    write_coarser(anonymised.frame, out)
    if as_json:
        print_json(anonymised.to_dict())
        return
    typer.echo(
        f"{out}: {len(anonymised.frame):,} people, {int((~anonymised.kept).sum()):,} left out; "
        f"{percent(anonymised.total_loss)} of the quasi-identifiers' information is lost."
    )
    rows = [
        (words, before, after)
        for (words, before), (_, after) in zip(
            anonymised.before.lines, anonymised.after.lines, strict=True
        )
    ]
    rows += [(f"lost of {name}", "", percent(loss)) for name, loss in anonymised.loss.items()]
    Console().print(_grid(("", "before", "after"), rows))


def audit_command(
    epsilon: Annotated[float, typer.Option(help="What is promised.")] = 1.0,
    delta: Annotated[float, typer.Option(help="δ of the promise.")] = 1e-6,
    canaries: Annotated[int, typer.Option(min=20, max=1000, help="Rows that may be in.")] = 1000,
    columns: Annotated[
        int,
        typer.Option(
            min=1, max=MOST_COLUMNS, help="Columns of a row; from two on, pairs are chosen too."
        ),
    ] = 1,
    noise: Annotated[
        float,
        typer.Option(min=0.01, max=1, help="The share of the noise that is drawn; 1 is right."),
    ] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Attack a private population with canaries: the least ε that it can have (one run)."""
    result = audit(Promise(epsilon, delta, noise_scale=noise), canaries=canaries, columns=columns)
    if as_json:
        print_json(result.to_dict())
    else:
        typer.echo(result.sentence)
    if result.is_broken:
        raise typer.Exit(1)


def _people(table: str) -> Table:
    frame, notes = read_frame(table)
    for note in notes:
        typer.echo(note, err=True)
    return make_table(frame)


def _grid(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Grid:
    grid = Grid(*heads)
    for row in rows:
        grid.add_row(*row)
    return grid
