"""`python -m synth bench`: the benchmark on the command line."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as Grid

from synth.bench.data import Dataset, atus, truth
from synth.bench.measure import MODES, bench, peers_of
from synth.errors import PopulaceError

SIZES = (10_000, 1_000_000, 10_000_000)


def bench_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the document as JSON.")] = False,
    rows: Annotated[
        list[int], typer.Option(help="Rows to draw without evidence; may be repeated.")
    ] = list(SIZES),  # noqa: B006
    peer_python: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=PATH",
            help="The Python of an environment with pybnesian, pyagrum or sdv; may be repeated.",
        ),
    ] = [],  # noqa: B006
    table: Annotated[
        list[str], typer.Option(help="Only this table: truth or atus; may be repeated.")
    ] = [],  # noqa: B006
    readme: Annotated[
        Path | None,
        typer.Option(help="Measure the tables of figures of this README and write them there."),
    ] = None,
    figures: Annotated[
        list[str],
        typer.Option(help="Only this table of the README; may be repeated."),
    ] = [],  # noqa: B006
    documents: Annotated[
        Path | None,
        typer.Option(help="The folder that keeps what was measured for the README, as JSON."),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(help="Measure again what the folder of --documents holds already."),
    ] = True,
) -> None:
    """Measure our network beside pgmpy, and pybnesian, pyAgrum and SDV where they are given."""
    peers = peers_of(peer_python)
    if readme is not None:
        _renew(readme, figures, documents, peers, again)
        return
    makers: dict[str, Callable[[], Dataset | None]] = {"truth": truth, "atus": atus}
    for name in table:
        if name not in makers:
            raise PopulaceError(f"No table is called “{name}”: choose truth or atus.")
    if any(size < 1 for size in rows):
        raise PopulaceError("A sample needs at least one row: give --rows a number above 0.")
    console = Console(stderr=True)
    tables = [makers[name]() for name in (table or makers)]
    datasets = [dataset for dataset in tables if dataset is not None]
    if len(datasets) < len(tables):
        console.print("ATUS is left out: its table is not beside this repository.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # print what there is, also then
    with console.status("Starting") as status:
        document = bench(datasets, sorted(set(rows)), peers, progress=status.update)
    if len(datasets) < len(tables):
        document["tables"]["atus"] = {"left_out": "its table is not beside this repository"}
    if as_json:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    if "stopped" in document:
        console.print(document["stopped"])
    out = Console()
    for name, result in document["tables"].items():
        for mode in MODES:
            if "ratios" in result:
                out.print(grid(name, result, mode))


def _renew(
    readme: Path, names: list[str], folder: Path | None, peers: dict[str, str], again: bool
) -> None:
    """Write a README's tables anew and say what became of each."""
    from synth.bench.readme import renew

    with Console(stderr=True).status("Starting") as status:
        done = renew(readme, names, folder=folder, peers=peers, again=again, say=status.update)
    for name, words in done.items():
        typer.echo(f"{name}: {words}")


def grid(name: str, result: dict[str, Any], mode: str) -> Grid:
    """One readable table: a row for each figure, a column for each tool and its ratio to ours."""
    words = "one thread" if mode == "one" else "all threads"
    shown = Grid(title=f"{name}, {result['rows']:,} rows learned, {words}", title_justify="left")
    shown.add_column("")
    shown.add_column("limit", justify="right")
    for tool in result["tools"]:
        shown.add_column(tool, justify="right")
    tools = result["tools"]
    ratios = result["ratios"]

    def cells(key: str, values: dict[str, Any], form: str) -> list[str]:
        out = []
        for tool, value in values.items():
            if value is None:
                out.append("–")
                continue
            times = ratios.get(tool, {}).get(mode, {}).get(key)
            out.append(f"{value:{form}}" + (f" ({times:,g}×)" if times else ""))
        return out

    fits = {tool: entry[mode]["fit_s"] for tool, entry in tools.items()}
    shown.add_row("fit, s", "", *cells("fit", fits, ".3f"))
    fits = {
        tool: entry[mode].get("fit_k2_s", entry[mode]["fit_s"]) for tool, entry in tools.items()
    }
    shown.add_row("fit, ours by K2 as theirs, s", "", *cells("fit by k2", fits, ".3f"))
    for size, limit in result["limit"][mode].items():
        rates = {tool: entry[mode]["rows_per_s"].get(size) for tool, entry in tools.items()}
        share = result["limit_share"][mode][size]
        reached = f" ({share:.0%} reached)" if share else ""
        most = f"{limit:,.0f}{reached}" if limit else "–"
        shown.add_row(f"rows/s of {int(size):,}", most, *cells(f"sample {size}", rates, ",.0f"))
    for kind, facts in result["questions"].items():
        rates = {
            tool: next(iter(entry[mode]["given"][kind]["rows_per_s"].values()), None)
            for tool, entry in tools.items()
        }
        probability = tools["populace"][mode]["given"][kind].get("probability")
        condition = ", ".join(f"{column}={level}" for column, level in facts.items())
        note = "" if probability is None else f", p={probability:.2g}"
        shown.add_row(f"rows/s given {condition}{note}", "", *cells(f"given {kind}", rates, ",.4g"))
    peaks = {
        tool: max((v for v in entry[mode]["peak_mib"].values() if v), default=None)
        for tool, entry in tools.items()
    }
    shown.add_row("peak memory, MiB", "", *cells("", peaks, ",.0f"))
    for figure in ("lr_auc", "hgb_auc", "repeat_share"):
        values = {tool: entry["fidelity"].get(figure) for tool, entry in tools.items()}
        fresh = tools["populace"]["fidelity"].get(f"{figure}_reference")
        label = figure if fresh is None else f"{figure} (fresh people {fresh:.3f})"
        shown.add_row(label, "", *cells("", values, ".3f"))
    return shown
