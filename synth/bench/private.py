"""Private populations of a table: how like fresh people, what a model learns, what an attack gets.

Half of the table is learned from, the other half judges. Public are the levels and bounds of
``synth/bench/public``, which are those of the table's own description. Noise comes from the
operating system, so figures differ a little from run to run.

Run ``python -m synth.bench.private adult --epsilon 1,3,10 --json``.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from synth.bench.data import SHARED
from synth.data.table import Table, make_table
from synth.errors import PopulaceError
from synth.evaluate.attacks.membership import membership
from synth.evaluate.comparison import Comparison
from synth.evaluate.fidelity import fidelity
from synth.evaluate.privacy import privacy
from synth.evaluate.shape import shape
from synth.evaluate.utility import utility
from synth.generators.base import Settings, generator
from synth.privacy.learning import Promise, learn_privately
from synth.privacy.public import Public
from synth.privacy.selection import METHODS, Method

TABLES = {
    "adult": ("adult_argn_train.parquet", "income", ()),
    "us-time-use": ("atus_people.parquet", "has_children", ("weight", "ethnicity")),
}
"""Name → file beside the repository, what is learned from the others, columns left out."""
PUBLIC = Path(__file__).parent / "public"
DELTA = 1e-6
MOST = 12_000
"""People of each side that are judged."""


def halves(name: str, seed: int = 0) -> tuple[Table, pd.DataFrame, str]:
    """The half to learn from, the other, and the target.

    Raises
    ------
    PopulaceError
        The table is not beside the repository.
    """
    if name not in TABLES:
        raise PopulaceError(f"There is no table {name}: use {' or '.join(TABLES)}.")
    file, target, left_out = TABLES[name]
    path = SHARED / "data" / file
    if not path.exists():
        raise PopulaceError(f"The table {file} is not beside this repository: put it there first.")
    frame = pd.read_parquet(path).drop(columns=list(left_out), errors="ignore")
    order = np.random.default_rng(seed).permutation(len(frame))
    half = len(frame) // 2
    learned, others = (
        frame.iloc[some].reset_index(drop=True) for some in (order[:half], order[half:])
    )
    return make_table(learned), others, target


def public_of(name: str) -> Public:
    """Levels and bounds that a table's description tells; nothing where none is kept."""
    path = PUBLIC / f"{name}.toml"
    return Public.read(path) if path.exists() else Public()


def learned_privately(
    table: Table, public: Public, epsilon: float, method: Method
) -> dict[str, Any]:
    """People of a private population, and what learning them took."""
    begun = time.process_time()
    promise = Promise(epsilon, DELTA, public, method=method)
    learned = learn_privately(table.frame, table.schema.modelled, promise)
    seconds = time.process_time() - begun
    people = learned.network.given().sample(len(table), seed=1)
    looks = [entry for entry in learned.ledger.entries if len(entry.columns) > 1]
    return {
        "people": people,
        "cpu_s": round(seconds, 1),
        "tables": len(looks),
        "spent": round(learned.ledger.spent_epsilon, 4),
        "numbers": learned.network.parameters,
    }


def figures(
    table: Table, others: pd.DataFrame, target: str, people: pd.DataFrame, *, attacks: bool = False
) -> dict[str, Any]:
    """Likeness, the model's score and the membership attack, on at most `MOST` people a side.

    With `attacks` also singling out, linking and inferring: the share that each gets of people
    learned from, its interval, and what it gets of people never seen.
    """
    learned = Table(table.frame.iloc[:MOST], table.schema, "")
    comparison = Comparison.of(learned, people.iloc[:MOST], holdout=others.iloc[:MOST])
    like, useful = fidelity(comparison), utility(comparison, target)
    frames = [comparison.frame(comparison.all(side)) for side in ("real", "holdout", "synthetic")]
    finer = shape(comparison)
    attack = membership(tuple(comparison.columns), *frames)
    return {
        "hgb": round(like.hgb_auc, 3),
        "hgb_fresh": round(like.hgb_auc_reference, 3),
        "pairs": round(like.tvd2, 4),
        "pairs_fresh": round(like.tvd2_reference, 4),
        "triples": round(finer.tvd3, 4),
        "triples_fresh": round(finer.tvd3_reference, 4),
        "mle": round(useful.synthetic, 3),
        "mle_real": round(useful.real, 3),
        "membership": [round(x, 3) for x in (attack.auc, attack.lower, attack.upper)],
        "control": [
            round(x, 3) for x in (attack.control, attack.control_lower, attack.control_upper)
        ],
        **({"attacks": _attacks(comparison)} if attacks else {}),
    }


def _attacks(comparison: Comparison) -> dict[str, list[float]]:
    """Attack → its share of people learned from, the interval's ends, and of people never seen."""
    return {
        name: [
            round(x, 4)
            for x in (each.attack.value, each.attack.lower, each.attack.upper, each.control.value)
        ]
        for name, each in privacy(comparison).attacks.items()
    }


def main(
    name: Annotated[str, typer.Argument(help=" or ".join(TABLES))] = "adult",
    epsilon: Annotated[str, typer.Option(help="Promises, with commas between them.")] = "1,3,10",
    method: Annotated[str, typer.Option(help=" or ".join(METHODS))] = METHODS[0],
    seed: Annotated[int, typer.Option(help="Which half is learned from.")] = 0,
    paid: Annotated[bool, typer.Option(help="Nothing is public: all is paid for.")] = False,
    attacks: Annotated[bool, typer.Option(help="Also singling out, linking, inferring.")] = False,
    plain: Annotated[bool, typer.Option(help="Also the network without a promise.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Learn a table privately and judge what is drawn by people nobody learned from."""
    table, others, target = halves(name, seed)
    public = Public() if paid else public_of(name)
    results: dict[str, Any] = {}
    if method not in METHODS:
        raise PopulaceError(f"There is no method {method}: use {' or '.join(METHODS)}.")
    for each in epsilon.split(",") if epsilon else ():
        measured = learned_privately(table, public, float(each), method)
        results[f"epsilon {each}"] = {
            **figures(table, others, target, measured.pop("people"), attacks=attacks),
            **measured,
        }
        typer.echo(f"epsilon {each}: {results[f'epsilon {each}']}", err=True)
    if plain:
        model = generator().fit(table, Settings())
        people = model.sample(len(table), seed=1)
        results["no promise"] = figures(table, others, target, people, attacks=attacks)
    typer.echo(json.dumps(results, indent=2) if as_json else pd.DataFrame(results).to_string())


if __name__ == "__main__":
    typer.run(main)
