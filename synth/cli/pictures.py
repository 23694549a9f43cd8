"""`python -m synth pictures`: build, fetch, evaluate and explain picture libraries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synth.errors import PopulaceError

if TYPE_CHECKING:
    from synth.people.pictures.scorer import Scorer

app = typer.Typer(add_completion=False, help="Build, fetch and measure picture libraries.")
fetch = typer.Typer(help="Get pictures from the network; then build a library from them.")
app.add_typer(fetch, name="fetch")

Model = Annotated[
    str,
    typer.Option(
        metavar="MODEL",
        help="stand-in, or an open_clip model: its name, or local-dir:/folder.",
    ),
]
Weights = Annotated[
    str, typer.Option(metavar="TAG_OR_FILE", help="open_clip's weights: a hub tag or a file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print for machines.")]


@app.command()
def build(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Pictures, in any depth.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The library's folder.")],
    model: Model = "stand-in",
    weights: Weights = "openai",
) -> None:
    """Make a library of a folder of pictures; an interrupted run goes on where it stopped."""
    from synth.people.pictures.making.build import build as build_library

    scorer = _scorer(model, weights)
    with _progress() as advance:
        built = build_library(folder, out, scorer, progress=lambda n, of: advance("build", n, of))
    for line in built.skipped:
        typer.echo(f"skipped {line}", err=True)
    typer.echo(
        f"{len(built.library.pictures):,} pictures in {out}, {built.reused:,} known from before, "
        f"{len(built.skipped):,} skipped; scorer: {scorer.name}",
        err=True,
    )


@app.command()
def evaluate(
    as_json: AsJson = False,
    folder: Annotated[Path, typer.Option(metavar="DIR", help="Holds the two archives.")] = Path(
        "../shared/pictures"
    ),
    model: Model = "stand-in",
    weights: Weights = "openai",
    cache: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep what the net sees for next time.")
    ] = None,
) -> None:
    """Caltech-101 zero-shot and Flickr8k caption to image, on pictures the head has not seen."""
    from synth.people.pictures.making.evaluate import evaluate as measure
    from synth.people.pictures.making.evaluate import summary

    scorer = _scorer(model, weights)
    with _progress() as advance:
        figures = measure(folder, scorer, cache=cache, progress=advance)
    if as_json:
        typer.echo(json.dumps({"scorer": scorer.name, **figures}, indent=1, ensure_ascii=False))
    else:
        typer.echo("\n".join([scorer.name, *summary(figures)]))


@app.command()
def contact(
    out: Annotated[Path, typer.Option(metavar="FILE", help="The picture to write, webp or png.")],
    country: Annotated[
        str, typer.Option(metavar="XX", help="Where the people live, in two letters.")
    ] = "",
    library: Annotated[Path | None, typer.Option(metavar="DIR", help="The shipped one.")] = None,
) -> None:
    """A sheet of the pictures that cards show first for each interest, to be looked at."""
    from synth.interests.vocabulary import KEYWORDS
    from synth.people.pictures.library import SHIPPED, load_library
    from synth.people.pictures.making.contact import contact_sheet

    sheet = contact_sheet(list(KEYWORDS), load_library(library or SHIPPED), country)
    sheet.save(out, quality=80)
    typer.echo(f"Written to {out}.")


@app.command()
def best(
    interest: Annotated[str, typer.Argument(help="For example gardening.")],
    count: Annotated[int, typer.Option(min=1)] = 3,
    library: Annotated[Path | None, typer.Option(metavar="DIR", help="The shipped one.")] = None,
    as_json: AsJson = False,
) -> None:
    """The best pictures for an interest, and why."""
    from synth.people.pictures.choose import best as choose_best
    from synth.people.pictures.library import SHIPPED, load_library

    choices = choose_best(interest, count, library=load_library(library or SHIPPED))
    if as_json:
        rows = [
            {"id": c.picture.id, "why": c.why, "credit": c.picture.credit, "p": c.probability}
            for c in choices
        ]
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        for choice in choices:
            typer.echo(f"{choice.why} · {choice.picture.credit}")


@fetch.command()
def flickr8k(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the pictures go.")],
    base: Annotated[str, typer.Option(metavar="URL", help="A mirror.")] = "",
) -> None:
    """8,000 captioned photographs (1 GB), for non-commercial research."""
    from synth.people.pictures.fetch import FLICKR8K, fetch_flickr8k

    with _progress() as advance:
        count = fetch_flickr8k(out, base=base or FLICKR8K, progress=advance)
    typer.echo(
        f"{count:,} photographs in {out}: now `pictures build {out} --out LIBRARY`", err=True
    )


@fetch.command()
def openverse(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the pictures go.")],
    per_interest: Annotated[int, typer.Option(min=1, help="Pictures for each interest.")] = 40,
    licence: Annotated[str, typer.Option(help="Licences, for example cc0,by.")] = "cc0,by",
    base: Annotated[str, typer.Option(metavar="URL", help="Another address of the service.")] = "",
) -> None:
    """Openly licensed photographs for every interest, with their credits."""
    from synth.people.pictures.fetch import OPENVERSE, fetch_openverse

    names = [name.strip().lower() for name in licence.split(",") if name.strip()]
    known = ("cc0", "pdm", "by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd")
    for name in names:
        if name not in known:
            raise PopulaceError(f"There is no licence “{name}”: use {', '.join(known)}.")
    with _progress() as advance:
        count = fetch_openverse(
            out,
            per_interest=per_interest,
            licences=names,
            base=base or OPENVERSE,
            progress=advance,
        )
    typer.echo(
        f"{count:,} photographs in {out}: now `pictures build {out} --out LIBRARY`", err=True
    )


def _scorer(model: str, weights: str) -> Scorer:
    if model == "stand-in":
        from synth.people.pictures.standin_scorer import load_standin

        return load_standin()
    from synth.people.pictures.clip import OpenClip

    return OpenClip(model, weights)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    with Progress(console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def advance(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total or None)
            bar.update(tasks[what], completed=done, total=total or None)

        yield advance
