"""A disk that is full indeed, and a machine without a home: one sentence, nothing half-written."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The commands in one process, whose files may not grow beyond so many bytes (as on a full disk).
FULL = """
import resource, sys
from typer.testing import CliRunner
from synth.cli.main import app
CliRunner().invoke(app, ["sample", "french-hobbies", "--rows", "1", "--out", "one.csv"])
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
for name in sys.argv[1:]:
    result = CliRunner().invoke(app, ["sample", "french-hobbies", "--rows", "20000", "--out", name])
    error = result.exception
    if error is not None and not isinstance(error, SystemExit):
        print("not the project's own:", name, repr(error))
    print(name, result.exit_code, " ".join(result.output.split()), sep="|")
"""


def run(code, *words, cwd, **environment):
    kept = {
        k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_CACHE_HOME", "SYNTH_CACHE")
    }
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**kept, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment},
    )


def test_a_full_disk_without_a_home_and_elsewhere(tmp_path):
    names = ["people.csv", "people.parquet"]
    done = run(FULL, *names, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line.split("|") for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == names, done.stdout
    for _, code, words in lines:
        assert code != "0" and words.rstrip().endswith(".") and "Traceback" not in words
    assert [path.name for path in tmp_path.iterdir()] == ["one.csv"]  # which was whole before


def test_no_cache_can_be_made(tmp_path):
    code = "from synth.registry import fetch, artefacts; fetch(next(iter(artefacts())))"
    done = run(code, cwd=tmp_path, SYNTH_CACHE="/proc/none/cache")
    assert "PopulaceError" in done.stderr and "point SYNTH_CACHE" in done.stderr
    assert not list(tmp_path.iterdir())
