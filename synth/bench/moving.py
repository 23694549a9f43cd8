"""How fast lives and years are drawn, and how a moving population stands beside unseen lives.

A chain is learned from half of the life courses; a population moves by it for 40 years without a
scenario. Of those who were children at the start, the family states at each age are compared with
the other half of the courses, beside the half that was learned from.

Run ``python -m synth.bench.moving --source FOLDER``.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from synth.data.table import Table, make_table, read_table
from synth.evaluate.distances import tvd
from synth.lives import learn_lives, load_lives
from synth.lives.learning import ChainPlan
from synth.lives.model import LifeModel
from synth.lives.storage import FOLDERS
from synth.populations import Population, load
from synth.simulation import Simulation, first_people, rates_of

LIVES = "swiss-families"
_PEOPLE, _YEARS = 15_000, 40


def speed(population: Population, people: int = 100_000, years: int = 50) -> dict[str, float]:
    """Person-years a second of lives, also under evidence, and seconds of a simulation."""
    model = load_lives(LIVES).model
    out: dict[str, float] = {}
    for name, life in (("lives", ""), ("lives given a child by 30", "by age_30=child")):
        given = model.given("", life)
        given.draw(1000)
        begun = time.perf_counter()
        _, codes = given.draw(200_000, 1)
        out[f"{name}, person-years/s"] = round(codes.size / (time.perf_counter() - begun))
    rates = rates_of(population, model)
    simulation = Simulation.of(first_people(population, rates, people, 1), rates, seed=1)
    begun = time.perf_counter()
    lived = sum(event.people for event in simulation.run(years))
    seconds = time.perf_counter() - begun
    out["simulation, s"] = round(seconds, 2)
    out["simulation, person-years/s"] = round(lived / seconds)
    return out


def margins(population: Population, table: Table, recipe: dict[str, Any], seed: int) -> list[float]:
    """TVD of states, averaged over ages, of women and men: simulated, and of fresh real lives."""
    order = np.random.default_rng(seed).permutation(len(table))
    learned, unseen = (_part(table, rows) for rows in np.array_split(order, 2))
    plan = recipe["plan"]
    chain = ChainPlan(int(plan["classes"]), float(plan["shrink"]), tuple(plan["cuts"]))
    model = learn_lives(learned, recipe["sequence"], plan=chain, seed=seed)
    simulated = _simulated(population, model, seed)
    out = []
    for male in (False, True):
        halves = [_states(model, half, male) for half in (unseen, learned)]
        for other in (simulated[int(male)], halves[1]):
            pairs = zip(halves[0], other, strict=True)
            out.append(float(np.mean([tvd(a, b) for a, b in pairs])))
    return out


def _simulated(population: Population, model: LifeModel, seed: int) -> np.ndarray:
    """People by gender, age and state, of those who grew up in the simulation."""
    rates = rates_of(population, model)
    simulation = Simulation.of(first_people(population, rates, _PEOPLE, 1), rates, seed=seed)
    times, states = model.track.times, len(model.track.states)
    out = np.zeros((2, times, states), dtype=np.int64)
    first = rates.first_age
    for _ in simulation.run(_YEARS):
        people = simulation.people
        inside = people.alive & (people.age >= first) & (people.age < first + times)
        inside &= people.age - first < simulation.year  # were children at the start
        inside &= people.state < states  # the widowed are no state of the courses
        place = (people.male.astype(int), people.age - first, people.state)
        np.add.at(out, tuple(each[inside] for each in place), 1)
    return out


def _states(model: LifeModel, table: Table, male: bool) -> np.ndarray:
    codes = model.track.codes_of(table)
    codes = codes[(table.frame["gender"].astype(str) == "male").to_numpy() == male]
    size = len(model.track.states)
    return np.array([np.bincount(column, minlength=size) for column in codes.T])


def _part(table: Table, rows: np.ndarray) -> Table:
    return make_table(table.frame.iloc[rows].reset_index(drop=True), table.schema)


def main(
    source: Annotated[Path, typer.Option(help="The folder of the source tables.")],
    splits: Annotated[int, typer.Option(min=1)] = 2,
) -> None:
    """Print the figures as JSON."""
    population = load("us-time-use")
    recipe = FOLDERS.recipe(LIVES)
    rows = read_table(source / recipe["source"])
    first, last = recipe["sequence"].split("..")
    names = rows.schema.names
    times = names[names.index(first) : names.index(last) + 1]
    schema = rows.schema.select((*recipe["facts"], *times))
    table = make_table(rows.frame[list(schema.names)], schema)
    figures = np.mean([margins(population, table, recipe, s) for s in range(splits)], axis=0)
    words = ("women", "women, fresh", "men", "men, fresh")
    states = {name: round(float(v), 4) for name, v in zip(words, figures, strict=True)}
    typer.echo(json.dumps({"speed": speed(population), "states by age, TVD": states}, indent=2))


if __name__ == "__main__":
    typer.run(main)
