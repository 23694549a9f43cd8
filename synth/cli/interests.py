"""`python -m synth interests`: learn interests from a table of your own, and measure them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.table import Table as Grid

from synth.data.table import read_frame
from synth.errors import PopulaceError
from synth.interests.learning import Learned, interests_of, of_texts

if TYPE_CHECKING:
    from synth.interests.evaluate import TopicFitter

app = typer.Typer(
    help="Interests from what people do or write.", no_args_is_help=True, add_completion=False
)


@app.command()
def fit(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="A CSV or Parquet table.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    topics: Annotated[int, typer.Option(min=1, help="How many interests.")] = 26,
    person: Annotated[
        str, typer.Option(metavar="COLUMN", help="Who; the row's number when not given.")
    ] = "",
    item: Annotated[
        str,
        typer.Option(
            metavar="COLUMN",
            help="What, in a table with a row for each person and item; without it every column "
            "of numbers is an item.",
        ),
    ] = "",
    amount: Annotated[
        str, typer.Option(metavar="COLUMN", help="How much, beside --item; once each without it.")
    ] = "",
    text: Annotated[
        str, typer.Option(metavar="COLUMN", help="Texts to learn from, one a person.")
    ] = "",
    seed: Annotated[int, typer.Option(help="The same seed gives the same interests.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Learn interests; writes interests.json, interests.npz and people.parquet (top1 to top3)."""
    if text and (item or amount):
        raise PopulaceError("Name either --text, or --item and --amount.")
    frame, notes = read_frame(table)
    for note in notes:
        typer.echo(note, err=True)
    console = Console(stderr=True)
    with console.status("Learning interests") as status:

        def progress(passes: int, perplexity: float) -> None:
            status.update(f"Learning interests: pass {passes}, perplexity {perplexity:.2f}")

        if text:
            learned = _texts(frame, person, text, topics, seed, progress)
        else:
            learned = interests_of(
                frame,
                person or None,
                item or None,
                amount or None,
                topics=topics,
                seed=seed,
                progress=progress,
            )
    learned.interests.save(out)
    tops = learned.tops()
    tops.index.name = tops.index.name or "person"
    tops.reset_index().to_parquet(out / "people.parquet", index=False)
    _tell(learned, as_json)
    typer.echo(f"{len(learned.people):,} people's interests written to {out}", err=True)


def _texts(
    frame: pd.DataFrame, person: str, text: str, topics: int, seed: int, progress: Any
) -> Learned:
    for name in (person, text):
        if name and name not in frame.columns:
            raise PopulaceError(f"The table has no column {name}: name one that it has.")
    texts = frame.set_index(person)[text] if person else frame[text]
    return of_texts(texts, topics=topics, seed=seed, progress=progress)


def _tell(learned: Learned, as_json: bool) -> None:
    model = learned.interests
    first = learned.tops(1)["top1"].value_counts(normalize=True)
    if as_json:
        entries = [
            {"name": name, "keywords": list(model.keywords[name]), "first_of": float(first[name])}
            for name in model.names
        ]
        typer.echo(
            json.dumps({"interests": entries} | dict(model.about), indent=2, ensure_ascii=False)
        )
        return
    grid = Grid()
    grid.add_column("interest")
    grid.add_column("first of", justify="right")
    grid.add_column("keywords")
    for name in model.names:
        grid.add_row(name, f"{first[name]:.1%}", ", ".join(model.keywords[name]))
    Console().print(grid)


@app.command("evaluate")
def evaluate_command(
    source: Annotated[Path, typer.Option(help="The folder with the time-use diaries.")] = Path(
        "../shared/data"
    ),
    topics: Annotated[int, typer.Option(min=2, help="How many interests.")] = 26,
    seeds: Annotated[int, typer.Option(min=1, help="How many fits, each with its seed.")] = 3,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Also each criterion by itself, and plain PLSA.")
    ] = False,
    peers: Annotated[
        bool, typer.Option("--peers", help="Also scikit-learn's LDA (many minutes).")
    ] = False,
    peer_python: Annotated[
        str,
        typer.Option(
            metavar="bigartm=PATH",
            help="Also BigARTM, by the Python of an environment that has it.",
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure learned interests beside the 26 made by hand for the time-use diaries."""
    from synth.interests.evaluate import evaluate

    report = evaluate(
        source,
        topics=topics,
        seeds=seeds,
        sweep=sweep,
        peers=peers,
        others=_others(peer_python),
    )
    if as_json:
        typer.echo(json.dumps(report, indent=2))
        return
    grid = Grid(title=f"{report['people']:,} people, {report['items']} items, mean of {seeds} fits")
    grid.add_column("")
    for words in _FIGURES:
        grid.add_column(words, justify="right")
    runs = {"Populace": report["populace"]} | report.get("sweep", {})
    runs |= {f"LDA, {m}": report[f"lda_{m}"] for m in ("online", "batch") if f"lda_{m}" in report}
    runs |= report.get("others", {})
    for name, each in ({"made by hand": [report["hand_made"]]} | runs).items():
        grid.add_row(name, *(_figure(each, path) for path in _FIGURES.values()))
    Console().print(grid)


def _others(peer_python: str) -> dict[str, TopicFitter]:
    """Peers in environments of their own."""
    from synth.bench.topics import bigartm

    if not peer_python:
        return {}
    name, _, python = peer_python.partition("=")
    if name.strip().lower() != "bigartm" or not python:
        raise PopulaceError(
            f"“{peer_python}” is no peer of the interests: write --peer-python bigartm=/path."
        )
    return bigartm(python)


_FIGURES = {
    "seconds": ("seconds",),
    "perplexity": ("perplexity",),
    "hidden item": ("hidden_item",),
    "NPMI": ("coherence_top10", "npmi"),
    "NMI": ("top1", "nmi"),
    "ARI": ("top1", "ari"),
    "accuracy": ("top1", "accuracy"),
    "top 3 found": ("top3_found",),
}


def _figure(runs: list[dict[str, Any]], path: tuple[str, ...]) -> str:
    values = []
    for run in runs:
        value: Any = run
        for step in path:
            value = value.get(step) if value is not None else None
        if value is None:
            return ""
        values.append(float(value))
    return f"{np.mean(values):.3f}"
