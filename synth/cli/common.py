"""What several commands share: options, numbers in words, JSON, a bar of progress."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from synth.environment import MODELS
from synth.errors import PopulaceError

PopulationName = Annotated[
    str, typer.Argument(metavar="POP", help="A population's name or a fitted folder.")
]
Given = Annotated[
    str, typer.Option(metavar="FACTS", help="What is known: marital=married,age=25..35.")
]
TABLE_HELP = (
    "A table: CSV or other text, Parquet, Excel (.xlsx), JSON lines, a ZIP or gzip file of one, or "
    "a database's table, as in sqlite:///people.db?table=people."
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Source = Annotated[
    Path | None,
    typer.Option(help="The folder of the source tables; ../shared/data when not given."),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same people.")]


def source_folder(source: Path | None) -> Path:
    """Where source tables are read: as said, or in the folder beside this project's.

    Parameters
    ----------
    source : Path or None
        What was given.

    Returns
    -------
    Path
        Not looked for.
    """
    return source or MODELS.parents[1] / "shared" / "data"


def percent(share: float) -> str:
    """A share in words: 4.1%, 0.0012%, 1e-07.

    Parameters
    ----------
    share : float
        Between 0 and 1.

    Returns
    -------
    str
        With two digits that tell something.
    """
    if share == 0 or share >= 1e-6:
        return f"{share:.2%}" if share >= 0.1 else f"{share * 100:.2g}%"
    return f"{share:.2g}"


def write_text(path: Path, text: str) -> None:
    """Write a text file.

    Parameters
    ----------
    path : Path
        The file.
    text : str
        What it is to hold.

    Raises
    ------
    PopulaceError
        It cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise PopulaceError(
            f"{path} cannot be written: name a file in a folder of yours."
        ) from error


def print_json(value: Any) -> None:
    """Print a value as JSON on standard output.

    Parameters
    ----------
    value : JSON value
        What to print.
    """
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


@contextmanager
def progress_bar(words: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """A bar on standard error, where that is a terminal.

    Parameters
    ----------
    words : str
        What is being done.
    total : int, optional
        How much there is to do.

    Returns
    -------
    context manager of callable
        Call it with how much is done, and with new words.
    """
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(words, total=total)

        def advance(done: float, words: str | None = None) -> None:
            bar.update(task, completed=done, description=words)

        yield advance
