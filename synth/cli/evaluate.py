"""`python -m synth evaluate`: the figures, and the whole report, on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as Grid

from synth.cli.common import TABLE_HELP, write_text
from synth.data.readers.database import DatabaseTable, is_url
from synth.data.table import make_table, read_frame, read_table
from synth.data.writers import arrow_table, with_mark_column, write_file
from synth.errors import PopulaceError
from synth.evaluate.comparison import Comparison
from synth.evaluate.copies import flag
from synth.evaluate.fidelity import FIGURES, fidelity
from synth.evaluate.report import report_on

if TYPE_CHECKING:
    import pandas as pd


def evaluate_command(
    real: Annotated[str, typer.Argument(help=f"The real people. {TABLE_HELP}")],
    synthetic: Annotated[str, typer.Argument(help="The synthetic people, likewise.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    holdout: Annotated[
        Path | None, typer.Option(help="Real people whom the generator never saw.")
    ] = None,
    report_to: Annotated[
        Path | None,
        typer.Option("--report", help="Also ask of privacy, utility and fairness: write HTML."),
    ] = None,
    filtered_to: Annotated[
        Path | None,
        typer.Option(
            "--filtered",
            help="Also write the synthetic people without copies, near copies and outliers, "
            "Parquet or CSV.",
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="The column that models learn in the report.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which rows are drawn and split.")] = 0,
) -> None:
    """Compare synthetic people with the real ones, beside what fresh real people would get."""
    if target and report_to is None:
        raise PopulaceError("A target is for the report: add --report out.html.")
    table = read_table(real)
    people, _ = read_frame(synthetic)
    left_out = [name for name in table.schema.modelled.names if name not in people]
    if left_out:
        table = make_table(table.frame, table.schema.without(*left_out))
        typer.echo(f"Left out, for {_name(synthetic)} lacks them: {', '.join(left_out)}.", err=True)
    kept = None if holdout is None else read_frame(holdout)[0]
    title = f"{_name(synthetic)} beside {_name(real)}"
    comparison = Comparison.of(table, people, holdout=kept, seed=seed, target=target)
    for hint in comparison.hints:
        typer.echo(hint, err=True)
    if report_to is None:
        figures: dict[str, Any] = fidelity(comparison).to_dict()
    else:
        with Console(stderr=True).status("Starting") as status:
            whole = report_on(
                comparison,
                title=title,
                progress=lambda share, words: status.update(f"{words} ({share:.0%} done)"),
            )
        write_text(report_to, whole.to_html())
        figures = whole.fidelity.to_dict() | {"report": whole.to_dict()}
    if filtered_to is not None:
        figures["filtered"] = _filter(comparison, people, filtered_to)
    if as_json:
        figures |= {"left_out": left_out, "hints": list(comparison.hints)}
        typer.echo(json.dumps(figures, indent=2, ensure_ascii=False))
        return
    grid = Grid(title=title, title_justify="left")
    grid.add_column("")
    grid.add_column("synthetic", justify="right")
    grid.add_column("fresh real people", justify="right")
    for key, words in FIGURES.items():
        grid.add_row(words, f"{figures[key]:.3f}", f"{figures[f'{key}_reference']:.3f}")
    Console().print(grid)
    if filtered_to is not None:
        counts = ", ".join(f"{count:,} {name}" for name, count in figures["filtered"].items())
        Console().print(f"Of the synthetic people: {counts}; the kept ones are in {filtered_to}.")


def _name(source: str) -> str:
    return DatabaseTable.parse(source).title if is_url(source) else Path(source).name


def _filter(comparison: Comparison, people: pd.DataFrame, target: Path) -> dict[str, int]:
    """Write the people that no flag marks; how many each flag marks."""
    flags = flag(comparison)
    kept = arrow_table(people[flags.kept])
    try:
        write_file(target, [with_mark_column(kept)])
    except OSError as error:
        raise PopulaceError(
            f"The people cannot be written to {target}: name a file in a folder of yours."
        ) from error
    return {
        "copies": int(flags.copies.sum()),
        "near copies": int(flags.near_copies.sum()),
        "outliers": int(flags.outliers.sum()),
        "kept": int(flags.kept.sum()),
    }
