"""How far a density ratio corrects the network's people, judged by people nobody learned from.

Each table is split: most people are learned from, the others judge. The network's people, the
refined ones and fresh real people stand side by side: several classifiers (other kinds and other
settings than the refiner's own boosting), repeats, distance to the closest record, attacks,
what a model learned from them is worth, and all of it under evidence too.

Run ``python -m synth.bench.refinement us-time-use --json``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from synth import shipped_populations
from synth.bench import data
from synth.data.contingency import of_whom
from synth.data.evidence import Evidence
from synth.data.table import Table, make_table, read_table
from synth.errors import PopulaceError
from synth.evaluate.comparison import Comparison
from synth.evaluate.fidelity import features, fidelity
from synth.evaluate.privacy import privacy
from synth.evaluate.utility import utility
from synth.fitting.fit import fit
from synth.fitting.inspection import depend, inspect_table
from synth.fitting.plan import Plan
from synth.fitting.refine import refine
from synth.generators.base import DEFAULT, Settings, generator
from synth.jobs.limits import one_thread
from synth.populations import Population, of
from synth.populations.as_written import canonical

LIKENESS = ("lr_auc", "hgb_auc", "tvd2", "repeat_share")
"""Figures of fidelity that are given."""
FEWEST = 300
"""People on each side below which nobody is judged under evidence."""
ROWS = 100_000
"""Refined people whose drawing is timed."""
SAMPLES = 3
"""Samples that are judged: a classifier's AUC differs by .01 between them, so means are given."""


@dataclass(frozen=True)
class Case:
    """A table and what is asked of it.

    Attributes
    ----------
    learned, unseen : Table
        People learned from, and people who judge.
    judged : int
        People on each side of a judgement.
    target : str or None
        The column that models learn.
    evidence : tuple of str
        Lines of evidence under which people are judged as well.
    plan : bool
        Whether it is learned by the Studio's plan; else by the generator's defaults.
    settings : Settings
        How it is learned without a plan.
    """

    learned: Table
    unseen: Table
    judged: int
    target: str | None = None
    evidence: tuple[str, ...] = ()
    plan: bool = False
    settings: Settings = field(default_factory=Settings)


@one_thread()
def judge(case: Case, *, attacks: bool = True) -> dict[str, Any]:
    """Every figure of one case.

    Parameters
    ----------
    case : Case
    attacks : bool
        Whether the attacks of the privacy report are tried: they take longest.

    Returns
    -------
    dict
        JSON-ready figures of "network", "refined" and "fresh" people, and seconds.
    """
    started = time.perf_counter()
    population = _learned(case)
    fitted = time.perf_counter()
    population, note = refine(population, case.learned)
    out: dict[str, Any] = {
        "learned": len(case.learned),
        "judged": case.judged,
        "columns": len(population.modelled),
        "fit_s": round(fitted - started, 1),
        "refine_s": round(time.perf_counter() - fitted, 1),
        "note": note,
    }
    readings = {"network": population}
    if population.refinement is not None:
        readings["refined"] = population.refined
        conditional = readings["refined"].answer()
        conditional.sample(1_000, seed=1, threads=1)  # compiled before it is timed
        begin = time.perf_counter()
        conditional.sample(ROWS, seed=1, threads=1)
        out["refined_rows_per_s"] = round(ROWS / (time.perf_counter() - begin))
    begin = time.perf_counter()
    population.answer().sample(ROWS, seed=1, threads=1)
    out["network_rows_per_s"] = round(ROWS / (time.perf_counter() - begin))
    seeds = range(3, 3 + SAMPLES)
    schema = population.modelled
    learned = Table(schema.conform(case.learned.frame), schema, case.learned.digest)
    unseen = case.unseen.frame[list(schema.names)].iloc[: case.judged].reset_index(drop=True)
    fresh = [
        judges(
            learned,
            learned.frame.sample(case.judged, random_state=seed).reset_index(drop=True),
            unseen,
        )
        for seed in seeds
    ]
    out["people"] = {"fresh": {"judges": _mean(fresh)}}
    for name, reading in readings.items():
        frames = [canonical(reading.answer()).sample(case.judged, seed=seed) for seed in seeds]
        comparisons = [
            Comparison.of(learned, frame, holdout=unseen, target=case.target) for frame in frames
        ]
        likeness = _mean([fidelity(comparison).to_dict() for comparison in comparisons])
        figures: dict[str, Any] = {
            "judges": _mean([judges(learned, frame, unseen) for frame in frames]),
            **{key: likeness[key] for key in LIKENESS},
        }
        out["people"]["fresh"] |= {key: likeness[f"{key}_reference"] for key in LIKENESS}
        if case.target is not None:
            worth = [utility(comparison, case.target) for comparison in comparisons]
            figures["utility"] = fmean(one.synthetic for one in worth)
            out["people"]["fresh"]["utility"] = fmean(one.real for one in worth)
        if attacks:
            secrecy = privacy(comparisons[0])
            worst, attack = secrecy.worst
            figures |= {
                "distance_ratio": secrecy.closeness.ratio,
                "nearer": secrecy.closeness.nearer,
                "nearer_reference": secrecy.closeness.nearer_reference,
                "worst_attack": f"{worst}: {attack.excess:.4f} "
                f"({attack.lower:.4f}–{attack.upper:.4f})",
                "privacy_level": secrecy.level,
            }
        out["people"][name] = figures
    out["evidence"] = {line: _under(case, readings, learned, line) for line in case.evidence}
    return out


def _mean(samples: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The mean of each figure that is a number, to four digits."""
    return {
        key: round(fmean(float(one[key]) for one in samples), 4)
        for key, value in samples[0].items()
        if isinstance(value, int | float)
    }


def judges(learned: Table, people: pd.DataFrame, unseen: pd.DataFrame) -> dict[str, float]:
    """AUC, by three-fold cross-validation, of classifiers that tell people from unseen real ones.

    Parameters
    ----------
    learned : Table
        For the schema.
    people, unseen : pd.DataFrame
        As many of both.

    Returns
    -------
    dict of str to float
        ``hgb``: gradient boosting with scikit-learn's defaults; ``hgb_other``: slower, deeper and
        by other samples of columns than the refiner's; ``forest``; ``mlp``.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.neural_network import MLPClassifier

    comparison = Comparison.of(learned, people, holdout=unseen)
    holdout = comparison.frame(comparison.all("holdout"))
    both = pd.concat([holdout, comparison.synthetic], ignore_index=True)
    label = np.r_[np.zeros(len(holdout)), np.ones(len(comparison.synthetic))]
    flat, boosted, categorical = features(comparison.columns, both)
    models: dict[str, tuple[Any, np.ndarray]] = {
        "hgb": (
            HistGradientBoostingClassifier(categorical_features=categorical, random_state=0),
            boosted,
        ),
        "hgb_other": (
            HistGradientBoostingClassifier(
                learning_rate=0.03,
                max_iter=300,
                max_leaf_nodes=63,
                min_samples_leaf=20,
                max_features=0.6,
                categorical_features=categorical,
                random_state=1,
            ),
            boosted,
        ),
        "forest": (
            RandomForestClassifier(300, min_samples_leaf=5, n_jobs=1, random_state=0),
            np.nan_to_num(boosted, nan=-1.0),
        ),
        "mlp": (
            MLPClassifier((128, 64), alpha=1e-3, early_stopping=True, random_state=0),
            flat,
        ),
    }
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    return {
        name: round(
            float(
                roc_auc_score(
                    label,
                    cross_val_predict(model, values, label, cv=folds, method="predict_proba")[:, 1],
                )
            ),
            4,
        )
        for name, (model, values) in models.items()
    }


def _under(
    case: Case, readings: Mapping[str, Population], learned: Table, line: str
) -> dict[str, Any]:
    """Judged under evidence, by the unseen people of whom it holds."""
    evidence = Evidence.parse(line, learned.schema)
    holds = of_whom(case.unseen.frame, evidence, learned.schema)
    unseen = case.unseen.frame[holds].reset_index(drop=True)
    out: dict[str, Any] = {"unseen": len(unseen)}
    population = readings["network"]
    out["probability"] = population.answer(evidence).probability
    if len(unseen) < FEWEST:
        return out
    others = learned.frame[of_whom(learned.frame, evidence, learned.schema)].reset_index(drop=True)
    rows = min(len(unseen), case.judged, len(others))
    sides = {
        "fresh": others.sample(rows, random_state=1).reset_index(drop=True),
        **{
            name: canonical(each.answer(evidence)).sample(rows, seed=5)
            for name, each in readings.items()
        },
    }
    for name, frame in sides.items():
        out[name] = {
            "hgb": judges_hgb(learned, frame, unseen.iloc[:rows]),
            "tvd3": three_way(learned, frame, unseen),
        }
    return out


def judges_hgb(learned: Table, people: pd.DataFrame, unseen: pd.DataFrame) -> float:
    """The first of `judges` alone, for few people."""
    likeness = fidelity(Comparison.of(learned, people, holdout=unseen.reset_index(drop=True)))
    return round(likeness.hgb_auc, 4)


def three_way(learned: Table, people: pd.DataFrame, unseen: pd.DataFrame, most: int = 60) -> float:
    """Mean total variation of triples of columns, numbers in five bins, `most` triples at random.

    Parameters
    ----------
    learned : Table
        For the schema and the bins.
    people, unseen : pd.DataFrame
        The sides that are compared.
    most : int
        Triples.

    Returns
    -------
    float
        0 is the same.
    """
    comparison = Comparison.of(learned, people, holdout=unseen.reset_index(drop=True))
    places = comparison.places(5)
    names = comparison.names
    rng = np.random.default_rng(0)
    distances = []
    for _ in range(most):
        triple = [names[i] for i in rng.choice(len(names), 3, replace=False)]
        size = int(np.prod([places.sizes[name] for name in triple]))
        counts = []
        for side in ("synthetic", "holdout"):
            codes = places.codes[side]
            key = np.zeros(len(codes[triple[0]]), dtype=np.int64)
            for name in triple:
                key = key * places.sizes[name] + codes[name]
            counts.append(np.bincount(key, minlength=size) / len(key))
        distances.append(0.5 * np.abs(counts[0] - counts[1]).sum())
    return round(float(np.mean(distances)), 4)


def _learned(case: Case) -> Population:
    if case.plan:
        inspection = inspect_table(case.learned.frame, "table")
        plan = Plan.of(inspection)
        learned = make_table(case.learned.frame, plan.schema).frame
        plan = plan.following(*depend(learned, plan.schema))
        return fit(case.learned.frame, plan)
    model = generator(DEFAULT).fit(case.learned, case.settings, lambda share, words: None)
    return of(model, case.learned, title="Refinement bench")


def cases(source: Path) -> dict[str, Case]:
    """The cases whose tables are in a folder, by name; each is split when it is asked for.

    Parameters
    ----------
    source : Path
        The folder of the source tables.
    """
    out: dict[str, Case] = {}
    for name, judged, evidence in (
        (
            "us-time-use",
            15_000,
            (
                "gender=female,marital=married,age=25..45",
                "gender=male,marital=widowed",
                "marital=widowed,age=..24",
            ),
        ),
        ("french-hobbies", 2_801, ("gender=female,marital=married",)),
    ):
        recipe = shipped_populations.Recipe.read(
            shipped_populations.SHIPPED / name / shipped_populations.RECIPE
        )
        table = recipe.table(source)
        out[name] = _split(table, judged, evidence=evidence, settings=recipe.fit_settings({}))
    bench = data.atus(shared=source.parent)
    if bench is not None:
        whole = make_table(
            pd.concat([bench.train, bench.fresh], ignore_index=True), bench.table().schema
        )
        out["us-7-columns"] = _split(whole, 15_000)
    peers = source / "adult_argn_train.parquet"
    if peers.is_file():
        table = read_table(peers)
        for suffix, plan in (("", False), ("-plan", True)):
            out[f"adult-peers{suffix}"] = _split(table, 12_000, target="income", plan=plan)
    bench = data.adult(source.parent)
    if bench is not None:
        schema = bench.table().schema
        for suffix, plan in (("", False), ("-plan", True)):
            out[f"adult{suffix}"] = Case(
                bench.table(),
                make_table(bench.fresh, schema),
                15_000,
                "income_gt_50k",
                plan=plan,
            )
    return out


def _split(table: Table, judged: int, **options: Any) -> Case:
    order = np.random.default_rng(0).permutation(len(table))
    learned, unseen = (
        make_table(table.frame.iloc[rows].reset_index(drop=True), table.schema)
        for rows in (order[judged:], order[:judged])
    )
    return Case(learned, unseen, judged, **options)


def main(
    name: Annotated[list[str], typer.Argument(help="Cases; all when left out.")] = [],  # noqa: B006
    source: Annotated[Path, typer.Option(help="The folder of the source tables.")] = data.SHARED
    / "data",
    attacks: Annotated[bool, typer.Option(help="Try the attacks of the privacy report.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Judge the network's and the refined people with people nobody learned from."""
    known = cases(source)
    results = {}
    for each in name or known:
        if each not in known:
            raise PopulaceError(f"There is no case {each}: choose among {', '.join(known)}.")
        results[each] = judge(known[each], attacks=attacks)
        if not as_json:
            print(each, json.dumps(results[each], indent=2, ensure_ascii=False), flush=True)
    if as_json:
        print(json.dumps(results, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    typer.run(main)
