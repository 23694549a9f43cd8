"""`python -m synth simulate`: a population that moves, each year a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from synth.cli.common import AsJson, PopulationName, Seed, print_json, progress_bar
from synth.lives import load_lives
from synth.populations import load
from synth.simulation import Scenario, Simulation, first_people, rates_of, write_years


def simulate_command(
    population: PopulationName,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Gets a table for each year.")],
    years: Annotated[int, typer.Option(min=0, max=300, help="How far.")] = 30,
    people: Annotated[
        int, typer.Option(min=10, max=5_000_000, help="People of 15 and over at the start.")
    ] = 10_000,
    first: Annotated[int, typer.Option(help="The first year.")] = 2016,
    births: Annotated[float, typer.Option(help="Factor on births.")] = 1.0,
    deaths: Annotated[float, typer.Option(help="Factor on deaths.")] = 1.0,
    partings: Annotated[float, typer.Option(help="Factor on partings.")] = 1.0,
    later: Annotated[
        int, typer.Option(help="Years by which leaving home, marrying and children come later.")
    ] = 0,
    lives: Annotated[
        str, typer.Option(metavar="LIVES", help="Life courses: a name or a folder.")
    ] = "swiss-families",
    form: Annotated[str, typer.Option("--format", help="parquet or csv.")] = "parquet",
    threads: Annotated[int, typer.Option(min=1, help="Never changes who comes.")] = 1,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Let a population grow older year by year; each year is an ordinary table of people."""
    source = load(population)
    scenario = Scenario(births, deaths, partings, later)
    rates = rates_of(source, load_lives(lives).model)
    begun = first_people(source, rates, people, seed)
    simulation = Simulation.of(begun, rates, scenario, year=first, seed=seed, threads=threads)
    with progress_bar("years", years) as advance:
        written = write_years(simulation, years, out, form, lambda done: advance(done))
    if as_json:
        print_json(
            {
                "files": [path.name for path in written],
                "years": [vars(event) for event in simulation.events],
            }
        )
        return
    for event in simulation.events:
        typer.echo(
            f"{event.year}: {event.people:,} people, {event.births:,} born, {event.deaths:,} died, "
            f"{event.marriages:,} married, {event.partings:,} parted"
        )
    typer.echo(f"{len(written)} tables in {out}", err=True)
