"""Adult beside SDV's GaussianCopula: where copulas fall short on real tables, do we?

The census extract of B. Becker and R. Kohavi (UCI, 1996), 32,561 people and 17 columns, of which
three follow from others. J. Ganseman ("Fake it till you make it", Devoxx 2022) shows two failures
of a Gaussian copula on it: rare countries are lost and the commonest country with them, and gains,
nearly all 0, become 17,428 different values. Each tool learns from one half, drawn at random, and
is judged with the other; real rows of the first half stand beside as fresh real people.

Ours stands there twice: as `bayes.learn` learns by default, and by the Studio's plan, which finds
the three columns that follow and works them out.

Run ``python -m synth.bench.adult --peer-python sdv=PATH --json``.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from synth.bench import measure
from synth.bench.data import Dataset, adult
from synth.bench.measure import in_terms_of
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.evaluate.comparison import Comparison
from synth.evaluate.fidelity import fidelity
from synth.evaluate.shape import shape
from synth.fitting.fit import fit
from synth.fitting.inspection import depend, inspect_table
from synth.fitting.plan import Plan
from synth.populations.as_written import canonical

FOLLOWS = (
    ("education", "education_num"),
    ("education", "has_higher_education"),
    ("marital_status", "marital"),
)
"""The second follows from the first."""
LIMIT = 900.0
"""Seconds after which a tool is stopped: what it draws matters here, not how fast."""
FIGURES = ("lr_auc", "hgb_auc", "tvd1", "tvd2", "association", "repeat_share")


def compare(dataset: Dataset, peers: dict[str, str]) -> dict[str, Any]:
    """The figures of every tool, and of fresh real people under "fresh".

    Parameters
    ----------
    dataset : Dataset
        What to learn from.
    peers : mapping of str to str
        Name → the Python of its environment.

    Returns
    -------
    dict
        Tool → its figures, or its error.
    """
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="populace-adult-") as folder:
        place = measure.Place(Path(folder), dataset)
        ours, *others = measure.tools(peers)
        measure.run(place, ours, {"task": "save"}, "all", limit=LIMIT)
        for tool in (ours, *(tool for tool in others if tool.name in peers)):
            out = place.folder / f"{tool.name}-rows.parquet"
            job = {"task": "sample", "rows": len(dataset.train), "out": str(out)}
            answer = measure.run(place, tool, job, "all", limit=LIMIT)
            if "error" in answer:
                results[tool.name] = {"error": answer["error"]}
                continue
            fitted = measure.run(place, tool, {"task": "fit"}, "all", 1, LIMIT)
            people = in_terms_of(dataset, pd.read_parquet(out))
            results[tool.name] = {
                "version": answer["version"],
                "fit_s": round(min(fitted["times"]), 2) if "times" in fitted else None,
                **figures(dataset, people),
            }
    results["populace_studio"] = _by_plan(dataset)
    results["fresh"] = _fresh(dataset)
    return results


def figures(dataset: Dataset, people: pd.DataFrame) -> dict[str, Any]:
    """How like the unseen half, and what became of countries, gains and columns that follow.

    Parameters
    ----------
    dataset : Dataset
        What to learn from.
    people : pd.DataFrame
        Synthetic people.

    Returns
    -------
    dict
        Name → figure.
    """
    likeness = fidelity(Comparison.of(dataset.table(), people, holdout=dataset.fresh))
    out = {name: round(getattr(likeness, name), 4) for name in FIGURES}
    return out | shape_figures(dataset, people)


def shape_figures(dataset: Dataset, people: pd.DataFrame) -> dict[str, Any]:
    """Levels and zeros kept; shares of rows in which a column does not follow as it must.

    rare_levels: those of under 1% of people, at least five of them, over all columns.

    Parameters
    ----------
    dataset : Dataset
        What to learn from.
    people : pd.DataFrame
        Synthetic people.

    Returns
    -------
    dict
        Name → figure.
    """
    train = dataset.train
    finer = shape(Comparison.of(dataset.table(), people, holdout=dataset.fresh))
    countries = train["native_country"].value_counts()
    out = {
        "rare_levels": finer.rare_levels,
        "rare_levels_kept": finer.rare_kept,
        "countries": int(train["native_country"].nunique()),
        "countries_kept": int(countries.index.isin(people["native_country"]).sum()),
        "commonest_country": round(
            float((people["native_country"] == countries.index[0]).mean()), 4
        ),
        "no_capital_gain": round(float((people["capital_gain"] == 0).mean()), 4),
        "capital_gains": int(people["capital_gain"].nunique()),
    }
    for of, name in FOLLOWS:
        follows = train.groupby(of)[name].first()
        wrong = people[of].map(follows) != people[name]
        out[f"{name}_wrong"] = round(float(wrong.mean()), 4)
    return out


def _by_plan(dataset: Dataset) -> dict[str, Any]:
    """Our network as the Studio learns it, with what it finds to follow from what."""
    inspection = inspect_table(dataset.train, dataset.name)
    plan = Plan.of(inspection)
    train = make_table(dataset.train, plan.schema).frame
    plan = plan.following(*depend(train, plan.schema))
    begin = time.perf_counter()
    population = fit(dataset.train, plan)
    seconds = time.perf_counter() - begin
    people = in_terms_of(dataset, canonical(population.answer()).sample(len(dataset.train), seed=0))
    return {"version": "here", "fit_s": round(seconds, 2), **figures(dataset, people)}


def _fresh(dataset: Dataset) -> dict[str, Any]:
    """What the rows that were learned from get themselves, beside the unseen half."""
    likeness = fidelity(Comparison.of(dataset.table(), dataset.train, holdout=dataset.fresh))
    out = {name: round(getattr(likeness, f"{name}_reference"), 4) for name in FIGURES}
    return out | shape_figures(dataset, dataset.fresh)


def main(
    peer_python: Annotated[
        list[str],
        typer.Option(metavar="NAME=PATH", help="The Python of an environment with sdv."),
    ] = [],  # noqa: B006
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Learn Adult with our network and with the peers, and compare what they draw."""
    dataset = adult()
    if dataset is None:
        raise PopulaceError(
            "The table adult_train.parquet is not beside this repository: put it there first."
        )
    results = compare(dataset, measure.peers_of(peer_python))
    if as_json:
        print(json.dumps(results, indent=2))
        return
    print(pd.DataFrame(results).to_string())


if __name__ == "__main__":
    typer.run(main)
