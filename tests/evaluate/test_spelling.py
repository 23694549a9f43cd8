"""Case 16: a column that is written differently is named before the figures are believed."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synth.cli.main import app
from synth.data.table import make_table
from synth.evaluate.comparison import Comparison


def people(seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "zip": rng.choice(["01", "02", "10"], 300),
            "sex": rng.choice(["f", "m"], 300),
            "age": rng.integers(18, 90, 300),
        }
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"zip": lambda f: f["zip"].astype(int)}, ["Column zip", "'1' for '01'"]),
        ({"zip": lambda f: f["zip"].astype(float)}, ["Column zip", "for '01'"]),
        ({"sex": lambda f: f["sex"].str.upper()}, ["Column sex", "'M' for 'm'", "'F' for 'f'"]),
        ({"sex": lambda f: " " + f["sex"] + "  "}, []),  # as it would be read
        ({"sex": lambda f: f["sex"].replace("m", "other")}, []),
        ({}, []),
    ],
)
def test_levels_that_are_written_differently(change, words):
    hints = Comparison.of(make_table(people(0)), people(1).assign(**change)).hints
    assert len(hints) == bool(words)
    for word in words:
        assert word in hints[0]


def test_the_command_says_it(tmp_path):
    people(0).to_csv(tmp_path / "real.csv", index=False)
    people(1).assign(zip=lambda f: f["zip"].astype(int)).to_csv(tmp_path / "s.csv", index=False)
    done = CliRunner().invoke(
        app, ["evaluate", str(tmp_path / "real.csv"), str(tmp_path / "s.csv"), "--json"]
    )
    assert done.exit_code == 0, done.output
    assert "Column zip: the synthetic table writes" in done.stderr
    assert len(json.loads(done.stdout)["hints"]) == 1
