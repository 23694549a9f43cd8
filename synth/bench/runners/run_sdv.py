"""SDV's GaussianCopula with its own defaults; it is BUSL-licensed, so it runs in an environment of
its own and is never a dependency."""

from __future__ import annotations

import importlib.metadata
import warnings
from typing import Any

import harness
import pandas as pd
from sdv.metadata import Metadata
from sdv.sampling import Condition
from sdv.single_table import GaussianCopulaSynthesizer

warnings.filterwarnings("ignore")
TABLE = "people"


def fit(frame: pd.DataFrame, numbers: list[str]) -> Any:
    """The synthesizer; kinds are told, not guessed."""
    columns = {
        name: {"sdtype": "numerical" if name in numbers else "categorical"} for name in frame
    }
    metadata = Metadata.load_from_dict({"tables": {TABLE: {"columns": columns}}})
    synthesizer = GaussianCopulaSynthesizer(metadata)
    synthesizer.fit({TABLE: frame})
    return synthesizer


def sample(model: Any, rows: int) -> pd.DataFrame:
    """People from the copula."""
    return model.sample(num_rows=rows)[TABLE]


def given(model: Any, rows: int, evidence: dict[str, str]) -> pd.DataFrame:
    """People of whom the evidence is true, from the copula under conditions."""
    people = model.sample_from_conditions([Condition(column_values=evidence, num_rows=rows)])
    return people[TABLE] if isinstance(people, dict) else people


if __name__ == "__main__":
    harness.main(importlib.metadata.version("sdv"), fit, sample, given, lambda model, x: x)
