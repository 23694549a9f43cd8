"""A command that is stopped says one sentence and leaves nothing half-written."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from synth.cli.main import app

ROOT = Path(__file__).parents[2]
# The command, whose people come one row a call and slowly.
SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # the tests' own shell may ignore them
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from synth.bayes.inference import Posterior
from synth.generators import base
base.STREAM_ROWS = 1
draw = Posterior.sample
def slow(self, *words, **more):
    print("drawn", flush=True)
    time.sleep(0.05)
    return draw(self, *words, **more)
Posterior.sample = slow
from synth.cli.main import app
app(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("town")
    pd.DataFrame({"a": ["x", "y"] * 40}).to_parquet(folder / "people.parquet")
    words = ["fit", str(folder / "people.parquet"), "--out", str(folder / "town"), "--score", "k2"]
    assert CliRunner().invoke(app, words).exit_code == 0
    return folder / "town"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_stopped_by_a_signal(name, town, tmp_path):
    out = tmp_path / "made.parquet"
    words = ["sample", str(town), "--rows", "100000", "--out", str(out)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    for _ in range(3):  # the first is for the columns, the file is begun with the second
        process.stdout.readline()
    end = time.monotonic() + 10
    while not list(tmp_path.iterdir()) and time.monotonic() < end:
        time.sleep(0.02)
    assert list(tmp_path.iterdir())
    process.send_signal(getattr(signal, name))
    _, text = process.communicate(timeout=30)
    assert process.returncode == 128 + getattr(signal, name)
    assert text.decode().strip().endswith("Nothing half-written was left.")
    assert text.count(b"\n") == 1 and b"Traceback" not in text
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_refused_before_anybody_is_drawn(town, tmp_path, monkeypatch):
    monkeypatch.setattr("synth.bayes.inference.Posterior.sample", None)
    folder = tmp_path / "made.csv"
    folder.mkdir()
    for out, words in (
        (folder, "is a folder: name a file in it."),
        (tmp_path / "none" / "a.csv", "There is no folder"),
    ):
        done = CliRunner().invoke(app, ["sample", str(town), "--out", str(out)])
        assert done.exit_code == 2 and words in done.stderr and ".part" not in done.stderr
