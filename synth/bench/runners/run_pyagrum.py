"""pyAgrum: greedy hill climbing by K2, numbers in 10 quantile bins, its own rejection sampling."""

from __future__ import annotations

from typing import Any

import harness
import pandas as pd
import pyagrum


def fit(frame: pd.DataFrame, numbers: list[str]) -> Any:
    """The network and the bins."""
    bins = harness.Bins(frame, numbers)
    learner = pyagrum.BNLearner(bins.encode(frame))
    learner.useScoreK2()
    learner.useGreedyHillClimbing()
    learner.useSmoothingPrior(0.01)
    return learner.learnBN(), bins


def sample(model: Any, rows: int, evidence: dict[str, str] | None = None) -> pd.DataFrame:
    """People, of whom the evidence is true where there is any."""
    generator = pyagrum.BNDatabaseGenerator(model[0])
    if evidence:
        generator.drawSamples(rows, evidence)
    else:
        generator.drawSamples(rows)
    return generator.to_pandas()


if __name__ == "__main__":
    harness.main(
        pyagrum.__version__, fit, sample, sample, lambda model, x: model[1].decode(x.astype(str))
    )
