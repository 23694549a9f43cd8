"""One measurement of our own network, in a process of its own: `python -m synth.bench.own JOB`.

Jobs are those of `runners/harness.py`, and three more tasks: "save" learns and writes the network,
"rare" looks for evidence that is rare in it, "limit" draws numbers and writes columns, no more.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from synth.bayes import Network, learn
from synth.bayes.sampling import draw_and_write
from synth.bench.data import categorical_table, levels
from synth.bench.runners.harness import peak_mib, repeated
from synth.data.evidence import Evidence, OneOf
from synth.errors import PopulaceError

RAREST, COMMONEST = 1e-7, 1e-5


def main() -> None:
    """Do the job that the command line names and print one JSON line."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    answer = {"before_mib": peak_mib(), **TASKS[job["task"]](job)}
    print(json.dumps({"version": "here", **answer, "peak_mib": peak_mib()}))


def rare_evidence(network: Network, train: pd.DataFrame, columns: list[str]) -> tuple[str, float]:
    """Evidence of probability 1e-7 to 1e-5, the commonest found, and its probability.

    Candidates are what single training rows say of `columns`, so that a peer that learned from the
    same rows finds it possible too; more columns are taken until one is rare enough.

    Parameters
    ----------
    network : Network
        What was learned.
    train : pd.DataFrame
        The rows that it learned from.
    columns : list of str
        What evidence may speak of.

    Returns
    -------
    str
        The evidence.
    float
        Its probability.

    Raises
    ------
    PopulaceError
        No row is rare enough.
    """
    for width in range(min(3, len(columns)), len(columns) + 1):
        chosen = columns[-width:]
        rows = train[chosen].drop_duplicates()
        order = np.random.default_rng(0).permutation(len(rows))[:300]
        candidates: list[tuple[float, str]] = []
        for values in rows.iloc[order].itertuples(index=False):
            facts = zip(chosen, values, strict=True)
            evidence = Evidence({name: OneOf((str(value),)) for name, value in facts})
            probability = network.given(evidence).probability
            if RAREST <= probability <= COMMONEST:
                candidates.append((probability, str(evidence)))
        if candidates:
            probability, text = max(candidates)
            return text, probability
    raise PopulaceError("No training row is rare enough for the benchmark: give it more columns.")


def _fit(job: dict[str, Any]) -> dict[str, Any]:
    train = pd.read_parquet(job["train"])

    def work(**settings: Any) -> Network:
        return learn(categorical_table(train, job["categorical"]), **settings)

    times, _ = repeated(work, job["repeats"], job["seconds"])
    # The peers search by K2, once and greedily, as the paper does.
    k2, _ = repeated(lambda: work(score="k2", restarts=0), job["repeats"], job["seconds"])
    return {"times": times, "k2_times": k2, "rows": len(train)}


def _save(job: dict[str, Any]) -> dict[str, Any]:
    train = pd.read_parquet(job["train"])
    network = learn(categorical_table(train, job["categorical"]))
    network.save(Path(job["network"]))
    return {"edges": [list(edge) for edge in network.edges]}


def _rare(job: dict[str, Any]) -> dict[str, Any]:
    network = Network.load(Path(job["network"]))
    train = pd.read_parquet(job["train"], columns=job["categorical"])
    text, probability = rare_evidence(network, train, job["categorical"])
    facts = levels(text, network.schema)
    return {"evidence": facts, "probability": probability}


def _sample(job: dict[str, Any]) -> dict[str, Any]:
    network = Network.load(Path(job["network"]))
    facts = job.get("evidence") or {}
    evidence = Evidence({name: OneOf((value,)) for name, value in facts.items()})
    probability = network.given(evidence).probability

    def work() -> pd.DataFrame:  # the question is answered anew each time, as the peers do
        return network.given(evidence).sample(job["rows"], seed=0, threads=job["threads"])

    times, frame = repeated(work, job["repeats"], job["seconds"])
    if job.get("out"):
        frame.to_parquet(job["out"])
    return {"times": times, "rows": len(frame), "probability": probability}


def _limit(job: dict[str, Any]) -> dict[str, Any]:
    threads = job["threads"] or len(os.sched_getaffinity(0))

    def work() -> np.ndarray:
        return draw_and_write(job["rows"], job["columns"], threads)

    times, _ = repeated(work, job["repeats"], job["seconds"])
    return {"times": times, "rows": job["rows"]}


TASKS = {
    "fit": _fit,
    "save": _save,
    "rare": _rare,
    "sample": _sample,
    "given": _sample,
    "limit": _limit,
}

if __name__ == "__main__":
    main()
