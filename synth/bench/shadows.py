"""The attack by shadow populations: on private ones, and on those that promise nothing (control).

Each of some rows of a table is learned from in half of the populations. Of the private ones levels
and bounds are public, noise comes from the operating system; see `synth.evaluate.attacks.shadows`.

Run ``python -m synth.bench.shadows adult --epsilon 1 --jobs 4``.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Annotated, Any

import numpy as np
import typer

from synth.bayes.scoring import log_rows
from synth.bench.private import DELTA, TABLES, halves, public_of
from synth.data.table import Table
from synth.errors import PopulaceError
from synth.evaluate.attacks import shadows as attack
from synth.generators.base import Settings, generator
from synth.privacy.learning import Promise, learn_privately
from synth.privacy.limits import most_right

_TABLES: dict[tuple[str, int], Table] = {}


def _people(name: str, rows: int) -> Table:
    """Some rows of a table; read once in each process."""
    if (name, rows) not in _TABLES:
        table, _, _ = halves(name)
        _TABLES[name, rows] = Table(table.frame.iloc[:rows], table.schema, "")
    return _TABLES[name, rows]


def row_logs(name: str, rows: int, epsilon: float | None, inside: np.ndarray) -> np.ndarray:
    """How likely each row is in a population that learned from some of them; float (rows,)."""
    table = _people(name, rows)
    learned = Table(table.frame[inside].reset_index(drop=True), table.schema, "")
    if epsilon is None:
        network = generator().fit(learned, Settings()).network
        if network is None:
            raise PopulaceError("The control needs a network: it is the default generator.")
    else:
        promise = Promise(epsilon, DELTA, public_of(name))
        network = learn_privately(learned.frame, table.schema.modelled, promise).network
    return log_rows(network, table.frame)


def run(
    name: str, rows: int, epsilon: float | None, shadows: int, attacked: int, jobs: int, seed: int
) -> dict[str, Any]:
    """Learn all populations and attack the last; without ε they promise nothing."""
    begun = time.perf_counter()
    rows = len(_people(name, rows))
    inside = attack.halves(rows, shadows, attacked, seed)
    score = partial(row_logs, name, rows, epsilon)
    if jobs > 1:
        with ProcessPoolExecutor(jobs) as pool:
            logs = np.stack(list(pool.map(score, inside)))
    else:
        logs = np.stack([score(each) for each in inside])
    result = attack.shadow_attack(logs, inside, shadows)
    return {
        **result.to_dict(),
        "most": None if epsilon is None else round(most_right(epsilon), 3),
        "seconds": round(time.perf_counter() - begun, 1),
    }


def main(
    name: Annotated[str, typer.Argument(help=" or ".join(TABLES))] = "adult",
    epsilon: Annotated[str, typer.Option(help="Promises, with commas between them.")] = "1",
    rows: Annotated[int, typer.Option(help="Rows that may be learned from.")] = 4000,
    shadows: Annotated[int, typer.Option(help="Populations of the attacker; even.")] = 16,
    attacked: Annotated[int, typer.Option(help="Populations that are attacked.")] = 4,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
    seed: Annotated[int, typer.Option(help="Of the halves.")] = 0,
    plain: Annotated[bool, typer.Option(help="The control.")] = True,
) -> None:
    """Attack populations by shadows, and the control."""
    kinds = [float(each) for each in epsilon.split(",") if each]
    for each in [*([None] if plain else []), *kinds]:
        result = run(name, rows, each, shadows, attacked, jobs, seed)
        typer.echo(f"{'no promise' if each is None else f'epsilon {each:g}'}: {json.dumps(result)}")


if __name__ == "__main__":
    typer.run(main)
