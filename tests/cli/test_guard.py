"""Case 7: texts that look like formulas come back as they were; the guard is an option."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synth.cli.main import app
from synth.data.table import read_frame

LEVELS = ["-", "+1", "@home", "=a", "'-quoted", "plain"]


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guard")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"=where": rng.choice(LEVELS, 600), "age": rng.integers(18, 90, 600)})
    frame.to_parquet(folder / "people.parquet")
    done = CliRunner().invoke(
        app, ["fit", str(folder / "people.parquet"), "--out", str(folder / "town")]
    )
    assert done.exit_code == 0, done.output
    return folder


@pytest.mark.parametrize("options", [(), ("--no-guard",), ("--bom",), ("--bom", "--no-guard")])
def test_our_own_file_is_read_as_it_was_drawn(town, options):
    path = town / "made.csv"
    words = ["sample", str(town / "town"), "--rows", "600", "--out", str(path), *options]
    assert CliRunner().invoke(app, words).exit_code == 0
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf") == ("--bom" in options)
    assert (b"'@home" in content) == ("--no-guard" not in options)
    frame, _ = read_frame(path)
    # Without the guard, the one level that looks guarded cannot be told from a guarded one.
    levels = set(LEVELS)
    if "--no-guard" in options:
        levels = levels - {"'-quoted"} | {"-quoted"}
    assert set(frame["=where"].astype(str)) == levels
    done = CliRunner().invoke(app, ["evaluate", str(town / "people.parquet"), str(path), "--json"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert not figures["left_out"] and not figures["hints"]
    assert figures["tvd1"] < (0.3 if "--no-guard" in options else 0.12)


def test_a_file_of_somebody_else_is_left_alone(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("a,b\n'-,1\n'+1,2\n'-,3\n")
    assert set(read_frame(path)[0]["a"].astype(str)) == {"'-", "'+1"}
