"""How often the intervals of weighted estimates hold the truth, over many seeds.

Rows of rare people come with log-weights; a weighted share or mean estimates that of everybody, and
the network says what it truly is. What is asked of refined people is estimated from people that
the model drew, each counted by the density ratio; the truth is then the mean over all seeds. A
nominal 95% interval should hold the truth for 95 of 100 seeds, up to chance: over 1,000 seeds 93.6%
to 96.4% are within two standard errors. It holds it less often where few weights make up most of
the sum: `worth` says how many plain rows a sample is worth.

Run ``python -m synth.bench.coverage us-time-use --json``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import typer

from synth.data.contingency import of_whom
from synth.data.evidence import Evidence
from synth.generators.rare import WEIGHT, RareConditional
from synth.generators.refined import PILOT, RefinedConditional
from synth.populations import Population, load
from synth.populations.as_written import canonical

EXPONENTS = (0.3, 0.6, 0.8)
NORMAL = 1.959963984540054
"""The 97.5% quantile of a standard normal variable."""


def rare_coverage(
    population: Population, facts: Sequence[str], *, seeds: int, rows: int
) -> list[dict[str, Any]]:
    """For each exponent and fact, how often the weighted share's interval holds the exact one.

    Parameters
    ----------
    population : Population
        One with a network.
    facts : sequence of str
        Evidence whose probability is estimated.
    seeds, rows : int
        Samples, and people in each.

    Returns
    -------
    list of dict
        ``exponent``, how many plain rows a sample is ``worth``, ``fact``, the exact ``truth``, the
        mean ``estimate`` and the share of seeds that are ``inside``.
    """
    schema = population.modelled
    parsed = {fact: Evidence.parse(fact, schema) for fact in facts}
    truth = {fact: population.given(evidence).probability for fact, evidence in parsed.items()}
    out = []
    for exponent in EXPONENTS:
        rare = canonical(population.with_rarity(exponent).given())
        assert isinstance(rare, RareConditional)
        inside = dict.fromkeys(facts, 0)
        total = dict.fromkeys(facts, 0.0)
        for seed in range(seeds):
            frame = rare.weighted(rows, seed, threads=1)
            weights = np.exp(frame[WEIGHT].to_numpy())
            for fact, evidence in parsed.items():
                values = weights * of_whom(frame, evidence, schema)
                mean, error = values.mean(), values.std(ddof=1) / math.sqrt(rows)
                inside[fact] += bool(abs(mean - truth[fact]) <= NORMAL * error)
                total[fact] += float(mean)
        out += [
            {
                "exponent": exponent,
                "worth": round(rows * rare.effective_share, 1),
                "fact": fact,
                "truth": round(truth[fact], 6),
                "estimate": round(total[fact] / seeds, 6),
                "inside": round(inside[fact] / seeds, 4),
            }
            for fact in facts
        ]
    return out


def refined_coverage(
    population: Population, facts: Sequence[str], *, seeds: int
) -> list[dict[str, Any]]:
    """For each fact, how often the interval of the ratio's mean holds that of all seeds together.

    Parameters
    ----------
    population : Population
        One with a refinement.
    facts : sequence of str
        Evidence that is known; empty is everybody.
    seeds : int
        Samples, of as many people as an answer is estimated from.

    Returns
    -------
    list of dict
        ``fact``, the ``mean`` ratio, and the share of seeds ``inside``; for everybody also how many
        standard errors the mean that the refinement keeps is off.
    """
    out = []
    refined = population.refined
    for fact in facts:
        conditional = canonical(refined.answer(Evidence.parse(fact, population.modelled)))
        assert isinstance(conditional, RefinedConditional)
        ratio = conditional.ratio
        means, errors = np.empty(seeds), np.empty(seeds)
        for seed in range(seeds):
            ratios = np.exp(ratio.log_ratio(conditional.model.sample(PILOT, seed, threads=1)))
            means[seed] = ratios.mean()
            errors[seed] = ratios.std() / math.sqrt(PILOT)
        truth = means.mean()
        # The truth is itself a mean over the seeds, each of which is one part of it.
        bound = NORMAL * errors * math.sqrt(1 - 1 / seeds)
        figures: dict[str, Any] = {
            "fact": fact,
            "mean": round(float(truth), 5),
            "inside": round(float((np.abs(means - truth) <= bound).mean()), 4),
        }
        if not fact:
            figures["kept_mean"] = round(ratio.mean, 5)
            error = math.hypot(ratio.mean_error, means.std(ddof=1) / math.sqrt(seeds))
            figures["kept_off"] = round(float((ratio.mean - truth) / error), 2)
        out.append(figures)
    return out


FACTS = {
    "us-time-use": (
        "gender=female",
        "marital=widowed",
        "age=..24,marital=married",
        "top1=gardening",
        "gender=male,marital=widowed,age=..40",
    ),
    "french-hobbies": ("gender=female", "marital=widowed", "top1=fishing", "tv_level=4"),
}
"""What is asked of each population."""


def main(
    name: Annotated[str, typer.Argument(help="The population.")] = "us-time-use",
    seeds: Annotated[int, typer.Option(help="Samples of rare people.")] = 1_000,
    rows: Annotated[int, typer.Option(help="People in each.")] = 5_000,
    refined_seeds: Annotated[int, typer.Option(help="Samples of refined people.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Count how often intervals of weighted estimates hold the truth."""
    population = load(name)
    facts = FACTS.get(name, ())
    results: dict[str, Any] = {"population": name, "seeds": seeds, "rows": rows}
    results["rare"] = rare_coverage(population, facts, seeds=seeds, rows=rows)
    if population.refinement is not None:
        results["refined_seeds"] = refined_seeds
        results["refined"] = refined_coverage(population, ("", *facts), seeds=refined_seeds)
    if as_json:
        print(json.dumps(results, indent=2, ensure_ascii=False))
        return
    for kind in ("rare", "refined"):
        for figures in results.get(kind, ()):
            print(kind, json.dumps(figures, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    typer.run(main)
