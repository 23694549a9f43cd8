"""pybnesian: conditional linear Gaussians, greedy hill climbing by BIC; it has no sampling under
evidence, so rejection around its sampler stands in."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import harness
import pandas as pd
import pybnesian


def fit(frame: pd.DataFrame, numbers: list[str]) -> Any:
    """The network."""
    frame = frame.copy()
    for name in frame.columns:
        frame[name] = frame[name].astype("float64" if name in numbers else "category")
    kind = pybnesian.CLGNetworkType()
    network = pybnesian.hc(frame, bn_type=kind, score="bic", operators=["arcs"])
    network.fit(frame)
    return network, frame.columns


def sample(model: Any, rows: int) -> pd.DataFrame:
    """People by forward sampling."""
    return model[0].sample(rows).to_pandas()


def given(model: Any, rows: int, evidence: dict[str, str]) -> pd.DataFrame:
    """People of whom the evidence is true, by rejection in batches of at most two million."""
    batches, kept, share = [], 0, 1.0
    while kept < rows:
        batch = min(int((rows - kept) / share * 1.2) + 1000, 2_000_000)
        people = sample(model, batch)
        for name, level in evidence.items():
            people = people[people[name].astype(str) == level]
        share = max(len(people) / batch, 1e-4)
        batches.append(people)
        kept += len(people)
    return pd.concat(batches, ignore_index=True).iloc[:rows]


if __name__ == "__main__":
    harness.main(
        importlib.metadata.version("pybnesian"),
        fit,
        sample,
        given,
        lambda model, x: x[list(model[1])],
    )
