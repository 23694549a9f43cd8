"""pgmpy: greedy hill climbing by K2, maximum likelihood, numbers in 10 quantile bins."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import harness
import pandas as pd
import pgmpy
from pgmpy.causal_discovery import HillClimbSearch
from pgmpy.models import DiscreteBayesianNetwork
from pgmpy.parameter_estimator import DiscreteMLE
from pgmpy.sampling import BayesianModelSampling

warnings.filterwarnings("ignore")
logging.getLogger("pgmpy").setLevel(logging.ERROR)


def fit(frame: pd.DataFrame, numbers: list[str]) -> Any:
    """The network, its sampler and the bins."""
    bins = harness.Bins(frame, numbers)
    coded = bins.encode(frame).astype("category")
    search = HillClimbSearch(scoring_method="k2", return_type="dag", show_progress=False)
    search.fit(coded)
    network = DiscreteBayesianNetwork()
    network.add_nodes_from(coded.columns)
    network.add_edges_from(search.causal_graph_.edges())
    network.fit(coded, estimator=DiscreteMLE())
    return network, BayesianModelSampling(network), bins


def sample(model: Any, rows: int) -> pd.DataFrame:
    """People by forward sampling."""
    return model[1].forward_sample(size=rows, show_progress=False)


def given(model: Any, rows: int, evidence: dict[str, str]) -> pd.DataFrame:
    """People of whom the evidence is true, as pgmpy finds them: by rejection."""
    return model[0].simulate(n_samples=rows, evidence=evidence, show_progress=False)


if __name__ == "__main__":
    harness.main(
        pgmpy.__version__, fit, sample, given, lambda model, x: model[2].decode(x.astype(str))
    )
