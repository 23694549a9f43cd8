"""`python -m synth profiles`: complete profiles as a folder that opens offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from synth.errors import PopulaceError


def profiles_command(
    population: Annotated[str, typer.Argument(metavar="POP", help="A population or its folder.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write; made when missing.")],
    given: Annotated[
        str, typer.Option(metavar="EVIDENCE", help="For example gender=female,age=25..35.")
    ] = "",
    count: Annotated[int, typer.Option(min=1, help="How many people.")] = 12,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same people.")] = 0,
    ethnicity: Annotated[
        str,
        typer.Option(
            metavar="WEIGHTS",
            help="Even, us-2020, or weights such as White=3,Black=1; even when left out.",
        ),
    ] = "even",
    posts: Annotated[int, typer.Option(min=1, max=3, help="Posts a person.")] = 2,
) -> None:
    """Write profiles.json, portraits, pictures, credits and a page that opens offline."""
    from synth import describe
    from synth.data.evidence import Evidence
    from synth.people.cards.export import write_folder
    from synth.people.profile import make_profiles
    from synth.populations import load

    people = load(population)
    evidence = Evidence.parse(given, people.modelled) if given else Evidence()
    if out.exists() and not out.is_dir():
        raise PopulaceError(f"{out} is a file: name a folder to write to.")
    profiles = make_profiles(
        people, evidence, count, seed, distribution=_weights(ethnicity), posts=posts
    )
    size = write_folder(
        profiles,
        out,
        population=people.name,
        given=describe.question(evidence, people),
        seed=seed,
    )
    for note in sorted(
        {note for profile in profiles for note in profile.notes if "install" in note}
    ):
        typer.echo(note, err=True)
    typer.echo(
        f"{len(profiles):,} synthetic profiles ({size / 1e6:.1f} MB) written to {out}: open "
        f"{out / 'index.html'}",
        err=True,
    )


def _weights(text: str) -> dict[str, float] | None:
    from synth.people.names import US_2020

    if text.lower() == "even":
        return None
    if text.lower() == "us-2020":
        return dict(US_2020)
    weights = {}
    for part in text.split(","):
        name, _, number = part.partition("=")
        try:
            weights[name.strip()] = float(number)
        except ValueError as error:
            raise PopulaceError(
                f"“{part}” is no ethnicity with a weight: write White=3,Black=1, even or us-2020."
            ) from error
    return weights
