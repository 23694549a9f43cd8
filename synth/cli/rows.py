"""`python -m synth complete`, `predict`, `score` and `bench-rows`: questions of each row."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import typer

from synth.cli.common import AsJson, Seed, percent, print_json, progress_bar, write_text
from synth.data.table import read_frame
from synth.data.writers import MARK, file_kind, write_file
from synth.populations.completion import complete
from synth.populations.prediction import predict
from synth.populations.requested_rows import opened
from synth.populations.scoring import Scores, score

TableFile = Annotated[Path, typer.Argument(metavar="TABLE", help="A CSV or Parquet table.")]
People = Annotated[
    str,
    typer.Option("--population", metavar="P", help="A population's name, folder or file."),
]
BlankIs = Annotated[
    bool,
    typer.Option(
        "--blank-is-missing/--blank-is-unknown",
        help="A blank cell says that the value is missing, or says nothing.",
    ),
]
Values = Annotated[
    bool,
    typer.Option("--values", help="Never missing: every cell gets a value where one can be."),
]
_SHOWN = 10  # rows on the screen


def complete_command(
    table: TableFile,
    population: People,
    out: Annotated[
        Path | None, typer.Option(help="The file to write, .csv or .parquet; else TABLE-complete.")
    ] = None,
    most_likely: Annotated[
        bool, typer.Option("--most-likely", help="The jointly most likely values, not a draw.")
    ] = False,
    draws: Annotated[
        int, typer.Option(min=1, help="Filled tables below each other, numbered in a column draw.")
    ] = 1,
    seed: Seed = 0,
    blank_is_missing: BlankIs = False,
    values: Values = False,
    as_json: AsJson = False,
) -> None:
    """Fill the blank cells of a table by what a population says of the rest of each row."""
    target = out or table.with_name(f"{table.stem}-complete{_ending(table)}")
    file_kind(target)
    with progress_bar(f"Filling {table.name}"):
        done = complete(
            table,
            opened(population),
            method="most-likely" if most_likely else "draw",
            draws=draws,
            seed=seed,
            blank="missing" if blank_is_missing else "unknown",
            values_only=values,
        )
    write_file(target, [done.marked()])
    _say(done.notes)
    blanks = int(done.frame[done.filled.columns].isna().to_numpy().sum())
    count = int(done.filled.to_numpy().sum())
    if as_json:
        columns = {}
        for name in done.filled.columns[done.filled.any()]:
            chance = done.probabilities[0][name].to_numpy()
            columns[str(name)] = {
                "filled": int(done.filled[name].sum()),
                "mean_probability": _mean(chance),
            }
        print_json(
            {
                "filled": count,
                "left_blank": blanks,
                "draws": draws,
                "columns": columns,
                "notes": list(done.notes),
                "out": str(target),
            }
        )
        return
    left = f"; {blanks:,} cells stay blank" if blanks else ""
    typer.echo(f"{count:,} cells filled in {target}{left}.", err=True)


def predict_command(
    column: Annotated[str, typer.Argument(metavar="COLUMN", help="The column to predict.")],
    table: TableFile,
    population: People,
    out: Annotated[Path | None, typer.Option(help="A file to write, .csv or .parquet.")] = None,
    blank_is_missing: BlankIs = False,
    values: Values = False,
    as_json: AsJson = False,
) -> None:
    """Predict a column for each row of a table from the row's other cells."""
    if out is not None:
        file_kind(out)
    prediction = predict(
        column,
        table,
        opened(population),
        blank="missing" if blank_is_missing else "unknown",
        values_only=values,
    )
    _say(prediction.notes)
    frame = prediction.frame
    if out is not None:
        write_file(out, [_estimates(frame)])
        typer.echo(f"{len(frame):,} predictions of {column} written to {out}.", err=True)
    if as_json:
        print_json(
            {
                "column": column,
                "labels": list(prediction.labels),
                "rows": frame.astype(object).where(frame.notna(), None).to_dict("records"),
            }
        )
    elif out is None:
        typer.echo(frame.head(_SHOWN).to_string(float_format=lambda v: f"{v:.4g}"))
        if len(frame) > _SHOWN:
            typer.echo(f"… {len(frame) - _SHOWN:,} more rows: write them with --out.")


def score_command(
    table: TableFile,
    population: People,
    out: Annotated[Path | None, typer.Option(help="A file to write, .csv or .parquet.")] = None,
    blank_is_missing: BlankIs = True,
    worst: Annotated[int, typer.Option(min=1, help="Odd cells named for each row.")] = 3,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """How likely each row of a table is, and which of its cells make it unlikely."""
    if out is not None:
        file_kind(out)
    scores = score(
        table,
        opened(population),
        blank="missing" if blank_is_missing else "unknown",
        worst=worst,
        seed=seed,
    )
    _say(scores.notes)
    frame = scores.frame
    if out is not None:
        write_file(out, [_estimates(frame)])
        typer.echo(f"{len(frame):,} rows scored in {out}.", err=True)
    if as_json:
        finite = frame.replace([np.inf, -np.inf], np.nan).astype(object)
        print_json(
            {
                "compared_with": scores.compared,
                "typical_surprise": scores.typical["mean"].to_dict(),
                "rows": finite.where(finite.notna(), None).to_dict("records"),
            }
        )
    elif out is None:
        for row in scores.order[:_SHOWN]:
            typer.echo(in_words(scores, int(row)))


def in_words(scores: Scores, row: int) -> str:
    """One row's score as a sentence or two."""
    share = scores.percentile[row]
    common = (
        f"fewer than 1 in {scores.compared:,} people are as unlikely"
        if share == 0
        else f"{percent(float(share))} of people are as unlikely"
    )
    cells = [
        f"{cell.column} = {cell.value} ({percent(cell.tail)} have so rare a value; most likely "
        f"{cell.likely}, {percent(cell.likely_probability)})"
        for cell in scores.odd[row]
    ]
    broken = [f"breaks “{words}”" for words in scores.broken[row]]
    return f"Row {row + 1}: {common}; {'; '.join([*broken, *cells])}."


def bench_rows_command(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="A CSV or Parquet table.")],
    column: Annotated[
        list[str] | None, typer.Option(help="A column to predict beside HGB; may be repeated.")
    ] = None,
    most: Annotated[int, typer.Option(min=0, help="Judged people at most; 0: all.")] = 0,
    imputer: Annotated[bool, typer.Option(help="Measure scikit-learn's imputer too.")] = True,
    plot: Annotated[
        Path | None, typer.Option(help="Write reliability diagrams to this HTML file.")
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Learn half of a table; fill and predict the other half beside scikit-learn."""
    from synth.bench.rows import bench_rows

    read_frame(table)  # a sentence before anything long begins
    with progress_bar("Starting", 1) as advance:
        report = bench_rows(
            table, tuple(column or ()), most=most, seed=seed, imputer=imputer, progress=advance
        )
    if plot is not None:
        from synth.bench.reliability_page import reliability_page

        write_text(plot, reliability_page(report))
    if as_json:
        print_json(report)
        return
    for pattern, each in report["blanked"].items():
        typer.echo(f"Blanked by {pattern}: {each['cells']:,} cells, {each['rows_per_s']:,} rows/s")
        for title in ("populace", "IterativeImputer", "columns"):
            if title in each:
                typer.echo(f"  {title:<18}{_figures(each[title])}")
        if each["calibration"]:
            typer.echo(f"  {'calibration':<18}{_curve(each['calibration'])}")
    for name, each in report["predicted"].items():
        typer.echo(f"Predicted: {name}, {each['rows']:,} rows")
        for title in ("populace", "HGB"):
            typer.echo(f"  {title:<18}{_figures(each[title])}")
            if "observed" in each[title]:
                typer.echo(f"  {'calibration':<18}{_curve(each[title])}")


def _figures(values: dict[str, Any]) -> str:
    kept = {k: v for k, v in values.items() if isinstance(v, float)}
    return ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in kept.items())


def _curve(reliability: dict[str, Any]) -> str:
    """How often the likeliest level is right, beside the probability that it was given."""
    return ", ".join(
        f"{predicted:.0%} → {observed:.0%} (of {count:,})"
        for predicted, observed, count in zip(
            *(reliability[key] for key in ("predicted", "observed", "count")), strict=True
        )
    )


def _estimates(frame: pd.DataFrame) -> pa.Table:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return table.replace_schema_metadata({b"synthetic": "Estimates made by Populace.", MARK: ""})


def _mean(values: np.ndarray) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _say(notes: tuple[str, ...]) -> None:
    for note in notes:
        typer.echo(note, err=True)


def _ending(path: Path) -> str:
    return ".parquet" if path.suffix.lower() in (".parquet", ".pq") else ".csv"
